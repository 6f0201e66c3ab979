//! A scorer that finds out by itself how fast the world moves and how noisy the labels are.
//!
//! One forgetting rate cannot serve a stream that stands still and one that turns over in a day, and
//! one likelihood cannot serve careful operators and careless ones.
//! So a small bank of Bayesian logistic filters runs side by side, each with its own drift of the
//! weights, drift of the intercept, label noise ε (P(like) = (1 − ε)σ(z) + ε(1 − σ(z))) and
//! expansion of the inputs; a further filter over their log-odds, of the same kind, stacks them into
//! one probability and so recalibrates it as well.
//! Beside it runs the fixed-share posterior over the bank (Herbster & Warmuth 1998): it predicts a
//! little worse than the stack, but its weights can be read, see [`Adaptive::settled`].
//!
//! A label is planned ([`Adaptive::plan`], with exponentials and logarithms) and then applied
//! ([`Adaptive::apply`], with sums, products, quotients and square roots, which come out the same
//! on every platform), so that a lesson can stand in an event.
//! The one-dimensional mode search is [`super::posterior::plan`]'s; the step over the weights is
//! done here because drift is per coordinate and capped, which one covariance per scenario type
//! does not need.

mod expand;
mod filter;
mod scaler;

use serde::{Deserialize, Serialize};

pub use self::expand::Expansion;
use self::filter::{Drift, Filter, Step};
use self::scaler::Scaler;
use super::math::{logit, predictive};
use super::posterior::{Label, Logit, plan};

/// No probability is closer to 0 or 1 than this: one surprise must not cost more than 14 nats.
const PROBABILITY_MIN: f64 = 1e-6;

/// One filter of the bank.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpertSettings {
    /// What of the inputs it sees.
    pub expansion: Expansion,
    /// Variance added to every weight per label, as a share of the prior variance.
    pub drift: f64,
    /// The same for the intercept; never below `drift`.
    pub intercept_drift: f64,
    /// ε: probability that a label says the opposite of what was meant, in [0, ½).
    pub noise: f64,
}

/// Constants of the scorer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdaptiveSettings {
    /// Prior variance of every weight of the bank, on standardised inputs.
    pub weight_variance: f64,
    /// Prior variance of the stack's weights around an equal share each.
    pub stack_variance: f64,
    /// Variance added to every weight of the stack per label.
    pub stack_drift: f64,
    /// Share of the bank's weight that is spread evenly again per label.
    pub share: f64,
    /// Inputs up to which squares are worth their cost (the cost of a label is quadratic in them).
    pub squares_inputs_max: usize,
    /// Inputs up to which products of pairs are.
    pub pairs_inputs_max: usize,
    /// The bank.
    pub experts: Vec<ExpertSettings>,
}

impl Default for AdaptiveSettings {
    /// Three speeds, four levels of noise, a tracking intercept, and a few expanded filters.
    fn default() -> Self {
        let of = |expansion, drift, intercept_drift, noise| ExpertSettings {
            expansion,
            drift,
            intercept_drift,
            noise,
        };
        let plain = |drift, noise| of(Expansion::Linear, drift, drift, noise);
        let mut experts = vec![
            plain(1e-5, 0.0),
            plain(1e-3, 0.0),
            plain(1e-2, 0.0),
            plain(1e-4, 0.05),
            plain(1e-3, 0.1),
            plain(1e-3, 0.2),
            of(Expansion::Linear, 1e-3, 0.25, 0.0),
            of(Expansion::Linear, 1e-2, 0.25, 0.0),
        ];
        for expansion in [Expansion::Squares, Expansion::Pairs] {
            experts.push(of(expansion, 1e-5, 1e-5, 0.0));
            experts.push(of(expansion, 1e-3, 1e-3, 0.0));
            experts.push(of(expansion, 1e-3, 1e-3, 0.1));
        }
        Self {
            weight_variance: 2.0,
            stack_variance: 0.1,
            stack_drift: 1e-6,
            share: 1e-3,
            squares_inputs_max: 40,
            pairs_inputs_max: 12,
            experts,
        }
    }
}

/// The scorer: bank, stack, and the running standardisation of the inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Adaptive {
    scaler: Scaler,
    experts: Vec<Expert>,
    /// Sees 1 and the log-odds of every expert.
    stack: Filter,
    stack_drift: Drift,
    share: f64,
    /// Labels learned so far.
    pub updates: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Expert {
    settings: ExpertSettings,
    drift: Drift,
    filter: Filter,
    /// Fixed-share weight; all sum to 1.
    weight: f64,
}

