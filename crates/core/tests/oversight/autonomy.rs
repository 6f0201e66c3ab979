//! What each level of autonomy makes of a proposal, and who changes levels.

use npo_core::event::{CertificateCause, Disposition, Event, PolicyRef};
use npo_core::oversight::Level;
use npo_core::{Command, Profile, Signal};

use super::world::{DOUBTFUL, SURE, World, definition};
use super::{TYPE, ask, certify, certifying, grant, oversight};

const DRAWN: f64 = 0.0;
const NOT_DRAWN: f64 = 0.999_999;

/// Under a ceiling, certified or not, a proposal with an audit draw leads to a disposition; whether
/// people are asked about it, and with which probability they were, if it does not depend on the
/// score.
#[track_caller]
fn check(
    (ceiling, certified): (Level, bool),
    (raw, draw): ([f64; 2], f64),
    expected: (Disposition, bool, Option<f64>),
) {
    let mut world = World::new(certifying());
    if certified {
        certify(&mut world);
    }
    world.order(grant(ceiling));
    world.draws.audit = draw;
    let waiting = world.state.open().waiting();
    let made = world.propose("leaf1@", raw);
    assert_eq!((made.disposition, made.asks()), (expected.0, expected.1));
    assert_eq!(world.state.open().waiting(), waiting + u64::from(expected.1));
    match expected.2 {
        Some(asked) => assert_eq!(made.asked, asked),
        None => assert!(0.0 < made.asked && made.asked < 1.0, "{}", made.asked),
    }
    assert_eq!(made.certified.is_some(), certified);
    world.allow = false;
    let made = world.propose("leaf1@", raw);
    assert_eq!((made.disposition, made.asked), (Disposition::Blocked, 0.0));
}

#[test]
fn people_are_asked_as_the_level_says() {
    use Disposition::{Abstained, Audit, Automatic, Surfaced};
    for level in [Level::Recommend, Level::Approve] {
        for certified in [false, true] {
            check((level, certified), (SURE, NOT_DRAWN), (Surfaced, true, Some(1.0)));
            check((level, certified), (DOUBTFUL, NOT_DRAWN), (Abstained, false, None));
            check((level, certified), (DOUBTFUL, DRAWN), (Audit, true, None));
        }
    }
    // In the shadow, and without a certificate under a ceiling of automatic, everything is asked.
    for place in [(Level::Shadow, false), (Level::Shadow, true), (Level::Automatic, false)] {
        check(place, (SURE, NOT_DRAWN), (Surfaced, true, Some(1.0)));
        check(place, (DOUBTFUL, NOT_DRAWN), (Audit, true, Some(1.0)));
    }
    let certified = (Level::Automatic, true);
    check(certified, (SURE, NOT_DRAWN), (Automatic, false, Some(0.25)));
    check(certified, (SURE, 0.25), (Automatic, false, Some(0.25)));
    check(certified, (SURE, 0.249_999), (Automatic, true, Some(0.25)));
    check(certified, (DOUBTFUL, NOT_DRAWN), (Abstained, false, None));
    check(certified, (DOUBTFUL, DRAWN), (Audit, true, None));
}

#[test]
fn a_type_starts_as_recommended() {
    let mut world = World::new(certifying());
    let state = oversight(&world);
    assert_eq!((state.ceiling, state.level()), (Level::Recommend, Level::Recommend));
    let made = world.propose("leaf1", SURE);
    assert_eq!((made.level, made.certified, made.held), (Level::Recommend, None, None));
}

#[test]
fn evidence_makes_a_granted_type_automatic_in_one_batch() {
    let mut world = World::new(certifying());
    assert_eq!(
        world.order(grant(Level::Automatic)),
        [Event::AutonomyChanged {
            type_id: TYPE,
            ceiling: Level::Automatic,
            level: Level::Shadow,
            reason: "the review of May".into(),
        }]
    );
    let events = certify(&mut world);
    let [Event::FeedbackGiven(_), changed, level] = events.as_slice() else {
        panic!("the last like led to {events:?}");
    };
    let Event::CertificateChanged { certificate: Some(c), cause, .. } = changed else {
        panic!("{changed:?}");
    };
    assert_eq!(*cause, CertificateCause::Earned);
    // Everybody was asked about everything, so the lowest threshold has the same evidence.
    assert_eq!((c.theta, c.alpha, c.delta), (0.5, 0.4, 0.5));
    assert!(c.e_value >= 28.0 && c.labels > 0 && c.overrides == 0, "{c:?}");
    let reason = "threshold 0.5 is certified at α = 0.4".into();
    let (ceiling, now) = (Level::Automatic, Level::Automatic);
    assert_eq!(*level, Event::AutonomyChanged { type_id: TYPE, ceiling, level: now, reason });
}

#[test]
fn what_is_recommended_certifies_no_threshold_below_it() {
    let mut world = World::new(certifying());
    for _ in 0..40 {
        ask(&mut world, SURE, Signal::Like);
    }
    let state = oversight(&world);
    assert_eq!(state.certificate.map(|c| c.theta), Some(0.75));
    assert_eq!(state.level(), Level::Recommend, "nobody granted more");
    // A higher ceiling finds the certificate waiting.
    world.order(grant(Level::Automatic));
    assert_eq!(world.propose("leaf1@", SURE).disposition, Disposition::Automatic);
}

