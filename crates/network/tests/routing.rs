//! Routing and what-ifs against an independent, deliberately naive computation.
//!
//! The naive one knows neither queues nor flat arrays nor increments: all distances by Floyd and Warshall, and each
//! demand followed by recursion over its next hops.

use npo_network::Positive;
use npo_network::routing::{Loads, Overlay, route};
use npo_network::topology::{ArcId, Builder, LinkId, NewArc, NewLink, NewNode, NodeId, Topology};
use npo_network::traffic::{Demand, TrafficMatrix};
use npo_network::what_if::{Baseline, Scratch};
use proptest::prelude::*;

/// Loads by arc and stranded bit/s, naively.
fn naive(topology: &Topology, matrix: &TrafficMatrix, overlay: &Overlay) -> (Vec<f64>, f64) {
    let mut loads = vec![0.0; topology.arcs().len()];
    let mut stranded = 0.0;
    for demand in matrix.demands() {
        let dist = distances(topology, overlay, demand.to);
        let all = Way { topology, overlay, dist: &dist, to: demand.to };
        if dist[demand.from.index()][demand.to.index()].is_none() {
            stranded += demand.bps;
        } else {
            all.follow(demand.from, demand.bps, &mut loads);
        }
    }
    (loads, stranded)
}

fn change(overlay: &Overlay, arc: ArcId) -> npo_network::routing::ArcOverlay {
    overlay.arcs().find(|(id, _)| *id == arc).map(|(_, change)| change).unwrap_or_default()
}

fn weight(topology: &Topology, overlay: &Overlay, arc: ArcId) -> Option<u64> {
    let change = change(overlay, arc);
    (!change.removed).then(|| u64::from(change.weight.unwrap_or(topology.arc(arc).weight)))
}

/// Floyd and Warshall, with no way through drained nodes except to `to` itself.
fn distances(topology: &Topology, overlay: &Overlay, to: NodeId) -> Vec<Vec<Option<u64>>> {
    let nodes = topology.nodes().len();
    let mut dist = vec![vec![None; nodes]; nodes];
    for (n, row) in dist.iter_mut().enumerate() {
        row[n] = Some(0);
    }
    for (id, arc) in (0u32..).map(ArcId).zip(topology.arcs()) {
        let Some(weight) = weight(topology, overlay, id) else { continue };
        let known = &mut dist[arc.from.index()][arc.to.index()];
        *known = Some(known.map_or(weight, |known: u64| known.min(weight)));
    }
    for through in 0..nodes {
        let id = NodeId(through as u32);
        if overlay.is_drained(id) && id != to {
            continue;
        }
        for from in 0..nodes {
            for end in 0..nodes {
                if let (Some(a), Some(b)) = (dist[from][through], dist[through][end])
                    && dist[from][end].is_none_or(|known| a + b < known)
                {
                    dist[from][end] = Some(a + b);
                }
            }
        }
    }
    dist
}

struct Way<'a> {
    topology: &'a Topology,
    overlay: &'a Overlay,
    dist: &'a [Vec<Option<u64>>],
    to: NodeId,
}

impl Way<'_> {
    fn follow(&self, node: NodeId, bps: f64, loads: &mut [f64]) {
        if node == self.to {
            return;
        }
        let here = self.dist[node.index()][self.to.index()].expect("on a way");
        let ids = (0u32..).take(self.topology.arcs().len()).map(ArcId);
        let hops: Vec<ArcId> = ids
            .filter(|&id| {
                let arc = self.topology.arc(id);
                let left = self.dist[arc.to.index()][self.to.index()];
                let is_open = arc.to == self.to || !self.overlay.is_drained(arc.to);
                let weight = weight(self.topology, self.overlay, id);
                arc.from == node
                    && is_open
                    && weight.zip(left).is_some_and(|(weight, left)| weight + left == here)
            })
            .collect();
        let sum: f64 = hops.iter().map(|&hop| self.topology.arc(hop).split.get()).sum();
        let even: Vec<f64> =
            hops.iter().map(|&hop| self.topology.arc(hop).split.get() / sum).collect();
        let moved: Vec<f64> =
            hops.iter().map(|&hop| change(self.overlay, hop).moved_share).collect();
        for (hop, share) in hops.iter().zip(shares(&even, &moved)) {
            loads[hop.index()] += bps * share;
            if share > 0.0 {
                self.follow(self.topology.arc(*hop).to, bps * share, loads);
            }
        }
    }
}

