//! Where people override what policy allows.

use axum::response::Response;
use npo_api::Problem;

use crate::http::call::{Call, reply};

/// Shows the groups of decisions in which they do.
pub(super) async fn show(call: Call) -> Result<Response, Problem> {
    let report = call.blocking(|app| app.divergences.report(&app.engine)).await?;
    reply(200, report.as_ref())
}
