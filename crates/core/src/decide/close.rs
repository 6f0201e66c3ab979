//! How decisions end other than by an answer: expiry, withdrawal, outcome.

use std::collections::BTreeMap;

use super::answer::{close_episodes, find};
use super::{Out, Withdrawn, check_text};
use crate::event::{Disposition, Event, Outcome};
use crate::ids::{DecisionId, TypeId};
use crate::proposal::LINE_MAX;
use crate::rejection::Rejection;
use crate::state::{Closing, State};

pub(super) fn expire(state: &State, id: DecisionId, out: &mut Out) -> Result<(), Rejection> {
    let open = find(state, id)?;
    let overdue = open.expires_at <= out.at && open.closing == Closing::Open;
    if overdue && open.asked && open.answers.is_empty() {
        let type_id = open.type_id;
        out.push(Event::DecisionExpired(id));
        close_episodes(state, type_id, 1, None, out);
    }
    Ok(())
}

pub(super) fn withdraw(
    state: &State,
    what: &Withdrawn,
    reason: &str,
    out: &mut Out,
) -> Result<(), Rejection> {
    check_text("reason", reason, LINE_MAX, false)?;
    match what {
        &Withdrawn::Decision(id) => match &find(state, id)?.closing {
            Closing::Open => out.push(Event::DecisionWithdrawn { id, reason: reason.to_owned() }),
            Closing::Expired => {
                let expired_at_ms = find(state, id)?.expires_at.0;
                return Err(Rejection::Expired { id, expired_at_ms });
            }
            Closing::Withdrawn(reason) => {
                return Err(Rejection::Withdrawn { id, reason: reason.clone() });
            }
        },
        Withdrawn::Correlation(correlation) => {
            // What was answered already stays as it was answered: the end of the condition is news
            // about the world, not about the decision. What is automatic is under way, and an audit
            // that ended with the condition would ask about failures alone.
            let proposed = |id: &&DecisionId| {
                state.open().get(**id).is_some_and(|open| {
                    open.answers.is_empty() && open.disposition != Disposition::Automatic
                })
            };
            for id in state.open().correlated(correlation).iter().filter(proposed) {
                out.push(Event::DecisionWithdrawn { id: *id, reason: reason.to_owned() });
            }
        }
    }
    let mut closing: BTreeMap<TypeId, u64> = BTreeMap::new();
    for envelope in out.so_far().iter() {
        if let Event::DecisionWithdrawn { id, .. } = &envelope.event
            && let Some(open) =
                state.open().get(*id).filter(|open| open.asked && open.answers.is_empty())
        {
            *closing.entry(open.type_id).or_default() += 1;
        }
    }
    for (type_id, episodes) in closing {
        close_episodes(state, type_id, episodes, None, out);
    }
    Ok(())
}

pub(super) fn observe(
    state: &State,
    id: DecisionId,
    outcome: Outcome,
    out: &mut Out,
) -> Result<(), Rejection> {
    if let Some(note) = &outcome.note {
        check_text("note", note, LINE_MAX, false)?;
    }
    if find(state, id)?.outcome {
        return Err(Rejection::OutcomeRecorded(id));
    }
    out.push(Event::OutcomeObserved { id, outcome });
    Ok(())
}
