//! The server about itself, its registers, and what survives a restart.

mod common;

use std::collections::BTreeMap;

use common::{World, eventually, proposal};
use serde_json::{Value, json};

/// Samples by name and labels; asserts the text format on the way.
fn parse(text: &str) -> BTreeMap<String, f64> {
    let (mut samples, mut family) = (BTreeMap::new(), (String::new(), String::new()));
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("help follows");
            assert!(help.ends_with('.'), "{line}");
            family.0 = name.to_owned();
            continue;
        }
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type follows");
            assert_eq!(name, family.0, "TYPE follows its HELP");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            family.1 = kind.to_owned();
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').expect("a value follows");
        let name = sample.split('{').next().expect("a name");
        let base = match family.1.as_str() {
            "histogram" => {
                name.trim_end_matches("_bucket").trim_end_matches("_sum").trim_end_matches("_count")
            }
            _ => name,
        };
        assert_eq!(base, family.0, "samples follow their family: {line}");
        if let Some(labels) = sample.strip_prefix(name).filter(|l| !l.is_empty()) {
            let inner = labels.strip_prefix('{').and_then(|l| l.strip_suffix('}')).expect(line);
            assert!(inner.split(',').all(|l| l.contains("=\"") && l.ends_with('"')), "{line}");
        }
        let earlier = samples.insert(sample.to_owned(), value.parse().expect(line));
        assert_eq!(earlier, None, "{line} is there twice");
    }
    samples
}

#[test]
fn metrics_count_what_happens() {
    let world = World::new();
    let engineer = world.person("eve", &["engineer", "operator"]);
    for entity in ["web-1", "web-2"] {
        engineer.post("/v1/decisions", &proposal(entity)).expect(201);
    }
    engineer.post("/v1/decisions/d0/feedback", &json!({"signal": "override"})).expect(201);
    engineer.post("/v1/decisions/d9/feedback", &json!({"signal": "like"})).problem(
        404,
        "unknown-decision",
        "",
    );
    let page = world.nobody().get("/metrics");
    assert_eq!(page.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let samples = parse(&page.text);
    let check =
        |name: &str, expected: f64| assert_eq!(samples.get(name), Some(&expected), "{name}");
    check("npo_decisions_total{scenario_type=\"alert\",disposition=\"surfaced\"}", 2.0);
    check("npo_feedback_total{scenario_type=\"alert\",signal=\"override\"}", 1.0);
    check("npo_alignment_loss{scenario_type=\"alert\"}", 1.0);
    check("npo_override_rate{scenario_type=\"alert\"}", 1.0);
    check("npo_open_decisions", 1.0);
    check("npo_scenarios", 2.0);
    check("npo_policy_loaded", 1.0);
    check("npo_log_writable", 1.0);
    let sum = |prefix: &str| -> f64 {
        samples.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(_, value)| value).sum()
    };
    assert_eq!(sum("npo_policy_evaluations_total{"), 2.0);
    check("npo_policy_evaluations_total{path=\"none\"}", 0.0);
    check("npo_commit_group_events_count", samples["npo_commit_groups_total"]);
    check("npo_commit_group_events_bucket{le=\"+Inf\"}", samples["npo_commit_groups_total"]);
    check("npo_commit_group_events_sum", samples["npo_commit_events_total"]);
    check("npo_http_requests_total{endpoint=\"propose\",status=\"201\"}", 2.0);
    check("npo_http_requests_total{endpoint=\"give_feedback\",status=\"404\"}", 1.0);
    check("npo_http_request_seconds_count{endpoint=\"propose\"}", 2.0);
    check("npo_http_request_seconds_bucket{endpoint=\"propose\",le=\"+Inf\"}", 2.0);
    assert!(samples["npo_log_position"] > 10.0);
}

#[test]
fn health_and_the_api_are_open_to_everybody() {
    let world = World::new();
    let health = world.nobody().get("/healthz").expect(200);
    assert_eq!(health["status"], "ok");
    assert_eq!(world.nobody().get("/readyz").expect(200)["status"], "ok");
    let api = world.nobody().get("/openapi.json").expect(200);
    assert!(api["paths"]["/v1/decisions"]["post"].is_object());
}

