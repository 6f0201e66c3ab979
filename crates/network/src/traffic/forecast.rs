//! What the coming hours will probably carry: plain, per pair, and said by which method.
//!
//! *Seasonal*, where at least two days are known: the mean of the same time on up to seven days before, times the level
//! of the last hour against its own such mean. The level's say fades over half a day, because a busy hour says little
//! about tomorrow. *Trend*, elsewhere: double exponential smoothing (Holt) whose slope dies away.
//!
//! Weeks are not modelled: a Monday after a Sunday comes out too low. What that means in figures is in
//! `docs/benchmarks.md`.

use super::{Times, TrafficSeries};

/// How a forecast was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The same time on days before, scaled by the current level; on at least this many days each.
    Seasonal {
        /// Fewest days that a value is the mean of.
        days: usize,
    },
    /// Damped trend, from this many steps.
    Trend {
        /// Steps that it follows.
        steps: usize,
    },
}

/// Rates to come.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// How it was made.
    pub method: Method,
    /// For each time asked for, the rate of each pair, bit/s; finite, not negative.
    pub rows: Vec<Vec<f64>>,
}

/// A series without times, or without steps: nobody can say what an hour from its end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the traffic has no times to tell the coming hours from")]
pub struct NoTimes;

const DAY_MS: i64 = 86_400_000;
/// Days that a mean is taken of.
const DAYS_MAX: usize = 7;
/// Fewest days for the seasonal method.
const DAYS_MIN: usize = 2;
/// What counts as now, for the level.
const LEVEL_MS: i64 = 3_600_000;
/// After this time the level's logarithm counts 1/e.
const LEVEL_FADES_MS: f64 = 12.0 * 3_600_000.0;
/// The level moves a forecast by at most this factor, so that one odd hour does not.
const LEVEL_MAX: f64 = 4.0;
/// Holt's constants: of the level, of the slope, and what is left of the slope after each step.
const ALPHA: f64 = 0.6;
const BETA: f64 = 0.05;
const DAMPING: f64 = 0.9;
/// Steps that the trend looks back; older ones weigh less than 0.4 to this power.
const TREND_STEPS_MAX: usize = 100;

/// Forecasts a series from its step `now`, for times `ahead_ms` after that step.
///
/// # Errors
/// A series that knows no times.
///
/// # Panics
/// If the series has no step `now`, or a time does not lie ahead.
pub fn forecast(series: &TrafficSeries, now: usize, ahead_ms: &[i64]) -> Result<Forecast, NoTimes> {
    assert!(now < series.len(), "the series has a step to start from");
    assert!(ahead_ms.iter().all(|&ahead| ahead > 0), "a forecast is of times to come");
    let Times::Clock(at) = &series.times else { return Err(NoTimes) };
    let history =
        History { rows: &series.rows[..=now], at: &at[..=now], step_ms: series.step_ms() };
    Ok(history.seasonal(ahead_ms).unwrap_or_else(|| history.trend(ahead_ms)))
}

struct History<'a> {
    rows: &'a [Vec<f64>],
    at: &'a [i64],
    step_ms: Option<i64>,
}

