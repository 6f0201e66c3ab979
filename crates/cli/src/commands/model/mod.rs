//! `npo model …`: refitted models.

use clap::{Args, Subcommand};
use npo_api::model::{Model, ModelList, RefitRequest, TypeModels};
use npo_api::oversight::Reason;

use crate::client::{Received, path};
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output;
use crate::text::oversight::{interval, prose, sentence};
use crate::text::table::Table;
use crate::text::{Line, Tone, clean};

/// Verbs on models.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List refitted models with their evaluations
    List(List),
    /// Refit a model now; it comes into force if it passes its gate
    Refit(Refit),
    /// Put a refitted model in force
    Promote(Promote),
    /// Put the model before the present one back in force
    Rollback(Rollback),
}

/// List refitted models.
#[derive(Debug, Args)]
pub(crate) struct List {}

/// Refit a model now.
#[derive(Debug, Args)]
pub(crate) struct Refit {
    /// Name of the scenario type
    name: String,
}

/// Put a refitted model in force.
#[derive(Debug, Args)]
pub(crate) struct Promote {
    /// Id of the model, such as m3
    id: String,
    /// Say why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Put the model before the present one back in force.
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// Name of the scenario type
    name: String,
    /// Say why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl Verb {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let client = options.client()?;
        let mut out = options.out();
        let mut answer = Answer::Yes;
        match self {
            Self::List(List {}) => {
                let list: Received<ModelList> = client.get("/v1/models", &[])?;
                out.received(&list, |list| list.items.iter().flat_map(of_type).collect())?;
            }
            Self::Refit(Refit { name }) => {
                let request = RefitRequest { scenario_type: name };
                let fitted: Received<Model> = client.post("/v1/models/refit", &request, None)?;
                if !fitted.value.in_force {
                    answer = Answer::No;
                }
                out.received(&fitted, refitted)?;
            }
            Self::Promote(Promote { id, reason }) => {
                let target = path("/v1/models/{}/promote", &[&id]);
                let now: Received<TypeModels> = client.post(&target, &Reason { reason }, None)?;
                out.received(&now, of_type)?;
            }
            Self::Rollback(Rollback { name, reason }) => {
                let target = path("/v1/scenario-types/{}/rollback", &[&name]);
                let now: Received<TypeModels> = client.post(&target, &Reason { reason }, None)?;
                out.received(&now, of_type)?;
            }
        }
        out.flush()?;
        Ok(answer)
    }
}

fn of_type(of: &TypeModels) -> Vec<Line> {
    let mut head = Line::of(Tone::Strong, clean(&of.scenario_type))
        .and(Tone::Plain, format!(": {} is in force", clean(&of.in_force)));
    if of.in_force == "m0" {
        head = head.and(Tone::Faint, ", learned online from the start");
    }
    if of.refit_due {
        head = head.and(Tone::Care, "; a refit is due");
    }
    let mut lines = vec![head];
    if of.models.is_empty() {
        return lines;
    }
    let mut table =
        Table::new(&["MODEL", "FITTED", ">HELD OUT", ">LOSS BEFORE", ">AFTER", "GATE", "NOTE"])
            .sparing(&["FITTED", "HELD OUT"]);
    for model in &of.models {
        let whole = model.evaluation.slices.first();
        let loss = |loss: Option<f64>| loss.map_or_else(|| "-".to_owned(), |l| format!("{l:.4}"));
        let gate =
            if model.evaluation.passed { (Tone::Good, "passed") } else { (Tone::Bad, "failed") };
        let note = if model.in_force {
            (Tone::Good, "in force")
        } else if !model.usable {
            (Tone::Faint, "of a model that was thrown away")
        } else {
            (Tone::Plain, "")
        };
        table.toned([
            (Tone::Plain, model.id.clone()),
            (Tone::Plain, model.fitted_at.clone()),
            (Tone::Plain, model.evaluation.held_out.to_string()),
            (Tone::Plain, loss(whole.map(|w| w.before))),
            (Tone::Plain, loss(whole.map(|w| w.after))),
            (gate.0, gate.1.to_owned()),
            (note.0, note.1.to_owned()),
        ]);
    }
    lines.extend(table.lines());
    lines
}

fn refitted(model: &Model) -> Vec<Line> {
    let id = clean(&model.id);
    let head = if model.in_force {
        Line::of(Tone::Good, format!("{id} is in force."))
    } else {
        Line::of(Tone::Bad, format!("{id} is not in force; the model before it stays."))
    };
    let judged = &model.evaluation;
    let mut lines = vec![head];
    lines.extend(prose(Tone::Plain, &sentence(&judged.reason), output::columns()));
    let mut table = Table::new(&["SLICE", ">ANSWERS", ">LOSS BEFORE", ">AFTER", ">DIFFERENCE", ""]);
    for slice in &judged.slices {
        let [low, high] = slice.difference;
        let worse = if slice.regressed { (Tone::Bad, "worse") } else { (Tone::Plain, "") };
        table.toned([
            (Tone::Plain, slice.slice.clone()),
            (Tone::Plain, slice.rows.to_string()),
            (Tone::Plain, format!("{:.4}", slice.before)),
            (Tone::Plain, format!("{:.4}", slice.after)),
            (Tone::Plain, format!("{low:+.4} to {high:+.4}")),
            (worse.0, worse.1.to_owned()),
        ]);
    }
    lines.extend(table.lines());
    lines.push(Line::plain(format!(
        "Calibration error: {} before, {} after.",
        interval(&judged.before.ece),
        interval(&judged.after.ece)
    )));
    lines
}
