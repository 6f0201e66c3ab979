//! Identifiers and units, as types, so that one cannot be taken for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Declares a numeric identifier with a one-letter prefix in its printed form.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty), $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let invalid = || InvalidId { found: text.chars().take(64).collect(), prefix: $prefix };
                let digits = text.strip_prefix($prefix).ok_or_else(invalid)?;
                if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(invalid());
                }
                digits.parse().map(Self).map_err(|_| invalid())
            }
        }
    };
}

id! {
    /// One decision. Dense and ascending, so that open decisions can be kept in a ring.
    DecisionId(u64), "d"
}
id! {
    /// One scenario: a scenario type applied to one entity.
    ScenarioId(u32), "s"
}
id! {
    /// One scenario type (all its versions).
    TypeId(u32), "y"
}
id! {
    /// One person or machine that can act.
    PersonId(u32), "p"
}
id! {
    /// One bearer token.
    TokenId(u32), "t"
}

/// A text that is not an identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not an id of the form `{prefix}<number>`")]
pub struct InvalidId {
    found: String,
    prefix: &'static str,
}

/// The position of an action in its scenario type's list.
pub type ActionIx = u8;

/// A SHA-256 digest.
pub type Digest = [u8; 32];

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millis(pub i64);

impl Millis {
    /// This instant plus `seconds`, saturating.
    #[must_use]
    pub fn plus_seconds(self, seconds: u32) -> Self {
        Self(self.0.saturating_add(i64::from(seconds) * 1000))
    }

    /// Milliseconds from `earlier` to this instant; 0 if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }
}

/// Lower-case hexadecimal of `bytes`.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        use fmt::Write as _;
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_and_parse() {
        assert_eq!(DecisionId(42).to_string(), "d42");
        assert_eq!("d42".parse(), Ok(DecisionId(42)));
        for wrong in ["", "d", "42", "p42", "d-1", "d+1", "d99999999999999999999", "d4 2"] {
            assert!(wrong.parse::<DecisionId>().is_err(), "`{wrong}` parsed");
        }
    }
}
