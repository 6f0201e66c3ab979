//! Another profile over the same log: each logged proposal decided again, each logged answer given
//! where both ask.
//!
//! The answers are those that the log has. Where the other profile asks and nobody was asked then,
//! it learns nothing, and where people answered something that it would not have asked, it does not
//! hear them; both are counted.
//!
//! Chance is that of the log as far as the log tells it: an audit is drawn with the very number that
//! the event stores, and a threshold arm stays the one that was drawn as often as both profiles
//! would draw it. Drawn independently, some audits more or less would send every later score
//! another way, and the log's answers would no longer be to what is asked.
//! Until something differs the run *is* the log: its events are taken over as they are, with the
//! refits and recalled verdicts that only the server could make.

use npo_core::decide::{AnswerOrder, RcaOrder, Withdrawn};
use npo_core::event::{DecisionMade, Envelope, Event, FeedbackGiven};
use npo_core::people::NPO;
use npo_core::proposal::{Proposal, ScenarioRef};
use npo_core::{Command, Draws, Inputs, Profile, Rejection, State, decide};
use npo_engine::advance;

use super::arms::{Arms, Drawn};
use super::bootstrap::Random;
use super::propensity::{self, Chances};

/// Scores further apart than this are different ones; those of a log from another machine may
/// differ in the last digits.
const SAME_SCORE: f64 = 1e-9;

/// The other profile's own run.
#[derive(Debug)]
pub(super) struct Shadow {
    profile: Profile,
    state: State,
    random: Random,
    arms: Arms,
    /// Whether anything has differed from the log so far.
    apart: bool,
    /// Whether anything was decided.
    begun: bool,
    pub(super) heard: u64,
    pub(super) unheard: u64,
}

/// A logged proposal, decided again.
#[derive(Debug)]
pub(super) struct Again {
    pub(super) made: Box<DecisionMade>,
    /// How likely it was to be surfaced and to be audited, whatever was drawn.
    pub(super) chances: Chances,
}

/// What is known of the log where a proposal is decided again.
pub(super) struct Logged<'a> {
    pub(super) state: &'a State,
    pub(super) arms: &'a mut Arms,
}

impl Shadow {
    pub(super) fn new(profile: &Profile, seed: u64) -> Self {
        let state = State::new(profile.clone());
        let (profile, random, arms) = (profile.clone(), Random::new(seed), Arms::default());
        Self { profile, state, random, arms, apart: false, begun: false, heard: 0, unheard: 0 }
    }

    /// Decides a logged proposal anew.
    pub(super) fn decide(
        &mut self,
        envelope: &Envelope,
        made: &DecisionMade,
        logged: Logged<'_>,
    ) -> Result<Again, Rejection> {
        self.begun = true;
        self.apart |= *logged.state.profile() != self.profile;
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
        let command = Command::Propose(proposal);
        let (draws, drawn) = self.draws(made, logged);
        let verdict = Some(made.verdict.clone());
        let inputs = Inputs { draws, verdict, ..self.inputs(envelope) };
        let again = decided(made, decide(&self.state, &command, &inputs)?)?;
        let unknown = || Rejection::UnknownDecision(made.id);
        let type_state = self.state.type_state(made.type_id).ok_or_else(unknown)?;
        let chances = propensity::chances(&mut self.arms, &self.state, type_state, &again, drawn);
        self.apart |= !same(&again, made);
        if self.apart {
            advance(&mut self.state, &command, &inputs, |_, _| ())?;
        }
        Ok(Again { made: again, chances })
    }

    /// The log's chance, as far as the event tells it, and whether an arm is drawn by it.
    fn draws(&mut self, made: &DecisionMade, logged: Logged<'_>) -> (Draws, Drawn) {
        // What was not compared with a draw says nothing about it.
        let audit = made.audit.map_or_else(|| self.random.uniform(), |audit| audit.draw);
        let Self { state, random, arms, .. } = self;
        let (seed, drawn) = arms.coupled(state, made, logged.state, logged.arms, random);
        let arm = match drawn {
            Drawn::Given(arm) => Some(arm),
            Drawn::Freely => None,
        };
        (Draws { audit, seed, arm }, drawn)
    }

    /// Lets it see what else happened.
    pub(super) fn observe(&mut self, envelope: &Envelope) {
        if !self.apart {
            return self.follow(envelope);
        }
        match &envelope.event {
            // Its own monitor presses for itself.
            Event::RedButtonPressed(hold) if hold.by == NPO => {}
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

    /// Takes over what happened, where nothing has differed.
    fn follow(&mut self, envelope: &Envelope) {
        match &envelope.event {
            // A log begins with some profile; what is decided first tells which.
            Event::ProfileActivated(profile) if **profile != self.profile => {
                self.apart = self.begun;
            }
            event => {
                self.heard += u64::from(matches!(event, Event::FeedbackGiven(_)));
                self.state.apply(envelope);
            }
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

/// The decision among the events of its order.
fn decided(
    made: &DecisionMade,
    events: impl IntoIterator<Item = Envelope>,
) -> Result<Box<DecisionMade>, Rejection> {
    let again = events.into_iter().find_map(|envelope| match envelope.event {
        Event::DecisionMade(again) => Some(again),
        _ => None,
    });
    // Numbers are dense, so that another number is that of another log.
    again.filter(|again| again.id == made.id).ok_or(Rejection::UnknownDecision(made.id))
}

/// Whether two runs decided the same for the same reasons.
fn same(again: &DecisionMade, made: &DecisionMade) -> bool {
    again.disposition == made.disposition
        && again.threshold.theta() == made.threshold.theta()
        && again.threshold.arm() == made.threshold.arm()
        && (again.score - made.score).abs() <= SAME_SCORE
        && (again.asked - made.asked).abs() <= SAME_SCORE
}
