//! A world in which certificates, looks and alarms come after a few answers.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Client, World, proposal};

/// A profile that certifies after a few likes, takes back after a few overrides, and looks at every
/// fifth episode.
pub const GENEROUS: &str = r#"
name = "generous"

[certificate]
alpha = 0.5
delta = 0.5
audit_rate = 1.0
alarm_run_length = 10.0

[watch]
look_every = 5
audit_looks = 1.0
# Nothing is suppressed or escalated while people object on purpose.
run_length = 1000000000.0
"#;

pub fn generous(directory: &std::path::Path) -> PathBuf {
    let path = directory.join("generous.toml");
    std::fs::write(&path, GENEROUS).expect("writes");
    path
}

/// A world under the generous profile, and an operator, an approver and a source in it.
pub fn world() -> (World, Client, Client, Client) {
    let world = World::configured(|config| {
        let directory = config.data.parent().expect("has a parent").to_owned();
        config.profile_file = Some(generous(&directory));
    });
    let people = (
        world.person("olga", &["operator"]),
        world.person("anna", &["approver"]),
        world.person("telemetry", &["source"]),
    );
    (world, people.0, people.1, people.2)
}

/// Proposes and gives the decision's id.
pub fn propose(source: &Client, entity: &str) -> (String, Value) {
    let made = source.post("/v1/decisions", &proposal(entity)).expect(201);
    (made["id"].as_str().expect("an id").to_owned(), made)
}

pub fn answer(person: &Client, id: &str, signal: &str) -> Value {
    person.post(&format!("/v1/decisions/{id}/feedback"), &json!({"signal": signal})).expect(201)
}
