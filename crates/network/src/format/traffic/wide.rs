//! CSV with a column `A>B` per pair and a row per step.
//!
//! One other column may say when: `time` (ISO 8601, or seconds since 1970), `hours_since_midnight`, or `step`, a number
//! that only orders. All others are left out.

use std::collections::BTreeMap;

use super::super::assemble::{RATE_MAX_BPS, Unit};
use super::super::error::{Fault, Result, Why, shown};
use super::super::report::{Format, ImportReport, Kind, Subject, listed};
use super::csv::{Pair, Table};
use super::{ImportedTraffic, TrafficOptions, check_cells, conclude, note_zoneless, report, time};
use crate::topology::NAME_MAX;
use crate::traffic::{Times, TrafficSeries};

/// Names of columns that say when, the surest first.
pub(super) const TIME_NAMES: [&str; 9] = [
    "time",
    "timestamp",
    "datetime",
    "date",
    "hours_since_midnight",
    "step",
    "interval",
    "index",
    "t",
];

/// Reads a table.
pub(super) fn read(
    table: &mut Table<'_>,
    file: &str,
    options: &TrafficOptions,
) -> Result<ImportedTraffic> {
    let pairs = table.pairs();
    check_pairs(table, &pairs)?;
    let is_pair = |column| pairs.iter().any(|pair| pair.column == column);
    let when = table
        .column(&TIME_NAMES)
        .or_else(|| (0..table.header().len()).next().filter(|&first| !is_pair(first)));
    let unit = Unit::of(None, options.unit);
    let mut report = report(file, Format::CsvWide, unit, pairs.len());
    note_columns(table, &pairs, when, &mut report);
    let mut index = when.map(|column| Index::new(table.header()[column].clone(), column));
    let mut rows: Vec<Vec<f64>> = Vec::new();
    while table.advance()? {
        check_cells(rows.len(), pairs.len(), table.line())?;
        if let Some(index) = &mut index {
            index.take(table)?;
        }
        let rate = |pair: &Pair| {
            let bps = unit.get().to_bps(table.rate(pair.column)?);
            let expected = "a rate of at most 1e18 bit/s";
            if bps <= RATE_MAX_BPS { Ok(bps) } else { Err(table.wrong(pair.column, expected)) }
        };
        rows.push(pairs.iter().map(rate).collect::<Result<_>>()?);
    }
    if rows.is_empty() {
        return Err(Fault::whole(Why::Missing("rows below its header".to_owned())));
    }
    let times = match index {
        Some(index) => index.finish(&mut report),
        None => {
            let words = "no column says when; steps are in the order of lines";
            report.say(Kind::Missing, Subject::Times, rows.len(), words);
            Times::Steps
        }
    };
    let pairs = pairs.into_iter().map(|pair| (pair.from, pair.to)).collect();
    Ok(conclude(TrafficSeries { pairs, times, rows }, report))
}

fn check_pairs(table: &Table<'_>, pairs: &[Pair]) -> Result<()> {
    if pairs.is_empty() {
        let found = shown(&table.header().join(", "));
        let expected = "some called `A>B`, or columns from, to and rate";
        let why = Why::Value { what: "columns".to_owned(), found, expected };
        return Err(Fault::at(1, why));
    }
    let mut first: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for pair in pairs {
        if pair.from.len().max(pair.to.len()) > NAME_MAX {
            let expected = "names of at most 256 bytes";
            return Err(Fault::value(1, "a column", &pair.from, expected));
        }
        if first.insert((&pair.from, &pair.to), pair.column).is_some() {
            let name = shown(&table.header()[pair.column]);
            return Err(Fault::at(1, Why::Twice { what: "column", name, first: 1 }));
        }
    }
    Ok(())
}

fn note_columns(table: &Table<'_>, pairs: &[Pair], when: Option<usize>, report: &mut ImportReport) {
    let header = table.header();
    let mut used = vec![false; header.len()];
    pairs.iter().map(|pair| pair.column).chain(when).for_each(|column| used[column] = true);
    let others: Vec<&str> = header
        .iter()
        .zip(used)
        .filter(|(_, used)| !used)
        .map(|(title, _)| title.as_str())
        .collect();
    let words = format!("columns that are no pair of nodes: {}", listed(others.iter().copied()));
    report.say_of(Kind::LeftOut, Subject::Columns, (others.len(), header.len()), words);
}

/// The column that says when.
struct Index {
    title: String,
    column: usize,
    clock: Vec<i64>,
    steps: Vec<f64>,
    zoneless: usize,
}

impl Index {
    fn new(title: String, column: usize) -> Self {
        Self { title, column, clock: Vec::new(), steps: Vec::new(), zoneless: 0 }
    }

    fn of_hours(&self) -> bool {
        self.title.to_ascii_lowercase().starts_with("hour")
    }

    fn of_steps(&self) -> bool {
        ["step", "interval", "index", "t"].iter().any(|name| self.title.eq_ignore_ascii_case(name))
    }

    /// Takes the row's field: all are moments, or all are numbers.
    fn take(&mut self, table: &Table<'_>) -> Result<()> {
        let text = table.field(self.column);
        let moment = if self.of_hours() || self.of_steps() { None } else { time::parse(text) };
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        match (moment, number) {
            (Some(at), _) if self.steps.is_empty() => {
                self.zoneless += usize::from(!at.zoned);
                self.push_clock(at.ms, table)
            }
            (_, Some(hours)) if self.of_hours() => {
                const HOURS_MAX: f64 = 1e6;
                if !(0.0..=HOURS_MAX).contains(&hours) {
                    return Err(table.wrong(self.column, "hours from 0 to a million"));
                }
                self.push_clock((hours * 3_600_000.0).round() as i64, table)
            }
            (None, Some(step)) if self.clock.is_empty() => {
                if self.steps.last().is_some_and(|last| *last >= step) {
                    return Err(table.wrong(self.column, "a number above that of the row before"));
                }
                self.steps.push(step);
                Ok(())
            }
            _ => {
                Err(table.wrong(self.column, "a time, a number of hours, or the number of a step"))
            }
        }
    }

    fn push_clock(&mut self, ms: i64, table: &Table<'_>) -> Result<()> {
        if self.clock.last().is_some_and(|last| *last >= ms) {
            return Err(table.wrong(self.column, "a time later than that of the row before"));
        }
        self.clock.push(ms);
        Ok(())
    }

    fn finish(self, report: &mut ImportReport) -> Times {
        let title = shown(&self.title);
        let count = self.clock.len() + self.steps.len();
        report.say(Kind::Read, Subject::Times, count, format!("column `{title}` says when"));
        if self.of_hours() {
            let words = "hours are counted from 1970-01-01 00:00 UTC: the day is not known";
            report.say(Kind::Assumed, Subject::Times, count, words);
        }
        if !self.steps.is_empty() {
            let words =
                format!("column `{title}` only numbers the steps; how long one is is not known");
            report.say(Kind::Missing, Subject::Times, count, words);
            return Times::Steps;
        }
        note_zoneless(report, self.zoneless, count);
        Times::Clock(self.clock)
    }
}
