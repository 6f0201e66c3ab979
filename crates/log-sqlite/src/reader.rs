//! Reading events back, in order and with every doubt about the file said aloud.
//!
//! A visit goes through the tree in slices of positions, each in a read transaction of its own: a long-lived one would keep the write-ahead log from being used again.
//! Positions have no gaps, so a slice that holds fewer events than positions is damage, and is reported at the first that is missing.

use std::ops::ControlFlow;
use std::path::Path;

use npo_log::{Entry, Hash, Head, LogReader, MAX_BODY, OwnedEntry, ReadError, next_hash, to_hex};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};

use crate::error::reading;
use crate::{OpenError, Options, connection};

/// Positions per slice: some milliseconds of reading, thousands of times the cost of starting one.
const SLICE: u64 = 4096;

/// Events whose chain is recomputed at opening: a torn or edited end shows there first.
const TAIL: u64 = 16;

/// A reader of a log on SQLite; needs no lock and can be opened while another process appends.
#[derive(Debug)]
pub struct SqliteReader {
    connection: Connection,
}

impl SqliteReader {
    /// Opens the log at `path`, which must exist, for reading only.
    ///
    /// # Errors
    /// When the file is absent, is no log of a known form, or SQLite refuses.
    pub fn open(path: &Path, options: &Options) -> Result<SqliteReader, OpenError> {
        let path = connection::resolve(path)?;
        Ok(SqliteReader { connection: connection::open_reader(&path, options)? })
    }
}

impl LogReader for SqliteReader {
    fn head(&mut self) -> Result<Head, ReadError> {
        head(&self.connection)
    }

    fn get(&mut self, position: u64) -> Result<Option<OwnedEntry>, ReadError> {
        get(&self.connection, position)
    }

    fn visit(
        &mut self,
        after: u64,
        limit: Option<u64>,
        f: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let last = after.saturating_add(limit.unwrap_or(u64::MAX));
        let end = match self.head() {
            Ok(head) => head.position.min(last),
            Err(error @ ReadError::Storage { .. }) => return Err(error),
            Err(error) => return visit_damaged(&self.connection, after, last, f, error),
        };
        let mut from = after;
        while from < end {
            let to = end.min(from + SLICE);
            if slice(&self.connection, from, to, f)?.is_break() {
                break;
            }
            from = to;
        }
        Ok(())
    }

    fn check_store(&mut self) -> Result<(), ReadError> {
        let after = self.head()?.position + 1;
        let failed = |error| reading(after, error);
        // Stops at the first complaint.
        let found: String = self
            .connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .map_err(failed)?;
        if found == "ok" {
            return Ok(());
        }
        let source = found.replace('\n', " ").into();
        Err(ReadError::Unreadable { position: after, source })
    }
}

/// The last event, by the right edge of the tree.
pub(crate) fn head(connection: &Connection) -> Result<Head, ReadError> {
    let failed = |error| reading(0, error);
    let mut statement = connection
        .prepare_cached("SELECT position, hash FROM events ORDER BY position DESC LIMIT 1")
        .map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    match rows.next().map_err(failed)? {
        None => Ok(Head::EMPTY),
        Some(row) => {
            let position = position_of(row, 0)?;
            Ok(Head { position, hash: hash_of(row, 1, position)? })
        }
    }
}

/// The event at `position`; absent only past the head.
fn get(connection: &Connection, position: u64) -> Result<Option<OwnedEntry>, ReadError> {
    if position == 0 || position > head(connection)?.position {
        return Ok(None);
    }
    let mut found = None;
    // The flow says only whether to go on, and there is nothing to go on to.
    let _ = slice(connection, position - 1, position, &mut |entry| {
        found = Some(entry.to_owned());
        ControlFlow::Break(())
    })?;
    Ok(found)
}

/// A visit where the end of the log cannot be read: gives what there is up to the damage, then names the first event that it hides.
fn visit_damaged(
    connection: &Connection,
    after: u64,
    last: u64,
    f: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
    of_head: ReadError,
) -> Result<(), ReadError> {
    let mut position = after.saturating_add(1);
    let mut counted = |entry: Entry<'_>| {
        position = entry.position + 1;
        f(entry)
    };
    let last = last.min(i64::MAX as u64);
    if after < last && slice(connection, after, last, &mut counted)?.is_break() {
        return Ok(());
    }
    Err(ReadError::Unreadable { position, source: of_head.into() })
}

