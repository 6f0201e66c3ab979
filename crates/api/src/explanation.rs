//! Explanations: a decision in words, in the order in which a person asks.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::decision::{FactValue, WhatIf};

/// Why a decision came out as it did; a reading of its event alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// Version of the explanation's form; give it back with feedback.
    pub version: u32,
    /// One sentence: what is proposed, on what, and what became of it.
    pub headline: String,
    /// What will happen if the operator says yes, in one sentence.
    pub if_yes: String,
    /// What happens if the operator says no, in one sentence.
    pub if_no: String,
    /// What speaks for it most, and what speaks against it most, in a sentence each.
    pub because: Vec<String>,
    /// How sure npo is.
    pub confidence: Confidence,
    /// Stated facts, with unit and source.
    pub facts: Vec<StatedFact>,
    /// Contribution of every input to the logit, largest first.
    pub contributions: Vec<Contribution>,
    /// The threshold, why it is where it is, and what would have changed the decision.
    pub threshold: ThresholdReason,
    /// What the Safety Policy Engine said.
    pub policy: PolicyReason,
    /// Numbers before and after the action.
    pub what_if: Vec<WhatIf>,
    /// What the action changes in the network around it, a sentence each: `visual.svg` in words. Empty where no model of
    /// the network was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub network: Vec<String>,
    /// Evidence lines of the source.
    pub evidence: Vec<String>,
    /// Versions of everything that took part.
    pub versions: Versions,
}

/// How sure npo is of its score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Confidence {
    /// The score, in [0, 1].
    pub score: f64,
    /// Lower end of the central 80 % interval.
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
    /// The same in a sentence.
    pub sentence: String,
}

/// A fact with its title.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatedFact {
    /// Name.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// Value.
    pub value: FactValue,
    /// Unit.
    pub unit: String,
    /// Where it comes from.
    pub source: String,
}

/// What one input contributes to the logit: a micro-fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Contribution {
    /// Name of the feature; `intercept`, `scenario` and `action:NAME` stand for the others.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// Raw value, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<f64>,
    /// Unit of the raw value.
    pub unit: String,
    /// Input to the score: the standardised value.
    pub input: f64,
    /// Contribution to the logit; positive speaks for the action.
    pub logit: f64,
    /// The same in a sentence.
    pub sentence: String,
}

/// Why the threshold is where it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ThresholdReason {
    /// fixed, random, thompson or utility.
    pub selector: String,
    /// The threshold, in [0, 1].
    pub value: f64,
    /// What was compared with it, in [0, 1].
    pub compared: f64,
    /// Thompson: the arm's α and β at the draw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posterior: Option<[f64; 2]>,
    /// Utility: one override costs as much as this many likes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_cost: Option<f64>,
    /// Probability with which what was not surfaced is audited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_probability: Option<f64>,
    /// In words.
    pub sentence: String,
    /// What would have changed the decision, in words.
    pub flip: String,
}

/// What the Safety Policy Engine said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyReason {
    /// Whether the action is allowed.
    pub allowed: bool,
    /// SHA-256 of the bundle, hexadecimal.
    pub bundle: String,
    /// Deciding rules.
    pub rules: Vec<Rule>,
    /// What went wrong while judging, which denies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// In words.
    pub sentence: String,
}

/// A rule that spoke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rule {
    /// Stable id.
    pub rule: String,
    /// What it says.
    pub message: String,
}

/// Versions of everything that took part in a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Versions {
    /// Version of the scenario type.
    pub scenario_type: u32,
    /// Generation of its model.
    pub model_generation: u32,
    /// Updates that the model had seen.
    pub model_updates: u64,
    /// Revision of the profile.
    pub profile_revision: u32,
}
