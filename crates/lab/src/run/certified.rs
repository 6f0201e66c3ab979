//! What came of certified thresholds in a run: was the promise kept?
//!
//! A certificate bounds overrides among likes and overrides, for it learns from directed answers. So
//! the rate held against α is the sum of override probabilities over the sum of the probabilities of
//! a like or an override; over all automatic actions it would be lower, since many people have no
//! opinion, and easier to keep.

use npo_core::event::{DecisionMade, Disposition};

/// Automatic decisions before their rate is held against α: the share of overrides among a handful
/// says nothing about a rate. The metric's title and docs/lab.md name this number.
const LEAST: u64 = 100;

/// Counts automatic decisions and what people would have thought of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Certified {
    /// Decisions so far.
    decisions: u64,
    /// Decisions before the first one under a live certificate.
    first: Option<u64>,
    automatic: u64,
    /// Sum of the override probabilities of automatic decisions.
    risk: f64,
    /// Sum of the probabilities that they are liked or overridden.
    directed: f64,
    ever_above: bool,
    alpha: f64,
    tail: u64,
    tail_automatic: u64,
}

impl Certified {
    /// Nothing yet, where `alpha` is promised.
    pub(super) fn new(alpha: f64) -> Self {
        Self { alpha, ..Self::default() }
    }

    /// Counts a decision that the policy allowed; the probabilities are those with which an honest
    /// operator would like and override it.
    pub(super) fn decision(
        &mut self,
        made: &DecisionMade,
        (like, override_): (f64, f64),
        in_tail: bool,
    ) {
        if made.certified.is_some() && self.first.is_none() {
            self.first = Some(self.decisions);
        }
        self.decisions += 1;
        let automatic = made.disposition == Disposition::Automatic;
        if automatic {
            self.acts(like, override_);
        }
        self.tail += u64::from(in_tail);
        self.tail_automatic += u64::from(in_tail && automatic);
    }

    fn acts(&mut self, like: f64, override_: f64) {
        self.automatic += 1;
        self.risk += override_;
        self.directed += like + override_;
        self.ever_above |= self.is_above();
    }

    fn is_above(&self) -> bool {
        self.automatic >= LEAST && self.rate().is_some_and(|rate| rate > self.alpha)
    }

    /// Overrides among likes and overrides, which is what α bounds.
    fn rate(&self) -> Option<f64> {
        (self.directed > 0.0).then(|| self.risk / self.directed)
    }

    /// Its metrics by name, once anything was certified or could have been.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    pub(super) fn metrics(&self) -> [(&'static str, Option<f64>); 6] {
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        let flag = |above| Some(f64::from(u8::from(above)));
        [
            ("certified_above", flag(self.ever_above)),
            ("certified_above_end", flag(self.is_above())),
            ("certified_rate", self.rate()),
            ("certified_share", share(self.automatic, self.decisions)),
            ("certified_coverage", share(self.tail_automatic, self.tail)),
            ("first_certificate", self.first.map(|first| first as f64)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P(override) of 3 % beside P(like) of 37 % is 7.5 % of all directed answers: above 5 %, although
    /// only 3 % of all automatic actions would be overridden.
    #[test]
    fn the_rate_is_that_of_directed_answers() {
        let mut certified = Certified::new(0.05);
        let metric = |certified: &Certified, name: &str| {
            certified.metrics().into_iter().find(|(of, _)| *of == name).and_then(|(_, value)| value)
        };
        for i in 0..LEAST {
            assert_eq!(metric(&certified, "certified_above"), Some(0.0), "after {i}");
            certified.acts(0.37, 0.03);
        }
        assert!((metric(&certified, "certified_rate").unwrap() - 0.075).abs() < 1e-12);
        assert_eq!(metric(&certified, "certified_above"), Some(1.0));
        assert_eq!(metric(&certified, "certified_above_end"), Some(1.0));
    }

    #[test]
    fn without_automatic_actions_there_is_no_rate() {
        let metrics = Certified::new(0.05).metrics();
        assert!(metrics.contains(&("certified_rate", None)));
        assert!(metrics.contains(&("first_certificate", None)));
    }
}
