//! How unevenly a network is used at one step, and what counts as much of it.

use super::window::Trailing;

/// The share of the trailing window's log R that a hot step reaches.
pub const HOT_SHARE: f64 = 0.9;

/// How unevenly the links are used at one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Natural logarithm of R: the largest utilisation over the mean one, at least 0.
    pub log_r: f64,
    /// Natural logarithm of M: the largest utilisation, 1 being a full link.
    pub log_m: f64,
}

impl Spread {
    /// Of the `active` ones among these utilisations; `None` where none of them carries anything.
    #[must_use]
    pub fn of(utilisation: &[f64], active: &[usize]) -> Option<Self> {
        Self::over(active.iter().map(|&arc| utilisation[arc]))
    }

    /// Of all these utilisations, finite and not negative.
    #[must_use]
    pub fn over(utilisation: impl ExactSizeIterator<Item = f64>) -> Option<Self> {
        let count = utilisation.len();
        let (largest, sum) =
            utilisation.fold((0.0_f64, 0.0), |(largest, sum), u| (largest.max(u), sum + u));
        let log_r = (largest / (sum / count as f64)).ln();
        (largest > 0.0 && log_r.is_finite()).then(|| Self { log_r, log_m: largest.ln() })
    }
}

/// What a network's steps are measured in; learned from a first stretch of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    /// Positions of the directions of links that carried traffic, ascending.
    pub active: Vec<usize>,
    /// Standard deviation of log R; above 0.
    pub sd_log_r: f64,
    /// Standard deviation of log M; above 0.
    pub sd_log_m: f64,
}

/// Smallest standard deviation that is more than rounding.
const SD_MIN: f64 = 1e-9;

/// Why a stretch gives no scale.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoScale {
    /// Nothing was carried.
    #[error("no link carries traffic in the first {0} steps, so there is no balance to measure")]
    Idle(usize),
    /// R never changed.
    #[error(
        "the balance of the links does not change in the first {0} steps, so there are no episodes to predict"
    )]
    Constant(usize),
}

impl Scale {
    /// From the utilisations of a first stretch.
    ///
    /// # Errors
    /// If nothing is carried, or R is the same at each step.
    pub fn learn(rows: &[Vec<f64>]) -> Result<Self, NoScale> {
        let arcs = rows.first().map_or(0, Vec::len);
        let active: Vec<usize> =
            (0..arcs).filter(|&arc| rows.iter().any(|row| row[arc] > 0.0)).collect();
        let spreads: Vec<Spread> = rows.iter().filter_map(|row| Spread::of(row, &active)).collect();
        if spreads.is_empty() {
            return Err(NoScale::Idle(rows.len()));
        }
        let sd_log_r = standard_deviation(spreads.iter().map(|spread| spread.log_r));
        let sd_log_m = standard_deviation(spreads.iter().map(|spread| spread.log_m));
        if sd_log_r < SD_MIN {
            return Err(NoScale::Constant(rows.len()));
        }
        Ok(Self { active, sd_log_r, sd_log_m: sd_log_m.max(SD_MIN) })
    }
}

fn standard_deviation(values: impl ExactSizeIterator<Item = f64> + Clone) -> f64 {
    let count = values.len() as f64;
    let mean = values.clone().sum::<f64>() / count;
    (values.map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt()
}

/// What a step must reach to be hot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// For log R: the 90th percentile of the window.
    pub log_r: f64,
    /// For log M: the median of the window.
    pub log_m: f64,
}

impl Bar {
    /// Whether a step is hot.
    #[must_use]
    pub fn is_reached(self, spread: Spread) -> bool {
        spread.log_r >= self.log_r && spread.log_m >= self.log_m
    }

    /// How far a step is above the bar, in standard deviations, by the one of its two conditions that is worse;
    /// 0 and above is hot.
    #[must_use]
    pub fn margin(self, spread: Spread, scale: &Scale) -> f64 {
        let by_r = (spread.log_r - self.log_r) / scale.sd_log_r;
        let by_m = (spread.log_m - self.log_m) / scale.sd_log_m;
        by_r.min(by_m)
    }
}

/// The trailing window that the bar is drawn from.
#[derive(Debug, Clone, PartialEq)]
pub struct Recent {
    samples_min: usize,
    log_r: Trailing,
    log_m: Trailing,
}

impl Recent {
    /// A window of so many steps; a quarter of it must be filled before anything is hot.
    #[must_use]
    pub fn new(window: usize) -> Self {
        Self {
            samples_min: window.div_ceil(4).max(2),
            log_r: Trailing::new(window),
            log_m: Trailing::new(window),
        }
    }

    /// The bar for the next step; a step is not measured against itself.
    #[must_use]
    pub fn bar(&self) -> Option<Bar> {
        if self.log_r.len() < self.samples_min {
            return None;
        }
        Some(Bar { log_r: self.log_r.quantile(HOT_SHARE)?, log_m: self.log_m.quantile(0.5)? })
    }

    /// Takes a step into the window.
    pub fn push(&mut self, spread: Spread) {
        self.log_r.push(spread.log_r);
        self.log_m.push(spread.log_m);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_is_largest_over_mean() {
        let check = |utilisation: &[f64], expected: Option<(f64, f64)>| {
            let spread = Spread::over(utilisation.iter().copied());
            let found = spread.map(|s| (s.log_r.exp(), s.log_m.exp()));
            match (found, expected) {
                (Some(found), Some(expected)) => {
                    assert!((found.0 - expected.0).abs() < 1e-12, "{found:?}");
                    assert!((found.1 - expected.1).abs() < 1e-12, "{found:?}");
                }
                (found, expected) => assert_eq!(found, expected),
            }
        };
        check(&[0.5, 0.25, 0.0], Some((2.0, 0.5)));
        check(&[0.3], Some((1.0, 0.3)));
        check(&[0.0, 0.0], None);
        check(&[], None);
    }

    #[test]
    fn a_stretch_without_traffic_or_change_gives_no_scale() {
        let check = |rows: &[Vec<f64>], expected: Result<Vec<usize>, NoScale>| {
            assert_eq!(Scale::learn(rows).map(|scale| scale.active), expected);
        };
        check(&[], Err(NoScale::Idle(0)));
        check(&[vec![0.0, 0.0], vec![0.0, 0.0]], Err(NoScale::Idle(2)));
        check(&[vec![0.2, 0.1], vec![0.2, 0.1]], Err(NoScale::Constant(2)));
        check(&[vec![0.2, 0.1], vec![0.4, 0.2]], Err(NoScale::Constant(2)));
        check(&[vec![0.2, 0.0, 0.1], vec![0.2, 0.0, 0.3]], Ok(vec![0, 2]));
    }

    #[test]
    fn nothing_is_hot_before_a_quarter_of_the_window() {
        let mut recent = Recent::new(12);
        for step in 0..3 {
            assert_eq!(recent.bar(), None, "{step}");
            recent.push(Spread { log_r: f64::from(step), log_m: 0.0 });
        }
        assert_eq!(recent.bar(), Some(Bar { log_r: 1.8, log_m: 0.0 }));
    }
}
