//! From decision to forgetting: expiry, withdrawal, outcome, what is in flight, what is kept.

#[path = "support/world.rs"]
mod world;

use npo_core::decide::Withdrawn;
use npo_core::event::{Cause, Disposition, Event, Outcome, OutcomeResult};
use npo_core::learning::window::MonitorSettings;
use npo_core::{Command, DecisionId, Millis, Profile, Signal};
use world::{ANN, BOB, DOUBTFUL, EVE, EXPIRES_S, SURE, World, answer, observe};

fn calibrated() -> World {
    World::new(Profile::calibrated())
}

fn correlation(name: &str) -> Withdrawn {
    Withdrawn::Correlation(name.into())
}

#[test]
fn unanswered_decisions_expire_when_their_time_is_over() {
    let mut world = calibrated();
    let early = world.propose("leaf1", SURE).id;
    world.wait(10);
    let late = world.propose("leaf2", SURE).id;
    let overdue = |world: &World| world.state.open().overdue(Millis(world.at), 10);
    world.wait(EXPIRES_S - 11);
    assert!(overdue(&world).is_empty());
    assert!(world.order(Command::Expire(early)).is_empty(), "too early is nothing to do");
    world.wait(1);
    assert_eq!(overdue(&world), [early]);
    assert_eq!(world.order(Command::Expire(early)), [Event::DecisionExpired(early)]);
    assert!(world.order(Command::Expire(early)).is_empty(), "once is enough");
    world.wait(10);
    assert_eq!(overdue(&world), [late]);
    assert_eq!(world.state.open().waiting(), 1);
    let tally = &world.state.types()[0].tally;
    assert_eq!((tally.expired, tally.answers_total(), tally.episodes), (1, 0, 0), "no feedback");
}

#[test]
fn answered_decisions_do_not_expire() {
    let mut world = calibrated();
    let id = world.propose("leaf1", SURE).id;
    world.answer(id, ANN, Signal::Skipped);
    world.wait(EXPIRES_S * 2);
    assert!(world.state.open().overdue(Millis(world.at), 10).is_empty());
    assert!(world.order(Command::Expire(id)).is_empty());
    assert_eq!(world.state.types()[0].tally.expired, 0);
}

#[test]
fn expiry_is_asked_for_by_type_and_limited() {
    let mut world = calibrated();
    let ids: Vec<_> = (0..5).map(|i| world.propose(&format!("leaf{i}"), SURE).id).collect();
    world.wait(EXPIRES_S);
    assert_eq!(world.state.open().overdue(Millis(world.at), 3), ids[..3]);
    world.order(Command::Expire(ids[1]));
    assert_eq!(world.state.open().overdue(Millis(world.at), 3), [ids[0], ids[2], ids[3]]);
}

#[test]
fn a_decision_is_withdrawn_once() {
    let mut world = calibrated();
    let id = world.propose("leaf1", SURE).id;
    let events = world.withdraw(Withdrawn::Decision(id));
    assert_eq!(events, [Event::DecisionWithdrawn { id, reason: "the alert resolved".into() }]);
    let again = Command::Withdraw { what: Withdrawn::Decision(id), reason: "again".into() };
    assert_eq!(world.refused(again), "decision `d0` was withdrawn: the alert resolved");
    assert_eq!(world.state.open().waiting(), 0);
    let expired = world.propose("leaf1", SURE).id;
    world.wait(EXPIRES_S);
    assert!(world.order(Command::Expire(id)).is_empty(), "what was withdrawn does not expire");
    world.order(Command::Expire(expired));
    let late = Command::Withdraw { what: Withdrawn::Decision(expired), reason: "late".into() };
    assert_eq!(world.refused(late), "decision `d1` expired at 601000 ms");
    let tally = &world.state.types()[0].tally;
    assert_eq!((tally.withdrawn, tally.expired), (1, 1));
}

