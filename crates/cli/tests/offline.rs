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

/// A file of the person's own, and its path.
fn written(person: &Person, name: &str, text: &str) -> String {
    let path = person.home().join(name);
    fs::write(&path, text).expect("writes");
    path.to_str().expect("is UTF-8").to_owned()
}

/// A square with a tail; one link without capacity.
const SQUARE: &str = r#"<graphml><key attr.name="capacity_gbps" for="edge" id="c"/>
<graph edgedefault="undirected">
<node id="a"/><node id="b"/><node id="c"/><node id="d"/><node id="tail"/>
<edge source="a" target="b"><data key="c">10</data></edge>
<edge source="b" target="c"><data key="c">10</data></edge>
<edge source="c" target="d"><data key="c">40</data></edge>
<edge source="d" target="a"/>
<edge source="d" target="tail"><data key="c">10</data></edge>
</graph></graphml>
"#;

#[test]
fn a_network_is_shown_imported_and_read_again() {
    let person = Person::new();
    let write = |name: &str, text: &str| written(&person, name, text);
    let square = write("square.graphml", SQUARE);
    let traffic = write("tm.csv", "step,a>c,tail>b\n0,100,50\n1,300,50\n");
    let page = person.run(&["network", "show", &square, "--traffic", &traffic], 0).out;
    for expected in [
        "square: 5 nodes, 5 links\n",
        "1 link: each is the only way between what it joins.\n",
        "d--tail  10 Gbit/s              1\n",
        "1 node holds others together; without it the rest falls apart.\n",
        "2 pairs in 2 steps: 250 Mbit/s in all on average, between 150 Mbit/s and 350 Mbit/s.",
        "  missing   2 of 10 directions have no capacity;",
    ] {
        // Lines may be broken at spaces.
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat(&page).contains(&flat(expected)), "{expected} in {page}");
    }
    let shown = person.json(&["network", "show", &square, "--assume-capacity", "1G"]);
    assert_eq!(shown["bridges"][0]["cut_off"], 1);
    assert_eq!(shown["capacities"][2]["capacity_bps"], 1e9);

    let own = person.home().join("own.json").to_str().expect("is UTF-8").to_owned();
    let imported = person.json(&["network", "import", &square, "--out", &own]);
    assert_eq!(imported["network"]["format"], "graphml");
    let again = person.json(&["network", "show", &own]);
    let first = person.json(&["network", "show", &square]);
    assert_eq!(again["nodes"], first["nodes"]);
    let said = person.run(&["network", "import", &square, "--out", &own], 3).err;
    assert!(said.contains("--force writes over it"), "{said}");

    // Asked, and no; could not ask; wrong usage.
    let strange = write("strange.csv", "step,a>x\n0,1\n");
    let said = person.run(&["network", "show", &square, "--traffic", &strange], 1).err;
    assert!(said.contains("1 node that topology `square` does not have: `x`"), "{said}");
    let broken = write("broken.graphml", &SQUARE.replace("target=\"tail\"", "target=\"tale\""));
    let said = person.run(&["network", "show", &broken], 3).err;
    assert!(said.contains("line 8 names node `tale`"), "{said}");
    let said = person.run(&["network", "show", &square, "--weights", "inverse-capacity"], 3).err;
    assert!(said.contains("--assume-capacity 10G gives them one"), "{said}");
    person.run(&["network", "show", &square, "--unit", "furlong"], 2);
}

