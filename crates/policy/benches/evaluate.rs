//! What one verdict costs, by each path, on the shipped bundle with an input of about 0.9 kB.
//!
//! `cargo bench -p npo-policy`. What is remembered depends on what differs from one input to the next.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};

use divan::{Bencher, black_box};
use npo_policy::{EngineChoice, Fact, Input, Limits, Spe, check};

#[path = "../tests/support/mod.rs"]
mod support;

static SPE: LazyLock<Spe> = LazyLock::new(|| load(&Limits::default()));

fn load(limits: &Limits) -> Spe {
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/default");
    let child = Command::new(env!("CARGO_BIN_EXE_npo-policy-child"));
    let report = check(&bundle, child, limits).expect("the shipped bundle is sound");
    let spe = Spe::load(&report.validated().expect("its cases pass"), limits).expect("it loads");
    assert_eq!(*spe.engine(), EngineChoice::Vm);
    spe
}

/// What differs from one input to the next.
#[derive(Clone, Copy)]
struct Varied {
    clock: bool,
    subject: bool,
    measured: bool,
    steady: bool,
}

const SAME: Varied = Varied { clock: false, subject: false, measured: false, steady: false };

/// Counts inputs; no two have the same number.
static NEXT: AtomicI64 = AtomicI64::new(0);

/// Names that outlive every input.
static NAMES: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..100_000).map(|i| format!("leaf{i}--spine{}", i % 7)).collect());

impl Varied {
    fn next(self) -> Input<'static> {
        const START: i64 = 1_767_225_600;
        const ACTIONS: [(&str, &str); 4] = [
            ("link-flapping", "remove-link"),
            ("link-flapping", "dampen-link"),
            ("link-imbalance", "shift-traffic"),
            ("interface-down", "drain-peer"),
        ];
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut input = support::realistic(if self.clock { START + n } else { START });
        if self.subject {
            let name = &NAMES[usize::try_from(n).expect("counts up") % NAMES.len()];
            input.scenario.entity = name;
            input.action.target = name;
        }
        if self.measured {
            let step = (n % 1_000_000) as f64 / 1e6;
            for (name, fact) in &mut input.facts {
                match *name {
                    "blast_radius_gbps" => *fact = Fact::Number(10.0 + step),
                    "blast_radius_share" => *fact = Fact::Number(step / 10.0),
                    _ => {}
                }
            }
        }
        if self.steady {
            let n = usize::try_from(n).expect("counts up");
            (input.scenario.kind, input.action.name) = ACTIONS[n % ACTIONS.len()];
            input.scenario.risk = ["low", "medium", "high"][n % 3];
            input.context.in_flight_site = (n % 4) as u64;
            for (name, fact) in &mut input.facts {
                if *name == "redundancy_left" {
                    *fact = Fact::Number(1.0 + (n % 50_000) as f64);
                }
            }
        }
        input
    }
}

fn main() {
    let _ = SPE.digest();
    let _ = NAMES.len();
    divan::main();
}

fn evaluate(bencher: Bencher<'_, '_>, varied: Varied) {
    let _ = SPE.evaluate(&varied.next());
    bencher.with_inputs(|| varied.next()).bench_refs(|input| SPE.evaluate(black_box(input)));
}

/// Every part is run, which is dearer than one run of the whole by what remembering would cost.
#[divan::bench]
fn nothing_remembered(bencher: Bencher<'_, '_>) {
    let spe = load(&Limits { memo_entries_max: 0, ..Limits::default() });
    bencher.with_inputs(|| SAME.next()).bench_refs(|input| spe.evaluate(black_box(input)));
}

#[divan::bench]
fn interpreter(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(|| SAME.next())
        .bench_refs(|input| SPE.evaluate_by_interpreter(black_box(input)));
}

#[divan::bench(threads = [1, 2])]
fn vm(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(|| SAME.next()).bench_refs(|input| SPE.evaluate_fresh(black_box(input)));
}

#[divan::bench(threads = [1, 2])]
fn all_remembered(bencher: Bencher<'_, '_>) {
    evaluate(bencher, SAME);
}

#[divan::bench(threads = [1, 2])]
fn blast_radius_differs(bencher: Bencher<'_, '_>) {
    evaluate(bencher, Varied { measured: true, ..SAME });
}

#[divan::bench(threads = [1, 2])]
fn entity_target_and_blast_radius_differ(bencher: Bencher<'_, '_>) {
    evaluate(bencher, Varied { measured: true, subject: true, ..SAME });
}

#[divan::bench(threads = [1, 2])]
fn everything_differs(bencher: Bencher<'_, '_>) {
    evaluate(bencher, Varied { clock: true, subject: true, measured: true, steady: true });
}
