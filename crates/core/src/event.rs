//! What happened: the events of the log.
//!
//! An event carries every number that its cause used, so that replay re-decides nothing and an
//! explanation is a reading of the event.
//! Names and units come from the scenario-type version that the event names, which is itself an
//! event and never changes.
//! The shapes here are what is stored ([`crate::stored`]): a field is never removed, reordered or
//! given another meaning; a change is a new version with an upcast.

mod oversight;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Vector;
use crate::ids::{ActionIx, DecisionId, Digest, Millis, PersonId, ScenarioId, TokenId, TypeId};
use crate::learning::posterior::{Logit, Move};
use crate::learning::trust::Trust;
use crate::learning::utility::AuditDraw;
use crate::oversight::{Certificate, Hold, Level, Scope};
use crate::people::{Person, Token};
use crate::profile::Profile;
use crate::proposal::Text;
use crate::scenario_type::ScenarioType;
use crate::signal::{Signal, SignalWorth};

pub use oversight::{
    Cause, CertificateCause, DatasetFrozen, ModelFitted, ModelPromoted, MonitorAction,
    PromotionCause, RcaRecorded, RcaSubject,
};

/// An event with when and by whose order it happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// When; never before the event that precedes it.
    pub at: Millis,
    /// By whose order.
    pub actor: PersonId,
    /// The request that asked for it, if it named an idempotency key.
    pub request: Option<RequestKey>,
    /// What happened.
    pub event: Event,
}

/// An idempotency key, bound to its actor and to what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestKey {
    /// Digest of actor, endpoint and key.
    pub key: [u8; 16],
    /// Digest of the request's content.
    pub content: [u8; 8],
}

/// Everything that can have happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A profile came into force.
    ProfileActivated(Box<Profile>),
    /// A version of a scenario type came into force.
    ScenarioTypeActivated {
        /// Which type; the next free number for a new one.
        type_id: TypeId,
        /// The definition.
        definition: Arc<ScenarioType>,
    },
    /// A policy bundle came into force.
    PolicyActivated(PolicyRef),
    /// Somebody was added.
    PersonAdded {
        /// Their id.
        id: PersonId,
        /// Who they are.
        person: Person,
    },
    /// Somebody's name, roles or standing changed.
    PersonChanged {
        /// Whose.
        id: PersonId,
        /// Who they are now.
        person: Person,
    },
    /// A token was issued.
    TokenIssued(Token),
    /// A token was revoked.
    TokenRevoked(TokenId),
    /// A proposal was judged.
    DecisionMade(Box<DecisionMade>),
    /// An operator answered.
    FeedbackGiven(Box<FeedbackGiven>),
    /// Nobody answered in time.
    DecisionExpired(DecisionId),
    /// The condition behind a decision ended, or its source took it back.
    DecisionWithdrawn {
        /// Which decision.
        id: DecisionId,
        /// Why.
        reason: String,
    },
    /// What the world did after the action.
    OutcomeObserved {
        /// Which decision.
        id: DecisionId,
        /// What happened.
        outcome: Outcome,
    },
    /// The monitor acted.
    MonitorActed {
        /// On which scenario type.
        type_id: TypeId,
        /// What it does.
        action: MonitorAction,
        /// Its evidence.
        cause: Cause,
    },
    /// A model was refitted.
    ModelRetrained {
        /// Of which scenario type.
        type_id: TypeId,
        /// The refitted weights, in input order.
        weights: Vector,
        /// Labels that it was fitted to.
        rows: u32,
    },
    /// A window of episodes ended; whether the monitor had acted in it, and whether somebody is
    /// asked if it should have.
    MonitorLooked {
        /// Of which scenario type.
        type_id: TypeId,
        /// Number of the look within its scenario type, from 1.
        look: u64,
        /// Whether the monitor acted.
        acted: bool,
        /// Probability with which such a look is sent for a verdict, in (0, 1].
        probability: f64,
        /// Whether it is.
        audited: bool,
    },
    /// A certificate was issued, extended to a lower threshold, or lost.
    CertificateChanged {
        /// Of which scenario type.
        type_id: TypeId,
        /// The certificate from now on.
        certificate: Option<Certificate>,
        /// Why.
        cause: CertificateCause,
    },
    /// The autonomy of a scenario type changed.
    AutonomyChanged {
        /// Of which scenario type.
        type_id: TypeId,
        /// What people grant at most from now on.
        ceiling: Level,
        /// What it may do from now on.
        level: Level,
        /// Why.
        reason: String,
    },
    /// The red button was pressed on a scope.
    RedButtonPressed(Hold),
    /// A scope was released.
    RedButtonReleased {
        /// Which.
        scope: Scope,
        /// Why.
        reason: String,
    },
    /// Somebody settled an escalation.
    EscalationSettled {
        /// Of which scenario type.
        type_id: TypeId,
        /// What came of it.
        reason: String,
    },
    /// A later, authoritative judgement.
    RcaRecorded(Box<RcaRecorded>),
    /// The labels that a refit works on were fixed.
    DatasetFrozen(DatasetFrozen),
    /// A model was refitted and evaluated on labels that it had not seen.
    ModelFitted(Box<ModelFitted>),
    /// A model came into force.
    ModelPromoted(Box<ModelPromoted>),
    /// What is believed of somebody's reliability before any answer of theirs was taken from their
    /// team, their site and everybody, at the first answer that counted; the answer stands before
    /// it. Nobody without team and site has such an event.
    ReliabilityPooled {
        /// Whose.
        person: PersonId,
        /// What is believed before their own answers, in place of what was.
        start: Trust,
    },
}

