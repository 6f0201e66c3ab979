//! `npo lab replay LOG --policy DIR` on a log whose answer is known: a real server's, with answers
//! given by hand.

mod common;

use std::fs;
use std::path::Path;

use common::{Person, Server};
use serde_json::{Value, json};

/// Denies what affects more than half a percent of the traffic, whatever is left of a group.
const REGO: &str = "package npo.policy\nimport rego.v1\ndefault allow := true\ndeny contains {\"rule\": \"wide\", \"message\": \"too wide\"} if input.facts.blast_radius_share > 0.005\n";
const CASES: &str = r#"[
  {"name": "narrow", "input": {"facts": {"blast_radius_share": 0.005}}, "allow": true},
  {"name": "wide", "input": {"facts": {"blast_radius_share": 0.01}}, "allow": false, "rules": ["wide"]}
]"#;

fn bundle(directory: &Path) -> String {
    fs::create_dir_all(directory.join("tests")).expect("makes");
    fs::write(directory.join("bundle.toml"), "name = \"narrow\"\nversion = \"2\"\n")
        .expect("writes");
    fs::write(directory.join("a.rego"), REGO).expect("writes");
    fs::write(directory.join("tests/a.json"), CASES).expect("writes");
    directory.to_str().expect("is UTF-8").to_owned()
}

/// Proposes to remove a flapping link; all but the two facts is the same.
fn propose(person: &Person, entity: &str, redundancy: u32, share: &str) -> Value {
    // What policy denies is the answer no.
    let code = i32::from(redundancy == 0);
    let (left, share) =
        (format!("redundancy_left={redundancy}"), format!("blast_radius_share={share}"));
    let args = [
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
        "--feature",
        "changes=14",
        "--feature",
        "changes_per_min=6",
        "--feature",
        "utilisation=0.8",
        "--feature",
        "redundancy_left=5",
        "--feature",
        "traffic_share=0",
        "--fact",
        &left,
        "--fact",
        &share,
        "--output",
        "json",
    ];
    serde_json::from_str(&person.run(&args, code).out).expect("is JSON")
}

#[test]
fn another_policy_is_judged_by_the_answers_that_there_are() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::start(data.path());
    let mut ada = Person::new();
    let link = server.set_up_link();
    ada.server = server.url.clone();
    ada.run(&["admin", "setup", &link, "--handle", "ada", "--name", "Ada"], 0);

    // Everything is proposed before anything is learned, so that all scores are the same.
    let asked = |count: usize, name: &str, share: &str| -> Vec<String> {
        (0..count)
            .map(|i| {
                let made = propose(&ada, &format!("{name}-{i}"), 5, share);
                assert_eq!(made["disposition"], "surfaced", "{made}");
                made["id"].as_str().expect("has an id").to_owned()
            })
            .collect()
    };
    let wide = asked(10, "wide", "0.01");
    let narrow = asked(24, "narrow", "0.001");
    for i in 0..2 {
        let made = propose(&ada, &format!("last-{i}"), 0, "0.001");
        assert_eq!(made["disposition"], "blocked", "{made}");
    }
    // Of the wide, 3 are liked and 6 overridden, and one is left open; of the narrow 18 and 6.
    for (ids, likes) in [(&wide[..9], 3), (&narrow[..], 18)] {
        for (i, id) in ids.iter().enumerate() {
            let signal = if i < likes { "like" } else { "override" };
            ada.run(&["feedback", "give", id, signal], 0);
        }
    }
    server.stop();

    let log = data.path().to_str().expect("is UTF-8");
    let directory = bundle(&ada.home().join("narrow"));
    let report = ada.json(&["lab", "replay", log, "--policy", &directory, "--resamples", "200"]);
    let counts = ["decisions", "surfaced", "blocked", "likes", "overrides"];
    let found: Vec<&Value> = counts.iter().map(|name| &report["log"][name]).collect();
    assert_eq!(json!(found), json!([36, 34, 2, 21, 12]));
    let verdicts = &report["verdicts"];
    assert_eq!(verdicts["bundle"], "narrow 2", "{verdicts}");
    for (name, expected) in [
        ("newly_blocked", json!(10)),
        ("newly_blocked_asked", json!(10)),
        ("newly_blocked_likes", json!(3)),
        ("newly_blocked_overrides", json!(6)),
        ("newly_allowed", json!(2)),
        ("newly_allowed_surfaced", json!(2.0)),
        ("errors", json!(0)),
    ] {
        assert_eq!(verdicts[name], expected, "{name}: {verdicts}");
    }
    let rate = verdicts["newly_blocked_override_rate"]["value"].as_f64().expect("known");
    assert!((rate - 6.0 / 9.0).abs() < 1e-12, "{rate}");
    // What is left is surfaced as before; of 26 there is no word about two that nobody was asked
    // about: between 6 and 8 of 26 would be overridden, and the answer says no less and no more.
    let (logged, target) = (&report["logged"], &report["target"]);
    // Both are counted per 1,000 of the 36 that either lets through: 34 then, 26 now.
    assert_eq!((&logged["eligible"], &target["eligible"]), (&json!(36.0), &json!(36.0)));
    assert_eq!(logged["surfaced_per_1000"], json!(34_000.0 / 36.0));
    assert_eq!(target["surfaced_per_1000"], json!(26_000.0 / 36.0));
    let told = &target["evaluation"];
    assert_eq!((&told["status"], &told["labels"]), (&json!("told"), &json!(24)), "{told}");
    let unsupported = told["unsupported_share"].as_f64().expect("known");
    assert!((unsupported - 2.0 / 26.0).abs() < 1e-12, "{unsupported}");
    for estimate in told["estimates"].as_array().expect("a list") {
        let rate = &estimate["override_rate"];
        let (low, high) =
            (rate["low"].as_f64().expect("known"), rate["high"].as_f64().expect("known"));
        assert!(rate["value"].is_null(), "{rate}");
        assert!(low <= 6.0 / 26.0 && 8.0 / 26.0 <= high && low >= 0.0 && high <= 1.0, "{rate}");
    }
    let said = ada.run(&["lab", "replay", log, "--policy", &directory], 0).out;
    let words = "It denies 10 decisions that were allowed, 10 of which had been put to people with an observed override rate of 66.7 %";
    let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(words), "{said}");
    let words = "722 of 1,000 decisions that the log or this lets through would have been surfaced instead of 944";
    assert!(flat.contains(words) && flat.contains("`narrow 2` ("), "{said}");

    // The shipped policy judges as it did.
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/default");
    let shipped = shipped.to_str().expect("is UTF-8");
    let report = ada.json(&["lab", "replay", log, "--policy", shipped]);
    assert_eq!(report["target"], report["logged"]);
    assert_eq!(report["verdicts"]["newly_blocked"], 0);
    assert_eq!(report["verdicts"]["newly_allowed"], 0);
}
