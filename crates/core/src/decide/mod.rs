//! What may happen: orders in, events or a rejection out.
//!
//! [`decide`] is a function of the state, the order and the inputs gathered for it; it changes
//! nothing and reads nothing else.

pub(crate) use answer::{discount, keeps_rows};

mod answer;
mod close;
mod model;
mod oversee;
mod people;
mod propose;
mod registry;

use std::sync::Arc;

pub use answer::AnswerOrder;
pub use model::{FitOrder, PromoteOrder};
pub use oversee::{RcaOrder, Recalled};
pub use people::{NewPerson, NewToken, PersonChange};
pub use propose::{Features, NamedProposal, resolve};
pub(crate) use propose::{evidence_from, prior_score, remember};

use crate::event::{DatasetFrozen, Envelope, Event, Outcome, PolicyRef, RequestKey, Verdict};
use crate::ids::{DecisionId, Millis, PersonId, TokenId, TypeId};
use crate::oversight::{Level, Scope};
use crate::profile::Profile;
use crate::proposal::Proposal;
use crate::rejection::Rejection;
use crate::scenario_type::ScenarioType;
use crate::state::State;

/// The events of one order: at least one, in order, to be appended together.
///
/// On the heap: they are handed on from `decide` to whoever asked, and envelopes are large.
pub type Events = Vec<Envelope>;

/// Random numbers, as values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draws {
    /// Uniform in [0, 1): audits.
    pub audit: f64,
    /// Uniform over all values: threshold arms.
    pub seed: u64,
    /// The arm, if it is chosen from outside (replays of a reference).
    pub arm: Option<u8>,
}

/// Everything that was gathered for an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Inputs {
    /// The time.
    pub at: Millis,
    /// Who orders.
    pub actor: PersonId,
    /// The request that asks, if it named an idempotency key.
    pub request: Option<RequestKey>,
    /// Random numbers.
    pub draws: Draws,
    /// The Safety Policy Engine's verdict on the proposal; a proposal without one is denied.
    pub verdict: Option<Arc<Verdict>>,
}

/// Which decisions to withdraw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Withdrawn {
    /// One decision.
    Decision(DecisionId),
    /// All open decisions about a condition; there may be none.
    Correlation(String),
}

/// An order.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Judge a proposal.
    Propose(Proposal),
    /// Take an operator's answer.
    Answer(AnswerOrder),
    /// Close a decision that nobody answered.
    Expire(DecisionId),
    /// Take decisions back.
    Withdraw {
        /// Which.
        what: Withdrawn,
        /// Why.
        reason: String,
    },
    /// Record what the world did.
    Observe {
        /// After which decision.
        id: DecisionId,
        /// What happened.
        outcome: Outcome,
    },
    /// Put a version of a scenario type in force.
    ActivateScenarioType(Box<ScenarioType>),
    /// Put a policy bundle in force.
    ActivatePolicy(PolicyRef),
    /// Put a profile in force.
    ActivateProfile(Box<Profile>),
    /// Make the first administrator.
    SetUp(NewPerson, NewToken),
    /// Add somebody.
    AddPerson(NewPerson),
    /// Change somebody.
    ChangePerson(PersonChange),
    /// Issue a token.
    IssueToken(PersonId, NewToken),
    /// Revoke a token.
    RevokeToken(TokenId),
    /// Grant a scenario type autonomy up to a level.
    GrantAutonomy {
        /// Which.
        type_id: TypeId,
        /// Up to which level.
        ceiling: Level,
        /// Why.
        reason: String,
    },
    /// Press the red button on a scope.
    PressRedButton {
        /// What is held from now on.
        scope: Scope,
        /// Why.
        reason: String,
    },
    /// Release a scope.
    ReleaseRedButton {
        /// Which.
        scope: Scope,
        /// Why.
        reason: String,
    },
    /// Settle an escalation.
    SettleEscalation {
        /// Of which scenario type.
        type_id: TypeId,
        /// What came of it.
        reason: String,
    },
    /// Record an RCA verdict.
    RecordRca(RcaOrder),
    /// Let the monitor look at what only time shows: silent sources.
    Watch,
    /// Fix the labels of a refit.
    FreezeDataset(DatasetFrozen),
    /// Record a refitted model.
    RecordFit(Box<FitOrder>),
    /// Put a model in force.
    PromoteModel(Box<PromoteOrder>),
}

/// Decides an order. An empty result means that there was nothing to do.
///
/// The order is read and not used up: those that come often copy the little that their events keep,
/// which is cheaper than handing the whole order down, and the others are rare.
///
/// # Errors
/// A [`Rejection`] says what was wrong with the order; nothing happens then.
pub fn decide(state: &State, command: &Command, inputs: &Inputs) -> Result<Events, Rejection> {
    let mut events = Events::with_capacity(1);
    decide_into(state, command, inputs, &mut events).map(|()| events)
}

