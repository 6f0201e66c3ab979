//! Where things go: data to stdout, talk to stderr; colours only for a terminal that wants them.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use serde::Serialize;

use crate::client::Received;
use crate::exit::Failure;
use crate::text::{Line, Tone, clean};

/// How data is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Tables and words for people.
    Text,
    /// The API's JSON; a line per document where there are many.
    Json,
}

/// Standard output.
pub(crate) struct Out {
    writer: BufWriter<StdoutLock<'static>>,
    format: Format,
    colour: bool,
}

impl Out {
    /// Standard output in this format.
    pub(crate) fn new(format: Format) -> Self {
        let stdout = io::stdout();
        let colour = stdout.is_terminal() && colours_wanted();
        Self { writer: BufWriter::new(stdout.lock()), format, colour }
    }

    /// Whether machines read it.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Writes an answer of the server: as it came, or as `lines` of its value.
    pub(crate) fn received<T>(
        &mut self,
        received: &Received<T>,
        lines: impl FnOnce(&T) -> Vec<Line>,
    ) -> Result<(), Failure> {
        match self.format {
            Format::Json => self.raw(received.text.trim_end()),
            Format::Text => self.lines(&lines(&received.value)),
        }
    }

    /// Writes a value of our own: as JSON, or as `lines` of it.
    pub(crate) fn value<T: Serialize>(
        &mut self,
        value: &T,
        lines: impl FnOnce(&T) -> Vec<Line>,
    ) -> Result<(), Failure> {
        match self.format {
            Format::Json => {
                let text = serde_json::to_string(value).map_err(|error| {
                    Failure::could_not("could not write the answer as JSON", error)
                })?;
                self.raw(&text)
            }
            Format::Text => self.lines(&lines(value)),
        }
    }

    /// Writes a line of text as it is.
    pub(crate) fn raw(&mut self, text: &str) -> Result<(), Failure> {
        self.written(|writer| writeln!(writer, "{text}"))
    }

    /// Writes toned lines.
    pub(crate) fn lines(&mut self, lines: &[Line]) -> Result<(), Failure> {
        for line in lines {
            let text = ansi(line, self.colour);
            self.written(|writer| writeln!(writer, "{}", text.trim_end()))?;
        }
        Ok(())
    }

    /// Writes bytes as they are, without a line feed.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.written(|writer| writer.write_all(bytes))
    }

    /// Hands everything to the reader.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.written(io::Write::flush)
    }

    fn written(
        &mut self,
        write: impl FnOnce(&mut BufWriter<StdoutLock<'static>>) -> io::Result<()>,
    ) -> Result<(), Failure> {
        write(&mut self.writer).map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ReaderGone,
            _ => Failure::could_not("could not write to standard output", error),
        })
    }
}

/// Whether the environment lets us use colours.
pub(crate) fn colours_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Columns to wrap prose at: the terminal's, but lines beyond 100 are hard to read.
pub(crate) fn columns() -> usize {
    terminal_columns().map_or(80, |columns| columns.clamp(40, 100))
}

/// Columns of the terminal that stdout is, if it is one.
pub(crate) fn terminal_columns() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let size = ratatui::crossterm::terminal::size().ok();
    // A terminal that does not know its size says 0.
    size.map(|(columns, _)| usize::from(columns)).filter(|columns| *columns > 0)
}

/// Says something to the person at the terminal; nobody parses it.
pub(crate) fn say(text: &str) {
    // A closed stderr is no reason to stop.
    let _ = writeln!(io::stderr(), "{}", clean(text));
}

fn ansi(line: &Line, colour: bool) -> String {
    let mut text = String::new();
    for (tone, part) in &line.0 {
        let code = match tone {
            Tone::Plain => "",
            Tone::Strong => "1",
            Tone::Faint => "2",
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Care => "33",
        };
        if colour && !code.is_empty() && !part.is_empty() {
            text.push_str(&format!("\u{1b}[{code}m{part}\u{1b}[0m"));
        } else {
            text.push_str(part);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_become_colours_only_where_wanted() {
        let line = Line::of(Tone::Good, "yes").and(Tone::Plain, " or no");
        assert_eq!(ansi(&line, true), "\u{1b}[32myes\u{1b}[0m or no");
        assert_eq!(ansi(&line, false), "yes or no");
    }
}
