//! The monitor's own record: windows of episodes, whether it acted, and verdicts on that.

use npo_core::decide::RcaOrder;
use npo_core::event::{Event, RcaSubject};
use npo_core::oversight::WatchSettings;
use npo_core::oversight::watch::AUDITS_MAX;
use npo_core::{Command, Signal, TypeId};

use super::world::{DOUBTFUL, EXPIRES_S, SURE, World};
use super::{TYPE, ask, oversight, watching};

fn world(look_every: u32, audit_looks: f64) -> World {
    let mut profile = watching();
    let watch = profile.watch.as_mut().expect("watches");
    (watch.look_every, watch.audit_looks) = (look_every, audit_looks);
    World::new(profile)
}

/// Number, whether it acted, probability and draw of the look among `events`.
fn looked(events: &[Event]) -> Option<(u64, bool, f64, bool)> {
    let looks: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::MonitorLooked { look, acted, probability, audited, .. } => {
                Some((*look, *acted, *probability, *audited))
            }
            _ => None,
        })
        .collect();
    assert!(looks.len() <= 1, "one look at a time");
    looks.first().copied()
}

fn judge(look: u64, should_act: bool) -> Command {
    let subject = RcaSubject::Look { type_id: TYPE, look, should_act };
    Command::RecordRca(RcaOrder { subject, note: Some("read the incident".into()), recalled: None })
}

#[test]
fn every_window_of_episodes_ends_in_a_look() {
    let mut world = world(5, 0.25);
    for episode in 1..=40u64 {
        let events = ask(&mut world, SURE, Signal::Like);
        let look = looked(&events);
        assert_eq!(look.is_some(), episode.is_multiple_of(5), "episode {episode}");
        if let Some((number, acted, probability, _)) = look {
            assert_eq!((number, acted, probability), (episode / 5, false, 0.25));
        }
    }
    assert_eq!(oversight(&world).watch.looks.silent.total, 8);
}

#[test]
fn episodes_end_by_abstention_expiry_and_withdrawal_too() {
    let mut world = world(3, 1.0);
    let before = world.state.position();
    world.propose("doubtful", DOUBTFUL);
    let (expired, withdrawn) = (world.propose("leaf1", SURE).id, world.propose("leaf1", SURE).id);
    world.withdraw(npo_core::decide::Withdrawn::Decision(withdrawn));
    world.wait(EXPIRES_S);
    assert_eq!(world.state.position(), before + 4);
    let events = world.order(Command::Expire(expired));
    assert_eq!(looked(&events), Some((1, false, 1.0, true)));
}

#[test]
fn a_window_in_which_the_monitor_acted_is_always_judged() {
    let mut world = world(5, 1e-3);
    let mut looks = vec![];
    for i in 0..10 {
        let signal = if i < 3 { Signal::Override } else { Signal::Like };
        looks.extend(looked(&ask(&mut world, SURE, signal)));
    }
    assert_eq!(looks, [(1, true, 1.0, true), (2, false, 1e-3, false)]);
    let watch = &oversight(&world).watch;
    assert_eq!((watch.looks.acted.total, watch.looks.silent.total), (1, 1));
    assert_eq!(watch.audits.iter().map(|a| (a.look, a.acted)).collect::<Vec<_>>(), [(1, true)]);
}

#[test]
fn an_action_at_the_very_end_of_a_window_belongs_to_it() {
    let mut world = world(3, 1e-3);
    let looks: Vec<_> = (0..6)
        .filter_map(|i| {
            let signal = if i < 3 { Signal::Override } else { Signal::Like };
            looked(&ask(&mut world, SURE, signal))
        })
        .map(|(look, acted, ..)| (look, acted))
        .collect();
    assert_eq!(looks, [(1, true), (2, false)]);
}

#[test]
fn silent_windows_are_judged_with_their_probability() {
    let (mut world, mut drawn) = (world(1, 0.25), 0);
    for i in 0..1_000u64 {
        world.draws.seed = i;
        drawn += u32::from(looked(&ask(&mut world, SURE, Signal::Like)).expect("a look").3);
    }
    // 250 of 1,000 are expected, with a standard deviation of 13.7; four of them are 55.
    assert!((195..=305).contains(&drawn), "{drawn} of 1,000 looks were drawn");
    let waiting = oversight(&world).watch.audits.len();
    assert_eq!(waiting, AUDITS_MAX.min(drawn as usize));
}

