//! What is believed about one scenario type: its versions, its model, its threshold evidence.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Tally;
use crate::learning::bandit::Bandit;
use crate::learning::posterior::Posterior;
use crate::learning::retrain::Row;
use crate::learning::window::Window;
use crate::oversight::Oversight;
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
    /// What each scenario is usually like, for the red-button retraining; ascending.
    pub contexts: Vec<Context>,
    /// Counts.
    pub tally: Tally,
    /// Who may act without whom.
    pub oversight: Oversight,
    /// Log position of the last label that taught the model something.
    pub last_label: u64,
    /// Refitted models, ascending by their number.
    pub models: Vec<ModelState>,
    /// The model in force; 0 is what was learned online from the start.
    pub model: u32,
    /// The latest refitted model, if it passed its gate and nothing came into force since: to be
    /// promoted.
    pub candidate: Option<u32>,
    /// Models that a rollback goes back to, the next one last.
    ///
    /// INVARIANT: each stands here once, and the one in force does not.
    pub replaced: Vec<Replaced>,
}

/// A model that another one took the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    /// Its number; 0 for what was learned online from the start.
    pub model: u32,
    /// Log position of the [`crate::event::ModelPromoted`] that keeps its numbers.
    pub at: u64,
}

/// A refitted model, without its numbers: those are in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelState {
    /// Its number.
    pub id: u32,
    /// The dataset that it was fitted to.
    pub dataset: u32,
    /// Log position of its [`crate::event::ModelFitted`].
    pub fitted_at: u64,
    /// Whether it passed the gate.
    pub passed: bool,
    /// Log position of its last [`crate::event::ModelPromoted`], if it ever came into force.
    pub promoted_at: Option<u64>,
    /// Generation of the model that it was fitted for; another one cannot take it.
    pub generation: u32,
}

/// What a scenario is usually like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// The scenario.
    pub scenario: ScenarioId,
    /// Decisions about it.
    pub decisions: u32,
    /// Their inputs, on average.
    pub mean: Vector,
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
            oversight: Oversight::default(),
            last_label: 0,
            models: Vec::new(),
            model: 0,
            candidate: None,
            replaced: Vec::new(),
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

    /// Counts episodes that ended.
    pub(crate) fn close_episodes(&mut self, episodes: u64) {
        self.window.episodes += episodes;
        self.oversight.watch.episodes += episodes;
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
        self.oversight.reset(profile.certificate.as_ref());
        self.model = 0;
        self.candidate = None;
        self.replaced.clear();
    }

    /// Puts another model in force, in a promotion at log position `at`.
    pub(crate) fn promoted(&mut self, model: u32, at: u64) {
        let before = std::mem::replace(&mut self.model, model);
        self.replaced.retain(|known| known.model != model);
        self.replaced.push(Replaced { model: before, at });
    }

    /// Puts an earlier model in force. What came after it is fled from, and no way leads back there.
    pub(crate) fn rolled_back(&mut self, model: u32) {
        self.model = model;
        if let Some(i) = self.replaced.iter().position(|known| known.model == model) {
            self.replaced.truncate(i);
        }
    }

    /// The inputs of a scenario, on average over its decisions.
    #[must_use]
    pub fn context(&self, scenario: ScenarioId) -> Option<&Vector> {
        let i = self.contexts.binary_search_by_key(&scenario, |context| context.scenario).ok()?;
        Some(&self.contexts[i].mean)
    }

    /// Counts the inputs `x` of one more decision about a scenario.
    pub(crate) fn count_context(&mut self, scenario: ScenarioId, x: &Vector) {
        match self.contexts.binary_search_by_key(&scenario, |context| context.scenario) {
            Ok(i) => {
                let Context { decisions, mean, .. } = &mut self.contexts[i];
                *decisions = decisions.saturating_add(1);
                for (mean, x) in mean.iter_mut().zip(x) {
                    *mean += (x - *mean) / f64::from(*decisions);
                }
            }
            Err(i) => {
                self.contexts.insert(i, Context { scenario, decisions: 1, mean: x.clone() });
            }
        }
    }
}
