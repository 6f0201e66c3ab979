//! Autonomy from a grant to a certificate and back, the red button, verdicts.

mod common;

use common::generous::{answer, generous, propose, world};
use common::{Client, World, proposal};
use serde_json::{Value, json};

fn threshold(person: &Client) -> Value {
    let list = person.get("/v1/thresholds").expect(200);
    list["items"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|item| item["scenario_type"] == "alert")
        .expect("is known")
        .clone()
}

#[test]
fn automatic_is_reached_by_evidence_and_lost_by_drift() {
    let (_world, olga, anna, source) = world();
    let before = threshold(&olga);
    assert_eq!((&before["level"], &before["certificate"]), (&json!("recommend"), &Value::Null));
    assert_eq!(
        (&before["selector"], &before["evidence"]["labels"]),
        (&json!("utility"), &json!(0))
    );
    assert_eq!(before["evidence"]["level_needed"], 28.0);

    let grant = json!({"level": "automatic", "reason": "two quiet weeks"});
    let path = "/v1/scenario-types/alert/autonomy";
    olga.post(path, &grant).problem(403, "permission-denied", "approving");
    let granted = anna.post(path, &grant).expect(200);
    assert_eq!((&granted["ceiling"], &granted["level"]), (&json!("automatic"), &json!("shadow")));
    assert!(granted["reason"].as_str().is_some_and(|r| r.contains("people review everything")));

    let mut last = Value::Null;
    let mut asked = 0;
    for i in 0..60 {
        let (id, made) = propose(&source, &format!("web-{i}"));
        last = made;
        if last["disposition"] == "automatic" {
            break;
        }
        assert_eq!((&last["disposition"], &last["level"]), (&json!("surfaced"), &json!("shadow")));
        answer(&olga, &id, "like");
        asked += 1;
    }
    assert_eq!(last["disposition"], "automatic", "{last}");
    assert_eq!((&last["level"], &last["asked"]), (&json!("automatic"), &json!(1.0)));
    assert!(last["certified"].as_f64().is_some_and(|theta| theta >= 0.5), "{last}");
    let now = threshold(&olga);
    assert_eq!((&now["level"], &now["issued"]), (&json!("automatic"), &json!(1)));
    let certificate = &now["certificate"];
    assert_eq!((&certificate["alpha"], &certificate["overrides"]), (&json!(0.5), &json!(0)));
    assert_eq!(certificate["labels"], asked);
    assert!(certificate["e_value"].as_f64().is_some_and(|e| e >= 28.0));
    assert!(certificate["not_covered"].as_str().is_some_and(|w| w.contains("22 %")));
    // The one that was carried out waits for its answer, and counts as liked until it has one.
    assert_eq!((&now["drift"]["seen"], &now["drift"]["hits"]), (&json!(1), &json!(0)));

    let monitor = olga.get("/v1/monitor").expect(200);
    let actions: Vec<_> = monitor["actions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|a| a["action"].clone())
        .collect();
    assert_eq!(actions, [json!("level"), json!("certify")], "{monitor}");
    assert_eq!(monitor["settings"]["look_every"], 5);

    let metrics = olga.get("/metrics").text;
    for line in [
        "npo_certificate_live{scenario_type=\"alert\"} 1",
        "npo_autonomy_level{scenario_type=\"alert\",level=\"automatic\"} 1",
        "npo_certificates_issued_total{scenario_type=\"alert\"} 1",
        "npo_certificate_e_value_needed 28",
        "npo_gauge_value{scenario_type=\"alert\",watched=\"certified\"} 0.67",
        "npo_gauge_run_length{scenario_type=\"alert\",watched=\"stopped\"} 20",
    ] {
        assert!(metrics.contains(line), "`{line}` is missing:\n{metrics}");
    }
    // What is carried out is audited here, and people object, though not for the score to learn from:
    // the certificate goes, and with it the right to act.
    let objection = json!({"signal": "override", "consent": false});
    let mut audited = vec![last["id"].as_str().expect("an id").to_owned()];
    while threshold(&olga)["certificate"].is_object() {
        assert!(audited.len() < 20, "twenty overrides in a row are a drift");
        let id = audited.last().expect("there is one").clone();
        olga.post(&format!("/v1/decisions/{id}/feedback"), &objection).expect(201);
        audited.push(propose(&source, &format!("drift-{}", audited.len())).0);
    }
    let lost = threshold(&olga);
    assert_eq!((&lost["level"], &lost["lost"]), (&json!("shadow"), &json!(1)));
    let monitor = olga.get("/v1/monitor").expect(200);
    let taken = monitor["actions"].as_array().expect("a list").iter();
    let taken: Vec<_> = taken.filter(|a| a["action"] == "decertify").collect();
    assert_eq!(taken.len(), 1, "{monitor}");
    assert!(taken[0]["gauge"]["value"].as_f64().is_some_and(|value| value >= 20.0), "{taken:?}");

    // Back to people with a word.
    let back = json!({"level": "recommend", "reason": "a release night"});
    assert_eq!(anna.post(path, &back).expect(200)["level"], "recommend");
}

#[test]
fn a_grant_that_cannot_be_is_refused_in_words() {
    let world = World::configured(|config| config.profile = "paper".into());
    let anna = world.person("anna", &["approver"]);
    let path = "/v1/scenario-types/alert/autonomy";
    let grant = |body: Value| anna.post(path, &body);
    grant(json!({"level": "automatic", "reason": "x"})).problem(
        422,
        "invalid-field",
        "certifies no",
    );
    grant(json!({"level": "sometimes", "reason": "x"})).problem(422, "invalid-body", "`level`");
    grant(json!({"level": "shadow", "reason": ""})).problem(422, "invalid-field", "`reason`");
    grant(json!({"level": "shadow"})).problem(422, "invalid-body", "reason");
    anna.post("/v1/scenario-types/none/autonomy", &json!({"level": "shadow", "reason": "x"}))
        .problem(404, "unknown-scenario-type", "`none` is unknown");
    let keyed = anna.with("Idempotency-Key", "k1");
    let body = json!({"level": "shadow", "reason": "x"});
    assert_eq!(keyed.post(path, &body).expect(200)["level"], "shadow");
    let again = keyed.post(path, &body);
    assert_eq!((again.status, again.header("idempotent-replay")), (200, Some("true")));
    keyed.post(path, &json!({"level": "approve", "reason": "x"})).problem(
        422,
        "idempotency-key-reused",
        "",
    );
    let threshold = anna.get("/v1/thresholds").expect(200)["items"][0].clone();
    assert_eq!(
        (&threshold["selector"], &threshold["threshold"]),
        (&json!("thompson"), &Value::Null)
    );
    assert_eq!(threshold["arms"].as_array().map(Vec::len), Some(5));
    assert_eq!(threshold["evidence"], Value::Null);
    anna.post("/v1/scenario-types/alert/escalation/settle", &json!({"reason": "x"})).problem(
        409,
        "not-escalated",
        "`alert`",
    );
}

#[test]
fn the_red_button_holds_until_somebody_with_authority_releases() {
    let (_world, olga, anna, source) = world();
    let site = json!({"scope": {"kind": "site", "name": "fra1"}, "reason": "smoke"});
    let pressed = olga.post("/v1/red-button", &site).expect(201);
    assert_eq!(
        (&pressed["held"][0]["scope"], &pressed["held"][0]["by"]),
        (&site["scope"], &json!("olga"))
    );
    olga.post("/v1/red-button", &site).problem(409, "already-held", "`fra1`");
    let (_, held) = propose(&source, "web-1");
    assert_eq!((&held["disposition"], &held["held"]), (&json!("abstained"), &site["scope"]));
    assert_eq!((&held["asked"], &held["status"]), (&json!(0.0), &json!("closed")));
    let mut elsewhere = proposal("web-2");
    elsewhere["site"] = json!("ams2");
    assert_eq!(source.post("/v1/decisions", &elsewhere).expect(201)["disposition"], "surfaced");
    let kind = json!({"scope": {"kind": "scenario-type", "name": "alert"}, "reason": "all of it"});
    olga.post("/v1/red-button", &kind).expect(201);
    let all = json!({"scope": {"kind": "all"}, "reason": "enough"});
    assert_eq!(
        olga.post("/v1/red-button", &all).expect(201)["held"].as_array().map(Vec::len),
        Some(3)
    );
    let held = source.post("/v1/decisions", &proposal("web-3")).expect(201);
    assert!(held["held"].is_object(), "{held}");

    olga.post("/v1/red-button/release", &site).problem(403, "permission-denied", "approving");
    for (i, body) in [&all, &kind, &site].into_iter().enumerate() {
        let left = anna.post("/v1/red-button/release", body).expect(200);
        assert_eq!(left["held"].as_array().map(Vec::len), Some(2 - i));
    }
    anna.post("/v1/red-button/release", &site).problem(409, "not-held", "`fra1`");
    assert_eq!(propose(&source, "web-1").1["held"], Value::Null);

    let wrong = |body: Value, code: &str, detail: &str| {
        olga.post("/v1/red-button", &body).problem(422, code, detail);
    };
    wrong(
        json!({"scope": {"kind": "site"}, "reason": "x"}),
        "invalid-field",
        "`scope.name` is missing",
    );
    wrong(
        json!({"scope": {"kind": "all", "name": "x"}, "reason": "x"}),
        "invalid-field",
        "`scope.name`",
    );
    wrong(
        json!({"scope": {"kind": "scenario-type", "name": "x"}, "reason": "x"}),
        "unknown-scenario-type",
        "`x`",
    );
    wrong(json!({"scope": {"kind": "all"}, "reason": " "}), "invalid-field", "`reason`");
    wrong(json!({"scope": {"kind": "planet"}, "reason": "x"}), "invalid-body", "scope.kind");
    assert_eq!(olga.get("/v1/red-button").expect(200)["held"], json!([]));
}

#[test]
fn a_hold_on_a_site_that_nothing_came_from_says_so() {
    let (_world, olga, anna, source) = world();
    let on = |site: &str| json!({"scope": {"kind": "site", "name": site}, "reason": "smoke"});
    let warning = |held: &Value, i: usize| held["held"][i]["warning"].clone();
    let first = olga.post("/v1/red-button", &on("far1")).expect(201);
    let none = "no decision has come from site `far1` so far; known sites: none";
    assert_eq!(warning(&first, 0), none);

    let mut elsewhere = proposal("web-2");
    elsewhere["site"] = json!("ams1");
    source.post("/v1/decisions", &elsewhere).expect(201);
    propose(&source, "web-1");
    let held = olga.post("/v1/red-button", &on("fra1")).expect(201);
    let meant =
        "no decision has come from site `far1` so far; known sites: ams1, fra1; nearest: fra1";
    assert_eq!((warning(&held, 0), warning(&held, 1)), (json!(meant), Value::Null));
    assert_eq!(warning(&olga.get("/v1/red-button").expect(200), 0), meant);
    assert_eq!(warning(&json!({"held": olga.get("/v1/monitor").expect(200)["holds"]}), 0), meant);

    // A site may begin while it is held.
    elsewhere["site"] = json!("far1");
    elsewhere["entity"] = json!("web-3");
    assert!(source.post("/v1/decisions", &elsewhere).expect(201)["held"].is_object());
    let left = anna.post("/v1/red-button/release", &on("fra1")).expect(200);
    assert_eq!(warning(&left, 0), Value::Null);
}

#[test]
fn a_decision_says_what_holds_it_now() {
    let (_world, olga, anna, source) = world();
    let (id, _) = propose(&source, "web-1");
    let path = format!("/v1/decisions/{id}");
    let held_now = || olga.get(&path).expect(200)["held_now"]["scope"].clone();
    assert_eq!(held_now(), Value::Null);
    for scope in [
        json!({"kind": "site", "name": "fra1"}),
        json!({"kind": "scenario-type", "name": "alert"}),
        json!({"kind": "all"}),
    ] {
        let order = json!({"scope": scope, "reason": "smoke"});
        olga.post("/v1/red-button", &order).expect(201);
        assert_eq!(held_now(), scope);
        anna.post("/v1/red-button/release", &order).expect(200);
    }
    let elsewhere = json!({"scope": {"kind": "site", "name": "ams1"}, "reason": "smoke"});
    olga.post("/v1/red-button", &elsewhere).expect(201);
    assert_eq!(held_now(), Value::Null);
}

/// A score that stays where the playbook put it, so that people go on denying it.
const STUBBORN: &str = r#"
name = "stubborn"
# People whose answers are always against the score would be taken for adversaries.
without = ["certificate", "trust"]

[scorer.hierarchical]
weight_variance = 1e-9
effect_variance = 1e-9
weight_drift = 0.0
effect_drift = 0.0

[selector.fixed]
theta = 0.0

[watch]
run_length = 1000.0
# Nothing is suppressed in this story.
suppress_rate = 0.99
"#;

#[test]
fn what_people_go_on_denying_is_escalated_to_approvers_until_it_is_settled() {
    let world = World::configured(|config| {
        let path = config.data.parent().expect("has a parent").join("stubborn.toml");
        std::fs::write(&path, STUBBORN).expect("writes");
        config.profile_file = Some(path);
    });
    let (olga, anna) = (world.person("olga", &["operator"]), world.person("anna", &["approver"]));
    let source = world.person("telemetry", &["source"]);
    let mut denied = 0;
    while threshold(&olga)["escalated"] != true {
        assert!(denied < 100, "a hundred overrides of a sure score are two surprises");
        let (id, made) = propose(&source, &format!("web-{denied}"));
        assert_eq!(made["disposition"], "surfaced");
        answer(&olga, &id, "override");
        denied += 1;
    }
    let monitor = olga.get("/v1/monitor").expect(200);
    let actions: Vec<_> = monitor["actions"].as_array().expect("a list").iter().collect();
    let did = |action: &str| actions.iter().filter(|a| a["action"] == action).count();
    assert_eq!((did("retrain"), did("escalate")), (1, 1), "{monitor}");
    let metrics = olga.get("/metrics").text;
    assert!(metrics.contains("npo_escalated{scenario_type=\"alert\"} 1"), "{metrics}");

    let (id, made) = propose(&source, "web-next");
    assert_eq!((&made["disposition"], &made["status"]), (&json!("escalated"), &json!("open")));
    let feedback = format!("/v1/decisions/{id}/feedback");
    let like = json!({"signal": "like"});
    olga.post(&feedback, &like).problem(403, "needs-approver", "which `olga` is not");
    answer(&anna, &id, "like");

    let path = "/v1/scenario-types/alert/escalation/settle";
    let why = json!({"reason": "the playbook was wrong"});
    olga.post(path, &why).problem(403, "permission-denied", "approving");
    assert_eq!(anna.post(path, &why).expect(200)["escalated"], false);
    anna.post(path, &why).problem(409, "not-escalated", "`alert`");
    let (id, made) = propose(&source, "web-after");
    assert_eq!(made["disposition"], "surfaced");
    answer(&olga, &id, "like");
}

#[test]
fn a_press_survives_a_restart_and_is_not_pressed_twice_by_a_repeat() {
    let (mut world, olga, _, _) = world();
    let all = json!({"scope": {"kind": "all"}, "reason": "enough"});
    let keyed = olga.with("Idempotency-Key", "red");
    keyed.post("/v1/red-button", &all).expect(201);
    let again = keyed.post("/v1/red-button", &all);
    assert_eq!((again.status, again.header("idempotent-replay")), (200, Some("true")));
    world.restart(|config| {
        let directory = config.data.parent().expect("has a parent").to_owned();
        config.profile_file = Some(generous(&directory));
    });
    let held = world.again(&olga).get("/v1/red-button").expect(200);
    assert_eq!(held["held"][0]["reason"], "enough");
}

#[test]
fn verdicts_judge_decisions_and_looks() {
    let (world, olga, anna, source) = world();
    let auditor = world.person("otto", &["auditor"]);
    let mut ids = Vec::new();
    for i in 0..5 {
        let (id, _) = propose(&source, &format!("web-{i}"));
        answer(&olga, &id, "like");
        ids.push(id);
    }
    let verdict = json!({"right": false, "note": "it made things worse"});
    let path = format!("/v1/decisions/{}/rca", ids[0]);
    olga.post(&path, &verdict).problem(403, "permission-denied", "judging");
    let judged = auditor.post(&path, &verdict).expect(201);
    assert_eq!(judged["answers"], json!([{"by": "olga", "right": false}]));
    assert!(judged["lesson"].as_str().is_some_and(|l| l.contains("cannot be wrong")), "{judged}");
    anna.post(&path, &verdict).problem(409, "not-for-rca", &ids[0]);
    anna.post("/v1/decisions/d999/rca", &verdict).problem(404, "unknown-decision", "`d999`");
    let operators = olga.get("/v1/alignment").expect(200)["operators"].clone();
    let [low, high] =
        [0, 1].map(|i| operators[0]["reliability_interval"][i].as_f64().expect("a number"));
    let mean = operators[0]["reliability"].as_f64().expect("a number");
    assert!(0.0 < low && low < mean && mean < high && high < 1.0, "{operators}");

    let monitor = olga.get("/v1/monitor").expect(200);
    let look = monitor["waiting"][0].clone();
    assert_eq!(
        (&look["scenario_type"], &look["look"], &look["acted"]),
        (&json!("alert"), &json!(1), &json!(false))
    );
    assert!(
        monitor["fidelity"]["summary"]
            .as_str()
            .is_some_and(|s| s.starts_with("Not enough verdicts"))
    );
    let path = "/v1/monitor/looks/alert/1/rca";
    let judged = anna.post(path, &json!({"should_act": false})).expect(201);
    assert_eq!(judged["answers"], json!([]));
    anna.post(path, &json!({"should_act": false})).problem(409, "not-for-rca", "look 1");
    anna.post("/v1/monitor/looks/alert/x/rca", &json!({"should_act": false})).problem(
        400,
        "invalid-path",
        "`x`",
    );
    anna.post("/v1/monitor/looks/none/1/rca", &json!({"should_act": false})).problem(
        404,
        "unknown-scenario-type",
        "`none`",
    );
    let monitor = olga.get("/v1/monitor").expect(200);
    assert_eq!(monitor["waiting"], json!([]));
    let fidelity = &monitor["fidelity"];
    assert_eq!(fidelity["silent"], json!({"total": 1, "judged": 1, "right": 1}));
    assert_eq!(fidelity["fidelity"]["value"], 1.0);
    assert!(
        fidelity["summary"].as_str().is_some_and(|s| s.starts_with("Not enough verdicts to tell")),
        "{fidelity}"
    );
    let gauges = monitor["scenario_types"][0]["gauges"].as_array().expect("a list").clone();
    assert!(gauges.iter().any(|g| g["watched"] == "surprise" && g["seen"] == 5), "{gauges:?}");
    let metrics = olga.get("/metrics").text;
    assert!(metrics.contains("npo_monitor_looks_judged_total{acted=\"no\"} 1"), "{metrics}");
}

#[test]
fn somebody_new_is_trusted_as_their_team_is() {
    let (world, olga, anna, source) = world();
    // All are asked before anything is learned.
    let ids: Vec<String> = (0..9).map(|i| propose(&source, &format!("web-{i}")).0).collect();
    let id_of = |client: &Client| client.get("/v1/whoami").expect(200)["person"]["id"].clone();
    let put = |client: &Client, change: Value| {
        let id = id_of(client);
        let id = id.as_str().expect("an id");
        world.admin.send("PATCH", &format!("/v1/people/{id}"), change.to_string().as_bytes())
    };
    // Nobody has a team, so that no teams are shown.
    assert_eq!(world.admin.get("/v1/alignment").expect(200)["teams"], Value::Null);
    let moved = put(&olga, json!({"site": "fra1", "team": "night"})).expect(200);
    assert_eq!((&moved["site"], &moved["team"]), (&json!("fra1"), &json!("night")));
    for id in &ids[..8] {
        answer(&anna, id, "like");
        answer(&olga, id, "override");
    }
    let new = json!({"handle": "nora", "name": "N", "roles": ["operator"], "team": "night"});
    let nora = world.admin.post("/v1/people", &new).expect(201);
    assert_eq!((&nora["site"], &nora["team"]), (&Value::Null, &json!("night")));
    let otis = world.person("otis", &["operator"]);
    put(&otis, json!({"site": "fra1", "team": "night"})).expect(200);
    let wrong = put(&otis, json!({"team": "x".repeat(65)}));
    wrong.problem(422, "invalid-field", "team");

    let teams = world.admin.get("/v1/alignment").expect(200)["teams"].clone();
    let team = |site: Value| {
        let of = |team: &&Value| team["team"] == "night" && team["site"] == site;
        teams.as_array().expect("teams").iter().find(of).expect("is listed").clone()
    };
    let (here, elsewhere) = (team(json!("fra1")), team(Value::Null));
    assert_eq!((&here["people"], &elsewhere["people"]), (&json!(2), &json!(1)));
    let start = here["start"].as_f64().expect("a number");
    assert!(start < 0.9 && here["start_weight"].as_f64().expect("a number") <= 10.0, "{here}");
    answer(&otis, &ids[8], "like");
    let alignment = world.admin.get("/v1/alignment").expect(200);
    let operators = alignment["operators"].as_array().expect("operators");
    let of = |handle: &str| {
        operators.iter().find(|o| o["handle"] == handle).expect("has answered").clone()
    };
    assert_eq!(of("otis")["start"], here["start"], "{alignment}");
    assert_eq!((&of("otis")["site"], &of("otis")["team"]), (&json!("fra1"), &json!("night")));
    assert_eq!((&of("anna")["team"], &of("anna")["start"]), (&Value::Null, &json!(0.9)));
}

#[test]
fn a_verdict_on_a_decision_that_is_no_longer_remembered_is_read_from_the_log() {
    let world = World::configured(|config| {
        let directory = config.data.parent().expect("has a parent").to_owned();
        let path = directory.join("forgetful.toml");
        std::fs::write(&path, "name = \"forgetful\"\nretention_s = 1\n").expect("writes");
        config.profile_file = Some(path);
    });
    let (olga, anna) = (world.person("olga", &["operator"]), world.person("anna", &["approver"]));
    let source = world.person("telemetry", &["source"]);
    let mut definition =
        world.admin.get("/v1/scenario-types/alert").expect(200)["definition"].clone();
    definition["version"] = json!(2);
    definition["expires_after_s"] = json!(1);
    world.admin.post("/v1/scenario-types", &definition).expect(201);
    let (id, _) = propose(&source, "web-0");
    answer(&olga, &id, "like");
    let path = format!("/v1/decisions/{id}/rca");
    let verdict = json!({"right": false, "note": "post-mortem 17"});
    // Time passes and something happens, so that it is forgotten: nothing more is taken of it.
    let outcome = json!({"result": "recovered"});
    common::eventually("forgetting", || {
        propose(&source, "web-1");
        let refused = source.post(&format!("/v1/decisions/{id}/outcome"), &outcome);
        (refused.status == 409 && refused.text.contains("decision-not-asked")).then_some(())
    });
    let judged = anna.post(&path, &verdict).expect(201);
    assert_eq!(judged["answers"], json!([{"by": "olga", "right": false}]));
    assert!(judged["lesson"].as_str().is_some_and(|l| l.contains("older than")), "{judged}");
    anna.post(&path, &verdict).problem(409, "not-for-rca", &id);
    let operators = olga.get("/v1/alignment").expect(200)["operators"].clone();
    assert!(operators[0]["wrong"].as_f64().is_some_and(|wrong| wrong >= 1.5), "{operators}");
}
