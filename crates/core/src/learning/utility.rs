//! Expected-utility threshold with optimism, and the value of a label (METHODS 2.2 and 2.3).
//!
//! An override costs `c` likes, so an action with probability p of being liked is worth
//! p − c(1 − p), and surfacing pays where p ≥ c/(1 + c).
//! The optimism bonus explores: what is uncertain is shown a little earlier than its mean alone would
//! be. Against the score, which averages over the uncertainty and so lies nearer to one half, it may be
//! more or less.
//! What is not shown is audited at random, with a probability in proportion to what a label there
//! would be worth; the probability is stored, so that every rate can be estimated without bias.

use serde::{Deserialize, Serialize};

use super::math::{GAUSS_HERMITE_7, sigmoid};
use super::posterior::Logit;

/// The score above which surfacing pays: c/(1 + c).
#[inline]
#[must_use]
pub fn threshold(override_cost: f64) -> f64 {
    override_cost / (1.0 + override_cost)
}

/// The optimistic score σ(m + bonus·√v).
#[inline]
#[must_use]
pub fn optimistic(logit: Logit, bonus: f64) -> f64 {
    sigmoid(logit.mean + bonus * logit.variance.sqrt())
}

/// Value of information of one label: E[max(U, 0)] − max(E U, 0) with U = (1 + c)σ(z) − c and
/// z ~ N(m, v), by 7-point Gauss–Hermite quadrature. In units of one like; never negative beyond
/// rounding.
#[must_use]
pub fn value_of_information(logit: Logit, override_cost: f64) -> f64 {
    let deviation = logit.variance.sqrt();
    let (mut positive, mut mean, mut weight) = (0.0, 0.0, 1.0);
    for (x, w) in GAUSS_HERMITE_7.iter().rev() {
        let utility = (1.0 + override_cost) * sigmoid(logit.mean + deviation * x) - override_cost;
        // Utility falls from node to node. Once what is left cannot bring the mean above zero, the
        // rest is not worth its exponentials.
        if mean + weight * utility <= 0.0 {
            return positive;
        }
        positive += w * utility.max(0.0);
        mean += w * utility;
        weight -= w;
    }
    positive - mean.max(0.0)
}

/// Constants of random audits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditSettings {
    /// Audit probability of a decision of average value of information.
    pub rate: f64,
    /// Rate of the moving average of the value of information.
    pub average_rate: f64,
    /// Where that moving average starts.
    pub average_start: f64,
}

/// One audit draw, as it was made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AuditDraw {
    /// Value of information of a label here.
    pub voi: f64,
    /// Moving average of the value of information, this one included.
    pub voi_average: f64,
    /// Probability with which this decision was audited.
    pub probability: f64,
    /// The uniform draw that it was compared with.
    pub draw: f64,
}

impl AuditDraw {
    /// Draws an audit: `average` is the moving average before, `draw` uniform in [0, 1).
    #[must_use]
    pub fn new(settings: &AuditSettings, voi: f64, average: f64, draw: f64) -> Self {
        let voi_average = average + settings.average_rate * (voi - average);
        // A value of information of zero (a saturated score) still leaves the division defined.
        let probability =
            (settings.rate * voi / voi_average.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        Self { voi, voi_average, probability, draw }
    }

    /// Whether the draw chose an audit.
    #[must_use]
    pub fn chosen(&self) -> bool {
        self.draw < self.probability
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same quadrature with every node.
    fn in_full(logit: Logit, cost: f64) -> f64 {
        let (mut positive, mut mean) = (0.0, 0.0);
        for (x, w) in GAUSS_HERMITE_7 {
            let utility = (1.0 + cost) * sigmoid(logit.mean + logit.variance.sqrt() * x) - cost;
            positive += w * utility.max(0.0);
            mean += w * utility;
        }
        positive - mean.max(0.0)
    }

    #[test]
    fn leaving_nodes_out_changes_nothing() {
        for cost in [0.01, 0.5, 1.0, 3.0, 1000.0] {
            for mean in -40..=40 {
                for variance in [0.0, 1e-6, 0.1, 1.0, 4.0, 100.0] {
                    let logit = Logit { mean: f64::from(mean) / 4.0, variance };
                    let (quick, full) = (value_of_information(logit, cost), in_full(logit, cost));
                    let tolerance = 1e-14 * (1.0 + cost);
                    assert!((quick - full).abs() <= tolerance, "{quick} for {full} at {logit:?}");
                }
            }
        }
    }
}
