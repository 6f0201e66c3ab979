//! From what a file says to a topology: names, ends, directions, capacities, weights, and a note on each assumption.
//!
//! All formats but npo's own come through here, so that the same gap is filled in the same way and told in the same
//! words.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{Fault, Result, Why};
use super::report::{Format, ImportReport, Kind, Subject, counted, counted_as, listed};
use super::unit::{RateUnit, rate_words};
use super::{DEMANDS_MAX, ImportOptions, Imported};
use crate::topology::survey::survey;
use crate::topology::{
    Builder, Error as TopologyError, LINKS_MAX, NODES_MAX, NewArc, NewLink, NewNode, NodeId,
    Position, Topology, WEIGHT_MAX,
};
use crate::traffic::{Demand, TrafficMatrix};

/// Rates above this are refused: no network carries a million Tbit/s.
pub(super) const RATE_MAX_BPS: f64 = 1e18;

/// A node as a file says it.
#[derive(Debug, Clone, Default)]
pub(super) struct RawNode {
    pub(super) line: u64,
    pub(super) id: String,
    pub(super) label: String,
    pub(super) site: String,
    pub(super) longitude: Option<f64>,
    pub(super) latitude: Option<f64>,
    pub(super) external: bool,
}

/// A link as a file says it.
#[derive(Debug, Clone, Default)]
pub(super) struct RawLink {
    pub(super) line: u64,
    pub(super) name: Option<String>,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) one_way: bool,
    /// Stated capacity, bit/s.
    pub(super) capacity_bps: Option<f64>,
    /// What could be installed, bit/s: a capacity to assume where none is stated.
    pub(super) installable_bps: Option<f64>,
    pub(super) weight: Option<f64>,
}

/// A demand as a file says it.
#[derive(Debug, Clone)]
pub(super) struct RawDemand {
    pub(super) line: u64,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) bps: f64,
}

/// A network as a file says it.
#[derive(Debug, Clone)]
pub(super) struct RawNetwork {
    pub(super) name: String,
    pub(super) nodes: Vec<RawNode>,
    pub(super) links: Vec<RawLink>,
    pub(super) demands: Vec<RawDemand>,
    pub(super) report: ImportReport,
}

impl RawNetwork {
    pub(super) fn new(name: &str, file: &str, format: Format) -> Self {
        Self {
            name: name.to_owned(),
            nodes: Vec::new(),
            links: Vec::new(),
            demands: Vec::new(),
            report: ImportReport::new(file, format),
        }
    }

    /// Adds a node, as long as there is room.
    pub(super) fn push_node(&mut self, node: RawNode) -> Result<()> {
        room(self.nodes.len(), NODES_MAX, "nodes", node.line)?;
        self.nodes.push(node);
        Ok(())
    }

    /// Adds a link, as long as there is room.
    pub(super) fn push_link(&mut self, link: RawLink) -> Result<()> {
        room(self.links.len(), LINKS_MAX, "links", link.line)?;
        self.links.push(link);
        Ok(())
    }

    /// Adds a demand, as long as there is room.
    pub(super) fn push_demand(&mut self, demand: RawDemand) -> Result<()> {
        room(self.demands.len(), DEMANDS_MAX, "demands", demand.line)?;
        self.demands.push(demand);
        Ok(())
    }

    /// Notes the unit of capacities and demands, if anything is in one.
    pub(super) fn note_unit(&mut self, unit: &Unit, count: usize) {
        if count > 0 {
            let (kind, words) = unit.note();
            self.report.say(kind, Subject::Unit, count, words);
        }
    }
}

fn room(len: usize, limit: usize, what: &'static str, line: u64) -> Result<()> {
    if len < limit { Ok(()) } else { Err(Fault::at(line, Why::TooMany { what, limit })) }
}

/// The unit of numbers that carry none, and who says so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Unit {
    Stated(RateUnit),
    Told(RateUnit),
    Assumed(RateUnit),
}

impl Unit {
    /// The file's unit, else the caller's, else the usual one.
    pub(super) fn of(stated: Option<RateUnit>, told: Option<RateUnit>) -> Self {
        match (stated, told) {
            (Some(unit), _) => Self::Stated(unit),
            (None, Some(unit)) => Self::Told(unit),
            (None, None) => Self::Assumed(RateUnit::MBIT),
        }
    }

    pub(super) fn get(self) -> RateUnit {
        match self {
            Self::Stated(unit) | Self::Told(unit) | Self::Assumed(unit) => unit,
        }
    }

    pub(super) fn note(self) -> (Kind, String) {
        match self {
            Self::Stated(unit) => (Kind::Read, format!("the file says that rates are {unit}")),
            Self::Told(unit) => {
                (Kind::Assumed, format!("the file names no unit; rates are {unit}, as you said"))
            }
            Self::Assumed(unit) => (
                Kind::Assumed,
                format!(
                    "the file names no unit; rates are taken to be {unit}, another can be given"
                ),
            ),
        }
    }
}