/// A policy bundle by its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRef {
    /// SHA-256 of its files.
    pub digest: Digest,
    /// Name from its manifest.
    pub name: String,
    /// Version from its manifest.
    pub version: String,
}

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Disposition {
    /// Recommended to operators.
    Surfaced,
    /// Below the threshold.
    Abstained,
    /// Denied by the Safety Policy Engine.
    Blocked,
    /// Below the threshold, sent for a label all the same.
    Audit,
    /// Handed to somebody with more authority.
    Escalated,
    /// Carried out without asking.
    Automatic,
}

impl Disposition {
    /// All dispositions.
    pub const ALL: [Self; 6] = [
        Self::Surfaced,
        Self::Abstained,
        Self::Blocked,
        Self::Audit,
        Self::Escalated,
        Self::Automatic,
    ];

    /// The word used in API, CLI and docs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Surfaced => "surfaced",
            Self::Abstained => "abstained",
            Self::Blocked => "blocked",
            Self::Audit => "audit",
            Self::Escalated => "escalated",
            Self::Automatic => "automatic",
        }
    }

    /// The disposition called `name`, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|disposition| disposition.name() == name)
    }

    /// Whether people are asked.
    #[must_use]
    pub fn asks(self) -> bool {
        match self {
            Self::Surfaced | Self::Audit | Self::Escalated | Self::Automatic => true,
            Self::Abstained | Self::Blocked => false,
        }
    }
}

/// A rule of a policy that spoke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleHit {
    /// Stable id of the rule.
    pub rule: String,
    /// What it says.
    pub message: String,
}

/// The Safety Policy Engine's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether the action may be taken.
    pub allow: bool,
    /// SHA-256 of the bundle that judged.
    pub bundle: Digest,
    /// The rules that decided: those that denied, or those that were checked and passed.
    pub rules: Vec<RuleHit>,
    /// What went wrong while judging, which denies.
    pub error: Option<String>,
}

/// The threshold in force, and how it was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Threshold {
    /// Configured.
    Fixed {
        /// The threshold.
        theta: f64,
    },
    /// An arm drawn uniformly.
    Random {
        /// The arm.
        arm: u8,
        /// Its threshold.
        theta: f64,
    },
    /// An arm drawn by Thompson sampling.
    Thompson {
        /// The arm.
        arm: u8,
        /// Its threshold.
        theta: f64,
        /// The draw that won; absent if the arm came from outside.
        draw: Option<f64>,
        /// α of the arm at the draw.
        alpha: f64,
        /// β of the arm at the draw.
        beta: f64,
    },
    /// Where surfacing pays: c/(1 + c).
    Utility {
        /// The threshold.
        theta: f64,
        /// Cost of an override in likes.
        override_cost: f64,
        /// Bonus in standard deviations of the logit.
        optimism: f64,
    },
}

impl Threshold {
    /// The threshold's value.
    #[must_use]
    pub fn theta(&self) -> f64 {
        match *self {
            Self::Fixed { theta }
            | Self::Random { theta, .. }
            | Self::Thompson { theta, .. }
            | Self::Utility { theta, .. } => theta,
        }
    }

    /// The arm in force, if there are arms.
    #[must_use]
    pub fn arm(&self) -> Option<u8> {
        match *self {
            Self::Random { arm, .. } | Self::Thompson { arm, .. } => Some(arm),
            Self::Fixed { .. } | Self::Utility { .. } => None,
        }
    }

    /// The word used in API, CLI and docs.
    #[must_use]
    pub fn selector(&self) -> &'static str {
        match self {
            Self::Fixed { .. } => "fixed",
            Self::Random { .. } => "random",
            Self::Thompson { .. } => "thompson",
            Self::Utility { .. } => "utility",
        }
    }
}

/// A scenario that a decision was the first to name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewScenario {
    /// The entity.
    pub entity: String,
    /// The site that it is in; may be empty.
    pub site: String,
}

