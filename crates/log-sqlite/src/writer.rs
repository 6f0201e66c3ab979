//! The one writer.
//!
//! An append is one transaction: the events of the batch, a commit that SQLite syncs, and only then the new head.
//! Whatever goes wrong rolls the whole batch back, and the head is then asked of the database again instead of being remembered.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use npo_log::{AppendError, EventLog, Head, LogReader, ReadError, Record, check_batch};
use rusqlite::Connection;
use tracing::warn;

use crate::checkpoint::{Checkpointer, checkpoint};
use crate::error::{appending, headless, reading};
use crate::lock::WriterLock;
use crate::{OpenError, Options, SqliteReader, connection, reader};

/// How long the writer waits for readers when it has to empty the write-ahead log: a reader that holds it longer costs the bound, not the commits.
const BOUND_WAIT: Duration = Duration::from_millis(200);

/// [`EventLog`] on SQLite.
///
/// The fields are dropped in order: the checkpoint thread ends first, the connection closes and writes everything back, and the lock goes last.
#[derive(Debug)]
pub struct SqliteLog {
    checkpointer: Checkpointer,
    connection: Connection,
    /// The last durable event; `None` after a failure, until the database has been asked.
    head: Option<Head>,
    /// Pages in the write-ahead log after the last commit.
    wal_pages: Arc<AtomicU32>,
    /// Where the writer next wakes the checkpoint thread, in pages of the write-ahead log.
    wal_wake: u32,
    /// Where the writer next has to empty the write-ahead log, in pages of it.
    wal_bound: u32,
    path: PathBuf,
    options: Options,
    _lock: WriterLock,
}

impl SqliteLog {
    /// Opens the log at `path` for appending, making it where the file is absent; the directory must exist.
    ///
    /// # Errors
    /// When another writer has it open, the file is no log of a known form, its first or last events are damaged, or the system refuses.
    pub fn open(path: &Path, options: &Options) -> Result<SqliteLog, OpenError> {
        let path = connection::resolve(path)?;
        let lock = WriterLock::take(&path)?;
        let mut connection = connection::open_writer(&path, options)?;
        let head = reader::check_ends(&connection)
            .map_err(|source| OpenError::Corrupt { path: path.clone(), source })?;
        let wal_pages = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&wal_pages);
        connection
            .wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
                counter.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
                Ok(())
            }))
            .map_err(connection::sqlite("set up", &path))?;
        Ok(SqliteLog {
            checkpointer: Checkpointer::start(&path, options)?,
            connection,
            head: Some(head),
            wal_pages,
            wal_wake: options.checkpoint_pages,
            wal_bound: options.wal_pages_max,
            path,
            options: options.clone(),
            _lock: lock,
        })
    }

    /// The database file, with links resolved.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The transaction; on an error nothing of the batch stays.
    fn write(&self, head: Head, batch: &[Record]) -> rusqlite::Result<Head> {
        self.run("BEGIN IMMEDIATE")?;
        let written = self.insert(head, batch).and_then(|head| {
            self.run("COMMIT")?;
            Ok(head)
        });
        if written.is_err()
            && let Err(error) = self.settle()
        {
            warn!(%error, "rolling back a failed append failed; it is tried again before the next");
        }
        written
    }

    /// Leaves a transaction that failed; SQLite does that by itself after most failures, but not after all.
    fn settle(&self) -> rusqlite::Result<()> {
        if self.connection.is_autocommit() {
            return Ok(());
        }
        self.run("ROLLBACK")
    }

    fn insert(&self, mut head: Head, batch: &[Record]) -> rusqlite::Result<Head> {
        let mut insert =
            self.connection.prepare_cached("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5)")?;
        for Record { kind, version, body } in batch {
            head = head.next(*kind, *version, body);
            insert.execute((head.position as i64, kind, version, body, head.hash.as_slice()))?;
        }
        Ok(head)
    }

    fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    /// After a commit: wakes the checkpoint thread once per so many pages, and past the bound empties the write-ahead log from here.
    fn tend_wal(&mut self) {
        let pages = self.wal_pages.load(Ordering::Relaxed);
        let step = self.options.checkpoint_pages;
        if pages < self.wal_wake.saturating_sub(step) {
            // SQLite began the file anew, because everything in it had been written back.
            self.wal_wake = step;
            self.wal_bound = self.options.wal_pages_max;
        }
        if pages >= self.wal_bound {
            self.empty_wal(pages);
        } else if pages >= self.wal_wake {
            // Not at every commit from here on: a checkpoint syncs two files, and competes with the commits for the disk.
            self.wal_wake = pages.saturating_add(step);
            self.checkpointer.wake();
        }
    }

    /// The events are durable whether or not this succeeds, so a failure is told and put off, not returned.
    fn empty_wal(&mut self, pages: u32) {
        let emptied = self
            .connection
            .busy_timeout(BOUND_WAIT.min(self.options.busy_timeout))
            .and_then(|()| checkpoint(&self.connection, "RESTART"));
        let restored = self.connection.busy_timeout(self.options.busy_timeout);
        self.wal_bound = match emptied {
            Ok(progress) if !progress.blocked => self.options.wal_pages_max,
            _ => pages.saturating_add(self.options.wal_pages_max / 4),
        };
        match emptied.and_then(|progress| restored.map(|()| progress)) {
            Ok(progress) if progress.blocked => {
                warn!(
                    pages,
                    written_back = progress.written_back,
                    "a reader keeps the write-ahead log from being emptied"
                );
            }
            Ok(_) => {}
            Err(error) => warn!(%error, pages, "emptying the write-ahead log failed"),
        }
    }
}

impl EventLog for SqliteLog {
    fn head(&self) -> Result<Head, ReadError> {
        if let Some(head) = self.head {
            return Ok(head);
        }
        // From inside a failed transaction its own events would be seen.
        self.settle().map_err(|error| reading(0, error))?;
        reader::head(&self.connection)
    }

    fn append(&mut self, after: u64, batch: &[Record]) -> Result<Head, AppendError> {
        let records = batch.len();
        let head = self.head().map_err(|error| headless(after, records, error))?;
        check_batch(head.position, after, batch)?;
        if batch.is_empty() {
            return Ok(head);
        }
        self.head = None;
        let head = self.write(head, batch).map_err(|error| appending(after, records, error))?;
        self.head = Some(head);
        self.tend_wal();
        Ok(head)
    }

    fn reader(&self) -> Result<Box<dyn LogReader>, ReadError> {
        let opened = SqliteReader::open(&self.path, &self.options);
        let reader =
            opened.map_err(|error| ReadError::Storage { position: 0, source: error.into() })?;
        Ok(Box::new(reader))
    }
}
