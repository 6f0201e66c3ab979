//! How good forecasts of imbalance episodes are, npo's beside simpler ones, on steps that none has learned from.
//!
//! The series is cut in time: *train* (fits), *calibration* (thresholds, abstention), *test*.
//! Everything is reported by steps and by episodes, with the base rate, block-bootstrap intervals, and the paired
//! difference to every other forecast.
//! A forecast counts as better only where the whole interval of the difference is above 0.

mod baseline;
mod compare;
mod measure;
mod signal;

use std::ops::Range;

use serde::Serialize;

use super::bootstrap::Draws;
use super::predict::{Abstention, Forecast, Predictor, Trained, Untaught, answers};
use super::track::{Definition, Step, Tracker};
use super::{Target, episode};

pub use compare::{Comparison, Difference, Finding};
pub use measure::{ByEpisode, ByStep, Calibrated, Figure, ReliabilityBin};

use measure::{Measured, Scored};

/// What is evaluated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Horizon and window.
    pub definition: Definition,
    /// Steps of a day, for what knows seasons; `None` where steps have no length.
    pub season: Option<usize>,
    /// Shares of the steps that are train and calibration; both above 0, their sum below 1.
    pub split: Split,
    /// Draws of the bootstrap.
    pub draws: usize,
    /// Seed of the draws.
    pub seed: u64,
}

/// Where the series is cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// Share of the steps to fit.
    pub train: f64,
    /// Share of the steps to choose thresholds.
    pub calibration: f64,
}

impl Split {
    fn cut(self, steps: usize) -> (usize, usize) {
        let train = (self.train * steps as f64).round() as usize;
        let calibrated = ((self.train + self.calibration) * steps as f64).round() as usize;
        (train.min(steps), calibrated.min(steps))
    }
}

/// Fewest positive steps in the test stretch before figures mean much.
const POSITIVES_FEW: usize = 20;

/// The outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Steps of the series.
    pub steps: usize,
    /// Directions of links.
    pub directions: usize,
    /// Of those, how many carried traffic in the train stretch.
    pub active: usize,
    /// Steps ahead.
    pub horizon: usize,
    /// Steps of the trailing window.
    pub window: usize,
    /// Steps of the season, if known.
    pub season: Option<usize>,
    /// Steps fitted on.
    pub train: Range<usize>,
    /// Steps that thresholds were chosen on.
    pub calibration: Range<usize>,
    /// Steps that the figures are of.
    pub test: Range<usize>,
    /// Standard deviation of log R in the train stretch.
    pub sd_log_r: f64,
    /// Standard deviation of log M in the train stretch.
    pub sd_log_m: f64,
    /// Lag-1 autocorrelation of log R over the train stretch: near 0, there is nothing to go by.
    pub autocorrelation: Option<f64>,
    /// Hot steps in the test stretch.
    pub hot: usize,
    /// Episodes that begin in the test stretch.
    pub episodes: usize,
    /// Median length of those, steps.
    pub episode_steps: Option<f64>,
    /// Steps in a block of the bootstrap.
    pub block: usize,
    /// Draws of the bootstrap.
    pub draws: usize,
    /// What a reader must know.
    pub notes: Vec<String>,
    /// By question, onset first.
    pub questions: Vec<Question>,
}

/// The figures of one question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Question {
    /// `onset` or `present`.
    pub target: &'static str,
    /// Test steps where it was asked.
    pub asked: usize,
    /// Of those, where the answer was yes.
    pub positives: usize,
    /// Their share; what an average precision must exceed.
    pub base_rate: Option<f64>,
    /// Why npo abstains, if it does.
    pub abstention: Option<Abstention>,
    /// The figures, npo's first.
    pub predictors: Vec<Predicted>,
    /// npo's differences to each other one.
    pub comparisons: Vec<Comparison>,
    /// What follows, in a sentence.
    pub verdict: String,
}

/// The figures of one forecast.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Predicted {
    /// Its name.
    pub name: &'static str,
    /// Score from which on it raises an alarm; `None` if it never does.
    pub threshold: Option<f64>,
    /// Step by step.
    pub by_step: ByStep,
    /// Episode by episode.
    pub by_episode: ByEpisode,
    /// Its probabilities.
    pub probabilities: Calibrated,
}

/// The name of npo's own forecast.
pub const NPO: &str = "npo";

/// Evaluates forecasts on utilisations, one row per step and all rows of one length.
///
/// # Errors
/// If there is too little to learn from, no traffic, or a balance that never changes.
pub fn evaluate(rows: &[Vec<f64>], options: &Options) -> Result<Evaluation, Untaught> {
    let run = Run::new(rows, options)?;
    let questions = Target::ALL.map(|target| run.question(target));
    Ok(run.evaluation(questions.into()))
}

/// One pass over the series.
struct Run<'a> {
    options: &'a Options,
    directions: usize,
    train: usize,
    calibrated: usize,
    trained: Trained,
    steps: Vec<Step>,
    forecasts: Vec<Option<Forecast>>,
    hot: Vec<bool>,
    episodes: Vec<Range<usize>>,
    draws: Draws,
}

impl<'a> Run<'a> {
    fn new(rows: &[Vec<f64>], options: &'a Options) -> Result<Self, Untaught> {
        let (train, calibrated) = options.split.cut(rows.len());
        let trained = Trained::learn(&rows[..calibrated], train, options.definition)?;
        let mut predictor = Predictor::new(trained.clone());
        let forecasts = rows.iter().map(|row| predictor.observe(row)).collect();
        let mut tracker = Tracker::new(options.definition, trained.scale().clone());
        let steps: Vec<Step> = rows.iter().map(|row| tracker.observe(row)).collect();
        let hot: Vec<bool> = steps.iter().map(|step| step.hot).collect();
        let tested = rows.len() - calibrated;
        let day = options.season.unwrap_or(options.definition.window);
        let draws = Draws::new(tested, day.min(tested.div_ceil(4)), options.draws, options.seed);
        Ok(Self {
            options,
            directions: rows.first().map_or(0, Vec::len),
            train,
            calibrated,
            episodes: episode::episodes(&hot),
            trained,
            steps,
            forecasts,
            hot,
            draws,
        })
    }

