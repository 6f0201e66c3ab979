//! The hash chain: the hash of an event covers its predecessor's, so that changing any event changes every later hash.
//!
//! The rule is part of the stored form and never changes:
//! `hash_n = SHA-256(hash_{n-1} ‖ position as u64 LE ‖ kind as u16 LE ‖ version as u8 ‖ body length as u32 LE ‖ body)`, with thirty-two zero bytes before the first event.

use sha2::{Digest, Sha256};

use crate::{Hash, MAX_BODY};

/// The hash of the event at `position`, given the hash of the event before it (zeros before the first).
///
/// The body may be of any length up to [`MAX_BODY`]; longer ones never reach a log.
#[must_use]
pub fn next_hash(previous: &Hash, position: u64, kind: u16, version: u8, body: &[u8]) -> Hash {
    debug_assert!(body.len() <= MAX_BODY);
    // One buffer for the fixed part: several short updates cost more than the copy.
    let mut fixed = [0_u8; 47];
    fixed[..32].copy_from_slice(previous);
    fixed[32..40].copy_from_slice(&position.to_le_bytes());
    fixed[40..42].copy_from_slice(&kind.to_le_bytes());
    fixed[42] = version;
    fixed[43..47].copy_from_slice(&(body.len() as u32).to_le_bytes());
    let mut hasher = Sha256::new();
    hasher.update(fixed);
    hasher.update(body);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::to_hex;

    /// Computed apart from this code with `hashlib`; if it changes, every log ever written stops verifying.
    #[test]
    fn chain_rule_is_frozen() {
        let first = next_hash(&[0; 32], 1, 7, 1, b"hello");
        assert_eq!(
            to_hex(&first),
            "e61384d20d372acb2b0b7d4255ab4cebbe18cca2c068d3f64b35a797386176fb"
        );
        let second = next_hash(&first, 2, 8, 3, b"");
        assert_eq!(
            to_hex(&second),
            "fc5d1293e0048c8e0b8a4390c265a5320745ba19be5c4ad0e35691338b8623eb"
        );
    }

    #[test]
    fn every_part_is_covered() {
        let base = next_hash(&[0; 32], 1, 7, 1, b"ab");
        let others = [
            next_hash(&[1; 32], 1, 7, 1, b"ab"),
            next_hash(&[0; 32], 2, 7, 1, b"ab"),
            next_hash(&[0; 32], 1, 8, 1, b"ab"),
            next_hash(&[0; 32], 1, 7, 2, b"ab"),
            next_hash(&[0; 32], 1, 7, 1, b"ac"),
            next_hash(&[0; 32], 1, 7, 1, b"ab\0"),
        ];
        for other in others {
            assert_ne!(base, other);
        }
    }
}
