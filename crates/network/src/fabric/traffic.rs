//! What the leaves of a generated fabric ask it to carry: who sends how much to whom, now.
//!
//! Three layers, each on its own time scale: the day moves every leaf's level, a slow wander moves it within minutes,
//! and bursts come and go in seconds to minutes. Bursts arrive by chance (Poisson) and are heavy-tailed in both rate
//! and length (Pareto): between two leaves, from many leaves to one (incast), and from one to many.
//! A leaf's demand is shared out over the other leaves of its site by what each of them receives (a gravity model).

use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, StandardNormal};

use super::config::FabricConfig;
use super::trouble::{below, unit};

const DAY_MS: f64 = 86_400_000.0;
/// Least rate of a burst as a share of a leaf's capacity, and the most that chance makes of it.
const BURST_SHARE: (f64, f64) = (0.03, 0.5);
/// Tail of a burst's rate, and of its length: finite mean, infinite variance.
const BURST_TAIL: f64 = 1.5;
/// Least and longest length of a burst, ms.
const BURST_MS: (f64, f64) = (10_000.0, 600_000.0);
/// Most bursts of a site at a time, so that a lively setting stays cheap.
const BURSTS_MAX: usize = 64;

/// Level of what one leaf sends or receives, wandering.
#[derive(Debug)]
struct Level {
    /// Busyness of this leaf compared with the others.
    base: f64,
    /// When its day begins, as a share of the day.
    phase: f64,
    wander: f64,
}

impl Level {
    fn new(rng: &mut ChaCha8Rng) -> Self {
        Self { base: 0.7 + 0.6 * unit(rng), phase: 0.1 * unit(rng), wander: 0.0 }
    }

    /// Share of the leaf's capacity that is asked for now, 0 to 0.95.
    fn step(&mut self, rng: &mut ChaCha8Rng, now_ms: i64, mean: f64, swing: f64) -> f64 {
        self.wander = 0.95 * self.wander + 0.03 * normal(rng);
        let day = (now_ms as f64 / DAY_MS + self.phase) * std::f64::consts::TAU;
        (mean * self.base * (1.0 + swing * day.sin()) * self.wander.exp()).clamp(0.005, 0.95)
    }
}

/// More traffic than usual between some leaves of a site.
#[derive(Debug)]
struct Burst {
    from: Vec<usize>,
    to: Vec<usize>,
    /// Of all its pairs together, bit/s.
    bps: f64,
    end_ms: i64,
}

/// Demand of one site.
#[derive(Debug)]
pub(super) struct SiteTraffic {
    leaves: usize,
    /// What each leaf sends, then what each receives.
    sends: Vec<Level>,
    receives: Vec<Level>,
    bursts: Vec<Burst>,
    next_burst_ms: i64,
    /// From each leaf to each, bit/s, row by source.
    demands: Vec<f64>,
    /// Share of what each leaf sends, and of what it receives, that is bursts.
    bursty: Vec<[f64; 2]>,
}

impl SiteTraffic {
    pub(super) fn new(rng: &mut ChaCha8Rng, leaves: usize, start_ms: i64) -> Self {
        let mut levels = || (0..leaves).map(|_| Level::new(rng)).collect();
        let (sends, receives) = (levels(), levels());
        Self {
            leaves,
            sends,
            receives,
            bursts: Vec::new(),
            next_burst_ms: start_ms,
            demands: vec![0.0; leaves * leaves],
            bursty: vec![[0.0; 2]; leaves],
        }
    }

    /// From each leaf to each, bit/s, row by source; the diagonal is 0.
    pub(super) fn demands(&self) -> &[f64] {
        &self.demands
    }

    /// Share of what a leaf sends (0) or receives (1) that is bursts, 0 to 1.
    pub(super) fn bursty(&self, leaf: usize, direction: usize) -> f64 {
        self.bursty[leaf][direction]
    }

    /// Moves on to `now_ms`; a leaf can send and receive `capacity_bps`.
    pub(super) fn step(
        &mut self,
        rng: &mut ChaCha8Rng,
        now_ms: i64,
        config: &FabricConfig,
        capacity_bps: f64,
    ) {
        let (mean, swing) = (config.utilisation, config.daily_swing);
        let mut asked = |levels: &mut [Level]| -> Vec<f64> {
            levels.iter_mut().map(|level| level.step(rng, now_ms, mean, swing)).collect()
        };
        let (sends, receives) = (asked(&mut self.sends), asked(&mut self.receives));
        let total: f64 = receives.iter().sum();
        for (i, row) in self.demands.chunks_exact_mut(self.leaves).enumerate() {
            let others = total - receives[i];
            for (j, demand) in row.iter_mut().enumerate() {
                let share = if i == j { 0.0 } else { receives[j] / others };
                *demand = sends[i] * capacity_bps * share;
            }
        }
        self.burst(rng, now_ms, config.burst_every_s, capacity_bps);
    }

    fn burst(&mut self, rng: &mut ChaCha8Rng, now_ms: i64, every_s: f64, capacity_bps: f64) {
        self.bursts.retain(|burst| burst.end_ms > now_ms);
        while self.next_burst_ms <= now_ms {
            let pause: f64 = Exp1.sample(rng);
            self.next_burst_ms += ((pause * every_s * 1e3) as i64).clamp(100, 1_000_000_000);
            let burst = self.draw(rng, now_ms, capacity_bps);
            if self.bursts.len() < BURSTS_MAX {
                self.bursts.push(burst);
            }
        }
        let mut added = vec![[0.0; 2]; self.leaves];
        for burst in &self.bursts {
            let bps = burst.bps / (burst.from.len() * burst.to.len()) as f64;
            for &i in &burst.from {
                for &j in burst.to.iter().filter(|&&j| j != i) {
                    self.demands[i * self.leaves + j] += bps;
                    added[i][0] += bps;
                    added[j][1] += bps;
                }
            }
        }
        for (leaf, added) in added.into_iter().enumerate() {
            let row = leaf * self.leaves..(leaf + 1) * self.leaves;
            let sent: f64 = self.demands[row].iter().sum();
            let received: f64 = self.demands[leaf..].iter().step_by(self.leaves).sum();
            self.bursty[leaf] = [added[0] / sent, added[1] / received];
        }
    }

    fn draw(&self, rng: &mut ChaCha8Rng, now_ms: i64, capacity_bps: f64) -> Burst {
        let one = below(rng, self.leaves);
        let other = (one + 1 + below(rng, self.leaves - 1)) % self.leaves;
        let many: Vec<usize> = (0..self.leaves).filter(|&k| k != one).collect();
        let (from, to) = match below(rng, 4) {
            0 => (many, vec![one]),
            1 => (vec![one], many),
            _ => (vec![one], vec![other]),
        };
        let share = pareto(rng, BURST_SHARE.0).min(BURST_SHARE.1);
        let lasts_ms = pareto(rng, BURST_MS.0).min(BURST_MS.1);
        Burst { from, to, bps: share * capacity_bps, end_ms: now_ms + lasts_ms as i64 }
    }
}

/// A Pareto draw: at least `least`, and above k times that with probability k^−[`BURST_TAIL`].
fn pareto(rng: &mut ChaCha8Rng, least: f64) -> f64 {
    least * (1.0 - unit(rng)).powf(-1.0 / BURST_TAIL)
}

pub(super) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}
