//! Times and lengths of time as people read them.

use jiff::Timestamp;

/// Milliseconds since 1970 UTC of an RFC 3339 text, if it is one.
pub(crate) fn millis(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

/// RFC 3339 text of milliseconds since 1970 UTC, to the second.
pub(crate) fn rfc3339(ms: i64) -> String {
    Timestamp::from_millisecond(ms - ms.rem_euclid(1000))
        .map_or_else(|_| format!("{ms} ms"), |at| at.to_string())
}

/// The same to the millisecond.
pub(crate) fn rfc3339_ms(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| format!("{ms} ms"), |at| format!("{at:.3}"))
}

/// Now, in milliseconds since 1970 UTC.
pub(crate) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// A length of time with its two largest units at most: `45 s`, `3 min`, `2 h 5 min`, `4 d`.
pub(crate) fn length(ms: i64) -> String {
    let s = ms.max(0) / 1000;
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min", s / 60),
        3600..86_400 if s % 3600 < 60 => format!("{} h", s / 3600),
        3600..86_400 => format!("{} h {} min", s / 3600, s % 3600 / 60),
        _ => format!("{} d", s / 86_400),
    }
}

/// The same in four columns or so: `45s`, `3m`, `2h`, `4d`.
pub(crate) fn brief(ms: i64) -> String {
    let s = ms.max(0) / 1000;
    match s {
        0..60 => format!("{s}s"),
        60..3600 => format!("{}m", s / 60),
        3600..86_400 => format!("{}h", s / 3600),
        _ => format!("{}d", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_fitting_units() {
        for (s, long, short) in [
            (-5, "0 s", "0s"),
            (59, "59 s", "59s"),
            (61, "1 min", "1m"),
            (3600, "1 h", "1h"),
            (7500, "2 h 5 min", "2h"),
            (200_000, "2 d", "2d"),
        ] {
            assert_eq!((length(s * 1000).as_str(), brief(s * 1000).as_str()), (long, short));
        }
    }

    #[test]
    fn times_go_both_ways() {
        assert_eq!(millis("2020-01-21T05:34:14Z"), Some(1_579_584_854_000));
        assert_eq!(rfc3339(1_579_584_854_317), "2020-01-21T05:34:14Z");
        assert_eq!(rfc3339_ms(1_579_584_854_317), "2020-01-21T05:34:14.317Z");
        assert_eq!(millis("yesterday"), None);
    }
}
