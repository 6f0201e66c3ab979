//! From core types to wire types; nothing is decided here.

pub(crate) mod decision;
pub(crate) mod event;
pub(crate) mod explanation;
pub(crate) mod feedback;
pub(crate) mod model;
pub(crate) mod monitor;
pub(crate) mod oversight;
pub(crate) mod people;
pub(crate) mod proposal;
pub(crate) mod scenario_type;
pub(crate) mod time;
