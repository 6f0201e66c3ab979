//! Refits beside the loop: labels that change sides, the gate, promotion, rollback, restarts.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use npo_core::decide::{AnswerOrder, NewPerson};
use npo_core::event::{Channel, Provenance, Verdict};
use npo_core::oversight::WatchSettings;
use npo_core::people::{NPO, Role};
use npo_core::proposal::{Proposal, ScenarioRef};
use npo_core::scenario_type::ScenarioType;
use npo_core::{
    Command, DecisionId, Draws, Event, Inputs, PersonId, Profile, Signal, State, TypeId, stored,
};
use npo_engine::{Engine, Options, RefitError, advance};
use npo_log::{AppendError, Entry, EventLog, Head, LogReader, MemoryLog, ReadError, Record};

const TYPE: &str = r#"
name = "link-flapping"
version = 1
title = "A link flaps"
description = "Up and down."
risk = "medium"
expires_after_s = 600
override_cost = 0.01
prior_intercept = 3.0
[[features]]
name = "flaps"
title = "Flaps"
unit = "1"
description = "Changes in the window."
min = 0.0
max = 100.0
center = 4.0
scale = 4.0
prior = 0.5
[[actions]]
name = "dampen-link"
title = "Dampen the link"
description = "Hold it down."
prior = 0.0
reversible = true
"#;

const KIND: TypeId = TypeId(0);

/// Everything is surfaced, and everybody is taken at their word.
fn profile(watch: Option<WatchSettings>) -> Profile {
    Profile { trust: None, watch, certificate: None, ..Profile::calibrated() }
}

fn open(log: Box<dyn EventLog>, profile: Profile) -> Engine {
    let options = Options { profile, ..Options::default() };
    Engine::open(log, None, options).expect("the log opens").0
}

/// An engine on a log of `decisions` surfaced decisions that wait for answers.
fn prepared(watch: Option<WatchSettings>, decisions: u32) -> Engine {
    open(Box::new(waiting(watch, decisions)), profile(watch))
}

/// A log of `decisions` surfaced decisions that wait for answers.
fn waiting(watch: Option<WatchSettings>, decisions: u32) -> MemoryLog {
    let mut log = MemoryLog::new();
    let mut state = State::default();
    let mut records = Vec::new();
    let allow = Verdict { allow: true, bundle: [0; 32], rules: vec![], error: None };
    let verdict = Some(Arc::new(allow));
    let mut order = |command: Command| {
        let draws = Draws { audit: 0.5, seed: 1, arm: None };
        let (at, actor, verdict) = (Engine::now(), NPO, verdict.clone());
        let inputs = Inputs { at, actor, request: None, draws, verdict };
        advance(&mut state, &command, &inputs, |_, envelope| {
            let (kind, version, body) = stored::encode(envelope);
            records.push(Record { kind, version, body });
        })
        .expect("accepted");
    };
    order(Command::ActivateProfile(Box::new(profile(watch))));
    let definition = ScenarioType::from_toml(TYPE).expect("the type is valid");
    order(Command::ActivateScenarioType(Box::new(definition)));
    for handle in ["ana", "ben"] {
        let (handle, name) = (handle.to_owned(), handle.to_owned());
        let person = NewPerson {
            handle,
            name,
            roles: vec![Role::Operator],
            group: npo_core::people::Group::default(),
        };
        order(Command::AddPerson(person));
    }
    for i in 0..decisions {
        let site = if i.is_multiple_of(5) { "east" } else { "west" };
        let scenario = ScenarioRef::Named { entity: format!("leaf{}", i % 5), site: site.into() };
        let raw = [flaps(u64::from(i))].as_slice().into();
        order(Command::Propose(Proposal { type_id: KIND, scenario, action: 0, raw, text: None }));
    }
    log.append(0, &records).expect("is appended");
    log
}

/// A log that takes no promotion for as long as it is told so.
struct Unpromoting {
    log: MemoryLog,
    refuses: Arc<AtomicBool>,
}

impl EventLog for Unpromoting {
    fn head(&self) -> Result<Head, ReadError> {
        self.log.head()
    }

