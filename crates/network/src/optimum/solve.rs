//! The linear programme: smallest possible maximum utilisation over given paths.

use std::collections::BTreeMap;

use microlp::{ComparisonOp, LinearExpr, OptimizationDirection, Problem, Variable};

use super::paths::Paths;
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
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let theta = problem.add_var(1.0, (0.0, f64::INFINITY));
    let mut shares: Vec<Vec<Variable>> = Vec::with_capacity(matrix.demands().len());
    // Utilisation of an arc as a sum of shares; utilisations, not rates, so that all coefficients are of one size.
    let mut busy: BTreeMap<ArcId, Vec<(Variable, f64)>> = BTreeMap::new();
    for demand in matrix.demands() {
        let listed = of(demand);
        if listed.is_empty() {
            let name = |node| topology.node(node).name.clone();
            return Err(Error::NoPath { from: name(demand.from), to: name(demand.to) });
        }
        let variables: Vec<Variable> =
            listed.iter().map(|_| problem.add_var(0.0, (0.0, 1.0))).collect();
        let mut all = LinearExpr::empty();
        for (path, &variable) in listed.iter().zip(&variables) {
            all.add(variable, 1.0);
            for &arc in path {
                if let Some(capacity) = topology.arc(arc).capacity_bps {
                    busy.entry(arc).or_default().push((variable, demand.bps / capacity));
                }
            }
        }
        problem.add_constraint(all, ComparisonOp::Eq, 1.0);
        shares.push(variables);
    }
    if busy.is_empty() && !matrix.demands().is_empty() {
        return Err(Error::NoCapacity);
    }
    for (id, arc) in topology.arcs().iter().enumerate() {
        let Some(capacity) = arc.capacity_bps else { continue };
        let terms = busy.remove(&ArcId(u32::try_from(id).unwrap_or(u32::MAX))).unwrap_or_default();
        let already = fixed_at(id) / capacity;
        if terms.is_empty() && already == 0.0 {
            continue;
        }
        let mut load = LinearExpr::empty();
        terms.into_iter().for_each(|(variable, share)| load.add(variable, share));
        load.add(theta, -1.0);
        problem.add_constraint(load, ComparisonOp::Le, -already);
    }
    let unsolved = |why: String| Error::Solver(why);
    let outcome = problem.solve().map_err(|error| unsolved(error.to_string()))?;
    let solution = outcome.into_solution().map_err(|_| unsolved("it was interrupted".into()))?;
    let mut loads: Vec<f64> = (0..arcs).map(fixed_at).collect();
    let mut all = Vec::with_capacity(shares.len());
    for (demand, variables) in matrix.demands().iter().zip(shares) {
        let values = normalised(variables.iter().map(|&v| solution.var_value(v)));
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

/// Shares within the solver's tolerance of 0 to 1, made exact.
fn normalised(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let values: Vec<f64> = values.map(|value| value.clamp(0.0, 1.0)).collect();
    let total: f64 = values.iter().sum();
    values.iter().map(|value| value / total).collect()
}
