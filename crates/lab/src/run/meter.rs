//! What is measured in a run: numbers of the whole run, final numbers, curves.
//!
//! Everything is counted as it happens and nothing is kept by episode, so that a run of a hundred
//! million episodes takes no more room than one of a thousand.

use std::collections::BTreeMap;

use npo_core::event::{DecisionMade, Disposition};
use npo_core::profile::Profile;
use npo_core::signal::FeedbackTable;
use npo_core::{PersonId, ScenarioId, Signal, State, TypeId};

use super::certified::Certified;
use super::view::Viewer;
use super::{Acted, Gold, Measured};
use crate::world::{Role, Step, World};

/// The latent misalignment is read at so many points of the tail at most: it takes a look at every
/// scenario.
const LATENT_POINTS: u64 = 100;
/// Looks at scenarios for it at most, so that worlds of many scenarios are read less often.
const LATENT_LOOKS: u64 = 200_000;

/// A sum and its count.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    sum: f64,
    count: u64,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    fn get(self) -> Option<f64> {
        ratio(self.sum, self.count)
    }
}

fn ratio(sum: f64, count: u64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    let count = count as f64;
    (count > 0.0).then(|| sum / count)
}

/// Counts over some episodes.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    loss: Mean,
    episode_loss: Mean,
    threshold: Mean,
    latent: Mean,
    log_loss: Mean,
    brier: Mean,
    eligible: u64,
    surfaced: u64,
    audited: u64,
}

/// Measures one run.
pub(crate) struct Meter<'w> {
    world: &'w World,
    gold: Option<Gold>,
    table: FeedbackTable,
    abstain_loss: f64,
    tail_from: u64,
    latent_every: u64,
    checkpoints: Vec<u64>,
    next_checkpoint: Option<u64>,
    curves: BTreeMap<&'static str, Vec<Option<f64>>>,
    whole: Counts,
    tail: Counts,
    /// Since the last checkpoint.
    recent: Counts,
    pub(super) utility: f64,
    /// What would have been gained by surfacing exactly what pays. Where answers depend on the score that
    /// is shown, this depends on the method's own scores, and is nothing to hold it against.
    pub(super) oracle: f64,
    overrides: f64,
    pub(super) labels: u64,
    retrains: u64,
    /// What came of certified thresholds, where the loop may act by itself.
    certified: Option<Certified>,
    /// Looks by gold action and action.
    pub(super) looks: [[u64; 2]; 2],
}

impl<'w> Meter<'w> {
    pub(crate) fn new(world: &'w World, profile: &Profile, measured: Measured) -> Self {
        let settings = world.settings();
        let horizon = settings.horizon;
        let tail = measured.tail.min(horizon);
        let points = (LATENT_LOOKS / u64::from(settings.scenarios)).clamp(5, LATENT_POINTS);
        let count = measured.checkpoints.min(horizon);
        let checkpoints: Vec<u64> = (1..=count).map(|i| horizon * i / count).collect();
        Self {
            world,
            gold: Gold::new(world, profile),
            table: profile.feedback,
            abstain_loss: profile.abstain_loss,
            tail_from: horizon - tail,
            latent_every: tail.div_ceil(points).max(1),
            next_checkpoint: checkpoints.first().copied(),
            checkpoints,
            curves: BTreeMap::new(),
            whole: Counts::default(),
            tail: Counts::default(),
            recent: Counts::default(),
            utility: 0.0,
            oracle: 0.0,
            overrides: 0.0,
            labels: 0,
            retrains: 0,
            certified: None,
            looks: [[0; 2]; 2],
        }
    }

    /// Measures certified thresholds as well, against the rate that they promise.
    pub(crate) fn certifies(&mut self, alpha: f64) {
        self.certified = Some(Certified::new(alpha));
    }

