//! Refit of the calibrated score on a frozen set of labels, its held-out evaluation, and the gate.
//!
//! A refit reads the labels again from the prior, under several rates of drift, and keeps the rate
//! that predicts best; how well it does is measured on the latest part of the labels, each predicted
//! before it is learned, against what the model in force had said at that time.
//! A candidate passes the gate if it predicts better on the whole beyond chance, and no slice got
//! worse by more than its tolerance beyond chance.
//! Beyond chance means that the 95 % interval of the paired difference does not reach 0: an alarm that
//! starts a refit fires on the very labels that are held out, so that the model in force looks worse
//! on them than it is, and a promotion costs the certificate.

use serde::{Deserialize, Serialize};

use super::effect::Effect;
use super::math::predictive;
use super::posterior::{Label, Posterior, PosteriorSettings, plan};
use crate::guarantee::calibration::{self, CalibrationSettings};
use crate::guarantee::sequence::Estimate;
use crate::{ScenarioId, Vector};

/// Scenario effects that a model may carry, so that its event stays within the log's limit.
pub const EFFECTS_MAX: usize = 20_000;
/// Labels that a refit needs at least.
pub const ROWS_MIN: usize = 50;
/// Part of the labels, the latest, that the evaluation is made on.
pub const HELD_OUT: f64 = 0.25;
/// Labels that a slice needs to have a say.
pub const SLICE_ROWS_MIN: u32 = 20;
/// Mean log loss, in nats, by which a slice may get worse.
pub const SLICE_TOLERANCE: f64 = 0.02;
/// Rates of drift that a refit chooses from.
pub const DRIFTS: [f64; 5] = [0.0, 3e-4, 1e-3, 3e-3, 1e-2];
/// Probabilities are kept this far from 0 and 1 in a log loss.
const CLIP: f64 = 1e-6;

/// A model as numbers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Parameters {
    /// Posterior mean of the weights, in input order.
    pub mean: Vec<f64>,
    /// Posterior covariance, row-major.
    pub covariance: Vec<f64>,
    /// Scenario, mean and variance of its effect, ascending by scenario; the others of the scenario
    /// type start anew.
    pub effects: Vec<(ScenarioId, f64, f64)>,
}

/// One label of a frozen set.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelRow {
    /// The scenario.
    pub scenario: ScenarioId,
    /// The decision's inputs.
    pub x: Vector,
    /// The label, with the reliability that it was read with.
    pub label: Label,
    /// Decisions of the scenario type before it: the clock of the drift.
    pub clock: u64,
    /// What the model in force said of the decision just before the label.
    pub predicted: f64,
    /// Slices that it belongs to, such as `site=east`; the whole is always one.
    pub slices: Vec<String>,
}

/// How one slice fares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SliceScore {
    /// Which; `all` for the whole.
    pub slice: String,
    /// Directed labels in it.
    pub rows: u32,
    /// Mean log loss of the model in force, in nats.
    pub before: f64,
    /// Mean log loss of the candidate.
    pub after: f64,
    /// 95 % interval of the mean paired difference, after − before.
    pub difference: (f64, f64),
    /// Whether it got worse by more than its tolerance, beyond chance.
    pub regressed: bool,
}

/// A part of the reliability curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Mean predicted probability.
    pub predicted: f64,
    /// Share of likes.
    pub observed: f64,
    /// Interval of that share.
    pub interval: (f64, f64),
    /// Labels.
    pub rows: u32,
}

/// How well probabilities fit what happened.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Calibration {
    /// Directed labels.
    pub rows: u32,
    /// Mean squared error and its 95 % interval.
    pub brier: (f64, f64, f64),
    /// Expected calibration error and its 95 % interval.
    pub ece: (f64, f64, f64),
    /// Slope of a logistic recalibration; 1 is right, below 1 is too sure.
    pub slope: Option<f64>,
    /// The reliability curve.
    pub curve: Vec<CurvePoint>,
}

/// Held-out evaluation of a candidate against the model in force.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Evaluation {
    /// Labels trained on before the first held-out one.
    pub trained: u32,
    /// Directed labels held out.
    pub held_out: u32,
    /// Slices, the whole first.
    pub slices: Vec<SliceScore>,
    /// Calibration of the model in force.
    pub before: Calibration,
    /// Calibration of the candidate.
    pub after: Calibration,
    /// Whether it passed the gate.
    pub passed: bool,
    /// Why, or why not, in words.
    pub reason: String,
}

