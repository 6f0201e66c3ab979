//! Routing and what-ifs on real networks and traffic: measured link loads, and every failure routed anew.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use npo_network::format::{ImportOptions, TrafficOptions, open};
use npo_network::routing::{Overlay, route};
use npo_network::topology::{Builder, LinkId, NewArc, NewLink, NewNode, NodeId, Topology};
use npo_network::traffic::forecast::{Method, forecast};
use npo_network::traffic::{Demand, TrafficMatrix, TrafficSeries};
use npo_network::what_if::{Baseline, Scratch, Sweep};

/// A folder of the shared data; says loudly if it is not there.
fn shared(folder: &str) -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(folder);
    if dir.exists() {
        return Some(dir);
    }
    eprintln!("SKIPPED: nothing at {}; this test has checked nothing", dir.display());
    None
}

fn table(path: &Path) -> (Vec<String>, Vec<Vec<f64>>) {
    let mut text = String::new();
    let file = File::open(path).expect("a file");
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("packed text");
    let mut lines = text.lines();
    let header = lines.next().expect("a header").split(',').map(str::to_owned).collect();
    let row = |line: &str| line.split(',').map(|cell| cell.parse().expect("a number")).collect();
    (header, lines.map(row).collect())
}

/// Four subnets around one router, each a source and a sink of its own, because traffic of a subnet to itself passes
/// the router too. What was measured on seven links is the routing of what was measured between pairs.
#[test]
fn bell_labs_links_carry_what_was_measured() {
    let Some(dir) = shared("tm-bell-labs-1router") else { return };
    let (pairs, demands) = table(&dir.join("bell_labs_od.csv.gz"));
    let (links, measured) = table(&dir.join("bell_labs_links.csv.gz"));
    let mut builder = Builder::new("1router");
    let mut node =
        |name: String| builder.node(NewNode { name, ..NewNode::default() }).expect("new");
    let router = node("router".to_owned());
    let subnets = ["fddi", "switch", "local", "corp"];
    let ends: Vec<(NodeId, NodeId)> = subnets
        .iter()
        .map(|subnet| (node(format!("src {subnet}")), node(format!("dst {subnet}"))))
        .collect();
    for &(source, sink) in &ends {
        for (from, to) in [(source, router), (router, sink)] {
            let (forward, backward) = (NewArc::default(), None);
            builder.link(NewLink { name: None, from, to, forward, backward }).expect("valid");
        }
    }
    let topology = builder.build();
    let end = |name: &str| {
        let at = subnets.iter().position(|subnet| *subnet == name).expect("a subnet");
        ends[at]
    };
    let mut worst: f64 = 0.0;
    for (row, measured) in demands.iter().zip(&measured) {
        let demands = pairs.iter().zip(row).skip(1).map(|(pair, &bps)| {
            let (from, to) = pair.split_once('>').expect("a pair");
            Demand { from: end(from).0, to: end(to).1, bps }
        });
        let loads = route(&topology, &TrafficMatrix::new(demands), &Overlay::none());
        for (link, &measured) in links.iter().zip(measured).skip(1) {
            let node = topology.node_named(link).expect("an end");
            let arcs = topology.leaving(node).iter().chain(topology.arriving(node));
            let carried: f64 = arcs.map(|&arc| loads.arc_bps(arc)).sum();
            worst = worst.max((carried - measured).abs());
        }
    }
    eprintln!("{} steps, 7 links: largest difference {worst:.4}", demands.len());
    assert!((287, 7) == (demands.len(), links.len() - 1) && worst <= 0.1, "{worst}");
}

fn import(file: &str) -> Option<(Topology, TrafficMatrix)> {
    let imported = open::topology(&shared("topologies")?.join(file), &ImportOptions::default())
        .expect("valid");
    let topology = imported.topology;
    let nodes = || (0..topology.nodes().len()).map(|n| NodeId(n as u32));
    let even = || {
        let pairs = nodes().flat_map(|from| nodes().map(move |to| (from, to)));
        TrafficMatrix::new(pairs.map(|(from, to)| Demand { from, to, bps: 1e6 }))
    };
    let matrix = imported.demands.unwrap_or_else(even);
    Some((topology, matrix))
}

