//! Orders that are answered with "no", as values: a rejection is part of the domain, not a failure.

use crate::ids::DecisionId;
use crate::profile::InvalidProfile;
use crate::scenario_type::{InvalidFeature, InvalidType};

/// Why an order was refused. Nothing was written.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// No scenario type has this name or id.
    #[error("scenario type `{name}` is unknown; known are {known}")]
    UnknownScenarioType {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The scenario type has no such action.
    #[error("action `{action}` is unknown; `{scenario_type}` declares {known}")]
    UnknownAction {
        /// What was asked for.
        action: String,
        /// The scenario type.
        scenario_type: String,
        /// What there is.
        known: String,
    },
    /// No scenario has this id.
    #[error("scenario `{0}` is unknown")]
    UnknownScenario(String),
    /// A feature does not fit.
    #[error(transparent)]
    Feature(#[from] InvalidFeature),
    /// A text is empty or too long, or a list too long.
    #[error("`{field}` is {found}, expected {expected}")]
    Field {
        /// Which field.
        field: String,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// No decision has this id, or it is too old to be remembered.
    #[error("decision `{0}` is unknown")]
    UnknownDecision(DecisionId),
    /// The decision was not put to people, or is long done.
    #[error(
        "decision `{0}` takes no answer: it was not put to people, or it was closed longer ago than npo remembers"
    )]
    NotAsked(DecisionId),
    /// The decision expired.
    #[error("decision `{id}` expired at {expired_at_ms} ms")]
    Expired {
        /// The decision.
        id: DecisionId,
        /// When it expired, in milliseconds since 1970.
        expired_at_ms: i64,
    },
    /// The decision was withdrawn.
    #[error("decision `{id}` was withdrawn: {reason}")]
    Withdrawn {
        /// The decision.
        id: DecisionId,
        /// Why.
        reason: String,
    },
    /// The same person gave another answer before.
    #[error(
        "you answered `{given}` to decision `{id}` before; an answer is not changed by another"
    )]
    AlreadyAnswered {
        /// The decision.
        id: DecisionId,
        /// The answer that stands.
        given: &'static str,
    },
    /// The decision was escalated.
    #[error("the decision was escalated: it takes an approver, which `{0}` is not")]
    NeedsApprover(String),
    /// The same scope is held already.
    #[error("the red button is pressed on `{0}` already")]
    AlreadyHeld(String),
    /// The scope is not held.
    #[error("the red button is not pressed on `{0}`")]
    NotHeld(String),
    /// The scenario type has no open escalation.
    #[error("`{0}` has no open escalation")]
    NotEscalated(String),
    /// An RCA verdict was given before, or nobody asks for one.
    #[error("{0} takes no verdict: it has one, it was not drawn for one, or it is too old")]
    NotForRca(String),
    /// A model does not fit what is in force.
    #[error("model {model} cannot come into force: {reason}")]
    ModelConflict {
        /// Its number.
        model: u32,
        /// Why not.
        reason: String,
    },
    /// No such model.
    #[error("model `m{0}` is unknown")]
    UnknownModel(u32),
    /// A dataset or model number does not follow the last one.
    #[error("another refit came in between; start again")]
    RefitConflict,
    /// An outcome was recorded before.
    #[error("the outcome of decision `{0}` is recorded already")]
    OutcomeRecorded(DecisionId),
    /// A scenario type breaks a rule.
    #[error(transparent)]
    ScenarioType(#[from] InvalidType),
    /// A scenario type's version does not follow the one in force.
    #[error(
        "version {found} of scenario type `{name}` does not follow version {current} in force; expected {expected}"
    )]
    Version {
        /// The scenario type.
        name: String,
        /// What was given.
        found: u32,
        /// What is in force; 0 if none.
        current: u32,
        /// What would have been accepted.
        expected: u32,
    },
    /// A profile breaks a rule.
    #[error(transparent)]
    Profile(#[from] InvalidProfile),
    /// The handle is taken.
    #[error("handle `{0}` is taken")]
    HandleTaken(String),
    /// No such person.
    #[error("person `{0}` is unknown")]
    UnknownPerson(String),
    /// The person lost their access.
    #[error("person `{0}` is inactive, so nothing is taken from them")]
    Inactive(String),
    /// No such token.
    #[error("token `{0}` is unknown")]
    UnknownToken(String),
    /// The last active administrator cannot be taken away.
    #[error("`{0}` is the last active admin; make another one first")]
    LastAdmin(String),
    /// Set-up happened already.
    #[error("an administrator exists already; the set-up link is used up")]
    AlreadySetUp,
}

impl Rejection {
    /// Stable code, the same in API, CLI and docs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownScenarioType { .. } => "unknown-scenario-type",
            Self::UnknownAction { .. } => "unknown-action",
            Self::UnknownScenario(_) => "unknown-scenario",
            Self::Feature(InvalidFeature::Missing { .. }) => "missing-feature",
            Self::Feature(InvalidFeature::Unknown { .. }) => "unknown-feature",
            Self::Feature(InvalidFeature::Twice { .. }) => "feature-given-twice",
            Self::Feature(InvalidFeature::NotFinite { .. }) => "feature-not-finite",
            Self::Feature(InvalidFeature::OutOfRange { .. }) => "feature-out-of-range",
            Self::Field { .. } => "invalid-field",
            Self::UnknownDecision(_) => "unknown-decision",
            Self::NotAsked(_) => "decision-not-asked",
            Self::Expired { .. } => "decision-expired",
            Self::Withdrawn { .. } => "decision-withdrawn",
            Self::AlreadyAnswered { .. } => "already-answered",
            Self::NeedsApprover(_) => "needs-approver",
            Self::AlreadyHeld(_) => "already-held",
            Self::NotHeld(_) => "not-held",
            Self::NotEscalated(_) => "not-escalated",
            Self::NotForRca(_) => "not-for-rca",
            Self::ModelConflict { .. } => "model-conflict",
            Self::UnknownModel(_) => "unknown-model",
            Self::RefitConflict => "refit-conflict",
            Self::OutcomeRecorded(_) => "outcome-recorded",
            Self::ScenarioType(_) => "invalid-scenario-type",
            Self::Version { .. } => "version-conflict",
            Self::Profile(_) => "invalid-profile",
            Self::HandleTaken(_) => "handle-taken",
            Self::UnknownPerson(_) => "unknown-person",
            Self::Inactive(_) => "inactive-person",
            Self::UnknownToken(_) => "unknown-token-id",
            Self::LastAdmin(_) => "last-admin",
            Self::AlreadySetUp => "already-set-up",
        }
    }
}
