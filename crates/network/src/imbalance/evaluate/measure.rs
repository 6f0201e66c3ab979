//! Figures of one forecast: by steps, by episodes, and of its probabilities.

use std::ops::Range;

use serde::Serialize;

use super::super::Target;
use super::super::bootstrap::{Draws, Interval};
use super::super::predict::log_loss;

/// A forecast's numbers, one per step of the whole series.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scored {
    pub(super) name: &'static str,
    /// The higher, the more an alarm is called for.
    pub(super) scores: Vec<f64>,
    /// Score from which on there is an alarm.
    pub(super) threshold: Option<f64>,
    pub(super) probabilities: Vec<f64>,
}

impl Scored {
    fn alarms(&self, step: usize) -> bool {
        self.threshold.is_some_and(|threshold| self.scores[step] >= threshold)
    }
}

/// A figure with its 95 % block-bootstrap interval; both are missing where it is not defined (nothing to divide by).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figure {
    /// The figure.
    pub value: Option<f64>,
    /// Its interval.
    pub interval: Option<Interval>,
}

/// Figures by steps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ByStep {
    /// Test steps with an alarm.
    pub alarms: usize,
    /// Share of alarms that were right.
    pub precision: Figure,
    /// Share of positive steps that had an alarm.
    pub recall: Figure,
    /// Harmonic mean of the two; 0 where there are positives and none has an alarm.
    pub f1: Figure,
    /// Mean precision over all positive steps, by falling score.
    pub average_precision: Figure,
}

/// Figures by steps, with those of every draw, which comparisons are made of.
pub(super) struct Measured {
    pub(super) name: &'static str,
    pub(super) by_step: ByStep,
    pub(super) f1: Vec<Option<f64>>,
    pub(super) average_precision: Vec<Option<f64>>,
    pub(super) log_loss: (Option<f64>, Vec<Option<f64>>),
}

/// A step where the question was asked.
#[derive(Clone, Copy)]
struct Asked {
    /// Position in the test stretch.
    at: usize,
    score: f64,
    loss: f64,
    alarm: bool,
    label: bool,
}

/// Figures under one weighting of the steps.
#[derive(Default, Clone, Copy)]
struct Sums {
    alarms: f64,
    hits: f64,
    positives: f64,
    loss: f64,
    steps: f64,
}

impl Measured {
    pub(super) fn of(scored: &Scored, labels: &[Option<bool>], from: usize, draws: &Draws) -> Self {
        let asked = (from..labels.len()).filter_map(|t| {
            let label = labels[t]?;
            let (score, loss) = (scored.scores[t], log_loss(scored.probabilities[t], label));
            Some(Asked { at: t - from, score, loss, alarm: scored.alarms(t), label })
        });
        let mut asked: Vec<Asked> = asked.collect();
        asked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.at.cmp(&b.at)));
        let once = vec![1; labels.len() - from];
        let (sums, average) = (Sums::of(&asked, &once), average_precision(&asked, &once));
        let (mut drawn, mut averages) = (Vec::new(), Vec::new());
        for counts in draws.counts() {
            drawn.push(Sums::of(&asked, &counts));
            averages.push(average_precision(&asked, &counts));
        }
        let figure = |of: fn(&Sums) -> Option<f64>| Figure {
            value: of(&sums),
            interval: of(&sums).and_then(|_| Interval::of(drawn.iter().map(of))),
        };
        let by_step = ByStep {
            alarms: sums.alarms as usize,
            precision: figure(Sums::precision),
            recall: figure(Sums::recall),
            f1: figure(Sums::f1),
            average_precision: Figure {
                value: average,
                interval: average.and_then(|_| Interval::of(averages.iter().copied())),
            },
        };
        Self {
            name: scored.name,
            by_step,
            f1: drawn.iter().map(Sums::f1).collect(),
            average_precision: averages,
            log_loss: (sums.mean_loss(), drawn.iter().map(Sums::mean_loss).collect()),
        }
    }
}

impl Sums {
    fn of(asked: &[Asked], counts: &[u32]) -> Self {
        let mut sums = Self::default();
        for step in asked {
            let weight = f64::from(counts[step.at]);
            sums.steps += weight;
            sums.loss += weight * step.loss;
            sums.alarms += if step.alarm { weight } else { 0.0 };
            sums.positives += if step.label { weight } else { 0.0 };
            sums.hits += if step.alarm && step.label { weight } else { 0.0 };
        }
        sums
    }

    fn precision(&self) -> Option<f64> {
        (self.alarms > 0.0).then(|| self.hits / self.alarms)
    }

