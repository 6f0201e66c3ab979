//! What a source asks `npo` to judge.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Vector;
use crate::ids::{ActionIx, ScenarioId, TypeId};

/// Longest entity or site name, in bytes.
pub const ENTITY_MAX: usize = 256;
/// Facts in one proposal.
pub const FACTS_MAX: usize = 64;
/// Lines of evidence in one proposal.
pub const EVIDENCE_MAX: usize = 32;
/// Longest fact text or line of evidence, in bytes.
pub const LINE_MAX: usize = 1024;

/// The value of a fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum FactValue {
    /// A finite number.
    Number(f64),
    /// A text.
    Text(String),
    /// Yes or no.
    Flag(bool),
}

/// Something the source states, with its unit and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Name, as policies refer to it.
    pub name: String,
    /// The value.
    pub value: FactValue,
    /// Unit, `1` if it has none.
    pub unit: String,
    /// Where it comes from.
    pub source: String,
}

/// One number before and after an action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WhatIf {
    /// What is compared.
    pub name: String,
    /// Unit, `1` if it has none.
    pub unit: String,
    /// Value now.
    pub before: f64,
    /// Value if the action is taken.
    pub after: f64,
}

/// The words that travel with a proposal and are kept with its decision, and the picture.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Text {
    /// What the action is applied to; the entity itself if empty.
    pub target: String,
    /// Facts, in the order given.
    pub facts: Vec<Fact>,
    /// Evidence lines, in the order given.
    pub evidence: Vec<String>,
    /// Numbers before and after, where the source knows them.
    pub what_if: Vec<WhatIf>,
    /// Names the condition at its source, so that the end of it can withdraw the decision.
    pub correlation: Option<String>,
    /// The part of the network that the action touches, where a model of the network knows it.
    pub network: Option<Box<NetworkView>>,
}

/// Nodes and lines of one network view at most, each.
pub const VIEW_MAX: usize = 64;
/// Characters of a name in a network view.
pub const NAME_SHOWN_MAX: usize = 96;

/// A part of the network before and after the action, as it was computed for the decision: what a picture is drawn of.
///
/// Nothing is decided by it. Numbers are in single precision, which is more than a drawing shows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NetworkView {
    /// Nodes, those that the action touches first; at most [`VIEW_MAX`].
    pub nodes: Vec<ViewNode>,
    /// What joins them, what is touched first; at most [`VIEW_MAX`].
    pub links: Vec<ViewLink>,
    /// Nodes of the network that are not shown.
    pub nodes_hidden: u32,
    /// Utilisation above which a link counts as too busy.
    pub limit: f32,
}

/// A node of a network view, or many as one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ViewNode {
    /// Its name, or what the group is called.
    pub name: String,
    /// Nodes that it stands for; 1 for a node itself.
    pub stands_for: u32,
    /// Row in which it is drawn, 0 at the top.
    pub tier: u8,
    /// Longitude and latitude, degrees.
    pub position: Option<[f32; 2]>,
    /// Whether the action takes it out of transit.
    pub touched: bool,
}

/// All links between two nodes of a network view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ViewLink {
    /// One end, as an index into the nodes.
    pub from: u16,
    /// The other end.
    pub to: u16,
    /// Links that this stands for.
    pub links: u32,
    /// What becomes of them.
    pub change: ViewChange,
    /// Carried before, bit/s: `from` to `to`, then back.
    pub before_bps: [f32; 2],
    /// Carried after.
    pub after_bps: [f32; 2],
    /// Utilisation of the busiest link before, by direction; absent where no capacity is known.
    pub before: [Option<f32>; 2],
    /// The same after.
    pub after: [Option<f32>; 2],
}

/// What becomes of the links between two nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ViewChange {
    /// They stay as they are.
    Stays,
    /// All of them are gone after.
    Removed,
    /// Some of them are gone after.
    Thinned,
    /// Their weight or split changes.
    Changed,
}

/// Which scenario a proposal is about.
#[derive(Debug, Clone, PartialEq)]
pub enum ScenarioRef {
    /// One that is known.
    Known(ScenarioId),
    /// A type applied to an entity, known or new.
    Named {
        /// The entity, such as `leaf3→spines`.
        entity: String,
        /// The site that it is in; may be empty.
        site: String,
    },
}

/// A checked proposal: features are in schema order, finite and in range.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The scenario type.
    pub type_id: TypeId,
    /// The scenario.
    pub scenario: ScenarioRef,
    /// The proposed action.
    pub action: ActionIx,
    /// Raw feature values in schema order.
    pub raw: Vector,
    /// Words that travel along.
    pub text: Option<Arc<Text>>,
}
