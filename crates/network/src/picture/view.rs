//! What a picture shows, as plain data.

use crate::topology::Position;

/// A part of the network before and after a change.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Neighbourhood {
    /// The nodes, those of the change first.
    pub nodes: Vec<DrawnNode>,
    /// What joins them, what is touched first.
    pub links: Vec<DrawnLink>,
    /// Nodes of the network that are not shown, not even as part of a group.
    pub nodes_hidden: u32,
    /// Utilisation from which a link counts as too busy, such as 0.8.
    pub limit: f64,
}

/// A node, or many of them as one.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnNode {
    /// Its name, or what the group is called.
    pub name: String,
    /// How many nodes it stands for; 1 for a node itself.
    pub stands_for: u32,
    /// Row to draw it in where a network has tiers, 0 at the top; 0 for all where it has none.
    pub tier: u8,
    /// Place on the map.
    pub position: Option<Position>,
    /// Whether it is drained or removed.
    pub touched: bool,
}

/// All links between two drawn nodes, as one.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnLink {
    /// One end, as an index into [`Neighbourhood::nodes`].
    pub from: u16,
    /// The other end.
    pub to: u16,
    /// Links that this stands for.
    pub links: u32,
    /// What becomes of them.
    pub state: LinkState,
    /// Carried before, both directions, bit/s: `from` to `to`, then back.
    pub before_bps: [f64; 2],
    /// The same after.
    pub after_bps: [f64; 2],
    /// Utilisation of the busiest of the links before, by direction; `None` if no capacity is known.
    pub before: [Option<f64>; 2],
    /// The same after; a removed link has none.
    pub after: [Option<f64>; 2],
}

/// What a change does to the links that a line stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkState {
    /// It is there before and after.
    Stays,
    /// All of them are gone after.
    Removed,
    /// Some of them are gone after.
    Thinned,
    /// Its weight or split is changed.
    Changed,
}

impl DrawnLink {
    /// The busier direction before.
    #[must_use]
    pub fn busiest_before(&self) -> Option<f64> {
        busier(self.before)
    }

    /// The busier direction after.
    #[must_use]
    pub fn busiest_after(&self) -> Option<f64> {
        busier(self.after)
    }
}

fn busier([one, other]: [Option<f64>; 2]) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    }
}