    fn append(&mut self, after: u64, batch: &[Record]) -> Result<Head, AppendError> {
        let promotes = |record: &Record| {
            let envelope = stored::decode(record.kind, record.version, &record.body);
            matches!(envelope.expect("decodes").event, Event::ModelPromoted(_))
        };
        if self.refuses.load(Ordering::Relaxed) && batch.iter().any(promotes) {
            let source = "no promotions are taken".into();
            return Err(AppendError::Full { after, records: batch.len(), source });
        }
        self.log.append(after, batch)
    }

    fn reader(&self) -> Result<Box<dyn LogReader>, ReadError> {
        self.log.reader()
    }
}

/// A log that takes as long as a disk may, once it is told to.
struct Slow {
    log: MemoryLog,
    slow: Arc<AtomicBool>,
}

impl EventLog for Slow {
    fn head(&self) -> Result<Head, ReadError> {
        self.log.head()
    }

    fn append(&mut self, after: u64, batch: &[Record]) -> Result<Head, AppendError> {
        if self.slow.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.log.append(after, batch)
    }

    fn reader(&self) -> Result<Box<dyn LogReader>, ReadError> {
        self.log.reader()
    }
}

/// What of a log is durable, as another log: what is there after the process ended.
fn copy(engine: &Engine) -> MemoryLog {
    let mut records = Vec::new();
    let mut reader = engine.reader().expect("a reader");
    let mut keep = |entry: Entry<'_>| {
        let (kind, version, body) = (entry.kind, entry.version, entry.body.to_vec());
        records.push(Record { kind, version, body });
        ControlFlow::Continue(())
    };
    reader.visit(0, None, &mut keep).expect("reads");
    let mut log = MemoryLog::new();
    log.append(0, &records).expect("is appended");
    log
}

#[track_caller]
fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(30), "{what}: waited in vain");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The feature of decision `i`.
fn flaps(i: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "below 9")]
    let flaps = (i * 7 % 9) as f64;
    flaps
}

fn order(engine: &Engine, command: Command) {
    engine.order_blocking(NPO, None, command).expect("accepted");
}

fn answer(engine: &Engine, decision: DecisionId, by: u32, signal: Signal) {
    let provenance = Provenance {
        channel: Channel::Simulation,
        open_ms: 0,
        viewed_ms: None,
        explanation: None,
        reason: None,
        confidence: None,
        consent: true,
    };
    let order = AnswerOrder { decision, by: PersonId(by), signal, provenance };
    self::order(engine, Command::Answer(order));
}

/// Labels of a range of decisions by one rule: many flaps are liked, or the other way round.
fn labels(engine: &Engine, decisions: Range<u64>, many_are_liked: bool) {
    for i in decisions {
        let liked = (flaps(i) > 4.0) == many_are_liked;
        let by = if i % 2 == 0 { 1 } else { 2 };
        let signal = if liked { Signal::Like } else { Signal::Override };
        answer(engine, DecisionId(i), by, signal);
    }
}

/// Bytes of the running state and of a fresh fold of its log.
fn assert_replays(engine: &Engine) {
    let live = engine.read(|state| postcard::to_stdvec(state).expect("encodes"));
    let mut reader = engine.reader().expect("a reader");
    let folded = npo_engine::fold(reader.as_mut(), State::default(), None).expect("folds");
    assert!(
        live == postcard::to_stdvec(&folded).expect("encodes"),
        "the log folds to another state"
    );
}

fn model_in_force(engine: &Engine) -> u32 {
    engine.read(|state| state.types()[0].model)
}

#[test]
fn people_who_changed_their_minds_are_followed_and_a_promotion_can_be_taken_back() {
    let engine = prepared(None, 700);
    labels(&engine, 0..300, true);
    labels(&engine, 300..600, false);
    let before = engine.read(|state| state.parameters(KIND));
    let done = engine.refit_blocking(PersonId(1), KIND).expect("is refitted");
    assert!(done.promoted, "{}", done.evaluation.reason);
    assert_eq!((done.dataset, done.model, done.rows), (1, 1, 600));
    let whole = &done.evaluation.slices[0];
    assert!(whole.after < whole.before, "{whole:?}");
    assert_eq!(done.evaluation.held_out, 150);
    let named: Vec<&str> = done.evaluation.slices.iter().map(|s| s.slice.as_str()).collect();
    assert_eq!(named, ["all", "operator=ana", "operator=ben", "site=east", "site=west"]);
    let (brier_before, brier_after) = (done.evaluation.before.brier, done.evaluation.after.brier);
    assert!(brier_after.0 < brier_before.0 && brier_after.1 <= brier_after.0);
    assert_eq!(model_in_force(&engine), 1);
    assert_ne!(engine.read(|state| state.parameters(KIND)), before);
    // Back again: the numbers of before, to the bit.
    let back = engine.roll_back_blocking(PersonId(1), KIND, "worse in practice".into());
    assert_eq!(back.expect("is taken back"), 0);
    assert_eq!((model_in_force(&engine), engine.read(|state| state.parameters(KIND))), (0, before));
    // And forth: brought up to labels that came since.
    labels(&engine, 600..650, false);
    let promoted = engine.promote_blocking(PersonId(1), 1, "it was right".into());
    promoted.expect("is promoted");
    assert_eq!(model_in_force(&engine), 1);
    assert_replays(&engine);
    engine.shutdown();
}

