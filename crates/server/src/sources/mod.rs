//! Sources that run inside the server.

pub(crate) mod fabric;
