//! Everything routed once: what each arc carries, and what finds no way.

use super::graph::{Net, State, Wiring};
use super::{Overlay, Shortest, next_hops};
use crate::topology::{ArcId, LinkId, Topology};
use crate::traffic::{Demand, TrafficMatrix};

/// What a network carries.
#[derive(Debug, Clone, PartialEq)]
pub struct Loads {
    /// By arc, bit/s.
    arc_bps: Vec<f64>,
    stranded: Vec<Demand>,
}

impl Loads {
    pub(crate) fn new(arc_bps: Vec<f64>, stranded: Vec<Demand>) -> Self {
        Self { arc_bps, stranded }
    }

    /// What an arc carries, bit/s.
    #[must_use]
    pub fn arc_bps(&self, arc: ArcId) -> f64 {
        self.arc_bps[arc.index()]
    }

    /// What every arc carries, bit/s, in order of ids.
    #[must_use]
    pub fn by_arc(&self) -> &[f64] {
        &self.arc_bps
    }

    /// What a link carries in the busier direction, bit/s.
    #[must_use]
    pub fn link_bps(&self, topology: &Topology, link: LinkId) -> f64 {
        topology.arcs_of(link).map(|arc| self.arc_bps(arc)).fold(0.0, f64::max)
    }

    /// Load over capacity, 1 for a full arc; `None` where the capacity is unknown.
    #[must_use]
    pub fn utilisation(&self, topology: &Topology, arc: ArcId) -> Option<f64> {
        topology.arc(arc).capacity_bps.map(|capacity| self.arc_bps(arc) / capacity)
    }

    /// The fullest arc of known capacity and its utilisation; the first of equals.
    #[must_use]
    pub fn fullest(&self, topology: &Topology) -> Option<(ArcId, f64)> {
        let ids = (0u32..).take(self.arc_bps.len()).map(ArcId);
        let known = ids.filter_map(|arc| Some((arc, self.utilisation(topology, arc)?)));
        known.reduce(|best, arc| if arc.1 > best.1 { arc } else { best })
    }

    /// Demands that find no way, ordered by destination, then by source.
    #[must_use]
    pub fn stranded(&self) -> &[Demand] {
        &self.stranded
    }

    /// How much finds no way, bit/s.
    #[must_use]
    pub fn stranded_bps(&self) -> f64 {
        total_bps(&self.stranded)
    }
}

/// What demands come to, bit/s; the empty sum of floats would be −0.
pub(crate) fn total_bps(demands: &[Demand]) -> f64 {
    demands.iter().map(|demand| demand.bps).fold(0.0, |sum, bps| sum + bps)
}

/// Routes all demands over a topology with an overlay.
///
/// # Panics
/// If a demand or the overlay names what the topology does not have.
#[must_use]
pub fn route(topology: &Topology, matrix: &TrafficMatrix, overlay: &Overlay) -> Loads {
    let wiring = Wiring::new(topology);
    let state = State::new(topology, &wiring, overlay);
    let net = Net { wiring: &wiring, state: &state };
    let common_weight = state.common_weight();
    let mut shortest = Shortest::default();
    let mut dist = vec![0; wiring.nodes()];
    let mut flow = vec![0.0; wiring.nodes()];
    let mut load = vec![0.0; wiring.slots()];
    let mut stranded = Vec::new();
    let mut hops = Vec::new();
    for (dest, demands) in matrix.by_destination() {
        let dest = dest.index();
        let order = shortest.run(net, dest, common_weight, &mut dist);
        flow.fill(0.0);
        for demand in demands {
            flow[demand.from.index()] = demand.bps;
        }
        stranded.extend(demands.iter().filter(|d| dist[d.from.index()] >= super::UNREACHABLE));
        // Farthest first: all that comes to a node has come when its turn is.
        for node in order.iter().rev().map(|&node| node as usize) {
            if flow[node] == 0.0 {
                continue;
            }
            next_hops(net, node, dest, |node| dist[node], &mut hops);
            for hop in &hops {
                let slot = hop.slot as usize;
                let bps = flow[node] * hop.share;
                load[slot] += bps;
                flow[wiring.head(slot)] += bps;
            }
        }
    }
    let mut arc_bps = vec![0.0; load.len()];
    for (slot, bps) in load.into_iter().enumerate() {
        arc_bps[wiring.arc(slot).index()] = bps;
    }
    Loads::new(arc_bps, stranded)
}
