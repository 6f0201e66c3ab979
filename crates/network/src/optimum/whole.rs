//! How far from its best a whole network is.

use serde::Serialize;

use super::paths::Paths;
use super::solve::{Error, optimise};
use crate::what_if::Baseline;

/// Utilisation of a network's fullest arc as it is routed, and at best.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Whole {
    /// Ways that each demand may take, the shortest first.
    pub ways: usize,
    /// As it is.
    pub now: f64,
    /// With every demand split over its ways as is best; never above `now`, for what routing does is possible too.
    pub best: f64,
}

/// Solves for all demands that find a way, each over its `ways` shortest ways.
///
/// # Errors
/// [`Error::NoCapacity`] where no arc has one, else what [`optimise`] says.
pub fn whole(baseline: &Baseline, ways: usize) -> Result<Whole, Error> {
    let topology = baseline.topology();
    let (_, now) = baseline.loads().fullest(topology).ok_or(Error::NoCapacity)?;
    let matrix = baseline.matrix().without(baseline.loads().stranded());
    let paths = Paths::shortest(topology, &matrix, ways);
    let best = optimise(topology, &matrix, &paths, &[])?.max_utilisation;
    Ok(Whole { ways, now, best: best.min(now) })
}
