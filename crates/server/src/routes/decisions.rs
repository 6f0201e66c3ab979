//! Decisions: one proposal judged, lists, and everything about one.

use axum::response::Response;
use npo_api::Problem;
use npo_api::decision as api;
use npo_api::endpoints::Permission;
use npo_core::event::DecisionMade;
use npo_core::{DecisionId, Envelope, Event, Signal};
use npo_views::{DecisionRow, Error, Filter};

use crate::app::App;
use crate::convert::decision::{
    Standing, Subject, decision, disposition_asked, explanation, status_asked,
};
use crate::convert::proposal::ProposalLine;
use crate::convert::{feedback, oversight, people, time};
use crate::http::call::{Call, in_body, reply_listed, reply_once};
use crate::http::problem::{field, internal};
use crate::http::query;

/// Decisions on one page if the caller does not say.
const PAGE: u32 = 50;
/// Decisions on one page at most.
const PAGE_MAX: u32 = 500;

/// Judges one proposal.
pub(super) async fn propose(call: Call) -> Result<Response, Problem> {
    let mut line: ProposalLine<'_> = call.json()?;
    if line.idempotency_key.is_some() && call.key.is_some() {
        let expected = "absent, since the header `Idempotency-Key` is there";
        return Err(field("idempotency_key", "given", expected));
    }
    let request = match &line.idempotency_key {
        Some(key) => Some(super::batch::line_key(&call, key, &call.body)?),
        None => call.request(),
    };
    let receipt = call.app.engine.propose(call.caller().person, request, line.named()).await;
    let receipt = receipt.map_err(in_body)?;
    let (position, envelope) = receipt.events.first().ok_or_else(nothing_happened)?;
    let Event::DecisionMade(made) = &envelope.event else { return Err(nothing_happened()) };
    let mut rendered = match receipt.judged {
        Some(judged) => decision(*position, envelope.at, made, &judged.into(), Standing::new(made)),
        None => render(&call.app, *position, envelope, made, Standing::new(made))?,
    };
    rendered.replayed = receipt.replayed;
    reply_once(201, receipt.replayed, &rendered)
}

/// Lists decisions, newest first.
pub(super) async fn list(call: Call) -> Result<Response, Problem> {
    let query: api::DecisionQuery = call.query()?;
    let limit = limit(query.limit, PAGE, PAGE_MAX)? as usize;
    let before = query.cursor.as_deref().map(cursor::<DecisionId>).transpose()?;
    let filter = filter(&call.app, query)?;
    let behind = call.views_caught_up().await?;
    let page = call
        .blocking(move |app| {
            // One more than asked for says whether there is a next page.
            let rows = app.lists.read(|reader| reader.decisions(&filter, before, limit + 1));
            let mut rows = rows.map_err(of_lists)?;
            let more = rows.len() > limit;
            rows.truncate(limit);
            let next_cursor = rows.last().filter(|_| more).map(|row| row.id.to_string());
            let items = rows.iter().map(|row| listed(app, row)).collect::<Result<_, _>>()?;
            Ok(api::DecisionPage { items, next_cursor })
        })
        .await?;
    reply_listed(behind, &page)
}

/// Shows a decision with its explanation.
pub(super) async fn show(call: Call) -> Result<Response, Problem> {
    let id: DecisionId = call.id("unknown-decision")?;
    let behind = call.views_caught_up().await?;
    let detail = call.blocking(move |app| detail(app, id)).await;
    match detail {
        // It may be among what the lists do not show yet.
        Err(problem) if problem.status == 404 && behind > 0 => {
            let detail =
                format!("the lists are {behind} events behind the log and do not know `{id}`");
            Err(Problem::new(503, "views-behind", detail))
        }
        detail => reply_listed(behind, &detail?),
    }
}

fn detail(app: &App, id: DecisionId) -> Result<api::DecisionDetail, Problem> {
    let found = app.lists.read(|reader| Ok((reader.decision(id)?, reader.feedback_of(id)?)));
    let (row, answers) = found.map_err(of_lists)?;
    let row = row.ok_or_else(|| {
        Problem::new(404, "unknown-decision", format!("decision `{id}` is unknown"))
    })?;
    let envelope = event(app, row.position)?;
    let Event::DecisionMade(made) = &envelope.event else { return Err(nothing_happened()) };
    let subject = app.engine.read(|state| Subject::of(state, made)).ok_or_else(nothing_happened)?;
    let outcome = match row.outcome.map(|position| event(app, position)).transpose()? {
        Some(Envelope { event: Event::OutcomeObserved { outcome, .. }, .. }) => {
            Some(feedback::outcome(&outcome))
        }
        _ => None,
    };
    let held_now = app.engine.read(|state| {
        let hold = state.hold_on(made.type_id, &subject.site)?;
        Some(oversight::hold(state, hold))
    });
    Ok(api::DecisionDetail {
        decision: decision(row.position, envelope.at, made, &subject, Standing::listed(&row)),
        explanation: explanation(made, &subject),
        feedback: answers
            .into_iter()
            .map(|position| answer(app, position))
            .collect::<Result<_, _>>()?,
        outcome,
        withdrawn: row.withdrawn,
        held_now,
    })
}

