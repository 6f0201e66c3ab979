//! Refitted models: frozen labels, fits, promotion, rollback, and everything that is refused.

use npo_core::decide::{FitOrder, PromoteOrder};
use npo_core::event::{
    CertificateCause, DatasetFrozen, Disposition, Event, ModelFitted, PromotionCause,
};
use npo_core::learning::refit::{EFFECTS_MAX, Evaluation, Parameters};
use npo_core::{Command, Profile, ScenarioId, Signal, TypeId};

use super::world::{ANN, SURE, World, definition};
use super::{TYPE, ask, certify, certifying, oversight, watching};

fn freeze(world: &World, id: u32) -> DatasetFrozen {
    let until = world.state.position();
    DatasetFrozen { id, type_id: TYPE, after: 0, until, rows: 60, digest: [9; 32] }
}

fn fit(parameters: Parameters, id: u32) -> FitOrder {
    let (dataset, evaluation) = (1, Evaluation { passed: true, ..Evaluation::default() });
    let fitted = ModelFitted { id, type_id: TYPE, dataset, drift: 0.001, parameters, evaluation };
    FitOrder { fitted, generation: 0 }
}

fn promote(parameters: Parameters, model: u32, until: Option<u64>) -> PromoteOrder {
    PromoteOrder { type_id: TYPE, model, cause: PromotionCause::Gate, parameters, until }
}

/// The numbers in force, moved a little.
fn moved(world: &World, by: f64) -> Parameters {
    let mut parameters = world.state.parameters(TYPE).expect("a linear scorer");
    parameters.mean[0] += by;
    parameters
}

/// A world with a few labels, a frozen dataset and a fitted model 1.
fn fitted() -> (World, Parameters) {
    let mut world = World::new(certifying());
    for _ in 0..5 {
        ask(&mut world, SURE, Signal::Like);
    }
    let parameters = moved(&world, 1.0);
    world.order(Command::FreezeDataset(freeze(&world, 1)));
    world.order(Command::RecordFit(Box::new(fit(parameters.clone(), 1))));
    (world, parameters)
}

fn now(world: &World) -> Option<u64> {
    Some(world.state.position())
}

