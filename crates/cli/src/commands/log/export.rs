//! `npo log export`: the log as text, for backups and for people with `jq`.

use std::io::{self, BufWriter, Write, stdout};

use clap::Args;
use npo_log::{ExportError, LogReader, to_hex};

use super::Place;
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output::say;
use crate::progress;

/// Write the log to stdout, one JSON object an event.
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    place: Place,
    /// Only events after this position
    #[arg(long, value_name = "POSITION", default_value = "0")]
    after: u64,
}

impl Export {
    /// The form is the same for people and machines.
    pub(crate) fn run(self, _: &Options) -> Result<Answer, Failure> {
        let mut reader = self.place.reader()?;
        let total = reader
            .head()
            .map_err(|error| Failure::could_not("could not read the log", error))?
            .position;
        let bar = progress::bar("exporting", total, progress::EVENTS);
        let mut writer = BufWriter::with_capacity(1 << 20, stdout().lock());
        let head = npo_log::export(&mut reader, self.after, &mut writer, &mut |position| {
            bar.set_position(position)
        });
        bar.finish_and_clear();
        let head = head.map_err(|error| match error {
            ExportError::Write { source, .. } if source.kind() == io::ErrorKind::BrokenPipe => {
                Failure::ReaderGone
            }
            error => Failure::could_not("the export is incomplete", error),
        })?;
        writer.flush().map_err(|error| Failure::could_not("the export is incomplete", error))?;
        match head.position {
            0 => say("there are no such events"),
            position => say(&format!("head {position}:{}", to_hex(&head.hash))),
        }
        Ok(Answer::Yes)
    }
}
