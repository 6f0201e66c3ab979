//! Events per second read back in order, with borrowed bodies, and with the chain recomputed.
//!
//! `cargo bench -p npo-log-sqlite --bench read`; the items per second are events.

use std::ops::ControlFlow;
use std::path::Path;

use divan::Bencher;
use divan::counter::ItemsCount;
use npo_log::{EventLog, LogReader, MemoryLog, Record, verify};
use npo_log_sqlite::{Options, SqliteLog, SqliteReader};

const EVENTS: u64 = 500_000;

fn main() {
    divan::main();
}

fn fill(log: &mut dyn EventLog) {
    let batch: Vec<Record> =
        (0..5000).map(|i| Record { kind: 1, version: 1, body: vec![i as u8; 300] }).collect();
    for group in 0..EVENTS / 5000 {
        log.append(group * 5000, &batch).expect("appends");
    }
}

/// Closed after filling, so that everything is in the database and nothing in the write-ahead log.
fn filled(directory: &Path) -> SqliteReader {
    let path = directory.join("log");
    let options = Options::default();
    fill(&mut SqliteLog::open(&path, &options).expect("opens"));
    SqliteReader::open(&path, &options).expect("opens")
}

fn visit(bencher: Bencher, reader: &mut dyn LogReader) {
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| {
        let mut bytes = 0;
        let mut add = |entry: npo_log::Entry<'_>| {
            bytes += entry.body.len();
            ControlFlow::Continue(())
        };
        reader.visit(0, None, &mut add).expect("reads");
        assert_eq!(bytes as u64, EVENTS * 300);
    });
}

#[divan::bench(name = "sqlite visit", sample_count = 8, sample_size = 1)]
fn sqlite_visit(bencher: Bencher) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    visit(bencher, &mut filled(directory.path()));
}

#[divan::bench(name = "memory visit", sample_count = 8, sample_size = 1)]
fn memory_visit(bencher: Bencher) {
    let mut log = MemoryLog::new();
    fill(&mut log);
    visit(bencher, &mut *log.reader().expect("opens"));
}

#[divan::bench(name = "sqlite verify", sample_count = 8, sample_size = 1)]
fn sqlite_verify(bencher: Bencher) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut reader = filled(directory.path());
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| {
        let verified = verify(&mut reader, &mut |_| {}).expect("holds");
        assert_eq!(verified.count, EVENTS);
    });
}

#[divan::bench(name = "sqlite get", sample_count = 8, sample_size = 1)]
fn sqlite_get(bencher: Bencher) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut reader = filled(directory.path());
    const GETS: u64 = 10_000;
    bencher.counter(ItemsCount::new(GETS)).bench_local(|| {
        for i in 0..GETS {
            let position = i * 7919 % EVENTS + 1;
            assert!(reader.get(position).expect("reads").is_some());
        }
    });
}
