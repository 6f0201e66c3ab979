//! One step of the loop: decide an order, fold what happens, and fold what follows from it.

use npo_core::decide::{Events, decide_into};
use npo_core::{Command, Envelope, Inputs, Rejection, State, react};

/// Decides an order, folds its events and the monitor's into the state, and shows each to `kept`
/// with its position.
///
/// The server keeps them for the committer, the laboratory in a log in memory or not at all.
///
/// # Errors
/// A [`Rejection`]; the state is as it was.
pub fn advance(
    state: &mut State,
    command: &Command,
    inputs: &Inputs,
    kept: impl FnMut(u64, &Envelope),
) -> Result<Events, Rejection> {
    let mut events = Events::with_capacity(1);
    advance_into(state, command, inputs, &mut events, kept).map(|()| events)
}

/// As [`advance`], for a caller that keeps the room: `events` holds the events of this order after
/// it, and nothing else.
///
/// # Errors
/// As [`advance`]; `events` means nothing then.
pub fn advance_into(
    state: &mut State,
    command: &Command,
    inputs: &Inputs,
    events: &mut Events,
    mut kept: impl FnMut(u64, &Envelope),
) -> Result<(), Rejection> {
    decide_into(state, command, inputs, events)?;
    for envelope in &*events {
        state.apply(envelope);
        kept(state.position(), envelope);
    }
    let follow = react(state, events, inputs.draws.seed);
    for envelope in &follow {
        state.apply(envelope);
        kept(state.position(), envelope);
    }
    if !follow.is_empty() {
        events.extend(follow);
    }
    Ok(())
}
