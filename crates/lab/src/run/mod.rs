//! One run: a method in a world, through the same `decide` and `apply` that serve in production.
//!
//! Time is simulated, one second an episode, so that what is done can be forgotten.

mod certified;
mod gold;
#[cfg(test)]
mod golden;
mod meter;
mod view;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use npo_core::decide::{AnswerOrder, Events, NewPerson, RcaOrder};
use npo_core::event::{
    Channel, DecisionMade, Disposition, MonitorAction, Provenance, RcaSubject, Verdict,
};
use npo_core::learning::window::MonitorSettings;
use npo_core::oversight::Level;
use npo_core::people::{self, NPO};
use npo_core::proposal::{Proposal, ScenarioRef};
use npo_core::scenario_type::{Action, Feature, Risk, ScenarioType};
use npo_core::{
    Command, DecisionId, Draws, Envelope, Event, Inputs, Millis, PersonId, Rejection, ScenarioId,
    Signal, State, TypeId, Vector,
};
use npo_engine::advance_into;

use crate::experiment::Method;
use crate::record::RunRecord;
use crate::world::{Block, Step, World};
pub(crate) use gold::Gold;
pub(crate) use meter::Meter;

/// Delays longer than so many means are taken for no answer; e⁻⁴⁰ of them are.
const DELAYS_KEPT: f64 = 40.0;
const TYPE: TypeId = TypeId(0);

/// A run that met something that cannot happen in a world that is well formed.
#[derive(Debug, thiserror::Error)]
#[error(
    "{world}, {method}, seed {seed}, episode {episode}: the loop refused an order: {rejection}"
)]
pub struct RunError {
    world: String,
    method: String,
    seed: u64,
    episode: u64,
    rejection: Box<Rejection>,
}

/// What is measured in a run, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Episodes at the end that "final" numbers are about.
    pub tail: u64,
    /// Points of each curve.
    pub checkpoints: u64,
}

/// What the monitor did in an episode.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Acted {
    /// It let the model be retrained.
    pub(crate) retrained: bool,
    /// It did something about what the model says.
    pub(crate) at_all: bool,
}

impl std::ops::BitOrAssign for Acted {
    fn bitor_assign(&mut self, other: Self) {
        self.retrained |= other.retrained;
        self.at_all |= other.at_all;
    }
}

/// An answer on its way: when it arrives, then which decision, latest first, as the reference does.
type Arrival = (Reverse<u64>, DecisionId, Answered);

/// An answer, and the root-cause verdict that follows it, if one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Answered {
    by: PersonId,
    signal: Signal,
    disposition: Disposition,
    right: Option<bool>,
}

/// A method on its way through a world.
pub struct Run<'w, K> {
    world: &'w World,
    state: State,
    meter: Meter<'w>,
    kept: K,
    /// The loop's number of each scenario, once it knows it.
    known: Vec<Option<ScenarioId>>,
    /// What goes with a proposal that policy denies, and with one that it allows.
    judged: [Inputs; 2],
    arrivals: BinaryHeap<Arrival>,
    /// Decisions that nobody will answer, with the episode at which they expire.
    unanswered: VecDeque<(u64, DecisionId)>,
    expires_after: u64,
    /// Room for the events of a proposal, and of what follows it.
    rooms: [Events; 2],
    /// The order of the proposal under way; its room is used again as well.
    proposal: Command,
}