#[test]
fn every_failure_of_real_networks_is_as_routed_anew() {
    for file in [
        "sndlib-native/germany50.txt",
        "topology-zoo-graphml/Geant2009.graphml",
        "topology-zoo-graphml/Colt.graphml",
    ] {
        let Some((topology, matrix)) = import(file) else { return };
        let total = matrix.total_bps();
        let baseline = Baseline::new(topology, matrix).expect("small");
        let topology = baseline.topology();
        let mut scratch = Scratch::new(&baseline);
        let sweep = Sweep::new(&baseline, 0.8);
        for (failure, id) in sweep.zip((0..).map(LinkId)) {
            let overlay = Overlay::without(topology, [id]);
            let anew = route(topology, baseline.matrix(), &overlay);
            let found = scratch.apply(&baseline, &overlay).loads();
            let arcs = found.by_arc().iter().zip(anew.by_arc()).zip(baseline.loads().by_arc());
            for ((found, anew), before) in arcs {
                let scale = anew.max(*before) + 1e-4 * total;
                assert!((found - anew).abs() <= 1e-9 * scale, "{file}, {id:?}: {found} {anew}");
            }
            assert_eq!(found.stranded(), anew.stranded());
            let most = anew.fullest(topology).map_or(0.0, |(_, most)| most);
            let said = failure.fullest.map_or(0.0, |(_, most)| most);
            assert!((said - most).abs() <= 1e-9 * most, "{file}, {id:?}: {said} {most}");
        }
    }
}

fn error(found: &[f64], truth: &[f64]) -> f64 {
    let wrong: f64 = found.iter().zip(truth).map(|(a, b)| (a - b).abs()).sum();
    wrong / truth.iter().sum::<f64>()
}

/// Mean and standard error over days, which are nearly independent where steps are not.
fn over_days(of: &[f64]) -> (f64, f64) {
    let n = of.len() as f64;
    let mean = of.iter().sum::<f64>() / n;
    let variance = of.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

#[test]
fn the_forecast_beats_what_is_now_over_the_coming_hours() {
    const STEPS_A_DAY: usize = 288;
    let Some(dir) = shared("tm-abilene-2004") else { return };
    let file = dir.join("abilene_tm_20040301_20040314.csv.gz");
    let series: TrafficSeries =
        open::traffic(&file, &TrafficOptions::default()).expect("valid").series;
    eprintln!("{:>5} {:>9} {:>9} {:>9} {:>7}", "hours", "now", "forecast", "less", "± 2 SE");
    for hours in [1, 3, 6, 12, 24] {
        let steps = hours * 12;
        let (mut less, mut now_all, mut found_all) = (Vec::new(), 0.0, 0.0);
        for day in 3..12 {
            let (mut still, mut ahead) = (0.0, 0.0);
            for now in (day * STEPS_A_DAY..(day + 1) * STEPS_A_DAY).step_by(24) {
                let found = forecast(&series, now, &[steps as i64 * 300_000]).expect("times");
                assert!(matches!(found.method, Method::Seasonal { days } if days >= 2));
                let truth = &series.rows[now + steps];
                still += error(&series.rows[now], truth) / 12.0;
                ahead += error(&found.rows[0], truth) / 12.0;
            }
            less.push(still - ahead);
            now_all += still / 9.0;
            found_all += ahead / 9.0;
        }
        let (mean, se) = over_days(&less);
        eprintln!("{hours:>5} {now_all:>9.3} {found_all:>9.3} {mean:>9.3} {:>7.3}", 2.0 * se);
        // Where the daily swing matters the gain is above twice its standard error over nine days.
        if (3..24).contains(&hours) {
            assert!(mean > 2.0 * se, "{hours} h: {mean} ± {se}");
        }
    }
}
