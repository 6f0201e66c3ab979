//! `npo decision list`: a table of decisions, newest first.

use clap::Args;
use npo_api::decision::{Decision, DecisionPage, Disposition, Status};

use crate::client::Received;
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output::say;
use crate::text::explanation::{disposition_name, disposition_tone, risk_tone, status_name};
use crate::text::table::Table;
use crate::text::{Line, Tone, when};

/// List decisions, newest first.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only decisions that stand so
    #[arg(long, value_parser = ["open", "answered", "expired", "withdrawn", "closed"])]
    status: Option<String>,
    /// Only decisions with this disposition
    #[arg(long, value_parser = ["surfaced", "abstained", "blocked", "audit", "escalated", "automatic"])]
    disposition: Option<String>,
    /// Only this scenario type
    #[arg(long = "type", value_name = "NAME")]
    scenario_type: Option<String>,
    /// Only this entity
    #[arg(long)]
    entity: Option<String>,
    /// Only this site
    #[arg(long)]
    site: Option<String>,
    /// Only decisions first answered so
    #[arg(long, value_parser = ["like", "neutral", "skipped", "override"])]
    signal: Option<String>,
    /// Only decisions made at this time or later, RFC 3339
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only decisions made before this time, RFC 3339
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Show at most so many on a page
    #[arg(long, default_value = "50", value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Continue where a page ended
    #[arg(long)]
    cursor: Option<String>,
    /// Show all pages; JSON is then a decision a line
    #[arg(long, conflicts_with = "cursor")]
    all: bool,
}

impl List {
    pub(crate) fn run(mut self, options: &Options) -> Result<Answer, Failure> {
        let client = options.client()?;
        let mut out = options.out();
        let now_ms = when::now_ms();
        let mut items = Vec::new();
        loop {
            let page: Received<DecisionPage> = client.get("/v1/decisions", &self.query())?;
            let DecisionPage { items: found, next_cursor } = &page.value;
            if !self.all {
                let more = next_cursor.clone();
                out.received(&page, |page| lines(&page.items, now_ms))?;
                out.flush()?;
                if let Some(cursor) = more.filter(|_| !out.is_json()) {
                    say(&format!("there are more: --all, or --cursor {cursor}"));
                }
                return Ok(Answer::Yes);
            }
            if out.is_json() {
                found.iter().try_for_each(|decision| out.value(decision, |_| Vec::new()))?;
            } else {
                items.extend(found.iter().cloned());
            }
            match next_cursor {
                Some(cursor) if self.cursor.as_ref() != Some(cursor) => {
                    self.cursor = Some(cursor.clone())
                }
                Some(_) | None => break,
            }
        }
        if !out.is_json() {
            out.lines(&lines(&items, now_ms))?;
        }
        out.flush()?;
        Ok(Answer::Yes)
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let filters = [
            ("status", &self.status),
            ("disposition", &self.disposition),
            ("scenario_type", &self.scenario_type),
            ("entity", &self.entity),
            ("site", &self.site),
            ("signal", &self.signal),
            ("since", &self.since),
            ("until", &self.until),
            ("cursor", &self.cursor),
        ];
        let mut query: Vec<(&str, String)> =
            filters.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect();
        query.push(("limit", self.limit.to_string()));
        query
    }
}

fn lines(items: &[Decision], now_ms: i64) -> Vec<Line> {
    if items.is_empty() {
        return vec![Line::of(Tone::Faint, "No decisions.")];
    }
    let mut table = Table::new(&[
        "ID",
        ">AGE",
        "TYPE",
        "ENTITY",
        "ACTION",
        "RISK",
        ">SCORE",
        ">COMPARED",
        ">THRESHOLD",
        "DISPOSITION",
        "STATUS",
        "ANSWER",
    ])
    .sparing(&["COMPARED", "THRESHOLD", "ANSWER", "TYPE"]);
    for decision in items {
        let age = when::millis(&decision.made_at)
            .map_or_else(|| "?".into(), |made| when::brief(now_ms - made));
        let plain = |text: &str| (Tone::Plain, text.to_owned());
        table.toned([
            (Tone::Strong, decision.id.clone()),
            (Tone::Plain, age),
            plain(&decision.scenario_type),
            plain(&decision.entity),
            plain(&decision.action),
            (risk_tone(&decision.risk), decision.risk.clone()),
            (Tone::Plain, format!("{:.3}", decision.score)),
            (Tone::Plain, format!("{:.3}", decision.compared)),
            (Tone::Plain, format!("{:.3}", decision.threshold)),
            (
                disposition_tone(decision.disposition),
                disposition_name(decision.disposition).to_owned(),
            ),
            (status_tone(decision.status), status_name(decision.status).to_owned()),
            plain(decision.signal.as_deref().unwrap_or("-")),
        ]);
    }
    let mut lines = table.lines();
    if items.iter().any(is_lifted) {
        lines.push(Line::of(
            Tone::Faint,
            "COMPARED with the threshold is the mean with the benefit of the doubt, not the SCORE; `npo decision show` explains.",
        ));
    }
    lines
}

/// Whether a decision was surfaced for being uncertain: its score alone does not reach the threshold.
fn is_lifted(decision: &Decision) -> bool {
    decision.disposition == Disposition::Surfaced && decision.score < decision.threshold
}

fn status_tone(status: Status) -> Tone {
    match status {
        Status::Open => Tone::Strong,
        Status::Answered => Tone::Plain,
        Status::Expired | Status::Withdrawn | Status::Closed => Tone::Faint,
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;
    use crate::sample;

    #[test]
    fn a_row_says_what_an_operator_looks_for() {
        let decision = Decision {
            signal: Some("like".into()),
            status: Status::Answered,
            ..sample::decision("d42")
        };
        let text: Vec<String> =
            lines(&[decision], sample::MADE_MS + 125_000).iter().map(Line::text).collect();
        let words: Vec<&str> = text[1].split_whitespace().collect();
        let expected = [
            "d42",
            "2m",
            "link-flapping",
            "leaf4:HundredGigE0/0/0/13",
            "remove-link",
            "high",
            "0.830",
            "0.900",
            "0.600",
            "surfaced",
            "answered",
            "like",
        ];
        assert_eq!(words, expected);
    }

    /// The words that the parser accepts are those of the API.
    #[test]
    fn filters_speak_the_language_of_the_api() {
        fn word(value: impl Serialize) -> String {
            serde_json::to_value(value).expect("a word").as_str().expect("a word").to_owned()
        }
        for disposition in [
            Disposition::Surfaced,
            Disposition::Abstained,
            Disposition::Blocked,
            Disposition::Audit,
            Disposition::Escalated,
            Disposition::Automatic,
        ] {
            assert_eq!(word(disposition), disposition_name(disposition));
        }
        for status in
            [Status::Open, Status::Answered, Status::Expired, Status::Withdrawn, Status::Closed]
        {
            assert_eq!(word(status), status_name(status));
        }
    }
}
