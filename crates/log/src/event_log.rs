//! The promise that every backend keeps.

use std::ops::ControlFlow;

use crate::record::Entry;
use crate::{AppendError, Head, OwnedEntry, ReadError, Record};

/// The one writer of a log.
///
/// Positions start at 1 and have no gaps. The hashes are those of [`crate::next_hash`], so that two backends given the same records have the same head.
pub trait EventLog: Send {
    /// The last durable event. After a failed append this is the truth, asked of the store itself.
    ///
    /// # Errors
    /// When the store has to be asked and fails.
    fn head(&self) -> Result<Head, ReadError>;

    /// Appends all of `batch` or nothing; what it returns is durable.
    ///
    /// `after` must be the position of the current head. An empty batch is allowed and only checks that.
    ///
    /// # Errors
    /// See [`AppendError`]; none of them leaves a part of the batch behind.
    fn append(&mut self, after: u64, batch: &[Record]) -> Result<Head, AppendError>;

    /// An independent handle, for use on another thread while appends go on.
    ///
    /// # Errors
    /// When the store cannot be opened once more.
    fn reader(&self) -> Result<Box<dyn LogReader>, ReadError>;
}

/// One reader of a log; it sees whole batches, and only durable ones.
pub trait LogReader: Send {
    /// The last durable event.
    ///
    /// # Errors
    /// When the store fails.
    fn head(&mut self) -> Result<Head, ReadError>;

    /// The event at `position`; `None` when the log does not reach that far (or for position 0).
    ///
    /// # Errors
    /// When the event is damaged or the store fails.
    fn get(&mut self, position: u64) -> Result<Option<OwnedEntry>, ReadError>;

    /// Calls `f` with every event after position `after`, in order and without gaps, until `limit` events were given, `f` breaks, or what was durable at the start of the visit is exhausted.
    ///
    /// Hashes are handed out as stored and not recomputed: [`crate::verify`] does that.
    ///
    /// # Errors
    /// When an event is damaged or missing, or the store fails; the events before it have been given to `f`.
    fn visit(
        &mut self,
        after: u64,
        limit: Option<u64>,
        f: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
    ) -> Result<(), ReadError>;

    /// Whatever the store can say about its own structure beyond the events that a visit gives, such as events that are in the file but no longer reached. Takes as long as reading everything.
    ///
    /// # Errors
    /// When the structure is damaged or the store fails.
    fn check_store(&mut self) -> Result<(), ReadError> {
        Ok(())
    }
}
