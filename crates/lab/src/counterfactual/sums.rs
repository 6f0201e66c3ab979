//! What is added up per scenario, and how sums become numbers.
//!
//! Every estimate is a function of sums over decisions, and decisions of one scenario are resampled
//! together: one vector of sums per scenario is all that a bootstrap needs.

use std::collections::HashMap;

use npo_core::Signal;

use super::answering::AnswerModel;
use super::bootstrap::mix;
use super::outcome::OutcomeModel;
use super::row::{Kind, Row};

/// Labels rarer than this carry weights that one label could decide everything with; a decision
/// whose label had less than this probability counts as unsupported.
pub(super) const LABEL_PROBABILITY_MIN: f64 = 1e-3;
/// Labels of what only the target surfaces that its answers are told from.
pub(super) const ADDED_LABELS_MIN: u64 = 10;
/// Labels of equal weight that they must amount to.
const ADDED_EFFECTIVE_MIN: f64 = 5.0;
/// Groups that are resampled at most; beyond, scenarios are pooled, which stays valid.
const GROUPS_MAX: u64 = 20_000;

/// Sums over decisions under one way to decide, the log's own or the target's.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Sums {
    /// Decisions that the log lets through, or the target, without those that are still open: the same
    /// number on both sides, so that what is said per 1,000 can be compared.
    pub(super) eligible: f64,
    /// Of those, decisions surfaced, or carried out without asking.
    pub(super) surfaced: f64,
    /// Decisions surfaced that the log can say nothing about.
    pub(super) unsupported: f64,
    /// Cost of an override, over surfaced decisions: the log's and the target's.
    pub(super) cost: [f64; 2],
    /// The same over unsupported ones.
    pub(super) unsupported_cost: [f64; 2],
    /// Weights of labels.
    pub(super) weight: f64,
    /// By weights.
    pub(super) weighted: Totals,
    /// By the outcome model, corrected by weighted residuals.
    pub(super) robust: Totals,
}

/// Likes, overrides, losses and utilities of surfaced decisions.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Totals {
    pub(super) likes: f64,
    pub(super) overrides: f64,
    pub(super) loss: f64,
    /// Likes minus the cost of overrides: the log's cost and the target's.
    pub(super) utility: [f64; 2],
}

impl Totals {
    pub(super) fn add(&mut self, other: &Self, times: f64) {
        let Self { likes, overrides, loss, utility } = other;
        self.likes += times * likes;
        self.overrides += times * overrides;
        self.loss += times * loss;
        self.utility[0] += times * utility[0];
        self.utility[1] += times * utility[1];
    }

    fn of(like: f64, override_: f64, loss: f64, cost: [f64; 2]) -> Self {
        let utility = cost.map(|cost| like - cost * override_);
        Self { likes: like, overrides: override_, loss, utility }
    }
}

impl Sums {
    /// Counts decisions surfaced, and whether the log can say something about them.
    fn surface(&mut self, surfaced: f64, known: bool, cost: [f64; 2]) {
        self.surfaced += surfaced;
        self.unsupported += if known { 0.0 } else { surfaced };
        for (i, cost) in cost.iter().enumerate() {
            self.cost[i] += surfaced * cost;
            self.unsupported_cost[i] += if known { 0.0 } else { surfaced * cost };
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        let Self {
            eligible,
            surfaced,
            unsupported,
            cost,
            unsupported_cost,
            weight,
            weighted,
            robust,
        } = other;
        self.eligible += eligible;
        self.surfaced += surfaced;
        self.unsupported += unsupported;
        for i in 0..2 {
            self.cost[i] += cost[i];
            self.unsupported_cost[i] += unsupported_cost[i];
        }
        self.weight += weight;
        self.weighted.add(weighted, 1.0);
        self.robust.add(robust, 1.0);
    }
}

/// What labels say of decisions that the target surfaces and the log does not.
#[derive(Debug, Default)]
struct Extra {
    labels: u64,
    /// Sum of weights and of their squares.
    weights: (f64, f64),
}

impl Extra {
    fn of(rows: &[Row], answers: &AnswerModel) -> Self {
        let mut extra = Self::default();
        for row in rows.iter().filter(|row| row.label().is_some()) {
            let excess = excess(row, answers);
            if excess > 0.0 {
                let weight = answers.count(row) * excess / answers.label_probability(row);
                extra.labels += 1;
                extra.weights.0 += weight;
                extra.weights.1 += weight * weight;
            }
        }
        extra
    }

