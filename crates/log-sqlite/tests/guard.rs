//! Who may open what: one writer, only logs, and a write-ahead log that stays within its bound.

mod support;

use std::fs;
use std::ops::ControlFlow;
use std::time::Duration;

use npo_log::{EventLog, LogReader};
use npo_log_sqlite::{OpenError, Options, SqliteLog, SqliteReader};
use rusqlite::Connection;
use support::{batch, chain, filled, open};

#[test]
fn a_second_writer_is_refused_by_name_of_the_file() {
    let directory = tempfile::tempdir().expect("makes a directory");
    let path = directory.path().join("events.db");
    let first = open(&path);
    let link = directory.path().join("other-name.db");
    std::os::unix::fs::symlink(&path, &link).expect("links");
    for name in [&path, &link] {
        let error = SqliteLog::open(name, &Options::default()).expect_err("is open already");
        assert!(matches!(error, OpenError::Locked { .. }), "{error}");
        let message = error.to_string();
        assert!(
            message.contains("events.db` is already open for appending (by this process)"),
            "{message}"
        );
        assert!(message.contains("events.db.lock`"), "{message}");
    }
    drop(first);
    drop(open(&path));
}

#[test]
fn a_reader_opens_beside_a_writer_and_after_it() {
    let directory = tempfile::tempdir().expect("makes a directory");
    let path = directory.path().join("events.db");
    let head = filled(&path, 50, 100);
    let options = Options::default();
    let mut alone = SqliteReader::open(&path, &options).expect("opens without a writer");
    assert_eq!(alone.head().expect("has a head"), head);
    let mut log = open(&path);
    log.append(50, &batch(50, 1, 100)).expect("appends");
    assert_eq!(alone.head().expect("has a head").position, 51);
    drop(log);
    assert_eq!(alone.head().expect("has a head").position, 51);
}

#[test]
fn what_is_no_log_is_refused_and_left_as_it_is() {
    let directory = tempfile::tempdir().expect("makes a directory");
    let path = directory.path().join("foreign.db");
    let check = |make: &dyn Fn(), expected: &str| {
        let _ = fs::remove_file(&path);
        make();
        let before = fs::read(&path).expect("reads");
        let error = SqliteLog::open(&path, &Options::default()).expect_err("is no log");
        assert!(chain(&error).contains(expected), "found {}, expected {expected}", chain(&error));
        assert!(SqliteReader::open(&path, &Options::default()).is_err());
        assert!(fs::read(&path).expect("reads") == before, "{expected}: the file was changed");
    };
    let sql = |text: &'static str| {
        let path = path.clone();
        move || Connection::open(&path).and_then(|c| c.execute_batch(text)).expect("makes")
    };
    let text = "not a database, ".repeat(100);
    check(&|| fs::write(&path, &text).expect("writes"), "found file is not a database");
    check(
        &|| fs::write(&path, "a note").expect("writes"),
        "found a file of 6 bytes, expected a database or an empty file",
    );
    check(&sql("CREATE TABLE a(b)"), "found application id 0x00000000, expected 0x6e706f4c");
    check(&sql("PRAGMA application_id=5"), "found application id 0x00000005");
    check(&sql("PRAGMA user_version=3"), "found application id 0x00000000");
    check(
        &sql("PRAGMA application_id=0x6e706f4c; PRAGMA user_version=2; CREATE TABLE a(b)"),
        "has log form 2, expected at most 1: it was written by a newer version",
    );
    check(
        &sql("PRAGMA application_id=0x6e706f4c; PRAGMA user_version=1; CREATE TABLE events(b)"),
        "expected log form 1 with the table of events",
    );
}

#[test]
fn absent_places_are_errors_in_words() {
    let directory = tempfile::tempdir().expect("makes a directory");
    let absent = directory.path().join("absent");
    let error = SqliteReader::open(&absent, &Options::default()).expect_err("is absent");
    assert!(chain(&error).starts_with("could not open `"), "{}", chain(&error));
    let error = SqliteLog::open(&absent.join("log"), &Options::default()).expect_err("is absent");
    assert!(chain(&error).starts_with("could not find `"), "{}", chain(&error));
    let error = SqliteLog::open(directory.path(), &Options::default()).expect_err("a directory");
    assert!(chain(&error).starts_with("could not open `"), "{}", chain(&error));
}

/// An interrupted creation leaves an empty file, which is made a log by the next opening.
#[test]
fn an_empty_file_becomes_a_log() {
    let directory = tempfile::tempdir().expect("makes a directory");
    let path = directory.path().join("events.db");
    fs::write(&path, "").expect("writes");
    assert_eq!(filled(&path, 10, 10).position, 10);
}

fn bounded() -> Options {
    Options { checkpoint_pages: 50, wal_pages_max: 200, ..Options::default() }
}

/// Four KiB pages with their frame headers.
const BOUND_BYTES: u64 = 200 * (4096 + 24);

#[test]
fn the_write_ahead_log_stays_within_its_bound() {
    let directory = tempfile::tempdir().expect("makes a directory");
    let path = directory.path().join("events.db");
    let mut log = SqliteLog::open(&path, &bounded()).expect("opens");
    let mut largest = 0;
    for after in (0..20_000).step_by(20) {
        log.append(after, &batch(after, 20, 300)).expect("appends");
        let wal = fs::metadata(path.with_extension("db-wal")).expect("is there");
        largest = largest.max(wal.len());
    }
    assert!(largest > 0 && largest < 4 * BOUND_BYTES, "{largest} bytes");
}

/// A reader in the middle of a visit keeps the pages that it may need, but neither stops nor fails an append.
#[test]
fn a_slow_reader_does_not_stop_appends() {
    let directory = tempfile::tempdir().expect("makes a directory");
    let path = directory.path().join("events.db");
    let options = Options { busy_timeout: Duration::from_millis(20), ..bounded() };
    let mut log = SqliteLog::open(&path, &options).expect("opens");
    log.append(0, &batch(0, 100, 300)).expect("appends");
    let mut reader = log.reader().expect("opens");
    let mut appended = 100;
    let mut seen = 0;
    let mut f = |_: npo_log::Entry<'_>| {
        seen += 1;
        if seen == 1 {
            while appended < 20_000 {
                log.append(appended, &batch(appended, 100, 300)).expect("appends");
                appended += 100;
            }
        }
        ControlFlow::Continue(())
    };
    reader.visit(0, None, &mut f).expect("reads");
    assert_eq!(seen, 100);
    // With the reader gone, the file comes back within its bound, if not at the first attempt.
    let wal = path.with_extension("db-wal");
    let bytes = || fs::metadata(&wal).expect("is there").len();
    assert!(bytes() > 4 * BOUND_BYTES, "the reader kept the pages");
    for _ in 0..5000 {
        log.append(appended, &batch(appended, 20, 300)).expect("appends");
        appended += 20;
        if bytes() < 2 * BOUND_BYTES {
            return;
        }
    }
    panic!("the write-ahead log stays at {} bytes", bytes());
}
