//! What came of certified thresholds in a run: was the promise kept?

use npo_core::event::{DecisionMade, Disposition};

/// Automatic decisions before their rate is held against α: the share of overrides among a handful
/// says nothing about a rate.
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

    /// Counts a decision that the policy allowed; `risk` is the probability that an honest operator
    /// would override it.
    pub(super) fn decision(&mut self, made: &DecisionMade, risk: f64, in_tail: bool) {
        if made.certified.is_some() && self.first.is_none() {
            self.first = Some(self.decisions);
        }
        self.decisions += 1;
        let automatic = made.disposition == Disposition::Automatic;
        if automatic {
            self.automatic += 1;
            self.risk += risk;
            self.ever_above |= self.is_above();
        }
        self.tail += u64::from(in_tail);
        self.tail_automatic += u64::from(in_tail && automatic);
    }

    fn is_above(&self) -> bool {
        self.automatic >= LEAST && self.rate() > self.alpha
    }

    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    fn rate(&self) -> f64 {
        self.risk / self.automatic as f64
    }

    /// Its metrics by name, once anything was certified or could have been.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    pub(super) fn metrics(&self) -> [(&'static str, Option<f64>); 6] {
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        let flag = |above| Some(f64::from(u8::from(above)));
        [
            ("certified_above", flag(self.ever_above)),
            ("certified_above_end", flag(self.is_above())),
            ("certified_rate", (self.automatic > 0).then(|| self.rate())),
            ("certified_share", share(self.automatic, self.decisions)),
            ("certified_coverage", share(self.tail_automatic, self.tail)),
            ("first_certificate", self.first.map(|first| first as f64)),
        ]
    }
}