/// Every event after `after` up to and including `to`, all of which must be there.
fn slice(
    connection: &Connection,
    after: u64,
    to: u64,
    f: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, ReadError> {
    let mut next = after + 1;
    let mut statement = connection
        .prepare_cached(
            "SELECT position, kind, version, body, hash FROM events WHERE position BETWEEN ?1 AND ?2 ORDER BY position",
        )
        .map_err(|error| reading(next, error))?;
    // Both are at most the largest signed number: the head came from SQLite, and other ends are cut down to it.
    let range = (next as i64, to as i64);
    let mut rows = statement.query(range).map_err(|error| reading(next, error))?;
    while let Some(row) = rows.next().map_err(|error| reading(next, error))? {
        let entry = entry_of(row, next)?;
        next += 1;
        if f(entry).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    if next <= to {
        return Err(corrupt(next, "nothing", "an event, because later ones follow"));
    }
    Ok(ControlFlow::Continue(()))
}

fn corrupt(position: u64, found: impl Into<String>, expected: impl Into<String>) -> ReadError {
    ReadError::Corrupt { position, found: found.into(), expected: expected.into() }
}

/// The event of a row, which must be the one at position `next`.
fn entry_of<'a>(row: &'a Row<'_>, next: u64) -> Result<Entry<'a>, ReadError> {
    let position = position_of(row, next)?;
    if position != next {
        return Err(corrupt(next, format!("event {position} in its place"), "no gap"));
    }
    let small = |index: usize, name: &str, most: i64| match value(row, index, next)? {
        ValueRef::Integer(number) if (0..=most).contains(&number) => Ok(number),
        found => Err(corrupt(next, describe(found), format!("a {name} of at most {most}"))),
    };
    let kind = small(1, "kind", i64::from(u16::MAX))? as u16;
    let version = small(2, "version", i64::from(u8::MAX))? as u8;
    let body = match value(row, 3, next)? {
        ValueRef::Blob(body) if body.len() <= MAX_BODY => body,
        found => {
            let expected = format!("a body of at most {MAX_BODY} bytes");
            return Err(corrupt(next, describe(found), expected));
        }
    };
    Ok(Entry { position, kind, version, body, hash: hash_of(row, 4, next)? })
}

fn position_of(row: &Row<'_>, expected: u64) -> Result<u64, ReadError> {
    match value(row, 0, expected)? {
        ValueRef::Integer(number) if number > 0 => Ok(number as u64),
        found => Err(corrupt(expected, describe(found), "a position from 1")),
    }
}

fn hash_of(row: &Row<'_>, index: usize, position: u64) -> Result<Hash, ReadError> {
    match value(row, index, position)? {
        ValueRef::Blob(hash) if hash.len() == 32 => Ok(std::array::from_fn(|i| hash[i])),
        found => Err(corrupt(position, describe(found), "a hash of 32 bytes")),
    }
}

fn value<'a>(row: &'a Row<'_>, index: usize, position: u64) -> Result<ValueRef<'a>, ReadError> {
    row.get_ref(index).map_err(|error| reading(position, error))
}

fn describe(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "nothing".to_owned(),
        ValueRef::Integer(number) => format!("the number {number}"),
        ValueRef::Real(number) => format!("the number {number:?}"),
        ValueRef::Text(text) => format!("{} bytes of text", text.len()),
        ValueRef::Blob(bytes) => format!("{} bytes", bytes.len()),
    }
}

/// What opening checks in constant time: the log begins at 1, and the chain of its last events holds. [`npo_log::verify`] checks all.
pub(crate) fn check_ends(connection: &Connection) -> Result<Head, ReadError> {
    let first: Option<i64> = connection
        .query_row("SELECT position FROM events ORDER BY position LIMIT 1", [], |row| row.get(0))
        .optional()
        .map_err(|error| reading(1, error))?;
    let head = head(connection)?;
    match first {
        None => return Ok(head),
        Some(1) => {}
        Some(found) => return Err(corrupt(1, format!("event {found} in its place"), "no gap")),
    }
    let before = head.position.saturating_sub(TAIL);
    let mut previous = get(connection, before)?.map_or([0; 32], |entry| entry.hash);
    let mut bad = None;
    let _ = slice(connection, before, head.position, &mut |entry| {
        let Entry { position, kind, version, body, hash } = entry;
        previous = next_hash(&previous, position, kind, version, body);
        if previous != hash {
            let (found, expected) = (to_hex(&hash), to_hex(&previous));
            bad = Some(corrupt(position, format!("hash {found}"), expected));
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    bad.map_or(Ok(head), Err)
}
