//! Every filter alone and the ones that meet in practice, on one small log.

#[path = "support/mod.rs"]
mod support;

use npo_core::event::Disposition;
use npo_core::{DecisionId, Event, Millis, Signal, TypeId};
use npo_views::{Filter, Status, ViewReader, Views};
use support::{Step, World, entity_name, site_name};

/// Seven decisions, the first number 0: liked; overridden; abstained; blocked; an audit that
/// expired; withdrawn; open.
const STEPS: [Step; 11] = [
    Step::Propose(0, 1, 4.0, true, false),
    Step::Propose(1, 1, 4.0, true, false),
    Step::Propose(0, 2, -4.0, true, false),
    Step::Propose(0, 2, 4.0, false, false),
    Step::Propose(2, 0, -2.0, true, true),
    Step::Answer(4, 0, Signal::Like),
    Step::Answer(3, 1, Signal::Override),
    Step::Wait(900),
    Step::Propose(2, 4, 4.0, true, false),
    Step::Withdraw(0),
    Step::Propose(0, 1, 4.0, true, false),
];

struct Case {
    _directory: tempfile::TempDir,
    reader: ViewReader,
    /// When each decision was made.
    at: Vec<Millis>,
    first: u64,
}

fn case() -> Case {
    let world = World::of(&STEPS);
    let directory = tempfile::tempdir().expect("a directory");
    let (mut views, _) = Views::open(&directory.path().join("views.db"), 0).expect("opens");
    views.apply(&world.events).expect("applies");
    let made = world.events.iter().filter_map(|(_, envelope)| match &envelope.event {
        Event::DecisionMade(made) => Some((made.id, envelope.at)),
        _ => None,
    });
    let (ids, at): (Vec<DecisionId>, Vec<Millis>) = made.unzip();
    Case { reader: views.reader().expect("a reader"), _directory: directory, at, first: ids[0].0 }
}

#[track_caller]
fn check(case: &Case, filter: Filter, expected: &[u64]) {
    let rows = case.reader.decisions(&filter, None, 100).expect("lists");
    let found: Vec<u64> = rows.iter().map(|row| row.id.0 - case.first).collect();
    assert_eq!(found, expected, "{filter:?}");
}

#[test]
fn a_status_keeps_what_stands_so() {
    let case = case();
    let statuses: [(Status, &[u64]); 5] = [
        (Status::Open, &[6]),
        (Status::Answered, &[1, 0]),
        (Status::Expired, &[4]),
        (Status::Withdrawn, &[5]),
        (Status::Closed, &[3, 2]),
    ];
    for (status, expected) in statuses {
        check(&case, Filter { status: Some(status), ..Filter::default() }, expected);
    }
}

#[test]
fn a_disposition_keeps_what_became_so() {
    let case = case();
    let dispositions: [(Disposition, &[u64]); 6] = [
        (Disposition::Surfaced, &[6, 5, 1, 0]),
        (Disposition::Abstained, &[2]),
        (Disposition::Blocked, &[3]),
        (Disposition::Audit, &[4]),
        (Disposition::Escalated, &[]),
        (Disposition::Automatic, &[]),
    ];
    for (disposition, expected) in dispositions {
        check(&case, Filter { disposition: Some(disposition), ..Filter::default() }, expected);
    }
}

