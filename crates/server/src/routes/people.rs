//! People.

use axum::response::Response;
use npo_api::Problem;
use npo_api::people as api;
use npo_core::decide::{NewPerson, PersonChange};
use npo_core::people::Group;
use npo_core::{Command, Event, PersonId};

use super::decisions::nothing_happened;
use crate::convert::people::{person, roles, token};
use crate::http::call::{Call, in_body, in_path, reply, reply_once};

/// Says whose token this is.
pub(super) async fn who_am_i(call: Call) -> Result<Response, Problem> {
    let caller = call.caller();
    let who = call.app.engine.read(|state| {
        let own = state.tokens().get(caller.token.0 as usize)?;
        let person = person(caller.person, state.person(caller.person)?);
        Some(api::WhoAmI { person, token: token(state, own) })
    });
    reply(200, &who.ok_or_else(nothing_happened)?)
}

/// Lists people; npo itself is among them.
pub(super) async fn list(call: Call) -> Result<Response, Problem> {
    let items = call.app.engine.read(|state| {
        (0u32..).map(PersonId).zip(state.people()).map(|(id, p)| person(id, p)).collect()
    });
    reply(200, &api::PersonList { items })
}

/// Adds somebody.
pub(super) async fn add(call: Call) -> Result<Response, Problem> {
    let api::NewPerson { handle, name, roles: names, site, team } = call.json()?;
    let group = Group { site: site.unwrap_or_default(), team: team.unwrap_or_default() };
    let new = NewPerson { handle, name, roles: roles(&names)?, group };
    let command = Command::AddPerson(new);
    let order = call.app.engine.order(call.caller().person, call.request(), command);
    let receipt = order.await.map_err(in_body)?;
    let Some(Event::PersonAdded { id, person: added }) =
        receipt.events.first().map(|(_, e)| &e.event)
    else {
        return Err(nothing_happened());
    };
    reply_once(201, receipt.replayed, &person(*id, added))
}

/// Changes somebody.
pub(super) async fn change(call: Call) -> Result<Response, Problem> {
    let id: PersonId = call.id("unknown-person")?;
    let api::PersonChange { name, roles: names, active, site, team } = call.json()?;
    let roles = names.as_deref().map(roles).transpose()?;
    let command = Command::ChangePerson(PersonChange { id, name, roles, active, site, team });
    let order = call.app.engine.order(call.caller().person, call.request(), command);
    let receipt = order.await.map_err(in_path)?;
    let now = call.app.engine.read(|state| state.person(id).map(|p| person(id, p)));
    reply_once(200, receipt.replayed, &now.ok_or_else(nothing_happened)?)
}
