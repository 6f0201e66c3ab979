//! A network as it is wired: nodes, the links between them, and the two directions of each link.
//!
//! A [`Link`] is what people name, buy and remove. An [`Arc`] is one direction of it, with a capacity, a routing weight
//! and a split weight of its own; routing, loads and utilisation are about arcs.
//! Links between the same two nodes are parallel; each is a member of their [`Bundle`].
//! Rates and capacities are bit/s everywhere. A capacity that nobody stated is `None`: what is not known is never 0.
//!
//! A topology does not change once it is built; what an action would change is laid over it by a what-if.

mod build;
pub mod clos;
mod find;
pub mod survey;
pub mod weights;

use std::collections::BTreeMap;

use crate::positive::Positive;

pub use build::{Builder, Error, LINKS_MAX, NAME_MAX, NODES_MAX, NewArc, NewLink, NewNode};
pub use find::{NotFound, Place};
pub use weights::Weighting;

/// A node, by its position in [`Topology::nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// A link, by its position in [`Topology::links`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u32);

/// One direction of a link, by its position in [`Topology::arcs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArcId(pub u32);

/// All links between two nodes, by its position in [`Topology::bundles`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BundleId(pub u32);

impl NodeId {
    /// As an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl LinkId {
    /// As an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl ArcId {
    /// As an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl BundleId {
    /// As an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A router, switch, or a place where traffic enters and leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Unique within the topology.
    pub name: String,
    /// Where it stands: a site, a city, a pod; empty if nobody said.
    pub site: String,
    /// Where it stands on the map.
    pub position: Option<Position>,
    /// Whether it belongs to somebody else's network, as some sources say.
    pub external: bool,
}

/// A place on the map, degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    /// East of Greenwich, −180 to 180 where geographical.
    pub longitude: f64,
    /// North of the equator, −90 to 90 where geographical.
    pub latitude: f64,
}

/// What is removed as one: a cable, a circuit, a port pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Unique within the topology: the source's own name, else `A--B`, and `A--B#2` for the second of parallel ones.
    pub name: String,
    /// One end: where [`Link::forward`] starts.
    pub from: NodeId,
    /// The other end.
    pub to: NodeId,
    /// The direction from `from` to `to`.
    pub forward: ArcId,
    /// The other direction; `None` for a link that carries traffic one way only.
    pub backward: Option<ArcId>,
    /// The links between the same two nodes.
    pub bundle: BundleId,
}

/// One direction of a link.
#[derive(Debug, Clone, PartialEq)]
pub struct Arc {
    /// Where it starts.
    pub from: NodeId,
    /// Where it ends.
    pub to: NodeId,
    /// The link that it is a direction of.
    pub link: LinkId,
    /// Capacity in bit/s, above 0; `None` if nobody stated it.
    pub capacity_bps: Option<f64>,
    /// Routing weight, 1 to [`WEIGHT_MAX`]; whole, so that equal costs are exactly equal whatever the order of adding.
    pub weight: u32,
    /// Weight among equal-cost next hops, above 0; 1 for an even split.
    pub split: Positive,
}

/// Largest routing weight: the widest metric of IS-IS (RFC 5305), 2²⁴ − 2.
pub const WEIGHT_MAX: u32 = (1 << 24) - 2;

/// All links between two nodes, whatever their direction.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    /// The two nodes, the one with the smaller id first.
    pub ends: (NodeId, NodeId),
    /// The links, in order.
    pub links: Vec<LinkId>,
}

/// A network as it is wired.
#[derive(Debug, Clone, PartialEq)]
pub struct Topology {
    name: String,
    nodes: Vec<Node>,
    links: Vec<Link>,
    arcs: Vec<Arc>,
    bundles: Vec<Bundle>,
    node_names: BTreeMap<String, NodeId>,
    link_names: BTreeMap<String, LinkId>,
    /// INVARIANT: `leaving[leaving_from[n]..leaving_from[n + 1]]` are the arcs that start at node n, in order of id.
    leaving: Vec<ArcId>,
    leaving_from: Vec<u32>,
    /// The same for arcs that end at a node.
    arriving: Vec<ArcId>,
    arriving_from: Vec<u32>,
}

