//! An e-process against "the override rate is above α" (METHODS 2.5).
//!
//! Somebody who believes the rate to be lower bets on likes, never more than they own.
//! Were the rate α or more, no strategy could grow wealth on average, and by Ville's inequality the
//! probability that it *ever* reaches 1/δ is at most δ, however often one looks and whenever one
//! stops (Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", 2024).
//!
//! The wealth is an average over nine stakes ([`BETS`]), since the best one depends on the true
//! rate, and over starting points: every [`BLOCK`] labels a further part of the capital,
//! 1/(b(b+1)) for block b, starts afresh, so that a bad beginning is not held against what came
//! after it.
//! Capital that has not started yet is not counted, which gives up at most ½ and promises nothing
//! that is not there.
//!
//! **Propensity.** A label that was drawn with probability π enters as X = (α − o)/π, against a
//! stake of λ = ℓπ/(1 − α).
//! The two π cancel, and the factor is 1 + ℓ(α − o)/(1 − α) for every seen label, so that the process
//! speaks of the rate *among labels as they are drawn*.
//! That is the rate of the region if all of it is labelled with one probability.
//! If a part of it lies above a certified threshold and is labelled less often, the process still
//! holds: as long as that certificate is right, its part overrides at most α, so that where the region
//! as a whole overrides more, the rest does, and labelling the rest more often only raises the rate
//! among labels.
//! The first certificate to be wrong is therefore issued with everything before it right, which is
//! what δ bounds.
//! That costs coverage, since the process then sees more risk than there is: beside it, half of the
//! capital bets with λ = ℓπ₀/(1 − α), π₀ being the least probability in the region, so that each
//! label's stake is in proportion to what it stands for; that is the rate of the region whatever
//! decides on the audits, at smaller stakes.
//! Two things must be seen to elsewhere: below the score from which everybody is asked about
//! everything nothing counts, and labels count in the order of their decisions
//! ([`crate::oversight::trials`]), since those that come sooner are the likes.

use serde::{Deserialize, Serialize};

/// Stakes ℓ, as shares of the largest stake that can never ruin.
pub const BETS: [f64; 9] = [0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95];

/// Labels after which a further part of the capital starts.
pub const BLOCK: u64 = 200;

/// Most wealth that is kept: far above any 1/δ, far below overflow.
///
/// Wealth that is cut off after a step is at most what an uncut one would be, so that whatever bound
/// holds for the uncut process holds for this one.
pub const WEALTH_MAX: f64 = 1e100;

/// Wealth of the bets against "the override rate is above α".
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct EProcess {
    /// For each bet, the wealth of all started blocks, each with its share of the capital.
    wealth: [f64; BETS.len()],
    labels: u64,
}

/// What one label multiplies the wealth of each bet with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Factors([f64; BETS.len()]);

impl Factors {
    /// Factors 1 + ℓ·share·(α − o)/(1 − α) of one label; `alpha` in (0, 1), `share` in (0, 1].
    #[inline]
    #[must_use]
    pub fn new(alpha: f64, overridden: bool, share: f64) -> Self {
        let margin = if overridden { alpha - 1.0 } else { alpha };
        let unit = share * margin / (1.0 - alpha);
        Self(BETS.map(|bet| 1.0 + bet * unit))
    }
}

impl EProcess {
    /// Counts one label whose propensity cancels (see the module text); `alpha` in (0, 1).
    pub fn observe(&mut self, alpha: f64, overridden: bool) {
        self.multiply(&Factors::new(alpha, overridden, 1.0));
    }

    /// Counts one label by factors computed once for several processes.
    #[inline]
    pub fn multiply(&mut self, factors: &Factors) {
        if self.labels.is_multiple_of(BLOCK) {
            self.start_block();
        }
        for (wealth, factor) in self.wealth.iter_mut().zip(&factors.0) {
            *wealth = (*wealth * factor).min(WEALTH_MAX);
        }
        self.labels += 1;
    }

