//! The one-time code that makes the first administrator.
//!
//! It lives in memory only: a restart before set-up gives a new one, and after set-up there is none.

use npo_core::ids::hex;
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

/// Wrong codes that are answered; then only a restart gives a new link.
const TRIES_MAX: u32 = 5;

/// The code of this start, if there is one.
pub(crate) struct SetUpCode(Option<Mutex<Waiting>>);

struct Waiting {
    digest: [u8; 32],
    wrong: u32,
}

/// What became of a code that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked {
    /// It is the one.
    Right,
    /// It is not.
    Wrong {
        /// Tries that are left.
        left: u32,
    },
    /// Too many were wrong.
    Locked,
    /// There is no code, since there was an administrator at start.
    None,
}

impl SetUpCode {
    /// A new code, given in clear this once.
    pub(crate) fn new() -> (Self, String) {
        let code = hex(&rand::random::<[u8; 16]>());
        let digest = Sha256::digest(&code).into();
        (Self(Some(Mutex::new(Waiting { digest, wrong: 0 }))), code)
    }

    /// No code: there is an administrator already.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Compares a code, in time that does not depend on where it differs.
    pub(crate) fn check(&self, given: &str) -> Checked {
        let Some(waiting) = &self.0 else { return Checked::None };
        let mut waiting = waiting.lock();
        if waiting.wrong >= TRIES_MAX {
            return Checked::Locked;
        }
        let given: [u8; 32] = Sha256::digest(given).into();
        let difference = given.iter().zip(&waiting.digest).fold(0, |d, (a, b)| d | (a ^ b));
        if std::hint::black_box(difference) == 0 {
            return Checked::Right;
        }
        waiting.wrong += 1;
        Checked::Wrong { left: TRIES_MAX - waiting.wrong }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_wrong_codes_lock_the_right_one_out() {
        let (code, clear) = SetUpCode::new();
        assert_eq!(code.check(&clear), Checked::Right);
        for left in (0..TRIES_MAX).rev() {
            assert_eq!(code.check("guess"), Checked::Wrong { left });
        }
        assert_eq!(code.check(&clear), Checked::Locked);
        assert_eq!(SetUpCode::none().check(&clear), Checked::None);
    }
}
