//! A small world for stories: one scenario type, three operators, a clock that is set by hand.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses its own part")]

use std::sync::Arc;

use npo_core::decide::{AnswerOrder, NewPerson, Withdrawn};
use npo_core::event::{
    Channel, DecisionMade, FeedbackGiven, Outcome, OutcomeResult, Provenance, RequestKey, Verdict,
};
use npo_core::people::{NPO, Role};
use npo_core::proposal::{Proposal, ScenarioRef, Text};
use npo_core::scenario_type::{Action, Feature, Risk, ScenarioType};
use npo_core::{
    Command, DecisionId, Draws, Envelope, Event, Inputs, Millis, PersonId, Profile, Rejection,
    Signal, State, TypeId, Vector, decide, react, stored,
};

/// The operators of [`World::new`].
pub const ANN: PersonId = PersonId(1);
pub const BOB: PersonId = PersonId(2);
pub const EVE: PersonId = PersonId(3);

/// Seconds for which a decision of [`definition`] can be answered.
pub const EXPIRES_S: i64 = 600;

/// A type with two features and two actions; at `raw` [0, 2] the prior logit is 2.
pub fn definition() -> ScenarioType {
    let feature = |name: &str, max, center, scale, prior| Feature {
        name: name.into(),
        title: "A title".into(),
        unit: "1".into(),
        description: "A description.".into(),
        min: 0.0,
        max,
        center,
        scale,
        prior,
    };
    let action = |name: &str, prior| Action {
        name: name.into(),
        title: "A title".into(),
        description: "A description.".into(),
        prior,
        reversible: true,
    };
    ScenarioType {
        name: "link-flapping".into(),
        version: 1,
        title: "A title".into(),
        description: "A description.".into(),
        risk: Risk::Medium,
        expires_after_s: u32::try_from(EXPIRES_S).expect("a small number"),
        override_cost: 3.0,
        prior_intercept: 2.0,
        features: vec![
            feature("flaps", 100.0, 0.0, 10.0, -1.0),
            feature("spare", 8.0, 2.0, 1.0, 0.5),
        ],
        actions: vec![action("remove-link", 0.0), action("drain-node", -0.5)],
    }
}

/// A raw input that the prior would surface, and one that it would not.
pub const SURE: [f64; 2] = [0.0, 2.0];
pub const DOUBTFUL: [f64; 2] = [50.0, 2.0];

#[derive(Clone)]
pub struct World {
    pub state: State,
    /// Milliseconds since 1970.
    pub at: i64,
    pub draws: Draws,
    pub actor: PersonId,
    pub request: Option<RequestKey>,
    /// Whether the Safety Policy Engine allows what is proposed.
    pub allow: bool,
}

impl World {
    /// `profile` in force, [`definition`] as type 0, and three operators.
    pub fn new(profile: Profile) -> Self {
        let mut world = Self {
            state: State::default(),
            at: 1_000,
            draws: Draws { audit: 0.999_999, seed: 1, arm: None },
            actor: NPO,
            request: None,
            allow: true,
        };
        world.order(Command::ActivateProfile(Box::new(profile)));
        world.order(Command::ActivateScenarioType(Box::new(definition())));
        for handle in ["ann", "bob", "eve"] {
            world.order(Command::AddPerson(person(handle, Role::Operator)));
        }
        world
    }

    /// Orders; what happens, and what follows from it, is folded from its stored form.
    pub fn try_order(&mut self, command: Command) -> Result<Vec<Event>, Rejection> {
        let verdict = Verdict { allow: self.allow, bundle: [7; 32], rules: vec![], error: None };
        let inputs = Inputs {
            at: Millis(self.at),
            actor: self.actor,
            request: self.request,
            draws: self.draws,
            verdict: Some(Arc::new(verdict)),
        };
        let mut events = decide(&self.state, &command, &inputs)?;
        self.fold(&events);
        let follow = react(&self.state, &events, self.draws.seed);
        self.fold(&follow);
        assert!(react(&self.state, &events, self.draws.seed).is_empty(), "what is done is done");
        events.extend(follow);
        Ok(events.into_iter().map(|envelope| envelope.event).collect())
    }