    fn told(&self) -> bool {
        self.labels >= ADDED_LABELS_MIN && effective(self.weights) >= ADDED_EFFECTIVE_MIN
    }
}

/// By how much more the target surfaces a decision than the log, of those that could have a label.
fn excess(row: &Row, answers: &AnswerModel) -> f64 {
    let could = row.kind.eligible()
        && row.target_allows
        && answers.label_probability(row) >= LABEL_PROBABILITY_MIN;
    if could { f64::from(row.target - row.surfaced).max(0.0) } else { 0.0 }
}

/// Cost of an override, the log's and the target's.
fn costs(row: &Row, other_cost: Option<f64>) -> [f64; 2] {
    [f64::from(row.cost), other_cost.unwrap_or(f64::from(row.cost))]
}

/// What is known of one way to decide, open decisions included.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Known {
    /// Decisions that policy allows.
    pub(super) eligible: f64,
    /// Decisions surfaced, or carried out without asking.
    pub(super) surfaced: f64,
    /// Decisions that people are asked about.
    pub(super) asked: f64,
}

/// Why the log says nothing about decisions that would be surfaced, as expected counts.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Unknown {
    /// Denied by the log's policy.
    pub(super) blocked: f64,
    /// Neither surfaced nor audited with any probability.
    pub(super) never_asked: f64,
    /// Asked with a probability that is too small to weigh by.
    pub(super) hardly_asked: f64,
    /// Nobody answers decisions like it.
    pub(super) never_answered: f64,
    /// Surfaced by the target alone, with too few labels among all of these.
    pub(super) hardly_labelled: f64,
    /// Labels among them.
    pub(super) labels: u64,
}

/// What the labels under one way to decide amount to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Evidence {
    /// Labels with a weight.
    pub(super) labels: u64,
    /// Likes among them.
    pub(super) likes: u64,
    /// Overrides among them.
    pub(super) overrides: u64,
    /// Scenarios that they come from.
    pub(super) scenarios: u64,
    /// Sum of weights and of their squares, of all labels.
    pub(super) weights: (f64, f64),
    /// Sum of weights and of their squares, of directed labels.
    pub(super) directed: (f64, f64),
    pub(super) unknown: Unknown,
}

impl Evidence {
    /// Labels of equal weight that would say as much.
    pub(super) fn effective(&self) -> f64 {
        effective(self.weights)
    }

    /// The same over directed labels.
    pub(super) fn effective_directed(&self) -> f64 {
        effective(self.directed)
    }
}

fn effective((sum, squares): (f64, f64)) -> f64 {
    if squares > 0.0 { sum * sum / squares } else { 0.0 }
}

/// The log's own way to decide, or the target's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// As it was.
    Logged,
    /// As it would have been.
    Target,
}

/// Sums per scenario (or group of scenarios), logged and target, with the evidence of both.
#[derive(Debug)]
pub(super) struct Added {
    pub(super) groups: Vec<[Sums; 2]>,
    pub(super) known: [Known; 2],
    pub(super) evidence: [Evidence; 2],
}

/// Scenarios of equal weight that would say as much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scenarios {
    /// About the log's own way and the target's.
    pub(super) sides: [f64; 2],
    /// About what is different between both.
    pub(super) difference: f64,
}

impl Added {
    /// Kish's number over the weights that labels have by scenario.
    pub(super) fn scenarios(&self) -> Scenarios {
        let of = |weight: &dyn Fn(&[Sums; 2]) -> f64| {
            effective(self.groups.iter().map(weight).fold((0.0, 0.0), |(sum, squares), weight| {
                (sum + weight, squares + weight * weight)
            }))
        };
        let sides = [of(&|group| group[0].weight), of(&|group| group[1].weight)];
        // What both surface cancels, and may do so in all but a few scenarios.
        let changed = of(&|group| (group[1].weight - group[0].weight).abs());
        let fewer = sides[0].min(sides[1]);
        Scenarios { sides, difference: if changed > 0.0 { changed.min(fewer) } else { fewer } }
    }
}

