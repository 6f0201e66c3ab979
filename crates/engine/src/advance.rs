//! One step of the loop: decide an order, fold what happens, and fold what follows from it.

use npo_core::decide::{Events, decide};
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
    mut kept: impl FnMut(u64, &Envelope),
) -> Result<Events, Rejection> {
    let mut events = decide(state, command, inputs)?;
    for envelope in &events {
        state.apply(envelope);
        kept(state.position(), envelope);
    }
    let follow = react(state, &events, inputs.draws.seed);
    for envelope in &follow {
        state.apply(envelope);
        kept(state.position(), envelope);
    }
    events.extend(follow);
    Ok(events)
}