#[test]
fn withdrawals_need_a_reason_and_a_decision() {
    let mut world = calibrated();
    let id = world.propose("leaf1", SURE).id;
    let withdraw = |what, reason: &str| Command::Withdraw { what, reason: reason.into() };
    for (command, expected) in [
        (
            withdraw(Withdrawn::Decision(id), ""),
            "`reason` is empty, expected 1 to 1024 bytes of printable text",
        ),
        (
            withdraw(correlation("x"), "\u{0}"),
            "`reason` is a text with control characters, expected 1 to 1024 bytes of printable text",
        ),
        (withdraw(Withdrawn::Decision(DecisionId(9)), "why"), "decision `d9` is unknown"),
    ] {
        assert_eq!(world.refused(command), expected);
    }
}

#[test]
fn the_end_of_a_condition_withdraws_all_that_is_open_about_it() {
    let mut world = calibrated();
    let about = |world: &mut World, entity: &str, condition: &str| {
        world.propose_with(entity, "", SURE, Some(condition)).id
    };
    let first = about(&mut world, "leaf1", "alert-1");
    let other = about(&mut world, "leaf2", "alert-2");
    let second = about(&mut world, "leaf3", "alert-1");
    let taken = about(&mut world, "leaf4", "alert-1");
    world.withdraw(Withdrawn::Decision(taken));
    let named = |world: &World, prefix: &str| {
        world.state.open().conditions(prefix).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(named(&world, "alert-"), ["alert-1", "alert-2"]);
    assert_eq!(named(&world, "alert-2"), ["alert-2"]);
    assert_eq!(named(&world, "b"), [""; 0]);
    let withdrawn: Vec<_> = world
        .withdraw(correlation("alert-1"))
        .into_iter()
        .map(|event| match event {
            Event::DecisionWithdrawn { id, .. } => id,
            other => panic!("a withdrawal led to {other:?}"),
        })
        .collect();
    assert_eq!(withdrawn, [first, second]);
    assert!(world.withdraw(correlation("alert-1")).is_empty(), "nothing is left to do");
    assert!(world.withdraw(correlation("never seen")).is_empty());
    world.answer(other, ANN, Signal::Like);
}

#[test]
fn an_outcome_is_recorded_once() {
    let mut world = calibrated();
    let id = world.propose("leaf1", SURE).id;
    world.answer(id, ANN, Signal::Like);
    let long = Outcome {
        result: OutcomeResult::Worsened,
        time_to_recover_ms: None,
        note: Some("é".repeat(600)),
    };
    let refusal = world.refused(Command::Observe { id, outcome: long });
    assert_eq!(refusal, "`note` is 1200 bytes long, expected 1 to 1024 bytes of printable text");
    world.order(observe(id));
    assert_eq!(world.refused(observe(id)), "the outcome of decision `d0` is recorded already");
    assert_eq!(world.refused(observe(DecisionId(5))), "decision `d5` is unknown");
    assert_eq!(world.state.types()[0].tally.outcomes, 1);
}

/// Tells a story about one decision at site `east`; then so many actions are in flight there.
#[track_caller]
fn check_in_flight(story: impl FnOnce(&mut World, DecisionId), expected: u32) {
    let mut world = calibrated();
    world.propose_with("elsewhere", "west", SURE, None);
    let id = world.propose_with("leaf1", "east", SURE, Some("alert-1")).id;
    story(&mut world, id);
    assert_eq!(world.in_flight("east"), (expected, expected));
    assert_eq!(world.in_flight("west"), (0, expected), "the other site has none of its own");
    assert_eq!(world.in_flight("nowhere"), (0, expected));
}

#[test]
fn an_affirmed_action_is_in_flight_until_something_ends_it() {
    check_in_flight(|_, _| {}, 0);
    check_in_flight(|w, id| drop(w.answer(id, ANN, Signal::Override)), 0);
    check_in_flight(|w, id| drop(w.answer(id, ANN, Signal::Neutral)), 0);
    check_in_flight(|w, id| drop(w.answer(id, ANN, Signal::Like)), 1);
    let liked = |then: fn(&mut World, DecisionId)| {
        move |w: &mut World, id: DecisionId| {
            w.answer(id, ANN, Signal::Like);
            then(w, id);
        }
    };
    check_in_flight(liked(|w, id| drop(w.answer(id, BOB, Signal::Like))), 1);
    check_in_flight(liked(|w, id| drop(w.answer(id, BOB, Signal::Override))), 0);
    check_in_flight(liked(|w, id| drop(w.order(observe(id)))), 0);
    check_in_flight(liked(|w, id| drop(w.withdraw(Withdrawn::Decision(id)))), 0);
    // The end of the condition is not the end of the action: that is what outcomes say.
    check_in_flight(liked(|w, _| drop(w.withdraw(correlation("alert-1")))), 1);
    check_in_flight(liked(|w, _| w.at += i64::from(w.state.profile().in_flight_s) * 1000 - 1), 1);
    check_in_flight(liked(|w, _| w.wait(w.state.profile().in_flight_s.into())), 0);
}

#[test]
fn who_affirms_first_starts_the_action_whatever_was_said_before() {
    // A neutral colleague does not hide an action that the next one lets happen.
    check_in_flight(
        |w, id| {
            w.answer(id, ANN, Signal::Neutral);
            w.answer(id, BOB, Signal::Skipped);
            w.answer(id, EVE, Signal::Like);
        },
        1,
    );
    check_in_flight(
        |w, id| {
            w.answer(id, ANN, Signal::Override);
            w.answer(id, BOB, Signal::Like);
        },
        0,
    );
    check_in_flight(
        |w, id| {
            w.answer(id, ANN, Signal::Like);
            w.answer(id, BOB, Signal::Override);
            w.answer(id, EVE, Signal::Like);
        },
        0,
    );
    // What somebody affirmed later ends in the same ways.
    let ends: [fn(&mut World, DecisionId); 3] = [
        |w, id| drop(w.answer(id, EVE, Signal::Override)),
        |w, id| drop(w.order(observe(id))),
        |w, id| drop(w.withdraw(Withdrawn::Decision(id))),
    ];
    for end in ends {
        check_in_flight(
            |w, id| {
                w.answer(id, ANN, Signal::Neutral);
                w.answer(id, BOB, Signal::Like);
                end(w, id);
            },
            0,
        );
    }
    // What is over already does not start.
    check_in_flight(
        |w, id| {
            w.order(observe(id));
            w.answer(id, ANN, Signal::Like);
        },
        0,
    );
}

#[test]
fn a_shorter_time_in_flight_is_not_hidden_behind_longer_ones() {
    let mut world = calibrated();
    let ids: Vec<_> =
        (0..2).map(|i| world.propose_with(&format!("leaf{i}"), "east", SURE, None).id).collect();
    world.answer(ids[0], ANN, Signal::Like);
    let brief = Profile { in_flight_s: 60, ..Profile::calibrated() };
    world.order(Command::ActivateProfile(Box::new(brief)));
    world.answer(ids[1], ANN, Signal::Like);
    assert_eq!(world.in_flight("east"), (2, 2));
    world.wait(60);
    assert_eq!(world.in_flight("east"), (1, 1));
    world.propose("leaf9", DOUBTFUL);
    assert_eq!(world.in_flight("east"), (1, 1), "the fold forgets the same ones");
}

#[test]
fn decisions_are_forgotten_when_nothing_more_can_happen_to_them() {
    let profile = Profile { retention_s: 3_600, ..Profile::calibrated() };
    let mut world = World::new(profile);
    let answered = world.propose_with("leaf1", "", SURE, Some("alert-1")).id;
    let waiting = world.propose("leaf2", SURE).id;
    world.answer(answered, ANN, Signal::Override);
    world.wait(3_600);
    world.propose("leaf3", DOUBTFUL);
    let forgotten = "decision `d0` takes no answer: it was not put to people, or it was closed \
                     longer ago than npo remembers";
    assert_eq!(world.refused(observe(answered)), forgotten);
    assert!(world.withdraw(correlation("alert-1")).is_empty());
    // Nobody recorded that this one expired, so it is not forgotten yet.
    assert!(world.state.open().get(waiting).is_some());
    world.order(Command::Expire(waiting));
    assert!(world.state.open().get(waiting).is_none());
    assert_eq!(world.state.open().next_id(), DecisionId(3), "numbers go on");
    assert!(world.state.open().exists(answered));
}

#[test]
fn a_decision_keeps_its_place_until_its_outcome_can_no_longer_come() {
    let profile = Profile { retention_s: 3_600, ..Profile::calibrated() };
    let mut world = World::new(profile);
    let id = world.propose("leaf1", SURE).id;
    world.answer(id, ANN, Signal::Like);
    world.wait(3_599);
    world.propose("leaf2", DOUBTFUL);
    world.order(observe(id));
}

#[test]
fn the_clock_of_the_log_does_not_step_back() {
    let mut world = calibrated();
    world.wait(100);
    let first = world.propose("leaf1", SURE);
    let at = world.state.last_at();
    world.at = 5;
    let second = world.propose("leaf2", SURE);
    assert_eq!(world.state.last_at(), at);
    assert_eq!(second.expires_at, first.expires_at);
    let feedback = world.answer(second.id, ANN, Signal::Like);
    assert_eq!(feedback.provenance.open_ms, 0);
    // An answer cannot sneak in before an expiry that the log has seen the time of.
    world.at = at.0 + EXPIRES_S * 1000;
    world.propose("leaf3", SURE);
    world.at = at.0;
    assert_eq!(
        world.refused(answer(first.id, ANN, Signal::Like)),
        "decision `d0` expired at 701000 ms"
    );
}

#[test]
fn clocks_at_the_end_of_time_do_no_harm() {
    for at in [i64::MIN, -1, i64::MAX - 1, i64::MAX] {
        let mut world = calibrated();
        world.at = at;
        let made = world.propose("leaf1", SURE);
        assert!(made.expires_at >= world.state.last_at());
        world.order(Command::Expire(made.id));
        assert_eq!(made.disposition, Disposition::Surfaced);
    }
}

#[test]
fn every_way_to_close_an_episode_moves_the_monitors_clock() {
    let monitor = MonitorSettings::Periodic { period: 4 };
    let mut world = World::new(Profile { monitor, ..Profile::paper() });
    world.draws.arm = Some(0);
    let looked = |events: &[Event]| events.iter().any(|e| matches!(e, Event::MonitorActed { .. }));
    let id = world.propose("leaf1", SURE).id;
    assert!(!looked(&world.order(answer(id, ANN, Signal::Like))));
    assert!(!looked(&world.order(answer(id, BOB, Signal::Like))), "a second answer closes nothing");
    world.propose("doubtful", DOUBTFUL);
    let id = world.propose("leaf1", SURE).id;
    world.wait(EXPIRES_S);
    assert!(!looked(&world.order(Command::Expire(id))));
    let id = world.propose("leaf1", SURE).id;
    assert!(looked(&world.withdraw(Withdrawn::Decision(id))), "the fourth, by withdrawal");
    // Three at once pass the eighth episode on the way; the monitor looks once, at the end.
    world.propose("doubtful", DOUBTFUL);
    world.propose("doubtful", DOUBTFUL);
    for _ in 0..3 {
        world.propose_with("leaf1", "", SURE, Some("alert-1"));
    }
    let events = world.withdraw(correlation("alert-1"));
    let found: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::MonitorActed { cause: Cause::Window(finding), .. } => Some(finding.episodes),
            _ => None,
        })
        .collect();
    assert_eq!(found, [9]);
    assert_eq!(world.state.types()[0].window.episodes, 9);
}

#[test]
fn a_like_of_an_audited_decision_is_a_label_and_sets_nothing_going() {
    let mut world = calibrated();
    world.draws.audit = 0.0;
    let made = world.propose_with("leaf1", "east", DOUBTFUL, None);
    assert_eq!(made.disposition, Disposition::Audit);
    world.answer(made.id, ANN, Signal::Like);
    assert_eq!(world.in_flight("east"), (0, 0));
}

#[test]
fn a_second_opinion_is_heard_until_expiry_however_short_the_retention() {
    let mut world = World::new(Profile { retention_s: 1, ..Profile::calibrated() });
    let id = world.propose("leaf1", SURE).id;
    world.answer(id, ANN, Signal::Neutral);
    world.wait(EXPIRES_S - 1);
    world.propose("leaf2", DOUBTFUL);
    world.answer(id, BOB, Signal::Like);
}
