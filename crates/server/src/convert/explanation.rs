//! Explanations on the wire.

use npo_api::decision::{FactValue, WhatIf};
use npo_api::explanation as api;
use npo_core::event::RuleHit;
use npo_core::explain as core;
use npo_core::proposal;
use npo_network::picture;

use crate::network::drawn;

/// An explanation.
pub(crate) fn explanation(from: core::Explanation) -> api::Explanation {
    let core::Explanation {
        version,
        headline,
        if_yes,
        if_no,
        because,
        confidence,
        facts,
        contributions,
        threshold,
        policy,
        what_if,
        network,
        evidence,
        versions,
    } = from;
    let core::Confidence { score, low, high, sentence } = confidence;
    api::Explanation {
        version,
        headline,
        if_yes,
        if_no,
        because,
        confidence: api::Confidence { score, low, high, sentence },
        facts: facts.into_iter().map(fact).collect(),
        contributions: contributions.into_iter().map(contribution).collect(),
        threshold: reason(threshold),
        policy: policy_reason(policy),
        what_if: what_if.into_iter().map(self::what_if).collect(),
        network: network.map_or_else(Vec::new, |view| picture::words(&drawn(&view))),
        evidence,
        versions: versions_of(versions),
    }
}

fn fact(from: core::StatedFact) -> api::StatedFact {
    let core::StatedFact { name, title, value, unit, source } = from;
    let value = match value {
        proposal::FactValue::Number(number) => FactValue::Number(number),
        proposal::FactValue::Text(text) => FactValue::Text(text),
        proposal::FactValue::Flag(yes) => FactValue::Flag(yes),
    };
    api::StatedFact { name, title, value, unit, source }
}

fn contribution(from: core::Contribution) -> api::Contribution {
    let core::Contribution { name, title, raw, unit, input, logit, sentence } = from;
    api::Contribution { name, title, raw, unit, input, logit, sentence }
}

fn reason(from: core::ThresholdReason) -> api::ThresholdReason {
    let core::ThresholdReason {
        selector,
        value,
        compared,
        posterior,
        override_cost,
        audit_probability,
        sentence,
        flip,
    } = from;
    let selector = selector.to_owned();
    api::ThresholdReason {
        selector,
        value,
        compared,
        posterior,
        override_cost,
        audit_probability,
        sentence,
        flip,
    }
}

fn policy_reason(from: core::PolicyReason) -> api::PolicyReason {
    let core::PolicyReason { allowed, bundle, rules, error, sentence } = from;
    let rule = |RuleHit { rule, message }: RuleHit| api::Rule { rule, message };
    api::PolicyReason {
        allowed,
        bundle,
        rules: rules.into_iter().map(rule).collect(),
        error,
        sentence,
    }
}

fn what_if(from: proposal::WhatIf) -> WhatIf {
    let proposal::WhatIf { name, unit, before, after } = from;
    WhatIf { name, unit, before, after }
}

fn versions_of(from: core::Versions) -> api::Versions {
    let core::Versions { scenario_type, model_generation, model_updates, profile_revision } = from;
    api::Versions { scenario_type, model_generation, model_updates, profile_revision }
}
