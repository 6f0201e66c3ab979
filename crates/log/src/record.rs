//! The words of the log: what goes in, what comes out, where the log stands, and how large things may be.

use crate::{AppendError, next_hash};

/// A SHA-256 of the chain; thirty-two zeros before the first event.
pub type Hash = [u8; 32];

/// The largest body of one event, in bytes: hundreds of times a decision with its explanation, and small enough that a batch fits in memory many times over.
pub const MAX_BODY: usize = 1 << 20;

/// The most records of one batch: sixteen times the largest group worth committing together (more does not commit faster).
pub const MAX_BATCH_RECORDS: usize = 65_536;

/// The most bytes of bodies in one batch: a batch is held in memory and in the store's journal at once.
pub const MAX_BATCH_BYTES: usize = 64 << 20;

/// What is appended. Kind numbers are given out by whoever defines the events and are never reused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Which kind of event this is.
    pub kind: u16,
    /// Which stored form of that kind the body has.
    pub version: u8,
    /// The event itself, at most [`MAX_BODY`] bytes.
    pub body: Vec<u8>,
}

/// One event as it stands in the log, borrowed from the reader for the length of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// From 1, without gaps.
    pub position: u64,
    /// As appended.
    pub kind: u16,
    /// As appended.
    pub version: u8,
    /// As appended.
    pub body: &'a [u8],
    /// The chain's hash up to and including this event, as stored; whether it is right is what [`crate::verify`] answers.
    pub hash: Hash,
}

impl Entry<'_> {
    /// The same entry with a body of its own.
    #[must_use]
    pub fn to_owned(self) -> OwnedEntry {
        let Entry { position, kind, version, body, hash } = self;
        OwnedEntry { position, kind, version, body: body.to_vec(), hash }
    }
}

/// One event as it stands in the log, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedEntry {
    /// From 1, without gaps.
    pub position: u64,
    /// As appended.
    pub kind: u16,
    /// As appended.
    pub version: u8,
    /// As appended.
    pub body: Vec<u8>,
    /// The chain's hash up to and including this event, as stored.
    pub hash: Hash,
}

impl OwnedEntry {
    /// The same entry, borrowed.
    #[must_use]
    pub fn as_entry(&self) -> Entry<'_> {
        let OwnedEntry { position, kind, version, body, hash } = self;
        Entry { position: *position, kind: *kind, version: *version, body, hash: *hash }
    }
}

/// Where a log stands: the position and hash of its last event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Position of the last event; 0 for an empty log.
    pub position: u64,
    /// Hash of the last event; zeros for an empty log.
    pub hash: Hash,
}

impl Head {
    /// The head of an empty log.
    pub const EMPTY: Head = Head { position: 0, hash: [0; 32] };

    /// The head once one more event has been appended.
    #[must_use]
    pub fn next(self, kind: u16, version: u8, body: &[u8]) -> Head {
        let position = self.position + 1;
        Head { position, hash: next_hash(&self.hash, position, kind, version, body) }
    }
}

/// What every backend asks of a batch before it touches its store: that it follows `head` and keeps the size limits.
///
/// # Errors
/// [`AppendError::Conflict`], [`AppendError::TooManyRecords`], [`AppendError::BodyTooLarge`], [`AppendError::TooManyBytes`]; in that order.
pub fn check_batch(head: u64, after: u64, batch: &[Record]) -> Result<(), AppendError> {
    if after != head {
        return Err(AppendError::Conflict { after, head });
    }
    if batch.len() > MAX_BATCH_RECORDS {
        return Err(AppendError::TooManyRecords { found: batch.len(), limit: MAX_BATCH_RECORDS });
    }
    if let Some(index) = batch.iter().position(|record| record.body.len() > MAX_BODY) {
        let found = batch[index].body.len();
        return Err(AppendError::BodyTooLarge { index, found, limit: MAX_BODY });
    }
    let found = batch.iter().map(|record| record.body.len()).sum();
    if found > MAX_BATCH_BYTES {
        return Err(AppendError::TooManyBytes { found, limit: MAX_BATCH_BYTES });
    }
    Ok(())
}
