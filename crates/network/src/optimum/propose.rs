//! What an optimum means for one node: how it should split traffic over the arcs that leave it.

use super::paths::Paths;
use super::solve::Optimum;
use crate::topology::{ArcId, NodeId, Topology};
use crate::traffic::TrafficMatrix;

/// A share of what a node sends towards other nodes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// The arc.
    pub arc: ArcId,
    /// Share of everything that leaves the node, 0 to 1; the shares of a node add up to 1.
    pub share: f64,
    /// The same as a rate, bit/s.
    pub bps: f64,
}

/// How the demands of an optimum leave `node`: one split per arc that leaves it, in order; empty if nothing does.
#[must_use]
pub fn splits_at(
    topology: &Topology,
    matrix: &TrafficMatrix,
    paths: &Paths,
    optimum: &Optimum,
    node: NodeId,
) -> Vec<Split> {
    let leaving = topology.leaving(node);
    let mut rates = vec![0.0; leaving.len()];
    for (demand, (from, to, shares)) in matrix.demands().iter().zip(&optimum.shares) {
        for (path, share) in paths.of(*from, *to).iter().zip(shares) {
            for arc in path {
                if let Some(at) = leaving.iter().position(|leaving| leaving == arc) {
                    rates[at] += demand.bps * share;
                }
            }
        }
    }
    let total: f64 = rates.iter().sum();
    if total <= 0.0 {
        return Vec::new();
    }
    let split = |(&arc, &bps): (&ArcId, &f64)| Split { arc, share: bps / total, bps };
    leaving.iter().zip(&rates).map(split).collect()
}
