//! Alertmanager's webhook, with groups made of real alert rules where they are at hand.

mod common;

use std::path::{Path, PathBuf};

use common::{Client, World};
use serde_json::{Value, json};

const PATH: &str = "/v1/integrations/alertmanager";

fn alert(name: &str, severity: &str, instance: &str, starts_at: &str) -> Value {
    json!({
        "status": "firing",
        "labels": {"alertname": name, "severity": severity, "instance": instance, "site": "fra1"},
        "annotations": {"summary": format!("{name} on {instance}"), "runbook_url": "https://runbooks.example/x"},
        "startsAt": starts_at,
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": format!("{name}-{instance}"),
    })
}

fn group(key: &str, status: &str, alerts: &[Value]) -> Value {
    json!({
        "version": "4", "groupKey": key, "truncatedAlerts": 0, "status": status, "receiver": "npo",
        "groupLabels": {"alertname": alerts.first().map_or(&Value::Null, |a| &a["labels"]["alertname"]).as_str().unwrap_or("x")},
        "commonLabels": alerts.first().map_or(json!({}), |a| a["labels"].clone()),
        "commonAnnotations": {}, "externalURL": "http://alertmanager.example", "alerts": alerts,
    })
}

fn ids(receipt: &Value, field: &str) -> Vec<String> {
    let ids = receipt[field].as_array().expect("a list").iter();
    ids.map(|id| id.as_str().expect("an id").to_owned()).collect()
}

#[test]
fn a_group_is_proposed_once_and_withdrawn_when_it_is_resolved() {
    let world = World::new();
    let source = world.person("alertmanager", &["source"]);
    let mut alerts = vec![alert("LinkDown", "critical", "leaf3:9100", "2026-11-01T08:00:00Z")];
    let firing = group("{}:{alertname=\"LinkDown\"}", "firing", &alerts);
    let first = ids(&source.post(PATH, &firing).expect(200), "decisions");
    let shown = world.admin.get(&format!("/v1/decisions/{}", first[0])).expect(200);
    let decision = &shown["decision"];
    assert_eq!(
        (&decision["entity"], &decision["site"], &decision["action"]),
        (&json!("leaf3:9100"), &json!("fra1"), &json!("notify-owner"))
    );
    assert_eq!(shown["explanation"]["evidence"], json!(["LinkDown on leaf3:9100"]));
    let facts = shown["explanation"]["facts"].as_array().expect("facts");
    let fact = |name: &str| {
        facts.iter().find(|f| f["name"] == name).map_or(Value::Null, |f| f["value"].clone())
    };
    assert_eq!((fact("alertnames"), fact("receiver")), (json!("LinkDown"), json!("npo")));
    assert_eq!(fact("runbook_url"), "https://runbooks.example/x");
    let raw = |name: &str| {
        let all = shown["explanation"]["contributions"].as_array().expect("contributions");
        all.iter().find(|c| c["name"] == name).map_or(Value::Null, |c| c["raw"].clone())
    };
    assert_eq!(
        (raw("severity"), raw("alerts"), raw("repeats")),
        (json!(3.0), json!(1.0), json!(0.0))
    );
    assert!(raw("minutes_firing").as_f64() > Some(1000.0));

    let repeated = source.post(PATH, &firing);
    assert_eq!(repeated.header("idempotent-replay"), Some("true"));
    assert_eq!(ids(&repeated.expect(200), "decisions"), first, "a repeat is the same decision");
    alerts.push(alert("LinkDown", "warning", "leaf4:9100", "2026-11-01T08:05:00Z"));
    let grown = group("{}:{alertname=\"LinkDown\"}", "firing", &alerts);
    let receipt = source.post(PATH, &grown).expect(200);
    let second = ids(&receipt, "decisions");
    assert_ne!(second, first, "another set of alerts is another proposal");
    assert_eq!(ids(&receipt, "withdrawn"), first, "one group, one open decision");
    alerts.iter_mut().for_each(|alert| alert["status"] = json!("resolved"));
    let over = group("{}:{alertname=\"LinkDown\"}", "resolved", &alerts);
    let withdrawn = ids(&source.post(PATH, &over).expect(200), "withdrawn");
    assert_eq!(withdrawn, second);
    assert!(ids(&source.post(PATH, &over).expect(200), "withdrawn").is_empty());
}

#[test]
fn what_expired_unanswered_is_asked_again_while_it_fires() {
    let world = World::new();
    let source = world.person("alertmanager", &["source"]);
    let mut definition =
        world.admin.get("/v1/scenario-types/alert").expect(200)["definition"].clone();
    definition["version"] = json!(2);
    definition["expires_after_s"] = json!(1);
    world.admin.post("/v1/scenario-types", &definition).expect(201);
    let alerts = [alert("LinkDown", "critical", "leaf3:9100", "2026-11-01T08:00:00Z")];
    let firing = group("g", "firing", &alerts);
    let first = ids(&source.post(PATH, &firing).expect(200), "decisions");
    std::thread::sleep(std::time::Duration::from_millis(1700));
    let second = ids(&source.post(PATH, &firing).expect(200), "decisions");
    assert_ne!(second, first, "nobody answered, and it still fires");
    assert_eq!(ids(&source.post(PATH, &firing).expect(200), "decisions"), second);
}

