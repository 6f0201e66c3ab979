//! Numbers as people read them: as many digits as are known.

/// A number with so many decimals, thousands apart and a proper minus.
#[must_use]
pub fn plain(value: f64, decimals: usize) -> String {
    if !value.is_finite() || value.abs() >= 1e15 {
        return format!("{value:.2e}").replace('-', "−");
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let negative = value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    format!("{}{grouped}{rest}", if negative { "−" } else { "" })
}

/// A mean with its half-width, where there is one: two digits of the half-width and as many decimals
/// of the mean.
#[must_use]
pub fn number(mean: f64, half_width: Option<f64>) -> String {
    let decimals = decimals_for(mean, half_width);
    match half_width {
        Some(half) if half <= 1e-6 => format!("{} ± 0", plain(mean, decimals)),
        Some(half) => format!("{} ± {}", plain(mean, decimals), plain(half, decimals)),
        None => plain(mean, decimals),
    }
}

/// A mean with its interval: ± where it lies evenly, else both limits, and “(57 of 100)” where not all
/// runs have the number.
#[must_use]
pub fn estimate(
    mean: f64,
    half_width: Option<f64>,
    interval: Option<(f64, f64)>,
    part: Option<String>,
) -> String {
    let text = match (half_width, interval) {
        (None, Some((low, high))) => {
            let decimals = decimals_for(mean, Some((high - low) / 2.0));
            let [mean, low, high] = [mean, low, high].map(|value| plain(value, decimals));
            format!("{mean} [{low}, {high}]")
        }
        _ => number(mean, half_width),
    };
    part.map_or(text.clone(), |part| format!("{text} ({part})"))
}

fn decimals_for(mean: f64, half_width: Option<f64>) -> usize {
    let (size, digits) = match half_width {
        Some(half) if half > 1e-6 && half.is_finite() => (half, 2),
        // Known exactly, or not known at all: four digits of the mean, and a count as it is.
        _ if (mean - mean.round()).abs() < 1e-9 => return 0,
        _ => (mean.abs(), 4),
    };
    if size == 0.0 || !size.is_finite() {
        return 0;
    }
    let leading = size.log10().floor() as i32;
    usize::try_from(digits - 1 - leading).unwrap_or(0).min(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_have_limits_and_parts_are_told() {
        let check = |half, interval, part: Option<&str>, expected: &str| {
            assert_eq!(estimate(0.0, half, interval, part.map(str::to_owned)), expected);
        };
        check(None, Some((0.0, 0.036_994)), None, "0.000 [0.000, 0.037]");
        check(Some(0.5), Some((-0.5, 0.5)), None, "0.00 ± 0.50");
        check(Some(0.5), Some((-0.5, 0.5)), Some("3 of 9"), "0.00 ± 0.50 (3 of 9)");
        check(None, None, None, "0");
    }

    #[test]
    fn a_mean_has_the_digits_that_its_interval_leaves() {
        let check = |mean, half, expected: &str| assert_eq!(number(mean, half), expected);
        check(46.412, Some(1.712), "46.4 ± 1.7");
        check(0.12149, Some(0.00612), "0.1215 ± 0.0061");
        check(-1234.5, Some(123.4), "−1,234 ± 123");
        check(20.0, Some(0.0), "20 ± 0");
        check(-0.04, Some(1e-17), "−0.04000 ± 0");
        check(0.333_33, None, "0.3333");
        check(12.0, None, "12");
        check(0.0, None, "0");
        check(f64::INFINITY, None, "inf");
        check(-1e-9, Some(0.5), "0.00 ± 0.50");
    }
}
