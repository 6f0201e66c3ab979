//! Instants as RFC 3339 text.

use jiff::Timestamp;
use npo_core::Millis;

/// RFC 3339 in UTC. An instant beyond the year 9999 is shown as the last one before it.
pub(crate) fn text(at: Millis) -> String {
    let timestamp = Timestamp::from_millisecond(at.0);
    timestamp.unwrap_or(if at.0 < 0 { Timestamp::MIN } else { Timestamp::MAX }).to_string()
}

/// Reads RFC 3339.
pub(crate) fn parse(text: &str) -> Option<Millis> {
    text.parse::<Timestamp>().ok().map(|timestamp| Millis(timestamp.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_survive_their_text() {
        for at in [0, 1_700_000_000_123, -1] {
            assert_eq!(parse(&text(Millis(at))), Some(Millis(at)));
        }
        assert_eq!(text(Millis(1_700_000_000_123)), "2023-11-14T22:13:20.123Z");
        assert_eq!(parse("yesterday"), None);
        assert!(text(Millis(i64::MAX)).starts_with("9999"));
    }
}
