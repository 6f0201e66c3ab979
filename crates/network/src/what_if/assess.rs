//! From loads before and after to a [`Summary`].

use super::change::{Change, Error};
use super::redundancy::redundancy;
use super::summary::{ArcChange, Bounded, Condition, CutOff, Moved, Pair, Peak, Summary};
use super::{Baseline, Effect, Scratch};
use crate::routing::{Loads, UNREACHABLE, total_bps};
use crate::topology::{ArcId, NodeId, Topology};
use crate::traffic::Demand;

/// Utilisation that should not be passed, unless somebody says otherwise.
pub const LIMIT_DEFAULT: f64 = 0.8;

/// Most arcs of a list.
const ARCS_MAX: usize = 20;
/// Most arcs of the list of those that gain.
const GAINING_MAX: usize = 10;
/// Most pairs of a list.
const PAIRS_MAX: usize = 20;

/// What changes would do to a network.
///
/// # Errors
/// Changes that cannot be made.
///
/// # Panics
/// If the scratch belongs to another baseline.
pub fn what_if(
    baseline: &Baseline,
    scratch: &mut Scratch,
    changes: &[Change],
    limit: f64,
) -> Result<Summary, Error> {
    let overlay = Change::overlay(baseline.topology(), changes)?;
    let effect = scratch.apply(baseline, &overlay);
    Ok(summary(effect, changes, limit))
}

/// The summary of changes that were applied; `effect` must be theirs.
#[must_use]
pub fn summary(effect: Effect<'_>, changes: &[Change], limit: f64) -> Summary {
    let baseline = effect.baseline();
    let topology = baseline.topology();
    let traffic_bps = baseline.matrix().total_bps();
    let loads = effect.loads();
    let known = topology.arcs().iter().filter(|arc| arc.capacity_bps.is_some()).count();
    let Steps { pushed, relieved, gaining } = Steps::new(topology, baseline.loads(), &loads, limit);
    Summary {
        changes: changes.iter().map(|change| change.words(topology)).collect(),
        limit,
        traffic_bps,
        arcs_with_capacity: known,
        arcs_without_capacity: topology.arcs().len() - known,
        before: condition(topology, baseline.loads(), traffic_bps, limit),
        after: condition(topology, &loads, traffic_bps, limit),
        pushed_past_capacity: pushed.iter().filter(|arc| arc.after() > Some(1.0)).count(),
        pushed: Bounded::new(pushed, ARCS_MAX),
        relieved,
        gaining: Bounded::new(gaining, GAINING_MAX),
        cut_off: cut_off(topology, effect.cut_off(), traffic_bps),
        moved: moved(effect, changes, traffic_bps),
        redundancy: redundancy(effect, changes),
    }
}

/// How a network stands that carries these loads.
pub(super) fn condition(
    topology: &Topology,
    loads: &Loads,
    traffic_bps: f64,
    limit: f64,
) -> Condition {
    let past = |limit: f64| {
        let arcs = arcs(topology).filter(|&arc| loads.utilisation(topology, arc) > Some(limit));
        arcs.count()
    };
    let stranded_bps = loads.stranded_bps();
    let carried = traffic_bps - stranded_bps;
    let on_links: f64 = loads.by_arc().iter().sum();
    Condition {
        fullest: loads.fullest(topology).map(|(arc, utilisation)| Peak {
            arc: topology.arc_label(arc),
            bps: loads.arc_bps(arc),
            capacity_bps: loads.arc_bps(arc) / utilisation,
            utilisation,
        }),
        past_limit: past(limit),
        past_capacity: past(1.0),
        stranded_bps,
        hops_mean: if carried > 0.0 { on_links / carried } else { 0.0 },
    }
}

fn arcs(topology: &Topology) -> impl Iterator<Item = ArcId> + use<> {
    (0u32..).take(topology.arcs().len()).map(ArcId)
}

/// Arcs that pass a limit upward or downward, and those that gain.
struct Steps {
    pushed: Vec<ArcChange>,
    relieved: usize,
    gaining: Vec<ArcChange>,
}

