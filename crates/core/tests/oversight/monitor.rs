//! What the monitor sees and does: surprise, suppression, silence, slow and missing answers, sites.

use npo_core::decide::NewPerson;
use npo_core::event::{Cause, Disposition, Event, MonitorAction};
use npo_core::guarantee::CertificateSettings;
use npo_core::oversight::watch::{Alarm, Watched};
use npo_core::oversight::{Level, Scope, WatchSettings};
use npo_core::people::{NPO, Role};
use npo_core::{Command, PersonId, Profile, Signal};

use super::world::{ANN, EXPIRES_S, SURE, World, answer};
use super::{TYPE, ask, ask_at, grant, oversight, watching};

fn with(change: impl FnOnce(&mut WatchSettings)) -> World {
    let mut profile = watching();
    change(profile.watch.as_mut().expect("watches"));
    World::new(profile)
}

/// What the monitor did with what, among `events`.
fn acted(events: &[Event]) -> Option<(MonitorAction, Alarm)> {
    events.iter().find_map(|event| match event {
        Event::MonitorActed { action, cause: Cause::Alarm(alarm), .. } => {
            Some((*action, alarm.clone()))
        }
        _ => None,
    })
}

/// Repeats until the monitor acts; how often it took, and what it did.
fn until_acted(mut step: impl FnMut() -> Vec<Event>) -> (u32, MonitorAction, Alarm) {
    for i in 1..=100 {
        if let Some((action, alarm)) = acted(&step()) {
            return (i, action, alarm);
        }
    }
    panic!("the monitor does nothing");
}

fn surprise(world: &mut World) -> (u32, MonitorAction, Alarm) {
    until_acted(|| ask(world, SURE, Signal::Override))
}

fn settle(reason: &str) -> Command {
    Command::SettleEscalation { type_id: TYPE, reason: reason.into() }
}

#[test]
fn overrides_against_the_score_call_for_retraining() {
    let mut world = with(|_| {});
    let (count, action, alarm) = surprise(&mut world);
    // Against a rate of 0.12 + 0.1, the mean detector passes 20 with the third override in a row.
    assert_eq!((count, action, alarm.watched), (3, MonitorAction::Retrain, Watched::Surprise));
    assert_eq!((alarm.seen, alarm.hits, alarm.site.as_deref()), (3, 3, None));
    assert!(alarm.e_value >= 20.0 && alarm.run_length == 20.0);
    assert!((alarm.expected - 0.66).abs() < 0.01, "{}", alarm.expected);
    let watch = &oversight(&world).watch;
    assert!(watch.retrain_due && watch.retrained == Some(3), "{watch:?}");
    assert_eq!((watch.surprise.seen, watch.acted), (0, true), "its gauge starts anew");
    assert!(!oversight(&world).escalated);
}

#[test]
fn a_wanted_retraining_outlives_another_certificate() {
    let mut world = with(|_| {});
    surprise(&mut world);
    ask(&mut world, SURE, Signal::Override);
    let watch = oversight(&world).watch.clone();
    let certificate = Some(CertificateSettings::default());
    let profile = Profile { certificate, ..world.state.profile().clone() };
    world.order(Command::ActivateProfile(Box::new(profile)));
    assert!(oversight(&world).evidence.is_some(), "its evidence begins");
    assert!(watch.retrain_due && watch.surprise.seen == 1);
    assert_eq!(oversight(&world).watch, watch, "the model is the same");
}

#[test]
fn likes_and_overrides_as_the_score_says_call_for_nothing() {
    let mut world = with(|_| {});
    for i in 0..500 {
        // One in ten, where the score says 0.12.
        let signal = if i % 10 == 9 { Signal::Override } else { Signal::Like };
        assert_eq!(acted(&ask(&mut world, SURE, signal)), None, "answer {i}");
    }
}

