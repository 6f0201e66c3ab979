//! Why a file was refused: which file, which line, what was found and what was expected.

use std::io;

use crate::topology;
use crate::topology::weights::CapacityMissing;

/// A file that is not taken.
#[derive(Debug, thiserror::Error)]
#[error("`{file}`{} {why}", at(*.line))]
pub struct Error {
    /// The file, as the caller named it.
    pub file: String,
    /// Line from 1, of the unpacked text; `None` where the reason has no place in it.
    pub line: Option<u64>,
    /// The reason.
    #[source]
    pub why: Why,
}

fn at(line: Option<u64>) -> String {
    line.map(|line| format!(" line {line}")).unwrap_or_default()
}

/// The reason why a file is not taken; its text continues `file line n`.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// The operating system refused.
    #[error("cannot be read")]
    Unreadable(#[source] io::Error),
    /// A pipe, a device, or nothing that could be read to its end.
    #[error("is no regular file{}", or_folder(*.folder))]
    NotAFile {
        /// Whether a folder would have been right too.
        folder: bool,
    },
    /// Nothing in it.
    #[error("is empty, expected {expected}")]
    Empty {
        /// What would have been right.
        expected: &'static str,
    },
    /// More than a limit allows.
    #[error("is too large: found more than {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A gzip stream that ends early or is damaged.
    #[error("is a damaged gzip stream: {0}")]
    Gzip(String),
    /// Packed in a way that is not undone here.
    #[error("is {with}, which is not unpacked here; first {remedy}")]
    Packed {
        /// How it is packed.
        with: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// Bytes that are no text.
    #[error("is no text in {expected}: found {found}; `iconv -t UTF-8` may convert it")]
    Encoding {
        /// The bytes or the name of an encoding.
        found: String,
        /// The encodings that are read.
        expected: &'static str,
    },
    /// None of the formats that are read.
    #[error("is in no format that is known: begins with `{found}`, expected {expected}")]
    Unrecognised {
        /// Its beginning, shortened.
        found: String,
        /// The formats.
        expected: &'static str,
    },
    /// Against the rules of the format as such.
    #[error("is no well-formed {format}: {found}")]
    Syntax {
        /// The format.
        format: &'static str,
        /// What breaks the rules.
        found: String,
    },
    /// Well-formed, but a means to overload whoever reads it.
    #[error("has {found}, which is refused: {reason}")]
    Hostile {
        /// What was found.
        found: String,
        /// Why it is refused.
        reason: &'static str,
    },
    /// A value that is none.
    #[error("has `{found}` as {what}, expected {expected}")]
    Value {
        /// What it is a value of.
        what: String,
        /// The text, shortened.
        found: String,
        /// What would have been right.
        expected: &'static str,
    },
    /// Something that has to be there.
    #[error("has no {0}")]
    Missing(String),
    /// Two things of one name.
    #[error("has a second {what} `{name}`, the first is on line {first}")]
    Twice {
        /// What is named.
        what: &'static str,
        /// The name.
        name: String,
        /// Line of the first.
        first: u64,
    },
    /// A reference to nothing.
    #[error("names {what} `{name}`, which is not among the {known} {what}s")]
    Unknown {
        /// What is meant to be named.
        what: &'static str,
        /// The name.
        name: String,
        /// How many there are.
        known: usize,
    },
    /// The topology does not take it.
    #[error("cannot be used: {0}")]
    Topology(topology::Error),
    /// Weights were asked for that need what is missing.
    #[error("cannot be weighted: {0}")]
    Weights(CapacityMissing),
}

fn or_folder(folder: bool) -> &'static str {
    if folder { " and no folder" } else { "" }
}

/// The reasons below a file's name, which only the outermost reader knows.
pub(super) type Result<T> = std::result::Result<T, Fault>;

/// A reason and its line.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) line: Option<u64>,
    pub(super) why: Why,
}

impl Fault {
    /// A reason at a line.
    pub(super) fn at(line: u64, why: Why) -> Self {
        Self { line: Some(line), why }
    }

    /// A reason that concerns the file as a whole.
    pub(super) fn whole(why: Why) -> Self {
        Self { line: None, why }
    }

    /// A value at a line that is not what it should be.
    pub(super) fn value(
        line: u64,
        what: impl Into<String>,
        found: &str,
        expected: &'static str,
    ) -> Self {
        Self::at(line, Why::Value { what: what.into(), found: shown(found), expected })
    }

    /// The same with the name of the file.
    pub(super) fn in_file(self, file: &str) -> Error {
        Error { file: file.to_owned(), line: self.line, why: self.why }
    }
}

/// Text of a message's `found`: at most 60 characters, with control characters made visible.
pub(super) fn shown(text: &str) -> String {
    const SHOWN: usize = 60;
    shortened(text, SHOWN)
}

/// What another parser says is wrong, which may quote the file.
pub(super) fn told(error: &impl std::fmt::Display) -> String {
    const TOLD: usize = 160;
    shortened(&error.to_string(), TOLD)
}

/// Quotes stay as they are: escaping them would make names hard to read.
fn shortened(text: &str, limit: usize) -> String {
    let mut short = String::new();
    for c in text.chars().take(limit) {
        match c {
            '\'' | '"' | '\\' => short.push(c),
            _ => short.extend(c.escape_debug()),
        }
    }
    if text.chars().nth(limit).is_some() {
        short.push('…');
    }
    short
}
