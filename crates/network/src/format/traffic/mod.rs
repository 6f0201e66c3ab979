//! Traffic matrices over time: SNDlib documents, one or a folder of them, and CSV in a wide and a long form.
//!
//! What comes out is by the names of nodes; [`TrafficSeries::resolve`] binds them to a topology.

mod csv;
mod long;
mod matrices;
mod time;
mod wide;

use super::detect::{self, Content};
use super::error::{Error, Fault, Result, Why};
use super::report::{Format, ImportReport, Kind, Subject, counted};
use super::unit::{RateUnit, rate_words};
use super::unpack;
use crate::traffic::{Times, TrafficSeries};

pub use matrices::read_traffic_files;

/// Numbers in one series, 8 bytes each: a matrix of 2,500 pairs every five minutes for three months.
const CELLS_MAX: usize = 64 << 20;

/// What to do about what a traffic file does not say.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TrafficOptions {
    /// Unit of rates whose file names none; `None` for Mbit/s, which is said in the report.
    pub unit: Option<RateUnit>,
}

/// A series with what is to be said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedTraffic {
    /// Demands over time, by the names of nodes; demands of a node to itself are kept, as the source has them.
    pub series: TrafficSeries,
    /// What was read, missing, assumed and left out.
    pub report: ImportReport,
}

/// Reads traffic from the bytes of one file; `file_name` stands in messages and may tell the time.
///
/// # Errors
/// The file is in no format that is known, breaks its rules, or exceeds a limit.
pub fn read_traffic(
    bytes: &[u8],
    file_name: &str,
    options: &TrafficOptions,
) -> std::result::Result<ImportedTraffic, Error> {
    traffic(bytes, file_name, options).map_err(|fault| fault.in_file(file_name))
}

fn traffic(bytes: &[u8], file: &str, options: &TrafficOptions) -> Result<ImportedTraffic> {
    let text = unpack::text_of(bytes)?;
    let start = text.trim_start();
    if start.starts_with('<') {
        return match detect::xml(&text)? {
            Content::SndlibXml => matrices::one(&text, file, options),
            Content::Graphml | Content::SndlibNative | Content::Json => {
                Err(no_traffic("<graphml>"))
            }
        };
    }
    if start.is_empty() {
        return Err(Fault::whole(Why::Empty { expected: EXPECTED }));
    }
    if start.starts_with(['{', '[']) {
        return Err(no_traffic("JSON"));
    }
    let mut table = csv::Table::new(&text)?;
    if table.pairs().is_empty() && long::fits(&table) {
        long::read(&mut table, file, options)
    } else {
        wide::read(&mut table, file, options)
    }
}

const EXPECTED: &str =
    "a matrix of SNDlib's XML, or CSV with a column `A>B` per pair or columns from, to and rate";

fn no_traffic(found: &str) -> Fault {
    Fault::whole(Why::Unrecognised { found: found.to_owned(), expected: EXPECTED })
}

/// Notes on the whole of a series: how long, how regular, how much.
fn conclude(series: TrafficSeries, mut report: ImportReport) -> ImportedTraffic {
    let (steps, pairs) = (series.len(), series.pairs.len());
    let words = match &series.times {
        Times::Clock(at) if steps > 1 => format!(
            "{}, from {} to {}",
            counted(steps, "step"),
            time::words(at[0]),
            time::words(at[steps - 1])
        ),
        Times::Clock(at) if steps == 1 => format!("1 step, at {}", time::words(at[0])),
        Times::Clock(_) | Times::Steps => counted(steps, "step"),
    };
    report.say(Kind::Read, Subject::Steps, steps, words);
    note_irregular(&series, &mut report);
    let own: Vec<usize> = (0..pairs).filter(|&n| series.pairs[n].0 == series.pairs[n].1).collect();
    let totals = series
        .rows
        .iter()
        .map(|row| row.iter().sum::<f64>() - own.iter().map(|&n| row[n]).sum::<f64>());
    let (least, most) = totals
        .fold((f64::INFINITY, 0.0), |(least, most), sum: f64| (sum.min(least), sum.max(most)));
    let words = if steps > 1 {
        format!(
            "{} of nodes, {} to {} in all at one time",
            counted(pairs, "pair"),
            rate_words(least),
            rate_words(most)
        )
    } else {
        format!("{} of nodes, {} in all", counted(pairs, "pair"), rate_words(most))
    };
    report.say(Kind::Read, Subject::Demands, pairs, words);
    let words = format!(
        "{} of a node to itself: what they carry never enters the network",
        counted(own.len(), "pair")
    );
    report.say_of(Kind::LeftOut, Subject::SelfDemands, (own.len(), pairs), words);
    ImportedTraffic { series, report }
}

fn note_irregular(series: &TrafficSeries, report: &mut ImportReport) {
    let (Times::Clock(at), Some(usual)) = (&series.times, series.step_ms()) else { return };
    let irregular =
        at.windows(2).filter(|pair| (pair[1] - pair[0] - usual).abs() > usual / 20).count();
    let words = format!(
        "{irregular} of {} are not {} after the one before",
        counted(at.len() - 1, "step"),
        time::span_words(usual)
    );
    report.say_of(Kind::Doubtful, Subject::Times, (irregular, at.len() - 1), words);
}

/// A new report with the note about its unit.
fn report(file: &str, format: Format, unit: super::assemble::Unit, count: usize) -> ImportReport {
    let mut report = ImportReport::new(file, format);
    let (kind, words) = unit.note();
    report.say(kind, Subject::Unit, count, words);
    report
}

/// Says that times without a zone are taken to be UTC, if there are any.
fn note_zoneless(report: &mut ImportReport, zoneless: usize, of: usize) {
    let words =
        format!("{zoneless} of {} name no time zone and are taken to be UTC", counted(of, "time"));
    report.say_of(Kind::Assumed, Subject::Times, (zoneless, of), words);
}

/// Checks that there is room for one more row.
fn check_cells(rows: usize, pairs: usize, line: u64) -> Result<()> {
    if (rows + 1).saturating_mul(pairs) <= CELLS_MAX {
        return Ok(());
    }
    Err(Fault::at(line, Why::TooMany { what: "rates in one series", limit: CELLS_MAX }))
}
