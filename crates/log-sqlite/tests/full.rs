//! No room: the append is refused as full, nothing of it is left, and appends go on once there is room.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use npo_log::{AppendError, EventLog, Head, verify};
use npo_log_sqlite::{Options, SqliteLog};
use support::{batch, chain, open};

/// Appends groups of a hundred until one is refused; gives the head before it.
fn fill(log: &mut SqliteLog) -> Head {
    for _ in 0..10_000 {
        let head = log.head().expect("has a head");
        match log.append(head.position, &batch(head.position, 100, 300)) {
            Ok(_) => {}
            Err(AppendError::Full { after, records: 100, .. }) => {
                assert_eq!(after, head.position);
                return head;
            }
            Err(error) => panic!("found {}, expected a full disk", chain(&error)),
        }
    }
    panic!("the disk never became full");
}

fn holds(log: &SqliteLog, head: Head) {
    assert_eq!(log.head().expect("has a head"), head);
    let mut reader = log.reader().expect("opens");
    let verified = verify(&mut *reader, &mut |_| {}).expect("the chain holds");
    assert_eq!(verified.head, head);
}

#[test]
fn the_page_bound_is_a_full_disk() {
    let directory = tempfile::tempdir().expect("makes a directory");
    let path = directory.path().join("events.db");
    let small = Options { pages_max: Some(100), ..Options::default() };
    let mut log = SqliteLog::open(&path, &small).expect("opens");
    let head = fill(&mut log);
    assert!(head.position > 500, "{}", head.position);
    holds(&log, head);
    let error = log.append(head.position, &batch(head.position, 100, 300)).expect_err("still full");
    assert_eq!(
        error.to_string(),
        format!(
            "no room for 100 more events after position {}; none of them was written",
            head.position
        )
    );
    drop(log);
    let mut log = open(&path);
    holds(&log, head);
    let head = log.append(head.position, &batch(head.position, 100, 300)).expect("there is room");
    holds(&log, head);
}

/// A file system of two megabytes, gone when dropped.
struct Small(tempfile::TempDir);

impl Small {
    fn mount() -> Option<Small> {
        let directory = tempfile::tempdir().expect("makes a directory");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
            .arg(directory.path())
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Small(directory)),
            _ => {
                eprintln!(
                    "SKIPPED: a real full disk was not tested, because mounting a small tmpfs is not permitted here"
                );
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "the small disk stays mounted");
    }
}

#[test]
fn a_real_full_disk_loses_nothing_and_recovers() {
    let Some(disk) = Small::mount() else { return };
    let ballast = disk.path().join("ballast");
    fs::write(&ballast, vec![1; 1 << 20]).expect("writes");
    let path = disk.path().join("events.db");
    let mut log = open(&path);
    let head = fill(&mut log);
    assert!(head.position >= 100, "{}", head.position);
    holds(&log, head);
    for _ in 0..3 {
        assert_eq!(fill(&mut log), head, "still full, and still the same");
    }
    fs::remove_file(&ballast).expect("removes");
    let after = log.append(head.position, &batch(head.position, 100, 300)).expect("there is room");
    holds(&log, after);
    let last = fill(&mut log);
    assert!(last.position >= after.position);
    // Closing cannot write everything back to a full disk; the write-ahead log keeps it.
    drop(log);
    holds(&open(&path), last);
}

/// A disk that is full from the beginning: an error in words, and an empty log once there is room.
#[test]
fn creation_on_a_full_disk_is_an_error_in_words() {
    let Some(disk) = Small::mount() else { return };
    let ballast = disk.path().join("ballast");
    let path = disk.path().join("events.db");
    // Leaves room for one page and the lock file, but not for the write-ahead log and its index.
    fs::write(&ballast, vec![1; (2 << 20) - 3 * 4096]).expect("writes");
    let error = SqliteLog::open(&path, &Options::default()).expect_err("the disk is full");
    assert!(chain(&error).contains("events.db"), "{}", chain(&error));
    fs::remove_file(&ballast).expect("removes");
    let mut log = open(&path);
    let head = log.append(0, &batch(0, 10, 300)).expect("there is room");
    holds(&log, head);
}
