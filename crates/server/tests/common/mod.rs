//! A small world for the tests: a real server on a free port, people with tokens, a tiny client.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

pub mod generous;
pub mod prometheus;

use std::path::Path;
use std::time::{Duration, Instant};

use npo_server::{Config, Server};
use serde_json::{Value, json};
use tempfile::TempDir;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// Asserts a problem with this status and code whose detail contains `detail`.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str, detail: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["type"], format!("/errors/{code}"));
        assert_eq!(problem["status"], status);
        assert!(problem["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{problem}");
        let found = problem["detail"].as_str().unwrap_or_default();
        assert!(found.contains(detail), "{found}\nexpected {detail}");
        assert!(!found.contains('\n'), "{found}");
    }
}

/// A client of one server with one token.
#[derive(Clone)]
pub struct Client {
    pub base: String,
    pub token: Option<String>,
    pub headers: Vec<(String, String)>,
    agent: ureq::Agent,
}

impl Client {
    pub fn new(base: &str, token: Option<&str>) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        Self { base: base.into(), token: token.map(Into::into), headers: vec![], agent }
    }

    /// The same client with one more header.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.push((name.into(), value.into()));
        other
    }

    pub fn send(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let mut request =
            ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut response = if body.is_empty() && method == "GET" {
            self.agent.run(request.body(()).expect("a request")).expect("an answer")
        } else {
            self.agent.run(request.body(body).expect("a request")).expect("an answer")
        };
        let headers = response.headers().iter();
        let headers = headers.map(|(n, v)| (n.to_string(), v.to_str().unwrap_or_default().into()));
        Answer {
            status: response.status().as_u16(),
            headers: headers.collect(),
            text: response
                .body_mut()
                .with_config()
                .limit(256 << 20)
                .read_to_string()
                .expect("a text"),
        }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, b"")
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, body.to_string().as_bytes())
    }
}

/// A server with an administrator.
pub struct World {
    pub server: Option<Server>,
    pub directory: TempDir,
    pub admin: Client,
}

pub fn config(data: &Path) -> Config {
    Config {
        data: data.join("data"),
        listen: ([127, 0, 0, 1], 0).into(),
        policy_child: vec![
            env!("CARGO_BIN_EXE_npo-server-for-tests").into(),
            "policy-child".into(),
        ],
        worker_threads: Some(2),
        ..Config::default()
    }
}

pub fn base(server: &Server) -> String {
    format!("http://{}", server.address())
}

/// The code of a server that waits for its first administrator.
pub fn code(server: &Server) -> String {
    let link = server.setup_link().expect("nobody is known yet");
    link.split_once('#').expect("the code follows #").1.to_owned()
}

impl World {
    pub fn new() -> Self {
        Self::configured(|_| {})
    }

    pub fn configured(change: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut config = config(directory.path());
        change(&mut config);
        let server = Server::start(config).expect("the server starts");
        let nobody = Client::new(&base(&server), None);
        let body = json!({"code": code(&server), "handle": "ada", "name": "Ada"});
        let issued = nobody.post("/v1/setup", &body).expect(201);
        let admin = Client::new(&base(&server), issued["secret"].as_str());
        Self { server: Some(server), directory, admin }
    }

    /// Stops the server and starts it anew on the same data.
    pub fn restart(&mut self, change: impl FnOnce(&mut Config)) {
        self.server.take().expect("it runs").shutdown();
        let mut config = config(self.directory.path());
        change(&mut config);
        let server = Server::start(config).expect("the server starts again");
        self.admin = Client::new(&base(&server), self.admin.token.as_deref());
        self.server = Some(server);
    }

    pub fn base(&self) -> String {
        base(self.server.as_ref().expect("it runs"))
    }

    pub fn nobody(&self) -> Client {
        Client::new(&self.base(), None)
    }

    /// The same person's client of the server as it runs now.
    pub fn again(&self, client: &Client) -> Client {
        Client::new(&self.base(), client.token.as_deref())
    }

    /// A new person with these roles.
    pub fn person(&self, handle: &str, roles: &[&str]) -> Client {
        let body = json!({"handle": handle, "name": handle, "roles": roles});
        self.admin.post("/v1/people", &body).expect(201);
        let issued = self.admin.post("/v1/tokens", &json!({"person": handle, "label": "test"}));
        Client::new(&self.base(), issued.expect(201)["secret"].as_str())
    }
}

/// A proposal that is surfaced: an alert of high severity.
pub fn proposal(entity: &str) -> Value {
    json!({
        "scenario_type": "alert",
        "entity": entity,
        "site": "fra1",
        "action": {"name": "notify-owner"},
        "features": {"severity": 3.0, "alerts": 4.0, "minutes_firing": 30.0, "repeats": 0.0},
        "evidence": ["it burns"],
    })
}

/// Tries until `f` gives something, for at most ten seconds.
pub fn eventually<T>(what: &str, mut f: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(found) = f() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} did not happen within ten seconds");
        std::thread::sleep(Duration::from_millis(20));
    }
}
