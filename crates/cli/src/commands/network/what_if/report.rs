//! The answer, as text and as JSON.

use std::cmp::Ordering;

use npo_network::format::rate_words;
use npo_network::optimum::Whole;
use npo_network::traffic::forecast::Method;
use npo_network::what_if::{
    Baseline, Condition, Development, Failure, Gravity, Summary, Sweep, ahead_words,
};
use serde::Serialize;

use super::best::{Best, optimum_words};
use crate::output::columns;
use crate::text::table::Table;
use crate::text::{Line, Tone, count, percent, wrap};

/// The whole answer.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    pub(super) network: &'a str,
    /// Which traffic it is.
    pub(super) traffic: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary: Option<Summary>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) reliefs: Vec<Best>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) optimum: Option<Whole>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) development: Option<Ahead>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sweep: Option<Ranked>,
}

/// The coming hours.
#[derive(Debug, Serialize)]
pub(super) struct Ahead {
    /// How the forecast was made.
    pub(super) method: String,
    #[serde(flatten)]
    pub(super) development: Development,
}

/// The worst failures of single links.
#[derive(Debug, Serialize)]
pub(super) struct Ranked {
    links: usize,
    /// How many of them cut something off.
    cutting: usize,
    /// How many of them take some direction past the limit.
    pushing: usize,
    worst: Vec<Row>,
    #[serde(skip)]
    limit: f64,
}

#[derive(Debug, Serialize)]
struct Row {
    link: String,
    fullest: Option<String>,
    utilisation: Option<f64>,
    cut_off_bps: f64,
    past_limit: usize,
    pushed: usize,
}

/// Sweeps all links and keeps the worst: first what cuts off most, then what makes the fullest arc.
pub(super) fn ranked(baseline: &Baseline, limit: f64, most: usize) -> Ranked {
    let topology = baseline.topology();
    let mut failures: Vec<Failure> = Sweep::new(baseline, limit).collect();
    let cutting = failures.iter().filter(|failure| failure.cut_off_bps > 0.0).count();
    let pushing = failures.iter().filter(|failure| failure.pushed > 0).count();
    failures.sort_by(worse_first);
    let worst = failures.iter().take(most).map(|failure| Row {
        link: topology.link(failure.link).name.clone(),
        fullest: failure.fullest.map(|(arc, _)| topology.arc_label(arc)),
        utilisation: failure.fullest.map(|(_, utilisation)| utilisation),
        cut_off_bps: failure.cut_off_bps,
        past_limit: failure.past_limit,
        pushed: failure.pushed,
    });
    let worst = worst.collect();
    Ranked { links: failures.len(), cutting, pushing, worst, limit }
}

fn worse_first(a: &Failure, b: &Failure) -> Ordering {
    let fullest = |failure: &Failure| failure.fullest.map_or(0.0, |(_, utilisation)| utilisation);
    let by_cut_off = b.cut_off_bps.total_cmp(&a.cut_off_bps);
    by_cut_off.then(fullest(b).total_cmp(&fullest(a))).then(a.link.cmp(&b.link))
}

/// How a forecast was made.
pub(super) fn method_words(method: Method) -> String {
    match method {
        Method::Seasonal { days } => {
            let days = count(days as u64, "day");
            format!("the same time on at least {days} before, at the level of the last hour")
        }
        Method::Trend { steps } => {
            let steps = count(steps as u64, "step");
            format!("the trend of the last {steps}, damped; two days of history would say more")
        }
    }
}

impl Report<'_> {
    pub(super) fn lines(&self) -> Vec<Line> {
        let mut lines =
            vec![Line::of(Tone::Faint, format!("{}, traffic: {}", self.network, self.traffic))];
        if let Some(summary) = &self.summary {
            lines.extend(summary_lines(summary));
        }
        for best in &self.reliefs {
            let wrapped = wrap_marked(&format!("  {}", best.words()), "  ");
            lines.extend(wrapped.into_iter().map(|line| Line::of(Tone::Plain, line)));
        }
        if let Some(optimum) = &self.optimum {
            lines.push(Line::empty());
            let wrapped = wrap(&optimum_words(optimum), columns(), 0);
            lines.extend(wrapped.into_iter().map(|line| Line::of(Tone::Plain, line)));
        }
        if let Some(Ahead { method, development }) = &self.development {
            lines.extend(development_lines(method, development));
        }
        if let Some(sweep) = &self.sweep {
            lines.extend(sweep.lines());
        }
        lines
    }
}

