//! Networks and their traffic as files hold them.
//!
//! | what | formats |
//! | --- | --- |
//! | topology | GraphML (Topology Zoo, networkx, yEd), SNDlib native and XML, node-link JSON, npo's own JSON |
//! | traffic | SNDlib XML (one file, or a folder over time), CSV with a column `A>B` per pair or a line per demand |
//!
//! All may be packed with gzip. The format is found by looking at the content.
//! A file is either read, with an [`ImportReport`] of what was read, missing, assumed and left out, or refused with an
//! [`Error`] that names the file, the line, what was found and what was expected.
//! Files come from anywhere: sizes, counts, nesting and names are limited, and nothing that a file names is opened.
//!
//! [`read_topology`] and [`read_traffic`] work on bytes; [`open`] reads files and folders within limits.
//! Telemetry is read elsewhere: see [`recording`](crate::recording).

mod assemble;
mod attribute;
mod detect;
mod error;
mod graphml;
mod json;
pub mod open;
mod report;
mod sndlib;
mod traffic;
mod unit;
mod unpack;
mod xml;

use crate::Positive;
use crate::topology::Topology;
use crate::topology::weights::Weighting;
use crate::traffic::TrafficMatrix;

pub use error::{Error, Why};
pub use json::write_topology;
pub use report::{Format, ImportReport, Kind, Note, Subject};
pub use traffic::{ImportedTraffic, TrafficOptions, read_traffic, read_traffic_files};
pub use unit::{NoRate, RateUnit, parse_rate, rate_words};
pub use unpack::{FILE_BYTES_MAX, UNPACKED_BYTES_MAX};

use detect::Content;
use error::Result;

/// Demands in one topology file; every pair of a thousand nodes is a million.
pub const DEMANDS_MAX: usize = 4_000_000;

/// What to do about what a topology file does not say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ImportOptions {
    /// Unit of capacities and demands whose file names none; `None` for Mbit/s, which is said in the report.
    pub unit: Option<RateUnit>,
    /// Capacity of links that state none, bit/s.
    pub assume_capacity: Option<Positive>,
    /// Where routing weights come from.
    pub weighting: Weighting,
    /// Whether links that are stated for one direction carry traffic both ways.
    pub both_ways: bool,
}

/// A topology with what came with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The network.
    pub topology: Topology,
    /// Its demands, where the file has them.
    pub demands: Option<TrafficMatrix>,
    /// What was read, missing, assumed and left out.
    pub report: ImportReport,
}

/// Reads a topology from the bytes of a file; `file_name` stands in messages.
///
/// # Errors
/// The file is in no format that is known, breaks its rules, exceeds a limit, or lacks what `options` need.
pub fn read_topology(
    bytes: &[u8],
    file_name: &str,
    options: &ImportOptions,
) -> std::result::Result<Imported, Error> {
    topology(bytes, file_name, options).map_err(|fault| fault.in_file(file_name))
}

fn topology(bytes: &[u8], file_name: &str, options: &ImportOptions) -> Result<Imported> {
    let text = unpack::text_of(bytes)?;
    match detect::topology(&text)? {
        Content::Graphml => graphml::read(&text, file_name, options),
        Content::SndlibXml => sndlib::read_xml(&text, file_name, options),
        Content::SndlibNative => sndlib::read_native(&text, file_name, options),
        Content::Json => json::read(&text, file_name, options),
    }
}

/// The name of a file without its folder and endings, as the name of a network that has none.
fn stem(file_name: &str) -> &str {
    let base = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    let base = base.strip_suffix(".gz").unwrap_or(base);
    base.rsplit_once('.').map_or(base, |(stem, _)| if stem.is_empty() { base } else { stem })
}
