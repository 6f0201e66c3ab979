//! What the actions of scenario types do to a network.

use std::collections::BTreeMap;

use npo_network::topology::{Place, Topology};
use npo_network::what_if::Change;

/// Share of its traffic that leaves a link when some is shifted, unless the proposal says otherwise.
const SHIFTED: f64 = 0.5;

/// What an action does to the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Does {
    /// Takes the link, all links between two nodes, or the node away.
    Remove,
    /// Lets no traffic pass through the node.
    Drain,
    /// Moves what the fact `shift_share` says, else half, of what the link carries to the other equal-cost next hops.
    Shift,
}

/// The actions of the shipped scenario types, with `others` over them.
pub(super) fn with_known(others: &BTreeMap<String, Does>) -> BTreeMap<String, Does> {
    let known = [
        ("remove-link", Does::Remove),
        ("dampen-link", Does::Remove),
        ("drain-peer", Does::Drain),
        ("drain-node", Does::Drain),
        ("shift-traffic", Does::Shift),
    ];
    let mut all: BTreeMap<String, Does> =
        known.into_iter().map(|(name, does)| (name.to_owned(), does)).collect();
    all.extend(others.iter().map(|(name, does)| (name.clone(), *does)));
    all
}

/// The changes that an action makes at a place; empty where it has no meaning there, such as draining a link.
pub(super) fn changes(
    topology: &Topology,
    does: Does,
    place: Place,
    share: Option<f64>,
) -> Vec<Change> {
    let links = match place {
        Place::Link(link) => vec![link],
        Place::Bundle(bundle) => topology.bundle(bundle).links.clone(),
        Place::Node(_) => Vec::new(),
    };
    match (does, place) {
        (Does::Remove, Place::Node(node)) => vec![Change::RemoveNode(node)],
        (Does::Remove, _) => links.into_iter().map(Change::RemoveLink).collect(),
        (Does::Drain, Place::Node(node)) => vec![Change::DrainNode(node)],
        (Does::Drain, _) => Vec::new(),
        (Does::Shift, Place::Node(_)) => Vec::new(),
        (Does::Shift, _) => {
            let arcs = links.into_iter().flat_map(|link| topology.arcs_of(link));
            arcs.map(|arc| Change::Shift(arc, share.unwrap_or(SHIFTED))).collect()
        }
    }
}
