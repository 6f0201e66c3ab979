//! What was learned on other networks, before a network's own steps are seen.
//!
//! Logistic weights of the signs of [`super::track`], fitted at once to days 1–7 of the Abilene matrices of 2004 under
//! eight sets of routing weights, with horizon 3 and a window of a day; `tests/imbalance.rs` fits them again and compares.
//! They are where a network's own fit starts from, and what it stays near to while it has few episodes.

use super::Target;
use super::logistic::Prior;
use super::track::SIGNS;

/// Centre and scale of each sign, so that weights are comparable; round numbers near mean and standard deviation.
const UNITS: [(f64, f64); SIGNS] = [
    (-1.5, 1.0),
    (-1.5, 1.0),
    (-1.5, 1.0),
    (-1.5, 1.0),
    (-3.0, 3.0),
    (-0.7, 0.3),
    (3.5, 1.5),
    (-1.0, 1.0),
];

/// Intercept and weights for onset.
const ONSET: [f64; SIGNS + 1] =
    [-3.654, 0.624, -0.216, -0.225, -0.041, 1.356, -0.161, -0.198, 0.207];
/// Intercept and weights for presence.
const PRESENT: [f64; SIGNS + 1] =
    [-3.548, 0.687, -0.432, -0.651, 0.362, 1.589, -0.232, -0.418, -0.023];

/// How firmly the weights are believed, in labels: a network with a hundred episodes goes its own way.
const PRECISION: f64 = 20.0;
/// The intercept is the base rate, which networks and definitions differ in most.
const PRECISION_INTERCEPT: f64 = 1.0;

/// The signs as the row of a logistic regression.
pub(crate) fn row(signs: &[f64; SIGNS]) -> Vec<f64> {
    let scaled = signs.iter().zip(UNITS).map(|(sign, (centre, scale))| (sign - centre) / scale);
    std::iter::once(1.0).chain(scaled).collect()
}

/// The weights learned elsewhere, the intercept first.
#[must_use]
pub fn weights(target: Target) -> [f64; SIGNS + 1] {
    match target {
        Target::Onset => ONSET,
        Target::Present => PRESENT,
    }
}

/// What to believe of the weights.
pub(crate) fn prior(target: Target) -> Prior {
    let precision = std::iter::once(PRECISION_INTERCEPT).chain([PRECISION; SIGNS]);
    Prior { mean: weights(target).to_vec(), precision: precision.collect() }
}
