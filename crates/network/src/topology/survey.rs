//! What holds a network together: its parts, and the links and nodes whose loss would cut some of it off.
//!
//! Links count whatever their direction. A link among several between the same two nodes cuts off nothing.
//! One walk in depth finds all of it, in time linear in nodes and links (Tarjan's low points).

use super::{BundleId, LinkId, NodeId, Topology};

/// A link without which some nodes are cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bridge {
    /// The link.
    pub link: LinkId,
    /// Nodes on its smaller side.
    pub cut_off: usize,
}

/// A node without which others are cut off from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutNode {
    /// The node.
    pub node: NodeId,
    /// How many parts are left of what it holds together, at least 2.
    pub parts: usize,
    /// Nodes that are not in the largest of these parts.
    pub cut_off: usize,
}

/// What holds a network together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Survey {
    /// Nodes of each part that no link joins to another, the largest part first.
    pub parts: Vec<Vec<NodeId>>,
    /// Links without which nodes are cut off, the worst first.
    pub bridges: Vec<Bridge>,
    /// Nodes without which others are cut off, the worst first.
    pub cut_nodes: Vec<CutNode>,
    /// Neighbours of each node, by its id.
    pub neighbours: Vec<usize>,
}

/// Surveys a topology.
#[must_use]
pub fn survey(topology: &Topology) -> Survey {
    let walk = Walk::new(topology);
    let mut survey =
        Survey { neighbours: walk.adjacent.iter().map(Vec::len).collect(), ..Survey::default() };
    let mut seen = walk;
    for start in 0..topology.nodes().len() {
        if seen.order[start] == 0 {
            seen.part(start, topology, &mut survey);
        }
    }
    survey.parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    survey.bridges.sort_by_key(|bridge| (std::cmp::Reverse(bridge.cut_off), bridge.link));
    survey.cut_nodes.sort_by_key(|cut| (std::cmp::Reverse(cut.cut_off), cut.node));
    survey
}

struct Walk {
    /// Neighbours of each node with the bundle that leads there.
    adjacent: Vec<Vec<(usize, BundleId)>>,
    /// When a node was reached, from 1; 0 for not yet.
    order: Vec<usize>,
    /// Earliest node that it or those below it have a bundle to, not counting the one they came by.
    low: Vec<usize>,
    /// Nodes reached through it, itself included.
    below: Vec<usize>,
    reached: usize,
}

/// A node that is being walked from, and how far.
struct Step {
    node: usize,
    by: Option<BundleId>,
    next: usize,
    /// Sizes of what hangs on this node alone: their number, sum and largest.
    hanging: (usize, usize, usize),
}

impl Step {
    fn at(node: usize, by: Option<BundleId>) -> Self {
        Self { node, by, next: 0, hanging: (0, 0, 0) }
    }
}

impl Walk {
    fn new(topology: &Topology) -> Self {
        let nodes = topology.nodes().len();
        let mut adjacent = vec![Vec::new(); nodes];
        for (id, bundle) in (0u32..).zip(topology.bundles()) {
            let (one, other) = (bundle.ends.0.index(), bundle.ends.1.index());
            adjacent[one].push((other, BundleId(id)));
            adjacent[other].push((one, BundleId(id)));
        }
        let zeros = || vec![0; nodes];
        Self { adjacent, order: zeros(), low: zeros(), below: zeros(), reached: 0 }
    }

    /// Walks the part that `start` is in. A stack of its own, for parts may be deeper than the machine's.
    fn part(&mut self, start: usize, topology: &Topology, survey: &mut Survey) {
        let mut members = Vec::new();
        let mut cut: Vec<(usize, (usize, usize, usize))> = Vec::new();
        let mut bridges: Vec<(BundleId, usize)> = Vec::new();
        let mut stack = vec![self.reach(start, None, &mut members)];
        while let Some(step) = stack.last_mut() {
            let Some(&(to, bundle)) = self.adjacent[step.node].get(step.next) else {
                let done = stack.pop().map(|step| (step.node, step.by, step.hanging));
                if let (Some((node, by, hanging)), Some(parent)) = (done, stack.last_mut()) {
                    self.leave(node, by, parent, &mut bridges);
                    if hanging.0 > 0 {
                        cut.push((node, hanging));
                    }
                } else if let Some((node, _, hanging)) = done
                    && hanging.0 > 1
                {
                    // Everything hangs on the start; it holds something together if two things do.
                    cut.push((node, hanging));
                }
                continue;
            };
            step.next += 1;
            if Some(bundle) == step.by {
                continue;
            }
            if self.order[to] > 0 {
                self.low[step.node] = self.low[step.node].min(self.order[to]);
            } else {
                let below = self.reach(to, Some(bundle), &mut members);
                stack.push(below);
            }
        }
        let size = members.len();
        for (bundle, below) in bridges {
            if let [link] = topology.bundle(bundle).links[..] {
                survey.bridges.push(Bridge { link, cut_off: below.min(size - below) });
            }
        }
        for (node, (count, sum, largest)) in cut {
            let rest = size - 1 - sum;
            let parts = count + usize::from(rest > 0);
            let node = NodeId(u32::try_from(node).unwrap_or(u32::MAX));
            survey.cut_nodes.push(CutNode { node, parts, cut_off: size - 1 - largest.max(rest) });
        }
        members.sort_unstable();
        survey.parts.push(members);
    }