/// The topology of a network as a file says it.
pub(super) fn assemble(raw: RawNetwork, options: &ImportOptions) -> Result<Imported> {
    let RawNetwork { name, nodes, mut links, demands, mut report } = raw;
    if nodes.is_empty() {
        return Err(Fault::whole(Why::Missing("nodes".to_owned())));
    }
    let mut builder = Builder::new(name);
    let ids = add_nodes(&mut builder, nodes, &mut report)?;
    let weight_scale = weight_scale(&links, &mut report);
    let ends = ends_of(&mut links, &ids, &mut report)?;
    add_links(&mut builder, links, &ends, weight_scale, options, &mut report)?;
    let demands = add_demands(demands, &ids, &mut report)?;
    let topology = finish(builder.build(), options, &mut report)?;
    Ok(Imported { topology, demands, report })
}

/// Fills what is missing as the options say, weights the links, and notes what people should know of the whole.
pub(super) fn finish(
    mut topology: Topology,
    options: &ImportOptions,
    report: &mut ImportReport,
) -> Result<Topology> {
    let arcs = topology.arcs().len();
    let missing = topology.arcs().iter().filter(|arc| arc.capacity_bps.is_none()).count();
    if let Some(bps) = options.assume_capacity {
        topology = topology.assuming_capacity(bps);
        let words = format!(
            "{missing} of {} get the capacity that you gave, {}",
            counted(arcs, "direction"),
            rate_words(bps.get())
        );
        report.say_of(Kind::Assumed, Subject::Capacities, (missing, arcs), words);
    } else if missing > 0 {
        let words = format!(
            "{missing} of {} have no capacity; what they carry can be said, how full they are cannot",
            counted(arcs, "direction")
        );
        report.say_of(Kind::Missing, Subject::Capacities, (missing, arcs), words);
    }
    doubt_capacities(&topology, report);
    let parts = survey(&topology).parts.len();
    if parts > 1 {
        let words = format!("the network falls into {parts} parts that no link joins");
        report.say(Kind::Doubtful, Subject::Components, parts, words);
    }
    topology.weighted(options.weighting).map_err(|missing| Fault::whole(Why::Weights(missing)))
}

/// A wrong unit shows in capacities that nobody builds.
fn doubt_capacities(topology: &Topology, report: &mut ImportReport) {
    /// Above what a bundle of links carries today.
    const LARGEST_BPS: f64 = 100e12;
    /// Below what any line of a network carried since modems.
    const SMALLEST_BPS: f64 = 9_600.0;
    let capacities: Vec<f64> = topology.arcs().iter().filter_map(|arc| arc.capacity_bps).collect();
    let strange = |bps: &&f64| **bps > LARGEST_BPS || **bps < SMALLEST_BPS;
    if let Some(&example) = capacities.iter().find(strange) {
        let count = capacities.iter().filter(strange).count();
        let words = format!(
            "{count} of {} are unlike those of real links, such as {}; is the unit right?",
            counted_as(capacities.len(), "capacity", "capacities"),
            rate_words(example)
        );
        report.say_of(Kind::Doubtful, Subject::Capacities, (count, capacities.len()), words);
    }
}

type Ids = BTreeMap<String, (NodeId, u64)>;

fn add_nodes(builder: &mut Builder, nodes: Vec<RawNode>, report: &mut ImportReport) -> Result<Ids> {
    let count = nodes.len();
    report.say(Kind::Read, Subject::Nodes, count, counted(count, "node"));
    let names = names_of(&nodes, report)?;
    let mut ids = Ids::new();
    let (mut external, mut unplaced) = (0, 0);
    for (node, name) in nodes.into_iter().zip(names) {
        let position = match (node.longitude, node.latitude) {
            (Some(longitude), Some(latitude)) => Some(Position { longitude, latitude }),
            _ => None,
        };
        external += usize::from(node.external);
        unplaced += usize::from(position.is_none());
        let new = NewNode { name, site: node.site, position, external: node.external };
        let id = builder.node(new).map_err(|error| refused(node.line, error))?;
        // Ids were found to be unique when the names were made.
        ids.insert(node.id, (id, node.line));
    }
    report.say_of(
        Kind::Read,
        Subject::ExternalNodes,
        (external, count),
        format!("{external} of {} belong to other networks", counted(count, "node")),
    );
    report.say_of(
        Kind::Missing,
        Subject::Coordinates,
        (unplaced, count),
        format!("{unplaced} of {} have no place on the map", counted(count, "node")),
    );
    Ok(ids)
}

