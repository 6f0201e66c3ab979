//! What there is to say of a network, as values; the JSON answer is this.

use std::collections::BTreeMap;

use npo_network::format::ImportReport;
use npo_network::topology::survey::{Survey, survey};
use npo_network::topology::{LinkId, NodeId, Topology};
use npo_network::traffic::{Times, TrafficMatrix, TrafficSeries};
use serde::Serialize;

use super::super::source::Read;

/// A network; rates are bit/s.
#[derive(Debug, Serialize)]
pub(super) struct Document<'a> {
    pub(super) name: &'a str,
    pub(super) nodes: Vec<NodeRow<'a>>,
    pub(super) links: usize,
    pub(super) one_way_links: usize,
    /// Nodes of each part that no link joins to another.
    pub(super) parts: Vec<usize>,
    /// Links by the capacity of their forward direction, the largest first; those without one last.
    pub(super) capacities: Vec<CapacityRow>,
    pub(super) bundles: Vec<BundleRow<'a>>,
    pub(super) bridges: Vec<BridgeRow<'a>>,
    pub(super) cut_nodes: Vec<CutRow<'a>>,
    pub(super) sites: Vec<SiteRow<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) demands: Option<Traffic<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) traffic: Option<Traffic<'a>>,
    pub(super) import: Vec<&'a ImportReport>,
}

#[derive(Debug, Serialize)]
pub(super) struct NodeRow<'a> {
    pub(super) name: &'a str,
    pub(super) site: &'a str,
    pub(super) external: bool,
    pub(super) neighbours: usize,
    pub(super) links: usize,
    /// What leaves it at most; `None` if the capacity of a link is not known.
    pub(super) capacity_bps: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(super) struct CapacityRow {
    pub(super) capacity_bps: Option<f64>,
    pub(super) links: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct BundleRow<'a> {
    pub(super) ends: [&'a str; 2],
    pub(super) links: Vec<&'a str>,
    pub(super) capacity_bps: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(super) struct BridgeRow<'a> {
    pub(super) link: &'a str,
    pub(super) ends: [&'a str; 2],
    pub(super) capacity_bps: Option<f64>,
    pub(super) cut_off: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct CutRow<'a> {
    pub(super) node: &'a str,
    pub(super) parts: usize,
    pub(super) cut_off: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct SiteRow<'a> {
    pub(super) site: &'a str,
    pub(super) nodes: usize,
}

/// Demands, at one time or as means over time.
#[derive(Debug, Serialize)]
pub(super) struct Traffic<'a> {
    pub(super) steps: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) step_ms: Option<i64>,
    /// First and last, ms since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) span_ms: Option<[i64; 2]>,
    /// Total at each step: least, mean, most.
    pub(super) total_bps: [f64; 3],
    pub(super) pairs: Vec<PairRow<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct PairRow<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) mean_bps: f64,
    pub(super) peak_bps: f64,
}

impl<'a> Document<'a> {
    /// What there is to say of what was read.
    pub(super) fn of(read: &'a Read) -> Self {
        let topology = &read.network.topology;
        let survey = survey(topology);
        let reports = [Some(&read.network.report), read.traffic.as_ref().map(|t| &t.report)];
        Self {
            name: topology.name(),
            nodes: nodes(topology, &survey),
            links: topology.links().len(),
            one_way_links: topology.links().iter().filter(|link| link.backward.is_none()).count(),
            parts: survey.parts.iter().map(Vec::len).collect(),
            capacities: capacities(topology),
            bundles: bundles(topology),
            bridges: bridges(topology, &survey),
            cut_nodes: cut_nodes(topology, &survey),
            sites: sites(topology),
            demands: read.network.demands.as_ref().map(|matrix| of_matrix(topology, matrix)),
            traffic: read.traffic.as_ref().map(|traffic| of_series(&traffic.series)),
            import: reports.into_iter().flatten().collect(),
        }
    }
}

fn name(topology: &Topology, id: NodeId) -> &str {
    &topology.node(id).name
}

fn ends(topology: &Topology, id: LinkId) -> [&str; 2] {
    let link = topology.link(id);
    [name(topology, link.from), name(topology, link.to)]
}

fn capacity(topology: &Topology, id: LinkId) -> Option<f64> {
    topology.arc(topology.link(id).forward).capacity_bps
}

/// Nodes, those with most neighbours first.
fn nodes<'a>(topology: &'a Topology, survey: &Survey) -> Vec<NodeRow<'a>> {
    let mut links = vec![0; topology.nodes().len()];
    for link in topology.links() {
        links[link.from.index()] += 1;
        links[link.to.index()] += 1;
    }
    let row = |(n, node): (usize, &'a npo_network::topology::Node)| {
        let id = NodeId(u32::try_from(n).unwrap_or(u32::MAX));
        let capacities = topology.leaving(id).iter().map(|&arc| topology.arc(arc).capacity_bps);
        NodeRow {
            name: &node.name,
            site: &node.site,
            external: node.external,
            neighbours: survey.neighbours[n],
            links: links[n],
            capacity_bps: capacities.sum(),
        }
    };
    let mut rows: Vec<NodeRow<'_>> = topology.nodes().iter().enumerate().map(row).collect();
    rows.sort_by(|a, b| (b.neighbours, b.links, a.name).cmp(&(a.neighbours, a.links, b.name)));
    rows
}

