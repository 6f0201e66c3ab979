//! What each key and each piece of news does to the screen.

use npo_api::decision::Status;
use npo_api::event::Event as Logged;

use super::*;
use crate::sample;

/// A screen with these decisions, the first selected, at a second past their making.
fn screen(ids: &[&str]) -> Model {
    let mut model = Model::new(sample::MADE_MS);
    model.link = Link::Live;
    let decisions = ids.iter().map(|id| sample::decision(id)).collect();
    model = update(model, Event::Loaded(Ok(decisions))).0;
    update(model, Event::Tick(sample::MADE_MS + 1000)).0
}

fn type_in(mut model: Model, keys: &str) -> (Model, Vec<Effect>) {
    let mut effects = Vec::new();
    for c in keys.chars() {
        let key = match c {
            '\n' => Key::Enter,
            '\x1b' => Key::Escape,
            '\x08' => Key::Backspace,
            c => Key::Char(c),
        };
        let (next, more) = update(model, Event::Key(key));
        model = next;
        effects.extend(more);
    }
    (model, effects)
}

fn answers(effects: &[Effect]) -> Vec<(&str, Signal, Option<&str>)> {
    let answer = |effect: &Effect| matches!(effect, Effect::Answer(..));
    effects
        .iter()
        .filter(|effect| answer(effect))
        .map(|effect| match effect {
            Effect::Answer(id, request) => (id.as_str(), request.signal, request.reason.as_deref()),
            other => panic!("not an answer: {other:?}"),
        })
        .collect()
}

fn check_answers(keys: &str, expected: &[(&str, Signal, Option<&str>)]) {
    let (_, effects) = type_in(screen(&["d3", "d2", "d1"]), keys);
    assert_eq!(answers(&effects), expected, "{keys:?}");
}

#[test]
fn keys_answer_the_selected_decision() {
    check_answers("l", &[("d3", Signal::Like, None)]);
    check_answers("jn", &[("d2", Signal::Neutral, None)]);
    check_answers("jjjjs", &[("d1", Signal::Skipped, None)]);
    check_answers("jkl", &[("d3", Signal::Like, None)]);
    check_answers("ll", &[("d3", Signal::Like, None)]);
    check_answers("?l", &[]);
}

/// Answers to what moves under the selection by itself, `after_ms` later.
fn check_settling(after_ms: i64, keys: &str, expected: &[(&str, Signal, Option<&str>)]) {
    let model = screen(&["d3", "d2", "d1"]);
    let left = vec![sample::decision("d2"), sample::decision("d1")];
    let model = update(model, Event::Loaded(Ok(left))).0;
    let model = update(model, Event::Tick(sample::MADE_MS + 1000 + after_ms)).0;
    let (_, effects) = type_in(model, keys);
    assert_eq!(answers(&effects), expected, "{keys:?} after {after_ms} ms");
}

#[test]
fn what_has_only_just_moved_up_is_not_answered_by_a_key_meant_for_another() {
    check_settling(SETTLE_MS - 1, "l", &[]);
    check_settling(SETTLE_MS - 1, "n", &[]);
    check_settling(SETTLE_MS, "l", &[("d2", Signal::Like, None)]);
    check_settling(0, "jl", &[("d1", Signal::Like, None)]);
    check_settling(0, "o\n", &[("d2", Signal::Override, None)]);
}

#[test]
fn a_key_held_down_answers_once() {
    let (mut model, _) = type_in(screen(&["d2", "d1"]), "l");
    let answer = sample::feedback("d2", Signal::Like);
    model = update(model, Event::Answered("d2".into(), Ok(Box::new(answer)))).0;
    for repeat in 1..100 {
        model = update(model, Event::Tick(sample::MADE_MS + 1000 + 30 * repeat)).0;
        let (next, effects) = type_in(model, "l");
        assert_eq!(answers(&effects), [], "repeat {repeat}");
        model = next;
    }
}

