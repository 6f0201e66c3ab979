//! The topology as flat arrays, which is what makes routing fast.
//!
//! Arcs are renumbered into *slots*: those that leave node 0, then those that leave node 1, and so on, so that what a
//! node looks at lies side by side. [`Wiring`] never changes; [`State`] is what an overlay changes.

use std::ops::Range;

use super::Overlay;
use crate::topology::{ArcId, NodeId, Topology};

/// Distance of a node from which the destination cannot be reached; above every sum of weights, and small enough that
/// a weight can be added to it.
pub(crate) const UNREACHABLE: u64 = 1 << 61;

/// Weight of an arc that is gone: never part of a finite distance.
pub(crate) const DOWN: u64 = 1 << 62;

/// What never changes: which slot joins what.
#[derive(Debug, Clone)]
pub(crate) struct Wiring {
    /// INVARIANT: the slots of node n are `out_from[n]..out_from[n + 1]`.
    out_from: Vec<u32>,
    head: Vec<u32>,
    tail: Vec<u32>,
    /// INVARIANT: `arriving[in_from[n]..in_from[n + 1]]` are the slots that end at node n.
    in_from: Vec<u32>,
    arriving: Vec<u32>,
    arc_of: Vec<ArcId>,
    slot_of: Vec<u32>,
}

impl Wiring {
    /// The arrays of a topology.
    pub(crate) fn new(topology: &Topology) -> Self {
        let nodes = topology.nodes().len();
        let arcs = topology.arcs().len();
        let ids = || (0u32..).take(nodes).map(NodeId);
        let mut wiring = Self {
            out_from: vec![0],
            head: Vec::with_capacity(arcs),
            tail: Vec::with_capacity(arcs),
            in_from: vec![0],
            arriving: Vec::with_capacity(arcs),
            arc_of: Vec::with_capacity(arcs),
            slot_of: vec![0; arcs],
        };
        for node in ids() {
            for (slot, &arc) in (wiring.head.len()..).zip(topology.leaving(node)) {
                wiring.slot_of[arc.index()] = small(slot);
                wiring.arc_of.push(arc);
                wiring.tail.push(node.0);
                wiring.head.push(topology.arc(arc).to.0);
            }
            wiring.out_from.push(small(wiring.head.len()));
        }
        for node in ids() {
            let slots = topology.arriving(node).iter().map(|arc| wiring.slot_of[arc.index()]);
            wiring.arriving.extend(slots);
            wiring.in_from.push(small(wiring.arriving.len()));
        }
        wiring
    }

    pub(crate) fn nodes(&self) -> usize {
        self.out_from.len() - 1
    }

    pub(crate) fn slots(&self) -> usize {
        self.head.len()
    }

    /// The slots that leave a node.
    pub(crate) fn leaving(&self, node: usize) -> Range<usize> {
        self.out_from[node] as usize..self.out_from[node + 1] as usize
    }

    /// The slots that end at a node.
    pub(crate) fn arriving(&self, node: usize) -> &[u32] {
        &self.arriving[self.in_from[node] as usize..self.in_from[node + 1] as usize]
    }

    pub(crate) fn head(&self, slot: usize) -> usize {
        self.head[slot] as usize
    }

    pub(crate) fn tail(&self, slot: usize) -> usize {
        self.tail[slot] as usize
    }

    pub(crate) fn arc(&self, slot: usize) -> ArcId {
        self.arc_of[slot]
    }

    pub(crate) fn slot(&self, arc: ArcId) -> usize {
        self.slot_of[arc.index()] as usize
    }
}