/// A proposal and its judgement, with every number that led there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionMade {
    /// The decision.
    pub id: DecisionId,
    /// The scenario type.
    pub type_id: TypeId,
    /// Its version.
    pub type_version: u32,
    /// Generation of the model: changes when what was learned is thrown away.
    pub generation: u32,
    /// Updates that the model had seen.
    pub model_updates: u64,
    /// Revision of the profile in force.
    pub profile: u32,
    /// The scenario.
    pub scenario: ScenarioId,
    /// Its entity and site, if the scenario is new with this decision.
    pub new_scenario: Option<Box<NewScenario>>,
    /// The proposed action.
    pub action: ActionIx,
    /// Raw feature values in schema order.
    pub raw: Vector,
    /// Inputs: intercept, standardised features, action indicators.
    pub x: Vector,
    /// Contribution of each input to the logit; empty for a scorer that is not linear.
    pub contributions: Vector,
    /// Contribution of the scenario's learned effect to the logit.
    pub effect: f64,
    /// Mean and variance of the logit; absent for a scorer without one.
    pub logit: Option<Logit>,
    /// The score: predictive probability of a like, in [0, 1].
    pub score: f64,
    /// What was compared with the threshold: the score, or the score with its optimism bonus.
    pub compared: f64,
    /// The threshold in force.
    pub threshold: Threshold,
    /// The audit draw, where one was due.
    pub audit: Option<AuditDraw>,
    /// The Safety Policy Engine's verdict.
    pub verdict: Arc<Verdict>,
    /// What became of the proposal.
    pub disposition: Disposition,
    /// When it stops waiting for an answer.
    pub expires_at: Millis,
    /// Words that came with the proposal.
    pub text: Option<Arc<Text>>,
    /// Autonomy of the scenario type in force.
    pub level: Level,
    /// The certified threshold in force.
    pub certified: Option<f64>,
    /// Override rate that its certificate promises at most.
    pub alpha: Option<f64>,
    /// Probability with which people were asked about this decision: 1 for what is surfaced, the
    /// audit probability for what is not, 0 for what is blocked or held.
    pub asked: f64,
    /// What held it back, if something did.
    pub held: Option<Box<Scope>>,
}

impl DecisionMade {
    /// Whether people are asked about this very decision: of automatic ones, only about those that
    /// an audit drew.
    #[must_use]
    pub fn asks(&self) -> bool {
        match self.disposition {
            Disposition::Automatic => self.audit.is_some_and(|draw| draw.chosen()),
            disposition => disposition.asks(),
        }
    }
}

/// How an answer reached `npo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// A client of the HTTP API.
    Api,
    /// The command line.
    Cli,
    /// The terminal inbox.
    Watch,
    /// The web console.
    Console,
    /// A chat message.
    Chat,
    /// A simulated operator.
    Simulation,
}

impl Channel {
    /// All channels.
    pub const ALL: [Self; 6] =
        [Self::Api, Self::Cli, Self::Watch, Self::Console, Self::Chat, Self::Simulation];

    /// The word used in API, CLI and docs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Cli => "cli",
            Self::Watch => "watch",
            Self::Console => "console",
            Self::Chat => "chat",
            Self::Simulation => "simulation",
        }
    }

    /// The channel called `name`, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }
}

/// Where an answer comes from and under what circumstances it was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Through which channel.
    pub channel: Channel,
    /// Milliseconds from decision to answer.
    pub open_ms: u64,
    /// Milliseconds for which the person had it on screen, if the client knows.
    pub viewed_ms: Option<u64>,
    /// Version of the explanation that the person saw, if any.
    pub explanation: Option<u32>,
    /// The person's reason.
    pub reason: Option<String>,
    /// The person's confidence, in [0, 1].
    pub confidence: Option<f64>,
    /// Whether the answer may be used for learning; otherwise it counts for the metrics only.
    pub consent: bool,
}

/// Why an answer taught nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotLearned {
    /// The person does not consent.
    NoConsent,
    /// The signal has no learning weight.
    Weightless,
    /// The model that made the decision is gone.
    StaleModel,
    /// The scorer does not learn.
    FixedScorer,
    /// Nobody had asked, or no longer: what is volunteered about an automatic action would bias what is
    /// learned.
    Volunteered,
    /// The decision is no longer remembered, and its inputs with it: a late verdict is about people.
    Forgotten,
}

/// What an answer teaches, as numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Lesson {
    /// Nothing.
    None(NotLearned),
    /// A step of the scenario's moving average.
    MovingAverage {
        /// The average afterwards.
        after: f64,
    },
    /// A move of the posterior.
    Posterior {
        /// The logit before.
        before: Logit,
        /// The move.
        planned: Move,
        /// Reliability that the operator's label was read with.
        reliability: f64,
        /// Soft count for that reliability; absent for undirected signals and without trust.
        responsibility: Option<f64>,
    },
}

