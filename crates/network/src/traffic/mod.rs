//! Who sends how much to whom: demands between nodes, at one time or over time.
//!
//! Rates are bit/s. A demand of a node to itself never enters the network and is not kept.

pub mod forecast;

use std::collections::{BTreeMap, BTreeSet};

use crate::topology::{NodeId, Topology};

/// How much one node sends to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// Where it enters.
    pub from: NodeId,
    /// Where it leaves.
    pub to: NodeId,
    /// Rate, bit/s; finite, above 0.
    pub bps: f64,
}

/// All demands at one time, ordered by destination, then by source; one per pair.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrafficMatrix {
    demands: Vec<Demand>,
}

impl TrafficMatrix {
    /// The matrix of these demands; demands of one pair are added up.
    ///
    /// # Panics
    /// If a rate is negative or not finite: readers refuse those with their place.
    #[must_use]
    pub fn new(demands: impl IntoIterator<Item = Demand>) -> Self {
        let mut by_pair: BTreeMap<(NodeId, NodeId), f64> = BTreeMap::new();
        for Demand { from, to, bps } in demands {
            assert!(bps.is_finite() && bps >= 0.0, "a rate is finite and not negative");
            if from != to && bps > 0.0 {
                *by_pair.entry((to, from)).or_default() += bps;
            }
        }
        let demands = by_pair.into_iter().map(|((to, from), bps)| Demand { from, to, bps });
        Self { demands: demands.collect() }
    }

    /// The demands, ordered by destination, then by source.
    #[must_use]
    pub fn demands(&self) -> &[Demand] {
        &self.demands
    }

    /// The demands without those of the pairs of `others`.
    #[must_use]
    pub fn without(&self, others: &[Demand]) -> Self {
        let others: BTreeSet<(NodeId, NodeId)> =
            others.iter().map(|demand| (demand.from, demand.to)).collect();
        let kept = self.demands.iter().filter(|demand| !others.contains(&(demand.from, demand.to)));
        Self { demands: kept.copied().collect() }
    }

    /// Everything that is sent, bit/s.
    #[must_use]
    pub fn total_bps(&self) -> f64 {
        self.demands.iter().map(|demand| demand.bps).sum()
    }

    /// The demands of each destination that has any, in order.
    pub fn by_destination(&self) -> impl Iterator<Item = (NodeId, &[Demand])> {
        self.demands.chunk_by(|a, b| a.to == b.to).map(|chunk| (chunk[0].to, chunk))
    }
}

/// Demands over time, by the names of nodes, as a source gives them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrafficSeries {
    /// Source and destination of each column.
    pub pairs: Vec<(String, String)>,
    /// When each step begins.
    pub times: Times,
    /// Rates in bit/s, one row of `pairs.len()` per step; finite, not negative.
    pub rows: Vec<Vec<f64>>,
}

/// When the steps of a series begin.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Times {
    /// Nothing is known but their order.
    #[default]
    Steps,
    /// Milliseconds since 1970, strictly growing; the time zone is the source's.
    Clock(Vec<i64>),
}

impl TrafficSeries {
    /// How many steps there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no step.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The usual time between two steps, ms: the median difference, if times are known and there are at least two.
    #[must_use]
    pub fn step_ms(&self) -> Option<i64> {
        let Times::Clock(at) = &self.times else { return None };
        let mut steps: Vec<i64> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
        steps.sort_unstable();
        steps.get(steps.len() / 2).copied()
    }

    /// Binds the names of the columns to nodes of a topology.
    ///
    /// # Errors
    /// Names that the topology does not know.
    pub fn resolve(&self, topology: &Topology) -> Result<ResolvedSeries<'_>, UnknownNames> {
        let mut unknown: Vec<String> = Vec::new();
        let mut find = |name: &str| {
            let found = topology.node_named(name);
            if found.is_none() && !unknown.iter().any(|known| known == name) {
                unknown.push(name.to_owned());
            }
            found.unwrap_or(NodeId(0))
        };
        let pairs = self.pairs.iter().map(|(from, to)| (find(from), find(to))).collect();
        if unknown.is_empty() {
            Ok(ResolvedSeries { series: self, pairs })
        } else {
            unknown.sort_unstable();
            Err(UnknownNames { topology: topology.name().to_owned(), names: unknown })
        }
    }
}

/// Nodes that a traffic source names and the topology does not know.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "traffic names {} that topology `{topology}` does not have: {}",
    if .names.len() == 1 { "1 node".to_owned() } else { format!("{} nodes", .names.len()) },
    shown(.names)
)]
pub struct UnknownNames {
    /// The topology.
    pub topology: String,
    /// The names.
    pub names: Vec<String>,
}

fn shown(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let listed: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(SHOWN);
    if more > 0 { format!("{} and {more} more", listed.join(", ")) } else { listed.join(", ") }
}

/// A series whose columns are bound to nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedSeries<'a> {
    series: &'a TrafficSeries,
    pairs: Vec<(NodeId, NodeId)>,
}

impl ResolvedSeries<'_> {
    /// How many steps there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.series.len()
    }

    /// Whether there is no step.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// Source and destination of each column.
    #[must_use]
    pub fn pairs(&self) -> &[(NodeId, NodeId)] {
        &self.pairs
    }

    /// The rates of one step, bit/s, in the order of [`ResolvedSeries::pairs`].
    #[must_use]
    pub fn rates(&self, step: usize) -> &[f64] {
        &self.series.rows[step]
    }

    /// All demands at one step.
    #[must_use]
    pub fn matrix(&self, step: usize) -> TrafficMatrix {
        self.matrix_of(self.rates(step))
    }

    /// All demands, with rates in bit/s in the order of [`ResolvedSeries::pairs`], such as a forecast's.
    ///
    /// # Panics
    /// If a rate is negative or not finite.
    #[must_use]
    pub fn matrix_of(&self, rates: &[f64]) -> TrafficMatrix {
        let demands = self.pairs.iter().zip(rates);
        TrafficMatrix::new(demands.map(|(&(from, to), &bps)| Demand { from, to, bps }))
    }
}
