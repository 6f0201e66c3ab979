//! The gold action of the monitor: retrain where the expected loss of what is surfaced exceeds the
//! tolerance (METHODS 1, Fidelity).
//!
//! Exactly: a* = 1[Σ p·L > tol·Σ p] over all scenarios that policy allows at their centres, with
//! p the recency-weighted share of thresholds that the scenario's score reaches, and L the expected
//! loss of an answer about it, noise included, at the scores of this moment. Where nothing would be
//! surfaced, a* = 0.
//! The published text leaves the weighting of thresholds open; this form agrees with every gold
//! action of the reference numbers.
//!
//! A loop that learns from every answer has losses that no retraining takes away: people who are
//! undecided, and noise.
//! What its monitor watches for has a gold action of its own: a* = 1[Σ p·(o − (1 − s + margin)·d) > 0],
//! with o the probability of an override, d that of a like or an override, and s the score.

use npo_core::learning::window::{MonitorSettings, Window};
use npo_core::profile::Profile;
use npo_core::signal::FeedbackTable;
use npo_core::{ScenarioId, State, TypeId};

use super::Acted;
use super::view::{View, Viewer};
use crate::experiment::GoldAction;
use crate::world::World;

/// Rate at which thresholds that were in force fade: one monitor window of 30 decisions.
const FADE: f64 = 1.0 / 30.0;

/// Looks at the monitor against the gold action.
#[derive(Debug)]
pub(crate) struct Gold {
    table: FeedbackTable,
    every: u64,
    tolerance: f64,
    /// Thresholds that were in force, with their weights.
    thresholds: Vec<(f64, f64)>,
    /// Weight of the next threshold; growing weights spare fading the earlier ones.
    weight: f64,
    /// Watches for methods without a monitor of their own, and does nothing.
    watcher: Option<(MonitorSettings, Window)>,
    /// Whether a retraining refits the model on the spot, as the published monitor's does.
    refits: bool,
    acted: bool,
    /// Views of all scenarios in the episode of a look, before its proposal: what the gold action is
    /// about, if the monitor refits the model. Empty otherwise.
    before: Vec<View>,
    /// Expected losses at the centres where they do not depend on the score, by phase.
    losses: [Vec<f64>; 2],
}

/// One look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Whether the monitor acted since the last look.
    pub(crate) acted: bool,
    /// Whether it should have.
    pub(crate) gold: bool,
}

impl Gold {
    pub(crate) fn new(world: &World, profile: &Profile) -> Option<Self> {
        let settings = world.settings();
        if settings.look_every == 0 {
            return None;
        }
        let refits = !matches!(profile.monitor, MonitorSettings::Off);
        let watcher = (!refits && profile.watch.is_none()).then(|| {
            let watched = MonitorSettings::Window {
                window: 30,
                at_least: 15,
                tolerance: settings.tolerance,
                every: settings.look_every,
                cooldown: 20,
            };
            (watched, Window::default())
        });
        let answers = world.answers();
        let losses = [0, settings.change()].map(|t| {
            let expected =
                |g: &f64| answers.expected_loss(answers.probabilities(*g, *g), &profile.feedback);
            if answers.need_score() || !world.has_two_phases() {
                vec![]
            } else {
                world.preferences(t).iter().map(expected).collect()
            }
        });
        Some(Self {
            table: profile.feedback,
            every: u64::from(settings.look_every),
            tolerance: settings.tolerance,
            thresholds: Vec::new(),
            weight: 1.0,
            watcher,
            refits,
            acted: false,
            before: Vec::new(),
            losses,
        })
    }

    /// Counts the threshold of a decision.
    pub(crate) fn threshold(&mut self, theta: f64) {
        self.weight /= 1.0 - FADE;
        if self.weight > 1e100 {
            self.thresholds.iter_mut().for_each(|(_, weight)| *weight /= self.weight);
            self.weight = 1.0;
        }
        match self.thresholds.iter_mut().find(|(known, _)| *known == theta) {
            Some((_, weight)) => *weight += self.weight,
            None => self.thresholds.push((theta, self.weight)),
        }
        // A selector over a continuum would grow the list; what has faded goes.
        if self.thresholds.len() > 64 {
            let least = self.weight * 1e-9;
            self.thresholds.retain(|(_, weight)| *weight > least);
        }
    }