#[test]
fn an_entity_that_a_rule_puts_elsewhere_stays_where_it_is() {
    let world = World::new();
    let source = world.person("alertmanager", &["source"]);
    for (key, site) in [("g1", "fra1"), ("g2", "ams1"), ("g3", "")] {
        let mut one = alert("A", "critical", "leaf3", "2026-11-01T08:00:00Z");
        one["labels"]["site"] = json!(site);
        let receipt = source.post(PATH, &group(key, "firing", &[one])).expect(200);
        let path = format!("/v1/decisions/{}", ids(&receipt, "decisions")[0]);
        assert_eq!(world.admin.get(&path).expect(200)["decision"]["site"], "fra1");
    }
}

#[test]
fn rules_may_say_what_they_are() {
    let world = World::new();
    let source = world.person("alertmanager", &["source"]);
    let mut said = alert("Imbalance", "warning", "leaf3", "2026-11-01T08:00:00Z");
    said["annotations"]["npo_scenario_type"] = json!("alert");
    said["annotations"]["npo_action"] = json!("run-playbook");
    said["annotations"]["npo_entity"] = json!("leaf3→spines");
    said["annotations"]["npo_feature_repeats"] = json!("7");
    let receipt = source.post(PATH, &group("g1", "firing", &[said.clone()])).expect(200);
    let shown =
        world.admin.get(&format!("/v1/decisions/{}", ids(&receipt, "decisions")[0])).expect(200);
    assert_eq!(
        (&shown["decision"]["action"], &shown["decision"]["entity"]),
        (&json!("run-playbook"), &json!("leaf3→spines"))
    );
    let check = |name: &str, value: &str, code: &str, detail: &str| {
        let mut wrong = said.clone();
        wrong["annotations"].as_object_mut().expect("an object").remove("npo_action");
        wrong["annotations"][name] = json!(value);
        source.post(PATH, &group("g2", "firing", &[wrong])).problem(422, code, detail);
    };
    check("npo_scenario_type", "none", "unknown-scenario-type", "`none`");
    check("npo_scenario_type", "link-imbalance", "missing-feature", "`link-imbalance` needs");
    check("npo_action", "dance", "unknown-action", "`dance`");
    check("npo_feature_repeats", "many", "invalid-field", "`npo_feature_repeats` is `many`");
}

#[test]
fn a_notification_that_is_wrong_says_what() {
    let world = World::configured(|config| {
        config.limits.alertmanager_alerts = 3;
        config.limits.alertmanager_bytes = 10_000;
    });
    let source = world.person("alertmanager", &["source"]);
    let one = alert("A", "warning", "x", "2026-11-01T08:00:00Z");
    let check = |change: &dyn Fn(&mut Value), status: u16, code: &str, detail: &str| {
        let mut body = group("g", "firing", std::slice::from_ref(&one));
        change(&mut body);
        source.post(PATH, &body).problem(status, code, detail);
    };
    check(&|g| g["version"] = json!("3"), 422, "invalid-field", "`version` is `3`");
    check(&|g| g["groupKey"] = json!(""), 422, "invalid-field", "`groupKey` is empty");
    check(
        &|g| g["status"] = json!("smoking"),
        422,
        "invalid-body",
        "`status`: unknown variant `smoking`",
    );
    check(&|g| g["alerts"] = json!({}), 422, "invalid-body", "`alerts`: invalid type: map");
    check(&|g| g["alerts"] = json!([]), 422, "invalid-field", "without a firing alert");
    check(
        &|g| g["alerts"][0]["labels"]["x"] = json!(1),
        422,
        "invalid-body",
        "`alerts[0].labels.x`",
    );
    check(
        &|g| drop(g.as_object_mut().map(|g| g.remove("receiver"))),
        422,
        "invalid-body",
        "missing field `receiver`",
    );
    check(
        &|g| g["alerts"] = json!(vec![one.clone(); 4]),
        422,
        "invalid-field",
        "4 alerts, expected at most 3",
    );
    check(
        &|g| g["receiver"] = json!("x".repeat(20_000)),
        413,
        "body-too-large",
        "at most 10000 bytes",
    );
}

