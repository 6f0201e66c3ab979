//! Logs as `npo_core::decide` writes them, shared by the tests and the benchmark.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses its own part")]

use std::sync::Arc;

use npo_core::decide::{AnswerOrder, NewPerson, Withdrawn};
use npo_core::event::{Channel, Outcome, OutcomeResult, Provenance, Verdict};
use npo_core::people::Role;
use npo_core::proposal::{Proposal, ScenarioRef, Text};
use npo_core::scenario_type::{Action, Feature, Risk, ScenarioType};
use npo_core::{
    Command, DecisionId, Draws, Envelope, Inputs, Millis, PersonId, Profile, Signal, State, TypeId,
    decide,
};

/// Scenario types in every log.
pub const TYPES: u32 = 3;
/// Operators in every log; their ids are 1 and 2.
pub const OPERATORS: u32 = 2;
/// Seconds after which decisions expire.
pub const EXPIRES_AFTER_S: u32 = 600;

/// What happens next in a log.
#[derive(Debug, Clone)]
pub enum Step {
    /// A proposal: type, entity, feature, whether policy allows it, whether an audit is drawn.
    Propose(u32, u32, f64, bool, bool),
    /// An answer to a decision, counted back from the latest, by an operator.
    Answer(u64, u32, Signal),
    /// A decision is taken back.
    Withdraw(u64),
    /// All decisions about an entity's condition are taken back.
    Resolve(u32),
    /// An outcome is reported.
    Observe(u64),
    /// Time passes, in seconds, and what is overdue expires.
    Wait(u32),
}

/// A log under construction.
pub struct World {
    /// The state after everything in `events`.
    pub state: State,
    /// Positions and events.
    pub events: Vec<(u64, Envelope)>,
    at: i64,
}

impl World {
    pub fn new() -> Self {
        let state = State::new(Profile::calibrated());
        let mut world = Self { state, events: Vec::new(), at: 1_000_000 };
        for i in 0..TYPES {
            world.order(Command::ActivateScenarioType(Box::new(scenario_type(i))), None, 1.0);
        }
        for i in 0..OPERATORS {
            let handle = format!("op{i}");
            let person = NewPerson {
                name: handle.clone(),
                handle,
                roles: vec![Role::Operator],
                group: npo_core::people::Group::default(),
            };
            world.order(Command::AddPerson(person), None, 1.0);
        }
        world
    }

    pub fn of(steps: &[Step]) -> Self {
        let mut world = Self::new();
        steps.iter().for_each(|step| world.step(step));
        world
    }

    /// Position of the last event.
    pub fn head(&self) -> u64 {
        self.events.len() as u64
    }

    pub fn step(&mut self, step: &Step) {
        match *step {
            Step::Propose(type_id, entity, feature, allow, audit) => {
                self.propose(
                    type_id,
                    &entity_name(entity),
                    &site_name(entity),
                    feature,
                    allow,
                    audit,
                );
            }
            Step::Answer(back, by, signal) => {
                let (decision, by) = (self.back(back), PersonId(1 + by % OPERATORS));
                let provenance = Provenance {
                    channel: Channel::Simulation,
                    open_ms: 0,
                    viewed_ms: None,
                    explanation: None,
                    reason: None,
                    confidence: None,
                    consent: true,
                };
                let order = AnswerOrder { decision, by, signal, provenance };
                self.order(Command::Answer(order), None, 1.0);
            }
            Step::Withdraw(back) => {
                let what = Withdrawn::Decision(self.back(back));
                self.order(Command::Withdraw { what, reason: "over".into() }, None, 1.0);
            }
            Step::Resolve(entity) => {
                let what = Withdrawn::Correlation(entity_name(entity));
                self.order(Command::Withdraw { what, reason: "resolved".into() }, None, 1.0);
            }
            Step::Observe(back) => {
                let result = OutcomeResult::Recovered;
                let outcome = Outcome { result, time_to_recover_ms: None, note: None };
                self.order(Command::Observe { id: self.back(back), outcome }, None, 1.0);
            }
            Step::Wait(seconds) => {
                self.at += i64::from(seconds) * 1000;
                for id in self.state.open().overdue(Millis(self.at), 1000) {
                    self.order(Command::Expire(id), None, 1.0);
                }
            }
        }
    }

    pub fn propose(
        &mut self,
        type_id: u32,
        entity: &str,
        site: &str,
        feature: f64,
        allow: bool,
        audit: bool,
    ) {
        let text = Text { correlation: Some(entity.to_owned()), ..Text::default() };
        let proposal = Proposal {
            type_id: TypeId(type_id % TYPES),
            scenario: ScenarioRef::Named { entity: entity.into(), site: site.into() },
            action: 0,
            raw: [feature].as_slice().into(),
            text: Some(Arc::new(text)),
        };
        let verdict = Verdict { allow, bundle: [0; 32], rules: vec![], error: None };
        self.order(Command::Propose(proposal), Some(verdict), if audit { 0.0 } else { 1.0 });
    }

    /// Carries out an order; one that is refused leaves no trace.
    fn order(&mut self, command: Command, verdict: Option<Verdict>, audit: f64) {
        self.at += 7;
        let inputs = Inputs {
            at: Millis(self.at),
            actor: PersonId(0),
            request: None,
            draws: Draws { audit, seed: 1, arm: None },
            verdict: verdict.map(Arc::new),
        };
        for envelope in decide(&self.state, &command, &inputs).unwrap_or_default() {
            self.state.apply(&envelope);
            self.events.push((self.head() + 1, envelope));
        }
    }

    fn back(&self, back: u64) -> DecisionId {
        let next = self.state.open().next_id().0;
        DecisionId(next.saturating_sub(1 + back))
    }
}

pub fn entity_name(entity: u32) -> String {
    format!("leaf{}:HundredGigE0/0/0/{}", entity / 64, entity % 64)
}

pub fn site_name(entity: u32) -> String {
    if entity == 0 { String::new() } else { format!("site{}", entity % 3) }
}

/// One feature, whose value is the logit.
fn scenario_type(i: u32) -> ScenarioType {
    ScenarioType {
        name: format!("type-{i}"),
        version: 1,
        title: "A type".into(),
        description: "A type for tests.".into(),
        risk: Risk::Low,
        expires_after_s: EXPIRES_AFTER_S,
        override_cost: 3.0,
        prior_intercept: 0.0,
        features: vec![Feature {
            name: "logit".into(),
            title: "Logit".into(),
            unit: "1".into(),
            description: "The logit itself.".into(),
            min: -10.0,
            max: 10.0,
            center: 0.0,
            scale: 1.0,
            prior: 1.0,
        }],
        actions: vec![Action {
            name: "act".into(),
            title: "Act".into(),
            description: "Acts.".into(),
            prior: 0.0,
            reversible: true,
        }],
    }
}
