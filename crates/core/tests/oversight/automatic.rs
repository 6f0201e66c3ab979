//! The life of an automatic decision: nobody waits for it, anybody can stop it, drift ends it all.

use npo_core::decide::Withdrawn;
use npo_core::event::{
    CertificateCause, DecisionMade, Disposition, Event, Lesson, MonitorAction, NotLearned,
};
use npo_core::oversight::Level;
use npo_core::oversight::watch::Watched;
use npo_core::{Command, DecisionId, Millis, Signal};

use super::world::{ANN, BOB, EXPIRES_S, SURE, World, answer, observe};
use super::{TYPE, certify, certifying, oversight};

const DRAWN: f64 = 0.0;

fn automatic_world() -> World {
    let mut world = World::new(certifying());
    certify(&mut world);
    world
}

fn act(world: &mut World, draw: f64) -> DecisionMade {
    let before = std::mem::replace(&mut world.draws.audit, draw);
    let made = world.propose_with("spine1", "east", SURE, Some("alert-1"));
    world.draws.audit = before;
    assert_eq!(made.disposition, Disposition::Automatic);
    made
}

#[test]
fn nobody_waits_for_what_no_audit_drew() {
    let mut world = automatic_world();
    let waiting = world.state.open().waiting();
    let episodes = oversight(&world).watch.episodes;
    let made = act(&mut world, 0.9);
    assert_eq!(world.state.open().waiting(), waiting);
    assert_eq!(oversight(&world).watch.episodes, episodes + 1, "its episode is over");
    assert_eq!(world.in_flight("east").0, 1);
    world.wait(EXPIRES_S);
    assert!(world.state.open().overdue(Millis(world.at), 10).is_empty());
    assert!(world.order(Command::Expire(made.id)).is_empty(), "there is nothing to expire");
    assert_eq!(world.state.types()[0].tally.expired, 0);
    assert_eq!(world.in_flight("east").0, 1, "it goes on");
    // The end of the condition says nothing about the action, and asks nobody less.
    assert!(world.withdraw(Withdrawn::Correlation("alert-1".into())).is_empty());
    assert_eq!(world.in_flight("east").0, 1);
    world.order(observe(made.id));
    assert_eq!(world.in_flight("east").0, 0);
}

#[test]
fn anybody_can_stop_it_and_that_is_a_sign_of_drift() {
    for wait in [1, EXPIRES_S + 1] {
        let mut world = automatic_world();
        let made = act(&mut world, 0.9);
        world.wait(wait);
        let (evidence, updates) =
            (oversight(&world).evidence.clone(), world.state.types()[0].updates());
        let (episodes, drift) = (oversight(&world).watch.episodes, oversight(&world).drift);
        let feedback = world.answer(made.id, BOB, Signal::Override);
        assert_eq!(feedback.lesson, Lesson::None(NotLearned::Volunteered));
        assert_eq!(world.in_flight("east").0, 0);
        let state = oversight(&world);
        assert_eq!((state.drift.seen, state.drift.hits), (drift.seen + 1, drift.hits + 1));
        assert_eq!(state.evidence, evidence, "what nobody asked for certifies nothing");
        assert_eq!(world.state.types()[0].updates(), updates);
        assert_eq!(oversight(&world).watch.episodes, episodes, "no second episode");
    }
}

#[test]
fn a_like_that_nobody_asked_for_counts_for_nothing() {
    let mut world = automatic_world();
    let made = act(&mut world, 0.9);
    let before = oversight(&world).clone();
    let feedback = world.answer(made.id, BOB, Signal::Like);
    assert_eq!(feedback.lesson, Lesson::None(NotLearned::Volunteered));
    assert_eq!(*oversight(&world), before);
    assert_eq!(world.in_flight("east").0, 1);
}

#[test]
fn an_audit_is_asked_answered_and_counted() {
    let mut world = automatic_world();
    let waiting = world.state.open().waiting();
    let made = act(&mut world, DRAWN);
    assert_eq!(world.state.open().waiting(), waiting + 1);
    let labels = |world: &World| oversight(world).evidence.as_ref().expect("evidence").labels;
    let (before, drift) = (labels(&world), oversight(&world).drift.seen);
    let feedback = world.answer(made.id, ANN, Signal::Like);
    assert!(matches!(feedback.lesson, Lesson::Posterior { .. }));
    assert_eq!((labels(&world), oversight(&world).drift.seen), (before + 1, drift + 1));
    assert_eq!(world.in_flight("east").0, 1);
}