#[test]
fn names_keep_their_own() {
    let case = case();
    let types: [(u32, &[u64]); 4] = [(0, &[6, 3, 2, 0]), (1, &[1]), (2, &[5, 4]), (9, &[])];
    for (type_id, expected) in types {
        check(&case, Filter { type_id: Some(TypeId(type_id)), ..Filter::default() }, expected);
    }
    // Entity 1 is a scenario of two types.
    let entities: [(u32, &[u64]); 4] = [(1, &[6, 1, 0]), (2, &[3, 2]), (4, &[5]), (9, &[])];
    for (entity, expected) in entities {
        check(&case, Filter { entity: Some(entity_name(entity)), ..Filter::default() }, expected);
    }
    let sites: [(u32, &[u64]); 3] = [(0, &[4]), (1, &[6, 5, 1, 0]), (2, &[3, 2])];
    for (entity, expected) in sites {
        check(&case, Filter { site: Some(site_name(entity)), ..Filter::default() }, expected);
    }
    check(&case, Filter { site: Some("elsewhere".into()), ..Filter::default() }, &[]);
    let signals: [(Signal, &[u64]); 3] =
        [(Signal::Like, &[0]), (Signal::Override, &[1]), (Signal::Neutral, &[])];
    for (signal, expected) in signals {
        check(&case, Filter { signal: Some(signal), ..Filter::default() }, expected);
    }
}

#[test]
fn times_include_their_start_and_exclude_their_end() {
    let case = case();
    let at = |i: usize| Some(case.at[i]);
    let cases: [(Option<Millis>, Option<Millis>, &[u64]); 6] = [
        (at(4), None, &[6, 5, 4]),
        (None, at(2), &[1, 0]),
        (at(1), at(3), &[2, 1]),
        (at(3), at(3), &[]),
        (Some(Millis(i64::MIN)), Some(Millis(i64::MAX)), &[6, 5, 4, 3, 2, 1, 0]),
        (Some(Millis(i64::MAX)), None, &[]),
    ];
    for (since, until, expected) in cases {
        check(&case, Filter { since, until, ..Filter::default() }, expected);
    }
}

#[test]
fn filters_meet() {
    let case = case();
    let base = Filter { entity: Some(entity_name(1)), ..Filter::default() };
    check(&case, Filter { type_id: Some(TypeId(0)), ..base.clone() }, &[6, 0]);
    check(&case, Filter { status: Some(Status::Open), ..base.clone() }, &[6]);
    check(&case, Filter { since: Some(case.at[1]), until: Some(case.at[6]), ..base.clone() }, &[1]);
    let all = Filter {
        status: Some(Status::Answered),
        disposition: Some(Disposition::Surfaced),
        type_id: Some(TypeId(1)),
        site: Some(site_name(1)),
        signal: Some(Signal::Override),
        since: Some(case.at[0]),
        until: Some(case.at[6]),
        ..base
    };
    check(&case, all, &[1]);
}

#[test]
fn a_row_says_what_happened_to_its_decision() {
    let case = case();
    let row = |i: u64| {
        case.reader.decision(DecisionId(case.first + i)).expect("reads").expect("is known")
    };
    assert_eq!((row(0).signal, row(0).withdrawn), (Some(Signal::Like), None));
    assert_eq!(row(5).withdrawn.as_deref(), Some("over"));
    assert_eq!(row(6).expires_at, case.at[6].plus_seconds(support::EXPIRES_AFTER_S));
    assert_eq!(case.reader.decision(DecisionId(case.first + 7)).expect("reads"), None);
    assert_eq!(case.reader.decision(DecisionId(u64::MAX)).expect("reads"), None);
    assert!(case.reader.feedback_of(DecisionId(u64::MAX)).expect("reads").is_empty());
}

#[test]
fn an_answered_decision_stays_so_when_it_is_taken_back() {
    let steps = [
        Step::Propose(0, 1, 4.0, true, false),
        Step::Answer(0, 0, Signal::Like),
        Step::Observe(0),
        Step::Withdraw(0),
    ];
    let world = World::of(&steps);
    let directory = tempfile::tempdir().expect("a directory");
    let (mut views, _) = Views::open(&directory.path().join("views.db"), 0).expect("opens");
    views.apply(&world.events).expect("applies");
    let rows = views.reader().and_then(|reader| reader.decisions(&Filter::default(), None, 1));
    let row = rows.expect("lists").remove(0);
    assert_eq!((row.status, row.withdrawn.as_deref()), (Status::Answered, Some("over")));
    assert_eq!(row.outcome, Some(world.head() - 1));
}
