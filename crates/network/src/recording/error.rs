//! Why a recording could not be read.

use std::io;
use std::path::PathBuf;

use crate::catalog::Full;

/// Why a recording could not be read: which file, where in it, what was found and what was expected.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The path is not a directory.
    #[error(
        "cannot open recording `{path}`: found no directory, expected one with counters.csv.gz inside"
    )]
    NotADirectory {
        /// The path as given.
        path: PathBuf,
    },
    /// A file that every recording has is absent.
    #[error("recording `{dir}` is incomplete: found neither `{name}.csv.gz` nor `{name}.csv`")]
    Missing {
        /// The recording's directory.
        dir: PathBuf,
        /// Name of the table.
        name: &'static str,
    },
    /// The path exists and is not a regular file; a pipe or device could block for ever.
    #[error("cannot read `{path}`: expected a regular file")]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// The operating system, or the unpacking, refused.
    #[error("cannot read `{path}` after line {line}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Lines read before it failed.
        line: u64,
        /// The cause, such as a truncated gzip stream.
        #[source]
        source: io::Error,
    },
    /// The file is larger than the limits allow.
    #[error("`{path}` is too large: found more than {limit} bytes {what}")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
        /// `on disk`, `unpacked`, or `unpacked per packed byte`.
        what: &'static str,
    },
    /// A line is longer than the limits allow.
    #[error("`{path}` line {line} is too long: found more than {limit} bytes")]
    LineTooLong {
        /// The file.
        path: PathBuf,
        /// Line number from 1.
        line: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// The first line lacks a column.
    #[error("`{path}` line 1 has no column `{column}`: found `{found}`")]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The column that was looked for.
        column: &'static str,
        /// The first line, shortened.
        found: String,
    },
    /// A line has fewer fields than its header promises.
    #[error("`{path}` line {line} has {found} fields, expected at least {expected}")]
    TooFewFields {
        /// The file.
        path: PathBuf,
        /// Line number from 1.
        line: u64,
        /// Fields on the line.
        found: usize,
        /// Fields needed.
        expected: usize,
    },
    /// A field does not say what its column promises.
    #[error("`{path}` line {line} column `{column}`: found `{found}`, expected {expected}")]
    Field {
        /// The file.
        path: PathBuf,
        /// Line number from 1.
        line: u64,
        /// The column.
        column: &'static str,
        /// The field's text, shortened.
        found: String,
        /// What would have been right.
        expected: &'static str,
    },
    /// More rows than a small table may have.
    #[error("`{path}` has too many lines: found more than {limit}")]
    TooManyLines {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
    /// More devices, ports or sessions than a catalog holds.
    #[error("`{path}` line {line} names too much")]
    TooManyNames {
        /// The file.
        path: PathBuf,
        /// Line number from 1.
        line: u64,
        /// The limit that was met.
        #[source]
        source: Full,
    },
}

/// Text of a message's `found`: at most 60 characters, with control characters made visible.
pub(super) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut short: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        short.push('…');
    }
    short
}
