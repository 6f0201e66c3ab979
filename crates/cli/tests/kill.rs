//! The real server under load, killed with SIGKILL at random moments.
//!
//! What a client was told happened must still have happened after the restart: no acknowledged
//! decision or answer is lost, none is there twice, and an idempotency key gives the same decision
//! before and after the kill.
//!
//! `NPO_KILL_ROUNDS` sets the number of rounds (50), `NPO_KILL_SEED` repeats a run.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

mod common;

use common::Server;
use common::client::Client;

const CLIENTS: u64 = 4;

/// What the clients were told.
#[derive(Default)]
struct Told {
    /// Idempotency key → decision id.
    decisions: BTreeMap<String, String>,
    /// Decision id → answer.
    answers: BTreeMap<String, &'static str>,
    /// Sent, but the server went away before it answered.
    in_doubt: Vec<String>,
}

fn proposal(key: &str) -> Value {
    let entity = key.bytes().map(u64::from).sum::<u64>() % 40;
    json!({
        "scenario_type": "killed",
        "entity": format!("leaf{entity}"),
        "site": "east",
        "action": { "name": "wait" },
        "features": { "level": (entity % 10) as f64 },
    })
}

fn scenario_type() -> Value {
    json!({
        "name": "killed", "version": 1, "title": "A test of endurance",
        "description": "Always surfaced: an override costs nearly nothing.",
        "risk": "low", "expires_after_s": 86400, "override_cost": 0.01, "prior_intercept": 3.0,
        "features": [{
            "name": "level", "title": "Level", "unit": "1", "description": "Any number.",
            "min": 0.0, "max": 10.0, "center": 5.0, "scale": 5.0, "prior": 0.1
        }],
        "actions": [{
            "name": "wait", "title": "Wait", "description": "Does nothing.", "prior": 0.0,
            "reversible": true
        }]
    })
}

/// A bundle that allows everything, so that every decision can be answered.
fn allow_all() -> Value {
    json!({
        "activate": true,
        "files": [
            { "path": "bundle.toml", "content": "name = \"allow-all\"\nversion = \"1\"\ndescription = \"For tests.\"\n" },
            { "path": "policy.rego", "content": "package npo.policy\n\ndeny contains hit if {\n\tinput.action.name == \"never\"\n\thit := {\"rule\": \"never\", \"message\": \"never\"}\n}\n\nallow if input.action.name != \"never\"\n" }
        ]
    })
}

/// Proposes and answers until the server goes away.
fn load(client: &Client, operator: &Client, round: u64, me: u64, stop: &AtomicBool) -> Told {
    let mut told = Told::default();
    for i in 0.. {
        if stop.load(Ordering::Relaxed) {
            return told;
        }
        let key = format!("r{round}-c{me}-{i}");
        let Some((status, body)) = client.post("/v1/decisions", Some(&key), &proposal(&key)) else {
            told.in_doubt.push(key);
            return told;
        };
        assert_eq!(status, 201, "{body}");
        let id = body["id"].as_str().expect("an id").to_owned();
        told.decisions.insert(key, id.clone());
        let signal = if i % 3 == 0 { "override" } else { "like" };
        let path = format!("/v1/decisions/{id}/feedback");
        let Some((status, body)) = operator.post(&path, None, &json!({ "signal": signal })) else {
            return told;
        };
        assert_eq!(status, 201, "{body}");
        told.answers.insert(id, signal);
    }
    told
}

/// SplitMix64, so that a seed repeats a run.
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*seed ^ (*seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 27)
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

struct Tokens {
    admin: String,
    source: String,
    operator: String,
}

fn set_up(server: &Server) -> Tokens {
    let admin = Client::set_up(server);
    let secret = |handle: &str, role: &str| {
        admin.create("/v1/people", &json!({ "handle": handle, "name": handle, "roles": [role] }));
        let token = json!({ "person": handle, "label": "kill test" });
        admin.create("/v1/tokens", &token)["secret"].as_str().expect("a secret").to_owned()
    };
    let (source, operator) = (secret("load", "source"), secret("op", "operator"));
    admin.create("/v1/scenario-types", &scenario_type());
    admin.create("/v1/policies", &allow_all());
    Tokens { admin: admin.token().to_owned(), source, operator }
}

