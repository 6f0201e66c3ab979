//! Batches: every line for itself, answered in order.

mod common;

use common::{World, proposal};
use serde_json::{Value, json};

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON document")).collect()
}

#[test]
fn a_line_that_is_wrong_touches_no_other() {
    let world = World::new();
    let source = world.person("telemetry", &["source"]);
    let nan = proposal("b").to_string().replace("30.0", "NaN");
    let mut unknown = proposal("c");
    unknown["scenario_type"] = json!("none");
    let long = proposal(&"x".repeat(70_000));
    let body =
        format!("{}\n{nan}\n\n{unknown}\n{long}\nnonsense\r\n{}\r\n", proposal("a"), proposal("z"));
    let answer = source.send("POST", "/v1/decisions/batch", body.as_bytes());
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/x-ndjson")));
    let answers = lines(&answer.text);
    assert_eq!(answers.len(), 6, "{}", answer.text);
    assert_eq!((&answers[0]["id"], &answers[5]["id"]), (&json!("d0"), &json!("d1")));
    assert_eq!(answers[0]["disposition"], "surfaced");
    let check = |i: usize, line: u64, status: u16, code: &str| {
        let problem = &answers[i]["problem"];
        assert_eq!(
            (&problem["line"], &problem["status"], &problem["code"]),
            (&json!(line), &json!(status), &json!(code)),
            "{problem}"
        );
    };
    check(1, 2, 400, "invalid-json");
    assert!(
        answers[1]["problem"]["detail"].as_str().is_some_and(|d| d.contains("`NaN` at line 1"))
    );
    check(2, 4, 422, "unknown-scenario-type");
    check(3, 5, 413, "line-too-long");
    check(4, 6, 400, "invalid-json");
}

#[test]
fn a_batch_sent_again_is_answered_again_and_recorded_once() {
    let world = World::new();
    let source = world.person("telemetry", &["source"]);
    let body: String = (0..5000).map(|i| format!("{}\n", proposal(&format!("e{i}")))).collect();
    let keyed = source.with("Idempotency-Key", "batch-1");
    let first = lines(&keyed.send("POST", "/v1/decisions/batch", body.as_bytes()).text);
    let second = lines(&keyed.send("POST", "/v1/decisions/batch", body.as_bytes()).text);
    assert_eq!(first.len(), 5000);
    for (first, second) in first.iter().zip(&second) {
        assert_eq!(first["id"], second["id"]);
        assert_eq!((&first["replayed"], &second["replayed"]), (&Value::Null, &json!(true)));
    }
    let changed = body.replacen("\"e0\"", "\"other\"", 1);
    let third = lines(&keyed.send("POST", "/v1/decisions/batch", changed.as_bytes()).text);
    assert_eq!(third[0]["problem"]["code"], "idempotency-key-reused");
    assert_eq!(third[1]["id"], "d1");
}

#[test]
fn a_line_may_bring_its_own_key() {
    let world = World::new();
    let source = world.person("telemetry", &["source"]);
    let mut keyed = proposal("a");
    keyed["idempotency_key"] = json!("mine");
    let batch =
        |body: String| lines(&source.send("POST", "/v1/decisions/batch", body.as_bytes()).text);
    let answers = batch(format!("{keyed}\n{keyed}\n"));
    assert_eq!((&answers[0]["id"], &answers[1]["id"]), (&json!("d0"), &json!("d0")));
    // Alone it is the same proposal, too.
    let alone = source.post("/v1/decisions", &keyed).expect(200);
    assert_eq!((&alone["id"], &alone["replayed"]), (&json!("d0"), &json!(true)));
    keyed["idempotency_key"] = json!("");
    assert_eq!(batch(format!("{keyed}\n"))[0]["problem"]["code"], "invalid-field");
}

#[test]
fn an_empty_batch_has_an_empty_answer_and_one_too_large_none() {
    let world = World::configured(|config| config.limits.batch_bytes = 1024);
    let source = world.person("telemetry", &["source"]);
    assert_eq!(source.send("POST", "/v1/decisions/batch", b"\n\n").text, "");
    source.send("POST", "/v1/decisions/batch", &[b'x'; 2000]).problem(
        413,
        "body-too-large",
        "at most 1024 bytes",
    );
}