/// What the split becomes when shares are moved away.
fn shares(even: &[f64], moved: &[f64]) -> Vec<f64> {
    let takers: f64 = even.iter().zip(moved).filter(|(_, m)| **m == 0.0).map(|(e, _)| e).sum();
    let kept: f64 = even.iter().zip(moved).map(|(e, m)| e * (1.0 - m)).sum();
    let freed: f64 = even.iter().zip(moved).map(|(e, m)| e * m).sum();
    let share = |(e, m): (&f64, &f64)| match (takers > 0.0, kept > 0.0) {
        (true, _) if *m == 0.0 => e + freed * e / takers,
        (true, _) => e * (1.0 - m),
        (false, true) => e * (1.0 - m) / kept,
        (false, false) => *e,
    };
    even.iter().zip(moved).map(share).collect()
}

/// Differences of at most 1e-9 of the larger, or of what the arc carried before: what is computed by differences
/// cannot know more of the rest than it knew of the whole.
fn same(found: &[f64], expected: &[f64], before: &[f64], total: f64) -> bool {
    found
        .iter()
        .zip(expected)
        .zip(before)
        .all(|((a, b), before)| (a - b).abs() <= 1e-9 * a.max(*b).max(*before) + 1e-13 * total)
}

#[derive(Debug, Clone)]
enum Edit {
    Link(usize),
    Node(usize),
    Drain(usize),
    Weight(usize, u32),
    Shift(usize, f64),
}

fn overlay(topology: &Topology, edits: &[Edit]) -> Overlay {
    let mut overlay = Overlay::none();
    let node = |n: usize| NodeId((n % topology.nodes().len()) as u32);
    let arc = |n: usize| ArcId((n % topology.arcs().len()) as u32);
    for edit in edits {
        match *edit {
            Edit::Link(n) => {
                overlay.remove_link(topology, LinkId((n % topology.links().len()) as u32));
            }
            Edit::Node(n) => overlay.remove_node(topology, node(n)),
            Edit::Drain(n) => overlay.drain_node(node(n)),
            Edit::Weight(n, weight) => overlay.set_weight(arc(n), weight),
            Edit::Shift(n, share) => overlay.shift(arc(n), share),
        }
    }
    overlay
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = prop_oneof![
        4 => any::<usize>().prop_map(Edit::Link),
        1 => any::<usize>().prop_map(Edit::Node),
        2 => any::<usize>().prop_map(Edit::Drain),
        3 => (any::<usize>(), 1u32..8).prop_map(|(n, weight)| Edit::Weight(n, weight)),
        2 => (any::<usize>(), prop_oneof![Just(1.0), 0.0..1.0]).prop_map(|(n, s)| Edit::Shift(n, s)),
    ];
    prop::collection::vec(edit, 1..5)
}

/// Multigraphs of up to nine nodes, with parallel links, one-way links, and parts that do not hang together.
fn networks() -> impl Strategy<Value = (Topology, TrafficMatrix)> {
    let link = (0usize..9, 0usize..9, 1u32..6, 1u32..6, 0u8..8);
    let demand = (0usize..9, 0usize..9, 0.0..1e9);
    let parts = (
        3usize..10,
        any::<bool>(),
        prop::collection::vec(link, 2..20),
        prop::collection::vec(demand, 1..25),
    );
    parts.prop_map(|(nodes, unit, links, demands)| {
        let mut builder = Builder::new("random");
        for n in 0..nodes {
            builder.node(NewNode { name: format!("n{n}"), ..NewNode::default() }).expect("new");
        }
        let node = |n: usize| NodeId((n % nodes) as u32);
        // At least one link, so that there is something to change.
        let first = (0, 1, 1, 1, 0);
        for (a, b, forward, backward, kind) in std::iter::once(first).chain(links) {
            let (from, to) = (node(a), node(b));
            let arc = |weight| NewArc { weight: if unit { 1 } else { weight }, capacity_bps: None };
            if from != to {
                let backward = (kind > 0).then(|| arc(backward));
                builder
                    .link(NewLink { name: None, from, to, forward: arc(forward), backward })
                    .expect("valid");
            }
        }
        let demands = demands.into_iter().map(|(from, to, bps)| Demand {
            from: node(from),
            to: node(to),
            bps,
        });
        (builder.build(), TrafficMatrix::new(demands))
    })
}

