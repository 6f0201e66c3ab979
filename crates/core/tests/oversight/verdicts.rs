//! RCA verdicts on decisions: certain for trust and score, once, and only about what was asked.

use npo_core::decide::{RcaOrder, Recalled};
use npo_core::event::{Disposition, Event, Lesson, NotLearned, RcaRecorded, RcaSubject};
use npo_core::state::Answer;
use npo_core::{Command, DecisionId, Profile, Signal};

use super::world::{ANN, BOB, DOUBTFUL, EVE, SURE, World, definition};
use super::{certify, certifying};

fn verdict(id: DecisionId, right: bool) -> Command {
    let subject = RcaSubject::Decision { id, right };
    Command::RecordRca(RcaOrder { subject, note: None, recalled: None })
}

fn judged(world: &mut World, id: DecisionId, right: bool) -> RcaRecorded {
    match world.order(verdict(id, right)).as_slice() {
        [Event::RcaRecorded(recorded)] => (**recorded).clone(),
        other => panic!("a verdict led to {other:?}"),
    }
}

#[test]
fn a_verdict_counts_as_certain_for_everybody_who_took_a_side() {
    for right in [true, false] {
        let mut world = World::new(Profile::calibrated());
        let id = world.propose("leaf1", SURE).id;
        world.answer(id, ANN, Signal::Like);
        world.answer(id, BOB, Signal::Override);
        world.answer(id, EVE, Signal::Neutral);
        let trust = |world: &World, who| *world.state.trust(who).expect("known");
        let before = [ANN, BOB, EVE].map(|who| trust(&world, who));
        let recorded = judged(&mut world, id, right);
        assert_eq!(recorded.answers, [(ANN, right), (BOB, !right)]);
        for (who, was, correct) in
            [(ANN, before[0], Some(right)), (BOB, before[1], Some(!right)), (EVE, before[2], None)]
        {
            let now = trust(&world, who);
            let (ok, bad) = (now.right - was.right, now.wrong - was.wrong);
            let expected = match correct {
                Some(true) => (1.0, 0.0),
                Some(false) => (0.0, 1.0),
                None => (0.0, 0.0),
            };
            assert!(
                (ok - expected.0).abs() + (bad - expected.1).abs() < 1e-12,
                "{who:?}: {ok} {bad}"
            );
        }
    }
}

#[test]
fn a_verdict_moves_the_score_further_than_a_label_would() {
    let world = {
        let mut world = World::new(Profile::calibrated());
        world.propose("leaf1", SURE);
        world
    };
    let id = DecisionId(0);
    let score = |mut world: World| world.propose("leaf1", SURE).score;
    let untouched = score(world.clone());
    for (right, signal) in [(true, Signal::Like), (false, Signal::Override)] {
        let mut answered = world.clone();
        answered.answer(id, ANN, signal);
        let mut verdicted = world.clone();
        let recorded = judged(&mut verdicted, id, right);
        let Lesson::Posterior { reliability, responsibility, .. } = recorded.lesson else {
            panic!("{recorded:?}");
        };
        assert_eq!((reliability, responsibility), (1.0, None));
        let (label, certain) = (score(answered) - untouched, score(verdicted) - untouched);
        assert!(label * certain > 0.0 && certain.abs() > label.abs(), "{label} and {certain}");
        assert_eq!(certain > 0.0, right);
    }
}

#[test]
fn a_verdict_is_given_once() {
    let mut world = World::new(Profile::calibrated());
    let id = world.propose("leaf1", SURE).id;
    judged(&mut world, id, true);
    for right in [true, false] {
        assert_eq!(
            world.refused(verdict(id, right)),
            "decision d0 takes no verdict: it has one, it was not drawn for one, or it is too old"
        );
    }
    // People may still say what they think of it.
    world.answer(id, ANN, Signal::Like);
}

#[test]
fn verdicts_are_about_decisions_that_people_could_have_seen() {
    let mut world = World::new(Profile::calibrated());
    let held_back = world.propose("leaf1", DOUBTFUL);
    assert_eq!(held_back.disposition, Disposition::Abstained);
    assert!(world.refused(verdict(held_back.id, true)).contains("takes no answer"));
    assert_eq!(world.refused(verdict(DecisionId(9), true)), "decision `d9` is unknown");
}

/// A verdict on such a decision is recorded and teaches nothing.
#[track_caller]
fn check_untaught(world: &mut World, id: DecisionId, why: NotLearned) {
    let updates = world.state.types()[0].updates();
    let scores = |world: &mut World| world.clone().propose("probe", SURE).score;
    let before = scores(world);
    assert_eq!(judged(world, id, false).lesson, Lesson::None(why));
    assert_eq!(world.state.types()[0].updates(), updates);
    assert_eq!(scores(world), before);
}

