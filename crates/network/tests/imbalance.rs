//! Imbalance episodes on the shared matrices: the golden series, the forecasts, and what was learned beforehand.

mod common;

use std::path::{Path, PathBuf};

use npo_network::format::{ImportOptions, TrafficOptions, open};
use npo_network::imbalance::episode::{episodes, onset, present};
use npo_network::imbalance::evaluate::{NPO, Split};
use npo_network::imbalance::smooth::{Holt, MARGIN};
use npo_network::imbalance::track::Tracker;
use npo_network::imbalance::{
    Carried, Definition, Options, Predictor, Scale, Target, Trained, evaluate,
};
use npo_network::topology::weights::Weighting;

fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(path);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: nothing at {}; this test has checked nothing", path.display());
    None
}

/// A shared traffic set, and what is known of it.
struct Set {
    topology: &'static str,
    traffic: &'static str,
    golden: &'static str,
    name: &'static str,
    window: usize,
    train: usize,
}

const ABILENE: Set = Set {
    topology: "data/topologies/sndlib-native/abilene.txt",
    traffic: "data/tm-abilene-2004/abilene_tm_20040301_20040314.csv.gz",
    golden: "oracle/imbalance/golden_abilene-2004.csv",
    name: "abilene-2004",
    window: 288,
    train: 2016,
};
const META: Set = Set {
    topology: "data/tm-meta-pod-a/original/Facebook_pod_a.json",
    traffic: "data/tm-meta-pod-a/meta_pod_a_tm.csv.gz",
    golden: "oracle/imbalance/golden_meta-a.csv",
    name: "meta-a",
    window: 300,
    train: 6000,
};

/// Utilisations of a set; routing weights by `reweighted` of the position of a link, if given.
fn carried(set: &Set, reweighted: Option<&dyn Fn(usize) -> u32>) -> Option<Carried> {
    let options =
        ImportOptions { weighting: Weighting::InverseCapacity, ..ImportOptions::default() };
    let mut topology =
        open::topology(&shared(set.topology)?, &options).expect("a topology").topology;
    if let Some(weight) = reweighted {
        let weights: Vec<u32> =
            topology.arcs().iter().map(|arc| weight(arc.link.index())).collect();
        topology = topology.with_weights(&weights);
    }
    let traffic =
        open::traffic(&shared(set.traffic)?, &TrafficOptions::default()).expect("traffic");
    let series = traffic.series.resolve(&topology).expect("the same nodes");
    Some(Carried::route(&topology, &series, &mut || ()))
}

/// Columns of a golden series.
fn golden(set: &Set) -> Option<Vec<[f64; 10]>> {
    let text = std::fs::read_to_string(shared(set.golden)?).expect("a text file");
    let row = |line: &str| {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().expect("a number")).collect();
        cells.try_into().expect("ten columns")
    };
    Some(text.lines().skip(1).map(row).collect())
}

/// Golden numbers are rounded to six digits.
fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-5 * expected.abs().max(1.0)
}

fn check_golden(set: &Set) {
    let (Some(carried), Some(golden)) = (carried(set, None), golden(set)) else { return };
    assert_eq!(carried.rows.len(), golden.len());
    let scale = Scale::learn(&carried.rows[..set.train]).expect("traffic that changes");
    let constants = std::fs::read_to_string(
        shared("oracle/imbalance/golden_constants.json").expect("beside the series"),
    );
    let constants: serde_json::Value =
        serde_json::from_str(&constants.expect("a text file")).expect("JSON");
    let constants = &constants[set.name];
    assert_eq!(constants["active_links"], scale.active.len());
    let is = |name: &str, found: f64| {
        let expected = constants[name].as_f64().expect("a number");
        assert!((found - expected).abs() < 1e-12, "{name}: {found}, expected {expected}");
    };
    is("sd_logR", scale.sd_log_r);
    is("sd_logM", scale.sd_log_m);

    let definition = Definition { horizon: 3, window: set.window };
    let mut tracker = Tracker::new(definition, scale);
    let mut holt = Holt::new(MARGIN);
    let mut hot = Vec::new();
    for (row, golden) in carried.rows.iter().zip(&golden) {
        let [t, r, m, is_hot, _, _, _, margin, holt_h3, links_h3] = *golden;
        let step = tracker.observe(row);
        let spread = step.spread.expect("traffic");
        assert!(near(spread.log_r.exp(), r) && near(spread.log_m.exp(), m), "{t}: {spread:?}");
        assert_eq!(step.hot, is_hot == 1.0, "{t}");
        assert!(near(step.margin.unwrap_or(-9.0), margin), "{t}: {step:?}");
        assert!(near(step.link_margin.unwrap_or(-9.0), links_h3), "{t}: {step:?}");
        holt.observe(step.margin.unwrap_or(-6.0));
        assert!(near(holt.ahead(MARGIN.reach(3)), holt_h3), "{t}: {holt:?}");
        hot.push(step.hot);
    }
    let episodes = episodes(&hot);
    let (present, onset) = (present(&episodes, hot.len(), 3), onset(&episodes, &hot, 3));
    for (t, golden) in golden.iter().enumerate() {
        let [_, _, _, _, in_episode, present3, onset3, ..] = *golden;
        let inside = episodes.iter().any(|episode| episode.contains(&t));
        assert_eq!((inside, present[t]), (in_episode == 1.0, present3 == 1.0), "{t}");
        // The golden column also says what begins after a hot step, where the question is not asked.
        assert!(onset[t].is_none_or(|onset| onset == (onset3 == 1.0)), "{t}");
    }
}

#[test]
fn abilene_equals_the_golden_series_at_every_step() {
    check_golden(&ABILENE);
}

#[test]
fn the_meta_pod_equals_the_golden_series_at_every_step() {
    check_golden(&META);
}
