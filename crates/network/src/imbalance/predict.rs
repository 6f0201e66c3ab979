//! The forecast: how probable an onset and the presence of an episode are, and when npo says that it cannot tell.
//!
//! A logistic regression on the signs of [`super::track`], drawn towards what other networks taught
//! (`imbalance::prior`), and fitted on a first stretch of steps (*train*). The alarm threshold is chosen on that and on a
//! second one (*calibration*): the fit is held too firmly to flatter the first, and a few days hold too few onsets.
//!
//! Whether there is anything to predict is asked of a second fit, on the first half of train only, and of the steps after
//! it: where the 95 % block-bootstrap interval of its concordance (`imbalance::skill`) is not above 0.55, the forecast
//! *abstains*. It then gives the plain rates of train, after hot steps and after others, raises no alarm, and says why.

use std::ops::Range;

use serde::Serialize;

use super::bootstrap::Interval;
use super::logistic::{Logistic, Prior};
use super::prior;
use super::skill::{self, Scored};
use super::spread::{NoScale, Scale};
use super::track::{Definition, SIGNS, Step, Tracker};
use super::{Target, episode};

/// Fewest episodes in the stretches learned from.
const EPISODES_MIN: usize = 5;
/// Pull towards 0 of weights that many networks teach.
const POOLED_RIDGE: f64 = 10.0;
/// Blocks of the bootstrap in a window: a quarter of a day, several episodes long.
const BLOCKS_PER_WINDOW: usize = 4;
/// What the interval of concordance must be above: chance is 0.5, and a little more than chance is no help to people.
const CONCORDANCE_MIN: f64 = 0.55;

/// Why no forecast is to be had of a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Untaught {
    /// Too few steps.
    #[error("{found} steps to learn from, but a window of {window} needs at least {needed}")]
    TooShort {
        /// Steps given.
        found: usize,
        /// The window.
        window: usize,
        /// Steps needed.
        needed: usize,
    },
    /// No scale.
    #[error(transparent)]
    NoScale(#[from] NoScale),
}

/// Why a forecast abstains.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Abstention {
    /// Too little happened to learn from.
    FewEpisodes {
        /// Episodes that began in train and calibration.
        episodes: usize,
        /// How many it takes.
        needed: usize,
    },
    /// On steps not fitted on, scores did not tell yes from no.
    NoSkill {
        /// Concordance there; `None` where one of the two answers never came.
        concordance: Option<f64>,
        /// Its 95 % block-bootstrap interval.
        interval: Option<Interval>,
        /// What the interval must be above.
        needed: f64,
    },
}

impl std::fmt::Display for Abstention {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::FewEpisodes { episodes, needed } => {
                write!(f, "{episodes} episodes to learn from, at least {needed} are needed")
            }
            Self::NoSkill {
                concordance: Some(value),
                interval: Some(Interval { low, high }),
                needed,
            } => write!(
                f,
                "on steps that it was not fitted on, its concordance is {value:.2} [{low:.2}, {high:.2}]; chance is \
                 0.5, and the interval must be above {needed}"
            ),
            Self::NoSkill { .. } => {
                f.write_str("on steps that it was not fitted on, the answer was always the same")
            }
        }
    }
}

/// What was learned about one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Judge {
    model: Logistic,
    /// Probability from which on an alarm is raised.
    pub threshold: f64,
    /// Shares of asked steps of the train stretch where the answer was yes: after steps that were not hot, and hot ones.
    pub plain_rates: [f64; 2],
    /// Concordance on steps not fitted on, with its 95 % block-bootstrap interval.
    pub concordance: Option<(f64, Interval)>,
    /// Why it abstains, if it does.
    pub abstention: Option<Abstention>,
}

/// What was learned about one network; starts [`Predictor`]s.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    definition: Definition,
    scale: Scale,
    onset: Judge,
    present: Judge,
}

impl Trained {
    /// Learns from utilisations, one row per step: the first `train` rows to fit, the others to calibrate.
    ///
    /// # Errors
    /// If there are too few steps, no traffic, or a balance that never changes.
    pub fn learn(
        rows: &[Vec<f64>],
        train: usize,
        definition: Definition,
    ) -> Result<Self, Untaught> {
        let needed = definition.window.div_ceil(4) + 4 * (definition.horizon + 2);
        if train < needed || rows.len() < train + 2 * (definition.horizon + 2) {
            return Err(Untaught::TooShort {
                found: train.min(rows.len()),
                window: definition.window,
                needed,
            });
        }
        let scale = Scale::learn(&rows[..train])?;
        let mut tracker = Tracker::new(definition, scale.clone());
        let steps: Vec<Step> = rows.iter().map(|row| tracker.observe(row)).collect();
        let lessons = |target| Lessons::of(&steps, train, definition, target);
        let (onset, present) = (lessons(Target::Onset), lessons(Target::Present));
        Ok(Self { definition, scale, onset: onset.judge(), present: present.judge() })
    }

    /// The definition that it was learned for.
    #[must_use]
    pub fn definition(&self) -> Definition {
        self.definition
    }

