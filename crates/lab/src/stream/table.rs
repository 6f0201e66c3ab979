//! A CSV file as numbers: inputs, a binary label, and perhaps a group.
//!
//! Columns of numbers are taken as they are, missing cells as NaN, and so are the few cells of other
//! text that a column of numbers may have (`-`, `inf`), with a note.
//! Columns of text become one input per value, the first [`VALUES_MAX`] values; columns with
//! nearly as many values as rows (names, times) are left out with a note.
//! The kind of a column is decided on the whole file, which says nothing about labels.

use std::collections::HashMap;

use super::{COLUMNS_MAX, Error, ROWS_MAX, excerpt};

/// Values of a text column that get an input of their own; the rest share none.
pub const VALUES_MAX: usize = 32;
/// Distinct values of a text column beyond which it is left out, if rows are not twice as many.
const VALUES_KEPT_MAX: usize = 1000;
/// Numbers per cell that is neither number nor missing, from which on a column is one of numbers in
/// which such cells are missing.
const NUMBERS_PER_TEXT: usize = 10;
/// Distinct labels at most; more than two become one against the rest.
pub const LABELS_MAX: usize = 64;
/// Inputs at most: a label costs the square of them.
pub const INPUTS_MAX: usize = 256;
/// Cells that stand for nothing.
const MISSING: [&str; 7] = ["", "NA", "N/A", "NaN", "nan", "null", "?"];
/// Names of label columns, if none is given; else the last column is it.
const LABEL_NAMES: [&str; 5] = ["label", "class", "target", "y", "answer"];

/// What to take from a file.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Column of the label; a usual name or the last column if absent.
    pub label: Option<String>,
    /// Columns to leave out.
    pub ignore: Vec<String>,
    /// Column that says who or what a row belongs to.
    pub group: Option<String>,
}

/// A file as numbers.
#[derive(Debug, Clone)]
pub struct Table {
    /// Names of the inputs.
    pub inputs: Vec<String>,
    /// Row-major, rows × inputs; NaN where missing.
    values: Vec<f64>,
    /// The labels.
    pub labels: Vec<bool>,
    /// Groups by row, numbered by first appearance; empty if no column was chosen.
    pub groups: Vec<usize>,
    /// What the label's column is called, and which value stands for 1.
    pub label: (String, String),
    /// What was left out or decided, in words.
    pub notes: Vec<String>,
}

enum Kind {
    Unused,
    Number,
    Values(Vec<String>),
}

impl Table {
    /// Reads CSV text with a header.
    ///
    /// # Errors
    /// If it is no CSV, too large, lacks a column that was asked for, or its label does not tell
    /// rows apart.
    pub fn read(text: &[u8], choice: &Choice) -> Result<Self, Error> {
        let mut survey = Survey::of(text)?;
        let label = survey.label_column(choice)?;
        let group = choice.group.as_ref().map(|name| survey.column(name)).transpose()?;
        let ignored: Vec<usize> =
            choice.ignore.iter().map(|name| survey.column(name)).collect::<Result<_, _>>()?;
        let mut notes = Vec::new();
        let one = survey.label_one(label, &mut notes)?;
        let used = |ix: usize| ix != label && Some(ix) != group && !ignored.contains(&ix);
        let kinds = survey.kinds(used, &mut notes);
        let mut inputs = Vec::new();
        for (name, kind) in survey.names.iter().zip(&kinds) {
            match kind {
                Kind::Unused => {}
                Kind::Number => inputs.push(name.clone()),
                Kind::Values(values) => inputs.extend(values.iter().map(|v| format!("{name}={v}"))),
            }
        }
        if inputs.len() > INPUTS_MAX {
            return Err(Error::Inputs { found: inputs.len(), max: INPUTS_MAX });
        }
        let mut table = Self {
            inputs,
            values: Vec::new(),
            labels: Vec::new(),
            groups: Vec::new(),
            label: (survey.names[label].clone(), one.clone()),
            notes,
        };
        table.fill(text, &kinds, label, &one, group)?;
        Ok(table)
    }