#[test]
fn acknowledged_survives_being_killed() {
    let (rounds, mut seed) = (setting("NPO_KILL_ROUNDS", 50), setting("NPO_KILL_SEED", 20_261_121));
    eprintln!("NPO_KILL_ROUNDS={rounds} NPO_KILL_SEED={seed}");
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path());
    let tokens = set_up(&server);
    let mut all = Told::default();
    let started = Instant::now();
    for round in 0..rounds {
        let stop = AtomicBool::new(false);
        let told: Vec<Told> = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|me| {
                    let client = Client::new(&server.url, &tokens.source);
                    let operator = Client::new(&server.url, &tokens.operator);
                    let stop = &stop;
                    scope.spawn(move || load(&client, &operator, round, me, stop))
                })
                .collect();
            std::thread::sleep(Duration::from_millis(20 + next(&mut seed) % 180));
            server.kill();
            let told = clients.into_iter().map(|c| c.join().expect("no client fails")).collect();
            stop.store(true, Ordering::Relaxed);
            told
        });
        server = Server::start(data.path());
        let client = Client::new(&server.url, &tokens.source);
        let admin = Client::new(&server.url, &tokens.admin);
        for told in told {
            for (key, id) in &told.decisions {
                let (status, body) =
                    client.post("/v1/decisions", Some(key), &proposal(key)).expect("up");
                assert_eq!(status, 200, "round {round}: `{key}` was acknowledged as {id}: {body}");
                assert_eq!(body["id"], **id, "round {round}: `{key}`");
                assert_eq!(body["replayed"], true, "round {round}: `{key}`");
            }
            for (id, signal) in &told.answers {
                check_answer(&admin, id, Some(signal), round);
            }
            for key in told.in_doubt {
                // Recorded or not: asking again settles it, and asking twice does not double it.
                let (status, body) =
                    client.post("/v1/decisions", Some(&key), &proposal(&key)).expect("up");
                assert!(status == 200 || status == 201, "round {round}: `{key}`: {body}");
                let (again, same) =
                    client.post("/v1/decisions", Some(&key), &proposal(&key)).expect("up");
                assert_eq!((again, &same["id"]), (200, &body["id"]), "round {round}: `{key}`");
                all.decisions.insert(key, body["id"].as_str().expect("an id").to_owned());
            }
            all.decisions.extend(told.decisions);
            all.answers.extend(told.answers);
        }
    }
    finish(&Client::new(&server.url, &tokens.admin), &all);
    server.kill();
    let verify = Command::new(env!("CARGO_BIN_EXE_npo"))
        .args(["log", "verify", "--data"])
        .arg(data.path())
        .output()
        .expect("runs");
    assert!(verify.status.success(), "{}", String::from_utf8_lossy(&verify.stderr));
    eprintln!(
        "{rounds} kills in {:.0} s: {} decisions and {} answers acknowledged, all there, none twice",
        started.elapsed().as_secs_f64(),
        all.decisions.len(),
        all.answers.len(),
    );
    assert!(all.answers.len() as u64 > rounds, "the load was no load");
}

fn check_answer(admin: &Client, id: &str, signal: Option<&str>, round: u64) {
    let detail = admin.get(&format!("/v1/decisions/{id}"));
    let given: Vec<_> =
        detail["feedback"].as_array().expect("a list").iter().map(|f| &f["signal"]).collect();
    assert!(given.len() <= 1, "round {round}: {id} was answered twice: {given:?}");
    if let Some(signal) = signal {
        assert_eq!(given, [signal], "round {round}: {id}");
    }
}

/// After all rounds: every decision ever acknowledged is there once, and there are no others.
fn finish(admin: &Client, all: &Told) {
    let distinct: BTreeSet<_> = all.decisions.values().collect();
    assert_eq!(distinct.len(), all.decisions.len(), "two keys share a decision");
    let mut listed = BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let page = admin.get(&format!("/v1/decisions?scenario_type=killed&limit=500{cursor}"));
        for item in page["items"].as_array().expect("a list") {
            assert!(listed.insert(item["id"].as_str().expect("an id").to_owned()), "listed twice");
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let acknowledged: BTreeSet<_> = all.decisions.values().cloned().collect();
    assert_eq!(listed.difference(&acknowledged).count(), 0, "decisions that no key asked for");
    assert_eq!(acknowledged.difference(&listed).count(), 0, "acknowledged decisions are missing");
    let answered = all.answers.len() as u64;
    let alignment = admin.get("/v1/alignment");
    let counted: u64 = alignment["scenario_types"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|t| t["scenario_type"] == "killed")
        .flat_map(|t| t["answers"].as_object().expect("counts").values())
        .filter_map(Value::as_u64)
        .sum();
    // An answer whose acknowledgement the kill cut off may have been recorded: at most one a client
    // and round.
    assert!(counted >= answered, "{counted} answers counted, {answered} acknowledged");
}
