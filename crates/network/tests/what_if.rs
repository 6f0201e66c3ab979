//! What-ifs on fabrics and on small networks whose answers can be told by hand.

use npo_network::Positive;
use npo_network::topology::clos::{Clos, FatTree, LeafSpine};
use npo_network::topology::{Builder, LinkId, NewArc, NewLink, NewNode, NodeId, Topology};
use npo_network::traffic::{Demand, TrafficMatrix};
use npo_network::what_if::{Baseline, Change, Failure, Scratch, Summary, Sweep, what_if};

const GBPS: f64 = 1e9;

fn bps(value: f64) -> Positive {
    Positive::new(value).expect("above 0")
}

/// Two spines, three leaves, two parallel links of 100 Gbit/s; each leaf sends 60 Gbit/s to each other.
fn fabric() -> Baseline {
    let shape = LeafSpine {
        spines: 2,
        leaves: 3,
        parallel_links: 2,
        link_bps: bps(100.0 * GBPS),
        site: String::new(),
    };
    let clos = shape.build().expect("valid");
    let matrix = clos.uniform_demand(bps(60.0 * GBPS));
    Baseline::new(clos.topology, matrix).expect("small")
}

fn asked(baseline: &Baseline, changes: &[Change]) -> Summary {
    what_if(baseline, &mut Scratch::new(baseline), changes, 0.8).expect("valid changes")
}

fn remove(baseline: &Baseline, name: &str) -> Summary {
    asked(baseline, &Change::remove(baseline.topology(), name).expect("there"))
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{found} ≠ {expected}");
}

#[test]
fn one_of_parallel_links_leaves_the_rest_of_its_group() {
    let baseline = fabric();
    let summary = remove(&baseline, "leaf1--spine2#2");
    assert_eq!(summary.changes, ["remove link leaf1--spine2#2"]);
    // 120 Gbit/s go to leaf1, half of them by spine2: over two links before, one after. The uplinks of leaf1 go from
    // 30 to 40.
    let fullest = summary.after.fullest.as_ref().expect("known");
    close(summary.before.fullest.as_ref().expect("known").utilisation, 0.3);
    assert_eq!(fullest.arc, "spine2→leaf1#1");
    close(fullest.utilisation, 0.6);
    close(summary.gaining.first[1].after().expect("known"), 0.4);
    close(summary.moved.bps, 60.0 * GBPS);
    close(summary.moved.share, 60.0 / 360.0);
    assert_eq!((summary.pushed.count, summary.cut_off.pairs.count), (0, 0));
    let group = &summary.redundancy.groups.first[0];
    assert_eq!((group.links_before, group.links_left, group.left), (2, 1, 3));
    let next_hops: Vec<(&str, usize, usize)> =
        group.next_hops.iter().map(|hops| (hops.at.as_str(), hops.before, hops.left)).collect();
    // The ends of a bundle come in order of ids, and spines were made first.
    assert_eq!(next_hops, [("spine2", 2, 1), ("leaf1", 4, 3)]);
    assert_eq!(summary.redundancy.left, Some(3));
    assert_eq!(summary.redundancy.new_single_points.count, 0);
    assert_eq!((summary.before.hops_mean, summary.after.hops_mean), (2.0, 2.0));
}

#[test]
fn a_group_and_a_node_are_removed_and_drained_as_one() {
    let baseline = fabric();
    let group = remove(&baseline, "leaf1--spine2");
    assert_eq!(group.changes.len(), 2);
    close(group.after.fullest.as_ref().expect("known").utilisation, 0.6);
    // spine2 would reach leaf1 by another leaf and spine1: four links at leaf1 less two.
    assert_eq!((group.redundancy.groups.first[0].links_left, group.redundancy.left), (0, Some(2)));
    let drained = asked(&baseline, &[Change::drain(baseline.topology(), "spine2").expect("there")]);
    let removed = remove(&baseline, "spine2");
    for summary in [&drained, &removed] {
        close(summary.after.fullest.as_ref().expect("known").utilisation, 0.6);
        close(summary.moved.bps, 180.0 * GBPS);
        assert_eq!((summary.redundancy.left, summary.redundancy.groups.count), (Some(2), 3));
        assert_eq!(summary.redundancy.new_single_points.first, ["node spine1"]);
        assert_eq!(summary.cut_off.bps, 0.0);
    }
}

