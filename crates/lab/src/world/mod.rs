//! A simulated world: what is proposed, what its operators prefer, how they answer.
//!
//! A world is a function of its settings and a seed.
//! Every kind of chance has its own stream, so that a change of one setting leaves the rest of the
//! world as it was, and methods that meet the same world and seed meet the same proposals, people
//! and delays.

mod answers;
mod block;
mod chance;
#[cfg(test)]
mod given;

pub use answers::{Answers, Role};
pub use block::{BLOCK, Block, Blocks, Step};

use std::borrow::Cow;

use chance::{Stream, orthogonal, unit, vector};
use npo_core::learning::math::{dot, sigmoid};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use crate::experiment::{Attack, Turn, WorldSettings};

/// A world of one seed.
#[derive(Debug)]
pub struct World {
    settings: WorldSettings,
    seed: u64,
    answers: Answers,
    /// Features around which a scenario's proposals lie, `dim` for each scenario.
    centres: Vec<f64>,
    /// Each scenario's own effect on the preference's logit.
    effects: Vec<f64>,
    /// Slope times direction, before and after the change.
    weights: [Vec<f64>; 2],
    /// Slope times the direction across, towards which a gradual turn goes.
    across: Vec<f64>,
    /// Prior of the playbook: intercept, then one entry per feature.
    prior: Vec<f64>,
    roles: Vec<Role>,
    /// Scenarios that a coordinated attack is about.
    attacked: Vec<bool>,
    /// Preference at each scenario's centre, before and after the change; empty where they change
    /// all the time.
    preferences: [Vec<f64>; 2],
}

impl World {
    /// The world of `settings` and `seed`.
    #[must_use]
    pub fn new(settings: &WorldSettings, seed: u64) -> Self {
        let (count, dim) = (settings.scenarios as usize, settings.dim as usize);
        let mut rng = chance::stream(seed, Stream::World);
        let direction = unit(vector(&mut rng, dim));
        let across = orthogonal(&mut rng, &direction);
        let turn = settings.rotation_deg.to_radians();
        let aside = orthogonal(&mut rng, &direction);
        let mixed = |a: f64, b: f64, other: &[f64]| -> Vec<f64> {
            direction.iter().zip(other).map(|(x, y)| settings.slope * (a * x + b * y)).collect()
        };
        let turned = match settings.turn {
            Turn::AtOnce => mixed(turn.cos(), turn.sin(), &across),
            Turn::Gradual => Vec::new(),
        };
        let weights = [mixed(1.0, 0.0, &across), turned];
        let cosine = settings.prior_cosine;
        let believed = mixed(cosine, (1.0 - cosine * cosine).sqrt(), &aside);
        let prior = std::iter::once(settings.intercept).chain(believed).collect();
        let mut rng = chance::stream(seed, Stream::Scenarios);
        let (mut centres, mut effects) =
            (Vec::with_capacity(count * dim), Vec::with_capacity(count));
        for _ in 0..count {
            centres.extend(StandardNormal.sample_iter(&mut rng).take(dim).map(|x: f64| x));
            let effect: f64 = StandardNormal.sample(&mut rng);
            effects.push(settings.scenario_spread * effect);
        }
        let mut rng = chance::stream(seed, Stream::Attack);
        let attacked = match settings.attack {
            Attack::Coordinated => {
                (0..count).map(|_| rng.random::<f64>() < settings.attacked_scenarios).collect()
            }
            Attack::Plain | Attack::SlowDrip => Vec::new(),
        };
        let mut world = Self {
            settings: settings.clone(),
            seed,
            answers: Answers::new(settings),
            centres,
            effects,
            weights,
            across: mixed(0.0, 1.0, &across),
            prior,
            roles: Role::shared_out(settings),
            attacked,
            preferences: [Vec::new(), Vec::new()],
        };
        if settings.turn == Turn::AtOnce {
            world.preferences = [0, settings.change()].map(|t| world.at_centres(t));
        }
        world
    }

    /// Its settings.
    #[must_use]
    pub fn settings(&self) -> &WorldSettings {
        &self.settings
    }

    /// How answers follow from preferences.
    #[must_use]
    pub fn answers(&self) -> &Answers {
        &self.answers
    }

    /// The features around which the proposals of scenario `k` lie.
    #[must_use]
    pub fn centre(&self, k: usize) -> &[f64] {
        let dim = self.settings.dim as usize;
        &self.centres[k * dim..(k + 1) * dim]
    }

    /// The playbook's prior: intercept, then one entry per feature.
    #[must_use]
    pub fn prior(&self) -> &[f64] {
        &self.prior
    }

    /// The operators' roles, by operator.
    #[must_use]
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// Preferences at the scenarios' centres as of episode `t`.
    #[must_use]
    pub fn preferences(&self, t: u64) -> Cow<'_, [f64]> {
        let known = &self.preferences[self.phase(t)];
        if known.is_empty() { self.at_centres(t).into() } else { known.into() }
    }

    /// Whether preferences change at one moment only.
    #[must_use]
    pub fn has_two_phases(&self) -> bool {
        !self.preferences[0].is_empty()
    }

    fn at_centres(&self, t: u64) -> Vec<f64> {
        let count = self.settings.scenarios as usize;
        (0..count).map(|k| self.preference(k, self.centre(k), t)).collect()
    }

    /// Whether policy allows what has these features.
    #[must_use]
    pub fn allows(&self, features: &[f64]) -> bool {
        // Centres have deviation 1, to which the jitter adds.
        let jitter = self.settings.jitter;
        let cut = self.settings.policy_cut * (1.0 + jitter * jitter).sqrt();
        features.first().is_none_or(|x| *x <= cut)
    }

    /// 0 before the change, 1 from then on.
    #[must_use]
    pub fn phase(&self, t: u64) -> usize {
        usize::from(t >= self.settings.change())
    }

    fn preference(&self, k: usize, features: &[f64], t: u64) -> f64 {
        let phase = self.phase(t);
        let shift = if phase == 1 { self.settings.shift } else { 0.0 };
        let along = match self.settings.turn {
            Turn::AtOnce => dot(&self.weights[phase], features),
            Turn::Gradual => self.along_turned(features, t),
        };
        sigmoid(self.settings.intercept + shift + self.effects[k] + along)
    }

    /// Slope times direction times features, after the part of a gradual turn that is done at `t`.
    fn along_turned(&self, features: &[f64], t: u64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "horizons stay far below 2^53")]
        let done = t as f64 / self.settings.horizon as f64;
        let (sin, cos) = (done * self.settings.rotation_deg).to_radians().sin_cos();
        cos * dot(&self.weights[0], features) + sin * dot(&self.across, features)
    }
}