/// The prior that a refit starts from.
#[derive(Debug, Clone, PartialEq)]
pub struct Start<'a> {
    /// Prior mean of the weights.
    pub prior: &'a [f64],
    /// The scorer's constants; the drift is what a refit chooses.
    pub settings: PosteriorSettings,
}

/// A model that labels are read into.
#[derive(Debug, Clone)]
pub struct Reader {
    posterior: Posterior,
    /// Ascending by scenario.
    effects: Vec<(ScenarioId, Effect)>,
    settings: PosteriorSettings,
}

impl Reader {
    /// The prior, read with `drift`.
    #[must_use]
    pub fn new(start: &Start<'_>, drift: f64) -> Self {
        let settings = PosteriorSettings { weight_drift: drift, ..start.settings };
        let posterior = Posterior::new(start.prior, settings.weight_variance);
        Self { posterior, effects: Vec::new(), settings }
    }

    /// Reads one label; gives the probability of a like that was predicted before it.
    pub fn read(&mut self, row: &LabelRow) -> f64 {
        let settings = &self.settings;
        let i = match self.effects.binary_search_by_key(&row.scenario, |(id, _)| *id) {
            Ok(i) => i,
            Err(i) => {
                let fresh = Effect::new(settings.effect_variance, 0.5, row.clock);
                self.effects.insert(i, (row.scenario, fresh));
                i
            }
        };
        let effect = &mut self.effects[i].1;
        let variance =
            effect.variance_at(row.clock, settings.effect_drift, settings.effect_variance);
        let logit = self.posterior.logit(&row.x, effect.mean, variance);
        let planned = plan(logit, variance, row.label);
        self.posterior.apply(&row.x, effect, &planned, row.clock, settings.weight_drift);
        predictive(logit.mean, logit.variance)
    }

    /// The model as numbers; the most uncertain effects are left out beyond [`EFFECTS_MAX`], and
    /// so start anew when it comes into force: what is lost of them is what is least known.
    #[must_use]
    pub fn parameters(&self) -> Parameters {
        let mut effects: Vec<_> =
            self.effects.iter().map(|(id, e)| (*id, e.mean, e.variance)).collect();
        if effects.len() > EFFECTS_MAX {
            effects.sort_by(|a, b| a.2.total_cmp(&b.2).then(a.0.cmp(&b.0)));
            effects.truncate(EFFECTS_MAX);
            effects.sort_by_key(|(id, ..)| *id);
        }
        Parameters {
            mean: self.posterior.mean.clone(),
            covariance: self.posterior.covariance().to_vec(),
            effects,
        }
    }
}

/// Why there is nothing to refit on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found} labels are too few for a refit, expected at least {ROWS_MIN}")]
pub struct TooFew {
    found: usize,
}

/// What a refit found.
#[derive(Debug, Clone)]
pub struct Refit {
    /// Rate of drift chosen on the training part.
    pub drift: f64,
    /// The model after all labels, to be brought up to labels that came since.
    pub reader: Reader,
    /// Its evaluation.
    pub evaluation: Evaluation,
}

fn log_loss(p: f64, liked: bool) -> f64 {
    let p = p.clamp(CLIP, 1.0 - CLIP);
    -(if liked { p } else { 1.0 - p }).ln()
}

fn directed(row: &LabelRow) -> bool {
    row.label.value == 0.0 || row.label.value == 1.0
}

