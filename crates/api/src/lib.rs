//! The wire types of the HTTP API, the list of its endpoints, and the OpenAPI document made of both.
//!
//! No handlers, no state, no core types: `server` converts at the edge, so that the core stays free
//! to change while clients do not.
//! Start at [`endpoints`] for what can be called and [`problem`] for how errors look.

pub mod alertmanager;
pub mod decision;
pub mod endpoints;
pub mod event;
pub mod explanation;
pub mod feedback;
pub mod metrics;
pub mod model;
pub mod monitor;
pub mod openapi;
pub mod oversight;
pub mod people;
pub mod policy;
pub mod problem;
pub mod scenario;

pub use problem::Problem;
