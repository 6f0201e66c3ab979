//! Damaged files: the first bad position is named, nothing panics, and what was not touched is still read.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use npo_log::{EventLog, Head, VerifyError};
use support::{VerifyOutcome, batch, chain, filled, open, opinions};
use tempfile::TempDir;

const PAGE: usize = 4096;
const RECORDS: u64 = 2000;

/// A closed log, and its file as bytes.
fn log() -> (TempDir, PathBuf, Head, Vec<u8>) {
    let directory = tempfile::tempdir().expect("makes a directory");
    let path = directory.path().join("events.db");
    let head = filled(&path, RECORDS, 300);
    let raw = fs::read(&path).expect("reads");
    assert!(!path.with_extension("db-wal").exists(), "closing writes everything back");
    (directory, path, head, raw)
}

/// Where the body of an event begins in the file, found by its first bytes. The first two pages are the header and the root of the tree, which may hold remains of the time when it was the only page.
fn offset_of(raw: &[u8], position: u64) -> usize {
    let mut needle = position.to_le_bytes().to_vec();
    needle.extend([position as u8; 292]);
    let found = raw[2 * PAGE..].windows(needle.len()).position(|window| window == needle);
    2 * PAGE + found.expect("the body is in one page")
}

/// Verifies a file whose damage must be noticed, and gives the first bad position and the message.
fn first_bad(path: &Path) -> (u64, String) {
    match opinions(path).verified {
        Err(VerifyOutcome::Verify(error)) => (error.position(), chain(&error)),
        Err(VerifyOutcome::Open(error)) => panic!("cannot be read at all: {}", chain(&error)),
        Ok(verified) => panic!("damage went unnoticed: {verified:?}"),
    }
}

#[test]
fn a_flipped_body_is_named_by_position() {
    let (_directory, path, _, raw) = log();
    for position in [1, 2, 700, 1999, 2000] {
        let mut damaged = raw.clone();
        damaged[offset_of(&raw, position) + 150] ^= 0x10;
        fs::write(&path, &damaged).expect("writes");
        let (found, message) = first_bad(&path);
        assert_eq!(found, position, "{message}");
        assert!(message.contains("does not match its hash"), "{message}");
    }
}

#[test]
fn a_flipped_hash_is_named_by_position() {
    let (_directory, path, _, raw) = log();
    let mut damaged = raw.clone();
    damaged[offset_of(&raw, 321) + 300] ^= 0x10;
    fs::write(&path, &damaged).expect("writes");
    assert_eq!(first_bad(&path).0, 321);
}

#[test]
fn damage_among_the_last_events_is_noticed_on_opening() {
    let (_directory, path, _, raw) = log();
    let mut damaged = raw.clone();
    damaged[offset_of(&raw, RECORDS - 3) + 20] ^= 1;
    fs::write(&path, &damaged).expect("writes");
    let error = opinions(&path).opened.expect_err("is damaged");
    assert!(chain(&error).contains("is damaged: event 1997: found hash"), "{}", chain(&error));
}

#[test]
fn a_page_of_garbage_is_named_by_its_first_event() {
    let (_directory, path, _, raw) = log();
    for position in [5, 1000, 1500, 2000] {
        let page = offset_of(&raw, position) / PAGE * PAGE;
        // Events of a page lie from its end towards its beginning.
        let first = (position.saturating_sub(20).max(1)..=position)
            .find(|&p| offset_of(&raw, p) / PAGE * PAGE == page)
            .expect("the page holds the event");
        for fill in [0x00, 0xff, 0x5a] {
            let mut damaged = raw.clone();
            damaged[page..page + PAGE].fill(fill);
            fs::write(&path, &damaged).expect("writes");
            let (found, message) = first_bad(&path);
            assert_eq!(found, first, "filled with {fill:#x}: {message}");
        }
    }
}

#[test]
fn a_ruined_root_page_is_an_error_in_words() {
    let (_directory, path, _, raw) = log();
    let mut damaged = raw.clone();
    damaged[PAGE..2 * PAGE].fill(0xaa);
    fs::write(&path, &damaged).expect("writes");
    let opinions = opinions(&path);
    let message = chain(&opinions.opened.expect_err("is damaged"));
    assert!(message.contains("malformed"), "{message}");
    assert!(opinions.verified.is_err());
}

