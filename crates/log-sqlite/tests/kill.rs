//! A process killed at any moment: everything that it acknowledged is there, whole batches only, nothing twice.
//!
//! The child is this test binary again, told by an environment variable to append until it dies. Killing a process leaves the page cache, so this shows ordering and recovery, not that the disk keeps what it synced.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use npo_log::{EventLog, Head, verify, verify_from};
use npo_log_sqlite::{Options, SqliteLog};
use support::{open, record};

const CHILD: &str = "NPO_LOG_KILL_CHILD";
/// Kills that have to come while groups are being acknowledged; on a busy machine some come before the first.
const EFFECTIVE: u64 = 35;
const ROUNDS_MAX: u64 = 300;

/// Bounds that keep checkpoints and emptying busy while the kill comes.
fn options() -> Options {
    Options { checkpoint_pages: 20, wal_pages_max: 150, ..Options::default() }
}

/// Group sizes differ, but follow from the position, so that the parent knows where a whole group ends.
fn group(after: u64) -> u64 {
    1 + after * 7919 % 60
}

/// Does nothing unless it is run as the child.
#[test]
fn appends_until_killed() {
    let Ok(path) = std::env::var(CHILD) else {
        return;
    };
    let mut log = SqliteLog::open(Path::new(&path), &options()).expect("opens");
    let mut out = std::io::stdout().lock();
    let mut position = log.head().expect("has a head").position;
    // Ends by itself should the parent be gone.
    while position < 50_000_000 {
        let batch: Vec<_> = (position + 1..=position + group(position))
            .map(|position| record(position, 300))
            .collect();
        position = log.append(position, &batch).expect("appends").position;
        writeln!(out, "acknowledged {position}").expect("the parent listens");
        out.flush().expect("the parent listens");
    }
}

fn start(path: &Path) -> Child {
    Command::new(std::env::current_exe().expect("has a name"))
        .args(["--exact", "appends_until_killed", "--nocapture", "--test-threads=1"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts")
}

/// Lets the child run for a while, kills it, and gives the last position that it acknowledged.
fn acknowledged(path: &Path, wait: Duration) -> Option<u64> {
    let mut child = start(path);
    let lines = BufReader::new(child.stdout.take().expect("is piped")).lines();
    let listener = std::thread::spawn(move || {
        lines
            .map_while(Result::ok)
            .filter_map(|line| line.rsplit_once("acknowledged ")?.1.parse().ok())
            .last()
    });
    std::thread::sleep(wait);
    child.kill().expect("is still there to be killed");
    child.wait().expect("ends");
    listener.join().expect("listens")
}

#[test]
fn nothing_acknowledged_is_lost_by_a_kill() {
    let directory = tempfile::tempdir().expect("makes a directory");
    let path = directory.path().join("events.db");
    let mut seed = u64::from(std::process::id());
    eprintln!("seed {seed}");
    let (mut before, mut effective) = (Head::EMPTY, 0);
    for round in 0..ROUNDS_MAX {
        if effective == EFFECTIVE {
            break;
        }
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let wait = Duration::from_micros(2_000 + (seed >> 33) % 120_000);
        let acknowledged = acknowledged(&path, wait).unwrap_or(before.position);
        let log = open(&path);
        let head = log.head().expect("has a head");
        assert!(
            head.position >= acknowledged,
            "round {round}: acknowledged {acknowledged}, found {}",
            head.position
        );
        check_whole(&log, before, acknowledged);
        effective += u64::from(acknowledged > before.position);
        before = head;
    }
    let mut reader = open(&path).reader().expect("opens");
    let whole = verify(&mut *reader, &mut |_| {}).expect("the whole chain holds");
    assert_eq!(whole.head, before);
    eprintln!("{effective} kills during appends, {} events", whole.count);
    assert_eq!(effective, EFFECTIVE, "too few kills came during appends");
}

/// The chain holds, every body says its own position, and at most one unacknowledged group follows, whole.
fn check_whole(log: &SqliteLog, before: Head, acknowledged: u64) {
    let mut reader = log.reader().expect("opens");
    let verified = verify_from(&mut *reader, before, &mut |_| {}).expect("the chain holds");
    let mut end = before.position;
    while end < verified.head.position {
        end += group(end);
    }
    assert_eq!(end, verified.head.position, "a group is there in part");
    let unacknowledged = verified.head.position - acknowledged;
    assert!(unacknowledged == 0 || unacknowledged == group(acknowledged));
    let mut own = |entry: npo_log::Entry<'_>| {
        assert_eq!(entry.body[..8], entry.position.to_le_bytes());
        std::ops::ControlFlow::Continue(())
    };
    reader.visit(before.position, None, &mut own).expect("reads");
}