    /// Counts the loss of an answer to a surfaced decision.
    pub(crate) fn loss(&mut self, loss: f64) {
        if let Some((settings, window)) = &mut self.watcher {
            window.push(loss, settings);
        }
    }

    /// Remembers how things stand before an episode that ends with a look: a refit leaves nothing
    /// to judge it by.
    pub(crate) fn prepare(
        &mut self,
        t: u64,
        world: &World,
        state: &State,
        known: &[Option<ScenarioId>],
    ) {
        self.before.clear();
        if self.refits && (t + 1).is_multiple_of(self.every) {
            self.before.extend(views(world, state, known));
        }
    }

    /// Counts what an answer taught about a scenario.
    pub(crate) fn learned(
        &mut self,
        scenario: ScenarioId,
        score: f64,
        known: &[Option<ScenarioId>],
    ) {
        if self.before.is_empty() {
            return;
        }
        let k = known.iter().position(|id| *id == Some(scenario));
        if let Some(view) = k.and_then(|k| self.before.get_mut(k)) {
            *view = View { score, compared: score };
        }
    }

    /// The end of an episode: a look, if one is due. `acted` says what the monitor did in it.
    pub(crate) fn end(
        &mut self,
        t: u64,
        acted: Acted,
        world: &World,
        state: &State,
        known: &[Option<ScenarioId>],
    ) -> Option<Look> {
        self.acted |= acted.at_all;
        if !(t + 1).is_multiple_of(self.every) {
            return None;
        }
        let refitted = acted.retrained;
        let mut acted = std::mem::take(&mut self.acted);
        if let Some((settings, window)) = &mut self.watcher {
            window.episodes = t;
            acted |= window.look(settings, 1, None).is_some();
        }
        let gold = if refitted && !self.before.is_empty() {
            self.expects_too_much(t, world, self.before.iter().copied())
        } else {
            self.expects_too_much(t, world, views(world, state, known))
        };
        Some(Look { acted, gold })
    }

    fn expects_too_much(&self, t: u64, world: &World, views: impl Iterator<Item = View>) -> bool {
        let (answers, settings) = (world.answers(), world.settings());
        let (mut sum, mut weight_sum) = (0.0, 0.0);
        for (k, (preference, view)) in world.preferences(t).iter().zip(views).enumerate() {
            if !world.allows(world.centre(k)) {
                continue;
            }
            let reached = self.thresholds.iter().filter(|(theta, _)| view.compared >= *theta);
            let weight: f64 = reached.map(|(_, weight)| weight / self.weight).sum();
            if weight == 0.0 {
                continue;
            }
            let probabilities = || answers.probabilities(*preference, view.score);
            weight_sum += weight;
            sum += weight
                * match settings.gold {
                    GoldAction::Loss => {
                        let known = self.losses[world.phase(t)].get(k).copied();
                        let expected = || answers.expected_loss(probabilities(), &self.table);
                        known.unwrap_or_else(expected)
                    }
                    GoldAction::Score => {
                        let (like, overridden) = answers.with_noise(probabilities());
                        let said = 1.0 - view.score + settings.margin;
                        overridden - said * (like + overridden)
                    }
                };
        }
        let limit = match settings.gold {
            GoldAction::Loss => self.tolerance,
            GoldAction::Score => 0.0,
        };
        sum > limit * weight_sum
    }
}

/// How the loop sees each scenario at its centre.
fn views<'a>(
    world: &'a World,
    state: &'a State,
    known: &'a [Option<ScenarioId>],
) -> impl Iterator<Item = View> + 'a {
    let mut viewer = Viewer::new(state, TypeId(0));
    known
        .iter()
        .enumerate()
        .map_while(move |(k, id)| viewer.as_mut().map(|viewer| viewer.view(*id, world.centre(k))))
}
