//! What somebody would do to the network, and what that makes different.

use std::collections::BTreeMap;

use crate::routing::Overlay;
use crate::topology::{ArcId, LinkId, NodeId, NotFound, Place, Topology, WEIGHT_MAX};

/// Most changes of one what-if; far above what anybody does at once, and low enough to be answered in a moment.
pub const CHANGES_MAX: usize = 10_000;

/// One thing that is done to the network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// A link is taken away, in both directions.
    RemoveLink(LinkId),
    /// A node is taken away with all its links; what it sends and receives finds no way.
    RemoveNode(NodeId),
    /// A node lets no traffic pass through it, as with the overload bit of IS-IS; what it sends and receives itself
    /// goes on.
    DrainNode(NodeId),
    /// An arc gets another routing weight, 1 to [`WEIGHT_MAX`].
    Weight(ArcId, u32),
    /// A share (0 to 1) of what an arc carries goes to the other equal-cost next hops of its tail.
    Shift(ArcId, f64),
}

/// A change that cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A name that stands for nothing.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// A name that stands for something else than the change is about.
    #[error("`{name}` is {found}, expected {expected}")]
    WrongKind {
        /// What was asked for.
        name: String,
        /// What it is.
        found: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A weight out of range.
    #[error("the weight of `{arc}` would be {found}, expected 1 to {WEIGHT_MAX}")]
    Weight {
        /// The arc.
        arc: String,
        /// What was asked for.
        found: u32,
    },
    /// A share out of range.
    #[error("the share that leaves `{arc}` would be {found}, expected 0 to 1")]
    Share {
        /// The arc.
        arc: String,
        /// What was asked for.
        found: f64,
    },
    /// Two changes that say different things about one arc.
    #[error("two changes disagree about `{0}`")]
    Contradiction(String),
    /// Nothing to be done, or too much.
    #[error("{0} changes, expected 1 to {CHANGES_MAX}")]
    Count(usize),
}

impl Change {
    /// Taking away what a name stands for: a link, all links between two nodes, or a node.
    ///
    /// # Errors
    /// A name that stands for nothing.
    pub fn remove(topology: &Topology, name: &str) -> Result<Vec<Self>, Error> {
        Ok(match topology.find(name)? {
            Place::Node(node) => vec![Self::RemoveNode(node)],
            Place::Link(link) => vec![Self::RemoveLink(link)],
            Place::Bundle(bundle) => {
                topology.bundle(bundle).links.iter().map(|&link| Self::RemoveLink(link)).collect()
            }
        })
    }

    /// Draining the node of this name.
    ///
    /// # Errors
    /// A name that stands for nothing or for a link.
    pub fn drain(topology: &Topology, name: &str) -> Result<Self, Error> {
        match topology.find(name)? {
            Place::Node(node) => Ok(Self::DrainNode(node)),
            Place::Link(_) => Err(wrong(name, "a link", "a node")),
            Place::Bundle(_) => Err(wrong(name, "a group of links", "a node")),
        }
    }

    /// Another weight for what a name stands for: `A--B` both directions of all links between the two, `A→B` or
    /// `A->B` one direction.
    ///
    /// # Errors
    /// A name that stands for nothing or a node, or a weight out of range.
    pub fn weight(topology: &Topology, name: &str, weight: u32) -> Result<Vec<Self>, Error> {
        let changes: Vec<Self> =
            arcs_named(topology, name)?.into_iter().map(|arc| Self::Weight(arc, weight)).collect();
        changes.iter().try_for_each(|change| change.check(topology))?;
        Ok(changes)
    }

    /// A share of what the named arcs carry goes elsewhere; names as for [`Change::weight`].
    ///
    /// # Errors
    /// A name that stands for nothing or a node, or a share out of range.
    pub fn shift(topology: &Topology, name: &str, share: f64) -> Result<Vec<Self>, Error> {
        let changes: Vec<Self> =
            arcs_named(topology, name)?.into_iter().map(|arc| Self::Shift(arc, share)).collect();
        changes.iter().try_for_each(|change| change.check(topology))?;
        Ok(changes)
    }

    /// What these changes make different.
    ///
    /// # Errors
    /// None or too many changes, numbers out of range, or two that contradict each other.
    pub fn overlay(topology: &Topology, changes: &[Self]) -> Result<Overlay, Error> {
        if !(1..=CHANGES_MAX).contains(&changes.len()) {
            return Err(Error::Count(changes.len()));
        }
        let mut weights: BTreeMap<ArcId, u32> = BTreeMap::new();
        let mut shares: BTreeMap<ArcId, f64> = BTreeMap::new();
        let mut overlay = Overlay::none();
        for change in changes {
            change.check(topology)?;
            let contradicted = match *change {
                Self::RemoveLink(link) => {
                    overlay.remove_link(topology, link);
                    None
                }
                Self::RemoveNode(node) => {
                    overlay.remove_node(topology, node);
                    None
                }
                Self::DrainNode(node) => {
                    overlay.drain_node(node);
                    None
                }
                Self::Weight(arc, weight) => {
                    overlay.set_weight(arc, weight);
                    weights.insert(arc, weight).filter(|&known| known != weight).map(|_| arc)
                }
                Self::Shift(arc, share) => {
                    overlay.shift(arc, share);
                    shares.insert(arc, share).filter(|&known| known != share).map(|_| arc)
                }
            };
            if let Some(arc) = contradicted {
                return Err(Error::Contradiction(topology.arc_label(arc)));
            }
        }
        Ok(overlay)
    }

