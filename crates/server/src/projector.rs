//! The read models: one thread that feeds them from the log, and readers for handlers.
//!
//! The lists may be behind the log, never ahead of it; how far they are is public here, so that a
//! read can wait for the write before it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use npo_engine::Engine;
use npo_views::{Error, ViewReader, Views};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use crate::chain::chain;
use crate::recent::{Recent, START_EVENTS};
use crate::tail::Tail;

/// Events applied in one transaction at most.
const BATCH: u64 = 4096;
/// Pause after a batch that took all there was: one large transaction costs a fraction of many
/// small ones. Nobody waits longer for it, since whoever reads the lists ends the pause.
const GATHER: Duration = Duration::from_millis(100);
/// Pause after a failure.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Connections kept for the next reader.
const IDLE_MAX: usize = 8;

/// The read models, as handlers see them.
pub(crate) struct Lists {
    shared: Arc<Shared>,
    position: watch::Receiver<u64>,
}

struct Shared {
    views: Mutex<Views>,
    pool: Mutex<Pool>,
    /// Whether the last attempt to bring the lists up to date failed.
    failing: AtomicBool,
    /// Somebody waits for the lists.
    hurry: Notify,
    /// The latest answers.
    recent: Mutex<Recent>,
}

#[derive(Default)]
struct Pool {
    idle: Vec<ViewReader>,
    /// Goes up when the views start over: readers opened before read a file that is gone.
    generation: u64,
}

impl Lists {
    /// Opens the read models at `path` and starts feeding them, until `stop` turns true.
    pub(crate) fn start(
        path: &Path,
        engine: Engine,
        stop: watch::Receiver<bool>,
    ) -> Result<(Self, JoinHandle<()>), Error> {
        let (views, opened) = Views::open(path, engine.health().position)?;
        if let Some(why) = opened.rebuilt {
            tracing::warn!(why, "the lists are rebuilt from the log");
        }
        let (send, position) = watch::channel(views.position());
        let tail = Tail::new(engine, views.position(), stop);
        let pool = Mutex::default();
        let shared = Arc::new(Shared {
            views: Mutex::new(views),
            pool,
            failing: AtomicBool::new(false),
            hurry: Notify::new(),
            recent: Mutex::default(),
        });
        let feeding = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("npo-lists".into())
            .spawn(move || feed(&feeding, tail, &send))
            .expect("a thread can be started when the process starts");
        Ok((Self { shared, position }, thread))
    }

    /// Up to where the lists show the log.
    pub(crate) fn position(&self) -> watch::Receiver<u64> {
        self.position.clone()
    }

    /// Has the lists brought up to date at once, for somebody who waits for that.
    pub(crate) fn hurry(&self) {
        self.shared.hurry.notify_one();
    }

    /// Whether the lists cannot be brought up to date now, mostly for want of disk.
    pub(crate) fn failing(&self) -> bool {
        self.shared.failing.load(Ordering::Relaxed)
    }

    /// Reads the latest answers. Blocks.
    pub(crate) fn recent<R>(&self, f: impl FnOnce(&mut Recent) -> R) -> R {
        f(&mut self.shared.recent.lock())
    }

    /// Reads with a connection of the pool. Blocks.
    pub(crate) fn read<R>(
        &self,
        f: impl FnOnce(&ViewReader) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let (idle, generation) = {
            let mut pool = self.shared.pool.lock();
            (pool.idle.pop(), pool.generation)
        };
        let reader = match idle {
            Some(reader) => reader,
            None => self.shared.views.lock().reader()?,
        };
        let result = f(&reader);
        let mut pool = self.shared.pool.lock();
        // After an error the connection may be what is wrong.
        if result.is_ok() && pool.generation == generation && pool.idle.len() < IDLE_MAX {
            pool.idle.push(reader);
        }
        result
    }
}

fn feed(shared: &Shared, mut tail: Tail, position: &watch::Sender<u64>) {
    if let Err(error) = remember(shared, &mut tail) {
        let error: &dyn std::error::Error = error.as_ref();
        tracing::warn!(error = chain(error), "calibration starts without earlier answers");
    }
    while tail.wait() {
        let applied = step(shared, &mut tail);
        shared.failing.store(applied.is_err(), Ordering::Relaxed);
        let applied = match applied {
            Ok(applied) => applied,
            Err(error) => {
                tracing::error!(
                    error = chain(error.as_ref()),
                    "the lists are not up to date; trying again"
                );
                std::thread::sleep(RETRY_AFTER);
                tail.seek(shared.views.lock().position());
                0
            }
        };
        position.send_replace(tail.position());
        if (applied as u64) < BATCH {
            tail.pause(&shared.hurry, GATHER);
        }
    }
}

/// Fills the latest answers from what the lists have seen already.
fn remember(shared: &Shared, tail: &mut Tail) -> Result<(), Box<dyn std::error::Error>> {
    let shown = tail.position();
    tail.seek(shown.saturating_sub(START_EVENTS));
    let result = loop {
        let batch = match tail.next(BATCH.min(shown - tail.position())) {
            Ok(batch) if batch.is_empty() => break Ok(()),
            Ok(batch) => batch,
            Err(error) => break Err(error.into()),
        };
        let mut recent = shared.recent.lock();
        batch.iter().for_each(|(_, envelope, _)| recent.take(envelope));
    };
    tail.seek(shown);
    shared.recent.lock().start_counting();
    result
}

/// Applies the next batch; gives how many events it had.
fn step(shared: &Shared, tail: &mut Tail) -> Result<usize, Box<dyn std::error::Error>> {
    let batch: Vec<_> = tail.next(BATCH)?.into_iter().map(|(at, event, _)| (at, event)).collect();
    let mut views = shared.views.lock();
    if let Err(error) = views.apply(&batch) {
        if error.needs_rebuild() {
            views.rebuild()?;
            let mut pool = shared.pool.lock();
            pool.generation += 1;
            pool.idle.clear();
            // All of the log comes again.
            *shared.recent.lock() = Recent::default();
        }
        return Err(error.into());
    }
    let mut recent = shared.recent.lock();
    batch.iter().for_each(|(_, envelope)| recent.take(envelope));
    Ok(batch.len())
}
