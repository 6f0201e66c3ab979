//! Why results cannot be read or compared.

use std::io;
use std::path::PathBuf;

/// Why results cannot be read or compared.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the folder cannot be read.
    #[error("could not read `{path}`; a results folder holds `experiment.toml` and `runs.jsonl`", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file is larger than we read.
    #[error("`{path}` has more than {max} bytes", path = path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        max: u64,
    },
    /// The experiment's file is no TOML.
    #[error("`{path}` is no TOML: {what}", path = path.display())]
    Experiment {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its line, in one line.
        what: String,
    },
    /// The folder is of an experiment whose runs are of another kind.
    #[error(
        "`{path}` holds results about recovery, which are not compared run by run; `npo lab report` \
         sets its methods side by side", path = path.display()
    )]
    Recovery {
        /// The folder.
        path: PathBuf,
    },
    /// A line of the runs is wrong.
    #[error("`{path}` line {line}: {what}", path = path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What was found and what was expected.
        what: String,
    },
    /// Two runs cannot belong to one experiment.
    #[error("{0}")]
    Conflict(String),
    /// Nothing was run yet.
    #[error("found no finished runs, expected at least one; run `npo lab run` first")]
    NoRuns,
    /// A name that the results do not have.
    #[error("found no {what} `{name}`, expected one of {expected}")]
    Unknown {
        /// What sort of name.
        what: &'static str,
        /// The name.
        name: String,
        /// What there is, in words.
        expected: String,
    },
}

impl Error {
    /// A name that is not among `known`.
    pub(crate) fn unknown(what: &'static str, name: &str, known: &[&str]) -> Self {
        let list = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        Self::Unknown { what, name: name.to_owned(), expected: list }
    }
}
