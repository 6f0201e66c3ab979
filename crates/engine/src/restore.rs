//! How a start goes: the newest usable snapshot, then the events after it.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use npo_core::State;
use npo_core::stored::{DecodeError, decode};
use npo_log::{LogReader, ReadError, SnapshotStore};

use crate::Refusal;

/// Number of the form that states are stored in. It goes up with any change of what [`State`]
/// holds or of what events fold to; a snapshot of another form is passed over and the log folded
/// from its start.
pub const STATE_FORM: u16 = 6;

/// What a start found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenReport {
    /// Position of the last event.
    pub position: u64,
    /// Position of the snapshot that was used.
    pub snapshot: Option<u64>,
    /// Events folded after it.
    pub replayed: u64,
    /// Snapshots that were passed over, and why.
    pub skipped_snapshots: Vec<String>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Why a log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read.
    #[error("the log cannot be read")]
    Read(#[from] ReadError),
    /// An event cannot be decoded.
    #[error("event {position} cannot be decoded")]
    Decode {
        /// Where.
        position: u64,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// The snapshots cannot be listed.
    #[error("the snapshots cannot be read")]
    Snapshots(#[from] npo_log::snapshot::SnapshotError),
    /// The profile cannot be put in force.
    #[error("the profile cannot be put in force")]
    Profile(#[source] Refusal),
}

/// A log position that holds bytes which are no event.
pub(crate) fn undecodable(position: u64, error: DecodeError) -> ReadError {
    ReadError::Corrupt { position, found: error.to_string(), expected: "an event".into() }
}

pub(crate) fn restore(
    reader: &mut dyn LogReader,
    snapshots: Option<&SnapshotStore>,
) -> Result<(State, OpenReport), OpenError> {
    let started = Instant::now();
    let mut skipped = Vec::new();
    let (state, snapshot) = match snapshots {
        Some(store) => from_snapshot(reader, store, &mut skipped)?,
        None => (State::default(), None),
    };
    let before = state.position();
    let state = fold(reader, state, None)?;
    let report = OpenReport {
        position: state.position(),
        snapshot,
        replayed: state.position() - before,
        skipped_snapshots: skipped,
        elapsed: started.elapsed(),
    };
    Ok((state, report))
}

fn from_snapshot(
    reader: &mut dyn LogReader,
    store: &SnapshotStore,
    skipped: &mut Vec<String>,
) -> Result<(State, Option<u64>), OpenError> {
    let hash_at = |position| reader.get(position).ok().flatten().map(|entry| entry.hash);
    let latest = store.latest_of(STATE_FORM, hash_at)?;
    skipped.extend(latest.skipped.iter().map(ToString::to_string));
    let Some(snapshot) = latest.snapshot else { return Ok((State::default(), None)) };
    match postcard::from_bytes::<State>(&snapshot.bytes) {
        Ok(state) if state.position() == snapshot.position => Ok((state, Some(snapshot.position))),
        Ok(state) => {
            let found = state.position();
            skipped.push(format!("snapshot {} holds position {found}", snapshot.position));
            Ok((State::default(), None))
        }
        Err(error) => {
            skipped.push(format!("snapshot {} does not decode: {error}", snapshot.position));
            Ok((State::default(), None))
        }
    }
}

/// Folds the events after `state`'s position into it, up to `until` or the head.
///
/// # Errors
/// Names the event that cannot be read or decoded.
pub fn fold(
    reader: &mut dyn LogReader,
    mut state: State,
    until: Option<u64>,
) -> Result<State, OpenError> {
    let mut failed = None;
    let after = state.position();
    let limit = until.map(|until| until.saturating_sub(after));
    reader.visit(
        after,
        limit,
        &mut |entry| match decode(entry.kind, entry.version, entry.body) {
            Ok(envelope) => {
                state.apply(&envelope);
                ControlFlow::Continue(())
            }
            Err(source) => {
                failed = Some(OpenError::Decode { position: entry.position, source });
                ControlFlow::Break(())
            }
        },
    )?;
    failed.map_or(Ok(state), Err)
}
