//! What is known to have happened, against what the watchers noticed.
//!
//! An alarm hits an event from one sample before it to nine after it; a shift of traffic that did not
//! become a finding of its own (a lost link explains it) counts as noticed and is told apart.

use npo_network::recording::LabelledEvent;
use npo_network::{Finding, FindingState, Shift};
use serde::Serialize;

use super::sender::Sent;
use crate::text::when;

/// The sampling interval of recordings, in milliseconds.
const SAMPLE_MS: i64 = 10_500;

/// The recorded time that counters cover.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    first_ms: i64,
    last_ms: i64,
}

impl Default for Span {
    fn default() -> Self {
        Self { first_ms: i64::MAX, last_ms: i64::MIN }
    }
}

impl Span {
    /// Widens the span to this time.
    pub(super) fn include(&mut self, at_ms: i64) {
        self.first_ms = self.first_ms.min(at_ms);
        self.last_ms = self.last_ms.max(at_ms);
    }

    /// Telemetry can show neither what was before it nor what happens within its last interval.
    fn shows(&self, at_ms: i64) -> bool {
        at_ms > self.first_ms && at_ms < self.last_ms - SAMPLE_MS
    }
}

/// What the watchers noticed, in order of time.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    findings: Vec<(i64, usize, String)>,
    shifts: Vec<(i64, String)>,
}

impl Alarms {
    /// Notes a finding, which is the `index`-th that was raised.
    pub(super) fn finding(&mut self, finding: &Finding, index: usize) {
        if let FindingState::Raised = finding.state {
            self.findings.push((
                finding.at_ms,
                index,
                format!("{} {}", finding.scenario_type, finding.entity),
            ));
        }
    }

    /// Notes a shift.
    pub(super) fn shift(&mut self, shift: &Shift) {
        self.shifts.push((shift.at_ms, format!("shift in {}", shift.group)));
    }
}

/// A labelled event, and whether it was noticed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Detection {
    pub(super) at: String,
    pub(super) event: String,
    pub(super) device: String,
    pub(super) interface: String,
    pub(super) found: bool,
    /// From the event to the first alarm, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delay_s: Option<f64>,
    /// The first alarm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) noticed: Option<String>,
    /// Decisions about findings that hit the event.
    pub(super) decisions: Vec<String>,
}

/// Every event that telemetry could show.
pub(super) fn match_events(
    events: &[LabelledEvent],
    alarms: &Alarms,
    span: Span,
    sent: &[Sent],
) -> Vec<Detection> {
    events
        .iter()
        .filter(|event| !event.is_set_up() && span.shows(event.at_ms))
        .map(|event| detection(event, alarms, sent))
        .collect()
}

fn detection(event: &LabelledEvent, alarms: &Alarms, sent: &[Sent]) -> Detection {
    let hits =
        |at_ms: i64| (event.at_ms - SAMPLE_MS..=event.at_ms + 9 * SAMPLE_MS).contains(&at_ms);
    let findings = || alarms.findings.iter().filter(|(at_ms, ..)| hits(*at_ms));
    let shifts = alarms.shifts.iter().filter(|(at_ms, _)| hits(*at_ms));
    let first = findings()
        .map(|(at_ms, _, what)| (*at_ms, what))
        .chain(shifts.map(|(at_ms, what)| (*at_ms, what)));
    let first = first.min_by_key(|(at_ms, _)| *at_ms);
    let decisions = findings()
        .filter_map(|(_, index, _)| Some(sent.get(*index)?.decision.as_ref()?.id.clone()));
    Detection {
        at: when::rfc3339(event.at_ms),
        event: event.event.clone(),
        device: event.device.clone(),
        interface: event.interface.clone(),
        found: first.is_some(),
        delay_s: first.map(|(at_ms, _)| (at_ms - event.at_ms) as f64 / 1000.0),
        noticed: first.map(|(_, what)| what.clone()),
        decisions: decisions.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::proposal::tests::finding;
    use super::*;

    fn event(at_ms: i64, name: &str) -> LabelledEvent {
        LabelledEvent {
            at_ms,
            event: name.into(),
            device: "leaf4".into(),
            interface: String::new(),
        }
    }

    #[test]
    fn events_are_matched_within_nine_samples() {
        let mut alarms = Alarms::default();
        alarms.finding(&finding(1_020_000, "a"), 0);
        alarms.shifts.push((1_011_000, "shift in g".into()));
        let span = Span { first_ms: 0, last_ms: 10_000_000 };
        let check = |at_ms: i64, name: &str, expected: Option<Option<f64>>| {
            let found = match_events(&[event(at_ms, name)], &alarms, span, &[]);
            assert_eq!(
                found.first().map(|detection| detection.delay_s),
                expected,
                "{at_ms} {name}"
            );
        };
        check(1_000_000, "shutdown_interface", Some(Some(11.0)));
        check(1_015_000, "shutdown_interface", Some(Some(-4.0)));
        check(1_025_000, "shutdown_interface", Some(Some(-5.0)));
        check(900_000, "shutdown_interface", Some(None));
        check(2_000_000, "shutdown_interface", Some(None));
        check(1_000_000, "collect_telemetry", None);
        check(9_999_999, "shutdown_interface", None);
    }
}
