//! The answer to a what-if: names and numbers, no ids, so that it can be kept and read anywhere.
//!
//! Rates are bit/s, utilisations and shares 1 for all. Lists are bounded and say how many there are in all.
//! Utilisation is known only where the capacity is; how many arcs that leaves out is said beside it.

use serde::{Deserialize, Serialize};

/// What a change would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// What is done, in words, one for each change.
    pub changes: Vec<String>,
    /// Utilisation that should not be passed.
    pub limit: f64,
    /// Everything that is sent, bit/s, whether it finds a way or not.
    pub traffic_bps: f64,
    /// Arcs (directions of links) of known capacity.
    pub arcs_with_capacity: usize,
    /// Arcs whose capacity nobody stated: about these no utilisation is known.
    pub arcs_without_capacity: usize,
    /// The network as it is.
    pub before: Condition,
    /// The network after the change.
    pub after: Condition,
    /// Arcs that the change takes from at most the limit to above it.
    pub pushed: Bounded<ArcChange>,
    /// How many of those end above their capacity.
    pub pushed_past_capacity: usize,
    /// Arcs that the change takes from above the limit to at most it.
    pub relieved: usize,
    /// Arcs that gain most: in utilisation where it is known, else in bit/s.
    pub gaining: Bounded<ArcChange>,
    /// Traffic that found a way before and finds none after.
    pub cut_off: CutOff,
    /// Traffic that what is changed carries, and that has to go elsewhere.
    pub moved: Moved,
    /// What still holds when something else fails as well.
    pub redundancy: Redundancy,
}

/// How a network stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The fullest arc, where any capacity is known.
    pub fullest: Option<Peak>,
    /// Arcs above the limit.
    pub past_limit: usize,
    /// Arcs above their capacity: what they carry on paper does not fit.
    pub past_capacity: usize,
    /// Traffic that finds no way, bit/s.
    pub stranded_bps: f64,
    /// Links that a bit passes on the mean; 0 where nothing is carried.
    pub hops_mean: f64,
}

/// The fullest arc.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Peak {
    /// The arc: `A→B`.
    pub arc: String,
    /// What it carries, bit/s.
    pub bps: f64,
    /// What it can carry, bit/s.
    pub capacity_bps: f64,
    /// One over the other.
    pub utilisation: f64,
}

/// An arc before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArcChange {
    /// The arc: `A→B`.
    pub arc: String,
    /// Its link.
    pub link: String,
    /// Capacity, bit/s, if known.
    pub capacity_bps: Option<f64>,
    /// Load before, bit/s.
    pub before_bps: f64,
    /// Load after, bit/s.
    pub after_bps: f64,
}

impl ArcChange {
    /// Utilisation before, if the capacity is known.
    #[must_use]
    pub fn before(&self) -> Option<f64> {
        self.capacity_bps.map(|capacity| self.before_bps / capacity)
    }

    /// Utilisation after, if the capacity is known.
    #[must_use]
    pub fn after(&self) -> Option<f64> {
        self.capacity_bps.map(|capacity| self.after_bps / capacity)
    }
}

/// The first of many.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bounded<T> {
    /// How many there are.
    pub count: usize,
    /// The first of them.
    pub first: Vec<T>,
}

impl<T> Bounded<T> {
    pub(super) fn new(mut all: Vec<T>, most: usize) -> Self {
        let count = all.len();
        all.truncate(most);
        Self { count, first: all }
    }

    /// How many are not listed.
    #[must_use]
    pub fn unlisted(&self) -> usize {
        self.count - self.first.len()
    }
}

/// Traffic that finds no way any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CutOff {
    /// How much, bit/s.
    pub bps: f64,
    /// Share of everything that is sent.
    pub share: f64,
    /// Whose, largest first.
    pub pairs: Bounded<Pair>,
}

/// A demand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// Where it enters.
    pub from: String,
    /// Where it should leave.
    pub to: String,
    /// Rate, bit/s.
    pub bps: f64,
}

/// Traffic that has to go elsewhere: the blast radius.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    /// How much, bit/s: what removed links carry, what passes through drained nodes, what passes, starts and ends at
    /// removed nodes, and by how much arcs of another weight or share gain or lose. What passes two of these on its
    /// way counts twice, up to everything that is sent.
    pub bps: f64,
    /// Share of everything that is sent.
    pub share: f64,
}

/// What still holds when something else fails as well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Redundancy {
    /// The least that is left at any group of links that the change takes from: separate ways between the two ends of
    /// removed links; links left at each neighbour of removed and drained nodes. 0 means cut off. `None` where nothing
    /// is taken away.
    pub left: Option<usize>,
    /// The groups that the change takes from, those with the least left first.
    pub groups: Bounded<Group>,
    /// Links and nodes whose failure would split the network, and would not have before the change.
    pub new_single_points: Bounded<String>,
}

/// Links between two nodes, of which the change takes some.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// One node.
    pub one: String,
    /// The other.
    pub other: String,
    /// Links between the two before.
    pub links_before: usize,
    /// Links between the two after.
    pub links_left: usize,
    /// The node of the two that is removed or drained, if that is why.
    pub changed_node: Option<String>,
    /// What is left, see [`Redundancy::left`]; counted up to [`super::WAYS_MAX`].
    pub left: usize,
    /// Equal-cost next hops at the ends, where traffic is sent into the group.
    pub next_hops: Vec<NextHops>,
}

/// Equal-cost next hops at one end of a group, toward the destination that keeps the fewest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NextHops {
    /// The node.
    pub at: String,
    /// How many there were.
    pub before: usize,
    /// How many of them stay; 0 where traffic has to take a longer way, or finds none.
    pub left: usize,
}