#[test]
fn a_removed_leaf_cuts_its_own_traffic_off_and_a_drained_one_nothing() {
    let baseline = fabric();
    let removed = remove(&baseline, "leaf3");
    close(removed.cut_off.bps, 240.0 * GBPS);
    close(removed.cut_off.share, 240.0 / 360.0);
    close(removed.moved.bps, 240.0 * GBPS);
    assert_eq!(removed.cut_off.pairs.count, 4);
    let pairs: Vec<(&str, &str)> =
        removed.cut_off.pairs.first.iter().map(|p| (&*p.from, &*p.to)).collect();
    assert_eq!(
        pairs,
        [("leaf3", "leaf1"), ("leaf3", "leaf2"), ("leaf1", "leaf3"), ("leaf2", "leaf3")]
    );
    close(removed.after.fullest.as_ref().expect("known").utilisation, 0.15);
    let drained = asked(&baseline, &[Change::drain(baseline.topology(), "leaf3").expect("there")]);
    assert_eq!((drained.cut_off.bps, drained.moved.bps), (0.0, 0.0));
    assert_eq!(drained.before, drained.after);
}

/// A square of 10 Gbit/s with a tail: a–b, b–d, a–c, c–d, d–e; a sends 9 Gbit/s to d and 1 to e.
fn square() -> Baseline {
    let mut builder = Builder::new("square");
    for name in ["a", "b", "c", "d", "e"] {
        builder.node(NewNode { name: name.into(), ..NewNode::default() }).expect("new");
    }
    let capacity = |known: bool| known.then_some(10.0 * GBPS);
    for (from, to, weight, known) in
        [(0, 1, 1, true), (1, 3, 1, true), (0, 2, 2, true), (2, 3, 2, true), (3, 4, 1, false)]
    {
        let arc = NewArc { capacity_bps: capacity(known), weight };
        let (from, to) = (NodeId(from), NodeId(to));
        builder
            .link(NewLink { name: None, from, to, forward: arc, backward: Some(arc) })
            .expect("valid");
    }
    let demand = |to, gbps: f64| Demand { from: NodeId(0), to: NodeId(to), bps: gbps * GBPS };
    let matrix = TrafficMatrix::new([demand(3, 9.0), demand(4, 1.0)]);
    Baseline::new(builder.build(), matrix).expect("small")
}

#[test]
fn a_longer_way_is_taken_and_single_points_are_named() {
    let summary = remove(&square(), "a--b");
    assert_eq!((summary.arcs_with_capacity, summary.arcs_without_capacity), (8, 2));
    let pushed: Vec<&str> = summary.pushed.first.iter().map(|arc| arc.arc.as_str()).collect();
    assert_eq!(pushed, ["a→c", "c→d"]);
    assert_eq!((summary.relieved, summary.pushed_past_capacity), (2, 0));
    assert_eq!(summary.redundancy.left, Some(1));
    let group = &summary.redundancy.groups.first[0];
    assert_eq!((group.next_hops[0].before, group.next_hops[0].left), (1, 0));
    let points = &summary.redundancy.new_single_points;
    assert_eq!(points.first, ["link b--d", "link a--c", "link c--d", "node c"]);
    let tail = remove(&square(), "d--e");
    close(tail.cut_off.bps, GBPS);
    assert_eq!(tail.redundancy.left, Some(0));
}

#[test]
fn weights_and_shifts_move_what_they_say() {
    let baseline = square();
    // Both ways cost the same with weight 3 on a→b.
    let weight = Change::weight(baseline.topology(), "a→b", 3).expect("valid");
    let summary = asked(&baseline, &weight);
    close(summary.moved.bps, 5.0 * GBPS);
    close(summary.after.fullest.as_ref().expect("known").utilisation, 0.5);
    assert_eq!(summary.redundancy.left, None);
    // Of that half, a shift takes half again.
    let mut both = weight;
    both.extend(Change::shift(baseline.topology(), "a→b", 0.5).expect("valid"));
    let summary = asked(&baseline, &both);
    close(summary.moved.bps, 7.5 * GBPS);
    close(summary.after.fullest.as_ref().expect("known").utilisation, 0.75);
    // Nowhere else to go.
    let stuck = Change::shift(baseline.topology(), "a→b", 1.0).expect("valid");
    close(asked(&baseline, &stuck).moved.bps, 0.0);
}

