//! Worlds whose parts are given, for tests against reference numbers.

use npo_core::Signal;

use super::{Answers, Role, Step, World};
use crate::experiment::WorldSettings;

impl World {
    /// A world of given parts; its proposals are given too.
    pub(crate) fn given(
        settings: WorldSettings,
        centres: Vec<f64>,
        preferences: [Vec<f64>; 2],
        prior: Vec<f64>,
        roles: Vec<Role>,
    ) -> Self {
        Self {
            answers: Answers::new(&settings),
            seed: 0,
            effects: vec![0.0; settings.scenarios as usize],
            weights: [Vec::new(), Vec::new()],
            across: Vec::new(),
            attacked: Vec::new(),
            settings,
            centres,
            prior,
            roles,
            preferences,
        }
    }

    /// An episode of given draws: noise, direction, kind of indecision, noise signal, and the
    /// operator's failing and the audit where the reference has them.
    pub(crate) fn given_step(
        &self,
        t: u64,
        (scenario, operator): (usize, usize),
        preference: f64,
        allowed: bool,
        delay: Option<u32>,
        draws: &[f64],
    ) -> Step {
        let mut step = Step {
            scenario: u32::try_from(scenario).expect("few scenarios"),
            operator: u32::try_from(operator).expect("few operators"),
            preference,
            probabilities: self.answers.probabilities(preference, preference),
            signal: Signal::Skipped,
            allowed,
            delay,
            analysed: false,
            audit: draws.get(5).copied().unwrap_or(1.0),
            arm: 0,
            signal_draws: [draws[0], draws[1], draws[2], draws[3]],
            failing_draw: draws.get(4).copied().unwrap_or(1.0),
        };
        step.signal = self.signal(t, &step, step.probabilities);
        step
    }
}
