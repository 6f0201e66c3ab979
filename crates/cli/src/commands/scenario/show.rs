//! `npo scenario show`: a scenario type, its inputs, and what each weighs by now.

use clap::Args;
use npo_api::scenario::{ScenarioType, ScenarioTypeDetail, Weight};

use crate::client::{Received, path};
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output;
use crate::text::table::Table;
use crate::text::{Line, Tone, clean, count, number, when, wrap};

/// Show a scenario type and what was learned.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Name of the scenario type
    name: String,
}

impl Show {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let detail: Received<ScenarioTypeDetail> =
            options.client()?.get(&path("/v1/scenario-types/{}", &[&self.name]), &[])?;
        let mut out = options.out();
        out.received(&detail, |detail| lines(detail, output::columns()))?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}

/// The type with its weights; `activate` shows the same.
pub(super) fn lines(detail: &ScenarioTypeDetail, columns: usize) -> Vec<Line> {
    let ScenarioTypeDetail {
        definition,
        versions,
        decisions,
        model_generation,
        model_updates,
        weights,
    } = detail;
    let mut lines = definition_lines(definition, columns);
    lines.push(Line::empty());
    let versions: Vec<String> = versions.iter().map(ToString::to_string).collect();
    lines.push(Line::plain(format!(
        "{}; model generation {model_generation} after {model_updates} updates; versions {}",
        count(*decisions, "decision"),
        versions.join(", ")
    )));
    if !weights.is_empty() {
        lines.push(Line::empty());
        lines.extend(weights_table(weights));
    }
    lines
}

/// The definition alone; `check` shows it too.
pub(super) fn definition_lines(definition: &ScenarioType, columns: usize) -> Vec<Line> {
    let mut lines = vec![
        Line::of(Tone::Strong, clean(&definition.title)),
        Line::of(
            Tone::Faint,
            format!(
                "{} version {} · risk {} · expires after {} · one override costs as much as {} {}",
                definition.name,
                definition.version,
                definition.risk,
                when::length(i64::from(definition.expires_after_s) * 1000),
                number(definition.override_cost),
                if definition.override_cost == 1.0 { "like" } else { "likes" }
            ),
        ),
    ];
    lines.extend(wrap(&clean(&definition.description), columns, 0).into_iter().map(Line::plain));
    lines.push(Line::empty());
    let mut features =
        Table::new(&["FEATURE", "UNIT", ">MIN", ">MAX", ">CENTER", ">SCALE", ">PRIOR", "TITLE"]);
    for f in &definition.features {
        let number = |value| number(value);
        features.row([
            f.name.clone(),
            f.unit.clone(),
            number(f.min),
            number(f.max),
            number(f.center),
            number(f.scale),
            number(f.prior),
            f.title.clone(),
        ]);
    }
    lines.extend(features.lines());
    lines.push(Line::empty());
    let mut actions = Table::new(&["ACTION", ">PRIOR", "REVERSIBLE", "TITLE"]);
    for a in &definition.actions {
        let reversible = if a.reversible { "yes" } else { "no" };
        actions.row([a.name.clone(), number(a.prior), reversible.to_owned(), a.title.clone()]);
    }
    lines.extend(actions.lines());
    lines
}

fn weights_table(weights: &[Weight]) -> Vec<Line> {
    let mut table = Table::new(&["INPUT", ">PRIOR WEIGHT", ">WEIGHT NOW", ">DEVIATION"]);
    for Weight { name, prior, mean, deviation } in weights {
        table.row([
            name.clone(),
            format!("{prior:+.3}"),
            format!("{mean:+.3}"),
            format!("{deviation:.3}"),
        ]);
    }
    table.lines()
}
