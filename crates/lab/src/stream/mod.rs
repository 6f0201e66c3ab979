//! Labelled streams as operators: files of somebody else's labels, predicted first and learned then.
//!
//! - [`labelled`]: a CSV file with a label column, through the adaptive scorer, against two baselines.
//! - [`annotators`]: who labelled what, through the methods of operator reliability.
//! - [`decisions`]: people who accepted or rejected suggestions, predicted for people not seen before.
//!
//! [`table`] reads CSV, [`measure`] scores predictions.
//! Everything takes bytes and gives numbers; files, clocks and progress bars belong to the caller.

pub mod annotators;
pub mod decisions;
pub mod labelled;
pub mod measure;
pub mod table;

use std::io::Read;

use flate2::read::MultiGzDecoder;

/// Bytes of a file at most, packed.
pub const FILE_BYTES_MAX: u64 = 256 << 20;
/// Bytes of a file at most, unpacked: what a small malicious file could grow to.
pub const TEXT_BYTES_MAX: u64 = 1 << 30;
/// Rows of a file at most.
pub const ROWS_MAX: usize = 5_000_000;
/// Columns of a file at most.
pub const COLUMNS_MAX: usize = 512;

/// Why a stream cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be unpacked.
    #[error("could not unpack the file")]
    Unpack(#[source] std::io::Error),
    /// There is more than is read.
    #[error("found more than {max} {what}")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        max: u64,
    },
    /// A row that is no CSV, or of another length than the header.
    #[error("the file is not CSV as expected")]
    Csv(#[source] csv::Error),
    /// A line that is no JSON, or of another form.
    #[error("line {line} is no event as expected")]
    Json {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A column that is not there.
    #[error("found no column `{name}`, expected one of {known}")]
    Column {
        /// The name asked for.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A cell that cannot be read.
    #[error("line {line}, column `{column}`: found `{found}`, expected {expected}")]
    Cell {
        /// The line, from 1; the header is line 1.
        line: u64,
        /// The column's name.
        column: String,
        /// The cell, cut if long.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A label that does not tell rows apart.
    #[error("column `{column}` has {found} distinct labels, expected 2 to {max}")]
    Labels {
        /// The column's name.
        column: String,
        /// Distinct labels found; the count stops a little beyond the limit.
        found: usize,
        /// Distinct labels at most.
        max: usize,
    },
    /// Nothing to learn from.
    #[error("found {found} {what}, expected at least {min}")]
    TooFew {
        /// What there is too little of.
        what: &'static str,
        /// How much there is.
        found: usize,
        /// How much it takes.
        min: usize,
    },
    /// More inputs than can be learned in reasonable time.
    #[error("found {found} inputs, expected at most {max}; ignore some columns")]
    Inputs {
        /// Inputs after categories were spread out.
        found: usize,
        /// Inputs at most.
        max: usize,
    },
    /// Answers that cannot be used.
    #[error("the answers cannot be used")]
    Answers(#[source] npo_core::learning::crowd::Error),
}

/// The text of a file, unpacked if it is gzip.
///
/// # Errors
/// If it is damaged, or larger than [`TEXT_BYTES_MAX`].
pub fn unpack(bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut text = Vec::new();
    let mut reader = MultiGzDecoder::new(bytes.as_slice()).take(TEXT_BYTES_MAX + 1);
    reader.read_to_end(&mut text).map_err(Error::Unpack)?;
    if text.len() as u64 > TEXT_BYTES_MAX {
        return Err(Error::TooMuch { what: "bytes of text", max: TEXT_BYTES_MAX });
    }
    Ok(text)
}

/// The start of a cell, for a message.
fn excerpt(cell: &str) -> String {
    const EXCERPT_CHARS: usize = 40;
    let mut text: String = cell.chars().take(EXCERPT_CHARS).collect();
    if text.len() < cell.len() {
        text.push('…');
    }
    text
}

/// A count as a number; files have fewer rows than 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts of rows stay far below 2^53")]
fn real(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
