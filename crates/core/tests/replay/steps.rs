//! Random orders: what they are, how likely, and what they mean to the state that they meet.

use npo_core::decide::{
    AnswerOrder, FitOrder, NewPerson, NewToken, PersonChange, PromoteOrder, RcaOrder, Withdrawn,
};
use npo_core::event::{
    Channel, DatasetFrozen, ModelFitted, Outcome, OutcomeResult, PolicyRef, PromotionCause,
    Provenance, RcaSubject,
};
use npo_core::guarantee::certificate::CertificateSettings;
use npo_core::ids::TokenId;
use npo_core::learning::refit::{Evaluation, Parameters};
use npo_core::learning::window::MonitorSettings;
use npo_core::oversight::{Level, Scope, WatchSettings};
use npo_core::people::{Group, Role};
use npo_core::profile::{Scorer, Selector};
use npo_core::proposal::{Proposal, ScenarioRef, Text};
use npo_core::scenario_type::ScenarioType;
use npo_core::{Command, DecisionId, PersonId, Profile, ScenarioId, Signal, State, TypeId};
use proptest::prelude::*;

use super::world;

/// An order in small numbers; what they mean depends on the state that it meets.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Wait(i64),
    Propose {
        type_id: u32,
        entity: u32,
        known: bool,
        action: u8,
        raw: Vec<f64>,
        about: Option<u8>,
    },
    Answer {
        back: u64,
        by: u32,
        signal: usize,
        consent: bool,
        confidence: Option<f64>,
    },
    Expire {
        back: u64,
    },
    Withdraw {
        back: u64,
    },
    Resolve {
        about: u8,
    },
    Observe {
        back: u64,
    },
    Type {
        name: u8,
        skip: u32,
        shape: u8,
    },
    Profile(u8),
    Policy(u8),
    SetUp(u8),
    Add {
        handle: u8,
        admin: bool,
    },
    Change {
        person: u32,
        active: Option<bool>,
        admin: Option<bool>,
    },
    Issue {
        person: u32,
        digest: u8,
    },
    Revoke(u32),
    /// So many proposals, each answered alike after a while.
    Burst {
        count: u8,
        raw: [f64; 2],
        site: u8,
        signal: usize,
        wait_ms: i64,
    },
    /// So many proposals that nobody answers.
    Lapse {
        count: u8,
    },
    Grant {
        type_id: u32,
        level: usize,
    },
    Press {
        scope: u8,
    },
    Release {
        scope: u8,
    },
    Settle {
        type_id: u32,
    },
    Judge {
        back: u64,
        right: bool,
    },
    JudgeLook {
        back: u64,
        should_act: bool,
    },
    Watch,
    /// A long silence, and a look at it.
    Hush,
    /// Likes at one site, and now and then an override at the other.
    Divided {
        count: u8,
        site: u8,
    },
    Freeze {
        skip: u32,
    },
    Fit {
        skip: u32,
        flaw: u8,
    },
    Promote {
        back: u32,
        flaw: u8,
        stale: bool,
        rollback: bool,
    },
}

/// Everything of one order that is gathered.
#[derive(Debug, Clone)]
pub(crate) struct Gathered {
    pub(crate) step: Step,
    pub(crate) actor: u32,
    pub(crate) request: Option<u8>,
    pub(crate) audit: f64,
    pub(crate) seed: u64,
    pub(crate) arm: Option<u8>,
    /// A verdict, or none at all.
    pub(crate) allow: Option<bool>,
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
        3 => back.clone().prop_map(|back| Step::Observe { back }),
        1 => (0u8..3, 0u32..3, 0u8..5).prop_map(|(name, skip, shape)| Step::Type { name, skip, shape }),
        1 => (0u8..14).prop_map(Step::Profile),
        1 => (0u8..3).prop_map(Step::Policy),
        1 => (0u8..8).prop_map(Step::SetUp),
        2 => (0u8..8, any::<bool>()).prop_map(|(handle, admin)| Step::Add { handle, admin }),
        1 => (0u32..6, any::<Option<bool>>(), any::<Option<bool>>())
            .prop_map(|(person, active, admin)| Step::Change { person, active, admin }),
        1 => (0u32..6, 0u8..4).prop_map(|(person, digest)| Step::Issue { person, digest }),
        1 => (0u32..4).prop_map(Step::Revoke),
        10 => oversight(back),
    ]
}

