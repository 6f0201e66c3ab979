//! What holds a network together: links and nodes whose loss would split it, and how many separate ways join two nodes.
//!
//! Directions are ignored: a link holds as long as one of its directions is there. Drained nodes hold nothing together.

use std::collections::VecDeque;

use crate::routing::Overlay;
use crate::topology::{LinkId, NodeId, Topology};

/// The undirected network that is left under some overlays.
#[derive(Debug, Clone)]
pub(super) struct Remains<'a> {
    topology: &'a Topology,
    is_there: Vec<bool>,
}

/// Links and nodes whose loss splits what hangs together, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Cuts {
    pub(super) links: Vec<LinkId>,
    pub(super) nodes: Vec<NodeId>,
}

/// Where a depth-first search stands at one node.
struct Visit {
    node: usize,
    by: Option<LinkId>,
    /// How many of the node's arcs were looked at.
    seen: usize,
    children: usize,
}

const UNSEEN: u32 = u32::MAX;

impl<'a> Remains<'a> {
    pub(super) fn new(topology: &'a Topology, overlays: &[&Overlay]) -> Self {
        let drained = |n: u32| overlays.iter().any(|overlay| overlay.is_drained(NodeId(n)));
        let removed = |arc| overlays.iter().any(|overlay| overlay.is_removed(arc));
        let nodes = u32::try_from(topology.nodes().len()).unwrap_or(u32::MAX);
        let lets_through: Vec<bool> = (0..nodes).map(|n| !drained(n)).collect();
        let is_there = topology.links().iter().map(|link| {
            lets_through[link.from.index()]
                && lets_through[link.to.index()]
                && std::iter::once(link.forward).chain(link.backward).any(|arc| !removed(arc))
        });
        Self { topology, is_there: is_there.collect() }
    }

    /// Links at a node that are there, each with its other end; two directions of a link are one.
    fn links_at(&self, node: usize) -> impl Iterator<Item = (LinkId, usize)> {
        let id = NodeId(node as u32);
        let leaving = self.topology.leaving(id).iter().map(|&arc| {
            let arc = self.topology.arc(arc);
            (arc.link, arc.to.index())
        });
        // A one-way link is seen from its end too.
        let arriving = self.topology.arriving(id).iter().filter_map(|&arc| {
            let arc = self.topology.arc(arc);
            self.topology.link(arc.link).backward.is_none().then_some((arc.link, arc.from.index()))
        });
        leaving.chain(arriving).filter(|(link, _)| self.is_there[link.index()])
    }

    /// How many links at a node are there.
    pub(super) fn degree(&self, node: NodeId) -> usize {
        self.links_at(node.index()).count()
    }

    /// Whether a link is there.
    pub(super) fn has(&self, link: LinkId) -> bool {
        self.is_there[link.index()]
    }

    /// All links and nodes whose loss would split the network (depth-first search with low points).
    pub(super) fn cuts(&self) -> Cuts {
        let nodes = self.topology.nodes().len();
        let mut found = Cuts::default();
        let mut entered = vec![UNSEEN; nodes];
        let mut low = vec![UNSEEN; nodes];
        let mut is_cut = vec![false; nodes];
        let mut clock = 0;
        let links: Vec<Vec<(LinkId, usize)>> =
            (0..nodes).map(|node| self.links_at(node).collect()).collect();
        for root in 0..nodes {
            if entered[root] != UNSEEN {
                continue;
            }
            let mut stack = vec![Visit { node: root, by: None, seen: 0, children: 0 }];
            while let Some(visit) = stack.last_mut() {
                let node = visit.node;
                if visit.seen == 0 {
                    entered[node] = clock;
                    low[node] = clock;
                    clock += 1;
                }
                if let Some(&(link, other)) = links[node].get(visit.seen) {
                    visit.seen += 1;
                    if Some(link) == visit.by {
                        continue;
                    }
                    if entered[other] == UNSEEN {
                        visit.children += 1;
                        stack.push(Visit { node: other, by: Some(link), seen: 0, children: 0 });
                    } else {
                        low[node] = low[node].min(entered[other]);
                    }
                    continue;
                }
                let (by, children) = (visit.by, visit.children);
                stack.pop();
                let Some(parent) = stack.last() else {
                    is_cut[node] = children > 1;
                    continue;
                };
                low[parent.node] = low[parent.node].min(low[node]);
                if low[node] > entered[parent.node] {
                    found.links.extend(by);
                }
                if low[node] >= entered[parent.node] && parent.by.is_some() {
                    is_cut[parent.node] = true;
                }
            }
        }
        found.links.sort_unstable();
        found.nodes = (0..nodes).filter(|&n| is_cut[n]).map(|n| NodeId(n as u32)).collect();
        found
    }