#[test]
fn strange_texts_are_made_fit_and_not_refused() {
    let world = World::new();
    let source = world.person("alertmanager", &["source"]);
    let mut strange = alert("A", "critical", "x", "not a time");
    strange["labels"]["instance"] = json!("ä".repeat(500));
    strange["annotations"]["summary"] = json!("line one\nline two\u{7}");
    strange["annotations"]["description"] = json!("ü".repeat(5000));
    let mut body = group(&"k".repeat(3000), "firing", &[strange]);
    body["truncatedAlerts"] = json!(12);
    let labels: serde_json::Map<_, _> =
        (0..100).map(|i| (format!("label{i}"), json!("v"))).collect();
    body["groupLabels"] = Value::Object(labels);
    let receipt = source.post(PATH, &body).expect(200);
    let shown =
        world.admin.get(&format!("/v1/decisions/{}", ids(&receipt, "decisions")[0])).expect(200);
    assert_eq!(shown["explanation"]["evidence"][0], "line one line two");
    let facts = shown["explanation"]["facts"].as_array().expect("facts");
    assert!(facts.iter().any(|f| f["name"] == "truncated_alerts" && f["value"] == 12.0));
    body["status"] = json!("resolved");
    assert_eq!(
        ids(&source.post(PATH, &body).expect(200), "withdrawn").len(),
        1,
        "a long key finds its own"
    );
}

/// A rule of the collections: its name, severity and texts.
struct Rule {
    name: String,
    severity: String,
    texts: Vec<(String, String)>,
}

fn rules(data: &Path) -> Vec<Rule> {
    let mut files: Vec<PathBuf> = vec![data.join("awesome-prometheus-alerts.rules.yml")];
    let netops = std::fs::read_dir(data.join("wikimedia-netops")).expect("the directory is there");
    let netops = netops.map(|entry| entry.expect("an entry").path());
    files.extend(netops.filter(|path| path.extension().is_some_and(|e| e == "yaml")));
    let mut found = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a text");
        let tree: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text).expect("YAML");
        collect(&tree, &mut found);
    }
    found
}

/// Rules are mappings that have an expression, wherever they stand.
fn collect(tree: &serde_yaml_ng::Value, found: &mut Vec<Rule>) {
    use serde_yaml_ng::Value as Yaml;
    match tree {
        Yaml::Sequence(items) => items.iter().for_each(|item| collect(item, found)),
        Yaml::Mapping(fields) => {
            let text = |map: &serde_yaml_ng::Mapping, name: &str| {
                map.get(name).and_then(Yaml::as_str).map(str::to_owned)
            };
            let inner = |name: &str| {
                fields.get(name).and_then(Yaml::as_mapping).cloned().unwrap_or_default()
            };
            let name = text(fields, "alert").or_else(|| text(fields, "name"));
            if let (Some(name), true) =
                (name, fields.contains_key("expr") || fields.contains_key("query"))
            {
                let severity =
                    text(&inner("labels"), "severity").or_else(|| text(fields, "severity"));
                let mut texts: Vec<_> = ["description", "summary"]
                    .iter()
                    .filter_map(|n| Some(((*n).to_owned(), text(fields, n)?)))
                    .collect();
                texts.extend(
                    inner("annotations").iter().filter_map(|(n, v)| {
                        Some((n.as_str()?.to_owned(), v.as_str()?.to_owned()))
                    }),
                );
                found.push(Rule { name, severity: severity.unwrap_or_default(), texts });
            }
            fields.values().for_each(|value| collect(value, found));
        }
        _ => {}
    }
}

#[test]
fn every_real_rule_fires_is_decided_is_resolved_and_withdrawn() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/alert-rules");
    if !data.is_dir() {
        eprintln!("SKIPPED: {} is not there, so no real rule was tried", data.display());
        return;
    }
    let rules = rules(&data);
    assert!(rules.len() > 1000, "{} rules", rules.len());
    let world = World::new();
    let source: Client = world.person("alertmanager", &["source"]);
    let mut decided = std::collections::BTreeSet::new();
    for (i, rule) in rules.iter().enumerate() {
        let mut one =
            alert(&rule.name, &rule.severity, &format!("host-{i}"), "2026-11-21T08:00:00Z");
        for (name, text) in &rule.texts {
            one["annotations"][name] = json!(text);
        }
        let key = format!("{{}}:{{alertname={:?}}}#{i}", rule.name);
        let receipt =
            source.post(PATH, &group(&key, "firing", std::slice::from_ref(&one))).expect(200);
        let made = ids(&receipt, "decisions");
        assert_eq!(made.len(), 1, "{}", rule.name);
        one["status"] = json!("resolved");
        let over = source.post(PATH, &group(&key, "resolved", &[one])).expect(200);
        let shown = world.admin.get(&format!("/v1/decisions/{}", made[0])).expect(200);
        let asked = shown["decision"]["disposition"] == "surfaced"
            || shown["decision"]["disposition"] == "audit";
        assert_eq!(
            ids(&over, "withdrawn"),
            if asked { made.clone() } else { vec![] },
            "{}",
            rule.name
        );
        assert_eq!(shown["decision"]["status"], if asked { "withdrawn" } else { "closed" });
        assert!(decided.insert(made[0].clone()), "every rule has a decision of its own");
    }
    assert_eq!(decided.len(), rules.len());
}