#[test]
fn rollbacks_go_further_back_and_never_to_what_they_fled_from() {
    let engine = prepared(None, 1_000);
    let by = PersonId(1);
    let numbers = || engine.read(|state| state.parameters(KIND));
    let back = || engine.roll_back_blocking(by, KIND, "worse".into());
    labels(&engine, 0..200, true);
    labels(&engine, 200..400, false);
    let online = numbers();
    assert!(engine.refit_blocking(by, KIND).expect("is refitted").promoted);
    labels(&engine, 400..500, false);
    let first = numbers();
    labels(&engine, 500..800, true);
    let at_second = numbers();
    let second = engine.refit_blocking(by, KIND).expect("is refitted");
    assert!(second.promoted, "{}", second.evaluation.reason);
    assert_ne!(first, at_second);
    // What was learned between the two rollbacks is given up by the second.
    assert_eq!((back().expect("is taken back"), numbers()), (1, at_second));
    labels(&engine, 800..810, true);
    assert_eq!((back().expect("is taken back"), numbers()), (0, online));
    let nothing = back().expect_err("there is nothing before");
    assert!(matches!(nothing, RefitError::NothingBefore(_)), "{nothing}");
    // Forth by hand, over each other: each is gone back from once.
    for model in [1, 2, 1] {
        engine.promote_blocking(by, model, "to compare".into()).expect("is promoted");
    }
    let mut way = Vec::new();
    while let Ok(model) = back() {
        way.push(model);
        assert_eq!(model_in_force(&engine), model);
    }
    assert_eq!(way, [2, 0]);
    assert_replays(&engine);
    engine.shutdown();
}

#[test]
fn a_promotion_that_the_process_did_not_come_to_is_made_later() {
    let refuses = Arc::new(AtomicBool::new(true));
    let log = Unpromoting { log: waiting(None, 700), refuses: Arc::clone(&refuses) };
    let engine = open(Box::new(log), profile(None));
    labels(&engine, 0..300, true);
    labels(&engine, 300..600, false);
    let refused = engine.refit_blocking(PersonId(1), KIND).expect_err("cannot be promoted");
    assert!(matches!(refused, RefitError::Refused(_)), "{refused}");
    wait_for("the log is read back", || engine.health().failed.is_none());
    let kept = copy(&engine);
    let mut reader = kept.reader().expect("a reader");
    let state = npo_engine::fold(reader.as_mut(), State::default(), None).expect("folds");
    let models = state.types()[0].models.as_slice();
    assert!(matches!(models, [model] if model.passed && model.promoted_at.is_none()));

    let restarted = open(Box::new(kept), profile(None));
    wait_for("promoted after a restart", || model_in_force(&restarted) == 1);
    assert_replays(&restarted);
    restarted.shutdown();

    // The same process comes to it as well, with the labels that came since.
    refuses.store(false, Ordering::Relaxed);
    wait_for("the log is read back", || engine.health().failed.is_none());
    labels(&engine, 600..640, false);
    wait_for("promoted later", || model_in_force(&engine) == 1);
    let models = engine.read(|state| state.types()[0].models.len());
    assert_eq!(models, 1, "it was not fitted again");
    assert_replays(&engine);
    engine.shutdown();
}