    /// Inputs of one row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.inputs.len()..][..self.inputs.len()]
    }

    fn fill(
        &mut self,
        text: &[u8],
        kinds: &[Kind],
        label: usize,
        one: &str,
        group: Option<usize>,
    ) -> Result<(), Error> {
        let mut groups: HashMap<String, usize> = HashMap::new();
        let mut record = csv::StringRecord::new();
        let mut reader = reader(text);
        let mut unlabelled = 0_usize;
        while reader.read_record(&mut record).map_err(Error::Csv)? {
            let answer = record[label].trim();
            if is_missing(answer) {
                unlabelled += 1;
                continue;
            }
            self.labels.push(answer == one);
            for (cell, kind) in record.iter().zip(kinds) {
                let cell = cell.trim();
                match kind {
                    Kind::Unused => {}
                    Kind::Number => self.values.push(number(cell).unwrap_or(f64::NAN)),
                    Kind::Values(values) => self
                        .values
                        .extend(values.iter().map(|value| f64::from(u8::from(value == cell)))),
                }
            }
            if let Some(column) = group {
                let next = groups.len();
                self.groups.push(*groups.entry(record[column].to_owned()).or_insert(next));
            }
        }
        if unlabelled > 0 {
            self.notes.push(format!("{unlabelled} rows without a label were passed over"));
        }
        Ok(())
    }
}

/// What a first look at the file tells.
struct Survey {
    names: Vec<String>,
    columns: Vec<Column>,
    rows: usize,
}

#[derive(Default)]
struct Column {
    numbers: usize,
    /// Cells that are neither numbers nor missing.
    texts: usize,
    /// Line and text of the first cell that is neither number nor missing.
    first_text: Option<(u64, String)>,
    /// Distinct values in order of appearance, with their counts; counting stops beyond a limit.
    values: HashMap<String, (usize, usize)>,
}

impl Survey {
    fn of(text: &[u8]) -> Result<Self, Error> {
        let mut reader = reader(text);
        let header = reader.headers().map_err(Error::Csv)?;
        let names: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
        if names.len() > COLUMNS_MAX {
            return Err(Error::TooMuch { what: "columns", max: COLUMNS_MAX as u64 });
        }
        let mut columns: Vec<Column> = names.iter().map(|_| Column::default()).collect();
        let mut record = csv::StringRecord::new();
        let mut rows = 0;
        while reader.read_record(&mut record).map_err(Error::Csv)? {
            rows += 1;
            if rows > ROWS_MAX {
                return Err(Error::TooMuch { what: "rows", max: ROWS_MAX as u64 });
            }
            let line = record.position().map_or(0, csv::Position::line);
            for (column, cell) in columns.iter_mut().zip(&record) {
                column.see(cell.trim(), line);
            }
        }
        // Where there is a row there is a column, which the label's column relies on.
        if rows < 2 || names.is_empty() {
            return Err(Error::TooFew { what: "rows", found: rows, min: 2 });
        }
        Ok(Self { names, columns, rows })
    }

    fn column(&self, name: &str) -> Result<usize, Error> {
        self.names
            .iter()
            .position(|known| known == name)
            .ok_or_else(|| Error::Column { name: excerpt(name), known: excerpt_list(&self.names) })
    }

    fn label_column(&self, choice: &Choice) -> Result<usize, Error> {
        if let Some(name) = &choice.label {
            return self.column(name);
        }
        let usual = LABEL_NAMES
            .iter()
            .find_map(|usual| self.names.iter().position(|name| name.eq_ignore_ascii_case(usual)));
        Ok(usual.unwrap_or(self.names.len() - 1))
    }

