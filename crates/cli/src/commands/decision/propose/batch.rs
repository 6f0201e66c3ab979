//! `npo decision propose --batch`: lines in, lines out, in order, in requests of a bounded size.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use npo_api::decision::{BatchLine, Disposition};

use crate::client::Client;
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output::Out;
use crate::text::explanation::{disposition_name, disposition_tone};
use crate::text::{Line, Tone, clean};

/// The longest line: the server refuses a line over 64 KiB, and should be the one to say so.
const LINE_BYTES_MAX: u64 = 128 << 10;
/// A request carries at most so many lines and bytes: large enough that round trips do not count,
/// small enough that answers arrive while more is read.
const CHUNK_LINES: usize = 2048;
const CHUNK_BYTES: usize = 4 << 20;

/// Reads lines from `path`, or from standard input.
pub(super) fn run(options: &Options, path: Option<&Path>) -> Result<Answer, Failure> {
    let source: Box<dyn BufRead> = match path {
        Some(path) if path != Path::new("-") => {
            let file = File::open(path).map_err(|error| {
                Failure::could_not(format!("could not read `{}`", path.display()), error)
            })?;
            Box::new(BufReader::with_capacity(1 << 20, file))
        }
        _ => Box::new(io::stdin().lock()),
    };
    let client = options.client()?;
    let mut out = options.out();
    let mut chunks = Chunks { source, number: 0 };
    let mut answer = Answer::Yes;
    while let Some(chunk) = chunks.next()? {
        if send(&client, &chunk, &mut out)? == Answer::No {
            answer = Answer::No;
        }
        out.flush()?;
    }
    Ok(answer)
}

/// Lines for one request, with their numbers in the input.
#[derive(Debug, Default, PartialEq, Eq)]
struct Chunk {
    bytes: Vec<u8>,
    numbers: Vec<u64>,
}

struct Chunks {
    source: Box<dyn BufRead>,
    number: u64,
}

impl Chunks {
    fn next(&mut self) -> Result<Option<Chunk>, Failure> {
        let mut chunk = Chunk::default();
        let mut line = Vec::new();
        while chunk.numbers.len() < CHUNK_LINES && chunk.bytes.len() < CHUNK_BYTES {
            line.clear();
            let read = self.source.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
            let read = read.map_err(|error| {
                Failure::could_not(format!("could not read line {}", self.number + 1), error)
            })?;
            if read == 0 {
                break;
            }
            self.number += 1;
            if read as u64 == LINE_BYTES_MAX && line.last() != Some(&b'\n') {
                return Err(Failure::cannot(format!(
                    "line {} is longer than {LINE_BYTES_MAX} bytes",
                    self.number
                )));
            }
            let content = line.trim_ascii();
            if content.is_empty() {
                continue;
            }
            chunk.bytes.extend_from_slice(content);
            chunk.bytes.push(b'\n');
            chunk.numbers.push(self.number);
        }
        Ok((!chunk.numbers.is_empty()).then_some(chunk))
    }
}

fn send(client: &Client, chunk: &Chunk, out: &mut Out) -> Result<Answer, Failure> {
    let text = client.post_lines("/v1/decisions/batch", &chunk.bytes)?;
    let mut answer = Answer::Yes;
    let mut answered = 0;
    for (line, number) in text.lines().zip(&chunk.numbers) {
        answered += 1;
        let read: BatchLine = serde_json::from_str(line).map_err(|error| {
            Failure::could_not(format!("the answer to line {number} is not understood"), error)
        })?;
        let (is_yes, line) = told(read, *number);
        if !is_yes {
            answer = Answer::No;
        }
        out.value(&line.0, |_| vec![line.1.clone()])?;
    }
    if answered != chunk.numbers.len() || text.lines().count() != answered {
        let what =
            format!("found {} answers to {} lines", text.lines().count(), chunk.numbers.len());
        return Err(Failure::cannot(what));
    }
    Ok(answer)
}

/// Whether it went well, and the line with its number in the whole input.
fn told(line: BatchLine, number: u64) -> (bool, (BatchLine, Line)) {
    match line {
        BatchLine::Decided(decision) => {
            let is_yes = decision.disposition != Disposition::Blocked;
            let shown = Line::plain(format!("{number}: {}  ", decision.id))
                .and(disposition_tone(decision.disposition), disposition_name(decision.disposition))
                .and(
                    Tone::Plain,
                    format!("  score {:.3}, threshold {:.3}", decision.score, decision.threshold),
                );
            (is_yes, (BatchLine::Decided(decision), shown))
        }
        BatchLine::Refused { mut problem } => {
            problem.line = Some(number);
            let shown =
                Line::plain(format!("{number}: ")).and(Tone::Bad, clean(&problem.to_string()));
            (false, (BatchLine::Refused { problem }, shown))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(text: &str) -> Vec<Chunk> {
        let mut chunks = Chunks { source: Box::new(io::Cursor::new(text.to_owned())), number: 0 };
        std::iter::from_fn(|| chunks.next().expect("reads")).collect()
    }

    #[test]
    fn blank_lines_count_but_are_not_sent() {
        let found = chunks("{}\n\n  \n{\"a\":1}\r\nlast");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].bytes, b"{}\n{\"a\":1}\nlast\n");
        assert_eq!(found[0].numbers, [1, 4, 5]);
    }

    #[test]
    fn many_lines_make_many_requests() {
        let found = chunks(&"x\n".repeat(CHUNK_LINES * 2 + 1));
        let sizes: Vec<usize> = found.iter().map(|chunk| chunk.numbers.len()).collect();
        assert_eq!(sizes, [CHUNK_LINES, CHUNK_LINES, 1]);
        assert_eq!(found[2].numbers, [CHUNK_LINES as u64 * 2 + 1]);
    }

    #[test]
    fn problems_name_the_line_of_the_input() {
        let problem =
            npo_api::Problem { line: Some(1), ..npo_api::Problem::new(422, "invalid-field", "no") };
        let (is_yes, (line, _)) = told(BatchLine::Refused { problem }, 4097);
        assert!(
            !is_yes && matches!(line, BatchLine::Refused { problem } if problem.line == Some(4097))
        );
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut chunks = Chunks { source: Box::new(BufReader::new(io::repeat(b'x'))), number: 0 };
        assert!(
            chunks.next().is_err_and(|error| error.to_string().starts_with("line 1 is longer"))
        );
    }
}
