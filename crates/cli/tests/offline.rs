//! Verbs that need no server, through the real binary: exit codes and what is said where.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::Person;
use serde_json::Value;

fn shipped(path: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    path.to_str().expect("is UTF-8").to_owned()
}

#[test]
fn the_committed_api_document_is_what_the_binary_prints() {
    let said = Person::new().run(&["admin", "openapi"], 0);
    let committed = fs::read_to_string(shipped("openapi/npo.json")).expect("is there");
    assert!(said.out == committed, "refresh it with `npo admin openapi > openapi/npo.json`");
}

#[test]
fn the_shipped_policy_passes_its_own_cases() {
    let person = Person::new();
    let directory = shipped("policies/default");
    let report = person.json(&["policy", "check", &directory]);
    assert_eq!(report["passed"], true);
    let table = person.run(&["policy", "test", &directory], 0).out;
    let cases = report["findings"]["cases"].as_array().map_or(0, Vec::len);
    assert_eq!(table.lines().count(), cases + 2, "{table}");
}

#[test]
fn bad_policies_are_refused_and_absent_ones_could_not_be_asked() {
    let person = Person::new();
    let home = person.home().to_owned();
    let bundle = home.join("bundle");
    fs::create_dir_all(bundle.join("tests")).expect("makes");
    fs::write(bundle.join("bundle.toml"), "name = \"x\"\nversion = \"1\"\n").expect("writes");
    let path = bundle.to_str().expect("is UTF-8").to_owned();
    let rego = "package npo.policy\nimport rego.v1\ndefault allow := true\ndeny contains {\"rule\": \"r\", \"message\": \"m\"} if input.action.name == \"bad\"\n";
    fs::write(bundle.join("a.rego"), rego).expect("writes");
    let case = |allow: bool| {
        format!(
            r#"[{{"name": "c", "input": {{"action": {{"name": "good"}}}}, "allow": {allow}, "rules": ["r"]}}]"#
        )
    };
    fs::write(bundle.join("tests/a.json"), case(false)).expect("writes");
    let failed = person.run(&["policy", "test", &path], 1);
    assert!(failed.out.contains("failed"), "{}", failed.out);
    fs::write(bundle.join("a.rego"), "package npo.policy\nallow if {\n").expect("writes");
    let refused = person.run(&["policy", "check", &path], 1);
    assert!(refused.err.contains("a.rego:"), "{}", refused.err);
    person.run(&["policy", "check", "/nowhere/at/all"], 3);
}

#[test]
fn scenario_types_are_checked_without_a_server() {
    let person = Person::new();
    let said = person.run(&["scenario", "check", &shipped("scenarios/link-imbalance.toml")], 0);
    assert!(said.out.contains("FEATURE"), "{}", said.out);
    let refused = person.run_with(&["scenario", "check", "-"], "name = 7\n", 1);
    assert!(refused.err.contains("no scenario type"), "{}", refused.err);
}

#[test]
fn an_unreadable_recording_is_named_with_its_file() {
    let person = Person::new();
    let directory = person.home().join("recording");
    let path = directory.to_str().expect("is UTF-8").to_owned();
    let check = |expected: &str| {
        let said = person.run(&["network", "replay", &path, "--dry-run"], 3);
        assert!(said.err.contains(expected), "found: {}expected: {expected}", said.err);
    };
    check("found no directory");
    fs::create_dir(&directory).expect("makes");
    check("found neither `counters.csv.gz`");
    fs::write(directory.join("counters.csv"), "a,b\n1,2\n").expect("writes");
    check("line 1 has no column");
    fs::write(directory.join("counters.csv.gz"), "no gzip").expect("writes");
    check("counters.csv.gz");
}

#[test]
fn a_dry_replay_asks_nobody() {
    let recording = shipped("../shared/data/dc-fabric-telemetry/S-200122_1729_iflap_ifdown");
    if !Path::new(&recording).is_dir() {
        eprintln!("SKIPPED: no recording at {recording}; this test has checked nothing");
        return;
    }
    let said = Person::new().run(&["network", "replay", &recording, "--dry-run", "-o", "json"], 0);
    let findings: Vec<Value> =
        said.out.lines().map(|line| serde_json::from_str(line).expect("is JSON")).collect();
    assert!(
        findings.iter().any(|f| f["scenario_type"] == "interface-down" && f["state"] == "raised"),
        "{}",
        said.out
    );
}

#[test]
fn an_absent_log_could_not_be_asked_and_nonsense_is_refused() {
    let person = Person::new();
    let data = person.home().join("data");
    let path = data.to_str().expect("is UTF-8").to_owned();
    person.run(&["log", "verify", "--data", &path], 3);
    let export = person.home().join("export.ndjson");
    fs::write(&export, "nonsense\n").expect("writes");
    let export = export.to_str().expect("is UTF-8").to_owned();
    let refused = person.run(&["log", "import", "--data", &path, &export], 1);
    assert!(refused.err.contains("line 1"), "{}", refused.err);
    let verified = person.json(&["log", "verify", "--data", &path]);
    assert_eq!((&verified["ok"], &verified["events"]), (&true.into(), &0.into()));
}

#[test]
fn usage_is_told_apart() {
    let person = Person::new();
    person.run(&["decision", "lst"], 2);
    person.run(&["--help"], 0);
    let help = person.run(&["--help"], 0).out;
    assert!(help.contains("Exit codes:") && !help.contains("policy-child"), "{help}");
}
