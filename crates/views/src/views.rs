//! The writing side: opens the views, follows the log, starts over when that is the remedy.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use npo_core::Envelope;
use rusqlite::Connection;

use crate::apply::{self, Known};
use crate::error::sqlite;
use crate::schema::{self, Found};
use crate::{Error, ViewReader};

/// What opening found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "the log has to be applied from here on"]
pub struct Opened {
    /// Position of the last applied event; 0 if the views are empty.
    pub position: u64,
    /// Why the views start over from nothing, if they do.
    pub rebuilt: Option<String>,
    /// How long it took, the check of the file included.
    pub elapsed: Duration,
}

/// The views of one log, for the one who feeds them.
#[derive(Debug)]
pub struct Views {
    path: PathBuf,
    connection: Connection,
    position: u64,
    known: Known,
}

impl Views {
    /// Opens the views at `path`, making them where there are none; `head` is the position of the
    /// log's last event.
    ///
    /// Views of another form, damaged ones, and ones that are ahead of the log are moved to
    /// `<path>.discarded` and started over; [`Opened::rebuilt`] says so.
    ///
    /// # Errors
    /// [`Error::Foreign`] for a database that holds something else, which is left alone;
    /// [`Error::Io`] and [`Error::Sqlite`] where the file system fails.
    pub fn open(path: &Path, head: u64) -> Result<(Self, Opened), Error> {
        let start = Instant::now();
        let (views, rebuilt) = match Self::try_open(path, head)? {
            Ok(views) => (views, None),
            Err(why) => (Self::start_over(path)?, Some(why)),
        };
        let opened = Opened { position: views.position, rebuilt, elapsed: start.elapsed() };
        Ok((views, opened))
    }

    /// The views, or why they have to start over.
    fn try_open(path: &Path, head: u64) -> Result<Result<Self, String>, Error> {
        let connection = match schema::open(path)? {
            Found::Usable(connection) => connection,
            Found::Useless(why) => return Ok(Err(why)),
        };
        match Self::of(path, connection) {
            Ok(views) if views.position > head => Ok(Err(format!(
                "their position {} lies beyond the log's last event {head}",
                views.position
            ))),
            Ok(views) => Ok(Ok(views)),
            Err(error) if error.needs_rebuild() => Ok(Err(error.to_string())),
            Err(error) => Err(error),
        }
    }

    fn start_over(path: &Path) -> Result<Self, Error> {
        schema::set_aside(path)?;
        match schema::open(path)? {
            Found::Usable(connection) => Self::of(path, connection),
            Found::Useless(found) => {
                Err(Error::Content { found, expected: "a new file to be usable" })
            }
        }
    }

    fn of(path: &Path, connection: Connection) -> Result<Self, Error> {
        let position = apply::position(&connection)?;
        let known = Known::load(&connection)?;
        Ok(Self { path: path.to_owned(), connection, position, known })
    }

    /// Position of the last applied event; 0 before the first.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Applies events in log order, all or none of them.
    ///
    /// Events that were applied before are passed over, so that a batch can be given again.
    ///
    /// # Errors
    /// [`Error::Gap`] if an event is missing before or in the batch, [`Error::Contradiction`] if the
    /// events are of another log, [`Error::Sqlite`] if the database fails; the views stay as they
    /// were.
    pub fn apply(&mut self, batch: &[(u64, Envelope)]) -> Result<(), Error> {
        let Some((last, _)) = batch.last().filter(|(last, _)| *last > self.position) else {
            return Ok(());
        };
        let failed = sqlite("write the views");
        let before = self.known.mark();
        let transaction = self.connection.transaction().map_err(&failed)?;
        let applied = apply::apply(&transaction, &mut self.known, self.position, batch)
            .and_then(|()| transaction.commit().map_err(&failed));
        match applied {
            Ok(()) => self.position = *last,
            Err(_) => self.known.back_to(&before),
        }
        applied
    }

    /// Starts over from nothing; the log has to be applied from its first event.
    ///
    /// Readers opened before keep reading the old views and have to be opened anew.
    ///
    /// # Errors
    /// As [`Self::open`]; the views are not usable then, and this can be tried again.
    pub fn rebuild(&mut self) -> Result<(), Error> {
        // Closes the file before it is moved.
        self.connection = Connection::open_in_memory().map_err(sqlite("set the views aside"))?;
        *self = Self::start_over(&self.path)?;
        Ok(())
    }

    /// A reader, for use on another thread while batches are applied.
    ///
    /// # Errors
    /// [`Error::Sqlite`] if the file cannot be opened once more.
    pub fn reader(&self) -> Result<ViewReader, Error> {
        ViewReader::open(&self.path)
    }
}
