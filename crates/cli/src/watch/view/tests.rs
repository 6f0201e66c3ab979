//! What the screen looks like, against reviewed snapshots, and that any size can be drawn.

use npo_api::decision::Decision;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::super::model::{Event, Key, Typing};
use super::super::update::update;
use super::*;
use crate::client::sse::Told;
use crate::sample;

fn screen() -> Model {
    let mut model = Model::new(sample::MADE_MS);
    let second = Decision {
        scenario_type: "link-imbalance".into(),
        entity: "spine3→leaf1".into(),
        action: "rebalance-ecmp".into(),
        risk: "medium".into(),
        score: 0.61,
        ..sample::decision("d41")
    };
    let third = Decision {
        entity: "a-device-with-a-very-long-name.site-7.example:FourHundredGigE0/0/0/31".into(),
        risk: "critical".into(),
        expires_at: "2026-03-01T10:05:00Z".into(),
        ..sample::decision("d40")
    };
    for event in [
        Event::Stream(Told::Connected),
        Event::Loaded(Ok(vec![sample::decision("d42"), second, third])),
        Event::Detail("d42".into(), Ok(Box::new(sample::detail("d42")))),
        Event::Tick(sample::MADE_MS + 4 * 60_000),
    ] {
        model = update(model, event).0;
    }
    model
}

fn drawn(model: &Model, columns: u16, rows: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a test terminal");
    terminal.draw(|frame| draw(frame, model, true)).expect("draws");
    let buffer = terminal.backend().buffer().clone();
    let row = |y| {
        (0..columns).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned()
            + "\n"
    };
    (0..rows).map(row).collect()
}

/// Compares with `snapshots/NAME.txt`; `NPO_UPDATE_SNAPSHOTS=1` writes it instead.
fn check(name: &str, model: &Model, columns: u16, rows: u16) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("src/watch/snapshots/{name}.txt"));
    let found = drawn(model, columns, rows);
    if std::env::var_os("NPO_UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(path.parent().expect("has one")).expect("makes");
        std::fs::write(&path, &found).expect("writes");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "{name} looks different; NPO_UPDATE_SNAPSHOTS=1 accepts it\nfound:\n{found}\nexpected:\n{expected}"
    );
}

#[test]
fn the_screen_looks_as_reviewed() {
    let model = screen();
    check("wide", &model, 80, 24);
    check("narrow", &model, 40, 20);
    let full = Model { pane: Pane::Full, ..model.clone() };
    check("full", &full, 80, 40);
    let help = update(model.clone(), Event::Key(Key::Char('?'))).0;
    check("help", &help, 80, 24);
    check("help-narrow", &help, 40, 20);
    let typing = Model {
        typing: Some(Typing {
            purpose: Purpose::Override("d42".into()),
            text: "the peer is being serviced".into(),
        }),
        ..model.clone()
    };
    let mut held = update(model, Event::Key(Key::Char('B'))).0;
    held.held = vec!["site fra1".into()];
    held.items[1].decision.disposition = Disposition::Escalated;
    check("held", &held, 80, 24);
    check("held-narrow", &held, 40, 20);
    check("typing-narrow", &typing, 40, 20);
    check("empty", &Model::new(0), 80, 24);
}

#[test]
fn any_size_can_be_drawn() {
    let mut model = screen();
    model.link = Link::Lost("no route".into());
    model.help = true;
    for columns in [1, 2, 7, 20, 39, 71, 72, 200] {
        for rows in [1, 2, 3, 5, 24, 100] {
            drawn(&model, columns, rows);
        }
    }
}

#[test]
fn the_selected_decision_is_always_in_sight() {
    let mut model = Model::new(sample::MADE_MS);
    let decisions = (0..50)
        .map(|n| Decision { entity: format!("entity-{n}"), ..sample::decision(&format!("d{n}")) });
    model = update(model, Event::Loaded(Ok(decisions.collect()))).0;
    for n in 0..50 {
        let text = drawn(&model, 80, 24);
        assert!(text.lines().any(|line| line.starts_with('▶')), "{n}:\n{text}");
        assert!(text.contains(&format!(" entity-{n} ")), "{n}:\n{text}");
        model = update(model, Event::Key(Key::Char('j'))).0;
    }
}
