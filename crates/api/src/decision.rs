//! Proposals and decisions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Problem;
use crate::explanation::Explanation;
use crate::feedback::{Feedback, Outcome};
use crate::oversight::{Hold, Level, Scope};

/// What a source asks npo to judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// Name of the scenario type, such as `link-imbalance`.
    pub scenario_type: String,
    /// The entity that the situation is about, such as `leaf3→spine2`; 1 to 256 bytes.
    pub entity: String,
    /// The site that the entity is in.
    #[serde(default)]
    pub site: String,
    /// The proposed action.
    pub action: Action,
    /// Raw feature values by name; exactly those that the scenario type declares.
    pub features: BTreeMap<String, f64>,
    /// Facts for policies and explanations; at most 64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
    /// Evidence in plain lines; at most 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// Numbers before and after the action, where the source knows them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub what_if: Vec<WhatIf>,
    /// Names the condition at its source; withdrawing by it closes the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// Idempotency key of this line, in a batch; at most 255 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// A proposed action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Name, one of the scenario type's actions.
    pub name: String,
    /// What it is applied to; the entity itself if empty.
    #[serde(default)]
    pub target: String,
}

/// Something that a source states.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// Name, as policies refer to it.
    pub name: String,
    /// The value.
    pub value: FactValue,
    /// Unit, `1` if it has none.
    #[serde(default)]
    pub unit: String,
    /// Where it comes from.
    #[serde(default)]
    pub source: String,
}

/// Value of a fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum FactValue {
    /// Yes or no.
    Flag(bool),
    /// A finite number.
    Number(f64),
    /// A text.
    Text(String),
}

/// One number before and after an action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhatIf {
    /// What is compared.
    pub name: String,
    /// Unit, `1` if it has none.
    #[serde(default)]
    pub unit: String,
    /// Value now.
    pub before: f64,
    /// Value if the action is taken.
    pub after: f64,
}

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
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

/// Where a decision stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Waits for an answer.
    Open,
    /// Has an answer.
    Answered,
    /// Nobody answered in time.
    Expired,
    /// Taken back by its source.
    Withdrawn,
    /// Nobody was asked.
    Closed,
}

/// A decision, as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Decision {
    /// Id, such as `d42`.
    pub id: String,
    /// When it was made, RFC 3339.
    pub made_at: String,
    /// When it stops waiting for an answer, RFC 3339.
    pub expires_at: String,
    /// Scenario type.
    pub scenario_type: String,
    /// Scenario id, such as `s7`.
    pub scenario: String,
    /// Entity.
    pub entity: String,
    /// Site; may be empty.
    pub site: String,
    /// Risk class: low, medium, high, critical.
    pub risk: String,
    /// Name of the proposed action.
    pub action: String,
    /// What it is applied to.
    pub target: String,
    /// What became of the proposal.
    pub disposition: Disposition,
    /// Where the decision stands.
    pub status: Status,
    /// Predictive probability that an operator would affirm, in [0, 1].
    pub score: f64,
    /// Lower end of the score's central 80 % interval.
    pub score_low: f64,
    /// Upper end of it.
    pub score_high: f64,
    /// What was compared with the threshold, in [0, 1]: the score; or what the logit's mean with a
    /// bonus for what is uncertain comes to, which may be more than the score or less, since the
    /// score averages over the uncertainty.
    pub compared: f64,
    /// The threshold in force, in [0, 1].
    pub threshold: f64,
    /// Autonomy of the scenario type when it was made.
    pub level: Level,
    /// The certified threshold in force, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certified: Option<f64>,
    /// Probability with which people were asked about it: 1 for what is surfaced, the audit
    /// probability for what is not, 0 for what is blocked or held.
    pub asked: f64,
    /// What held it back, if the red button or the monitor held everything, its type or its site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Scope>,
    /// Whether policy allows the action.
    pub allowed: bool,
    /// Rules of the policy that decided.
    pub rules: Vec<String>,
    /// First answer, if there is one: like, neutral, skipped, override.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
    /// The explanation's headline.
    pub headline: String,
    /// Position in the log.
    pub position: u64,
    /// True if this is the answer to an earlier request with the same idempotency key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
}

/// A decision with everything known about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DecisionDetail {
    /// The decision.
    pub decision: Decision,
    /// Why.
    pub explanation: Explanation,
    /// Answers, oldest first.
    pub feedback: Vec<Feedback>,
    /// What the world did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why it was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<String>,
    /// What holds its scenario type or its site now; `decision.held` is what did when it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_now: Option<Hold>,
}

/// One page of decisions, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DecisionPage {
    /// The decisions.
    pub items: Vec<Decision>,
    /// Pass as `cursor` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// How to draw a decision's network.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VisualQuery {
    /// `light` or `dark`; what the reader's system prefers if absent.
    #[serde(default)]
    pub theme: Option<String>,
}

/// Filters of a list of decisions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DecisionQuery {
    /// Only decisions that stand so.
    pub status: Option<Status>,
    /// Only decisions with this disposition.
    pub disposition: Option<Disposition>,
    /// Only this scenario type.
    pub scenario_type: Option<String>,
    /// Only this entity.
    pub entity: Option<String>,
    /// Only this site.
    pub site: Option<String>,
    /// Only decisions first answered with this signal.
    pub signal: Option<String>,
    /// Made at or after, RFC 3339.
    pub since: Option<String>,
    /// Made before, RFC 3339.
    pub until: Option<String>,
    /// Where the previous page ended.
    pub cursor: Option<String>,
    /// At most so many, 1 to 500; 50 if absent.
    pub limit: Option<u32>,
}

/// One line of a batch's answer, in the order of its proposals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum BatchLine {
    /// The proposal was judged.
    Decided(BatchDecision),
    /// The proposal was refused; the others are not affected.
    Refused {
        /// What was wrong; `line` says where.
        problem: Problem,
    },
}

/// A decision in a batch's answer: what a machine needs, and no prose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BatchDecision {
    /// Id, such as `d42`.
    pub id: String,
    /// What became of the proposal.
    pub disposition: Disposition,
    /// Score, in [0, 1].
    pub score: f64,
    /// The threshold in force, in [0, 1].
    pub threshold: f64,
    /// Whether policy allows the action.
    pub allowed: bool,
    /// True if this is the answer to an earlier request with the same idempotency key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
}

/// Takes decisions back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// All open decisions about this condition; needed where the path names no decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// Why, 1 to 1024 bytes.
    pub reason: String,
}

/// What was taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Withdrawn {
    /// Ids of the decisions.
    pub withdrawn: Vec<String>,
}
