//! Explanations: a decision in words, in the order in which a person asks.
//!
//! An explanation reads the event and the scenario-type version that the event names, and nothing
//! else, so that it says the same for ever, whatever was learned since.
//! Wording belongs to `words`, the arithmetic of "what would have changed it" to `flip`, and
//! how a number is printed to [`fmt`]; turning all this into JSON is left to the server.

pub mod fmt;

mod autonomy;
mod contributions;
mod flip;
mod threshold;
mod words;

use crate::event::{DecisionMade, RuleHit};
use crate::ids::hex;
use crate::learning::math::sigmoid;
use crate::proposal::{Fact, FactValue, NetworkView, WhatIf};
use crate::scenario_type::ScenarioType;

/// Version of the explanation's form and wording; feedback names the version that was seen.
pub const VERSION: u32 = 2;

/// Half the width of a central 80 % interval, in standard deviations of a normal variable.
const HALF_WIDTH_80: f64 = 1.2816;

/// Why a decision came out as it did.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Version of this form; see [`VERSION`].
    pub version: u32,
    /// One sentence: what is proposed, on what, and what became of it.
    pub headline: String,
    /// What will happen if the operator says yes, in one sentence.
    pub if_yes: String,
    /// What happens if the operator says no, in one sentence.
    pub if_no: String,
    /// What speaks for it most, and what speaks against it most, in a sentence each.
    pub because: Vec<String>,
    /// How sure `npo` is.
    pub confidence: Confidence,
    /// Stated facts, with unit and source.
    pub facts: Vec<StatedFact>,
    /// Contribution of every input to the logit, largest first; empty for a scorer that has none.
    /// Their sum is the mean of the logit.
    pub contributions: Vec<Contribution>,
    /// The threshold, why it is where it is, and what would have changed the decision.
    pub threshold: ThresholdReason,
    /// What the Safety Policy Engine said.
    pub policy: PolicyReason,
    /// Numbers before and after the action.
    pub what_if: Vec<WhatIf>,
    /// The part of the network that the action touches, before and after.
    pub network: Option<Box<NetworkView>>,
    /// Evidence lines of the source.
    pub evidence: Vec<String>,
    /// Versions of everything that took part.
    pub versions: Versions,
}

/// How sure `npo` is of its score.
#[derive(Debug, Clone, PartialEq)]
pub struct Confidence {
    /// The score, in [0, 1].
    pub score: f64,
    /// Lower end of the central 80 % interval, in [0, 1].
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
    /// The same in a sentence.
    pub sentence: String,
}

/// A fact with its title.
#[derive(Debug, Clone, PartialEq)]
pub struct StatedFact {
    /// Name, as policies refer to it.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// Value.
    pub value: FactValue,
    /// Unit, `1` if it has none.
    pub unit: String,
    /// Where it comes from.
    pub source: String,
}

/// What one input contributes to the logit.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    /// Name of the feature; `intercept`, `scenario` and `action:NAME` stand for the others.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// Raw value, where there is one.
    pub raw: Option<f64>,
    /// Unit of the raw value, `1` if it has none.
    pub unit: String,
    /// Input to the score: the standardised value.
    pub input: f64,
    /// Contribution to the logit; positive speaks for the action.
    pub logit: f64,
    /// The same in a sentence.
    pub sentence: String,
}

/// Why the threshold is where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct ThresholdReason {
    /// fixed, random, thompson or utility.
    pub selector: &'static str,
    /// The threshold, in [0, 1].
    pub value: f64,
    /// What was compared with it, in [0, 1].
    pub compared: f64,
    /// Thompson: α and β of the arm at the draw.
    pub posterior: Option<[f64; 2]>,
    /// Utility: one override costs as much as this many likes.
    pub override_cost: Option<f64>,
    /// Probability with which this decision, not being surfaced, was audited, in [0, 1].
    pub audit_probability: Option<f64>,
    /// In words.
    pub sentence: String,
    /// What would have changed the decision, in words.
    pub flip: String,
}

/// What the Safety Policy Engine said.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyReason {
    /// Whether the action is allowed.
    pub allowed: bool,
    /// SHA-256 of the bundle, in lower-case hexadecimal.
    pub bundle: String,
    /// Deciding rules.
    pub rules: Vec<RuleHit>,
    /// What went wrong while judging, which denies.
    pub error: Option<String>,
    /// In words.
    pub sentence: String,
}

