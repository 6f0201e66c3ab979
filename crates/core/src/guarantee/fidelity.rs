//! Monitoring fidelity, reported so that it means something (METHODS 2.7).
//!
//! F is the share of looks at which the monitor did what was right: act where action was called for,
//! keep silent where not.
//! Since action is rarely called for, a monitor that never acts has a high F too; so F never stands
//! alone here, but beside the F of never acting and Youden's J = TPR − FPR, which is 0 for every
//! monitor that does not look.
//!
//! Whether a look was right comes from audits: of acted looks all or a share, of silent looks a
//! *uniformly drawn* share, the same for all that is counted: with another share counting starts
//! anew.
//! Two rates are estimated, right among acted and right among silent, each with an interval at δ/2
//! that holds at every look; everything else is a monotone function of the two given how often the
//! monitor acted, so that its ends are at corners and all intervals hold together with probability
//! at least 1 − δ.

use serde::{Deserialize, Serialize};

use super::sequence::Estimate;

/// Looks of one kind and what audits found about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Looks {
    /// Looks made.
    pub total: u64,
    /// Looks audited, at most `total`.
    pub audited: u64,
    /// Audits that found the monitor right, at most `audited`.
    pub right: u64,
}

/// What is counted about a monitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FidelityCounts {
    /// Looks at which the monitor acted; right if action was called for.
    pub acted: Looks,
    /// Looks at which it kept silent; right if no action was called for.
    pub silent: Looks,
}

impl FidelityCounts {
    /// Counts one look.
    pub fn look(&mut self, acted: bool) {
        self.of(acted).total += 1;
    }

    /// Counts what the audit of one look found; the look itself was counted before.
    pub fn audit(&mut self, acted: bool, right: bool) {
        let looks = self.of(acted);
        looks.audited += 1;
        looks.right += u64::from(right);
    }

    /// What was counted since these counts were `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let since = |now: &Looks, before: &Looks| Looks {
            total: now.total - before.total,
            audited: now.audited - before.audited,
            right: now.right - before.right,
        };
        Self {
            acted: since(&self.acted, &before.acted),
            silent: since(&self.silent, &before.silent),
        }
    }

    fn of(&mut self, acted: bool) -> &mut Looks {
        if acted { &mut self.acted } else { &mut self.silent }
    }
}

/// How far a monitor can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[must_use = "a fidelity that nobody reads protects nobody"]
pub struct Fidelity {
    /// F: share of looks that were right, in [0, 1].
    pub fidelity: Estimate,
    /// F of a monitor that never acts, in [0, 1].
    pub never_acting: Estimate,
    /// J = TPR − FPR, in [−1, 1]; 0 for a monitor that acts at random.
    ///
    /// Without a value where no look called for action, or every one did.
    pub youden: Estimate,
    /// Share of acted looks that called for action, in [0, 1].
    pub precision: Estimate,
    /// Share of silent looks that called for none, in [0, 1].
    pub silence_right: Estimate,
}

impl Fidelity {
    /// The report on `counts`, wrong anywhere and at any time with probability at most `delta`, in
    /// (0, 1).
    pub fn of(counts: &FidelityCounts, delta: f64) -> Self {
        let rate = |looks: &Looks| Estimate::of_rate(looks.right, looks.audited, delta / 2.0);
        let (precision, silence_right) = (rate(&counts.acted), rate(&counts.silent));
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let (acted, silent) = (counts.acted.total as f64, counts.silent.total as f64);
        let looks = acted + silent;
        let mixed =
            move |p: f64, q: f64| (looks > 0.0).then(|| Mixed { acted: acted / looks, p, q });
        // A kind of look that never happened has no weight, so its unknown rate does not matter.
        let value_of = |rate: &Estimate, total: f64| rate.value.or((total == 0.0).then_some(0.0));
        let point = value_of(&precision, acted).zip(value_of(&silence_right, silent));
        let value = |f: fn(&Mixed) -> Option<f64>| {
            point.and_then(|(p, q)| mixed(p, q)).and_then(|mixed| f(&mixed))
        };
        let at =
            |f: fn(&Mixed) -> Option<f64>, p: f64, q: f64| mixed(p, q).and_then(|mixed| f(&mixed));
        let (p, q) = (precision, silence_right);
        Self {
            fidelity: Estimate {
                value: value(Mixed::fidelity),
                low: at(Mixed::fidelity, p.low, q.low).unwrap_or(0.0),
                high: at(Mixed::fidelity, p.high, q.high).unwrap_or(1.0),
            },
            // Never acting looks the better, the less often acting was right.
            never_acting: Estimate {
                value: value(Mixed::never_acting),
                low: at(Mixed::never_acting, p.high, q.low).unwrap_or(0.0),
                high: at(Mixed::never_acting, p.low, q.high).unwrap_or(1.0),
            },
            youden: Estimate {
                value: value(Mixed::youden),
                low: at(Mixed::youden, p.low, q.low).unwrap_or(-1.0),
                high: at(Mixed::youden, p.high, q.high).unwrap_or(1.0),
            },
            precision,
            silence_right,
        }
    }
}