    /// What the network is measured in.
    #[must_use]
    pub fn scale(&self) -> &Scale {
        &self.scale
    }

    /// What was learned about a question.
    #[must_use]
    pub fn judge(&self, target: Target) -> &Judge {
        match target {
            Target::Onset => &self.onset,
            Target::Present => &self.present,
        }
    }
}

/// What was known at the steps where a question was asked, and what the answer was.
struct Lessons {
    target: Target,
    rows: Vec<Vec<f64>>,
    hot: Vec<bool>,
    labels: Vec<bool>,
    /// How many of them are of the train stretch; the others are of the calibration stretch.
    train: usize,
    episodes: usize,
    block: usize,
}

impl Lessons {
    fn of(steps: &[Step], train: usize, definition: Definition, target: Target) -> Self {
        let hot: Vec<bool> = steps.iter().map(|step| step.hot).collect();
        let episodes = episode::episodes(&hot);
        let labels = answers(&episodes, &hot, definition.horizon, target);
        // Of the last steps it is not known yet whether an episode of two steps begins at their horizon.
        let known = steps.len().saturating_sub(definition.horizon + episode::LENGTH_MIN - 1);
        let mut lessons = Self {
            target,
            rows: Vec::new(),
            hot: Vec::new(),
            labels: Vec::new(),
            train: 0,
            episodes: episodes.len(),
            block: (definition.window / BLOCKS_PER_WINDOW).max(1),
        };
        for (t, step) in steps[..known].iter().enumerate() {
            if let Some((signs, label)) = step.signs.as_ref().zip(labels[t]) {
                lessons.rows.push(prior::row(signs));
                lessons.hot.push(step.hot);
                lessons.labels.push(label);
                lessons.train += usize::from(t < train);
            }
        }
        lessons
    }

    fn fit(&self, count: usize) -> Logistic {
        Logistic::fit(&self.rows[..count], &self.labels[..count], &prior::prior(self.target))
    }

    fn judge(&self) -> Judge {
        let model = self.fit(self.train);
        let chances: Vec<f64> = self.rows.iter().map(|row| model.probability(row)).collect();
        let threshold = best_threshold(&chances, &self.labels).unwrap_or(0.5);
        let concordance = self.concordance();
        let abstention = if self.episodes < EPISODES_MIN {
            Some(Abstention::FewEpisodes { episodes: self.episodes, needed: EPISODES_MIN })
        } else if concordance.is_none_or(|(_, interval)| interval.low <= CONCORDANCE_MIN) {
            let (value, interval) = concordance.unzip();
            Some(Abstention::NoSkill { concordance: value, interval, needed: CONCORDANCE_MIN })
        } else {
            None
        };
        let plain_rates = self.plain_rates(0..self.train);
        Judge { model, threshold, plain_rates, concordance, abstention }
    }

    /// How often the answer was yes, after steps that were not hot and after hot ones.
    fn plain_rates(&self, range: Range<usize>) -> [f64; 2] {
        [false, true].map(|after| {
            let of = range.clone().filter(|&ix| self.hot[ix] == after);
            let (count, yes) = of.fold((0.0, 0.0), |(count, yes), ix| {
                (count + 1.0, yes + f64::from(u8::from(self.labels[ix])))
            });
            // Half a label of each kind, so that a rate is never 0 or 1.
            (yes + 0.5) / (count + 1.0)
        })
    }

    /// Concordance on the steps after the first half of the train stretch, which alone is fitted for this: a few days of
    /// calibration would not tell skill from luck.
    fn concordance(&self) -> Option<(f64, Interval)> {
        let half = self.train / 2;
        let model = self.fit(half);
        let unseen: Vec<Scored> = (half..self.rows.len())
            .map(|ix| Scored {
                score: model.log_odds(&self.rows[ix]),
                hot: self.hot[ix],
                label: self.labels[ix],
            })
            .collect();
        skill::concordance(&unseen, self.block)
    }
}

/// Weights of the signs that several networks teach together, the intercept first: what `imbalance::prior` holds.
///
/// Each network is its utilisations, one row per step, all of which are learned from.
///
/// # Errors
/// If a network gives no scale.
pub fn learn_together(
    networks: &[Vec<Vec<f64>>],
    definition: Definition,
    target: Target,
) -> Result<Vec<f64>, Untaught> {
    let (mut rows, mut labels) = (Vec::new(), Vec::new());
    for network in networks {
        let mut tracker = Tracker::new(definition, Scale::learn(network)?);
        let steps: Vec<Step> = network.iter().map(|row| tracker.observe(row)).collect();
        let lessons = Lessons::of(&steps, steps.len(), definition, target);
        rows.extend(lessons.rows);
        labels.extend(lessons.labels);
    }
    Ok(Logistic::fit(&rows, &labels, &Prior::flat(SIGNS + 1, POOLED_RIDGE)).weights)
}

/// The answer at each step, `None` where the question is not asked.
pub(crate) fn answers(
    episodes: &[Range<usize>],
    hot: &[bool],
    horizon: usize,
    target: Target,
) -> Vec<Option<bool>> {
    match target {
        Target::Onset => episode::onset(episodes, hot, horizon),
        Target::Present => {
            episode::present(episodes, hot.len(), horizon).into_iter().map(Some).collect()
        }
    }
}

