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

/// How good detection was over a whole recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Score {
    /// Events that were noticed.
    pub(super) found: usize,
    /// Events that telemetry could show.
    pub(super) events: usize,
    /// Median seconds from an event to its first alarm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) median_delay_s: Option<f64>,
    /// Shifts of traffic that no labelled event explains; those within nine samples of one another are one.
    pub(super) false_alarms: usize,
    /// Hours that counters cover.
    pub(super) hours: f64,
    /// False alarms per hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) false_alarms_per_hour: Option<f64>,
}

/// Scores what was noticed against what is known to have happened.
pub(super) fn score(
    events: &[LabelledEvent],
    alarms: &Alarms,
    span: Span,
    detections: &[Detection],
) -> Score {
    let mut last_ms = i64::MIN;
    let false_alarms = alarms.shifts.iter().filter(|(at_ms, _)| {
        let is_new = at_ms.saturating_sub(last_ms) > 9 * SAMPLE_MS;
        last_ms = *at_ms;
        is_new && !events.iter().any(|event| !event.is_set_up() && is_hit(event, *at_ms))
    });
    let false_alarms = false_alarms.count();
    let mut delays: Vec<f64> = detections.iter().filter_map(|event| event.delay_s).collect();
    delays.sort_by(f64::total_cmp);
    let middle = delays.len() / 2;
    let median_delay_s = delays.get(middle).map(|upper| match delays.len() % 2 {
        0 => f64::midpoint(delays[middle - 1], *upper),
        _ => *upper,
    });
    let hours = span.last_ms.saturating_sub(span.first_ms).max(0) as f64 / 3.6e6;
    Score {
        found: detections.iter().filter(|event| event.found).count(),
        events: detections.len(),
        median_delay_s,
        false_alarms,
        hours,
        false_alarms_per_hour: (hours > 0.0).then(|| false_alarms as f64 / hours),
    }
}

/// Whether an alarm at this time belongs to an event.
fn is_hit(event: &LabelledEvent, at_ms: i64) -> bool {
    (event.at_ms - SAMPLE_MS..=event.at_ms + 9 * SAMPLE_MS).contains(&at_ms)
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
    let hits = |at_ms: i64| is_hit(event, at_ms);
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

    #[test]
    fn false_alarms_are_counted_once_and_by_the_hour() {
        let mut alarms = Alarms::default();
        for at_ms in [1_011_000, 5_000_000, 5_050_000, 6_000_000] {
            alarms.shifts.push((at_ms, "shift in g".into()));
        }
        let span = Span { first_ms: 0, last_ms: 7_200_000 };
        let events = [event(1_000_000, "shutdown_interface"), event(3_000_000, "enable_interface")];
        let detections = match_events(&events, &alarms, span, &[]);
        let score = score(&events, &alarms, span, &detections);
        assert_eq!((score.found, score.events, score.median_delay_s), (1, 2, Some(11.0)));
        assert_eq!((score.false_alarms, score.false_alarms_per_hour), (2, Some(1.0)));
    }
}
