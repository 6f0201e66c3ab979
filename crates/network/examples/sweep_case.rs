//! One case of `benches/network/run.py`: reads a network and its demands as JSON from stdin, measures a sweep over all
//! single-link failures, and prints loads for comparison.
//!
//! Nothing but the measured parts runs while the clock does; reading and printing are outside.

use std::io::Read as _;
use std::time::Instant;

use npo_network::routing::Overlay;
use npo_network::topology::{Builder, LinkId, NewArc, NewLink, NewNode, NodeId};
use npo_network::traffic::{Demand, TrafficMatrix};
use npo_network::what_if::{Baseline, Change, LIMIT_DEFAULT, Scratch, Sweep, what_if};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Case {
    nodes: u32,
    /// Both ends and the capacity, bit/s.
    links: Vec<(u32, u32, f64)>,
    /// Source, destination, bit/s.
    demands: Vec<(u32, u32, f64)>,
    /// Failures whose loads are printed.
    compare: Vec<u32>,
    /// Sweep at least so long, seconds.
    seconds: f64,
}

#[derive(Serialize)]
struct Measured {
    baseline_s: f64,
    what_if_s: f64,
    sweeps: u32,
    sweep_s: f64,
    /// The highest utilisation after each failure.
    fullest: Vec<f64>,
    /// Forward and backward by link, bit/s, intact and after each compared failure.
    intact: Vec<f64>,
    failed: Vec<Vec<f64>>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let case: Case = serde_json::from_str(&text)?;
    let mut builder = Builder::new("case");
    for n in 0..case.nodes {
        builder.node(NewNode { name: n.to_string(), ..NewNode::default() })?;
    }
    for (from, to, capacity) in case.links {
        let arc = NewArc { capacity_bps: Some(capacity), weight: 1 };
        let (from, to) = (NodeId(from), NodeId(to));
        builder.link(NewLink { name: None, from, to, forward: arc, backward: Some(arc) })?;
    }
    let demands = case.demands.iter().map(|&(from, to, bps)| Demand {
        from: NodeId(from),
        to: NodeId(to),
        bps,
    });
    let matrix = TrafficMatrix::new(demands);
    let topology = builder.build();

    let started = Instant::now();
    let baseline = Baseline::new(topology, matrix)?;
    let baseline_s = started.elapsed().as_secs_f64();

    let started = Instant::now();
    let mut scratch = Scratch::new(&baseline);
    what_if(&baseline, &mut scratch, &[Change::RemoveLink(LinkId(0))], LIMIT_DEFAULT)?;
    let what_if_s = started.elapsed().as_secs_f64();

    let started = Instant::now();
    let mut sweeps = 0;
    let mut fullest = Vec::new();
    while sweeps == 0 || started.elapsed().as_secs_f64() < case.seconds {
        let failures = Sweep::new(&baseline, LIMIT_DEFAULT);
        fullest = failures.map(|failure| failure.fullest.map_or(0.0, |(_, most)| most)).collect();
        sweeps += 1;
    }
    let sweep_s = started.elapsed().as_secs_f64();

    let intact = baseline.loads().by_arc().to_vec();
    let mut failed = Vec::new();
    for &link in &case.compare {
        let overlay = Overlay::without(baseline.topology(), [LinkId(link)]);
        failed.push(scratch.apply(&baseline, &overlay).loads().by_arc().to_vec());
    }
    let measured = Measured { baseline_s, what_if_s, sweeps, sweep_s, fullest, intact, failed };
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}
