//! The server about itself: health, readiness, metrics, its API.

use axum::response::Response;
use npo_api::Problem;
use npo_api::metrics::{Health, SourceHealth};
use npo_core::Millis;

use crate::app::App;
use crate::convert::time;
use crate::http::call::{Call, content, reply};
use crate::sources::prometheus::health::Numbers;

/// Shows metrics in Prometheus' text format.
pub(super) async fn metrics(call: Call) -> Result<Response, Problem> {
    let text = call.blocking(|app| Ok(crate::metrics::exposition(app))).await?;
    Ok(content(200, "text/plain; version=0.0.4; charset=utf-8", text))
}

/// Says whether the process lives.
pub(super) async fn health(call: Call) -> Result<Response, Problem> {
    reply(200, &say(&call.app, "ok".into()))
}

/// Says whether requests are served: the log takes events, and a policy judges.
pub(super) async fn ready(call: Call) -> Result<Response, Problem> {
    let failed =
        call.app.engine.health().failed.map(|why| format!("the log is not written: {why}"));
    match failed.or_else(|| call.app.policies.missing()) {
        None => reply(200, &say(&call.app, "ok".into())),
        Some(why) => reply(503, &say(&call.app, why)),
    }
}

fn say(app: &App, status: String) -> Health {
    let position = app.engine.health().position;
    let sources = app.sources.iter().map(|(name, health)| source(name, health.numbers()));
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Health { status, position, version, sources: sources.collect() }
}

fn source(name: &str, numbers: Numbers) -> SourceHealth {
    let instant = |ms: Option<i64>| ms.map(|ms| time::text(Millis(ms)));
    SourceHealth {
        name: name.to_owned(),
        state: numbers.state().to_owned(),
        failing: numbers.failing.map(str::to_owned),
        last_success: instant(numbers.last_success_ms),
        newest_sample: instant(numbers.newest_sample_ms),
        samples: numbers.samples,
        left_out: numbers.left_out,
        failures: numbers.failures,
    }
}

/// Shows the API's description.
pub(super) async fn openapi(_call: Call) -> Result<Response, Problem> {
    Ok(content(200, "application/json", npo_api::openapi::document()))
}
