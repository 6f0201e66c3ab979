//! What counts as evidence for a certificate: one trial per decision, in their order.

use npo_core::event::{Event, Provenance};
use npo_core::oversight::Level;
use npo_core::profile::Selector;
use npo_core::{Profile, Signal};

use super::world::{ANN, BOB, DOUBTFUL, EVE, SURE, World, answer_with, provenance};
use super::{ask, certifying, grant, oversight};

/// Labels and overrides counted, and the labels behind the lowest threshold.
fn counted(world: &World) -> (u64, u64, u64) {
    let evidence = oversight(world).evidence.as_ref().expect("evidence");
    let lowest = evidence.thresholds()[13].process.labels();
    (evidence.labels, evidence.overrides, lowest)
}

#[test]
fn a_second_opinion_is_no_second_trial() {
    let check = |answers: &[(npo_core::PersonId, Signal)], expected: (u64, u64)| {
        let mut world = World::new(certifying());
        world.order(grant(Level::Shadow));
        let id = world.propose("leaf1", SURE).id;
        for (by, signal) in answers {
            world.answer(id, *by, *signal);
        }
        let (labels, overrides, _) = counted(&world);
        assert_eq!((labels, overrides), expected, "{answers:?}");
    };
    use Signal::{Like, Neutral, Override, Skipped};
    check(&[(ANN, Like)], (1, 0));
    check(&[(ANN, Like), (BOB, Like), (EVE, Like)], (1, 0));
    check(&[(ANN, Override), (BOB, Like)], (1, 1));
    check(&[(ANN, Like), (BOB, Override)], (1, 0));
    // What says neither yes nor no leaves the trial to the next one.
    check(&[(ANN, Neutral), (BOB, Skipped)], (0, 0));
    check(&[(ANN, Neutral), (BOB, Skipped), (EVE, Override)], (1, 1));
}

#[test]
fn a_like_without_consent_is_not_used_and_an_override_is() {
    let mut world = World::new(certifying());
    world.order(grant(Level::Shadow));
    let id = world.propose("leaf1", SURE).id;
    let silent = Provenance { consent: false, ..provenance() };
    world.order(answer_with(id, Signal::Like, silent.clone()));
    assert_eq!(counted(&world), (0, 0, 0));
    world.answer(id, BOB, Signal::Like);
    assert_eq!(counted(&world), (1, 0, 1));
    let id = world.propose("leaf1", SURE).id;
    world.order(answer_with(id, Signal::Override, silent));
    assert_eq!(counted(&world), (2, 1, 2));
}

#[test]
fn labels_count_in_the_order_of_their_decisions() {
    let mut world = World::new(certifying());
    world.order(grant(Level::Shadow));
    let ids: Vec<_> = (0..5).map(|_| world.propose("leaf1", SURE).id).collect();
    let labels = |world: &World| (counted(world).0, oversight(world).trials.held_up());
    // Likes come at once, and wait for what was asked before them.
    for id in &ids[1..] {
        world.answer(*id, ANN, Signal::Like);
    }
    assert_eq!(labels(&world), (0, 4));
    world.answer(ids[0], ANN, Signal::Override);
    assert_eq!((labels(&world), counted(&world).1), ((5, 0), 1));
    // What nobody answers, or somebody takes back, holds up nothing once it is over.
    let ids: Vec<_> = (0..3).map(|_| world.propose("leaf1", SURE).id).collect();
    world.answer(ids[2], ANN, Signal::Like);
    world.withdraw(npo_core::decide::Withdrawn::Decision(ids[0]));
    assert_eq!(labels(&world), (5, 1));
    world.wait(super::world::EXPIRES_S);
    world.order(npo_core::Command::Expire(ids[1]));
    assert_eq!(labels(&world), (6, 0));
}

#[test]
fn likes_that_come_before_the_overrides_certify_nothing() {
    // Half are overridden, where α = 0.4; the likes alone would certify long before the first of the
    // overrides comes.
    let mut world = World::new(certifying());
    world.order(grant(Level::Shadow));
    let mut late = std::collections::VecDeque::new();
    for i in 0..300 {
        let id = world.propose("leaf1", SURE).id;
        if i % 2 == 0 {
            late.push_back(id)
        } else {
            drop(world.answer(id, ANN, Signal::Like))
        }
        if late.len() > 40 {
            let id = late.pop_front().expect("many");
            world.answer(id, ANN, Signal::Override);
        }
        assert_eq!(oversight(&world).certificate, None, "after {i} decisions");
    }
    assert!(counted(&world).0 > 150);
}

#[test]
fn an_audit_below_the_threshold_speaks_for_no_threshold_below_it() {
    let mut world = World::new(certifying());
    world.draws.audit = 0.0;
    ask(&mut world, DOUBTFUL, Signal::Override);
    assert_eq!(counted(&world), (1, 1, 0), "its score is below every threshold");
    ask(&mut world, SURE, Signal::Like);
    let evidence = oversight(&world).evidence.clone().expect("evidence");
    let labels: Vec<u64> = evidence.thresholds().iter().map(|t| t.process.labels()).collect();
    // Of .8, .75 | .7, .6, .5: people were not asked about all above the last three.
    assert_eq!(labels[9..], [1, 1, 0, 0, 0]);
}