impl<'w, K: FnMut(u64, &Envelope)> Run<'w, K> {
    /// A run before its first episode; every event is shown to `kept` with its position.
    ///
    /// # Errors
    /// The [`Rejection`] of an order that prepares the run.
    pub fn start(
        world: &'w World,
        method: &Method,
        measured: Measured,
        kept: K,
    ) -> Result<Self, Rejection> {
        let settings = world.settings();
        let profile = method.profile_in(settings);
        let expires_after = lifetime(settings.delay_mean, settings.horizon);
        let judged = [false, true].map(|allow| {
            let verdict = Verdict { allow, bundle: [0; 32], rules: vec![], error: None };
            Inputs { verdict: Some(Arc::new(verdict)), ..unjudged(0, NPO) }
        });
        let meter = Meter::new(world, &profile, measured);
        let mut run = Self {
            world,
            state: State::default(),
            meter,
            kept,
            known: vec![None; settings.scenarios as usize],
            judged,
            arrivals: BinaryHeap::new(),
            unanswered: VecDeque::new(),
            expires_after,
            rooms: [Events::new(), Events::new()],
            proposal: Command::Propose(Proposal {
                type_id: TYPE,
                scenario: ScenarioRef::Known(ScenarioId(0)),
                action: 0,
                raw: Vector::new(),
                text: None,
            }),
        };
        run.order(0, NPO, &Command::ActivateProfile(Box::new(profile)))?;
        let definition = scenario_type(world, method.cost_in(settings), expires_after);
        run.order(0, NPO, &Command::ActivateScenarioType(Box::new(definition)))?;
        for i in 0..settings.operators * settings.successors {
            let handle = format!("operator-{i}");
            // What is escalated is answered by the same people: nobody else is there.
            let roles = vec![people::Role::Operator, people::Role::Approver];
            let team = settings.team(i).map_or_else(String::new, |team| format!("team-{team}"));
            let group = people::Group { site: String::new(), team };
            run.order(
                0,
                NPO,
                &Command::AddPerson(NewPerson { name: handle.clone(), handle, roles, group }),
            )?;
        }
        if method.autonomy != Level::default() {
            let (ceiling, reason) = (method.autonomy, "the method's".to_owned());
            run.order(0, NPO, &Command::GrantAutonomy { type_id: TYPE, ceiling, reason })?;
        }
        if let (Level::Automatic, Some(settings)) =
            (method.autonomy, run.state.profile().certificate)
        {
            run.meter.certifies(settings.alpha);
        }
        if settings.introduced {
            // Denied proposals are episodes too; whole rounds of them leave the monitor's looks
            // where they would be without.
            let count = settings.scenarios as usize;
            let round = cadence(&run.state.profile().monitor);
            for k in (0..count.next_multiple_of(round)).map(|i| i.min(count - 1)) {
                let draws = Draws { audit: 1.0, seed: 0, arm: None };
                run.propose(0, k, world.centre(k), draws, false, &mut Events::new())?;
            }
        }
        Ok(run)
    }

    /// Goes through a block of episodes.
    ///
    /// # Errors
    /// The episode at which an order was refused, and why.
    pub fn go(&mut self, block: &Block) -> Result<(), (u64, Rejection)> {
        for (t, step, features) in block.iter() {
            self.episode(t, step, features).map_err(|rejection| (t, rejection))?;
        }
        Ok(())
    }

    fn episode(&mut self, t: u64, step: &Step, features: &[f64]) -> Result<(), Rejection> {
        let draws = Draws { audit: step.audit, seed: step.arm, arm: None };
        self.episode_drawn(t, step, features, draws).map(drop)
    }

    /// As [`Self::episode`] with other draws; says what the monitor did.
    fn episode_drawn(
        &mut self,
        t: u64,
        step: &Step,
        features: &[f64],
        draws: Draws,
    ) -> Result<Acted, Rejection> {
        let second = t + 1;
        self.meter.prepare(t, &self.state, &self.known);
        let mut events = std::mem::take(&mut self.rooms[0]);
        let k = step.scenario as usize;
        self.propose(second, k, features, draws, step.allowed, &mut events)?;
        let mut acted = monitored(&events);
        if let Some(Event::DecisionMade(made)) = events.first().map(|envelope| &envelope.event) {
            let (signal, probabilities) = self.world.answer(t, step, made.score);
            self.meter.decision(t, step, probabilities, made);
            if made.asks() {
                let (like, overridden) = probabilities;
                let right = step.analysed.then_some(like >= overridden);
                acted |= self.ask(t, step, made, (signal, right))?;
            }
            acted |= self.catch_up(second)?;
            self.meter.end(t, acted, &self.state, &self.known);
        }
        self.rooms[0] = events;
        Ok(acted)
    }

