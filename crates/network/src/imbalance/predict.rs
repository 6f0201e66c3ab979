//! The forecast: how probable an onset and the presence of an episode are, and when npo says that it cannot tell.
//!
//! A logistic regression on the signs of [`super::track`], drawn towards what other networks taught
//! (`imbalance::prior`). It is fitted on a first stretch of steps (*train*). On a second one (*calibration*), which the
//! fit has not seen, it is asked whether the probabilities are better than *plain rates*: how often the answer was yes
//! on that very stretch, after hot steps and after others. Such rates know that a run of hot steps often goes on, which
//! is so even where the balance is pure noise. Where the 95 % block-bootstrap interval of the difference in log loss
//! reaches 0, the forecast *abstains*: it gives the plain rates of the train stretch, raises no alarm, and says why.
//!
//! The alarm threshold is chosen on both stretches: the fit is held too firmly to flatter the first, and a few days hold
//! too few onsets.

use serde::Serialize;

use super::bootstrap::{Draws, Interval};
use super::logistic::{Logistic, Prior};
use super::prior;
use super::spread::{NoScale, Scale};
use super::track::{Definition, SIGNS, Step, Tracker};
use super::{Target, episode};

/// Fewest episodes in the stretches learned from.
const EPISODES_MIN: usize = 5;
/// Pull towards 0 of weights that many networks teach.
const POOLED_RIDGE: f64 = 10.0;
/// Draws for the interval of skill, and their seed.
const DRAWS: usize = 1000;
const SEED: u64 = 0x51_1b;

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
    /// On the calibration stretch the probabilities were not better than plain rates.
    NoSkill {
        /// Gain in mean log loss over plain rates, nats per step.
        gain: f64,
        /// 95 % block-bootstrap interval of the gain.
        interval: Option<Interval>,
    },
}

impl std::fmt::Display for Abstention {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::FewEpisodes { episodes, needed } => {
                write!(f, "{episodes} episodes to learn from, at least {needed} are needed")
            }
            Self::NoSkill { gain, interval: Some(Interval { low, high }) } => write!(
                f,
                "on the calibration steps its log loss is better than that of plain rates by {gain:.4} \
                 [{low:.4}, {high:.4}], which is not distinguishable from 0"
            ),
            Self::NoSkill { gain, interval: None } => {
                write!(f, "its gain over plain rates ({gain:.4}) has no interval")
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
    /// Gain in mean log loss over plain rates on the calibration stretch, nats per step.
    pub gain: f64,
    /// Its 95 % block-bootstrap interval.
    pub gain_interval: Option<Interval>,
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

/// What was known at some steps where a question was asked, and what the answer was.
#[derive(Default)]
struct Lesson {
    rows: Vec<Vec<f64>>,
    hot: Vec<bool>,
    labels: Vec<bool>,
}

impl Lesson {
    /// How often the answer was yes, after steps that were not hot and after hot ones.
    fn plain_rates(&self) -> [f64; 2] {
        [false, true].map(|after| {
            let of = self.hot.iter().zip(&self.labels).filter(|(hot, _)| **hot == after);
            let (count, yes) = of.fold((0.0, 0.0), |(count, yes), (_, &label)| {
                (count + 1.0, yes + f64::from(u8::from(label)))
            });
            // Half a label of each kind, so that a rate is never 0 or 1.
            (yes + 0.5) / (count + 1.0)
        })
    }
}

/// The two stretches for one question.
struct Lessons {
    target: Target,
    train: Lesson,
    calibration: Lesson,
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
        let part = |range: std::ops::Range<usize>| {
            let mut lesson = Lesson::default();
            for t in range {
                if let Some((signs, label)) = steps[t].signs.as_ref().zip(labels[t]) {
                    lesson.rows.push(prior::row(signs));
                    lesson.hot.push(steps[t].hot);
                    lesson.labels.push(label);
                }
            }
            lesson
        };
        let calibration = part(train..known);
        let block = definition.window.min(steps.len().saturating_sub(train) / 4);
        Self { target, train: part(0..train), calibration, episodes: episodes.len(), block }
    }

    fn judge(&self) -> Judge {
        let Lesson { rows, labels, .. } = &self.train;
        let model = Logistic::fit(rows, labels, &prior::prior(self.target));
        let plain_rates = self.train.plain_rates();
        let (gain, gain_interval) = self.gain(&model);
        let seen = || self.train.rows.iter().chain(&self.calibration.rows);
        let chances: Vec<f64> = seen().map(|row| model.probability(row)).collect();
        let labels: Vec<bool> =
            self.train.labels.iter().chain(&self.calibration.labels).copied().collect();
        let threshold = best_threshold(&chances, &labels).unwrap_or(0.5);
        let abstention = if self.episodes < EPISODES_MIN {
            Some(Abstention::FewEpisodes { episodes: self.episodes, needed: EPISODES_MIN })
        } else if gain_interval.is_none_or(|interval| interval.low <= 0.0) {
            Some(Abstention::NoSkill { gain, interval: gain_interval })
        } else {
            None
        };
        Judge { model, threshold, plain_rates, gain, gain_interval, abstention }
    }

    /// Gain in mean log loss over the calibration stretch's own rates after hot steps and after others.
    fn gain(&self, model: &Logistic) -> (f64, Option<Interval>) {
        let Lesson { rows, hot, labels } = &self.calibration;
        let rates = self.calibration.plain_rates();
        let gains: Vec<f64> = (0..rows.len())
            .map(|ix| {
                let plain = log_loss(rates[usize::from(hot[ix])], labels[ix]);
                plain - log_loss(model.probability(&rows[ix]), labels[ix])
            })
            .collect();
        if gains.is_empty() {
            return (0.0, None);
        }
        let count = gains.len() as f64;
        let draws = Draws::new(gains.len(), self.block, DRAWS, SEED);
        let drawn = draws.counts().map(|counts| {
            let sum: f64 = counts.iter().zip(&gains).map(|(&c, gain)| f64::from(c) * gain).sum();
            Some(sum / count)
        });
        (gains.iter().sum::<f64>() / count, Interval::of(drawn))
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
        let known = steps.len().saturating_sub(definition.horizon + episode::LENGTH_MIN - 1);
        let lessons = Lessons::of(&steps, known, definition, target);
        rows.extend(lessons.train.rows);
        labels.extend(lessons.train.labels);
    }
    Ok(Logistic::fit(&rows, &labels, &Prior::flat(SIGNS + 1, POOLED_RIDGE)).weights)
}

/// The answer at each step, `None` where the question is not asked.
pub(crate) fn answers(
    episodes: &[std::ops::Range<usize>],
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
