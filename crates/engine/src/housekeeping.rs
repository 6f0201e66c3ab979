//! What happens without being asked: expiry of unanswered decisions, and snapshots.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use npo_core::Command;
use npo_core::people::NPO;

use crate::{Engine, Inner, restore};

/// How often overdue decisions are looked for, which is how late an expiry may be recorded. An
/// answer after the expiry time is refused whether the expiry is recorded yet or not.
const EXPIRY_TICK: Duration = Duration::from_millis(250);
/// How often the need of a snapshot is looked at.
const SNAPSHOT_TICK: Duration = Duration::from_millis(500);
/// Expiries recorded per tick: keeps a burst of them from holding up answers.
const EXPIRIES_PER_TICK: usize = 1024;

fn start(
    name: &str,
    inner: Arc<Inner>,
    tick: Duration,
    mut work: impl FnMut(&Engine) + Send + 'static,
) -> JoinHandle<()> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            let engine = Engine(inner);
            while !engine.0.stop.load(Ordering::Relaxed) {
                std::thread::park_timeout(tick);
                work(&engine);
            }
        })
        .expect("a thread can be started when the process starts")
}

pub(crate) fn start_expiry(inner: Arc<Inner>) -> JoinHandle<()> {
    start("npo-expiry", inner, EXPIRY_TICK, |engine| {
        let now = Engine::now();
        for id in engine.read(|state| state.open().overdue(now, EXPIRIES_PER_TICK)) {
            // Not waited for one by one: a later order waits for all before it.
            if let Err(refusal) = engine.order_blocking(NPO, None, Command::Expire(id)) {
                tracing::warn!(%id, %refusal, "an expiry was not recorded; trying again");
                return;
            }
        }
    })
}

/// Saves a snapshot whenever enough has happened since the last one.
///
/// The snapshot is a second fold of the log, made beside the running one: the running state is not
/// held up, and what is saved is by construction what the log says.
pub(crate) fn start_snapshots(inner: Arc<Inner>, mut last: u64) -> JoinHandle<()> {
    start("npo-snapshot", inner, SNAPSHOT_TICK, move |engine| {
        let durable = *engine.0.durable.borrow();
        if durable.saturating_sub(last) < engine.0.options.snapshot_every {
            return;
        }
        match engine.0.save_snapshot() {
            Ok(position) => {
                tracing::info!(position, "snapshot saved");
                last = position;
            }
            Err(error) => {
                tracing::warn!(error = %error, "no snapshot was saved; the next start folds more");
                // Tried again once as much again has happened.
                last = durable;
            }
        }
    })
}

impl Inner {
    fn save_snapshot(&self) -> Result<u64, Box<dyn std::error::Error>> {
        let Some(store) = &self.snapshots else {
            return Err("there is no place for snapshots".into());
        };
        let mut reader = (self.open_reader)()?;
        let (state, _) = restore::restore(reader.as_mut(), Some(store))?;
        let position = state.position();
        let entry = reader.get(position)?.ok_or("the log ends before its own head")?;
        let bytes = postcard::to_stdvec(&state)?;
        store.save(position, entry.hash, restore::STATE_FORM, &bytes)?;
        Ok(position)
    }
}
