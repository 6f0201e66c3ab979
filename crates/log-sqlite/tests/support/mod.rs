//! What the tests of this crate share: numbered records, and reading back all that is whole.
#![allow(dead_code, reason = "each test file uses its part")]

use std::error::Error;
use std::path::Path;

use npo_log::{EventLog, Head, Record, Verified, VerifyError, verify};
use npo_log_sqlite::{OpenError, Options, SqliteLog, SqliteReader};

/// The record of a position; its body begins with the position.
pub(crate) fn record(position: u64, bytes: usize) -> Record {
    let mut body = vec![position as u8; bytes.max(8)];
    body[..8].copy_from_slice(&position.to_le_bytes());
    Record { kind: 1, version: 1, body }
}

pub(crate) fn batch(after: u64, records: u64, bytes: usize) -> Vec<Record> {
    (after + 1..=after + records).map(|position| record(position, bytes)).collect()
}

pub(crate) fn open(path: &Path) -> SqliteLog {
    SqliteLog::open(path, &Options::default()).expect("opens")
}

/// A closed log of events with bodies of the given size.
pub(crate) fn filled(path: &Path, records: u64, bytes: usize) -> Head {
    let mut log = open(path);
    for after in (0..records).step_by(100) {
        log.append(after, &batch(after, 100.min(records - after), bytes)).expect("appends");
    }
    log.head().expect("has a head")
}

/// What the two ways in say about a file: reading and verifying it, and opening it for appending.
pub(crate) struct Opinions {
    pub(crate) verified: Result<Verified, VerifyOutcome>,
    pub(crate) opened: Result<SqliteLog, OpenError>,
}

#[derive(Debug)]
pub(crate) enum VerifyOutcome {
    Open(OpenError),
    Verify(VerifyError),
}

pub(crate) fn opinions(path: &Path) -> Opinions {
    let verified = SqliteReader::open(path, &Options::default())
        .map_err(VerifyOutcome::Open)
        .and_then(|mut reader| verify(&mut reader, &mut |_| {}).map_err(VerifyOutcome::Verify));
    let opened = SqliteLog::open(path, &Options::default());
    Opinions { verified, opened }
}

/// The error and its causes on one line, as the edge prints them.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