    fn recall(&self) -> Option<f64> {
        (self.positives > 0.0).then(|| self.hits / self.positives)
    }

    fn f1(&self) -> Option<f64> {
        (self.positives > 0.0).then(|| 2.0 * self.hits / (self.alarms + self.positives))
    }

    fn mean_loss(&self) -> Option<f64> {
        (self.steps > 0.0).then(|| self.loss / self.steps)
    }
}

/// Average precision of steps in order of falling score; steps of one score count as one.
fn average_precision(asked: &[Asked], counts: &[u32]) -> Option<f64> {
    let (mut alarms, mut hits, mut sum) = (0.0, 0.0, 0.0);
    for same in asked.chunk_by(|a, b| a.score == b.score) {
        let mut new_hits = 0.0;
        for step in same {
            let weight = f64::from(counts[step.at]);
            alarms += weight;
            new_hits += if step.label { weight } else { 0.0 };
        }
        hits += new_hits;
        if new_hits > 0.0 {
            sum += new_hits * hits / alarms;
        }
    }
    (hits > 0.0).then(|| sum / hits)
}

/// Figures by episodes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ByEpisode {
    /// Episodes of the test stretch that could be announced.
    pub episodes: usize,
    /// Of those, how many were.
    pub found: usize,
    /// Uninterrupted runs of alarms.
    pub alarm_runs: usize,
    /// Of those, how many were right at some step.
    pub right_runs: usize,
    /// Share of alarm runs that were right.
    pub precision: Option<f64>,
    /// Share of episodes found.
    pub recall: Option<f64>,
    /// Harmonic mean of the two.
    pub f1: Option<f64>,
    /// Median steps from the first alarm to the episode's first step; below 0 where the alarm came after it began.
    pub lead_steps: Option<f64>,
}

impl ByEpisode {
    /// An episode is found by an alarm within the horizon before it or, where presence is asked, before its last step.
    pub(super) fn of(
        scored: &Scored,
        labels: &[Option<bool>],
        episodes: &[Range<usize>],
        from: usize,
        horizon: usize,
        target: Target,
    ) -> Self {
        let alarms = |t: usize| labels[t].is_some() && scored.alarms(t);
        let leads: Vec<Option<f64>> = episodes
            .iter()
            .filter(|episode| episode.start > from)
            .map(|episode| {
                let end = match target {
                    Target::Onset => episode.start,
                    Target::Present => episode.end - 1,
                };
                let first =
                    (episode.start.saturating_sub(horizon).max(from)..end).find(|&t| alarms(t));
                first.map(|t| episode.start as f64 - t as f64)
            })
            .collect();
        let (mut alarm_runs, mut right_runs, mut open) = (0, 0, None);
        for (t, label) in labels.iter().enumerate().skip(from) {
            let right = *label == Some(true);
            open = match (alarms(t), open) {
                (false, _) => None,
                (true, None) => {
                    alarm_runs += 1;
                    right_runs += usize::from(right);
                    Some(right)
                }
                (true, Some(was_right)) => {
                    right_runs += usize::from(right && !was_right);
                    Some(was_right || right)
                }
            };
        }
        let found = leads.iter().flatten().count();
        let share = |part: usize, of: usize| (of > 0).then(|| part as f64 / of as f64);
        let (precision, recall) = (share(right_runs, alarm_runs), share(found, leads.len()));
        let f1 = recall.map(|recall| {
            let precision = precision.unwrap_or(0.0);
            if precision + recall > 0.0 {
                2.0 * precision * recall / (precision + recall)
            } else {
                0.0
            }
        });
        let lead_steps = median(leads.iter().flatten().copied());
        Self {
            episodes: leads.len(),
            found,
            alarm_runs,
            right_runs,
            precision,
            recall,
            f1,
            lead_steps,
        }
    }
}

/// How good probabilities are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibrated {
    /// Mean squared error.
    pub brier: Option<f64>,
    /// Mean log loss, nats.
    pub log_loss: Option<f64>,
    /// Share of the log loss of the test stretch's own rate that is saved; below 0 is worse than that rate.
    pub skill: Option<f64>,
    /// Mean distance of probability and rate over bins of equal size.
    pub calibration_error: Option<f64>,
    /// The bins, by rising probability.
    pub reliability: Vec<ReliabilityBin>,
}

/// Steps of similar probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// How many.
    pub steps: usize,
    /// Their mean probability.
    pub probability: f64,
    /// Share of them where the answer was yes.
    pub rate: f64,
}

/// Bins of the reliability table.
const BINS: usize = 10;

