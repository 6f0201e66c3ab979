//! Follows a network step by step: is it hot, and the signs that forecasts are made of.
//!
//! The signs are few and in units of the network's own variation, so that what was learned on one network means
//! something on another. The central one is a forecast per link: each link's utilisation is smoothed with a damped
//! trend and continued, R and M are taken of the continued links, and the errors that such forecasts had lately turn
//! the result into a probability that both conditions of a hot step are met.

use std::collections::VecDeque;

use super::smooth::{Holt, LINK, LINK_SLOW, Rates};
use super::spread::{Bar, Recent, Scale, Spread};

/// What counts as an episode, and how far ahead is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// Steps ahead, 1 to [`Definition::HORIZON_MAX`].
    pub horizon: usize,
    /// Steps of the trailing window, 8 to [`Definition::WINDOW_MAX`].
    pub window: usize,
}

impl Definition {
    /// Farthest that is asked for: a forecast per link fades long before.
    pub const HORIZON_MAX: usize = 48;
    /// Shortest window: its quarter must hold two steps.
    pub const WINDOW_MIN: usize = 8;
    /// Longest window: a day of seconds.
    pub const WINDOW_MAX: usize = 86_400;
}

/// Names of the signs, in order.
pub const SIGN_NAMES: [&str; SIGNS] = [
    "margin now",
    "margin forecast 1 ahead",
    "margin forecast at the horizon",
    "slow margin forecast at the horizon",
    "log odds that a forecast step is hot",
    "log of the forecast error of R",
    "log of the time since the last hot step",
    "largest margin of the last 6 steps",
];
/// How many signs there are.
pub const SIGNS: usize = 8;
/// Margins beyond this say nothing more.
const MARGIN_LIMIT: f64 = 6.0;
/// Steps over which the largest margin is taken.
const PEAK_STEPS: usize = 6;
/// Weight of the newest squared error in its mean, and what the mean begins with.
const ERROR_RATE: f64 = 0.02;
const ERROR_FIRST: f64 = 0.25;
/// Probabilities are kept this far from 0 and 1 before their odds are taken.
const PROBABILITY_MIN: f64 = 1e-6;
/// Smallest utilisation that a continued link is taken to have.
const UTILISATION_MIN: f64 = 1e-9;

/// What one step showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// How unevenly the links were used; `None` where nothing was carried.
    pub spread: Option<Spread>,
    /// What it had to reach; `None` while the window fills.
    pub bar: Option<Bar>,
    /// Whether it was hot.
    pub hot: bool,
    /// How far it was above the bar, in standard deviations.
    pub margin: Option<f64>,
    /// The same of the links as continued to the horizon.
    pub link_margin: Option<f64>,
    /// The signs, where there is a bar and traffic.
    pub signs: Option<[f64; SIGNS]>,
}

/// Follows one network.
#[derive(Debug, Clone, PartialEq)]
pub struct Tracker {
    definition: Definition,
    scale: Scale,
    recent: Recent,
    links: Links,
    slow: Links,
    errors: Errors,
    /// Margins of the last steps, the oldest first.
    peaks: VecDeque<f64>,
    /// Steps since the last hot one.
    quiet: usize,
}

impl Tracker {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(definition: Definition, scale: Scale) -> Self {
        Self {
            definition,
            recent: Recent::new(definition.window),
            links: Links::new(LINK, scale.active.len()),
            slow: Links::new(LINK_SLOW, scale.active.len()),
            errors: Errors::new(definition.horizon),
            peaks: VecDeque::new(),
            quiet: PEAK_STEPS,
            scale,
        }
    }

    /// Takes the utilisations of the next step in, one per direction of a link as when the scale was learned.
    pub fn observe(&mut self, utilisation: &[f64]) -> Step {
        self.links.observe(utilisation, &self.scale.active);
        self.slow.observe(utilisation, &self.scale.active);
        let spread = Spread::of(utilisation, &self.scale.active);
        let bar = self.recent.bar();
        let margin = spread.zip(bar).map(|(spread, bar)| bar.margin(spread, &self.scale));
        let hot = spread.zip(bar).is_some_and(|(spread, bar)| bar.is_reached(spread));
        self.quiet = if hot { 0 } else { (self.quiet + 1).min(self.definition.window) };
        if self.peaks.len() == PEAK_STEPS {
            self.peaks.pop_front();
        }
        self.peaks.extend(margin);
        let ahead = self.links.ahead(self.definition.horizon);
        self.errors.observe(spread, &ahead, &self.scale);
        let horizon = self.definition.horizon;
        let link_margin = bar
            .zip(ahead.last().copied().flatten())
            .map(|(bar, spread)| bar.margin(spread, &self.scale));
        let signs = margin.zip(bar).and_then(|(margin, bar)| self.signs(margin, bar, &ahead));
        debug_assert_eq!(ahead.len(), horizon, "a forecast for each step ahead");
        if let Some(spread) = spread {
            self.recent.push(spread);
        }
        Step { spread, bar, hot, margin, link_margin, signs }
    }

    fn signs(&self, margin: f64, bar: Bar, ahead: &[Option<Spread>]) -> Option<[f64; SIGNS]> {
        let of = |spread: Option<Spread>| Some(bar.margin(spread?, &self.scale));
        let slow = self.slow.at(self.definition.horizon);
        let limited = |value: f64| value.clamp(-MARGIN_LIMIT, MARGIN_LIMIT);
        let peak = self.peaks.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Some([
            limited(margin),
            limited(of(*ahead.first()?)?),
            limited(of(*ahead.last()?)?),
            limited(of(slow)?),
            limited(self.errors.log_odds(bar, ahead, &self.scale)),
            limited(self.errors.sd_log_r(0).ln()),
            limited((1.0 + self.quiet as f64).ln()),
            limited(peak),
        ])
    }
}

