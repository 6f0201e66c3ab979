//! Units of rates and capacities, and rates as people write them: `10G`, `2.5 Gbit/s`, `MBITPERSEC`.

use std::fmt;
use std::str::FromStr;

use super::error::shown;
use crate::Positive;

/// A unit of rates and capacities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateUnit {
    /// How many bit/s one of it is.
    bps: f64,
    words: &'static str,
}

/// Decimal prefixes: networks count in powers of ten.
const UNITS: [(&str, RateUnit); 10] = [
    ("bit", RateUnit { bps: 1.0, words: "bit/s" }),
    ("kbit", RateUnit { bps: 1e3, words: "kbit/s" }),
    ("mbit", RateUnit { bps: 1e6, words: "Mbit/s" }),
    ("gbit", RateUnit { bps: 1e9, words: "Gbit/s" }),
    ("tbit", RateUnit { bps: 1e12, words: "Tbit/s" }),
    ("byte", RateUnit { bps: 8.0, words: "byte/s" }),
    ("kbyte", RateUnit { bps: 8e3, words: "kB/s" }),
    ("mbyte", RateUnit { bps: 8e6, words: "MB/s" }),
    ("gbyte", RateUnit { bps: 8e9, words: "GB/s" }),
    ("tbyte", RateUnit { bps: 8e12, words: "TB/s" }),
];

/// Text that is no rate or unit of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no {what}, expected {expected}")]
pub struct NoRate {
    what: &'static str,
    found: String,
    expected: &'static str,
}

impl RateUnit {
    /// 1 bit/s.
    pub const BIT: Self = UNITS[0].1;
    /// What is assumed where nothing is said: the unit of most published networks.
    pub const MBIT: Self = UNITS[2].1;

    /// `number` of this unit, in bit/s.
    #[must_use]
    pub fn to_bps(self, number: f64) -> f64 {
        number * self.bps
    }

    /// The unit of a word such as `Gbps`, `Gbit/s`, `GBITPERSEC`, `G`, or `GB/s` for bytes.
    fn of(word: &str) -> Option<Self> {
        let word: String = word.chars().filter(|c| !c.is_whitespace()).collect();
        let stem = ["/s", "/sec", "ps", "persec", "persecond"].iter().find_map(|ending| {
            let start = word.len().checked_sub(ending.len())?;
            let (stem, end) = (word.get(..start)?, word.get(start..)?);
            end.eq_ignore_ascii_case(ending).then_some(stem)
        });
        let is_rate = stem.is_some();
        let stem = stem.unwrap_or(&word);
        // A small b is a bit and a large one a byte; only in `B/s`, for `BPS` is shouted.
        let (prefix, base) = match stem.char_indices().next_back() {
            Some((at, 'B')) if is_rate && word.ends_with("/s") => (&stem[..at], "byte"),
            Some((at, 'b' | 'B')) if is_rate => (&stem[..at], "bit"),
            _ => {
                let lower = stem.to_ascii_lowercase();
                let bits = ["bits", "bit"].iter().find_map(|base| lower.strip_suffix(base));
                let bytes = ["bytes", "byte"].iter().find_map(|base| lower.strip_suffix(base));
                match (bits, bytes) {
                    (Some(prefix), _) => (&stem[..prefix.len()], "bit"),
                    (None, Some(prefix)) => (&stem[..prefix.len()], "byte"),
                    (None, None) if is_rate => return None,
                    (None, None) => (stem, "bit"),
                }
            }
        };
        let prefix = prefix.to_ascii_lowercase();
        let known = matches!(prefix.as_str(), "" | "k" | "m" | "g" | "t");
        // Nothing at all is no unit.
        let said = known && !word.is_empty();
        let name = format!("{prefix}{base}");
        UNITS.iter().find(|(unit, _)| said && *unit == name).map(|(_, unit)| *unit)
    }
}

impl fmt::Display for RateUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words)
    }
}

