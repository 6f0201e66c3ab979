//! Why a snapshot is passed over, and why the store as a whole fails.

use std::io;
use std::path::PathBuf;

use super::header::HEADER_BYTES;
use super::{MAX_FILES, MAX_SNAPSHOT};
use crate::{Hash, to_hex};

/// A snapshot that was passed over.
#[derive(Debug, thiserror::Error)]
#[error("snapshot `{}` passed over: {reason}", path.display())]
pub struct Skipped {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: SkipReason,
}

/// Why a snapshot is not usable.
#[derive(Debug, thiserror::Error)]
pub enum SkipReason {
    /// It cannot be opened or read.
    #[error("it cannot be read: {0}")]
    Read(io::Error),
    /// Too short for a header.
    #[error("found {found} bytes, expected at least {HEADER_BYTES}")]
    TooShort {
        /// Bytes of the file.
        found: u64,
    },
    /// Not a snapshot of ours.
    #[error("it is not a snapshot: it does not begin with the magic bytes")]
    Foreign,
    /// Written by a newer program, or damaged.
    #[error("found file form {found}, expected {expected}")]
    FileForm {
        /// In the file.
        found: u16,
        /// The form that this program reads.
        expected: u16,
    },
    /// Cut off, or with something behind it.
    #[error("found {found} bytes of state, expected {expected}")]
    Length {
        /// What the file holds.
        found: u64,
        /// What its header says.
        expected: u64,
    },
    /// Larger than [`MAX_SNAPSHOT`].
    #[error("found {found} bytes of state, expected at most {MAX_SNAPSHOT}")]
    TooLarge {
        /// What the header says.
        found: u64,
    },
    /// Its header or bytes were changed.
    #[error("its checksum is {}, expected {}", to_hex(found), to_hex(expected))]
    Checksum {
        /// Of what the file holds.
        found: Hash,
        /// In the header.
        expected: Hash,
    },
    /// The name and the header disagree.
    #[error("found position {found}, expected {expected} from its name")]
    Name {
        /// In the header.
        found: u64,
        /// In the name.
        expected: u64,
    },
    /// The caller reads another form of state.
    #[error("found state form {found}, expected {expected}")]
    StateForm {
        /// In the header.
        found: u16,
        /// What was asked for.
        expected: u16,
    },
    /// The log does not reach so far.
    #[error("the log has no event {position}")]
    AheadOfLog {
        /// Of the snapshot.
        position: u64,
    },
    /// It was taken of another log, or the log was changed.
    #[error(
        "found log hash {} at position {position}, expected {}",
        to_hex(found),
        to_hex(expected)
    )]
    OtherLog {
        /// Of the snapshot.
        position: u64,
        /// In the snapshot.
        found: Hash,
        /// In the log.
        expected: Hash,
    },
}

/// Why the store as a whole failed.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The state is larger than [`MAX_SNAPSHOT`].
    #[error("the state has {found} bytes, expected at most {MAX_SNAPSHOT}")]
    TooLarge {
        /// Bytes.
        found: u64,
    },
    /// The directory holds things that do not belong there.
    #[error("`{}` holds more than {MAX_FILES} files, expected a handful of snapshots", path.display())]
    TooManyFiles {
        /// The directory.
        path: PathBuf,
    },
    /// A file or the directory could not be used.
    #[error("could not {action} `{}`", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}
