//! Autonomy from a grant to a certificate, the red button, verdicts, and what is shown of them.

mod common;

use std::path::PathBuf;

use common::{Client, World, eventually, proposal};
use serde_json::{Value, json};

/// A profile that certifies after a few likes and looks at every fifth episode.
const GENEROUS: &str = r#"
name = "generous"

[certificate]
alpha = 0.5
delta = 0.5
audit_rate = 1.0
alarm_run_length = 10.0

[watch]
look_every = 5
audit_looks = 1.0
"#;

fn generous(directory: &std::path::Path) -> PathBuf {
    let path = directory.join("generous.toml");
    std::fs::write(&path, GENEROUS).expect("writes");
    path
}

/// A world under the generous profile, and an operator, an approver and a source in it.
fn world() -> (World, Client, Client, Client) {
    let world = World::configured(|config| {
        let directory = config.data.parent().expect("has a parent").to_owned();
        config.profile_file = Some(generous(&directory));
    });
    let people = (
        world.person("olga", &["operator"]),
        world.person("anna", &["approver"]),
        world.person("telemetry", &["source"]),
    );
    (world, people.0, people.1, people.2)
}

/// Proposes and gives the decision's id.
fn propose(source: &Client, entity: &str) -> (String, Value) {
    let made = source.post("/v1/decisions", &proposal(entity)).expect(201);
    (made["id"].as_str().expect("an id").to_owned(), made)
}

fn answer(person: &Client, id: &str, signal: &str) -> Value {
    person.post(&format!("/v1/decisions/{id}/feedback"), &json!({"signal": signal})).expect(201)
}

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
    assert_eq!(now["drift"]["seen"], 0);

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
        "npo_gauge_value{scenario_type=\"alert\",watched=\"certified\"} 0",
    ] {
        assert!(metrics.contains(line), "`{line}` is missing:\n{metrics}");
    }
    // What is carried out is audited here, and people object: the certificate goes, and with it the
    // right to act.
    let mut audited = vec![last["id"].as_str().expect("an id").to_owned()];
    while threshold(&olga)["certificate"].is_object() {
        assert!(audited.len() < 20, "twenty overrides in a row are a drift");
        let id = audited.last().expect("there is one").clone();
        answer(&olga, &id, "override");
        audited.push(propose(&source, &format!("drift-{}", audited.len())).0);
    }
    let lost = threshold(&olga);
    assert_eq!((&lost["level"], &lost["lost"]), (&json!("shadow"), &json!(1)));
    let monitor = olga.get("/v1/monitor").expect(200);
    let taken = monitor["actions"].as_array().expect("a list").iter();
    let taken: Vec<_> = taken.filter(|a| a["action"] == "decertify").collect();
    assert_eq!(taken.len(), 1, "{monitor}");
    assert!(taken[0]["gauge"]["value"].as_f64().is_some_and(|value| value >= 10.0), "{taken:?}");

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
fn people_who_override_what_policy_allows_are_found_by_what_they_share() {
    let (world, olga, _, source) = world();
    // At one site people object, whatever it is about; elsewhere they agree.
    let empty = olga.get("/v1/monitor/divergence").expect(200);
    assert!(
        empty["summary"].as_str().is_some_and(|s| s.starts_with("Not enough answers: 0")),
        "{empty}"
    );
    for i in 0..120 {
        let mut body = proposal(&format!("host-{i}"));
        let planted = i % 3 == 0;
        body["site"] = json!(if planted { "fra\"1" } else { "ams2" });
        body["features"]["alerts"] = json!(f64::from(i % 40));
        let tier = if i % 2 == 0 { "gold" } else { "lead" };
        body["facts"] = json!([{"name": "tier", "value": tier}]);
        let made = source.post("/v1/decisions", &body).expect(201);
        if made["status"] == "open" {
            let id = made["id"].as_str().expect("an id").to_owned();
            answer(&olga, &id, if planted { "override" } else { "like" });
        }
    }
    // The report above is kept for a minute; another server makes its own.
    let mut world = world;
    world.restart(|config| {
        let directory = config.data.parent().expect("has a parent").to_owned();
        config.profile_file = Some(generous(&directory));
    });
    let engineer = world.person("eve", &["engineer"]);
    let report = engineer.get("/v1/monitor/divergence").expect(200);
    let findings = report["findings"].as_array().expect("a list");
    assert_eq!(findings.len(), 1, "{report}");
    let finding = &findings[0];
    assert_eq!(finding["slice"], json!([{"key": "scenario.site", "value": "fra\"1"}]));
    assert!(finding["q"].as_f64().is_some_and(|q| q <= 0.05), "{finding}");
    assert!(finding["rate"]["low"].as_f64() > report["tolerance"].as_f64(), "{finding}");
    assert!(finding["suggestion"].as_str().is_some_and(|s| s.contains("Consider a rule")));

    // The rule that is suggested is one: the shipped bundle with it is accepted and denies the site.
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/default");
    let mut files = Vec::new();
    for directory in ["", "rules", "tests"] {
        for entry in std::fs::read_dir(shipped.join(directory)).expect("it is there") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                let name = path.strip_prefix(&shipped).expect("is inside").to_str().expect("UTF-8");
                let content = std::fs::read_to_string(&path).expect("a text");
                files.push(json!({"path": name, "content": content}));
            }
        }
    }
    files.push(json!({"path": "rules/suggested.rego", "content": finding["rego"]}));
    engineer.post("/v1/policies", &json!({"files": files, "activate": true})).expect(201);
    let judge = |site: &str| {
        let mut body = proposal("new");
        body["entity"] = json!(format!("new at {site}"));
        body["site"] = json!(site);
        engineer.post("/v1/decisions", &body).expect(201)
    };
    let denied = judge("fra\"1");
    assert_eq!((&denied["disposition"], &denied["allowed"]), (&json!("blocked"), &json!(false)));
    assert_eq!(denied["rules"], json!(["people-object-site-fra-1"]));
    assert_eq!(judge("ams2")["allowed"], true);
}

