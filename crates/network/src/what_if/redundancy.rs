//! What still holds after a change when something else fails as well.

use std::collections::BTreeMap;

use super::graph_cuts::{Cuts, Remains};
use super::summary::{Bounded, Group, NextHops, Redundancy};
use super::{Baseline, Change, Effect};
use crate::routing::{Net, State};
use crate::topology::{BundleId, NodeId, Topology};

/// Separate ways are counted up to this many: more make no difference to anybody.
pub const WAYS_MAX: usize = 16;

/// Most groups of which separate ways are counted, each by a few searches through the network. Beyond it the links
/// left at the ends stand in, which are never fewer.
const GROUPS_SEARCHED_MAX: usize = 64;

/// Most groups and single points of a list.
const LISTED_MAX: usize = 12;

/// A group of links that a change takes from.
struct Taken {
    bundle: BundleId,
    /// The end that is removed or drained, if that is why.
    node: Option<NodeId>,
    left: usize,
}

pub(super) fn redundancy(effect: Effect<'_>, changes: &[Change]) -> Redundancy {
    let baseline = effect.baseline();
    let topology = baseline.topology();
    let before = Remains::new(topology, &[baseline.overlay()]);
    let after = Remains::new(topology, &[baseline.overlay(), effect.overlay()]);
    let mut taken = taken(topology, changes, &before);
    for (n, group) in taken.iter_mut().enumerate() {
        let (one, other) = topology.bundle(group.bundle).ends;
        group.left = match group.node {
            Some(node) => after.degree(if node == one { other } else { one }),
            None if n < GROUPS_SEARCHED_MAX => after.separate_ways(one, other, WAYS_MAX),
            None => after.degree(one).min(after.degree(other)),
        };
    }
    taken.sort_by_key(|group| (group.left, group.bundle));
    let state = baseline.state_under(effect.overlay());
    let listed = taken.iter().take(LISTED_MAX).map(|taken| {
        let (one, other) = topology.bundle(taken.bundle).ends;
        let links = &topology.bundle(taken.bundle).links;
        let tails =
            [(one, other), (other, one)].into_iter().filter(|(at, _)| Some(*at) != taken.node);
        Group {
            one: topology.node(one).name.clone(),
            other: topology.node(other).name.clone(),
            links_before: links.iter().filter(|&&link| before.has(link)).count(),
            links_left: links.iter().filter(|&&link| after.has(link)).count(),
            changed_node: taken.node.map(|node| topology.node(node).name.clone()),
            left: taken.left,
            next_hops: tails.filter_map(|(at, to)| next_hops(baseline, &state, at, to)).collect(),
        }
    });
    Redundancy {
        left: taken.first().map(|group| group.left),
        groups: Bounded { count: taken.len(), first: listed.collect() },
        new_single_points: new_single_points(topology, &before.cuts(), &after.cuts()),
    }
}

/// The groups that changes take from, once each; nothing between two changed nodes, where nothing can be left.
fn taken(topology: &Topology, changes: &[Change], before: &Remains<'_>) -> Vec<Taken> {
    let mut nodes: BTreeMap<BundleId, Vec<NodeId>> = BTreeMap::new();
    for change in changes {
        match *change {
            Change::RemoveLink(link) if before.has(link) => {
                nodes.entry(topology.link(link).bundle).or_default();
            }
            Change::RemoveNode(node) | Change::DrainNode(node) => {
                let at_node = topology.leaving(node).iter().chain(topology.arriving(node));
                let links = at_node.map(|&arc| topology.arc(arc).link);
                for link in links.filter(|&link| before.has(link)) {
                    let known = nodes.entry(topology.link(link).bundle).or_default();
                    if !known.contains(&node) {
                        known.push(node);
                    }
                }
            }
            Change::RemoveLink(_) | Change::Weight(..) | Change::Shift(..) => {}
        }
    }
    nodes
        .into_iter()
        .filter(|(_, nodes)| nodes.len() < 2)
        .map(|(bundle, nodes)| Taken { bundle, node: nodes.first().copied(), left: 0 })
        .collect()
}

/// Equal-cost next hops at `at`, toward the destination that keeps the fewest of those that it sends to over links to
/// `to` that are lost; `None` if it sends nothing there.
fn next_hops(baseline: &Baseline, state: &State, at: NodeId, to: NodeId) -> Option<NextHops> {
    let wiring = &baseline.wiring;
    let (before, after) = (baseline.net(), Net { wiring, state });
    let mut fewest: Option<(usize, usize)> = None;
    for destination in &baseline.destinations {
        if destination.flow[at.index()] <= 0.0 {
            continue;
        }
        let dest = destination.node as usize;
        let dist = |node: usize| destination.dist[node];
        let hops = wiring
            .leaving(at.index())
            .filter(|&slot| before.is_tight(slot, dest, dist(at.index()), dist(wiring.head(slot))));
        let (mut count, mut left, mut is_taken) = (0, 0, false);
        for slot in hops {
            let is_lost = !after.leads(slot, dest);
            count += 1;
            left += usize::from(!is_lost);
            is_taken |= is_lost && wiring.head(slot) == to.index();
        }
        if is_taken && fewest.is_none_or(|(_, least)| left < least) {
            fewest = Some((count, left));
        }
    }
    let (before, left) = fewest?;
    Some(NextHops { at: baseline.topology().node(at).name.clone(), before, left })
}

/// Links and nodes whose failure splits what is left, and did not split the network before.
fn new_single_points(topology: &Topology, before: &Cuts, after: &Cuts) -> Bounded<String> {
    let links = after.links.iter().filter(|link| before.links.binary_search(link).is_err());
    let nodes = after.nodes.iter().filter(|node| before.nodes.binary_search(node).is_err());
    let links = links.map(|&link| format!("link {}", topology.link(link).name));
    let nodes = nodes.map(|&node| format!("node {}", topology.node(node).name));
    Bounded::new(links.chain(nodes).collect(), LISTED_MAX)
}

impl Baseline {
    /// The state of the network with an overlay on top.
    fn state_under(&self, overlay: &crate::routing::Overlay) -> State {
        let mut state = self.state.clone();
        state.lay(&self.wiring, overlay);
        state
    }
}
