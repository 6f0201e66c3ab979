//! What comes into force: versions of scenario types, policy bundles, profiles.

#[path = "support/world.rs"]
mod world;

use npo_core::event::PolicyRef;
use npo_core::learning::window::MonitorSettings;
use npo_core::profile::{Scorer, Selector};
use npo_core::proposal::{Proposal, ScenarioRef};
use npo_core::scenario_type::ScenarioType;
use npo_core::signal::{FeedbackTable, SignalWorth};
use npo_core::{Command, Profile, ScenarioId, Signal, TypeId};
use world::{ANN, DOUBTFUL, SURE, World};

fn version(version: u32, change: impl FnOnce(&mut ScenarioType)) -> Command {
    let mut definition = ScenarioType { version, ..world::definition() };
    change(&mut definition);
    Command::ActivateScenarioType(Box::new(definition))
}

/// A world that has learned from one override.
fn taught(profile: Profile) -> World {
    let mut world = World::new(profile);
    world.draws.arm = Some(0);
    let id = world.propose("leaf1", SURE).id;
    world.answer(id, ANN, Signal::Override);
    world
}

#[track_caller]
fn check_version(change: impl Fn(&mut ScenarioType), keeps: bool) {
    for profile in [Profile::paper(), Profile::calibrated()] {
        let mut world = taught(profile);
        let learned = world.propose("leaf1", SURE).score;
        let generation = world.state.types()[0].generation;
        assert_eq!(world.order(version(2, &change)).len(), 1);
        let type_state = &world.state.types()[0];
        assert_eq!(type_state.definition().version, 2);
        assert_eq!(type_state.versions().len(), 2);
        assert_eq!(
            world.state.definition(TypeId(0), 1).map(|d| d.version),
            Some(1),
            "kept for ever"
        );
        assert_eq!(type_state.generation == generation, keeps);
        let effect = *world.state.scenarios().effect(ScenarioId(0)).expect("known");
        assert_eq!(effect.directed == 1, keeps);
        if keeps {
            let next = world.propose("leaf1", SURE);
            assert!((next.score - learned).abs() < 1e-3, "{} after {learned}", next.score);
            assert_eq!(next.type_version, 2);
        } else {
            assert_eq!(type_state.updates(), 0);
        }
    }
}

#[test]
fn a_version_with_the_same_inputs_goes_on_learning() {
    check_version(|t| t.title = "Another title".into(), true);
    check_version(|t| t.expires_after_s = 5, true);
    check_version(|t| t.override_cost = 9.0, true);
    check_version(|t| t.features[0].prior = 0.25, true);
    check_version(|t| t.features[0].max = 50.0, true);
}

#[test]
fn a_version_with_other_inputs_learns_anew() {
    check_version(|t| t.features[0].name = "flips".into(), false);
    check_version(|t| t.features[0].center = 1.0, false);
    check_version(|t| t.features[0].scale = 2.0, false);
    check_version(|t| t.features.swap(0, 1), false);
    check_version(|t| drop(t.features.pop()), false);
    check_version(|t| drop(t.actions.pop()), false);
    check_version(|t| t.actions[1].name = "cost-out-node".into(), false);
}

#[test]
fn versions_follow_one_another() {
    let mut world = World::new(Profile::calibrated());
    assert!(world.order(version(1, |_| {})).is_empty(), "the same definition is nothing to do");
    for (found, expected) in [
        (
            1,
            "version 1 of scenario type `link-flapping` does not follow version 1 in force; expected 2",
        ),
        (
            3,
            "version 3 of scenario type `link-flapping` does not follow version 1 in force; expected 2",
        ),
    ] {
        assert_eq!(world.refused(version(found, |t| t.title = "Other".into())), expected);
    }
    assert_eq!(
        world.refused(version(2, |t| t.name = "new-type".into())),
        "version 2 of scenario type `new-type` does not follow version 0 in force; expected 1"
    );
    assert_eq!(
        world.refused(version(2, |t| t.override_cost = 0.0)),
        "scenario type field `override_cost` is 0, expected a number from 0.01 to 1000"
    );
    world.order(version(1, |t| t.name = "new-type".into()));
    assert_eq!(world.state.type_named("new-type").map(|(id, _)| id), Some(TypeId(1)));
}

