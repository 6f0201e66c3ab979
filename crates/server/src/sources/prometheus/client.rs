//! Asking a Prometheus server: one GET, one answer, within bounds of time and size.
//!
//! Plain HTTP/1.1, since the client is built without TLS. Redirects are not followed and no proxy of
//! the environment is used, so that credentials go to the server that was named and nowhere else.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use base64::Engine as _;
use npo_network::prometheus::{Answer, AnswerError, Request, parse};
use ureq::http::Response;
use ureq::{Agent, Body};

/// How long a connection may take: a server that is there answers in far less.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Size of a file with a credential at most, bytes; cloud tokens have some 2 KiB.
const CREDENTIAL_BYTES_MAX: u64 = 8 << 10;

/// Address of a Prometheus server: `http://HOST:PORT`, with a path where it serves below one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.starts_with("https://") {
            return Err(
                "an address that begins with http://: npo speaks no TLS to Prometheus; put a proxy on this host that does",
            );
        }
        let rest =
            text.strip_prefix("http://").ok_or("an address such as http://127.0.0.1:9090")?;
        let rest = rest.trim_end_matches('/');
        if rest.contains('@') {
            return Err("an address without a password in it; see `basic_auth_file`");
        }
        let plain = |c: char| {
            c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']' | '_' | '/' | '~')
        };
        if rest.is_empty() || rest.starts_with(['/', ':']) || !rest.chars().all(plain) {
            return Err("an address such as http://127.0.0.1:9090");
        }
        let rest = rest.strip_suffix("/api/v1").unwrap_or(rest);
        Ok(Self(format!("http://{rest}")))
    }
}

/// Where a credential is read from, anew for every request, since it may be exchanged at any time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Credential {
    /// A file with a bearer token.
    Bearer(PathBuf),
    /// A file with `user:password`.
    Basic(PathBuf),
}

/// Why a server has no answer for us.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Nobody there, or the connection broke.
    #[error("the server cannot be reached")]
    Unreachable(#[source] Box<ureq::Error>),
    /// It took too long.
    #[error("the server did not answer within {0} s")]
    TimedOut(u64),
    /// More bytes than are read.
    #[error("the answer has more than {0} bytes")]
    TooLarge(u64),
    /// An HTTP status that is no success, with something else than an answer of the API.
    #[error("the server answered with status {status}: `{said}`")]
    Status {
        /// The status.
        status: u16,
        /// The beginning of what it said.
        said: String,
    },
    /// The answer says nothing.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// The file of a credential cannot be used; what it holds is not told.
    #[error("the credential in `{path}` cannot be used: {why}")]
    Credential {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

impl FetchError {
    /// One word for it, for metrics and status pages that anybody may read.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::TimedOut(_) => "timed-out",
            Self::TooLarge(_) => "too-large",
            Self::Status { .. } => "status",
            Self::Answer(AnswerError::Refused { .. }) => "refused",
            Self::Answer(_) => "not-understood",
            Self::Credential { .. } => "credential",
        }
    }
}

/// A server that can be asked.
pub(super) struct Client {
    agent: Agent,
    address: Address,
    credential: Option<Credential>,
    timeout: Duration,
    answer_bytes_max: u64,
}

