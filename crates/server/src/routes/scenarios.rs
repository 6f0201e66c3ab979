//! Scenarios: what was learned about one entity, and how its score moved.

use axum::response::Response;
use npo_api::Problem;
use npo_api::scenario as api;
use npo_core::event::DecisionMade;
use npo_core::learning::math::predictive;
use npo_core::profile::Scorer;
use npo_core::{Event, ScenarioId, State};
use npo_views::ScenarioFilter;

use super::decisions::{answer, cursor, event, limit, of_lists, type_id};
use crate::app::App;
use crate::http::call::{Call, reply_listed};

/// Scenarios on one page if the caller does not say.
const PAGE: u32 = 50;
/// Scenarios on one page at most.
const PAGE_MAX: u32 = 500;
/// Latest answers shown with a scenario.
const ANSWERS: usize = 50;

/// Lists scenarios, in the order in which they were first seen.
pub(super) async fn list(call: Call) -> Result<Response, Problem> {
    let query: api::ScenarioQuery = call.query()?;
    let limit = limit(query.limit, PAGE, PAGE_MAX)? as usize;
    let after = query.cursor.as_deref().map(cursor::<ScenarioId>).transpose()?;
    let type_id = query.scenario_type.map(|name| type_id(&call.app, &name)).transpose()?;
    let filter = ScenarioFilter { type_id, entity: query.entity };
    let behind = call.views_caught_up().await?;
    let page = call
        .blocking(move |app| {
            let found = app.lists.read(|reader| reader.scenarios(&filter, after, limit + 1));
            let mut ids = found.map_err(of_lists)?;
            let more = ids.len() > limit;
            ids.truncate(limit);
            let next_cursor = ids.last().filter(|_| more).map(ToString::to_string);
            let items = ids.iter().map(|id| listed(app, *id)).collect::<Result<Vec<_>, _>>()?;
            Ok(api::ScenarioPage { items: items.into_iter().flatten().collect(), next_cursor })
        })
        .await?;
    reply_listed(behind, &page)
}

/// Shows how a scenario's score moved, and why.
pub(super) async fn show(call: Call) -> Result<Response, Problem> {
    let id: ScenarioId = call.id("unknown-scenario")?;
    let behind = call.views_caught_up().await?;
    let shown = call.blocking(move |app| detail(app, id)).await?;
    reply_listed(behind, &shown)
}

/// A scenario with the score that its latest inputs would have now.
fn listed(app: &App, id: ScenarioId) -> Result<Option<api::Scenario>, Problem> {
    let Some(mut shown) = app.engine.read(|state| scenario(state, id)) else { return Ok(None) };
    let latest = app.lists.read(|reader| reader.latest_decision(id)).map_err(of_lists)?;
    if let Some(position) = latest
        && let Event::DecisionMade(made) = event(app, position)?.event
    {
        shown.score_now = app.engine.read(|state| score_now(state, &made));
    }
    Ok(Some(shown))
}

fn detail(app: &App, id: ScenarioId) -> Result<api::Scenario, Problem> {
    let unknown = || Problem::new(404, "unknown-scenario", format!("scenario `{id}` is unknown"));
    let mut shown = listed(app, id)?.ok_or_else(unknown)?;
    let answers = app.lists.read(|reader| reader.feedback_of_scenario(id, ANSWERS));
    let answers = answers.map_err(of_lists)?;
    shown.feedback = answers.into_iter().map(|at| answer(app, at)).collect::<Result<_, _>>()?;
    Ok(shown)
}

fn scenario(state: &State, id: ScenarioId) -> Option<api::Scenario> {
    let known = state.scenario(id)?;
    let type_state = state.type_state(known.type_id)?;
    let variance = match &state.profile().scorer {
        Scorer::Hierarchical(settings) => known.effect.variance_at(
            type_state.decisions,
            settings.effect_drift,
            settings.effect_variance,
        ),
        Scorer::MovingAverage { .. } => known.effect.variance,
    };
    Some(api::Scenario {
        id: id.to_string(),
        scenario_type: type_state.definition().name.clone(),
        entity: known.entity.to_owned(),
        site: known.site.to_owned(),
        decisions: known.decisions,
        directed: known.effect.directed,
        effect: known.effect.mean,
        effect_deviation: variance.max(0.0).sqrt(),
        moving_average: known.effect.score,
        score_now: None,
        feedback: Vec::new(),
    })
}

/// The score of a past decision's inputs with what is known now; `None` if the inputs of its
/// scenario type have changed since.
fn score_now(state: &State, made: &DecisionMade) -> Option<f64> {
    let type_state = state.type_state(made.type_id)?;
    let effect = state.scenarios().effect(made.scenario)?;
    match (&state.profile().scorer, &type_state.posterior) {
        (Scorer::Hierarchical(settings), Some(posterior)) => {
            if posterior.dim() != made.x.len() || type_state.generation != made.generation {
                return None;
            }
            let (drift, cap) = (settings.effect_drift, settings.effect_variance);
            let variance = effect.variance_at(type_state.decisions, drift, cap);
            let logit = posterior.logit(&made.x, effect.mean, variance);
            Some(predictive(logit.mean, logit.variance))
        }
        (Scorer::Hierarchical(_), None) => None,
        (Scorer::MovingAverage { .. }, _) => Some(effect.score),
    }
}
