//! Policy bundles: kept, refused, put in force, and what happens without one.

mod common;

use common::{World, proposal};
use serde_json::{Value, json};

const MANIFEST: &str = "name = \"small\"\nversion = \"1\"\ndescription = \"For a test.\"\n";

fn bundle(rego: &str, activate: bool) -> Value {
    json!({"activate": activate, "files": [
        {"path": "bundle.toml", "content": MANIFEST},
        {"path": "policy.rego", "content": format!("package npo.policy\nimport rego.v1\n{rego}")},
    ]})
}

const DENY_ALL: &str = "default allow := false\ndeny contains {\"rule\": \"no\", \"message\": \"nothing goes\"} if true\n";
const ALLOW_ALL: &str = "default allow := false\nallow if input.scenario\ndeny contains {\"rule\": \"never\", \"message\": \"never\"} if input.scenario.type == \"none-such\"\n";

#[test]
fn a_bundle_is_checked_kept_and_put_in_force() {
    let mut world = World::new();
    let engineer = world.person("eve", &["engineer"]);
    let listed = engineer.get("/v1/policies").expect(200);
    assert_eq!(
        (listed["items"].as_array().map(Vec::len), &listed["items"][0]["active"]),
        (Some(1), &json!(true))
    );
    let first = listed["items"][0]["digest"].as_str().expect("a digest").to_owned();
    let added = engineer.post("/v1/policies", &bundle(DENY_ALL, false)).expect(201);
    assert_eq!((&added["name"], &added["active"]), (&json!("small"), &json!(false)));
    assert_eq!(engineer.post("/v1/decisions", &proposal("a")).expect(201)["allowed"], true);
    let digest = added["digest"].as_str().expect("a digest").to_owned();
    let path = format!("/v1/policies/{digest}/activate");
    assert_eq!(engineer.send("POST", &path, b"").expect(200)["active"], true);
    let blocked = engineer.post("/v1/decisions", &proposal("a")).expect(201);
    assert_eq!((&blocked["disposition"], &blocked["rules"]), (&json!("blocked"), &json!(["no"])));
    world.restart(|_| {});
    let engineer = world.again(&engineer);
    let blocked = engineer.post("/v1/decisions", &proposal("b")).expect(201);
    assert_eq!(blocked["disposition"], "blocked", "what was in force is in force again");
    let back = engineer.send("POST", &format!("/v1/policies/{first}/activate"), b"").expect(200);
    assert_eq!((&back["digest"], &back["active"]), (&json!(first), &json!(true)));
    assert_eq!(engineer.post("/v1/decisions", &proposal("c")).expect(201)["allowed"], true);
    let swapped = engineer.post("/v1/policies", &bundle(ALLOW_ALL, true)).expect(201);
    assert_eq!(swapped["active"], true);
}

#[test]
fn a_bundle_that_must_not_be_loaded_is_refused_with_the_place() {
    let world = World::new();
    let engineer = world.person("eve", &["engineer"]);
    let check = |body: &Value, status: u16, code: &str, detail: &str| {
        engineer.post("/v1/policies", body).problem(status, code, detail);
    };
    check(&bundle("allow if {", false), 422, "policy-refused", "policy.rego:");
    check(
        &bundle("allow if allow\ndeny := set()", false),
        422,
        "policy-refused",
        "recursion at policy.rego",
    );
    check(&json!({"files": []}), 422, "policy-refused", "`bundle.toml` is missing");
    check(
        &json!({"files": [{"path": "../../x", "content": ""}]}),
        422,
        "invalid-bundle",
        "`../../x` is not allowed",
    );
    check(
        &json!({"files": [{"path": "a.rego"}]}),
        422,
        "invalid-body",
        "`files[0]`: missing field `content`",
    );
    let mut failing = bundle(DENY_ALL, false);
    let case = json!([{"name": "wrong", "input": {}, "allow": true}]).to_string();
    failing["files"]
        .as_array_mut()
        .expect("files")
        .push(json!({"path": "tests/a.json", "content": case}));
    let refused = engineer.post("/v1/policies", &failing);
    assert_eq!(refused.status, 422, "{}", refused.text);
    engineer.send("POST", "/v1/policies/none/activate", b"").problem(
        404,
        "unknown-policy",
        "`none`",
    );
    let listed = engineer.get("/v1/policies").expect(200);
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "nothing refused is kept");
    let left =
        std::fs::read_dir(world.directory.path().join("data/policies")).expect("it is there");
    assert_eq!(left.count(), 2, "nothing is left behind");
}

#[test]
fn without_the_bundle_in_force_everything_is_denied_and_it_is_said() {
    let mut world = World::new();
    let engineer = world.person("eve", &["engineer"]);
    let policies = world.directory.path().join("data/policies");
    let bundle =
        std::fs::read_dir(&policies).expect("it is there").map(|e| e.expect("an entry").path());
    let bundle = bundle.into_iter().find(|path| path.is_dir()).expect("the default bundle");
    let rego = bundle.join("policy.rego");
    let text = std::fs::read_to_string(&rego).expect("the policy");
    std::fs::write(&rego, format!("{text}\n# changed\n")).expect("it can be written");
    world.restart(|_| {});
    let ready = world.nobody().get("/readyz");
    assert_eq!(ready.status, 503);
    assert!(ready.text.contains("changed after it was checked"), "{}", ready.text);
    assert_eq!(world.nobody().get("/healthz").status, 200);
    let engineer = world.again(&engineer);
    let denied = engineer.post("/v1/decisions", &proposal("a")).expect(201);
    assert_eq!(
        (&denied["disposition"], &denied["rules"]),
        (&json!("blocked"), &json!(["npo.no-policy"]))
    );
    std::fs::write(&rego, text).expect("it can be written");
    let digest = bundle.file_name().expect("a name").to_string_lossy().into_owned();
    engineer.send("POST", &format!("/v1/policies/{digest}/activate"), b"").expect(200);
    assert_eq!(world.nobody().get("/readyz").status, 200);
    assert_eq!(engineer.post("/v1/decisions", &proposal("a")).expect(201)["allowed"], true);
}
