//! Plain tables: a header, rows, columns as wide as they need, numbers to the right.
//!
//! On a terminal too narrow for that, columns that can be spared are left out and long words are
//! shortened in the middle; in a pipe nothing is.

use super::{Line, Tone, clean, shorten, width};

/// Columns that a cell of words keeps at least when it is shortened.
const WORDS_MIN: usize = 10;
/// Columns between cells.
const GAP: usize = 2;

/// Where a column's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table that is being filled.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<(Tone, String)>>,
    spare: &'static [&'static str],
}

impl Table {
    /// A table with these columns; a heading that begins with `>` is for numbers.
    pub(crate) fn new(headings: &[&'static str]) -> Self {
        let column = |heading: &&'static str| match heading.strip_prefix('>') {
            Some(heading) => (heading, Align::Right),
            None => (*heading, Align::Left),
        };
        Self { columns: headings.iter().map(column).collect(), rows: Vec::new(), spare: &[] }
    }

    /// The same table, which may leave out these columns where there is little room, the first of
    /// them first.
    pub(crate) fn sparing(mut self, headings: &'static [&'static str]) -> Self {
        self.spare = headings;
        self
    }

    /// Adds a row of plain cells.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.toned(cells.map(|cell| (Tone::Plain, cell)));
    }

    /// Adds a row of toned cells.
    pub(crate) fn toned<const N: usize>(&mut self, cells: [(Tone, String); N]) {
        debug_assert_eq!(N, self.columns.len(), "a row has a cell for each column");
        self.rows.push(cells.into_iter().map(|(tone, cell)| (tone, clean(&cell))).collect());
    }

    /// The same table without this column, whatever the room: it would say the same in each row.
    pub(crate) fn without(mut self, heading: &str) -> Self {
        self.remove(heading);
        self
    }

    /// The lines, header first, as wide as the terminal if stdout is one.
    pub(crate) fn lines(self) -> Vec<Line> {
        self.lines_in(crate::output::terminal_columns())
    }

    /// The lines, header first, in at most `columns` where that can be had.
    fn lines_in(mut self, columns: Option<usize>) -> Vec<Line> {
        if let Some(columns) = columns {
            self.leave_out(columns);
            self.shorten_words(columns);
        }
        let widths = self.widths();
        let header: Vec<(Tone, String)> =
            self.columns.iter().map(|(heading, _)| (Tone::Strong, (*heading).to_owned())).collect();
        std::iter::once(&header).chain(&self.rows).map(|row| self.line(row, &widths)).collect()
    }

    fn widths(&self) -> Vec<usize> {
        (0..self.columns.len())
            .map(|ix| {
                let cells =
                    self.rows.iter().filter_map(|row| row.get(ix)).map(|(_, cell)| width(cell));
                cells.max().unwrap_or(0).max(width(self.columns[ix].0))
            })
            .collect()
    }

    fn leave_out(&mut self, columns: usize) {
        for heading in self.spare {
            let widths = self.widths();
            let gain: usize =
                (0..widths.len()).map(|ix| widths[ix] - self.narrowest(ix, &widths)).sum();
            // Words shortened to the last letter read worse than a column left out.
            if total(&widths) <= columns + gain * 2 / 3 {
                return;
            }
            self.remove(heading);
        }
    }

    fn remove(&mut self, heading: &str) {
        if let Some(ix) = self.columns.iter().position(|(name, _)| *name == heading) {
            self.columns.remove(ix);
            self.rows.iter_mut().for_each(|row| drop(row.remove(ix)));
        }
    }

    fn shorten_words(&mut self, columns: usize) {
        let mut widths = self.widths();
        let excess = total(&widths).saturating_sub(columns);
        for _ in 0..excess {
            let can_shrink =
                (0..widths.len()).filter(|&ix| widths[ix] > self.narrowest(ix, &widths));
            let Some(widest) = can_shrink.max_by_key(|&ix| widths[ix]) else { break };
            widths[widest] -= 1;
        }
        for row in &mut self.rows {
            for ((_, cell), width) in row.iter_mut().zip(&widths) {
                *cell = shorten(cell, *width);
            }
        }
    }

    /// How narrow a column may become; numbers are never shortened.
    fn narrowest(&self, ix: usize, widths: &[usize]) -> usize {
        match self.columns[ix] {
            (_, Align::Right) => widths[ix],
            (heading, Align::Left) => widths[ix].min(WORDS_MIN.max(width(heading))),
        }
    }

    fn line(&self, row: &[(Tone, String)], widths: &[usize]) -> Line {
        let mut line = Line::empty();
        let last = row.len().saturating_sub(1);
        for (ix, (tone, cell)) in row.iter().enumerate() {
            let padding = " ".repeat(widths[ix] - width(cell));
            let gap = " ".repeat(if ix == last { 0 } else { GAP });
            let text = match self.columns[ix].1 {
                Align::Right => format!("{padding}{cell}{gap}"),
                Align::Left if ix == last => cell.clone(),
                Align::Left => format!("{cell}{padding}{gap}"),
            };
            line = line.and(*tone, text);
        }
        line
    }
}

fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_numbers_stand_right() {
        let mut table = Table::new(&["ID", ">SCORE", "ENTITY"]);
        table.row(["d1".into(), "0.5".into(), "spine3→leaf1".into()]);
        table.row(["d1000".into(), "0.25".into(), "x\ny".into()]);
        let lines: Vec<String> = table.lines().iter().map(Line::text).collect();
        assert_eq!(
            lines,
            ["ID     SCORE  ENTITY", "d1       0.5  spine3→leaf1", "d1000   0.25  x\u{fffd}y"]
        );
    }

    #[test]
    fn a_narrow_terminal_spares_columns_and_shortens_words() {
        let check = |columns: Option<usize>, expected: [&str; 2]| {
            let mut table = Table::new(&["ID", "ENTITY", ">SCORE", ">THRESHOLD"]);
            table.row([
                "d1".into(),
                "leaf4:HundredGigE0/0/0/13".into(),
                "0.5".into(),
                "0.75".into(),
            ]);
            let table = table.sparing(&["THRESHOLD"]);
            let lines: Vec<String> = table.lines_in(columns).iter().map(Line::text).collect();
            assert_eq!(lines, expected, "{columns:?}");
        };
        let whole = [
            "ID  ENTITY                     SCORE  THRESHOLD",
            "d1  leaf4:HundredGigE0/0/0/13    0.5       0.75",
        ];
        check(None, whole);
        check(Some(47), whole);
        check(
            Some(40),
            [
                "ID  ENTITY              SCORE  THRESHOLD",
                "d1  leaf4:Hun…0/0/0/13    0.5       0.75",
            ],
        );
        check(Some(30), ["ID  ENTITY               SCORE", "d1  leaf4:Hun…E0/0/0/13    0.5"]);
        check(Some(5), ["ID  ENTITY      SCORE", "d1  leaf4…0/13    0.5"]);
    }
}