#[test]
fn an_override_asks_for_a_reason_that_may_stay_empty() {
    check_answers("o\n", &[("d3", Signal::Override, None)]);
    check_answers("o  \n", &[("d3", Signal::Override, None)]);
    check_answers("oqujk\x08!\n", &[("d3", Signal::Override, Some("quj!"))]);
    check_answers("oabc\x1b", &[]);
    check_answers("oabc\x1bl", &[("d3", Signal::Like, None)]);
}

#[test]
fn a_reason_is_never_longer_than_the_api_takes() {
    let (model, _) = type_in(screen(&["d1"]), &format!("o{}", "é".repeat(600)));
    assert_eq!(model.typing.expect("is typing").text.len(), REASON_BYTES_MAX);
}

#[test]
fn the_answer_says_how_long_it_was_looked_at_and_what_was_seen() {
    let mut model = screen(&["d2", "d1"]);
    let detail = Event::Detail("d1".into(), Ok(Box::new(sample::detail("d1"))));
    model = update(model, detail).0;
    let tick = |model, s: i64| update(model, Event::Tick(sample::MADE_MS + s * 1000)).0;
    model = type_in(tick(model, 4), "j").0;
    model = type_in(tick(model, 6), "k").0;
    model = type_in(tick(model, 60), "j").0;
    let (_, effects) = type_in(tick(model, 61), "l");
    let Some(Effect::Answer(id, request)) = effects.last() else { panic!("found {effects:?}") };
    assert_eq!(
        (id.as_str(), request.viewed_ms, request.explanation_version),
        ("d1", Some(3000), Some(1))
    );
    assert_eq!(request.channel.as_deref(), Some("watch"));
}

#[test]
fn an_answer_leaves_the_list_and_the_next_is_selected() {
    let (model, _) = type_in(screen(&["d3", "d2", "d1"]), "jl");
    let feedback = Box::new(sample::feedback("d2", Signal::Like));
    let (model, effects) = update(model, Event::Answered("d2".into(), Ok(feedback)));
    assert_eq!(model.selected.as_deref(), Some("d1"));
    assert_eq!(effects, [Effect::LoadDetail("d1".into())]);
    assert!(model.status.1.starts_with("like on d2: score 0.830 → 0.860."), "{}", model.status.1);
}

#[test]
fn a_refused_answer_keeps_the_decision_unless_it_is_over() {
    for (is_over, left) in [(false, 2), (true, 1)] {
        let (model, _) = type_in(screen(&["d2", "d1"]), "l");
        let refusal = Refusal { words: "no".into(), is_over };
        let (model, _) = update(model, Event::Answered("d2".into(), Err(refusal)));
        assert_eq!((model.items.len(), model.answering), (left, None));
    }
}

fn happened(kind: &str, decision: Option<Decision>) -> Event {
    let event = Logged {
        position: 50,
        at: String::new(),
        actor: "npo".into(),
        kind: kind.into(),
        data: serde_json::Value::Null,
        hash: String::new(),
    };
    Event::Stream(Told::Happened(Box::new(Happening { event, decision })))
}

#[test]
fn what_arrives_does_not_move_the_selection() {
    let (model, _) =
        update(screen(&["d1"]), happened("decision-made", Some(sample::decision("d2"))));
    assert_eq!((model.items.len(), model.selected.as_deref()), (2, Some("d1")));
    let (model, _) = update(model, happened("decision-made", Some(sample::decision("d2"))));
    assert_eq!(model.items.len(), 2);
    let closed = Decision { status: Status::Closed, ..sample::decision("d3") };
    assert_eq!(update(model, happened("decision-made", Some(closed))).0.items.len(), 2);
}

