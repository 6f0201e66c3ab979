//! Reading: ranges, early ends, and readers on other threads that see whole durable batches only.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use super::Place;
use super::steps::{append, head, holds, read, reader, record, records};
use crate::LogReader;

pub(super) fn get(place: &mut dyn Place) {
    let mut log = place.open();
    append(&mut *log, &records(1, 4));
    append(&mut *log, &records(5, 10));
    let mut reader = reader(&*log);
    for position in 1..=10 {
        let entry = reader.get(position).expect("reads").expect("is there");
        let expected = record(position);
        assert_eq!(entry.position, position);
        assert_eq!((entry.kind, entry.version), (expected.kind, expected.version));
        assert_eq!(entry.body, expected.body);
    }
    for absent in [0, 11, 1 << 40, i64::MAX as u64, u64::MAX] {
        assert_eq!(reader.get(absent).expect("absence is no error"), None, "{absent}");
    }
    let last = reader.get(10).expect("reads").expect("is there");
    assert_eq!(last.hash, head(&*log).hash);
}

pub(super) fn visit_ranges(place: &mut dyn Place) {
    let mut log = place.open();
    append(&mut *log, &records(1, 3));
    append(&mut *log, &records(4, 5000));
    let mut reader = reader(&*log);
    let mut check = |after: u64, limit: Option<u64>, first: u64, count: usize| {
        let found = read(&mut *reader, after, limit);
        assert_eq!(found.len(), count, "after {after} limit {limit:?}");
        if let Some(entry) = found.first() {
            assert_eq!(entry.position, first, "after {after} limit {limit:?}");
        }
        assert!(found.windows(2).all(|pair| pair[0].position + 1 == pair[1].position));
    };
    check(0, None, 1, 5000);
    check(0, Some(0), 1, 0);
    check(0, Some(1), 1, 1);
    check(2, Some(2), 3, 2);
    check(2, Some(4000), 3, 4000);
    check(4998, None, 4999, 2);
    check(4998, Some(u64::MAX), 4999, 2);
    check(5000, None, 0, 0);
    check(5001, Some(5), 0, 0);
    check(i64::MAX as u64, None, 0, 0);
    check(u64::MAX, None, 0, 0);
}

pub(super) fn visit_stops_on_break(place: &mut dyn Place) {
    let mut log = place.open();
    append(&mut *log, &records(1, 100));
    let mut reader = reader(&*log);
    for stop in [1, 50, 100] {
        let mut seen = 0;
        let mut f = |entry: crate::Entry<'_>| {
            seen = entry.position;
            if seen == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        reader.visit(0, None, &mut f).expect("breaking is no error");
        assert_eq!(seen, stop);
    }
    assert_eq!(read(&mut *reader, 0, None).len(), 100, "a broken visit leaves the reader whole");
}

/// A visit is bounded by what was durable when it began, even if its own callback appends; otherwise a reader could chase a busy writer for ever.
pub(super) fn visit_ends_where_it_began(place: &mut dyn Place) {
    let mut log = place.open();
    append(&mut *log, &records(1, 3));
    let mut reader = reader(&*log);
    let mut seen = 0;
    let mut f = |_: crate::Entry<'_>| {
        seen += 1;
        let next = head(&*log).position + 1;
        append(&mut *log, &records(next, next + 9));
        ControlFlow::Continue(())
    };
    reader.visit(0, None, &mut f).expect("reads");
    assert_eq!(seen, 3);
    holds(&*log, &records(1, 33));
}

pub(super) fn readers_are_independent(place: &mut dyn Place) {
    let mut log = place.open();
    append(&mut *log, &records(1, 50));
    let (mut a, mut b) = (reader(&*log), reader(&*log));
    let mut f = |entry: crate::Entry<'_>| {
        let other = b.get(51 - entry.position).expect("reads").expect("is there");
        assert_eq!(other.position, 51 - entry.position);
        ControlFlow::Continue(())
    };
    a.visit(0, None, &mut f).expect("reads");
    append(&mut *log, &records(51, 60));
    assert_eq!(read(&mut *a, 50, None).len(), 10, "an old reader sees later appends");
    assert_eq!(read(&mut *b, 50, None).len(), 10);
}

/// Batches have ten records, so a head that is no multiple of ten would be a batch seen in part.
const BATCH: u64 = 10;
const BATCHES: u64 = 200;

pub(super) fn reading_while_appending(place: &mut dyn Place) {
    let mut log = place.open();
    let (started, acknowledged) = (AtomicU64::new(0), AtomicU64::new(0));
    let finished = AtomicBool::new(false);
    let readers = [reader(&*log), reader(&*log)];
    std::thread::scope(|scope| {
        for mut reader in readers {
            let (started, acknowledged, finished) = (&started, &acknowledged, &finished);
            scope.spawn(move || {
                while !finished.load(SeqCst) {
                    look(&mut *reader, started, acknowledged);
                }
                look(&mut *reader, started, acknowledged);
            });
        }
        for batch in 0..BATCHES {
            let from = batch * BATCH + 1;
            started.store(from + BATCH - 1, SeqCst);
            append(&mut *log, &records(from, from + BATCH - 1));
            acknowledged.store(from + BATCH - 1, SeqCst);
        }
        finished.store(true, SeqCst);
    });
    holds(&*log, &records(1, BATCH * BATCHES));
}

/// What was acknowledged before the look is there; nothing is there that was not begun before its end; batches are whole.
fn look(reader: &mut dyn LogReader, started: &AtomicU64, acknowledged: &AtomicU64) {
    let least = acknowledged.load(SeqCst);
    let after = least.saturating_sub(25);
    let found = read(reader, after, None);
    let last = found.last().map_or(after, |entry| entry.position);
    let most = started.load(SeqCst);
    assert!(last >= least, "acknowledged {least}, but the reader ends at {last}");
    assert!(last <= most, "begun up to {most}, but the reader saw {last}");
    assert!(last.is_multiple_of(BATCH), "a batch was seen in part: {last}");
    for entry in found {
        assert_eq!(entry.body, record(entry.position).body);
    }
}