impl Steps {
    fn new(topology: &Topology, before: &Loads, after: &Loads, limit: f64) -> Self {
        let mut steps = Self { pushed: Vec::new(), relieved: 0, gaining: Vec::new() };
        for id in arcs(topology) {
            let (before_bps, after_bps) = (before.arc_bps(id), after.arc_bps(id));
            let arc = topology.arc(id);
            let change = || ArcChange {
                arc: topology.arc_label(id),
                link: topology.link(arc.link).name.clone(),
                capacity_bps: arc.capacity_bps,
                before_bps,
                after_bps,
            };
            // Less than a billionth of its load is rounding.
            if after_bps - before_bps > before_bps * 1e-9 {
                steps.gaining.push(change());
            }
            if let Some(capacity) = arc.capacity_bps {
                let is_past = |bps: f64| bps / capacity > limit;
                match (is_past(before_bps), is_past(after_bps)) {
                    (false, true) => steps.pushed.push(change()),
                    (true, false) => steps.relieved += 1,
                    (true, true) | (false, false) => {}
                }
            }
        }
        // Stable sorts: the first of equals stays first.
        steps.pushed.sort_by(|a, b| b.after().partial_cmp(&a.after()).unwrap_or(EQUAL));
        let gain = |arc: &ArcChange| (arc.after().zip(arc.before())).map(|(a, b)| a - b);
        steps.gaining.sort_by(|a, b| {
            let by_share = gain(b).partial_cmp(&gain(a)).unwrap_or(EQUAL);
            let bps = |arc: &ArcChange| arc.after_bps - arc.before_bps;
            by_share.then(bps(b).total_cmp(&bps(a)))
        });
        steps
    }
}

const EQUAL: std::cmp::Ordering = std::cmp::Ordering::Equal;

fn cut_off(topology: &Topology, lost: &[Demand], traffic_bps: f64) -> CutOff {
    let mut lost = lost.to_vec();
    lost.sort_by(|a, b| b.bps.total_cmp(&a.bps).then((a.to, a.from).cmp(&(b.to, b.from))));
    let bps = total_bps(&lost);
    let name = |node: NodeId| topology.node(node).name.clone();
    let count = lost.len();
    lost.truncate(PAIRS_MAX);
    let pairs = lost.iter().map(|demand| Pair {
        from: name(demand.from),
        to: name(demand.to),
        bps: demand.bps,
    });
    let pairs = Bounded { count, first: pairs.collect() };
    CutOff { bps, share: share(bps, traffic_bps), pairs }
}

fn share(bps: f64, of_bps: f64) -> f64 {
    if of_bps > 0.0 { bps / of_bps } else { 0.0 }
}

/// What the changed places carry; see [`Moved`].
fn moved(effect: Effect<'_>, changes: &[Change], traffic_bps: f64) -> Moved {
    let baseline = effect.baseline();
    let topology = baseline.topology();
    let loads = baseline.loads();
    let is_node = |node| {
        changes.iter().any(|change| match *change {
            Change::RemoveNode(other) | Change::DrainNode(other) => other == node,
            Change::RemoveLink(_) | Change::Weight(..) | Change::Shift(..) => false,
        })
    };
    let mut nodes = Vec::new();
    let mut links = Vec::new();
    let mut arcs = Vec::new();
    for change in changes {
        match *change {
            Change::RemoveNode(node) => nodes.push((node, true)),
            Change::DrainNode(node) => nodes.push((node, false)),
            Change::RemoveLink(link) => links.push(link),
            Change::Weight(arc, _) | Change::Shift(arc, _) => arcs.push(arc),
        }
    }
    nodes.sort_unstable();
    nodes.dedup_by_key(|(node, _)| *node);
    links.sort_unstable();
    links.dedup();
    arcs.sort_unstable();
    arcs.dedup();
    // What ends at a changed node was counted there.
    links.retain(|&link| !is_node(topology.link(link).from) && !is_node(topology.link(link).to));
    arcs.retain(|arc| !links.contains(&topology.arc(*arc).link));
    let through: f64 =
        nodes.iter().map(|&(node, ends_too)| through(baseline, node, ends_too)).sum();
    let on_links: f64 =
        links.iter().flat_map(|&link| topology.arcs_of(link)).map(|arc| loads.arc_bps(arc)).sum();
    let shifted: f64 =
        arcs.iter().map(|&arc| (effect.arc_bps(arc) - loads.arc_bps(arc)).abs()).sum();
    // Sums of nothing are −0.
    let bps = (through + on_links + shifted).min(traffic_bps) + 0.0;
    Moved { bps, share: share(bps, traffic_bps) }
}

/// What passes through a node, and with `ends_too` what starts and ends there.
fn through(baseline: &Baseline, node: NodeId, ends_too: bool) -> f64 {
    let at = node.index();
    let per_destination = baseline.destinations.iter().map(|destination| {
        let held = destination.flow[at];
        match ends_too {
            _ if destination.dist[at] >= UNREACHABLE => 0.0,
            true => held,
            false if destination.node == node.0 => 0.0,
            false => (held - baseline.own_bps(destination, at)).max(0.0),
        }
    });
    per_destination.sum()
}
