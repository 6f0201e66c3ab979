//! A log as text: one JSON object per line, for backups, for moving between backends and for people with `jq`.
//!
//! `{"position":1,"kind":7,"version":1,"body":"aGVsbG8=","hash":"5c1f…"}`; the body is base64 (standard alphabet, padded), the hash sixty-four lower-case digits.
//! The chain is checked on the way in, so that a line that was edited, dropped, doubled or moved is refused by its number.
//! Lines missing at the *end* cannot be seen from the text: compare the head that both sides report.

use std::borrow::Cow;
use std::io::{BufRead, Read, Write};
use std::ops::ControlFlow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::hex::from_hex;
use crate::record::Entry;
use crate::{
    AppendError, EventLog, Head, LogReader, MAX_BODY, ReadError, Record, next_hash, to_hex,
};

/// The longest line, in bytes: the largest body in base64 and room for the other fields.
pub const MAX_LINE: usize = MAX_BODY.div_ceil(3) * 4 + 512;

/// Import commits after this many records or bytes: large enough that commits do not cost, small enough for memory.
const GROUP_RECORDS: usize = 4096;
const GROUP_BYTES: usize = 8 << 20;

/// Why an export stopped.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The log could not be read.
    #[error("could not read the log for export")]
    Read(#[source] ReadError),
    /// The text could not be written.
    #[error("could not write event {position}")]
    Write {
        /// Of the event that was to be written.
        position: u64,
        /// What the writer said.
        #[source]
        source: std::io::Error,
    },
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Longer than [`MAX_LINE`].
    #[error("the line is longer than {MAX_LINE} bytes")]
    TooLong,
    /// Not an object with exactly the five fields.
    #[error("expected an event as one JSON object")]
    Json(#[source] serde_json::Error),
    /// The body is not base64.
    #[error("expected the body in base64")]
    Base64(#[source] base64::DecodeError),
    /// The body is over [`MAX_BODY`].
    #[error("found a body of {0} bytes, expected at most {MAX_BODY}")]
    BodyTooLarge(usize),
    /// The hash is not one.
    #[error("found the hash `{0}`, expected 64 lower-case hexadecimal digits")]
    HashForm(String),
    /// A line is missing, doubled or moved, or the log's head is elsewhere.
    #[error("found position {found}, expected {expected}")]
    Position {
        /// In the line.
        found: u64,
        /// The one after the previous line, or after the head of the log.
        expected: u64,
    },
    /// The line, or one before it, was edited; or it continues another log.
    #[error("event {position} has the hash `{found}`, expected `{expected}`")]
    Hash {
        /// Of the event.
        position: u64,
        /// In the line.
        found: String,
        /// By the chain.
        expected: String,
    },
}

/// Why an import stopped. Events of the lines before may have been appended; they form a whole chain, and the import can be continued after the log's head.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The text cannot be read.
    #[error("line {line} could not be read")]
    Read {
        /// From 1.
        line: u64,
        /// What the reader said.
        #[source]
        source: std::io::Error,
    },
    /// The line is refused.
    #[error("line {line} is refused")]
    Line {
        /// From 1.
        line: u64,
        /// Why.
        #[source]
        source: LineError,
    },
    /// The log did not take the events up to this line.
    #[error("the log did not take the events up to line {line}")]
    Append {
        /// From 1.
        line: u64,
        /// Why.
        #[source]
        source: AppendError,
    },
    /// The log to import into could not be asked for its head.
    #[error("could not ask the log for its head")]
    Head(#[source] ReadError),
}

/// Writes every event after position `after` as a line and returns the head that was reached; `progress` is told each position.
///
/// # Errors
/// When the log cannot be read or the text cannot be written; lines before that may have been written.
pub fn export(
    reader: &mut dyn LogReader,
    after: u64,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(u64),
) -> Result<Head, ExportError> {
    let mut head = Head::EMPTY;
    let mut line = String::new();
    let mut failed = None;
    let read = reader.visit(after, None, &mut |entry| {
        write_line(&mut line, entry);
        if let Err(source) = out.write_all(line.as_bytes()) {
            failed = Some(ExportError::Write { position: entry.position, source });
            return ControlFlow::Break(());
        }
        head = Head { position: entry.position, hash: entry.hash };
        progress(entry.position);
        ControlFlow::Continue(())
    });
    if let Some(failed) = failed {
        return Err(failed);
    }
    read.map_err(ExportError::Read)?;
    out.flush().map_err(|source| ExportError::Write { position: head.position, source })?;
    Ok(head)
}

/// Written by hand: no field needs escaping, and the buffers are used again.
fn write_line(line: &mut String, entry: Entry<'_>) {
    use std::fmt::Write as _;
    let Entry { position, kind, version, body, hash } = entry;
    line.clear();
    let written =
        write!(line, r#"{{"position":{position},"kind":{kind},"version":{version},"body":""#);
    debug_assert!(written.is_ok(), "a String takes any text");
    STANDARD.encode_string(body, line);
    line.push_str(r#"","hash":""#);
    line.push_str(&to_hex(&hash));
    line.push_str("\"}\n");
}

/// Appends the events of `text` to `log`, whose head the first line must follow, and returns the new head; `progress` is told each position that has become durable.
///
/// # Errors
/// The first line that is refused, by number; whole groups before it stay appended. Run [`check_export`] first where nothing or all is wanted.
pub fn import(
    text: &mut dyn BufRead,
    log: &mut dyn EventLog,
    progress: &mut dyn FnMut(u64),
) -> Result<Head, ImportError> {
    let mut durable = log.head().map_err(ImportError::Head)?;
    let mut lines = Lines { text, number: 0, buffer: Vec::new(), head: durable };
    let mut group = Vec::new();
    let mut bytes = 0;
    loop {
        let record = lines.next_record()?;
        let end = record.is_none();
        if let Some(record) = record {
            bytes += record.body.len();
            group.push(record);
        }
        if group.len() >= GROUP_RECORDS || bytes >= GROUP_BYTES || (end && !group.is_empty()) {
            durable = log
                .append(durable.position, &group)
                .map_err(|source| ImportError::Append { line: lines.number, source })?;
            progress(durable.position);
            group.clear();
            bytes = 0;
        }
        if end {
            return Ok(durable);
        }
    }
}

/// Checks that `text` is a whole chain after `from` ([`Head::EMPTY`] for a full export) without writing anything, and returns its head.
///
/// # Errors
/// The first line that is refused, by number.
pub fn check_export(text: &mut dyn BufRead, from: Head) -> Result<Head, ImportError> {
    let mut lines = Lines { text, number: 0, buffer: Vec::new(), head: from };
    while lines.next_record()?.is_some() {}
    Ok(lines.head)
}

/// The line as it is written down; unknown fields are refused because nothing would carry them into the log.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    position: u64,
    kind: u16,
    version: u8,
    #[serde(borrow)]
    body: Cow<'a, str>,
    #[serde(borrow)]
    hash: Cow<'a, str>,
}

struct Lines<'a> {
    text: &'a mut dyn BufRead,
    number: u64,
    buffer: Vec<u8>,
    head: Head,
}

impl Lines<'_> {
    /// The next event, with its place in the chain checked; `None` at the end of the text. Blank lines are passed over.
    fn next_record(&mut self) -> Result<Option<Record>, ImportError> {
        loop {
            self.number += 1;
            let line = self.number;
            self.buffer.clear();
            let read = self
                .text
                .take(MAX_LINE as u64 + 1)
                .read_until(b'\n', &mut self.buffer)
                .map_err(|source| ImportError::Read { line, source })?;
            if read == 0 {
                return Ok(None);
            }
            // A blank line is passed over only once it is known to be whole.
            let blank = self.buffer.len() <= MAX_LINE && self.buffer.trim_ascii().is_empty();
            if !blank {
                let (record, head) = parse(&self.buffer, self.head)
                    .map_err(|source| ImportError::Line { line, source })?;
                self.head = head;
                return Ok(Some(record));
            }
        }
    }
}

fn parse(line: &[u8], head: Head) -> Result<(Record, Head), LineError> {
    if line.len() > MAX_LINE {
        return Err(LineError::TooLong);
    }
    let Line { position, kind, version, body, hash } =
        serde_json::from_slice(line).map_err(LineError::Json)?;
    let expected = head.position + 1;
    if position != expected {
        return Err(LineError::Position { found: position, expected });
    }
    let body = STANDARD.decode(body.as_bytes()).map_err(LineError::Base64)?;
    if body.len() > MAX_BODY {
        return Err(LineError::BodyTooLarge(body.len()));
    }
    let found =
        from_hex(&hash).ok_or_else(|| LineError::HashForm(hash.chars().take(80).collect()))?;
    let expected = next_hash(&head.hash, position, kind, version, &body);
    if found != expected {
        let (found, expected) = (to_hex(&found), to_hex(&expected));
        return Err(LineError::Hash { position, found, expected });
    }
    Ok((Record { kind, version, body }, Head { position, hash: expected }))
}
