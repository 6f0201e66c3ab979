//! Matrices in SNDlib's XML: one document, or many over time.
//!
//! The time of a document is in its `<time>`, else in its name. A pair that a document does not list sends nothing.

use std::collections::BTreeMap;

use super::super::assemble::RATE_MAX_BPS;
use super::super::error::{Error, Fault, Result, Why, shown};
use super::super::report::{Format, Kind, Subject, counted};
use super::super::unit::RateUnit;
use super::super::{detect, sndlib, unpack};
use super::time::{self, Moment};
use super::{CELLS_MAX, ImportedTraffic, TrafficOptions, conclude, note_zoneless, report};
use crate::topology::NAME_MAX;
use crate::traffic::{Times, TrafficSeries};

/// Documents of one series: a year every five minutes.
const FILES_MAX: usize = 110_000;

type Pairs = BTreeMap<(String, String), f64>;

/// What is kept of a document.
struct Matrix {
    file: String,
    at: Option<Moment>,
    /// Whether the time comes from the name.
    by_name: bool,
    unit: super::super::assemble::Unit,
    demands: Pairs,
}

fn matrix(text: &str, file: &str, told: Option<RateUnit>) -> Result<Matrix> {
    let document = sndlib::parse_xml(text)?;
    let unit = document.unit(told)?;
    if document.demands.is_empty() {
        return Err(Fault::whole(Why::Missing("`<demand>`".to_owned())));
    }
    let mut demands = Pairs::new();
    for demand in document.demands {
        for name in [&demand.from, &demand.to] {
            if !(1..=NAME_MAX).contains(&name.len()) {
                let expected = "the name of a node, 1 to 256 bytes";
                return Err(Fault::value(demand.line, "the end of a demand", name, expected));
            }
        }
        let bps = sndlib::in_bps(unit.get(), demand.rate, demand.line, "a demand")?;
        // Several demands of one pair are one for the network.
        let sum = demands.entry((demand.from, demand.to)).or_insert(0.0);
        *sum = (*sum + bps).min(RATE_MAX_BPS);
    }
    let stated = document.time.and_then(|(text, _)| time::parse(&text));
    let at = stated.or_else(|| time::in_name(file));
    Ok(Matrix { file: file.to_owned(), at, by_name: stated.is_none(), unit, demands })
}

/// One document.
pub(super) fn one(text: &str, file: &str, options: &TrafficOptions) -> Result<ImportedTraffic> {
    series(vec![matrix(text, file, options.unit)?], file)
}

/// Reads documents of SNDlib's XML, a matrix each, as one series in the order of their times; `folder` stands in
/// messages that concern all of them.
///
/// # Errors
/// A document is refused, two are from the same time, units differ, or there are too many.
pub fn read_traffic_files(
    files: &mut dyn Iterator<Item = std::result::Result<(String, Vec<u8>), Error>>,
    folder: &str,
    options: &TrafficOptions,
) -> std::result::Result<ImportedTraffic, Error> {
    let mut matrices = Vec::new();
    let mut demands = 0;
    for file in files {
        let (name, bytes) = file?;
        let matrix = text_matrix(&bytes, &name, options).map_err(|fault| fault.in_file(&name))?;
        demands += matrix.demands.len();
        matrices.push(matrix);
        let too_many = |what, limit| Fault::whole(Why::TooMany { what, limit }).in_file(folder);
        if matrices.len() > FILES_MAX {
            return Err(too_many("matrices", FILES_MAX));
        }
        if demands > CELLS_MAX {
            return Err(too_many("rates in one series", CELLS_MAX));
        }
    }
    series(matrices, folder).map_err(|fault| fault.in_file(folder))
}

fn text_matrix(bytes: &[u8], name: &str, options: &TrafficOptions) -> Result<Matrix> {
    let text = unpack::text_of(bytes)?;
    match detect::xml(&text)? {
        detect::Content::SndlibXml => matrix(&text, name, options.unit),
        _ => Err(super::no_traffic("another format than the `<network>` of SNDlib")),
    }
}

fn series(mut matrices: Vec<Matrix>, source: &str) -> Result<ImportedTraffic> {
    let Some(unit) = matrices.first().map(|matrix| matrix.unit) else {
        return Err(Fault::whole(Why::Missing("matrices in SNDlib's XML".to_owned())));
    };
    if let Some(other) = matrices.iter().find(|matrix| matrix.unit.get() != unit.get()) {
        let found = format!("{} in {}", other.unit.get(), shown(&other.file));
        let expected = "the unit of the first file";
        let why = Why::Value { what: "the unit".to_owned(), found, expected };
        return Err(Fault::whole(why));
    }
    let count = matrices.len();
    let mut report = report(source, Format::SndlibXml, unit, count);
    let timed = matrices.iter().filter(|matrix| matrix.at.is_some()).count();
    let times = if timed == count {
        matrices.sort_by_key(|matrix| matrix.at.map(|at| at.ms));
        check_times(&matrices)?;
        let by_name = matrices.iter().filter(|matrix| matrix.by_name).count();
        let words =
            format!("{by_name} of {} have their time in the name only", counted(count, "file"));
        report.say_of(Kind::Assumed, Subject::Files, (by_name, count), words);
        let moments = || matrices.iter().filter_map(|matrix| matrix.at);
        note_zoneless(&mut report, moments().filter(|at| !at.zoned).count(), count);
        Times::Clock(moments().map(|at| at.ms).collect())
    } else {
        let words = format!(
            "{} of {} say nowhere when they are from; steps are in the order of their names",
            count - timed,
            counted(count, "file")
        );
        report.say_of(Kind::Missing, Subject::Times, (count - timed, count), words);
        Times::Steps
    };
    let mut pairs: Vec<(String, String)> =
        matrices.iter().flat_map(|matrix| matrix.demands.keys().cloned()).collect();
    pairs.sort_unstable();
    pairs.dedup();
    if count.saturating_mul(pairs.len()) > CELLS_MAX {
        return Err(Fault::whole(Why::TooMany { what: "rates in one series", limit: CELLS_MAX }));
    }
    let listed: usize = matrices.iter().map(|matrix| matrix.demands.len()).sum();
    let absent = count * pairs.len() - listed;
    let words =
        format!("{} are in no file of their time and taken as 0", counted(absent, "demand"));
    report.say_of(Kind::Assumed, Subject::Demands, (absent, count * pairs.len()), words);
    let row = |matrix: &Matrix| {
        pairs.iter().map(|pair| matrix.demands.get(pair).copied().unwrap_or(0.0)).collect()
    };
    let rows = matrices.iter().map(row).collect();
    Ok(conclude(TrafficSeries { pairs, times, rows }, report))
}

fn check_times(matrices: &[Matrix]) -> Result<()> {
    let same = |pair: &&[Matrix]| pair[0].at.map(|at| at.ms) == pair[1].at.map(|at| at.ms);
    let Some([one, other]) = matrices.windows(2).find(same) else { return Ok(()) };
    let found = format!("the same in {} and {}", shown(&one.file), shown(&other.file));
    let expected = "one that no other file has";
    Err(Fault::whole(Why::Value { what: "the time of a matrix".to_owned(), found, expected }))
}
