//! The red button on a scope: what is held, that nobody is asked about it, and its release.

use npo_core::event::{Disposition, Event};
use npo_core::oversight::{Hold, Scope};
use npo_core::people::NPO;
use npo_core::{Command, Millis, TypeId};

use super::world::{ANN, DOUBTFUL, EXPIRES_S, SURE, World};
use super::{TYPE, certify, certifying};

fn press(scope: Scope) -> Command {
    Command::PressRedButton { scope, reason: "packet loss at the edge".into() }
}

fn release(scope: Scope) -> Command {
    Command::ReleaseRedButton { scope, reason: "it was the optics".into() }
}

fn site(name: &str) -> Scope {
    Scope::Site(name.into())
}

/// With the red button pressed on `scopes`, a proposal at a site is held by one of them, or not.
#[track_caller]
fn check(scopes: &[Scope], at: &str, expected: Option<Scope>) {
    for automatic in [false, true] {
        let mut world = World::new(certifying());
        // Known scenarios are held like new ones.
        world.propose_with("known", at, SURE, None);
        if automatic {
            // The one above is not answered, and holds up what comes after it until it is over.
            world.wait(EXPIRES_S);
            certify(&mut world);
        }
        scopes.iter().for_each(|scope| drop(world.order(press(scope.clone()))));
        let waiting = world.state.open().waiting();
        let in_flight = world.in_flight(at).1;
        // Even where an audit would be drawn.
        world.draws.audit = 0.0;
        for (entity, raw) in [("known", SURE), ("new", SURE), ("another", DOUBTFUL)] {
            let made = world.propose_with(entity, at, raw, None);
            assert_eq!(made.held.as_deref(), expected.as_ref(), "{entity} under {scopes:?}");
            if expected.is_some() {
                assert_eq!(made.disposition, Disposition::Abstained);
                assert_eq!((made.asked, made.audit, made.asks()), (0.0, None, false));
            } else {
                assert!(made.asked > 0.0);
            }
        }
        if expected.is_some() {
            assert_eq!(world.state.open().waiting(), waiting, "nobody is asked");
            assert_eq!(world.in_flight(at).1, in_flight, "nothing is done");
        }
        for scope in scopes {
            world.order(release(scope.clone()));
        }
        assert!(world.state.holds().is_empty());
        let made = world.propose_with("known", at, SURE, None);
        assert_eq!((made.held, made.disposition != Disposition::Abstained), (None, true));
    }
}

#[test]
fn what_is_held_is_neither_recommended_nor_audited_nor_done() {
    check(&[Scope::All], "east", Some(Scope::All));
    check(&[Scope::All], "", Some(Scope::All));
    check(&[Scope::ScenarioType(TYPE)], "east", Some(Scope::ScenarioType(TYPE)));
    check(&[site("east")], "east", Some(site("east")));
    check(&[site("east")], "west", None);
    check(&[site("east")], "", None);
    check(&[site("west"), site("east")], "east", Some(site("east")));
    check(&[site("east"), Scope::All], "west", Some(Scope::All));
    check(&[site("east"), Scope::All], "east", Some(site("east")));
}

#[test]
fn another_scenario_type_is_not_held() {
    let mut world = World::new(certifying());
    let mut other = super::world::definition();
    other.name = "session-loss".into();
    world.order(Command::ActivateScenarioType(Box::new(other)));
    world.order(press(Scope::ScenarioType(TypeId(1))));
    assert_eq!(world.propose("leaf1", SURE).held, None);
}

#[test]
fn policy_still_speaks_first() {
    let mut world = World::new(certifying());
    world.order(press(Scope::All));
    world.allow = false;
    let made = world.propose("leaf1", SURE);
    assert_eq!((made.disposition, made.held.as_deref()), (Disposition::Blocked, Some(&Scope::All)));
}

#[test]
fn who_pressed_it_when_and_why_is_kept() {
    let mut world = World::new(certifying());
    world.actor = ANN;
    let hold = Hold {
        scope: Scope::All,
        since: Millis(world.at),
        by: ANN,
        reason: "packet loss at the edge".into(),
    };
    assert_eq!(world.order(press(Scope::All)), [Event::RedButtonPressed(hold.clone())]);
    assert_eq!(world.state.holds(), [hold]);
    world.actor = NPO;
    let reason = "it was the optics".into();
    let released = Event::RedButtonReleased { scope: Scope::All, reason };
    assert_eq!(world.order(release(Scope::All)), [released]);
}

#[test]
fn decisions_that_wait_stay_answerable() {
    let mut world = World::new(certifying());
    let id = world.propose("leaf1", SURE).id;
    world.order(press(Scope::All));
    world.answer(id, ANN, npo_core::Signal::Override);
}

#[test]
fn a_scope_is_held_once_and_released_once() {
    let mut world = World::new(certifying());
    let with = |scope, reason: &str| Command::PressRedButton { scope, reason: reason.into() };
    for (command, expected) in [
        (release(Scope::All), "the red button is not pressed on `everything`"),
        (release(site("east")), "the red button is not pressed on `east`"),
        (release(Scope::ScenarioType(TYPE)), "the red button is not pressed on `link-flapping`"),
        (with(Scope::All, ""), "`reason` is empty, expected 1 to 1024 bytes of printable text"),
        (press(site(" ")), "`site` is empty, expected 1 to 256 bytes of printable text"),
        (
            press(site("ea\nst")),
            "`site` is a text with control characters, expected 1 to 256 bytes of printable text",
        ),
        (press(Scope::ScenarioType(TypeId(9))), "scenario type `y9` is unknown; known are "),
    ] {
        assert_eq!(world.refused(command), expected);
    }
    for scope in [Scope::All, site("east"), Scope::ScenarioType(TYPE)] {
        world.order(press(scope.clone()));
        let again = world.refused(press(scope));
        assert!(again.starts_with("the red button is pressed on `"), "{again}");
    }
    assert_eq!(world.state.holds().len(), 3);
}

#[test]
fn there_is_a_limit_to_what_is_held_singly() {
    let mut world = World::new(certifying());
    for i in 0..1000 {
        world.order(press(site(&format!("s{i}"))));
    }
    assert_eq!(
        world.refused(press(site("one-more"))),
        "`scope` is the 1001th that is held, expected at most 1000; hold everything instead"
    );
}
