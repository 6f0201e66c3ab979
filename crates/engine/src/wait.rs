//! Waiting for a group to become durable, with or without a runtime.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// The fate of one group, shared by everybody whose order is in it.
#[derive(Debug, Default)]
pub(crate) struct Fate {
    done: OnceLock<Result<(), String>>,
    changed: Notify,
}

impl Fate {
    /// Settles the fate and wakes everybody.
    pub(crate) fn settle(&self, result: Result<(), String>) {
        // Only the committer settles, once; a second call would change nothing.
        let _ = self.done.set(result);
        self.changed.notify_waiters();
    }

    /// Waits until the group is durable or has failed.
    pub(crate) async fn wait(&self) -> Result<(), String> {
        loop {
            let changed = pin!(self.changed.notified());
            let mut changed = changed;
            // Registered before looking, so that a settlement in between is not missed.
            changed.as_mut().enable();
            if let Some(result) = self.done.get() {
                return result.clone();
            }
            changed.await;
        }
    }
}

/// Wakes a parked thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// [`block_on`], for a time: `None` if the future is not ready by then.
pub fn block_on_for<F: Future>(future: F, at_most: Duration) -> Option<F::Output> {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let started = Instant::now();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        let left = at_most.checked_sub(started.elapsed()).filter(|left| !left.is_zero())?;
        thread::park_timeout(left);
    }
}

/// Runs a future of this crate on a thread outside any runtime.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
