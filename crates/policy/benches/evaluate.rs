//! What one verdict costs, by each path, on the shipped bundle with an input of about 0.9 kB.
//!
//! `cargo bench -p npo-policy`. Every miss has a second of its own in `now`, so nothing repeats.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};

use divan::{Bencher, black_box};
use npo_policy::{EngineChoice, Input, Limits, Spe, check};

#[path = "../tests/support/mod.rs"]
mod support;

static SPE: LazyLock<Spe> = LazyLock::new(|| {
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/default");
    let child = Command::new(env!("CARGO_BIN_EXE_npo-policy-child"));
    let report = check(&bundle, child, &Limits::default()).expect("the shipped bundle is sound");
    let spe = Spe::load(
        &report.validated().expect("its cases pass"),
        &Limits::default(),
    )
    .expect("it loads");
    assert_eq!(*spe.engine(), EngineChoice::Vm);
    spe
});

static CLOCK: AtomicI64 = AtomicI64::new(1_767_225_600);

fn next() -> Input<'static> {
    support::realistic(CLOCK.fetch_add(1, Ordering::Relaxed))
}

fn main() {
    let _ = SPE.digest();
    divan::main();
}

#[divan::bench]
fn interpreter(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(next)
        .bench_refs(|input| SPE.evaluate_by_interpreter(black_box(input)));
}

#[divan::bench]
fn vm(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(next)
        .bench_refs(|input| SPE.evaluate_fresh(black_box(input)));
}

#[divan::bench]
fn vm_after_memo_miss(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(next)
        .bench_refs(|input| SPE.evaluate(black_box(input)));
}

#[divan::bench(threads = [1, 2])]
fn memo_hit(bencher: Bencher<'_, '_>) {
    let input = support::realistic(0);
    let _ = SPE.evaluate(&input);
    bencher.bench(|| SPE.evaluate(black_box(&input)));
}
