//! Reader of a recording: a directory of CSV files with the telemetry of a fabric.
//!
//! | file | needed | content |
//! | --- | --- | --- |
//! | `counters.csv.gz` | yes | cumulative counters per interface |
//! | `state.csv.gz`, `bfd.csv.gz` | no | state of interfaces and of liveness sessions |
//! | `cdp_links.csv` | no | which interface is plugged into which |
//! | `events.csv` | no | what people did, as ground truth for measurements; watchers never see it |
//! | `notes.md` | no | a note for people |
//!
//! Each may be packed (`.csv.gz`) or plain (`.csv`). Rows of all tables are merged by time and given out one at a time,
//! so that a recording of any length needs little memory and the caller can stop whenever its time is over: files are
//! regular files, and no read waits for anybody.

mod error;
mod rows;
mod table;
#[cfg(test)]
mod tests;
mod time;

use std::fs::File;
use std::io::Read;
use std::path::Path;

pub use error::Error;
pub use rows::LabelledEvent;

use crate::cabling::Cabling;
use crate::catalog::Catalog;
use crate::sample::Sample;
use rows::{Kind, PortGuess};
use table::Table;

/// What a recording may demand at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes on one line.
    pub line_bytes_max: usize,
    /// Bytes of one file on disk.
    pub file_bytes_max: u64,
    /// Bytes of one file when unpacked.
    pub unpacked_bytes_max: u64,
    /// Unpacked bytes per packed byte; telemetry packs 5 to 30 times.
    pub unpacked_ratio_max: u64,
    /// Bytes unpacked before their ratio counts: small files may well pack 1000-fold.
    pub unpacked_ratio_from: u64,
    /// Lines of a table that is held in memory: cabling and events.
    pub small_table_lines_max: u64,
    /// Bytes of the note.
    pub notes_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line_bytes_max: 16 << 10,
            file_bytes_max: 8 << 30,
            unpacked_bytes_max: 64 << 30,
            unpacked_ratio_max: 300,
            unpacked_ratio_from: 64 << 20,
            small_table_lines_max: 1_000_000,
            notes_bytes_max: 64 << 10,
        }
    }
}

/// How far a recording has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Bytes on disk that have been consumed.
    pub bytes_done: u64,
    /// Bytes on disk of all tables that are streamed.
    pub bytes_total: u64,
    /// Samples given out.
    pub rows_done: u64,
}

/// A recording that is being read.
pub struct Recording {
    catalog: Catalog,
    cabling: Cabling,
    events: Vec<LabelledEvent>,
    notes: String,
    site: String,
    streams: Vec<Stream>,
    bytes_total: u64,
    rows_done: u64,
}

struct Stream {
    kind: Kind,
    table: Table,
    guess: PortGuess,
    head: Option<Sample>,
}

impl Recording {
    /// Opens a recording and checks every header; its devices are said to be at `site`.
    ///
    /// # Errors
    /// A missing or unreadable file, a header without a needed column, or a bad row in a table held in memory.
    pub fn open(dir: &Path, site: &str, limits: &Limits) -> Result<Self, Error> {
        if !dir.is_dir() {
            return Err(Error::NotADirectory { path: dir.to_owned() });
        }
        let mut catalog = Catalog::default();
        let mut streams = Vec::new();
        let mut bytes_total = 0;
        for kind in Kind::ALL {
            match Table::open(dir, kind.name(), kind.columns(), limits)? {
                Some((table, bytes)) => {
                    bytes_total += bytes;
                    streams.push(Stream { kind, table, guess: PortGuess::default(), head: None });
                }
                None if kind == Kind::Counters => {
                    return Err(Error::Missing { dir: dir.to_owned(), name: kind.name() });
                }
                None => {}
            }
        }
        let cabling = match Table::open(dir, "cdp_links", &rows::LINK_COLUMNS, limits)? {
            Some((table, _)) => rows::cabling(table, limits, site, &mut catalog)?,
            None => Cabling::default(),
        };
        let events = match Table::open(dir, "events", &rows::EVENT_COLUMNS, limits)? {
            Some((table, _)) => rows::events(table, limits)?,
            None => Vec::new(),
        };
        let notes = read_notes(&dir.join("notes.md"), limits)?;
        let site = site.to_owned();
        let mut recording =
            Self { catalog, cabling, events, notes, site, streams, bytes_total, rows_done: 0 };
        for k in 0..recording.streams.len() {
            recording.refill(k)?;
        }
        Ok(recording)
    }

