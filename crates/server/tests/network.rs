//! What-ifs of proposals: computed facts take the place of claims, reach the policy, and are drawn.

mod common;

use std::path::{Path, PathBuf};

use common::{Client, World};
use npo_server::Config;
use serde_json::{Value, json};

/// Two leaves under two spines; leaf1 and spine1 are joined by two links. The whole of leaf1's 120 Gbit/s to leaf2
/// splits over three links of 100 Gbit/s, and meets one link to leaf2 at each spine.
const TOPOLOGY: &str = r#"{"directed": false, "multigraph": true, "graph": {}, "nodes": [
  {"id": "leaf1"}, {"id": "leaf2"}, {"id": "spine1"}, {"id": "spine2"}, {"id": "spur"}],
 "links": [
  {"source": "leaf1", "target": "spine1", "capacity": 100000, "key": 0},
  {"source": "leaf1", "target": "spine1", "capacity": 100000, "key": 1},
  {"source": "leaf1", "target": "spine2", "capacity": 100000, "key": 0},
  {"source": "leaf2", "target": "spine1", "capacity": 100000, "key": 0},
  {"source": "leaf2", "target": "spine2", "capacity": 100000, "key": 0},
  {"source": "spur", "target": "spine2", "capacity": 10000, "key": 0}]}"#;
const TRAFFIC: &str = "time,leaf1>leaf2,leaf2>leaf1,spur>leaf1\n\
                       2026-01-01T00:00:00Z,1,1,1\n2026-01-01T00:05:00Z,120000,30000,500\n";

fn world() -> World {
    World::configured(|config| drop(describe(config, TRAFFIC)))
}

/// Writes the network's files and names them in the configuration; yields the path of the traffic.
fn describe(config: &mut Config, traffic: &str) -> PathBuf {
    let folder = config.data.parent().expect("a folder").to_owned();
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("is written");
        path
    };
    config.network.topology = Some(write("net.json", TOPOLOGY));
    let path = write("traffic.csv", traffic);
    config.network.traffic = Some(path.clone());
    path
}

fn flapping(action: &str, target: &str) -> Value {
    json!({
        "scenario_type": "link-flapping",
        "entity": "leaf1:et-0/0/1",
        "site": "fra1",
        "action": {"name": action, "target": target},
        "features": {
            "changes": 12.0, "changes_per_min": 3.0, "utilisation": 0.4, "redundancy_left": 5.0,
            "traffic_share": 0.1,
        },
        "facts": [{"name": "redundancy_left", "value": 5.0, "unit": "1", "source": "claim"},
                  {"name": "blast_radius_gbps", "value": 0.1, "unit": "Gbit/s", "source": "claim"}],
    })
}

fn detail(client: &Client, proposal: &Value) -> Value {
    let made = client.post("/v1/decisions", proposal).expect(201);
    let id = made["id"].as_str().expect("an id");
    client.get(&format!("/v1/decisions/{id}")).expect(200)
}

fn fact<'v>(detail: &'v Value, name: &str) -> &'v Value {
    let facts = detail["explanation"]["facts"].as_array().expect("facts");
    facts.iter().find(|fact| fact["name"] == name).map_or(&Value::Null, |fact| &fact["value"])
}

fn has_line(detail: &Value, list: &str, part: &str) -> bool {
    let lines = detail["explanation"][list].as_array().expect("lines");
    lines.iter().any(|line| line.as_str().is_some_and(|line| line.contains(part)))
}

