//! Cost of following the log and of reading lists, in time per decision and per page.
//!
//! `cargo bench -p npo-views --bench apply`; the directory is that of temporary files (`TMPDIR`).

#[path = "../tests/support/mod.rs"]
mod support;

use std::sync::OnceLock;

use divan::Bencher;
use divan::counter::ItemsCount;
use npo_core::event::Disposition;
use npo_core::{Envelope, Millis, Signal, TypeId};
use npo_views::{Filter, Status, ViewReader, Views};
use support::{Step, World, entity_name, site_name};
use tempfile::TempDir;

/// Decisions in the log.
const DECISIONS: u32 = 102_400;
/// Entities that they are about; with three types, that many scenarios.
const ENTITIES: u32 = 10_000;
/// Events in a batch, as the engine commits them under load.
const BATCH: usize = 256;

fn main() {
    divan::main();
}

/// Entities come in no order; one in `answered_in` surfaced decisions is answered.
fn log(answered_in: u32) -> World {
    let mut world = World::new();
    for i in 0..DECISIONS {
        let mixed = i.wrapping_mul(2_654_435_761) >> 8;
        let entity = mixed % ENTITIES;
        let logit = f64::from(mixed % 61) / 10.0 - 3.0;
        world.step(&Step::Propose(
            entity,
            entity,
            logit,
            !mixed.is_multiple_of(29),
            mixed.is_multiple_of(31),
        ));
        if i % answered_in == answered_in - 1 {
            let signal = if mixed.is_multiple_of(10) { Signal::Override } else { Signal::Like };
            world.step(&Step::Answer(0, mixed, signal));
        }
    }
    world
}

fn decisions_only() -> &'static [(u64, Envelope)] {
    static LOG: OnceLock<World> = OnceLock::new();
    &LOG.get_or_init(|| log(DECISIONS + 1)).events
}

fn with_answers() -> &'static [(u64, Envelope)] {
    static LOG: OnceLock<World> = OnceLock::new();
    &LOG.get_or_init(|| log(2)).events
}

fn fill(directory: &TempDir, events: &[(u64, Envelope)], batch: usize) -> Views {
    let (mut views, _) = Views::open(&directory.path().join("views.db"), 0).expect("opens");
    for chunk in events.chunks(batch) {
        views.apply(chunk).expect("applies");
    }
    views
}

fn apply(bencher: Bencher<'_, '_>, events: &[(u64, Envelope)], batch: usize) {
    bencher
        .counter(ItemsCount::new(events.len()))
        .with_inputs(|| tempfile::tempdir().expect("a directory"))
        .bench_refs(|directory| fill(directory, events, batch));
}

#[divan::bench(args = [16, BATCH, 4096], sample_count = 5, sample_size = 1)]
fn apply_decisions(bencher: Bencher, batch: usize) {
    apply(bencher, decisions_only(), batch);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn apply_decisions_and_answers(bencher: Bencher) {
    apply(bencher, with_answers(), BATCH);
}

struct Full {
    _directory: TempDir,
    views: Views,
}

fn full() -> ViewReader {
    static FULL: OnceLock<std::sync::Mutex<Full>> = OnceLock::new();
    let full = FULL.get_or_init(|| {
        let directory = tempfile::tempdir().expect("a directory");
        let views = fill(&directory, with_answers(), 4096);
        Full { _directory: directory, views }.into()
    });
    full.lock().expect("no reader panics").views.reader().expect("a reader")
}

const FILTERS: [&str; 9] =
    ["none", "open", "type", "entity", "site", "override", "blocked", "hour", "open at no site"];

fn filter(name: &str) -> Filter {
    let none = Filter::default();
    match name {
        "open" => Filter { status: Some(Status::Open), ..none },
        "type" => Filter { type_id: Some(TypeId(1)), ..none },
        "entity" => Filter { entity: Some(entity_name(77)), ..none },
        "site" => Filter { site: Some(site_name(1)), ..none },
        "override" => Filter { signal: Some(Signal::Override), ..none },
        "blocked" => Filter { disposition: Some(Disposition::Blocked), ..none },
        "hour" => Filter { since: Some(Millis(1_100_000)), until: Some(Millis(1_200_000)), ..none },
        // The worst there is: every open decision is looked at, and none fits.
        "open at no site" => {
            Filter { status: Some(Status::Open), site: Some("nowhere".into()), ..none }
        }
        _ => none,
    }
}

#[divan::bench(args = FILTERS)]
fn page_of_50(bencher: Bencher, name: &str) {
    let (reader, filter) = (full(), filter(name));
    bencher.bench_local(|| reader.decisions(&filter, None, 50).expect("lists"));
}
