//! `npo lab stream`: predicts and learns somebody else's labels, one pass, and says how well.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, ValueEnum};
use npo_lab::stream::measure::{BLOCKS_MIN, Estimate, Scores};
use npo_lab::stream::table::{Choice, Table as Rows};
use npo_lab::stream::{FILE_BYTES_MAX, annotators, decisions, labelled, unpack};

use crate::exit::{Answer, Failure};
use crate::files;
use crate::options::Options;
use crate::output::say;
use crate::progress::bar;
use crate::text::Line;
use crate::text::table::Table;

/// How the bar over rows looks.
const ROWS: &str = "{prefix} {wide_bar} {human_pos}/{human_len} rows {per_sec} {eta}";
/// Rows between two moves of the bar.
const ROWS_PER_MOVE: u64 = 256;

#[derive(Debug, Args)]
pub(crate) struct Stream {
    /// A file, plain or gzip, or - for standard input
    file: PathBuf,
    /// What the file holds
    #[arg(long, value_enum, default_value = "csv")]
    kind: Kind,
    /// Learn this column [default: label, class, target, y, answer, or the last one]
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// Leave this column out
    #[arg(long, value_name = "COLUMN")]
    ignore: Vec<String>,
    /// Learn what is usual for each value of this column
    #[arg(long, value_name = "COLUMN")]
    group: Option<String>,
    /// Draw intervals over blocks of so many rows [default: the root of all rows]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    by_block: Option<u32>,
    /// Compare annotators with the truths of this file
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Rows with a label, in order of time.
    Csv,
    /// Who labelled what: item, worker, label.
    Annotators,
    /// Events of a programming assistant, as JSON lines.
    DecisionsCopilot,
    /// Trials of advice taking.
    DecisionsAdvice,
}

