//! What happens without being asked: expiry of unanswered decisions, and snapshots.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use npo_core::people::NPO;
use npo_core::state::TypeState;
use npo_core::{Command, TypeId};

use crate::{Engine, Inner, RefitError, restore};

/// How often overdue decisions are looked for, which is how late an expiry may be recorded. An
/// answer after the expiry time is refused whether the expiry is recorded yet or not.
const EXPIRY_TICK: Duration = Duration::from_millis(250);
/// How often the need of a snapshot is looked at.
const SNAPSHOT_TICK: Duration = Duration::from_millis(500);
/// How often the monitor looks for silent sources.
const WATCH_TICK: Duration = Duration::from_secs(10);
/// How often refits that are due are looked for.
const REFIT_TICK: Duration = Duration::from_secs(1);
/// Labels after which a refit or a promotion that failed is tried again.
const LABELS_UNTIL_RETRY: u64 = 20;
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

/// Whether the engine is being shut down: what it refuses then is no trouble, and is due after the
/// next start.
fn stopping(engine: &Engine) -> bool {
    engine.0.stop.load(Ordering::Relaxed)
}

pub(crate) fn start_expiry(inner: Arc<Inner>) -> JoinHandle<()> {
    start("npo-expiry", inner, EXPIRY_TICK, |engine| {
        let now = Engine::now();
        for id in engine.read(|state| state.open().overdue(now, EXPIRIES_PER_TICK)) {
            // Not waited for one by one: a later order waits for all before it.
            if let Err(refusal) = engine.order_blocking(NPO, None, Command::Expire(id)) {
                if stopping(engine) {
                    return;
                }
                tracing::warn!(%id, %refusal, "an expiry was not recorded; trying again");
                return;
            }
        }
    })
}

/// Lets the monitor see what only time shows: silent sources.
pub(crate) fn start_watch(inner: Arc<Inner>) -> JoinHandle<()> {
    start("npo-watch", inner, WATCH_TICK, |engine| {
        if let Err(refusal) = engine.order_blocking(NPO, None, Command::Watch)
            && !stopping(engine)
        {
            tracing::warn!(%refusal, "what the monitor saw was not recorded; looking again");
        }
    })
}

/// Refits what the monitor asked for, and promotes candidates that a refit left behind. What could
/// not be done is tried again once there are more labels.
pub(crate) fn start_refits(inner: Arc<Inner>) -> JoinHandle<()> {
    let mut tried: BTreeMap<TypeId, u64> = BTreeMap::new();
    start("npo-refit", inner, REFIT_TICK, move |engine| {
        for (type_id, labels, candidate) in engine.read(|state| {
            let due = |(id, t): (TypeId, &TypeState)| {
                let candidate = t.candidate.is_some();
                let due = t.oversight.watch.retrain_due || candidate;
                (due && t.posterior.is_some()).then_some((id, t.updates(), candidate))
            };
            (0u32..).map(TypeId).zip(state.types()).filter_map(due).collect::<Vec<_>>()
        }) {
            if tried.get(&type_id).is_some_and(|before| rests(*before, labels)) {
                continue;
            }
            match refit_or_promote(engine, type_id, candidate) {
                Ok(()) => drop(tried.remove(&type_id)),
                // Whoever is at it may be at this one.
                Err(RefitError::Busy) => {}
                Err(_) if stopping(engine) => return,
                Err(error) => {
                    let doing = if candidate { "promotion" } else { "refit" };
                    tracing::warn!(%type_id, %error, doing, "trying again with more labels");
                    tried.insert(type_id, labels);
                }
            }
        }
    })
}

/// Whether what failed at `before` labels is left alone at `labels`: fewer are those of a model that
/// has started anew since.
fn rests(before: u64, labels: u64) -> bool {
    (before..before.saturating_add(LABELS_UNTIL_RETRY)).contains(&labels)
}

/// A candidate is brought up to the labels that came since and promoted, rather than fitted again: it
/// passed its gate, and a refit of now might not.
fn refit_or_promote(engine: &Engine, type_id: TypeId, candidate: bool) -> Result<(), RefitError> {
    if candidate {
        if let Some(model) = engine.promote_candidate(type_id)? {
            tracing::info!(%type_id, model, "promoted");
        }
        return Ok(());
    }
    let done = engine.refit_blocking(NPO, type_id)?;
    let (model, rows, promoted) = (done.model, done.rows, done.promoted);
    tracing::info!(%type_id, model, rows, promoted, reason = %done.evaluation.reason, "refitted");
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_tried_again_with_more_labels_or_another_model() {
        let found = [1_000, 1_019, 1_020, 0, 999].map(|labels| rests(1_000, labels));
        assert_eq!(found, [true, true, false, false, false]);
    }
}
