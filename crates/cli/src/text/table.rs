//! Plain tables: a header, rows, columns as wide as they need, numbers to the right.

use super::{Line, Tone, clean, width};

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
}

impl Table {
    /// A table with these columns; a heading that begins with `>` is for numbers.
    pub(crate) fn new(headings: &[&'static str]) -> Self {
        let column = |heading: &&'static str| match heading.strip_prefix('>') {
            Some(heading) => (heading, Align::Right),
            None => (*heading, Align::Left),
        };
        Self { columns: headings.iter().map(column).collect(), rows: Vec::new() }
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

    /// The lines, header first.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|ix| {
                let cells =
                    self.rows.iter().filter_map(|row| row.get(ix)).map(|(_, cell)| width(cell));
                cells.max().unwrap_or(0).max(width(self.columns[ix].0))
            })
            .collect();
        let header: Vec<(Tone, String)> =
            self.columns.iter().map(|(heading, _)| (Tone::Strong, (*heading).to_owned())).collect();
        std::iter::once(&header).chain(&self.rows).map(|row| self.line(row, &widths)).collect()
    }

    fn line(&self, row: &[(Tone, String)], widths: &[usize]) -> Line {
        let mut line = Line::empty();
        let last = row.len().saturating_sub(1);
        for (ix, (tone, cell)) in row.iter().enumerate() {
            let padding = " ".repeat(widths[ix] - width(cell));
            let gap = if ix == last { "" } else { "  " };
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
}
