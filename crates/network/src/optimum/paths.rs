//! The paths that traffic may take: the shortest few, or those that a file lists.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use crate::topology::{ArcId, NodeId, Topology};
use crate::traffic::TrafficMatrix;

/// Paths of one pair at most.
pub const PATHS_MAX: usize = 64;

/// The paths of one pair of nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct PathsOf {
    /// Where traffic enters.
    pub from: NodeId,
    /// Where it leaves.
    pub to: NodeId,
    /// Arcs of each path, in order; no node twice.
    pub paths: Vec<Vec<ArcId>>,
}

/// Paths of some pairs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Paths {
    by_pair: BTreeMap<(NodeId, NodeId), Vec<Vec<ArcId>>>,
}

/// A list of paths that cannot be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("line {line}: {found}, expected {expected}")]
pub struct PathsError {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub found: String,
    /// What should.
    pub expected: &'static str,
}

impl Paths {
    /// The `count` shortest paths of every demand by routing weight, shortest first (Yen, "Finding the k shortest
    /// loopless paths in a network", Management Science 17(11), 1971); fewer where there are fewer.
    #[must_use]
    pub fn shortest(topology: &Topology, matrix: &TrafficMatrix, count: usize) -> Self {
        let count = count.clamp(1, PATHS_MAX);
        let pairs = matrix.demands().iter().map(|demand| (demand.from, demand.to));
        Self { by_pair: pairs.map(|pair| (pair, yen(topology, pair, count))).collect() }
    }

    /// Reads a list of paths, one pair a line: `A B:A-B,A-C-B`. Nodes are named as in the topology; of parallel arcs
    /// the first is meant.
    ///
    /// # Errors
    /// The line and what is wrong there.
    pub fn parse(topology: &Topology, text: &str) -> Result<Self, PathsError> {
        let mut by_pair = BTreeMap::new();
        for (line, content) in (1..).zip(text.lines()).filter(|(_, l)| !l.trim().is_empty()) {
            let wrong = |found: String, expected| PathsError { line, found, expected };
            let shape = "`FROM TO:FROM-TO,FROM-OTHER-TO`";
            let no_shape = || wrong(format!("`{}`", shortened(content)), shape);
            let (pair, listed) = content.trim().split_once(':').ok_or_else(no_shape)?;
            let (from, to) = pair.trim().split_once(' ').ok_or_else(no_shape)?;
            let node = |name: &str| {
                let known = topology.node_named(name.trim());
                known.ok_or_else(|| {
                    wrong(format!("node `{}`", shortened(name)), "a node of the topology")
                })
            };
            let (from, to) = (node(from)?, node(to)?);
            let mut paths = Vec::new();
            for path in listed.split(',') {
                let nodes: Vec<NodeId> = path.split('-').map(node).collect::<Result<_, _>>()?;
                if nodes.first() != Some(&from) || nodes.last() != Some(&to) {
                    let found = format!("path `{}`", shortened(path));
                    return Err(wrong(found, "a path from the pair's first node to its second"));
                }
                let distinct: BTreeSet<NodeId> = nodes.iter().copied().collect();
                if distinct.len() != nodes.len() {
                    let found = format!("path `{}`", shortened(path));
                    return Err(wrong(found, "a path that visits no node twice"));
                }
                let arcs = nodes.windows(2).map(|pair| arc_between(topology, pair[0], pair[1]));
                let arcs = arcs.collect::<Option<Vec<ArcId>>>().ok_or_else(|| {
                    wrong(format!("path `{}`", shortened(path)), "a path along links that exist")
                })?;
                paths.push(arcs);
            }
            if paths.len() > PATHS_MAX {
                return Err(wrong(format!("{} paths", paths.len()), "at most 64 paths of a pair"));
            }
            if by_pair.insert((from, to), paths).is_some() {
                return Err(wrong(
                    format!("the pair `{}` again", shortened(pair)),
                    "each pair once",
                ));
            }
        }
        Ok(Self { by_pair })
    }

