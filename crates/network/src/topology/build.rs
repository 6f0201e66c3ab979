//! Building a topology link by link, with every check at the place where the mistake is.

use std::collections::BTreeMap;

use super::{
    Arc, ArcId, Bundle, BundleId, Link, LinkId, Node, NodeId, Position, Topology, WEIGHT_MAX,
};
use crate::positive::Positive;

/// Most nodes of one topology.
pub const NODES_MAX: usize = 200_000;
/// Most links of one topology.
pub const LINKS_MAX: usize = 1_000_000;
/// Longest name of a node, link or site, in bytes.
pub const NAME_MAX: usize = 256;

/// A topology that cannot be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A name that stands for nothing, or is too long to be shown.
    #[error(
        "{what} is called `{found}`, expected 1 to {NAME_MAX} bytes without control characters"
    )]
    Name {
        /// What is named.
        what: &'static str,
        /// The name, shortened.
        found: String,
    },
    /// Two things of one kind and name.
    #[error("{what} `{name}` is there twice")]
    Twice {
        /// What is named.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A link names a node that is not there.
    #[error("link `{link}` ends at node `{node}`, which is not there")]
    UnknownNode {
        /// The link.
        link: String,
        /// The node that it names.
        node: String,
    },
    /// A link that starts where it ends.
    #[error("link `{0}` starts and ends at the same node")]
    Loop(String),
    /// A number out of its range.
    #[error("{name} of `{of}` is {found}, expected {expected}")]
    OutOfRange {
        /// What it is a number of.
        name: &'static str,
        /// Of which link or node.
        of: String,
        /// The number.
        found: String,
        /// Its range.
        expected: &'static str,
    },
    /// More than a topology holds.
    #[error("more than {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

/// A node to be added.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NewNode {
    /// Unique name.
    pub name: String,
    /// Site; may be empty.
    pub site: String,
    /// Place on the map.
    pub position: Option<Position>,
    /// Whether it belongs to somebody else's network.
    pub external: bool,
}

/// A direction of a link to be added.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NewArc {
    /// Capacity in bit/s.
    pub capacity_bps: Option<f64>,
    /// Routing weight.
    pub weight: u32,
}

impl Default for NewArc {
    /// Nothing known about its capacity; weight 1.
    fn default() -> Self {
        Self { capacity_bps: None, weight: 1 }
    }
}

/// A link to be added.
#[derive(Debug, Clone, PartialEq)]
pub struct NewLink {
    /// Unique name; `None` for `A--B`, numbered where there are several.
    pub name: Option<String>,
    /// Where the forward direction starts.
    pub from: NodeId,
    /// Where it ends.
    pub to: NodeId,
    /// The forward direction.
    pub forward: NewArc,
    /// The backward direction, if traffic can go back.
    pub backward: Option<NewArc>,
}

/// Collects nodes and links.
#[derive(Debug, Clone, Default)]
pub struct Builder {
    name: String,
    nodes: Vec<Node>,
    node_names: BTreeMap<String, NodeId>,
    links: Vec<Link>,
    link_names: BTreeMap<String, LinkId>,
    arcs: Vec<Arc>,
    bundles: Vec<Bundle>,
    bundle_of: BTreeMap<(NodeId, NodeId), BundleId>,
}

impl Builder {
    /// An empty topology of this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Adds a node.
    ///
    /// # Errors
    /// A name that is empty, too long or taken; a position that is not finite; too many nodes.
    pub fn node(&mut self, node: NewNode) -> Result<NodeId, Error> {
        let NewNode { name, site, position, external } = node;
        check_name("a node", &name)?;
        if !site.is_empty() {
            check_name("a site", &site)?;
        }
        if self.nodes.len() >= NODES_MAX {
            return Err(Error::TooMany { what: "nodes", limit: NODES_MAX });
        }
        if let Some(Position { longitude, latitude }) = position
            && !(longitude.is_finite() && latitude.is_finite())
        {
            return Err(Error::OutOfRange {
                name: "the position",
                of: name,
                found: format!("({longitude}, {latitude})"),
                expected: "finite numbers",
            });
        }
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        if self.node_names.insert(name.clone(), id).is_some() {
            return Err(Error::Twice { what: "node", name });
        }
        self.nodes.push(Node { name, site, position, external });
        Ok(id)
    }

    /// The node of this name, if it was added.
    #[must_use]
    pub fn node_named(&self, name: &str) -> Option<NodeId> {
        self.node_names.get(name).copied()
    }

    /// How many nodes were added.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Name of a node that was added.
    #[must_use]
    pub fn node_name(&self, id: NodeId) -> &str {
        &self.nodes[id.index()].name
    }

