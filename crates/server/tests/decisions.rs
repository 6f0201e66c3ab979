//! Decisions from proposal to answer, and everything that can be wrong with either.

mod common;

use common::{World, eventually, proposal};
use serde_json::{Value, json};

#[test]
fn a_proposal_is_judged_listed_shown_and_answered() {
    let world = World::new();
    let source = world.person("telemetry", &["source"]);
    let operator = world.person("olga", &["operator"]);
    let made = source.post("/v1/decisions", &proposal("web-1")).expect(201);
    assert_eq!(made["disposition"], "surfaced", "{made}");
    assert_eq!((&made["status"], &made["entity"]), (&json!("open"), &json!("web-1")));
    assert!(made["score_low"].as_f64() < made["score"].as_f64());
    assert_eq!(made["replayed"], Value::Null);
    let id = made["id"].as_str().expect("an id");

    let page = operator.get("/v1/decisions?status=open").expect(200);
    assert_eq!(page["items"][0], made);
    assert_eq!(page["next_cursor"], Value::Null);

    let shown = operator.get(&format!("/v1/decisions/{id}")).expect(200);
    assert_eq!(shown["decision"], made);
    assert_eq!(shown["explanation"]["evidence"], json!(["it burns"]));
    assert_eq!(shown["explanation"]["headline"], made["headline"]);

    let path = format!("/v1/decisions/{id}/feedback");
    let answer = json!({"signal": "like", "reason": "right", "confidence": 0.9, "viewed_ms": 1200, "explanation_version": 1, "channel": "cli"});
    let given = operator.post(&path, &answer).expect(201);
    assert_eq!(
        (&given["by"], &given["signal"], &given["learned"]),
        (&json!("olga"), &json!("like"), &json!(true))
    );
    assert!(given["score_after"].as_f64() > given["score_before"].as_f64(), "{given}");

    let shown = operator.get(&format!("/v1/decisions/{id}")).expect(200);
    assert_eq!(shown["decision"]["status"], "answered");
    assert_eq!(shown["decision"]["signal"], "like");
    assert_eq!(shown["feedback"][0], given);

    let outcome = json!({"result": "recovered", "time_to_recover_ms": 5000, "note": "quick"});
    source.post(&format!("/v1/decisions/{id}/outcome"), &outcome).expect(201);
    let shown = operator.get(&format!("/v1/decisions/{id}")).expect(200);
    assert_eq!(shown["outcome"], outcome);
    source.post(&format!("/v1/decisions/{id}/outcome"), &outcome).problem(
        409,
        "outcome-recorded",
        id,
    );
}

#[test]
fn a_read_right_after_a_write_sees_it() {
    let world = World::new();
    let engineer = world.person("eve", &["engineer"]);
    for i in 0..50 {
        let made = engineer.post("/v1/decisions", &proposal(&format!("web-{i}"))).expect(201);
        let page = engineer.get("/v1/decisions?limit=1").expect(200);
        assert_eq!(page["items"][0]["id"], made["id"]);
    }
}

