//! What is believed about one scenario type: its versions, its model, its threshold evidence.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Tally;
use crate::learning::bandit::Bandit;
use crate::learning::posterior::Posterior;
use crate::learning::retrain::Row;
use crate::learning::window::Window;
use crate::profile::{Profile, Scorer, Selector};
use crate::scenario_type::ScenarioType;
use crate::{ScenarioId, Vector};

/// The state of one scenario type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TypeState {
    /// All versions, ascending.
    pub(crate) versions: Vec<Arc<ScenarioType>>,
    /// Decisions made, which is the clock of the drift.
    pub decisions: u64,
    /// Changes when what was learned is thrown away.
    pub generation: u32,
    /// Posterior over the weights; absent for a scorer without one.
    pub posterior: Option<Posterior>,
    /// Evidence of the threshold arms; absent for a selector without arms.
    pub bandit: Option<Bandit>,
    /// Moving average of the value of information.
    pub voi_average: f64,
    /// The published monitor's memory.
    pub window: Window,
    /// Labels for the red-button retraining, oldest first.
    pub rows: VecDeque<Row>,
    /// Latest inputs of each scenario, for the red-button retraining.
    pub contexts: Vec<(ScenarioId, Vector)>,
    /// Counts.
    pub tally: Tally,
}

impl TypeState {
    pub(crate) fn new(definition: Arc<ScenarioType>, profile: &Profile) -> Self {
        let mut state = Self {
            versions: vec![definition],
            decisions: 0,
            generation: 0,
            posterior: None,
            bandit: None,
            voi_average: 0.0,
            window: Window::default(),
            rows: VecDeque::new(),
            contexts: Vec::new(),
            tally: Tally::default(),
        };
        state.reset(profile);
        state
    }

    /// The version in force.
    #[must_use]
    pub fn definition(&self) -> &Arc<ScenarioType> {
        self.versions.last().expect("a type is created with its first version and keeps it")
    }

    /// All versions, ascending.
    #[must_use]
    pub fn versions(&self) -> &[Arc<ScenarioType>] {
        &self.versions
    }

    /// The clock for an update: the number of the latest decision of this type, from 0.
    #[must_use]
    pub fn clock(&self) -> u64 {
        self.decisions.saturating_sub(1)
    }

    /// Updates that the model has seen.
    #[must_use]
    pub fn updates(&self) -> u64 {
        self.posterior.as_ref().map_or(0, |p| p.updates)
    }

    /// Starts learning anew from the priors of the version in force.
    pub(crate) fn reset(&mut self, profile: &Profile) {
        self.posterior = match profile.scorer {
            Scorer::Hierarchical(settings) => {
                Some(Posterior::new(&self.definition().prior(), settings.weight_variance))
            }
            Scorer::MovingAverage { .. } => None,
        };
        self.bandit = match &profile.selector {
            Selector::Thompson { arms, .. } => Some(Bandit::new(arms.len())),
            Selector::Fixed { .. } | Selector::Random { .. } | Selector::Utility { .. } => None,
        };
        self.voi_average = profile.audit.map_or(0.0, |audit| audit.average_start);
        self.window = Window::default();
        self.rows.clear();
        self.contexts.clear();
    }

    /// Latest inputs of a scenario.
    #[must_use]
    pub fn context(&self, scenario: ScenarioId) -> Option<&Vector> {
        let i = self.contexts.binary_search_by_key(&scenario, |(id, _)| *id).ok()?;
        Some(&self.contexts[i].1)
    }

    pub(crate) fn set_context(&mut self, scenario: ScenarioId, x: &Vector) {
        match self.contexts.binary_search_by_key(&scenario, |(id, _)| *id) {
            Ok(i) => self.contexts[i].1.clone_from(x),
            Err(i) => self.contexts.insert(i, (scenario, x.clone())),
        }
    }
}
