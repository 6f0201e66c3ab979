//! Teams and sites: where the belief about somebody new starts, once, and for nobody else.

#[path = "support/world.rs"]
mod world;

use npo_core::decide::{NewPerson, PersonChange};
use npo_core::event::Lesson;
use npo_core::learning::trust::{Trust, TrustSettings};
use npo_core::people::{Group, Role};
use npo_core::{Command, Event, PersonId, Profile, Signal};
use world::{ANN, BOB, EVE, SURE, World, person};

fn group(site: &str, team: &str) -> Group {
    Group { site: site.into(), team: team.into() }
}

fn join(world: &mut World, handle: &str, group: Group) -> PersonId {
    world.order(Command::AddPerson(NewPerson { group, ..person(handle, Role::Operator) }));
    world.state.person_named(handle).expect("was added").0
}

fn under(pooled: bool) -> World {
    let calibrated = Profile::calibrated();
    let trust = calibrated.trust.map(|trust| TrustSettings { pooled, ..trust });
    World::new(Profile { trust, ..calibrated })
}

/// Three of a team who deny what the score is sure of, again and again, and three others who affirm
/// it.
fn careless_team(world: &mut World) -> Vec<PersonId> {
    let team: Vec<_> =
        ["c1", "c2", "c3"].map(|handle| join(world, handle, group("fra1", "night"))).into();
    let likes = |world: &mut World, count: usize| {
        for _ in 0..count {
            let id = world.propose("leaf1", SURE).id;
            for who in [ANN, BOB, EVE] {
                world.answer(id, who, Signal::Like);
            }
        }
    };
    likes(world, 10);
    for _ in 0..12 {
        likes(world, 3);
        let id = world.propose("leaf1", SURE).id;
        for who in &team {
            world.answer(id, *who, Signal::Override);
        }
    }
    team
}

fn believed(world: &World, who: PersonId) -> Trust {
    *world.state.trust(who).expect("known")
}

/// The first answer of somebody new, and all events of it.
fn first_answer(world: &mut World, who: PersonId) -> Vec<Event> {
    let id = world.propose("leaf1", SURE).id;
    world.order(world::answer(id, who, Signal::Like))
}

fn reliability_used(events: &[Event]) -> f64 {
    match &events[0] {
        Event::FeedbackGiven(given) => match given.lesson {
            Lesson::Posterior { reliability, .. } => reliability,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn pooled_in(events: &[Event]) -> Option<(PersonId, Trust)> {
    events.iter().find_map(|event| match event {
        Event::ReliabilityPooled { person, start } => Some((*person, *start)),
        _ => None,
    })
}

#[test]
fn somebody_new_starts_where_their_team_stands() {
    let mut world = under(true);
    careless_team(&mut world);
    let loner = join(&mut world, "loner", Group::default());
    let prior = believed(&world, loner);
    let mate = join(&mut world, "mate", group("fra1", "night"));
    let neighbour = join(&mut world, "neighbour", group("fra1", "day"));
    let elsewhere = join(&mut world, "elsewhere", group("ams2", "day"));
    // Until somebody answers, what is believed of them is the prior.
    assert_eq!(believed(&world, mate), prior);
    let mut starts = Vec::new();
    for who in [mate, neighbour, elsewhere] {
        let standing = world.state.standings();
        let of = world.state.person(who).expect("known").group.clone();
        let expected = standing.iter().find(|s| s.group == of).expect("a team").start;
        let events = first_answer(&mut world, who);
        assert_eq!(pooled_in(&events), Some((who, expected)));
        assert_eq!(reliability_used(&events), expected.reliability(), "the answer is read with it");
        let own = world.state.own_counts(who).expect("known");
        assert!((own.weight() - 1.0).abs() < 1e-9, "one answer counted: {own:?}");
        let now = believed(&world, who);
        assert!((now.right - expected.right - own.right).abs() < 1e-12);
        assert!(expected.weight() <= 10.0 + 1e-9, "ten answers can show otherwise: {expected:?}");
        starts.push(expected.reliability());
    }
    // The team says most, the site less, everybody least.
    assert!(starts[0] < starts[1] && starts[1] < starts[2], "{starts:?}");
    assert!(starts[0] < prior.reliability() - 0.1, "{starts:?}");
}

#[test]
fn a_start_is_taken_once() {
    let mut world = under(true);
    careless_team(&mut world);
    let mate = join(&mut world, "mate", group("fra1", "night"));
    assert!(pooled_in(&first_answer(&mut world, mate)).is_some());
    let start = *world.state.start(mate).expect("known");
    assert_eq!(pooled_in(&first_answer(&mut world, mate)), None);
    // Who changes the team takes their record along.
    let change = PersonChange {
        id: mate,
        name: None,
        roles: None,
        active: None,
        site: Some(String::new()),
        team: Some("day".into()),
    };
    world.order(Command::ChangePerson(change));
    assert_eq!(world.state.person(mate).expect("known").group, group("", "day"));
    assert_eq!(pooled_in(&first_answer(&mut world, mate)), None);
    assert_eq!(world.state.start(mate), Some(&start));
}

#[test]
fn people_without_team_and_site_start_at_the_prior() {
    let mut with = under(true);
    careless_team(&mut with);
    let loner = join(&mut with, "loner", Group::default());
    let prior = believed(&with, loner);
    let events = first_answer(&mut with, loner);
    assert_eq!(pooled_in(&events), None);
    assert_eq!(reliability_used(&events), prior.reliability());
    assert_eq!((prior.right, prior.wrong), (4.5, 0.5));
}

#[test]
fn a_profile_can_leave_teams_apart() {
    let mut world = under(false);
    careless_team(&mut world);
    let mate = join(&mut world, "mate", group("fra1", "night"));
    let prior = believed(&world, mate);
    let events = first_answer(&mut world, mate);
    assert_eq!((pooled_in(&events), reliability_used(&events)), (None, prior.reliability()));
    let standings = world.state.standings();
    assert_eq!(standings.len(), 1);
    assert_eq!((standings[0].people, standings[0].start), (4, prior));
}

#[test]
fn where_nobody_has_answered_there_is_nothing_to_pool() {
    let mut world = under(true);
    let first = join(&mut world, "first", group("fra1", "night"));
    let events = first_answer(&mut world, first);
    assert_eq!(pooled_in(&events), None);
    // A profile that forgets what was learned forgets where people started.
    let second = join(&mut world, "second", group("fra1", "night"));
    assert!(pooled_in(&first_answer(&mut world, second)).is_some());
    let wary = TrustSettings { right: 1.6, wrong: 0.4, alarm_run_length: None, pooled: true };
    let wary = Profile { trust: Some(wary), name: "wary".into(), ..Profile::calibrated() };
    world.order(Command::ActivateProfile(Box::new(wary)));
    let fresh = Trust { right: 1.6, wrong: 0.4 };
    assert_eq!((believed(&world, second), world.state.start(second)), (fresh, Some(&fresh)));
    assert_eq!(pooled_in(&first_answer(&mut world, second)), None);
}

#[test]
fn names_of_teams_are_checked() {
    let mut world = under(true);
    let long = "x".repeat(65);
    for (wrong, field) in [(group(&long, ""), "site"), (group("", "a\nb"), "team")] {
        let new = NewPerson { group: wrong, ..person("new", Role::Operator) };
        let refused = world.refused(Command::AddPerson(new));
        assert!(refused.contains(field), "{refused}");
    }
}
