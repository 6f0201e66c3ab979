//! Episodes of traffic imbalance: what they are, how likely one is in the next steps, and how good that forecast is.
//!
//! Imbalance is measured on the utilisations of all directions of links at one step: the largest one (M), and how many
//! times the mean it is (R). A step is *hot* where R is high for this network and M is not low, both against the
//! trailing window; an *episode* is a run of at least two hot steps. Two questions are asked at each step: is an
//! episode under way within the next h steps (*present*), and, where the step is not hot, does one begin (*onset*).
//!
//! - [`window`], [`spread`] and [`episode`] are the definitions;
//! - [`track`] follows a network step by step and draws from it what forecasts are made of;
//! - [`predict`] turns that into calibrated probabilities, or abstains where they would be worth nothing;
//! - [`evaluate`] measures it against simpler forecasts on steps that nobody has learned from.
//!
//! Everything here is a function of utilisations; [`carried`] makes them of routed matrices.
//! What a probable onset is worth to people is left to others. `watch::imbalance` is another thing: it detects, in counters, that
//! traffic over parallel links has shifted.

pub mod bootstrap;
pub mod carried;
pub mod episode;
pub mod evaluate;
mod logistic;
pub mod predict;
pub mod prior;
mod skill;
pub mod smooth;
pub mod spread;
pub mod track;
pub mod window;

pub use carried::Carried;
pub use evaluate::{Evaluation, Options, evaluate};
pub use predict::{Forecast, Predictor, Trained};
pub use spread::Scale;
pub use track::Definition;

/// The two questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// An episode begins within the horizon; asked only where the step is not hot.
    Onset,
    /// Some step within the horizon is part of an episode.
    Present,
}

impl Target {
    /// Both, the harder one first.
    pub const ALL: [Self; 2] = [Self::Onset, Self::Present];

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Onset => "onset",
            Self::Present => "present",
        }
    }
}
