//! The same change as traffic goes on: when a limit would first be passed, with the change and without it.

use serde::{Deserialize, Serialize};

use super::assess::condition;
use super::change::{Change, Error};
use super::summary::Condition;
use crate::routing::{Overlay, route};
use crate::topology::Topology;
use crate::traffic::TrafficMatrix;

/// A change under the traffic of the coming hours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Development {
    /// Utilisation that should not be passed.
    pub limit: f64,
    /// In order of time.
    pub moments: Vec<Moment>,
    /// When some arc is first past the limit with the change, ms from now.
    pub first_past_limit_ms: Option<i64>,
    /// The same without the change.
    pub first_past_limit_without_ms: Option<i64>,
}

/// The network at one time to come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// Time from now, ms.
    pub ahead_ms: i64,
    /// Without the change.
    pub before: Condition,
    /// With it.
    pub after: Condition,
}

/// How changes would do under matrices to come, each with its time from now in ms, in order of time.
///
/// # Errors
/// Changes that cannot be made.
///
/// # Panics
/// If a matrix names a node that the topology does not have.
pub fn develop(
    topology: &Topology,
    changes: &[Change],
    limit: f64,
    matrices: impl IntoIterator<Item = (i64, TrafficMatrix)>,
) -> Result<Development, Error> {
    let overlay = Change::overlay(topology, changes)?;
    let moments: Vec<Moment> = matrices
        .into_iter()
        .map(|(ahead_ms, matrix)| {
            let under = |overlay: &Overlay| {
                let loads = route(topology, &matrix, overlay);
                condition(topology, &loads, matrix.total_bps(), limit)
            };
            Moment { ahead_ms, before: under(&Overlay::none()), after: under(&overlay) }
        })
        .collect();
    let first = |condition: fn(&Moment) -> &Condition| {
        let past = moments.iter().find(|moment| condition(moment).past_limit > 0);
        past.map(|moment| moment.ahead_ms)
    };
    Ok(Development {
        limit,
        first_past_limit_ms: first(|moment| &moment.after),
        first_past_limit_without_ms: first(|moment| &moment.before),
        moments,
    })
}