fn listed(app: &App, row: &DecisionRow) -> Result<api::Decision, Problem> {
    let envelope = event(app, row.position)?;
    let Event::DecisionMade(made) = &envelope.event else { return Err(nothing_happened()) };
    render(app, row.position, &envelope, made, Standing::listed(row))
}

fn render(
    app: &App,
    position: u64,
    envelope: &Envelope,
    made: &DecisionMade,
    standing: Standing,
) -> Result<api::Decision, Problem> {
    let subject = app.engine.read(|state| Subject::of(state, made)).ok_or_else(nothing_happened)?;
    Ok(decision(position, envelope.at, made, &subject, standing))
}

/// The answer recorded at `position`.
pub(super) fn answer(app: &App, position: u64) -> Result<npo_api::feedback::Feedback, Problem> {
    let envelope = event(app, position)?;
    let Event::FeedbackGiven(given) = &envelope.event else { return Err(nothing_happened()) };
    let by = app.engine.read(|state| people::handle(state, given.by));
    Ok(feedback::feedback(position, envelope.at, given, by))
}

/// The event at `position`. Blocks.
pub(super) fn event(app: &App, position: u64) -> Result<Envelope, Problem> {
    match app.engine.event(position) {
        Ok(Some((envelope, _))) => Ok(envelope),
        Ok(None) => Err(nothing_happened()),
        Err(error) => Err(internal("an event could not be read", &error)),
    }
}

/// The log and what was made from it contradict each other, which is a defect of npo.
pub(super) fn nothing_happened() -> Problem {
    tracing::error!("a position does not hold the event that was expected there");
    Problem::new(500, "internal", "the log does not hold what the lists say; see the server's log")
}

/// The problem of lists that cannot be read.
pub(super) fn of_lists(error: Error) -> Problem {
    match error {
        Error::TooSlow { .. } => Problem::new(503, "list-too-slow", error.to_string()),
        other => internal("the lists could not be read", &other),
    }
}

fn filter(app: &App, asked: api::DecisionQuery) -> Result<Filter, Problem> {
    let instant = |name: &str, text: Option<String>| {
        let parse = |text: String| {
            let expected = "an instant such as `2026-01-31T08:00:00Z`";
            time::parse(&text).ok_or_else(|| query::unexpected(name, &text, expected))
        };
        text.map(parse).transpose()
    };
    let signal = |name: String| {
        let expected = "one of `like`, `neutral`, `skipped`, `override`";
        Signal::from_name(&name).ok_or_else(|| query::unexpected("signal", &name, expected))
    };
    let until_text = asked.until.clone().unwrap_or_default();
    let (since, until) = (instant("since", asked.since)?, instant("until", asked.until)?);
    if since.zip(until).is_some_and(|(since, until)| since >= until) {
        return Err(query::unexpected("until", &until_text, "an instant after `since`"));
    }
    Ok(Filter {
        status: asked.status.map(status_asked),
        disposition: asked.disposition.map(disposition_asked),
        type_id: asked.scenario_type.map(|name| type_id(app, &name)).transpose()?,
        entity: asked.entity,
        site: asked.site,
        signal: asked.signal.map(signal).transpose()?,
        since,
        until,
    })
}

/// The scenario type to filter by.
pub(super) fn type_id(app: &App, name: &str) -> Result<npo_core::TypeId, Problem> {
    let found = app.engine.read(|state| state.require_type(name).map(|(id, _)| id));
    found.map_err(|rejection| Problem::new(422, rejection.code(), rejection.to_string()))
}

/// A page's size.
pub(super) fn limit(asked: Option<u32>, usual: u32, max: u32) -> Result<u32, Problem> {
    match asked.unwrap_or(usual) {
        limit if (1..=max).contains(&limit) => Ok(limit),
        found => Err(query::unexpected("limit", &found.to_string(), &format!("1 to {max}"))),
    }
}

/// Where the previous page ended.
pub(super) fn cursor<T: std::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| {
        let found = query::shown(text);
        let expected = "the `next_cursor` of the previous page";
        Problem::new(400, "invalid-cursor", format!("`cursor` is `{found}`, expected {expected}"))
    })
}

/// Whether the caller may see what only auditors may.
pub(super) fn is_auditor(call: &Call) -> bool {
    call.caller().may(Permission::Audit)
}