    fn check(&self, topology: &Topology) -> Result<(), Error> {
        match *self {
            Self::Weight(arc, found) if !(1..=WEIGHT_MAX).contains(&found) => {
                Err(Error::Weight { arc: topology.arc_label(arc), found })
            }
            Self::Shift(arc, found) if !(0.0..=1.0).contains(&found) => {
                Err(Error::Share { arc: topology.arc_label(arc), found })
            }
            Self::RemoveLink(_)
            | Self::RemoveNode(_)
            | Self::DrainNode(_)
            | Self::Weight(..)
            | Self::Shift(..) => Ok(()),
        }
    }

    /// The change in words: `remove link leaf1--spine1`.
    #[must_use]
    pub fn words(&self, topology: &Topology) -> String {
        match *self {
            Self::RemoveLink(link) => format!("remove link {}", topology.link(link).name),
            Self::RemoveNode(node) => format!("remove node {}", topology.node(node).name),
            Self::DrainNode(node) => format!("drain node {}", topology.node(node).name),
            Self::Weight(arc, weight) => {
                let before = topology.arc(arc).weight;
                format!("set the weight of {} from {before} to {weight}", topology.arc_label(arc))
            }
            Self::Shift(arc, share) => {
                format!("shift {:.0} % of {} elsewhere", share * 100.0, topology.arc_label(arc))
            }
        }
    }
}

fn wrong(name: &str, found: &'static str, expected: &'static str) -> Error {
    Error::WrongKind { name: name.chars().take(64).collect(), found, expected }
}

/// The arcs that a name stands for: one direction where it has an arrow, else both.
fn arcs_named(topology: &Topology, name: &str) -> Result<Vec<ArcId>, Error> {
    let links = match topology.find(name)? {
        Place::Node(_) => return Err(wrong(name, "a node", "a link such as `A--B` or `A→B`")),
        Place::Link(link) => vec![link],
        Place::Bundle(bundle) => topology.bundle(bundle).links.clone(),
    };
    let arcs = || links.iter().flat_map(|&link| topology.arcs_of(link));
    let is_own_name = topology.link_named(name).is_some();
    let from = |arc: &ArcId| {
        let from = &topology.node(topology.arc(*arc).from).name;
        let rest = name.trim_start().strip_prefix(from.as_str()).map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with('→') || rest.starts_with("->"))
    };
    let one_way: Vec<ArcId> = arcs().filter(from).collect();
    Ok(if is_own_name || one_way.is_empty() { arcs().collect() } else { one_way })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::positive::Positive;
    use crate::topology::clos::LeafSpine;

    fn fabric() -> Topology {
        let link_bps = Positive::new(1e11).expect("above 0");
        let shape =
            LeafSpine { spines: 2, leaves: 2, parallel_links: 2, link_bps, site: String::new() };
        shape.build().expect("valid").topology
    }

    #[test]
    fn names_become_changes() {
        let topology = fabric();
        let words = |changes: Result<Vec<Change>, Error>| -> Vec<String> {
            let changes = changes.expect("a name that is there");
            changes.iter().map(|change| change.words(&topology)).collect()
        };
        let check = |found: Vec<String>, expected: &[&str]| assert_eq!(found, expected);
        check(
            words(Change::remove(&topology, "leaf1--spine2")),
            &["remove link leaf1--spine2#1", "remove link leaf1--spine2#2"],
        );
        check(words(Change::remove(&topology, "spine1")), &["remove node spine1"]);
        check(
            words(Change::weight(&topology, "spine1 -> leaf1#1", 7)),
            &["set the weight of spine1→leaf1#1 from 1 to 7"],
        );
        check(
            words(Change::shift(&topology, "leaf2→spine1", 0.5)),
            &["shift 50 % of leaf2→spine1#1 elsewhere", "shift 50 % of leaf2→spine1#2 elsewhere"],
        );
        assert_eq!(words(Change::shift(&topology, "leaf2--spine1", 0.5)).len(), 4);
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        let topology = fabric();
        let check = |found: Error, expected: &str| assert_eq!(found.to_string(), expected);
        let drained = Change::drain(&topology, "leaf1--spine1").expect_err("links");
        check(drained, "`leaf1--spine1` is a group of links, expected a node");
        let weight = Change::weight(&topology, "leaf1→spine1#1", 0).expect_err("0");
        check(weight, "the weight of `leaf1→spine1#1` would be 0, expected 1 to 16777214");
        let share = Change::shift(&topology, "leaf1→spine1#1", f64::NAN).expect_err("no share");
        check(share, "the share that leaves `leaf1→spine1#1` would be NaN, expected 0 to 1");
        check(Change::overlay(&topology, &[]).expect_err("none"), "0 changes, expected 1 to 10000");
        let twice = [Change::Weight(ArcId(0), 2), Change::Weight(ArcId(0), 3)];
        let twice = Change::overlay(&topology, &twice).expect_err("two weights");
        check(twice, "two changes disagree about `leaf1→spine1#1`");
    }
}
