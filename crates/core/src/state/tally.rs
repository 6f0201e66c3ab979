//! What is counted per scenario type, for metrics and the alignment page.

use serde::{Deserialize, Serialize};

use crate::event::Disposition;
use crate::guarantee::EmpiricalBernstein;
use crate::signal::Signal;

/// Counts and sums of one scenario type.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tally {
    dispositions: [u64; 6],
    signals: [u64; 4],
    /// Sum of the alignment losses of all answers.
    pub loss_sum: f64,
    /// Sum of the per-episode losses: answers, and abstentions at their fixed loss.
    pub episode_loss_sum: f64,
    /// Episodes in that sum.
    pub episodes: u64,
    /// Moving average of the reward.
    pub reward_average: f64,
    /// Decisions that expired unanswered.
    pub expired: u64,
    /// Decisions that were withdrawn.
    pub withdrawn: u64,
    /// Outcomes recorded.
    pub outcomes: u64,
    /// The first like or override of each decision that was recommended, 1 for an override.
    ///
    /// Audits are drawn, automatic actions are overridden by those who happen to see them, and second
    /// answers come where somebody disagrees: what is recommended is what everybody is asked about.
    pub recommended: EmpiricalBernstein,
}

impl Tally {
    /// Decisions with this disposition.
    #[must_use]
    pub fn decisions(&self, disposition: Disposition) -> u64 {
        self.dispositions[disposition as usize]
    }

    /// Answers with this signal.
    #[must_use]
    pub fn answers(&self, signal: Signal) -> u64 {
        self.signals[signal as usize]
    }

    /// All decisions.
    #[must_use]
    pub fn decisions_total(&self) -> u64 {
        self.dispositions.iter().sum()
    }

    /// All answers.
    #[must_use]
    pub fn answers_total(&self) -> u64 {
        self.signals.iter().sum()
    }

    /// Mean alignment loss of all answers; `None` without answers.
    #[must_use]
    pub fn mean_loss(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let answers = self.answers_total() as f64;
        (answers > 0.0).then(|| self.loss_sum / answers)
    }

    pub(crate) fn count_decision(&mut self, disposition: Disposition) {
        self.dispositions[disposition as usize] += 1;
    }

    pub(crate) fn count_answer(&mut self, signal: Signal, loss: f64) {
        self.signals[signal as usize] += 1;
        self.loss_sum += loss;
    }

    pub(crate) fn count_recommended(&mut self, overridden: bool) {
        self.recommended.observe(f64::from(u8::from(overridden)));
    }

    pub(crate) fn count_episode(&mut self, loss: Option<f64>, reward: f64, rate: f64) {
        if let Some(loss) = loss {
            self.episode_loss_sum += loss;
            self.episodes += 1;
        }
        self.reward_average += rate * (reward - self.reward_average);
    }
}
