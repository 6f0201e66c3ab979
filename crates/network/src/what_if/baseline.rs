//! The intact network, routed, with what is needed to say quickly what changes.
//!
//! For every destination that anybody sends to: the distance of each node, what each node holds for it, and where among
//! the node's arcs its next hops are. That is 24 bytes for each pair of destination and node, so memory grows with
//! links and demands, not with links times demands.

use std::sync::Arc as Shared;

use super::assess::condition;
use super::summary::Condition;
use crate::routing::{
    Hop, Loads, Net, Overlay, Shortest, State, UNREACHABLE, Wiring, share_out, tight_hops,
};
use crate::topology::{NodeId, Topology};
use crate::traffic::{Demand, TrafficMatrix};

/// Most pairs of destination and node that are remembered: 1.6 GB.
pub const CELLS_MAX: usize = 1 << 26;

/// A network that is too large to be remembered; [`crate::routing::route`] still routes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{destinations} destinations times {nodes} nodes are more than the {CELLS_MAX} pairs that are remembered"
)]
pub struct TooLarge {
    /// Nodes that somebody sends to.
    pub destinations: usize,
    /// All nodes.
    pub nodes: usize,
}

/// The intact network, routed.
#[derive(Debug, Clone)]
pub struct Baseline {
    topology: Shared<Topology>,
    matrix: TrafficMatrix,
    overlay: Overlay,
    pub(super) wiring: Wiring,
    pub(super) state: State,
    pub(super) destinations: Vec<Destination>,
    /// By slot, bit/s.
    pub(super) load: Vec<f64>,
    /// Rates below this are rounding, bit/s.
    pub(super) negligible_bps: f64,
    loads: Loads,
}

/// What is remembered of one destination.
#[derive(Debug, Clone)]
pub(super) struct Destination {
    pub(super) node: u32,
    /// Where its demands are in the matrix.
    demands: (u32, u32),
    /// By node.
    pub(super) dist: Vec<u64>,
    /// By node, bit/s: its own demand and what others send through it.
    pub(super) flow: Vec<f64>,
    /// By node: where its next hops are.
    pub(super) span: Vec<Span>,
}

/// Where a node's next hops are among the slots that leave it.
///
/// A spine looks at hundreds of arcs and uses one: the first and the number of them save the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Span {
    /// Slot of the first.
    pub(super) first: u32,
    /// How many lie on shortest paths, also those that a shift leaves without a share.
    pub(super) count: u32,
}

impl Baseline {
    /// Routes a network as it is built.
    ///
    /// # Errors
    /// A network that is too large.
    ///
    /// # Panics
    /// If a demand names a node that the topology does not have.
    pub fn new(
        topology: impl Into<Shared<Topology>>,
        matrix: TrafficMatrix,
    ) -> Result<Self, TooLarge> {
        Self::under(topology, matrix, Overlay::none())
    }

    /// Routes a network in which some things are different already, such as links that are down.
    ///
    /// # Errors
    /// A network that is too large.
    ///
    /// # Panics
    /// If a demand or the overlay names what the topology does not have.
    pub fn under(
        topology: impl Into<Shared<Topology>>,
        matrix: TrafficMatrix,
        overlay: Overlay,
    ) -> Result<Self, TooLarge> {
        let topology: Shared<Topology> = topology.into();
        let (destinations, nodes) = (matrix.by_destination().count(), topology.nodes().len());
        if destinations.saturating_mul(nodes) > CELLS_MAX {
            return Err(TooLarge { destinations, nodes });
        }
        let wiring = Wiring::new(&topology);
        let state = State::new(&topology, &wiring, &overlay);
        let mut baseline = Self {
            negligible_bps: matrix.total_bps() * 1e-14,
            load: vec![0.0; wiring.slots()],
            loads: Loads::new(Vec::new(), Vec::new()),
            destinations: Vec::with_capacity(destinations),
            topology,
            overlay,
            wiring,
            state,
            matrix,
        };
        baseline.route();
        Ok(baseline)
    }

