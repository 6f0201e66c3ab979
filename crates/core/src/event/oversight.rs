//! What the monitor, certificates, verdicts and refits put into events.

use serde::{Deserialize, Serialize};

use super::Lesson;
use crate::ids::{DecisionId, Digest, Millis, PersonId, ScenarioId, TypeId};
use crate::learning::refit::{Evaluation, Parameters};
use crate::learning::window;
use crate::oversight::watch::{Alarm, Watched};

/// What a monitor does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MonitorAction {
    /// Refits the model.
    Retrain,
    /// Reopens the evidence for certified thresholds.
    Adapt,
    /// Hands what is surfaced to people with more authority, or tells them of a fault.
    Escalate,
    /// Holds recommending until somebody releases it.
    Suppress,
}

impl MonitorAction {
    /// All actions.
    pub const ALL: [Self; 4] = [Self::Retrain, Self::Adapt, Self::Escalate, Self::Suppress];

    /// The word used in API, CLI and docs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Retrain => "retrain",
            Self::Adapt => "adapt",
            Self::Escalate => "escalate",
            Self::Suppress => "suppress",
        }
    }
}

/// Why a monitor acted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Cause {
    /// The published rule: a window of losses, or a fixed period.
    Window(window::Finding),
    /// A gauge called.
    Alarm(Alarm),
    /// Proposals stopped coming.
    Silence {
        /// When the last one came.
        since: Millis,
        /// Usual milliseconds between two of them.
        usual_gap_ms: f64,
    },
}

impl Cause {
    /// Whether it is about what the model says, rather than about sources and people: whether acting
    /// on it was right is what the monitor's fidelity measures.
    #[must_use]
    pub fn is_about_the_model(&self) -> bool {
        match self {
            Self::Window(_) => true,
            Self::Silence { .. } => false,
            Self::Alarm(alarm) => {
                !matches!(alarm.watched, Watched::Unanswered | Watched::SlowAnswers)
            }
        }
    }
}

/// Why a certificate changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum CertificateCause {
    /// The evidence crossed its level for the first time.
    Earned,
    /// The evidence crossed its level for a lower threshold.
    Extended,
    /// The override rate above it rose.
    Drift(Alarm),
    /// What it was about changed: the model, the profile, the policy, or the scenario type's inputs.
    Reset,
    /// Nobody answered the audits of what was automatic.
    Unwatched,
}

/// What an RCA verdict is about, and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RcaSubject {
    /// One decision: was the proposed action right?
    Decision {
        /// Which.
        id: DecisionId,
        /// Whether it was.
        right: bool,
    },
    /// One look of the monitor: should it have acted?
    Look {
        /// Of which scenario type.
        type_id: TypeId,
        /// Which.
        look: u64,
        /// Whether it should.
        should_act: bool,
    },
}

/// A later, authoritative judgement and what it teaches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RcaRecorded {
    /// What it is about, and the verdict.
    pub subject: RcaSubject,
    /// A note.
    pub note: Option<String>,
    /// Who had answered the decision, and whether they were right.
    pub answers: Vec<(PersonId, bool)>,
    /// The scenario type and scenario of the decision.
    pub place: Option<(TypeId, ScenarioId)>,
    /// What it teaches the score, as a label that cannot be wrong.
    pub lesson: Lesson,
}

/// A frozen set of labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetFrozen {
    /// Number of the dataset, ascending from 1.
    pub id: u32,
    /// Of which scenario type.
    pub type_id: TypeId,
    /// Log position after which its labels begin.
    pub after: u64,
    /// Log position up to which they go.
    pub until: u64,
    /// Labels.
    pub rows: u32,
    /// SHA-256 of the labels in their order.
    pub digest: Digest,
}

/// A refitted model with its evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelFitted {
    /// Number of the model, ascending from 1; 0 is what was learned online from the start.
    pub id: u32,
    /// Of which scenario type.
    pub type_id: TypeId,
    /// The dataset.
    pub dataset: u32,
    /// Drift that the labels were read with: what was chosen on the training part.
    pub drift: f64,
    /// The model.
    pub parameters: Parameters,
    /// Held-out evaluation against the model in force.
    pub evaluation: Evaluation,
}

/// A model in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelPromoted {
    /// Of which scenario type.
    pub type_id: TypeId,
    /// Which model.
    pub model: u32,
    /// Why.
    pub cause: PromotionCause,
    /// The model, brought up to the last label.
    pub parameters: Parameters,
    /// Which model it replaces.
    pub replaced: u32,
    /// The model that it replaces, as it was.
    pub before: Parameters,
}

/// Why a model came into force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PromotionCause {
    /// It passed the gate.
    Gate,
    /// Somebody decided so.
    Person(String),
    /// Somebody took the previous one back.
    Rollback(String),
}
