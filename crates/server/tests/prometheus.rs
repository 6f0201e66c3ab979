//! A Prometheus server as a source: what it tells becomes decisions, whatever else it does.

mod common;

use std::time::Duration;

use common::prometheus::{FakePrometheus, Manner};
use common::{World, eventually};
use npo_server::prometheus::Settings;
use serde_json::Value;

fn settings(prometheus: &FakePrometheus) -> Settings {
    Settings { interval_s: 1, timeout_s: 1, ..Settings::at(&prometheus.url) }
}

fn world(settings: Settings) -> World {
    World::configured(|config| config.prometheus = Some(settings))
}

/// What the status page says of the source.
fn health(world: &World) -> Value {
    world.nobody().get("/healthz").expect(200)["sources"][0].clone()
}

fn wait_for(world: &World, state: &str, failing: Option<&str>) -> Value {
    eventually(&format!("{state} {failing:?}"), || {
        let health = health(world);
        (health["state"] == state && health["failing"].as_str() == failing).then_some(health)
    })
}

fn decisions(world: &World) -> Vec<Value> {
    let page = world.admin.get("/v1/decisions?limit=100").expect(200);
    page["items"].as_array().unwrap_or_else(|| panic!("{page}")).clone()
}

fn down(world: &World, status: &str) -> Value {
    eventually(&format!("interface-down that is {status}"), || {
        let found = decisions(world).into_iter();
        found.into_iter().find(|d| d["scenario_type"] == "interface-down" && d["status"] == status)
    })
}

#[test]
fn a_link_that_fails_is_proposed_asked_once_and_withdrawn_when_it_is_back() {
    let prometheus = FakePrometheus::start();
    let mut world = world(settings(&prometheus));
    let health = wait_for(&world, "ok", None);
    assert!(health["samples"].as_u64() > Some(1_000), "{health}");
    assert_eq!((&health["failures"], &health["left_out"]), (&0.into(), &0.into()));
    assert_eq!(decisions(&world), [Value::Null; 0]);
    prometheus.break_link();
    let made = down(&world, "open");
    assert_eq!(made["entity"], "leaf1:HundredGigE0/0/0/0", "{made}");
    // A restart reads in the history what was told already.
    world.restart(|config| config.prometheus = Some(settings(&prometheus)));
    wait_for(&world, "ok", None);
    let about_links = |world: &World| {
        decisions(world).iter().filter(|d| d["scenario_type"] == "interface-down").count()
    };
    assert_eq!(about_links(&world), 1);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(about_links(&world), 1);
    prometheus.mend_link();
    let withdrawn = down(&world, "withdrawn");
    assert_eq!(withdrawn["id"], made["id"]);
    assert_eq!(about_links(&world), 1);
    let metrics = world.admin.get("/metrics").text;
    assert!(metrics.contains("npo_source_up{source=\"prometheus\"} 1"), "{metrics}");
    assert!(metrics.contains("npo_source_interfaces{source=\"prometheus\"} 4"));
}

#[test]
fn what_began_before_npo_did_is_told() {
    let prometheus = FakePrometheus::start();
    {
        let earlier = world(settings(&prometheus));
        wait_for(&earlier, "ok", None);
    }
    prometheus.break_link();
    let world = world(Settings { history_s: 120, ..settings(&prometheus) });
    let made = down(&world, "open");
    assert_eq!(made["entity"], "leaf1:HundredGigE0/0/0/0");
}

#[test]
fn a_server_that_fails_is_asked_again_and_said_to_fail() {
    let prometheus = FakePrometheus::start();
    prometheus.behave(Manner::Deaf);
    let world = world(Settings { answer_bytes: 128 << 10, ..settings(&prometheus) });
    let check = |manner: Manner, kind: &str| {
        prometheus.behave(manner);
        wait_for(&world, "failing", Some(kind));
    };
    check(Manner::Deaf, "unreachable");
    check(Manner::Says(502, "<html>Bad Gateway</html>"), "status");
    prometheus.behave(Manner::Fine);
    wait_for(&world, "ok", None);
    check(Manner::Says(200, "<html>welcome</html>"), "not-understood");
    prometheus.behave(Manner::Fine);
    wait_for(&world, "ok", None);
    check(
        Manner::Says(503, r#"{"status":"error","errorType":"timeout","error":"query timed out"}"#),
        "refused",
    );
    prometheus.behave(Manner::Fine);
    wait_for(&world, "ok", None);
    check(Manner::Large(1 << 20), "too-large");
    prometheus.behave(Manner::Fine);
    wait_for(&world, "ok", None);
    check(Manner::Slow(Duration::from_secs(2)), "timed-out");
    prometheus.behave(Manner::Fine);
    let health = wait_for(&world, "ok", None);
    assert!(health["failures"].as_u64() >= Some(6), "{health}");
}

#[test]
fn a_server_without_interface_counters_is_no_source() {
    let prometheus = FakePrometheus::start();
    let empty = r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#;
    prometheus.behave(Manner::Says(200, empty));
    let world = world(settings(&prometheus));
    wait_for(&world, "failing", Some("nothing-found"));
    assert_eq!(world.nobody().get("/readyz").status, 200);
}

#[test]
fn credentials_are_sent_and_never_shown() {
    let prometheus = FakePrometheus::start();
    prometheus.demand("Bearer s3cret-token");
    let directory = tempfile::tempdir().expect("a directory");
    let token = directory.path().join("token");
    std::fs::write(&token, "wrong\n").expect("writes");
    let world = world(Settings {
        bearer_token_file: Some(token.clone()),
        select: r#"job="snmp""#.into(),
        ..settings(&prometheus)
    });
    wait_for(&world, "failing", Some("status"));
    // A token that is exchanged is taken without a restart.
    std::fs::write(&token, "s3cret-token\n").expect("writes");
    wait_for(&world, "ok", None);
    let shown = [world.nobody().get("/healthz").text, world.admin.get("/metrics").text];
    assert!(shown.iter().all(|text| !text.contains("s3cret")), "{shown:?}");
    let requests = prometheus.requests();
    assert!(requests.iter().all(|r| r.contains(r#",job="snmp"}["#)), "{requests:?}");
}
