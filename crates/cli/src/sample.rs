//! A decision for tests: small, plausible, with something in every field.

use npo_api::decision::{Decision, DecisionDetail, Disposition, FactValue, Status, WhatIf};
use npo_api::explanation::{
    Confidence, Contribution, Explanation, PolicyReason, Rule, StatedFact, ThresholdReason,
    Versions,
};
use npo_api::feedback::{Feedback, Signal};
use npo_api::oversight::Level;

/// When the sample decisions were made: 2026-03-01T10:00:00Z, in milliseconds.
pub(crate) const MADE_MS: i64 = 1_772_359_200_000;

/// An open decision about a flapping link, made at [`MADE_MS`] and expiring half an hour later.
pub(crate) fn decision(id: &str) -> Decision {
    Decision {
        id: id.into(),
        made_at: "2026-03-01T10:00:00Z".into(),
        expires_at: "2026-03-01T10:30:00Z".into(),
        scenario_type: "link-flapping".into(),
        scenario: "s7".into(),
        entity: "leaf4:HundredGigE0/0/0/13".into(),
        site: "lab".into(),
        risk: "high".into(),
        action: "remove-link".into(),
        target: "leaf4:HundredGigE0/0/0/13".into(),
        disposition: Disposition::Surfaced,
        status: Status::Open,
        score: 0.83,
        score_low: 0.71,
        score_high: 0.91,
        compared: 0.90,
        threshold: 0.6,
        level: Level::Recommend,
        certified: None,
        asked: 1.0,
        held: None,
        allowed: true,
        rules: vec!["redundancy".into()],
        signal: None,
        headline: "Remove link on leaf4:HundredGigE0/0/0/13 is recommended.".into(),
        position: 42,
        replayed: false,
    }
}

/// The same with its explanation.
pub(crate) fn detail(id: &str) -> DecisionDetail {
    let contribution = |name: &str, title: &str, raw, unit: &str, logit| Contribution {
        name: name.into(),
        title: title.into(),
        raw,
        unit: unit.into(),
        input: 1.0,
        logit,
        sentence: String::new(),
    };
    DecisionDetail {
        decision: decision(id),
        explanation: Explanation {
            version: 1,
            headline: "Remove link on leaf4:HundredGigE0/0/0/13 is recommended.".into(),
            if_yes: "The link leaves its group; three links of four remain.".into(),
            if_no: "Nothing is changed, and npo learns that this was not wanted.".into(),
            because: vec![
                "Nine changes in two minutes speak for it.".into(),
                "The traffic on it speaks against it.".into(),
            ],
            confidence: Confidence {
                score: 0.83,
                low: 0.71,
                high: 0.91,
                sentence: "83 %, likely between 71 % and 91 %.".into(),
            },
            facts: vec![StatedFact {
                name: "redundancy_left".into(),
                title: "Redundancy left".into(),
                value: FactValue::Number(3.0),
                unit: "1".into(),
                source: "cabling".into(),
            }],
            contributions: vec![
                contribution("changes", "Changes in the window", Some(9.0), "1", 1.4),
                contribution("traffic", "Traffic on the link", Some(12.5), "Gbit/s", -0.6),
                contribution("scenario", "What was learned about this link", None, "", 0.1),
            ],
            threshold: ThresholdReason {
                selector: "utility".into(),
                value: 0.6,
                compared: 0.83,
                posterior: None,
                override_cost: Some(3.0),
                audit_probability: Some(0.05),
                sentence:
                    "The threshold is 0.60 because one override costs as much as three likes."
                        .into(),
                flip: "A score below 0.60 would not have been surfaced.".into(),
            },
            policy: PolicyReason {
                allowed: true,
                bundle: "5c1f0000000000000000000000000000".into(),
                rules: vec![Rule {
                    rule: "redundancy".into(),
                    message: "three links remain".into(),
                }],
                error: None,
                sentence: "Policy allows it.".into(),
            },
            what_if: vec![WhatIf {
                name: "utilisation".into(),
                unit: "%".into(),
                before: 31.0,
                after: 42.0,
            }],
            network: vec!["leaf1 – spine2 (2 links): 41 %, then 55 % on what is left".into()],
            evidence: vec![
                "9 state changes between 09:58:02Z and 09:59:58Z".into(),
                "peer spine2 sees the same".into(),
            ],
            versions: Versions {
                scenario_type: 1,
                model_generation: 0,
                model_updates: 12,
                profile_revision: 1,
            },
        },
        feedback: Vec::new(),
        outcome: None,
        withdrawn: None,
        held_now: None,
    }
}

/// An answer to a decision.
pub(crate) fn feedback(id: &str, signal: Signal) -> Feedback {
    Feedback {
        decision: id.into(),
        scenario: "s7".into(),
        by: "ada".into(),
        at: "2026-03-01T10:01:00Z".into(),
        signal,
        reason: None,
        confidence: None,
        channel: "watch".into(),
        open_ms: 60_000,
        viewed_ms: Some(5_000),
        explanation_version: Some(1),
        consent: true,
        loss: 0.0,
        learned: true,
        lesson: "npo is more inclined to propose this here.".into(),
        score_before: 0.83,
        score_after: 0.86,
        position: 43,
        replayed: false,
    }
}