/// Positions of arcs and nodes fit: a topology holds at most two million arcs.
pub(crate) fn small(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// What an overlay changes.
#[derive(Debug, Clone)]
pub(crate) struct State {
    weight: Vec<u64>,
    split: Vec<f64>,
    moved_share: Vec<f64>,
    no_transit: Vec<bool>,
    /// Whether all next hops of a group always take the same.
    even: bool,
    shifted: usize,
}

impl State {
    /// A topology with an overlay.
    pub(crate) fn new(topology: &Topology, wiring: &Wiring, overlay: &Overlay) -> Self {
        let arcs = || wiring.arc_of.iter().map(|&arc| topology.arc(arc));
        let mut state = Self {
            weight: arcs().map(|arc| u64::from(arc.weight)).collect(),
            split: arcs().map(|arc| arc.split.get()).collect(),
            moved_share: vec![0.0; wiring.slots()],
            no_transit: vec![false; wiring.nodes()],
            even: arcs().all(|arc| arc.split.get() == 1.0),
            shifted: 0,
        };
        state.lay(wiring, overlay);
        state
    }

    /// Lays an overlay on top of what is there.
    pub(crate) fn lay(&mut self, wiring: &Wiring, overlay: &Overlay) {
        for (arc, change) in overlay.arcs() {
            let slot = wiring.slot(arc);
            if change.removed {
                self.weight[slot] = DOWN;
            } else if let Some(weight) = change.weight
                && self.weight[slot] != DOWN
            {
                self.weight[slot] = u64::from(weight);
            }
            if change.moved_share > 0.0 {
                self.shifted += usize::from(self.moved_share[slot] == 0.0);
                self.moved_share[slot] = change.moved_share;
            }
        }
        for node in overlay.no_transit() {
            self.no_transit[node.index()] = true;
        }
    }

    /// Takes back what [`State::lay`] did to `base`.
    pub(crate) fn lift(&mut self, wiring: &Wiring, overlay: &Overlay, base: &Self) {
        for (arc, _) in overlay.arcs() {
            let slot = wiring.slot(arc);
            self.weight[slot] = base.weight[slot];
            self.moved_share[slot] = base.moved_share[slot];
        }
        for node in overlay.no_transit() {
            self.no_transit[node.index()] = base.no_transit[node.index()];
        }
        self.shifted = base.shifted;
    }

    /// Whether all next hops of every group take the same share.
    pub(crate) fn is_even(&self) -> bool {
        self.even && self.shifted == 0
    }

    /// Whether some arc gives a share of its traffic away.
    pub(crate) fn is_shifted(&self) -> bool {
        self.shifted > 0
    }

    pub(crate) fn weight(&self, slot: usize) -> u64 {
        self.weight[slot]
    }

    pub(crate) fn split(&self, slot: usize) -> f64 {
        self.split[slot]
    }

    pub(crate) fn moved_share(&self, slot: usize) -> f64 {
        self.moved_share[slot]
    }

    pub(crate) fn lets_through(&self, node: usize) -> bool {
        !self.no_transit[node]
    }

    /// The weight of all arcs that are there, if they share one.
    pub(crate) fn common_weight(&self) -> Option<u64> {
        let mut there = self.weight.iter().filter(|&&weight| weight != DOWN);
        let first = there.next()?;
        there.all(|weight| weight == first).then_some(*first)
    }
}

/// A network to route over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Net<'a> {
    pub(crate) wiring: &'a Wiring,
    pub(crate) state: &'a State,
}

impl Net<'_> {
    /// Whether traffic to `dest` may take a slot: it is there, and its head lets through or is where it ends.
    pub(crate) fn leads(self, slot: usize, dest: usize) -> bool {
        self.state.weight[slot] != DOWN && self.admits(self.wiring.head(slot), dest)
    }

    /// Whether traffic to `dest` may come to a node.
    pub(crate) fn admits(self, node: usize, dest: usize) -> bool {
        !self.state.no_transit[node] || node == dest
    }

    /// Whether a slot lies on a shortest path to `dest`, given the distances of its ends.
    pub(crate) fn is_tight(self, slot: usize, dest: usize, tail: u64, head: u64) -> bool {
        // INVARIANT: `UNREACHABLE` and `DOWN` are above every finite distance, so a sum with one never equals `tail`.
        tail < UNREACHABLE
            && head + self.state.weight[slot] == tail
            && self.admits(self.wiring.head(slot), dest)
    }
}