#[test]
fn what_is_down_already_counts_as_before() {
    let intact = square();
    let topology = intact.topology();
    let down = npo_network::routing::Overlay::without(topology, [LinkId(0)]);
    let baseline = Baseline::under(topology.clone(), intact.matrix().clone(), down).expect("small");
    let summary = remove(&baseline, "c--d");
    close(summary.before.fullest.as_ref().expect("known").utilisation, 1.0);
    close(summary.cut_off.bps, 10.0 * GBPS);
    assert_eq!(summary.redundancy.left, Some(0));
    let again = remove(&baseline, "a--b");
    assert_eq!((again.redundancy.left, again.moved.bps), (None, 0.0));
    assert_eq!(again.before, again.after);
}

fn check_sweep(topology: Topology, matrix: TrafficMatrix) {
    let baseline = Baseline::new(topology, matrix).expect("small");
    let failures: Vec<Failure> = Sweep::new(&baseline, 0.8).collect();
    assert_eq!(failures.len(), baseline.topology().links().len());
    for (failure, id) in failures.iter().zip((0..).map(LinkId)) {
        let summary = asked(&baseline, &[Change::RemoveLink(id)]);
        assert_eq!(failure.link, id);
        assert_eq!(failure.past_limit, summary.after.past_limit, "{summary:?}");
        assert_eq!(failure.pushed, summary.pushed.count);
        close(failure.cut_off_bps, summary.cut_off.bps);
        let fullest = summary.after.fullest.map_or(0.0, |peak| peak.utilisation);
        close(failure.fullest.map_or(0.0, |(_, utilisation)| utilisation), fullest);
    }
}

#[test]
fn a_sweep_says_the_same_as_one_what_if_after_the_other() {
    let square = square();
    check_sweep((**square.topology()).clone(), square.matrix().clone());
    let fabric = fabric();
    check_sweep((**fabric.topology()).clone(), fabric.matrix().clone());
    let tree = FatTree { k: 4, pod_link_bps: bps(4.0 * GBPS), core_link_bps: bps(2.0 * GBPS) };
    let Clos { topology, edges } = tree.build().expect("valid");
    let uneven = edges.iter().zip(edges.iter().skip(1).step_by(3));
    let demands = uneven.map(|(&from, &to)| Demand { from, to, bps: 3.0 * GBPS });
    let matrix = TrafficMatrix::new(demands);
    check_sweep(topology, matrix);
}

#[test]
fn a_summary_reads_in_the_order_of_questions() {
    let check = |summary: Summary, expected: &[&str]| {
        let sentences = summary.sentences();
        let texts: Vec<&str> = sentences.iter().map(|sentence| sentence.text.as_str()).collect();
        assert_eq!(texts, expected);
    };
    check(
        remove(&square(), "a--b"),
        &[
            "Nothing is cut off.",
            "2 directions pass 80 %: a→c from 0.0 % to 100.0 %, c→d from 0.0 % to 100.0 %.",
            "2 directions back below 80 %.",
            "The fullest direction is a→c at 100.0 %; before, it was a→b at 100.0 %.",
            "The capacity of 2 of 10 directions is not known; they are not judged.",
            "10 Gbit/s has to move, 100.0 % of all traffic.",
            "a–b: their only link goes, one way is left; a has to take longer ways.",
            "link b--d, link a--c, link c--d and 1 more become single points of failure.",
        ],
    );
    check(
        remove(&square(), "d--e"),
        &[
            "1 Gbit/s is cut off, 10.0 % of all traffic, between 1 pair: a→e 1 Gbit/s.",
            "2 directions above 80 % before and after.",
            "The fullest direction is a→b at 90.0 %; before, it was a→b at 100.0 %.",
            "The capacity of 2 of 10 directions is not known; they are not judged.",
            "1 Gbit/s has to move, 10.0 % of all traffic. Ways take 2.00 links on the mean, 2.10 before.",
            "d–e: their only link goes, nothing else joins them.",
        ],
    );
}
