//! Utilisations of every direction of a link at every step, by routing the matrices of a series.

use std::ops::Range;

use crate::Positive;
use crate::routing::{Overlay, route};
use crate::topology::Topology;
use crate::traffic::ResolvedSeries;

/// What a network carries over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Carried {
    /// Load over capacity of each direction, in order of ids; one row per step.
    pub rows: Vec<Vec<f64>>,
    /// How many directions have a capacity that had to be assumed.
    pub assumed: usize,
    /// The capacity assumed for them, bit/s.
    pub assumed_bps: f64,
    /// Share of all traffic that found no way.
    pub stranded: f64,
}

/// Capacity where none is known, bit/s; where none at all is known, its size makes no difference to R, nor to episodes.
const CAPACITY_BPS: f64 = 1e10;

impl Carried {
    /// Routes every step over shortest paths with the topology's weights; `progress` is called after each.
    ///
    /// A direction without capacity is given the middle one of those that are known.
    #[must_use]
    pub fn route(
        topology: &Topology,
        series: &ResolvedSeries<'_>,
        progress: &mut dyn FnMut(),
    ) -> Self {
        Self::route_steps(topology, series, 0..series.len(), progress)
    }

    /// The same of the last `steps` steps alone.
    #[must_use]
    pub fn route_last(topology: &Topology, series: &ResolvedSeries<'_>, steps: usize) -> Self {
        let first = series.len().saturating_sub(steps);
        Self::route_steps(topology, series, first..series.len(), &mut || {})
    }

    fn route_steps(
        topology: &Topology,
        series: &ResolvedSeries<'_>,
        steps: Range<usize>,
        progress: &mut dyn FnMut(),
    ) -> Self {
        let capacities = topology.arcs().iter().map(|arc| arc.capacity_bps);
        let assumed = capacities.clone().filter(Option::is_none).count();
        let assumed_bps = middle_capacity(topology).get();
        let capacities: Vec<f64> = capacities.map(|known| known.unwrap_or(assumed_bps)).collect();
        let (mut sent, mut stranded) = (0.0, 0.0);
        let rows = steps.map(|step| {
            let matrix = series.matrix(step);
            let loads = route(topology, &matrix, &Overlay::none());
            sent += matrix.total_bps();
            stranded += loads.stranded_bps();
            progress();
            loads.by_arc().iter().zip(&capacities).map(|(bps, capacity)| bps / capacity).collect()
        });
        let rows = rows.collect();
        let stranded = if sent > 0.0 { stranded / sent } else { 0.0 };
        Self { rows, assumed, assumed_bps, stranded }
    }
}

/// The middle one of the known capacities, bit/s.
#[must_use]
pub fn middle_capacity(topology: &Topology) -> Positive {
    let mut known: Vec<f64> = topology.arcs().iter().filter_map(|arc| arc.capacity_bps).collect();
    known.sort_by(f64::total_cmp);
    let middle = known.get(known.len() / 2).copied().unwrap_or(CAPACITY_BPS);
    Positive::new(middle).unwrap_or(Positive::ONE)
}