impl History<'_> {
    fn now_ms(&self) -> i64 {
        self.at[self.at.len() - 1]
    }

    /// The step at a time, within half a step.
    fn find(&self, at_ms: i64) -> Option<usize> {
        let half = self.step_ms? / 2;
        let after = self.at.partition_point(|&at| at < at_ms - half);
        (after < self.at.len() && self.at[after] <= at_ms + half).then_some(after)
    }

    /// The steps at the same time on days before, the latest first; none within half a step of the present of `at_ms`.
    fn days_before(&self, at_ms: i64) -> Vec<usize> {
        let days = (1..).map(|day| at_ms - day * DAY_MS).take_while(|&day| day >= self.at[0]);
        let past = days.filter(|&day| day <= self.now_ms());
        past.filter_map(|day| self.find(day)).take(DAYS_MAX).collect()
    }

    fn mean(&self, steps: &[usize], pair: usize) -> f64 {
        let sum: f64 = steps.iter().map(|&step| self.rows[step][pair]).sum();
        sum / steps.len() as f64
    }

    fn seasonal(&self, ahead_ms: &[i64]) -> Option<Forecast> {
        let to_come: Vec<Vec<usize>> =
            ahead_ms.iter().map(|ahead| self.days_before(self.now_ms() + ahead)).collect();
        let first = self.at.partition_point(|&at| at <= self.now_ms() - LEVEL_MS);
        let lately: Vec<(usize, Vec<usize>)> =
            (first..self.at.len()).map(|step| (step, self.days_before(self.at[step]))).collect();
        let days = to_come.iter().chain(lately.iter().map(|(_, days)| days)).map(Vec::len).min()?;
        if days < DAYS_MIN {
            return None;
        }
        let pairs = self.rows[0].len();
        let level: Vec<f64> = (0..pairs)
            .map(|pair| {
                let usual: f64 = lately.iter().map(|(_, days)| self.mean(days, pair)).sum();
                let found: f64 = lately.iter().map(|&(step, _)| self.rows[step][pair]).sum();
                let ratio = if usual > 0.0 { found / usual } else { 1.0 };
                ratio.clamp(1.0 / LEVEL_MAX, LEVEL_MAX)
            })
            .collect();
        let row = |(days, &ahead): (&Vec<usize>, &i64)| {
            let say = (-(ahead as f64) / LEVEL_FADES_MS).exp();
            let rates = level.iter().enumerate();
            rates.map(|(pair, level)| self.mean(days, pair) * level.powf(say)).collect()
        };
        let rows = to_come.iter().zip(ahead_ms).map(row).collect();
        Some(Forecast { method: Method::Seasonal { days }, rows })
    }

    fn trend(&self, ahead_ms: &[i64]) -> Forecast {
        let first = self.rows.len().saturating_sub(TREND_STEPS_MAX);
        let rows = &self.rows[first..];
        // Without a second step there is no slope, and the length of a step does not matter.
        let step_ms = self.step_ms.unwrap_or(DAY_MS).max(1);
        let ends: Vec<(f64, f64)> = (0..rows[0].len())
            .map(|pair| {
                let mut holt = (rows[0][pair], 0.0);
                for row in &rows[1..] {
                    holt = smooth(holt, row[pair]);
                }
                holt
            })
            .collect();
        let row = |&ahead: &i64| {
            let steps = ahead as f64 / step_ms as f64;
            // φ + φ² + … over the steps.
            let slopes = DAMPING * (1.0 - DAMPING.powf(steps)) / (1.0 - DAMPING);
            ends.iter().map(|(level, slope)| (level + slopes * slope).max(0.0)).collect()
        };
        let method = Method::Trend { steps: rows.len() };
        Forecast { method, rows: ahead_ms.iter().map(row).collect() }
    }
}

