//! Time to recovery and damage on a simulated fabric, with npo and without.
//!
//! One run is a fabric, its watchers and a way of dealing with what they find: npo with its people, npo with autonomy
//! that it earned, acting on every alert at once, people alone, a fixed threshold, or doing nothing.
//! Methods of one seed meet the same fabric and troubles until their actions make them differ.
//! npo is the loop that serves in production, by [`npo_engine::advance`]; what people do is an assumption, stated in
//! [`People`] and told with the results.

mod book;
mod closed;
mod page;
mod run;
mod settings;
mod words;

pub use page::page;
pub use run::{Method, RunError, run, run_all};
pub use settings::{Error, Fabric, Fixed, KIND, People, Seeds, Settings};
pub use words::{Row, lines, rows};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What one run leaves behind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryRecord {
    /// The method's name.
    pub method: String,
    /// The seed.
    pub seed: u64,
    /// Numbers by name, as [`words`] tells them.
    pub metrics: BTreeMap<String, f64>,
    /// Time from the beginning of each trouble until it no longer hurt, s, in order of the ends.
    pub recovered_s: Vec<f64>,
    /// The same for troubles that hurt to the end of the run: at least so long, s.
    pub unrecovered_s: Vec<f64>,
}