/// Refits on `rows`, oldest first.
///
/// # Errors
/// [`TooFew`] labels.
pub fn refit(start: &Start<'_>, rows: &[LabelRow]) -> Result<Refit, TooFew> {
    if rows.len() < ROWS_MIN {
        return Err(TooFew { found: rows.len() });
    }
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of labels"
    )]
    let trained = ((1.0 - HELD_OUT) * rows.len() as f64) as usize;
    let mut best: Option<(f64, f64)> = None;
    for drift in DRIFTS {
        let mut reader = Reader::new(start, drift);
        // The first half of the training part warms the model up.
        let loss: f64 = rows[..trained]
            .iter()
            .enumerate()
            .map(|(i, row)| {
                let p = reader.read(row);
                let counts = i >= trained / 2 && directed(row);
                if counts { log_loss(p, row.label.value > 0.5) } else { 0.0 }
            })
            .sum();
        if best.is_none_or(|(least, _)| loss < least) {
            best = Some((loss, drift));
        }
    }
    let drift = best.map_or(start.settings.weight_drift, |(_, drift)| drift);
    let mut reader = Reader::new(start, drift);
    rows[..trained].iter().for_each(|row| {
        reader.read(row);
    });
    let after: Vec<f64> = rows[trained..].iter().map(|row| reader.read(row)).collect();
    let evaluation = evaluate(&rows[trained..], &after, trained);
    Ok(Refit { drift, reader, evaluation })
}

/// Compares `after` with what the model in force had said of `rows`.
fn evaluate(rows: &[LabelRow], after: &[f64], trained: usize) -> Evaluation {
    let mut slices: Vec<String> = rows.iter().flat_map(|row| row.slices.clone()).collect();
    slices.sort_unstable();
    slices.dedup();
    let score = |slice: Option<&str>| {
        let differences: Vec<(f64, f64)> = rows
            .iter()
            .zip(after)
            .filter(|(row, _)| directed(row))
            .filter(|(row, _)| slice.is_none_or(|s| row.slices.iter().any(|of| of == s)))
            .map(|(row, after)| {
                let liked = row.label.value > 0.5;
                (log_loss(row.predicted, liked), log_loss(*after, liked))
            })
            .collect();
        slice_score(slice.unwrap_or("all"), &differences)
    };
    let whole = score(None);
    let parts = slices.iter().map(|s| score(Some(s))).filter(|s| s.rows >= SLICE_ROWS_MIN);
    let mut scores = vec![whole];
    scores.extend(parts);
    let pairs = |of: &dyn Fn(usize) -> f64| -> Vec<(f64, bool)> {
        rows.iter()
            .enumerate()
            .filter(|(_, row)| directed(row))
            .map(|(i, row)| (of(i), row.label.value > 0.5))
            .collect()
    };
    let (before, after) =
        (calibration(&pairs(&|i| rows[i].predicted)), calibration(&pairs(&|i| after[i])));
    let (passed, reason) = gate(&scores);
    let held_out = scores[0].rows;
    let trained = u32::try_from(trained).unwrap_or(u32::MAX);
    Evaluation { trained, held_out, slices: scores, before, after, passed, reason }
}

#[expect(clippy::cast_precision_loss, reason = "counts of labels")]
fn slice_score(slice: &str, losses: &[(f64, f64)]) -> SliceScore {
    let n = losses.len().max(1) as f64;
    let (before, after) = losses.iter().fold((0.0, 0.0), |(b, a), (x, y)| (b + x, a + y));
    let mean = (after - before) / n;
    let spread = losses.iter().map(|(b, a)| (a - b - mean).powi(2)).sum::<f64>();
    let half = 1.96 * (spread / (n - 1.0).max(1.0) / n).sqrt();
    let rows = u32::try_from(losses.len()).unwrap_or(u32::MAX);
    // A slice speaks against a candidate if it got worse by more than its tolerance, and not merely
    // by the luck of its labels.
    let regressed = rows >= SLICE_ROWS_MIN && mean > SLICE_TOLERANCE && mean - half > 0.0;
    SliceScore {
        slice: slice.to_owned(),
        rows,
        before: before / n,
        after: after / n,
        difference: (mean - half, mean + half),
        regressed,
    }
}

fn gate(slices: &[SliceScore]) -> (bool, String) {
    let whole = &slices[0];
    if let Some(worse) = slices.iter().find(|slice| slice.regressed) {
        let SliceScore { slice, before, after, rows, .. } = worse;
        return (
            false,
            format!(
                "`{slice}` got worse beyond chance: log loss {before:.3} → {after:.3} on {rows} labels"
            ),
        );
    }
    if whole.rows < SLICE_ROWS_MIN {
        let (rows, least) = (whole.rows, SLICE_ROWS_MIN);
        return (false, format!("only {rows} held-out likes and overrides, expected {least}"));
    }
    let (low, high) = whole.difference;
    let words = format!(
        "log loss {:.3} → {:.3} on {} held-out labels, difference {low:.3} to {high:.3}",
        whole.before, whole.after, whole.rows
    );
    if high < 0.0 {
        let none = format!(
            "no slice of {SLICE_ROWS_MIN} or more got worse by over {SLICE_TOLERANCE} beyond chance"
        );
        (true, format!("better beyond chance: {words}; {none}"))
    } else {
        (false, format!("not better beyond chance: {words}"))
    }
}

