//! The linear programme behind every optimum: traffic that may take several ways, and arcs that should stay idle.

use std::collections::BTreeMap;
use std::time::Duration;

use microlp::{ComparisonOp, LinearExpr, OptimizationDirection, Problem, Solution, Variable};

use super::Error;

/// One way: by how much it would raise the utilisation of which arc (by position), if all of its group took it.
pub(crate) type Way = Vec<(usize, f64)>;

/// Longest that one programme may take; those within their size take a small part of it.
const LONGEST: Duration = Duration::from_secs(60);

/// How far a second programme may be above the peak of the first: what the solver's tolerance needs, and nobody sees.
const SLACK: f64 = 1e-7;

/// Groups of traffic, each with ways over which it is split, on top of what is there already.
#[derive(Debug, Clone, Default)]
pub(crate) struct Programme {
    /// Ways of each group; none may be empty.
    pub(crate) groups: Vec<Vec<Way>>,
    /// Utilisation by what cannot move, by arc; an arc that is not here limits nothing.
    pub(crate) already: BTreeMap<usize, f64>,
}

impl Programme {
    /// The shares with which the fullest arc is as idle as it can be; those of a group sum to 1.
    pub(crate) fn least_peak(&self) -> Result<Vec<Vec<f64>>, Error> {
        let mut problem = minimisation();
        let peak = problem.add_var(1.0, (0.0, f64::INFINITY));
        let shares = self.shares(&mut problem);
        self.limit(&mut problem, &shares, |load| {
            load.add(peak, -1.0);
            0.0
        });
        let solution = solved(&problem)?;
        Ok(read(&solution, &shares))
    }

    /// Among the splits with no arc above `peak`, the one that differs least from `now`: the least traffic moves, group
    /// g counting `size[g]`.
    pub(crate) fn least_move(
        &self,
        peak: f64,
        now: &[Vec<f64>],
        size: &[f64],
    ) -> Result<Vec<Vec<f64>>, Error> {
        let mut problem = minimisation();
        let shares = self.shares(&mut problem);
        for ((variables, now), &size) in shares.iter().zip(now).zip(size) {
            for (&share, &now) in variables.iter().zip(now) {
                // gained ≥ share − now: what is gained somewhere was taken elsewhere, so one side is enough.
                let gained = problem.add_var(size, (0.0, 1.0));
                let mut difference = LinearExpr::empty();
                difference.add(share, 1.0);
                difference.add(gained, -1.0);
                problem.add_constraint(difference, ComparisonOp::Le, now);
            }
        }
        self.limit(&mut problem, &shares, |_| peak + SLACK);
        let solution = solved(&problem)?;
        Ok(read(&solution, &shares))
    }

    /// Utilisation of the arcs of [`Programme::already`] under these shares.
    pub(crate) fn utilisation(&self, shares: &[Vec<f64>]) -> BTreeMap<usize, f64> {
        let mut all = self.already.clone();
        for (ways, shares) in self.groups.iter().zip(shares) {
            for (way, share) in ways.iter().zip(shares) {
                for (arc, raise) in way {
                    all.entry(*arc).and_modify(|u| *u += raise * share);
                }
            }
        }
        all
    }

    fn shares(&self, problem: &mut Problem) -> Vec<Vec<Variable>> {
        let mut all = Vec::with_capacity(self.groups.len());
        for ways in &self.groups {
            let variables: Vec<Variable> =
                ways.iter().map(|_| problem.add_var(0.0, (0.0, 1.0))).collect();
            let mut sum = LinearExpr::empty();
            variables.iter().for_each(|&variable| sum.add(variable, 1.0));
            problem.add_constraint(sum, ComparisonOp::Eq, 1.0);
            all.push(variables);
        }
        all
    }

    /// One constraint per arc: its utilisation, less what `most` takes from the expression, is at most `most`'s number.
    fn limit(
        &self,
        problem: &mut Problem,
        shares: &[Vec<Variable>],
        mut most: impl FnMut(&mut LinearExpr) -> f64,
    ) {
        let mut loads: BTreeMap<usize, LinearExpr> =
            self.already.keys().map(|&arc| (arc, LinearExpr::empty())).collect();
        for (ways, variables) in self.groups.iter().zip(shares) {
            for (way, &variable) in ways.iter().zip(variables) {
                for (arc, raise) in way {
                    if let Some(load) = loads.get_mut(arc) {
                        load.add(variable, *raise);
                    }
                }
            }
        }
        for ((_, already), (_, mut load)) in self.already.iter().zip(loads) {
            let most = most(&mut load);
            problem.add_constraint(load, ComparisonOp::Le, most - already);
        }
    }
}

fn minimisation() -> Problem {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    problem.set_time_limit(LONGEST);
    problem
}

fn solved(problem: &Problem) -> Result<Solution, Error> {
    let outcome = problem.solve().map_err(|error| Error::Solver(error.to_string()))?;
    outcome
        .into_solution()
        .map_err(|_| Error::Solver(format!("it took longer than {} s", LONGEST.as_secs())))
}

fn read(solution: &Solution, shares: &[Vec<Variable>]) -> Vec<Vec<f64>> {
    let group = |variables: &Vec<Variable>| {
        normalised(variables.iter().map(|&variable| solution.var_value(variable)))
    };
    shares.iter().map(group).collect()
}

/// Shares within the solver's tolerance of 0 to 1, made exact.
fn normalised(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let values: Vec<f64> = values.map(|value| value.clamp(0.0, 1.0)).collect();
    let total: f64 = values.iter().sum();
    values.iter().map(|value| value / total).collect()
}
