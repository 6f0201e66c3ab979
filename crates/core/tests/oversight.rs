//! Who may act without whom: stories about autonomy, the red button, the monitor, verdicts, models.

#[path = "oversight/automatic.rs"]
mod automatic;
#[path = "oversight/autonomy.rs"]
mod autonomy;
#[path = "oversight/evidence.rs"]
mod evidence;
#[path = "oversight/looks.rs"]
mod looks;
#[path = "oversight/models.rs"]
mod models;
#[path = "oversight/monitor.rs"]
mod monitor;
#[path = "oversight/red_button.rs"]
mod red_button;
#[path = "oversight/verdicts.rs"]
mod verdicts;
#[path = "support/world.rs"]
mod world;

use npo_core::guarantee::certificate::CertificateSettings;
use npo_core::learning::window::MonitorSettings;
use npo_core::oversight::{Level, Oversight, WatchSettings};
use npo_core::profile::{Scorer, Selector};
use npo_core::{Command, Event, Profile, Signal, TypeId};

use world::{ANN, SURE, World, answer};

const TYPE: TypeId = TypeId(0);

/// The default profile, with a certificate that a dozen likes earn and a few overrides lose.
fn certifying() -> Profile {
    let certificate =
        CertificateSettings { alpha: 0.4, delta: 0.5, audit_rate: 0.25, alarm_run_length: 10.0 };
    Profile { certificate: Some(certificate), watch: None, ..Profile::calibrated() }
}

/// A score that never moves (0.88 at [`SURE`]), everything above a half surfaced, and a monitor
/// that calls after few observations.
fn watching() -> Profile {
    Profile {
        scorer: Scorer::MovingAverage { rate: 0.0 },
        selector: Selector::Fixed { theta: 0.5 },
        monitor: MonitorSettings::Off,
        audit: None,
        trust: None,
        certificate: None,
        watch: Some(WatchSettings {
            look_every: 1_000,
            audit_looks: 0.25,
            run_length: 20.0,
            margin: 0.1,
            suppress_rate: 0.99,
            cooldown: 50,
            ..WatchSettings::default()
        }),
        ..Profile::calibrated()
    }
}

fn oversight(world: &World) -> &Oversight {
    &world.state.types()[0].oversight
}

fn grant(level: Level) -> Command {
    Command::GrantAutonomy { type_id: TYPE, ceiling: level, reason: "the review of May".into() }
}

/// One decision about a new entity, answered by Ann; what happened with the answer.
fn ask(world: &mut World, raw: [f64; 2], signal: Signal) -> Vec<Event> {
    ask_at(world, "", raw, signal)
}

/// As [`ask`], at a site.
fn ask_at(world: &mut World, site: &str, raw: [f64; 2], signal: Signal) -> Vec<Event> {
    let entity = format!("leaf{}@{site}", world.state.open().next_id().0 % 7);
    let made = world.propose_with(&entity, site, raw, None);
    world.wait(1);
    world.order(answer(made.id, ANN, signal))
}

/// Grants `automatic` and answers likes until it is in force; the events of the last answer.
fn certify(world: &mut World) -> Vec<Event> {
    if oversight(world).ceiling != Level::Automatic {
        world.order(grant(Level::Automatic));
    }
    for _ in 0..100 {
        let events = ask(world, SURE, Signal::Like);
        if oversight(world).level() == Level::Automatic {
            return events;
        }
        assert_eq!(events.len(), 1, "nothing follows from {events:?}");
    }
    panic!("a hundred likes certify nothing");
}