/// An operator's answer and what it teaches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedbackGiven {
    /// The decision.
    pub decision: DecisionId,
    /// The scenario type of that decision.
    pub type_id: TypeId,
    /// The scenario of that decision.
    pub scenario: ScenarioId,
    /// Who answered.
    pub by: PersonId,
    /// The answer.
    pub signal: Signal,
    /// Where it comes from.
    pub provenance: Provenance,
    /// What the signal was worth.
    pub worth: SignalWorth,
    /// What it teaches.
    pub lesson: Lesson,
    /// The threshold arm that it is credited to, if any.
    pub arm: Option<u8>,
    /// Score of the decision's own input before this answer.
    pub score_before: f64,
    /// Score of the same input after it.
    pub score_after: f64,
    /// Whether this is the first answer to the decision, given while it waited for one.
    pub first: bool,
}

impl FeedbackGiven {
    /// Probability that the score gave to this directed answer.
    pub(crate) fn agreeing(&self) -> f64 {
        if self.signal == Signal::Like { self.score_before } else { 1.0 - self.score_before }
    }
}

/// What the world did after an action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// In a word.
    pub result: OutcomeResult,
    /// Milliseconds from the action until recovery, where there was one.
    pub time_to_recover_ms: Option<u64>,
    /// A note.
    pub note: Option<String>,
}

/// In a word, what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeResult {
    /// The condition went away.
    Recovered,
    /// Nothing changed.
    Unchanged,
    /// It got worse.
    Worsened,
    /// The action was not carried out.
    NotCarriedOut,
}

impl OutcomeResult {
    /// All results.
    pub const ALL: [Self; 4] =
        [Self::Recovered, Self::Unchanged, Self::Worsened, Self::NotCarriedOut];

    /// The word used in API, CLI and docs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Recovered => "recovered",
            Self::Unchanged => "unchanged",
            Self::Worsened => "worsened",
            Self::NotCarriedOut => "not-carried-out",
        }
    }

    /// The result called `name`, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.name() == name)
    }
}

impl Event {
    /// The kind's name, as audit lists show it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::ProfileActivated(_) => "profile-activated",
            Self::ScenarioTypeActivated { .. } => "scenario-type-activated",
            Self::PolicyActivated(_) => "policy-activated",
            Self::PersonAdded { .. } => "person-added",
            Self::PersonChanged { .. } => "person-changed",
            Self::TokenIssued(_) => "token-issued",
            Self::TokenRevoked(_) => "token-revoked",
            Self::DecisionMade(_) => "decision-made",
            Self::FeedbackGiven(_) => "feedback-given",
            Self::DecisionExpired(_) => "decision-expired",
            Self::DecisionWithdrawn { .. } => "decision-withdrawn",
            Self::OutcomeObserved { .. } => "outcome-observed",
            Self::MonitorActed { .. } => "monitor-acted",
            Self::ModelRetrained { .. } => "model-retrained",
            Self::MonitorLooked { .. } => "monitor-looked",
            Self::CertificateChanged { .. } => "certificate-changed",
            Self::AutonomyChanged { .. } => "autonomy-changed",
            Self::RedButtonPressed(_) => "red-button-pressed",
            Self::RedButtonReleased { .. } => "red-button-released",
            Self::EscalationSettled { .. } => "escalation-settled",
            Self::RcaRecorded(_) => "rca-recorded",
            Self::DatasetFrozen(_) => "dataset-frozen",
            Self::ModelFitted(_) => "model-fitted",
            Self::ModelPromoted(_) => "model-promoted",
            Self::ReliabilityPooled { .. } => "reliability-pooled",
        }
    }

    /// Whether it changes who may do what.
    #[must_use]
    pub fn concerns_access(&self) -> bool {
        match self {
            Self::PersonAdded { .. }
            | Self::PersonChanged { .. }
            | Self::TokenIssued(_)
            | Self::TokenRevoked(_) => true,
            Self::ProfileActivated(_)
            | Self::ScenarioTypeActivated { .. }
            | Self::PolicyActivated(_)
            | Self::DecisionMade(_)
            | Self::FeedbackGiven(_)
            | Self::DecisionExpired(_)
            | Self::DecisionWithdrawn { .. }
            | Self::OutcomeObserved { .. }
            | Self::MonitorActed { .. }
            | Self::ModelRetrained { .. }
            | Self::MonitorLooked { .. }
            | Self::CertificateChanged { .. }
            | Self::AutonomyChanged { .. }
            | Self::RedButtonPressed(_)
            | Self::RedButtonReleased { .. }
            | Self::EscalationSettled { .. }
            | Self::RcaRecorded(_)
            | Self::DatasetFrozen(_)
            | Self::ModelFitted(_)
            | Self::ModelPromoted(_)
            | Self::ReliabilityPooled { .. } => false,
        }
    }
}
