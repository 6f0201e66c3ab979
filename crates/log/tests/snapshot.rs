//! Snapshots: the newest usable one is found, and every unusable one is named with its reason.

use std::fs;
use std::path::Path;
use std::time::Instant;

use npo_log::snapshot::Latest;
use npo_log::{Hash, SnapshotStore};

fn hash(position: u64) -> Hash {
    [position as u8; 32]
}

fn known(position: u64) -> Option<Hash> {
    Some(hash(position))
}

fn store(directory: &Path, keep: usize, positions: &[u64]) -> SnapshotStore {
    let store = SnapshotStore::open(directory, keep).expect("opens");
    for &position in positions {
        let bytes = format!("state {position}");
        store.save(position, hash(position), 1, bytes.as_bytes()).expect("saves");
    }
    store
}

fn position(latest: &Latest) -> Option<u64> {
    latest.snapshot.as_ref().map(|snapshot| snapshot.position)
}

#[test]
fn empty_store_has_none() {
    let directory = tempfile::tempdir().expect("makes a directory");
    let latest = store(directory.path(), 3, &[]).latest(known).expect("lists");
    assert!(latest.snapshot.is_none() && latest.skipped.is_empty());
}

#[test]
fn newest_comes_back_as_saved() {
    let directory = tempfile::tempdir().expect("makes a directory");
    let latest = store(directory.path(), 3, &[9, 10, 100]).latest(known).expect("lists");
    let snapshot = latest.snapshot.expect("is there");
    assert_eq!((snapshot.position, snapshot.format), (100, 1));
    assert_eq!(snapshot.bytes, b"state 100");
    assert_eq!(snapshot.log_hash, hash(100));
    assert!(latest.skipped.is_empty());
}

#[test]
fn only_the_last_are_kept_and_the_saved_one_always() {
    let directory = tempfile::tempdir().expect("makes a directory");
    let store = store(directory.path(), 2, &[10, 20, 30, 40]);
    let count = || fs::read_dir(directory.path()).expect("lists").count();
    assert_eq!(count(), 2);
    // A log restored from a backup is shorter than the snapshots of the one that was lost.
    store.save(5, hash(5), 1, b"after restore").expect("saves");
    assert_eq!(count(), 2);
    let restored = |position| (position <= 5).then(|| hash(position));
    let latest = store.latest(restored).expect("lists");
    assert_eq!(position(&latest), Some(5));
    assert_eq!(latest.skipped.len(), 1);
}

/// Damages the newest of two snapshots; the older one must be found, and the reason must begin as expected.
fn check(damage: impl FnOnce(&mut Vec<u8>), reason: &str) {
    let directory = tempfile::tempdir().expect("makes a directory");
    let store = store(directory.path(), 3, &[10]);
    let path = store.save(20, hash(20), 1, b"newest").expect("saves");
    let mut raw = fs::read(&path).expect("reads");
    damage(&mut raw);
    fs::write(&path, &raw).expect("writes");
    let latest = store.latest_of(1, known).expect("lists");
    assert_eq!(position(&latest), Some(10), "{reason}");
    assert_eq!(latest.skipped.len(), 1);
    assert_eq!(latest.skipped[0].path, path);
    let found = latest.skipped[0].reason.to_string();
    assert!(found.starts_with(reason), "found {found}, expected {reason}");
}

#[test]
fn damaged_snapshots_are_skipped_with_a_reason() {
    check(Vec::clear, "found 0 bytes, expected at least 92");
    check(|raw| raw.truncate(91), "found 91 bytes, expected at least 92");
    check(|raw| raw.truncate(95), "found 3 bytes of state, expected 6");
    check(|raw| raw.push(0), "found 7 bytes of state, expected 6");
    check(|raw| *raw = vec![b'x'; 5000], "it is not a snapshot");
    check(|raw| raw[8] = 9, "found file form 9, expected 1");
    check(|raw| raw[10] = 9, "found state form 9, expected 1");
    check(|raw| raw[12] ^= 1, "found position 21, expected 20");
    check(|raw| raw[20] ^= 1, "found log hash ");
    check(|raw| raw[59] = 0x7f, "found 9151314442816847878 bytes of state, expected at most");
    check(|raw| raw[60] ^= 1, "its checksum is ");
    check(|raw| raw[97] ^= 1, "its checksum is ");
}

#[test]
fn no_single_flipped_bit_goes_unnoticed() {
    let directory = tempfile::tempdir().expect("makes a directory");
    let store = store(directory.path(), 3, &[]);
    let path = store.save(20, hash(20), 1, b"state").expect("saves");
    let good = fs::read(&path).expect("reads");
    for bit in 0..good.len() * 8 {
        let mut raw = good.clone();
        raw[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &raw).expect("writes");
        let latest = store.latest(known).expect("lists");
        assert!(latest.snapshot.is_none(), "bit {bit} flipped unnoticed");
        assert_eq!(latest.skipped.len(), 1);
    }
}

#[test]
fn another_log_and_a_shorter_log_are_skipped_with_a_reason() {
    let directory = tempfile::tempdir().expect("makes a directory");
    let store = store(directory.path(), 3, &[10, 20, 30]);
    let log = |position| match position {
        10 => Some(hash(10)),
        20 => Some([99; 32]),
        _ => None,
    };
    let latest = store.latest(log).expect("lists");
    assert_eq!(position(&latest), Some(10));
    let reasons: Vec<String> = latest.skipped.iter().map(|s| s.reason.to_string()).collect();
    assert_eq!(reasons[0], "the log has no event 30");
    assert!(reasons[1].starts_with("found log hash 1414"), "{}", reasons[1]);
}

#[test]
fn an_interrupted_save_is_cleared_away_and_foreign_names_are_left_alone() {
    let directory = tempfile::tempdir().expect("makes a directory");
    let part = directory.path().join("00000000000000000030.snapshot-part");
    let foreign = directory.path().join("notes.txt");
    fs::write(&part, "half").expect("writes");
    fs::write(&foreign, "mine").expect("writes");
    let store = store(directory.path(), 1, &[10, 20]);
    assert!(!part.exists() && foreign.exists());
    assert_eq!(position(&store.latest(known).expect("lists")), Some(20));
}

#[test]
fn a_large_snapshot_comes_back() {
    let directory = tempfile::tempdir().expect("makes a directory");
    let store = store(directory.path(), 1, &[]);
    let bytes: Vec<u8> =
        (0..75_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let started = Instant::now();
    store.save(7, hash(7), 3, &bytes).expect("saves");
    let saved = started.elapsed();
    let latest = store.latest(known).expect("lists");
    eprintln!("75 MB: saved in {saved:?}, read in {:?}", started.elapsed() - saved);
    assert!(latest.snapshot.expect("is there").bytes == bytes);
}