    fn reach(&mut self, node: usize, by: Option<BundleId>, members: &mut Vec<NodeId>) -> Step {
        self.reached += 1;
        self.order[node] = self.reached;
        self.low[node] = self.reached;
        self.below[node] = 1;
        members.push(NodeId(u32::try_from(node).unwrap_or(u32::MAX)));
        Step::at(node, by)
    }

    /// Tells the parent of a node what was found below it.
    fn leave(
        &mut self,
        node: usize,
        by: Option<BundleId>,
        parent: &mut Step,
        bridges: &mut Vec<(BundleId, usize)>,
    ) {
        let below = self.below[node];
        self.below[parent.node] += below;
        self.low[parent.node] = self.low[parent.node].min(self.low[node]);
        if let Some(by) = by.filter(|_| self.low[node] > self.order[parent.node]) {
            bridges.push((by, below));
        }
        if self.low[node] >= self.order[parent.node] {
            let (count, sum, largest) = parent.hanging;
            parent.hanging = (count + 1, sum + below, largest.max(below));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Builder, NewArc, NewLink, NewNode};
    use super::*;

    fn network(nodes: u32, links: &[(u32, u32)]) -> Topology {
        let mut builder = Builder::new("");
        for n in 0..nodes {
            builder.node(NewNode { name: n.to_string(), ..NewNode::default() }).expect("new");
        }
        for &(from, to) in links.iter().filter(|(from, to)| from != to) {
            let (from, to) = (NodeId(from % nodes), NodeId(to % nodes));
            let forward = NewArc::default();
            builder
                .link(NewLink { name: None, from, to, forward, backward: Some(forward) })
                .expect("a link");
        }
        builder.build()
    }

    #[test]
    fn what_holds_a_network_together_is_found() {
        // A ring of three with a tail of two, a doubled link to one more, and one that stands alone.
        let links = [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (0, 5), (5, 0)];
        let survey = survey(&network(7, &links));
        let sizes: Vec<usize> = survey.parts.iter().map(Vec::len).collect();
        assert_eq!(sizes, [6, 1]);
        let bridges: Vec<(u32, usize)> =
            survey.bridges.iter().map(|bridge| (bridge.link.0, bridge.cut_off)).collect();
        assert_eq!(bridges, [(3, 2), (4, 1)]);
        let cuts: Vec<(u32, usize, usize)> =
            survey.cut_nodes.iter().map(|cut| (cut.node.0, cut.parts, cut.cut_off)).collect();
        assert_eq!(cuts, [(2, 2, 2), (0, 2, 1), (3, 2, 1)]);
        assert_eq!(survey.neighbours, [3, 2, 3, 2, 1, 1, 0]);
    }

    /// Sizes of the parts without a node or a link, the slow way.
    fn parts_without(topology: &Topology, node: Option<u32>, link: Option<u32>) -> Vec<usize> {
        let mut part: Vec<usize> = (0..topology.nodes().len()).collect();
        let gone = |n: usize| node.is_some_and(|node| node as usize == n);
        for _ in 0..part.len() {
            for (id, l) in topology.links().iter().enumerate() {
                let (a, b) = (l.from.index(), l.to.index());
                if link.is_none_or(|link| link as usize != id) && !gone(a) && !gone(b) {
                    let least = part[a].min(part[b]);
                    (part[a], part[b]) = (least, least);
                }
            }
        }
        let mut sizes = vec![0; part.len()];
        (0..part.len()).filter(|&n| !gone(n)).for_each(|n| sizes[part[n]] += 1);
        sizes.retain(|size| *size > 0);
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        sizes
    }

    proptest! {
        #[test]
        fn the_survey_equals_removing_one_by_one(
            links in prop::collection::vec((0u32..9, 0u32..9), 0..14),
        ) {
            let topology = network(9, &links);
            let survey = survey(&topology);
            let whole = parts_without(&topology, None, None);
            prop_assert_eq!(&whole, &survey.parts.iter().map(Vec::len).collect::<Vec<_>>());
            for id in 0..topology.links().len() as u32 {
                let more = parts_without(&topology, None, Some(id)).len() - whole.len();
                let found = survey.bridges.iter().any(|bridge| bridge.link.0 == id);
                prop_assert_eq!(more == 1, found, "link {}", id);
            }
            for id in 0..9 {
                let alone = usize::from(survey.neighbours[id as usize] == 0);
                let parts = parts_without(&topology, Some(id), None).len() + 1 + alone - whole.len();
                let found = survey.cut_nodes.iter().find(|cut| cut.node.0 == id);
                prop_assert_eq!(found.map_or(1, |cut| cut.parts), parts.max(1), "node {}", id);
            }
        }
    }
}
