//! The published monitor: a window over surfaced losses (METHODS 1, Monitor).

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// When the monitor asks for retraining.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum MonitorSettings {
    /// Never.
    Off,
    /// When the mean of the last `window` surfaced losses exceeds `tolerance`.
    Window {
        /// Losses looked at.
        window: u32,
        /// Losses needed before anything is said.
        at_least: u32,
        /// Mean loss that is still fine, in [0, 1].
        tolerance: f64,
        /// Looks every so many episodes.
        every: u32,
        /// Episodes between two retrainings at least.
        cooldown: u32,
    },
    /// Every `period` episodes, whatever the loss.
    Periodic {
        /// Episodes between two retrainings.
        period: u32,
    },
}

/// What the monitor remembers of one scenario type.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Window {
    losses: VecDeque<f64>,
    /// Episodes closed so far: answered, abstained, blocked, expired or withdrawn.
    pub episodes: u64,
    /// Episodes closed when the last retraining happened.
    retrained: Option<u64>,
}

/// Why a retraining is due.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Episodes closed so far.
    pub episodes: u64,
    /// Losses in the window.
    pub losses: u32,
    /// Their mean; 0 without losses.
    pub mean_loss: f64,
    /// What the mean was compared with; 0 for a periodic retraining.
    pub tolerance: f64,
}

impl Window {
    /// Remembers one surfaced loss.
    pub fn push(&mut self, loss: f64, settings: &MonitorSettings) {
        let MonitorSettings::Window { window, .. } = settings else { return };
        while self.losses.len() >= *window as usize {
            self.losses.pop_front();
        }
        self.losses.push_back(loss);
    }

    /// Mean of the losses in the window; 0 if it is empty.
    #[must_use]
    pub fn mean(&self) -> f64 {
        if self.losses.is_empty() {
            return 0.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "a window holds few losses")]
        let count = self.losses.len() as f64;
        self.losses.iter().sum::<f64>() / count
    }

    /// Looks as if `closing` more episodes and, if there is one, one more loss had been counted.
    #[must_use]
    pub fn look(
        &self,
        settings: &MonitorSettings,
        closing: u64,
        loss: Option<f64>,
    ) -> Option<Finding> {
        let due = match settings {
            MonitorSettings::Off => return None,
            MonitorSettings::Window { every, .. } => *every,
            MonitorSettings::Periodic { period } => *period,
        };
        // Most episodes end without a look, and without the cost of one.
        let due = u64::from(due.max(1));
        if (self.episodes + closing) / due == self.episodes / due {
            return None;
        }
        let mut ahead = self.clone();
        if let Some(loss) = loss {
            ahead.push(loss, settings);
        }
        ahead.episodes += closing;
        ahead.due(settings)
    }

    /// Whether a look finds that retraining is due.
    fn due(&self, settings: &MonitorSettings) -> Option<Finding> {
        let losses = u32::try_from(self.losses.len()).unwrap_or(u32::MAX);
        let finding = |tolerance| Finding {
            episodes: self.episodes,
            losses,
            mean_loss: self.mean(),
            tolerance,
        };
        match *settings {
            MonitorSettings::Off => None,
            MonitorSettings::Window { at_least, tolerance, cooldown, .. } => {
                let rested =
                    self.retrained.is_none_or(|at| self.episodes - at >= u64::from(cooldown));
                (rested && losses >= at_least && self.mean() > tolerance)
                    .then(|| finding(tolerance))
            }
            MonitorSettings::Periodic { .. } => Some(finding(0.0)),
        }
    }

    /// Empties the window after a retraining.
    pub fn retrained(&mut self) {
        self.losses.clear();
        self.retrained = Some(self.episodes);
    }
}
