//! The way of every request: who asks, may they, what do they say; then the handler; then words,
//! numbers and a line in the log.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::RequestPartsExt as _;
use axum::extract::{RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use npo_api::Problem;
use npo_api::endpoints::{Body as Wire, Endpoint, Method, Permission};
use tokio::time::timeout;

use super::call::Call;
use super::{body, problem};
use crate::app::App;
use crate::chain::one_line;
use crate::config::Limits;

/// An endpoint's handler.
pub(crate) type Handler =
    fn(Call) -> Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send>>;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Longest idempotency key, in bytes.
const KEY_MAX: usize = 255;
/// Longest request id taken over from a client, in bytes.
const REQUEST_ID_MAX: usize = 64;

/// Answers a request.
pub(crate) async fn serve(
    app: Arc<App>,
    endpoint: &'static Endpoint,
    handler: Handler,
    request: Request,
) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    let metrics = Arc::clone(&app);
    let result = answer(app, endpoint, handler, request).await;
    let mut response = result.unwrap_or_else(|mut problem| {
        problem.request_id = Some(id.clone());
        if problem.status >= 500 {
            tracing::warn!(
                request_id = id,
                endpoint = endpoint.id,
                status = problem.status,
                code = problem.code,
                detail = problem.detail,
                "request failed"
            );
        }
        problem::response(&problem)
    });
    let (status, took) = (response.status().as_u16(), started.elapsed());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    metrics.metrics.http.observe(endpoint.id, status, took);
    tracing::debug!(
        request_id = id,
        endpoint = endpoint.id,
        status,
        took_us = took.as_micros() as u64,
        "request"
    );
    response
}

async fn answer(
    app: Arc<App>,
    endpoint: &'static Endpoint,
    handler: Handler,
    request: Request,
) -> Result<Response, Problem> {
    let caller = match endpoint.permission {
        Permission::Public => None,
        permission => Some(app.callers.authorize(&app.engine, request.headers(), permission)?),
    };
    let (mut parts, body) = request.into_parts();
    let key = idempotency_key(endpoint, &parts.headers)?;
    let query = parts.uri.query().unwrap_or_default().to_owned();
    if endpoint.query.is_none() && !query.is_empty() && endpoint.id != "stream" {
        let found: String = query.chars().take(64).collect();
        let detail = format!("`{}` takes no query parameters, found `{found}`", endpoint.path);
        return Err(Problem::new(400, "invalid-query", detail));
    }
    let body = match endpoint.method {
        Method::Get => bytes::Bytes::new(),
        Method::Post | Method::Patch | Method::Delete => {
            let idle = Duration::from_secs(app.config.timeouts.body_s);
            body::read(&parts.headers, body, body_max(endpoint, &app.config.limits), idle).await?
        }
    };
    let limit = handler_limit(endpoint, &app);
    let [parameter, parameter_2] = parameters(endpoint, &mut parts).await?;
    let call = Call {
        parameter,
        parameter_2,
        path: parts.uri.path().to_owned(),
        headers: parts.headers,
        app,
        endpoint,
        caller,
        query,
        body,
        key,
    };
    timeout(limit, handler(call)).await.unwrap_or_else(|_| {
        let detail = format!("the request was not answered within {} s", limit.as_secs());
        Err(Problem::new(503, "timed-out", detail))
    })
}

fn body_max(endpoint: &Endpoint, limits: &Limits) -> usize {
    match (endpoint.id, endpoint.request) {
        ("alertmanager", _) => limits.alertmanager_bytes,
        ("add_policy", _) => limits.bundle_bytes,
        ("activate_scenario_type", _) => limits.scenario_type_bytes,
        (_, Wire::Lines(_)) => limits.batch_bytes,
        (_, Wire::None | Wire::Json(_) | Wire::Text(_)) => limits.body_bytes,
    }
}

fn handler_limit(endpoint: &Endpoint, app: &App) -> Duration {
    let timeouts = &app.config.timeouts;
    Duration::from_secs(match (endpoint.permission, endpoint.request) {
        // Refits read the log.
        (Permission::Model, _) | (_, Wire::Lines(_)) => timeouts.batch_s,
        (_, Wire::None | Wire::Json(_) | Wire::Text(_)) => timeouts.handler_s,
    })
}

async fn parameters(endpoint: &Endpoint, parts: &mut Parts) -> Result<[String; 2], Problem> {
    let mut found = [String::new(), String::new()];
    if !endpoint.path.contains('{') {
        return Ok(found);
    }
    let params = parts
        .extract::<RawPathParams>()
        .await
        .map_err(|rejection| Problem::new(400, "invalid-path", one_line(&rejection.body_text())))?;
    for (place, (_, value)) in found.iter_mut().zip(&params) {
        value.clone_into(place);
    }
    Ok(found)
}

fn idempotency_key(endpoint: &Endpoint, headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY).filter(|_| endpoint.method != Method::Get)
    else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    if text.is_empty() || text.len() > KEY_MAX || !text.bytes().all(|b| b.is_ascii_graphic()) {
        let detail = format!(
            "`Idempotency-Key` is {} bytes long or has unusual characters, expected 1 to {KEY_MAX} visible ASCII characters",
            value.len()
        );
        return Err(Problem::new(400, "invalid-idempotency-key", detail));
    }
    Ok(Some(text.to_owned()))
}

/// The client's request id, or a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let fits = |id: &&str| {
        !id.is_empty() && id.len() <= REQUEST_ID_MAX && id.bytes().all(|b| b.is_ascii_graphic())
    };
    given.filter(fits).map_or_else(|| npo_core::ids::hex(&rand::random::<[u8; 8]>()), str::to_owned)
}