fn summary_lines(summary: &Summary) -> Vec<Line> {
    const SHOWN: usize = 5;
    let shown = summary.changes.iter().take(SHOWN);
    let mut lines: Vec<Line> = shown.map(|change| Line::of(Tone::Strong, change)).collect();
    if summary.changes.len() > SHOWN {
        let more = summary.changes.len() - SHOWN;
        lines.push(Line::of(Tone::Strong, format!("and {}", count(more as u64, "more change"))));
    }
    for sentence in summary.sentences() {
        let mark = match sentence.gravity {
            Gravity::Calm => "  ",
            Gravity::Care => "! ",
            Gravity::Alarm => "✗ ",
        };
        let tone = tone_of(sentence.gravity);
        let text = format!("{mark}{}", sentence.text);
        let wrapped = wrap_marked(&text, mark);
        lines.extend(wrapped.into_iter().map(|line| Line::of(tone, line)));
    }
    lines
}

/// Wraps a marked sentence; what follows stands under its text.
fn wrap_marked(text: &str, mark: &str) -> Vec<String> {
    let mut lines = wrap(&text[mark.len()..], columns().saturating_sub(2), 0).into_iter();
    let first = lines.next().map(|line| format!("{mark}{line}"));
    first.into_iter().chain(lines.map(|line| format!("  {line}"))).collect()
}

fn development_lines(method: &str, development: &Development) -> Vec<Line> {
    let Some(sentence) = development.sentence() else { return Vec::new() };
    let tone = tone_of(sentence.gravity);
    let mut lines = vec![Line::empty(), Line::of(tone, sentence.text)];
    lines.push(Line::of(Tone::Faint, format!("Forecast: {method}.")));
    let mut table = Table::new(&["IN", ">FULLEST BEFORE", ">AFTER", "DIRECTION", ">PAST LIMIT"]);
    let hourly = development.moments.iter().filter(|moment| moment.ahead_ms % 3_600_000 == 0);
    for moment in hourly {
        let share = |condition: &Condition| {
            let fullest = condition.fullest.as_ref();
            fullest.map_or_else(|| "?".to_owned(), |peak| percent(peak.utilisation))
        };
        let arc = moment.after.fullest.as_ref().map(|peak| peak.arc.clone());
        table.row([
            ahead_words(moment.ahead_ms),
            share(&moment.before),
            share(&moment.after),
            arc.unwrap_or_default(),
            moment.after.past_limit.to_string(),
        ]);
    }
    lines.extend(table.lines());
    lines
}

fn tone_of(gravity: Gravity) -> Tone {
    match gravity {
        Gravity::Calm => Tone::Plain,
        Gravity::Care => Tone::Care,
        Gravity::Alarm => Tone::Bad,
    }
}

impl Ranked {
    fn lines(&self) -> Vec<Line> {
        let Self { links, cutting, pushing, worst, limit } = self;
        let text = format!(
            "Of {}, {cutting} would cut traffic off and {pushing} would take a direction past {}.",
            count(*links as u64, "single failure"),
            percent(*limit),
        );
        let tone = if *cutting > 0 { Tone::Bad } else { Tone::Plain };
        let mut lines = vec![Line::empty(), Line::of(tone, text)];
        let mut table =
            Table::new(&["LINK", ">CUT OFF", ">FULLEST", "DIRECTION", ">PAST LIMIT", ">NEWLY"])
                .sparing(&["NEWLY", "PAST LIMIT"]);
        for row in worst {
            let is_cut = row.cut_off_bps > 0.0;
            let cut_off = if is_cut { rate_words(row.cut_off_bps) } else { "–".to_owned() };
            let is_past = row.utilisation.is_some_and(|utilisation| utilisation > *limit);
            let tone = |bad: bool| if bad { Tone::Bad } else { Tone::Plain };
            table.toned([
                (Tone::Plain, row.link.clone()),
                (tone(is_cut), cut_off),
                (tone(is_past), row.utilisation.map_or_else(|| "?".to_owned(), percent)),
                (Tone::Plain, row.fullest.clone().unwrap_or_default()),
                (Tone::Plain, row.past_limit.to_string()),
                (tone(row.pushed > 0), row.pushed.to_string()),
            ]);
        }
        lines.extend(table.lines());
        lines
    }
}
