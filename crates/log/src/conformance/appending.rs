//! Appending: order, atomicity, conflicts, limits, and the chain that is the same everywhere.

use super::Place;
use super::steps::{append, head, holds, read, reader, record, records};
use crate::{
    AppendError, EventLog, Head, MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_BODY, Record, to_hex,
};

pub(super) fn empty_log(place: &mut dyn Place) {
    let log = place.open();
    assert_eq!(head(&*log), Head::EMPTY);
    let mut reader = reader(&*log);
    assert_eq!(reader.head().expect("an empty log has a head"), Head::EMPTY);
    assert_eq!(reader.get(0).expect("position 0 is no error"), None);
    assert_eq!(reader.get(1).expect("position 1 is no error"), None);
    assert!(read(&mut *reader, 0, None).is_empty());
    holds(&*log, &[]);
}

pub(super) fn positions_and_order(place: &mut dyn Place) {
    let mut log = place.open();
    let mut expected = Vec::new();
    for size in [1, 2, 1, 7, 100, 1] {
        let from = expected.len() as u64 + 1;
        let batch = records(from, from + size - 1);
        append(&mut *log, &batch);
        expected.extend(batch);
    }
    holds(&*log, &expected);
}

pub(super) fn conflict(place: &mut dyn Place) {
    let mut log = place.open();
    let batch = records(1, 3);
    append(&mut *log, &batch);
    for wrong in [0, 1, 2, 4, 1000, u64::MAX] {
        let error = log.append(wrong, &[record(9)]).expect_err("the head is 3");
        assert!(
            matches!(error, AppendError::Conflict { after, head: 3 } if after == wrong),
            "found {error}"
        );
    }
    holds(&*log, &batch);
    append(&mut *log, &[record(4)]);
    holds(&*log, &records(1, 4));
}

pub(super) fn empty_batch(place: &mut dyn Place) {
    let mut log = place.open();
    append(&mut *log, &[]);
    append(&mut *log, &records(1, 2));
    append(&mut *log, &[]);
    let error = log.append(1, &[]).expect_err("the head is 2");
    assert!(matches!(error, AppendError::Conflict { after: 1, head: 2 }), "found {error}");
    holds(&*log, &records(1, 2));
}

pub(super) fn size_limits(place: &mut dyn Place) {
    let mut log = place.open();
    let sized = |bytes: usize| Record { kind: 1, version: 1, body: vec![7; bytes] };
    let batch = [sized(1), sized(MAX_BODY + 1)];
    let error = log.append(0, &batch).expect_err("the body is too large");
    let (size, limit) = (MAX_BODY + 1, MAX_BODY);
    assert_eq!(
        error.to_string(),
        format!("record 1 of the batch has a body of {size} bytes, expected at most {limit}")
    );
    let error = log
        .append(0, &vec![sized(0); MAX_BATCH_RECORDS + 1])
        .expect_err("there are too many records");
    assert!(matches!(error, AppendError::TooManyRecords { .. }), "found {error}");
    let error = log
        .append(0, &vec![sized(MAX_BODY); MAX_BATCH_BYTES / MAX_BODY + 1])
        .expect_err("there are too many bytes");
    assert!(matches!(error, AppendError::TooManyBytes { .. }), "found {error}");
    holds(&*log, &[]);
}

/// A batch is refused as a whole, whichever of its records is at fault.
pub(super) fn refused_batch_leaves_nothing(place: &mut dyn Place) {
    let mut log = place.open();
    append(&mut *log, &records(1, 5));
    for at in [0, 3, 9] {
        let mut batch = records(6, 15);
        batch[at].body = vec![0; MAX_BODY + 1];
        let error = log.append(5, &batch).expect_err("one body is too large");
        assert!(matches!(error, AppendError::BodyTooLarge { index, .. } if index == at));
        holds(&*log, &records(1, 5));
    }
    append(&mut *log, &records(6, 15));
    holds(&*log, &records(1, 15));
}

/// Sizes around the places where stores change their layout, up to the limit.
pub(super) fn large_bodies(place: &mut dyn Place) {
    let mut log = place.open();
    let sizes = [0, 1, 255, 256, 3900, 4000, 4096, 8192, 65_535, 65_536, MAX_BODY - 1, MAX_BODY];
    let batch: Vec<Record> = sizes
        .iter()
        .map(|&size| Record {
            kind: 2,
            version: 1,
            body: (0..size).map(|i| (i * 31) as u8).collect(),
        })
        .collect();
    append(&mut *log, &batch);
    holds(&*log, &batch);
}

pub(super) fn large_batches(place: &mut dyn Place) {
    let mut log = place.open();
    let batch = records(1, 20_000);
    append(&mut *log, &batch);
    holds(&*log, &batch);
    let most = vec![Record { kind: 3, version: 1, body: vec![1; 8] }; MAX_BATCH_RECORDS];
    append(&mut *log, &most);
    assert_eq!(head(&*log).position, 20_000 + MAX_BATCH_RECORDS as u64);
}

pub(super) fn every_kind_and_version(place: &mut dyn Place) {
    let mut log = place.open();
    let kinds = [0, 1, 255, 256, 0x7fff, 0x8000, u16::MAX];
    let batch: Vec<Record> = kinds
        .iter()
        .flat_map(|&kind| [0, 127, 128, 255].map(|version| (kind, version)))
        .map(|(kind, version)| Record { kind, version, body: vec![0, 255] })
        .collect();
    append(&mut *log, &batch);
    holds(&*log, &batch);
}

/// The same records give the same head in every backend and in every release.
pub(super) fn frozen_hash_chain(place: &mut dyn Place) {
    let mut log = place.open();
    let record = |i: u32| {
        let body = (0..i % 50).map(|j| (i + j) as u8).collect();
        Record { kind: i as u16, version: (i % 7) as u8, body }
    };
    let batch: Vec<Record> = (1..=1000).map(record).collect();
    for part in batch.chunks(77) {
        append(&mut *log, part);
    }
    assert_eq!(
        to_hex(&head(&*log).hash),
        "f2a45f23ee7a080c116544949650cc762ccc3d0bc045d3cb8508d1599e74da1c",
        "the chain of a thousand fixed records"
    );
    frozen_prefix(&*log);
}

/// What a reader hands out is the chain itself, not something computed on the way.
fn frozen_prefix(log: &dyn EventLog) {
    let mut at = Head::EMPTY;
    for entry in read(&mut *reader(log), 0, None) {
        at = at.next(entry.kind, entry.version, &entry.body);
        assert_eq!(entry.hash, at.hash, "hash at position {}", at.position);
    }
}