#[test]
fn models_are_refitted_promoted_and_taken_back() {
    let (world, olga, anna, source) = world();
    let eve = world.person("eve", &["engineer"]);
    let refit =
        |client: &Client| client.post("/v1/models/refit", &json!({"scenario_type": "alert"}));
    refit(&olga).problem(403, "permission-denied", "managing models");
    refit(&eve).problem(409, "too-few-labels", "");
    refit(&eve.with("Idempotency-Key", "k")).problem(400, "invalid-idempotency-key", "no key can");
    eve.post("/v1/models/refit", &json!({"scenario_type": "x"})).problem(
        422,
        "unknown-scenario-type",
        "`x`",
    );
    let reason = json!({"reason": "it was better"});
    eve.post("/v1/models/m7/promote", &reason).problem(404, "unknown-model", "7");
    eve.post("/v1/models/seven/promote", &reason).problem(404, "unknown-model", "`seven`");
    eve.post("/v1/scenario-types/alert/rollback", &reason).problem(
        409,
        "model-conflict",
        "`alert`",
    );
    anna.post("/v1/scenario-types/alert/autonomy", &json!({"level": "shadow", "reason": "labels"}))
        .expect(200);
    for i in 0..90 {
        let mut body = proposal(&format!("host-{}", i % 9));
        let severe = i % 2 == 0;
        body["features"]["severity"] = json!(if severe { 3.0 } else { 0.0 });
        let made = source.post("/v1/decisions", &body).expect(201);
        assert_eq!(made["status"], "open", "{made}");
        answer(
            &olga,
            made["id"].as_str().expect("an id"),
            if severe { "like" } else { "override" },
        );
    }
    let fitted = refit(&eve).expect(201);
    let id = fitted["id"].as_str().expect("an id").to_owned();
    assert_eq!((&fitted["scenario_type"], &fitted["usable"]), (&json!("alert"), &json!(true)));
    assert!(fitted["evaluation"]["held_out"].as_u64().is_some_and(|rows| rows > 10), "{fitted}");
    assert_eq!(fitted["evaluation"]["slices"][0]["slice"], "all");
    assert_eq!(fitted["evaluation"]["passed"], fitted["in_force"]);
    if fitted["in_force"] == false {
        let now = anna.post(&format!("/v1/models/{id}/promote"), &reason).expect(200);
        assert_eq!(now["in_force"], json!(id));
    }
    let alert = |client: &Client| {
        let list = client.get("/v1/models").expect(200)["items"].clone();
        let found = list.as_array().expect("a list").iter().find(|t| t["scenario_type"] == "alert");
        found.expect("is known").clone()
    };
    let now = alert(&olga);
    assert_eq!((&now["in_force"], &now["models"][0]["id"]), (&json!(id), &json!(id)));
    assert!(now["models"][0]["promoted_at"].is_u64(), "{now}");
    anna.post(&format!("/v1/models/{id}/promote"), &reason).problem(
        409,
        "model-conflict",
        "in force already",
    );
    let back = anna.post("/v1/scenario-types/alert/rollback", &reason).expect(200);
    assert_eq!(back["in_force"], "m0");
    let again = anna.post(&format!("/v1/models/{id}/promote"), &reason).expect(200);
    assert_eq!(again["in_force"], json!(id));
    let metrics = olga.get("/metrics").text;
    for line in ["npo_models_total 1", "npo_model_in_force{scenario_type=\"alert\"} 1"] {
        assert!(metrics.contains(line), "`{line}` is missing:\n{metrics}");
    }
}

#[test]
fn people_who_overrule_a_score_are_told_apart_from_one_that_is_calibrated() {
    let (mut world, olga, _, source) = world();
    assert_eq!(
        olga.get("/v1/alignment").expect(200)["scenario_types"][0]["calibration"],
        Value::Null
    );
    for i in 0..60 {
        let (id, made) = propose(&source, &format!("web-{i}"));
        if made["status"] == "open" {
            answer(&olga, &id, if i % 2 == 0 { "like" } else { "neutral" });
        }
    }
    let calibration = |client: &Client| {
        let all = client.get("/v1/alignment").expect(200)["scenario_types"].clone();
        let alert = all.as_array().expect("a list").iter().find(|t| t["scenario_type"] == "alert");
        alert.expect("is known")["calibration"].clone()
    };
    let found = calibration(&olga);
    assert_eq!(found["rows"], 30, "{found}");
    assert!(found["brier"]["low"].as_f64() <= found["brier"]["value"].as_f64());
    assert!(found["summary"].as_str().is_some_and(|s| s.starts_with("Not enough answers: 30")));
    let bins: u64 =
        found["bins"].as_array().expect("bins").iter().filter_map(|b| b["rows"].as_u64()).sum();
    assert_eq!(bins, 30);
    assert!(olga.get("/metrics").text.contains("npo_brier_score{scenario_type=\"alert\"}"));
    world.restart(|config| {
        let directory = config.data.parent().expect("has a parent").to_owned();
        config.profile_file = Some(generous(&directory));
    });
    let olga = world.again(&olga);
    let after = eventually("calibration after a restart", || {
        Some(calibration(&olga)).filter(|c| !c.is_null() && c["rows"] == 30)
    });
    assert_eq!(after, found);
}
