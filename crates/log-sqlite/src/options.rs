//! What may be set, with unit, default and reason.

use std::time::Duration;

/// Bounds and delays of a log on SQLite; the defaults suit a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How long any connection waits for a lock before it gives up. Default 5 s: longer than any lock that a healthy process holds.
    pub busy_timeout: Duration,
    /// Page cache of the writer, in KiB. Default 16 MiB: a commit touches the right edge of one tree, and a larger cache would only delay the spilling of huge batches.
    pub writer_cache_kib: u32,
    /// Page cache of each reader, in KiB. Default 4 MiB: reading is sequential.
    pub reader_cache_kib: u32,
    /// Write-ahead pages (4 KiB each) after which the checkpoint thread is woken. Default 1,000, SQLite's own habit.
    pub checkpoint_pages: u32,
    /// Write-ahead pages (4 KiB each) after which the writer itself waits for a checkpoint, which bounds the file. Default 32,768 (128 MiB).
    pub wal_pages_max: u32,
    /// The most pages (4 KiB each) that the database may have; appends past it are refused as full. Default none.
    pub pages_max: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            busy_timeout: Duration::from_secs(5),
            writer_cache_kib: 16 * 1024,
            reader_cache_kib: 4 * 1024,
            checkpoint_pages: 1000,
            wal_pages_max: 32_768,
            pages_max: None,
        }
    }
}
