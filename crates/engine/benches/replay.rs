//! Folding a log, and starting from a snapshot.
//!
//! Baseline in the same run: `read_only`, the same log visited without decoding or folding.

use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use divan::Bencher;
use divan::counter::ItemsCount;
use npo_core::decide::{AnswerOrder, NewPerson, decide};
use npo_core::event::{Channel, Provenance, Verdict};
use npo_core::people::{NPO, Role};
use npo_core::proposal::{Proposal, ScenarioRef};
use npo_core::scenario_type::ScenarioType;
use npo_core::{Command, Draws, Event, Inputs, Millis, PersonId, Signal, State, TypeId};
use npo_engine::{Engine, Options, STATE_FORM, fold};
use npo_log::{EventLog, Record, SnapshotStore};
use npo_log_sqlite::SqliteLog;

const EVENTS: u64 = 300_000;
const SCENARIOS: u64 = 1_000_000;

fn main() {
    divan::main();
}

/// A log on disk, and the state at its head.
struct Built {
    dir: tempfile::TempDir,
    events: u64,
}

/// Decisions over 1,000 scenarios, half of them answered.
static HISTORY: LazyLock<Built> = LazyLock::new(|| build(EVENTS, 1_000, true));
/// One decision about each of a million scenarios, and a snapshot at the head.
static MILLION: LazyLock<Built> = LazyLock::new(|| build(SCENARIOS, SCENARIOS, false));

fn open(dir: &Path) -> SqliteLog {
    SqliteLog::open(&dir.join("log.db"), &npo_log_sqlite::Options::default()).expect("opens")
}

fn inputs(at: i64) -> Inputs {
    let verdict = Verdict { allow: true, bundle: [1; 32], rules: vec![], error: None };
    Inputs {
        at: Millis(at),
        actor: NPO,
        request: None,
        draws: Draws { audit: 0.5, seed: 1, arm: None },
        verdict: Some(Arc::new(verdict)),
    }
}

fn build(events: u64, scenarios: u64, answered: bool) -> Built {
    let dir = tempfile::tempdir().expect("a directory");
    let mut log = open(dir.path());
    let mut state = State::default();
    let mut batch = Vec::new();
    let toml = include_str!("../../../scenarios/link-imbalance.toml");
    let definition = ScenarioType::from_toml(toml).expect("the shipped type is valid");
    let raw: npo_core::Vector =
        definition.features.iter().map(|f| f.center.clamp(f.min, f.max)).collect();
    let person = NewPerson {
        handle: "op".into(),
        name: "op".into(),
        roles: vec![Role::Operator],
        group: npo_core::people::Group::default(),
    };
    let mut first =
        vec![Command::ActivateScenarioType(Box::new(definition)), Command::AddPerson(person)]
            .into_iter();
    let mut i = 0;
    let mut answer_next = None;
    while state.position() < events {
        let command = first.next().or_else(|| answer_next.take()).unwrap_or_else(|| {
            i += 1;
            let entity = format!("leaf{}→spine{}", i % scenarios, i % 16);
            let known = state.scenarios().find(TypeId(0), &entity);
            let named = ScenarioRef::Named { entity, site: "east".into() };
            let scenario = known.map_or(named, ScenarioRef::Known);
            Command::Propose(Proposal {
                type_id: TypeId(0),
                scenario,
                action: 0,
                raw: raw.clone(),
                text: None,
            })
        });
        for envelope in decide(&state, &command, &inputs(i as i64 * 10)).expect("accepted") {
            if let (true, Event::DecisionMade(made)) = (answered, &envelope.event)
                && made.asks()
            {
                let provenance = Provenance {
                    channel: Channel::Simulation,
                    open_ms: 0,
                    viewed_ms: None,
                    explanation: None,
                    reason: None,
                    confidence: None,
                    consent: true,
                };
                let (decision, by, signal) = (made.id, PersonId(1), Signal::Like);
                answer_next =
                    Some(Command::Answer(AnswerOrder { decision, by, signal, provenance }));
            }
            let (kind, version, body) = npo_core::stored::encode(&envelope);
            state.apply(&envelope);
            batch.push(Record { kind, version, body });
        }
        if batch.len() >= 4096 || state.position() >= events {
            let head = log.head().expect("a head").position;
            log.append(head, &batch).expect("appends");
            batch.clear();
        }
    }
    let head = log.head().expect("a head");
    let store = SnapshotStore::open(&dir.path().join("snapshots"), 1).expect("a directory");
    let bytes = postcard::to_stdvec(&state).expect("encodes");
    eprintln!(
        "{} events, {} scenarios, snapshot of {} MB",
        head.position,
        state.scenarios().len(),
        bytes.len() / 1_000_000
    );
    store.save(head.position, head.hash, STATE_FORM, &bytes).expect("saves");
    Built { dir, events: head.position }
}

#[divan::bench(sample_count = 10)]
fn read_only(bencher: Bencher) {
    let built = &*HISTORY;
    let log = open(built.dir.path());
    bencher.counter(ItemsCount::new(built.events)).bench_local(|| {
        let mut reader = log.reader().expect("a reader");
        let mut bytes = 0;
        let mut count = |entry: npo_log::Entry<'_>| {
            bytes += entry.body.len();
            ControlFlow::Continue(())
        };
        reader.visit(0, None, &mut count).expect("reads");
        black_box(bytes)
    });
}

#[divan::bench(sample_count = 10)]
fn replay(bencher: Bencher) {
    let built = &*HISTORY;
    let log = open(built.dir.path());
    bencher.counter(ItemsCount::new(built.events)).bench_local(|| {
        let mut reader = log.reader().expect("a reader");
        let state = fold(reader.as_mut(), State::default(), None).expect("folds");
        assert_eq!(state.position(), built.events);
        state
    });
}

/// The whole start of an engine with a million scenarios, from its snapshot.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn start_with_a_million_scenarios(bencher: Bencher) {
    let built = &*MILLION;
    bencher.bench_local(|| {
        let store =
            SnapshotStore::open(&built.dir.path().join("snapshots"), 1).expect("a directory");
        let log = Box::new(open(built.dir.path()));
        let (engine, report) = Engine::open(log, Some(store), Options::default()).expect("opens");
        assert!(report.snapshot.is_some(), "{report:?}");
        engine.shutdown();
        engine
    });
}