#[test]
fn with_a_malus_for_doubt_nothing_recommended_is_evidence() {
    let selector = Selector::Utility { optimism: -0.25 };
    let mut world = World::new(Profile { selector, ..certifying() });
    let mut sure = [0.0, 4.0];
    sure[0] = 0.0;
    ask(&mut world, sure, Signal::Like);
    let evidence = oversight(&world).evidence.clone().expect("evidence");
    assert_eq!(evidence.labels, 1);
    assert!(evidence.thresholds().iter().all(|t| t.process.labels() == 0));
    world.order(grant(Level::Shadow));
    ask(&mut world, sure, Signal::Like);
    assert_eq!(counted(&world).2, 1, "in the shadow, everybody is asked about everything");
}

#[test]
fn drawn_thresholds_count_from_the_highest_arm() {
    let selector = Selector::Random { arms: vec![0.0, 0.8] };
    let mut world = World::new(Profile { selector, ..certifying() });
    world.draws.arm = Some(0);
    ask(&mut world, SURE, Signal::Like);
    let evidence = oversight(&world).evidence.clone().expect("evidence");
    let labels: Vec<u64> = evidence.thresholds().iter().map(|t| t.process.labels()).collect();
    assert_eq!(labels[9..], [1, 0, 0, 0, 0], "of .8, .75, .7, .6, .5");
}

/// Eve likes what turns out to be wrong until nobody believes her.
fn discredit(world: &mut World) {
    use npo_core::Command;
    use npo_core::decide::RcaOrder;
    use npo_core::event::RcaSubject;
    for i in 0..12 {
        let id = world.propose(&format!("other{i}"), SURE).id;
        world.answer(id, EVE, Signal::Like);
        let subject = RcaSubject::Decision { id, right: false };
        world.order(Command::RecordRca(RcaOrder { subject, note: None, recalled: None }));
        if world.state.trust(EVE).expect("known").is_adverse() {
            return;
        }
    }
    panic!("twelve wrong answers are believed");
}

#[test]
fn of_people_who_are_not_believed_only_the_overrides_count() {
    let mut world = World::new(Profile { watch: Profile::calibrated().watch, ..certifying() });
    world.order(grant(Level::Shadow));
    discredit(&mut world);
    for signal in [Signal::Like, Signal::Override] {
        let before = counted(&world);
        let watch = oversight(&world).watch.clone();
        let id = world.propose("leaf1", SURE).id;
        world.answer(id, EVE, signal);
        let overridden = u64::from(signal == Signal::Override);
        let (labels, overrides, _) = counted(&world);
        assert_eq!((labels, overrides), (before.0 + overridden, before.1 + overridden));
        let now = &oversight(&world).watch;
        assert_eq!((now.surprise, now.overrides), (watch.surprise, watch.overrides));
        assert_eq!(now.slow.seen, watch.slow.seen + 1, "how long it waited counts all the same");
        // After the like, the decision is still there for somebody who is believed.
        world.answer(id, ANN, Signal::Like);
        assert_eq!(counted(&world).0, before.0 + 1);
    }
}

#[test]
fn whether_an_answer_counts_does_not_depend_on_what_it_says() {
    // Eve stands at the brink: her next override would discredit her, her next like would not.
    let mut world = World::new(certifying());
    world.order(grant(Level::Shadow));
    let mut brink = None;
    for i in 0..60 {
        let id = world.propose(&format!("leaf{i}"), SURE).id;
        let mut tried = world.clone();
        tried.answer(id, EVE, Signal::Override);
        if tried.state.trust(EVE).expect("known").is_adverse() {
            brink = Some(id);
            break;
        }
        world.answer(id, ANN, Signal::Like);
        let id = world.propose(&format!("leaf{i}"), SURE).id;
        world.answer(id, EVE, Signal::Override);
    }
    let id = brink.expect("sixty overrides of what everybody likes discredit somebody");
    assert!(!world.state.trust(EVE).expect("known").is_adverse());
    for signal in [Signal::Like, Signal::Override] {
        let mut tried = world.clone();
        tried.answer(id, EVE, signal);
        assert_eq!(counted(&tried).0, counted(&world).0 + 1, "{signal:?}");
    }
}

#[test]
fn answers_to_a_model_that_is_gone_are_not_used() {
    let mut world = World::new(certifying());
    world.order(grant(Level::Shadow));
    let id = world.propose("leaf1", SURE).id;
    let mut wider = super::world::definition();
    wider.version = 2;
    wider.features[0].scale *= 2.0;
    world.order(npo_core::Command::ActivateScenarioType(Box::new(wider)));
    let events = world.order(super::world::answer(id, ANN, Signal::Like));
    assert!(matches!(&events[..], [Event::FeedbackGiven(_)]));
    assert_eq!(counted(&world), (0, 0, 0));
}
