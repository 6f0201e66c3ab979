//! Reliability over operators, teams, sites and everybody: each level shrunk to the next.
//!
//! Beta–binomial throughout: an operator's reliability is drawn around the team's, a team's around
//! the site's, a site's around everybody's, with a concentration κ per level that is found by
//! maximum marginal likelihood (empirical Bayes).
//! So a new operator starts where the team stands, a new team where the site stands, and how much
//! that counts for is learned from how much the members of teams differ.

use serde::{Deserialize, Serialize};

use super::super::trust::{Trust, TrustSettings};

/// Concentrations tried: from "the next level says nothing" to "all are alike".
const CONCENTRATIONS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
/// Concentration and means depend on each other; they settle within a few rounds.
const ROUNDS: usize = 4;
/// Members below which a level's own concentration is not estimated.
const MEMBERS_MIN: usize = 3;
/// A mean is kept off 0 and 1, where no further answer could move it.
const MEAN_MARGIN: f64 = 1e-3;

/// What is known of one operator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Source {
    /// Index of the team.
    pub team: usize,
    /// Soft count of right signals, without any prior.
    pub right: f64,
    /// Soft count of wrong signals, without any prior.
    pub wrong: f64,
}

/// Beliefs on every level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pooled {
    /// Where a new site starts.
    pub everybody: Trust,
    /// Per site: where a new team of it starts.
    pub sites: Vec<Trust>,
    /// Per team: where a new operator of it starts.
    pub teams: Vec<Trust>,
    /// Per operator, in the order of the sources: prior of the team and own signals.
    pub operators: Vec<Trust>,
}

/// Pools `sources` over teams; `sites[team]` is the index of the team's site.
///
/// A source of an unknown team, or with counts that are no counts (negative, not finite), belongs to
/// nobody: it gets everybody's belief and teaches nothing.
#[must_use]
pub fn pool(sources: &[Source], sites: &[usize], prior: &TrustSettings) -> Pooled {
    let counts = |source: &Source| {
        let fine = |count: f64| count.is_finite() && count >= 0.0;
        let usable = source.team < sites.len() && fine(source.right) && fine(source.wrong);
        if usable {
            Tally { right: source.right, total: source.right + source.wrong }
        } else {
            Tally::default()
        }
    };
    let operators: Vec<Tally> = sources.iter().map(counts).collect();
    let team_of: Vec<usize> = sources.iter().map(|source| source.team).collect();
    let site_count = sites.iter().max().map_or(0, |last| last + 1);
    let start = prior.right / (prior.right + prior.wrong);

    // Where there are too few members to tell, the next level counts for as much as the prior.
    let usual = prior.right + prior.wrong;
    let (mut operator_k, mut team_k, mut site_k) = (usual, usual, usual);
    let mut means = Means { everybody: start, sites: Vec::new(), teams: Vec::new() };
    for _ in 0..ROUNDS {
        // Upwards: a member speaks for its group with at most κ signals' weight, so that one busy
        // operator does not become the team.
        let teams = gather(&operators, &team_of, sites.len(), operator_k);
        let by_site = gather(&teams, sites, site_count, team_k);
        let all = gather(&by_site, &vec![0; site_count], 1, site_k)[0];
        // Downwards: every level is shrunk to the next.
        means.everybody = all.shrunk(start, usual);
        means.sites = by_site.iter().map(|t| t.shrunk(means.everybody, site_k)).collect();
        means.teams =
            teams.iter().zip(sites).map(|(t, s)| t.shrunk(means.sites[*s], team_k)).collect();
        operator_k = concentration(&operators, usual, |ix| means.teams.get(team_of[ix]).copied());
        team_k = concentration(&teams, usual, |ix| Some(means.sites[sites[ix]]));
        site_k = concentration(&by_site, usual, |_| Some(means.everybody));
    }
    let belief = |mean: f64, k: f64| Trust { right: mean * k, wrong: (1.0 - mean) * k };
    let of_team = |team: usize| {
        means
            .teams
            .get(team)
            .map_or_else(|| belief(means.everybody, site_k), |mean| belief(*mean, operator_k))
    };
    Pooled {
        everybody: belief(means.everybody, site_k),
        sites: means.sites.iter().map(|mean| belief(*mean, team_k)).collect(),
        teams: means.teams.iter().map(|mean| belief(*mean, operator_k)).collect(),
        operators: operators
            .iter()
            .zip(&team_of)
            .map(|(own, team)| {
                let start = of_team(*team);
                Trust { right: start.right + own.right, wrong: start.wrong + own.total - own.right }
            })
            .collect(),
    }
}

struct Means {
    everybody: f64,
    sites: Vec<f64>,
    teams: Vec<f64>,
}

/// Right signals of all.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    right: f64,
    total: f64,
}

impl Tally {
    fn shrunk(&self, mean: f64, k: f64) -> f64 {
        ((self.right + k * mean) / (self.total + k)).clamp(MEAN_MARGIN, 1.0 - MEAN_MARGIN)
    }

    /// Log marginal likelihood under Beta(k·mean, k·(1 − mean)), without what does not depend on k.
    fn evidence(&self, mean: f64, k: f64) -> f64 {
        let (a, b) = (k * mean, k * (1.0 - mean));
        log_beta(a + self.right, b + self.total - self.right) - log_beta(a, b)
    }
}

/// Sums members into groups, each member's total cut to n·κ/(n + κ).
fn gather(members: &[Tally], group_of: &[usize], groups: usize, k: f64) -> Vec<Tally> {
    let mut sums = vec![Tally::default(); groups];
    for (member, group) in members.iter().zip(group_of) {
        if let Some(sum) = sums.get_mut(*group).filter(|_| member.total > 0.0) {
            let weight = k / (member.total + k);
            sum.right += weight * member.right;
            sum.total += weight * member.total;
        }
    }
    sums
}

/// The concentration of members around their group's mean with the largest marginal likelihood, or
/// the usual one if they are too few.
fn concentration(members: &[Tally], usual: f64, mean_of: impl Fn(usize) -> Option<f64>) -> f64 {
    let known: Vec<(Tally, f64)> = members
        .iter()
        .enumerate()
        .filter(|(_, tally)| tally.total > 0.0)
        .filter_map(|(ix, tally)| Some((*tally, mean_of(ix)?)))
        .collect();
    if known.len() < MEMBERS_MIN {
        return usual;
    }
    let evidence = |k: f64| known.iter().map(|(tally, mean)| tally.evidence(*mean, k)).sum::<f64>();
    let mut best = (CONCENTRATIONS[0], f64::NEG_INFINITY);
    for k in CONCENTRATIONS {
        let found = evidence(k);
        if found > best.1 {
            best = (k, found);
        }
    }
    best.0
}

fn log_beta(a: f64, b: f64) -> f64 {
    libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b)
}