#[test]
fn scenario_types_are_listed_activated_and_versioned() {
    let world = World::new();
    let engineer = world.person("eve", &["engineer"]);
    let listed = engineer.get("/v1/scenario-types").expect(200);
    let names: Vec<_> = listed["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|t| t["definition"]["name"].clone())
        .collect();
    assert!(names.len() >= 6 && names.contains(&json!("link-imbalance")), "{names:?}");
    let alert = engineer.get("/v1/scenario-types/alert").expect(200);
    assert_eq!(alert["weights"][1]["name"], "severity");
    assert_eq!(alert["weights"].as_array().map(Vec::len), Some(6));
    let activate = |change: &dyn Fn(&mut Value)| {
        let mut definition = alert["definition"].clone();
        definition["version"] = json!(2);
        change(&mut definition);
        engineer.post("/v1/scenario-types", &definition)
    };
    activate(&|d| d["version"] = json!(3)).problem(409, "version-conflict", "expected 2");
    activate(&|d| d["risk"] = json!("some")).problem(422, "invalid-field", "`risk` is `some`");
    activate(&|d| d["override_cost"] = json!(-1)).problem(
        422,
        "invalid-scenario-type",
        "`override_cost` is -1",
    );
    activate(&|d| d["features"] = json!([])).problem(422, "invalid-scenario-type", "0 entries");
    activate(&|d| d["colour"] = json!("red")).problem(422, "unknown-field", "`colour`");
    let second = activate(&|d| d["override_cost"] = json!(3)).expect(201);
    assert_eq!(second["versions"], json!([1, 2]));
}

#[test]
fn a_scenario_shows_how_its_score_moved() {
    let world = World::new();
    let engineer = world.person("eve", &["engineer", "operator"]);
    let made = engineer.post("/v1/decisions", &proposal("web-1")).expect(201);
    engineer.post("/v1/decisions", &proposal("web-2")).expect(201);
    engineer.post("/v1/decisions/d0/feedback", &json!({"signal": "override"})).expect(201);
    let page = engineer.get("/v1/scenarios?scenario_type=alert&limit=1").expect(200);
    assert_eq!((&page["items"][0]["id"], &page["next_cursor"]), (&json!("s0"), &json!("s0")));
    let page = engineer.get("/v1/scenarios?cursor=s0").expect(200);
    assert_eq!(
        (&page["items"][0]["entity"], &page["next_cursor"]),
        (&json!("web-2"), &Value::Null)
    );
    let shown = engineer.get("/v1/scenarios/s0").expect(200);
    assert_eq!((&shown["decisions"], &shown["directed"]), (&json!(1), &json!(1)));
    assert_eq!(shown["feedback"][0]["signal"], "override");
    assert!(shown["score_now"].as_f64() < made["score"].as_f64(), "{shown}");
    assert!(shown["effect"].as_f64() < Some(0.0), "{shown}");
    let alignment = engineer.get("/v1/alignment").expect(200);
    let alert = alignment["scenario_types"]
        .as_array()
        .expect("types")
        .iter()
        .find(|t| t["scenario_type"] == "alert");
    let alert = alert.expect("it is there");
    assert_eq!((&alert["alignment_loss"], &alert["answers"]["override"]), (&json!(1.0), &json!(1)));
    assert_eq!(alignment["operators"][0]["handle"], "eve");
}

#[test]
fn auditors_read_the_whole_log_without_secrets() {
    let world = World::new();
    let mut after = 0;
    let mut events = Vec::new();
    loop {
        let page = world.admin.get(&format!("/v1/events?after={after}&limit=4")).expect(200);
        events.extend(page["items"].as_array().expect("items").clone());
        match page["next_after"].as_u64() {
            Some(next) => after = next,
            None => break,
        }
    }
    let positions: Vec<_> = events.iter().map(|e| e["position"].as_u64()).collect();
    assert_eq!(positions, (1..=events.len() as u64).map(Some).collect::<Vec<_>>());
    let kind =
        |kind: &str| events.iter().find(|e| e["kind"] == kind).unwrap_or_else(|| panic!("{kind}"));
    assert_eq!(kind("token-issued")["data"]["digest"], Value::Null);
    assert_eq!(kind("policy-activated")["data"]["digest"].as_str().map(str::len), Some(64));
    assert_eq!(kind("scenario-type-activated")["actor"], "npo");
    assert_eq!(kind("person-added")["data"]["person"]["handle"], "ada");
    assert!(events.iter().all(|e| e["hash"].as_str().map(str::len) == Some(64)));
}

#[test]
fn nothing_is_lost_or_repeated_by_a_restart() {
    let mut world = World::configured(|config| config.snapshot_every = 10);
    let engineer = world.person("eve", &["engineer", "operator"]);
    for i in 0..20 {
        engineer.post("/v1/decisions", &proposal(&format!("web-{i}"))).expect(201);
    }
    engineer.post("/v1/decisions/d3/feedback", &json!({"signal": "like"})).expect(201);
    let list = |world: &World| world.admin.get("/v1/decisions?limit=100").expect(200);
    let (before, head) =
        (list(&world), world.admin.get("/healthz").expect(200)["position"].clone());
    world.restart(|_| {});
    assert_eq!(
        (list(&world), world.admin.get("/healthz").expect(200)["position"].clone()),
        (before.clone(), head)
    );
    // The lists are made of the log: without their file they come back the same.
    world.server.take().expect("it runs").shutdown();
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(world.directory.path().join(format!("data/views.db{suffix}")));
    }
    let server =
        npo_server::Server::start(common::config(world.directory.path())).expect("it starts");
    world.admin = common::Client::new(&common::base(&server), world.admin.token.as_deref());
    world.server = Some(server);
    assert_eq!(list(&world), before);
}