#[test]
fn a_lower_threshold_extends_the_certificate() {
    let mut world = World::new(certifying());
    for _ in 0..40 {
        ask(&mut world, SURE, Signal::Like);
    }
    world.order(grant(Level::Shadow));
    let extended = (0..100).find_map(|_| {
        ask(&mut world, SURE, Signal::Like).into_iter().find_map(|event| match event {
            Event::CertificateChanged { certificate, cause, .. } => Some((certificate, cause)),
            _ => None,
        })
    });
    let (certificate, cause) = extended.expect("more evidence speaks for lower thresholds");
    assert_eq!((certificate.expect("one").theta, cause), (0.5, CertificateCause::Extended));
    assert_eq!((oversight(&world).issued, oversight(&world).lost), (2, 0));
}

#[test]
fn a_person_lowers_autonomy_at_any_time() {
    for level in [Level::Shadow, Level::Recommend, Level::Approve] {
        let mut world = World::new(certifying());
        certify(&mut world);
        let events = world.order(grant(level));
        assert!(
            matches!(&events[..], [Event::AutonomyChanged { ceiling, level: now, .. }]
                if (*ceiling, *now) == (level, level)),
            "{events:?}"
        );
        assert_ne!(world.propose("leaf1@", SURE).disposition, Disposition::Automatic);
        assert!(world.order(grant(level)).is_empty(), "granted already");
    }
}

#[test]
fn grants_need_a_reason_a_type_and_a_profile_that_certifies() {
    let mut world = World::new(Profile { certificate: None, ..certifying() });
    assert_eq!(
        world.refused(grant(Level::Automatic)),
        "`level` is `automatic`, expected another level: the profile `calibrated` certifies no thresholds"
    );
    world.order(grant(Level::Approve));
    let unknown = Command::GrantAutonomy {
        type_id: npo_core::TypeId(7),
        ceiling: Level::Shadow,
        reason: "why".into(),
    };
    assert!(world.refused(unknown).contains("is unknown"));
    let bare = Command::GrantAutonomy { type_id: TYPE, ceiling: Level::Shadow, reason: " ".into() };
    assert_eq!(
        world.refused(bare),
        "`reason` is empty, expected 1 to 1024 bytes of printable text"
    );
}

/// Something voids a certificate under which a type was automatic: people review everything again.
#[track_caller]
fn check_voided(change: Command, because: &str) {
    let mut world = World::new(certifying());
    certify(&mut world);
    let events = world.order(change);
    let [_, lost, level] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(
        *lost,
        Event::CertificateChanged {
            type_id: TYPE,
            certificate: None,
            cause: CertificateCause::Reset
        }
    );
    let reason = format!("{because}, so the certificate is void: people review everything");
    assert_eq!(
        *level,
        Event::AutonomyChanged {
            type_id: TYPE,
            ceiling: Level::Automatic,
            level: Level::Shadow,
            reason
        }
    );
    let state = oversight(&world);
    assert_eq!((state.certificate, state.level(), state.lost), (None, Level::Shadow, 0));
    assert!(state.evidence.as_ref().is_none_or(|evidence| evidence.labels == 0));
    assert_eq!(world.propose("leaf1@", SURE).disposition, Disposition::Surfaced);
}

#[test]
fn a_change_of_what_was_certified_voids_the_certificate() {
    let profile = |profile: Profile| Command::ActivateProfile(Box::new(profile));
    let mut stricter = certifying();
    stricter.certificate.as_mut().expect("one").alpha = 0.3;
    check_voided(profile(stricter), "the profile changed");
    check_voided(profile(Profile { certificate: None, ..certifying() }), "the profile changed");
    check_voided(profile(Profile { trust: None, ..certifying() }), "the profile changed");
    let mut wider = definition();
    wider.version = 2;
    wider.features[0].scale *= 2.0;
    let because = "the inputs of the scenario type changed";
    check_voided(Command::ActivateScenarioType(Box::new(wider)), because);
    check_voided(policy([7; 32], "2"), "another policy came into force");
}

fn policy(digest: [u8; 32], version: &str) -> Command {
    let (name, version) = ("night".into(), version.into());
    Command::ActivatePolicy(PolicyRef { digest, name, version })
}

#[test]
fn a_policy_with_the_same_rules_keeps_it() {
    let mut world = World::new(certifying());
    world.order(policy([7; 32], "1"));
    certify(&mut world);
    world.order(policy([7; 32], "2"));
    assert_eq!(world.propose("leaf1@", SURE).disposition, Disposition::Automatic);
}

#[test]
fn a_change_of_anything_else_keeps_it() {
    let mut world = World::new(certifying());
    certify(&mut world);
    world.order(Command::ActivateProfile(Box::new(Profile { reward_rate: 0.1, ..certifying() })));
    let mut reworded = definition();
    (reworded.version, reworded.title) = (2, "Another title".into());
    world.order(Command::ActivateScenarioType(Box::new(reworded)));
    assert_eq!(world.propose("leaf1@", SURE).disposition, Disposition::Automatic);
}
