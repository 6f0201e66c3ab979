//! The API over HTTP/1.1: one request, one answer or one [`Failure`].
//!
//! Which endpoint to ask for what is left to the verbs; [`sse`] follows streams, [`credentials`]
//! keeps tokens, [`address`] reads what people write after `--server`.

pub(crate) mod address;
pub(crate) mod credentials;
pub(crate) mod sse;

use std::time::Duration;

use npo_api::Problem;
use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::config::Config;
use ureq::http::Response;
use ureq::{Agent, Body, RequestBuilder, typestate};

use crate::exit::{Failure, NO_PROBLEM_DETAIL};
use address::Address;

/// How long a connection may take: a server that is there answers in far less.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request may take in all: twice what the server gives itself.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// The largest answer that is read: the largest batch has one of about this size.
const ANSWER_BYTES_MAX: u64 = 64 << 20;
/// The largest answer to an error; the rest would not be read by anybody.
const PROBLEM_BYTES_MAX: u64 = 64 << 10;

/// An answer: as it came, and read.
#[derive(Debug, Clone)]
pub(crate) struct Received<T> {
    /// The body as it came.
    pub(crate) text: String,
    /// What it says.
    pub(crate) value: T,
}

/// A server that can be asked.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    agent: Agent,
    address: Address,
    token: Option<String>,
}

impl Client {
    /// A client of the server at `address`; nothing is sent yet.
    pub(crate) fn new(address: Address, token: Option<String>) -> Self {
        let config = settings().timeout_global(Some(REQUEST_TIMEOUT)).build();
        Self { agent: Agent::new_with_config(config), address, token }
    }

    /// Where the server is.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Reads.
    pub(crate) fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Received<T>, Failure> {
        let mut request = self.agent.get(self.address.url(path));
        for (name, value) in query {
            request = request.query(*name, value);
        }
        self.read(self.with_token(request).call())
    }

