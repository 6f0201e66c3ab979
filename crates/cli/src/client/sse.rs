//! Server-sent events: lines into events, and a stream that comes back after it was lost.

use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::thread;
use std::time::Duration;

use npo_api::decision::Decision;
use serde::{Deserialize, Serialize};

use super::Client;
use crate::exit::{Failure, chain};

/// The longest silence: the server sends a comment every 15 s.
const SILENCE_MAX: Duration = Duration::from_secs(45);
/// The longest line: an event is at most 1 MiB in the log, and its JSON a few times that.
const LINE_BYTES_MAX: u64 = 8 << 20;
/// First and longest pause before asking again.
const PAUSE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));

/// What happened, as the stream tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Happening {
    /// The event of the log.
    #[serde(flatten)]
    pub(crate) event: npo_api::event::Event,
    /// The decision in words, if the event is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) decision: Option<Decision>,
}

/// What a stream tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Told {
    /// The connection stands; what happened meanwhile follows.
    Connected,
    /// Something happened.
    Happened(Box<Happening>),
    /// The connection was lost, and why; it will be tried again.
    Lost(String),
}

/// Follows `/v1/stream` until `tell` breaks, coming back to where it was after a lost connection.
///
/// # Errors
/// When the first connection fails, or the server refuses.
pub(crate) fn follow(
    client: &Client,
    mut after: Option<u64>,
    tell: &mut dyn FnMut(Told) -> ControlFlow<()>,
) -> Result<(), Failure> {
    let mut pause = PAUSE.0;
    let mut was_connected = false;
    loop {
        let lost = match client.open_stream("/v1/stream", after, SILENCE_MAX) {
            Ok(response) => {
                if tell(Told::Connected).is_break() {
                    return Ok(());
                }
                was_connected = true;
                pause = PAUSE.0;
                let reader = response.into_body().into_with_config().limit(u64::MAX).reader();
                match read_events(reader, &mut after, tell) {
                    Ok(ControlFlow::Break(())) => return Ok(()),
                    Ok(ControlFlow::Continue(())) => "the server ended the stream".to_owned(),
                    Err(error) => error.to_string(),
                }
            }
            Err(failure) if !was_connected || is_final(&failure) => return Err(failure),
            Err(failure) => chain(&failure),
        };
        if tell(Told::Lost(lost)).is_break() {
            return Ok(());
        }
        thread::sleep(pause);
        pause = (pause * 2).min(PAUSE.1);
    }
}

/// Whether asking again cannot help.
pub(crate) fn is_final(failure: &Failure) -> bool {
    matches!(failure, Failure::Problem(problem) if matches!(problem.status, 400..=407 | 410..=428))
}

fn read_events(
    reader: impl Read,
    after: &mut Option<u64>,
    tell: &mut dyn FnMut(Told) -> ControlFlow<()>,
) -> io::Result<ControlFlow<()>> {
    let mut reader = BufReader::new(reader);
    let mut frames = Frames::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        if line.last() != Some(&b'\n') && read as u64 == LINE_BYTES_MAX {
            return Err(io::Error::other(format!(
                "a line of the stream is longer than {LINE_BYTES_MAX} bytes"
            )));
        }
        let Some(frame) = frames.line(&line) else { continue };
        if let Some(position) = frame.id {
            *after = Some(position);
        }
        let happening = serde_json::from_str(&frame.data).map_err(|error| {
            io::Error::other(format!("an event of the stream is not understood: {error}"))
        })?;
        if tell(Told::Happened(Box::new(happening))).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
}

/// One event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Frame {
    id: Option<u64>,
    data: String,
}

/// Puts lines together to events.
#[derive(Debug, Default)]
struct Frames {
    id: Option<u64>,
    data: String,
}

impl Frames {
    /// Takes a line; an empty one completes an event. Comments and fields that we do not use are passed over.
    fn line(&mut self, line: &[u8]) -> Option<Frame> {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches(['\n', '\r']);
        if line.is_empty() {
            let Self { id, data } = std::mem::take(self);
            return (!data.is_empty()).then_some(Frame { id, data });
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.id = value.parse().ok(),
            "data" => {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(Option<u64>, &str)]) {
        let mut frames = Frames::default();
        let found: Vec<(Option<u64>, String)> = text
            .split_inclusive('\n')
            .filter_map(|line| frames.line(line.as_bytes()))
            .map(|f| (f.id, f.data))
            .collect();
        let expected: Vec<(Option<u64>, String)> =
            expected.iter().map(|(id, data)| (*id, (*data).to_owned())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn lines_become_events() {
        check("id: 7\nevent: x\ndata: {}\n\n", &[(Some(7), "{}")]);
        check("data: a\r\ndata:b\r\n\r\n", &[(None, "a\nb")]);
        check(": comment\n\n:\n\nid: 9\n\n", &[]);
        check("retry: 5\nid: x\ndata: 1\n\ndata: 2\n\n", &[(None, "1"), (None, "2")]);
        check("data: cut off\n", &[]);
    }

    #[test]
    fn a_reader_remembers_where_it_was() {
        let event = r#"{"position":4,"at":"2026-01-01T00:00:00Z","actor":"npo","kind":"decision-expired","data":{},"hash":""}"#;
        let text = format!(": hello\n\nid: 4\nevent: decision-expired\ndata: {event}\n\n");
        let mut after = None;
        let mut told = Vec::new();
        let end = read_events(text.as_bytes(), &mut after, &mut |item| {
            told.push(item);
            ControlFlow::Continue(())
        });
        assert_eq!(end.expect("reads"), ControlFlow::Continue(()));
        assert_eq!(after, Some(4));
        let [Told::Happened(happening)] = &told[..] else { panic!("found {told:?}") };
        assert_eq!(
            (happening.event.position, happening.event.kind.as_str()),
            (4, "decision-expired")
        );
    }

    #[test]
    fn what_is_no_event_is_an_error() {
        let error = read_events("data: nonsense\n\n".as_bytes(), &mut None, &mut |_| {
            ControlFlow::Continue(())
        });
        assert!(error.is_err_and(|error| error.to_string().contains("not understood")));
    }
}
