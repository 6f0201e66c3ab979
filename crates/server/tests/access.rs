//! Who may do what: set-up, tokens, and every role against every endpoint.

mod common;

use common::{Client, World, base, code, config};
use npo_api::endpoints::{ENDPOINTS, Method, Permission};
use npo_server::Server;
use serde_json::{Value, json};

const ROLES: [&str; 7] =
    ["viewer", "operator", "approver", "engineer", "admin", "auditor", "source"];

/// What each role gives, written down once more so that a slip in the server's table shows.
fn gives(role: &str, permission: Permission) -> bool {
    match permission {
        Permission::Public | Permission::Known => true,
        Permission::Read => role != "source",
        Permission::Answer => ["operator", "approver"].contains(&role),
        Permission::Propose => ["engineer", "source"].contains(&role),
        Permission::Stop => ["operator", "approver", "engineer", "admin"].contains(&role),
        Permission::Approve => ["approver", "admin"].contains(&role),
        Permission::Judge => ["approver", "admin", "auditor"].contains(&role),
        Permission::Model => ["engineer", "approver", "admin"].contains(&role),
        Permission::Engineer => role == "engineer",
        Permission::Audit => role == "auditor",
        Permission::Administer => role == "admin",
    }
}

#[test]
fn every_endpoint_is_there_and_takes_exactly_the_roles_it_should() {
    let world = World::new();
    let clients: Vec<_> = ROLES.iter().map(|role| (*role, world.person(role, &[role]))).collect();
    let nobody = world.nobody();
    for endpoint in ENDPOINTS.iter().filter(|e| e.id != "stream") {
        let path = endpoint
            .path
            .replace("{id}", "none")
            .replace("{name}", "none")
            .replace("{digest}", "none")
            .replace("{scenario_type}", "none")
            .replace("{look}", "1");
        let method = match endpoint.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        };
        let ask = |client: &Client| client.send(method, &path, b"");
        if endpoint.permission != Permission::Public {
            let refused = ask(&nobody);
            assert!(refused.header("www-authenticate").is_some_and(|h| h.starts_with("Bearer")));
            refused.problem(401, "token-missing", "`Bearer npo_");
        }
        for (role, client) in &clients {
            let answer = ask(client);
            let allowed = answer.status != 403 && answer.status != 401;
            assert_eq!(
                allowed,
                gives(role, endpoint.permission),
                "{role} {}: {answer:?}",
                endpoint.id
            );
            // A path without a parameter that names nothing is there, whatever it says.
            if allowed && !endpoint.path.contains('{') {
                assert!(![404, 405, 500].contains(&answer.status), "{}: {answer:?}", endpoint.id);
            }
        }
    }
}

#[test]
fn a_stream_is_for_readers() {
    let world = World::new();
    let source = world.person("telemetry", &["source"]);
    source.get("/v1/stream").problem(403, "permission-denied", "you have source");
    world.nobody().get("/v1/stream").problem(401, "token-missing", "");
}

