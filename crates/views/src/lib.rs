//! Read models for lists and filters: which decisions stand how, and where in the log they are.
//!
//! A view holds ids, positions and what lists filter by, and nothing that the log does not hold, so
//! it can be dropped and rebuilt at will; the words of a decision are read from its event.
//! [`Views`] follows the log in one transaction a batch; [`ViewReader`]s answer beside it.
//! Statuses are those of the log: a decision is open until its expiry is an event.
//! Feeding the views and deciding what a reader may see are left to the caller.

mod apply;
mod error;
mod filter;
mod query;
mod reader;
mod row;
mod schema;
mod views;

pub use error::Error;
pub use filter::{Filter, ScenarioFilter};
pub use reader::{LIMIT_MAX, QUERY_TIME_MAX, ViewReader};
pub use row::{DecisionRow, Status};
pub use views::{Opened, Views};
