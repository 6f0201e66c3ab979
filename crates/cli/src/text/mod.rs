//! Text for people: toned lines, wrapping, tables, bars, times.
//!
//! A [`Line`] says what its parts mean; whether that becomes ANSI colours, a cell of the live view
//! or nothing at all is decided where it is shown.

pub(crate) mod bar;
pub(crate) mod explanation;
pub(crate) mod oversight;
pub(crate) mod table;
pub(crate) mod when;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What a piece of text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing in particular.
    Plain,
    /// A heading, or what matters most.
    Strong,
    /// What may be skipped.
    Faint,
    /// Speaks for it.
    Good,
    /// Speaks against it.
    Bad,
    /// Asks for care.
    Care,
}

/// One line of toned text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Line(pub(crate) Vec<(Tone, String)>);

impl Line {
    /// A line in one tone.
    pub(crate) fn of(tone: Tone, text: impl Into<String>) -> Self {
        Self(vec![(tone, text.into())])
    }

    /// A line without tone.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self::of(Tone::Plain, text)
    }

    /// An empty line.
    pub(crate) fn empty() -> Self {
        Self::default()
    }

    /// The same line with one more part.
    pub(crate) fn and(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.0.push((tone, text.into()));
        self
    }

    /// The text alone.
    #[cfg(test)]
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }
}

/// Removes control characters, which could move the cursor or recolour the terminal: entities and
/// evidence come from outside.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Columns that `text` takes in a terminal.
pub(crate) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// `text` in at most `columns`, with an ellipsis in the middle if it is longer: both ends of an
/// interface's name tell things.
pub(crate) fn shorten(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    let back = room / 2;
    let head = take_columns(text.chars(), room - back);
    let mut tail: Vec<char> = take_columns(text.chars().rev(), back).chars().collect();
    tail.reverse();
    format!("{head}…{}", tail.into_iter().collect::<String>())
}

/// `text` in at most `columns`, with an ellipsis at the end if it is longer: sentences begin with
/// what matters.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    format!("{}…", take_columns(text.chars(), room))
}

fn take_columns(chars: impl Iterator<Item = char>, columns: usize) -> String {
    let mut left = columns;
    chars
        .take_while(|c| {
            let needed = c.width().unwrap_or(0);
            let fits = needed <= left;
            left = left.saturating_sub(needed);
            fits
        })
        .collect()
}

/// Breaks `text` at spaces into lines of at most `columns`, all but the first indented by `hang`.
pub(crate) fn wrap(text: &str, columns: usize, hang: usize) -> Vec<String> {
    let columns = columns.max(hang + 8);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut word = word;
        loop {
            let used = width(&line);
            let gap = usize::from(!line.trim().is_empty());
            if used + gap + width(word) <= columns {
                line.push_str(if gap == 1 { " " } else { "" });
                line.push_str(word);
                break;
            }
            if gap == 1 {
                lines.push(std::mem::replace(&mut line, " ".repeat(hang)));
                continue;
            }
            let head = take_columns(word.chars(), columns - used);
            word = &word[head.len()..];
            line.push_str(&head);
            lines.push(std::mem::replace(&mut line, " ".repeat(hang)));
        }
    }
    if !line.trim().is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// A number as people read it: four significant digits, no trailing zeros.
pub(crate) fn number(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e7).contains(&magnitude) {
        return format!("{value:.3e}");
    }
    let decimals = if magnitude >= 1000.0 {
        0
    } else if magnitude >= 100.0 {
        1
    } else if magnitude >= 10.0 {
        2
    } else {
        3
    };
    let text = format!("{value:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A count with its noun: `1 decision`, `2 decisions`.
pub(crate) fn count(number: impl Into<u64>, noun: &str) -> String {
    let number = number.into();
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A table's cell for a risk class.
pub(crate) fn risk_cell(risk: &str) -> (Tone, String) {
    (explanation::risk_tone(risk), risk.to_owned())
}

/// A probability or share in per cent.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortening_keeps_both_ends() {
        let check = |text, columns, expected: &str| {
            let found = shorten(text, columns);
            assert_eq!(found, expected);
            assert!(width(&found) <= columns);
        };
        check("leaf4:HundredGigE0/0/0/4", 40, "leaf4:HundredGigE0/0/0/4");
        check("leaf4:HundredGigE0/0/0/4", 11, "leaf4…0/0/4");
        check("spine3→leaf1", 5, "sp…f1");
        check("接口接口接口", 6, "接…口");
        check("abc", 0, "");
    }

    #[test]
    fn cutting_keeps_the_beginning() {
        assert_eq!(cut("like on d1", 20), "like on d1");
        assert_eq!(cut("like on d1", 8), "like on…");
        assert_eq!(cut("接口接口", 4), "接…");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn wrapping_breaks_at_spaces_and_within_long_words() {
        let check = |text: &str, columns, hang, expected: &[&str]| {
            assert_eq!(wrap(text, columns, hang), expected);
        };
        check("one two three four", 10, 0, &["one two", "three four"]);
        check("one two three four", 12, 2, &["one two", "  three four"]);
        check("abcdefghijkl", 8, 0, &["abcdefgh", "ijkl"]);
        check("", 10, 0, &[""]);
        check("a abcdefghijklmnop b", 10, 2, &["a", "  abcdefgh", "  ijklmnop", "  b"]);
    }

    #[test]
    fn numbers_are_short() {
        for (value, expected) in [
            (0.0, "0"),
            (0.25, "0.25"),
            (1.0 / 3.0, "0.333"),
            (12.345, "12.35"),
            (123_456.7, "123457"),
            (1e9, "1.000e9"),
            (-2.0, "-2"),
            (100.0, "100"),
        ] {
            assert_eq!(number(value), expected);
        }
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(clean("a\u{1b}[31mb\n"), "a\u{fffd}[31mb\u{fffd}");
    }
}
