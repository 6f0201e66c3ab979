//! Tokens. A secret is shown once, in the answer to the request that issued it.

use axum::response::Response;
use npo_api::Problem;
use npo_api::endpoints::Permission;
use npo_api::people as api;
use npo_core::decide::NewToken;
use npo_core::ids::TokenId;
use npo_core::{Command, Event, Millis};
use npo_engine::Engine;

use super::decisions::nothing_happened;
use crate::auth::{new_secret, require};
use crate::convert::people::token;
use crate::http::call::{Call, in_body, in_path, reply, reply_once};
use crate::http::problem::field;

/// Days for which a token may work at most.
const DAYS_MAX: u32 = 3650;
/// Milliseconds in a day.
const DAY_MS: i64 = 86_400_000;

/// Lists tokens, without secrets.
pub(super) async fn list(call: Call) -> Result<Response, Problem> {
    let items =
        call.app.engine.read(|state| state.tokens().iter().map(|t| token(state, t)).collect());
    reply(200, &api::TokenList { items })
}

/// Issues a token: for the caller, or by an admin for anybody.
pub(super) async fn issue(call: Call) -> Result<Response, Problem> {
    let api::NewToken { person: handle, label, expires_in_days } = call.json()?;
    let own = call.caller().person;
    let person = match &handle {
        None => own,
        Some(handle) => {
            let found = call.app.engine.read(|state| state.person_named(handle).map(|(id, _)| id));
            // Who may not administer learns nothing about who there is.
            if found != Some(own) {
                require(call.caller(), Permission::Administer)?;
            }
            found.ok_or_else(|| {
                let found: String = handle.chars().take(64).collect();
                Problem::new(422, "unknown-person", format!("person `{found}` is unknown"))
            })?
        }
    };
    let expires = expires_in_days.map(expiry).transpose()?;
    let (secret, digest) = new_secret();
    let command = Command::IssueToken(person, NewToken { digest, label, expires });
    let receipt = call.app.engine.order(own, call.request(), command).await.map_err(in_body)?;
    let Some(Event::TokenIssued(issued)) = receipt.events.first().map(|(_, e)| &e.event) else {
        return Err(nothing_happened());
    };
    if receipt.replayed {
        let detail = format!(
            "an earlier request with this key issued token `{}`; its secret was shown then and is not kept, so revoke it and issue another if it is lost",
            issued.id
        );
        return Err(Problem::new(409, "secret-not-repeatable", detail));
    }
    let token = call.app.engine.read(|state| token(state, issued));
    reply(201, &api::IssuedToken { token, secret })
}

fn expiry(days: u32) -> Result<Millis, Problem> {
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(field("expires_in_days", &days.to_string(), &format!("1 to {DAYS_MAX}")));
    }
    Ok(Millis(Engine::now().0 + i64::from(days) * DAY_MS))
}

/// Revokes a token: the caller's own, or by an admin anybody's.
pub(super) async fn revoke(call: Call) -> Result<Response, Problem> {
    let id: TokenId = call.id("unknown-token-id")?;
    let own = call.caller().person;
    let owner = call.app.engine.read(|state| state.tokens().get(id.0 as usize).map(|t| t.person));
    if owner != Some(own) {
        require(call.caller(), Permission::Administer)?;
    }
    let order = call.app.engine.order(own, call.request(), Command::RevokeToken(id));
    let receipt = order.await.map_err(in_path)?;
    let revoked =
        call.app.engine.read(|state| state.tokens().get(id.0 as usize).map(|t| token(state, t)));
    reply_once(200, receipt.replayed, &revoked.ok_or_else(nothing_happened)?)
}
