//! Clos fabrics of any size: leaf and spine with parallel links, and the three-tier fat tree.

use super::{Builder, Error, NewArc, NewLink, NewNode, NodeId, Topology};
use crate::positive::Positive;
use crate::traffic::{Demand, TrafficMatrix};

/// Leaves, each joined to every spine.
#[derive(Debug, Clone, PartialEq)]
pub struct LeafSpine {
    /// How many spines; at least 1.
    pub spines: usize,
    /// How many leaves; at least 1.
    pub leaves: usize,
    /// Links between each leaf and each spine; at least 1.
    pub parallel_links: usize,
    /// Capacity of a link in each direction, bit/s.
    pub link_bps: Positive,
    /// Site of all nodes; with one, names begin with it (`fra1-leaf1`), so that fabrics can stand side by side.
    pub site: String,
}

/// Pods of edge and aggregation switches below cores, all with `k` ports: k³/4 hosts' worth of fabric.
#[derive(Debug, Clone, PartialEq)]
pub struct FatTree {
    /// Ports of a switch: pods, and twice the switches of each tier in a pod; even, at least 2.
    pub k: usize,
    /// Capacity of a link between edge and aggregation in each direction, bit/s.
    pub pod_link_bps: Positive,
    /// Capacity of a link between aggregation and core in each direction, bit/s.
    pub core_link_bps: Positive,
}

/// A fabric, and where traffic enters and leaves it.
#[derive(Debug, Clone, PartialEq)]
pub struct Clos {
    /// The network; links are named `leaf1--spine1`, the lower tier first, with `#1` and so on where several are
    /// parallel, so that the bare name means all of them.
    pub topology: Topology,
    /// Leaves, or edge switches, in order.
    pub edges: Vec<NodeId>,
}

impl LeafSpine {
    /// The fabric: spines first, then leaves; links leaf by leaf.
    ///
    /// # Errors
    /// A count of 0, more than a topology holds, or a site's name that it refuses.
    pub fn build(&self) -> Result<Clos, Error> {
        let Self { spines, leaves, parallel_links, link_bps, site } = self;
        for (name, &count) in
            [("spines", spines), ("leaves", leaves), ("parallel links", parallel_links)]
        {
            at_least(name, count, 1)?;
        }
        let mut fabric = Fabric::new(format!("clos-{spines}x{leaves}"));
        let prefix = if site.is_empty() { String::new() } else { format!("{site}-") };
        let spines = fabric.nodes(*spines, |n| (format!("{prefix}spine{n}"), site.clone()))?;
        let leaves = fabric.nodes(*leaves, |n| (format!("{prefix}leaf{n}"), site.clone()))?;
        for &leaf in &leaves {
            for &spine in &spines {
                for n in 1..=*parallel_links {
                    let nth = (*parallel_links > 1).then_some(n);
                    fabric.join(leaf, spine, nth, *link_bps)?;
                }
            }
        }
        Ok(Clos { topology: fabric.builder.build(), edges: leaves })
    }
}

impl FatTree {
    /// The fabric: cores, then pod by pod aggregation and edge switches; sites are the pods and `core`.
    ///
    /// # Errors
    /// A `k` that is odd or below 2, or more than a topology holds.
    pub fn build(&self) -> Result<Clos, Error> {
        let &Self { k, pod_link_bps, core_link_bps } = self;
        at_least("ports of a switch", k, 2)?;
        if !k.is_multiple_of(2) {
            return Err(out_of_range("ports of a switch", k, "an even number"));
        }
        let half = k / 2;
        let mut fabric = Fabric::new(format!("fat-tree-{k}"));
        let cores = fabric.nodes(half * half, |n| (format!("core{n}"), "core".to_owned()))?;
        let mut edges = Vec::new();
        for pod in 1..=k {
            let in_pod =
                |tier: &str, n: usize| (format!("pod{pod}-{tier}{n}"), format!("pod{pod}"));
            let aggregation = fabric.nodes(half, |n| in_pod("agg", n))?;
            let edge = fabric.nodes(half, |n| in_pod("edge", n))?;
            for &low in &edge {
                for &high in &aggregation {
                    fabric.join(low, high, None, pod_link_bps)?;
                }
            }
            for (&low, group) in aggregation.iter().zip(cores.chunks(half)) {
                for &core in group {
                    fabric.join(low, core, None, core_link_bps)?;
                }
            }
            edges.extend(edge);
        }
        Ok(Clos { topology: fabric.builder.build(), edges })
    }
}

