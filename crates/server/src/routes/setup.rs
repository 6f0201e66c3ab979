//! The first administrator: a page for people, and the order behind it.

use axum::http::HeaderValue;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::response::Response;
use npo_api::Problem;
use npo_api::people as api;
use npo_core::decide::{NewPerson, NewToken};
use npo_core::people::{Group, NPO, Role};
use npo_core::{Command, Event};

use super::decisions::nothing_happened;
use crate::auth::new_secret;
use crate::convert::people::token;
use crate::http::call::{Call, content, in_body, reply};
use crate::setup::Checked;

/// Who sets npo up does everything at first; they may give roles away later.
const ROLES: [Role; 4] = [Role::Admin, Role::Engineer, Role::Operator, Role::Auditor];
/// Label of the first token.
const LABEL: &str = "set-up";

/// The page loads nothing and sends nothing anywhere but here.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Makes the first administrator.
pub(super) async fn set_up(call: Call) -> Result<Response, Problem> {
    let api::SetUp { code, handle, name } = call.json()?;
    if call.app.engine.read(|state| state.has_admin()) {
        return Err(used());
    }
    match call.app.setup.check(&code) {
        Checked::Right => {}
        Checked::None => return Err(used()),
        Checked::Wrong { left } => {
            let detail = format!("the code is not the one in the set-up link; {left} more tries");
            return Err(Problem::new(403, "setup-code-wrong", detail));
        }
        Checked::Locked => {
            let detail = "too many wrong codes were given; restart the server for a new link";
            return Err(Problem::new(429, "setup-locked", detail));
        }
    }
    let (secret, digest) = new_secret();
    let person = NewPerson { handle, name, roles: ROLES.to_vec(), group: Group::default() };
    let first = NewToken { digest, label: LABEL.into(), expires: None };
    let receipt =
        call.app.engine.order(NPO, None, Command::SetUp(person, first)).await.map_err(in_body)?;
    let issued = receipt.events.iter().find_map(|(_, envelope)| match &envelope.event {
        Event::TokenIssued(token) => Some(token),
        _ => None,
    });
    let issued = issued.ok_or_else(nothing_happened)?;
    let token = call.app.engine.read(|state| token(state, issued));
    reply(201, &api::IssuedToken { token, secret })
}

fn used() -> Problem {
    let detail = "an administrator exists already; the set-up link is used up";
    Problem::new(409, "already-set-up", detail)
}

/// Shows the set-up page.
pub(super) async fn page(call: Call) -> Result<Response, Problem> {
    let done = call.app.engine.read(|state| state.has_admin());
    let html = include_str!("setup.html").replace("{{state}}", if done { "done" } else { "open" });
    let mut response = content(200, "text/html; charset=utf-8", html);
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    Ok(response)
}
