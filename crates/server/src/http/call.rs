//! What a handler gets, and what it gives back.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use npo_api::Problem;
use npo_api::endpoints::Endpoint;
use npo_core::event::RequestKey;
use npo_engine::{Refusal, request_key};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::{json, problem, query};
use crate::app::App;
use crate::auth::Caller;

/// A request that may be answered: its caller is known and allowed, its body is read.
pub(crate) struct Call {
    pub(crate) app: Arc<App>,
    pub(crate) endpoint: &'static Endpoint,
    /// Who asks; nobody known for a public endpoint.
    pub(crate) caller: Option<Arc<Caller>>,
    pub(crate) path: String,
    /// The path's first parameter, empty if it has none.
    pub(crate) parameter: String,
    /// Its second parameter, empty if it has none. No path has three.
    pub(crate) parameter_2: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The idempotency key, checked.
    pub(crate) key: Option<String>,
}

/// The header that marks the answer to an earlier request with the same key.
const REPLAY: &str = "idempotent-replay";

/// The header that says how many events a list is behind the log.
const BEHIND: &str = "npo-views-lag-events";

impl Call {
    /// Who asks.
    pub(crate) fn caller(&self) -> &Caller {
        self.caller.as_deref().expect("only public endpoints have no caller, and they do not ask")
    }

    /// The body as JSON.
    pub(crate) fn json<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T, Problem> {
        json::parse(&self.body)
    }

    /// The query string.
    pub(crate) fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        query::parse(&self.query)
    }

    /// The key of this request for the engine; the path is part of what was asked.
    pub(crate) fn request(&self) -> Option<RequestKey> {
        let key = self.key.as_ref()?;
        let content = [self.path.as_bytes(), b"\0", &self.body].concat();
        Some(request_key(self.caller().person, self.endpoint.id, key, &content))
    }

    /// The path's first parameter as an id.
    pub(crate) fn id<T: std::str::FromStr>(&self, unknown: &str) -> Result<T, Problem>
    where
        T::Err: std::fmt::Display,
    {
        self.parameter.parse().map_err(|e: T::Err| Problem::new(404, unknown, e.to_string()))
    }

    /// Runs `f` where it may block.
    pub(crate) async fn blocking<R: Send + 'static>(
        &self,
        f: impl FnOnce(&App) -> Result<R, Problem> + Send + 'static,
    ) -> Result<R, Problem> {
        let app = Arc::clone(&self.app);
        let done = tokio::task::spawn_blocking(move || f(&app)).await;
        done.map_err(|error| problem::internal("a task did not end", &error))?
    }

    /// Waits until the read models show everything that was durable when the request came, so that
    /// a read after a write sees it. Gives how many events they are behind, which is none unless
    /// they cannot be written at all: reads go on then, and say so.
    pub(crate) async fn views_caught_up(&self) -> Result<u64, Problem> {
        let wanted = *self.app.engine.durable().borrow();
        let mut position = self.app.lists.position();
        let failing = || self.app.lists.failing();
        if *position.borrow() < wanted {
            self.app.lists.hurry();
        }
        if !failing() {
            let patience = Duration::from_millis(self.app.config.timeouts.views_ms);
            drop(timeout(patience, position.wait_for(|shown| *shown >= wanted)).await);
        }
        let behind = wanted.saturating_sub(*position.borrow());
        if behind == 0 || failing() {
            return Ok(behind);
        }
        let detail = format!("the lists are {behind} events behind the log; try again");
        Err(Problem::new(503, "views-behind", detail))
    }
}

/// The problem of a refusal whose unknown names stand in the path.
pub(crate) fn in_path(refusal: Refusal) -> Problem {
    problem::of_refusal(&refusal, problem::Named::InPath)
}

/// The problem of a refusal whose unknown names stand in the body.
pub(crate) fn in_body(refusal: Refusal) -> Problem {
    problem::of_refusal(&refusal, problem::Named::InBody)
}

/// A JSON answer.
pub(crate) fn reply<T: Serialize>(status: u16, value: &T) -> Result<Response, Problem> {
    let body = serde_json::to_vec(value)
        .map_err(|error| problem::internal("the answer could not be written", &error))?;
    Ok(content(status, "application/json", body))
}

/// A JSON answer made from lists that are so many events behind the log.
pub(crate) fn reply_listed<T: Serialize>(behind: u64, value: &T) -> Result<Response, Problem> {
    let mut response = reply(200, value)?;
    if behind > 0 {
        response.headers_mut().insert(BEHIND, HeaderValue::from(behind));
    }
    Ok(response)
}

/// A JSON answer to an order: 200 and marked if it repeats an earlier answer.
pub(crate) fn reply_once<T: Serialize>(
    status: u16,
    replayed: bool,
    value: &T,
) -> Result<Response, Problem> {
    let mut response = reply(if replayed { 200 } else { status }, value)?;
    if replayed {
        response.headers_mut().insert(REPLAY, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// An answer of some media type.
pub(crate) fn content(status: u16, media_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
