//! Logs and questions that nobody should send.

use std::ops::ControlFlow;

use npo_core::{Profile, stored};
use npo_log::{Entry, EventLog, Head, LogReader, MemoryLog, OwnedEntry, ReadError, Record};

use super::world::{Simulated, World, calibrated};
use crate::counterfactual::{
    Evaluation, InvalidQuestion, Question, ReplayError, Report, Target, replay, replay_export,
};

fn ask(records: &[Record], question: Question<'_>) -> Result<Report, ReplayError> {
    let mut log = MemoryLog::default();
    log.append(0, records).expect("appends");
    replay(log.reader().expect("a reader").as_mut(), question, &mut |_| ())
}

fn question() -> Question<'static> {
    Question::new(Target::Threshold(0.7))
}

fn small() -> Simulated {
    World { decisions: 50, ..World::new(calibrated(0.3), 1) }.run()
}

#[test]
fn an_empty_log_is_a_refusal() {
    let report = ask(&[], question()).expect("a report");
    assert!(!report.told());
    assert_eq!(report.log.decisions, 0);
    assert!(report.summary[0].contains("no decisions"), "{:?}", report.summary);
}

#[test]
fn without_answers_nothing_can_be_told() {
    let world = World { answered: |_| 0.0, ..World::new(calibrated(0.3), 1) };
    let report = world.run().ask(Target::Threshold(0.8));
    match &report.target.evaluation {
        Evaluation::Refused { reason } => assert!(reason.contains("never answered"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_nobody_asked_for_any_more_is_no_label() {
    use npo_core::Event;
    use npo_core::event::{Lesson, NotLearned};
    let mut records = small().records;
    assert!(ask(&records, question()).expect("a report").answering.answered > 20);
    for record in &mut records {
        let mut envelope =
            stored::decode(record.kind, record.version, &record.body).expect("decodes");
        if let Event::FeedbackGiven(given) = &mut envelope.event {
            given.lesson = Lesson::None(NotLearned::Volunteered);
            record.body = stored::encode(&envelope).2;
        }
    }
    assert_eq!(ask(&records, question()).expect("a report").answering.answered, 0);
}

#[test]
fn few_answers_and_few_scenarios_are_refusals() {
    let check = |world: World, word: &str| {
        let report = world.run().ask(Target::Threshold(0.8));
        match &report.target.evaluation {
            Evaluation::Refused { reason } => assert!(reason.contains(word), "{reason}"),
            other => panic!("{other:?}"),
        }
    };
    check(World { decisions: 20, ..World::new(calibrated(0.3), 1) }, "have an answer");
    check(World { scenarios: 9, ..World::new(calibrated(0.3), 1) }, "9 scenarios, expected");
}

/// Audits so rare that hardly any was drawn, though each might have been.
#[test]
fn what_would_be_added_needs_answers_of_its_own() {
    let rare = World { answered: |_| 1.0, ..World::new(calibrated(0.02), 1) }.run();
    match &rare.ask(Target::Threshold(0.3)).target.evaluation {
        Evaluation::Refused { reason } => {
            assert!(reason.contains("would be surfaced anew, and only"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    // A little more is counted at its worst and best: limits, and no value.
    let report = rare.ask(Target::Threshold(0.735));
    let Evaluation::Told { unsupported_share, estimates, .. } = &report.target.evaluation else {
        panic!("{:?}", report.target.evaluation)
    };
    assert!(*unsupported_share > 0.0 && *unsupported_share < 0.2, "{unsupported_share}");
    assert_eq!(estimates[0].estimates.utility.value, None);
    assert!(report.differences.iter().all(|difference| difference.utility.value.is_none()));
}

#[test]
fn limits_are_possible_values() {
    for seed in 1..20 {
        let world = World { decisions: 150, ..World::new(calibrated(0.3), seed) };
        let report = world.run().ask(Target::Threshold(0.5));
        let Evaluation::Told { estimates, .. } = &report.target.evaluation else { continue };
        let most = report.target.surfaced_per_1000;
        for of in estimates {
            let utility = of.estimates.utility;
            assert!(
                utility.low >= -3.0 * most - 1e-9 && utility.high <= most + 1e-9,
                "{utility:?}"
            );
        }
        let swing = 4.0 * 1000.0;
        assert!(report.differences.iter().all(|d| d.utility.high - d.utility.low <= 2.0 * swing));
    }
}

#[test]
fn a_log_of_another_version_names_its_event() {
    let mut records = small().records;
    records[4].version = 200;
    let error = ask(&records, question()).expect_err("refused");
    assert_eq!(error.to_string(), "event 5 cannot be decoded");
    records[4] = Record { kind: 10, version: stored::encode(&envelope()).1, body: vec![7; 40] };
    let error = ask(&records, question()).expect_err("refused");
    assert_eq!(error.to_string(), "event 5 cannot be decoded");
}

fn envelope() -> npo_core::Envelope {
    npo_core::Envelope {
        at: npo_core::Millis(0),
        actor: npo_core::PersonId(0),
        request: None,
        event: npo_core::Event::ProfileActivated(Box::new(Profile::paper())),
    }
}

#[test]
fn numbers_that_cannot_be_are_named() {
    let simulated = small();
    let broken = |change: fn(&mut npo_core::event::DecisionMade)| {
        let mut records = simulated.records.clone();
        let record = records.iter_mut().find(|record| record.kind == 10).expect("a decision");
        let mut envelope =
            stored::decode(record.kind, record.version, &record.body).expect("decodes");
        if let npo_core::Event::DecisionMade(made) = &mut envelope.event {
            change(made);
        }
        record.body = stored::encode(&envelope).2;
        ask(&records, question()).expect_err("refused").to_string()
    };
    let nan = broken(|made| made.score = f64::NAN);
    assert!(nan.contains("holds a score of NaN, expected a number from 0 to 1"), "{nan}");
    let high = broken(|made| made.compared = 7.0);
    assert!(high.contains("compared score of 7"), "{high}");
    let lost = broken(|made| made.type_id = npo_core::TypeId(9));
    assert!(lost.contains("scenario type y9"), "{lost}");
}

#[test]
fn questions_out_of_range_are_refused_before_reading() {
    let check = |question: Question<'_>, what: &str| {
        let error = question.validate().expect_err("refused").to_string();
        assert!(error.contains(what), "{error}");
        assert!(matches!(ask(&[], question), Err(ReplayError::Question(_))));
    };
    let of = |target| Question::new(target);
    check(of(Target::Threshold(f64::NAN)), "the threshold is NaN");
    check(of(Target::Threshold(1.5)), "the threshold is 1.5, expected a number from 0 to 1");
    check(of(Target::OverrideCost(f64::INFINITY)), "the override cost is inf");
    check(of(Target::OverrideCost(0.0)), "the override cost is 0");
    check(Question { confidence: f64::NAN, ..question() }, "the confidence is NaN");
    check(Question { resamples: 0, ..question() }, "the number of resamples is 0");
    check(Question { resamples: u32::MAX, ..question() }, "the number of resamples");
    let at = Some(npo_core::Millis(5));
    check(Question { since: at, until: at, ..question() }, "the window");
    let mut profile = Profile::paper();
    profile.reward_rate = f64::NAN;
    let wrong = of(Target::Profile(Box::new(profile)));
    assert!(matches!(wrong.validate(), Err(InvalidQuestion::Profile(_))));
}

#[test]
fn unknown_types_and_broken_exports_are_named() {
    let simulated = small();
    let other = Question { scenario_type: Some("other".into()), ..question() };
    let error = ask(&simulated.records, other).expect_err("refused");
    assert_eq!(error.to_string(), "scenario type `other` is not in the log, which has `thing`");
    let broken = replay_export(&mut "{\"position\":1}\n".as_bytes(), question(), &mut |_| ());
    assert!(matches!(broken, Err(ReplayError::Export(_))));
    // An export that begins in the middle of a log.
    let log = simulated.log();
    let mut text = Vec::new();
    let mut reader = log.reader().expect("a reader");
    npo_log::export(reader.as_mut(), 3, &mut text, &mut |_| ()).expect("exports");
    let part = replay_export(&mut text.as_slice(), question(), &mut |_| ());
    assert!(matches!(part, Err(ReplayError::Export(_))));
}

/// A log in which somebody has changed the last byte of one event.
struct Changed(Box<dyn LogReader>, u64);

impl LogReader for Changed {
    fn head(&mut self) -> Result<Head, ReadError> {
        self.0.head()
    }

    fn get(&mut self, position: u64) -> Result<Option<OwnedEntry>, ReadError> {
        self.0.get(position)
    }

    fn visit(
        &mut self,
        after: u64,
        limit: Option<u64>,
        f: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let changed = self.1;
        self.0.visit(after, limit, &mut |entry| {
            let mut body = entry.body.to_vec();
            if let (true, Some(last)) = (entry.position == changed, body.last_mut()) {
                *last ^= 1;
            }
            f(Entry { body: &body, ..entry })
        })
    }
}

#[test]
fn a_log_that_was_changed_is_refused_with_the_event() {
    let reader = small().log().reader().expect("a reader");
    let error = replay(&mut Changed(reader, 20), question(), &mut |_| ()).expect_err("refused");
    let ReplayError::Chain(source) = &error else { panic!("{error:?}") };
    assert!(source.to_string().starts_with("event 20 does not match its hash"), "{source}");
}