/// Versions of everything that took part in a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// Explains a decision.
///
/// `definition` is the version of the scenario type that the decision names, `entity` and `site`
/// those of its scenario; `site` may be empty. With another definition the words come out wrong,
/// but nothing fails.
#[must_use]
pub fn explain(
    made: &DecisionMade,
    definition: &ScenarioType,
    entity: &str,
    site: &str,
) -> Explanation {
    let subject = words::Subject::new(made, definition, entity, site);
    let contributions = contributions::contributions(made, definition, entity);
    let text = made.text.as_deref();
    let what_if = text.map_or_else(Vec::new, |text| text.what_if.clone());
    Explanation {
        version: VERSION,
        headline: words::headline(made, &subject),
        if_yes: words::if_yes(made, &subject, &what_if),
        if_no: words::if_no(made, &subject, definition),
        because: words::because(made, definition, &contributions),
        confidence: confidence(made),
        facts: facts(made, definition, text.map_or(&[], |text| &text.facts)),
        threshold: threshold::reason(made, definition, &contributions),
        contributions,
        policy: policy(made),
        what_if,
        network: text.and_then(|text| text.network.clone()),
        evidence: text.map_or_else(Vec::new, |text| text.evidence.clone()),
        versions: Versions {
            scenario_type: made.type_version,
            model_generation: made.generation,
            model_updates: made.model_updates,
            profile_revision: made.profile,
        },
    }
}

/// The explanation's headline alone, for lists.
#[must_use]
pub fn headline(made: &DecisionMade, definition: &ScenarioType, entity: &str) -> String {
    words::headline(made, &words::Subject::new(made, definition, entity, ""))
}

/// The central 80 % interval of the score, lower end first; the score itself, twice, for a scorer
/// that states no uncertainty.
#[must_use]
pub fn interval(made: &DecisionMade) -> [f64; 2] {
    match made.logit {
        Some(logit) => {
            let half = HALF_WIDTH_80 * logit.variance.max(0.0).sqrt();
            [sigmoid(logit.mean - half), sigmoid(logit.mean + half)]
        }
        None => [made.score, made.score],
    }
}

fn confidence(made: &DecisionMade) -> Confidence {
    let [low, high] = interval(made);
    let score = fmt::probability(made.score);
    let sentence = match made.logit {
        Some(_) => format!(
            "The score is {score}; with 80 % probability the true one lies between {} and {}; the model has learned from {}.",
            fmt::probability(low),
            fmt::probability(high),
            fmt::count(made.model_updates, "answer"),
        ),
        None => format!("The score is {score}; this scorer states no uncertainty."),
    };
    Confidence { score: made.score, low, high, sentence }
}

/// The facts that came with the proposal; without contributions, which carry them otherwise, the
/// features as well.
fn facts(made: &DecisionMade, definition: &ScenarioType, stated: &[Fact]) -> Vec<StatedFact> {
    let feature_named = |name: &str| definition.features.iter().find(|f| f.name == name);
    let mut facts: Vec<StatedFact> = stated
        .iter()
        .map(|fact| StatedFact {
            name: fact.name.clone(),
            title: feature_named(&fact.name)
                .map_or_else(|| fmt::title(&fact.name), |f| f.title.clone()),
            value: fact.value.clone(),
            unit: fact.unit.clone(),
            source: fact.source.clone(),
        })
        .collect();
    if made.contributions.is_empty() {
        let features = definition.features.iter().zip(&made.raw);
        let unstated = features.filter(|(f, _)| stated.iter().all(|fact| fact.name != f.name));
        facts.extend(unstated.map(|(feature, raw)| StatedFact {
            name: feature.name.clone(),
            title: feature.title.clone(),
            value: FactValue::Number(*raw),
            unit: feature.unit.clone(),
            source: "the proposal's features".into(),
        }));
    }
    facts
}

fn policy(made: &DecisionMade) -> PolicyReason {
    let verdict = &made.verdict;
    PolicyReason {
        allowed: verdict.allow,
        bundle: hex(&verdict.bundle),
        rules: verdict.rules.clone(),
        error: verdict.error.clone(),
        sentence: words::policy(verdict),
    }
}
