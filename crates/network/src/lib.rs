//! Networks: what they are, what they carry, what would happen to them, and what telemetry says of them.
//!
//! [`topology`] is how a network is wired and [`traffic`] is what it is asked to carry.
//! [`wired`] makes a topology of cabling, so that what watchers name can be found in it.
//! [`routing`] is where traffic goes, and [`what_if`] is what an action would do to it.
//! [`format`](mod@format) reads both from files.
//! [`recording`] reads stored telemetry, [`fabric`] generates it; both yield the same [`Sample`]s.
//! [`watch`] folds samples into [`Finding`]s: a condition that was raised, and later its end.
//! [`imbalance`] forecasts episodes of unevenly used links and says how good the forecast is.
//! The watchers and the fabric read no clock, no file and no ambient randomness, so a run is its input and its seed.
//!
//! What a finding is worth, whether it is surfaced and what people say about it is left to others.

pub mod cabling;
pub mod catalog;
pub mod fabric;
pub mod finding;
pub mod format;
pub mod imbalance;
pub mod optimum;
pub mod picture;
mod positive;
pub mod prometheus;
pub mod recording;
pub mod routing;
pub mod sample;
pub mod topology;
pub mod traffic;
pub mod watch;
pub mod what_if;
pub mod wired;

pub use cabling::{Cabling, Grouping};
pub use catalog::{Catalog, DeviceId, PortId, SessionId};
pub use finding::{Fact, FactValue, Finding, FindingState};
pub use positive::Positive;
pub use sample::{Collected, Counters, LinkState, Reading, Sample, SessionState};
pub use watch::{Output, Shift, WatchConfig, Watchers};
pub use wired::Wired;