#[test]
fn a_token_that_does_not_work_says_why() {
    let world = World::new();
    let olga = world.person("olga", &["operator"]);
    let check = |token: &str, code: &str, detail: &str| {
        Client::new(&world.base(), Some(token)).get("/v1/whoami").problem(401, code, detail);
    };
    check("secret", "token-malformed", "64 hexadecimal digits");
    check(&format!("npo_{}", "0".repeat(64)), "token-unknown", "not known here");
    world.nobody().with("Authorization", "Basic YTpi").get("/v1/whoami").problem(
        401,
        "token-malformed",
        "",
    );
    let who = olga.get("/v1/whoami").expect(200);
    let token = who["token"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(who["person"]["handle"], "olga");
    // Revoking somebody else's takes an admin, one's own nobody.
    olga.send("DELETE", "/v1/tokens/t0", b"").problem(403, "permission-denied", "admin");
    let revoked = olga.send("DELETE", &format!("/v1/tokens/{token}"), b"").expect(200);
    assert_eq!(revoked["revoked"], true);
    olga.get("/v1/whoami").problem(401, "token-revoked", &token);
    world.admin.send("DELETE", "/v1/tokens/t99", b"").problem(404, "unknown-token-id", "`t99`");

    let oleg = world.person("oleg", &["operator"]);
    let id = oleg.get("/v1/whoami").expect(200)["person"]["id"].as_str().expect("an id").to_owned();
    let path = format!("/v1/people/{id}");
    let changed = world.admin.send("PATCH", &path, br#"{"active": false}"#).expect(200);
    assert_eq!(changed["active"], false);
    oleg.get("/v1/whoami").problem(401, "inactive-person", "no access");
}

#[test]
fn tokens_are_issued_for_oneself_and_by_admins_for_others() {
    let world = World::new();
    let olga = world.person("olga", &["operator"]);
    let issue = |client: &Client, body: Value| client.post("/v1/tokens", &body);
    let own = issue(&olga, json!({"label": "phone", "expires_in_days": 30})).expect(201);
    assert_eq!(own["token"]["person"], "olga");
    assert!(own["token"]["expires_at"].is_string());
    Client::new(&world.base(), own["secret"].as_str()).get("/v1/whoami").expect(200);
    issue(&olga, json!({"label": "x", "person": "olga"})).expect(201);
    issue(&olga, json!({"label": "x", "person": "ada"})).problem(403, "permission-denied", "");
    issue(&olga, json!({"label": "x", "person": "nobody"})).problem(403, "permission-denied", "");
    issue(&world.admin, json!({"label": "x", "person": "nobody"})).problem(
        422,
        "unknown-person",
        "`nobody`",
    );
    issue(&olga, json!({"label": ""})).problem(422, "invalid-field", "`label` is empty");
    issue(&olga, json!({"label": "x", "expires_in_days": 0})).problem(
        422,
        "invalid-field",
        "1 to 3650",
    );
    let listed = world.admin.get("/v1/tokens");
    assert!(!listed.text.contains("npo_") && !listed.text.contains("digest"), "{}", listed.text);
}

#[test]
fn people_are_added_and_changed_and_the_last_admin_stays() {
    let world = World::new();
    let add = |handle: &str, roles: Value| {
        world.admin.post("/v1/people", &json!({"handle": handle, "name": "N", "roles": roles}))
    };
    let added = add("olga", json!(["operator", "viewer"])).expect(201);
    assert_eq!(added["roles"], json!(["viewer", "operator"]));
    add("olga", json!(["viewer"])).problem(409, "handle-taken", "`olga`");
    add("Olga!", json!(["viewer"])).problem(422, "invalid-field", "`handle`");
    add("x", json!([])).problem(422, "invalid-field", "`roles` is empty");
    add("x", json!(["king"])).problem(
        422,
        "invalid-field",
        "`king`, expected one of viewer, operator",
    );
    let patch = |id: &str, body: &str| {
        world.admin.send("PATCH", &format!("/v1/people/{id}"), body.as_bytes())
    };
    patch("p1", r#"{"roles": ["viewer"]}"#).problem(409, "last-admin", "`ada`");
    patch("p1", r#"{"active": false}"#).problem(409, "last-admin", "`ada`");
    patch("p9", r#"{"active": false}"#).problem(404, "unknown-person", "`p9`");
    patch("p2", r#"{"age": 3}"#).problem(422, "unknown-field", "`age`");
    assert_eq!(patch("p2", r#"{"name": "Olga"}"#).expect(200)["name"], "Olga");
    assert_eq!(patch("p2", "{}").expect(200)["name"], "Olga");
}

#[test]
fn the_set_up_link_makes_one_administrator() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::start(config(directory.path())).expect("it starts");
    let link = server.setup_link().expect("nobody is known").to_owned();
    assert!(link.starts_with(&format!("{}/setup#", base(&server))), "{link}");
    let nobody = Client::new(&base(&server), None);
    let page = nobody.get("/setup");
    assert_eq!(page.status, 200);
    assert!(
        page.text.contains("data-state=\"open\"")
            && !page.text.contains("http://")
            && !page.text.contains("https://")
    );
    assert!(
        page.header("content-security-policy").is_some_and(|p| p.starts_with("default-src 'none'"))
    );
    let set_up = |code: &str, handle: &str| {
        nobody.post("/v1/setup", &json!({"code": code, "handle": handle, "name": "Ada"}))
    };
    let code = code(&server);
    set_up("guess", "ada").problem(403, "setup-code-wrong", "4 more tries");
    set_up(&code, "No Good").problem(422, "invalid-field", "`handle`");
    let issued = set_up(&code, "ada").expect(201);
    let admin = Client::new(&base(&server), issued["secret"].as_str());
    let who = admin.get("/v1/whoami").expect(200);
    assert_eq!(who["person"]["roles"], json!(["operator", "engineer", "admin", "auditor"]));
    set_up(&code, "eve").problem(409, "already-set-up", "used up");
    assert!(nobody.get("/setup").text.contains("data-state=\"done\""));
    server.shutdown();
    let server = Server::start(config(directory.path())).expect("it starts again");
    assert_eq!(server.setup_link(), None);
}

#[test]
fn wrong_codes_lock_the_set_up_until_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::start(config(directory.path())).expect("it starts");
    let nobody = Client::new(&base(&server), None);
    let set_up =
        |code: &str| nobody.post("/v1/setup", &json!({"code": code, "handle": "a", "name": "A"}));
    for _ in 0..5 {
        set_up("guess").problem(403, "setup-code-wrong", "");
    }
    set_up(&code(&server)).problem(429, "setup-locked", "restart");
    let old = server.setup_link().map(str::to_owned);
    server.shutdown();
    let server = Server::start(config(directory.path())).expect("it starts again");
    assert_ne!(server.setup_link().map(str::to_owned), old);
    let nobody = Client::new(&base(&server), None);
    let body = json!({"code": code(&server), "handle": "a", "name": "A"});
    nobody.post("/v1/setup", &body).expect(201);
}

#[test]
fn paths_and_methods_that_are_not_there_say_what_is() {
    let world = World::new();
    let missing = world.nobody().get("/v1/nothing");
    assert_eq!((missing.status, missing.json()["code"].clone()), (404, json!("not-found")));
    let page = world.nobody().get(missing.json()["type"].as_str().expect("a path"));
    assert!(page.status == 200 && page.text.starts_with("# Not found"), "{page:?}");
    assert_eq!(world.nobody().get("/errors/none").status, 404);
    let wrong = world.nobody().send("DELETE", "/v1/decisions", b"");
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("POST, GET")));
    assert_eq!(wrong.json()["code"], "method-not-allowed");
}

#[test]
fn a_request_id_is_taken_over_or_made() {
    let world = World::new();
    let asked = world.admin.with("X-Request-Id", "mine-1").get("/v1/whoami");
    assert_eq!(asked.header("x-request-id"), Some("mine-1"));
    let refused = world.nobody().with("X-Request-Id", "mine-2").get("/v1/whoami");
    assert_eq!(refused.json()["request_id"], "mine-2");
    assert!(world.admin.get("/v1/whoami").header("x-request-id").is_some_and(|id| id.len() == 16));
}
