//! One CSV file, packed or plain, read line by line within limits.
//!
//! Columns are found by their header, others are ignored. A field may be quoted; a quoted field may not contain a line
//! break, which no recording needs and which would let one quote swallow a file.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

use super::error::{Error, shown};
use super::{Limits, time};

/// A CSV file with some of its columns located.
pub(super) struct Table {
    path: PathBuf,
    input: Box<dyn BufRead + Send>,
    packed: Arc<AtomicU64>,
    line: Vec<u8>,
    line_no: u64,
    fields: Vec<Range<usize>>,
    header_width: usize,
    columns: Vec<(&'static str, usize)>,
    last_column: usize,
    limits: Limits,
}

impl Table {
    /// Opens `dir/name.csv.gz` or `dir/name.csv`; `None` if there is neither.
    pub(super) fn open(
        dir: &Path,
        name: &str,
        columns: &[&'static str],
        limits: &Limits,
    ) -> Result<Option<(Self, u64)>, Error> {
        for suffix in ["csv.gz", "csv"] {
            let path = dir.join(format!("{name}.{suffix}"));
            match Self::open_file(path, columns, limits) {
                Err(Error::Read { line: 0, source, .. })
                    if source.kind() == io::ErrorKind::NotFound => {}
                opened => return opened.map(Some),
            }
        }
        Ok(None)
    }

    /// Opens one file, packed if it is called `.gz`; gives its size on disk, too.
    pub(super) fn open_file(
        path: PathBuf,
        columns: &[&'static str],
        limits: &Limits,
    ) -> Result<(Self, u64), Error> {
        let is_packed = path.extension().is_some_and(|extension| extension == "gz");
        let unread = |source| Error::Read { path: path.clone(), line: 0, source };
        let file = File::open(&path).map_err(unread)?;
        let about = file.metadata().map_err(unread)?;
        if !about.is_file() {
            return Err(Error::NotAFile { path });
        }
        if about.len() > limits.file_bytes_max {
            return Err(Error::TooLarge { path, limit: limits.file_bytes_max, what: "on disk" });
        }
        let packed = Arc::new(AtomicU64::new(0));
        let counted =
            Counted { inner: BufReader::with_capacity(64 << 10, file), done: Arc::clone(&packed) };
        let raw: Box<dyn Read + Send> =
            if is_packed { Box::new(MultiGzDecoder::new(counted)) } else { Box::new(counted) };
        let bounded = Bounded {
            inner: raw,
            packed: Arc::clone(&packed),
            unpacked: 0,
            limit: limits.unpacked_bytes_max,
            ratio: if is_packed { limits.unpacked_ratio_max } else { u64::MAX },
            ratio_from: limits.unpacked_ratio_from,
        };
        let input = Box::new(BufReader::with_capacity(256 << 10, bounded));
        let table = Self::new(path, input, packed, columns, limits)?;
        Ok((table, about.len()))
    }

    /// Reads the header from any input and finds the columns in it.
    pub(super) fn new(
        path: PathBuf,
        input: Box<dyn BufRead + Send>,
        packed: Arc<AtomicU64>,
        columns: &[&'static str],
        limits: &Limits,
    ) -> Result<Self, Error> {
        let mut table = Self {
            path,
            input,
            packed,
            line: Vec::new(),
            line_no: 0,
            fields: Vec::new(),
            header_width: 0,
            columns: Vec::new(),
            last_column: usize::MAX,
            limits: limits.clone(),
        };
        table.advance()?;
        // A byte order mark would otherwise become part of the first column's name.
        let mark = if table.line.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        for &column in columns {
            let position = table.fields.iter().position(|range| {
                let start = if range.start == 0 { mark } else { range.start };
                table.line.get(start..range.end) == Some(column.as_bytes())
            });
            let Some(position) = position else {
                return Err(Error::NoColumn {
                    path: table.path,
                    column,
                    found: shown(&table.line),
                });
            };
            table.columns.push((column, position));
        }
        table.header_width = table.fields.len();
        table.last_column = table.columns.iter().map(|(_, position)| *position).max().unwrap_or(0);
        Ok(table)
    }

    /// Moves to the next line that is not empty; `false` at the end of the file.
    pub(super) fn advance(&mut self) -> Result<bool, Error> {
        loop {
            if !self.read_line()? {
                return Ok(false);
            }
            if !self.line.is_empty() {
                break;
            }
        }
        self.split()?;
        let needed = self.columns.iter().map(|(_, position)| position + 1).max().unwrap_or(0);
        if self.fields.len() < needed {
            let (found, expected) = (self.fields.len(), self.header_width);
            return Err(Error::TooFewFields {
                path: self.path.clone(),
                line: self.line_no,
                found,
                expected,
            });
        }
        Ok(true)
    }

    fn read_line(&mut self) -> Result<bool, Error> {
        self.line.clear();
        let limit = self.limits.line_bytes_max;
        let read = (&mut self.input).take(limit as u64 + 2).read_until(b'\n', &mut self.line);
        if let Err(source) = read {
            return Err(self.read_error(source));
        }
        if self.line.is_empty() {
            return Ok(false);
        }
        self.line_no += 1;
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        }
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        if self.line.len() > limit {
            return Err(Error::LineTooLong { path: self.path.clone(), line: self.line_no, limit });
        }
        Ok(true)
    }

    fn read_error(&self, source: io::Error) -> Error {
        let path = self.path.clone();
        match source.get_ref().and_then(|inner| inner.downcast_ref::<LimitMet>()) {
            Some(met) => Error::TooLarge { path, limit: met.limit, what: met.what },
            None => Error::Read { path, line: self.line_no, source },
        }
    }

    /// Splits the line as far as the last column that is needed.
    fn split(&mut self) -> Result<(), Error> {
        self.fields.clear();
        let mut start = 0;
        while self.fields.len() <= self.last_column {
            let rest = &self.line[start..];
            let next = if rest.first() == Some(&b'"') {
                let Some(len) = quoted_len(&rest[1..]) else {
                    return Err(
                        self.bad_at(start, "a quote that ends on the same line, then a comma")
                    );
                };
                self.fields.push(start + 1..start + 1 + len);
                start + len + 2
            } else {
                let len = rest.iter().position(|&b| b == b',').unwrap_or(rest.len());
                self.fields.push(start..start + len);
                start + len
            };
            if next >= self.line.len() {
                break;
            }
            start = next + 1;
        }
        Ok(())
    }

    fn bad_at(&self, start: usize, expected: &'static str) -> Error {
        let found = shown(&self.line[start..]);
        Error::Field {
            path: self.path.clone(),
            line: self.line_no,
            column: "(quoted)",
            found,
            expected,
        }
    }

    /// The bytes of the `k`-th column asked for.
    pub(super) fn bytes(&self, k: usize) -> &[u8] {
        &self.line[self.fields[self.columns[k].1].clone()]
    }

    /// The `k`-th column as text.
    pub(super) fn text(&self, k: usize) -> Result<&str, Error> {
        std::str::from_utf8(self.bytes(k)).map_err(|_| self.bad(k, "text in UTF-8"))
    }

    /// The `k`-th column as a whole number; empty counts as 0, since devices leave out what they do not count.
    pub(super) fn number(&self, k: usize) -> Result<u64, Error> {
        let bytes = self.bytes(k);
        let mut sum = 0u64;
        for &b in bytes {
            let digit = b.wrapping_sub(b'0');
            let next = sum.checked_mul(10).and_then(|tens| tens.checked_add(u64::from(digit)));
            match next {
                Some(next) if digit <= 9 => sum = next,
                _ => return Err(self.bad(k, "a whole number from 0 to 18446744073709551615")),
            }
        }
        Ok(sum)
    }

    /// The `k`-th column as a timestamp in milliseconds since 1970 UTC.
    pub(super) fn time_ms(&self, k: usize) -> Result<i64, Error> {
        time::parse_ms(self.bytes(k))
            .ok_or_else(|| self.bad(k, "a time such as 2020-01-21 05:24:00.801+00:00"))
    }

    /// The error that the `k`-th column is not what it should be.
    pub(super) fn bad(&self, k: usize, expected: &'static str) -> Error {
        let found = shown(self.bytes(k));
        Error::Field {
            path: self.path.clone(),
            line: self.line_no,
            column: self.columns[k].0,
            found,
            expected,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Number of the current line, from 1.
    pub(super) fn line_no(&self) -> u64 {
        self.line_no
    }

    /// Bytes of the file on disk that have been consumed.
    pub(super) fn packed_bytes_done(&self) -> u64 {
        self.packed.load(Ordering::Relaxed)
    }
}

/// Length of a quoted field after its opening quote, if the quote ends and a comma or the line's end follows.
fn quoted_len(rest: &[u8]) -> Option<usize> {
    let mut k = 0;
    loop {
        k += rest[k..].iter().position(|&b| b == b'"')?;
        match rest.get(k + 1) {
            Some(b'"') => k += 2,
            None | Some(b',') => return Some(k),
            Some(_) => return None,
        }
    }
}

/// Counts what is read from disk, for progress and for the ratio.
struct Counted<R> {
    inner: R,
    done: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.done.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("limit of {limit} bytes {what}")]
struct LimitMet {
    limit: u64,
    what: &'static str,
}

/// Stops a decompression bomb: bounds the unpacked size and its ratio to the packed size.
struct Bounded {
    inner: Box<dyn Read + Send>,
    packed: Arc<AtomicU64>,
    unpacked: u64,
    limit: u64,
    ratio: u64,
    ratio_from: u64,
}

impl Read for Bounded {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.unpacked += n as u64;
        if self.unpacked > self.limit {
            return Err(io::Error::other(LimitMet { limit: self.limit, what: "unpacked" }));
        }
        let packed = self.packed.load(Ordering::Relaxed).max(1);
        if self.unpacked > self.ratio_from && self.unpacked / packed > self.ratio {
            return Err(io::Error::other(LimitMet {
                limit: self.ratio,
                what: "unpacked per packed byte",
            }));
        }
        Ok(n)
    }
}
