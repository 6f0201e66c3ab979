//! When a matrix is from, as files and their names say it.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A moment, and whether its source says in which time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// Milliseconds since 1970 UTC.
    pub(super) ms: i64,
    pub(super) zoned: bool,
}

/// A moment as text: ISO 8601 with or without a zone, `20040301-0005`, or seconds or milliseconds since 1970.
pub(super) fn parse(text: &str) -> Option<Moment> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(Moment { ms: at.as_millisecond(), zoned: true });
    }
    if let Some(at) = compact(text).or_else(|| epoch(text)) {
        return Some(at);
    }
    // A bare number is no date, though one could be read into it.
    if !text.contains('-') {
        return None;
    }
    civil(&text.parse::<DateTime>().ok()?)
}

/// The last moment that the name of a file holds: `demandMatrix-abilene-20040301-0005.xml`.
pub(super) fn in_name(name: &str) -> Option<Moment> {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let starts = base.char_indices().filter(|(at, c)| {
        c.is_ascii_digit() && !base[..*at].ends_with(|before: char| before.is_ascii_digit())
    });
    let found: Vec<Moment> = starts
        .filter_map(|(at, _)| {
            let rest = &base[at..];
            let end = rest
                .find(|c: char| !(c.is_ascii_digit() || matches!(c, '-' | '_' | 'T')))
                .unwrap_or(rest.len());
            let run = rest[..end].trim_end_matches(['-', '_', 'T']);
            // The longest beginning of the run that is a moment.
            [15, 14, 13, 12, 8].into_iter().find_map(|len| {
                let next = run.get(len..)?;
                let whole = !next.starts_with(|c: char| c.is_ascii_digit());
                run.get(..len).filter(|_| whole).and_then(compact)
            })
        })
        .collect();
    found.last().copied()
}

/// `20040301`, `20040301-0005`, `200403010005`, with seconds or without.
fn compact(text: &str) -> Option<Moment> {
    let digits: String = match text.as_bytes().get(8) {
        Some(b'-' | b'_' | b'T') => format!("{}{}", text.get(..8)?, text.get(9..)?),
        _ => text.to_owned(),
    };
    if !matches!(digits.len(), 8 | 12 | 14) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| match digits.get(from..to) {
        Some(part) => part.parse::<i8>().ok(),
        None => Some(0),
    };
    let year = digits.get(..4)?.parse().ok()?;
    let (month, day) = (part(4, 6)?, part(6, 8)?);
    // Thirteen digits are milliseconds, and a year of four digits below 1970 is no year of a measurement.
    let at = DateTime::new(year, month, day, part(8, 10)?, part(10, 12)?, part(12, 14)?, 0).ok()?;
    if year < 1970 { None } else { civil(&at) }
}

fn epoch(text: &str) -> Option<Moment> {
    let (whole, _) = text.split_once('.').unwrap_or((text, ""));
    let number = text.parse::<f64>().ok()?;
    let digits = whole.bytes().all(|byte| byte.is_ascii_digit()).then_some(whole.len())?;
    let ms = match digits {
        9 | 10 => number * 1e3,
        13 => number,
        _ => return None,
    };
    Some(Moment { ms: ms.round() as i64, zoned: true })
}

fn civil(at: &DateTime) -> Option<Moment> {
    let at = at.to_zoned(TimeZone::UTC).ok()?;
    Some(Moment { ms: at.timestamp().as_millisecond(), zoned: false })
}

/// A moment for people.
pub(super) fn words(ms: i64) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => format!("{ms} ms since 1970"),
    }
}

/// A span for people: `5m`, `1h`, `1d`.
pub(super) fn span_words(ms: i64) -> String {
    const DAY_MS: i64 = 86_400_000;
    if ms > 0 && ms % DAY_MS == 0 {
        return format!("{}d", ms / DAY_MS);
    }
    format!("{:#}", SignedDuration::from_millis(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_many_writings() {
        fn check(text: &str, expected: Option<(i64, bool)>) {
            assert_eq!(parse(text).map(|at| (at.ms, at.zoned)), expected, "{text}");
        }
        check("2004-03-01T00:05:00", Some((1_078_099_500_000, false)));
        check("2004-03-01 00:05", Some((1_078_099_500_000, false)));
        check("2004-03-01T00:05:00Z", Some((1_078_099_500_000, true)));
        check("2004-03-01T01:05:00+01:00", Some((1_078_099_500_000, true)));
        check("2004-03-01", Some((1_078_099_200_000, false)));
        check("20040301-0005", Some((1_078_099_500_000, false)));
        check("20040301", Some((1_078_099_200_000, false)));
        check("200403010005", Some((1_078_099_500_000, false)));
        check("1078099500", Some((1_078_099_500_000, true)));
        check("1078099500000", Some((1_078_099_500_000, true)));
        check("20041301", None);
        check("2004", None);
        check("0.045", None);
        check("src fddi", None);
        check("", None);
        check("é0040301", None);
    }

    #[test]
    fn names_of_files_tell_when() {
        fn check(name: &str, expected: Option<&str>) {
            assert_eq!(in_name(name).map(|at| words(at.ms)).as_deref(), expected, "{name}");
        }
        let five = "2004-03-01 00:05:00 UTC";
        check("a/demandMatrix-abilene-zhang-5min-20040301-0005.xml", Some(five));
        check("demandMatrix-germany50-DFN-1day-20050201.xml", Some("2005-02-01 00:00:00 UTC"));
        check("20040301_000500.xml.gz", Some(five));
        check("tm-20040301-v2.xml", Some("2004-03-01 00:00:00 UTC"));
        check("abilene.xml", None);
        check("germany50.xml", None);
        check("é.xml", None);
    }

    #[test]
    fn spans_are_short() {
        assert_eq!(span_words(300_000), "5m");
        assert_eq!(span_words(86_400_000), "1d");
    }
}
