//! A small HTTP client that knows when the server went away.

use std::time::Duration;

use serde_json::{Value, json};

use super::Server;

/// One client with its own connection.
pub struct Client {
    agent: ureq::Agent,
    url: String,
    token: String,
}

impl Client {
    pub fn new(url: &str, token: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)))
            .build();
        Self { agent: config.into(), url: url.to_owned(), token: token.to_owned() }
    }

    /// The first administrator of a fresh server.
    pub fn set_up(server: &Server) -> Self {
        let link = server.set_up_link();
        let (_, code) = link.split_once('#').expect("a link with a code");
        let open = Self::new(&server.url, "");
        let body = json!({ "code": code, "handle": "root", "name": "Root" });
        let (status, issued) = open.post("/v1/setup", None, &body).expect("up");
        assert_eq!(status, 201, "{issued}");
        Self::new(&server.url, issued["secret"].as_str().expect("a secret"))
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    /// Status and body; `None` if the server went away.
    pub fn post(&self, path: &str, key: Option<&str>, body: &Value) -> Option<(u16, Value)> {
        let mut request = self.agent.post(format!("{}{path}", self.url));
        if !self.token.is_empty() {
            request = request.header("Authorization", format!("Bearer {}", self.token));
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let mut response = request.send_json(body).ok()?;
        let status = response.status().as_u16();
        Some((status, response.body_mut().read_json().ok()?))
    }

    /// Posts what must be created.
    #[track_caller]
    pub fn create(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.post(path, None, body).expect("up");
        assert_eq!(status, 201, "POST {path}: {answer}");
        answer
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        let (status, body) = self.try_get(path);
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    pub fn try_get(&self, path: &str) -> (u16, Value) {
        let request = self.agent.get(format!("{}{path}", self.url));
        let mut response = request
            .header("Authorization", format!("Bearer {}", self.token))
            .call()
            .unwrap_or_else(|error| panic!("GET {path}: {error}"));
        let status = response.status().as_u16();
        (status, response.body_mut().read_json().expect("JSON"))
    }
}
