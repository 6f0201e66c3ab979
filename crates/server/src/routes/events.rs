//! The log itself, for auditors.

use axum::response::Response;
use npo_api::Problem;
use npo_api::event as api;

use super::decisions::limit;
use crate::convert;
use crate::convert::people::handle;
use crate::http::call::{Call, reply};
use crate::http::problem::internal;
use crate::tail;

/// Events on one page if the caller does not say.
const PAGE: u32 = 100;
/// Events on one page at most.
const PAGE_MAX: u32 = 1000;

/// Lists the log.
pub(super) async fn list(call: Call) -> Result<Response, Problem> {
    let query: api::EventQuery = call.query()?;
    let limit = limit(query.limit, PAGE, PAGE_MAX)?;
    let after = query.after.unwrap_or(0);
    let page = call
        .blocking(move |app| {
            let read = || {
                let mut reader = app.engine.reader()?;
                tail::read(reader.as_mut(), after, u64::from(limit))
            };
            let events = read().map_err(|error| internal("the log could not be read", &error))?;
            let last = events.last().map_or(after, |(position, ..)| *position);
            let head = app.engine.health().position;
            let actors: Vec<_> = app.engine.read(|state| {
                events.iter().map(|(_, envelope, _)| handle(state, envelope.actor)).collect()
            });
            let event = |((position, envelope, hash), actor): (&tail::Happened, String)| {
                convert::event::event(actor, *position, envelope, hash)
            };
            let items = events.iter().zip(actors).map(event).collect();
            Ok(api::EventPage { items, next_after: (last < head).then_some(last) })
        })
        .await?;
    reply(200, &page)
}
