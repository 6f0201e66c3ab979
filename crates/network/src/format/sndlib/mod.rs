//! Networks of SNDlib, in its native text and in XML: the same content in two writings.
//!
//! A link's capacity is what is pre-installed. Where that is nothing, one of its largest installable modules is assumed.
//! Both directions of a link get its capacity. Prices (of capacity, of set-up, per unit of flow) are not read: they are
//! no routing weights.

mod native;
mod xml;

use super::assemble::{RATE_MAX_BPS, RawDemand, RawLink, RawNetwork, RawNode, Unit, assemble};
use super::error::{Fault, Result};
use super::report::{Format, Kind, Subject};
use super::unit::RateUnit;
use super::{ImportOptions, Imported, stem};

pub(super) use xml::parse as parse_xml;

/// What a file says, numbers in its own unit.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// What the numbers mean, and the line that says so.
    pub(super) unit: Option<(String, u64)>,
    /// When the demands are from, and the line that says so.
    pub(super) time: Option<(String, u64)>,
    pub(super) nodes: Vec<RawNode>,
    pub(super) links: Vec<Link>,
    pub(super) demands: Vec<Demand>,
    /// Whether routes of demands are listed, which are not read.
    pub(super) paths: usize,
}

/// A link in the file's unit.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) line: u64,
    pub(super) id: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) installed: f64,
    /// Capacity of the largest installable module; 0 for none.
    pub(super) installable: f64,
    pub(super) has_price: bool,
}

/// A demand in the file's unit.
#[derive(Debug)]
pub(super) struct Demand {
    pub(super) line: u64,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) rate: f64,
}

impl Document {
    /// The unit of its numbers.
    pub(super) fn unit(&self, told: Option<RateUnit>) -> Result<Unit> {
        let stated = match &self.unit {
            None => None,
            Some((text, line)) => match text.parse::<RateUnit>() {
                Ok(unit) => Some(unit),
                // What the caller says helps where the file's word is unknown.
                Err(_) if told.is_some() => None,
                Err(_) => {
                    let expected = "one such as `MBITPERSEC`, or another unit given by you";
                    return Err(Fault::value(*line, "the unit", text, expected));
                }
            },
        };
        Ok(Unit::of(stated, told))
    }
}

pub(super) fn read_native(text: &str, file: &str, options: &ImportOptions) -> Result<Imported> {
    network(native::parse(text)?, file, Format::SndlibNative, options)
}

pub(super) fn read_xml(text: &str, file: &str, options: &ImportOptions) -> Result<Imported> {
    network(parse_xml(text)?, file, Format::SndlibXml, options)
}

fn network(
    document: Document,
    file: &str,
    format: Format,
    options: &ImportOptions,
) -> Result<Imported> {
    let unit = document.unit(options.unit)?;
    let mut raw = RawNetwork::new(stem(file), file, format);
    raw.note_unit(&unit, document.links.len() + document.demands.len());
    document.nodes.into_iter().try_for_each(|node| raw.push_node(node))?;
    let links = document.links.len();
    let priced = document.links.iter().filter(|link| link.has_price).count();
    for link in document.links {
        let bps = |number: f64, what| in_bps(unit.get(), number, link.line, what);
        let installed = bps(link.installed, "the pre-installed capacity")?;
        let installable = bps(link.installable, "the capacity of a module")?;
        raw.push_link(RawLink {
            line: link.line,
            name: Some(link.id),
            from: link.from,
            to: link.to,
            capacity_bps: Some(installed).filter(|bps| *bps > 0.0),
            installable_bps: Some(installable).filter(|bps| *bps > 0.0),
            ..RawLink::default()
        })?;
    }
    for demand in document.demands {
        let bps = in_bps(unit.get(), demand.rate, demand.line, "a demand")?;
        raw.push_demand(RawDemand { line: demand.line, from: demand.from, to: demand.to, bps })?;
    }
    let words = format!("both directions of all {links} links get the link's capacity");
    raw.report.say_of(Kind::Assumed, Subject::Directions, (links, links), words);
    let words =
        format!("routing costs of {priced} of {links} links are prices and no routing weights");
    raw.report.say_of(Kind::LeftOut, Subject::Weights, (priced, links), words);
    let words = format!("{} listed routes of demands", document.paths);
    raw.report.say_of(Kind::LeftOut, Subject::Parts, (document.paths, document.paths), words);
    assemble(raw, options)
}

/// A number of a unit in bit/s, if it is none that no network has.
pub(super) fn in_bps(unit: RateUnit, number: f64, line: u64, what: &'static str) -> Result<f64> {
    let bps = unit.to_bps(number);
    if (0.0..=RATE_MAX_BPS).contains(&bps) {
        return Ok(bps);
    }
    Err(Fault::value(line, what, &number.to_string(), "a number from 0 to 1e18 bit/s"))
}

/// A number as SNDlib writes it.
fn number(text: &str, line: u64, what: &str) -> Result<f64> {
    let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| Fault::value(line, what, text, "a finite number"))
}
