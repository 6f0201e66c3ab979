//! What happens, as server-sent events.
//!
//! A stream first catches up on the log by itself, from where its client left off, and then
//! listens to the feed. A client that cannot keep up is dropped with a comment; it resumes with the
//! last id that it saw.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use npo_api::Problem;
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast, mpsc, watch};
use tokio::time::timeout;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

use super::decisions::is_auditor;
use crate::app::App;
use crate::chain::chain;
use crate::feed::{Frame, frame};
use crate::http::call::{Call, content};
use crate::http::listen::stopped;
use crate::http::query;
use crate::tail;

/// Events that wait for a client's connection.
const WAITING_MAX: usize = 64;
/// Events read at once while catching up.
const BATCH: u64 = 256;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct StreamQuery {
    /// Events after this position; from now on if absent.
    after: Option<u64>,
}

/// Follows the log.
pub(super) async fn follow(call: Call) -> Result<Response, Problem> {
    let query: StreamQuery = call.query()?;
    let head = call.app.engine.health().position;
    let after = match call.headers.get("last-event-id") {
        Some(id) => {
            Some(id.to_str().ok().and_then(|id| id.trim().parse().ok()).ok_or_else(|| {
                let found = query::shown(&String::from_utf8_lossy(id.as_bytes()));
                let detail = format!(
                    "the header `Last-Event-ID` is `{found}`, expected a position in the log"
                );
                Problem::new(400, "invalid-query", detail)
            })?)
        }
        None => query.after,
    };
    let after = after.unwrap_or(head);
    if after > head {
        let name = if call.headers.contains_key("last-event-id") {
            "the header `Last-Event-ID`"
        } else {
            "`after`"
        };
        let detail = format!("{name} is `{after}`, which is beyond the log, expected 0 to {head}");
        return Err(Problem::new(400, "invalid-query", detail));
    }
    let max = call.app.config.limits.streams;
    let permit = Arc::clone(&call.app.streams).try_acquire_owned().map_err(|_| {
        let detail = format!("{max} event streams are open already; try again later");
        Problem::new(503, "too-many-streams", detail)
    })?;
    let (send, receive) = mpsc::channel(WAITING_MAX);
    let stream = Stream {
        auditor: is_auditor(&call),
        keep_alive: Duration::from_secs(call.app.config.timeouts.keep_alive_s),
        patience: Duration::from_secs(call.app.config.timeouts.write_s),
        stop: call.app.stop.clone(),
        app: call.app,
        position: after,
        send,
        _permit: permit,
    };
    tokio::spawn(stream.run());
    let body = ReceiverStream::new(receive).map(Ok::<_, std::convert::Infallible>);
    Ok(content(200, "text/event-stream", Body::from_stream(body)))
}

struct Stream {
    app: Arc<App>,
    auditor: bool,
    keep_alive: Duration,
    patience: Duration,
    stop: watch::Receiver<bool>,
    /// Position of the last event sent or passed over.
    position: u64,
    send: mpsc::Sender<Bytes>,
    _permit: OwnedSemaphorePermit,
}

/// Why a stream ends.
enum End {
    /// The client went away.
    Gone,
    /// The client does not read, or reads too slowly.
    Slow,
    /// The server stops.
    Stopping,
    /// The log could not be read.
    Unreadable,
}

impl Stream {
    async fn run(mut self) {
        let comment = match self.follow().await {
            Ok(never) => match never {},
            Err(End::Gone) => return,
            Err(End::Slow) => ": too slow; resume with the last id that you saw\n\n",
            Err(End::Stopping) => ": the server stops; resume with the last id that you saw\n\n",
            Err(End::Unreadable) => ": the log could not be read; try again\n\n",
        };
        // A client that does not read does not get it either; its connection gives up by itself.
        let _ = self.send.try_send(Bytes::from_static(comment.as_bytes()));
    }

    async fn follow(&mut self) -> Result<std::convert::Infallible, End> {
        let hello = format!("retry: 2000\n: following from after {}\n\n", self.position);
        self.put(hello.into()).await?;
        // The past may be long, and the feed remembers only so much.
        self.catch_up().await?;
        let mut live = self.app.feed.listen();
        self.catch_up().await?;
        loop {
            let frame = self.next(&mut live).await?;
            if frame.position > self.position + 1 {
                self.catch_up().await?;
            }
            if frame.position > self.position {
                self.position = frame.position;
                self.show(&frame).await?;
            }
        }
    }

    async fn next(&mut self, live: &mut broadcast::Receiver<Frame>) -> Result<Frame, End> {
        loop {
            let received = tokio::select! {
                received = timeout(self.keep_alive, live.recv()) => received,
                () = self.send.closed() => return Err(End::Gone),
                () = stopped(&mut self.stop) => return Err(End::Stopping),
            };
            match received {
                Ok(Ok(frame)) => return Ok(frame),
                Ok(Err(RecvError::Lagged(_))) => return Err(End::Slow),
                Ok(Err(RecvError::Closed)) => return Err(End::Stopping),
                Err(_) => self.put(Bytes::from_static(b": still here\n\n")).await?,
            }
        }
    }

    /// Sends everything from the log that is durable now.
    async fn catch_up(&mut self) -> Result<(), End> {
        loop {
            let (app, position) = (Arc::clone(&self.app), self.position);
            let read = tokio::task::spawn_blocking(move || {
                let mut reader = app.engine.reader()?;
                let batch = tail::read(reader.as_mut(), position, BATCH)?;
                Ok::<Vec<_>, npo_log::ReadError>(
                    batch.iter().map(|h| frame(&app.engine, h)).collect(),
                )
            });
            let frames = match read.await {
                Ok(Ok(frames)) => frames,
                Ok(Err(error)) => {
                    tracing::error!(
                        error = chain(&error),
                        "an event stream could not read the log"
                    );
                    return Err(End::Unreadable);
                }
                Err(_) => return Err(End::Unreadable),
            };
            let Some(last) = frames.last() else { return Ok(()) };
            self.position = last.position;
            for frame in &frames {
                self.show(frame).await?;
            }
        }
    }

    async fn show(&self, frame: &Frame) -> Result<(), End> {
        if frame.private && !self.auditor {
            return Ok(());
        }
        self.put(frame.bytes.clone()).await
    }

    async fn put(&self, bytes: Bytes) -> Result<(), End> {
        match timeout(self.patience, self.send.send(bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Slow),
        }
    }
}