/// Orders about who may act without whom.
fn oversight(back: impl Strategy<Value = u64> + Clone + 'static) -> impl Strategy<Value = Step> {
    let type_id = prop_oneof![6 => Just(0u32), 1 => 0u32..3];
    let signal = prop_oneof![4 => Just(0usize), 4 => Just(3usize), 1 => 0usize..4];
    let wait_ms = prop_oneof![4 => Just(1_000i64), 1 => Just(400_000i64)];
    let flaw = || prop_oneof![5 => Just(0u8), 1 => 0u8..8];
    prop_oneof![
        8 => (1u8..20, 0.0..8.0f64, 0u8..2, signal, wait_ms).prop_map(
            |(count, flaps, site, signal, wait_ms)| {
                Step::Burst { count, raw: [flaps, 2.0], site, signal, wait_ms }
            }
        ),
        1 => (1u8..10).prop_map(|count| Step::Lapse { count }),
        4 => (type_id.clone(), 0usize..4).prop_map(|(type_id, level)| Step::Grant { type_id, level }),
        1 => (0u8..5).prop_map(|scope| Step::Press { scope }),
        8 => (0u8..5).prop_map(|scope| Step::Release { scope }),
        3 => type_id.prop_map(|type_id| Step::Settle { type_id }),
        2 => (back.clone(), any::<bool>()).prop_map(|(back, right)| Step::Judge { back, right }),
        3 => (0u64..4, any::<bool>())
            .prop_map(|(back, should_act)| Step::JudgeLook { back, should_act }),
        1 => Just(Step::Watch),
        1 => Just(Step::Hush),
        2 => (1u8..10, 0u8..2).prop_map(|(count, site)| Step::Divided { count, site }),
        1 => prop_oneof![4 => Just(1u32), 1 => 0u32..3].prop_map(|skip| Step::Freeze { skip }),
        2 => (prop_oneof![4 => Just(1u32), 1 => 0u32..3], flaw())
            .prop_map(|(skip, flaw)| Step::Fit { skip, flaw }),
        3 => (0u32..3, flaw(), prop::bool::weighted(0.2), prop::bool::weighted(0.3)).prop_map(
            |(back, flaw, stale, rollback)| Step::Promote { back, flaw, stale, rollback }
        ),
    ]
}

pub(crate) fn gathered() -> impl Strategy<Value = Gathered> {
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
        9 | 10 => eager(calibrated),
        11 => eager(Profile { trust: None, audit: None, ..calibrated }),
        12 => {
            let (scorer, monitor) =
                (Scorer::MovingAverage { rate: 0.0 }, MonitorSettings::Periodic { period: 9 });
            eager(Profile { scorer, monitor, selector: Selector::Fixed { theta: 0.5 }, ..paper })
        }
        // Out of range: refused.
        _ => Profile { reward_rate: f64::NAN, ..calibrated },
    }
}

/// A profile under which certificates, alarms and looks come after few answers.
pub(crate) fn eager(profile: Profile) -> Profile {
    let certificate =
        CertificateSettings { alpha: 0.5, delta: 0.5, audit_rate: 0.5, alarm_run_length: 10.0 };
    let watch = WatchSettings {
        look_every: 7,
        audit_looks: 0.5,
        run_length: 15.0,
        margin: 0.05,
        suppress_rate: 0.45,
        unanswered_rate: 0.2,
        slow_rate: 0.2,
        silence_factor: 2.0,
        silence_min_s: 60,
        cooldown: 12,
    };
    Profile { certificate: Some(certificate), watch: Some(watch), ..profile }
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

pub(crate) fn command(state: &State, step: &Step) -> Option<Command> {
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
            Command::Propose(Proposal {
                type_id,
                scenario,
                action,
                raw,
                text: text.map(std::sync::Arc::new),
            })
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
            site: None,
            team: Some(if person % 2 == 0 { "night".into() } else { String::new() }),
        }),
        Step::Issue { person, digest } => Command::IssueToken(PersonId(person), token(digest)),
        Step::Revoke(i) => Command::RevokeToken(TokenId(i)),
        // Several orders each, see `expand`.
        Step::Burst { .. } | Step::Lapse { .. } | Step::Hush | Step::Divided { .. } => return None,
        Step::Grant { type_id, level } => Command::GrantAutonomy {
            type_id: TypeId(type_id),
            ceiling: Level::ALL[level],
            reason: "a review".into(),
        },
        Step::Press { scope } => {
            Command::PressRedButton { scope: self::scope(scope), reason: "halt".into() }
        }
        Step::Release { scope } => {
            Command::ReleaseRedButton { scope: self::scope(scope), reason: "go".into() }
        }
        Step::Settle { type_id } => {
            Command::SettleEscalation { type_id: TypeId(type_id), reason: "settled".into() }
        }
        Step::Judge { back, right } => {
            let subject = RcaSubject::Decision { id: id(back), right };
            Command::RecordRca(RcaOrder { subject, note: None, recalled: None })
        }
        Step::JudgeLook { back, should_act } => {
            let watch = &state.types()[0].oversight.watch;
            let look = watch.next_look().wrapping_sub(back);
            let subject = RcaSubject::Look { type_id: TypeId(0), look, should_act };
            Command::RecordRca(RcaOrder { subject, note: None, recalled: None })
        }
        Step::Watch => Command::Watch,
        Step::Freeze { skip } => Command::FreezeDataset(DatasetFrozen {
            id: state.datasets() + skip,
            type_id: TypeId(0),
            after: 0,
            until: state.position() + u64::from(skip == 2),
            rows: 1,
            digest: [1; 32],
        }),
        Step::Fit { skip, flaw } => Command::RecordFit(Box::new(FitOrder {
            fitted: ModelFitted {
                id: state.models() + skip,
                type_id: TypeId(0),
                dataset: state.datasets(),
                drift: 0.0,
                parameters: parameters(state, flaw),
                evaluation: Evaluation::default(),
            },
            generation: state.types()[0].generation.saturating_sub(u32::from(flaw == 7)),
        })),
        Step::Promote { back, flaw, stale, rollback } => {
            let type_state = &state.types()[0];
            let models = &type_state.models;
            let known = models.len().checked_sub(back as usize).and_then(|i| models.get(i));
            let words = "by hand".to_owned();
            Command::PromoteModel(Box::new(PromoteOrder {
                type_id: TypeId(0),
                model: known.map_or(back, |model| model.id),
                cause: match (rollback, stale) {
                    (true, _) => PromotionCause::Rollback(words),
                    (false, true) => PromotionCause::Person(words),
                    (false, false) => PromotionCause::Gate,
                },
                parameters: parameters(state, flaw),
                until: (!rollback).then(|| {
                    if stale { type_state.last_label.saturating_sub(1) } else { state.position() }
                }),
            }))
        }
    })
}

