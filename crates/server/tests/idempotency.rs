//! The same key means the same request: once done, and answered the same for ever after.

mod common;

use common::{World, proposal};
use serde_json::json;

#[test]
fn a_repeated_proposal_gives_the_same_decision_even_after_a_restart() {
    let mut world = World::new();
    let source = world.person("telemetry", &["source"]).with("Idempotency-Key", "k1");
    let first = source.post("/v1/decisions", &proposal("web-1")).expect(201);
    let check = |client: &common::Client| {
        let again = client.post("/v1/decisions", &proposal("web-1"));
        assert_eq!(again.header("idempotent-replay"), Some("true"));
        let mut again = again.expect(200);
        assert_eq!(again["replayed"], true);
        again.as_object_mut().map(|fields| fields.remove("replayed"));
        assert_eq!(again, first);
    };
    check(&source);
    source.post("/v1/decisions", &proposal("web-2")).problem(
        422,
        "idempotency-key-reused",
        "another request",
    );
    world.restart(|_| {});
    let source = world.again(&source).with("Idempotency-Key", "k1");
    check(&source);
    assert_eq!(
        world.admin.get("/v1/decisions").expect(200)["items"].as_array().map(Vec::len),
        Some(1)
    );
}

#[test]
fn a_repeated_answer_is_told_apart_from_a_second_one() {
    let world = World::new();
    let engineer = world.person("eve", &["engineer", "operator"]);
    for entity in ["web-1", "web-2"] {
        engineer.post("/v1/decisions", &proposal(entity)).expect(201);
    }
    let like = json!({"signal": "like"});
    let keyed = engineer.with("Idempotency-Key", "a1");
    let first = keyed.post("/v1/decisions/d0/feedback", &like).expect(201);
    let again = keyed.post("/v1/decisions/d0/feedback", &like).expect(200);
    assert_eq!((&again["replayed"], &again["position"]), (&json!(true), &first["position"]));
    // The path is part of what was asked.
    keyed.post("/v1/decisions/d1/feedback", &like).problem(422, "idempotency-key-reused", "");
    engineer.post("/v1/decisions/d0/feedback", &like).problem(409, "already-answered", "");
}

#[test]
fn keys_of_two_people_do_not_meet() {
    let world = World::new();
    for handle in ["one", "two"] {
        let source = world.person(handle, &["source"]).with("Idempotency-Key", "same");
        source.post("/v1/decisions", &proposal("web-1")).expect(201);
    }
}

#[test]
fn a_secret_is_not_repeated() {
    let world = World::new();
    let keyed = world.admin.with("Idempotency-Key", "t");
    keyed.post("/v1/tokens", &json!({"label": "cli"})).expect(201);
    keyed.post("/v1/tokens", &json!({"label": "cli"})).problem(
        409,
        "secret-not-repeatable",
        "`t1`",
    );
}

#[test]
fn keys_of_an_unusual_form_are_refused() {
    let world = World::new();
    let source = world.person("telemetry", &["source"]);
    for key in ["", "with space", &"x".repeat(256)] {
        let keyed = source.with("Idempotency-Key", key);
        keyed.post("/v1/decisions", &proposal("a")).problem(
            400,
            "invalid-idempotency-key",
            "1 to 255",
        );
    }
    let longest = source.with("Idempotency-Key", &"x".repeat(255));
    longest.post("/v1/decisions", &proposal("a")).expect(201);
    let mut both = proposal("a");
    both["idempotency_key"] = json!("k");
    longest.post("/v1/decisions", &both).problem(422, "invalid-field", "absent");
}
