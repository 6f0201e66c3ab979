//! `npo alignment`: how far npo agrees with its people, with intervals.

use std::collections::BTreeMap;

use clap::Args;
use npo_api::metrics::{self, OperatorTrust, TeamTrust, TypeAlignment};

use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::text::table::Table;
use crate::text::{Line, Tone, percent};

/// Show how far npo agrees with its people.
#[derive(Debug, Args)]
pub(crate) struct Alignment {}

impl Alignment {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let received = options.client()?.get("/v1/alignment", &[])?;
        let mut out = options.out();
        out.received(&received, lines)?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}

fn lines(alignment: &metrics::Alignment) -> Vec<Line> {
    let metrics::Alignment { profile, scenario_types, operators, teams } = alignment;
    let mut lines =
        vec![Line::of(Tone::Strong, "Profile: ").and(Tone::Plain, profile.clone()), Line::empty()];
    if scenario_types.is_empty() {
        lines.push(Line::of(Tone::Faint, "No scenario type has decisions yet."));
    } else {
        lines.extend(types(scenario_types));
        lines.push(Line::of(
            Tone::Faint,
            "Intervals hold with 95 % at all looks together, however often one looks.",
        ));
        lines.extend(calibrations(scenario_types));
    }
    if !operators.is_empty() {
        lines.push(Line::empty());
        lines.extend(trust(operators));
        let legend = "RIGHT and WRONG include the prior: what is believed of somebody who has not answered yet.";
        lines.push(Line::of(Tone::Faint, legend));
    }
    if !teams.is_empty() {
        lines.push(Line::empty());
        lines.extend(self::teams(teams));
    }
    lines
}

fn types(types: &[TypeAlignment]) -> Vec<Line> {
    let mut table = Table::new(&[
        "SCENARIO TYPE",
        ">DECISIONS",
        ">SURFACED",
        ">BLOCKED",
        ">LIKE",
        ">OVERRIDE",
        ">LOSS",
        ">OVERRIDE RATE",
        ">INTERVAL",
        ">REWARD",
        ">EXPIRED",
        ">WITHDRAWN",
    ])
    .sparing(&["REWARD", "WITHDRAWN", "EXPIRED", "DECISIONS", "BLOCKED"]);
    for t in types {
        let [low, high] = t.override_rate_anytime;
        table.row([
            t.scenario_type.clone(),
            t.decisions.values().sum::<u64>().to_string(),
            count(&t.decisions, "surfaced"),
            count(&t.decisions, "blocked"),
            count(&t.answers, "like"),
            count(&t.answers, "override"),
            t.alignment_loss.map_or_else(|| "-".into(), |loss| format!("{loss:.3}")),
            t.override_rate.map_or_else(|| "-".into(), percent),
            if t.override_rate.is_some() {
                format!("{} to {}", percent(low), percent(high))
            } else {
                "-".into()
            },
            format!("{:+.3}", t.reward),
            t.expired.to_string(),
            t.withdrawn.to_string(),
        ]);
    }
    table.lines()
}

/// Whether scores mean what they say, per scenario type.
fn calibrations(types: &[TypeAlignment]) -> Vec<Line> {
    let known = types.iter().filter_map(|t| Some((t, t.calibration.as_ref()?)));
    let mut table =
        Table::new(&["SCENARIO TYPE", ">ANSWERS", ">BRIER", ">ERROR", ">IF CALIBRATED", "SCORES"]);
    let mut seen = false;
    for (of, calibration) in known {
        seen = true;
        let value = |value: Option<f64>| value.map_or_else(|| "-".into(), |v| format!("{v:.3}"));
        let summary = calibration.summary.split(':').next().unwrap_or_default();
        table.row([
            of.scenario_type.clone(),
            calibration.rows.to_string(),
            value(calibration.brier.value),
            value(calibration.ece.value),
            format!(
                "{:.3} to {:.3}",
                calibration.ece_if_calibrated.low, calibration.ece_if_calibrated.high
            ),
            summary.to_owned(),
        ]);
    }
    if !seen {
        return Vec::new();
    }
    let legend = "ERROR is the mean distance between scores and shares of likes, in ten groups of score; a calibrated score would show IF CALIBRATED.";
    let legend = Line::of(Tone::Faint, legend);
    std::iter::once(Line::empty()).chain(table.lines()).chain([legend]).collect()
}

fn trust(operators: &[OperatorTrust]) -> Vec<Line> {
    let mut table = Table::new(&[
        "OPERATOR",
        "TEAM",
        ">RELIABILITY",
        ">INTERVAL",
        ">START",
        ">RIGHT",
        ">WRONG",
        "NOTE",
    ])
    .sparing(&["RIGHT", "WRONG", "START", "TEAM"]);
    for o in operators {
        let note = if o.adverse && o.reliability >= 0.5 {
            (Tone::Care, "by now wrong more often than right".to_owned())
        } else if o.adverse {
            (Tone::Care, "wrong more often than right".to_owned())
        } else {
            (Tone::Plain, String::new())
        };
        table.toned([
            (Tone::Plain, o.handle.clone()),
            (Tone::Plain, group(o.site.as_deref(), o.team.as_deref())),
            (Tone::Plain, format!("{:.3}", o.reliability)),
            (
                Tone::Plain,
                format!("{:.3} to {:.3}", o.reliability_interval[0], o.reliability_interval[1]),
            ),
            (Tone::Plain, format!("{:.3}", o.start)),
            (Tone::Plain, format!("{:.1}", o.right)),
            (Tone::Plain, format!("{:.1}", o.wrong)),
            note,
        ]);
    }
    table.lines()
}

/// Where somebody new in each team starts.
fn teams(teams: &[TeamTrust]) -> Vec<Line> {
    let mut table =
        Table::new(&["TEAM", ">PEOPLE", ">RIGHT", ">WRONG", ">SOMEBODY NEW", ">AS OF ANSWERS"]);
    for t in teams {
        table.row([
            group(t.site.as_deref(), t.team.as_deref()),
            t.people.to_string(),
            format!("{:.1}", t.right),
            format!("{:.1}", t.wrong),
            format!("{:.3}", t.start),
            format!("{:.1}", t.start_weight),
        ]);
    }
    table.lines()
}

/// A team with its site.
fn group(site: Option<&str>, team: Option<&str>) -> String {
    match (site, team) {
        (None, None) => "-".into(),
        (None, Some(team)) => team.into(),
        (Some(site), None) => format!("{site}/-"),
        (Some(site), Some(team)) => format!("{site}/{team}"),
    }
}

fn count(counts: &BTreeMap<String, u64>, name: &str) -> String {
    counts.get(name).copied().unwrap_or(0).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_a_dash() {
        let alignment = metrics::Alignment {
            profile: "calibrated".into(),
            scenario_types: vec![TypeAlignment {
                scenario_type: "alert".into(),
                decisions: BTreeMap::from([("surfaced".into(), 2), ("blocked".into(), 1)]),
                answers: BTreeMap::new(),
                alignment_loss: None,
                episode_loss: None,
                reward: 0.0,
                override_rate: None,
                override_rate_interval: [0.0, 1.0],
                override_rate_anytime: [0.0, 1.0],
                expired: 0,
                withdrawn: 0,
                calibration: None,
            }],
            operators: vec![],
            teams: vec![],
        };
        let text: Vec<String> = lines(&alignment).iter().map(Line::text).collect();
        let words: Vec<&str> = text[3].split_whitespace().collect();
        assert_eq!(words, ["alert", "3", "2", "1", "0", "0", "-", "-", "-", "+0.000", "0", "0"]);
    }
}
