//! The best split at a node: worked out by hand, and against routing with the split really made.

use npo_network::Positive;
use npo_network::routing::{Overlay, route};
use npo_network::topology::clos::LeafSpine;
use npo_network::topology::{ArcId, Builder, NewArc, NewLink, NewNode, NodeId, Topology};
use npo_network::traffic::{Demand, TrafficMatrix};
use npo_network::what_if::{Baseline, NoRelief, Relief, relieve};
use proptest::prelude::*;

/// Links by the names of their ends, with capacity and weight of both directions.
fn network(links: &[(&str, &str, f64, u32)]) -> Topology {
    let mut builder = Builder::new("small");
    for &(from, to, capacity, weight) in links {
        let mut node = |name: &str| {
            let known = builder.node_named(name);
            let node = NewNode { name: name.into(), ..NewNode::default() };
            known.unwrap_or_else(|| builder.node(node).expect("a new name"))
        };
        let (from, to) = (node(from), node(to));
        let arc = NewArc { capacity_bps: Some(capacity), weight };
        let link = NewLink { name: None, from, to, forward: arc, backward: Some(arc) };
        builder.link(link).expect("a valid link");
    }
    builder.build()
}

fn baseline(topology: Topology, demands: &[(&str, &str, f64)]) -> Baseline {
    let node = |name: &str| topology.node_named(name).expect("known");
    let demand =
        |&(from, to, bps): &(&str, &str, f64)| Demand { from: node(from), to: node(to), bps };
    let matrix = TrafficMatrix::new(demands.iter().map(demand));
    Baseline::new(topology, matrix).expect("small")
}

fn arc(topology: &Topology, name: &str) -> ArcId {
    let ids = (0u32..).map(ArcId).take(topology.arcs().len());
    ids.into_iter().find(|&id| topology.arc_label(id) == name).expect("there")
}

fn relief(baseline: &Baseline, name: &str) -> Result<Relief, NoRelief> {
    relieve(baseline, arc(baseline.topology(), name))
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-6, "{found} ≠ {expected}");
}

fn shares(relief: &Relief) -> Vec<(&str, f64, f64, bool)> {
    let round = |share: f64| (share * 1e4).round() / 1e4;
    let splits = relief.splits.iter();
    splits.map(|s| (s.arc.as_str(), round(s.now), round(s.best), s.alternate)).collect()
}

#[test]
fn traffic_goes_by_capacity_and_around_what_cannot_move() {
    // 24 from a to z over b and c at equal cost, of which b can take 30 and c 10; c→z has 2 of its own.
    let links =
        [("a", "b", 30.0, 1), ("b", "z", 30.0, 1), ("a", "c", 10.0, 1), ("c", "z", 10.0, 1)];
    let baseline = baseline(network(&links), &[("a", "z", 24.0), ("c", "z", 2.0)]);
    let relief = relief(&baseline, "a→c").expect("another way");
    close(relief.now.utilisation, 1.4);
    assert_eq!(relief.now.arc, "c→z");
    // x over c: (x + 2) / 10 = (24 − x) / 30, so x = 4.5.
    close(relief.best.utilisation, 0.65);
    close(relief.network_best, 0.65);
    assert_eq!(shares(&relief), [("a→b", 0.5, 0.8125, false), ("a→c", 0.5, 0.1875, false)]);
    close(relief.moved_share, 0.3125);
    close(relief.bps, 24.0);
    assert_eq!(
        relief.words(),
        "Best split of the 24 bit/s that a sends where a→c is one of the ways: a→b 81 % (now 50 %), a→c 19 % (now \
         50 %). Then the fullest direction there is a→b at 65.0 %; now it is c→z at 140.0 %."
    );
}