#[test]
fn a_verdict_on_what_nobody_was_asked_about_teaches_nothing() {
    let mut world = World::new(certifying());
    certify(&mut world);
    let made = world.propose("spine1", SURE);
    assert_eq!(made.disposition, Disposition::Automatic);
    check_untaught(&mut world, made.id, NotLearned::Volunteered);
    // The one who stopped it was right all the same.
    let made = world.propose("spine1", SURE);
    world.answer(made.id, BOB, Signal::Override);
    let before = world.state.trust(BOB).expect("known").right;
    judged(&mut world, made.id, false);
    assert_eq!(world.state.trust(BOB).expect("known").right, before + 1.0);
}

#[test]
fn a_verdict_on_a_model_that_is_gone_teaches_nothing() {
    let mut world = World::new(Profile::calibrated());
    let id = world.propose("leaf1", SURE).id;
    let mut wider = definition();
    wider.version = 2;
    wider.features[0].scale *= 2.0;
    world.order(Command::ActivateScenarioType(Box::new(wider)));
    check_untaught(&mut world, id, NotLearned::StaleModel);
}

#[test]
fn a_verdict_is_taken_after_expiry_and_moves_no_gauge() {
    let mut world = World::new(Profile::calibrated());
    let id = world.propose("leaf1", SURE).id;
    world.wait(super::world::EXPIRES_S);
    world.order(Command::Expire(id));
    let before = super::oversight(&world).clone();
    judged(&mut world, id, false);
    assert_eq!(*super::oversight(&world), before, "verdicts are not drawn at random");
}

/// A decision that Ann liked, Bob overrode, and that is forgotten since; with what the log has of it.
fn forgotten() -> (World, DecisionId, Recalled) {
    let mut world = World::new(Profile::calibrated());
    let made = world.propose("leaf1", SURE);
    world.answer(made.id, ANN, Signal::Like);
    world.answer(made.id, BOB, Signal::Override);
    world.answer(made.id, EVE, Signal::Neutral);
    world.wait(i64::from(Profile::calibrated().retention_s) + 1);
    world.propose("leaf2", SURE);
    assert!(world.state.open().get(made.id).is_none(), "it is forgotten");
    let answers = [(ANN, Signal::Like), (BOB, Signal::Override), (EVE, Signal::Neutral)];
    let recalled = Recalled {
        type_id: made.type_id,
        scenario: made.scenario,
        disposition: made.disposition,
        answers: answers.map(|(by, signal)| Answer { by, signal }).into(),
    };
    (world, made.id, recalled)
}

fn late(id: DecisionId, recalled: Recalled) -> Command {
    let subject = RcaSubject::Decision { id, right: false };
    Command::RecordRca(RcaOrder { subject, note: None, recalled: Some(recalled) })
}

#[test]
fn a_late_verdict_is_about_people_and_not_about_the_score() {
    let (mut world, id, recalled) = forgotten();
    let trust = |world: &World, who| *world.state.trust(who).expect("known");
    let before = [ANN, BOB, EVE].map(|who| trust(&world, who));
    let doubts = [ANN, BOB].map(|who| *world.state.doubt(who).expect("known"));
    let updates = world.state.types()[0].updates();
    let events = world.order(late(id, recalled.clone()));
    let [Event::RcaRecorded(recorded)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(recorded.lesson, Lesson::None(NotLearned::Forgotten));
    assert_eq!(recorded.answers, [(ANN, false), (BOB, true)]);
    let now = [ANN, BOB, EVE].map(|who| trust(&world, who));
    assert_eq!(now[0].wrong, before[0].wrong + 1.0);
    assert_eq!(now[1].right, before[1].right + 1.0);
    assert_eq!(now[2], before[2]);
    assert_eq!(world.state.types()[0].updates(), updates);
    assert_eq!([ANN, BOB].map(|who| *world.state.doubt(who).expect("known")), doubts);
    assert!(world.refused(late(id, recalled)).contains("takes no verdict"));
}

#[test]
fn one_verdict_is_enough_however_long_ago_it_was_given() {
    let mut world = World::new(Profile::calibrated());
    let made = world.propose("leaf1", SURE);
    judged(&mut world, made.id, true);
    world.wait(i64::from(Profile::calibrated().retention_s) + 1);
    world.propose("leaf2", SURE);
    let recalled = Recalled {
        type_id: made.type_id,
        scenario: made.scenario,
        disposition: made.disposition,
        answers: vec![],
    };
    assert!(world.refused(late(made.id, recalled)).contains("takes no verdict"));
}

#[test]
fn a_late_verdict_needs_the_log_and_somebody_who_was_asked() {
    let (mut world, id, recalled) = forgotten();
    assert!(world.refused(verdict(id, false)).contains("takes no answer"));
    let unasked = Recalled { disposition: Disposition::Abstained, ..recalled };
    assert!(world.refused(late(id, unasked.clone())).contains("takes no answer"));
    assert!(world.refused(late(DecisionId(9), unasked)).contains("is unknown"));
}