fn check_against_naive(topology: &Topology, matrix: &TrafficMatrix, overlay: &Overlay) -> Loads {
    let total = matrix.total_bps();
    let full = route(topology, matrix, overlay);
    let (expected, stranded) = naive(topology, matrix, overlay);
    assert!(same(full.by_arc(), &expected, &expected, 0.0), "{full:?}\n{expected:?}");
    assert!((full.stranded_bps() - stranded).abs() <= 1e-9 * total);
    full
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    #[test]
    fn a_what_if_equals_routing_anew_and_the_naive_way(
        (topology, matrix) in networks(),
        first in edits(),
        second in edits(),
        under in prop::option::of(edits()),
    ) {
        let total = matrix.total_bps();
        let under = under.map_or_else(Overlay::none, |edits| overlay(&topology, &edits));
        let baseline = Baseline::under(topology.clone(), matrix.clone(), under.clone()).expect("small");
        let intact = check_against_naive(&topology, &matrix, &under);
        prop_assert_eq!(baseline.loads(), &intact);
        let mut scratch = Scratch::new(&baseline);
        // One after the other in the same scratch: nothing of the first may be left.
        for edits in [&first, &second] {
            let overlay = overlay(&topology, edits);
            let both = laid(&topology, &under, &overlay);
            let effect = scratch.apply(&baseline, &overlay);
            let full = check_against_naive(&topology, &matrix, &both);
            let found = effect.loads();
            prop_assert!(
                same(found.by_arc(), full.by_arc(), intact.by_arc(), total),
                "{:?}\n{:?}\n{:?}", both, found, full
            );
            prop_assert_eq!(found.stranded(), full.stranded());
            let cut_off = full.stranded_bps() - intact.stranded_bps();
            prop_assert!((effect.cut_off_bps() - cut_off).abs() <= 1e-9 * total);
            let touched: Vec<ArcId> = effect.touched().collect();
            for (n, (found, before)) in found.by_arc().iter().zip(intact.by_arc()).enumerate() {
                prop_assert!(found == before || touched.contains(&ArcId(n as u32)));
            }
        }
    }

    #[test]
    fn what_goes_in_comes_out((topology, matrix) in networks(), edits in edits()) {
        let overlay = overlay(&topology, &edits);
        let loads = route(&topology, &matrix, &overlay);
        let stranded = loads.stranded();
        for (n, node) in (0u32..).zip(topology.nodes()) {
            let id = NodeId(n);
            let carried = matrix.demands().iter().filter(|demand| {
                !stranded.iter().any(|lost| (lost.from, lost.to) == (demand.from, demand.to))
            });
            let (mut sent, mut received) = (0.0, 0.0);
            for demand in carried {
                if demand.from == id { sent += demand.bps }
                if demand.to == id { received += demand.bps }
            }
            let out: f64 = topology.leaving(id).iter().map(|&arc| loads.arc_bps(arc)).sum();
            let into: f64 = topology.arriving(id).iter().map(|&arc| loads.arc_bps(arc)).sum();
            let error = (into + sent - out - received).abs();
            prop_assert!(error <= 1e-9 * matrix.total_bps(), "{}: {error}", node.name);
        }
    }
}

/// An overlay on top of another: what is gone stays gone.
fn laid(topology: &Topology, under: &Overlay, over: &Overlay) -> Overlay {
    let mut both = under.clone();
    let changes: Vec<_> = over.arcs().collect();
    for (arc, change) in changes {
        if change.removed {
            both.remove_link(topology, topology.arc(arc).link);
        }
        if let Some(weight) = change.weight {
            both.set_weight(arc, weight);
        }
        if change.moved_share > 0.0 {
            both.shift(arc, change.moved_share);
        }
    }
    over.no_transit().for_each(|node| both.drain_node(node));
    both
}

#[test]
fn traffic_splits_hop_by_hop_over_parallel_links() {
    // a sends 12 to d: over b (two parallel links) and c (one); three next hops at a, then on to d.
    let mut builder = Builder::new("diamond");
    for name in ["a", "b", "c", "d"] {
        builder.node(NewNode { name: name.into(), ..NewNode::default() }).expect("new");
    }
    for (from, to) in [(0, 1), (0, 1), (0, 2), (1, 3), (2, 3)] {
        let arc = NewArc { capacity_bps: Some(10.0), weight: 1 };
        let (from, to) = (NodeId(from), NodeId(to));
        let link = NewLink { name: None, from, to, forward: arc, backward: Some(arc) };
        builder.link(link).expect("valid");
    }
    let topology = builder.build();
    let demand = Demand { from: NodeId(0), to: NodeId(3), bps: 12.0 };
    let matrix = TrafficMatrix::new([demand]);
    let loads = route(&topology, &matrix, &Overlay::none());
    let forward: Vec<f64> =
        topology.links().iter().map(|link| loads.arc_bps(link.forward)).collect();
    assert_eq!(forward, [4.0, 4.0, 4.0, 8.0, 4.0]);
    assert_eq!(loads.fullest(&topology), Some((topology.link(LinkId(3)).forward, 0.8)));
    let more = topology.assuming_capacity(Positive::ONE);
    assert_eq!(loads.utilisation(&more, ArcId(0)), Some(0.4));
}
