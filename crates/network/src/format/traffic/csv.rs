//! A CSV text with a header: rows with their lines, numbers with their columns.

use ::csv::{ReaderBuilder, StringRecord, Trim};

use super::super::error::{Fault, Result, Why, shown, told};

/// Columns of one table: every pair of a thousand nodes.
const COLUMNS_MAX: usize = 1_000_000;

/// A table that is being read.
pub(super) struct Table<'a> {
    reader: ::csv::Reader<&'a [u8]>,
    header: Vec<String>,
    record: StringRecord,
    line: u64,
}

/// A column for the demands of one node to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) column: usize,
    pub(super) from: String,
    pub(super) to: String,
}

impl<'a> Table<'a> {
    /// Reads the header; fields are separated by what it has most of: commas, semicolons or tabs.
    pub(super) fn new(text: &'a str) -> Result<Self> {
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let count = |byte: u8| first.bytes().filter(|&b| b == byte).count();
        let separator = [b',', b';', b'\t'].into_iter().rev().max_by_key(|&byte| count(byte));
        let reader = ReaderBuilder::new()
            .delimiter(separator.unwrap_or(b','))
            .trim(Trim::All)
            .flexible(true)
            .has_headers(false)
            .from_reader(text.as_bytes());
        let mut table = Self { reader, header: Vec::new(), record: StringRecord::new(), line: 1 };
        table.read()?;
        if table.record.len() > COLUMNS_MAX {
            return Err(Fault::at(1, Why::TooMany { what: "columns", limit: COLUMNS_MAX }));
        }
        table.header = table.record.iter().map(str::to_owned).collect();
        Ok(table)
    }

    fn read(&mut self) -> Result<bool> {
        let read = self.reader.read_record(&mut self.record);
        match read {
            Ok(found) => {
                self.line = self.record.position().map_or(self.line, ::csv::Position::line);
                Ok(found)
            }
            Err(error) => {
                let line = error.position().map_or(self.line, ::csv::Position::line);
                let found = told(&error);
                Err(Fault::at(line, Why::Syntax { format: "CSV", found }))
            }
        }
    }

    /// Names of the columns.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// The column of the first of these names that there is, whatever its capitals.
    pub(super) fn column(&self, names: &[&str]) -> Option<usize> {
        names
            .iter()
            .find_map(|name| self.header.iter().position(|title| title.eq_ignore_ascii_case(name)))
    }

    /// The columns called `A>B`, `A->B` or `A→B`.
    pub(super) fn pairs(&self) -> Vec<Pair> {
        let pair = |(column, title): (usize, &String)| {
            let (from, to) = ["->", "→", ">"].iter().find_map(|arrow| title.split_once(arrow))?;
            let (from, to) = (from.trim().to_owned(), to.trim().to_owned());
            (!from.is_empty() && !to.is_empty()).then_some(Pair { column, from, to })
        };
        self.header.iter().enumerate().filter_map(pair).collect()
    }

    /// Moves to the next row; `false` at the end.
    pub(super) fn advance(&mut self) -> Result<bool> {
        if !self.read()? {
            return Ok(false);
        }
        if self.record.len() != self.header.len() {
            let found =
                format!("{}, where the header has {}", self.record.len(), self.header.len());
            let expected = "as many as the header has";
            return Err(Fault::value(self.line, "the number of fields", &found, expected));
        }
        Ok(true)
    }

    /// Line of the row.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// A field of the row.
    pub(super) fn field(&self, column: usize) -> &str {
        self.record.get(column).unwrap_or_default()
    }

    /// A field that has to be a rate: finite and not negative.
    pub(super) fn rate(&self, column: usize) -> Result<f64> {
        let rate = self.field(column).parse::<f64>().ok();
        rate.filter(|rate| rate.is_finite() && *rate >= 0.0)
            .ok_or_else(|| self.wrong(column, "a number, 0 or above"))
    }

    /// That a field of the row is not what it should be.
    pub(super) fn wrong(&self, column: usize, expected: &'static str) -> Fault {
        let title = self.header.get(column).map_or("", String::as_str);
        Fault::value(self.line, format!("column `{}`", shown(title)), self.field(column), expected)
    }
}