/// Calibration of predictions `(p, liked)`, with intervals at 95 %.
#[must_use]
pub fn calibration(pairs: &[(f64, bool)]) -> Calibration {
    let latest = &pairs[pairs.len().saturating_sub(calibration::ROWS_MAX)..];
    let rows = latest.iter().map(|(p, liked)| calibration::Row {
        p: p.clamp(0.0, 1.0),
        y: f64::from(u8::from(*liked)),
        weight: 1.0,
    });
    let settings = CalibrationSettings::default();
    // Neither the settings nor rows of this form can be out of range.
    let Ok(report) = calibration::Calibration::of(rows, &settings) else {
        return Calibration::default();
    };
    let three = |e: Estimate| (e.value.unwrap_or(0.0), e.low, e.high);
    Calibration {
        rows: u32::try_from(report.rows).unwrap_or(u32::MAX),
        brier: three(report.brier),
        ece: three(report.error),
        slope: report.recalibration.map(|r| r.slope),
        curve: report
            .bins
            .iter()
            .map(|bin| CurvePoint {
                predicted: bin.predicted,
                observed: bin.observed.value.unwrap_or(0.0),
                interval: (bin.observed.low, bin.observed.high),
                rows: u32::try_from(bin.rows).unwrap_or(u32::MAX),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paired losses in nats: `n` labels whose loss changes by `mean`, give or take `spread`.
    fn losses(n: u32, mean: f64, spread: f64) -> Vec<(f64, f64)> {
        let sign = |i| if i % 2 == 0 { 1.0 } else { -1.0 };
        (0..n).map(|i| (0.7, 0.7 + mean + spread * sign(i))).collect()
    }

    #[track_caller]
    fn check(whole: &[(f64, f64)], slice: &[(f64, f64)], expected: Result<&str, &str>) {
        let (passed, reason) = gate(&[slice_score("all", whole), slice_score("site=east", slice)]);
        let (pass, words) = match expected {
            Ok(words) => (true, words),
            Err(words) => (false, words),
        };
        assert!(passed == pass && reason.starts_with(words), "{passed}: {reason}");
    }

    #[test]
    fn only_what_is_beyond_chance_passes_the_gate() {
        // The half of the interval is 1.96·.3/√99: .059.
        let (gain, none) = (losses(100, -0.07, 0.3), losses(30, 0.0, 0.0));
        check(&gain, &none, Ok("better beyond chance: log loss 0.700 → 0.630 on 100 held-out"));
        let chance = losses(100, -0.05, 0.3);
        check(&chance, &none, Err("not better beyond chance: log loss 0.700 → 0.650 on 100"));
        check(&none, &none, Err("not better beyond chance"));
        check(&losses(19, -0.5, 0.1), &none, Err("only 19 held-out likes and overrides"));
    }

    #[test]
    fn a_slice_speaks_against_a_candidate_beyond_chance_alone() {
        let gain = losses(100, -0.07, 0.3);
        check(&gain, &losses(20, 0.3, 0.5), Err("`site=east` got worse beyond chance"));
        // Much worse, and perhaps by the luck of its labels: the reason claims no more than that.
        let (_, reason) = gate(&[slice_score("all", &gain)]);
        assert!(
            reason.ends_with("no slice of 20 or more got worse by over 0.02 beyond chance"),
            "{reason}"
        );
        check(&gain, &losses(20, 0.3, 0.7), Ok("better beyond chance"));
        check(&gain, &losses(19, 0.3, 0.1), Ok("better beyond chance"));
        // Surely worse, and by less than is worth a thought.
        check(&gain, &losses(400, 0.019, 0.01), Ok("better beyond chance"));
    }
}
