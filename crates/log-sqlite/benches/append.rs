//! Durable events per second by group size, against a preallocated file with `fdatasync` after each group, which bounds what any store could do.
//!
//! `cargo bench -p npo-log-sqlite --bench append`; the items per second are events. The directory is that of temporary files (`TMPDIR`).

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use divan::Bencher;
use divan::counter::ItemsCount;
use npo_log::{EventLog, Head, MemoryLog, Record};
use npo_log_sqlite::{Options, SqliteLog};

const BODY: usize = 300;
const GROUPS: [usize; 4] = [1, 16, 256, 4096];

/// Groups per sample, so that a sample is some ten thousand events or a thousand syncs.
fn rounds(group: usize) -> usize {
    (32_768 / group).clamp(8, 1000)
}

fn main() {
    divan::main();
}

fn batch(group: usize) -> Vec<Record> {
    (0..group).map(|i| Record { kind: 1, version: 1, body: vec![i as u8; BODY] }).collect()
}

#[divan::bench(name = "sqlite", args = GROUPS, sample_count = 12, sample_size = 1)]
fn sqlite(bencher: Bencher, group: usize) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let options = Options::default();
    let mut log = SqliteLog::open(&directory.path().join("log"), &options).expect("opens");
    append_rounds(bencher, &mut log, group);
}

#[divan::bench(name = "memory", args = GROUPS, sample_count = 12, sample_size = 1)]
fn memory(bencher: Bencher, group: usize) {
    append_rounds(bencher, &mut MemoryLog::new(), group);
}

fn append_rounds(bencher: Bencher, log: &mut dyn EventLog, group: usize) {
    let batch = batch(group);
    let rounds = rounds(group);
    let mut head = log.head().expect("has a head");
    bencher.counter(ItemsCount::new(rounds * group)).bench_local(|| {
        for _ in 0..rounds {
            head = log.append(head.position, &batch).expect("appends");
        }
    });
}

/// Frames with the same hash chain, written over zeros that were there before, so that a sync is data only.
#[divan::bench(name = "bare file + fdatasync", args = GROUPS, sample_count = 12, sample_size = 1)]
fn bare_file(bencher: Bencher, group: usize) {
    let batch = batch(group);
    let rounds = rounds(group);
    let frame = 8 + 2 + 1 + 4 + BODY + 32;
    let mut file = preallocated(rounds * group * frame);
    let mut buffer = Vec::with_capacity(group * frame);
    let mut head = Head::EMPTY;
    bencher.counter(ItemsCount::new(rounds * group)).bench_local(|| {
        file.seek(SeekFrom::Start(0)).expect("seeks");
        for _ in 0..rounds {
            buffer.clear();
            for Record { kind, version, body } in &batch {
                head = head.next(*kind, *version, body);
                buffer.extend_from_slice(&head.position.to_le_bytes());
                buffer.extend_from_slice(&kind.to_le_bytes());
                buffer.push(*version);
                buffer.extend_from_slice(&(body.len() as u32).to_le_bytes());
                buffer.extend_from_slice(body);
                buffer.extend_from_slice(&head.hash);
            }
            file.write_all(&buffer).expect("writes");
            file.sync_data().expect("syncs");
        }
    });
}

fn preallocated(bytes: usize) -> File {
    let mut file = tempfile::tempfile().expect("a temporary file");
    let zeros = vec![0; 1 << 20];
    for _ in 0..bytes.div_ceil(zeros.len()) {
        file.write_all(&zeros).expect("writes");
    }
    file.sync_all().expect("syncs");
    file
}
