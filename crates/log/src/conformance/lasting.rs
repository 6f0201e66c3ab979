//! Lasting: what is there after the log was closed and opened again, and what can be carried elsewhere.

use super::Place;
use super::steps::{append, head, holds, reader, records};
use crate::{Head, MemoryLog, export, import};

pub(super) fn reopening(place: &mut dyn Place) {
    if !place.durable() {
        return;
    }
    let mut log = place.open();
    append(&mut *log, &records(1, 10));
    let before = append(&mut *log, &records(11, 5000));
    drop(log);
    let mut log = place.open();
    assert_eq!(head(&*log), before);
    holds(&*log, &records(1, 5000));
    append(&mut *log, &records(5001, 5010));
    drop(log);
    holds(&*place.open(), &records(1, 5010));
}

pub(super) fn many_reopenings(place: &mut dyn Place) {
    if !place.durable() {
        return;
    }
    let mut last = Head::EMPTY;
    for round in 0..20 {
        let mut log = place.open();
        assert_eq!(head(&*log), last);
        last = append(&mut *log, &records(round * 3 + 1, round * 3 + 3));
    }
    holds(&*place.open(), &records(1, 60));
}

/// Through text into memory and the other way round, with the same head everywhere.
pub(super) fn export_and_import(place: &mut dyn Place) {
    let mut memory = MemoryLog::new();
    let expected = append(&mut memory, &records(1, 9000));
    let mut text = Vec::new();
    export(&mut *reader(&memory), 0, &mut text, &mut |_| {}).expect("exports");
    let mut log = place.open();
    let imported = import(&mut text.as_slice(), &mut *log, &mut |_| {}).expect("imports");
    assert_eq!(imported, expected);
    holds(&*log, &records(1, 9000));
    let mut again = Vec::new();
    export(&mut *reader(&*log), 0, &mut again, &mut |_| {}).expect("exports");
    assert!(again == text, "both backends export the same text");
}