    fn start_block(&mut self) {
        #[expect(clippy::cast_precision_loss, reason = "blocks stay far below 2^53")]
        let block = (self.labels / BLOCK + 1) as f64;
        let capital = 1.0 / (block * (block + 1.0));
        for wealth in &mut self.wealth {
            *wealth += capital;
        }
    }

    /// The e-value: at most 1 on average, and 1/δ or more ever with probability at most δ, as long as
    /// the rate is α or more; 0 before the first label.
    #[inline]
    #[must_use]
    pub fn value(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "nine")]
        let bets = BETS.len() as f64;
        self.wealth.iter().sum::<f64>() / bets
    }

    /// Labels counted so far.
    #[must_use]
    pub fn labels(&self) -> u64 {
        self.labels
    }
}

#[cfg(test)]
mod tests {
    use super::super::chance::Chance;
    use super::*;

    #[test]
    fn likes_raise_and_overrides_lower_the_value() {
        let mut process = EProcess::default();
        assert_eq!(process.value(), 0.0);
        process.observe(0.05, false);
        let liked = process.value();
        assert!(liked > 0.5);
        process.observe(0.05, true);
        assert!(process.value() < liked);
        assert_eq!(process.labels(), 2);
    }

    #[test]
    fn wealth_neither_overflows_nor_turns_negative() {
        let mut process = EProcess::default();
        for label in 0..200_000 {
            process.observe(0.5, false);
            assert!(process.value().is_finite(), "after {label} likes");
        }
        for label in 0..200_000 {
            process.observe(0.5, true);
            assert!(process.value() >= 0.0, "after {label} overrides");
        }
    }

    /// How many of 2,000 runs of 1,000 decisions at `rate` ever reach 1/δ = 20 against α = 0.05, if
    /// decisions are labelled with the probability and counted with the share that `draw` gives for
    /// their risk.
    fn crossings(rate: f64, draw: impl Fn(f64) -> (f64, f64)) -> usize {
        let mut chance = Chance::new(7);
        (0..2_000)
            .filter(|_| {
                let mut process = EProcess::default();
                (0..1_000).any(|_| {
                    // A risky half (1.8 × rate) and a safe half (0.2 × rate).
                    let risk = if chance.hit(0.5) { 1.8 } else { 0.2 };
                    let (seen, share) = draw(risk);
                    if chance.hit(seen) {
                        process.multiply(&Factors::new(0.05, chance.hit(rate * risk), share));
                    }
                    process.value() >= 20.0
                })
            })
            .count()
    }

    /// δ = 0.05 of 2,000 runs are 100; three standard deviations are 3·√(2000·0.05·0.95) = 29.
    const CROSSINGS_MAX: usize = 129;

    #[test]
    fn a_rate_of_alpha_is_rarely_certified_however_often_one_looks() {
        let found = crossings(0.05, |_| (1.0, 1.0));
        assert!(found <= CROSSINGS_MAX, "{found} of 2,000 runs crossed");
    }

    #[test]
    fn a_low_rate_is_certified() {
        let found = crossings(0.01, |_| (1.0, 1.0));
        assert!(found > 1_800, "only {found} of 2,000 runs crossed");
    }

    #[test]
    fn labels_drawn_where_it_is_safe_mislead_unless_they_are_weighted() {
        let picky = |risk: f64| if risk < 1.0 { 1.0 } else { 0.2 };
        let naive = crossings(0.05, |risk| (picky(risk), 1.0));
        assert!(naive > 500, "the plain process is fooled in {naive} of 2,000 runs");
        let weighted = crossings(0.05, |risk| (picky(risk), 0.2 / picky(risk)));
        assert!(weighted <= CROSSINGS_MAX, "{weighted} of 2,000 weighted runs crossed");
    }

    #[test]
    fn labels_drawn_where_it_is_risky_do_not_mislead() {
        let risky = crossings(0.05, |risk| (if risk < 1.0 { 0.2 } else { 1.0 }, 1.0));
        assert!(risky <= CROSSINGS_MAX, "{risky} of 2,000 runs crossed");
    }
}
