//! Names of links and nodes, lists of paths and rates: whatever is asked for, it is found or refused.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use npo_network::Positive;
use npo_network::format::parse_rate;
use npo_network::optimum::Paths;
use npo_network::topology::Topology;
use npo_network::topology::clos::LeafSpine;
use npo_network::traffic::TrafficMatrix;
use npo_network::what_if::{Baseline, Change, Scratch, what_if};

static FABRIC: LazyLock<(Topology, TrafficMatrix)> = LazyLock::new(|| {
    let bps = |value| Positive::new(value).expect("above 0");
    let shape = LeafSpine {
        spines: 2,
        leaves: 3,
        parallel_links: 2,
        link_bps: bps(1e11),
        site: String::new(),
    };
    let clos = shape.build().expect("valid");
    let matrix = clos.uniform_demand(bps(1e9));
    (clos.topology, matrix)
});

fuzz_target!(|text: &str| {
    let (topology, matrix) = &*FABRIC;
    let _ = parse_rate(text);
    let _ = Paths::parse(topology, text);
    let _ = Change::weight(topology, text, 7);
    let _ = Change::shift(topology, text, 0.5);
    let _ = Change::drain(topology, text);
    if let Ok(changes) = Change::remove(topology, text) {
        let baseline = Baseline::new(topology.clone(), matrix.clone()).expect("small");
        let summary = what_if(&baseline, &mut Scratch::new(&baseline), &changes, 0.8)
            .expect("what was found can be removed");
        assert!(!summary.sentences().is_empty());
    }
});