#[test]
fn a_loop_free_alternate_is_used_where_no_way_is_as_short() {
    // From a, z is 2 away over b; c is 3 away from z itself, and its way there does not come back to a.
    let links =
        [("a", "b", 10.0, 1), ("b", "z", 10.0, 1), ("a", "c", 10.0, 1), ("c", "z", 10.0, 2)];
    let baseline = baseline(network(&links), &[("a", "z", 9.0)]);
    let relief = relief(&baseline, "a→b").expect("an alternate");
    close(relief.now.utilisation, 0.9);
    close(relief.best.utilisation, 0.45);
    assert_eq!(shares(&relief), [("a→b", 1.0, 0.5, false), ("a→c", 0.0, 0.5, true)]);
    assert!(relief.words().contains("a→c 50 % (now 0 %, a longer way)"), "{}", relief.words());
}

#[test]
fn a_neighbour_that_would_send_it_back_is_no_way() {
    // c reaches z over a alone.
    let links = [("a", "b", 10.0, 1), ("b", "z", 10.0, 1), ("a", "c", 10.0, 1)];
    let baseline = baseline(network(&links), &[("a", "z", 9.0)]);
    let refused = relief(&baseline, "a→b").expect_err("no other way");
    assert_eq!(refused.to_string(), "what a→b carries has no other way from there");
    let refused = relief(&baseline, "z→b").expect_err("idle");
    assert_eq!(refused.to_string(), "z→b carries nothing");
}

#[test]
fn among_the_best_splits_the_one_that_moves_least_is_proposed() {
    // What is fullest, z→y, cannot be helped from a, so that nothing is to be moved there.
    let links = [("a", "b", 9.0, 1), ("b", "z", 9.0, 1), ("a", "c", 9.0, 1), ("c", "z", 9.0, 1)];
    let links = [&links[..], &[("z", "y", 10.0, 1)]].concat();
    let baseline = baseline(network(&links), &[("a", "y", 8.0)]);
    let relief = relief(&baseline, "a→b").expect("another way");
    close(relief.best.utilisation, 0.8);
    close(relief.moved_share, 0.0);
    assert!(!relief.is_worth());
    assert_eq!(
        relief.words(),
        "No split of the 8 bit/s that a sends where a→b is one of the ways does better: the fullest direction there \
         is z→y at 80.0 %."
    );
}

#[test]
fn the_bundles_of_a_fabric_share_one_split() {
    let link_bps = Positive::new(1e11).expect("above 0");
    let shape =
        LeafSpine { spines: 4, leaves: 6, parallel_links: 2, link_bps, site: String::new() };
    let clos = shape.build().expect("valid");
    let matrix = clos.uniform_demand(Positive::new(2e10).expect("above 0"));
    let mut topology = clos.topology;
    // Hashing has gone wrong: one uplink of leaf1 takes seven times its share.
    let uneven = arc(&topology, "leaf1→spine2#1");
    let split =
        |id: u32| Positive::new(if ArcId(id) == uneven { 7.0 } else { 1.0 }).expect("above 0");
    let splits: Vec<Positive> = (0u32..).map(split).take(topology.arcs().len()).collect();
    topology = topology.with_splits(&splits);
    let baseline = Baseline::new(topology, matrix).expect("small");
    let relief = relieve(&baseline, uneven).expect("other ways");
    close(relief.now.utilisation, 0.5);
    assert_eq!(relief.splits.len(), 8);
    // 100 Gbit/s over eight uplinks of 100 Gbit/s each; below a spine there are 20 Gbit/s from each leaf.
    close(relief.best.utilisation, 0.125);
    close(relief.splits.iter().map(|share| share.best).sum(), 1.0);
}

