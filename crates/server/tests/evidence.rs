//! What answers are made into: calibration, groups in which people and policy part, refitted models.

mod common;

use common::generous::{answer, generous, propose, world};
use common::{Client, eventually, proposal};
use serde_json::{Value, json};

#[test]
fn people_who_override_what_policy_allows_are_found_by_what_they_share() {
    let (world, olga, anna, source) = world();
    // At one site people object, whatever it is about; elsewhere they agree.
    let empty = olga.get("/v1/monitor/divergence").expect(200);
    assert!(
        empty["summary"].as_str().is_some_and(|s| s.starts_with("Not enough answers: 0")),
        "{empty}"
    );
    // Everybody is asked about everything, however the score learns.
    let grant = json!({"level": "shadow", "reason": "labels"});
    anna.post("/v1/scenario-types/alert/autonomy", &grant).expect(200);
    for i in 0..120 {
        let mut body = proposal(&format!("host-{i}"));
        let planted = i % 3 == 0;
        body["site"] = json!(if planted { "fra\"1" } else { "ams2" });
        body["features"]["alerts"] = json!(f64::from(i % 40));
        let tier = if i % 2 == 0 { "gold" } else { "lead" };
        body["facts"] = json!([{"name": "tier", "value": tier}]);
        let made = source.post("/v1/decisions", &body).expect(201);
        assert_eq!(made["status"], "open", "{made}");
        let id = made["id"].as_str().expect("an id");
        answer(&olga, id, if planted { "override" } else { "like" });
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