impl Clos {
    /// The same demand between every two edges, in both directions.
    #[must_use]
    pub fn uniform_demand(&self, bps: Positive) -> TrafficMatrix {
        let pairs =
            self.edges.iter().flat_map(|&from| self.edges.iter().map(move |&to| (from, to)));
        // A demand of a node to itself is left out by the matrix.
        TrafficMatrix::new(pairs.map(|(from, to)| Demand { from, to, bps: bps.get() }))
    }
}

struct Fabric {
    builder: Builder,
}

impl Fabric {
    fn new(name: String) -> Self {
        Self { builder: Builder::new(name) }
    }

    fn nodes(
        &mut self,
        count: usize,
        name: impl Fn(usize) -> (String, String),
    ) -> Result<Vec<NodeId>, Error> {
        (1..=count)
            .map(|n| {
                let (name, site) = name(n);
                self.builder.node(NewNode { name, site, ..NewNode::default() })
            })
            .collect()
    }

    /// Joins two nodes by the only link between them, or by the `nth` of several.
    fn join(
        &mut self,
        from: NodeId,
        to: NodeId,
        nth: Option<usize>,
        bps: Positive,
    ) -> Result<(), Error> {
        let ends = || format!("{}--{}", self.builder.node_name(from), self.builder.node_name(to));
        let name = nth.map(|n| format!("{}#{n}", ends()));
        let arc = NewArc { capacity_bps: Some(bps.get()), weight: 1 };
        self.builder.link(NewLink { name, from, to, forward: arc, backward: Some(arc) }).map(drop)
    }
}

fn at_least(name: &'static str, found: usize, least: usize) -> Result<(), Error> {
    let expected = if least == 1 { "at least 1" } else { "at least 2" };
    if found < least { Err(out_of_range(name, found, expected)) } else { Ok(()) }
}

fn out_of_range(name: &'static str, found: usize, expected: &'static str) -> Error {
    Error::OutOfRange { name, of: "the fabric".to_owned(), found: found.to_string(), expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GBPS_100: f64 = 100e9;

    fn bps(value: f64) -> Positive {
        Positive::new(value).expect("above 0")
    }

    fn leaf_spine(spines: usize, leaves: usize, parallel_links: usize) -> LeafSpine {
        LeafSpine { spines, leaves, parallel_links, link_bps: bps(GBPS_100), site: String::new() }
    }

    #[test]
    fn every_leaf_reaches_every_spine() {
        let clos = leaf_spine(3, 5, 2).build().expect("valid");
        let topology = &clos.topology;
        assert_eq!((topology.nodes().len(), topology.links().len()), (8, 30));
        assert_eq!(topology.bundles().len(), 15);
        let names = [0, 1, 2].map(|n| topology.links()[n].name.as_str());
        assert_eq!(names, ["leaf1--spine1#1", "leaf1--spine1#2", "leaf1--spine2#1"]);
        assert!(clos.edges.iter().all(|&leaf| topology.leaving(leaf).len() == 6));
        assert!(topology.arcs().iter().all(|arc| arc.capacity_bps == Some(GBPS_100)));
        assert_eq!(clos.uniform_demand(bps(1.0)).demands().len(), 20);
    }

    #[test]
    fn a_fat_tree_has_k_ports_everywhere_but_at_the_edge() {
        let tree = FatTree { k: 4, pod_link_bps: bps(1e9), core_link_bps: bps(4e9) };
        let clos = tree.build().expect("valid");
        let topology = &clos.topology;
        assert_eq!((topology.nodes().len(), topology.links().len()), (20, 32));
        for (id, node) in (0..).map(NodeId).zip(topology.nodes()) {
            let ports = if node.name.contains("edge") { 2 } else { 4 };
            assert_eq!(topology.leaving(id).len(), ports, "{}", node.name);
        }
        let sites = |site: &str| topology.nodes().iter().filter(|node| node.site == site).count();
        assert_eq!((sites("core"), sites("pod3")), (4, 4));
        // Each core reaches each pod once.
        let core = topology.node_named("core2").expect("there");
        let pods =
            topology.leaving(core).iter().map(|&arc| &topology.node(topology.arc(arc).to).site);
        assert_eq!(pods.collect::<Vec<_>>(), ["pod1", "pod2", "pod3", "pod4"]);
    }

    #[test]
    fn impossible_shapes_are_refused() {
        let check = |found: Result<Clos, Error>, expected: &str| {
            assert_eq!(found.expect_err("impossible").to_string(), expected);
        };
        check(leaf_spine(0, 5, 1).build(), "spines of `the fabric` is 0, expected at least 1");
        let odd = FatTree { k: 3, pod_link_bps: bps(1.0), core_link_bps: bps(1.0) };
        check(odd.build(), "ports of a switch of `the fabric` is 3, expected an even number");
        check(leaf_spine(1, 300_000, 1).build(), "more than 200000 nodes");
    }
}