    /// Counts a decision; the probabilities are those of an honest operator.
    #[inline]
    pub(crate) fn decision(
        &mut self,
        t: u64,
        step: &Step,
        (like, override_): (f64, f64),
        made: &DecisionMade,
    ) {
        let settings = self.world.settings();
        let theta = made.threshold.theta();
        let in_tail = t >= self.tail_from;
        if let Some(gold) = &mut self.gold {
            gold.threshold(theta);
        }
        self.recent.threshold.add(theta);
        if in_tail {
            self.tail.threshold.add(theta);
            let mind = self.world.answers().mind(step.preference, like);
            // A score of exactly 0 or 1 that is wrong would cost infinitely much.
            let score = made.score.clamp(1e-12, 1.0 - 1e-12);
            self.tail.log_loss.add(-mind * score.ln() - (1.0 - mind) * (1.0 - score).ln());
            self.tail.brier.add((made.score - mind) * (made.score - mind));
        }
        if made.disposition != Disposition::Blocked
            && let Some(certified) = &mut self.certified
        {
            certified.decision(made, (like, override_), in_tail);
        }
        let worth = like - settings.override_cost * override_;
        let (surfaced, audited) = match made.disposition {
            Disposition::Blocked => return,
            Disposition::Surfaced | Disposition::Escalated | Disposition::Automatic => (1, 0),
            Disposition::Audit => (0, 1),
            Disposition::Abstained => (0, 0),
        };
        if made.disposition == Disposition::Abstained && in_tail {
            self.tail.episode_loss.add(self.abstain_loss);
        }
        self.oracle += worth.max(0.0);
        if surfaced == 1 {
            self.utility += worth;
            self.overrides += override_;
        } else if audited == 1 {
            self.utility -= settings.audit_cost;
        }
        for counts in [&mut self.whole, &mut self.recent] {
            counts.eligible += 1;
            counts.surfaced += surfaced;
            counts.audited += audited;
        }
    }

    /// Before the proposal of an episode.
    #[inline]
    pub(crate) fn prepare(&mut self, t: u64, state: &State, known: &[Option<ScenarioId>]) {
        if let Some(gold) = &mut self.gold {
            gold.prepare(t, self.world, state, known);
        }
    }

    /// Counts what an answer taught about a scenario.
    #[inline]
    pub(crate) fn learned(
        &mut self,
        scenario: ScenarioId,
        score: f64,
        known: &[Option<ScenarioId>],
    ) {
        if let Some(gold) = &mut self.gold {
            gold.learned(scenario, score, known);
        }
    }

    /// Counts an answer that arrived in episode `t`.
    #[inline]
    pub(crate) fn answer(&mut self, t: u64, disposition: Disposition, signal: Signal) {
        self.labels += 1;
        let loss = self.table.of(signal).loss;
        let in_tail = t >= self.tail_from;
        if in_tail {
            self.tail.episode_loss.add(loss);
        }
        if disposition != Disposition::Audit {
            self.recent.loss.add(loss);
            if in_tail {
                self.tail.loss.add(loss);
            }
            if let Some(gold) = &mut self.gold {
                gold.loss(loss);
            }
        }
    }

    /// The end of an episode, all its answers taken.
    #[inline]
    pub(crate) fn end(
        &mut self,
        t: u64,
        acted: Acted,
        state: &State,
        known: &[Option<ScenarioId>],
    ) {
        self.retrains += u64::from(acted.retrained);
        let in_tail = t >= self.tail_from;
        if let Some(gold) = &mut self.gold
            && let Some(look) = gold.end(t, acted, self.world, state, known)
        {
            self.looks[usize::from(look.gold)][usize::from(look.acted)] += 1;
        }
        if in_tail
            && (t - self.tail_from).is_multiple_of(self.latent_every)
            && let Some(latent) = latent(self.world, t, state, known)
        {
            self.tail.latent.add(latent);
        }
        if self.next_checkpoint == Some(t + 1) {
            self.checkpoint(t, state, known);
        }
    }

    fn checkpoint(&mut self, t: u64, state: &State, known: &[Option<ScenarioId>]) {
        let recent = std::mem::take(&mut self.recent);
        let [[quiet, false_alarms], [missed, hits]] = self.looks;
        let looks = quiet + false_alarms + missed + hits;
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let of = |part: u64, whole: u64| ratio(part as f64, whole);
        let points = [
            ("loss", recent.loss.get()),
            ("latent", latent(self.world, t, state, known)),
            ("reward", reward(state)),
            ("threshold", recent.threshold.get()),
            ("fidelity", of(quiet + hits, looks)),
            ("regret", self.regret()),
            ("coverage", of(recent.surfaced, recent.eligible)),
        ];
        for (name, value) in points {
            self.curves.entry(name).or_default().push(value);
        }
        self.next_checkpoint = self.checkpoints.iter().find(|next| **next > t + 1).copied();
    }