impl Client {
    pub(super) fn new(
        address: Address,
        credential: Option<Credential>,
        timeout: Duration,
        answer_bytes_max: u64,
    ) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_connect(Some(CONNECT_TIMEOUT.min(timeout)))
            .timeout_global(Some(timeout))
            .user_agent(concat!("npo/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent = Agent::new_with_config(config);
        Self { agent, address, credential, timeout, answer_bytes_max }
    }

    /// Sends a request and reads its answer.
    pub(super) fn fetch(&self, request: &Request) -> Result<Answer, FetchError> {
        let mut call = self.agent.get(format!("{}{}", self.address, request.path));
        for (name, value) in &request.parameters {
            call = call.query(*name, value);
        }
        if let Some(credential) = &self.credential {
            call = call.header("Authorization", header(credential)?);
        }
        let mut response = call.call().map_err(|error| self.failed(error))?;
        let body = self.body(&mut response)?;
        let status = response.status().as_u16();
        match parse(&body) {
            // What the API refuses comes with a status that is no success and a reason that is better.
            Err(refused @ AnswerError::Refused { .. }) => Err(refused.into()),
            answer if (200..300).contains(&status) => Ok(answer?),
            Ok(_) | Err(_) => {
                let text = String::from_utf8_lossy(&body[..body.len().min(400)]).into_owned();
                let said = text.chars().filter(|c| !c.is_control()).take(100).collect();
                Err(FetchError::Status { status, said })
            }
        }
    }

    fn body(&self, response: &mut Response<Body>) -> Result<Vec<u8>, FetchError> {
        let read = response.body_mut().with_config().limit(self.answer_bytes_max).read_to_vec();
        read.map_err(|error| self.failed(error))
    }

    fn failed(&self, error: ureq::Error) -> FetchError {
        match error {
            ureq::Error::Timeout(_) => FetchError::TimedOut(self.timeout.as_secs()),
            ureq::Error::BodyExceedsLimit(_) => FetchError::TooLarge(self.answer_bytes_max),
            other => FetchError::Unreachable(Box::new(other)),
        }
    }
}

fn header(credential: &Credential) -> Result<String, FetchError> {
    match credential {
        Credential::Bearer(path) => Ok(format!("Bearer {}", secret(path)?)),
        Credential::Basic(path) => {
            let secret = secret(path)?;
            if !secret.contains(':') {
                let why = "it has no colon, expected user:password".to_owned();
                return Err(FetchError::Credential { path: path.clone(), why });
            }
            let encoded = base64::engine::general_purpose::STANDARD.encode(secret);
            Ok(format!("Basic {encoded}"))
        }
    }
}

/// The one line of a file, of visible characters and blanks.
fn secret(path: &Path) -> Result<String, FetchError> {
    let wrong = |why: String| FetchError::Credential { path: path.to_owned(), why };
    let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    let mut text = String::new();
    let read = file.take(CREDENTIAL_BYTES_MAX + 1).read_to_string(&mut text);
    read.map_err(|error| wrong(error.to_string()))?;
    let text = text.trim();
    if text.is_empty() || text.len() as u64 > CREDENTIAL_BYTES_MAX {
        return Err(wrong(format!("expected 1 to {CREDENTIAL_BYTES_MAX} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(wrong("expected one line without control characters".to_owned()));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let check =
            |text: &str, expected: Result<&str, &str>| match (text.parse::<Address>(), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found.to_string(), expected),
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{text}: {found}"),
                (found, expected) => panic!("{text}: found {found:?}, expected {expected:?}"),
            };
        check("http://127.0.0.1:9090", Ok("http://127.0.0.1:9090"));
        check(" http://[::1]:9090/ ", Ok("http://[::1]:9090"));
        check("http://mimir.example/prometheus/", Ok("http://mimir.example/prometheus"));
        check("http://p:9090/api/v1", Ok("http://p:9090"));
        check("https://p", Err("no TLS"));
        check("http://me:secret@p", Err("without a password"));
        check("p:9090", Err("such as http://"));
        check("http://", Err("such as http://"));
        check("http://p/?query=x", Err("such as http://"));
    }

    #[test]
    fn credentials_come_from_one_line_of_a_file_and_are_never_shown() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("secret");
        let check = |text: &str, basic: bool, expected: Result<&str, &str>| {
            std::fs::write(&path, text).expect("writes");
            let credential = match basic {
                true => Credential::Basic(path.clone()),
                false => Credential::Bearer(path.clone()),
            };
            match (header(&credential), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(found), Err(expected)) => {
                    let found = found.to_string();
                    assert!(found.contains(expected) && !found.contains("s3cret"), "{found}");
                }
                (found, expected) => panic!("{text}: found {found:?}, expected {expected:?}"),
            }
        };
        check("abc\n", false, Ok("Bearer abc"));
        check("me:s3cret\n", true, Ok("Basic bWU6czNjcmV0"));
        check("s3cret", true, Err("no colon"));
        check("s3cret\nmore", false, Err("one line"));
        check("\n", false, Err("1 to 8192 bytes"));
        check(&"x".repeat(9000), false, Err("1 to 8192 bytes"));
        let absent = Credential::Bearer(directory.path().join("absent"));
        assert!(header(&absent).expect_err("absent").to_string().contains("absent"));
    }
}