impl Calibrated {
    pub(super) fn of(scored: &Scored, labels: &[Option<bool>], from: usize) -> Self {
        let mut asked: Vec<(f64, bool)> = (from..labels.len())
            .filter_map(|t| Some((scored.probabilities[t], labels[t]?)))
            .collect();
        asked.sort_by(|a, b| a.0.total_cmp(&b.0));
        let count = asked.len();
        let mean = |of: &dyn Fn(f64, bool) -> f64| {
            (count > 0)
                .then(|| asked.iter().map(|&(p, label)| of(p, label)).sum::<f64>() / count as f64)
        };
        let loss = mean(&log_loss);
        let rate = mean(&|_, label| f64::from(u8::from(label)));
        let plain = rate.and_then(|rate| mean(&|_, label| log_loss(rate, label)));
        let bins = asked.chunks(count.div_ceil(BINS).max(1)).map(|bin| {
            let steps = bin.len();
            let probability = bin.iter().map(|(p, _)| p).sum::<f64>() / steps as f64;
            let rate = bin.iter().filter(|(_, label)| *label).count() as f64 / steps as f64;
            ReliabilityBin { steps, probability, rate }
        });
        let reliability: Vec<ReliabilityBin> = bins.collect();
        let apart =
            reliability.iter().map(|bin| bin.steps as f64 * (bin.probability - bin.rate).abs());
        Self {
            brier: mean(&|p, label| (p - f64::from(u8::from(label))).powi(2)),
            log_loss: loss,
            // Without a positive, or with nothing else, the plain rate loses nothing and there is nothing to save.
            skill: loss
                .zip(plain)
                .filter(|(_, plain)| *plain > 1e-9)
                .map(|(loss, plain)| 1.0 - loss / plain),
            calibration_error: (count > 0).then(|| apart.sum::<f64>() / count as f64),
            reliability,
        }
    }
}

/// The middle of values, the mean of the two in the middle of an even number.
pub(super) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        even if even % 2 == 0 => Some(f64::midpoint(values[middle - 1], values[middle])),
        _ => Some(values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(scores: &[f64]) -> Scored {
        Scored {
            name: "a",
            scores: scores.to_vec(),
            threshold: Some(0.5),
            probabilities: scores.to_vec(),
        }
    }

    #[test]
    fn figures_by_steps_are_those_worked_out_by_hand() {
        let labels = [Some(true), None, Some(false), Some(true), Some(false), Some(true)];
        let draws = Draws::new(6, 1, 10, 1);
        let measured = Measured::of(&scored(&[0.9, 0.9, 0.8, 0.7, 0.2, 0.1]), &labels, 0, &draws);
        let ByStep { alarms, precision, recall, f1, average_precision } = measured.by_step;
        assert_eq!(alarms, 3);
        let check = |figure: Figure, expected: f64| {
            assert!((figure.value.expect("defined") - expected).abs() < 1e-12, "{figure:?}");
        };
        check(precision, 2.0 / 3.0);
        check(recall, 2.0 / 3.0);
        check(f1, 2.0 / 3.0);
        check(average_precision, (1.0 + 2.0 / 3.0 + 3.0 / 5.0) / 3.0);
    }

    #[test]
    fn without_a_positive_nothing_is_divided_by_zero() {
        let labels = [Some(false), Some(false), None];
        let measured = Measured::of(&scored(&[0.1, 0.2, 0.9]), &labels, 0, &Draws::new(3, 1, 5, 1));
        assert_eq!(measured.by_step.f1, Figure { value: None, interval: None });
        assert_eq!(measured.by_step.precision, Figure { value: None, interval: None });
        let empty = Calibrated::of(&scored(&[]), &[], 0);
        assert_eq!((empty.brier, empty.skill, empty.calibration_error), (None, None, None));
    }

    #[test]
    fn an_episode_is_found_by_an_alarm_before_it_begins() {
        // Episodes at 3..5 and 8..10; the alarm at 1 announces the first by two steps, the run at 5..7 is wrong and
        // too early for the second.
        let mut labels = vec![Some(false); 10];
        [0, 1, 2, 6, 7].into_iter().for_each(|t| labels[t] = Some(true));
        [3, 4, 8, 9].into_iter().for_each(|t| labels[t] = None);
        let scores = [0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0];
        let found = ByEpisode::of(&scored(&scores), &labels, &[3..5, 8..10], 0, 3, Target::Onset);
        assert_eq!((found.episodes, found.found, found.lead_steps), (2, 2, Some(2.5)));
        assert_eq!((found.alarm_runs, found.right_runs), (2, 1));
    }
}
