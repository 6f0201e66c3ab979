//! The life of one condition: raised once, reminded of, resolved, and quiet for a while afterwards.

use super::config::WatchConfig;
use crate::finding::{Finding, FindingState};

/// One condition on one entity.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    open: Option<Box<Finding>>,
    closed_ms: Option<i64>,
}

impl Alarm {
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// The earliest time at which the condition may be raised, ms.
    pub(super) fn rearmed_ms(&self, config: &WatchConfig) -> i64 {
        self.closed_ms.map_or(i64::MIN, |closed| closed.saturating_add(config.rearm_ms))
    }

    /// Opens the condition; its correlation is made from type, entity and time.
    pub(super) fn raise(&mut self, mut finding: Finding, findings: &mut Vec<Finding>) {
        finding.correlation = match &self.open {
            Some(open) => open.correlation.clone(),
            None => format!("{}/{}/{}", finding.scenario_type, finding.entity, finding.at_ms),
        };
        self.open = Some(Box::new(finding.clone()));
        findings.push(finding);
    }

    /// Whether the condition has lasted so long that it should be raised again.
    pub(super) fn wants_reminder(&self, now_ms: i64, config: &WatchConfig) -> bool {
        self.open.as_ref().is_some_and(|open| now_ms.saturating_sub(open.at_ms) >= config.remind_ms)
    }

    /// Raises the open condition once more as it was, with one more sentence of evidence.
    pub(super) fn repeat(&mut self, now_ms: i64, reason: &str, findings: &mut Vec<Finding>) {
        if let Some(open) = &mut self.open {
            open.at_ms = now_ms;
            if open.evidence.last().is_none_or(|last| last != reason) {
                open.evidence.push(reason.to_owned());
            }
            findings.push((**open).clone());
        }
    }

    /// Closes the condition, if it is open, for the reason given.
    pub(super) fn resolve(&mut self, now_ms: i64, reason: String, findings: &mut Vec<Finding>) {
        if let Some(open) = self.open.take() {
            self.closed_ms = Some(now_ms);
            findings.push(Finding {
                at_ms: now_ms,
                state: FindingState::Resolved,
                evidence: vec![reason],
                ..*open
            });
        }
    }
}