/// A monitor that acts with probability `acted`, rightly with `p`, and is silent rightly with `q`.
struct Mixed {
    acted: f64,
    p: f64,
    q: f64,
}

impl Mixed {
    fn silent(&self) -> f64 {
        1.0 - self.acted
    }

    #[expect(clippy::unnecessary_wraps, reason = "one shape for all reported numbers")]
    fn fidelity(&self) -> Option<f64> {
        Some(self.acted * self.p + self.silent() * self.q)
    }

    #[expect(clippy::unnecessary_wraps, reason = "one shape for all reported numbers")]
    fn never_acting(&self) -> Option<f64> {
        Some(self.acted * (1.0 - self.p) + self.silent() * self.q)
    }

    /// None where one of the two rates has nothing to be a rate of.
    fn youden(&self) -> Option<f64> {
        let (hit, missed) = (self.acted * self.p, self.silent() * (1.0 - self.q));
        let (false_alarm, quiet) = (self.acted * (1.0 - self.p), self.silent() * self.q);
        let share = |part: f64, other: f64| (part + other > 0.0).then(|| part / (part + other));
        Some(share(hit, missed)? - share(false_alarm, quiet)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::chance::Chance;
    use super::*;

    fn looks(total: u64, audited: u64, right: u64) -> Looks {
        Looks { total, audited, right }
    }

    fn close(found: Option<f64>, expected: f64, what: &str) {
        let found = found.unwrap_or_else(|| panic!("{what} has no value"));
        assert!((found - expected).abs() < 5e-4, "{what} is {found}, expected {expected}");
    }

    #[test]
    fn a_high_fidelity_is_told_apart_from_doing_nothing() {
        // The monitor of METHODS 2.7: F = .894 against .899 for never acting, and J = .20.
        let counts = FidelityCounts {
            acted: looks(5_178, 5_178, 2_339),
            silent: looks(94_822, 94_822, 87_061),
        };
        let report = Fidelity::of(&counts, 0.05);
        close(report.fidelity.value, 0.894, "F");
        close(report.never_acting.value, 0.899, "F of never acting");
        close(report.youden.value, 0.20, "J");
        close(report.precision.value, 0.4517, "precision");
        assert!(report.youden.low > 0.15 && report.youden.high < 0.25, "{report:?}");
    }

    #[test]
    fn without_labels_nothing_is_claimed() {
        let check = |counts: FidelityCounts, youden: Option<f64>| {
            let report = Fidelity::of(&counts, 0.05);
            assert_eq!(report.youden.value, youden, "{counts:?}");
            for estimate in [report.fidelity, report.never_acting, report.youden, report.precision]
            {
                assert!(estimate.low <= estimate.high, "{report:?}");
                assert!(estimate.value.is_none_or(|value| {
                    estimate.low - 1e-9 <= value && value <= estimate.high + 1e-9
                }));
            }
        };
        check(FidelityCounts::default(), None);
        // Looks, and nobody audited them.
        check(FidelityCounts { acted: looks(9, 0, 0), silent: looks(91, 0, 0) }, None);
        // Never acted: no better than doing nothing, where anything was called for at all.
        check(FidelityCounts { acted: looks(0, 0, 0), silent: looks(50, 50, 40) }, Some(0.0));
        check(FidelityCounts { acted: looks(0, 0, 0), silent: looks(50, 50, 50) }, None);
        // Always acted.
        check(FidelityCounts { acted: looks(50, 50, 10), silent: looks(0, 0, 0) }, Some(0.0));
        // Never wrong.
        check(FidelityCounts { acted: looks(5, 5, 5), silent: looks(50, 50, 50) }, Some(1.0));
        // Always wrong.
        check(FidelityCounts { acted: looks(5, 5, 0), silent: looks(50, 50, 0) }, Some(-1.0));
    }

    #[test]
    fn intervals_cover_with_a_tenth_of_the_silence_audited() {
        // A monitor that acts on 30 % of the 10 % of looks that call for it, and on 4 % of the rest.
        let (called, tpr, fpr) = (0.1, 0.3, 0.04);
        let truth = (called * tpr + (1.0 - called) * (1.0 - fpr), 1.0 - called, tpr - fpr);
        let mut chance = Chance::new(17);
        let misses = (0..200)
            .filter(|_| {
                let mut counts = FidelityCounts::default();
                for _ in 0..3_000 {
                    let called = chance.hit(called);
                    let acted = chance.hit(if called { tpr } else { fpr });
                    counts.look(acted);
                    if acted || chance.hit(0.1) {
                        counts.audit(acted, acted == called);
                    }
                }
                let report = Fidelity::of(&counts, 0.05);
                let outside = |e: &Estimate, truth: f64| truth < e.low || truth > e.high;
                outside(&report.fidelity, truth.0)
                    || outside(&report.never_acting, truth.1)
                    || outside(&report.youden, truth.2)
            })
            .count();
        // δ = 0.05 of 200 runs are 10; three standard deviations are 3·√(200·0.05·0.95) = 9.
        assert!(misses <= 19, "{misses} of 200 runs miss");
    }
}
