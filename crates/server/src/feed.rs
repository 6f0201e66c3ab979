//! What happens now, rendered once for all event streams.
//!
//! Nobody listening costs nothing: the feed then only notes how far the log is.
//! Streams catch up on the past by themselves (`routes/stream.rs`).

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use npo_engine::Engine;
use tokio::sync::{broadcast, watch};

use crate::chain::chain;
use crate::convert;
use crate::tail::{Happened, Tail};

/// Events that a stream may be behind before it is dropped.
const BEHIND_MAX: usize = 4096;
/// Events read at once.
const BATCH: u64 = 256;
/// Pause after a failure.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// One event as it goes over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) position: u64,
    /// Whether only auditors may see it.
    pub(crate) private: bool,
    pub(crate) bytes: Bytes,
}

/// Live events.
pub(crate) struct Feed {
    send: Arc<broadcast::Sender<Frame>>,
}

impl Feed {
    /// Starts following the log from its end, until `stop` turns true.
    pub(crate) fn start(engine: &Engine, stop: watch::Receiver<bool>) -> (Self, JoinHandle<()>) {
        let (send, _) = broadcast::channel(BEHIND_MAX);
        let send = Arc::new(send);
        let feed = Self { send: Arc::clone(&send) };
        let tail = Tail::new(engine.clone(), engine.health().position, stop);
        let engine = engine.clone();
        let thread = std::thread::Builder::new()
            .name("npo-feed".into())
            .spawn(move || run(&engine, tail, &send))
            .expect("a thread can be started when the process starts");
        (feed, thread)
    }

    /// Events from now on; positions may have gaps at the beginning.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Frame> {
        self.send.subscribe()
    }
}

fn run(engine: &Engine, mut tail: Tail, send: &broadcast::Sender<Frame>) {
    while tail.wait() {
        if send.receiver_count() == 0 {
            tail.seek(engine.health().position);
            continue;
        }
        match tail.next(BATCH) {
            Ok(batch) => {
                for happened in &batch {
                    // Fails only if nobody listens any more.
                    let _ = send.send(frame(engine, happened));
                }
            }
            Err(error) => {
                tracing::error!(
                    error = chain(&error),
                    "the log could not be followed; trying again"
                );
                std::thread::sleep(RETRY_AFTER);
            }
        }
    }
}

/// An event as a server-sent event.
pub(crate) fn frame(engine: &Engine, (position, envelope, hash): &Happened) -> Frame {
    let kind = envelope.event.name();
    let data = convert::event::streamed(engine, *position, envelope, hash);
    // JSON has no raw line breaks, so one data line is enough.
    let text = format!("id: {position}\nevent: {kind}\ndata: {data}\n\n");
    let private = convert::event::is_private(&envelope.event);
    Frame { position: *position, private, bytes: text.into() }
}
