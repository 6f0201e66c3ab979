//! [`npo_log::EventLog`] on SQLite: one machine, one file, one writer.
//!
//! Write-ahead log with `synchronous=FULL`, so that a commit has been synced to the disk before it is acknowledged and before any reader can see it.
//! The writer never checkpoints on its way (that is the 99th percentile of large groups): a thread with its own connection does, and only past a size bound the writer waits for it.
//! A lock file beside the database keeps a second writer out, in this process and in others; readers need no lock.
//!
//! What an event means is left to others, and so is when to append: groups are the caller's, and commit far cheaper than single events.
//! Start reading in `writer.rs`; what is set on every connection and why is in `connection.rs`.

mod checkpoint;
mod connection;
mod error;
mod lock;
mod options;
mod reader;
mod writer;

pub use error::OpenError;
pub use options::Options;
pub use reader::SqliteReader;
pub use writer::SqliteLog;
