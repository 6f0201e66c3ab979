//! Where events come from: a log's reader, or an exported text, both read once from the beginning.

use std::io::BufRead;
use std::ops::ControlFlow;

use npo_log::{
    AppendError, Entry, EventLog, Head, ImportError, LogReader, ReadError, Record, VerifyError,
    check_batch, import,
};

use super::question::{InvalidQuestion, Question};
use super::report::Report;
use super::scan::{Scan, ScanError};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The question itself.
    #[error(transparent)]
    Question(#[from] InvalidQuestion),
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Read(#[from] ReadError),
    /// The log is damaged, or somebody changed it.
    #[error("the log is not what was written")]
    Chain(#[from] VerifyError),
    /// The export cannot be read, or is no whole chain.
    #[error("the export cannot be read")]
    Export(#[from] ImportError),
    /// An event, or what is asked about.
    #[error(transparent)]
    Scan(#[from] ScanError),
}

/// Asks a log, whose chain is checked on the way; `progress` is told each position.
///
/// # Errors
/// If the log cannot be read, is damaged or was changed, or an event cannot be understood. A refusal to estimate is a report.
pub fn replay(
    reader: &mut dyn LogReader,
    question: Question<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<Report, ReplayError> {
    let mut scan = Scan::new(question)?;
    let mut head = Head::EMPTY;
    let mut failed: Option<ReplayError> = None;
    reader.visit(0, None, &mut |entry| {
        progress(entry.position);
        let taken = link(&mut head, entry).map_err(ReplayError::from).and_then(|()| {
            Ok(scan.event(entry.position, entry.kind, entry.version, entry.body)?)
        });
        match taken {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    match failed {
        Some(error) => Err(error),
        None => Ok(scan.finish()?),
    }
}

/// Moves the head on by an event that follows it; gaps are the scan's to name.
fn link(head: &mut Head, entry: Entry<'_>) -> Result<(), VerifyError> {
    let Entry { position, kind, version, body, hash } = entry;
    let next = head.next(kind, version, body);
    if next.position == position && next.hash != hash {
        return Err(VerifyError::Hash { position, found: hash, expected: next.hash });
    }
    *head = next;
    Ok(())
}

/// Asks an exported log, whose chain is checked on the way; `progress` is told positions.
///
/// # Errors
/// As [`replay`]; the first line that is refused, by number.
pub fn replay_export(
    text: &mut dyn BufRead,
    question: Question<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<Report, ReplayError> {
    let mut sink = Sink { scan: Scan::new(question)?, head: Head::EMPTY, failed: None };
    let imported = import(text, &mut sink, progress);
    // The scan's own reason is better than that the sink did not take a group.
    if let Some(error) = sink.failed {
        return Err(error.into());
    }
    imported?;
    Ok(sink.scan.finish()?)
}

/// A log that keeps nothing: what is appended is scanned.
struct Sink<'a> {
    scan: Scan<'a>,
    head: Head,
    failed: Option<ScanError>,
}

impl EventLog for Sink<'_> {
    fn head(&self) -> Result<Head, ReadError> {
        Ok(self.head)
    }

    fn append(&mut self, after: u64, batch: &[Record]) -> Result<Head, AppendError> {
        check_batch(self.head.position, after, batch)?;
        for Record { kind, version, body } in batch {
            let next = self.head.next(*kind, *version, body);
            if let Err(error) = self.scan.event(next.position, *kind, *version, body) {
                let source = error.to_string().into();
                self.failed = Some(error);
                return Err(AppendError::Storage { after, records: batch.len(), source });
            }
            self.head = next;
        }
        Ok(self.head)
    }

    fn reader(&self) -> Result<Box<dyn LogReader>, ReadError> {
        let source = "what is scanned is not kept".into();
        Err(ReadError::Storage { position: 0, source })
    }
}
