//! The loop over the memory log and over SQLite: answers, keys, failures, restarts.

use std::path::Path;

use npo_core::decide::{AnswerOrder, Features, NamedProposal, NewPerson, Withdrawn};
use npo_core::event::{Channel, Disposition, Event, Provenance};
use npo_core::people::{NPO, Role};
use npo_core::scenario_type::ScenarioType;
use npo_core::{Command, DecisionId, PersonId, Profile, Rejection, Signal, State};
use npo_engine::{Engine, Options, Receipt, Refusal, block_on, request_key};
use npo_log::{EventLog, MemoryLog, SnapshotStore};

const TYPE: &str = r#"
name = "link-flapping"
version = 1
title = "A link flaps"
description = "Up and down."
risk = "medium"
expires_after_s = 1
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

fn definition(expires_after_s: u32) -> ScenarioType {
    let mut definition = ScenarioType::from_toml(TYPE).expect("the type is valid");
    definition.expires_after_s = expires_after_s;
    definition
}

fn open(log: Box<dyn EventLog>, snapshots: Option<&Path>, snapshot_every: u64) -> Engine {
    let store = snapshots.map(|dir| SnapshotStore::open(dir, 2).expect("a directory"));
    let options = Options { snapshot_every, ..Options::default() };
    Engine::open(log, store, options).expect("the log opens").0
}

fn order(engine: &Engine, command: Command) -> Result<Receipt, Refusal> {
    engine.order_blocking(NPO, None, command)
}

/// An engine with one scenario type, an operator `p1` and an allow-all policy.
fn prepared(log: Box<dyn EventLog>, expires_after_s: u32) -> Engine {
    let engine = open(log, None, 1_000_000);
    prepare(&engine, expires_after_s);
    engine
}

fn prepare(engine: &Engine, expires_after_s: u32) {
    let definition = Box::new(definition(expires_after_s));
    order(engine, Command::ActivateScenarioType(definition)).expect("accepted");
    for handle in ["ana", "ben"] {
        let (handle, name) = (handle.to_owned(), handle.to_owned());
        let person = NewPerson {
            handle,
            name,
            roles: vec![Role::Operator],
            group: npo_core::people::Group::default(),
        };
        order(engine, Command::AddPerson(person)).expect("accepted");
    }
}

fn proposal(entity: &str) -> NamedProposal<'_> {
    NamedProposal {
        scenario_type: "link-flapping",
        entity,
        site: "east",
        action: "dampen-link",
        features: Features::Named(vec![("flaps", 6.0)]),
        text: npo_core::proposal::Text::default(),
    }
}

fn propose(engine: &Engine, key: Option<&str>) -> Result<Receipt, Refusal> {
    let request = key.map(|key| request_key(PersonId(1), "propose", key, b"body"));
    block_on(engine.propose(PersonId(1), request, proposal("leaf1:e1")))
}

fn made(receipt: &Receipt) -> (DecisionId, Disposition) {
    match &receipt.events[0].1.event {
        Event::DecisionMade(made) => (made.id, made.disposition),
        other => panic!("{} instead of a decision", other.name()),
    }
}

fn answer(engine: &Engine, id: DecisionId, by: u32, signal: Signal) -> Result<Receipt, Refusal> {
    let provenance = Provenance {
        channel: Channel::Api,
        open_ms: 0,
        viewed_ms: Some(5),
        explanation: Some(1),
        reason: None,
        confidence: Some(0.5),
        consent: true,
    };
    order(
        engine,
        Command::Answer(AnswerOrder { decision: id, by: PersonId(by), signal, provenance }),
    )
}

/// Bytes of the running state and of a fresh fold of its log.
fn both_states(engine: &Engine) -> (Vec<u8>, Vec<u8>) {
    let live = engine.read(|state| postcard::to_stdvec(state).expect("encodes"));
    let mut reader = engine.reader().expect("a reader");
    let folded = npo_engine::fold(reader.as_mut(), State::default(), None).expect("folds");
    (live, postcard::to_stdvec(&folded).expect("encodes"))
}

#[test]
fn without_a_policy_every_proposal_is_blocked_and_says_so() {
    let engine = prepared(Box::new(MemoryLog::new()), 60);
    let receipt = propose(&engine, None).expect("taken");
    let Event::DecisionMade(made) = &receipt.events[0].1.event else { panic!("no decision") };
    assert_eq!(made.disposition, Disposition::Blocked);
    assert_eq!(made.verdict.rules[0].rule, "npo.no-policy");
    engine.shutdown();
}

#[test]
fn a_key_answers_once_and_another_body_is_refused() {
    let engine = prepared(Box::new(MemoryLog::new()), 60);
    let first = propose(&engine, Some("k1")).expect("taken");
    let again = propose(&engine, Some("k1")).expect("replayed");
    assert!(!first.replayed && again.replayed);
    assert_eq!(first.events, again.events);
    let other = request_key(PersonId(1), "propose", "k1", b"another body");
    let refused = block_on(engine.propose(PersonId(1), Some(other), proposal("x")));
    assert_eq!(refused, Err(Refusal::KeyReused));
    let someone_else = request_key(PersonId(2), "propose", "k1", b"body");
    let taken = block_on(engine.propose(PersonId(2), Some(someone_else), proposal("x")));
    assert!(!taken.expect("taken").replayed);
    engine.shutdown();
}

#[test]
fn the_same_key_from_many_threads_decides_once() {
    let engine = prepared(Box::new(MemoryLog::new()), 60);
    let before = engine.read(State::position);
    let ids: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| propose(&engine, Some("same")).expect("taken")))
            .collect();
        threads.into_iter().map(|t| made(&t.join().expect("no panic")).0).collect()
    });
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
    assert_eq!(engine.read(State::position), before + 1);
    engine.shutdown();
}

