//! The four feedback signals and what each of them means (METHODS 0).
//!
//! Signals are never merged with each other or with silence: *expired*, *abstained* and *blocked*
//! are not signals and carry no label and no loss.

use serde::{Deserialize, Serialize};

/// What an operator answered to one decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signal {
    /// The operator affirms the action.
    Like,
    /// The operator saw it and has no opinion.
    Neutral,
    /// The operator abstained from judging.
    Skipped,
    /// The red button on one decision: the action must not happen.
    Override,
}

impl Signal {
    /// All signals, in the order of their reference codes.
    pub const ALL: [Self; 4] = [Self::Like, Self::Neutral, Self::Skipped, Self::Override];

    /// The word used in API, CLI and docs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Like => "like",
            Self::Neutral => "neutral",
            Self::Skipped => "skipped",
            Self::Override => "override",
        }
    }

    /// The signal called `name`, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|signal| signal.name() == name)
    }

    /// Like and override say which way; neutral and skipped do not.
    #[must_use]
    pub fn is_directed(self) -> bool {
        matches!(self, Self::Like | Self::Override)
    }
}

/// What one signal is worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignalWorth {
    /// Label for learning, in [0, 1].
    pub label: f64,
    /// Learning weight, in [0, 1]; 0 means that the signal does not learn.
    pub weight: f64,
    /// Alignment loss, in [0, 1].
    pub loss: f64,
    /// Reward, in [-1, 1].
    pub reward: f64,
}

/// The worth of each signal: configuration, recorded with the profile.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedbackTable {
    /// Worth of a like.
    pub like: SignalWorth,
    /// Worth of a neutral answer.
    pub neutral: SignalWorth,
    /// Worth of a skipped answer.
    pub skipped: SignalWorth,
    /// Worth of an override.
    #[serde(rename = "override")]
    pub override_: SignalWorth,
}

impl FeedbackTable {
    /// The published table (METHODS 0), in which a skipped answer learns a little.
    pub const PAPER: Self = Self {
        like: SignalWorth { label: 1.0, weight: 1.0, loss: 0.0, reward: 1.0 },
        neutral: SignalWorth { label: 0.5, weight: 0.5, loss: 0.5, reward: 0.0 },
        skipped: SignalWorth { label: 0.4, weight: 0.25, loss: 0.25, reward: -0.1 },
        override_: SignalWorth { label: 0.0, weight: 1.0, loss: 1.0, reward: -1.0 },
    };

    /// The calibrated table (METHODS 2.1): a skipped answer does not learn.
    pub const CALIBRATED: Self =
        Self { skipped: SignalWorth { weight: 0.0, ..Self::PAPER.skipped }, ..Self::PAPER };

    /// The worth of `signal`.
    #[must_use]
    pub fn of(&self, signal: Signal) -> SignalWorth {
        match signal {
            Signal::Like => self.like,
            Signal::Neutral => self.neutral,
            Signal::Skipped => self.skipped,
            Signal::Override => self.override_,
        }
    }
}
