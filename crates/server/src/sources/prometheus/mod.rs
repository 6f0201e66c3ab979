//! A live Prometheus as a source: its telemetry through the watchers, their findings to people.
//!
//! [`Settings`] is the section of the configuration, [`Telemetry`] asks and reads, `poll` is the
//! thread that does so for a running server, [`health`] is what others are told about it.
//! Which metrics mean what, and everything else that needs neither network nor clock, is
//! `npo-network`'s.

mod client;
pub(crate) mod health;
mod poll;
mod settings;
mod telemetry;

pub use client::{Address, FetchError};
pub use poll::StartError;
pub(crate) use poll::start;
pub use settings::{CustomQuery, Settings, SettingsError};
pub use telemetry::{Backfill, SourceError, Telemetry};
