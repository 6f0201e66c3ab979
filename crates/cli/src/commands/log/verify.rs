//! `npo log verify`: walks the chain from its first event to its head.

use clap::Args;
use npo_log::{LogReader, ReadError, VerifyError, to_hex};
use serde::Serialize;

use super::Place;
use crate::exit::{Answer, Failure, chain};
use crate::options::Options;
use crate::progress;
use crate::text::{Line, Tone};

/// Verify every event's hash; names the first bad one.
#[derive(Debug, Args)]
#[command(after_help = "Exits 1 if an event is bad or the expected one is not there.
A tail that was cut off cleanly shows only against a position and hash noted earlier: --expect.")]
pub(crate) struct Verify {
    #[command(flatten)]
    place: Place,
    /// Expect this event, as an earlier run printed it
    #[arg(long, value_name = "POSITION:HASH", value_parser = expectation)]
    expect: Option<Expectation>,
}

/// An event noted earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Expectation {
    position: u64,
    hash: String,
}

fn expectation(text: &str) -> Result<Expectation, String> {
    let wrong =
        || format!("found `{text}`, expected POSITION:HASH with 64 lower-case hexadecimal digits");
    let (position, hash) = text.split_once(':').ok_or_else(wrong)?;
    let position = position.parse().ok().filter(|position| *position > 0).ok_or_else(wrong)?;
    let is_hash = hash.len() == 64
        && hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if !is_hash {
        return Err(wrong());
    }
    Ok(Expectation { position, hash: hash.to_owned() })
}

#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    /// Events that were walked and are good.
    events: u64,
    /// Position of the head.
    position: u64,
    /// Hash of the head.
    hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_bad: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

impl Report {
    fn bad(position: u64, problem: String) -> Self {
        let events = position.saturating_sub(1);
        Self {
            ok: false,
            events,
            position: 0,
            hash: String::new(),
            first_bad: Some(position),
            problem: Some(problem),
        }
    }
}

impl Verify {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let mut reader = self.place.reader()?;
        let report = self.walk(&mut reader)?;
        let mut out = options.out();
        out.value(&report, lines)?;
        out.flush()?;
        Ok(if report.ok { Answer::Yes } else { Answer::No })
    }

    fn walk(&self, reader: &mut dyn LogReader) -> Result<Report, Failure> {
        // A damaged head must not keep the walk from naming the damage.
        let total = reader.head().map_or(0, |head| head.position);
        let bar = progress::bar("verifying", total, progress::EVENTS);
        let verified = npo_log::verify(reader, &mut |position| bar.set_position(position));
        bar.finish_and_clear();
        let verified = match verified {
            Ok(verified) => verified,
            Err(VerifyError::Unreadable { source: source @ ReadError::Storage { .. }, .. }) => {
                return Err(Failure::could_not("could not read the log", source));
            }
            Err(error) => return Ok(Report::bad(error.position(), chain(&error))),
        };
        if let Some(Expectation { position, hash }) = &self.expect {
            let found = reader
                .get(*position)
                .map_err(|error| Failure::could_not("could not read the log", error))?;
            match found.map(|entry| to_hex(&entry.hash)) {
                Some(found) if found == *hash => {}
                Some(found) => {
                    let problem = format!(
                        "event {position} is not the one that was noted: found {found}, expected {hash}"
                    );
                    return Ok(Report::bad(*position, problem));
                }
                None => {
                    let end = verified.head.position;
                    return Ok(Report::bad(
                        *position,
                        format!("event {position} is missing: the log ends at position {end}"),
                    ));
                }
            }
        }
        let (position, hash) = (verified.head.position, to_hex(&verified.head.hash));
        Ok(Report {
            ok: true,
            events: verified.count,
            position,
            hash,
            first_bad: None,
            problem: None,
        })
    }
}

fn lines(report: &Report) -> Vec<Line> {
    match &report.problem {
        Some(problem) => vec![Line::of(Tone::Bad, "bad: ").and(Tone::Plain, problem.clone())],
        None => vec![
            Line::of(Tone::Good, "good: ").and(Tone::Plain, format!("{} events", report.events)),
            Line::plain(format!("head {}:{}", report.position, report.hash)),
        ],
    }
}

#[cfg(test)]
mod tests {
    use npo_log::{EventLog, Record};
    use npo_log_sqlite::SqliteLog;

    use super::*;

    fn log(directory: &std::path::Path) -> Place {
        let options = npo_log_sqlite::Options::default();
        let mut log = SqliteLog::open(&directory.join("log.db"), &options).expect("opens");
        let record = |n: u8| Record { kind: 1, version: 1, body: vec![n; 20] };
        log.append(0, &[record(1), record(2), record(3)]).expect("appends");
        Place { data: directory.to_owned() }
    }

    #[test]
    fn expectations_catch_a_log_that_ends_early_or_is_another() {
        let directory = tempfile::tempdir().expect("a directory");
        let place = log(directory.path());
        let mut reader = place.reader().expect("opens");
        let mut verify = Verify { place, expect: None };
        let good = verify.walk(&mut reader).expect("asks");
        assert!(good.ok && good.events == 3 && good.position == 3);
        let mut check = |position: u64, hash: &str, problem: Option<&str>| {
            verify.expect = Some(Expectation { position, hash: hash.to_owned() });
            let report = verify.walk(&mut reader).expect("asks");
            assert_eq!(report.ok, problem.is_none());
            assert!(
                report.problem.as_deref().unwrap_or("").contains(problem.unwrap_or("")),
                "{report:?}"
            );
        };
        check(3, &good.hash, None);
        check(2, &good.hash, Some("is not the one that was noted"));
        check(4, &good.hash, Some("the log ends at position 3"));
    }

    #[test]
    fn expectations_are_read_as_printed() {
        let hash = "0f".repeat(32);
        assert_eq!(
            expectation(&format!("7:{hash}")),
            Ok(Expectation { position: 7, hash: hash.clone() })
        );
        for wrong in [
            "7",
            "7:ab",
            &format!("0:{hash}"),
            &format!("x:{hash}"),
            &format!("7:{}", hash.to_uppercase()),
        ] {
            assert!(expectation(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_absent_log_could_not_be_asked() {
        let directory = tempfile::tempdir().expect("a directory");
        let place = Place { data: directory.path().to_owned() };
        assert!(matches!(place.reader(), Err(Failure::CouldNotAsk { .. })));
    }
}
