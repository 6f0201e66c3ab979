//! Traffic of a generated fabric: what every leaf sends and receives, and over which links.
//!
//! Demand follows the day and wanders in bursts. A leaf spreads what it sends over all usable links; spines spread what
//! they send to a leaf the same way. Hashes are never perfect, so every link's share trembles by about a percent.

use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::trouble::unit;

const DAY_MS: f64 = 86_400_000.0;
/// Standard deviation of a link's share from one reading to the next.
const TREMBLE: f64 = 0.012;

/// Demand of one leaf, wandering.
#[derive(Debug)]
pub(super) struct Demand {
    /// Busyness of this leaf compared with the others.
    level: f64,
    /// When its day begins, as a share of the day.
    phase: f64,
    burst: f64,
}

impl Demand {
    pub(super) fn new(rng: &mut ChaCha8Rng) -> Self {
        Self { level: 0.7 + 0.6 * unit(rng), phase: 0.1 * unit(rng), burst: 0.0 }
    }

    /// Utilisation that this leaf asks for now, 0 to 0.95.
    pub(super) fn step(&mut self, rng: &mut ChaCha8Rng, now_ms: i64, mean: f64, swing: f64) -> f64 {
        self.burst = 0.95 * self.burst + 0.03 * normal(rng);
        let day = (now_ms as f64 / DAY_MS + self.phase) * std::f64::consts::TAU;
        (mean * self.level * (1.0 + swing * day.sin()) * self.burst.exp()).clamp(0.005, 0.95)
    }
}

/// Splits an amount over links by weight, each trembling a little; a link of weight 0 gets nothing.
pub(super) fn split(rng: &mut ChaCha8Rng, amount: f64, weights: &mut [f64], capacity: f64) {
    for weight in weights.iter_mut().filter(|weight| **weight > 0.0) {
        *weight *= (1.0 + TREMBLE * normal(rng)).max(0.5);
    }
    let total: f64 = weights.iter().sum();
    for weight in weights {
        *weight = if total > 0.0 { (amount * *weight / total).min(capacity) } else { 0.0 };
    }
}

pub(super) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}
