//! Whole runs: world, decide, apply, answer, apply, and everything that is measured.
//!
//! The world is that of the reference's speed figures: eight features, 50 scenarios.
//! `world_alone` is what the episodes themselves cost, which all methods of a world share.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use npo_lab::experiment::Experiment;
use npo_lab::runner::{run_all, run_one};
use npo_lab::shipped;
use npo_lab::world::{Block, Blocks, World};

/// The allocator of the `npo` binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const EPISODES: u64 = 100_000;

fn main() {
    divan::main();
}

fn experiment(seeds: u64) -> Experiment {
    let text = format!(
        r#"
name = "speed"
seeds = {{ count = {seeds} }}
include = ["regimes"]
[worlds.A_paper]
base = "A_paper"
horizon = {EPISODES}
[methods.calibrated]
base = "calibrated"
[methods.paper]
base = "paper"
"#
    );
    let find = |name: &str| shipped::find(Path::new("."), name);
    Experiment::read(&text, &[], &find).unwrap_or_else(|error| panic!("{error}"))
}

#[divan::bench(args = ["calibrated", "paper"], sample_count = 5, sample_size = 1)]
fn one_run(bencher: Bencher, method: &str) {
    let experiment = experiment(1);
    bencher.counter(ItemsCount::new(EPISODES)).bench_local(|| {
        let (record, _) = run_one(&experiment, "A_paper", method, 1, |_, _| {}).expect("runs");
        black_box(record)
    });
}

/// Ten methods in one world, as experiments compare them: the world is made once for all of them.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn side_by_side(bencher: Bencher) {
    let mut experiment = experiment(1);
    let calibrated = experiment.methods.remove("calibrated").expect("is there");
    experiment.methods = (0..10).map(|i| (format!("calibrated-{i}"), calibrated.clone())).collect();
    bencher.counter(ItemsCount::new(10 * EPISODES)).bench_local(|| {
        let stop = AtomicBool::new(false);
        run_all(&experiment, &BTreeSet::new(), 1, &stop, |p| {
            black_box(p);
        })
    });
}

#[divan::bench(args = [1, 2], sample_count = 3, sample_size = 1)]
fn threads(bencher: Bencher, threads: usize) {
    let mut experiment = experiment(8);
    experiment.methods.remove("paper");
    bencher.counter(ItemsCount::new(8 * EPISODES)).bench_local(|| {
        let stop = AtomicBool::new(false);
        run_all(&experiment, &BTreeSet::new(), threads, &stop, |p| {
            black_box(p);
        })
    });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn world_alone(bencher: Bencher) {
    let experiment = experiment(1);
    let world = World::new(&experiment.worlds["A_paper"], 1);
    bencher.counter(ItemsCount::new(EPISODES)).bench_local(|| {
        let (mut blocks, mut block) = (Blocks::new(&world), Block::default());
        while blocks.fill(&mut block) {
            black_box(&block);
        }
    });
}
