//! From bytes on a socket to a call of a handler, and back.
//!
//! `listen` accepts connections, `serve` is the way of every request, `call` is what a handler
//! gets, `problem` how errors look. What an endpoint does is left to [`crate::routes`].

pub(crate) mod body;
pub(crate) mod call;
pub(crate) mod dispatch;
pub(crate) mod json;
pub(crate) mod listen;
mod patient;
pub(crate) mod problem;
pub(crate) mod query;
pub(crate) mod serve;
