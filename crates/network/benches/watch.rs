//! Rows per second through the reader and the watchers.
//!
//! `cargo bench -p npo-network`

use std::path::{Path, PathBuf};

use divan::counter::ItemsCount;
use npo_network::fabric::{Fabric, FabricConfig};
use npo_network::recording::{Limits, Recording};
use npo_network::{Output, Sample, WatchConfig, Watchers};

fn main() {
    divan::main();
}

const RECORDING: &str = "S-200121_0507_ecmp_balance";

fn recording_dir() -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/dc-fabric-telemetry")
        .join(RECORDING);
    if dir.is_dir() {
        return Some(dir);
    }
    eprintln!("SKIPPED: no recording at {}; nothing was measured", dir.display());
    None
}

fn read(dir: &Path, on_sample: &mut dyn FnMut(&Recording, &Sample)) -> u64 {
    let mut recording =
        Recording::open(dir, "lab", &Limits::default()).expect("a readable recording");
    while let Some(sample) = recording.next_sample().expect("a readable recording") {
        on_sample(&recording, &sample);
    }
    recording.progress().rows_done
}

#[divan::bench]
fn read_recording(bencher: divan::Bencher<'_, '_>) {
    if let Some(dir) = recording_dir() {
        let rows = read(&dir, &mut |_, _| {});
        bencher.counter(ItemsCount::new(rows)).bench(|| read(&dir, &mut |_, _| {}));
    }
}

#[divan::bench]
fn read_and_watch_recording(bencher: divan::Bencher<'_, '_>) {
    let watch = |dir: &Path| {
        let opened = Recording::open(dir, "lab", &Limits::default()).expect("a readable recording");
        let mut watchers =
            Watchers::new(opened.catalog(), opened.cabling(), WatchConfig::default());
        let mut output = Output::default();
        read(dir, &mut |recording, sample| {
            watchers.observe(recording.catalog(), sample, &mut output)
        })
    };
    if let Some(dir) = recording_dir() {
        let rows = watch(&dir);
        bencher.counter(ItemsCount::new(rows)).bench(|| watch(&dir));
    }
}

/// One simulated hour of 128 links; 1,024 links for ten minutes.
const FABRICS: [(usize, usize, usize, usize); 2] = [(4, 8, 2, 360), (8, 16, 4, 60)];

fn fabric((spines, leaves, parallel_links, _): (usize, usize, usize, usize)) -> Fabric {
    let config = FabricConfig { spines, leaves, parallel_links, ..FabricConfig::default() };
    Fabric::new(config, 1, 1_767_225_600_000).expect("a valid configuration")
}

#[divan::bench(args = [0, 1], sample_count = 20)]
fn generate_fabric(bencher: divan::Bencher<'_, '_>, which: usize) {
    let shape = FABRICS[which];
    let rows = fabric(shape).link_count() * 6 * shape.3;
    bencher.counter(ItemsCount::new(rows)).with_inputs(|| fabric(shape)).bench_values(
        |mut fabric| {
            let mut samples = Vec::new();
            for _ in 0..shape.3 {
                samples.clear();
                fabric.step(&mut samples);
            }
            samples.len()
        },
    );
}

#[divan::bench(args = [0, 1], sample_count = 20)]
fn watch_fabric(bencher: divan::Bencher<'_, '_>, which: usize) {
    let shape = FABRICS[which];
    let mut generated = fabric(shape);
    let mut samples = Vec::new();
    for _ in 0..shape.3 {
        generated.step(&mut samples);
    }
    bencher.counter(ItemsCount::new(samples.len())).bench(|| {
        let mut watchers =
            Watchers::new(generated.catalog(), generated.cabling(), WatchConfig::default());
        let mut output = Output::default();
        for sample in &samples {
            watchers.observe(generated.catalog(), sample, &mut output);
        }
        output.findings.len()
    });
}