#[test]
fn a_proposal_checked_against_an_older_version_is_checked_again() {
    let mut world = World::new(Profile::calibrated());
    let old = |action, raw: &[f64]| {
        Command::Propose(Proposal {
            type_id: TypeId(0),
            scenario: ScenarioRef::Named { entity: "leaf1".into(), site: String::new() },
            action,
            raw: raw.into(),
            text: None,
        })
    };
    world.order(version(2, |t| {
        t.features[0].max = 20.0;
        t.actions.pop();
    }));
    for (command, expected) in [
        (old(0, &DOUBTFUL), "feature `flaps` is 50, expected a value from 0 to 20"),
        (
            old(0, &[1.0]),
            "feature `#2` is missing; `link-flapping` needs 2 features and an action of version 2",
        ),
        (
            old(0, &[1.0, 2.0, 3.0]),
            "feature `#4` is missing; `link-flapping` needs 2 features and an action of version 2",
        ),
        (
            old(1, &SURE),
            "feature `#3` is missing; `link-flapping` needs 2 features and an action of version 2",
        ),
        (old(0, &[f64::NAN, 2.0]), "feature `flaps` is NaN, expected a finite number"),
        (old(0, &[0.0, f64::INFINITY]), "feature `spare` is inf, expected a finite number"),
    ] {
        assert_eq!(world.refused(command), expected);
    }
    world.order(old(0, &SURE));
}

#[test]
fn a_scenario_belongs_to_its_type() {
    let mut world = taught(Profile::calibrated());
    world.order(version(1, |t| t.name = "other".into()));
    let known = |type_id, scenario| {
        let raw = SURE.as_slice().into();
        let scenario = ScenarioRef::Known(ScenarioId(scenario));
        Command::Propose(Proposal {
            type_id: TypeId(type_id),
            scenario,
            action: 0,
            raw,
            text: None,
        })
    };
    assert_eq!(world.refused(known(1, 0)), "scenario `s0` is unknown");
    assert_eq!(world.refused(known(0, 7)), "scenario `s7` is unknown");
    assert!(world.refused(known(9, 0)).starts_with("scenario type `y9` is unknown"));
    world.order(known(0, 0));
    // The same entity under another type is another scenario.
    assert_eq!(world.state.scenarios().find(TypeId(1), "leaf1"), None);
}

#[test]
fn a_policy_comes_into_force_once() {
    let mut world = World::new(Profile::calibrated());
    let policy =
        |byte| PolicyRef { digest: [byte; 32], name: "default".into(), version: "1".into() };
    assert_eq!(world.order(Command::ActivatePolicy(policy(1))).len(), 1);
    assert!(world.order(Command::ActivatePolicy(policy(1))).is_empty());
    assert_eq!(world.order(Command::ActivatePolicy(policy(2))).len(), 1);
    assert_eq!(world.state.policy(), Some(&policy(2)));
}

#[test]
fn a_profile_is_recorded_when_it_changes() {
    let mut world = taught(Profile::calibrated());
    let activate = |profile: Profile| Command::ActivateProfile(Box::new(profile));
    assert!(world.order(activate(Profile::calibrated())).is_empty());
    let revision = world.state.profile_revision();
    // What does not touch the model keeps it.
    let thrifty = Profile { abstain_loss: 0.5, retention_s: 60, ..Profile::calibrated() };
    world.order(activate(thrifty));
    assert_eq!(world.state.profile_revision(), revision + 1);
    assert_eq!((world.state.types()[0].generation, world.state.types()[0].updates()), (0, 1));
    assert_eq!(world.propose("leaf1", SURE).profile, revision + 1);
    // Another scorer starts anew, people's trust included.
    world.order(activate(Profile::paper()));
    let type_state = &world.state.types()[0];
    assert_eq!((type_state.generation, type_state.updates()), (1, 0));
    assert!(type_state.posterior.is_none() && type_state.bandit.is_some());
    world.order(activate(Profile::calibrated()));
    let prior = Profile::calibrated().trust.expect("trust");
    assert_eq!(
        world.state.trust(ANN).map(|t| (t.right, t.wrong)),
        Some((prior.right, prior.wrong))
    );
}

#[test]
fn audits_that_come_into_force_start_from_their_own_average() {
    let silent = Profile { audit: None, ..Profile::calibrated() };
    let mut world = World::new(silent);
    world.propose("leaf1", DOUBTFUL);
    world.order(Command::ActivateProfile(Box::new(Profile::calibrated())));
    let draw = world.propose("leaf1", DOUBTFUL).audit.expect("a draw");
    let settings = Profile::calibrated().audit.expect("audits");
    let expected =
        settings.average_start + settings.average_rate * (draw.voi - settings.average_start);
    assert_eq!(draw.voi_average, expected);
    assert!(draw.probability < 1.0, "not everything is audited at first");
}

