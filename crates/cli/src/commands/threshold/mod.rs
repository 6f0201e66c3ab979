//! `npo threshold …`: thresholds, certificates, and the evidence for them.

use clap::{Args, Subcommand};
use npo_api::oversight::{Threshold, ThresholdList};

use crate::client::Received;
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output;
use crate::text::oversight::{evidence, level_tone, nearest_to_certified, prose, threshold};
use crate::text::table::Table;
use crate::text::{Line, Tone, number};

/// Verbs on thresholds.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List thresholds, autonomy levels and certificates
    List(List),
    /// Show one threshold with the evidence for it
    Show(Show),
}

/// List thresholds.
#[derive(Debug, Args)]
pub(crate) struct List {}

/// Show one threshold.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Name of the scenario type
    name: String,
}

impl Verb {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let list: Received<ThresholdList> = options.client()?.get("/v1/thresholds", &[])?;
        let mut out = options.out();
        match self {
            Self::List(List {}) => out.received(&list, lines)?,
            Self::Show(Show { name }) => {
                let found = list.value.items.iter().find(|item| item.scenario_type == name);
                let found = found.ok_or_else(|| {
                    let known: Vec<_> =
                        list.value.items.iter().map(|t| t.scenario_type.as_str()).collect();
                    Failure::Refused(format!(
                        "scenario type `{name}` is unknown; known are {}",
                        known.join(", ")
                    ))
                })?;
                out.value(found, |found| {
                    let mut lines = threshold(found, output::columns());
                    lines.push(Line::empty());
                    lines.extend(evidence(found, output::columns()));
                    lines
                })?;
            }
        }
        out.flush()?;
        Ok(Answer::Yes)
    }
}

fn lines(list: &ThresholdList) -> Vec<Line> {
    let live = list.items.iter().filter(|item| item.certificate.is_some()).count();
    let automatic =
        list.items.iter().filter(|item| item.level == npo_api::oversight::Level::Automatic).count();
    let head = format!(
        "{automatic} of {} scenario types act without asking; {live} have a certified threshold.",
        list.items.len()
    );
    let mut table = Table::new(&[
        "SCENARIO TYPE",
        "LEVEL",
        "GRANTED",
        "SELECTOR",
        ">THRESHOLD",
        ">CERTIFIED",
        ">ALPHA",
        ">E-VALUE",
        ">PEAK",
        ">NEEDED",
        "NOTE",
    ])
    .sparing(&["SELECTOR", "ALPHA", "NEEDED", "GRANTED"]);
    for item in &list.items {
        table.toned(row(item));
    }
    let mut lines = vec![Line::of(Tone::Strong, head)];
    lines.extend(table.lines());
    if live > 0 {
        let text = format!("Not covered: {}", list.not_covered);
        lines.extend(prose(Tone::Care, &text, output::columns()));
    }
    lines
}

fn row(item: &Threshold) -> [(Tone, String); 11] {
    let dash = || "-".to_owned();
    let plain = |text: String| (Tone::Plain, text);
    // Both of the threshold that is nearest to a certificate.
    let best = item.evidence.as_ref().and_then(nearest_to_certified);
    let now = best.map_or_else(dash, |best| number(best.e_value));
    let peak = best.map_or_else(dash, |best| number(best.peak));
    let needed = item.evidence.as_ref().map_or_else(dash, |e| number(e.level_needed));
    let note = if item.escalated {
        (Tone::Care, "escalated".to_owned())
    } else if item.lost > 0 && item.certificate.is_none() {
        (Tone::Care, "certificate lost".to_owned())
    } else {
        plain(String::new())
    };
    [
        plain(item.scenario_type.clone()),
        (level_tone(item.level), item.level.name().to_owned()),
        plain(item.ceiling.name().to_owned()),
        plain(item.selector.clone()),
        plain(item.threshold.map_or_else(|| "drawn".to_owned(), |value| format!("{value:.3}"))),
        plain(item.certificate.as_ref().map_or_else(dash, |c| c.threshold.to_string())),
        plain(item.evidence.as_ref().map_or_else(dash, |e| e.alpha.to_string())),
        plain(now),
        plain(peak),
        plain(needed),
        note,
    ]
}
