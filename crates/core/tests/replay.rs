//! Replay: whatever was ordered, in whatever order, folding the log gives the same bytes.
//!
//! Random orders, sound and unsound, go through `decide`; what they lead to is written to a log in
//! its stored form.
//! The log alone, and a state that was stored half way, must lead to the state that lived through
//! it all.

#[path = "support/world.rs"]
mod world;

use std::sync::Arc;

use npo_core::decide::{AnswerOrder, NewPerson, NewToken, PersonChange, Withdrawn};
use npo_core::event::{
    Channel, Outcome, OutcomeResult, PolicyRef, Provenance, RequestKey, Verdict,
};
use npo_core::ids::TokenId;
use npo_core::learning::window::MonitorSettings;
use npo_core::people::Role;
use npo_core::profile::{Scorer, Selector};
use npo_core::proposal::{Proposal, ScenarioRef, Text};
use npo_core::scenario_type::ScenarioType;
use npo_core::state::Closing;
use npo_core::{
    Command, DecisionId, Draws, Inputs, Millis, PersonId, Profile, ScenarioId, Signal, State,
    TypeId, decide, stored,
};
use proptest::prelude::*;
use world::bytes;

/// An order in small numbers; what they mean depends on the state that it meets.
#[derive(Debug, Clone)]
enum Step {
    Wait(i64),
    Propose { type_id: u32, entity: u32, known: bool, action: u8, raw: Vec<f64>, about: Option<u8> },
    Answer { back: u64, by: u32, signal: usize, consent: bool, confidence: Option<f64> },
    Expire { back: u64 },
    Withdraw { back: u64 },
    Resolve { about: u8 },
    Observe { back: u64 },
    Type { name: u8, skip: u32, shape: u8 },
    Profile(u8),
    Policy(u8),
    SetUp(u8),
    Add { handle: u8, admin: bool },
    Change { person: u32, active: Option<bool>, admin: Option<bool> },
    Issue { person: u32, digest: u8 },
    Revoke(u32),
}

/// Everything of one order that is gathered.
#[derive(Debug, Clone)]
struct Gathered {
    step: Step,
    actor: u32,
    request: Option<u8>,
    audit: f64,
    seed: u64,
    arm: Option<u8>,
    /// A verdict, or none at all.
    allow: Option<bool>,
}

fn raw() -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![
        32 => 0.0..8.0f64,
        4 => prop_oneof![Just(100.0), Just(0.0), Just(-0.0)],
        1 => prop_oneof![Just(f64::NAN), Just(f64::NEG_INFINITY), any::<f64>()],
    ];
    prop_oneof![
        24 => prop::collection::vec(value.clone(), 2),
        1 => prop::collection::vec(value, 0..4),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    // 0 is the decision that does not exist yet; mostly, orders are about the latest.
    let back = prop_oneof![6 => 1u64..4, 2 => 0u64..12];
    let some = |likely: std::ops::Range<u32>, all: std::ops::Range<u32>| prop_oneof![6 => likely, 1 => all];
    prop_oneof![
        4 => prop_oneof![4 => 0i64..5_000, 1 => 0i64..2_000_000, 1 => -100_000i64..0].prop_map(Step::Wait),
        16 => (some(0..1, 0..3), 0u32..6, prop::bool::weighted(0.2), some(0..2, 0..3), raw(), prop::option::of(0u8..3)).prop_map(
            |(type_id, entity, known, action, raw, about)| {
                let action = u8::try_from(action).expect("small");
                Step::Propose { type_id, entity, known, action, raw, about }
            }
        ),
        16 => (
            back.clone(),
            some(1..4, 0..6),
            0usize..4,
            prop::bool::weighted(0.9),
            prop::option::weighted(0.2, prop_oneof![0.0..=1.0f64, Just(f64::NAN), Just(2.0)]),
        )
            .prop_map(|(back, by, signal, consent, confidence)| {
                Step::Answer { back, by, signal, consent, confidence }
            }),
        3 => back.clone().prop_map(|back| Step::Expire { back }),
        2 => back.clone().prop_map(|back| Step::Withdraw { back }),
        2 => (0u8..3).prop_map(|about| Step::Resolve { about }),
        3 => back.prop_map(|back| Step::Observe { back }),
        1 => (0u8..3, 0u32..3, 0u8..5).prop_map(|(name, skip, shape)| Step::Type { name, skip, shape }),
        1 => (0u8..10).prop_map(Step::Profile),
        1 => (0u8..3).prop_map(Step::Policy),
        1 => (0u8..8).prop_map(Step::SetUp),
        2 => (0u8..8, any::<bool>()).prop_map(|(handle, admin)| Step::Add { handle, admin }),
        1 => (0u32..6, any::<Option<bool>>(), any::<Option<bool>>())
            .prop_map(|(person, active, admin)| Step::Change { person, active, admin }),
        1 => (0u32..6, 0u8..4).prop_map(|(person, digest)| Step::Issue { person, digest }),
        1 => (0u32..4).prop_map(Step::Revoke),
    ]
}

