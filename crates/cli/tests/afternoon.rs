//! An operator's afternoon, through the real binary: a new server, decisions, answers, a crash, and
//! everything still there.

mod common;

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use common::{Person, Server};
use serde_json::Value;

/// A proposal that the shipped policy allows and that npo would show.
fn flapping(entity: &str) -> Vec<String> {
    let features = [
        "changes=14",
        "changes_per_min=6",
        "utilisation=0.8",
        "redundancy_left=5",
        "traffic_share=0",
    ];
    let facts = ["redundancy_left=5", "blast_radius_share=0.01", "blast_radius_gbps=1[Gbit/s]"];
    let mut args: Vec<String> = [
        "decision",
        "propose",
        "--type",
        "link-flapping",
        "--site",
        "lab",
        "--action",
        "remove-link",
        "--entity",
        entity,
    ]
    .map(str::to_owned)
    .to_vec();
    args.extend(
        features.iter().flat_map(|feature| ["--feature".to_owned(), (*feature).to_owned()]),
    );
    args.extend(facts.iter().flat_map(|fact| ["--fact".to_owned(), (*fact).to_owned()]));
    args.extend(
        ["--evidence", "14 changes in two minutes", "--correlation", entity].map(str::to_owned),
    );
    args
}

fn propose(person: &Person, entity: &str) -> Value {
    let args = flapping(entity);
    person.json(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

fn id(decision: &Value) -> String {
    decision["id"].as_str().expect("has an id").to_owned()
}

/// A server, and its administrator with a token kept in her own credentials file.
fn set_up(data: &std::path::Path) -> (Server, Person) {
    let server = Server::start(data);
    let mut ada = Person::new();
    let link = server.set_up_link();
    ada.server = link.split("/setup#").next().expect("has a server").to_owned();
    let refused = ada.run(&["decision", "list"], 3);
    assert!(refused.err.contains("hint: ") && refused.out.is_empty(), "{}", refused.err);
    let wrong = format!("{}/setup#not-the-code", ada.server);
    ada.run(&["admin", "setup", &wrong, "--handle", "ada", "--name", "Ada"], 3);
    let said = ada.run(&["admin", "setup", &link, "--handle", "ada", "--name", "Ada"], 0);
    assert!(!said.out.contains("npo_"), "the secret is kept and not shown: {}", said.out);
    ada.run(&["admin", "setup", &link, "--handle", "eve", "--name", "Eve"], 1);
    (server, ada)
}

#[test]
fn an_afternoon() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, mut ada) = set_up(data.path());
    assert_eq!(ada.json(&["admin", "whoami"])["person"]["handle"], "ada");

    let first = propose(&ada, "leaf4:HundredGigE0/0/0/13");
    let first_id = id(&first);
    assert_eq!((&first["disposition"], &first["status"]), (&"surfaced".into(), &"open".into()));
    let second_id = id(&propose(&ada, "leaf5:HundredGigE0/0/0/1"));

    let list = ada.run(&["decision", "list", "--status", "open"], 0);
    assert_eq!(list.out.lines().count(), 3, "{}", list.out);
    assert!(!list.out.contains('\u{1b}'), "no colours where nobody looks");
    let shown = ada.run(&["decision", "show", &first_id], 0).out;
    for part in [
        "If you say yes",
        "If you say no",
        "Why",
        "Threshold",
        "Policy",
        "Evidence",
        "14 changes in two minutes",
    ] {
        assert!(shown.contains(part), "`{part}` is missing:\n{shown}");
    }

    let answer = ada.json(&["feedback", "give", &first_id, "like", "--reason", "seen it"]);
    assert!(answer["score_after"].as_f64() > answer["score_before"].as_f64(), "{answer}");
    let again = ada.run(&["feedback", "give", &first_id, "override"], 1);
    assert!(again.err.starts_with("npo: ") && again.out.is_empty(), "{}", again.err);
    ada.run(&["outcome", "record", &first_id, "recovered", "--time-to-recover-ms", "4000"], 0);
    ada.run(&["decision", "withdraw", &second_id, "--reason", "it stopped"], 0);
    ada.run(&["decision", "show", "d999999"], 1);

    let scenario = first["scenario"].as_str().expect("has a scenario").to_owned();
    let history = ada.run(&["scenario", "history", &scenario], 0).out;
    assert!(
        history.contains(&first_id) && history.contains("like") && history.contains('+'),
        "{history}"
    );
    let alignment = ada.run(&["alignment"], 0).out;
    assert!(alignment.contains("link-flapping") && alignment.contains("ada"), "{alignment}");

    let before = ada.json(&["decision", "list"]);
    let detail = ada.json(&["decision", "show", &first_id]);
    server.kill();
    assert!(ada.run(&["decision", "list"], 3).err.contains("nobody listens"));

    let server = Server::start(data.path());
    let kept = std::fs::read_to_string(ada.home().join("npo/credentials.toml")).expect("was kept");
    let token =
        kept.split('"').find(|word| word.starts_with("npo_")).expect("holds the token").to_owned();
    ada.server = server.url.clone();
    ada.run_with(&["admin", "login", "--token-stdin"], &format!("{token}\n"), 0);
    assert_eq!(ada.json(&["decision", "list"]), before);
    assert_eq!(ada.json(&["decision", "show", &first_id]), detail);

    let directory = data.path().to_str().expect("is UTF-8");
    let verified = ada.json(&["log", "verify", "--data", directory]);
    assert_eq!((&verified["ok"], &verified["events"]), (&true.into(), &verified["position"]));
}

