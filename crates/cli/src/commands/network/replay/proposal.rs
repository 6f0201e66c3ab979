//! A finding as a proposal, and the keys that make a second replay find the first.

use std::fmt::Write;

use npo_api::decision::{Action, Fact, FactValue, Proposal};
use npo_network::{FactValue as Found, Finding};
use sha2::{Digest, Sha256};

use crate::text::when;

/// The longest text and line that a proposal may carry, in bytes, with room for the ellipsis.
const TEXT_BYTES_MAX: usize = 1000;
/// The most lines of evidence.
const EVIDENCE_MAX: usize = 32;

/// The proposal that automation would make of `finding`.
pub(super) fn of(finding: &Finding, recording: &str) -> Proposal {
    let mut facts: Vec<Fact> = finding.facts.iter().map(fact).collect();
    facts.push(Fact {
        name: "observed_at".to_owned(),
        value: FactValue::Text(when::rfc3339(finding.at_ms)),
        unit: String::new(),
        source: format!("recording {recording}"),
    });
    Proposal {
        scenario_type: finding.scenario_type.to_owned(),
        entity: finding.entity.clone(),
        site: finding.site.clone(),
        action: Action { name: finding.action.to_owned(), target: finding.target.clone() },
        features: finding
            .features
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect(),
        facts,
        evidence: finding.evidence.iter().take(EVIDENCE_MAX).map(|line| bounded(line)).collect(),
        what_if: Vec::new(),
        correlation: Some(correlation(finding, recording)),
        idempotency_key: None,
    }
}

/// The condition, apart from those of other recordings and of live sources.
pub(super) fn correlation(finding: &Finding, recording: &str) -> String {
    bounded(&format!("{recording}/{}", finding.correlation))
}

/// The same for the same finding of the same recording, whenever it is replayed.
pub(super) fn key(verb: &str, finding: &Finding, recording: &str) -> String {
    let mut hasher = Sha256::new();
    for part in [verb, recording, finding.scenario_type, &finding.correlation] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.update(finding.at_ms.to_be_bytes());
    let mut key = "replay-".to_owned();
    for byte in &hasher.finalize()[..16] {
        // Writing to a string cannot fail.
        let _ = write!(key, "{byte:02x}");
    }
    key
}

fn fact(fact: &npo_network::Fact) -> Fact {
    let value = match &fact.value {
        Found::Number(value) => FactValue::Number(*value),
        Found::Text(text) => FactValue::Text(bounded(text)),
        Found::Bool(yes) => FactValue::Flag(*yes),
    };
    Fact {
        name: fact.name.to_owned(),
        value,
        unit: fact.unit.to_owned(),
        source: fact.source.to_owned(),
    }
}

fn bounded(text: &str) -> String {
    if text.len() <= TEXT_BYTES_MAX {
        return text.to_owned();
    }
    let end = (0..=TEXT_BYTES_MAX).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", &text[..end])
}

#[cfg(test)]
pub(super) mod tests {
    use npo_network::FindingState;

    use super::*;

    pub(in super::super) fn finding(at_ms: i64, correlation: &str) -> Finding {
        Finding {
            at_ms,
            state: FindingState::Raised,
            scenario_type: "link-flapping",
            entity: "leaf4:e1".into(),
            site: "lab".into(),
            action: "remove-link",
            target: "leaf4:e1".into(),
            features: vec![("changes", 9.0)],
            facts: Vec::new(),
            evidence: vec!["x".into(); 40],
            correlation: correlation.into(),
        }
    }

    #[test]
    fn keys_tell_findings_apart_and_nothing_else() {
        let one = key("propose", &finding(1, "a→b"), "r");
        assert_eq!(one, key("propose", &finding(1, "a→b"), "r"));
        assert!(one.bytes().all(|byte| byte.is_ascii_graphic()) && one.len() <= 255);
        for other in [
            key("withdraw", &finding(1, "a→b"), "r"),
            key("propose", &finding(2, "a→b"), "r"),
            key("propose", &finding(1, "a→c"), "r"),
            key("propose", &finding(1, "a→b"), "s"),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn proposals_keep_to_the_limits() {
        let mut finding = finding(0, "a");
        finding.evidence[0] = "é".repeat(2000);
        let proposal = of(&finding, "r");
        assert_eq!(proposal.evidence.len(), EVIDENCE_MAX);
        assert!(proposal.evidence[0].len() <= 1024);
        assert_eq!(proposal.correlation.as_deref(), Some("r/a"));
    }
}