/// What the scorer makes of one input, before its label is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// P(like), in (0, 1).
    pub probability: f64,
    /// P(like) by the fixed-share mixture alone, in (0, 1).
    pub mixture: f64,
    experts: Vec<Opinion>,
    stack: Logit,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Opinion {
    logit: Logit,
    probability: f64,
}

/// The planned effect of one label, as numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lesson {
    experts: Vec<ExpertLesson>,
    stack: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct ExpertLesson {
    step: Step,
    /// Log-odds it gave to a like, which is what the stack saw.
    log_odds: f64,
    /// Likelihood it gave to the label, to the power of the label's weight.
    likelihood: f64,
}

/// What the bank has settled on: fixed-share weights, summed by what they stand for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    /// Every expert with its weight; the weights sum to 1.
    pub experts: Vec<(ExpertSettings, f64)>,
    /// Mean ε under the weights.
    pub noise: f64,
    /// Geometric mean of the drift under the weights, as a share of the prior variance per label.
    pub drift: f64,
    /// Weight of the experts whose intercept moves faster than their weights.
    pub tracking: f64,
    /// Weight of the experts that see squares or pairs.
    pub curved: f64,
}

impl Adaptive {
    /// The prior over `inputs` features (without the constant 1, which is added here).
    ///
    /// A label costs about 3·n² multiplications per expert, n being its expanded inputs.
    #[must_use]
    pub fn new(inputs: usize, settings: &AdaptiveSettings) -> Self {
        let fits = |expansion| match expansion {
            Expansion::Linear => true,
            Expansion::Squares => inputs <= settings.squares_inputs_max,
            // Of one input, squares are all there is.
            Expansion::Pairs => (2..=settings.pairs_inputs_max).contains(&inputs),
        };
        let variance = settings.weight_variance;
        let bank: Vec<_> = settings.experts.iter().filter(|e| fits(e.expansion)).collect();
        #[expect(clippy::cast_precision_loss, reason = "a bank has a handful of experts")]
        let even = 1.0 / bank.len().max(1) as f64;
        let experts: Vec<Expert> = bank
            .into_iter()
            .map(|expert| Expert {
                settings: *expert,
                drift: Drift::new(
                    expert.drift * variance,
                    expert.intercept_drift.max(expert.drift) * variance,
                    variance,
                ),
                filter: Filter::new(
                    vec![0.0; expert.expansion.length(inputs)],
                    settings.weight_variance,
                ),
                weight: even,
            })
            .collect();
        let mut prior = vec![even; experts.len() + 1];
        prior[0] = 0.0;
        Self {
            scaler: Scaler::new(inputs),
            experts,
            stack: Filter::new(prior, settings.stack_variance),
            stack_drift: Drift::new(
                settings.stack_drift,
                settings.stack_drift,
                settings.stack_variance,
            ),
            share: settings.share,
            updates: 0,
        }
    }

    /// P(like | x), in (0, 1); missing values of `x` (NaN) stand for the mean so far.
    #[must_use]
    pub fn predict(&self, x: &[f64]) -> f64 {
        self.judge(x).probability
    }

    /// All that [`Self::plan`] needs of an input.
    #[must_use]
    pub fn judge(&self, x: &[f64]) -> Judgement {
        let inputs = self.inputs(x);
        let experts: Vec<Opinion> =
            self.experts.iter().map(|expert| expert.judge(&inputs)).collect();
        let stack = self.stack.logit(&stack_inputs(experts.iter().map(|o| logit(o.probability))));
        let mixture = self.experts.iter().zip(&experts).map(|(e, o)| e.weight * o.probability);
        let (mixture, probability) = (mixture.sum(), predictive(stack.mean, stack.variance));
        Judgement { probability: inside(probability), mixture: inside(mixture), experts, stack }
    }

    /// Plans what `label` of the judged input teaches.
    #[must_use]
    pub fn plan(&self, judged: &Judgement, label: Label) -> Lesson {
        let experts = self
            .experts
            .iter()
            .zip(&judged.experts)
            .map(|(expert, opinion)| ExpertLesson {
                step: Step::of(&plan(
                    opinion.logit,
                    0.0,
                    through_noise(label, expert.settings.noise),
                )),
                log_odds: logit(opinion.probability),
                likelihood: likelihood(opinion.probability, label),
            })
            .collect();
        Lesson { experts, stack: Step::of(&plan(judged.stack, 0.0, label)) }
    }

