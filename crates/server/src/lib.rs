//! The server: HTTP in front of the engine, and everything that a running npo consists of.
//!
//! [`Server`] opens the data directory, starts the engine, the policy, the read models and the
//! sources, and answers requests; [`run`] does so until the process is told to stop.
//! No rules live here: a handler parses, calls the engine and renders.
//! Read `http/serve.rs` for the way of a request and `routes/` for the endpoints, which follow the
//! list in `npo_api::endpoints`.

#![allow(
    clippy::result_large_err,
    reason = "a problem ends its request; its size is nothing beside rendering it"
)]

mod app;
mod auth;
mod chain;
pub mod config;
mod convert;
mod divergence;
mod errors;
mod feed;
mod http;
mod metrics;
mod network;
mod policies;
mod projector;
mod recent;
mod routes;
mod run;
mod seed;
mod server;
mod setup;
mod shipped;
mod sources;
mod tail;

pub use config::{Config, ConfigError, Limits, LiveFabric, Timeouts};
pub use network::{Does, NetworkError, NetworkSettings};
pub use policies::PolicyError;
pub use run::run;
pub use seed::SeedError;
pub use server::{ServeError, Server};
pub use sources::fabric::FabricError;
pub use sources::prometheus;
