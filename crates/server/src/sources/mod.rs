//! Sources that run inside the server.

pub(crate) mod fabric;
mod finding;
mod hands;
pub mod prometheus;