impl FromStr for RateUnit {
    type Err = NoRate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::of(text).ok_or_else(|| NoRate {
            what: "unit of rates",
            found: shown(text),
            expected: "one such as `Mbit/s`, `Gbps`, `bit/s` or `byte/s`",
        })
    }
}

/// A number with or without a unit: `10`, `10G`, `2.5 Gbit/s`.
pub(super) fn number_and_unit(text: &str) -> Option<(f64, Option<RateUnit>)> {
    let text = text.trim();
    // `1e9` is a number, the `e` no unit.
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | '+' | '-' | 'e' | 'E');
    let end = text.find(|c| !digits(c)).unwrap_or(text.len());
    let number = text[..end].parse::<f64>().ok().filter(|number| number.is_finite())?;
    match text[end..].trim() {
        "" => Some((number, None)),
        unit => Some((number, Some(RateUnit::of(unit)?))),
    }
}

/// A rate above 0 as people write it, in bit/s: `10G`, `2.5 Gbit/s`, `9920000000`; without a unit it is bit/s.
///
/// # Errors
/// No number above 0, or a unit that is unknown.
pub fn parse_rate(text: &str) -> Result<Positive, NoRate> {
    number_and_unit(text)
        .and_then(|(number, unit)| Positive::new(unit.unwrap_or(RateUnit::BIT).to_bps(number)))
        .ok_or_else(|| NoRate {
            what: "rate",
            found: shown(text),
            expected: "a number above 0 with a unit, such as `10G` or `622 Mbit/s`",
        })
}

/// A rate as people read it: `2.5 Gbit/s`.
#[must_use]
pub fn rate_words(bps: f64) -> String {
    const STEPS: [(f64, &str); 5] =
        [(1e12, "Tbit/s"), (1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s"), (1.0, "bit/s")];
    let fits = |(unit, _): &&(f64, &str)| bps.abs() >= *unit;
    let (unit, words) = STEPS.iter().find(fits).unwrap_or(&STEPS[4]);
    let number = bps / unit;
    let decimals = if number.abs() >= 100.0 { 1 } else { 2 };
    let text = format!("{number:.decimals$}");
    format!("{} {words}", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_known_by_many_names() {
        fn check(text: &str, expected: Option<f64>) {
            assert_eq!(text.parse::<RateUnit>().ok().map(|unit| unit.bps), expected, "{text}");
        }
        check("MBITPERSEC", Some(1e6));
        check("Mbit/s", Some(1e6));
        check("mbps", Some(1e6));
        check("MBPS", Some(1e6));
        check("Gb/s", Some(1e9));
        check("GB/s", Some(8e9));
        check("G", Some(1e9));
        check("k", Some(1e3));
        check("bit/s", Some(1.0));
        check("bps", Some(1.0));
        check("byte/s", Some(8.0));
        check("bytes per second", Some(8.0));
        check("Tbit", Some(1e12));
        check("", None);
        check("STM1", None);
        check("/s", None);
        check("furlong/s", None);
        check("é/s", None);
    }

    #[test]
    fn rates_are_read_with_their_unit() {
        fn check(text: &str, expected: Option<f64>) {
            assert_eq!(parse_rate(text).ok().map(Positive::get), expected, "{text}");
        }
        check("10G", Some(1e10));
        check("2.5 Gbit/s", Some(2.5e9));
        check("1e9", Some(1e9));
        check("622 Mbps", Some(622e6));
        check("0", None);
        check("-1G", None);
        check("1e999", None);
        check("NaN", None);
        check("G", None);
        check("10 parsec", None);
        check("10é", None);
    }

    #[test]
    fn rates_are_told_in_the_unit_that_fits() {
        fn check(bps: f64, expected: &str) {
            assert_eq!(rate_words(bps), expected);
        }
        check(0.0, "0 bit/s");
        check(9.92e9, "9.92 Gbit/s");
        check(10e9, "10 Gbit/s");
        check(155.52e6, "155.5 Mbit/s");
        check(3e12, "3 Tbit/s");
        check(100e9, "100 Gbit/s");
    }
}