    /// Puts a decision to its operator, who answers now, later or never.
    fn ask(
        &mut self,
        t: u64,
        step: &Step,
        made: &DecisionMade,
        (signal, right): (Signal, Option<bool>),
    ) -> Result<Acted, Rejection> {
        let (by, disposition) = (PersonId(step.operator + 1), made.disposition);
        let answered = Answered { by, signal, disposition, right };
        let in_time =
            |delay: u64| delay < self.expires_after && t + delay < self.world.settings().horizon;
        match step.delay.map(u64::from).filter(|delay| in_time(*delay)) {
            Some(0) => return self.answer(t + 1, made.id, answered),
            Some(delay) => self.arrivals.push((Reverse(t + 1 + delay), made.id, answered)),
            None => self.unanswered.push_back((t + 1 + self.expires_after, made.id)),
        }
        Ok(Acted::default())
    }

    /// Takes the answers that arrive by now and closes what has expired.
    fn catch_up(&mut self, second: u64) -> Result<Acted, Rejection> {
        let mut acted = Acted::default();
        while self.arrivals.peek().is_some_and(|(arrives, ..)| arrives.0 <= second)
            && let Some((_, id, answered)) = self.arrivals.pop()
        {
            acted |= self.answer(second, id, answered)?;
        }
        while let Some((_, id)) = self.unanswered.pop_front_if(|(expires, _)| *expires <= second) {
            acted |= self.order(second, NPO, &Command::Expire(id))?;
        }
        Ok(acted)
    }

    fn answer(
        &mut self,
        second: u64,
        decision: DecisionId,
        answered: Answered,
    ) -> Result<Acted, Rejection> {
        let Answered { by, signal, disposition, right } = answered;
        let provenance = Provenance {
            channel: Channel::Simulation,
            open_ms: 0,
            viewed_ms: None,
            explanation: None,
            reason: None,
            confidence: None,
            consent: true,
        };
        let command = Command::Answer(AnswerOrder { decision, by, signal, provenance });
        let mut acted = self.order(second, by, &command)?;
        self.meter.answer(second - 1, disposition, signal);
        if let Some(Event::FeedbackGiven(given)) = self.rooms[1].first().map(|first| &first.event) {
            self.meter.learned(given.scenario, given.score_after, &self.known);
        }
        if let Some(right) = right {
            let subject = RcaSubject::Decision { id: decision, right };
            let order = Command::RecordRca(RcaOrder { subject, note: None, recalled: None });
            acted |= self.order(second, NPO, &order)?;
        }
        Ok(acted)
    }

    fn propose(
        &mut self,
        second: u64,
        k: usize,
        features: &[f64],
        draws: Draws,
        allowed: bool,
        events: &mut Events,
    ) -> Result<(), Rejection> {
        if let Command::Propose(proposal) = &mut self.proposal {
            match (self.known[k], &mut proposal.scenario) {
                (Some(known), ScenarioRef::Known(id)) => *id = known,
                (Some(known), scenario) => *scenario = ScenarioRef::Known(known),
                (None, scenario) => {
                    let (entity, site) = (format!("scenario-{k}"), String::new());
                    *scenario = ScenarioRef::Named { entity, site };
                }
            }
            proposal.raw.clear();
            proposal.raw.extend_from_slice(features);
        }
        let inputs = &mut self.judged[usize::from(allowed)];
        (inputs.at, inputs.draws) = (at(second), draws);
        advance_into(&mut self.state, &self.proposal, inputs, events, &mut self.kept)?;
        if self.known[k].is_none()
            && let Some(Event::DecisionMade(made)) = events.first().map(|envelope| &envelope.event)
        {
            self.known[k] = Some(made.scenario);
        }
        Ok(())
    }