    /// Adds a link.
    ///
    /// # Errors
    /// A loop, a name that is taken, a capacity or weight out of range, too many links.
    pub fn link(&mut self, link: NewLink) -> Result<LinkId, Error> {
        let NewLink { name, from, to, forward, backward } = link;
        let ends = format!("{}--{}", self.node_name(from), self.node_name(to));
        if from == to {
            return Err(Error::Loop(name.unwrap_or(ends)));
        }
        if self.links.len() >= LINKS_MAX {
            return Err(Error::TooMany { what: "links", limit: LINKS_MAX });
        }
        let name = match name {
            Some(name) => {
                check_name("a link", &name)?;
                name
            }
            None => self.free_name(ends, from, to),
        };
        check_arc(&name, &forward)?;
        backward.iter().try_for_each(|arc| check_arc(&name, arc))?;
        let id = LinkId(u32::try_from(self.links.len()).unwrap_or(u32::MAX));
        if self.link_names.insert(name.clone(), id).is_some() {
            return Err(Error::Twice { what: "link", name });
        }
        let bundle = self.bundle(from, to);
        self.bundles[bundle.index()].links.push(id);
        let forward = self.arc(id, from, to, forward);
        let backward = backward.map(|arc| self.arc(id, to, from, arc));
        self.links.push(Link { name, from, to, forward, backward, bundle });
        Ok(id)
    }

    /// `A--B`, or `A--B#n` with the first free number where other links join the two.
    fn free_name(&self, ends: String, from: NodeId, to: NodeId) -> String {
        let parallel = self.bundle_of.get(&(from.min(to), from.max(to)));
        let others = parallel.map_or(0, |id| self.bundles[id.index()].links.len());
        if others == 0 && !self.link_names.contains_key(&ends) {
            return ends;
        }
        let mut n = others + 1;
        loop {
            let name = format!("{ends}#{n}");
            if !self.link_names.contains_key(&name) {
                return name;
            }
            n += 1;
        }
    }

    fn bundle(&mut self, from: NodeId, to: NodeId) -> BundleId {
        let ends = (from.min(to), from.max(to));
        let next = BundleId(u32::try_from(self.bundles.len()).unwrap_or(u32::MAX));
        let id = *self.bundle_of.entry(ends).or_insert(next);
        if id == next {
            self.bundles.push(Bundle { ends, links: Vec::new() });
        }
        id
    }

    fn arc(&mut self, link: LinkId, from: NodeId, to: NodeId, arc: NewArc) -> ArcId {
        let NewArc { capacity_bps, weight } = arc;
        let id = ArcId(u32::try_from(self.arcs.len()).unwrap_or(u32::MAX));
        self.arcs.push(Arc { from, to, link, capacity_bps, weight, split: Positive::ONE });
        id
    }

    /// The topology.
    #[must_use]
    pub fn build(self) -> Topology {
        let Self { name, nodes, node_names, links, link_names, arcs, bundles, bundle_of: _ } = self;
        let (leaving_from, leaving) = by_node(nodes.len(), &arcs, |arc| arc.from);
        let (arriving_from, arriving) = by_node(nodes.len(), &arcs, |arc| arc.to);
        Topology {
            name,
            nodes,
            links,
            arcs,
            bundles,
            node_names,
            link_names,
            leaving,
            leaving_from,
            arriving,
            arriving_from,
        }
    }
}

/// Arcs sorted by one of their ends, and where each node's begin.
fn by_node(nodes: usize, arcs: &[Arc], end: impl Fn(&Arc) -> NodeId) -> (Vec<u32>, Vec<ArcId>) {
    let mut from = vec![0u32; nodes + 1];
    for arc in arcs {
        from[end(arc).index() + 1] += 1;
    }
    for n in 0..nodes {
        from[n + 1] += from[n];
    }
    let mut next = from.clone();
    let mut sorted = vec![ArcId(0); arcs.len()];
    for (id, arc) in (0u32..).zip(arcs) {
        let place = &mut next[end(arc).index()];
        sorted[*place as usize] = ArcId(id);
        *place += 1;
    }
    (from, sorted)
}

fn check_name(what: &'static str, name: &str) -> Result<(), Error> {
    if name.is_empty() || name.len() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(Error::Name { what, found: name.chars().take(64).collect() });
    }
    Ok(())
}

fn check_arc(link: &str, arc: &NewArc) -> Result<(), Error> {
    let of = || link.to_owned();
    if let Some(bps) = arc.capacity_bps
        && !(bps.is_finite() && bps > 0.0 && bps <= CAPACITY_MAX_BPS)
    {
        let expected = "above 0 and at most 1e18 bit/s";
        return Err(Error::OutOfRange {
            name: "the capacity",
            of: of(),
            found: bps.to_string(),
            expected,
        });
    }
    if !(1..=WEIGHT_MAX).contains(&arc.weight) {
        let expected = "1 to 16777214";
        return Err(Error::OutOfRange {
            name: "the routing weight",
            of: of(),
            found: arc.weight.to_string(),
            expected,
        });
    }
    Ok(())
}

/// A million Tbit/s: above what any link will carry, and sums of it stay exact enough.
const CAPACITY_MAX_BPS: f64 = 1e18;
