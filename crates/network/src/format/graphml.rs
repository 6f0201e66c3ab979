//! GraphML, as the Topology Zoo, networkx and yEd write it.
//!
//! Attributes are found by their names ([`attribute`](super::attribute)), not by their keys. `LinkSpeedRaw` is bit/s;
//! elsewhere `LinkSpeed` counts with `LinkSpeedUnits`. A node that holds a graph of its own is a group: its label is the
//! site of what it holds, and it is no node unless a link ends at it. Hyperedges and ports are not read, and said so.

use std::collections::{BTreeMap, BTreeSet};

use super::assemble::{RATE_MAX_BPS, RawLink, RawNetwork, RawNode, Unit, assemble};
use super::attribute::{OfLink, OfNode};
use super::error::{Fault, Result, Why, shown};
use super::report::{Format, Kind, Subject, counted, listed};
use super::unit::{RateUnit, number_and_unit};
use super::xml::{Element, Piece, Tag, Xml};
use super::{ImportOptions, Imported, stem};

/// Keys of one document; the Topology Zoo has some 45.
const KEYS_MAX: usize = 1_000;

/// Reads a document.
pub(super) fn read(text: &str, file: &str, options: &ImportOptions) -> Result<Imported> {
    let mut xml = Xml::new(text);
    xml.root()?;
    let mut reader = Reader {
        raw: RawNetwork::new(stem(file), file, Format::Graphml),
        unit: Unit::of(None, options.unit),
        keys: BTreeMap::new(),
        groups: Vec::new(),
        open: Vec::new(),
        in_unit: 0,
        hyper: 0,
        passed: BTreeMap::new(),
        one_way: Vec::new(),
    };
    reader.document(&mut xml)?;
    reader.finish(options)
}

/// Where an attribute belongs and what it is called.
type Key = (String, String);

struct Reader {
    raw: RawNetwork,
    unit: Unit,
    keys: BTreeMap<String, Key>,
    /// Nodes that hold a graph.
    groups: Vec<RawNode>,
    /// Nodes that are being read, the innermost last, and whether each is a group.
    open: Vec<(RawNode, bool)>,
    /// Numbers that counted in the unit that nobody stated.
    in_unit: usize,
    hyper: usize,
    /// Elements that are not read.
    passed: BTreeMap<&'static str, usize>,
    /// Whether links of the open graphs go one way unless they say otherwise.
    one_way: Vec<bool>,
}

/// Elements whose content is read in turn; all others are records or passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    Graph,
    Node,
}

impl Reader {
    fn document(&mut self, xml: &mut Xml<'_>) -> Result<()> {
        let mut holders: Vec<Holder> = Vec::new();
        let mut graphs = 0;
        loop {
            match xml.next()? {
                Piece::Open(tag) => match tag.name.as_str() {
                    "key" if holders.is_empty() => self.key(&tag, xml)?,
                    "graph" if holders.last() != Some(&Holder::Graph) => {
                        graphs += usize::from(holders.is_empty());
                        if graphs > 1 {
                            let why = Why::TooMany { what: "graph", limit: 1 };
                            return Err(Fault::at(tag.line, why));
                        }
                        self.graph(&tag)?;
                        holders.push(Holder::Graph);
                    }
                    "node" if holders.last() == Some(&Holder::Graph) => {
                        let id = tag.needed("id")?.to_owned();
                        let node = RawNode { line: tag.line, id, ..RawNode::default() };
                        self.open.push((node, false));
                        holders.push(Holder::Node);
                    }
                    "edge" if holders.last() == Some(&Holder::Graph) => {
                        let edge = xml.element(tag)?;
                        self.edge(&edge)?;
                    }
                    "data" if !holders.is_empty() => self.data(tag, &holders, xml)?,
                    other => {
                        let passed = ["hyperedge", "port"].into_iter().find(|name| *name == other);
                        passed
                            .into_iter()
                            .for_each(|name| *self.passed.entry(name).or_default() += 1);
                        xml.skip()?;
                    }
                },
                Piece::Close => match holders.pop() {
                    Some(Holder::Graph) => drop(self.one_way.pop()),
                    Some(Holder::Node) => self.node_ends()?,
                    None => {}
                },
                Piece::End => break,
            }
        }
        if graphs == 0 { Err(Fault::whole(Why::Missing("`<graph>`".to_owned()))) } else { Ok(()) }
    }