impl Stream {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let bytes = read(&self.file)?;
        let name = self.file.display().to_string();
        let unusable = |error| Failure::could_not(format!("could not use `{name}`"), error);
        match self.kind {
            Kind::Csv => {
                let choice = Choice {
                    label: self.label.clone(),
                    ignore: self.ignore.clone(),
                    group: self.group.clone(),
                };
                let rows = Rows::read(&bytes, &choice).map_err(unusable)?;
                labels(&rows, self.by_block, options)
            }
            Kind::Annotators => {
                let truths = self.truth.as_deref().map(read).transpose()?;
                let crowd = annotators::Crowd::read(&bytes, truths.as_deref()).map_err(unusable)?;
                workers(&crowd.compare().map_err(unusable)?, options)
            }
            Kind::DecisionsCopilot => people(
                &decisions::read_copilot(&bytes)
                    .and_then(|d| decisions::run(&d))
                    .map_err(unusable)?,
                options,
            ),
            Kind::DecisionsAdvice => people(
                &decisions::read_advice(&bytes)
                    .and_then(|d| decisions::run(&d))
                    .map_err(unusable)?,
                options,
            ),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = files::read(path, FILE_BYTES_MAX)?;
    unpack(bytes)
        .map_err(|error| Failure::could_not(format!("could not read `{}`", path.display()), error))
}

fn labels(rows: &Rows, block: Option<u32>, options: &Options) -> Result<Answer, Failure> {
    let total = rows.labels.len() as u64;
    let bar = bar("learning", total, ROWS);
    let mut done = 0_u64;
    let started = Instant::now();
    let report = labelled::run(rows, block.map(|block| block as usize), || {
        done += 1;
        if done.is_multiple_of(ROWS_PER_MOVE) {
            bar.inc(ROWS_PER_MOVE);
        }
    });
    bar.finish_and_clear();
    let seconds = started.elapsed().as_secs_f64();
    report.notes.iter().for_each(|note| say(&format!("note: {note}")));
    #[expect(clippy::cast_precision_loss, reason = "rows stay far below 2^53")]
    let speed = report.rows as f64 / seconds.max(1e-9);
    say(&format!("{} rows in {seconds:.1} s, {speed:.0} rows/s, intervals included", report.rows));
    let mut out = options.out();
    out.value(&report, |report| {
        let (column, one) = &report.label;
        let mut lines = vec![Line::plain(format!(
            "{} rows, {} inputs; `{column}` = `{one}` predicted, then learned; {}",
            report.rows,
            report.inputs,
            intervals(
                report.rows.div_ceil(report.block),
                &format!("blocks of {} rows", report.block)
            )
        ))];
        let mut table = score_table();
        table.row(cells("adaptive scorer", &report.scores, None));
        for baseline in &report.baselines {
            table.row(cells(baseline.name, &baseline.scores, Some(baseline.difference)));
        }
        lines.push(Line::empty());
        lines.extend(table.lines());
        lines.push(Line::empty());
        lines.extend(report.words.iter().map(|words| Line::plain(words.clone())));
        lines
    })?;
    out.flush()?;
    Ok(Answer::Yes)
}

fn people(report: &decisions::Report, options: &Options) -> Result<Answer, Failure> {
    let mut out = options.out();
    out.value(report, |report| {
        let mut lines = vec![Line::plain(format!(
            "{} decisions of {} people, {} features, {:.0} % accepted; each person unseen before; {}",
            report.decisions,
            report.people,
            report.features,
            100.0 * report.accepted,
            intervals(report.people, "people")
        ))];
        let mut table = score_table();
        table.row(cells("scorer with person effect", &report.scores, None));
        table.row(cells("base rate of the others", &report.base, Some(report.difference)));
        lines.push(Line::empty());
        lines.extend(table.lines());
        lines
    })?;
    out.flush()?;
    Ok(Answer::Yes)
}

fn workers(report: &annotators::Report, options: &Options) -> Result<Answer, Failure> {
    let mut out = options.out();
    out.value(report, |report| {
        let mut lines = vec![Line::plain(format!(
            "{} labels of {} items by {} workers in {} classes",
            report.labels,
            report.items,
            report.workers,
            report.classes.len()
        ))];
        let mut table = Table::new(&["METHOD", ">ACCURACY", ">ECE", ">SPEARMAN", ">LIKE MAJORITY"]);
        for row in &report.rows {
            let known =
                |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| format!("{v:.3}"));
            table.row([
                row.name.to_owned(),
                known(row.accuracy),
                known(row.ece),
                known(row.spearman),
                known(Some(row.agreement)),
            ]);
        }
        lines.push(Line::empty());
        lines.extend(table.lines());
        lines.push(Line::empty());
        lines.push(Line::plain(report.words.clone()));
        lines
    })?;
    out.flush()?;
    Ok(Answer::Yes)
}

/// What intervals are over, or why there are none.
fn intervals(found: usize, of: &str) -> String {
    if found < BLOCKS_MIN {
        format!("no intervals over {of}: found {found}, expected at least {BLOCKS_MIN}")
    } else {
        format!("95 % intervals over {of}")
    }
}

fn score_table() -> Table {
    Table::new(&[
        "PREDICTED BY",
        ">LOG LOSS",
        ">ACCURACY",
        ">AUC",
        ">BRIER",
        ">ECE",
        ">SLOPE",
        ">LOG LOSS SAVED",
    ])
    .sparing(&["BRIER", "ECE", "AUC"])
}

/// A row of the table; `difference` is the scorer's log loss minus the row's.
fn cells(name: &str, scores: &Scores, difference: Option<Estimate>) -> [String; 8] {
    let told = |e: Estimate| match (e.low, e.high) {
        (Some(low), Some(high)) => format!("{:.3} [{low:.3}, {high:.3}]", e.value),
        _ => format!("{:.3}", e.value),
    };
    let minus = |limit: Option<f64>| limit.map(|limit| -limit);
    let saved =
        |e: Estimate| told(Estimate { value: -e.value, low: minus(e.high), high: minus(e.low) });
    [
        name.to_owned(),
        told(scores.log_loss),
        told(scores.accuracy),
        told(scores.auc),
        told(scores.brier),
        told(scores.ece),
        told(scores.slope),
        difference.map_or_else(String::new, saved),
    ]
}