#[test]
fn a_what_if_answers_in_words_and_numbers() {
    let person = Person::new();
    let write = |name: &str, text: &str| written(&person, name, text);
    let square = write("square.graphml", SQUARE);
    let traffic = write("tm.csv", "step,a>b,tail>b\n0,9000,500\n1,6000,500\n");
    let asked = |more: &[&str]| {
        let given = ["network", "what-if", &square, "--traffic", &traffic];
        [&given[..], more].concat().iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()
    };
    let page = |more: &[&str]| {
        let line = asked(more);
        let out = person.run(&line.iter().map(String::as_str).collect::<Vec<_>>(), 0).out;
        // Lines may be broken at spaces.
        out.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let check = |more: &[&str], expected: &[&str]| {
        let page = page(more);
        expected
            .iter()
            .for_each(|expected| assert!(page.contains(expected), "{expected} in {page}"));
    };
    check(
        &["--remove", "a--b"],
        &[
            "square, traffic: 6.5 Gbit/s, step 2 of 2 in",
            "Nothing is cut off.",
            "The fullest direction is c→b at 65.0 %; before, it was a→b at 62.5 %.",
            "The capacity of 2 of 10 directions is not known; they are not judged.",
            "a–b: their only link goes, one way is left;",
        ],
    );
    check(&["--remove", "a--b", "--peak"], &["c→b from 2.5 % to 95.0 %"]);
    check(&["--drain", "d"], &["500 Mbit/s is cut off", "tail has no other link."]);
    check(
        &["--sweep", "--worst", "1"],
        &["Of 5 single failures, 1 would cut traffic off", "d--tail"],
    );
    check(
        &["--shift", "d->a=0.5"],
        &[
            "Best split of the 500 Mbit/s that d sends where d→a is one of the ways: d→c 100 % (now 50 %)",
        ],
    );
    check(&["--shift", "a->b=0.5"], &["No better split: what a→b carries has no other way from"]);
    check(&["--optimum"], &["At best, over up to 4 ways for each demand, the fullest direction"]);
    let drawn = written(&person, "drawn.svg", "");
    check(&["--remove", "a--b", "--svg", &drawn], &["Nothing is cut off."]);
    let drawn = std::fs::read_to_string(&drawn).expect("a picture");
    assert!(drawn.starts_with("<svg") && drawn.contains("remove link a--b"), "{drawn}");
    let line = asked(&["--remove", "a--b"]);
    let answer = person.json(&line.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(answer["summary"]["redundancy"]["left"], 1);
    assert_eq!(answer["summary"]["moved"]["bps"], 6.25e9);
    let refused = |more: &[&str], code, expected: &str| {
        let line = asked(more);
        let said = person.run(&line.iter().map(String::as_str).collect::<Vec<_>>(), code).err;
        assert!(said.contains(expected), "{said}");
    };
    refused(&["--remove", "tial"], 1, "no node or link is called `tial`; there is `tail`");
    refused(&["--remove", "a", "--forecast", "3"], 3, "no times to tell the coming hours from");
    refused(&["--optimum", "--svg", "x.svg"], 3, "`--svg` draws a change; there is none");
    refused(&["--weight", "a--b=0"], 1, "would be 0, expected 1 to 16777214");
}

#[test]
fn imbalance_is_evaluated_on_files_or_the_reason_why_not_is_given() {
    let person = Person::new();
    let write = |name: &str, text: &str| {
        let path = person.home().join(name);
        fs::write(&path, text).expect("writes");
        path.to_str().expect("is UTF-8").to_owned()
    };
    let topology = write(
        "ring.json",
        r#"{"directed": false, "multigraph": false, "graph": {}, "nodes": [{"id": "a"}, {"id": "b"}, {"id": "c"}],
            "links": [{"source": "a", "target": "b"}, {"source": "b", "target": "c"}, {"source": "c", "target": "a"}]}"#,
    );
    let matrices = |steps: u32, rate: &dyn Fn(u32) -> f64| {
        let rows = (0..steps).map(|t| format!("{t},{},5,4\n", rate(t)));
        std::iter::once("step,a>b,b>c,c>a\n".to_owned()).chain(rows).collect::<String>()
    };
    // A slow wave, a faster one, and something that looks random.
    let wave = |t: u32| {
        let noise = f64::from(t.wrapping_mul(2_654_435_761) >> 22) / 1024.0;
        8.0 + 3.0 * (f64::from(t) / 17.0).sin() + (f64::from(t) / 5.3).sin() + noise
    };
    let traffic = write("wave.csv", &matrices(900, &wave));
    let arguments =
        ["network", "evaluate", "--topology", &topology, "--traffic", &traffic, "--window", "64"];
    let said = person.json(&arguments);
    assert_eq!(said["evaluation"]["steps"], 900);
    let assumed = said["assumed"].to_string();
    assert!(assumed.contains("no capacity is stated"), "{assumed}");
    let questions = said["evaluation"]["questions"].as_array().expect("two questions");
    assert_eq!(
        (&questions[0]["target"], &questions[1]["target"]),
        (&"onset".into(), &"present".into())
    );
    let text = person.run(&arguments, 0).out;
    assert!(text.contains("NPO LESS") && text.contains("→ "), "{text}");

    let refused = |traffic: &str, expected: &str| {
        let arguments = ["network", "evaluate", "--topology", &topology, "--traffic", traffic];
        let said = person.run(&arguments, 1);
        assert!(said.err.contains(expected), "{}", said.err);
    };
    refused(&write("short.csv", &matrices(20, &wave)), "10 steps to learn from");
    refused(&write("flat.csv", &matrices(900, &|_| 7.0)), "does not change in the first 450 steps");
    refused(&write("other.csv", "step,x>y\n0,1\n1,2\n"), "`x`, `y`");
    let arguments = ["network", "evaluate", "--topology", &topology, "--traffic", &traffic];
    person.run(&[&arguments[..], &["--split", "0.9,0.1"]].concat(), 2);
    person.run(&[&arguments[..], &["--horizon", "0"]].concat(), 2);
    person.run(&["network", "evaluate", "--topology", "/nowhere", "--traffic", &traffic], 3);
}