#[test]
fn a_second_surprise_soon_after_is_escalated_to_approvers_until_it_is_settled() {
    let mut world = with(|_| {});
    assert_eq!(world.refused(settle("why")), "`link-flapping` has no open escalation");
    surprise(&mut world);
    let (_, action, alarm) = surprise(&mut world);
    assert_eq!((action, alarm.watched), (MonitorAction::Escalate, Watched::Surprise));
    assert!(oversight(&world).escalated);
    let mut seniors = vec![];
    for (handle, role) in [("ada", Role::Approver), ("adam", Role::Admin)] {
        let (handle, name) = (handle.into(), "A".into());
        seniors.push(PersonId(u32::try_from(world.state.people().len()).expect("few")));
        world.order(Command::AddPerson(NewPerson {
            handle,
            name,
            roles: vec![role],
            group: npo_core::people::Group::default(),
        }));
    }
    for senior in seniors {
        let made = world.propose("leaf1@", SURE);
        assert_eq!((made.disposition, made.asked), (Disposition::Escalated, 1.0));
        let refusal = world.refused(answer(made.id, ANN, Signal::Like));
        assert_eq!(refusal, "the decision was escalated: it takes an approver, which `ann` is not");
        world.answer(made.id, senior, Signal::Like);
    }
    let bare = world.refused(settle(""));
    assert_eq!(bare, "`reason` is empty, expected 1 to 1024 bytes of printable text");
    let reason = "the prior was wrong".to_owned();
    let settled = Event::EscalationSettled { type_id: TYPE, reason: reason.clone() };
    assert_eq!(world.order(settle(&reason)), [settled]);
    assert_eq!(world.propose("leaf1@", SURE).disposition, Disposition::Surfaced);
}

#[test]
fn a_second_surprise_long_after_calls_for_retraining_again() {
    let mut world = with(|_| {});
    surprise(&mut world);
    for _ in 0..50 {
        ask(&mut world, SURE, Signal::Like);
    }
    assert_eq!(surprise(&mut world).1, MonitorAction::Retrain);
}

#[test]
fn what_most_people_override_is_suppressed_until_it_is_released() {
    // A wide margin keeps surprise out of this story.
    let mut world = with(|watch| (watch.suppress_rate, watch.margin) = (0.2, 0.5));
    let mut last = vec![];
    let (_, action, alarm) = until_acted(|| {
        last = ask(&mut world, SURE, Signal::Override);
        last.clone()
    });
    assert_eq!((action, alarm.watched), (MonitorAction::Suppress, Watched::OverrideRate));
    let [_, _, Event::RedButtonPressed(hold)] = last.as_slice() else { panic!("{last:?}") };
    let scope = Scope::ScenarioType(TYPE);
    assert_eq!((&hold.scope, hold.by), (&scope, NPO));
    assert_eq!(hold.reason, format!("people overrode {0} of {0} recommendations", alarm.hits));
    let made = world.propose("leaf1@", SURE);
    assert_eq!((made.disposition, made.held.as_deref()), (Disposition::Abstained, Some(&scope)));
    world.order(Command::ReleaseRedButton { scope, reason: "a new firmware".into() });
    assert_eq!(oversight(&world).watch.overrides.seen, 0);
    assert_eq!(world.propose("leaf1@", SURE).disposition, Disposition::Surfaced);
}

#[test]
fn a_type_that_people_hold_already_is_not_suppressed_as_well() {
    let mut world = with(|watch| (watch.suppress_rate, watch.margin) = (0.2, 0.5));
    let ids: Vec<_> = (0..20).map(|i| world.propose(&format!("leaf{i}"), SURE).id).collect();
    let scope = Scope::ScenarioType(TYPE);
    let reason = "a bad feeling".into();
    world.order(Command::PressRedButton { scope, reason });
    let actions: Vec<_> = ids
        .into_iter()
        .flat_map(|id| world.order(answer(id, ANN, Signal::Override)))
        .filter(|event| !matches!(event, Event::FeedbackGiven(_)))
        .collect();
    let count = |action| {
        let is = |e: &&Event| matches!(e, Event::MonitorActed { action: a, .. } if *a == action);
        actions.iter().filter(is).count()
    };
    assert_eq!(count(MonitorAction::Suppress), 0, "{actions:?}");
    assert!(!actions.iter().any(|event| matches!(event, Event::RedButtonPressed(_))));
    assert_eq!(world.state.holds().len(), 1);
}

#[test]
fn audits_are_no_recommendations() {
    let mut world = with(|watch| (watch.suppress_rate, watch.margin) = (0.01, 0.5));
    world.order(grant(Level::Shadow));
    let below = [30.0, 2.0];
    for _ in 0..10 {
        let id = world.propose("leaf1", below).id;
        assert_eq!(acted(&world.order(answer(id, ANN, Signal::Override))), None);
    }
    assert_eq!(oversight(&world).watch.overrides.seen, 0);
}

