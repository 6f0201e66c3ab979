//! From sums to estimates with intervals.
//!
//! Three estimators of what surfaced decisions would be answered: plain inverse propensity
//! (Horvitz–Thompson), self-normalised, and doubly robust. Which decisions would be surfaced is
//! known; only their answers are estimated.
//! Intervals are percentiles of a bootstrap over scenarios, stretched on both sides of the value.
//! A resample of G scenarios spreads by √((G − 1)/G) too little and knows nothing of the spread being
//! estimated itself, which Student's t does: with 10 scenarios of equal weight, plain percentiles of
//! a mean leave the truth out about twice as often as they say. G is the number of scenarios of
//! equal weight that would say as much, since a few may carry most of the weight. Where likes or overrides are so few that
//! resampling cannot show what might have been seen, they are widened to Wilson's limits at the
//! effective number of labels. Decisions that the log says nothing about enter at their worst and
//! best case.

use super::bootstrap::{Random, normal_quantile, percentile, student_quantile, wilson};
use super::report::{Estimates, Interval, Method, MethodEstimates};
use super::sums::{Added, Evidence, Scenarios, Sums, Totals};

/// Likes or overrides below which resampling is not trusted alone.
const RARE: u64 = 10;
/// Numbers that are estimated: override rate, loss, utility at two costs.
const NUMBERS: usize = 4;

/// Lowest and highest value that one number can have under one estimator.
type Bounds = [(f64, f64); NUMBERS];

/// Both ways' estimates by every method, and the difference of utilities (target − logged).
pub(super) struct Estimated {
    pub(super) sides: [Vec<MethodEstimates>; 2],
    pub(super) differences: Vec<(Method, [Interval; 2])>,
}

pub(super) fn estimate(added: &Added, resamples: u32, confidence: f64, seed: u64) -> Estimated {
    let whole = total(added.groups.iter());
    let mut random = Random::new(seed);
    let n = added.groups.len();
    let mut draws: Vec<[Sums; 2]> = Vec::with_capacity(resamples as usize);
    for _ in 0..resamples {
        draws.push(total((0..n).map(|_| &added.groups[random.below(n)])));
    }
    let tail = (1.0 - confidence) / 2.0;
    let z = normal_quantile(1.0 - tail);
    let Scenarios { sides, difference } = added.scenarios();
    let [logged_stretch, target_stretch, difference_stretch] =
        [sides[0], sides[1], difference].map(|scenarios| stretch(scenarios, tail, z));
    let stretches = [logged_stretch, target_stretch];
    let mut estimated = Estimated { sides: [Vec::new(), Vec::new()], differences: Vec::new() };
    for method in Method::ALL {
        let mut widened = [[(0.0, 0.0); NUMBERS]; 2];
        for side in 0..2 {
            let point = bounds(&whole[side], method);
            let many: Vec<Bounds> = draws.iter().map(|draw| bounds(&draw[side], method)).collect();
            let wilson = rare(&whole[side], &added.evidence[side], method, z);
            let numbers = std::array::from_fn(|i| {
                let drawn = interval(point[i], many.iter().map(|bounds| bounds[i]), tail);
                let drawn = stretched(drawn, point[i], stretches[side]);
                let (below, above) = wilson[i];
                let low = drawn.low.min(point[i].0 - below);
                let high = drawn.high.max(point[i].1 + above);
                widened[side][i] = (drawn.low - low, high - drawn.high);
                limited(Interval { low, high, ..drawn }, possible(&whole[side])[i])
            });
            let [override_rate, alignment_loss, utility, utility_at_other_cost] = numbers;
            estimated.sides[side].push(MethodEstimates {
                method,
                estimates: Estimates {
                    override_rate,
                    alignment_loss,
                    utility,
                    utility_at_other_cost,
                },
            });
        }
        let difference = |i: usize| {
            let of = |pair: &[Sums; 2]| {
                let [logged, target] = [bounds(&pair[0], method)[i], bounds(&pair[1], method)[i]];
                (target.0 - logged.1, target.1 - logged.0)
            };
            let drawn = interval(of(&whole), draws.iter().map(of), tail);
            let drawn = stretched(drawn, of(&whole), difference_stretch);
            let (logged, target) = (widened[0][i], widened[1][i]);
            let (low, high) = (drawn.low - target.0 - logged.1, drawn.high + target.1 + logged.0);
            let [logged, target] = [0, 1].map(|side| possible(&whole[side])[i]);
            limited(Interval { low, high, ..drawn }, (target.0 - logged.1, target.1 - logged.0))
        };
        estimated.differences.push((method, [difference(2), difference(3)]));
    }
    estimated
}

