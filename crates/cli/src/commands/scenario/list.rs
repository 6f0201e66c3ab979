//! `npo scenario list`: scenarios with what was learned about each.

use clap::Args;
use npo_api::scenario::ScenarioPage;

use crate::client::Received;
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output::say;
use crate::text::table::Table;
use crate::text::{Line, Tone};

/// List scenarios and what was learned about them.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only this scenario type
    #[arg(long = "type", value_name = "NAME")]
    scenario_type: Option<String>,
    /// Only this entity
    #[arg(long)]
    entity: Option<String>,
    /// Show at most so many on a page
    #[arg(long, default_value = "50", value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Continue where a page ended
    #[arg(long)]
    cursor: Option<String>,
}

impl List {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let Self { scenario_type, entity, limit, cursor } = self;
        let filters = [("scenario_type", scenario_type), ("entity", entity), ("cursor", cursor)];
        let mut query: Vec<(&str, String)> =
            filters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        query.push(("limit", limit.to_string()));
        let page: Received<ScenarioPage> = options.client()?.get("/v1/scenarios", &query)?;
        let mut out = options.out();
        out.received(&page, lines)?;
        out.flush()?;
        if let Some(cursor) = page.value.next_cursor.filter(|_| !out.is_json()) {
            say(&format!("there are more: --cursor {cursor}"));
        }
        Ok(Answer::Yes)
    }
}

fn lines(page: &ScenarioPage) -> Vec<Line> {
    if page.items.is_empty() {
        return vec![Line::of(Tone::Faint, "No scenarios.")];
    }
    let mut table = Table::new(&[
        "ID",
        "TYPE",
        "ENTITY",
        "SITE",
        ">DECISIONS",
        ">ANSWERS",
        ">EFFECT",
        ">DEVIATION",
        ">SCORE NOW",
    ])
    .sparing(&["DEVIATION", "SITE"]);
    for s in &page.items {
        table.row([
            s.id.clone(),
            s.scenario_type.clone(),
            s.entity.clone(),
            s.site.clone(),
            s.decisions.to_string(),
            s.directed.to_string(),
            format!("{:+.3}", s.effect),
            format!("{:.3}", s.effect_deviation),
            s.score_now.map_or_else(|| "-".into(), |score| format!("{score:.3}")),
        ]);
    }
    table.lines()
}
