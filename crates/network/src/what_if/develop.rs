//! The same change as traffic goes on: when a limit would first be passed, with the change and without it.

use serde::{Deserialize, Serialize};

use super::assess::condition;
use super::change::{Change, Error};
use super::summary::{Condition, Peak};
use super::words::{Gravity, Sentence, percent_short};
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
    Ok(Development::new(limit, moments))
}

impl Development {
    /// The development of these moments, in order of time.
    #[must_use]
    pub fn new(limit: f64, moments: Vec<Moment>) -> Self {
        let first = |condition: fn(&Moment) -> &Condition| {
            let past = moments.iter().find(|moment| condition(moment).past_limit > 0);
            past.map(|moment| moment.ahead_ms)
        };
        Self {
            limit,
            first_past_limit_ms: first(|moment| &moment.after),
            first_past_limit_without_ms: first(|moment| &moment.before),
            moments,
        }
    }

    /// The fullest arc of all moments after the change; of several the earliest.
    #[must_use]
    pub fn fullest_after(&self) -> Option<(i64, &Peak)> {
        fullest(self.moments.iter().map(|moment| (moment.ahead_ms, &moment.after)))
    }

    /// The same without the change.
    #[must_use]
    pub fn fullest_before(&self) -> Option<(i64, &Peak)> {
        fullest(self.moments.iter().map(|moment| (moment.ahead_ms, &moment.before)))
    }

    /// When the limit is passed, in a sentence; `None` without any moment.
    #[must_use]
    pub fn sentence(&self) -> Option<Sentence> {
        let hours = self.moments.last()?.ahead_ms / 3_600_000;
        let limit = percent_short(self.limit);
        let (gravity, text) = match (self.first_past_limit_ms, self.first_past_limit_without_ms) {
            (None, _) => {
                (Gravity::Calm, format!("In the coming {hours} hours {limit} is not passed."))
            }
            (Some(with), None) => (
                Gravity::Alarm,
                format!("{limit} is passed in {}; without it, never.", ahead_words(with)),
            ),
            (Some(with), Some(without)) => (
                Gravity::Care,
                format!(
                    "{limit} is passed in {}; without it, in {}.",
                    ahead_words(with),
                    ahead_words(without)
                ),
            ),
        };
        Some(Sentence { gravity, text })
    }
}

fn fullest<'m>(moments: impl Iterator<Item = (i64, &'m Condition)>) -> Option<(i64, &'m Peak)> {
    let peaks = moments.filter_map(|(ahead, condition)| Some((ahead, condition.fullest.as_ref()?)));
    peaks.reduce(|most, next| if next.1.utilisation > most.1.utilisation { next } else { most })
}

/// A time from now in hours and minutes.
#[must_use]
pub fn ahead_words(ahead_ms: i64) -> String {
    let minutes = ahead_ms / 60_000;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
