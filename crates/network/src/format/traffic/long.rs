//! CSV with a line per demand: from, to, rate, and the time if there is more than one.

use std::collections::BTreeMap;

use super::super::assemble::{RATE_MAX_BPS, Unit};
use super::super::error::{Fault, Result, Why, shown};
use super::super::report::{Format, Kind, Subject, counted, listed};
use super::super::unit::RateUnit;
use super::csv::Table;
use super::wide::TIME_NAMES;
use super::{CELLS_MAX, ImportedTraffic, TrafficOptions, conclude, note_zoneless, report, time};
use crate::topology::NAME_MAX;
use crate::traffic::{Times, TrafficSeries};

const FROM_NAMES: [&str; 5] = ["from", "source", "src", "origin", "ingress"];
const TO_NAMES: [&str; 5] = ["to", "target", "dst", "destination", "egress"];
const RATE_NAMES: [&str; 12] = [
    "rate",
    "demand",
    "traffic",
    "value",
    "bandwidth",
    "volume",
    "bps",
    "kbps",
    "mbps",
    "gbps",
    "rate_bps",
    "rate_mbps",
];

/// Whether the columns that are needed are there.
pub(super) fn fits(table: &Table<'_>) -> bool {
    [&FROM_NAMES[..], &TO_NAMES, &RATE_NAMES].iter().all(|names| table.column(names).is_some())
}

struct Columns {
    from: usize,
    to: usize,
    rate: usize,
    when: Option<usize>,
}

/// When a line is from: a moment, or the number of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum At {
    Step(i64),
    Clock(i64),
}

/// Demands by time and pair, with the line of each.
type Cells = BTreeMap<At, BTreeMap<(String, String), (f64, u64)>>;

/// Reads a table.
pub(super) fn read(
    table: &mut Table<'_>,
    file: &str,
    options: &TrafficOptions,
) -> Result<ImportedTraffic> {
    let column = |names: &[&str]| {
        let missing = || Fault::at(1, Why::Missing(format!("column `{}`", names[0])));
        table.column(names).ok_or_else(missing)
    };
    let columns = Columns {
        from: column(&FROM_NAMES)?,
        to: column(&TO_NAMES)?,
        rate: column(&RATE_NAMES)?,
        when: table.column(&TIME_NAMES),
    };
    let title = &table.header()[columns.rate];
    let stated = title.rsplit('_').next().filter(|word| word.ends_with("ps"));
    let stated: Option<RateUnit> = stated.and_then(|word| word.parse().ok());
    let unit = Unit::of(stated, options.unit);
    let used = [Some(columns.from), Some(columns.to), Some(columns.rate), columns.when];
    let others: Vec<String> = (0..table.header().len())
        .filter(|column| !used.contains(&Some(*column)))
        .map(|column| table.header()[column].clone())
        .collect();
    let (cells, zoneless) = cells(table, &columns, unit.get())?;
    let count = cells.values().map(BTreeMap::len).sum();
    let mut report = report(file, Format::CsvLong, unit, count);
    let words =
        format!("columns that nobody asks for: {}", listed(others.iter().map(String::as_str)));
    report.say_of(Kind::LeftOut, Subject::Columns, (others.len(), table.header().len()), words);
    note_zoneless(&mut report, zoneless, count);
    let (series, absent) = spread(&cells)?;
    let words = format!("{} are on no line and taken as 0", counted(absent, "demand"));
    report.say_of(Kind::Assumed, Subject::Demands, (absent, absent + count), words);
    if series.times == Times::Steps {
        let words = "no column says when; how long a step is is not known";
        report.say(Kind::Missing, Subject::Times, series.len(), words);
    }
    Ok(conclude(series, report))
}

fn cells(table: &mut Table<'_>, columns: &Columns, unit: RateUnit) -> Result<(Cells, usize)> {
    let mut cells = Cells::new();
    let mut zoneless = 0;
    let mut count = 0;
    while table.advance()? {
        count += 1;
        if count > CELLS_MAX {
            let why = Why::TooMany { what: "demands", limit: CELLS_MAX };
            return Err(Fault::at(table.line(), why));
        }
        let at = match columns.when {
            Some(column) => at(table, column, &mut zoneless)?,
            None => At::Step(0),
        };
        // A column of times is one of moments or one of steps.
        if cells
            .keys()
            .next()
            .is_some_and(|first| std::mem::discriminant(first) != std::mem::discriminant(&at))
        {
            let column = columns.when.unwrap_or(0);
            return Err(
                table.wrong(column, "a time where others are times, a step where they are steps")
            );
        }
        let (from, to) = (name(table, columns.from)?, name(table, columns.to)?);
        let bps = unit.to_bps(table.rate(columns.rate)?);
        if bps > RATE_MAX_BPS {
            return Err(table.wrong(columns.rate, "a rate of at most 1e18 bit/s"));
        }
        let pair = format!("{from}>{to}");
        if let Some((_, first)) =
            cells.entry(at).or_default().insert((from, to), (bps, table.line()))
        {
            let why = Why::Twice { what: "demand", name: shown(&pair), first };
            return Err(Fault::at(table.line(), why));
        }
    }
    if cells.is_empty() {
        return Err(Fault::whole(Why::Missing("rows below its header".to_owned())));
    }
    Ok((cells, zoneless))
}

fn at(table: &Table<'_>, column: usize, zoneless: &mut usize) -> Result<At> {
    let text = table.field(column);
    if let Some(moment) = time::parse(text) {
        *zoneless += usize::from(!moment.zoned);
        return Ok(At::Clock(moment.ms));
    }
    text.parse().map(At::Step).map_err(|_| table.wrong(column, "a time, or the number of a step"))
}

fn name(table: &Table<'_>, column: usize) -> Result<String> {
    let name = table.field(column);
    if (1..=NAME_MAX).contains(&name.len()) {
        return Ok(name.to_owned());
    }
    Err(table.wrong(column, "the name of a node, 1 to 256 bytes"))
}

/// A row per time and a column per pair, 0 where there is no line; and how many of those there are.
fn spread(cells: &Cells) -> Result<(TrafficSeries, usize)> {
    let mut pairs: Vec<&(String, String)> = cells.values().flat_map(BTreeMap::keys).collect();
    pairs.sort_unstable();
    pairs.dedup();
    if cells.len().saturating_mul(pairs.len()) > CELLS_MAX {
        let why = Why::TooMany { what: "rates in one series", limit: CELLS_MAX };
        return Err(Fault::whole(why));
    }
    let given: usize = cells.values().map(BTreeMap::len).sum();
    let absent = cells.len() * pairs.len() - given;
    let row = |step: &BTreeMap<(String, String), (f64, u64)>| {
        pairs.iter().map(|pair| step.get(*pair).map_or(0.0, |(bps, _)| *bps)).collect()
    };
    let rows = cells.values().map(row).collect();
    let clock: Vec<i64> = cells
        .keys()
        .filter_map(|at| match at {
            At::Clock(ms) => Some(*ms),
            At::Step(_) => None,
        })
        .collect();
    let times = if clock.is_empty() { Times::Steps } else { Times::Clock(clock) };
    let pairs = pairs.into_iter().cloned().collect();
    Ok((TrafficSeries { pairs, times, rows }, absent))
}
