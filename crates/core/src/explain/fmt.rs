//! Numbers as people read them: few digits, no noise, units where they belong.
//!
//! Everything here is for the eye; what is computed with travels beside it as a number.

use std::fmt::Write as _;

/// Significant digits of a measured value.
const DIGITS: usize = 3;
/// Digits behind the point of a probability at most: beyond that it is as good as 0 or 1.
const PROBABILITY_PLACES_MAX: usize = 4;

/// Three significant digits, without trailing zeros; whole and grouped from a thousand on, with an
/// exponent where plain digits would be unreadable.
#[must_use]
pub fn number(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        return "0".into();
    }
    if !value.is_finite() || !(1e-5..1e12).contains(&size) {
        return exponential(value);
    }
    if size >= 999.5 {
        return grouped(value);
    }
    // 0.01234 takes 4 places for 3 digits, 12.3 takes 1.
    let before_point = (1..=3).filter(|&digits| size >= 10f64.powi(digits - 1)).count();
    let zeros = (1..=5).filter(|&place| size < 10f64.powi(-place)).count();
    let places = if before_point > 0 { DIGITS - before_point } else { DIGITS + zeros };
    trimmed(format!("{value:.places$}"))
}

/// As [`number`], with its sign: `+1.4`, `-0.31`, `0`.
#[must_use]
pub fn signed(value: f64) -> String {
    // Contributions are compared with each other, so that two places tell enough.
    let text = if value.abs() < 100.0 { trimmed(format!("{value:.2}")) } else { number(value) };
    match text.as_str() {
        "0" => "0".into(),
        _ if value > 0.0 => format!("+{text}"),
        _ => text,
    }
}

/// A value with its unit: `1` and the empty one are not shown, `s-1` reads "per s", and a decimal
/// logarithm `lg(ppm)` is undone.
#[must_use]
pub fn quantity(value: f64, unit: &str) -> String {
    if let Some(inner) = unit.strip_prefix("lg(").and_then(|rest| rest.strip_suffix(')')) {
        return quantity(10f64.powf(value), inner);
    }
    match (unit, unit.strip_suffix("-1")) {
        ("" | "1", _) => number(value),
        (_, Some(per)) if !per.is_empty() => format!("{} per {per}", number(value)),
        _ => format!("{} {unit}", number(value)),
    }
}

/// Two places, more where it would otherwise read as 0 or 1 although it is neither.
#[must_use]
pub fn probability(value: f64) -> String {
    for places in 2..=PROBABILITY_PLACES_MAX {
        let text = format!("{value:.places$}");
        let certain = text.trim_end_matches('0');
        if value == 0.0 || value == 1.0 || !matches!(certain, "0." | "1.") {
            return text;
        }
    }
    if value < 0.5 { "below 0.0001".into() } else { "above 0.9999".into() }
}

/// Two probabilities, with as many places as it takes to tell them apart, if they differ.
#[must_use]
pub fn pair(first: f64, second: f64) -> (String, String) {
    let mut shown = (probability(first), probability(second));
    for places in 3..=9 {
        if first == second || shown.0 != shown.1 {
            break;
        }
        shown = (format!("{first:.places$}"), format!("{second:.places$}"));
    }
    shown
}

/// A count with its noun: `1 answer`, `12,000 answers`.
#[must_use]
pub fn count(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", with_separators(&count.to_string()))
}

/// A span of seconds in its two largest units: `90 s` is `1 min 30 s`.
#[must_use]
pub fn duration(seconds: u64) -> String {
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let first = parts.iter().position(|(n, _)| *n > 0).unwrap_or(3);
    let shown = parts.iter().skip(first).take(2).filter(|(n, _)| *n > 0);
    let text = shown.map(|(n, unit)| format!("{n} {unit}")).collect::<Vec<_>>().join(" ");
    if text.is_empty() { "0 s".into() } else { text }
}

/// A name as a title: `errors_per_s` becomes `Errors per s`.
#[must_use]
pub fn title(name: &str) -> String {
    let mut spaced = name.replace(['_', '-'], " ");
    if let Some(first) = spaced.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    spaced
}

/// A title inside a sentence: a leading capital goes, unless it belongs to an abbreviation.
#[must_use]
pub fn inline(title: &str) -> String {
    let mut chars = title.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => title.to_owned(),
    }
}

/// At most `max` characters of a text, its end marked where something was left out.
#[must_use]
pub fn shortened(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
    }
}