#[test]
fn what_is_computed_takes_the_place_of_what_is_claimed() {
    let world = world();
    let engineer = world.person("eve", &["engineer"]);
    let shown = detail(&engineer, &flapping("remove-link", "leaf1--spine1"));
    // Both links between the two are meant: none is left there, and one way, over spine2, stays.
    assert_eq!(fact(&shown, "redundancy_left"), &json!(0.0), "{shown}");
    assert_eq!(fact(&shown, "ways_left"), &json!(1.0));
    assert_eq!(fact(&shown, "in_network_model"), &json!(true));
    assert_eq!(
        fact(&shown, "network_model"),
        &json!("file traffic.csv, traffic of 2026-01-01T00:05:00Z")
    );
    // Everything from leaf1 then leaves over one link of 100 Gbit/s.
    let busiest = fact(&shown, "max_utilisation_after").as_f64().expect("a number");
    assert!((busiest - 1.2).abs() < 1e-9, "{busiest}");
    assert!(has_line(
        &shown,
        "evidence",
        "the source said redundancy_left 5; the network model says 0"
    ));
    assert!(has_line(&shown, "evidence", "from 40 % to 120 %, past the limit of 80 %"), "{shown}");
    // The policy judged the computed number, not the claimed one.
    assert_eq!(shown["decision"]["disposition"], "blocked", "{shown}");
    assert!(shown["explanation"]["policy"].to_string().contains("0 links would remain"), "{shown}");
    // So did the score.
    let features = shown["explanation"]["contributions"].as_array().expect("contributions");
    let redundancy = features.iter().find(|c| c["name"] == "redundancy_left").expect("declared");
    assert_eq!(redundancy["raw"], json!(0.0));
    let lines = shown["explanation"]["what_if"].as_array().expect("lines");
    let busiest = lines.iter().find(|line| line["name"] == "busiest_link").expect("computed");
    assert!(
        busiest["after"].as_f64().is_some_and(|after| (after - 120.0).abs() < 1e-9),
        "{lines:?}"
    );
}

#[test]
fn one_of_two_parallel_links_may_go() {
    let world = world();
    let engineer = world.person("eve", &["engineer"]);
    let shown = detail(&engineer, &flapping("remove-link", "leaf1--spine1#2"));
    assert_eq!(fact(&shown, "redundancy_left"), &json!(1.0), "{shown}");
    assert!(!shown["explanation"]["policy"].to_string().contains("would remain"), "{shown}");
}

#[test]
fn a_decision_is_drawn_as_it_was_computed() {
    let mut world = world();
    let engineer = world.person("eve", &["engineer"]);
    let made = engineer.post("/v1/decisions", &flapping("remove-link", "spur--spine2")).expect(201);
    let path = format!("/v1/decisions/{}/visual.svg", made["id"].as_str().expect("an id"));
    let shown = world
        .admin
        .get(&format!("/v1/decisions/{}", made["id"].as_str().expect("an id")))
        .expect(200);
    assert!(has_line(&shown, "evidence", "it would cut off 0.50 Gbit/s: spur to leaf1"), "{shown}");
    assert!(has_line(&shown, "network", "then gone"), "{shown}");
    let drawn = world.admin.get(&path);
    assert_eq!((drawn.status, drawn.header("content-type")), (200, Some("image/svg+xml")));
    assert!(drawn.text.starts_with("<svg") && drawn.text.contains(">spur<"), "{}", drawn.text);
    assert!(
        drawn.header("content-security-policy").is_some_and(|p| p.contains("default-src 'none'"))
    );
    world.admin.get(&format!("{path}?theme=mauve")).problem(400, "invalid-query", "mauve");
    world.nobody().get(&path).problem(401, "token-missing", "");
    // The log keeps what was computed: without its network the server draws the same.
    world.restart(|_| {});
    assert_eq!(world.admin.get(&path).text, drawn.text);
    let other =
        world.again(&engineer).post("/v1/decisions", &flapping("remove-link", "spur--spine2"));
    let other = other.expect(201)["id"].as_str().expect("an id").to_owned();
    let path = format!("/v1/decisions/{other}/visual.svg");
    world.admin.get(&path).problem(404, "no-picture", "no what-if was computed");
}

#[test]
fn what_the_model_does_not_know_is_said() {
    let world = world();
    let engineer = world.person("eve", &["engineer"]);
    let shown = detail(&engineer, &flapping("remove-link", "leaf9--spine1"));
    assert_eq!(fact(&shown, "in_network_model"), &json!(false), "{shown}");
    assert_eq!(
        fact(&shown, "redundancy_left"),
        &json!(5.0),
        "a claim stands where nothing is known"
    );
    assert!(has_line(&shown, "evidence", "`leaf9--spine1` is not in the network model"), "{shown}");
    let shown = detail(&engineer, &common::proposal("web"));
    assert_eq!(fact(&shown, "in_network_model"), &Value::Null, "talking changes no network");
}