#[test]
fn a_refit_without_evidence_and_without_pseudo_counts_leaves_the_score() {
    let mut profile =
        Profile { monitor: MonitorSettings::Periodic { period: 1 }, ..Profile::paper() };
    profile.retrain.pseudo_count = 0.0;
    let mut world = World::new(profile);
    world.draws.arm = Some(4);
    let first = world.propose("leaf1", DOUBTFUL).score;
    let second = world.propose("leaf1", DOUBTFUL).score;
    assert_eq!(first, second);
}

#[test]
fn a_smaller_limit_of_rows_holds_at_the_next_label() {
    let mut world = World::new(Profile::paper());
    world.draws.arm = Some(0);
    let label = |world: &mut World| {
        let id = world.propose("leaf1", SURE).id;
        world.answer(id, ANN, Signal::Like);
    };
    (0..5).for_each(|_| label(&mut world));
    let mut small = Profile::paper();
    small.retrain.rows_max = 2;
    world.order(Command::ActivateProfile(Box::new(small)));
    label(&mut world);
    assert_eq!(world.state.types()[0].rows.len(), 2);
}

#[test]
fn profiles_that_cannot_work_are_refused() {
    let mut world = World::new(Profile::calibrated());
    let mut check = |change: &dyn Fn(&mut Profile), expected: &str| {
        let mut profile = Profile::paper();
        change(&mut profile);
        let refusal = world.refused(Command::ActivateProfile(Box::new(profile)));
        assert_eq!(refusal, format!("profile setting {expected}"));
    };
    let text = "expected 1 to 64 bytes of printable text";
    check(&|p| p.name = " ".into(), &format!("`name` is empty, {text}"));
    check(&|p| p.name = "n".repeat(65), &format!("`name` is 65 bytes long, {text}"));
    check(
        &|p| p.name = "a\nb".into(),
        &format!("`name` is a text with control characters, {text}"),
    );
    check(
        &|p| p.scorer = Scorer::MovingAverage { rate: 1.5 },
        "`scorer.rate` is 1.5, expected a number from 0 to 1",
    );
    check(
        &|p| p.scorer = Scorer::MovingAverage { rate: f64::NAN },
        "`scorer.rate` is NaN, expected a number from 0 to 1",
    );
    check(
        &|p| p.selector = Selector::Thompson { arms: vec![], discount: 0.9 },
        "`number of selector.arms` is 0, expected a number from 1 to 64",
    );
    check(
        &|p| p.selector = Selector::Random { arms: vec![0.5; 65] },
        "`number of selector.arms` is 65, expected a number from 1 to 64",
    );
    check(
        &|p| p.selector = Selector::Thompson { arms: vec![1.1], discount: 0.9 },
        "`selector.arms` is 1.1, expected a number from 0 to 1",
    );
    check(
        &|p| p.selector = Selector::Thompson { arms: vec![0.5], discount: 0.0 },
        "`selector.discount` is 0, expected a number from 0.000000001 to 1",
    );
    check(
        &|p| p.selector = Selector::Utility { optimism: f64::INFINITY },
        "`selector.optimism` is inf, expected a number from -10 to 10",
    );
    check(
        &|p| p.retrain.rows_max = u32::MAX,
        "`retrain.rows_max` is 4294967295, expected a number from 0 to 100000",
    );
    check(
        &|p| p.retrain.precision = 0.0,
        "`retrain.precision` is 0, expected a number from 0.000000001 to 1000000000",
    );
    check(&|p| p.abstain_loss = -0.1, "`abstain_loss` is -0.1, expected a number from 0 to 1");
    let wrong = SignalWorth { weight: 2.0, ..FeedbackTable::PAPER.like };
    check(&|p| p.feedback.like = wrong, "`feedback weight` is 2, expected a number from 0 to 1");
    let monitor =
        MonitorSettings::Window { window: 0, at_least: 1, tolerance: 0.1, every: 1, cooldown: 0 };
    check(&|p| p.monitor = monitor, "`monitor.window` is 0, expected a number from 1 to 100000");
}
