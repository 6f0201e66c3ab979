//! The life of an automatic decision: nobody waits for it, anybody can stop it, drift ends it all.

use npo_core::decide::Withdrawn;
use npo_core::event::{
    CertificateCause, DecisionMade, Disposition, Event, Lesson, MonitorAction, NotLearned,
    Provenance,
};
use npo_core::oversight::Level;
use npo_core::oversight::watch::Watched;
use npo_core::{Command, DecisionId, Millis, Profile, Signal};

use super::world::{ANN, BOB, EXPIRES_S, SURE, World, answer, answer_with, observe, provenance};
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
fn anybody_can_stop_it_and_that_counts_among_all_of_them() {
    for wait in [1, EXPIRES_S + 1] {
        let mut world = automatic_world();
        act(&mut world, 0.9);
        let made = act(&mut world, 0.9);
        world.wait(wait);
        let (evidence, updates) =
            (oversight(&world).evidence.clone(), world.state.types()[0].updates());
        let (episodes, drift) = (oversight(&world).watch.episodes, oversight(&world).drift);
        let feedback = world.answer(made.id, BOB, Signal::Override);
        assert_eq!(feedback.lesson, Lesson::None(NotLearned::Volunteered));
        assert_eq!(world.in_flight("east").0, 1, "the other one goes on");
        let state = oversight(&world);
        assert_eq!(state.drift, drift, "it was not drawn for an audit");
        // One of two automatic actions, or none in time.
        let in_time = u64::from(wait == 1);
        let stops = |world: &World| {
            let gauge = oversight(world).stops.gauge();
            (gauge.seen, gauge.hits)
        };
        assert_eq!(stops(&world), (2, in_time));
        assert_eq!(state.evidence, evidence, "what nobody asked for certifies nothing");
        assert_eq!(world.state.types()[0].updates(), updates);
        assert_eq!(oversight(&world).watch.episodes, episodes, "no second episode");
        world.answer(made.id, ANN, Signal::Override);
        assert_eq!(stops(&world), (2, in_time), "it was stopped already");
    }
}

#[test]
fn a_certificate_outlives_overrides_that_are_rarer_than_it_promises() {
    let mut world = automatic_world();
    for i in 0..400 {
        let made = act(&mut world, 0.9);
        world.wait(1);
        // One in five is stopped, all of them unasked, where two in five would be fine.
        if i % 5 == 0 {
            world.answer(made.id, BOB, Signal::Override);
        }
    }
    assert!(oversight(&world).certificate.is_some());
}

