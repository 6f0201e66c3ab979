//! The committer: one thread that makes groups durable.
//!
//! While one group is on the disk's way the next one gathers, so that the group grows with the load
//! and a lone order does not wait.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use npo_log::{AppendError, EventLog, Record};
use parking_lot::Mutex;

use crate::wait::Fate;
use crate::{Inner, restore};

/// Pause before the log is tried again after a failure. A full disk stays full for a while, and
/// folding the state anew costs something.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Events in the group before, from which on there is more to come that is worth waiting for.
const COMPANY: usize = 8;
/// Time given to it. A group costs a transaction and two switches of threads however small it is;
/// under load one that is this much later is also this much larger. A lone order does not wait.
const GATHER: Duration = Duration::from_micros(250);

/// Bytes in one group at most, below what the log takes in one batch.
pub(crate) const GROUP_BYTES_MAX: usize = 32 << 20;

/// Records that wait for the disk, and whoever waits for them.
#[derive(Default)]
pub(crate) struct Group {
    pub(crate) records: Vec<Record>,
    pub(crate) bytes: usize,
    pub(crate) fate: Arc<Fate>,
}

type SharedLog = Arc<Mutex<Box<dyn EventLog>>>;

pub(crate) fn start(inner: Arc<Inner>, log: SharedLog) -> JoinHandle<()> {
    std::thread::Builder::new()
        .name("npo-commit".into())
        .spawn(move || run(&inner, &log))
        .expect("a thread can be started when the process starts")
}

fn run(inner: &Inner, log: &SharedLog) {
    let mut position = *inner.durable.borrow();
    let mut before = 0;
    while let Some(group) = next_group(inner, before) {
        before = group.records.len();
        let result = log.lock().append(position, &group.records);
        match result {
            Ok(head) => {
                position = head.position;
                inner.counters.committed(group.records.len());
                inner.durable.send_replace(position);
                group.fate.settle(Ok(()));
            }
            Err(error) => {
                inner.counters.failures.fetch_add(1, Ordering::Relaxed);
                if !recover(inner, &group, &error, &mut position) {
                    return;
                }
            }
        }
    }
}

/// The next group, or `None` when the engine is closing and nothing is left.
fn next_group(inner: &Inner, before: usize) -> Option<Group> {
    if before >= COMPANY && inner.core.lock().group.records.len() < before {
        std::thread::sleep(GATHER);
    }
    let mut core = inner.core.lock();
    while core.group.records.is_empty() {
        if core.closing {
            return None;
        }
        inner.work.wait(&mut core);
    }
    Some(std::mem::take(&mut core.group))
}

/// Tells everybody concerned, and folds the state anew from what is durable, until that succeeds.
/// False if the engine closes meanwhile.
fn recover(inner: &Inner, group: &Group, error: &AppendError, position: &mut u64) -> bool {
    let reason = describe(error);
    tracing::error!(%reason, events = group.records.len(), "the log was not written; nothing of it is acknowledged");
    // What was decided since depends on what failed, so it fails with it.
    let behind = {
        let mut core = inner.core.lock();
        core.failed = Some(reason.clone());
        std::mem::take(&mut core.group)
    };
    behind.fate.settle(Err(reason.clone()));
    group.fate.settle(Err(reason.clone()));
    loop {
        std::thread::sleep(RETRY_AFTER);
        let restored = inner.reopen_state();
        let mut core = inner.core.lock();
        if core.closing {
            return false;
        }
        match restored {
            Ok(state) => {
                *position = state.position();
                core.state = state;
                inner.people.fetch_add(1, Ordering::Release);
                core.failed = None;
                inner.durable.send_replace(*position);
                return true;
            }
            Err(error) => {
                let reason = format!("{reason}; the log could not be read back: {error}");
                tracing::error!(%reason, "trying again");
                core.failed = Some(reason);
            }
        }
    }
}

impl Inner {
    fn reopen_state(&self) -> Result<npo_core::State, restore::OpenError> {
        let mut reader = (self.open_reader)()?;
        let store = self.snapshots.as_ref();
        Ok(restore::restore(reader.as_mut(), store)?.0)
    }
}

fn describe(error: &AppendError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