/// Least and greatest value that each number can have, whatever an estimator says: rates and losses
/// are between 0 and 1, and utility is that of everything overridden, or liked.
fn possible(sums: &Sums) -> Bounds {
    let per_1000 = 1000.0 / sums.eligible;
    let worth = |i: usize| (-sums.cost[i] * per_1000, sums.surfaced * per_1000);
    [(0.0, 1.0), (0.0, 1.0), worth(0), worth(1)]
}

fn limited(interval: Interval, (least, most): (f64, f64)) -> Interval {
    // Not clamped, which would panic where nothing is eligible and there are no limits.
    let limit = |x: f64| x.max(least).min(most);
    Interval {
        value: interval.value.map(limit),
        low: limit(interval.low),
        high: limit(interval.high),
    }
}

fn total<'a>(groups: impl Iterator<Item = &'a [Sums; 2]>) -> [Sums; 2] {
    let mut total = [Sums::default(); 2];
    for [logged, target] in groups {
        total[0].add(logged);
        total[1].add(target);
    }
    total
}

/// Totals over the supported part of what is surfaced.
fn totals(sums: &Sums, method: Method) -> Totals {
    match method {
        Method::DoublyRobust => sums.robust,
        Method::HorvitzThompson => sums.weighted,
        Method::SelfNormalised => {
            let mut scaled = Totals::default();
            scaled.add(&sums.weighted, (sums.surfaced - sums.unsupported) / sums.weight);
            scaled
        }
    }
}

fn bounds(sums: &Sums, method: Method) -> Bounds {
    let Totals { likes, overrides, loss, utility } = totals(sums, method);
    let unknown = sums.unsupported;
    let directed = likes + overrides + unknown;
    let per_1000 = 1000.0 / sums.eligible;
    let worth = |i: usize| {
        let (worst, best) = (utility[i] - sums.unsupported_cost[i], utility[i] + unknown);
        (worst * per_1000, best * per_1000)
    };
    [
        (overrides / directed, (overrides + unknown) / directed),
        (loss / sums.surfaced, (loss + unknown) / sums.surfaced),
        worth(0),
        worth(1),
    ]
}

fn interval(
    point: (f64, f64),
    drawn: impl Iterator<Item = (f64, f64)> + Clone,
    tail: f64,
) -> Interval {
    let mut lows: Vec<f64> = drawn.clone().map(|(low, _)| low).collect();
    let mut highs: Vec<f64> = drawn.map(|(_, high)| high).collect();
    let low = percentile(&mut lows, tail).unwrap_or(f64::NEG_INFINITY).min(point.0);
    let high = percentile(&mut highs, 1.0 - tail).unwrap_or(f64::INFINITY).max(point.1);
    Interval { value: (point.0 == point.1).then_some(point.0), low, high }
}

/// By how much limits of a bootstrap over so many scenarios of equal weight lie too near the value.
fn stretch(scenarios: f64, tail: f64, z: f64) -> f64 {
    // Fewer than two show no spread at all; reports are refused long before.
    let scenarios = scenarios.max(2.0);
    student_quantile(1.0 - tail, scenarios - 1.0) / z * (scenarios / (scenarios - 1.0)).sqrt()
}

/// Both limits further from the value, or from its worst and best case.
fn stretched(drawn: Interval, point: (f64, f64), stretch: f64) -> Interval {
    let low = point.0 - stretch * (point.0 - drawn.low);
    let high = point.1 + stretch * (drawn.high - point.1);
    Interval { low, high, ..drawn }
}

/// How far each number's limits lie below and above its value by Wilson, where labels of one side
/// are few.
fn rare(sums: &Sums, evidence: &Evidence, method: Method, z: f64) -> Bounds {
    if evidence.likes.min(evidence.overrides) >= RARE {
        // As near as nothing: the bootstrap's own limits are further out.
        return [(0.0, 0.0); NUMBERS];
    }
    let Totals { likes, overrides, .. } = totals(sums, method);
    let directed = likes + overrides;
    let rate = (overrides / directed).clamp(0.0, 1.0);
    let (low, high) = wilson(rate, evidence.effective_directed(), z);
    let (below, above) = ((rate - low).max(0.0), (high - rate).max(0.0));
    let loss = directed / sums.surfaced;
    // One more override costs its price and the like that it is not.
    let worth = |i: usize| (1.0 + sums.cost[i] / sums.surfaced) * directed * 1000.0 / sums.eligible;
    [
        (below, above),
        (below * loss, above * loss),
        (above * worth(0), below * worth(0)),
        (above * worth(1), below * worth(1)),
    ]
}