#[test]
fn a_ruined_header_is_an_error_in_words() {
    let (_directory, path, _, raw) = log();
    let check = |range: std::ops::Range<usize>, expected: &str| {
        let mut damaged = raw.clone();
        damaged[range].fill(0x77);
        fs::write(&path, &damaged).expect("writes");
        let opinions = opinions(&path);
        let message = chain(&opinions.opened.expect_err("is damaged"));
        assert!(message.contains(expected), "found {message}, expected {expected}");
        assert!(opinions.verified.is_err());
    };
    check(0..16, "is not a log: found file is not a database, expected an SQLite database");
    check(68..72, "is not a log: found application id 0x77777777, expected 0x6e706f4c");
    check(60..64, "was written by a newer version");
    check(100..108, "is not a log: ");
}

/// Every length that a cut can leave: an error, or a whole prefix of the chain (never something else).
#[test]
fn a_truncated_file_is_noticed() {
    let (_directory, path, _, raw) = log();
    let pages = raw.len() / PAGE;
    for pages_left in (1..pages).step_by(13) {
        for extra in [0, 1, 2047] {
            fs::write(&path, &raw[..pages_left * PAGE + extra]).expect("writes");
            assert!(opinions(&path).verified.is_err(), "cut to {pages_left} pages + {extra}");
        }
    }
    for length in [1, 15, 16, 99, 100, 512, 4095] {
        fs::write(&path, &raw[..length]).expect("writes");
        let opinions = opinions(&path);
        assert!(opinions.verified.is_err(), "cut to {length} bytes");
        assert!(opinions.opened.is_err(), "cut to {length} bytes");
    }
}

/// Random damage anywhere: either the whole chain still reads with its head unchanged (the bytes were not used), or there is an error. Never a panic, never another log.
#[test]
fn random_damage_never_passes_for_another_log() {
    let (_directory, path, head, raw) = log();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below as u64) as usize
    };
    let (mut noticed, mut harmless) = (0, 0);
    for round in 0..400 {
        let mut damaged = raw.clone();
        for _ in 0..=random(4) {
            // Half of the damage goes to the beginning of pages, where the structure is.
            let at = if random(2) == 0 {
                random(raw.len() / PAGE) * PAGE + random(24)
            } else {
                random(raw.len())
            };
            damaged[at] = random(256) as u8;
        }
        fs::write(&path, &damaged).expect("writes");
        match opinions(&path).verified {
            Ok(verified) => {
                assert_eq!(verified.head, head, "round {round}: another log verifies");
                harmless += 1;
            }
            Err(VerifyOutcome::Verify(VerifyError::Short { .. })) => {
                panic!("round {round}: no head was given to compare with")
            }
            Err(_) => noticed += 1,
        }
    }
    eprintln!("400 damaged files: {noticed} noticed, {harmless} harmless");
    assert!(noticed > 200, "{noticed}");
}

/// After a power cut the write-ahead log may end anywhere: what remains is whole batches from the beginning.
#[test]
fn a_torn_write_ahead_log_leaves_whole_batches() {
    let directory = tempfile::tempdir().expect("makes a directory");
    let path = directory.path().join("events.db");
    let mut log = open(&path);
    for after in (0..600).step_by(10) {
        log.append(after, &batch(after, 10, 300)).expect("appends");
    }
    let copy = directory.path().join("copy.db");
    let (wal, wal_copy) = (path.with_extension("db-wal"), copy.with_extension("db-wal"));
    let (database, torn) = (fs::read(&path).expect("reads"), fs::read(&wal).expect("reads"));
    let mut last = 0;
    for length in (0..=torn.len()).step_by(1777).chain([torn.len()]) {
        fs::write(&copy, &database).expect("writes");
        fs::write(&wal_copy, &torn[..length]).expect("writes");
        let log = open(&copy);
        let head = log.head().expect("has a head").position;
        assert!(head.is_multiple_of(10), "a batch came back in part: {head}");
        assert!(head >= last, "a longer write-ahead log holds no less");
        last = head;
        let mut reader = log.reader().expect("opens");
        let verified = npo_log::verify(&mut *reader, &mut |_| {}).expect("the chain holds");
        assert_eq!(verified.count, head);
        drop((reader, log));
    }
    assert_eq!(last, 600);
}
