//! The endpoints' handlers, one file per noun. A handler parses, calls the engine, and renders.

mod alertmanager;
pub(crate) mod alignment;
mod batch;
mod decisions;
mod divergence;
mod events;
mod feedback;
mod models;
pub(crate) mod monitor;
mod people;
mod policies;
mod red_button;
mod scenario_types;
mod scenarios;
mod service;
mod setup;
mod stream;
mod thresholds;
mod tokens;
mod verdicts;
mod visual;
mod withdrawals;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::routing::{MethodFilter, get, on};
use npo_api::endpoints::{ENDPOINTS, Method};
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;
use crate::errors;
use crate::http::dispatch::Dispatch;
use crate::http::problem;
use crate::http::serve::{Handler, serve};

/// The handler of an endpoint.
fn handler(id: &str) -> Option<Handler> {
    Some(match id {
        "propose" => |call| Box::pin(decisions::propose(call)),
        "propose_batch" => |call| Box::pin(batch::propose(call)),
        "list_decisions" => |call| Box::pin(decisions::list(call)),
        "show_decision" => |call| Box::pin(decisions::show(call)),
        "show_visual" => |call| Box::pin(visual::show(call)),
        "give_feedback" => |call| Box::pin(feedback::give(call)),
        "record_outcome" => |call| Box::pin(feedback::outcome(call)),
        "withdraw_decision" => |call| Box::pin(withdrawals::decision(call)),
        "withdraw" => |call| Box::pin(withdrawals::condition(call)),
        "list_scenario_types" => |call| Box::pin(scenario_types::list(call)),
        "show_scenario_type" => |call| Box::pin(scenario_types::show(call)),
        "activate_scenario_type" => |call| Box::pin(scenario_types::activate(call)),
        "list_scenarios" => |call| Box::pin(scenarios::list(call)),
        "show_scenario" => |call| Box::pin(scenarios::show(call)),
        "list_policies" => |call| Box::pin(policies::list(call)),
        "add_policy" => |call| Box::pin(policies::add(call)),
        "activate_policy" => |call| Box::pin(policies::activate(call)),
        "judge_decision" => |call| Box::pin(verdicts::decision(call)),
        "alignment" => |call| Box::pin(alignment::show(call)),
        "thresholds" => |call| Box::pin(thresholds::list(call)),
        "grant_autonomy" => |call| Box::pin(thresholds::grant(call)),
        "settle_escalation" => |call| Box::pin(thresholds::settle(call)),
        "list_holds" => |call| Box::pin(red_button::list(call)),
        "press_red_button" => |call| Box::pin(red_button::press(call)),
        "release_red_button" => |call| Box::pin(red_button::release(call)),
        "monitor" => |call| Box::pin(monitor::show(call)),
        "judge_look" => |call| Box::pin(verdicts::look(call)),
        "divergence" => |call| Box::pin(divergence::show(call)),
        "list_models" => |call| Box::pin(models::list(call)),
        "refit_model" => |call| Box::pin(models::refit(call)),
        "promote_model" => |call| Box::pin(models::promote(call)),
        "roll_back_model" => |call| Box::pin(models::roll_back(call)),
        "list_events" => |call| Box::pin(events::list(call)),
        "stream" => |call| Box::pin(stream::follow(call)),
        "who_am_i" => |call| Box::pin(people::who_am_i(call)),
        "list_people" => |call| Box::pin(people::list(call)),
        "add_person" => |call| Box::pin(people::add(call)),
        "change_person" => |call| Box::pin(people::change(call)),
        "list_tokens" => |call| Box::pin(tokens::list(call)),
        "issue_token" => |call| Box::pin(tokens::issue(call)),
        "revoke_token" => |call| Box::pin(tokens::revoke(call)),
        "set_up" => |call| Box::pin(setup::set_up(call)),
        "set_up_page" => |call| Box::pin(setup::page(call)),
        "alertmanager" => |call| Box::pin(alertmanager::notify(call)),
        "metrics" => |call| Box::pin(service::metrics(call)),
        "health" => |call| Box::pin(service::health(call)),
        "ready" => |call| Box::pin(service::ready(call)),
        "openapi" => |call| Box::pin(service::openapi(call)),
        _ => return None,
    })
}

/// All endpoints, those without a parameter in their path by the short way.
pub(crate) fn dispatch(app: &Arc<App>) -> Dispatch {
    let direct = ENDPOINTS.iter().filter(|endpoint| !endpoint.path.contains('{'));
    let direct = direct.filter_map(|endpoint| Some((endpoint, handler(endpoint.id)?)));
    Dispatch::new(Arc::clone(app), direct.collect(), router(app))
}

/// All endpoints.
fn router(app: &Arc<App>) -> Router {
    let mut router = Router::new();
    for endpoint in ENDPOINTS {
        let handler =
            handler(endpoint.id).expect("a test asserts that every endpoint has a handler");
        let app = Arc::clone(app);
        let answer = move |request: Request| serve(Arc::clone(&app), endpoint, handler, request);
        router = router.route(endpoint.path, on(filter(endpoint.method), answer));
    }
    router
        .route("/errors/{code}", get(errors::page))
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(CatchPanicLayer::custom(problem::panicked))
}

fn filter(method: Method) -> MethodFilter {
    match method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Patch => MethodFilter::PATCH,
        Method::Delete => MethodFilter::DELETE,
    }
}

/// Methods that a path takes.
pub(crate) fn methods(path: &str) -> Vec<&'static str> {
    let matches = |pattern: &str| {
        pattern.split('/').count() == path.split('/').count()
            && pattern.split('/').zip(path.split('/')).all(|(p, s)| p == s || p.starts_with('{'))
    };
    let name = |method| match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    };
    ENDPOINTS.iter().filter(|e| matches(e.path)).map(|e| name(e.method)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_has_a_handler() {
        for endpoint in ENDPOINTS {
            assert!(handler(endpoint.id).is_some(), "{}", endpoint.id);
        }
    }

    #[test]
    fn the_methods_of_a_path_are_those_of_the_list() {
        assert_eq!(methods("/v1/decisions"), ["POST", "GET"]);
        assert_eq!(methods("/v1/decisions/d1"), ["GET"]);
        assert!(methods("/v1/nothing").is_empty());
    }
}
