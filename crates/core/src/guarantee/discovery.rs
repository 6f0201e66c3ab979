//! Many questions at once: bounds on the share of false answers among those reported.
//!
//! It holds under any dependence between the questions, as between slices that overlap, which the
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
}