    fn fold(&mut self, events: &[Envelope]) {
        for envelope in events {
            let (kind, version, bytes) = stored::encode(envelope);
            self.state.apply(&stored::decode(kind, version, &bytes).expect("decodes"));
        }
    }

    pub fn order(&mut self, command: Command) -> Vec<Event> {
        self.try_order(command).expect("is accepted")
    }

    /// The message of a refusal; nothing may have changed.
    pub fn refused(&mut self, command: Command) -> String {
        let before = self.bytes();
        let refusal = self.try_order(command).expect_err("is refused");
        assert!(self.bytes() == before, "a refused order changed the state");
        assert!(!refusal.code().is_empty());
        refusal.to_string()
    }

    pub fn wait(&mut self, seconds: i64) {
        self.at += seconds * 1000;
    }

    pub fn propose(&mut self, entity: &str, raw: [f64; 2]) -> DecisionMade {
        self.propose_with(entity, "", raw, None)
    }

    pub fn propose_with(
        &mut self,
        entity: &str,
        site: &str,
        raw: [f64; 2],
        correlation: Option<&str>,
    ) -> DecisionMade {
        let text = correlation.map(|correlation| {
            Arc::new(Text { correlation: Some(correlation.into()), ..Text::default() })
        });
        let scenario = ScenarioRef::Named { entity: entity.into(), site: site.into() };
        let raw: Vector = raw.as_slice().into();
        let proposal = Proposal { type_id: TypeId(0), scenario, action: 0, raw, text };
        match self.order(Command::Propose(proposal)).into_iter().next() {
            Some(Event::DecisionMade(made)) => *made,
            other => panic!("a proposal led to {other:?}"),
        }
    }

    pub fn answer(&mut self, id: DecisionId, by: PersonId, signal: Signal) -> FeedbackGiven {
        feedback(self.order(answer(id, by, signal)))
    }

    pub fn withdraw(&mut self, what: Withdrawn) -> Vec<Event> {
        self.order(Command::Withdraw { what, reason: "the alert resolved".into() })
    }

    /// Actions in flight: on the site, and in all.
    pub fn in_flight(&self, site: &str) -> (u32, u32) {
        let site = self.state.scenarios().site_named(site);
        self.state.open().in_flight.count(site, Millis(self.at))
    }

    pub fn bytes(&self) -> Vec<u8> {
        bytes(&self.state)
    }
}

pub fn bytes(value: &impl serde::Serialize) -> Vec<u8> {
    postcard::to_stdvec(value).expect("encodes")
}

pub fn person(handle: &str, role: Role) -> NewPerson {
    NewPerson {
        handle: handle.into(),
        name: handle.to_uppercase(),
        roles: vec![role],
        group: npo_core::people::Group::default(),
    }
}

pub fn provenance() -> Provenance {
    Provenance {
        channel: Channel::Cli,
        open_ms: 0,
        viewed_ms: None,
        explanation: None,
        reason: None,
        confidence: None,
        consent: true,
    }
}

pub fn answer(decision: DecisionId, by: PersonId, signal: Signal) -> Command {
    Command::Answer(AnswerOrder { decision, by, signal, provenance: provenance() })
}

pub fn answer_with(decision: DecisionId, signal: Signal, provenance: Provenance) -> Command {
    Command::Answer(AnswerOrder { decision, by: ANN, signal, provenance })
}

/// The first event, which must be an answer.
pub fn feedback(events: Vec<Event>) -> FeedbackGiven {
    match events.into_iter().next() {
        Some(Event::FeedbackGiven(feedback)) => *feedback,
        other => panic!("an answer led to {other:?}"),
    }
}

pub fn observe(id: DecisionId) -> Command {
    let outcome =
        Outcome { result: OutcomeResult::Recovered, time_to_recover_ms: Some(90_000), note: None };
    Command::Observe { id, outcome }
}
