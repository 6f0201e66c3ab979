//! Timestamps as recordings write them, to milliseconds since 1970 UTC.
//!
//! Written out because it runs once per row: a general parser costs more than the rest of the row together.

/// Milliseconds since 1970 UTC of `2020-01-21 05:24:00.801000+00:00`.
///
/// A `T` may stand for the blank and `Z` for the offset; no offset means UTC; digits past the millisecond are cut off.
pub(super) fn parse_ms(text: &[u8]) -> Option<i64> {
    let (date_time, rest) = text.split_at_checked(19)?;
    let punctuation = [date_time[4], date_time[7], date_time[13], date_time[16]];
    if punctuation != *b"--::" || !matches!(date_time[10], b' ' | b'T') {
        return None;
    }
    let year = digits(&date_time[0..4])?;
    let month = digits(&date_time[5..7])?;
    let day = digits(&date_time[8..10])?;
    let (hour, minute, second) =
        (digits(&date_time[11..13])?, digits(&date_time[14..16])?, digits(&date_time[17..19])?);
    let in_range = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    if !in_range || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (millis, rest) = fraction_ms(rest)?;
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some((seconds - offset_s(rest)?) * 1_000 + millis)
}

/// Milliseconds since 1970 UTC of `1579584854.317911`: seconds since 1970, as the event lists write them.
pub(super) fn parse_epoch_s(text: &[u8]) -> Option<i64> {
    let whole_len = text.iter().position(|&b| b == b'.').unwrap_or(text.len());
    let (whole, rest) = text.split_at(whole_len);
    if whole.is_empty() || whole.len() > 11 {
        return None;
    }
    let (millis, rest) = fraction_ms(rest)?;
    rest.is_empty().then_some(digits(whole)? * 1_000 + millis)
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0i64, |sum, &b| b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0')))
}

fn fraction_ms(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(rest) = text.strip_prefix(b".") else {
        return Some((0, text));
    };
    let len = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if len == 0 || len > 9 {
        return None;
    }
    let millis =
        (0..3).fold(0, |sum, k| sum * 10 + if k < len { i64::from(rest[k] - b'0') } else { 0 });
    Some((millis, &rest[len..]))
}

fn offset_s(text: &[u8]) -> Option<i64> {
    match text {
        b"" | b"Z" | b"+00:00" => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
            let seconds = (hours <= 23 && minutes <= 59).then_some(hours * 3_600 + minutes * 60)?;
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, counting years from March so that leap days come last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_become_milliseconds() {
        fn check(text: &str, expected: Option<i64>) {
            assert_eq!(parse_ms(text.as_bytes()), expected, "{text}");
        }
        check("1970-01-01 00:00:00", Some(0));
        check("2020-01-21 05:34:14.317911+00:00", Some(1_579_584_854_317));
        check("2020-02-29T23:59:59.9Z", Some(1_583_020_799_900));
        check("2020-01-21 07:34:14+02:00", Some(1_579_584_854_000));
        check("2019-02-29 00:00:00", None);
        check("2020-13-01 00:00:00", None);
        check("2020-01-21 24:00:00", None);
        check("2020-01-21 05:34:14.", None);
        check("2020-01-21 05:34:14+2", None);
        check("2020-01-21", None);
        check("", None);
    }

    #[test]
    fn event_times_become_milliseconds() {
        fn check(text: &str, expected: Option<i64>) {
            assert_eq!(parse_epoch_s(text.as_bytes()), expected, "{text}");
        }
        check("1579584854.317911", Some(1_579_584_854_317));
        check("1558249381", Some(1_558_249_381_000));
        check("-1", None);
        check("", None);
        check("1e9", None);
        check("99999999999999999999", None);
    }
}
