//! The picture of a decision: the network around it, before and after its action.

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::response::Response;
use npo_api::Problem;
use npo_api::decision::VisualQuery;
use npo_core::event::DecisionMade;
use npo_core::{DecisionId, Event};
use npo_network::picture::{self, Theme};

use super::decisions::{event, nothing_happened, of_lists};
use crate::convert::decision::{Subject, explanation};
use crate::http::call::{Call, content};
use crate::http::query;
use crate::network::drawn;

/// Names in a picture come from sources: it may run nothing and load nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Draws the network around a decision as it was computed when the decision was made.
pub(super) async fn show(call: Call) -> Result<Response, Problem> {
    let id: DecisionId = call.id("unknown-decision")?;
    let theme = match call.query::<VisualQuery>()?.theme.as_deref() {
        None => Theme::Auto,
        Some("light") => Theme::Light,
        Some("dark") => Theme::Dark,
        Some(other) => {
            return Err(query::unexpected("theme", other, "`light` or `dark`"));
        }
    };
    let _behind = call.views_caught_up().await?;
    let svg = call
        .blocking(move |app| {
            let row = app.lists.read(|reader| reader.decision(id)).map_err(of_lists)?;
            let row = row.ok_or_else(|| {
                Problem::new(404, "unknown-decision", format!("decision `{id}` is unknown"))
            })?;
            let envelope = event(app, row.position)?;
            let Event::DecisionMade(made) = &envelope.event else { return Err(nothing_happened()) };
            let subject =
                app.engine.read(|state| Subject::of(state, made)).ok_or_else(nothing_happened)?;
            let title = explanation(made, &subject).headline;
            draw(id, made, &title, theme)
        })
        .await?;
    let mut response = content(200, "image/svg+xml", svg);
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A decision never changes, and neither does its picture.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, max-age=86400, immutable"));
    Ok(response)
}

fn draw(id: DecisionId, made: &DecisionMade, title: &str, theme: Theme) -> Result<String, Problem> {
    let view = made.text.as_ref().and_then(|text| text.network.as_deref());
    let view = view.ok_or_else(|| {
        let why = format!("no what-if was computed for decision `{id}`, so there is no picture");
        Problem::new(404, "no-picture", why)
    })?;
    Ok(picture::svg(&drawn(view), title, theme))
}
