//! What can go wrong with a log, one variant per thing a caller can do something about.

/// The cause underneath, whatever the backend is.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why an append was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Somebody else appended, or the caller's idea of the head is old. Nothing was written.
    #[error("the head of the log is at position {head}, expected {after}")]
    Conflict {
        /// Where the caller thought the head was.
        after: u64,
        /// Where it is.
        head: u64,
    },
    /// One body is over [`crate::MAX_BODY`]. Nothing was written.
    #[error("record {index} of the batch has a body of {found} bytes, expected at most {limit}")]
    BodyTooLarge {
        /// Index in the batch, from 0.
        index: usize,
        /// Bytes.
        found: usize,
        /// Bytes.
        limit: usize,
    },
    /// More than [`crate::MAX_BATCH_RECORDS`]. Nothing was written.
    #[error("the batch has {found} records, expected at most {limit}")]
    TooManyRecords {
        /// Records.
        found: usize,
        /// Records.
        limit: usize,
    },
    /// More than [`crate::MAX_BATCH_BYTES`]. Nothing was written.
    #[error("the bodies of the batch have {found} bytes, expected at most {limit}")]
    TooManyBytes {
        /// Bytes.
        found: usize,
        /// Bytes.
        limit: usize,
    },
    /// The disk, quota or configured bound is used up. Nothing was written; the same append may be tried again once there is room.
    #[error("no room for {records} more events after position {after}; none of them was written")]
    Full {
        /// The head, unchanged.
        after: u64,
        /// Records of the batch.
        records: usize,
        /// What the store said.
        #[source]
        source: BoxError,
    },
    /// The store is damaged; appending to it would hide that.
    #[error("the log is damaged near position {after}, so nothing is appended to it")]
    Corrupt {
        /// The last position that was known to be good.
        after: u64,
        /// What the store said.
        #[source]
        source: BoxError,
    },
    /// The store failed otherwise. The batch is not acknowledged; ask for the head before appending again.
    #[error("could not append {records} events after position {after}")]
    Storage {
        /// The head before the attempt.
        after: u64,
        /// Records of the batch.
        records: usize,
        /// What the store said.
        #[source]
        source: BoxError,
    },
}

/// Why an event could not be read back.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes can be read, but are not what a log holds there: a gap, a column of another type, an impossible length.
    #[error("event {position}: found {found}, expected {expected}")]
    Corrupt {
        /// The first position that is wrong.
        position: u64,
        /// In words.
        found: String,
        /// In words.
        expected: String,
    },
    /// The store says that its own structure is damaged there.
    #[error("event {position} cannot be read: the store is damaged there")]
    Unreadable {
        /// The first position that cannot be read.
        position: u64,
        /// What the store said.
        #[source]
        source: BoxError,
    },
    /// The store failed otherwise (busy, gone, no permission); the event itself may be fine.
    #[error("reading event {position} failed")]
    Storage {
        /// The position that was asked for; 0 when it was the log as a whole.
        position: u64,
        /// What the store said.
        #[source]
        source: BoxError,
    },
}

impl ReadError {
    /// The position that the error speaks of; 0 when it is the log as a whole.
    #[must_use]
    pub fn position(&self) -> u64 {
        match self {
            ReadError::Corrupt { position, .. }
            | ReadError::Unreadable { position, .. }
            | ReadError::Storage { position, .. } => *position,
        }
    }
}