    fn per_thousand(&self, sum: f64) -> Option<f64> {
        ratio(1000.0 * sum, self.whole.eligible)
    }

    /// Defined only where the oracle is the same for all methods.
    fn regret(&self) -> Option<f64> {
        let shared = !self.world.answers().need_score();
        shared.then(|| self.per_thousand(self.oracle - self.utility)).flatten()
    }

    /// Metrics, curves and checkpoints of the run.
    #[expect(clippy::type_complexity, reason = "the three parts of a record")]
    pub(crate) fn finish(
        self,
        state: &State,
    ) -> (BTreeMap<String, f64>, BTreeMap<String, Vec<Option<f64>>>, Vec<u64>) {
        let [[quiet, false_alarms], [missed, hits]] = self.looks;
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let of = |part: u64, whole: u64| ratio(part as f64, whole);
        let looks = quiet + false_alarms + missed + hits;
        let youden = of(hits, hits + missed)
            .zip(of(false_alarms, false_alarms + quiet))
            .map(|(hit_rate, alarm_rate)| hit_rate - alarm_rate);
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let count = |n: u64| Some(n as f64);
        let metrics = [
            ("loss", self.tail.loss.get()),
            ("episode_loss", self.tail.episode_loss.get()),
            ("latent", self.tail.latent.get()),
            ("reward", reward(state)),
            ("threshold", self.tail.threshold.get()),
            ("fidelity", of(quiet + hits, looks)),
            ("fidelity_never", of(quiet + false_alarms, looks)),
            ("youden", youden),
            ("retrains", count(self.retrains)),
            ("regret", self.regret()),
            ("utility", self.per_thousand(self.utility)),
            ("override_rate", ratio(self.overrides, self.whole.surfaced)),
            ("coverage", of(self.whole.surfaced, self.whole.eligible)),
            ("audits", of(self.whole.audited, self.whole.eligible)),
            ("labels", count(self.labels)),
            ("log_loss", self.tail.log_loss.get()),
            ("brier", self.tail.brier.get()),
            ("adversaries_flagged", flagged(self.world, state, Role::Adversarial)),
            ("good_flagged", flagged(self.world, state, Role::Good)),
            ("sloppy_flagged", flagged(self.world, state, Role::Sloppy)),
        ];
        let certified = self.certified.iter().flat_map(Certified::metrics);
        let metrics = metrics
            .into_iter()
            .chain(certified)
            .filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)))
            .collect();
        let curves = self.curves.into_iter().map(|(name, points)| (name.to_owned(), points));
        (metrics, curves.collect(), self.checkpoints)
    }
}

fn reward(state: &State) -> Option<f64> {
    state.type_state(TypeId(0)).map(|type_state| type_state.tally.reward_average)
}

/// Mean |s − g| over all scenarios at their centres.
pub(super) fn latent(
    world: &World,
    t: u64,
    state: &State,
    known: &[Option<ScenarioId>],
) -> Option<f64> {
    let mut viewer = Viewer::new(state, TypeId(0))?;
    let preferences = world.preferences(t);
    let distance = |(k, g): (usize, &f64)| {
        (viewer.view(known.get(k).copied().flatten(), world.centre(k)).score - g).abs()
    };
    let sum: f64 = preferences.iter().enumerate().map(distance).sum();
    ratio(sum, preferences.len() as u64)
}

/// Share of the operators in `role` whom the loop calls wrong more often than right;
/// `None` without such operators or without a belief.
fn flagged(world: &World, state: &State, role: Role) -> Option<f64> {
    state.profile().trust?;
    let mut share = Mean::default();
    for (i, _) in (1u32..).zip(world.roles()).filter(|(_, of)| **of == role) {
        share.add(f64::from(u8::from(state.is_adverse(PersonId(i)))));
    }
    share.get()
}