fn gathered() -> impl Strategy<Value = Gathered> {
    let draws = (0.0..1.0f64, any::<u64>(), prop::option::weighted(0.3, 0u8..6));
    let allow = prop_oneof![16 => Just(Some(true)), 1 => Just(Some(false)), 1 => Just(None)];
    (step(), 0u32..5, prop::option::weighted(0.2, 0u8..20), draws, allow).prop_map(
        |(step, actor, request, (audit, seed, arm), allow)| Gathered {
            step,
            actor,
            request,
            audit,
            seed,
            arm,
            allow,
        },
    )
}

fn profile(i: u8) -> Profile {
    let (paper, calibrated) = (Profile::paper(), Profile::calibrated());
    let arms = vec![0.0, 0.5, 1.0];
    match i {
        0 | 1 => paper,
        2 | 3 => calibrated,
        4 => Profile { trust: None, audit: None, ..calibrated },
        5 => Profile { selector: Selector::Thompson { arms, discount: 0.9 }, ..calibrated },
        6 => Profile { selector: Selector::Random { arms }, in_flight_s: 5, ..paper },
        7 => {
            let scorer = Scorer::MovingAverage { rate: 0.0 };
            Profile { scorer, selector: Selector::Fixed { theta: 0.5 }, ..paper }
        }
        8 => {
            let mut eager = Profile {
                monitor: MonitorSettings::Periodic { period: 2 },
                selector: Selector::Fixed { theta: 0.0 },
                retention_s: 10,
                ..paper
            };
            (eager.retrain.pseudo_count, eager.retrain.precision) = (0.0, 1e-9);
            eager.retrain.rows_max = 3;
            eager
        }
        // Out of range: refused.
        _ => Profile { reward_rate: f64::NAN, ..calibrated },
    }
}

fn definition(name: u8, version: u32, shape: u8) -> ScenarioType {
    let mut definition = world::definition();
    definition.name = ["link-flapping", "link-errors", "session-loss"][usize::from(name)].into();
    definition.version = version;
    match shape {
        0 => {}
        1 => definition.expires_after_s = 30,
        2 => definition.features[0].scale = 1e-3,
        3 => drop(definition.actions.pop()),
        // Invalid: refused.
        _ => definition.features[1].name = "flaps".into(),
    }
    definition
}

