//! The node-link form of networkx, and of drawing libraries that copied it.
//!
//! Ids are numbers or text. Nodes without ids are meant by their position, as older versions of networkx wrote them.

use serde_json::{Map, Value};

use super::super::assemble::{RATE_MAX_BPS, RawLink, RawNetwork, RawNode, Unit, assemble};
use super::super::attribute::{OfLink, OfNode};
use super::super::error::{Fault, Result, Why, shown};
use super::super::report::{Format, Kind, Subject, listed};
use super::super::unit::{RateUnit, number_and_unit};
use super::super::{ImportOptions, Imported, stem};
use super::lined::{Document, Record};

/// Reads a document.
pub(super) fn read(document: Document, file: &str, options: &ImportOptions) -> Result<Imported> {
    let name =
        document.graph.as_ref().and_then(|graph| graph.get("name")).or(document.name.as_ref());
    let name = name.and_then(Value::as_str).filter(|name| !name.is_empty()).unwrap_or(stem(file));
    let mut raw = RawNetwork::new(&shown(name), file, Format::NodeLinkJson);
    let missing = |what: &str| Fault::whole(Why::Missing(what.to_owned()));
    for (index, record) in document.nodes.ok_or_else(|| missing("list `nodes`"))?.iter().enumerate()
    {
        let node = node(record, index)?;
        raw.push_node(node)?;
    }
    let directed = document.directed.as_ref().and_then(Value::as_bool).unwrap_or(false);
    let links = match (document.links, document.edges) {
        (Some(links), None) | (None, Some(links)) => links,
        (None, None) => return Err(missing("list `links` or `edges`")),
        // Which of the two is meant is nothing to guess.
        (Some(_), Some(_)) => {
            let found = "has both `links` and `edges`".to_owned();
            return Err(Fault::whole(Why::Syntax { format: "node-link JSON", found }));
        }
    };
    let unit = Unit::of(None, options.unit);
    let mut in_unit = 0;
    for record in &links {
        let mut link = link(record, unit.get(), &mut in_unit)?;
        link.one_way = directed;
        raw.push_link(link)?;
    }
    raw.note_unit(&unit, in_unit);
    let others = document.others;
    let words = format!("fields {}", listed(others.iter().map(String::as_str)));
    raw.report.say_of(Kind::LeftOut, Subject::Parts, (others.len(), others.len()), words);
    assemble(raw, options)
}

fn node(record: &Record, index: usize) -> Result<RawNode> {
    let line = record.line;
    let mut node = RawNode { line, ..RawNode::default() };
    // A plain list of names is a list of nodes too.
    if let Some(id) = id_of(&record.value) {
        node.id = id;
        return Ok(node);
    }
    let fields = record.fields("a node")?;
    node.id = match fields.get("id") {
        None => index.to_string(),
        Some(id) => id_of(id).ok_or_else(|| {
            Fault::value(line, "the id of a node", &id.to_string(), "text or a number")
        })?,
    };
    for (name, value) in fields {
        let degrees = || {
            let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
            let number = number.filter(|number| number.is_finite());
            let expected = "a number of degrees";
            let wrong = || Fault::value(line, "a coordinate", &value.to_string(), expected);
            number.map(Some).ok_or_else(wrong)
        };
        match OfNode::named(name).filter(|_| !value.is_null()) {
            Some(OfNode::Label) => node.label = id_of(value).unwrap_or_default(),
            Some(OfNode::Site) => node.site = id_of(value).unwrap_or_default(),
            Some(OfNode::Longitude) => node.longitude = degrees()?,
            Some(OfNode::Latitude) => node.latitude = degrees()?,
            Some(OfNode::Internal) => {
                node.external = *value == Value::Bool(false) || value.as_f64() == Some(0.0);
            }
            Some(OfNode::Hyper) | None => {}
        }
    }
    Ok(node)
}

/// An id or a name: text, or a number as it is written.
fn id_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn link(record: &Record, unit: RateUnit, in_unit: &mut usize) -> Result<RawLink> {
    let line = record.line;
    let fields = record.fields("a link")?;
    let (from, to) = (end(fields, "source", line)?, end(fields, "target", line)?);
    let mut link = RawLink { line, from, to, ..RawLink::default() };
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
        match OfLink::named(name) {
            Some(OfLink::Name) => link.name = value.as_str().map(str::to_owned),
            Some(OfLink::Capacity(stated)) => {
                let (bps, counted) = capacity(value, stated, unit, line)?;
                *in_unit += usize::from(counted && bps > 0.0);
                link.capacity_bps = link.capacity_bps.or(Some(bps).filter(|bps| *bps > 0.0));
            }
            Some(OfLink::Weight) => {
                let number = value.as_f64().filter(|weight| *weight > 0.0);
                let expected = "a number above 0";
                let wrong = || Fault::value(line, "a routing weight", &value.to_string(), expected);
                link.weight = Some(number.ok_or_else(wrong)?);
            }
            Some(OfLink::Speed | OfLink::SpeedUnit) | None => {}
        }
    }
    Ok(link)
}

fn end(fields: &Map<String, Value>, name: &str, line: u64) -> Result<String> {
    let value = fields.get(name);
    let value =
        value.ok_or_else(|| Fault::at(line, Why::Missing(format!("`{name}` of its link"))))?;
    id_of(value).ok_or_else(|| {
        Fault::value(line, format!("`{name}` of a link"), &value.to_string(), "text or a number")
    })
}

/// A capacity in bit/s, and whether it counted in the unit that nobody stated.
fn capacity(
    value: &Value,
    stated: Option<RateUnit>,
    unit: RateUnit,
    line: u64,
) -> Result<(f64, bool)> {
    let parsed = match value {
        Value::Number(number) => number.as_f64().map(|number| (number, None)),
        Value::String(text) => number_and_unit(text),
        _ => None,
    };
    let bps = parsed.map(|(number, own)| {
        let stated = own.or(stated);
        (stated.unwrap_or(unit).to_bps(number), stated.is_none())
    });
    bps.filter(|(bps, _)| (0.0..=RATE_MAX_BPS).contains(bps)).ok_or_else(|| {
        let expected = "a number from 0 to 1e18 bit/s, with or without a unit";
        Fault::value(line, "a capacity", &value.to_string(), expected)
    })
}
