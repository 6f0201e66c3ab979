//! Reading a request's body within its limits of size and time.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody as _};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use npo_api::Problem;
use tokio::time::timeout;

/// Bytes read and thrown away of a body that is too large: a client that is still sending when the
/// connection closes may never see the answer.
const DISCARD_BYTES_MAX: usize = 4 << 20;
/// Time for that.
const DISCARD_FOR: Duration = Duration::from_secs(2);

/// Reads the whole body, at most `max` bytes, with at most `idle` between two pieces.
pub(crate) async fn read(
    headers: &HeaderMap,
    mut body: Body,
    max: usize,
    idle: Duration,
) -> Result<Bytes, Problem> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > max as u64) {
        discard(body).await;
        return Err(too_large(max, announced));
    }
    let mut whole = BytesMut::new();
    let mut first = Bytes::new();
    while !body.is_end_stream()
        && let Some(piece) = next(&mut body, idle).await?
    {
        if whole.len() + first.len() + piece.len() > max {
            discard(body).await;
            return Err(too_large(max, None));
        }
        // Most bodies come in one piece, which is used as it is.
        if first.is_empty() && whole.is_empty() {
            first = piece;
        } else {
            whole.extend_from_slice(&std::mem::take(&mut first));
            whole.extend_from_slice(&piece);
        }
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}

async fn next(body: &mut Body, idle: Duration) -> Result<Option<Bytes>, Problem> {
    loop {
        let slow = || {
            let text = format!("no byte of the body came for {} s", idle.as_secs());
            Problem::new(408, "body-timeout", text)
        };
        // Mostly the bytes are there, and then no timer is set.
        let found = match now(&mut body.frame()).await {
            Some(found) => found,
            None => timeout(idle, body.frame()).await.map_err(|_| slow())?,
        };
        match found {
            None => return Ok(None),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) if data.is_empty() => {}
                Ok(data) => return Ok(Some(data)),
                Err(_trailers) => {}
            },
            Some(Err(error)) => {
                let text = format!("the body could not be read: {error}");
                return Err(Problem::new(400, "body-unreadable", text));
            }
        }
    }
}

/// Runs a future up to where it first waits; what it gave, if it came to its end.
pub(crate) async fn now<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    poll_fn(|context| match Pin::new(&mut *future).poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

async fn discard(mut body: Body) {
    let deadline = Instant::now() + DISCARD_FOR;
    let mut discarded = 0;
    while discarded < DISCARD_BYTES_MAX
        && let Some(left) = deadline.checked_duration_since(Instant::now())
        && let Ok(Some(Ok(frame))) = timeout(left, body.frame()).await
    {
        discarded += frame.data_ref().map_or(0, Bytes::len);
    }
}

fn too_large(max: usize, announced: Option<u64>) -> Problem {
    let found = announced.map_or("larger than allowed".into(), |n| format!("{n} bytes long"));
    Problem::new(
        413,
        "body-too-large",
        format!("the body is {found}, expected at most {max} bytes"),
    )
}
