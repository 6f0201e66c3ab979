//! How far npo agrees with its people, in numbers.

use std::collections::BTreeMap;

use axum::response::Response;
use npo_api::Problem;
use npo_api::metrics as api;
use npo_core::event::Disposition;
use npo_core::learning::math::wilson95;
use npo_core::state::{Tally, TypeState};
use npo_core::{PersonId, Signal, State};

use crate::convert::people::handle;
use crate::http::call::{Call, reply};

/// Shows alignment loss, override rates and trust.
pub(super) async fn show(call: Call) -> Result<Response, Problem> {
    let alignment = call.app.engine.read(|state| api::Alignment {
        profile: state.profile().name.clone(),
        scenario_types: state.types().iter().map(of_type).collect(),
        operators: operators(state),
    });
    reply(200, &alignment)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn of_type(state: &TypeState) -> api::TypeAlignment {
    let tally = &state.tally;
    let decisions = Disposition::ALL.map(|d| (d.name().to_owned(), tally.decisions(d)));
    let answers = Signal::ALL.map(|s| (s.name().to_owned(), tally.answers(s)));
    let (rate, interval) = override_rate(tally);
    api::TypeAlignment {
        scenario_type: state.definition().name.clone(),
        decisions: BTreeMap::from(decisions),
        answers: BTreeMap::from(answers),
        alignment_loss: tally.mean_loss(),
        episode_loss: (tally.episodes > 0).then(|| tally.episode_loss_sum / tally.episodes as f64),
        reward: tally.reward_average,
        override_rate: rate,
        override_rate_interval: interval,
        expired: tally.expired,
        withdrawn: tally.withdrawn,
    }
}

/// Share of overrides among likes and overrides, and its 95 % Wilson interval.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(crate) fn override_rate(tally: &Tally) -> (Option<f64>, [f64; 2]) {
    let overrides = tally.answers(Signal::Override);
    let directed = overrides + tally.answers(Signal::Like);
    if directed == 0 {
        return (None, [0.0, 1.0]);
    }
    let (low, high) = wilson95(overrides, directed);
    (Some(overrides as f64 / directed as f64), [low, high])
}

/// Belief about everybody whose answers taught something; people without any have the prior.
fn operators(state: &State) -> Vec<api::OperatorTrust> {
    let Some(prior) = &state.profile().trust else { return Vec::new() };
    let people = (0u32..).map(PersonId).take(state.people().len());
    people
        .filter_map(|id| state.trust(id).map(|trust| (id, trust)))
        .filter(|(_, trust)| trust.right + trust.wrong > prior.right + prior.wrong + 1e-9)
        .map(|(id, trust)| api::OperatorTrust {
            handle: handle(state, id),
            reliability: trust.reliability(),
            right: trust.right,
            wrong: trust.wrong,
            adverse: trust.is_adverse(),
        })
        .collect()
}
