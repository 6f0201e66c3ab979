//! What a traffic series says beyond its last step: the coming hours, an imbalance that may begin, and how well the
//! network could do.

use std::sync::Arc;

use npo_network::imbalance::{Carried, Definition, Predictor, Target, Trained};
use npo_network::optimum::{Whole, whole};
use npo_network::routing::Overlay;
use npo_network::topology::Topology;
use npo_network::traffic::forecast::forecast;
use npo_network::traffic::{ResolvedSeries, TrafficSeries};
use npo_network::what_if::{Baseline, Condition, Development, Moment};

use super::routed::Routed;

/// Time between two looks ahead.
const LOOK_EVERY_MS: i64 = 3_600_000;
/// Most pairs of destination and node that all looks together remember: 96 MB.
const CELLS_MAX: usize = 4_000_000;
/// Steps that the imbalance forecast learns from, at most the last.
const STEPS_MAX: usize = 6_000;
/// Most utilisations that it learns from, steps times directions: 64 MB.
const UTILISATIONS_MAX: usize = 8_000_000;
/// Steps ahead at which an imbalance is foretold.
const HORIZON: usize = 3;
/// Steps of the trailing window where a day cannot be told.
const WINDOW: usize = 300;
/// Share of the steps that the forecast is fitted on; on the rest its alarm is chosen.
const TRAIN: f64 = 0.7;
/// Ways of each demand in the optimum.
const WAYS: usize = 4;
/// Most demands of which the optimum of the whole network is sought: a second of work.
const DEMANDS_MAX: usize = 3_000;

/// A network in the hours to come.
pub(super) struct Outlook {
    limit: f64,
    looks: Vec<Look>,
}

struct Look {
    ahead_ms: i64,
    before: Condition,
    routed: Routed,
}

impl Outlook {
    /// Looks once an hour for `hours` under the forecast from the last step; `None` where nothing can be foretold.
    pub(super) fn new(
        topology: &Arc<Topology>,
        series: &TrafficSeries,
        resolved: &ResolvedSeries<'_>,
        hours: u32,
        limit: f64,
    ) -> Option<Self> {
        let last = series.len().checked_sub(1)?;
        let ahead: Vec<i64> = (1..=i64::from(hours)).map(|hour| hour * LOOK_EVERY_MS).collect();
        let rows = match forecast(series, last, &ahead) {
            Ok(found) => found.rows,
            Err(error) => {
                tracing::info!(%error, "what-ifs tell of the present only");
                return None;
            }
        };
        let mut looks = Vec::new();
        let mut cells = 0;
        for (ahead_ms, row) in ahead.into_iter().zip(rows) {
            let matrix = resolved.matrix_of(&row);
            cells += matrix.by_destination().count() * topology.nodes().len();
            if cells > CELLS_MAX {
                tracing::warn!(
                    hours = looks.len(),
                    "the network is too large to look further ahead"
                );
                break;
            }
            let Ok(baseline) = Baseline::new(Arc::clone(topology), matrix) else { break };
            let before = baseline.condition(limit);
            looks.push(Look { ahead_ms, before, routed: Routed::new(baseline) });
        }
        (!looks.is_empty()).then_some(Self { limit, looks })
    }

    /// How a change would do in the hours to come.
    pub(super) fn develop(&self, overlay: &Overlay) -> Development {
        let moment = |look: &Look| Moment {
            ahead_ms: look.ahead_ms,
            before: look.before.clone(),
            after: look.routed.ask(overlay, |effect| effect.condition(self.limit)),
        };
        Development::new(self.limit, self.looks.iter().map(moment).collect())
    }
}

/// How probable it is that an imbalance begins soon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Imbalance {
    pub(super) probability: f64,
    /// How often one begins so soon after a step that is not hot.
    pub(super) usual: f64,
    pub(super) is_alarm: bool,
    /// How soon.
    pub(super) within_ms: Option<i64>,
}

impl Imbalance {
    /// Learns from the series and foretells from its last step; `None` where an episode is under way, or where there is
    /// nothing to be foretold, which the log says why.
    pub(super) fn new(
        topology: &Topology,
        series: &TrafficSeries,
        resolved: &ResolvedSeries<'_>,
    ) -> Option<Self> {
        let steps = series.len().min(STEPS_MAX);
        if steps * topology.arcs().len() > UTILISATIONS_MAX {
            tracing::info!("the network is too large to learn its imbalances at every start");
            return None;
        }
        let rows = Carried::route_last(topology, resolved, steps).rows;
        let step_ms = series.step_ms();
        let day = step_ms.and_then(|step| usize::try_from(86_400_000 / step.max(1)).ok());
        let window = day.unwrap_or(WINDOW).clamp(Definition::WINDOW_MIN, WINDOW);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a few thousand"
        )]
        let train = (rows.len() as f64 * TRAIN) as usize;
        let definition = Definition { horizon: HORIZON, window };
        let trained = match Trained::learn(&rows, train, definition) {
            Ok(trained) => trained,
            Err(error) => {
                tracing::info!(%error, "no imbalance is foretold");
                return None;
            }
        };
        let judge = trained.judge(Target::Onset);
        if let Some(why) = &judge.abstention {
            tracing::info!(%why, "no imbalance is foretold");
            return None;
        }
        let usual = judge.plain_rates[0];
        let mut predictor = Predictor::new(trained);
        let last = rows.iter().map(|row| predictor.observe(row)).last()??;
        let chance = last.onset?;
        let within_ms = step_ms.map(|step| step * HORIZON as i64);
        Some(Self { probability: chance.probability, usual, is_alarm: chance.alarm, within_ms })
    }
}

/// The optimum of a network that is not too large for it.
pub(super) fn best(baseline: &Baseline) -> Option<Whole> {
    if baseline.matrix().demands().len() > DEMANDS_MAX {
        return None;
    }
    match whole(baseline, WAYS) {
        Ok(found) => Some(found),
        Err(error) => {
            tracing::info!(%error, "how well the network could do is not known");
            None
        }
    }
}