/// A name of each node: its label, with its id behind it where several have that label, or its id.
fn names_of(nodes: &[RawNode], report: &mut ImportReport) -> Result<Vec<String>> {
    let mut first: BTreeMap<&str, u64> = BTreeMap::new();
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    let labels: Vec<String> = nodes.iter().map(|node| tidy(&node.label)).collect();
    for (node, label) in nodes.iter().zip(&labels) {
        if let Some(&first) = first.get(node.id.as_str()) {
            let why = Why::Twice { what: "node", name: super::error::shown(&node.id), first };
            return Err(Fault::at(node.line, why));
        }
        first.insert(&node.id, node.line);
        *uses.entry(label.clone()).or_default() += 1;
    }
    let mut taken = BTreeSet::new();
    let mut shared = 0;
    let mut names = Vec::new();
    for (node, label) in nodes.iter().zip(labels) {
        let id = tidy(&node.id);
        let mut name = match uses.get(&label) {
            _ if label.is_empty() => id,
            Some(&n) if n > 1 => {
                shared += 1;
                format!("{label} ({id})")
            }
            _ => label,
        };
        // Somebody may have called another node so.
        while !taken.insert(name.clone()) {
            name.push('\'');
        }
        names.push(name);
    }
    let several = uses.iter().filter(|(label, n)| !label.is_empty() && **n > 1);
    let words = format!(
        "{shared} of {} share a label with another and have their id behind it: {}",
        counted(nodes.len(), "node"),
        listed(several.map(|(label, _)| label.as_str()))
    );
    report.say_of(Kind::Assumed, Subject::Names, (shared, nodes.len()), words);
    Ok(names)
}

/// A label on one line.
fn tidy(label: &str) -> String {
    label.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn refused(line: u64, error: TopologyError) -> Fault {
    Fault::at(line, Why::Topology(error))
}

/// The ends of each link; links that start where they end are taken out.
fn ends_of(
    links: &mut Vec<RawLink>,
    ids: &Ids,
    report: &mut ImportReport,
) -> Result<Vec<(NodeId, NodeId)>> {
    let count = links.len();
    report.say(Kind::Read, Subject::Links, count, counted(count, "link"));
    let mut ends = Vec::new();
    let mut loops = Vec::new();
    for link in links.iter() {
        let (from, to) = (find(ids, &link.from, link.line)?, find(ids, &link.to, link.line)?);
        if from == to {
            loops.push(link.from.as_str());
        } else {
            ends.push((from, to));
        }
    }
    let words = format!(
        "{} where they end, at {}: they carry nothing anywhere",
        counted_as(loops.len(), "link that starts", "links that start"),
        listed(loops.iter().copied())
    );
    report.say_of(Kind::LeftOut, Subject::SelfLoops, (loops.len(), count), words);
    links.retain(|link| link.from != link.to);
    Ok(ends)
}

fn find(ids: &Ids, name: &str, line: u64) -> Result<NodeId> {
    let unknown =
        || Why::Unknown { what: "node", name: super::error::shown(name), known: ids.len() };
    ids.get(name).map(|(id, _)| *id).ok_or_else(|| Fault::at(line, unknown()))
}

/// What all stated weights are multiplied by to be whole; `None` where they cannot be, or none is stated.
fn weight_scale(links: &[RawLink], report: &mut ImportReport) -> Option<f64> {
    let stated: Vec<f64> = links.iter().filter_map(|link| link.weight).collect();
    if stated.is_empty() {
        return None;
    }
    let of = (stated.len(), links.len());
    let fits = |scale: f64| {
        stated.iter().all(|weight| {
            let scaled = weight * scale;
            let off = (scaled - scaled.round()).abs();
            off <= 1e-9 * scaled && (1.0..=f64::from(WEIGHT_MAX)).contains(&scaled.round())
        })
    };
    let scale = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6].into_iter().find(|&scale| fits(scale));
    match scale {
        Some(scale) => {
            let by =
                if scale > 1.0 { format!(", times {scale} to be whole") } else { String::new() };
            let words = format!("routing weights of {} of {} links{by}", of.0, of.1);
            report.say_of(Kind::Read, Subject::Weights, of, words);
            let words =
                format!("{} of {} links state no routing weight and get 1", of.1 - of.0, of.1);
            report.say_of(Kind::Assumed, Subject::Weights, (of.1 - of.0, of.1), words);
        }
        None => {
            let words = format!(
                "routing weights are not used: not all are whole numbers from 1 to {WEIGHT_MAX}, also not when \
                 multiplied; every link gets 1"
            );
            report.say_of(Kind::LeftOut, Subject::Weights, of, words);
        }
    }
    scale
}

