//! Following the log: what became durable, in order, in batches.

use std::ops::ControlFlow;
use std::time::Duration;

use npo_core::Envelope;
use npo_core::stored::decode;
use npo_engine::{Engine, block_on, block_on_for};
use npo_log::{LogReader, ReadError};
use tokio::sync::{Notify, watch};

/// An event with its position and its hash.
pub(crate) type Happened = (u64, Envelope, [u8; 32]);

/// A place in the log that moves on.
pub(crate) struct Tail {
    engine: Engine,
    reader: Option<Box<dyn LogReader>>,
    /// Position of the last event given.
    position: u64,
    durable: watch::Receiver<u64>,
    stop: watch::Receiver<bool>,
}

impl Tail {
    /// Follows the log from after `position`, until `stop` turns true.
    pub(crate) fn new(engine: Engine, position: u64, stop: watch::Receiver<bool>) -> Self {
        let durable = engine.durable();
        Self { engine, reader: None, position, durable, stop }
    }

    /// Position of the last event given.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Goes on from after `position`.
    pub(crate) fn seek(&mut self, position: u64) {
        self.position = position;
    }

    /// Waits until there is something to read; false if the server stops. Blocks.
    pub(crate) fn wait(&mut self) -> bool {
        let Self { durable, stop, position, .. } = self;
        block_on(async {
            tokio::select! {
                biased;
                stopped = stop.wait_for(|stop| *stop) => { drop(stopped); false }
                more = durable.wait_for(|durable| *durable > *position) => more.is_ok(),
            }
        })
    }

    /// Waits until `wake` is notified; false if the server stops. Blocks.
    pub(crate) fn idle(&mut self, wake: &Notify) -> bool {
        let stop = &mut self.stop;
        block_on(async {
            tokio::select! {
                biased;
                stopped = stop.wait_for(|stop| *stop) => { drop(stopped); false }
                () = wake.notified() => true,
            }
        })
    }

    /// Pauses until `wake` is notified or the server stops, at most for so long. Blocks.
    pub(crate) fn pause(&mut self, wake: &Notify, at_most: Duration) {
        let stop = &mut self.stop;
        let _elapsed = block_on_for(
            async {
                tokio::select! {
                    stopped = stop.wait_for(|stop| *stop) => drop(stopped),
                    () = wake.notified() => {}
                }
            },
            at_most,
        );
    }

    /// The next events, at most `limit`; none if there are none yet. Blocks for the reading.
    pub(crate) fn next(&mut self, limit: u64) -> Result<Vec<Happened>, ReadError> {
        let mut reader = match self.reader.take() {
            Some(reader) => reader,
            None => self.engine.reader()?,
        };
        let batch = read(reader.as_mut(), self.position, limit)?;
        // Kept only if it worked: a new one is opened after an error.
        self.reader = Some(reader);
        if let Some((last, ..)) = batch.last() {
            self.position = *last;
        }
        Ok(batch)
    }
}

/// Events after `position`, at most `limit`.
pub(crate) fn read(
    reader: &mut dyn LogReader,
    position: u64,
    limit: u64,
) -> Result<Vec<Happened>, ReadError> {
    let mut batch = Vec::new();
    let mut failed = None;
    reader.visit(position, Some(limit), &mut |entry| match decode(
        entry.kind,
        entry.version,
        entry.body,
    ) {
        Ok(envelope) => {
            batch.push((entry.position, envelope, entry.hash));
            ControlFlow::Continue(())
        }
        Err(error) => {
            failed = Some(ReadError::Corrupt {
                position: entry.position,
                found: error.to_string(),
                expected: "an event".into(),
            });
            ControlFlow::Break(())
        }
    })?;
    failed.map_or(Ok(batch), Err)
}
