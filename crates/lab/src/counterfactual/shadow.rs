//! Another profile over the same log: each logged proposal decided again, each logged answer given
//! where both ask.
//!
//! The answers are those that the log has. Where the other profile asks and nobody was asked then,
//! it learns nothing, and where people answered something that it would not have asked, it does not
//! hear them; both are counted.

use npo_core::decide::{AnswerOrder, RcaOrder, Withdrawn};
use npo_core::event::{DecisionMade, Envelope, Event, FeedbackGiven};
use npo_core::proposal::{Proposal, ScenarioRef};
use npo_core::{Command, Draws, Inputs, Profile, Rejection, State};
use npo_engine::advance;

use super::bootstrap::Random;

/// The other profile's own run.
#[derive(Debug)]
pub(super) struct Shadow {
    state: State,
    random: Random,
    pub(super) heard: u64,
    pub(super) unheard: u64,
}

impl Shadow {
    pub(super) fn new(profile: &Profile, seed: u64) -> Self {
        let state = State::new(profile.clone());
        Self { state, random: Random::new(seed), heard: 0, unheard: 0 }
    }

    /// Decides a logged proposal anew.
    pub(super) fn decide(
        &mut self,
        envelope: &Envelope,
        made: &DecisionMade,
    ) -> Result<Box<DecisionMade>, Rejection> {
        let scenario = match &made.new_scenario {
            Some(new) => ScenarioRef::Named { entity: new.entity.clone(), site: new.site.clone() },
            None => ScenarioRef::Known(made.scenario),
        };
        let proposal = Proposal {
            type_id: made.type_id,
            scenario,
            action: made.action,
            raw: made.raw.clone(),
            text: made.text.clone(),
        };
        let verdict = Some(made.verdict.clone());
        let inputs = Inputs { verdict, ..self.inputs(envelope) };
        let events = advance(&mut self.state, &Command::Propose(proposal), &inputs, |_, _| ())?;
        let again = events.into_iter().find_map(|envelope| match envelope.event {
            Event::DecisionMade(again) => Some(again),
            _ => None,
        });
        // Numbers are dense, so that another number is that of another log.
        again.filter(|again| again.id == made.id).ok_or(Rejection::UnknownDecision(made.id))
    }

    /// Lets it see what else happened.
    pub(super) fn observe(&mut self, envelope: &Envelope) {
        match &envelope.event {
            Event::ScenarioTypeActivated { .. }
            | Event::PolicyActivated(_)
            | Event::PersonAdded { .. }
            | Event::PersonChanged { .. }
            | Event::RedButtonPressed(_)
            | Event::RedButtonReleased { .. } => self.state.apply(envelope),
            Event::FeedbackGiven(feedback) => self.answer(envelope, feedback),
            Event::DecisionExpired(id) => self.order(envelope, Command::Expire(*id)),
            Event::DecisionWithdrawn { id, reason } => {
                let what = Withdrawn::Decision(*id);
                self.order(envelope, Command::Withdraw { what, reason: reason.clone() });
            }
            Event::OutcomeObserved { id, outcome } => {
                self.order(envelope, Command::Observe { id: *id, outcome: outcome.clone() });
            }
            // What people grant; levels that certificates earn are its own.
            Event::AutonomyChanged { type_id, ceiling, reason, .. } => {
                let (type_id, ceiling) = (*type_id, *ceiling);
                let command = Command::GrantAutonomy { type_id, ceiling, reason: reason.clone() };
                self.order(envelope, command);
            }
            Event::EscalationSettled { type_id, reason } => {
                let (type_id, reason) = (*type_id, reason.clone());
                self.order(envelope, Command::SettleEscalation { type_id, reason });
            }
            Event::RcaRecorded(recorded) => {
                let (subject, note) = (recorded.subject, recorded.note.clone());
                // What it forgot or never asked about, it is not told.
                let order = RcaOrder { subject, note, recalled: None };
                self.order(envelope, Command::RecordRca(order));
            }
            // Its own profile, monitor and models stand for those of the log.
            _ => {}
        }
    }

    fn answer(&mut self, envelope: &Envelope, feedback: &FeedbackGiven) {
        let order = AnswerOrder {
            decision: feedback.decision,
            by: feedback.by,
            signal: feedback.signal,
            provenance: feedback.provenance.clone(),
        };
        let inputs = self.inputs(envelope);
        match advance(&mut self.state, &Command::Answer(order), &inputs, |_, _| ()) {
            Ok(_) => self.heard += 1,
            Err(_) => self.unheard += 1,
        }
    }

    /// An order that comes to nothing where the other profile did not ask.
    fn order(&mut self, envelope: &Envelope, command: Command) {
        let inputs = self.inputs(envelope);
        // A refusal is the expected answer for decisions that were not asked here.
        let _ = advance(&mut self.state, &command, &inputs, |_, _| ());
    }

    fn inputs(&mut self, envelope: &Envelope) -> Inputs {
        Inputs {
            at: envelope.at,
            actor: envelope.actor,
            request: None,
            draws: Draws { audit: self.random.uniform(), seed: self.random.next(), arm: None },
            verdict: None,
        }
    }
}