#[test]
fn an_audit_that_nobody_answers_does_not_end_the_action() {
    let mut world = automatic_world();
    let made = act(&mut world, DRAWN);
    assert!(world.withdraw(Withdrawn::Correlation("alert-1".into())).is_empty());
    world.wait(EXPIRES_S);
    assert_eq!(world.state.open().overdue(Millis(world.at), 10), [made.id]);
    let events = world.order(Command::Expire(made.id));
    assert_eq!(events, [Event::DecisionExpired(made.id)]);
    assert_eq!(world.in_flight("east").0, 1);
    let late = world.refused(answer(made.id, ANN, Signal::Override));
    assert!(late.contains("expired"), "{late}");
}

#[test]
fn a_withdrawal_ends_it() {
    for draw in [DRAWN, 0.9] {
        let mut world = automatic_world();
        let made = act(&mut world, draw);
        let episodes = oversight(&world).watch.episodes;
        world.withdraw(Withdrawn::Decision(made.id));
        assert_eq!(world.in_flight("east").0, 0);
        assert_eq!(oversight(&world).watch.episodes, episodes + u64::from(draw == DRAWN));
    }
}

/// Overrides automatic actions until the certificate is gone; the events of the last override.
fn drift(world: &mut World, draw: f64) -> (DecisionId, Vec<Event>) {
    for _ in 0..50 {
        let made = act(world, draw);
        world.wait(1);
        let events = world.order(answer(made.id, ANN, Signal::Override));
        if events.len() > 1 {
            return (made.id, events);
        }
    }
    panic!("fifty overrides in a row are no drift");
}

#[test]
fn drift_takes_the_certificate_and_the_level_in_one_batch() {
    for draw in [DRAWN, 0.9] {
        let mut world = automatic_world();
        let (_, events) = drift(&mut world, draw);
        let [Event::FeedbackGiven(_), acted, lost, level] = events.as_slice() else {
            panic!("the last override led to {events:?}");
        };
        let Event::MonitorActed { action: MonitorAction::Adapt, cause, .. } = acted else {
            panic!("{acted:?}");
        };
        let npo_core::event::Cause::Alarm(alarm) = cause else { panic!("{cause:?}") };
        assert_eq!((alarm.watched, alarm.run_length), (Watched::Certified, 10.0));
        assert!(alarm.e_value >= 10.0 && alarm.hits > 0, "{alarm:?}");
        let cause = CertificateCause::Drift(alarm.clone());
        assert_eq!(*lost, Event::CertificateChanged { type_id: TYPE, certificate: None, cause });
        let reason = "the certificate was lost to drift: people review everything".into();
        let (ceiling, now) = (Level::Automatic, Level::Shadow);
        assert_eq!(*level, Event::AutonomyChanged { type_id: TYPE, ceiling, level: now, reason });
        let state = oversight(&world);
        assert_eq!((state.issued, state.lost, state.drift.seen), (1, 1, 0));
        assert_eq!(state.evidence.as_ref().expect("evidence").labels, 0);
        let made = world.propose("leaf1@", SURE);
        assert!(made.asks() && made.asked == 1.0 && made.level == Level::Shadow);
    }
}

#[test]
fn a_lost_certificate_is_earned_anew() {
    let mut world = automatic_world();
    drift(&mut world, 0.9);
    certify(&mut world);
    assert_eq!((oversight(&world).issued, oversight(&world).lost), (2, 1));
}

#[test]
fn an_outcome_is_recorded_and_a_verdict_taken_though_nobody_was_asked() {
    let mut world = automatic_world();
    let made = act(&mut world, 0.9);
    world.order(observe(made.id));
    assert_eq!(world.state.types()[0].tally.outcomes, 1);
    assert_eq!(world.state.types()[0].tally.decisions(Disposition::Automatic), 1);
}