    /// The earliest sample not given out yet; `None` at the end.
    ///
    /// # Errors
    /// A row that cannot be read; reading further is not possible.
    pub fn next_sample(&mut self) -> Result<Option<Sample>, Error> {
        let earliest = self
            .streams
            .iter()
            .enumerate()
            .filter_map(|(k, stream)| stream.head.map(|head| (head.at_ms, k)))
            .min();
        let Some((_, k)) = earliest else {
            return Ok(None);
        };
        let sample = self.streams[k].head.take();
        self.refill(k)?;
        self.rows_done += 1;
        Ok(sample)
    }

    fn refill(&mut self, k: usize) -> Result<(), Error> {
        let Stream { kind, table, guess, head } = &mut self.streams[k];
        *head = match table.advance()? {
            true => Some(rows::sample(*kind, table, guess, &mut self.catalog, &self.site)?),
            false => None,
        };
        Ok(())
    }

    /// Gives every remaining sample to `on_sample`, and the progress to `on_progress` now and then and at the end.
    ///
    /// # Errors
    /// As [`Recording::next_sample`].
    pub fn replay(
        &mut self,
        on_progress: &mut dyn FnMut(Progress),
        on_sample: &mut dyn FnMut(&Catalog, &Sample),
    ) -> Result<(), Error> {
        const ROWS_BETWEEN_REPORTS: u64 = 4096;
        while let Some(sample) = self.next_sample()? {
            on_sample(&self.catalog, &sample);
            if self.rows_done.is_multiple_of(ROWS_BETWEEN_REPORTS) {
                on_progress(self.progress());
            }
        }
        on_progress(self.progress());
        Ok(())
    }

    /// How far it has been read.
    pub fn progress(&self) -> Progress {
        let bytes_done = self.streams.iter().map(|stream| stream.table.packed_bytes_done()).sum();
        Progress { bytes_done, bytes_total: self.bytes_total, rows_done: self.rows_done }
    }

    /// Names of what has been seen so far.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Known links; empty where the recording has none.
    pub fn cabling(&self) -> &Cabling {
        &self.cabling
    }

    /// What people did, in order of time: for measuring, not for watching.
    pub fn labelled_events(&self) -> &[LabelledEvent] {
        &self.events
    }

    /// The recording's note; empty if there is none.
    pub fn notes(&self) -> &str {
        &self.notes
    }
}

/// Reads a table of links, `device,interface,peer_device,peer_interface`, on its own: cabling for telemetry that comes
/// without. Ports that `catalog` knows are found by their full or abbreviated names; others are added, at `site`.
///
/// # Errors
/// The file cannot be read, lacks a column, or names too much.
pub fn read_cabling(
    path: &Path,
    site: &str,
    limits: &Limits,
    catalog: &mut Catalog,
) -> Result<Cabling, Error> {
    let (table, _) = Table::open_file(path.to_owned(), &rows::LINK_COLUMNS, limits)?;
    rows::cabling(table, limits, site, catalog)
}

/// Reads a table of what people did, `timestamp,event,device,interface`, on its own: ground truth for telemetry that
/// comes without. In order of time.
///
/// # Errors
/// As [`read_cabling`].
pub fn read_events(path: &Path, limits: &Limits) -> Result<Vec<LabelledEvent>, Error> {
    let (table, _) = Table::open_file(path.to_owned(), &rows::EVENT_COLUMNS, limits)?;
    rows::events(table, limits)
}

fn read_notes(path: &Path, limits: &Limits) -> Result<String, Error> {
    if !path.is_file() {
        return Ok(String::new());
    }
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(limits.notes_bytes_max).read_to_end(&mut bytes));
    read.map_err(|source| Error::Read { path: path.to_owned(), line: 0, source })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
