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
use crate::error::appending;
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
    /// Where the writer next has to empty the write-ahead log.
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
        let head = reader::check_ends(&connection).map_err(|source| OpenError::Corrupt {
            path: path.clone(),
            source,
        })?;
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
        if written.is_err() && !self.connection.is_autocommit() {
            // SQLite has rolled back by itself after most failures. If this fails too, the connection stays inside the transaction, and every later BEGIN is refused.
            if let Err(error) = self.run("ROLLBACK") {
                warn!(%error, "rolling back a failed append failed");
            }
        }
        written
    }

    fn insert(&self, mut head: Head, batch: &[Record]) -> rusqlite::Result<Head> {
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5)")?;
        for Record {
            kind,
            version,
            body,
        } in batch
        {
            head = head.next(*kind, *version, body);
            insert.execute((
                head.position as i64,
                kind,
                version,
                body,
                head.hash.as_slice(),
            ))?;
        }
        Ok(head)
    }

    fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    /// After a commit: wakes the checkpoint thread, and past the bound empties the write-ahead log from here.
    fn tend_wal(&mut self) {
        let pages = self.wal_pages.load(Ordering::Relaxed);
        if pages >= self.wal_bound {
            self.empty_wal(pages);
        } else if pages >= self.options.checkpoint_pages {
            self.checkpointer.wake();
        } else {
            self.wal_bound = self.options.wal_pages_max;
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
        self.head.map_or_else(|| reader::head(&self.connection), Ok)
    }

    fn append(&mut self, after: u64, batch: &[Record]) -> Result<Head, AppendError> {
        let records = batch.len();
        let head = self.head().map_err(|error| AppendError::Storage {
            after,
            records,
            source: error.into(),
        })?;
        check_batch(head.position, after, batch)?;
        if batch.is_empty() {
            return Ok(head);
        }
        self.head = None;
        let head = self
            .write(head, batch)
            .map_err(|error| appending(after, records, error))?;
        self.head = Some(head);
        self.tend_wal();
        Ok(head)
    }

    fn reader(&self) -> Result<Box<dyn LogReader>, ReadError> {
        let opened = SqliteReader::open(&self.path, &self.options);
        let reader = opened.map_err(|error| ReadError::Storage {
            position: 0,
            source: error.into(),
        })?;
        Ok(Box::new(reader))
    }
}
