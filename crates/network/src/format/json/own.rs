//! npo's own JSON: what was imported, so that it is read again as it was, without options and assumptions.
//!
//! One node, link or demand a line, so that two versions can be compared. A link without `backward` carries traffic one
//! way. Rates are bit/s.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::super::assemble::{RATE_MAX_BPS, finish};
use super::super::error::{Fault, Result, Why, shown, told};
use super::super::report::{Format, ImportReport, Kind, Subject, counted};
use super::super::unit::rate_words;
use super::super::{ImportOptions, Imported};
use super::lined::{Document, Record};
use crate::Positive;
use crate::topology::{Builder, NewArc, NewLink, NewNode, NodeId, Position, Topology};
use crate::traffic::{Demand, TrafficMatrix};

const FORMAT: &str = "npo-topology";
/// The only version there is.
const VERSION: u64 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeForm {
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    site: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    position: Option<PositionForm>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    external: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PositionForm {
    longitude: f64,
    latitude: f64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ArcForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    capacity_bps: Option<f64>,
    weight: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    split: Option<f64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkForm {
    name: String,
    from: String,
    to: String,
    forward: ArcForm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    backward: Option<ArcForm>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DemandForm {
    from: String,
    to: String,
    bps: f64,
}

/// A topology and its demands as npo's own JSON, which [`read_topology`](super::super::read_topology) reads again
/// exactly.
#[must_use]
pub fn write_topology(topology: &Topology, demands: Option<&TrafficMatrix>) -> String {
    let name = |id: NodeId| topology.node(id).name.clone();
    let nodes = topology.nodes().iter().map(|node| NodeForm {
        name: node.name.clone(),
        site: node.site.clone(),
        position: node
            .position
            .map(|Position { longitude, latitude }| PositionForm { longitude, latitude }),
        external: node.external,
    });
    let arc = |id| {
        let arc = topology.arc(id);
        let split = Some(arc.split.get()).filter(|split| *split != 1.0);
        ArcForm { capacity_bps: arc.capacity_bps, weight: arc.weight, split }
    };
    let links = topology.links().iter().map(|link| LinkForm {
        name: link.name.clone(),
        from: name(link.from),
        to: name(link.to),
        forward: arc(link.forward),
        backward: link.backward.map(arc),
    });
    let title = serde_json::Value::from(topology.name());
    let mut text =
        format!("{{\"format\": \"{FORMAT}\", \"version\": {VERSION}, \"name\": {title},\n");
    list(&mut text, "nodes", nodes);
    text.push_str(",\n");
    list(&mut text, "links", links);
    if let Some(matrix) = demands {
        text.push_str(",\n");
        let forms = matrix.demands().iter().map(|demand| DemandForm {
            from: name(demand.from),
            to: name(demand.to),
            bps: demand.bps,
        });
        list(&mut text, "demands", forms);
    }
    text.push_str("}\n");
    text
}

fn list<T: Serialize>(text: &mut String, name: &str, entries: impl Iterator<Item = T>) {
    // Writing into memory cannot fail, and the forms have text for keys.
    let _ = write!(text, "\"{name}\": [");
    for (n, entry) in entries.enumerate() {
        let entry = serde_json::to_string(&entry).expect("plain data is written");
        let _ = write!(text, "{}\n{entry}", if n == 0 { "" } else { "," });
    }
    text.push_str("\n]");
}

/// Reads what was written.
pub(super) fn read(document: Document, file: &str, options: &ImportOptions) -> Result<Imported> {
    check_head(&document)?;
    let name = match &document.name {
        None => String::new(),
        Some(name) => name.as_str().map(str::to_owned).ok_or_else(|| {
            Fault::whole(Why::Value {
                what: "`name`".to_owned(),
                found: shown(&name.to_string()),
                expected: "text",
            })
        })?,
    };
    let mut builder = Builder::new(name);
    let missing = |what: &str| Fault::whole(Why::Missing(what.to_owned()));
    let nodes = document.nodes.ok_or_else(|| missing("list `nodes`"))?;
    let links = document.links.ok_or_else(|| missing("list `links`"))?;
    if nodes.is_empty() {
        return Err(missing("nodes"));
    }
    let mut report = ImportReport::new(file, Format::NpoJson);
    report.say(Kind::Read, Subject::Nodes, nodes.len(), counted(nodes.len(), "node"));
    report.say(Kind::Read, Subject::Links, links.len(), counted(links.len(), "link"));
    for record in nodes {
        node(&mut builder, record)?;
    }
    let mut splits = Vec::new();
    for record in links {
        link(&mut builder, record, &mut splits)?;
    }
    let demands = match document.demands {
        Some(records) => Some(demands(records, &builder, &mut report)?),
        None => None,
    };
    let topology = finish(builder.build().with_splits(&splits), options, &mut report)?;
    Ok(Imported { topology, demands, report })
}

fn check_head(document: &Document) -> Result<()> {
    let wrong = |what: &str, found: Option<String>, expected| {
        let found = shown(&found.unwrap_or_else(|| "nothing".to_owned()));
        Err(Fault::at(1, Why::Value { what: what.to_owned(), found, expected }))
    };
    let format = document.format.as_ref();
    if format.and_then(serde_json::Value::as_str) != Some(FORMAT) {
        return wrong("`format`", format.map(ToString::to_string), "`npo-topology`");
    }
    let version = document.version.as_ref();
    if version.and_then(serde_json::Value::as_u64) != Some(VERSION) {
        return wrong("`version`", version.map(ToString::to_string), "1");
    }
    match document.others.first() {
        Some(other) => {
            wrong("a field", Some(other.clone()), "`name`, `nodes`, `links` or `demands`")
        }
        None => Ok(()),
    }
}

fn form<T: for<'de> Deserialize<'de>>(record: Record, what: &'static str) -> Result<T> {
    serde_json::from_value(record.value).map_err(|error| {
        let found = format!("{what}: {}", told(&error));
        Fault::at(record.line, Why::Syntax { format: "npo JSON", found })
    })
}

fn node(builder: &mut Builder, record: Record) -> Result<()> {
    let line = record.line;
    let NodeForm { name, site, position, external } = form(record, "a node")?;
    let position =
        position.map(|PositionForm { longitude, latitude }| Position { longitude, latitude });
    let node = NewNode { name, site, position, external };
    builder.node(node).map(drop).map_err(|error| Fault::at(line, Why::Topology(error)))
}

fn link(builder: &mut Builder, record: Record, splits: &mut Vec<Positive>) -> Result<()> {
    let line = record.line;
    let LinkForm { name, from, to, forward, backward } = form(record, "a link")?;
    let (from, to) = (find(builder, &from, line)?, find(builder, &to, line)?);
    for arc in std::iter::once(&forward).chain(&backward) {
        let split = arc.split.map_or(Some(Positive::ONE), Positive::new);
        let wrong = || {
            let found = arc.split.unwrap_or_default().to_string();
            Fault::value(line, "`split`", &found, "a finite number above 0")
        };
        splits.push(split.ok_or_else(wrong)?);
    }
    let new = |arc: ArcForm| NewArc { capacity_bps: arc.capacity_bps, weight: arc.weight };
    let link =
        NewLink { name: Some(name), from, to, forward: new(forward), backward: backward.map(new) };
    builder.link(link).map(drop).map_err(|error| Fault::at(line, Why::Topology(error)))
}

fn demands(
    records: Vec<Record>,
    known: &Builder,
    report: &mut ImportReport,
) -> Result<TrafficMatrix> {
    let mut found = Vec::with_capacity(records.len());
    for record in records {
        let line = record.line;
        let DemandForm { from, to, bps } = form(record, "a demand")?;
        if !(0.0..=RATE_MAX_BPS).contains(&bps) {
            let expected = "a number from 0 to 1e18";
            return Err(Fault::value(line, "`bps`", &bps.to_string(), expected));
        }
        let (from, to) = (find(known, &from, line)?, find(known, &to, line)?);
        found.push(Demand { from, to, bps });
    }
    let count = found.len();
    let matrix = TrafficMatrix::new(found);
    let words = format!("{}, {} in all", counted(count, "demand"), rate_words(matrix.total_bps()));
    report.say(Kind::Read, Subject::Demands, count, words);
    Ok(matrix)
}

fn find(known: &Builder, name: &str, line: u64) -> Result<NodeId> {
    let unknown = || Why::Unknown { what: "node", name: shown(name), known: known.node_count() };
    known.node_named(name).ok_or_else(|| Fault::at(line, unknown()))
}
