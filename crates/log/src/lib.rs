//! What keeps bytes in order and says when they are durable.
//!
//! [`EventLog`] is the promise: batches of [`Record`]s go in atomically, get positions 1, 2, 3 … without a gap, are chained by SHA-256, and are durable when `append` returns.
//! [`MemoryLog`] keeps the promise for a laboratory run or a test (durable as long as the process), other crates keep it on disks; [`conformance`] is the suite that all of them pass.
//! Around it: [`verify`] walks the chain, [`SnapshotStore`] keeps states beside the log, [`export`] and [`import`] move a log as text.
//!
//! What an event means, how it is decided and what it changes is left to others: here a kind is a number and a body is bytes.
//! Start reading in `event_log.rs`.

mod chain;
pub mod conformance;
mod error;
mod event_log;
mod hex;
mod memory;
mod record;
pub mod snapshot;
mod transfer;
mod verify;

pub use chain::next_hash;
pub use error::{AppendError, BoxError, ReadError};
pub use event_log::{EventLog, LogReader};
pub use hex::to_hex;
pub use memory::MemoryLog;
pub use record::{
    Entry, Hash, Head, MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_BODY, OwnedEntry, Record,
    check_batch,
};
pub use snapshot::SnapshotStore;
pub use transfer::{ExportError, ImportError, LineError, MAX_LINE, check_export, export, import};
pub use verify::{Verified, VerifyError, verify, verify_from};