/// A smoothed utilisation per active direction of a link.
#[derive(Debug, Clone, PartialEq)]
struct Links {
    rates: Rates,
    each: Vec<Holt>,
}

impl Links {
    fn new(rates: Rates, count: usize) -> Self {
        Self { rates, each: vec![Holt::new(rates); count] }
    }

    fn observe(&mut self, utilisation: &[f64], active: &[usize]) {
        for (holt, &arc) in self.each.iter_mut().zip(active) {
            holt.observe(utilisation[arc]);
        }
    }

    /// The spread of the links as continued by so many steps.
    fn at(&self, steps: usize) -> Option<Spread> {
        let reach = self.rates.reach(steps);
        Spread::over(self.each.iter().map(|holt| holt.ahead(reach).max(UTILISATION_MIN)))
    }

    /// The same for each step up to `horizon`.
    fn ahead(&self, horizon: usize) -> Vec<Option<Spread>> {
        (1..=horizon).map(|steps| self.at(steps)).collect()
    }
}

/// How wrong the forecasts per link were lately, by steps ahead.
#[derive(Debug, Clone, PartialEq)]
struct Errors {
    /// The forecasts of the last steps, the newest first; at most one per step ahead.
    made: VecDeque<Vec<Option<Spread>>>,
    /// Mean squared errors of log R and log M, in variances of theirs.
    squares: Vec<[f64; 2]>,
}

impl Errors {
    fn new(horizon: usize) -> Self {
        Self { made: VecDeque::new(), squares: vec![[ERROR_FIRST; 2]; horizon] }
    }

    /// Compares what came with what was forecast, and keeps the new forecasts.
    fn observe(&mut self, spread: Option<Spread>, ahead: &[Option<Spread>], scale: &Scale) {
        for (steps, (made, squares)) in self.made.iter().zip(&mut self.squares).enumerate() {
            if let Some((came, made)) = spread.zip(made[steps]) {
                let errors = [
                    (came.log_r - made.log_r) / scale.sd_log_r,
                    (came.log_m - made.log_m) / scale.sd_log_m,
                ];
                for (square, error) in squares.iter_mut().zip(errors) {
                    // One wild step must not widen every forecast of the next hour.
                    *square +=
                        ERROR_RATE * (error.clamp(-MARGIN_LIMIT, MARGIN_LIMIT).powi(2) - *square);
                }
            }
        }
        self.made.truncate(self.squares.len() - 1);
        self.made.push_front(ahead.to_vec());
    }

    /// Standard error of log R after `step` + 1 steps, in standard deviations of log R; above 0.
    fn sd_log_r(&self, step: usize) -> f64 {
        self.squares[step][0].sqrt().max(PROBABILITY_MIN)
    }

    /// Log odds that some step ahead is hot, if steps and conditions were independent: a sign, not yet a probability.
    fn log_odds(&self, bar: Bar, ahead: &[Option<Spread>], scale: &Scale) -> f64 {
        let mut none_hot = 1.0;
        for (spread, squares) in ahead.iter().zip(&self.squares) {
            let hot = spread.map_or(0.0, |spread| {
                let over = |distance: f64, square: f64| {
                    normal_below(distance / square.sqrt().max(PROBABILITY_MIN))
                };
                over((spread.log_r - bar.log_r) / scale.sd_log_r, squares[0])
                    * over((spread.log_m - bar.log_m) / scale.sd_log_m, squares[1])
            });
            none_hot *= 1.0 - hot.clamp(PROBABILITY_MIN, 1.0 - PROBABILITY_MIN);
        }
        let hot = (1.0 - none_hot).clamp(PROBABILITY_MIN, 1.0 - PROBABILITY_MIN);
        (hot / (1.0 - hot)).ln()
    }
}

/// The standard normal distribution function, to about 1e-4: a logistic curve in an odd cubic of `z`, which is monotone
/// and cheap, and what comes of it is calibrated afterwards anyway.
fn normal_below(z: f64) -> f64 {
    let z = z.clamp(-8.0, 8.0);
    1.0 / (1.0 + (-(1.5976 * z + 0.070_56 * z * z * z)).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_curve_is_near_enough() {
        let check = |z: f64, expected: f64| {
            assert!((normal_below(z) - expected).abs() < 2e-4, "{z}: {}", normal_below(z));
        };
        check(0.0, 0.5);
        check(1.0, 0.841_345);
        check(-1.0, 0.158_655);
        check(2.5, 0.993_790);
        check(-40.0, 0.0);
    }

    #[test]
    fn a_step_without_traffic_is_not_hot_and_leaves_the_bar_alone() {
        let rows: Vec<Vec<f64>> =
            (0..40).map(|t| vec![0.2 + f64::from(t % 7) / 50.0, 0.1, 0.3]).collect();
        let scale = Scale::learn(&rows).expect("traffic that changes");
        let mut tracker = Tracker::new(Definition { horizon: 2, window: 16 }, scale);
        let steps: Vec<Step> = rows.iter().map(|row| tracker.observe(row)).collect();
        assert_eq!(steps[3].signs, None);
        assert!(steps[4].signs.is_some(), "{:?}", steps[4]);
        let bar = tracker.recent.bar();
        let idle = tracker.observe(&[0.0; 3]);
        assert_eq!((idle.spread, idle.hot, idle.margin, idle.signs), (None, false, None, None));
        assert_eq!(tracker.recent.bar(), bar);
        let next = tracker.observe(&rows[0]).signs.expect("signs again");
        assert!(next.iter().all(|sign| sign.is_finite()), "{next:?}");
    }
}