fn add_links(
    builder: &mut Builder,
    links: Vec<RawLink>,
    ends: &[(NodeId, NodeId)],
    weight_scale: Option<f64>,
    options: &ImportOptions,
    report: &mut ImportReport,
) -> Result<()> {
    note_capacities(&links, options, report);
    let arc_of = |link: &RawLink| {
        let installable = link.installable_bps.filter(|_| options.assume_capacity.is_none());
        let weight = match (link.weight, weight_scale) {
            (Some(weight), Some(scale)) => (weight * scale).round() as u32,
            _ => 1,
        };
        NewArc { capacity_bps: link.capacity_bps.or(installable), weight }
    };
    let back = if options.both_ways { BTreeMap::new() } else { opposite(&links, ends) };
    let backs: BTreeSet<usize> = back.values().copied().collect();
    let mut one_way = 0;
    for (n, (link, &(from, to))) in links.iter().zip(ends).enumerate() {
        if backs.contains(&n) {
            continue;
        }
        let forward = arc_of(link);
        let backward = match back.get(&n) {
            Some(&other) => Some(arc_of(&links[other])),
            None if link.one_way && !options.both_ways => None,
            None => Some(forward),
        };
        one_way += usize::from(backward.is_none());
        let name = link.name.clone();
        builder
            .link(NewLink { name, from, to, forward, backward })
            .map_err(|error| refused(link.line, error))?;
    }
    note_directions(&links, backs.len(), one_way, options, report);
    Ok(())
}

/// Links of one direction with the link that goes back, first with first where several join two nodes.
fn opposite(links: &[RawLink], ends: &[(NodeId, NodeId)]) -> BTreeMap<usize, usize> {
    let mut waiting: BTreeMap<(NodeId, NodeId), std::collections::VecDeque<usize>> =
        BTreeMap::new();
    let mut back = BTreeMap::new();
    for (n, (link, &(from, to))) in links.iter().zip(ends).enumerate() {
        if !link.one_way {
            continue;
        }
        match waiting.get_mut(&(to, from)).and_then(std::collections::VecDeque::pop_front) {
            Some(first) => {
                back.insert(first, n);
            }
            None => waiting.entry((from, to)).or_default().push_back(n),
        }
    }
    back
}

fn note_capacities(links: &[RawLink], options: &ImportOptions, report: &mut ImportReport) {
    let stated = links.iter().filter(|link| link.capacity_bps.is_some()).count();
    let words = format!("capacity of {stated} of {}", counted(links.len(), "link"));
    report.say_of(Kind::Read, Subject::Capacities, (stated, links.len()), words);
    let assumed = links
        .iter()
        .filter(|link| link.capacity_bps.is_none() && link.installable_bps.is_some())
        .count();
    if options.assume_capacity.is_none() {
        let words = format!(
            "{assumed} of {} have nothing installed yet; each is taken to have one of its largest installable modules",
            counted(links.len(), "link")
        );
        report.say_of(Kind::Assumed, Subject::Capacities, (assumed, links.len()), words);
    }
}

fn note_directions(
    links: &[RawLink],
    paired: usize,
    one_way: usize,
    options: &ImportOptions,
    report: &mut ImportReport,
) {
    let of = links.len();
    let words = format!(
        "{} stated for one direction are the two directions of {paired} links",
        counted(2 * paired, "link")
    );
    report.say_of(Kind::Assumed, Subject::Directions, (2 * paired, of), words);
    let words = format!(
        "{} for one direction only: nothing can go back over them",
        counted_as(one_way, "link is", "links are")
    );
    report.say_of(Kind::Doubtful, Subject::Directions, (one_way, of), words);
    let turned = links.iter().filter(|link| link.one_way).count();
    if options.both_ways {
        let words = format!(
            "{turned} of {of} links are stated for one direction and carry traffic both ways, as you said"
        );
        report.say_of(Kind::Assumed, Subject::Directions, (turned, of), words);
    }
}

fn add_demands(
    demands: Vec<RawDemand>,
    ids: &Ids,
    report: &mut ImportReport,
) -> Result<Option<TrafficMatrix>> {
    if demands.is_empty() {
        return Ok(None);
    }
    let count = demands.len();
    let mut own = 0;
    let mut found = Vec::with_capacity(count);
    for demand in demands {
        let (from, to) =
            (find(ids, &demand.from, demand.line)?, find(ids, &demand.to, demand.line)?);
        own += usize::from(from == to);
        found.push(Demand { from, to, bps: demand.bps });
    }
    let matrix = TrafficMatrix::new(found);
    let words = format!("{}, {} in all", counted(count, "demand"), rate_words(matrix.total_bps()));
    report.say(Kind::Read, Subject::Demands, count, words);
    let words =
        format!("{} of a node to itself: they never enter the network", counted(own, "demand"));
    report.say_of(Kind::LeftOut, Subject::SelfDemands, (own, count), words);
    Ok(Some(matrix))
}
