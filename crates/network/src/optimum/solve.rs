//! The linear programme: smallest possible maximum utilisation over given paths.

use std::collections::BTreeSet;

use super::paths::Paths;
use super::programme::Programme;
use crate::topology::{ArcId, NodeId, Topology};
use crate::traffic::TrafficMatrix;

/// Paths over all demands at most: a programme of this size takes seconds, and beyond it memory grows without bound.
pub const VARIABLES_MAX: usize = 50_000;

/// An optimum that cannot be found.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A demand has no path at all.
    #[error("no path leads from `{from}` to `{to}`")]
    NoPath {
        /// Where the demand enters.
        from: String,
        /// Where it leaves.
        to: String,
    },
    /// Too many paths for a programme that ends in time.
    #[error(
        "{found} paths are to be considered, expected at most {VARIABLES_MAX}; allow fewer paths, or fewer demands to move"
    )]
    TooLarge {
        /// How many.
        found: usize,
    },
    /// No arc that the paths use has a known capacity.
    #[error(
        "no capacity is known on the paths, so nothing is more or less busy than anything else"
    )]
    NoCapacity,
    /// The solver gave up.
    #[error("the linear programme was not solved: {0}")]
    Solver(String),
}

/// The best split of the demands over their paths.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimum {
    /// The smallest possible maximum utilisation, over arcs of known capacity; above 1 if the demands do not fit.
    pub max_utilisation: f64,
    /// Share of each path of each demand, in the order of the matrix and of the paths; the shares of a demand add up
    /// to 1.
    pub shares: Vec<(NodeId, NodeId, Vec<f64>)>,
    /// Load of each arc, bit/s, with what was fixed.
    pub loads: Vec<f64>,
}

/// Splits every demand of `matrix` over its `paths` so that the maximum utilisation is smallest, on top of `fixed`
/// loads in bit/s by arc (empty for none).
///
/// Arcs of unknown capacity limit nothing.
///
/// # Errors
/// [`Error`] names the demand without a path, or what makes the programme unsolvable.
///
/// # Panics
/// If `fixed` is neither empty nor one number per arc.
pub fn optimise(
    topology: &Topology,
    matrix: &TrafficMatrix,
    paths: &Paths,
    fixed: &[f64],
) -> Result<Optimum, Error> {
    let arcs = topology.arcs().len();
    assert!(fixed.is_empty() || fixed.len() == arcs, "one fixed load per arc");
    let fixed_at = |arc: usize| fixed.get(arc).copied().unwrap_or(0.0);
    let of = |demand: &crate::traffic::Demand| paths.of(demand.from, demand.to);
    let found = matrix.demands().iter().map(|demand| of(demand).len()).sum();
    if found > VARIABLES_MAX {
        return Err(Error::TooLarge { found });
    }
    let mut programme = Programme::default();
    // Utilisations, not rates, so that all coefficients are of one size.
    let raise = |arc: ArcId, bps: f64| {
        topology.arc(arc).capacity_bps.map(|capacity| (arc.index(), bps / capacity))
    };
    for demand in matrix.demands() {
        let listed = of(demand);
        if listed.is_empty() {
            let name = |node| topology.node(node).name.clone();
            return Err(Error::NoPath { from: name(demand.from), to: name(demand.to) });
        }
        let way =
            |path: &Vec<ArcId>| path.iter().filter_map(|&arc| raise(arc, demand.bps)).collect();
        programme.groups.push(listed.iter().map(way).collect());
    }
    let used: BTreeSet<usize> =
        programme.groups.iter().flatten().flatten().map(|(arc, _)| *arc).collect();
    if used.is_empty() && !matrix.demands().is_empty() {
        return Err(Error::NoCapacity);
    }
    for (id, arc) in topology.arcs().iter().enumerate() {
        if let Some(capacity) = arc.capacity_bps
            && (used.contains(&id) || fixed_at(id) > 0.0)
        {
            programme.already.insert(id, fixed_at(id) / capacity);
        }
    }
    let shares = programme.least_peak()?;
    let mut loads: Vec<f64> = (0..arcs).map(fixed_at).collect();
    let mut all = Vec::with_capacity(shares.len());
    for (demand, values) in matrix.demands().iter().zip(shares) {
        for (path, share) in of(demand).iter().zip(&values) {
            path.iter().for_each(|arc| loads[arc.index()] += demand.bps * share);
        }
        all.push((demand.from, demand.to, values));
    }
    // What the returned split really gives, rather than the solver's own figure: the two agree to its tolerance.
    let utilised = topology.arcs().iter().zip(&loads);
    let max_utilisation = utilised
        .filter_map(|(arc, load)| arc.capacity_bps.map(|capacity| load / capacity))
        .fold(0.0, f64::max);
    Ok(Optimum { max_utilisation, shares: all, loads })
}
