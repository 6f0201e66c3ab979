//! What happens now, rendered once for all event streams.
//!
//! Nobody listening costs nothing: the feed then only notes how far the log is.
//! Streams catch up on the past by themselves (`routes/stream.rs`).

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use npo_engine::Engine;
use parking_lot::Mutex;
use tokio::sync::{Notify, broadcast, watch};

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
    shared: Arc<Shared>,
}

struct Shared {
    send: broadcast::Sender<Frame>,
    engine: Engine,
    /// From where on new listeners want to hear.
    from: Mutex<Option<u64>>,
    /// Somebody began to listen.
    heard: Notify,
}

impl Feed {
    /// Starts following the log from its end, until `stop` turns true.
    pub(crate) fn start(engine: &Engine, stop: watch::Receiver<bool>) -> (Self, JoinHandle<()>) {
        let (send, _) = broadcast::channel(BEHIND_MAX);
        let tail = Tail::new(engine.clone(), engine.health().position, stop);
        let (engine, from) = (engine.clone(), Mutex::default());
        let shared = Arc::new(Shared { send, engine, from, heard: Notify::new() });
        let feed = Self { shared: Arc::clone(&shared) };
        let thread = std::thread::Builder::new()
            .name("npo-feed".into())
            .spawn(move || run(&shared, tail))
            .expect("a thread can be started when the process starts");
        (feed, thread)
    }

    /// Events from now on; positions may have gaps at the beginning.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Frame> {
        let receiver = self.shared.send.subscribe();
        // Read after subscribing: what is durable by now is found in the log, what comes is fed.
        let now = self.shared.engine.health().position;
        let mut from = self.shared.from.lock();
        *from = Some(from.map_or(now, |from| from.min(now)));
        drop(from);
        self.shared.heard.notify_one();
        receiver
    }
}

fn run(shared: &Shared, mut tail: Tail) {
    let Shared { send, engine, from, heard } = shared;
    loop {
        if send.receiver_count() == 0 {
            if !tail.idle(heard) {
                return;
            }
            // What lies before is found in the log by those who listen.
            if let Some(from) = from.lock().take() {
                tail.seek(from.max(tail.position()));
            }
            continue;
        }
        if !tail.wait() {
            return;
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