fn capacities(topology: &Topology) -> Vec<CapacityRow> {
    let mut by_bits: BTreeMap<Option<u64>, usize> = BTreeMap::new();
    for n in 0..topology.links().len() {
        let id = LinkId(u32::try_from(n).unwrap_or(u32::MAX));
        // Bits of positive numbers are in their order.
        *by_bits.entry(capacity(topology, id).map(f64::to_bits)).or_default() += 1;
    }
    let rows = by_bits.into_iter().rev();
    rows.map(|(bits, links)| CapacityRow { capacity_bps: bits.map(f64::from_bits), links })
        .collect()
}

/// Bundles of several links, the largest first.
fn bundles(topology: &Topology) -> Vec<BundleRow<'_>> {
    let several = topology.bundles().iter().filter(|bundle| bundle.links.len() > 1);
    let mut rows: Vec<BundleRow<'_>> = several
        .map(|bundle| BundleRow {
            ends: [name(topology, bundle.ends.0), name(topology, bundle.ends.1)],
            links: bundle.links.iter().map(|&id| topology.link(id).name.as_str()).collect(),
            capacity_bps: bundle.links.iter().map(|&id| capacity(topology, id)).sum(),
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.links.len()));
    rows
}

fn bridges<'a>(topology: &'a Topology, survey: &Survey) -> Vec<BridgeRow<'a>> {
    let row = |bridge: &npo_network::topology::survey::Bridge| BridgeRow {
        link: &topology.link(bridge.link).name,
        ends: ends(topology, bridge.link),
        capacity_bps: capacity(topology, bridge.link),
        cut_off: bridge.cut_off,
    };
    survey.bridges.iter().map(row).collect()
}

fn cut_nodes<'a>(topology: &'a Topology, survey: &Survey) -> Vec<CutRow<'a>> {
    let row = |cut: &npo_network::topology::survey::CutNode| CutRow {
        node: name(topology, cut.node),
        parts: cut.parts,
        cut_off: cut.cut_off,
    };
    survey.cut_nodes.iter().map(row).collect()
}

fn sites(topology: &Topology) -> Vec<SiteRow<'_>> {
    let mut sites: BTreeMap<&str, usize> = BTreeMap::new();
    for node in topology.nodes().iter().filter(|node| !node.site.is_empty()) {
        *sites.entry(&node.site).or_default() += 1;
    }
    let mut rows: Vec<SiteRow<'_>> =
        sites.into_iter().map(|(site, nodes)| SiteRow { site, nodes }).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.nodes));
    rows
}

fn of_matrix<'a>(topology: &'a Topology, matrix: &TrafficMatrix) -> Traffic<'a> {
    let pairs = matrix.demands().iter().map(|demand| PairRow {
        from: name(topology, demand.from),
        to: name(topology, demand.to),
        mean_bps: demand.bps,
        peak_bps: demand.bps,
    });
    let total_bps = [matrix.total_bps(); 3];
    Traffic { steps: 1, step_ms: None, span_ms: None, total_bps, pairs: busiest(pairs.collect()) }
}

fn of_series(series: &TrafficSeries) -> Traffic<'_> {
    let steps = series.len();
    let mut sums = vec![(0.0_f64, 0.0_f64); series.pairs.len()];
    let (mut least, mut most, mut all) = (f64::INFINITY, 0.0_f64, 0.0_f64);
    for row in &series.rows {
        let mut total = 0.0;
        for ((sum, (from, to)), &bps) in sums.iter_mut().zip(&series.pairs).zip(row) {
            // What a node sends to itself never enters the network.
            if from != to {
                *sum = (sum.0 + bps, sum.1.max(bps));
                total += bps;
            }
        }
        (least, most, all) = (least.min(total), most.max(total), all + total);
    }
    let span_ms = match &series.times {
        Times::Clock(at) => at.first().zip(at.last()).map(|(first, last)| [*first, *last]),
        Times::Steps => None,
    };
    let pairs = series.pairs.iter().zip(sums).filter(|(_, (_, peak))| *peak > 0.0);
    let pairs = pairs.map(|((from, to), (sum, peak_bps))| PairRow {
        from,
        to,
        mean_bps: sum / steps as f64,
        peak_bps,
    });
    let total_bps = [least.min(most), all / steps.max(1) as f64, most];
    let step_ms = series.step_ms();
    Traffic { steps, step_ms, span_ms, total_bps, pairs: busiest(pairs.collect()) }
}

fn busiest(mut pairs: Vec<PairRow<'_>>) -> Vec<PairRow<'_>> {
    pairs.sort_by(|a, b| {
        b.mean_bps.total_cmp(&a.mean_bps).then_with(|| (a.from, a.to).cmp(&(b.from, b.to)))
    });
    pairs
}
