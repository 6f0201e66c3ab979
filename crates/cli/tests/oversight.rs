//! A night on call, through the real binary: the red button, a grant, verdicts, and what is said first.

mod common;

use common::{Person, Server};
use serde_json::Value;

/// Looks at every second episode, and asks about every look.
const PROFILE: &str = "name = \"watchful\"\n[watch]\nlook_every = 2\naudit_looks = 1.0\n";

fn propose(person: &Person, entity: &str) -> Value {
    let mut args =
        vec!["decision", "propose", "--type", "alert", "--site", "fra1", "--entity", entity];
    args.extend(["--action", "notify-owner"]);
    for feature in ["severity=3", "alerts=4", "minutes_firing=30", "repeats=0"] {
        args.extend(["--feature", feature]);
    }
    person.json(&args)
}

fn id(decision: &Value) -> String {
    decision["id"].as_str().expect("has an id").to_owned()
}

/// A server under [`PROFILE`] with ada as its administrator, and anna who approves.
fn set_up(data: &std::path::Path) -> (Server, Person, Person) {
    let profile = data.join("profile.toml");
    std::fs::write(&profile, PROFILE).expect("writes");
    let server = Server::start_with(data, &["--profile", profile.to_str().expect("is UTF-8")]);
    let mut ada = Person::new();
    let link = server.set_up_link();
    ada.server = link.split("/setup#").next().expect("has a server").to_owned();
    ada.run(&["admin", "setup", &link, "--handle", "ada", "--name", "Ada"], 0);
    ada.run(&["admin", "person", "add", "anna", "--role", "approver"], 0);
    let secret =
        ada.run(&["admin", "token", "issue", "--person", "anna", "--label", "test"], 0).out;
    let mut anna = Person::new();
    anna.server = ada.server.clone();
    anna.token = Some(secret.trim().to_owned());
    (server, ada, anna)
}

/// The first line of what is said.
#[track_caller]
fn first(person: &Person, args: &[&str], code: i32) -> String {
    person.run(args, code).out.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_night_on_call() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, ada, anna) = set_up(data.path());
    assert_eq!(
        first(&ada, &["monitor", "show"], 0),
        "All quiet: nothing is held, escalated or silent."
    );
    assert_eq!(first(&ada, &["red-button", "list"], 0), "Nothing is held.");

    propose(&ada, "web-0");
    let press = |site| ["red-button", "press", "--site", site, "--reason", "smoke"];
    let typo = ada.run(&press("far1"), 0).err;
    assert!(typo.contains("from site `far1` so far; known sites: fra1; nearest: fra1"), "{typo}");
    anna.run(&["red-button", "release", "--site", "far1", "--reason", "a slip"], 0);
    let press = press("fra1");
    let pressed = ada.run(&press, 0);
    assert!(!pressed.err.contains("no decision has come"), "{}", pressed.err);
    let said = pressed.out;
    assert!(said.starts_with("1 scope is held") && said.contains("site fra1"), "{said}");
    assert!(ada.run(&press, 1).err.contains("already-held"));
    assert_eq!(first(&ada, &["monitor", "show"], 0), "Needs somebody: 1 held.");
    let held = propose(&ada, "web-1");
    assert_eq!(held["disposition"], "abstained");
    let shown = ada.run(&["decision", "show", &id(&held)], 0).out;
    assert!(shown.contains("red button is pressed on"), "{shown}");
    let release = ["red-button", "release", "--site", "fra1", "--reason", "false alarm"];
    assert_eq!(first(&anna, &release, 0), "Nothing is held.");
    assert!(anna.run(&release, 1).err.contains("not-held"));

    let grant = ["autonomy", "grant", "alert", "automatic", "--reason", "two quiet weeks"];
    let said = anna.run(&grant, 0).out;
    assert!(
        said.starts_with("alert: shadow, threshold ") && said.contains("No certificate now"),
        "{said}"
    );
    let said = ada.run(&["threshold", "list"], 0).out;
    assert!(said.starts_with("0 of ") && said.contains("alert"), "{said}");
    let said = ada.run(&["threshold", "show", "alert"], 0).out;
    assert!(said.contains("0.99") && said.contains("so people review"), "{said}");
    assert!(ada.run(&["threshold", "show", "none"], 1).err.contains("`none` is unknown"));
    assert_eq!(ada.json(&["threshold", "show", "alert"])["ceiling"], "automatic");

    let ids: Vec<String> = (0..3).map(|i| id(&propose(&ada, &format!("web-{i}")))).collect();
    for id in &ids {
        ada.run(&["feedback", "give", id, "like"], 0);
    }
    let said = anna.run(&["decision", "rca", &ids[0], "wrong", "--note", "post-mortem 17"], 0).out;
    assert!(
        said.starts_with(&format!("{} was wrong.", ids[0])) && said.contains("ada was wrong"),
        "{said}"
    );
    assert!(anna.run(&["decision", "rca", &ids[0], "right"], 1).err.contains("not-for-rca"));

    let monitor = ada.run(&["monitor", "show"], 0).out;
    assert!(
        monitor.contains("Not enough verdicts") && monitor.contains("kept silent"),
        "{monitor}"
    );
    let look = ada.json(&["monitor", "show"])["waiting"][0]["look"].to_string();
    let said = anna.run(&["monitor", "verdict", "alert", &look, "no"], 0).out;
    assert!(
        said.starts_with(&format!("Action was not called for in look {look} of alert.")),
        "{said}"
    );
    assert!(anna.run(&["monitor", "verdict", "alert", &look, "no"], 1).err.contains("not-for-rca"));
    assert!(
        anna.run(&["escalation", "settle", "alert", "--reason", "x"], 1)
            .err
            .contains("not-escalated")
    );

    let said = first(&ada, &["monitor", "divergence"], 0);
    assert!(said.starts_with("Not enough answers: 3"), "{said}");
    let said = ada.run(&["model", "list"], 0).out;
    assert!(said.contains("alert: m0 is in force"), "{said}");
    assert!(ada.run(&["model", "refit", "alert"], 1).err.contains("too-few-labels"));
    assert!(ada.run(&["model", "promote", "m1", "--reason", "x"], 1).err.contains("unknown-model"));
    assert!(
        ada.run(&["model", "rollback", "alert", "--reason", "x"], 1).err.contains("model-conflict")
    );
    let alignment = ada.run(&["alignment"], 0).out;
    assert!(
        alignment.contains("watchful") && alignment.contains("Not enough answers"),
        "{alignment}"
    );
}