    fn key(&mut self, tag: &Tag, xml: &mut Xml<'_>) -> Result<()> {
        let id = tag.needed("id")?.to_owned();
        let of = tag.attribute("for").unwrap_or("all").to_owned();
        // yEd has keys for its drawings, which have no name.
        let name = tag.attribute("attr.name").unwrap_or_default().to_owned();
        if self.keys.len() >= KEYS_MAX {
            return Err(Fault::at(tag.line, Why::TooMany { what: "keys", limit: KEYS_MAX }));
        }
        if self.keys.insert(id.clone(), (of, name)).is_some() {
            let why = Why::Value {
                what: "the id of a `<key>`".to_owned(),
                found: shown(&id),
                expected: "one that no other key has",
            };
            return Err(Fault::at(tag.line, why));
        }
        xml.skip()
    }

    fn graph(&mut self, tag: &Tag) -> Result<()> {
        let one_way = match tag.attribute("edgedefault") {
            Some("directed") => true,
            // The standard asks for it, and not everybody writes it.
            Some("undirected") | None => false,
            Some(other) => {
                let expected = "`directed` or `undirected`";
                return Err(Fault::value(tag.line, "edgedefault", other, expected));
            }
        };
        self.one_way.push(one_way);
        if let Some((_, is_group)) = self.open.last_mut() {
            *is_group = true;
        }
        Ok(())
    }

    fn data(&mut self, tag: Tag, holders: &[Holder], xml: &mut Xml<'_>) -> Result<()> {
        let name = self.key_name(&tag)?.to_owned();
        match (holders, self.open.last_mut()) {
            ([Holder::Graph], _) if name == "Network" => {
                let value = xml.element(tag)?;
                if !value.text().is_empty() {
                    self.raw.name = shown(value.text());
                }
                Ok(())
            }
            ([.., Holder::Node], Some((node, _))) => {
                let value = xml.element(tag)?;
                match OfNode::named(&name) {
                    Some(meaning) => of_node(node, meaning, &value, &mut self.hyper),
                    None => {
                        if let Some(label) = drawn_label(&value)
                            && node.label.is_empty()
                        {
                            node.label = label.to_owned();
                        }
                        Ok(())
                    }
                }
            }
            _ => xml.skip(),
        }
    }

    fn key_name(&self, tag: &Tag) -> Result<&str> {
        let id = tag.needed("key")?;
        let unknown = || Why::Unknown { what: "key", name: shown(id), known: self.keys.len() };
        self.keys
            .get(id)
            .map(|(_, name)| name.as_str())
            .ok_or_else(|| Fault::at(tag.line, unknown()))
    }

