//! One case of `benches/network/run.py`: reads a network and its demands as JSON from stdin, measures a sweep over all
//! single-link failures, and prints loads for comparison.
//!
//! Times are CPU time of the thread where the system tells it (Linux), so that what else runs does not count; reading
//! and printing are outside.

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
    /// Largest resident memory so far; 0 where the system does not tell.
    memory_bytes: u64,
    sweep_s: f64,
    /// The highest utilisation after each failure.
    fullest: Vec<f64>,
    /// Forward and backward by link, bit/s, intact and after each compared failure.
    intact: Vec<f64>,
    failed: Vec<Vec<f64>>,
}

/// CPU time of this thread, or the wall clock where the system tells none.
struct Clock {
    cpu_ns: Option<u64>,
    wall: Instant,
}

impl Clock {
    fn start() -> Self {
        Self { cpu_ns: Self::cpu_ns(), wall: Instant::now() }
    }

    fn seconds(&self) -> f64 {
        match (self.cpu_ns, Self::cpu_ns()) {
            (Some(from), Some(to)) => (to - from) as f64 / 1e9,
            _ => self.wall.elapsed().as_secs_f64(),
        }
    }

    fn cpu_ns() -> Option<u64> {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        text.split_whitespace().next()?.parse().ok()
    }
}

/// Mean time of one run, over enough runs for the clock's ticks not to matter.
fn mean_s<E>(mut run: impl FnMut() -> Result<(), E>) -> Result<f64, E> {
    let started = Clock::start();
    let mut runs = 0;
    while runs == 0 || started.seconds() < 0.3 {
        run()?;
        runs += 1;
    }
    Ok(started.seconds() / f64::from(runs))
}

fn memory_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
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
    let topology = std::sync::Arc::new(builder.build());

    let baseline_s = mean_s(|| Baseline::new(topology.clone(), matrix.clone()).map(drop))?;
    let baseline = Baseline::new(topology, matrix)?;
    let changes = [Change::RemoveLink(LinkId(0))];
    let what_if_s = mean_s(|| {
        let mut scratch = Scratch::new(&baseline);
        what_if(&baseline, &mut scratch, &changes, LIMIT_DEFAULT).map(drop)
    })?;

    let started = Clock::start();
    let mut sweeps = 0;
    let mut fullest = Vec::new();
    while sweeps == 0 || started.seconds() < case.seconds {
        let failures = Sweep::new(&baseline, LIMIT_DEFAULT);
        fullest = failures.map(|failure| failure.fullest.map_or(0.0, |(_, most)| most)).collect();
        sweeps += 1;
    }
    let sweep_s = started.seconds();
    let memory_bytes = memory_bytes();

    let intact = baseline.loads().by_arc().to_vec();
    let mut failed = Vec::new();
    let mut scratch = Scratch::new(&baseline);
    for &link in &case.compare {
        let overlay = Overlay::without(baseline.topology(), [LinkId(link)]);
        failed.push(scratch.apply(&baseline, &overlay).loads().by_arc().to_vec());
    }
    let measured =
        Measured { baseline_s, what_if_s, sweeps, sweep_s, memory_bytes, fullest, intact, failed };
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}