    /// Applies a planned lesson for input `x`.
    ///
    /// A lesson of another bank teaches only what both have in common.
    pub fn apply(&mut self, x: &[f64], lesson: &Lesson) {
        let inputs = self.inputs(x);
        for (expert, planned) in self.experts.iter_mut().zip(&lesson.experts) {
            let seen = &inputs[..expert.filter.dim()];
            expert.filter.apply(seen, planned.step, expert.drift);
            expert.weight *= planned.likelihood;
        }
        let seen = stack_inputs(lesson.experts.iter().map(|planned| planned.log_odds));
        self.stack.apply(&seen, lesson.stack, self.stack_drift);
        self.spread();
        self.scaler.count(x);
        self.updates += 1;
    }

    /// Plans and applies a label of a faultless operator: 1 for a like, 0 for an override, learned
    /// with `weight` in [0, 1].
    pub fn learn(&mut self, x: &[f64], y: f64, weight: f64) {
        let label = Label { value: y, weight, sensitivity: 1.0, specificity: 1.0 };
        let lesson = self.plan(&self.judge(x), label);
        self.apply(x, &lesson);
    }

    /// What the bank has settled on by now.
    #[must_use]
    pub fn settled(&self) -> Settled {
        let weigh = |value: &dyn Fn(&ExpertSettings) -> f64| -> f64 {
            self.experts.iter().map(|e| e.weight * value(&e.settings)).sum()
        };
        Settled {
            experts: self.experts.iter().map(|e| (e.settings, e.weight)).collect(),
            noise: weigh(&|e| e.noise),
            drift: weigh(&|e| e.drift.max(f64::MIN_POSITIVE).ln()).exp(),
            tracking: weigh(&|e| f64::from(e.intercept_drift > e.drift)),
            curved: weigh(&|e| f64::from(e.expansion != Expansion::Linear)),
        }
    }

    fn inputs(&self, x: &[f64]) -> Vec<f64> {
        let widest = self.experts.iter().map(|e| e.settings.expansion).max();
        widest.unwrap_or(Expansion::Linear).expand(&self.scaler.scaled(x))
    }

    /// Renormalises the bank's weights and gives every expert its fixed share.
    fn spread(&mut self) {
        let sum: f64 = self.experts.iter().map(|expert| expert.weight).sum();
        #[expect(clippy::cast_precision_loss, reason = "a bank has a handful of experts")]
        let even = 1.0 / self.experts.len().max(1) as f64;
        for expert in &mut self.experts {
            // A likelihood is at least 1e-6 and a weight at least its share, so the sum is positive.
            expert.weight = (1.0 - self.share) * expert.weight / sum + self.share * even;
        }
    }
}

impl Expert {
    fn judge(&self, inputs: &[f64]) -> Opinion {
        let logit = self.filter.logit(&inputs[..self.filter.dim()]);
        let meant = predictive(logit.mean, logit.variance);
        let noise = self.settings.noise;
        Opinion { logit, probability: inside((1.0 - noise) * meant + noise * (1.0 - meant)) }
    }
}

/// The constant 1 and the log-odds of the bank.
fn stack_inputs(log_odds: impl Iterator<Item = f64>) -> Vec<f64> {
    std::iter::once(1.0).chain(log_odds).collect()
}

/// The label's channel behind a channel that flips with probability `noise`.
fn through_noise(label: Label, noise: f64) -> Label {
    let behind = |right: f64, wrong: f64| (1.0 - noise) * right + noise * wrong;
    Label {
        sensitivity: behind(label.sensitivity, 1.0 - label.specificity),
        specificity: behind(label.specificity, 1.0 - label.sensitivity),
        ..label
    }
}

/// Likelihood of the label where a faultless operator would affirm with probability `p`.
fn likelihood(p: f64, label: Label) -> f64 {
    let p = inside(label.sensitivity * p + (1.0 - label.specificity) * (1.0 - p));
    (label.weight * (label.value * p.ln() + (1.0 - label.value) * (1.0 - p).ln())).exp()
}

fn inside(p: f64) -> f64 {
    p.clamp(PROBABILITY_MIN, 1.0 - PROBABILITY_MIN)
}

#[cfg(test)]
mod tests;