    fn question(&self, target: Target) -> Question {
        let labels = answers(&self.episodes, &self.hot, self.options.definition.horizon, target);
        // Where the window has not filled or nothing is carried, no forecast says anything.
        let labels: Vec<Option<bool>> = labels
            .into_iter()
            .zip(&self.steps)
            .map(|(label, step)| label.filter(|_| step.signs.is_some()))
            .collect();
        let scored = self.scored(target, &labels);
        let measured: Vec<Measured> = scored
            .iter()
            .map(|scored| Measured::of(scored, &labels, self.calibrated, &self.draws))
            .collect();
        let horizon = self.options.definition.horizon;
        let test: Vec<Option<bool>> = labels[self.calibrated..].to_vec();
        let asked = test.iter().flatten().count();
        let positives = test.iter().flatten().filter(|&&label| label).count();
        let abstention = self.trained.judge(target).abstention.clone();
        let comparisons = compare::compare(&measured);
        let verdict = compare::verdict(&measured, &comparisons, abstention.as_ref(), positives);
        let predictors = scored.iter().zip(measured).map(|(scored, measured)| Predicted {
            name: scored.name,
            threshold: scored.threshold,
            by_episode: ByEpisode::of(
                scored,
                &labels,
                &self.episodes,
                self.calibrated,
                horizon,
                target,
            ),
            probabilities: Calibrated::of(scored, &labels, self.calibrated),
            by_step: measured.by_step,
        });
        Question {
            target: target.name(),
            asked,
            positives,
            base_rate: (asked > 0).then(|| positives as f64 / asked as f64),
            abstention,
            predictors: predictors.collect(),
            comparisons,
            verdict,
        }
    }

    /// npo's scores, then those of the others.
    fn scored(&self, target: Target, labels: &[Option<bool>]) -> Vec<Scored> {
        let judge = self.trained.judge(target);
        let chance = |forecast: &Option<Forecast>| {
            let forecast = forecast.as_ref();
            let chance = match target {
                Target::Onset => forecast.and_then(|forecast| forecast.onset),
                Target::Present => forecast.map(|forecast| forecast.present),
            };
            chance.map_or(judge.plain_rates[0], |chance| chance.probability)
        };
        let scores: Vec<f64> = self.forecasts.iter().map(chance).collect();
        let threshold = judge.abstention.is_none().then_some(judge.threshold);
        let npo = Scored { name: NPO, probabilities: scores.clone(), scores, threshold };
        let others = baseline::Context {
            options: self.options,
            scale: self.trained.scale(),
            steps: &self.steps,
            labels,
            train: self.train,
            calibrated: self.calibrated,
        };
        std::iter::once(npo).chain(others.all()).collect()
    }

    fn evaluation(self, questions: Vec<Question>) -> Evaluation {
        let test = self.calibrated..self.steps.len();
        let begun: Vec<&Range<usize>> =
            self.episodes.iter().filter(|episode| test.contains(&episode.start)).collect();
        let scale = self.trained.scale();
        Evaluation {
            steps: self.steps.len(),
            directions: self.directions,
            active: scale.active.len(),
            horizon: self.options.definition.horizon,
            window: self.options.definition.window,
            season: self.options.season,
            train: 0..self.train,
            calibration: self.train..self.calibrated,
            sd_log_r: scale.sd_log_r,
            sd_log_m: scale.sd_log_m,
            autocorrelation: autocorrelation(&self.steps[..self.train]),
            hot: self.hot[test.clone()].iter().filter(|&&hot| hot).count(),
            episodes: begun.len(),
            episode_steps: measure::median(begun.iter().map(|run| run.len() as f64)),
            block: self.draws.block(),
            draws: self.draws.len(),
            notes: self.notes(&questions),
            test,
            questions,
        }
    }

    fn notes(&self, questions: &[Question]) -> Vec<String> {
        let mut notes = Vec::new();
        let idle = self.steps.iter().filter(|step| step.spread.is_none()).count();
        if idle > 0 {
            notes.push(format!("{idle} steps carry no traffic; nothing is asked there"));
        }
        let tested = self.steps.len() - self.calibrated;
        if self.hot[self.calibrated..].iter().all(|&hot| hot) {
            notes.push("every test step is hot: no onset can be asked for".into());
        }
        for question in questions.iter().filter(|question| question.positives < POSITIVES_FEW) {
            let Question { target, positives, .. } = question;
            notes
                .push(format!("{target}: {positives} positive test steps; the figures say little"));
        }
        if tested < 4 * self.options.definition.window {
            notes.push(format!(
                "the test stretch ({tested} steps) is shorter than four windows; intervals are rough"
            ));
        }
        notes
    }
}

/// Lag-1 autocorrelation of log R.
fn autocorrelation(steps: &[Step]) -> Option<f64> {
    let series: Vec<f64> = steps.iter().filter_map(|step| Some(step.spread?.log_r)).collect();
    let mean = series.iter().sum::<f64>() / series.len() as f64;
    let variance: f64 = series.iter().map(|value| (value - mean).powi(2)).sum();
    let together: f64 = series.windows(2).map(|two| (two[0] - mean) * (two[1] - mean)).sum();
    (variance > 0.0).then(|| together / variance)
}