#[test]
fn the_same_seed_for_every_order_still_draws_both_ways() {
    let mut world = world(1, 0.5);
    let drawn =
        (0..200).filter(|_| looked(&ask(&mut world, SURE, Signal::Like)).expect("a look").3);
    let drawn = drawn.count();
    // 100 of 200, with a standard deviation of 7.1.
    assert!((72..=128).contains(&drawn), "{drawn} of 200");
}

#[test]
fn a_verdict_counts_once_and_only_where_it_was_asked_for() {
    let mut world = world(5, 1.0);
    for i in 0..15 {
        let signal = if i < 3 { Signal::Override } else { Signal::Like };
        ask(&mut world, SURE, signal);
    }
    let none = |look: u64| {
        format!(
            "look {look} takes no verdict: it has one, it was not drawn for one, or it is too old"
        )
    };
    for look in [0, 4, u64::MAX] {
        assert_eq!(world.refused(judge(look, true)), none(look));
    }
    let elsewhere = RcaSubject::Look { type_id: TypeId(3), look: 1, should_act: true };
    let order = Command::RecordRca(RcaOrder { subject: elsewhere, note: None, recalled: None });
    assert!(world.refused(order).starts_with("scenario type `y3` is unknown"));
    // It acted in the first, rightly; kept silent in the second, rightly, and in the third, wrongly.
    for (look, should_act) in [(1, true), (2, false), (3, true)] {
        world.order(judge(look, should_act));
        assert_eq!(world.refused(judge(look, should_act)), none(look));
    }
    let looks = oversight(&world).watch.looks;
    assert_eq!((looks.acted.total, looks.acted.audited, looks.acted.right), (1, 1, 1));
    assert_eq!((looks.silent.total, looks.silent.audited, looks.silent.right), (2, 2, 1));
}

#[test]
fn looks_are_counted_anew_when_they_are_drawn_at_another_rate() {
    let mut world = world(1, 1.0);
    let silent = |world: &World| {
        let looks = oversight(world).watch.looks_drawn_alike().silent;
        (looks.total, looks.audited, looks.right)
    };
    for look in 1..=4 {
        ask(&mut world, SURE, Signal::Like);
        if look < 4 {
            world.order(judge(look, look == 1));
        }
    }
    assert_eq!(silent(&world), (4, 3, 2));
    let activate = |world: &mut World, change: fn(&mut WatchSettings)| {
        let mut profile = world.state.profile().clone();
        change(profile.watch.as_mut().expect("watches"));
        world.order(Command::ActivateProfile(Box::new(profile)));
    };
    activate(&mut world, |watch| watch.cooldown += 1);
    assert_eq!(silent(&world), (4, 3, 2), "the rate is what it was");
    activate(&mut world, |watch| watch.audit_looks = 0.5);
    assert_eq!(silent(&world), (0, 0, 0));
    // Drawn at the rate before, so that its verdict would weigh differently.
    assert!(world.refused(judge(4, false)).starts_with("look 4 takes no verdict"));
    for look in 5.. {
        world.draws.seed = look;
        let events = ask(&mut world, SURE, Signal::Like);
        let (number, acted, probability, drawn) = looked(&events).expect("a look");
        assert_eq!((number, acted, probability), (look, false, 0.5), "numbers go on");
        if drawn {
            world.order(judge(look, false));
            assert_eq!(silent(&world), (look - 4, 1, 1));
            break;
        }
    }
}

#[test]
fn a_note_has_its_limit() {
    let mut world = world(1, 1.0);
    ask(&mut world, SURE, Signal::Like);
    let subject = RcaSubject::Look { type_id: TYPE, look: 1, should_act: false };
    let note = Some("x".repeat(1_025));
    assert_eq!(
        world.refused(Command::RecordRca(RcaOrder { subject, note, recalled: None })),
        "`note` is 1025 bytes long, expected 1 to 1024 bytes of printable text"
    );
}
