//! SQLite's errors in the words of the log.

use std::io;
use std::path::PathBuf;

use npo_log::{AppendError, ReadError};
use rusqlite::ErrorCode;
use rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

/// Why a log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another writer has it open.
    #[error("`{}` is already open for appending ({holder}); its lock is `{}`", path.display(), lock.display())]
    Locked {
        /// The database.
        path: PathBuf,
        /// The lock file.
        lock: PathBuf,
        /// Who holds it, as far as the lock file says.
        holder: String,
    },
    /// The file is a database of another program, or no database.
    #[error("`{}` is not a log: found {found}, expected {expected}", path.display())]
    Foreign {
        /// The database.
        path: PathBuf,
        /// In words.
        found: String,
        /// In words.
        expected: String,
    },
    /// Written by a newer program.
    #[error("`{}` has log form {found}, expected at most {expected}: it was written by a newer version", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its form.
        found: i64,
        /// The newest form that this program knows.
        expected: i64,
    },
    /// The cheap check of the first and last events failed.
    #[error("`{}` is damaged", path.display())]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// Where, and what.
        #[source]
        source: ReadError,
    },
    /// The database would not take a setting that durability rests on.
    #[error("`{}`: {setting} is {found}, expected {expected}", path.display())]
    Setting {
        /// The database.
        path: PathBuf,
        /// The pragma.
        setting: &'static str,
        /// As read back.
        found: String,
        /// As it has to be.
        expected: &'static str,
    },
    /// The file system refused.
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
    /// SQLite refused.
    #[error("could not {action} `{}`", path.display())]
    Sqlite {
        /// What was attempted.
        action: &'static str,
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: rusqlite::Error,
    },
}

fn code(error: &rusqlite::Error) -> Option<ErrorCode> {
    error.sqlite_error_code()
}

/// Whether SQLite complains about its own structure rather than about its surroundings.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(code(error), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Whether there is no room. Extending the shared index of the write-ahead log reports a full disk as an I/O error of its own.
fn is_full(error: &rusqlite::Error) -> bool {
    let extended = error.sqlite_error().map(|error| error.extended_code);
    code(error) == Some(ErrorCode::DiskFull) || extended == Some(SQLITE_IOERR_SHMSIZE)
}

/// An error met while event `position` was to be read.
pub(crate) fn reading(position: u64, error: rusqlite::Error) -> ReadError {
    if is_damage(&error) {
        ReadError::Unreadable { position, source: error.into() }
    } else {
        ReadError::Storage { position, source: error.into() }
    }
}

/// An error met while `records` records were to be appended after `after`.
pub(crate) fn appending(after: u64, records: usize, error: rusqlite::Error) -> AppendError {
    if is_full(&error) {
        AppendError::Full { after, records, source: error.into() }
    } else if is_damage(&error) {
        AppendError::Corrupt { after, source: error.into() }
    } else {
        AppendError::Storage { after, records, source: error.into() }
    }
}

/// An error met while the head was asked for, before `records` records could be appended after `after`.
pub(crate) fn headless(after: u64, records: usize, error: ReadError) -> AppendError {
    match error {
        ReadError::Storage { .. } => AppendError::Storage { after, records, source: error.into() },
        ReadError::Corrupt { .. } | ReadError::Unreadable { .. } => {
            AppendError::Corrupt { after, source: error.into() }
        }
    }
}