/// As [`decide`], for a caller that keeps the room: `events` holds the events of this order after
/// it, and nothing else.
///
/// # Errors
/// As [`decide`]; what `events` holds then means nothing.
pub fn decide_into(
    state: &State,
    command: &Command,
    inputs: &Inputs,
    events: &mut Events,
) -> Result<(), Rejection> {
    // Clocks of machines differ and step back; the log's time does not.
    let at = inputs.at.max(state.last_at());
    let mut out = Out { at, actor: inputs.actor, request: inputs.request, events, count: 0 };
    decide_to(state, command, inputs, &mut out)?;
    let count = out.count;
    events.truncate(count);
    Ok(())
}

fn decide_to(
    state: &State,
    command: &Command,
    inputs: &Inputs,
    out: &mut Out,
) -> Result<(), Rejection> {
    match command {
        Command::Propose(proposal) => propose::propose(state, proposal, inputs, out)?,
        Command::Answer(order) => answer::answer(state, order, out)?,
        Command::Expire(id) => close::expire(state, *id, out)?,
        Command::Withdraw { what, reason } => close::withdraw(state, what, reason, out)?,
        Command::Observe { id, outcome } => close::observe(state, *id, outcome.clone(), out)?,
        Command::ActivateScenarioType(definition) => {
            registry::activate_type(state, (**definition).clone(), out)?;
        }
        Command::ActivatePolicy(policy) => registry::activate_policy(state, policy.clone(), out)?,
        Command::ActivateProfile(profile) => {
            registry::activate_profile(state, profile.clone(), out)?
        }
        Command::SetUp(person, token) => people::set_up(state, person.clone(), token.clone(), out)?,
        Command::AddPerson(person) => people::add(state, person.clone(), out)?,
        Command::ChangePerson(change) => people::change(state, change.clone(), out)?,
        Command::IssueToken(person, token) => people::issue(state, *person, token.clone(), out)?,
        Command::RevokeToken(id) => people::revoke(state, *id, out)?,
        Command::GrantAutonomy { type_id, ceiling, reason } => {
            oversee::grant(state, *type_id, *ceiling, reason.clone(), out)?;
        }
        Command::PressRedButton { scope, reason } => {
            oversee::press(state, scope.clone(), reason.clone(), out)?;
        }
        Command::ReleaseRedButton { scope, reason } => {
            oversee::release(state, scope.clone(), reason.clone(), out)?;
        }
        Command::SettleEscalation { type_id, reason } => {
            oversee::settle(state, *type_id, reason.clone(), out)?;
        }
        Command::RecordRca(order) => oversee::rca(state, order.clone(), out)?,
        Command::Watch => oversee::watch(state, out),
        Command::FreezeDataset(dataset) => model::freeze(state, dataset.clone(), out)?,
        Command::RecordFit(order) => model::record(state, (**order).clone(), out)?,
        Command::PromoteModel(order) => model::promote(state, (**order).clone(), out)?,
    }
    Ok(())
}

/// Collects the events of one order under their common time, actor and request, in the place of
/// those of the order before.
struct Out<'a> {
    at: Millis,
    actor: PersonId,
    request: Option<RequestKey>,
    events: &'a mut Events,
    /// Events of this order so far.
    count: usize,
}

impl Out<'_> {
    /// An envelope is large: one that is built elsewhere and moved here at once would wait until its
    /// parts have arrived in memory.
    #[inline(always)]
    fn push(&mut self, event: Event) {
        let Self { at, actor, request, .. } = *self;
        match self.events.get_mut(self.count) {
            Some(place) => {
                place.event = event;
                (place.at, place.actor, place.request) = (at, actor, request);
            }
            None => self.events.push(Envelope { at, actor, request, event }),
        }
        self.count += 1;
    }

    /// The events of this order so far.
    fn so_far(&mut self) -> &mut [Envelope] {
        &mut self.events[..self.count]
    }
}

/// Refuses a text that is empty, too long, or holds what a terminal or a reader would be misled by.
fn check_text(field: &str, text: &str, max: usize, may_be_empty: bool) -> Result<(), Rejection> {
    check_words(field, text, max, may_be_empty, |c| c == '\n' || c == '\t')
}

/// As [`check_text`], for a name: one line.
fn check_name(field: &str, text: &str, max: usize, may_be_empty: bool) -> Result<(), Rejection> {
    check_words(field, text, max, may_be_empty, |_| false)
}

fn check_words(
    field: &str,
    text: &str,
    max: usize,
    may_be_empty: bool,
    allowed: fn(char) -> bool,
) -> Result<(), Rejection> {
    let found = if text.len() > max {
        format!("{} bytes long", text.len())
    } else if text.trim().is_empty() && !may_be_empty {
        "empty".to_owned()
    } else if text.chars().any(|c| (c.is_control() && !allowed(c)) || turns_text_around(c)) {
        "a text with control characters".to_owned()
    } else {
        return Ok(());
    };
    let least = usize::from(!may_be_empty);
    let expected = format!("{least} to {max} bytes of printable text");
    Err(Rejection::Field { field: field.to_owned(), found, expected })
}

/// Characters that make a text read in another order than it is written.
fn turns_text_around(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
