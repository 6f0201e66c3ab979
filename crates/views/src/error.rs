//! What can go wrong with a view; none of it touches the log.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::ErrorCode;

/// Why a view could not be opened, fed or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is a database, but no view: it is left alone.
    #[error("`{}` is {found}, expected {expected}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A file could not be moved, removed or looked at.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The database failed.
    #[error("cannot {action}")]
    Sqlite {
        /// What was tried.
        action: &'static str,
        /// The cause.
        #[source]
        source: rusqlite::Error,
    },
    /// The batch does not follow what was applied before.
    #[error("event {found} does not follow: expected event {expected}")]
    Gap {
        /// Position that would have followed.
        expected: u64,
        /// Position that was given.
        found: u64,
    },
    /// The event contradicts the view, which is then of another log.
    #[error("event {position} contradicts the views: {found}; rebuild them from the log")]
    Contradiction {
        /// Position of the event.
        position: u64,
        /// What was found.
        found: String,
    },
    /// The view holds something that no view writes.
    #[error("the views hold {found}, expected {expected}; rebuild them from the log")]
    Content {
        /// What was found.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// The query took too long; a filter that matches little among much does.
    #[error("the list took longer than {} ms; narrow the filter", limit.as_millis())]
    TooSlow {
        /// The limit.
        limit: Duration,
    },
}

impl Error {
    /// Whether [`crate::Views::rebuild`] is the remedy.
    #[must_use]
    pub fn needs_rebuild(&self) -> bool {
        match self {
            Self::Contradiction { .. } | Self::Content { .. } => true,
            Self::Sqlite { source, .. } => is_damage(source),
            Self::Foreign { .. } | Self::Io { .. } | Self::Gap { .. } | Self::TooSlow { .. } => {
                false
            }
        }
    }
}

/// Names the action that failed.
pub(crate) fn sqlite(action: &'static str) -> impl Fn(rusqlite::Error) -> Error {
    move |source| Error::Sqlite { action, source }
}

/// Whether the file itself is at fault.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}