fn command(state: &State, step: &Step) -> Option<Command> {
    let next = state.open().next_id().0;
    let id = |back: u64| DecisionId(next.wrapping_sub(back));
    Some(match step.clone() {
        Step::Wait(_) => return None,
        Step::Propose { type_id, entity, known, action, raw, about } => {
            let text = about
                .map(|about| Text { correlation: Some(format!("c{about}")), ..Text::default() });
            let scenario = if known {
                ScenarioRef::Known(ScenarioId(entity))
            } else {
                ScenarioRef::Named {
                    entity: format!("leaf{entity}"),
                    site: format!("s{}", entity % 2),
                }
            };
            let (type_id, raw) = (TypeId(type_id), raw.as_slice().into());
            Command::Propose(Proposal { type_id, scenario, action, raw, text: text.map(Box::new) })
        }
        Step::Answer { back, by, signal, consent, confidence } => {
            let provenance = Provenance {
                channel: Channel::ALL[by as usize],
                consent,
                confidence,
                ..world::provenance()
            };
            let signal = Signal::ALL[signal];
            Command::Answer(AnswerOrder {
                decision: id(back),
                by: PersonId(by),
                signal,
                provenance,
            })
        }
        Step::Expire { back } => Command::Expire(id(back)),
        Step::Withdraw { back } => {
            Command::Withdraw { what: Withdrawn::Decision(id(back)), reason: "over".into() }
        }
        Step::Resolve { about } => Command::Withdraw {
            what: Withdrawn::Correlation(format!("c{about}")),
            reason: "over".into(),
        },
        Step::Observe { back } => {
            let result = OutcomeResult::ALL[usize::try_from(back % 4).expect("small")];
            Command::Observe {
                id: id(back),
                outcome: Outcome { result, time_to_recover_ms: None, note: None },
            }
        }
        Step::Type { name, skip, shape } => {
            let draft = definition(name, 1, shape);
            let current = state.type_named(&draft.name).map_or(0, |(_, t)| t.definition().version);
            Command::ActivateScenarioType(Box::new(definition(name, current + skip, shape)))
        }
        Step::Profile(i) => Command::ActivateProfile(Box::new(profile(i))),
        Step::Policy(i) => Command::ActivatePolicy(PolicyRef {
            digest: [i; 32],
            name: "policy".into(),
            version: i.to_string(),
        }),
        Step::SetUp(handle) => Command::SetUp(person(handle, true), token(9)),
        Step::Add { handle, admin } => Command::AddPerson(person(handle, admin)),
        Step::Change { person, active, admin } => Command::ChangePerson(PersonChange {
            id: PersonId(person),
            name: None,
            roles: admin.map(roles),
            active,
        }),
        Step::Issue { person, digest } => Command::IssueToken(PersonId(person), token(digest)),
        Step::Revoke(i) => Command::RevokeToken(TokenId(i)),
    })
}

fn roles(admin: bool) -> Vec<Role> {
    vec![if admin { Role::Admin } else { Role::Operator }]
}

fn person(handle: u8, admin: bool) -> NewPerson {
    NewPerson { handle: format!("h{handle}"), name: "Somebody".into(), roles: roles(admin) }
}

fn token(digest: u8) -> NewToken {
    NewToken { digest: [digest; 32], label: "token".into(), expires: None }
}

/// A state that lives through orders, and its log.
struct Live {
    state: State,
    at: i64,
    log: Vec<(u16, u8, Vec<u8>)>,
}

impl Live {
    /// A world in which something can happen: a type, and operators.
    fn new() -> Self {
        let mut live = Self { state: State::default(), at: 0, log: Vec::new() };
        let people = (0..3).map(|handle| Step::Add { handle, admin: handle == 0 });
        for step in people.chain([Step::Type { name: 0, skip: 1, shape: 0 }]) {
            let (audit, seed, arm, allow) = (0.5, 0, None, Some(true));
            live.order(&Gathered { step, actor: 0, request: None, audit, seed, arm, allow });
        }
        live
    }

    fn order(&mut self, gathered: &Gathered) {
        if let Step::Wait(ms) = gathered.step {
            self.at += ms;
        }
        let Some(command) = command(&self.state, &gathered.step) else { return };
        let Gathered { audit, seed, arm, .. } = *gathered;
        let verdict = gathered
            .allow
            .map(|allow| Arc::new(Verdict { allow, bundle: [7; 32], rules: vec![], error: None }));
        let inputs = Inputs {
            at: Millis(self.at),
            actor: PersonId(gathered.actor),
            request: gathered.request.map(|i| RequestKey { key: [i; 16], content: [i; 8] }),
            draws: Draws { audit, seed, arm },
            verdict,
        };
        match decide(&self.state, command, &inputs) {
            Ok(events) => {
                for envelope in events {
                    assert!(envelope.at >= self.state.last_at(), "the log's time steps back");
                    let (kind, version, bytes) = stored::encode(&envelope);
                    // Not equal to itself if it held a NaN.
                    assert_eq!(stored::decode(kind, version, &bytes), Ok(envelope.clone()));
                    self.state.apply(&envelope);
                    self.log.push((kind, version, bytes));
                }
            }
            Err(rejection) => {
                let message = rejection.to_string();
                assert!(!message.contains('\n') && message.len() < 2_000, "{message}");
            }
        }
    }

    fn folded(&self, mut state: State, from: usize) -> State {
        for (kind, version, bytes) in &self.log[from..] {
            state.apply(&stored::decode(*kind, *version, bytes).expect("decodes"));
        }
        state
    }
}