#[test]
fn a_promotion_waits_for_the_labels_that_are_on_their_way_to_the_disk() {
    let slow = Arc::new(AtomicBool::new(false));
    let log = Slow { log: waiting(None, 20_000), slow: Arc::clone(&slow) };
    let engine = open(Box::new(log), profile(None));
    labels(&engine, 0..300, true);
    labels(&engine, 300..600, false);
    let by = PersonId(1);
    assert!(engine.refit_blocking(by, KIND).expect("is refitted").promoted);
    engine.roll_back_blocking(by, KIND, "to promote it again".into()).expect("is taken back");
    slow.store(true, Ordering::Relaxed);
    // One label after the other, of which nearly always one is on its way.
    let done = AtomicBool::new(false);
    let promoted = std::thread::scope(|scope| {
        scope.spawn(|| {
            for i in (600..).take_while(|_| !done.load(Ordering::Relaxed)) {
                labels(&engine, i..i + 1, false);
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        std::thread::sleep(Duration::from_millis(50));
        let tries = (0..10).map(|_| {
            engine.promote_blocking(by, 1, "it was right".into())?;
            engine.roll_back_blocking(by, KIND, "to try again".into()).map(drop)
        });
        let promoted: Vec<_> = tries.collect();
        done.store(true, Ordering::Relaxed);
        promoted
    });
    assert!(promoted.iter().all(Result::is_ok), "{promoted:?}");
    assert_replays(&engine);
    engine.shutdown();
}

#[test]
fn a_candidate_that_is_no_better_stays_a_challenger() {
    let engine = prepared(None, 400);
    // Coin flips: nothing to be learned beyond what is known.
    for i in 0..400u64 {
        let liked = i.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_mul(i | 1) >> 63 == 0;
        answer(&engine, DecisionId(i), 1, if liked { Signal::Like } else { Signal::Override });
    }
    let before = engine.read(|state| state.parameters(KIND));
    let done = engine.refit_blocking(PersonId(1), KIND).expect("is refitted");
    let (promoted, reason) = (done.promoted, &done.evaluation.reason);
    assert!(!promoted && reason.starts_with("not better beyond chance: "), "{promoted}: {reason}");
    assert_eq!((model_in_force(&engine), engine.read(|s| s.parameters(KIND))), (0, before));
    let kept = engine.read(|state| state.types()[0].models.clone());
    assert!(matches!(kept.as_slice(), [kept] if !kept.passed && kept.promoted_at.is_none()));
    assert_replays(&engine);
    engine.shutdown();
}

#[test]
fn what_cannot_be_refitted_is_said() {
    let check = |result: Result<(), RefitError>, expected: &str| {
        assert_eq!(result.expect_err("is refused").to_string(), expected);
    };
    let engine = prepared(None, 10);
    labels(&engine, 0..10, true);
    let by = PersonId(1);
    check(
        engine.refit_blocking(by, KIND).map(drop),
        "10 labels are too few for a refit, expected at least 50",
    );
    check(engine.refit_blocking(by, TypeId(9)).map(drop), "scenario type y9 is unknown");
    check(engine.promote_blocking(by, 3, "why not".into()), "model 3 is unknown");
    check(
        engine.roll_back_blocking(by, KIND, "back".into()).map(drop),
        "`link-flapping` has no earlier model, so there is nothing to go back to",
    );
    engine.shutdown();
    let paper = open(Box::new(MemoryLog::new()), Profile::paper());
    let definition = ScenarioType::from_toml(TYPE).expect("the type is valid");
    order(&paper, Command::ActivateScenarioType(Box::new(definition)));
    check(
        paper.refit_blocking(by, KIND).map(drop),
        "the scorer of profile `paper` is not refitted beside the loop",
    );
    paper.shutdown();
}

#[test]
fn the_monitor_asks_and_the_loop_goes_on() {
    let watch = WatchSettings { run_length: 50.0, suppress_rate: 0.99, ..WatchSettings::default() };
    let engine = prepared(Some(watch), 20_000);
    labels(&engine, 0..200, true);
    labels(&engine, 200..400, false);
    let asked = engine.read(|state| state.types()[0].oversight.watch.retrained);
    assert!(asked.is_some(), "people override what the score is sure of, and nobody noticed");
    let started = Instant::now();
    let mut next = 400;
    // Orders are taken while the refit is made.
    while engine.read(|state| state.types()[0].models.is_empty()) {
        assert!(started.elapsed() < Duration::from_secs(30), "no refit came");
        labels(&engine, next..next + 1, false);
        next += 1;
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(next > 400);
    // The refit may still be at its promotion.
    engine.shutdown();
    assert_replays(&engine);
}