#[test]
fn overrides_that_come_together_at_the_end_of_a_shift_are_no_drift() {
    let mut world = automatic_world();
    for shift in 0..5 {
        // One in five audits is overridden, where two in five would be fine, but after all likes.
        let audits: Vec<_> = (0..50).map(|_| act(&mut world, DRAWN).id).collect();
        let late = |id: &DecisionId| id.0.is_multiple_of(5);
        for id in audits.iter().filter(|id| !late(id)) {
            world.answer(*id, ANN, Signal::Like);
        }
        for id in audits.iter().filter(|id| late(id)) {
            let silent = Provenance { consent: false, ..provenance() };
            world.order(answer_with(*id, Signal::Override, silent));
            assert!(oversight(&world).certificate.is_some(), "{id} of shift {shift}");
        }
        let (seen, hits) = (oversight(&world).drift.seen, oversight(&world).drift.hits);
        assert_eq!((seen, hits), (50 * (shift + 1), 10 * (shift + 1)));
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
    assert_eq!((labels(&world), oversight(&world).drift.seen), (before + 1, drift));
    assert_eq!(oversight(&world).drift_settled.seen, drift, "it is no mere guess any more");
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
    let late = world.refused(answer(made.id, ANN, Signal::Like));
    assert!(late.contains("expired"), "{late}");
}

#[test]
fn it_can_be_stopped_after_its_audit_and_that_is_no_answer_to_the_audit() {
    for answered in [false, true] {
        let watch = Profile::calibrated().watch;
        let mut world = World::new(Profile { watch, ..certifying() });
        certify(&mut world);
        let made = act(&mut world, DRAWN);
        if answered {
            world.answer(made.id, ANN, Signal::Like);
        }
        world.wait(EXPIRES_S);
        if !answered {
            // Who comes just before the end of the audit is recorded comes again.
            world.refused(answer(made.id, BOB, Signal::Override));
            world.order(Command::Expire(made.id));
        }
        let before = world.state.clone();
        let feedback = world.answer(made.id, BOB, Signal::Override);
        assert_eq!(feedback.lesson, Lesson::None(NotLearned::Volunteered));
        assert!(!feedback.first);
        assert_eq!(world.in_flight("east").0, 0, "it is stopped");
        let (now, was) = (oversight(&world), &before.types()[0].oversight);
        let missed = (now.audits_missed, was.audits_missed);
        assert!(now.evidence == was.evidence && missed.0 == missed.1, "and counts for nothing");
        assert_eq!((now.stops.gauge(), now.drift), (was.stops.gauge(), was.drift));
        assert_eq!(now.watch, was.watch);
        assert_eq!(world.state.open().waiting(), before.open().waiting());
        let (tally, was) = (&world.state.types()[0].tally, &before.types()[0].tally);
        assert_eq!((tally.episodes, tally.expired), (was.episodes, was.expired));
        world.refused(answer(made.id, BOB, Signal::Override));
    }
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

/// Overrides automatic actions, without teaching the score, until the certificate is gone; the events
/// of the last override.
fn drift(world: &mut World, draw: f64) -> (DecisionId, Vec<Event>) {
    for _ in 0..50 {
        let made = act(world, draw);
        world.wait(1);
        let silent = Provenance { consent: false, ..provenance() };
        let events = world.order(answer_with(made.id, Signal::Override, silent));
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
        let watched = if draw == DRAWN { Watched::Certified } else { Watched::Stopped };
        assert_eq!((alarm.watched, alarm.run_length), (watched, 20.0));
        assert!(alarm.e_value >= 20.0 && alarm.hits > 0, "{alarm:?}");
        let cause = CertificateCause::Drift(alarm.clone());
        assert_eq!(*lost, Event::CertificateChanged { type_id: TYPE, certificate: None, cause });
        let reason = "the certificate was lost to drift: people review everything".into();
        let (ceiling, now) = (Level::Automatic, Level::Shadow);
        assert_eq!(*level, Event::AutonomyChanged { type_id: TYPE, ceiling, level: now, reason });
        let state = oversight(&world);
        assert_eq!((state.issued, state.lost, state.drift.seen), (1, 1, 0));
        assert_eq!(state.stops, Default::default());
        assert_eq!(state.evidence.as_ref().expect("evidence").labels, 0);
        let made = world.propose("leaf1@", SURE);
        assert!(made.asks() && made.asked == 1.0 && made.level == Level::Shadow);
    }
}

#[test]
fn what_was_asked_under_a_lost_certificate_is_no_evidence_for_the_next() {
    let mut world = automatic_world();
    let waiting: Vec<_> = (0..5).map(|_| act(&mut world, DRAWN).id).collect();
    drift(&mut world, 0.9);
    for id in waiting {
        world.answer(id, ANN, Signal::Like);
    }
    assert_eq!(oversight(&world).evidence.as_ref().expect("evidence").labels, 0);
}

#[test]
fn a_certificate_lapses_when_nobody_answers_its_audits() {
    let mut world = automatic_world();
    let mut lost = Vec::new();
    for i in 0..20 {
        assert!(lost.is_empty(), "after {i} audits");
        let made = act(&mut world, DRAWN);
        world.wait(EXPIRES_S);
        lost = world.order(Command::Expire(made.id));
        lost.retain(|event| !matches!(event, Event::DecisionExpired(_)));
    }
    let [lapsed, level] = lost.as_slice() else { panic!("{lost:?}") };
    let (certificate, cause) = (None, CertificateCause::Unwatched);
    assert_eq!(*lapsed, Event::CertificateChanged { type_id: TYPE, certificate, cause });
    assert!(matches!(level, Event::AutonomyChanged { level: Level::Shadow, .. }), "{level:?}");
}

#[test]
fn it_lapses_at_once_where_decisions_are_forgotten_before_their_time_is_over() {
    let mut world = World::new(Profile { retention_s: 60, ..certifying() });
    certify(&mut world);
    for i in 0..20 {
        assert!(oversight(&world).certificate.is_some(), "after {i} audits");
        let made = act(&mut world, DRAWN);
        world.wait(EXPIRES_S);
        world.order(Command::Expire(made.id));
        assert!(world.state.open().get(made.id).is_none(), "it is forgotten");
    }
    assert_eq!(oversight(&world).certificate, None);
}

#[test]
fn one_answered_audit_in_twenty_keeps_it() {
    let mut world = automatic_world();
    for i in 0..60 {
        let made = act(&mut world, DRAWN);
        world.wait(EXPIRES_S - 1);
        if i % 20 == 19 {
            world.answer(made.id, ANN, Signal::Like);
        }
        world.wait(1);
    }
    assert!(oversight(&world).certificate.is_some());
}

#[test]
fn an_audit_that_is_taken_back_is_no_answer() {
    let mut world = automatic_world();
    for i in 0..20 {
        assert!(oversight(&world).certificate.is_some(), "after {i} audits");
        if i % 3 == 0 {
            let taken_back = act(&mut world, DRAWN);
            world.withdraw(Withdrawn::Decision(taken_back.id));
        }
        let made = act(&mut world, DRAWN);
        world.wait(EXPIRES_S);
        world.order(Command::Expire(made.id));
    }
    assert_eq!(oversight(&world).certificate, None);
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