/// One step of Holt's smoothing: level and slope.
fn smooth((level, slope): (f64, f64), found: f64) -> (f64, f64) {
    let expected = level + DAMPING * slope;
    let next = expected + ALPHA * (found - expected);
    (next, DAMPING * slope + BETA * (next - level - DAMPING * slope))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STEP_MS: i64 = 900_000;
    const STEPS_A_DAY: usize = 96;

    fn series(rates: Vec<f64>) -> TrafficSeries {
        let at = (0..).map(|n| 1_000_000 + n * STEP_MS).take(rates.len()).collect();
        TrafficSeries {
            pairs: vec![("a".into(), "b".into())],
            times: Times::Clock(at),
            rows: rates.into_iter().map(|rate| vec![rate]).collect(),
        }
    }

    fn ahead(steps: impl IntoIterator<Item = usize>) -> Vec<i64> {
        steps.into_iter().map(|n| n as i64 * STEP_MS).collect()
    }

    #[test]
    fn a_day_that_repeats_itself_is_forecast_exactly() {
        let day = |n: usize| 5.0 + (n % STEPS_A_DAY) as f64;
        let known = series((0..3 * STEPS_A_DAY).map(day).collect());
        let now = known.len() - 1;
        let found = forecast(&known, now, &ahead([1, 10, 96, 120])).expect("times");
        assert_eq!(found.method, Method::Seasonal { days: 2 });
        for (row, steps) in found.rows.iter().zip([1, 10, 96, 120]) {
            assert!((row[0] - day(now + steps)).abs() < 1e-9, "{steps}: {row:?}");
        }
    }

    #[test]
    fn a_high_level_is_carried_on_and_fades() {
        // Two days at 10, and the last hour at 20.
        let mut rates = vec![10.0; 2 * STEPS_A_DAY + 10];
        let last = rates.len();
        rates[last - 4..].fill(20.0);
        let found = forecast(&series(rates), last - 1, &ahead([1, 48, 90])).expect("times");
        let rates: Vec<f64> = found.rows.iter().map(|row| row[0]).collect();
        assert!((rates[0] - 10.0 * 2f64.powf((-1.0_f64 / 48.0).exp())).abs() < 1e-9, "{rates:?}");
        assert!((rates[1] - 10.0 * 2f64.powf((-1.0_f64).exp())).abs() < 1e-9, "{rates:?}");
        assert!(rates[2] < rates[1] && rates[2] > 10.0);
    }

    #[test]
    fn a_short_history_is_followed_by_its_damped_trend() {
        let known = series((0..50).map(|n| 100.0 + f64::from(n)).collect());
        let found = forecast(&known, 49, &ahead([1, 2, 1_000])).expect("times");
        assert_eq!(found.method, Method::Trend { steps: 50 });
        let rates: Vec<f64> = found.rows.iter().map(|row| row[0]).collect();
        assert!(rates[0] > 148.0 && rates[0] < 150.5 && rates[1] > rates[0], "{rates:?}");
        // The slope of at most 1 a step dies away: 9 steps' worth at most.
        assert!(rates[2] < 159.0, "{rates:?}");
        let one = series(vec![7.0]);
        assert_eq!(forecast(&one, 0, &ahead([5])).expect("times").rows, [[7.0]]);
        let no_times = TrafficSeries { times: Times::Steps, ..one };
        assert_eq!(forecast(&no_times, 0, &ahead([5])), Err(NoTimes));
    }

    proptest! {
        #[test]
        fn forecasts_are_rates_and_scale_with_the_traffic(
            rates in prop::collection::vec(0.0..1e12f64, 1..400),
            steps in prop::collection::vec(1usize..300, 1..5),
            factor in 0.001..1e3f64,
        ) {
            let now = rates.len() - 1;
            let times = ahead(steps);
            let found = forecast(&series(rates.clone()), now, &times).expect("times");
            let most = rates.iter().copied().fold(0.0, f64::max);
            let scaled = rates.iter().map(|rate| rate * factor).collect();
            let other = forecast(&series(scaled), now, &times).expect("times");
            for (row, other) in found.rows.iter().zip(&other.rows) {
                prop_assert!(row[0].is_finite() && row[0] >= 0.0);
                // A mean times a bounded level; a level and nine slopes of at most the range.
                prop_assert!(row[0] <= 10.0 * most, "{} of {most}", row[0]);
                prop_assert!((row[0] * factor - other[0]).abs() <= 1e-9 * most * factor);
            }
        }

        #[test]
        fn the_future_does_not_reach_back(
            rates in prop::collection::vec(0.0..1e9f64, 300..400), now in 200usize..290
        ) {
            let times = ahead([1, 20, 96]);
            let known = series(rates[..=now].to_vec());
            let found = forecast(&series(rates), now, &times).expect("times");
            prop_assert_eq!(found, forecast(&known, now, &times).expect("times"));
        }
    }
}