    /// How many ways without a common link join two nodes, at most `most`.
    pub(super) fn separate_ways(&self, one: NodeId, other: NodeId, most: usize) -> usize {
        let (from, to) = (one.index(), other.index());
        // +1 where a way uses a link in its forward direction, −1 backward.
        let mut used: Vec<i8> = vec![0; self.topology.links().len()];
        let mut came: Vec<Option<(LinkId, usize)>> = vec![None; self.topology.nodes().len()];
        let mut ways = 0;
        while ways < most && self.find_way(from, to, &used, &mut came) {
            let mut node = to;
            while let Some((link, before)) = came[node].filter(|_| node != from) {
                let forward = self.topology.link(link).from.index() == before;
                used[link.index()] += if forward { 1 } else { -1 };
                node = before;
            }
            ways += 1;
        }
        ways
    }

    fn find_way(
        &self,
        from: usize,
        to: usize,
        used: &[i8],
        came: &mut [Option<(LinkId, usize)>],
    ) -> bool {
        came.fill(None);
        let mut queue = VecDeque::from([from]);
        while let Some(node) = queue.pop_front() {
            for (link, other) in self.links_at(node) {
                let forward = self.topology.link(link).from.index() == node;
                let is_full = used[link.index()] == if forward { 1 } else { -1 };
                if is_full || other == from || came[other].is_some() {
                    continue;
                }
                came[other] = Some((link, node));
                if other == to {
                    return true;
                }
                queue.push_back(other);
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::topology::{Builder, NewArc, NewLink, NewNode};

    fn network(nodes: usize, links: &[(usize, usize)]) -> Topology {
        let mut builder = Builder::new("");
        for n in 0..nodes {
            builder.node(NewNode { name: format!("n{n}"), ..NewNode::default() }).expect("new");
        }
        for &(a, b) in links {
            let (from, to) = (NodeId((a % nodes) as u32), NodeId((b % nodes) as u32));
            let forward = NewArc::default();
            // Every third is one-way: that holds as well as the others.
            let backward = (a % 3 != 0).then_some(forward);
            if from != to {
                builder.link(NewLink { name: None, from, to, forward, backward }).expect("valid");
            }
        }
        builder.build()
    }

    /// How many parts a network has without some links and nodes, by flooding.
    fn parts(topology: &Topology, without: &[LinkId], node: Option<usize>) -> usize {
        let mut part: Vec<usize> = (0..topology.nodes().len()).collect();
        for _ in 0..part.len() {
            for (id, link) in (0..).map(LinkId).zip(topology.links()) {
                let (a, b) = (link.from.index(), link.to.index());
                if !without.contains(&id) && node != Some(a) && node != Some(b) {
                    let least = part[a].min(part[b]);
                    (part[a], part[b]) = (least, least);
                }
            }
        }
        (0..part.len()).filter(|&n| part[n] == n && node != Some(n)).count()
    }

    proptest! {
        #[test]
        fn cuts_are_what_splits(links in prop::collection::vec((0usize..8, 0usize..8), 0..14)) {
            let topology = network(8, &links);
            let cuts = Remains::new(&topology, &[]).cuts();
            let whole = parts(&topology, &[], None);
            for id in (0..topology.links().len()).map(|n| LinkId(n as u32)) {
                let splits = parts(&topology, &[id], None) > whole;
                prop_assert_eq!(cuts.links.contains(&id), splits, "{:?}", id);
            }
            for node in 0..8 {
                // A node that stands alone takes its own part with it.
                let alone = Remains::new(&topology, &[]).degree(NodeId(node as u32)) == 0;
                let splits = !alone && parts(&topology, &[], Some(node)) > whole;
                prop_assert_eq!(cuts.nodes.contains(&NodeId(node as u32)), splits, "{}", node);
            }
        }

        #[test]
        fn separate_ways_are_the_links_that_must_fail(
            links in prop::collection::vec((0usize..5, 0usize..5), 0..9)
        ) {
            let topology = network(5, &links);
            let (one, other) = (NodeId(0), NodeId(4));
            let ways = Remains::new(&topology, &[]).separate_ways(one, other, 9);
            // By Menger's theorem: the fewest links whose loss separates the two.
            let count = topology.links().len();
            let fewest = (0u32..1 << count)
                .filter(|set| {
                    let gone: Vec<LinkId> =
                        (0..count as u32).filter(|n| set >> n & 1 == 1).map(LinkId).collect();
                    let gone = Overlay::without(&topology, gone);
                    Remains::new(&topology, &[&gone]).separate_ways(one, other, 1) == 0
                })
                .map(u32::count_ones)
                .min();
            prop_assert_eq!(Some(ways as u32), fewest);
        }
    }
}