/// The orders that a step stands for, where it stands for several.
pub(crate) fn expand(step: &Step) -> Option<Vec<Step>> {
    let propose = |entity: u32, raw: &[f64]| Step::Propose {
        type_id: 0,
        entity,
        known: false,
        action: 0,
        raw: raw.to_vec(),
        about: None,
    };
    match *step {
        Step::Burst { count, raw, site, signal, wait_ms } => {
            let burst = (0..u32::from(count)).flat_map(|i| {
                let (by, consent, confidence) = (1 + i % 2, true, None);
                [
                    propose(2 * (i % 3) + u32::from(site), &raw),
                    Step::Wait(wait_ms),
                    Step::Answer { back: 1, by, signal, consent, confidence },
                ]
            });
            // What nobody answered before is over, so that nothing holds up these labels.
            let over = Step::Wait(world::EXPIRES_S * 1000);
            Some(std::iter::once(over).chain(burst).collect())
        }
        Step::Lapse { count } => Some(
            (0..u32::from(count))
                .flat_map(|i| {
                    let wait = Step::Wait(world::EXPIRES_S * 1000);
                    [propose(i % 6, &world::SURE), wait, Step::Expire { back: 1 }]
                })
                .collect(),
        ),
        Step::Hush => Some(vec![Step::Wait(100_000_000), Step::Watch]),
        Step::Divided { count, site } => Some(
            (0..5 * u32::from(count))
                .flat_map(|i| {
                    let differs = i.is_multiple_of(5);
                    let entity = 2 * (i % 3) + u32::from((site == 0) == differs);
                    let signal = if differs { 3 } else { 0 };
                    let (by, consent, confidence) = (1, true, None);
                    let answer = Step::Answer { back: 1, by, signal, consent, confidence };
                    [propose(entity, &world::SURE), answer]
                })
                .collect(),
        ),
        _ => None,
    }
}

fn scope(i: u8) -> Scope {
    match i {
        0 => Scope::All,
        1 | 2 => Scope::ScenarioType(TypeId(0)),
        3 => Scope::Site("s0".into()),
        _ => Scope::ScenarioType(TypeId(9)),
    }
}

/// The numbers in force of the first type, moved a little, or with a flaw.
fn parameters(state: &State, flaw: u8) -> Parameters {
    let mut parameters = state.parameters(TypeId(0)).unwrap_or_default();
    let moved = 0.25 * f64::from(u8::from(state.position().is_multiple_of(2))) - 0.125;
    parameters.mean.iter_mut().for_each(|mean| *mean += moved);
    parameters.covariance.iter_mut().for_each(|entry| *entry *= 0.75);
    match flaw {
        1 => parameters.mean.push(0.0),
        2 => parameters.mean.iter_mut().for_each(|mean| *mean = f64::NAN),
        3 => parameters.covariance.iter_mut().for_each(|entry| *entry = -*entry),
        4 => parameters.covariance.iter_mut().for_each(|entry| *entry = f64::INFINITY),
        5 => parameters.effects = vec![(ScenarioId(0), f64::NAN, 1.0)],
        6 => parameters.effects = vec![(ScenarioId(1_000), 0.0, 1.0)],
        _ => {}
    }
    parameters
}

fn roles(admin: bool) -> Vec<Role> {
    vec![if admin { Role::Admin } else { Role::Operator }]
}

fn person(handle: u8, admin: bool) -> NewPerson {
    let of = |i: usize| ["", "fra1", "night"][i].to_owned();
    let group = Group { site: of(usize::from(handle) % 2), team: of(usize::from(handle) % 3) };
    NewPerson { handle: format!("h{handle}"), name: "Somebody".into(), roles: roles(admin), group }
}

fn token(digest: u8) -> NewToken {
    NewToken { digest: [digest; 32], label: "token".into(), expires: None }
}