/// A connected network of up to nine nodes, all of which send to the first.
fn to_one() -> impl Strategy<Value = (Topology, TrafficMatrix)> {
    let node = 3usize..9;
    node.prop_flat_map(|nodes| {
        let tree = proptest::collection::vec(any::<prop::sample::Index>(), nodes - 1);
        let more = proptest::collection::vec((0..nodes, 0..nodes), nodes..3 * nodes);
        let numbers = proptest::collection::vec((1u32..3, 5u32..40, 1u32..20), 4 * nodes);
        (Just(nodes), tree, more, numbers).prop_map(|(nodes, tree, more, numbers)| {
            let mut builder = Builder::new("");
            for n in 0..nodes {
                let node = NewNode { name: format!("n{n}"), ..NewNode::default() };
                builder.node(node).expect("a new name");
            }
            let id = |n: usize| NodeId(n as u32);
            let of_tree = tree.iter().enumerate().map(|(n, to)| (n + 1, to.index(n + 1)));
            let all = of_tree.chain(more).filter(|(from, to)| from != to);
            for ((from, to), (weight, capacity, _)) in all.zip(&numbers) {
                let capacity_bps = Some(f64::from(*capacity));
                let arc = NewArc { capacity_bps, weight: *weight };
                let (from, to) = (id(from), id(to));
                let link = NewLink { name: None, from, to, forward: arc, backward: Some(arc) };
                builder.link(link).expect("a valid link");
            }
            let demand = |n| Demand { from: id(n), to: id(0), bps: f64::from(numbers[n].2) };
            (builder.build(), TrafficMatrix::new((1..nodes).map(demand)))
        })
    })
}

/// Utilisation of the fullest arc with these splits at one node, of the arcs that `relief` could fill.
fn fullest_with(topology: &Topology, matrix: &TrafficMatrix, shares: &[(ArcId, f64)]) -> f64 {
    let mut splits = vec![Positive::ONE; topology.arcs().len()];
    for (arc, share) in shares {
        splits[arc.index()] = Positive::new(share.max(1e-12)).expect("above 0");
    }
    let topology = topology.clone().with_splits(&splits);
    let loads = route(&topology, matrix, &Overlay::none());
    loads.fullest(&topology).map_or(0.0, |(_, utilisation)| utilisation)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_split_does_what_it_says_and_none_does_better(
        (topology, matrix) in to_one(),
        at in any::<prop::sample::Index>(),
        others in proptest::collection::vec(proptest::collection::vec(1e-6..1.0f64, 12), 6),
    ) {
        let baseline = Baseline::new(topology.clone(), matrix.clone()).expect("small");
        let arc = ArcId(at.index(topology.arcs().len()) as u32);
        let Ok(relief) = relieve(&baseline, arc) else { return Ok(()) };
        prop_assert!(relief.best.utilisation <= relief.now.utilisation + 1e-6);
        let total: f64 = relief.splits.iter().map(|share| share.best).sum();
        prop_assert!((total - 1.0).abs() < 1e-6, "{}", total);
        let before = baseline.loads().fullest(&topology).map_or(0.0, |(_, u)| u);
        prop_assert!(relief.now.utilisation <= before + 1e-9);
        // A split over an alternate cannot be said by routing weights alone.
        prop_assume!(relief.splits.iter().all(|share| !share.alternate));
        let ids = (0u32..).map(ArcId).take(topology.arcs().len());
        let of = |share: &npo_network::what_if::ShareOf, to: f64| {
            let mut ids = ids.clone();
            (ids.find(|&id| topology.arc_label(id) == share.arc).expect("there"), to)
        };
        let made: Vec<_> = relief.splits.iter().map(|share| of(share, share.best)).collect();
        let found = fullest_with(&topology, &matrix, &made);
        prop_assert!((found - relief.network_best).abs() < 1e-6, "{} ≠ {}", found, relief.network_best);
        for other in others {
            let sum: f64 = other.iter().take(relief.splits.len()).sum();
            let made: Vec<_> =
                relief.splits.iter().zip(&other).map(|(share, to)| of(share, to / sum)).collect();
            let found = fullest_with(&topology, &matrix, &made);
            prop_assert!(found >= relief.network_best - 1e-6, "{} < {}", found, relief.network_best);
        }
    }
}