    /// Orders; the same `key` with the same body gets the first answer again.
    pub(crate) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        key: Option<&str>,
    ) -> Result<Received<T>, Failure> {
        self.post_bytes(path, "application/json", &to_json(body)?, key)
    }

    /// Orders with a body that is already written.
    pub(crate) fn post_bytes<T: DeserializeOwned>(
        &self,
        path: &str,
        media: &str,
        body: &[u8],
        key: Option<&str>,
    ) -> Result<Received<T>, Failure> {
        let text = self.text(self.send_bytes(path, media, body, key))?;
        self.parse(text)
    }

    /// Orders many things, one a line; the answer has a line for each.
    pub(crate) fn post_lines(&self, path: &str, body: &[u8]) -> Result<String, Failure> {
        self.text(self.send_bytes(path, "application/x-ndjson", body, None))
    }

    /// Changes.
    pub(crate) fn patch<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Received<T>, Failure> {
        let body = to_json(body)?;
        let request = self
            .with_token(self.agent.patch(self.address.url(path)))
            .content_type("application/json");
        self.read(request.send(&body[..]))
    }

    /// Takes away.
    pub(crate) fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<Received<T>, Failure> {
        self.read(self.with_token(self.agent.delete(self.address.url(path))).call())
    }

    /// Opens a stream that ends only with its connection; `read_timeout` bounds its silence.
    pub(crate) fn open_stream(
        &self,
        path: &str,
        after: Option<u64>,
        read_timeout: Duration,
    ) -> Result<Response<Body>, Failure> {
        let config = settings()
            .timeout_per_read(Some(read_timeout))
            .timeout_recv_response(Some(REQUEST_TIMEOUT))
            .build();
        let mut request = Agent::new_with_config(config)
            .get(self.address.url(path))
            .header("Accept", "text/event-stream");
        if let Some(after) = after {
            request = request.header("Last-Event-ID", after.to_string());
        }
        self.accepted(self.with_token(request).call())
    }

    fn send_bytes(
        &self,
        path: &str,
        media: &str,
        body: &[u8],
        key: Option<&str>,
    ) -> Result<Response<Body>, ureq::Error> {
        let mut request =
            self.with_token(self.agent.post(self.address.url(path))).content_type(media);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        request.send(body)
    }

    fn with_token<S>(&self, request: RequestBuilder<S>) -> RequestBuilder<S> {
        match &self.token {
            Some(token) => request.header("Authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    fn read<T: DeserializeOwned>(
        &self,
        response: Result<Response<Body>, ureq::Error>,
    ) -> Result<Received<T>, Failure> {
        let text = self.text(response)?;
        self.parse(text)
    }

    fn text(&self, response: Result<Response<Body>, ureq::Error>) -> Result<String, Failure> {
        let mut response = self.accepted(response)?;
        let read = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
        read.map_err(|error| {
            Failure::could_not(format!("could not read the answer of {}", self.address), error)
        })
    }

    fn parse<T: DeserializeOwned>(&self, text: String) -> Result<Received<T>, Failure> {
        match serde_json::from_str(&text) {
            Ok(value) => Ok(Received { text, value }),
            Err(error) => {
                let what = format!(
                    "{} answered something that this npo does not understand",
                    self.address
                );
                Err(Failure::could_not(what, error))
            }
        }
    }

    /// A successful response, or what the server has against it.
    fn accepted(
        &self,
        response: Result<Response<Body>, ureq::Error>,
    ) -> Result<Response<Body>, Failure> {
        let mut response = response.map_err(|error| self.unreachable(error))?;
        let status = response.status().as_u16();
        if (200..300).contains(&status) {
            return Ok(response);
        }
        let body = response
            .body_mut()
            .with_config()
            .limit(PROBLEM_BYTES_MAX)
            .lossy_utf8(true)
            .read_to_string();
        let body = body.unwrap_or_default();
        let problem = serde_json::from_str::<Problem>(&body).unwrap_or_else(|_| {
            let said: String = body.chars().filter(|c| !c.is_control()).take(200).collect();
            let detail = format!(
                "{} answered with status {status} and no problem detail: `{said}`",
                self.address
            );
            Problem::new(status, NO_PROBLEM_DETAIL, detail)
        });
        Err(Failure::Problem(Box::new(problem)))
    }

    fn unreachable(&self, error: ureq::Error) -> Failure {
        match error {
            ureq::Error::Timeout(_) => {
                Failure::could_not(format!("{} did not answer in time", self.address), error)
            }
            // These words say all that the cause does.
            ureq::Error::Io(io) if io.kind() == std::io::ErrorKind::ConnectionRefused => {
                Failure::cannot(format!(
                    "nobody listens at {}; is the server running, and is it the one meant by --server or NPO_SERVER?",
                    self.address
                ))
            }
            error => Failure::could_not(format!("could not ask {}", self.address), error),
        }
    }
}

fn settings() -> ureq::config::ConfigBuilder<typestate::AgentScope> {
    Config::builder()
        .http_status_as_error(false)
        // Tokens go to the server that was named and nowhere else.
        .max_redirects(0)
        .proxy(None)
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .user_agent(concat!("npo/", env!("CARGO_PKG_VERSION")))
}

fn to_json(body: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(body)
        .map_err(|error| Failure::could_not("could not write the request as JSON", error))
}

/// A path with `parts` in place of `{}`, percent-encoded where they need it.
pub(crate) fn path(template: &str, parts: &[&str]) -> String {
    let mut path = String::new();
    let mut parts = parts.iter();
    for (ix, piece) in template.split("{}").enumerate() {
        if ix > 0 {
            for byte in parts.next().copied().unwrap_or_default().bytes() {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
                        path.push(char::from(byte))
                    }
                    // Dots too: `..` must not climb.
                    _ => path.push_str(&format!("%{byte:02X}")),
                }
            }
        }
        path.push_str(piece);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_parts_cannot_climb() {
        assert_eq!(path("/v1/decisions/{}/feedback", &["d42"]), "/v1/decisions/d42/feedback");
        assert_eq!(
            path("/v1/scenario-types/{}", &["../x?y#z é"]),
            "/v1/scenario-types/%2E%2E%2Fx%3Fy%23z%20%C3%A9"
        );
    }

    #[test]
    fn nobody_listening_is_said_in_words() {
        // A port that was free a moment ago and is closed again.
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .expect("binds")
            .local_addr()
            .expect("has an address")
            .port();
        let client =
            Client::new(format!("http://127.0.0.1:{port}").parse().expect("an address"), None);
        let failure =
            client.get::<serde_json::Value>("/healthz", &[]).expect_err("nobody is there");
        assert!(
            failure.to_string().starts_with("nobody listens at http://127.0.0.1:"),
            "{failure}"
        );
    }
}
