//! Views that cannot be used start over and say so; files that are not theirs are left alone.

#[path = "support/mod.rs"]
mod support;

use std::path::Path;

use npo_views::{Error, Filter, Opened, Views};
use rusqlite::Connection;
use support::{Step, World, entity_name};
use tempfile::tempdir;

fn world(decisions: u32) -> World {
    let steps: Vec<Step> = (0..decisions)
        .map(|i| Step::Propose(i, i % 40, f64::from(i % 7) - 3.0, true, false))
        .collect();
    World::of(&steps)
}

/// Fills views with a log of 400 decisions, does `harm` to the file, opens them again with `head`.
fn reopened(harm: impl FnOnce(&Path), head: Option<u64>) -> (Opened, bool) {
    let (directory, world) = (tempdir().expect("a directory"), world(400));
    let path = directory.path().join("views.db");
    let (mut views, _) = Views::open(&path, 0).expect("opens");
    views.apply(&world.events).expect("applies");
    drop(views);
    harm(&path);
    let (mut views, opened) =
        Views::open(&path, head.unwrap_or(world.head())).expect("opens again");
    assert_eq!(opened.position, views.position());
    views.apply(&world.events).expect("catches up");
    let listed = views.reader().expect("a reader").decisions(&Filter::default(), None, 1000);
    assert_eq!(listed.expect("lists").len(), 400);
    (opened, path.with_file_name("views.db.discarded").exists())
}

fn sql(path: &Path, text: &str) {
    Connection::open(path).expect("opens").execute_batch(text).expect("executes");
}

fn overwrite(path: &Path, from: usize, garbage: &[u8]) {
    let mut bytes = std::fs::read(path).expect("reads");
    bytes[from..from + garbage.len()].copy_from_slice(garbage);
    std::fs::write(path, bytes).expect("writes");
}

#[test]
fn sound_views_are_taken_up_where_they_were() {
    let (opened, set_aside) = reopened(|_| {}, None);
    assert_eq!((opened.position, opened.rebuilt, set_aside), (405, None, false));
}

#[track_caller]
fn check(harm: impl FnOnce(&Path), head: Option<u64>, why: &str) {
    let (opened, set_aside) = reopened(harm, head);
    let said = opened.rebuilt.unwrap_or_default();
    assert!(said.contains(why), "`{said}` does not say `{why}`");
    assert!(set_aside && opened.position == 0);
}

#[test]
fn useless_views_start_over() {
    check(|path| sql(path, "PRAGMA user_version = 99"), None, "form is 99");
    check(|_| {}, Some(300), "position 405 lies beyond the log's last event 300");
    check(|path| overwrite(path, 0, &[7; 64]), None, "damaged");
    check(|path| overwrite(path, 8192, &[0xff; 4096]), None, "damaged");
    check(|path| std::fs::write(path, b"no database at all").expect("writes"), None, "damaged");
    check(|path| sql(path, "DROP TABLE meta"), None, "form");
    check(|path| sql(path, "DROP INDEX decisions_type"), None, "form");
    check(|path| sql(path, "DELETE FROM scenarios WHERE id = 3"), None, "scenario 4");
}

#[test]
fn a_truncated_file_starts_over() {
    let half = |path: &Path| {
        let bytes = std::fs::read(path).expect("reads");
        std::fs::write(path, &bytes[..bytes.len() / 2]).expect("writes");
    };
    check(half, None, "damaged");
}

#[test]
fn a_deleted_or_empty_file_is_made_anew() {
    for harm in [
        |path: &Path| std::fs::remove_file(path).expect("removes"),
        |path: &Path| {
            std::fs::write(path, b"").expect("writes");
        },
    ] {
        let (opened, set_aside) = reopened(harm, None);
        assert_eq!((opened.position, opened.rebuilt, set_aside), (0, None, false));
    }
}

#[test]
fn a_database_of_something_else_is_left_alone() {
    let directory = tempdir().expect("a directory");
    let path = directory.path().join("log.db");
    sql(&path, "CREATE TABLE mine(a); PRAGMA application_id = 77");
    let before = std::fs::read(&path).expect("reads");
    let refused = Views::open(&path, 0);
    assert!(matches!(refused, Err(Error::Foreign { .. })), "{refused:?}");
    assert_eq!(std::fs::read(&path).expect("reads"), before);
}

#[test]
fn gaps_and_contradictions_change_nothing() {
    let (directory, world) = (tempdir().expect("a directory"), world(20));
    let (mut views, _) = Views::open(&directory.path().join("views.db"), 0).expect("opens");
    views.apply(&world.events[..10]).expect("applies");

    let gap = views.apply(&world.events[11..]);
    assert!(matches!(gap, Err(Error::Gap { expected: 11, found: 12 })), "{gap:?}");
    let mut inner_gap = world.events.clone();
    inner_gap.remove(15);
    let gap = views.apply(&inner_gap);
    assert!(matches!(gap, Err(Error::Gap { expected: 16, found: 17 })), "{gap:?}");

    // The same decisions once more, under later positions: another log.
    let again = world.events[5..10]
        .iter()
        .zip(11..)
        .map(|((_, event), position)| (position, event.clone()));
    let contradiction = views.apply(&again.collect::<Vec<_>>());
    assert!(
        matches!(contradiction, Err(Error::Contradiction { position: 11, .. })),
        "{contradiction:?}"
    );
    assert!(contradiction.is_err_and(|error| error.needs_rebuild()));

    assert_eq!(views.position(), 10);
    views.apply(&world.events).expect("goes on as if nothing had been");
    assert_eq!(views.position(), world.head());
}

#[test]
fn pages_are_complete_and_without_repeats_while_decisions_arrive() {
    let (directory, mut world) = (tempdir().expect("a directory"), world(100));
    let (mut views, _) = Views::open(&directory.path().join("views.db"), 0).expect("opens");
    views.apply(&world.events).expect("applies");
    let reader = views.reader().expect("a reader");
    for filter in [Filter::default(), Filter { entity: Some(entity_name(5)), ..Filter::default() }]
    {
        let expected: Vec<_> = reader
            .decisions(&filter, None, 1000)
            .expect("lists")
            .iter()
            .map(|row| row.id)
            .collect();
        let mut paged = Vec::new();
        loop {
            let page = reader.decisions(&filter, paged.last().copied(), 1).expect("lists");
            let Some(row) = page.first() else { break };
            paged.push(row.id);
            world.step(&Step::Propose(0, 5, 1.0, true, false));
            views.apply(&world.events).expect("applies");
        }
        assert_eq!(paged, expected);
    }
}