    /// Carries out an order; its events are in the second room then. Says what the monitor did.
    fn order(&mut self, second: u64, actor: PersonId, order: &Command) -> Result<Acted, Rejection> {
        let (inputs, events) = (unjudged(second, actor), &mut self.rooms[1]);
        advance_into(&mut self.state, order, &inputs, events, &mut self.kept)?;
        Ok(monitored(events))
    }

    /// The state as it is.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What was measured, under the run's names.
    #[must_use]
    pub fn record(self, world: &str, method: &str, seed: u64) -> RunRecord {
        let Self { meter, state, .. } = self;
        let (metrics, curves, checkpoints) = meter.finish(&state);
        let (world, method) = (world.to_owned(), method.to_owned());
        RunRecord { world, method, seed, metrics, curves, checkpoints }
    }
}

impl RunError {
    pub(crate) fn new(names: (&str, &str, u64), episode: u64, rejection: Rejection) -> Self {
        let (world, method, seed) = (names.0.to_owned(), names.1.to_owned(), names.2);
        Self { world, method, seed, episode, rejection: Box::new(rejection) }
    }
}

/// What goes with an order that needs neither a verdict nor chance.
fn unjudged(second: u64, actor: PersonId) -> Inputs {
    let draws = Draws { audit: 1.0, seed: 0, arm: None };
    Inputs { at: at(second), actor, request: None, draws, verdict: None }
}

/// What the monitor did.
fn monitored(events: &Events) -> Acted {
    let mut acted = Acted::default();
    for envelope in events {
        if let Event::MonitorActed { action, cause, .. } = &envelope.event {
            acted.retrained |= *action == MonitorAction::Retrain;
            acted.at_all |= cause.is_about_the_model();
        }
    }
    acted
}

/// Episodes between two looks of the published monitor.
fn cadence(monitor: &MonitorSettings) -> usize {
    let every = match monitor {
        MonitorSettings::Off => 1,
        MonitorSettings::Window { every, .. } => *every,
        MonitorSettings::Periodic { period } => *period,
    };
    every.max(1) as usize
}

fn at(second: u64) -> Millis {
    Millis(i64::try_from(second).map_or(i64::MAX, |second| second.saturating_mul(1000)))
}

/// Seconds for which a decision waits: one where answers come at once, else long enough for all but
/// e⁻⁴⁰ of them.
fn lifetime(delay_mean: f64, horizon: u64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the mean is at most 700,000"
    )]
    let longest = (DELAYS_KEPT * delay_mean).ceil() as u64;
    // A scenario type waits a year at most.
    longest.min(horizon).min(31_000_000) + 1
}

/// The world's one scenario type: plain features with the world's prior.
fn scenario_type(world: &World, override_cost: f64, expires_after: u64) -> ScenarioType {
    let feature = |(i, prior): (usize, &f64)| Feature {
        name: format!("x{}", i + 1),
        title: format!("Feature {}", i + 1),
        unit: "1".into(),
        description: "Standard normal over scenarios, taken as it is.".into(),
        min: -1e6,
        max: 1e6,
        center: 0.0,
        scale: 1.0,
        prior: *prior,
    };
    ScenarioType {
        name: "simulated".into(),
        version: 1,
        title: "Simulated situation".into(),
        description: "A situation of a simulated world.".into(),
        risk: Risk::Low,
        expires_after_s: u32::try_from(expires_after).unwrap_or(u32::MAX),
        override_cost,
        prior_intercept: world.prior()[0],
        features: world.prior()[1..].iter().enumerate().map(feature).collect(),
        actions: vec![Action {
            name: "act".into(),
            title: "Act".into(),
            description: "The only action.".into(),
            prior: 0.0,
            reversible: true,
        }],
    }
}