impl Topology {
    /// Its name; may be empty.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All nodes, in the order of the source.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// All links, in the order of the source.
    #[must_use]
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// All directions of links: those of link 0, then those of link 1, and so on; forward before backward.
    #[must_use]
    pub fn arcs(&self) -> &[Arc] {
        &self.arcs
    }

    /// All bundles, in the order of their first links.
    #[must_use]
    pub fn bundles(&self) -> &[Bundle] {
        &self.bundles
    }

    /// The node at an id.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The link at an id.
    #[must_use]
    pub fn link(&self, id: LinkId) -> &Link {
        &self.links[id.index()]
    }

    /// The arc at an id.
    #[must_use]
    pub fn arc(&self, id: ArcId) -> &Arc {
        &self.arcs[id.index()]
    }

    /// The bundle at an id.
    #[must_use]
    pub fn bundle(&self, id: BundleId) -> &Bundle {
        &self.bundles[id.index()]
    }

    /// The arcs that start at a node.
    #[must_use]
    pub fn leaving(&self, node: NodeId) -> &[ArcId] {
        let n = node.index();
        &self.leaving[self.leaving_from[n] as usize..self.leaving_from[n + 1] as usize]
    }

    /// The arcs that end at a node.
    #[must_use]
    pub fn arriving(&self, node: NodeId) -> &[ArcId] {
        let n = node.index();
        &self.arriving[self.arriving_from[n] as usize..self.arriving_from[n + 1] as usize]
    }

    /// The directions of a link, forward first.
    pub fn arcs_of(&self, link: LinkId) -> impl Iterator<Item = ArcId> + use<> {
        let link = self.link(link);
        std::iter::once(link.forward).chain(link.backward)
    }

    /// An arc as people write it: `A→B`, and `A→B#2` where several links join the two.
    #[must_use]
    pub fn arc_label(&self, id: ArcId) -> String {
        let arc = self.arc(id);
        let bundle = self.bundle(self.link(arc.link).bundle);
        let (from, to) = (&self.node(arc.from).name, &self.node(arc.to).name);
        let nth = bundle.links.iter().position(|&link| link == arc.link).unwrap_or(0);
        if bundle.links.len() > 1 {
            format!("{from}→{to}#{}", nth + 1)
        } else {
            format!("{from}→{to}")
        }
    }

    /// The same network with other routing weights.
    ///
    /// # Panics
    /// If there is not exactly one weight per arc, or one is out of range: weights are computed, not read.
    #[must_use]
    pub fn with_weights(mut self, weights: &[u32]) -> Self {
        assert_eq!(weights.len(), self.arcs.len(), "one weight per arc");
        for (arc, &weight) in self.arcs.iter_mut().zip(weights) {
            assert!((1..=WEIGHT_MAX).contains(&weight), "a routing weight is 1 to {WEIGHT_MAX}");
            arc.weight = weight;
        }
        self
    }

    /// The same network with other weights among equal-cost next hops.
    ///
    /// # Panics
    /// If there is not exactly one weight per arc: weights are computed, not read.
    #[must_use]
    pub fn with_splits(mut self, splits: &[Positive]) -> Self {
        assert_eq!(splits.len(), self.arcs.len(), "one weight per arc");
        for (arc, &split) in self.arcs.iter_mut().zip(splits) {
            arc.split = split;
        }
        self
    }

    /// The same network with every missing capacity taken to be `bps`.
    #[must_use]
    pub fn assuming_capacity(mut self, bps: Positive) -> Self {
        for arc in &mut self.arcs {
            arc.capacity_bps.get_or_insert(bps.get());
        }
        self
    }
}