#[test]
fn a_source_that_falls_silent_is_reported_once() {
    let mut world = with(|watch| (watch.silence_factor, watch.silence_min_s) = (5.0, 60));
    assert!(world.order(Command::Watch).is_empty(), "no source is known");
    world.propose("leaf1", SURE);
    world.wait(100_000);
    assert!(world.order(Command::Watch).is_empty(), "one proposal says nothing about the usual");
    for _ in 0..200 {
        world.propose("leaf1", SURE);
        world.wait(20);
    }
    let since = world.state.last_at();
    world.wait(75);
    assert!(world.order(Command::Watch).is_empty(), "95 s are less than five times the usual");
    world.wait(100);
    let events = world.order(Command::Watch);
    let [Event::MonitorActed { type_id, action, cause }] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!((*type_id, *action), (TYPE, MonitorAction::Escalate));
    let Cause::Silence { since: last, usual_gap_ms } = cause else { panic!("{cause:?}") };
    assert_eq!(*last, since);
    assert!((19_000.0..26_000.0).contains(usual_gap_ms), "{usual_gap_ms}");
    assert!(world.order(Command::Watch).is_empty(), "once is enough");
    assert!(!oversight(&world).escalated && !oversight(&world).watch.acted);
    world.propose("leaf1", SURE);
    assert!(world.order(Command::Watch).is_empty(), "it speaks again");
    world.wait(10_000);
    assert_eq!(world.order(Command::Watch).len(), 1, "and falls silent again");
}

#[test]
fn short_silences_are_never_reported() {
    let mut world = with(|watch| (watch.silence_factor, watch.silence_min_s) = (2.0, 3600));
    for _ in 0..10 {
        world.propose("leaf1", SURE);
        world.wait(1);
    }
    world.wait(3590);
    assert!(world.order(Command::Watch).is_empty());
    world.wait(20);
    assert_eq!(world.order(Command::Watch).len(), 1);
}

fn expire(world: &mut World) -> Vec<Event> {
    let id = world.propose("leaf1", SURE).id;
    world.wait(EXPIRES_S);
    world.order(Command::Expire(id))
}

#[test]
fn decisions_that_nobody_answers_are_escalated_in_words_only() {
    let mut world = with(|_| {});
    let (_, action, alarm) = until_acted(|| expire(&mut world));
    assert_eq!((action, alarm.watched), (MonitorAction::Escalate, Watched::Unanswered));
    assert_eq!((alarm.seen, alarm.hits), (alarm.hits, alarm.seen));
    let state = oversight(&world);
    assert!(!state.escalated, "approvers are no better at answering");
    assert!(!state.watch.acted, "people are no fault of the model");
    // Within the cooldown nobody is told again.
    let since = state.watch.episodes;
    let (count, ..) = until_acted(|| expire(&mut world));
    assert_eq!(oversight(&world).watch.episodes, since + u64::from(count));
    assert!(count >= 49, "told again after {count} episodes");
}

#[test]
fn answers_in_the_last_half_of_their_time_are_slow() {
    let after = |seconds: i64| {
        move |world: &mut World| {
            let id = world.propose("leaf1", SURE).id;
            world.wait(seconds);
            world.order(answer(id, ANN, Signal::Like))
        }
    };
    let mut world = with(|_| {});
    let slow = after(EXPIRES_S / 2 + 1);
    let (_, action, alarm) = until_acted(|| slow(&mut world));
    assert_eq!((action, alarm.watched), (MonitorAction::Escalate, Watched::SlowAnswers));
    let mut world = with(|_| {});
    let quick = after(EXPIRES_S / 2);
    assert!((0..60).all(|_| acted(&quick(&mut world)).is_none()));
}

#[test]
fn one_site_that_differs_is_escalated_by_its_name() {
    let mut world = with(|_| {});
    let (_, action, alarm) = until_acted(|| {
        let mut events = ask_at(&mut world, "east", SURE, Signal::Override);
        for _ in 0..9 {
            events.extend(ask_at(&mut world, "west", SURE, Signal::Like));
        }
        events
    });
    assert_eq!((action, alarm.watched), (MonitorAction::Escalate, Watched::Surprise));
    assert_eq!(alarm.site.as_deref(), Some("east"));
    // Two sites are two chances of a false alarm.
    assert_eq!(alarm.run_length, 40.0);
    let state = oversight(&world);
    assert!(!state.escalated, "the rest of the type goes on");
    assert!(state.watch.acted, "the model is wrong there");
    let gauges: Vec<u64> = state.watch.sites.iter().map(|(_, gauge)| gauge.seen).collect();
    assert!(gauges.contains(&0) && gauges.iter().any(|seen| *seen > 20), "{gauges:?}");
    assert!(state.watch.surprise.seen > 0, "the whole is watched on");
}

#[test]
fn without_a_watch_nothing_follows() {
    let mut world = World::new(Profile { watch: None, ..watching() });
    for _ in 0..50 {
        assert_eq!(ask(&mut world, SURE, Signal::Override).len(), 1);
    }
    world.wait(1_000_000);
    assert!(world.order(Command::Watch).is_empty());
}