/// Adds up all rows.
pub(super) fn add_up(
    rows: &[Row],
    answers: &AnswerModel,
    outcomes: &OutcomeModel,
    other_cost: Option<f64>,
) -> Added {
    let mut index: HashMap<u64, usize> = HashMap::new();
    let mut groups: Vec<[Sums; 2]> = Vec::new();
    let (mut known, mut evidence) = ([Known::default(); 2], [Evidence::default(); 2]);
    let mut seen: HashMap<u32, [bool; 2]> = HashMap::new();
    let pooled = pooled(rows);
    // Labels of what both surface say nothing about what only one does, and a recalibrated score
    // alone is no evidence either: it would be an extrapolation with an interval that looks sure.
    let extra = Extra::of(rows, answers);
    evidence[1].unknown.labels = extra.labels;
    for row in rows {
        let scenario = u64::from(row.scenario);
        let group = if pooled { mix(scenario) % GROUPS_MAX } else { scenario };
        let ix = *index.entry(group).or_insert_with(|| {
            groups.push(Default::default());
            groups.len() - 1
        });
        if !(row.kind.eligible() || row.target_allows) {
            continue;
        }
        let count = answers.count(row);
        for (way, side) in [(Way::Logged, 0), (Way::Target, 1)] {
            let (sums, evidence) = (&mut groups[ix][side], &mut evidence[side]);
            known[side].eligible += 1.0;
            sums.eligible += count;
            let Some(decided) = Decided::of(row, way) else { continue };
            known[side].surfaced += decided.surfaced;
            known[side].asked += decided.asked;
            let mut surfaced = count * decided.surfaced;
            if way == Way::Target && !extra.told() {
                let unlabelled = count * excess(row, answers);
                sums.surface(unlabelled, false, costs(row, other_cost));
                evidence.unknown.hardly_labelled += unlabelled;
                surfaced -= unlabelled;
            }
            // Of what has a label all counts, so that a label's weight is not about this.
            if one(row, surfaced, answers, outcomes, other_cost, sums, evidence)
                && !std::mem::replace(&mut seen.entry(row.scenario).or_default()[side], true)
            {
                evidence.scenarios += 1;
            }
        }
    }
    Added { groups, known, evidence }
}

/// Whether there are more scenarios than are resampled one by one.
fn pooled(rows: &[Row]) -> bool {
    let mut seen = std::collections::HashSet::new();
    rows.iter().any(|row| seen.insert(row.scenario) && seen.len() as u64 > GROUPS_MAX)
}

/// What one way to decide makes of an allowed decision, as probabilities.
struct Decided {
    surfaced: f64,
    asked: f64,
}

impl Decided {
    fn of(row: &Row, way: Way) -> Option<Self> {
        let (allowed, surfaced, asked) = match way {
            Way::Logged => (row.kind.eligible(), row.surfaced, row.ask_probability()),
            Way::Target => (row.target_allows, row.target, f64::from(row.target_asked)),
        };
        allowed.then(|| Self { surfaced: f64::from(surfaced), asked })
    }
}

/// Adds what is surfaced of one decision; true if it has a label that counts.
fn one(
    row: &Row,
    surfaced: f64,
    answers: &AnswerModel,
    outcomes: &OutcomeModel,
    other_cost: Option<f64>,
    sums: &mut Sums,
    evidence: &mut Evidence,
) -> bool {
    if surfaced == 0.0 {
        return false;
    }
    let cost = costs(row, other_cost);
    let label_probability = answers.label_probability(row);
    let known = label_probability >= LABEL_PROBABILITY_MIN;
    sums.surface(surfaced, known, cost);
    if !known {
        let unknown = &mut evidence.unknown;
        let reason = match row.kind {
            Kind::Blocked | Kind::Held => &mut unknown.blocked,
            _ if answers.never_answered(row) => &mut unknown.never_answered,
            _ if label_probability == 0.0 => &mut unknown.never_asked,
            _ => &mut unknown.hardly_asked,
        };
        *reason += surfaced;
        return false;
    }
    let expected = outcomes.expect(row);
    sums.robust.add(&Totals::of(expected.like, expected.override_, expected.loss, cost), surfaced);
    let Some(signal) = row.label() else { return false };
    let weight = surfaced / label_probability;
    let like = f64::from(u8::from(signal == Signal::Like));
    let override_ = f64::from(u8::from(signal == Signal::Override));
    let loss = f64::from(row.loss);
    sums.weight += weight;
    sums.weighted.add(&Totals::of(like, override_, loss, cost), weight);
    let residual = Totals::of(
        like - expected.like,
        override_ - expected.override_,
        loss - expected.loss,
        cost,
    );
    sums.robust.add(&residual, weight);
    evidence.labels += 1;
    evidence.likes += u64::from(signal == Signal::Like);
    evidence.overrides += u64::from(signal == Signal::Override);
    evidence.weights.0 += weight;
    evidence.weights.1 += weight * weight;
    if signal.is_directed() {
        evidence.directed.0 += weight;
        evidence.directed.1 += weight * weight;
    }
    true
}
