//! What a list is narrowed by.

use npo_core::event::Disposition;
use npo_core::{Millis, Signal, TypeId};

use crate::Status;

/// Filters of a list of decisions; all that are given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Only decisions that stand so.
    pub status: Option<Status>,
    /// Only decisions with this disposition.
    pub disposition: Option<Disposition>,
    /// Only this scenario type.
    pub type_id: Option<TypeId>,
    /// Only this entity, under any type unless `type_id` names one.
    pub entity: Option<String>,
    /// Only scenarios of this site.
    pub site: Option<String>,
    /// Only decisions first answered with this signal.
    pub signal: Option<Signal>,
    /// Only decisions made at or after this instant.
    pub since: Option<Millis>,
    /// Only decisions made before this instant.
    pub until: Option<Millis>,
}

/// Filters of a list of scenarios; all that are given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScenarioFilter {
    /// Only this scenario type.
    pub type_id: Option<TypeId>,
    /// Only this entity.
    pub entity: Option<String>,
}