/// `a`, `a and b`, `a, b and c`.
#[must_use]
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn exponential(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let text = format!("{value:.2e}");
    match text.split_once('e') {
        Some((digits, exponent)) => format!("{}e{exponent}", trimmed(digits.to_owned())),
        None => text,
    }
}

fn grouped(value: f64) -> String {
    let text = format!("{value:.0}");
    match text.strip_prefix('-') {
        Some(digits) => format!("-{}", with_separators(digits)),
        None => with_separators(&text),
    }
}

fn with_separators(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        // Writing to a String cannot fail.
        let _ = text.write_char(digit);
    }
    text
}

fn trimmed(text: String) -> String {
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".into() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<T: Copy>(shown: impl Fn(T) -> String, cases: &[(T, &str)]) {
        for (value, expected) in cases {
            assert_eq!(shown(*value), *expected);
        }
    }

    #[test]
    fn numbers_keep_three_digits() {
        check(
            number,
            &[
                (0.0, "0"),
                (-0.0, "0"),
                (1.0, "1"),
                (1.2, "1.2"),
                (-12.345, "-12.3"),
                (123.456, "123"),
                (0.012_345, "0.0123"),
                (0.1, "0.1"),
                (0.000_123_4, "0.000123"),
                (0.999_96, "1"),
                (999.4, "999"),
                (999.6, "1,000"),
                (-1234.5, "-1,234"),
                (123_456_789.0, "123,456,789"),
                (1e13, "1e13"),
                (1.234e-9, "1.23e-9"),
                (f64::MAX, "1.8e308"),
                (f64::NAN, "NaN"),
            ],
        );
    }

    #[test]
    fn contributions_show_their_sign() {
        check(
            signed,
            &[(1.4, "+1.4"), (-0.314, "-0.31"), (0.001, "0"), (-0.001, "0"), (1234.0, "+1,234")],
        );
    }

    #[test]
    fn probabilities_are_never_rounded_to_certainty() {
        check(
            probability,
            &[
                (0.75, "0.75"),
                (0.0, "0.00"),
                (1.0, "1.00"),
                (0.001, "0.001"),
                (0.9996, "0.9996"),
                (0.000_01, "below 0.0001"),
                (0.999_99, "above 0.9999"),
            ],
        );
    }

    #[test]
    fn pairs_are_told_apart() {
        let cases = [
            (0.86, 0.75, "0.86", "0.75"),
            (0.7512, 0.75, "0.751", "0.750"),
            (0.5, 0.5, "0.50", "0.50"),
            (0.999_999, 0.999_998, "0.999999", "0.999998"),
        ];
        for (first, second, a, b) in cases {
            assert_eq!(pair(first, second), (a.to_owned(), b.to_owned()));
        }
    }

    #[test]
    fn quantities_carry_their_unit() {
        assert_eq!(quantity(1.2, "%"), "1.2 %");
        assert_eq!(quantity(3.0, "1"), "3");
        assert_eq!(quantity(3.0, ""), "3");
        assert_eq!(quantity(3.0, "min-1"), "3 per min");
        assert_eq!(quantity(-1.0, "-1"), "-1 -1");
        assert_eq!(quantity(4.0, "lg(s-1)"), "10,000 per s");
        assert_eq!(quantity(1.5, "lg(ppm)"), "31.6 ppm");
        assert_eq!(count(1, "answer"), "1 answer");
        assert_eq!(count(12_000, "answer"), "12,000 answers");
    }

    #[test]
    fn durations_use_two_units() {
        check(
            duration,
            &[
                (0, "0 s"),
                (59, "59 s"),
                (90, "1 min 30 s"),
                (3600, "1 h"),
                (3601, "1 h"),
                (90_000, "1 d 1 h"),
            ],
        );
    }

    #[test]
    fn texts_are_fitted_into_sentences() {
        check(title, &[("errors_per_s", "Errors per s"), ("", ""), ("été", "été")]);
        check(
            inline,
            &[("Input errors", "input errors"), ("BGP sessions", "BGP sessions"), ("", "")],
        );
        assert_eq!(shortened("abc def", 4), "abc…");
        assert_eq!(shortened("äöü", 3), "äöü");
        let items = ["a", "b", "c"].map(String::from);
        assert_eq!([0, 1, 2, 3].map(|n| list(&items[..n])), ["", "a", "a and b", "a, b and c"]);
    }
}