/// What must hold of any state.
fn check_sound(state: &State) {
    let finite = |what: &str, values: &[f64]| {
        assert!(values.iter().all(|v| v.is_finite()), "{what}: {values:?}");
    };
    let probability = |what: &str, p: f64| assert!((0.0..=1.0).contains(&p), "{what}: {p}");
    for type_state in state.types() {
        if let Some(posterior) = &type_state.posterior {
            finite("weights", &posterior.mean);
            finite("covariance", posterior.covariance());
            let variances = posterior.covariance().iter().step_by(posterior.dim() + 1);
            assert!(variances.into_iter().all(|v| *v > 0.0), "a variance is not positive");
        }
        if let Some(bandit) = &type_state.bandit {
            assert!(bandit.alpha.iter().chain(&bandit.beta).all(|e| e.is_finite() && *e >= 1.0));
        }
        let tally = &type_state.tally;
        finite(
            "type",
            &[type_state.voi_average, tally.loss_sum, tally.episode_loss_sum, tally.reward_average],
        );
        assert_eq!(tally.decisions_total(), type_state.decisions);
        probability("window", type_state.window.mean());
        assert!(type_state.rows.iter().all(|row| row.x.iter().all(|x| x.is_finite())));
    }
    for i in 0..state.scenarios().len() {
        let id = ScenarioId(u32::try_from(i).expect("few"));
        let effect = state.scenarios().effect(id).expect("dense");
        finite("effect", &[effect.mean]);
        assert!(effect.variance.is_finite() && effect.variance >= 0.0);
        probability("score", effect.score);
    }
    for i in 0..state.people().len() {
        let trust = state.trust(PersonId(u32::try_from(i).expect("few"))).expect("dense");
        probability("reliability", trust.reliability());
    }
    let open: Vec<_> =
        (0..state.open().next_id().0).filter_map(|id| state.open().get(DecisionId(id))).collect();
    let waiting =
        open.iter().filter(|o| o.closing == Closing::Open && o.answers.is_empty()).count();
    assert_eq!(state.open().waiting(), waiting as u64);
    let (_, total) = state.open().in_flight.count(None, state.last_at());
    let by_site = ["s0", "s1"].map(|site| {
        let site = state.scenarios().site_named(site);
        state.open().in_flight.count(site, state.last_at()).0
    });
    assert_eq!(by_site.iter().sum::<u32>(), total, "every action in flight is at its site");
}

proptest! {
    // The failing orders are printed, as few as will do; PROPTEST_CASES=5000 digs deeper.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn folding_the_log_gives_the_same_bytes(steps in prop::collection::vec(gathered(), 1..250)) {
        let mut live = Live::new();
        let mut halfway = (live.log.len(), bytes(&live.state));
        for (i, step) in steps.iter().enumerate() {
            if i == steps.len() / 2 {
                halfway = (live.log.len(), bytes(&live.state));
            }
            live.order(step);
            if i % 32 == 31 {
                check_sound(&live.state);
                prop_assert!(bytes(&live.folded(State::default(), 0)) == bytes(&live.state), "after {} steps", i + 1);
            }
        }
        check_sound(&live.state);
        let expected = bytes(&live.state);
        prop_assert_eq!(live.state.position(), live.log.len() as u64);
        prop_assert!(bytes(&live.folded(State::default(), 0)) == expected, "the whole log");
        let (from, stored) = halfway;
        let restored: State = postcard::from_bytes(&stored).expect("decodes");
        prop_assert!(bytes(&restored) == stored, "a stored state reads back as it was");
        prop_assert!(bytes(&live.folded(restored, from)) == expected, "from half way on");
    }
}

#[test]
fn the_random_orders_reach_every_kind_of_event() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut kinds = std::collections::BTreeMap::new();
    let mut refused = 0;
    for _ in 0..20 {
        let mut live = Live::new();
        for _ in 0..200 {
            let step = gathered().new_tree(&mut runner).expect("a step").current();
            let before = live.log.len();
            live.order(&step);
            refused += usize::from(live.log.len() == before);
        }
        for (kind, ..) in live.log {
            *kinds.entry(kind).or_insert(0) += 1;
        }
    }
    eprintln!("events by kind: {kinds:?}, orders without any: {refused} of 4000");
    let all: Vec<u16> = (1..=7).chain(10..=16).collect();
    assert_eq!(kinds.into_keys().collect::<Vec<_>>(), all);
}