    /// The paths of a pair, if it is there.
    #[must_use]
    pub fn of(&self, from: NodeId, to: NodeId) -> &[Vec<ArcId>] {
        self.by_pair.get(&(from, to)).map_or(&[], Vec::as_slice)
    }
}

fn shortened(text: &str) -> String {
    text.trim().chars().take(48).collect()
}

fn arc_between(topology: &Topology, from: NodeId, to: NodeId) -> Option<ArcId> {
    topology.leaving(from).iter().copied().find(|&arc| topology.arc(arc).to == to)
}

fn yen(topology: &Topology, (from, to): (NodeId, NodeId), count: usize) -> Vec<Vec<ArcId>> {
    let mut found: Vec<Vec<ArcId>> = Vec::new();
    // Candidates in order of length, then of arcs, so that ties come out the same always.
    let mut candidates: BTreeSet<(u64, Vec<ArcId>)> = BTreeSet::new();
    let mut search = Search::new(topology);
    candidates.extend(search.shortest(from, to, &BTreeSet::new(), &BTreeSet::new()));
    while let Some((_, path)) = candidates.pop_first() {
        let next = path.clone();
        found.push(path);
        if found.len() == count {
            break;
        }
        let mut visited = BTreeSet::new();
        for spur in 0..next.len() {
            let root = &next[..spur];
            let at = topology.arc(next[spur]).from;
            // Leaving the root the way that an earlier path with this root did would find that path again.
            let banned: BTreeSet<ArcId> = found
                .iter()
                .filter(|known| known.starts_with(root))
                .filter_map(|known| known.get(spur).copied())
                .collect();
            let root_length: u64 = root.iter().map(|&a| u64::from(topology.arc(a).weight)).sum();
            if let Some((length, rest)) = search.shortest(at, to, &banned, &visited) {
                candidates.insert((root_length + length, [root, &rest].concat()));
            }
            visited.insert(at);
        }
    }
    found
}

/// Dijkstra's algorithm, with its memory kept between searches.
struct Search<'a> {
    topology: &'a Topology,
    distance: Vec<u64>,
    came_by: Vec<Option<ArcId>>,
    touched: Vec<NodeId>,
}

impl<'a> Search<'a> {
    fn new(topology: &'a Topology) -> Self {
        let nodes = topology.nodes().len();
        Self {
            topology,
            distance: vec![u64::MAX; nodes],
            came_by: vec![None; nodes],
            touched: Vec::new(),
        }
    }

    fn shortest(
        &mut self,
        from: NodeId,
        to: NodeId,
        banned: &BTreeSet<ArcId>,
        avoided: &BTreeSet<NodeId>,
    ) -> Option<(u64, Vec<ArcId>)> {
        for node in self.touched.drain(..) {
            self.distance[node.index()] = u64::MAX;
            self.came_by[node.index()] = None;
        }
        let mut queue = BinaryHeap::from([Reverse((0u64, from))]);
        self.distance[from.index()] = 0;
        self.touched.push(from);
        while let Some(Reverse((distance, node))) = queue.pop() {
            if node == to {
                return Some((distance, self.path(from, to)));
            }
            if distance > self.distance[node.index()] {
                continue;
            }
            for &id in self.topology.leaving(node) {
                let arc = self.topology.arc(id);
                let through = distance + u64::from(arc.weight);
                let is_banned = avoided.contains(&arc.to) || (node == from && banned.contains(&id));
                if !is_banned && through < self.distance[arc.to.index()] {
                    if self.distance[arc.to.index()] == u64::MAX {
                        self.touched.push(arc.to);
                    }
                    self.distance[arc.to.index()] = through;
                    self.came_by[arc.to.index()] = Some(id);
                    queue.push(Reverse((through, arc.to)));
                }
            }
        }
        None
    }

    fn path(&self, from: NodeId, to: NodeId) -> Vec<ArcId> {
        let mut arcs = Vec::new();
        let mut at = to;
        while at != from {
            let arc = self.came_by[at.index()]
                .expect("every node that was reached was reached by an arc");
            arcs.push(arc);
            at = self.topology.arc(arc).from;
        }
        arcs.reverse();
        arcs
    }
}
