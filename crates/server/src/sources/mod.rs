//! Sources that run inside the server.

pub(crate) mod fabric;
mod finding;
pub mod prometheus;
