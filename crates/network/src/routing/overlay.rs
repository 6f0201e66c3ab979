//! What is different from the topology as it was built.

use std::collections::{BTreeMap, BTreeSet};

use crate::topology::{ArcId, LinkId, NodeId, Topology};

/// What is different about one arc.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ArcOverlay {
    /// Whether it is gone.
    pub removed: bool,
    /// Its routing weight, if that is another; 1 to [`crate::topology::WEIGHT_MAX`].
    pub weight: Option<u32>,
    /// Share (0 to 1) of what it would carry that goes to the other equal-cost next hops of its tail instead.
    pub moved_share: f64,
}

/// Differences laid over a topology, which itself stays as it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Overlay {
    arcs: BTreeMap<ArcId, ArcOverlay>,
    no_transit: BTreeSet<NodeId>,
}

impl Overlay {
    /// No difference.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The network without these links.
    #[must_use]
    pub fn without(topology: &Topology, links: impl IntoIterator<Item = LinkId>) -> Self {
        let mut overlay = Self::default();
        links.into_iter().for_each(|link| overlay.remove_link(topology, link));
        overlay
    }

    /// Takes a link away, in both directions.
    pub fn remove_link(&mut self, topology: &Topology, link: LinkId) {
        for arc in topology.arcs_of(link) {
            self.arcs.entry(arc).or_default().removed = true;
        }
    }

    /// Takes all links of a node away.
    pub fn remove_node(&mut self, topology: &Topology, node: NodeId) {
        for arc in topology.leaving(node).iter().chain(topology.arriving(node)) {
            self.arcs.entry(*arc).or_default().removed = true;
        }
    }

    /// Lets no traffic pass through a node; what it sends and receives itself goes on.
    pub fn drain_node(&mut self, node: NodeId) {
        self.no_transit.insert(node);
    }

    /// Gives an arc another routing weight.
    ///
    /// # Panics
    /// If the weight is not 1 to [`crate::topology::WEIGHT_MAX`].
    pub fn set_weight(&mut self, arc: ArcId, weight: u32) {
        let range = 1..=crate::topology::WEIGHT_MAX;
        assert!(range.contains(&weight), "a routing weight is in {range:?}");
        self.arcs.entry(arc).or_default().weight = Some(weight);
    }

    /// Moves a share of what an arc carries to the other equal-cost next hops of its tail, for every destination that
    /// has others; where there is no other, nothing moves.
    ///
    /// # Panics
    /// If the share is not 0 to 1.
    pub fn shift(&mut self, arc: ArcId, share: f64) {
        assert!((0.0..=1.0).contains(&share), "a share is 0 to 1");
        self.arcs.entry(arc).or_default().moved_share = share;
    }

    /// Whether nothing is different.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.arcs.is_empty() && self.no_transit.is_empty()
    }

    /// The arcs that are different, in order.
    pub fn arcs(&self) -> impl Iterator<Item = (ArcId, ArcOverlay)> {
        self.arcs.iter().map(|(&arc, &overlay)| (arc, overlay))
    }

    /// The nodes that let no traffic pass, in order.
    pub fn no_transit(&self) -> impl Iterator<Item = NodeId> {
        self.no_transit.iter().copied()
    }

    /// Whether an arc is gone.
    #[must_use]
    pub fn is_removed(&self, arc: ArcId) -> bool {
        self.arcs.get(&arc).is_some_and(|overlay| overlay.removed)
    }

    /// Whether a node lets no traffic pass.
    #[must_use]
    pub fn is_drained(&self, node: NodeId) -> bool {
        self.no_transit.contains(&node)
    }
}
