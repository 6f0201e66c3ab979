//! Writing pages back from the write-ahead log to the database, off the commit path.
//!
//! A thread with its own connection does PASSIVE checkpoints whenever the writer says that enough pages have come together; they never make the writer wait.
//! Under unbroken load a passive checkpoint never catches up, and the file would grow for ever: past a bound the writer itself waits for one (see `writer.rs`).

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tracing::{debug, warn};

use crate::{OpenError, Options, connection};

/// Runs until dropped.
#[derive(Debug)]
pub(crate) struct Checkpointer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    wanted: Mutex<Wanted>,
    changed: Condvar,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Wanted {
    #[default]
    Nothing,
    Checkpoint,
    Stop,
}

impl Shared {
    /// A flag of one word is whole even if its holder panicked.
    fn lock(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn want(&self, wanted: Wanted) {
        *self.lock() = wanted;
        self.changed.notify_one();
    }

    /// Waits for something to do; what was wanted in the meantime counts once.
    fn next(&self) -> Wanted {
        let mut wanted = self
            .changed
            .wait_while(self.lock(), |wanted| *wanted == Wanted::Nothing)
            .unwrap_or_else(PoisonError::into_inner);
        let next = *wanted;
        if next == Wanted::Checkpoint {
            *wanted = Wanted::Nothing;
        }
        next
    }
}

impl Checkpointer {
    pub(crate) fn start(path: &Path, options: &Options) -> Result<Checkpointer, OpenError> {
        let connection = connection::open_checkpointer(path, options)?;
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("npo-checkpoint".to_owned())
            .spawn(move || {
                while of_thread.next() == Wanted::Checkpoint {
                    passive(&connection);
                }
            })
            .map_err(|source| OpenError::Io {
                action: "start the checkpoint thread of",
                path: path.to_owned(),
                source,
            })?;
        Ok(Checkpointer { shared, thread: Some(thread) })
    }

    /// Wakes the thread; returns at once.
    pub(crate) fn wake(&self) {
        self.shared.want(Wanted::Checkpoint);
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.shared.want(Wanted::Stop);
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported by its own hook; the log is whole without checkpoints.
            let _ = thread.join();
        }
    }
}

/// A failed checkpoint loses nothing, because the write-ahead log still holds the pages; it is tried again with the next batch of pages.
fn passive(connection: &Connection) {
    match checkpoint(connection, "PASSIVE") {
        Ok(Progress { pages, written_back, .. }) => {
            debug!(pages, written_back, "checkpoint");
        }
        Err(error) => warn!(%error, "checkpoint failed; the write-ahead log keeps the pages"),
    }
}

/// What a checkpoint reports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    /// Whether something stood in the way of finishing.
    pub(crate) blocked: bool,
    /// Pages in the write-ahead log.
    pub(crate) pages: i64,
    /// Of these, pages that the database has too.
    pub(crate) written_back: i64,
}

pub(crate) fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<Progress> {
    connection.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?.query_row([], |row| {
        Ok(Progress {
            blocked: row.get::<_, i64>(0)? != 0,
            pages: row.get(1)?,
            written_back: row.get(2)?,
        })
    })
}