#[test]
fn a_network_that_cannot_be_used_keeps_the_server_from_starting() {
    let check = |topology: &str, traffic: Option<&str>, expected: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("is written");
            path
        };
        let mut config = common::config(folder.path());
        config.network.topology = Some(write("net.json", topology));
        config.network.traffic = traffic.map(|text| write("traffic.csv", text));
        let Err(error) = npo_server::Server::start(config) else {
            panic!("{expected}: it started")
        };
        let said = error.to_string();
        assert!(said.contains(expected), "{said}\nexpected {expected}");
    };
    check("{", None, "net.json");
    check(TOPOLOGY, Some("time,leaf1>mars\n2026-01-01T00:00:00Z,1\n"), "`mars`");
    let missing = Path::new("no-such-file.graphml");
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = common::config(folder.path());
    config.network.topology = Some(missing.into());
    assert!(npo_server::Server::start(config).is_err());
}

#[test]
fn the_generated_fabric_is_asked_too() {
    let fabric =
        npo_server::LiveFabric { speed: 1000.0, trouble_every_s: 20.0, ..Default::default() };
    let world = World::configured(|config| config.live_fabric = Some(fabric));
    let svg = common::eventually("a decision with a picture", || {
        let page = world.admin.get("/v1/decisions?limit=50").expect(200);
        let ids: Vec<String> = page["items"]
            .as_array()?
            .iter()
            .filter_map(|item| item["id"].as_str().map(str::to_owned))
            .collect();
        let drawn = ids.iter().map(|id| world.admin.get(&format!("/v1/decisions/{id}/visual.svg")));
        drawn.into_iter().find(|answer| answer.status == 200).map(|answer| answer.text)
    });
    assert!(svg.contains("leaf") && svg.contains("spine"), "{svg}");
}

#[test]
fn computed_facts_stand_whatever_a_source_sends_along() {
    let world = world();
    let engineer = world.person("eve", &["engineer"]);
    let claim = |n: u32| json!({"name": format!("claim_{n}"), "value": 1.0, "unit": "1", "source": "npo what-if"});
    let mut proposal = flapping("remove-link", "leaf1--spine1#2");
    proposal["facts"] = (0..64).map(claim).collect();
    let shown = detail(&engineer, &proposal);
    for name in
        ["redundancy_left", "ways_left", "blast_radius_gbps", "cut_off_gbps", "in_network_model"]
    {
        assert_ne!(fact(&shown, name), &Value::Null, "{name}: {shown}");
    }
    let facts = shown["explanation"]["facts"].as_array().expect("facts");
    let forged = facts.iter().filter(|fact| {
        fact["source"] == "npo what-if"
            && fact["name"].as_str().is_some_and(|n| n.starts_with("claim_"))
    });
    assert_eq!(forged.count(), 0, "{shown}");
}

#[test]
fn draining_is_asked_of_nodes_only() {
    let world = world();
    let engineer = world.person("eve", &["engineer"]);
    let mut proposal = flapping("drain-peer", "leaf1--spine1");
    proposal["scenario_type"] = json!("interface-down");
    proposal["features"] = json!({"shut_on_purpose": 0.0, "utilisation_before": 0.3, "redundancy_left": 1.0,
        "also_down": 2.0, "traffic_share": 0.1});
    let shown = detail(&engineer, &proposal);
    assert_eq!(fact(&shown, "in_network_model"), &json!(false), "{shown}");
    proposal["action"]["target"] = json!("spine1");
    assert_eq!(fact(&detail(&engineer, &proposal), "in_network_model"), &json!(true));
}

fn shifting(target: &str, share: Option<f64>) -> Value {
    let mut proposal = flapping("shift-traffic", target);
    proposal["scenario_type"] = json!("link-imbalance");
    proposal["features"] = json!({"spread": 0.5, "change": 0.4, "deviation": 9.0,
        "peak_utilisation": 0.8, "members": 3.0, "members_down": 0.0, "traffic_share": 0.2});
    if let Some(share) = share {
        let said = json!({"name": "shift_share", "value": share, "unit": "1", "source": "claim"});
        proposal["facts"].as_array_mut().expect("facts").push(said);
    }
    proposal
}

