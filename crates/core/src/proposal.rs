//! What a source asks `npo` to judge.

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

/// The words that travel with a proposal and are kept with its decision.
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
    pub text: Option<Box<Text>>,
}