/// Loss of a probability given what came, nats.
pub(crate) fn log_loss(probability: f64, label: bool) -> f64 {
    -(if label { probability } else { 1.0 - probability }).max(1e-12).ln()
}

/// The score from which on an alarm gives the best F1; of equal ones the highest. `None` without a positive label.
pub(crate) fn best_threshold(scores: &[f64], labels: &[bool]) -> Option<f64> {
    let positives = labels.iter().filter(|&&label| label).count() as f64;
    let mut order: Vec<(f64, bool)> = scores.iter().copied().zip(labels.iter().copied()).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut best, mut alarms, mut hits) = (None, 0.0, 0.0);
    for same in order.chunk_by(|a, b| a.0 == b.0) {
        alarms += same.len() as f64;
        hits += same.iter().filter(|(_, label)| *label).count() as f64;
        let f1 = 2.0 * hits / (alarms + positives);
        if hits > 0.0 && best.is_none_or(|(_, found)| f1 > found) {
            best = Some((same[0].0, f1));
        }
    }
    best.map(|(threshold, _)| threshold)
}

/// A probability, and whether to act on it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Chance {
    /// Of the answer being yes; a plain rate where the forecast abstains.
    pub probability: f64,
    /// Whether it reaches the alarm threshold; never where the forecast abstains.
    pub alarm: bool,
    /// Whether npo says that it cannot tell.
    pub abstains: bool,
}

/// What is to be expected after one step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// Position of the step, from 0.
    pub step: usize,
    /// Whether the step itself is hot.
    pub hot: bool,
    /// How far it is above the bar, in standard deviations.
    pub margin: f64,
    /// Whether an episode begins within the horizon; `None` while hot.
    pub onset: Option<Chance>,
    /// Whether there is an episode within the horizon.
    pub present: Chance,
}

/// Forecasts step by step.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictor {
    trained: Trained,
    tracker: Tracker,
    step: usize,
}

impl Predictor {
    /// One that has seen no step yet; give it at least a quarter of the window of past steps first.
    #[must_use]
    pub fn new(trained: Trained) -> Self {
        let tracker = Tracker::new(trained.definition, trained.scale.clone());
        Self { trained, tracker, step: 0 }
    }

    /// What it goes by.
    #[must_use]
    pub fn trained(&self) -> &Trained {
        &self.trained
    }

    /// Takes in the utilisation of every direction of a link, in the order that was learned; 1 is a full link.
    ///
    /// `None` while the window fills, and at steps without any traffic.
    ///
    /// # Panics
    /// If fewer directions are given than were learned.
    pub fn observe(&mut self, utilisation: &[f64]) -> Option<Forecast> {
        let seen = self.tracker.observe(utilisation);
        let step = self.step;
        self.step += 1;
        self.forecast(step, &seen)
    }

    fn forecast(&self, step: usize, seen: &Step) -> Option<Forecast> {
        let signs = seen.signs.as_ref()?;
        let onset = (!seen.hot).then(|| self.chance(Target::Onset, signs, false));
        let present = self.chance(Target::Present, signs, seen.hot);
        Some(Forecast { step, hot: seen.hot, margin: seen.margin?, onset, present })
    }

    fn chance(&self, target: Target, signs: &[f64; SIGNS], hot: bool) -> Chance {
        let judge = self.trained.judge(target);
        if judge.abstention.is_some() {
            let probability = judge.plain_rates[usize::from(hot)];
            return Chance { probability, alarm: false, abstains: true };
        }
        let probability = judge.model.probability(&prior::row(signs));
        Chance { probability, alarm: probability >= judge.threshold, abstains: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_threshold_is_that_of_the_best_f1() {
        let check = |scores: &[f64], labels: &[bool], expected: Option<f64>| {
            assert_eq!(best_threshold(scores, labels), expected);
        };
        check(&[0.1, 0.9, 0.8, 0.2], &[false, true, true, false], Some(0.8));
        check(&[0.5, 0.5, 0.4], &[true, false, true], Some(0.4));
        check(&[0.1, 0.2], &[false, false], None);
        check(&[], &[], None);
    }

    #[test]
    fn too_few_steps_or_no_change_is_said() {
        let definition = Definition { horizon: 3, window: 16 };
        let flat = vec![vec![0.5, 0.25]; 200];
        let check = |rows: &[Vec<f64>], train: usize, expected: &str| {
            let error = Trained::learn(rows, train, definition).expect_err("nothing to learn");
            assert_eq!(error.to_string(), expected);
        };
        check(&flat[..10], 6, "6 steps to learn from, but a window of 16 needs at least 24");
        check(
            &flat,
            100,
            "the balance of the links does not change in the first 100 steps, so there are no episodes to predict",
        );
        check(
            &vec![vec![0.0; 2]; 200],
            100,
            "no link carries traffic in the first 100 steps, so there is no balance to measure",
        );
    }
}
