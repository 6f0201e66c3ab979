//! What the cases are written in: records that differ, appends that must succeed, and the whole log read back and verified.

use std::ops::ControlFlow;

use crate::{EventLog, Head, LogReader, OwnedEntry, Record, verify};

/// The record of a given number; every number gives another one, of 0 to some 400 bytes.
pub(super) fn record(number: u64) -> Record {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let length = (mixed >> 40) % 400;
    let body = (0..length).map(|i| (mixed >> (i % 8 * 8)) as u8 ^ i as u8).collect();
    Record { kind: (number % 60_000) as u16, version: (number % 200) as u8, body }
}

/// The records of positions `from` to `to`, both included.
pub(super) fn records(from: u64, to: u64) -> Vec<Record> {
    (from..=to).map(record).collect()
}

/// Appends after the current head, which must succeed and move the head by the batch.
pub(super) fn append(log: &mut dyn EventLog, batch: &[Record]) -> Head {
    let before = head(log);
    let mut expected = before;
    for Record { kind, version, body } in batch {
        expected = expected.next(*kind, *version, body);
    }
    let returned = log.append(before.position, batch).expect("the log takes the batch");
    assert_eq!(returned, expected, "append returns the head by the chain rule");
    assert_eq!(head(log), expected, "the head is what append returned");
    returned
}

pub(super) fn head(log: &dyn EventLog) -> Head {
    log.head().expect("the log knows its head")
}

pub(super) fn reader(log: &dyn EventLog) -> Box<dyn LogReader> {
    log.reader().expect("a reader opens")
}

/// All events after a position, read back.
pub(super) fn read(reader: &mut dyn LogReader, after: u64, limit: Option<u64>) -> Vec<OwnedEntry> {
    let mut found = Vec::new();
    let mut take = |entry: crate::Entry<'_>| {
        found.push(entry.to_owned());
        ControlFlow::Continue(())
    };
    reader.visit(after, limit, &mut take).expect("the log reads back");
    found
}

/// The log must hold exactly these records, from position 1, in a chain that verifies.
pub(super) fn holds(log: &dyn EventLog, expected: &[Record]) {
    let mut reader = reader(log);
    let found = read(&mut *reader, 0, None);
    assert_eq!(found.len(), expected.len(), "number of events");
    for (i, (entry, record)) in found.iter().zip(expected).enumerate() {
        assert_eq!(entry.position, i as u64 + 1);
        assert_eq!((entry.kind, entry.version), (record.kind, record.version));
        assert!(entry.body == record.body, "body at position {}", entry.position);
    }
    let verified = verify(&mut *reader, &mut |_| {}).expect("the chain holds");
    assert_eq!(verified.head, head(log), "readers and writer agree on the head");
    assert_eq!(reader.head().expect("a reader knows the head"), verified.head);
}