#[test]
fn a_generated_fabric_proposes_by_itself() {
    let fabric =
        npo_server::LiveFabric { speed: 1000.0, trouble_every_s: 20.0, ..Default::default() };
    let world = World::configured(|config| config.live_fabric = Some(fabric));
    let decision = eventually("a decision", || {
        let page = world.admin.get("/v1/decisions?limit=1").expect(200);
        page["items"].get(0).cloned()
    });
    let id = decision["id"].as_str().expect("an id");
    let shown = world.admin.get(&format!("/v1/decisions/{id}")).expect(200);
    assert!(!shown["explanation"]["evidence"].as_array().expect("evidence").is_empty());
    let people = world.admin.get("/v1/people").expect(200);
    assert!(
        people["items"]
            .as_array()
            .expect("items")
            .iter()
            .any(|p| p["handle"] == "fabric" && p["roles"] == json!(["source"]))
    );
}

#[test]
fn what_is_affirmed_is_done_on_the_generated_fabric_and_its_outcome_recorded() {
    let fabric =
        npo_server::LiveFabric { speed: 300.0, trouble_every_s: 30.0, ..Default::default() };
    let world = World::configured(|config| config.live_fabric = Some(fabric));
    let operator = world.person("olga", &["operator"]);
    let outcome = eventually("an outcome", || {
        let page = world.admin.get("/v1/decisions?limit=50").expect(200);
        let items = page["items"].as_array().expect("items");
        for item in items.iter().filter(|item| item["disposition"] == "surfaced") {
            let path = format!("/v1/decisions/{}/feedback", item["id"].as_str().expect("an id"));
            // Refused where it is answered or withdrawn already.
            let _ = operator.post(&path, &json!({"signal": "like"}));
        }
        let events = world.admin.get("/v1/events?limit=500").expect(200);
        let events = events["items"].as_array().expect("events");
        events.iter().find(|event| event["kind"] == "outcome-observed").cloned()
    });
    assert!(outcome.to_string().contains("generated fabric"), "{outcome}");
}

#[test]
fn a_full_log_refuses_writes_and_goes_on_reading() {
    let mut world = World::configured(|config| config.log_bytes_max = Some(400 << 10));
    let engineer = world.person("eve", &["engineer"]);
    let mut acknowledged = 0;
    let refused = (0..5000).find_map(|i| {
        let mut about = proposal(&format!("web-{i}"));
        about["evidence"] = json!(vec!["x".repeat(1000); 8]);
        let answer = engineer.post("/v1/decisions", &about);
        acknowledged += u32::from(answer.status == 201);
        (answer.status != 201).then_some(answer)
    });
    let refused = refused.expect("the log is full at last");
    assert_eq!(refused.header("retry-after"), Some("1"));
    refused.problem(503, "log-unavailable", "nothing was recorded");
    assert!(acknowledged > 10, "{acknowledged}");
    let count = |world: &World| {
        let page = world.admin.get("/v1/decisions?limit=500").expect(200);
        page["items"].as_array().map(Vec::len)
    };
    assert_eq!(count(&world), usize::try_from(acknowledged).ok());
    assert_eq!(world.nobody().get("/healthz").status, 200);
    world.restart(|_| {});
    assert_eq!(count(&world), usize::try_from(acknowledged).ok(), "what was acknowledged is there");
    world.again(&engineer).post("/v1/decisions", &proposal("more")).expect(201);
}