#[test]
fn batches_and_roles() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, ada) = set_up(data.path());
    ada.run(&["admin", "person", "add", "robot", "--role", "source"], 0);
    let secret =
        ada.run(&["admin", "token", "issue", "--person", "robot", "--label", "test"], 0).out;
    let mut robot = Person::new();
    robot.server = ada.server.clone();
    robot.token = Some(secret.trim().to_owned());
    let refused = robot.run(&["decision", "list"], 3);
    assert!(refused.err.contains("hint: "), "{}", refused.err);

    let good = r#"{"scenario_type":"link-flapping","entity":"e","action":{"name":"remove-link"},"features":{"changes":14,"changes_per_min":6,"utilisation":0.8,"redundancy_left":5,"traffic_share":0},"facts":[{"name":"redundancy_left","value":5},{"name":"blast_radius_share","value":0.01}],"idempotency_key":"k"}"#;
    let last = good
        .replace(r#""name":"redundancy_left","value":5"#, r#""name":"redundancy_left","value":0"#)
        .replace("\"k\"", "\"l\"");
    let said = robot.run_with(
        &["decision", "propose", "--batch", "-o", "json"],
        &format!("{good}\n\nnonsense\n{last}\n"),
        1,
    );
    let lines: Vec<Value> =
        said.out.lines().map(|line| serde_json::from_str(line).expect("is JSON")).collect();
    assert_eq!(lines.len(), 3, "{}", said.out);
    assert_eq!(lines[0]["disposition"], "surfaced");
    assert_eq!(lines[1]["problem"]["line"], 3);
    assert_eq!(lines[2]["disposition"], "blocked");
    let again = robot.run_with(&["decision", "propose", "--batch"], good, 0);
    assert!(again.out.contains(lines[0]["id"].as_str().expect("has an id")), "{}", again.out);

    let token = ada.json(&["admin", "token", "list"])["items"][1]["id"].clone();
    ada.run(&["admin", "token", "revoke", token.as_str().expect("has an id")], 0);
    robot.run_with(&["decision", "propose", "--batch"], good, 3);
}

#[test]
fn watching_prints_what_happens() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, ada) = set_up(data.path());
    let mut watch = ada
        .command(&["decision", "watch", "-o", "json", "--after", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let made = propose(&ada, "leaf4:e1");
    let lines = BufReader::new(watch.stdout.take().expect("piped")).lines();
    let told = lines
        .map(|line| serde_json::from_str::<Value>(&line.expect("UTF-8")).expect("is JSON"))
        .find(|event| event["kind"] == "decision-made")
        .expect("is told");
    assert_eq!(told["decision"]["id"], made["id"]);
    watch.kill().expect("can be ended");
    watch.wait().expect("ends");
}

#[test]
fn a_second_replay_finds_the_first() {
    let recording = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/dc-fabric-telemetry/S-200202_2014_evtmix-1");
    if !recording.is_dir() {
        eprintln!(
            "SKIPPED: no recording at {}; this test has checked nothing",
            recording.display()
        );
        return;
    }
    let data = tempfile::tempdir().expect("a directory");
    let (_server, ada) = set_up(data.path());
    let recording = recording.to_str().expect("is UTF-8");
    let first = ada.json(&["network", "replay", recording]);
    let found = first["events"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|event| event["found"] == true)
        .count();
    assert_eq!((found, first["findings"].as_array().map(Vec::len)), (2, Some(1)), "{first}");
    let decisions = ada.json(&["decision", "list"]);
    let second = ada.json(&["network", "replay", recording, "--speed", "1000000x"]);
    assert_eq!(second["findings"][0]["decision"]["id"], first["findings"][0]["decision"]["id"]);
    assert_eq!(ada.json(&["decision", "list"]), decisions);
}