#[test]
fn a_model_goes_from_labels_into_force_and_back() {
    let (mut world, parameters) = fitted();
    let state = &world.state.types()[0];
    assert_eq!((world.state.datasets(), world.state.models(), state.model), (1, 1, 0));
    assert_eq!((state.models[0].id, state.models[0].passed), (1, true));
    assert_eq!(state.models[0].promoted_at, None);
    let before = world.state.parameters(TYPE).expect("numbers");
    let score = world.clone().propose("leaf1@", SURE).score;
    let until = now(&world);
    let events =
        world.order(Command::PromoteModel(Box::new(promote(parameters.clone(), 1, until))));
    let [Event::ModelPromoted(promoted)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((promoted.model, promoted.replaced), (1, 0));
    assert_eq!(promoted.before, before, "what was replaced is kept");
    assert_eq!(world.state.parameters(TYPE), Some(parameters));
    let state = &world.state.types()[0];
    assert_eq!((state.model, state.models[0].promoted_at), (1, now(&world)));
    assert!(world.clone().propose("leaf1@", SURE).score > score);
    // A rollback gives up what was learned since, so it names no label.
    let id = world.propose("leaf1@", SURE).id;
    world.answer(id, ANN, Signal::Like);
    let cause = PromotionCause::Rollback("worse at night".into());
    let back = PromoteOrder { cause, ..promote(before.clone(), 0, None) };
    world.order(Command::PromoteModel(Box::new(back)));
    assert_eq!(world.state.parameters(TYPE), Some(before));
    assert_eq!(world.state.types()[0].model, 0);
    // The effect is a few decisions older than it was.
    assert!((world.clone().propose("leaf1@", SURE).score - score).abs() < 1e-5);
}

#[test]
fn a_wanted_retraining_is_done_with_the_fit() {
    let mut profile = certifying();
    profile.watch = watching().watch;
    let mut world = World::new(profile);
    world.order(super::grant(npo_core::oversight::Level::Shadow));
    while !oversight(&world).watch.retrain_due {
        ask(&mut world, SURE, Signal::Override);
    }
    let parameters = moved(&world, 0.0);
    world.order(Command::RecordFit(Box::new(fit(parameters, 1))));
    assert!(!oversight(&world).watch.retrain_due);
}

/// A fit that passed its gate, or did not.
fn judged(passed: bool, parameters: &Parameters, id: u32) -> Command {
    let mut order = fit(parameters.clone(), id);
    order.fitted.evaluation.passed = passed;
    Command::RecordFit(Box::new(order))
}

#[test]
fn what_passed_its_gate_is_a_candidate_until_something_comes_into_force() {
    let candidate = |world: &World| world.state.types()[0].candidate;
    let (mut world, parameters) = fitted();
    assert_eq!(candidate(&world), Some(1));
    // A later fit on more labels knows better, whatever it says.
    world.order(judged(false, &parameters, 2));
    assert_eq!(candidate(&world), None);
    world.order(judged(true, &parameters, 3));
    assert_eq!(candidate(&world), Some(3));
    let mut thrown_away = world.clone();
    let mut wider = definition();
    wider.version = 2;
    wider.features[0].scale *= 2.0;
    thrown_away.order(Command::ActivateScenarioType(Box::new(wider)));
    assert_eq!(candidate(&thrown_away), None);
    // What people put in force instead, they did knowing of it.
    for model in [3, 2] {
        let mut world = world.clone();
        let order = promote(parameters.clone(), model, now(&world));
        world.order(Command::PromoteModel(Box::new(order)));
        assert_eq!(candidate(&world), None);
    }
}

#[test]
fn the_way_back_never_leads_to_what_was_fled_from() {
    let (mut world, parameters) = fitted();
    world.order(judged(true, &parameters, 2));
    let way = |world: &World| -> Vec<u32> {
        world.state.types()[0].replaced.iter().map(|known| known.model).collect()
    };
    let go = |world: &mut World, model, cause| {
        let order = PromoteOrder { cause, ..promote(parameters.clone(), model, now(world)) };
        world.order(Command::PromoteModel(Box::new(order)));
        world.state.position()
    };
    let forth = |world: &mut World, model| go(world, model, PromotionCause::Gate);
    let back = |world: &mut World, model| go(world, model, PromotionCause::Rollback("b".into()));
    forth(&mut world, 1);
    let at = forth(&mut world, 2);
    assert_eq!(way(&world), [0, 1]);
    assert_eq!(world.state.types()[0].replaced[1].at, at);
    back(&mut world, 1);
    assert_eq!(way(&world), [0]);
    back(&mut world, 0);
    assert!(way(&world).is_empty());
    for model in [1, 2, 1] {
        forth(&mut world, model);
    }
    assert_eq!(way(&world), [0, 2]);
    back(&mut world, 2);
    assert_eq!(way(&world), [0]);
}

/// Mean and variance of the effect of the scenario called `entity`.
fn effect(world: &World, entity: &str) -> (f64, f64) {
    let scenarios = world.state.scenarios();
    let id = scenarios.find(TYPE, entity).expect("is known");
    let effect = scenarios.effect(id).expect("is known");
    (effect.mean, effect.variance)
}

#[test]
fn effects_do_not_outlive_the_weights_that_they_were_learned_beside() {
    let (mut world, mut parameters) = fitted();
    let fresh = effect(&world, "leaf1@");
    let answered = |world: &mut World, entity: &str, signal| {
        let id = world.propose(entity, SURE).id;
        world.answer(id, ANN, signal);
        effect(world, entity)
    };
    let known = answered(&mut world, "known", Signal::Override);
    let quiet = answered(&mut world, "quiet", Signal::Neutral);
    let prior = {
        world.propose("new", SURE);
        effect(&world, "new")
    };
    assert_eq!(prior.0, 0.0);
    assert!(known.0 < 0.0 && quiet != prior && fresh != prior, "{known:?}, {quiet:?}");
    // The model knows nothing of two of them.
    let entities = ["known", "quiet"].map(|e| world.state.scenarios().find(TYPE, e));
    parameters.effects = world.state.parameters(TYPE).expect("numbers").effects;
    parameters.effects.retain(|(id, ..)| !entities.contains(&Some(*id)));
    let order = promote(parameters, 1, now(&world));
    let events = world.order(Command::PromoteModel(Box::new(order)));
    assert_eq!([effect(&world, "known"), effect(&world, "quiet")], [prior, prior]);
    assert_eq!(effect(&world, "leaf1@"), fresh);
    let Event::ModelPromoted(promoted) = &events[0] else { panic!("{events:?}") };
    // Back: what was learned beside these weights goes, what was learned beside those returns, from
    // likes and overrides or not.
    let late = answered(&mut world, "late", Signal::Override);
    assert!(late.0 < 0.0);
    let cause = PromotionCause::Rollback("worse at night".into());
    let back = PromoteOrder { cause, ..promote(promoted.before.clone(), 0, None) };
    world.order(Command::PromoteModel(Box::new(back)));
    assert_eq!([effect(&world, "known"), effect(&world, "quiet")], [known, quiet]);
    assert_eq!(effect(&world, "late"), prior);
}

/// Promoting such parameters, changed from sound ones, is refused.
#[track_caller]
fn check_unsound(change: impl FnOnce(&mut Parameters), expected: &str) {
    let (mut world, mut parameters) = fitted();
    change(&mut parameters);
    for command in [
        Command::RecordFit(Box::new(fit(parameters.clone(), 2))),
        Command::PromoteModel(Box::new(promote(parameters, 1, now(&world)))),
    ] {
        let model = if matches!(command, Command::RecordFit(_)) { 2 } else { 1 };
        let refusal = world.refused(command);
        assert_eq!(refusal, format!("model {model} cannot come into force: {expected}"));
    }
}

#[test]
fn numbers_that_nothing_can_go_on_from_are_refused() {
    let size = |weights, entries| {
        format!(
            "it has {weights} weights and {entries} covariances, the scenario type has 4 inputs"
        )
    };
    check_unsound(|p| p.mean.truncate(3), &size(3, 16));
    check_unsound(|p| p.mean.push(0.0), &size(5, 16));
    check_unsound(|p| p.covariance.clear(), &size(4, 0));
    check_unsound(|p| *p = Parameters::default(), &size(0, 0));
    let unsound = "its weights have no finite mean or no positive covariance";
    check_unsound(|p| p.mean[2] = f64::NAN, unsound);
    check_unsound(|p| p.mean[0] = f64::INFINITY, unsound);
    check_unsound(|p| p.covariance[0] = f64::NAN, unsound);
    check_unsound(|p| p.covariance[5] = -1.0, unsound);
    check_unsound(|p| p.covariance[0] = 0.0, unsound);
    check_unsound(|p| p.covariance[1] += 0.5, unsound);
    // Symmetric with positive variances, and of a correlation above 1.
    check_unsound(|p| (p.covariance[1], p.covariance[4]) = (9.0, 9.0), unsound);
    let effect = |effect: &str| {
        format!(
            "its effect of scenario {effect}, expected finite numbers for a scenario of the same type"
        )
    };
    let of = |id, mean, variance| {
        move |p: &mut Parameters| p.effects = vec![(ScenarioId(id), mean, variance)]
    };
    check_unsound(of(0, f64::NAN, 1.0), &effect("`s0` is NaN with variance 1"));
    check_unsound(of(0, 0.0, -1.0), &effect("`s0` is 0 with variance -1"));
    check_unsound(of(0, 0.0, f64::INFINITY), &effect("`s0` is 0 with variance inf"));
    check_unsound(of(0, 0.0, f64::NAN), &effect("`s0` is 0 with variance NaN"));
    check_unsound(of(99, 0.0, 1.0), &effect("`s99` is 0 with variance 1"));
    let many = |p: &mut Parameters| p.effects = vec![(ScenarioId(0), 0.0, 1.0); EFFECTS_MAX + 1];
    check_unsound(many, "it has 20001 effects, expected at most 20000");
}

#[test]
fn another_types_scenarios_are_not_touched() {
    let (mut world, mut parameters) = fitted();
    let mut other = definition();
    other.name = "session-loss".into();
    world.order(Command::ActivateScenarioType(Box::new(other)));
    let proposal = npo_core::proposal::Proposal {
        type_id: TypeId(1),
        scenario: npo_core::proposal::ScenarioRef::Named { entity: "x".into(), site: "".into() },
        action: 0,
        raw: SURE.as_slice().into(),
        text: None,
    };
    let events = world.order(Command::Propose(proposal));
    let Event::DecisionMade(made) = &events[0] else { panic!("{events:?}") };
    parameters.effects = vec![(made.scenario, 5.0, 0.1)];
    let order = promote(parameters, 1, now(&world));
    let refusal = world.refused(Command::PromoteModel(Box::new(order)));
    assert!(refusal.contains("expected finite numbers for a scenario of the same type"));
}

#[test]
fn a_model_that_missed_a_label_is_refused() {
    let (mut world, parameters) = fitted();
    let until = now(&world);
    // What teaches nothing is not missed.
    let id = world.propose("leaf1@", SURE).id;
    world.answer(id, ANN, Signal::Skipped);
    let mut quiet = world.clone();
    quiet.order(Command::PromoteModel(Box::new(promote(parameters.clone(), 1, until))));
    ask(&mut world, SURE, Signal::Like);
    assert_eq!(
        world.refused(Command::PromoteModel(Box::new(promote(parameters.clone(), 1, until)))),
        "model 1 cannot come into force: labels came since that it has not seen"
    );
    let caught_up = promote(parameters, 1, now(&world));
    world.order(Command::PromoteModel(Box::new(caught_up)));
}

#[test]
fn a_model_of_another_generation_is_refused() {
    let (mut world, parameters) = fitted();
    let mut wider = definition();
    wider.version = 2;
    wider.features[0].scale *= 2.0;
    world.order(Command::ActivateScenarioType(Box::new(wider)));
    let order = promote(parameters.clone(), 1, now(&world));
    assert_eq!(
        world.refused(Command::PromoteModel(Box::new(order))),
        "model 1 cannot come into force: what it was fitted to was thrown away"
    );
    let late = FitOrder { generation: 0, ..fit(Parameters { effects: vec![], ..parameters }, 2) };
    assert_eq!(
        world.refused(Command::RecordFit(Box::new(late))),
        "model 2 cannot come into force: what it was fitted to was thrown away meanwhile"
    );
}

#[test]
fn numbers_follow_one_another_and_names_are_known() {
    let (mut world, parameters) = fitted();
    let conflict = "another refit came in between; start again";
    let ahead = DatasetFrozen { until: world.state.position() + 1, ..freeze(&world, 2) };
    let backwards = DatasetFrozen { after: 5, until: 4, ..freeze(&world, 2) };
    for dataset in [freeze(&world, 1), freeze(&world, 3), freeze(&world, 0), ahead, backwards] {
        assert_eq!(world.refused(Command::FreezeDataset(dataset)), conflict);
    }
    for id in [0, 1, 3] {
        let order = fit(parameters.clone(), id);
        assert_eq!(world.refused(Command::RecordFit(Box::new(order))), conflict);
    }
    let elsewhere = DatasetFrozen { type_id: TypeId(4), ..freeze(&world, 2) };
    let unknown = world.refused(Command::FreezeDataset(elsewhere));
    assert!(unknown.starts_with("scenario type `y4` is unknown"), "{unknown}");
    let order = promote(parameters.clone(), 7, now(&world));
    assert_eq!(world.refused(Command::PromoteModel(Box::new(order))), "model `m7` is unknown");
    let order = promote(parameters.clone(), 0, now(&world));
    assert_eq!(
        world.refused(Command::PromoteModel(Box::new(order))),
        "model 0 cannot come into force: it is in force already"
    );
    let cause = PromotionCause::Person(String::new());
    let order = PromoteOrder { cause, ..promote(parameters, 1, now(&world)) };
    assert_eq!(
        world.refused(Command::PromoteModel(Box::new(order))),
        "`reason` is empty, expected 1 to 1024 bytes of printable text"
    );
}

#[test]
fn a_scorer_without_weights_takes_no_model() {
    let mut world = World::new(Profile::paper());
    let order = fit(Parameters::default(), 1);
    assert_eq!(
        world.refused(Command::RecordFit(Box::new(order))),
        "model 1 cannot come into force: it has 0 weights and 0 covariances, the scenario type has 0 inputs"
    );
}

#[test]
fn promotion_starts_the_evidence_anew() {
    let mut world = World::new(certifying());
    certify(&mut world);
    world.draws.audit = 0.0;
    let asked = world.propose("spine1", SURE);
    assert!(asked.asks() && asked.disposition == Disposition::Automatic);
    let parameters = moved(&world, 0.5);
    world.order(Command::RecordFit(Box::new(fit(parameters.clone(), 1))));
    let order = promote(parameters, 1, now(&world));
    let events = world.order(Command::PromoteModel(Box::new(order)));
    let reset = |event: &Event| {
        matches!(event, Event::CertificateChanged { cause: CertificateCause::Reset, .. })
    };
    assert!(events.len() == 3 && reset(&events[1]), "{events:?}");
    assert_eq!(oversight(&world).certificate, None);
    // An answer to the model before teaches, and is no evidence about this one.
    let updates = world.state.types()[0].updates();
    world.answer(asked.id, ANN, Signal::Like);
    assert_eq!(world.state.types()[0].updates(), updates + 1);
    assert_eq!(oversight(&world).evidence.as_ref().expect("evidence").labels, 0);
    ask(&mut world, SURE, Signal::Like);
    assert_eq!(oversight(&world).evidence.as_ref().expect("evidence").labels, 1);
}
