//! `npo scenario types`: which scenario types are in force.

use clap::Args;
use npo_api::scenario::ScenarioTypeList;

use crate::client::Received;
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::text::table::Table;
use crate::text::{Line, Tone, risk_cell, when};

/// List scenario types.
#[derive(Debug, Args)]
pub(crate) struct Types {}

impl Types {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let list: Received<ScenarioTypeList> = options.client()?.get("/v1/scenario-types", &[])?;
        let mut out = options.out();
        out.received(&list, lines)?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}

fn lines(list: &ScenarioTypeList) -> Vec<Line> {
    let mut table = Table::new(&[
        "NAME",
        ">VERSION",
        "RISK",
        ">EXPIRES",
        ">DECISIONS",
        ">UPDATES",
        "ACTIONS",
        "TITLE",
    ])
    .sparing(&["ACTIONS", "UPDATES", "EXPIRES"]);
    for detail in &list.items {
        let definition = &detail.definition;
        let actions: Vec<&str> =
            definition.actions.iter().map(|action| action.name.as_str()).collect();
        table.toned([
            (Tone::Strong, definition.name.clone()),
            (Tone::Plain, definition.version.to_string()),
            risk_cell(&definition.risk),
            (Tone::Plain, when::length(i64::from(definition.expires_after_s) * 1000)),
            (Tone::Plain, detail.decisions.to_string()),
            (Tone::Plain, detail.model_updates.to_string()),
            (Tone::Plain, actions.join(", ")),
            (Tone::Plain, definition.title.clone()),
        ]);
    }
    table.lines()
}