    fn route(&mut self) {
        let net = Net { wiring: &self.wiring, state: &self.state };
        let common_weight = self.state.common_weight();
        let mut shortest = Shortest::default();
        let mut hops = Vec::new();
        let mut stranded = Vec::new();
        let mut begin = 0;
        for (dest, demands) in self.matrix.by_destination() {
            let end = begin + demands.len();
            let mut destination = Destination::new(dest, (begin, end), self.wiring.nodes());
            let order = shortest.run(net, dest.index(), common_weight, &mut destination.dist);
            destination.send(net, demands, order, &mut hops, &mut self.load);
            let lost = |d: &&Demand| destination.dist[d.from.index()] >= UNREACHABLE;
            stranded.extend(demands.iter().filter(lost));
            self.destinations.push(destination);
            begin = end;
        }
        let mut by_arc = vec![0.0; self.load.len()];
        for (slot, &bps) in self.load.iter().enumerate() {
            by_arc[self.wiring.arc(slot).index()] = bps;
        }
        self.loads = Loads::new(by_arc, stranded);
    }

    /// The network.
    #[must_use]
    pub fn topology(&self) -> &Shared<Topology> {
        &self.topology
    }

    /// What it is asked to carry.
    #[must_use]
    pub fn matrix(&self) -> &TrafficMatrix {
        &self.matrix
    }

    /// What is different from the topology already.
    #[must_use]
    pub fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    /// What it carries.
    #[must_use]
    pub fn loads(&self) -> &Loads {
        &self.loads
    }

    /// How it stands, with this limit.
    #[must_use]
    pub fn condition(&self, limit: f64) -> Condition {
        condition(&self.topology, &self.loads, self.matrix.total_bps(), limit)
    }

    pub(super) fn net(&self) -> Net<'_> {
        Net { wiring: &self.wiring, state: &self.state }
    }

    /// The demands toward a destination, ordered by source.
    pub(super) fn demands_to(&self, destination: &Destination) -> &[Demand] {
        let (begin, end) = destination.demands;
        &self.matrix.demands()[begin as usize..end as usize]
    }

    /// What a node itself sends to a destination, bit/s.
    pub(super) fn own_bps(&self, destination: &Destination, node: usize) -> f64 {
        let demands = self.demands_to(destination);
        let found = demands.binary_search_by_key(&node, |demand| demand.from.index());
        found.map_or(0.0, |at| demands[at].bps)
    }
}

impl Destination {
    fn new(node: NodeId, demands: (usize, usize), nodes: usize) -> Self {
        let small = |position| u32::try_from(position).unwrap_or(u32::MAX);
        Self {
            node: node.0,
            demands: (small(demands.0), small(demands.1)),
            dist: vec![UNREACHABLE; nodes],
            flow: vec![0.0; nodes],
            span: vec![Span::default(); nodes],
        }
    }

    /// Fills `hops` with the next hops of a node as they are in the baseline, by the slots known from `span`.
    pub(super) fn known_hops(&self, net: Net<'_>, node: usize, hops: &mut Vec<Hop>) {
        let Span { first, count } = self.span[node];
        hops.clear();
        if count == 1 {
            hops.push(Hop { slot: first, share: 1.0 });
            return;
        }
        let here = self.dist[node];
        let mut slot = first as usize;
        // INVARIANT: `span` counts what is tight, so the search ends within the node's slots.
        while hops.len() < count as usize {
            let head = self.dist[net.wiring.head(slot)];
            if net.is_tight(slot, self.node as usize, here, head) {
                hops.push(Hop { slot: slot as u32, share: 1.0 });
            }
            slot += 1;
        }
        share_out(net, hops);
    }

    /// Sends the demands on their way, the farthest node first, so that all that comes to a node has come.
    fn send(
        &mut self,
        net: Net<'_>,
        demands: &[Demand],
        order: &[u32],
        hops: &mut Vec<Hop>,
        load: &mut [f64],
    ) {
        for demand in demands {
            self.flow[demand.from.index()] = demand.bps;
        }
        for node in order.iter().rev().map(|&node| node as usize) {
            tight_hops(net, node, self.node as usize, |node| self.dist[node], hops);
            self.span[node] = Span {
                first: hops.first().map_or(0, |hop| hop.slot),
                count: u32::try_from(hops.len()).unwrap_or(u32::MAX),
            };
            if self.flow[node] == 0.0 {
                continue;
            }
            share_out(net, hops);
            for hop in hops.iter() {
                let slot = hop.slot as usize;
                let bps = self.flow[node] * hop.share;
                load[slot] += bps;
                self.flow[net.wiring.head(slot)] += bps;
            }
        }
    }
}
