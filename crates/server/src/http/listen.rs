//! Accepting connections, at most so many at once, until told to stop.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{sleep, timeout};

use super::dispatch::Dispatch;
use super::patient::Patient;
use crate::config::Config;

/// Pause after an accept that failed, which is mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Head of a request at most, in bytes.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// Serves until `stop` turns true, then finishes the requests in progress.
pub(crate) async fn serve(
    listener: TcpListener,
    dispatch: Arc<Dispatch>,
    config: &Config,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(config.limits.connections));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(config.timeouts.head_s))
        .max_buf_size(HEAD_BYTES_MAX * 2);
    let patience = Duration::from_secs(config.timeouts.write_s);
    // Dropped by every connection at its end.
    let (alive, mut all_done) = mpsc::channel::<()>(1);
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            () = stopped(&mut stop) => break,
        };
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
            () = stopped(&mut stop) => break,
        };
        let (http, dispatch, stop, alive) =
            (http.clone(), Arc::clone(&dispatch), stop.clone(), alive.clone());
        tokio::spawn(async move {
            connection(http, stream, dispatch, patience, stop).await;
            drop((place, alive));
        });
    }
    drop((listener, alive));
    let drain = Duration::from_secs(config.timeouts.drain_s);
    if timeout(drain, all_done.recv()).await.is_err() {
        tracing::warn!("requests were still in progress and are cut off");
    }
}

async fn connection(
    http: http1::Builder,
    stream: TcpStream,
    dispatch: Arc<Dispatch>,
    patience: Duration,
    mut stop: watch::Receiver<bool>,
) {
    // Answers are written whole; waiting for more to send only costs time.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection is without TCP_NODELAY");
    }
    let io = TokioIo::new(Patient::new(stream, patience));
    let service = service_fn(|request| dispatch.answer(request));
    let serving = http.serve_connection(io, service);
    let mut serving = std::pin::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = stopped(&mut stop) => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Returns once `stop` is true, or nobody can make it so any more.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // The guard inside would keep the future on its thread.
    drop(stop.wait_for(|stop| *stop).await);
}