    /// The value of the label that stands for 1.
    fn label_one(&mut self, label: usize, notes: &mut Vec<String>) -> Result<String, Error> {
        let column = &self.columns[label];
        let mut values: Vec<(&String, (usize, usize))> =
            column.values.iter().map(|(value, seen)| (value, *seen)).collect();
        if !(2..=LABELS_MAX).contains(&values.len()) {
            return Err(Error::Labels {
                column: self.names[label].clone(),
                found: values.len(),
                max: LABELS_MAX,
            });
        }
        if values.len() > 2 {
            values.sort_by_key(|(_, (order, count))| (std::cmp::Reverse(*count), *order));
            let one = values[0].0.clone();
            notes.push(format!(
                "`{}` has {} labels; the most frequent, `{}`, is told from the rest",
                self.names[label],
                values.len(),
                excerpt(&one)
            ));
            return Ok(one);
        }
        // 1 over 0, true over false, yes over no: the later of the two, by number or by letter.
        values.sort_by(|(a, _), (b, _)| match (number(a), number(b)) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => a.to_lowercase().cmp(&b.to_lowercase()).then_with(|| a.cmp(b)),
        });
        Ok(values[1].0.clone())
    }

    fn kinds(&self, used: impl Fn(usize) -> bool, notes: &mut Vec<String>) -> Vec<Kind> {
        let kind = |(ix, column): (usize, &Column)| {
            if !used(ix) {
                return Kind::Unused;
            }
            let Some((line, text)) = &column.first_text else { return Kind::Number };
            let distinct = column.values.len();
            let name = &self.names[ix];
            let various = distinct > VALUES_MAX || 2 * distinct > self.rows;
            if various && column.numbers >= NUMBERS_PER_TEXT * column.texts {
                let (cells, count) = match column.texts {
                    1 => ("cell that is no finite number counts", 1),
                    texts => ("cells that are no finite numbers count", texts),
                };
                notes.push(format!(
                    "column `{name}`: {count} {cells} as missing (line {line}: `{}`)",
                    excerpt(text)
                ));
                return Kind::Number;
            }
            if distinct > VALUES_KEPT_MAX || (distinct > VALUES_MAX && 2 * distinct > self.rows) {
                let mixed = match column.numbers {
                    0 => "texts".to_owned(),
                    numbers => format!("values, {numbers} numbers and {} texts", column.texts),
                };
                notes.push(format!(
                    "column `{name}` is left out: too many different {mixed} (line {line}: `{}`)",
                    excerpt(text)
                ));
                return Kind::Unused;
            }
            let mut values: Vec<(usize, &String)> =
                column.values.iter().map(|(value, (order, _))| (*order, value)).collect();
            values.sort();
            if values.len() > VALUES_MAX {
                notes.push(format!(
                    "column `{name}` has {distinct} values; those after the first {VALUES_MAX} count as none"
                ));
            }
            // Of two values one says everything about the other.
            let keep = if values.len() == 2 { 1 } else { VALUES_MAX };
            Kind::Values(values.into_iter().take(keep).map(|(_, value)| value.clone()).collect())
        };
        self.columns.iter().enumerate().map(kind).collect()
    }
}

impl Column {
    fn see(&mut self, cell: &str, line: u64) {
        if is_missing(cell) {
            return;
        }
        if number(cell).is_some() {
            self.numbers += 1;
        } else {
            self.texts += 1;
            if self.first_text.is_none() {
                self.first_text = Some((line, cell.to_owned()));
            }
        }
        if let Some((_, count)) = self.values.get_mut(cell) {
            *count += 1;
        } else if self.values.len() <= VALUES_KEPT_MAX {
            let order = self.values.len();
            self.values.insert(cell.to_owned(), (order, 1));
        }
    }
}

/// A reader that insists on rows of one length.
pub(super) fn reader(text: &[u8]) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().from_reader(text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text))
}

/// A finite number, if the cell is one.
pub(super) fn number(cell: &str) -> Option<f64> {
    cell.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// Whether the cell stands for nothing.
pub(super) fn is_missing(cell: &str) -> bool {
    MISSING.contains(&cell)
}

/// Names for a message.
pub(super) fn excerpt_list(names: &[String]) -> String {
    const NAMES_SHOWN: usize = 12;
    let shown: Vec<String> =
        names.iter().take(NAMES_SHOWN).map(|name| format!("`{}`", excerpt(name))).collect();
    let more = if names.len() > NAMES_SHOWN { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}
