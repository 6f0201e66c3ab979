//! The end of a replay: what was found of what happened, and what was decided.

use serde::Serialize;

use super::Replayed;
use super::labels::{Detection, Score};
use super::sender::Sent;
use crate::exit::Failure;
use crate::output::{Out, say};
use crate::text::explanation::{disposition_name, disposition_tone};
use crate::text::table::Table;
use crate::text::{Line, Tone};

#[derive(Debug, Serialize)]
struct Report<'a> {
    recording: &'a str,
    samples: u64,
    withdrawn: usize,
    events: &'a [Detection],
    #[serde(skip_serializing_if = "Option::is_none")]
    detection: Option<&'a Score>,
    findings: &'a [Sent],
}

/// Prints tables for people and one document for machines; a dry run has no decisions to tell of.
pub(super) fn print(
    out: &mut Out,
    recording: &str,
    replayed: &Replayed,
    dry_run: bool,
) -> Result<(), Failure> {
    let Replayed { samples, detections, score, sent, withdrawn } = replayed;
    let report = Report {
        recording,
        samples: *samples,
        withdrawn: *withdrawn,
        events: detections,
        detection: score.as_ref(),
        findings: sent,
    };
    if !(dry_run && out.is_json()) {
        out.value(&report, |report| lines(report, dry_run))?;
    }
    let again = sent
        .iter()
        .filter(|sent| sent.decision.as_ref().is_some_and(|decision| decision.replayed))
        .count();
    let refused = sent.iter().filter(|sent| sent.problem.is_some()).count();
    let known = if again > 0 {
        format!(" ({again} of them known from an earlier replay)")
    } else {
        String::new()
    };
    say(&format!(
        "samples {samples}, findings {}{known}, refused {refused}, withdrawn {withdrawn}",
        sent.len()
    ));
    Ok(())
}

fn lines(report: &Report<'_>, dry_run: bool) -> Vec<Line> {
    let mut lines = events(report.events);
    lines.extend(report.detection.map(score_line));
    if !dry_run {
        lines.push(Line::empty());
        lines.extend(decisions(report.findings));
    }
    lines
}

fn events(events: &[Detection]) -> Vec<Line> {
    if events.is_empty() {
        return vec![Line::of(
            Tone::Faint,
            "There are no labelled events that this telemetry could show.",
        )];
    }
    let mut table =
        Table::new(&["EVENT AT", "EVENT", "ON", "FOUND", ">DELAY", "NOTICED", "DECISIONS"]);
    for event in events {
        let found = if event.found { (Tone::Good, "yes") } else { (Tone::Bad, "no") };
        let on = [event.device.as_str(), event.interface.as_str()];
        table.toned([
            (Tone::Plain, event.at.clone()),
            (Tone::Plain, event.event.clone()),
            (
                Tone::Plain,
                on.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(":"),
            ),
            (found.0, found.1.to_owned()),
            (
                Tone::Plain,
                event.delay_s.map_or_else(|| "-".into(), |delay| format!("{delay:.1} s")),
            ),
            (Tone::Plain, event.noticed.clone().unwrap_or_else(|| "-".into())),
            (Tone::Plain, event.decisions.join(" ")),
        ]);
    }
    table.lines()
}

fn score_line(score: &Score) -> Line {
    let delay =
        score.median_delay_s.map_or_else(String::new, |s| format!(", median delay {s:.1} s"));
    let rate = score.false_alarms_per_hour.map_or_else(String::new, |r| format!(" ({r:.2}/h)"));
    Line::plain(format!(
        "{} of {} labelled events found{delay}; {} false alarms in {:.2} h{rate}",
        score.found, score.events, score.false_alarms, score.hours
    ))
}

fn decisions(sent: &[Sent]) -> Vec<Line> {
    if sent.is_empty() {
        return vec![Line::of(Tone::Faint, "Nothing was found, so nothing was proposed.")];
    }
    let mut table =
        Table::new(&["DECISION", "FOUND AT", "TYPE", "ENTITY", "ACTION", ">SCORE", "DISPOSITION"]);
    for sent in sent {
        let (id, score, disposition) = match (&sent.decision, &sent.problem) {
            (Some(decision), _) => {
                let word = disposition_name(decision.disposition).to_owned();
                (
                    decision.id.clone(),
                    format!("{:.3}", decision.score),
                    (disposition_tone(decision.disposition), word),
                )
            }
            (None, problem) => {
                ("-".into(), "-".into(), (Tone::Bad, problem.clone().unwrap_or_default()))
            }
        };
        table.toned([
            (Tone::Strong, id),
            (Tone::Plain, sent.at.clone()),
            (Tone::Plain, sent.scenario_type.clone()),
            (Tone::Plain, sent.entity.clone()),
            (Tone::Plain, sent.action.clone()),
            (Tone::Plain, score),
            disposition,
        ]);
    }
    table.lines()
}