#[test]
fn a_shift_is_set_beside_the_best_split() {
    let world = world();
    let engineer = world.person("eve", &["engineer"]);
    let shown = detail(&engineer, &shifting("leaf1--spine1#1", None));
    assert_eq!(fact(&shown, "in_network_model"), &json!(true), "{shown}");
    // 120 Gbit/s leave leaf1 over two links to spine1, which has one link to leaf2, and one to spine2: 60 on each way
    // is best, 80 over spine1 is how it is, and half a link less there makes 70.
    let number = |name: &str| fact(&shown, name).as_f64().unwrap_or(f64::NAN);
    let near = |name: &str, expected: f64| {
        assert!((number(name) - expected).abs() < 1e-6, "{name} {}: {shown}", number(name));
    };
    near("max_utilisation_after", 0.7);
    near("max_utilisation_best_split", 0.6);
    near("max_utilisation_optimum", 0.6);
    let split = "Then the fullest direction there is";
    assert!(has_line(&shown, "evidence", split), "{shown}");
    assert!(has_line(&shown, "evidence", "would be at 60 %; now it is at 80 %"), "{shown}");
    // The source may say how much it would shift.
    let shown = detail(&engineer, &shifting("leaf1--spine1#1", Some(0.0)));
    let after = fact(&shown, "max_utilisation_after").as_f64().expect("computed");
    assert!((after - 0.8).abs() < 1e-9, "{shown}");
}

#[test]
fn the_coming_hours_are_looked_at() {
    // Traffic that grows by 3 Gbit/s every five minutes; the trend is damped.
    let rows = (0..40).map(|n| {
        let (hour, minute) = (n * 5 / 60, n * 5 % 60);
        format!("2026-01-01T{hour:02}:{minute:02}:00Z,{},1,1\n", 1_000 + 3_000 * n)
    });
    let traffic = format!("time,leaf1>leaf2,leaf2>leaf1,spur>leaf1\n{}", rows.collect::<String>());
    let world = World::configured(|config| {
        describe(config, &traffic);
        config.network.limit = 1.0;
        config.network.forecast_hours = 3;
    });
    let engineer = world.person("eve", &["engineer"]);
    let shown = detail(&engineer, &flapping("remove-link", "leaf1--spine1#2"));
    let number = |name: &str| fact(&shown, name).as_f64().unwrap_or(f64::NAN);
    // 118 Gbit/s over three links, then two; a damped trend adds at most nine steps of 3.
    assert!(number("max_utilisation_after") < 0.6, "{shown}");
    let ahead = number("max_utilisation_ahead");
    assert!(ahead > number("max_utilisation_after") && ahead < 0.75, "{ahead}: {shown}");
    assert!(has_line(&shown, "evidence", "In the coming 3 hours 100 % is not passed"), "{shown}");
    let lines = shown["explanation"]["what_if"].as_array().expect("lines");
    assert!(lines.iter().any(|line| line["name"] == "busiest_link_ahead"), "{shown}");
    // Both links gone, everything crosses spine2's one link.
    let shown = detail(&engineer, &flapping("remove-link", "leaf1--spine1"));
    assert!(has_line(&shown, "evidence", "100 % is passed in 1 h; without it, never"), "{shown}");
    assert_eq!(fact(&shown, "hours_to_limit"), &json!(1.0));
}

#[test]
fn a_model_follows_its_files() {
    let mut files = None;
    let world = World::configured(|config| {
        files = Some(describe(config, TRAFFIC));
        config.network.refresh_s = 5;
    });
    let traffic = files.expect("was configured");
    let engineer = world.person("eve", &["engineer"]);
    // What cannot be read changes nothing.
    std::fs::write(&traffic, "time,leaf1>mars\n2026-01-01T00:00:00Z,1\n").expect("is written");
    let shown = detail(&engineer, &flapping("remove-link", "leaf1--spine1#2"));
    assert_eq!(
        fact(&shown, "network_model"),
        &json!("file traffic.csv, traffic of 2026-01-01T00:05:00Z")
    );
    let more = format!("{TRAFFIC}2026-01-01T00:10:00Z,90000,30000,500\n");
    std::fs::write(&traffic, more).expect("is written");
    common::eventually("the new traffic", || {
        let shown = detail(&engineer, &flapping("remove-link", "leaf1--spine1#2"));
        (fact(&shown, "network_model")
            == &json!("file traffic.csv, traffic of 2026-01-01T00:10:00Z"))
            .then_some(())
    });
}