#[test]
fn changes_and_reconnections_load_the_list_again() {
    for event in [
        happened("feedback-given", None),
        happened("decision-expired", None),
        happened("decision-withdrawn", None),
    ] {
        assert_eq!(update(screen(&["d1"]), event).1, [Effect::LoadOpen]);
    }
    for event in [Event::Stream(Told::Connected), Event::Key(Key::Char('r'))] {
        let both = [Effect::LoadOpen, Effect::LoadHeld];
        assert_eq!(update(screen(&["d1"]), event).1, both);
    }
    for kind in ["red-button-pressed", "red-button-released"] {
        assert_eq!(update(screen(&["d1"]), happened(kind, None)).1, [Effect::LoadHeld]);
    }
    assert_eq!(update(screen(&["d1"]), happened("token-issued", None)).1, []);
}

#[test]
fn a_decision_that_goes_away_takes_its_half_typed_reason_along() {
    let (model, _) = type_in(screen(&["d2", "d1"]), "oabc");
    let (model, _) = update(model, Event::Loaded(Ok(vec![sample::decision("d1")])));
    assert_eq!((model.typing, model.selected.as_deref()), (None, Some("d1")));
}

#[test]
fn an_empty_inbox_takes_every_key() {
    for key in ["j", "k", "l", "o", "n", "s", "e", "?", "r", " ", "\n", "\x1b"] {
        let (_, effects) = type_in(screen(&[]), key);
        assert_eq!(answers(&effects), [], "{key:?}");
    }
}

#[test]
fn a_flood_does_not_fill_the_memory() {
    let mut model = screen(&["d0"]);
    for n in 1..=ITEMS_MAX + 10 {
        model =
            update(model, happened("decision-made", Some(sample::decision(&format!("d{n}"))))).0;
    }
    assert_eq!(model.items.len(), ITEMS_MAX);
    assert!(model.selected_item().is_some(), "what was selected has gone, so another one is");
}

fn holds(effects: &[Effect]) -> Vec<(String, String)> {
    let order = |effect: &Effect| match effect {
        Effect::Press(order) => Some((order.scope.words(), order.reason.clone())),
        _ => None,
    };
    effects.iter().filter_map(order).collect()
}

#[test]
fn the_red_button_takes_a_scope_and_a_reason() {
    let check = |keys: &str, expected: &[(&str, &str)]| {
        let (_, effects) = type_in(screen(&["d2", "d1"]), keys);
        let expected: Vec<_> =
            expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        assert_eq!(holds(&effects), expected, "{keys:?}");
        assert_eq!(answers(&effects), [], "{keys:?}");
    };
    check("Ba\nsmoke\n", &[("everything", "smoke")]);
    check("Btsmoke\n", &[("scenario type link-flapping", "smoke")]);
    check("Bssmoke\n", &[("site lab", "smoke")]);
    check("Bl", &[]);
    check("Bq", &[]);
    check("Basmoke\x1b", &[]);
    check("Ba\n\n", &[]);
    check("b", &[]);
}

#[test]
fn a_scope_that_is_held_is_shown_and_one_that_could_not_be_says_why() {
    let scope = Scope { kind: ScopeKind::All, name: None };
    let hold = npo_api::oversight::Hold {
        scope: scope.clone(),
        since: String::new(),
        by: "ada".into(),
        reason: "x".into(),
        warning: None,
    };
    let held = RedButton { held: vec![hold] };
    let model = update(screen(&["d1"]), Event::Pressed(scope.clone(), Ok(held.clone()))).0;
    assert_eq!(model.held, ["everything"]);
    let mut doubtful = held;
    doubtful.held[0].warning = Some("no decision has come from it".into());
    let model = update(model, Event::Pressed(scope.clone(), Ok(doubtful))).0;
    assert_eq!(model.status.1, "everything is held; but no decision has come from it");
    let model = update(model, Event::Pressed(scope, Err("no".into()))).0;
    assert_eq!((model.status.1.as_str(), model.held.len()), ("no", 1));
    let model = update(model, Event::Held(Ok(RedButton { held: vec![] }))).0;
    assert!(model.held.is_empty());
}
