//! Many questions at once: bounds on the share of false answers among those reported.
//!
//! [`benjamini_yekutieli`] takes p-values, [`e_bh`] takes e-values (those of
//! [`super::e_process`], say, one per slice; a Shiryaev–Roberts value is *not* one).
//! Both hold under any dependence between the questions, as between slices that overlap, which the
//! plain Benjamini–Hochberg procedure does not promise.

/// Benjamini–Yekutieli adjusted p-values, in the order given: reporting those at or below q keeps the
/// expected share of false reports at or below q.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a count of tests")]
pub fn benjamini_yekutieli(p_values: &[f64]) -> Vec<f64> {
    let tests = p_values.len() as f64;
    let dependence: f64 = (1..=p_values.len()).map(|i| 1.0 / i as f64).sum();
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut least = 1.0_f64;
    for (rank, &index) in order.iter().enumerate().rev() {
        least = least.min(p_values[index] * tests * dependence / (rank + 1) as f64);
        adjusted[index] = least;
    }
    adjusted
}

/// Indices of the e-values that can be reported with an expected share of false reports of at most
/// `q`, the largest first (Wang and Ramdas, "False discovery rate control with e-values", 2022).
///
/// The k largest are reported, with the largest k such that all of them reach m/(q·k) of m values.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a count of tests")]
pub fn e_bh(e_values: &[f64], q: f64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..e_values.len()).collect();
    order.retain(|&index| !e_values[index].is_nan());
    order.sort_by(|&a, &b| e_values[b].total_cmp(&e_values[a]));
    let tests = e_values.len() as f64;
    let reported = (1..=order.len())
        .rev()
        .find(|&k| e_values[order[k - 1]] >= tests / (q * k as f64))
        .unwrap_or(0);
    order.truncate(reported);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjusted_p_values() {
        let check = |p_values: &[f64], expected: &[f64]| {
            let found = benjamini_yekutieli(p_values);
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-12, "{p_values:?}: {found}, {expected}");
            }
        };
        check(&[], &[]);
        check(&[0.03], &[0.03]);
        // m·c(m) = 3·(1 + 1/2 + 1/3) = 5.5; ranks 2, 1, 3.
        check(&[0.02, 0.001, 0.9], &[0.055, 0.0055, 1.0]);
        // A larger p-value never gets the smaller adjusted one.
        check(&[0.02, 0.021, 0.022], &[0.022 * 5.5 / 3.0; 3]);
    }

    #[test]
    fn e_values_reported() {
        let check = |e_values: &[f64], expected: &[usize]| {
            assert_eq!(e_bh(e_values, 0.1), expected, "{e_values:?}");
        };
        check(&[], &[]);
        check(&[9.9], &[]);
        check(&[10.0], &[0]);
        // Alone it would need 30, as one of two 15.
        check(&[15.0, 1.0, 16.0], &[2, 0]);
        check(&[15.0, f64::NAN, 14.0], &[]);
    }
}
