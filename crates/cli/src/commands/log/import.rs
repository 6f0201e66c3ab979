//! `npo log import`: appends an export to the log of a server that is not running.
//!
//! The file is read twice: nothing is appended unless all of it continues the log.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use clap::Args;
use npo_log::{EventLog, ImportError, check_export, import};
use npo_log_sqlite::SqliteLog;

use super::{HeadReport, Place, unopened};
use crate::exit::{Answer, Failure, chain};
use crate::options::Options;
use crate::progress;
use crate::text::Line;

/// Append an export to the log of a stopped server.
#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(flatten)]
    place: Place,
    /// The export; its first line must follow the head of the log
    file: PathBuf,
}

impl Import {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let directory = &self.place.data;
        std::fs::create_dir_all(directory).map_err(|error| {
            Failure::could_not(format!("could not make `{}`", directory.display()), error)
        })?;
        let path = self.place.file();
        let mut log = SqliteLog::open(&path, &npo_log_sqlite::Options::default())
            .map_err(|error| unopened(&path, error))?;
        let before =
            log.head().map_err(|error| Failure::could_not("could not read the log", error))?;
        let after = check_export(&mut self.open()?, before).map_err(refused)?;
        let bar = progress::bar("importing", after.position, progress::EVENTS);
        let head = import(&mut self.open()?, &mut log, &mut |position| bar.set_position(position))
            .map_err(refused)?;
        bar.finish_and_clear();
        let mut out = options.out();
        out.value(&HeadReport::from(head), |head| {
            vec![
                Line::plain(format!("{} events imported", head.position - before.position)),
                Line::plain(format!("head {}:{}", head.position, head.hash)),
            ]
        })?;
        out.flush()?;
        Ok(Answer::Yes)
    }

    fn open(&self) -> Result<BufReader<File>, Failure> {
        let file = File::open(&self.file).map_err(|error| {
            Failure::could_not(format!("could not read `{}`", self.file.display()), error)
        })?;
        Ok(BufReader::with_capacity(1 << 20, file))
    }
}

fn refused(error: ImportError) -> Failure {
    match error {
        ImportError::Line { .. } => Failure::Refused(chain(&error)),
        ImportError::Read { .. } | ImportError::Append { .. } | ImportError::Head(_) => {
            Failure::could_not("the import is incomplete", error)
        }
    }
}