    fn node_ends(&mut self) -> Result<()> {
        let Some((mut node, is_group)) = self.open.pop() else { return Ok(()) };
        if node.site.is_empty()
            && let Some((group, _)) = self.open.last()
        {
            let label = if group.label.is_empty() { &group.id } else { &group.label };
            node.site = label.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        if is_group {
            self.groups.push(node);
            Ok(())
        } else {
            self.raw.push_node(node)
        }
    }

    fn edge(&mut self, edge: &Element) -> Result<()> {
        let line = edge.tag.line;
        let one_way = match edge.tag.attribute("directed") {
            Some("true") => true,
            Some("false") => false,
            Some(other) => return Err(Fault::value(line, "directed", other, "`true` or `false`")),
            None => self.one_way.last().copied().unwrap_or(false),
        };
        let from = edge.tag.needed("source")?.to_owned();
        let to = edge.tag.needed("target")?.to_owned();
        let mut link = RawLink { line, from, to, one_way, ..RawLink::default() };
        let (mut speed, mut speed_unit) = (None, None);
        for data in edge.children("data") {
            match OfLink::named(self.key_name(&data.tag)?) {
                Some(OfLink::Capacity(unit)) => {
                    let bps = self.capacity(data, unit)?;
                    link.capacity_bps = link.capacity_bps.or(bps);
                }
                Some(OfLink::Speed) => speed = Some(data),
                Some(OfLink::SpeedUnit) => speed_unit = Some(data.text()),
                Some(OfLink::Weight) => link.weight = Some(weight(data)?),
                Some(OfLink::Name) | None => {}
            }
        }
        if let (None, Some(speed)) = (link.capacity_bps, speed) {
            let unit: Option<RateUnit> = match speed_unit.filter(|unit| !unit.is_empty()) {
                Some(unit) => Some(unit.parse().map_err(|_| {
                    Fault::value(speed.tag.line, "`LinkSpeedUnits`", unit, "`K`, `M`, `G` or `T`")
                })?),
                None => None,
            };
            link.capacity_bps = self.capacity(speed, unit)?;
        }
        self.raw.push_link(link)
    }

    /// A capacity above 0; 0 and nothing say that it is not known.
    fn capacity(&mut self, data: &Element, unit: Option<RateUnit>) -> Result<Option<f64>> {
        if data.text().is_empty() {
            return Ok(None);
        }
        let wrong = || {
            let expected = "a number from 0 to 1e18 bit/s, with or without a unit";
            Fault::value(data.tag.line, "a capacity", data.text(), expected)
        };
        let (number, own) = number_and_unit(data.text()).ok_or_else(wrong)?;
        let stated = own.or(unit);
        let bps = stated.unwrap_or(self.unit.get()).to_bps(number);
        if !(0.0..=RATE_MAX_BPS).contains(&bps) {
            return Err(wrong());
        }
        self.in_unit += usize::from(stated.is_none() && bps > 0.0);
        Ok((bps > 0.0).then_some(bps))
    }

    fn finish(self, options: &ImportOptions) -> Result<Imported> {
        let Self { mut raw, unit, groups, in_unit, hyper, passed, .. } = self;
        let ends: BTreeSet<&str> =
            raw.links.iter().flat_map(|link| [link.from.as_str(), link.to.as_str()]).collect();
        let (used, only_groups): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|group| ends.contains(group.id.as_str()));
        let nodes = raw.nodes.len();
        let words = format!(
            "{} hold others and are taken as their sites: {}",
            counted(only_groups.len(), "node"),
            listed(only_groups.iter().map(|group| group.label.as_str()))
        );
        raw.report.say_of(Kind::LeftOut, Subject::Nodes, (only_groups.len(), nodes), words);
        used.into_iter().try_for_each(|group| raw.push_node(group))?;
        let words = format!(
            "{hyper} of {} only draw a link with more than two ends",
            counted(nodes, "node")
        );
        raw.report.say_of(Kind::Doubtful, Subject::HyperNodes, (hyper, nodes), words);
        for (name, count) in passed {
            raw.report.say(
                Kind::LeftOut,
                Subject::Parts,
                count,
                format!("{count} times `<{name}>`"),
            );
        }
        raw.note_unit(&unit, in_unit);
        assemble(raw, options)
    }
}

fn of_node(node: &mut RawNode, meaning: OfNode, value: &Element, hyper: &mut usize) -> Result<()> {
    let text = value.text();
    if text.is_empty() {
        return Ok(());
    }
    let degrees = || {
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        let expected = "a number of degrees";
        number.map(Some).ok_or_else(|| Fault::value(value.tag.line, "a coordinate", text, expected))
    };
    match meaning {
        OfNode::Label => node.label = text.to_owned(),
        OfNode::Site => node.site = text.split_whitespace().collect::<Vec<_>>().join(" "),
        OfNode::Longitude => node.longitude = degrees()?,
        OfNode::Latitude => node.latitude = degrees()?,
        OfNode::Internal => node.external = matches!(text, "0" | "false" | "False" | "0.0"),
        OfNode::Hyper => *hyper += usize::from(matches!(text, "1" | "true" | "True")),
    }
    Ok(())
}

/// The label in a drawing of yEd.
fn drawn_label(data: &Element) -> Option<&str> {
    let shape = data.first_child()?;
    let label = match shape.tag.name.as_str() {
        "ProxyAutoBoundsNode" => shape.child("Realizers")?.first_child()?.child("NodeLabel")?,
        _ => shape.child("NodeLabel")?,
    };
    Some(label.text()).filter(|text| !text.is_empty())
}

fn weight(data: &Element) -> Result<f64> {
    let number =
        data.text().parse::<f64>().ok().filter(|weight| *weight > 0.0 && weight.is_finite());
    let expected = "a number above 0";
    number.ok_or_else(|| Fault::value(data.tag.line, "a routing weight", data.text(), expected))
}