#[test]
fn a_batch_answers_line_by_line() {
    let engine = prepared(Box::new(MemoryLog::new()), 60);
    let mut wrong = proposal("a");
    wrong.features = Features::Named(vec![("flops", 1.0)]);
    let lines =
        vec![(None, proposal("a")), (None, wrong), (None, proposal("a")), (None, proposal("b"))];
    let results = engine.propose_batch_blocking(PersonId(1), lines);
    assert_eq!(results.len(), 4);
    assert!(matches!(&results[1], Err(Refusal::Rejected(Rejection::Feature(_)))));
    assert_eq!(engine.read(|state| state.scenarios().len()), 2, "`a` was new once");
    let (live, folded) = both_states(&engine);
    assert_eq!(live, folded);
    engine.shutdown();
}

#[test]
fn a_full_log_refuses_loses_nothing_and_recovers_what_was_durable() {
    let engine = prepared(Box::new(MemoryLog::with_max_bytes(6_000)), 60);
    let mut acknowledged = 0;
    let mut refused = 0;
    for _ in 0..40 {
        match propose(&engine, None) {
            Ok(_) => acknowledged += 1,
            Err(Refusal::Unavailable(_)) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(acknowledged > 0 && refused > 0, "{acknowledged} and {refused}");
    assert!(engine.health().failed.is_some());
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert_eq!(engine.health().failed, None, "the state was folded anew");
    let decisions = engine.read(|state| state.types()[0].tally.decisions_total());
    assert_eq!(decisions, acknowledged);
    let (live, folded) = both_states(&engine);
    assert_eq!(live, folded);
    engine.shutdown();
}

#[test]
fn replay_gives_the_same_bytes_over_sqlite_with_and_without_snapshots() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("log.db");
    let snapshots = dir.path().join("snapshots");
    let before = {
        let log = npo_log_sqlite::SqliteLog::open(&path, &npo_log_sqlite::Options::default())
            .expect("opens");
        let engine = open(Box::new(log), Some(&snapshots), 200);
        prepare(&engine, 60);
        for i in 0..700 {
            let entity = format!("leaf{}", i % 40);
            let key = request_key(PersonId(1), "propose", &i.to_string(), b"");
            let taken = block_on(engine.propose(PersonId(1), Some(key), proposal(&entity)));
            assert!(!taken.expect("taken").replayed);
        }
        std::thread::sleep(std::time::Duration::from_millis(1200));
        let (live, folded) = both_states(&engine);
        assert_eq!(live, folded);
        engine.shutdown();
        live
    };
    let log = npo_log_sqlite::SqliteLog::open(&path, &npo_log_sqlite::Options::default())
        .expect("opens again");
    let store = SnapshotStore::open(&snapshots, 2).expect("a directory");
    let (engine, report) =
        Engine::open(Box::new(log), Some(store), Options::default()).expect("opens");
    assert!(report.snapshot.is_some(), "{report:?}");
    assert!(report.replayed < 700, "{report:?}");
    assert_eq!(engine.read(|state| postcard::to_stdvec(state).expect("encodes")), before);
    let key = request_key(PersonId(1), "propose", "3", b"");
    let again = block_on(engine.propose(PersonId(1), Some(key), proposal("leaf3")));
    assert!(again.expect("replayed").replayed, "keys hold across a restart");
    engine.shutdown();
}

#[test]
fn changing_the_profile_is_an_event_and_keeps_counting() {
    let engine = prepared(Box::new(MemoryLog::new()), 60);
    propose(&engine, None).expect("taken");
    order(&engine, Command::ActivateProfile(Box::new(Profile::paper()))).expect("accepted");
    propose(&engine, None).expect("taken");
    let same =
        order(&engine, Command::ActivateProfile(Box::new(Profile::paper()))).expect("accepted");
    assert!(same.events.is_empty(), "nothing to do");
    assert_eq!(engine.read(|state| state.types()[0].tally.decisions_total()), 2);
    let (live, folded) = both_states(&engine);
    assert_eq!(live, folded);
    engine.shutdown();
}

#[test]
fn withdrawing_an_unknown_condition_is_nothing_to_do() {
    let engine = prepared(Box::new(MemoryLog::new()), 60);
    let what = Withdrawn::Correlation("never seen".into());
    let receipt =
        order(&engine, Command::Withdraw { what, reason: "resolved".into() }).expect("accepted");
    assert!(receipt.events.is_empty());
    engine.shutdown();
}

#[test]
fn answers_to_what_nobody_was_asked_are_refused() {
    let engine = prepared(Box::new(MemoryLog::new()), 60);
    let (id, _) = made(&propose(&engine, None).expect("taken"));
    let refused = answer(&engine, id, 1, Signal::Like);
    assert!(matches!(refused, Err(Refusal::Rejected(Rejection::NotAsked(_)))), "{refused:?}");
    let unknown = answer(&engine, DecisionId(99), 1, Signal::Like);
    assert!(matches!(unknown, Err(Refusal::Rejected(Rejection::UnknownDecision(_)))));
    engine.shutdown();
    assert!(matches!(propose(&engine, None), Err(Refusal::Unavailable(_))));
}

#[test]
fn engines_are_handles_to_one_loop() {
    let engine = prepared(Box::new(MemoryLog::new()), 60);
    let other = engine.clone();
    propose(&other, None).expect("taken");
    assert_eq!(engine.read(State::position), other.read(State::position));
    engine.shutdown();
}
