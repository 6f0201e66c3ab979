//! `npo log …`: verbs on the files of a data directory; a running server does not mind the readers.

mod export;
mod import;
mod show;
mod verify;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use npo_log::{Head, to_hex};
use npo_log_sqlite::{OpenError, SqliteReader};
use serde::Serialize;

use crate::exit::{Answer, Failure, chain};
use crate::options::Options;

/// Verbs on the log.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Verify every event's hash; names the first bad one
    Verify(verify::Verify),
    /// Write the log to stdout, one JSON object an event
    Export(export::Export),
    /// Append an export to the log of a stopped server
    Import(import::Import),
    /// Show events with everything that they say, as JSON
    Show(show::Show),
}

impl Verb {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Verify(verify) => verify.run(options),
            Self::Export(export) => export.run(options),
            Self::Import(import) => import.run(options),
            Self::Show(show) => show.run(options),
        }
    }
}

/// Where the log is.
#[derive(Debug, Args)]
struct Place {
    /// Data directory of the server
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

impl Place {
    fn file(&self) -> PathBuf {
        self.data.join("log.db")
    }

    /// A reader; a damaged log is an answer, an absent one is not.
    fn reader(&self) -> Result<SqliteReader, Failure> {
        let file = self.file();
        SqliteReader::open(&file, &npo_log_sqlite::Options::default())
            .map_err(|error| unopened(&file, error))
    }
}

fn unopened(file: &Path, error: OpenError) -> Failure {
    match error {
        OpenError::Corrupt { .. } => Failure::Refused(chain(&error)),
        error => Failure::could_not(format!("could not open `{}`", file.display()), error),
    }
}

/// Where a log stands, as JSON.
#[derive(Debug, Serialize)]
struct HeadReport {
    position: u64,
    hash: String,
}

impl From<Head> for HeadReport {
    fn from(Head { position, hash }: Head) -> Self {
        Self { position, hash: to_hex(&hash) }
    }
}
