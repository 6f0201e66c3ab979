//! What-ifs by link removal: a whole sweep, one what-if from a ready baseline, one with its baseline.
//!
//! `cargo bench -p npo-network --bench what_if`; against numpy, scipy and networkx: `benches/network/run.py`.

use divan::counter::ItemsCount;
use npo_network::Positive;
use npo_network::optimum::{Paths, optimise};
use npo_network::routing::{Overlay, route};
use npo_network::topology::LinkId;
use npo_network::topology::clos::LeafSpine;
use npo_network::what_if::{Baseline, Change, LIMIT_DEFAULT, Scratch, Sweep, relieve, what_if};

fn main() {
    divan::main();
}

/// Spines and leaves: 1,024 and 10,240 links.
const FABRICS: [(usize, usize); 2] = [(16, 64), (32, 320)];

fn fabric(spines: usize, leaves: usize) -> Baseline {
    let bps = |value| Positive::new(value).expect("above 0");
    let (parallel_links, site) = (1, String::new());
    let shape = LeafSpine { spines, leaves, parallel_links, link_bps: bps(1e11), site };
    let clos = shape.build().expect("valid");
    let matrix = clos.uniform_demand(bps(1e7));
    Baseline::new(clos.topology, matrix).expect("small")
}

#[divan::bench(args = FABRICS, sample_count = 5)]
fn sweep(bencher: divan::Bencher<'_, '_>, (spines, leaves): (usize, usize)) {
    let baseline = fabric(spines, leaves);
    let links = baseline.topology().links().len();
    bencher.counter(ItemsCount::new(links)).bench(|| {
        Sweep::new(&baseline, LIMIT_DEFAULT).map(|failure| failure.past_limit).sum::<usize>()
    });
}

/// The loads alone; what a removed link does is found from a ready baseline.
#[divan::bench(args = FABRICS)]
fn apply(bencher: divan::Bencher<'_, '_>, (spines, leaves): (usize, usize)) {
    let baseline = fabric(spines, leaves);
    let mut scratch = Scratch::new(&baseline);
    let overlay = Overlay::without(baseline.topology(), [LinkId(5)]);
    bencher.bench_local(|| scratch.apply(&baseline, &overlay).cut_off_bps());
}

/// The whole answer from a ready baseline, with the scratch made anew.
#[divan::bench(args = FABRICS)]
fn one_what_if(bencher: divan::Bencher<'_, '_>, (spines, leaves): (usize, usize)) {
    let baseline = fabric(spines, leaves);
    let changes = [Change::RemoveLink(LinkId(5))];
    bencher.bench(|| {
        let mut scratch = Scratch::new(&baseline);
        what_if(&baseline, &mut scratch, &changes, LIMIT_DEFAULT).expect("valid")
    });
}

/// The best split in front of a leaf's busiest uplink: every destination moves, over all spines.
#[divan::bench(args = FABRICS)]
fn best_split(bencher: divan::Bencher<'_, '_>, (spines, leaves): (usize, usize)) {
    let baseline = fabric(spines, leaves);
    let leaf = baseline.topology().node_named("leaf1").expect("there");
    let uplink = baseline.topology().leaving(leaf)[0];
    bencher.bench(|| relieve(&baseline, uplink).expect("other ways"));
}

/// The optimum of all 132 demands of Abilene's size over four ways each; the paths are found too.
#[divan::bench]
fn optimum_of_twelve_nodes(bencher: divan::Bencher<'_, '_>) {
    let bps = |value| Positive::new(value).expect("above 0");
    let (parallel_links, site) = (1, String::new());
    let shape = LeafSpine { spines: 4, leaves: 12, parallel_links, link_bps: bps(1e11), site };
    let clos = shape.build().expect("valid");
    let matrix = clos.uniform_demand(bps(1e9));
    bencher.bench(|| {
        let paths = Paths::shortest(&clos.topology, &matrix, 4);
        optimise(&clos.topology, &matrix, &paths, &[]).expect("solvable").max_utilisation
    });
}

/// The whole answer with nothing ready but topology and traffic.
#[divan::bench(args = FABRICS)]
fn one_what_if_from_nothing(bencher: divan::Bencher<'_, '_>, (spines, leaves): (usize, usize)) {
    let ready = fabric(spines, leaves);
    let changes = [Change::RemoveLink(LinkId(5))];
    bencher.bench(|| {
        let baseline =
            Baseline::new(ready.topology().clone(), ready.matrix().clone()).expect("small");
        let mut scratch = Scratch::new(&baseline);
        what_if(&baseline, &mut scratch, &changes, LIMIT_DEFAULT).expect("valid")
    });
}

/// Baseline of the others: everything routed anew with the link removed.
#[divan::bench(args = FABRICS)]
fn route_anew(bencher: divan::Bencher<'_, '_>, (spines, leaves): (usize, usize)) {
    let ready = fabric(spines, leaves);
    let overlay = Overlay::without(ready.topology(), [LinkId(5)]);
    bencher.bench(|| route(ready.topology(), ready.matrix(), &overlay));
}
