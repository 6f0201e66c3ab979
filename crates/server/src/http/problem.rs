//! Errors as problem details: which refusal has which status and code.

use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use npo_api::Problem;
use npo_core::Rejection;
use npo_engine::Refusal;

use crate::chain::{chain, one_line};

/// Seconds after which a client may try again what the server could not take.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("1");

/// Where the thing that is not known was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// In the path: the resource itself is not there.
    InPath,
    /// In the body: the request cannot be carried out.
    InBody,
}

/// The problem of a refused order.
pub(crate) fn of_refusal(refusal: &Refusal, named: Named) -> Problem {
    match refusal {
        Refusal::Rejected(rejection) => {
            let detail = match rejection {
                // The core counts in milliseconds; people do not.
                Rejection::Expired { id, expired_at_ms } => {
                    let at = crate::convert::time::text(npo_core::Millis(*expired_at_ms));
                    format!("decision `{id}` expired at {at}")
                }
                other => other.to_string(),
            };
            Problem::new(status(rejection, named), rejection.code(), detail)
        }
        Refusal::KeyReused => {
            let detail = "the idempotency key was used before with another request; use a new key for a new request";
            Problem::new(422, "idempotency-key-reused", detail)
        }
        Refusal::Unavailable(reason) => {
            let detail =
                format!("the log cannot be written, so nothing was recorded: {}", one_line(reason));
            Problem::new(503, "log-unavailable", detail)
        }
        Refusal::Overloaded => Problem::new(429, "overloaded", refusal.to_string()),
    }
}

fn status(rejection: &Rejection, named: Named) -> u16 {
    let unknown = match named {
        Named::InPath => 404,
        Named::InBody => 422,
    };
    match rejection {
        Rejection::UnknownScenarioType { .. }
        | Rejection::UnknownScenario(_)
        | Rejection::UnknownDecision(_)
        | Rejection::UnknownPerson(_)
        | Rejection::UnknownModel(_)
        | Rejection::UnknownToken(_) => unknown,
        Rejection::NeedsApprover(_) => 403,
        Rejection::UnknownAction { .. }
        | Rejection::Feature(_)
        | Rejection::Field { .. }
        | Rejection::ScenarioType(_)
        | Rejection::Profile(_) => 422,
        Rejection::NotAsked { .. }
        | Rejection::Withdrawn { .. }
        | Rejection::AlreadyAnswered { .. }
        | Rejection::OutcomeRecorded(_)
        | Rejection::Version { .. }
        | Rejection::HandleTaken(_)
        | Rejection::LastAdmin(_)
        | Rejection::Inactive(_)
        | Rejection::AlreadyHeld(_)
        | Rejection::NotHeld(_)
        | Rejection::NotEscalated(_)
        | Rejection::NotForRca(_)
        | Rejection::ModelConflict { .. }
        | Rejection::RefitConflict
        | Rejection::AlreadySetUp => 409,
        Rejection::Expired { .. } => 410,
    }
}

/// A field that breaks a rule which the core does not know.
pub(crate) fn field(name: &str, found: &str, expected: &str) -> Problem {
    Problem::new(422, "invalid-field", format!("`{name}` is {found}, expected {expected}"))
}

/// Something inside failed; what exactly is for the server's log, not for the client.
pub(crate) fn internal(what: &'static str, error: &dyn std::error::Error) -> Problem {
    tracing::error!(error = chain(error), "{what}");
    Problem::new(
        500,
        "internal",
        format!("{what}; the server's log has the reason under this request id"),
    )
}

/// The answer that carries a problem.
pub(crate) fn response(problem: &Problem) -> Response {
    let body = serde_json::to_vec(problem).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    match problem.status {
        401 => {
            let scheme = HeaderValue::from_static("Bearer realm=\"npo\"");
            headers.insert(WWW_AUTHENTICATE, scheme);
        }
        429 | 503 => {
            headers.insert(RETRY_AFTER, RETRY_AFTER_S);
        }
        _ => {}
    }
    response
}

/// No endpoint has this path.
pub(crate) async fn not_found(uri: axum::http::Uri) -> Response {
    let path: String = uri.path().chars().take(256).collect();
    let detail = format!(
        "no endpoint has the path `{path}`; `/openapi.json` lists them all, `/setup` makes the first administrator"
    );
    response(&Problem::new(404, "not-found", detail))
}

/// The path takes other methods.
pub(crate) async fn method_not_allowed(
    method: axum::http::Method,
    uri: axum::http::Uri,
) -> Response {
    let path: String = uri.path().chars().take(256).collect();
    let allowed = crate::routes::methods(uri.path()).join(", ");
    let detail = format!("`{path}` does not take {method}, expected {allowed}");
    let mut response = response(&Problem::new(405, "method-not-allowed", detail));
    if let Ok(value) = HeaderValue::from_str(&allowed) {
        response.headers_mut().insert(ALLOW, value);
    }
    response
}

/// A handler panicked, which is a defect of npo.
pub(crate) fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let words = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no words");
    tracing::error!(panic = words, "a handler panicked");
    let detail = "the request met a defect in npo; the server's log has the reason";
    response(&Problem::new(500, "internal", detail))
}
