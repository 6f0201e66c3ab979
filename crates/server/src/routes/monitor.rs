//! What the monitor watches, what it did, and how far to trust it.

use axum::response::Response;
use npo_api::Problem;
use npo_api::monitor as api;
use npo_core::State;
use npo_core::guarantee::fidelity::{FidelityCounts, Looks};

use super::decisions::{event, of_lists};
use crate::app::App;
use crate::convert::monitor::{act, fidelity, of_type, settings, waiting};
use crate::convert::oversight::holds;
use crate::http::call::{Call, reply_listed};

/// Acts shown at most.
const ACTS_MAX: usize = 200;

/// Shows the monitor.
pub(super) async fn show(call: Call) -> Result<Response, Problem> {
    let behind = call.views_caught_up().await?;
    let monitor = call
        .blocking(|app| {
            let actions = acts(app)?;
            Ok(app.engine.read(|state| monitor(state, actions)))
        })
        .await?;
    reply_listed(behind, &monitor)
}

fn monitor(state: &State, actions: Vec<api::MonitorAct>) -> api::Monitor {
    let of = state.profile().watch.as_ref();
    let mut looks: Vec<_> = of
        .into_iter()
        .flat_map(|of| {
            state.types().iter().flat_map(move |t| {
                t.oversight.watch.audits.iter().map(move |look| (look.at, waiting(t, of, look)))
            })
        })
        .collect();
    looks.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    api::Monitor {
        settings: of.map(settings),
        fidelity: fidelity(&all_looks(state)),
        scenario_types: state.types().iter().map(|t| of_type(state, of, t)).collect(),
        holds: holds(state),
        actions,
        waiting: looks.into_iter().map(|(_, look)| look).collect(),
    }
}

/// Looks of all scenario types together, as far as they were drawn at one rate.
pub(crate) fn all_looks(state: &State) -> FidelityCounts {
    let add = |to: &mut Looks, from: &Looks| {
        to.total += from.total;
        to.audited += from.audited;
        to.right += from.right;
    };
    let mut all = FidelityCounts::default();
    for of_type in state.types() {
        let counts = of_type.oversight.watch.looks_drawn_alike();
        add(&mut all.acted, &counts.acted);
        add(&mut all.silent, &counts.silent);
    }
    all
}

/// What the monitor did, newest first. Blocks.
fn acts(app: &App) -> Result<Vec<api::MonitorAct>, Problem> {
    let positions = app.lists.read(|reader| reader.acts(ACTS_MAX)).map_err(of_lists)?;
    let mut acts = Vec::with_capacity(positions.len());
    for position in positions {
        let envelope = event(app, position)?;
        acts.extend(app.engine.read(|state| act(state, position, &envelope)));
    }
    Ok(acts)
}
