//! Policy bundles.

use axum::response::Response;
use npo_api::Problem;
use npo_api::policy as api;
use npo_engine::block_on;

use crate::chain::chain;
use crate::http::call::{Call, in_body, reply};
use crate::http::problem::internal;
use crate::policies::{PolicyError, Upload};

/// Lists policy bundles.
pub(super) async fn list(call: Call) -> Result<Response, Problem> {
    let active = call.app.engine.read(|state| state.policy().map(|policy| policy.digest));
    let items = call.app.policies.list(active.as_ref());
    reply(200, &api::PolicyList { items })
}

/// Checks a policy bundle, keeps it, and puts it in force if asked.
pub(super) async fn add(call: Call) -> Result<Response, Problem> {
    let api::BundleUpload { files, activate } = call.json()?;
    let files = files.into_iter().map(|file| (file.path, file.content));
    let upload = Upload::new(files).map_err(|error| problem(error.into()))?;
    let mut policy = call.blocking(move |app| app.policies.add(&upload).map_err(problem)).await?;
    if activate {
        policy = put_in_force(&call, policy.digest).await?;
    } else {
        let active =
            call.app.engine.read(|state| state.policy().map(|p| npo_core::ids::hex(&p.digest)));
        policy.active = active.as_ref() == Some(&policy.digest);
    }
    reply(201, &policy)
}

/// Puts a policy bundle in force.
pub(super) async fn activate(call: Call) -> Result<Response, Problem> {
    let policy = put_in_force(&call, call.parameter.clone()).await?;
    reply(200, &policy)
}

async fn put_in_force(call: &Call, digest: String) -> Result<api::Policy, Problem> {
    let (actor, request) = (call.caller().person, call.request());
    let activated = call.blocking(move |app| {
        let order = |command| block_on(app.engine.order(actor, request, command)).map(|_| ());
        app.policies.activate(&app.engine, &digest, order).map_err(problem)
    });
    activated.await
}

fn problem(error: PolicyError) -> Problem {
    let refused = |code| Problem::new(422, code, chain(&error));
    match error {
        PolicyError::Upload(_) => refused("invalid-bundle"),
        PolicyError::Refused(_) => refused("policy-refused"),
        PolicyError::Tests { .. } => refused("policy-tests-failed"),
        PolicyError::Unknown(_) => Problem::new(404, "unknown-policy", error.to_string()),
        PolicyError::Changed { .. } => Problem::new(409, "policy-changed", error.to_string()),
        PolicyError::TooMany => Problem::new(409, "too-many-policies", error.to_string()),
        PolicyError::Order(refusal) => in_body(refusal),
        PolicyError::Io { .. } | PolicyError::Load(_) => {
            internal("the policy bundle could not be kept", &error)
        }
    }
}