#[test]
fn pages_follow_each_other_without_gaps_and_filters_narrow_them() {
    let world = World::new();
    let engineer = world.person("eve", &["engineer"]);
    for i in 0..7 {
        engineer.post("/v1/decisions", &proposal(&format!("web-{}", i % 2))).expect(201);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = engineer.get(&format!("/v1/decisions?limit=3{cursor}")).expect(200);
        seen.extend(page["items"].as_array().expect("items").iter().map(|d| d["id"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, (0..7).rev().map(|i| json!(format!("d{i}"))).collect::<Vec<_>>());
    let count = |filter: &str| {
        let page = engineer.get(&format!("/v1/decisions?{filter}")).expect(200);
        page["items"].as_array().expect("items").len()
    };
    assert_eq!(count("entity=web-1"), 3);
    assert_eq!(count("entity=web-1&scenario_type=alert&site=fra1&disposition=surfaced"), 3);
    assert_eq!(count("site=elsewhere"), 0);
    assert_eq!(count("signal=like"), 0);
    assert_eq!(count("since=2000-01-01T00:00:00Z&until=2001-01-01T00:00:00Z"), 0);
    assert_eq!(count("since=2000-01-01T00:00:00Z"), 7);
}

#[test]
fn a_proposal_that_is_wrong_says_what_and_where() {
    let world = World::new();
    let source = world.person("telemetry", &["source"]);
    let check = |change: &dyn Fn(&mut Value), status: u16, code: &str, detail: &str| {
        let mut body = proposal("web-1");
        change(&mut body);
        source.post("/v1/decisions", &body).problem(status, code, detail);
    };
    check(
        &|p| p["scenario_type"] = json!("unheard-of"),
        422,
        "unknown-scenario-type",
        "`unheard-of` is unknown; known are `alert`",
    );
    check(
        &|p| p["action"]["name"] = json!("dance"),
        422,
        "unknown-action",
        "`notify-owner`, `run-playbook`",
    );
    check(
        &|p| drop(p["features"].as_object_mut().map(|f| f.remove("alerts"))),
        422,
        "missing-feature",
        "`alerts` is missing",
    );
    check(&|p| p["features"]["colour"] = json!(1.0), 422, "unknown-feature", "`colour` is unknown");
    check(
        &|p| p["features"]["severity"] = json!(99.0),
        422,
        "feature-out-of-range",
        "`severity` is 99",
    );
    check(
        &|p| p["features"]["severity"] = json!("high"),
        422,
        "invalid-body",
        "`features.severity`",
    );
    check(
        &|p| p["features"] = json!([1, 2]),
        422,
        "invalid-body",
        "`features`: invalid type: sequence, expected an object",
    );
    check(&|p| p["entity"] = json!(""), 422, "invalid-field", "`entity` is empty");
    check(&|p| p["entity"] = json!("x".repeat(257)), 422, "invalid-field", "257 bytes");
    check(&|p| p["sitee"] = json!("x"), 422, "unknown-field", "`sitee`");
    check(
        &|p| p["facts"] = json!([{"name": "n", "value": null}]),
        422,
        "invalid-body",
        "`facts[0].value`",
    );
    check(
        &|p| drop(p.as_object_mut().map(|p| p.remove("action"))),
        422,
        "invalid-body",
        "missing field `action`",
    );
    let raw = |body: &str, status: u16, code: &str, detail: &str| {
        source.send("POST", "/v1/decisions", body.as_bytes()).problem(status, code, detail);
    };
    let nan = proposal("web-1").to_string().replace("30.0", "NaN");
    raw(&nan, 400, "invalid-json", "`NaN` at line 1 column");
    raw("", 400, "invalid-json", "the body is empty");
    raw("{", 400, "invalid-json", "at line 1 column");
    raw("\u{1}", 400, "invalid-json", "line 1");
    raw(
        &format!("{{\"scenario_type\":\"{}", "x".repeat(70_000)),
        413,
        "body-too-large",
        "expected at most 65536 bytes",
    );
    source.send("POST", "/v1/decisions", b"{\"entity\":\"\xff\"}").problem(400, "invalid-json", "");
    assert_eq!(
        world.admin.get("/v1/decisions").expect(200)["items"],
        json!([]),
        "nothing was recorded"
    );
}

#[test]
fn a_body_far_too_large_is_refused_and_the_answer_arrives() {
    let world = World::new();
    let source = world.person("telemetry", &["source"]);
    let body = vec![b' '; 3 << 20];
    source.send("POST", "/v1/decisions", &body).problem(
        413,
        "body-too-large",
        "3145728 bytes long",
    );
}

#[test]
fn queries_that_are_wrong_are_refused_by_name() {
    let world = World::new();
    let check = |path: &str, status: u16, code: &str, detail: &str| {
        world.admin.get(path).problem(status, code, detail);
    };
    check(
        "/v1/decisions?colour=red",
        400,
        "invalid-query",
        "unknown query parameter `colour`, expected one of `status`",
    );
    check("/v1/decisions?limt=3", 400, "invalid-query", "`limt`, did you mean `limit`?");
    check("/v1/scenarios?limit=1&limit=2", 400, "invalid-query", "`limit` is given twice");
    check("/v1/decisions?status=lost", 400, "invalid-query", "`status` is `lost`, expected one of");
    check("/v1/decisions?site=%ff", 400, "invalid-query", "no text in percent encoding");
    check("/v1/decisions?cursor=x1", 400, "invalid-cursor", "`cursor` is `x1`");
    check("/v1/decisions?limit=0", 400, "invalid-query", "`limit` is `0`, expected 1 to 500");
    check("/v1/decisions?limit=many", 400, "invalid-query", "`limit` is `many`, expected a whole");
    check("/v1/decisions?since=yesterday", 400, "invalid-query", "`since` is `yesterday`");
    let turned = "/v1/decisions?since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z";
    check(turned, 400, "invalid-query", "expected an instant after `since`");
    check("/v1/decisions?signal=love", 400, "invalid-query", "`signal` is `love`");
    check("/v1/decisions?scenario_type=none", 422, "unknown-scenario-type", "`none`");
    check("/v1/whoami?x=1", 400, "invalid-query", "takes no query parameters");
    check("/v1/scenarios?cursor=d1", 400, "invalid-cursor", "`d1`");
    check("/v1/events?after=-1", 400, "invalid-query", "`after` is `-1`, expected a whole number");
    check("/v1/decisions/17", 404, "unknown-decision", "`17` is not an id of the form `d<number>`");
    check("/v1/decisions/d17", 404, "unknown-decision", "`d17` is unknown");
    check("/v1/decisions/%ff", 400, "invalid-path", "UTF-8");
    check("/v1/scenarios/s9", 404, "unknown-scenario", "`s9`");
    check("/v1/scenario-types/none", 404, "unknown-scenario-type", "`none`");
}

#[test]
fn answers_that_are_wrong_are_refused() {
    let world = World::new();
    let source = world.person("telemetry", &["source"]);
    let (olga, oleg) = (world.person("olga", &["operator"]), world.person("oleg", &["operator"]));
    let viewer = world.person("vera", &["viewer"]);
    let like = json!({"signal": "like"});
    source.post("/v1/decisions", &proposal("web-1")).expect(201);
    viewer.post("/v1/decisions/d0/feedback", &like).problem(
        403,
        "permission-denied",
        "operator, approver give; you have viewer",
    );
    olga.post("/v1/decisions/d7/feedback", &like).problem(404, "unknown-decision", "`d7`");
    olga.post("/v1/decisions/d0/feedback", &json!({"signal": "love"})).problem(
        422,
        "invalid-body",
        "unknown variant `love`",
    );
    olga.post("/v1/decisions/d0/feedback", &json!({"signal": "like", "confidence": 2})).problem(
        422,
        "invalid-field",
        "`confidence` is 2",
    );
    olga.post("/v1/decisions/d0/feedback", &json!({"signal": "like", "channel": "fax"})).problem(
        422,
        "invalid-field",
        "`channel` is `fax`",
    );
    olga.post("/v1/decisions/d0/feedback", &json!({"signal": "like", "reason": "x".repeat(1025)}))
        .problem(422, "invalid-field", "1025 bytes");
    olga.post("/v1/decisions/d0/feedback", &like).expect(201);
    olga.post("/v1/decisions/d0/feedback", &like).problem(
        409,
        "already-answered",
        "you answered `like`",
    );
    // Somebody else may disagree; the first answer stands in lists.
    oleg.post("/v1/decisions/d0/feedback", &json!({"signal": "override"})).expect(201);
    let shown = olga.get("/v1/decisions/d0").expect(200);
    assert_eq!(shown["decision"]["signal"], "like");
    assert_eq!(shown["feedback"].as_array().map(Vec::len), Some(2));

    let mut weak = proposal("web-2");
    weak["features"] =
        json!({"severity": 0.0, "alerts": 0.0, "minutes_firing": 0.0, "repeats": 10000.0});
    let made = source.post("/v1/decisions", &weak).expect(201);
    // One in so many is audited instead.
    if made["disposition"] == "abstained" {
        olga.post("/v1/decisions/d1/feedback", &like).problem(
            409,
            "decision-not-asked",
            "was not put to people",
        );
    }
}

#[test]
fn a_decision_nobody_answers_expires() {
    let world = World::new();
    let engineer = world.person("eve", &["engineer", "operator"]);
    let mut definition = engineer.get("/v1/scenario-types/alert").expect(200)["definition"].clone();
    definition["version"] = json!(2);
    definition["expires_after_s"] = json!(1);
    engineer.post("/v1/scenario-types", &definition).expect(201);
    let made = engineer.post("/v1/decisions", &proposal("web-1")).expect(201);
    assert_eq!(made["status"], "open", "{made}");
    eventually("the expiry", || {
        let shown = engineer.get("/v1/decisions/d0").expect(200);
        (shown["decision"]["status"] == "expired").then_some(())
    });
    let late = engineer.post("/v1/decisions/d0/feedback", &json!({"signal": "like"}));
    late.problem(410, "decision-expired", "expired at 2");
}

#[test]
fn a_source_takes_back_what_is_over() {
    let world = World::new();
    let source = world.person("telemetry", &["source"]);
    let olga = world.person("olga", &["operator"]);
    for i in 0..3 {
        let mut about = proposal(&format!("web-{i}"));
        about["correlation"] = json!("condition-1");
        source.post("/v1/decisions", &about).expect(201);
    }
    let one = source.post("/v1/decisions/d1/withdraw", &json!({"reason": "a mistake"})).expect(200);
    assert_eq!(one["withdrawn"], json!(["d1"]));
    let body = json!({"correlation": "condition-1", "reason": "it ended"});
    let keyed = source.with("Idempotency-Key", "end-1");
    let all = keyed.post("/v1/withdrawals", &body).expect(200);
    assert_eq!(all["withdrawn"], json!(["d0", "d2"]));
    let again = keyed.post("/v1/withdrawals", &body);
    assert_eq!(again.header("idempotent-replay"), Some("true"));
    assert_eq!(again.expect(200), all, "a replay gives all of it, not only its first event");
    assert_eq!(source.post("/v1/withdrawals", &body).expect(200)["withdrawn"], json!([]));
    let shown = olga.get("/v1/decisions/d0").expect(200);
    assert_eq!(
        (&shown["decision"]["status"], &shown["withdrawn"]),
        (&json!("withdrawn"), &json!("it ended"))
    );
    olga.post("/v1/decisions/d0/feedback", &json!({"signal": "like"})).problem(
        409,
        "decision-withdrawn",
        "it ended",
    );
    source.post("/v1/decisions/d0/withdraw", &json!({"reason": "x"})).problem(
        409,
        "decision-withdrawn",
        "",
    );
    source.post("/v1/decisions/d0/withdraw", &json!({"reason": ""})).problem(
        422,
        "invalid-field",
        "`reason` is empty",
    );
    source.post("/v1/withdrawals", &json!({"reason": "x"})).problem(
        422,
        "invalid-field",
        "`correlation` is missing",
    );
}
