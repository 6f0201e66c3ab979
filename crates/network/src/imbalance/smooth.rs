//! Exponential smoothing: of a level, of a level with a trend that fades, and of both with a season.
//!
//! Each takes one value per step and forecasts so many steps ahead of the last one.

/// How fast level and trend follow, and how fast the trend fades.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Weight of the newest value in the level, above 0 to 1.
    pub level: f64,
    /// Weight of the newest difference in the trend, 0 to 1.
    pub trend: f64,
    /// What is left of the trend after each step ahead, 0 to 1.
    pub damping: f64,
}

/// For the links' utilisations.
pub const LINK: Rates = Rates { level: 0.6, trend: 0.05, damping: 0.9 };
/// For the links' utilisations, slower: less moved by one odd step.
pub const LINK_SLOW: Rates = Rates { level: 0.3, trend: 0.05, damping: 0.9 };
/// For the margin.
pub const MARGIN: Rates = Rates { level: 0.5, trend: 0.1, damping: 0.9 };
/// For the margin without a trend.
pub const MARGIN_LEVEL: Rates = Rates { level: 0.5, trend: 0.0, damping: 0.0 };

impl Rates {
    /// How many times the trend is added in so many steps ahead.
    #[must_use]
    pub fn reach(self, steps: usize) -> f64 {
        let mut left = 1.0;
        (0..steps)
            .map(|_| {
                left *= self.damping;
                left
            })
            .sum()
    }
}

/// Holt's smoothing with a damped trend; with no trend it is the exponentially weighted mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Holt {
    rates: Rates,
    /// Level and trend, once there was a value.
    state: Option<(f64, f64)>,
}

impl Holt {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(rates: Rates) -> Self {
        Self { rates, state: None }
    }

    /// Takes the next value in.
    pub fn observe(&mut self, value: f64) {
        let Rates { level: alpha, trend: beta, damping } = self.rates;
        self.state = Some(match self.state {
            None => (value, 0.0),
            Some((level, trend)) => {
                let next = alpha * value + (1.0 - alpha) * (level + damping * trend);
                (next, beta * (next - level) + (1.0 - beta) * damping * trend)
            }
        });
    }

    /// So many trends ahead, as [`Rates::reach`] counts them; 0 before the first value.
    #[must_use]
    pub fn ahead(&self, reach: f64) -> f64 {
        self.state.map_or(0.0, |(level, trend)| level + reach * trend)
    }
}

/// Holt's smoothing with an additive season (Winters).
#[derive(Debug, Clone, PartialEq)]
pub struct HoltWinters {
    holt: Holt,
    /// Weight of the newest deviation in its season's place.
    rate: f64,
    /// Deviation from the level, by place in the season.
    season: Vec<f64>,
    step: usize,
}

impl HoltWinters {
    /// Weight of a place's newest deviation.
    const SEASON: f64 = 0.1;

    /// With a season of so many steps, at least 1.
    #[must_use]
    pub fn new(rates: Rates, season: usize) -> Self {
        Self {
            holt: Holt::new(rates),
            rate: Self::SEASON,
            season: vec![0.0; season.max(1)],
            step: 0,
        }
    }

    /// Takes the next value in.
    pub fn observe(&mut self, value: f64) {
        let place = self.step % self.season.len();
        self.holt.observe(value - self.season[place]);
        let deviation = value - self.holt.ahead(0.0);
        self.season[place] += self.rate * (deviation - self.season[place]);
        self.step += 1;
    }

    /// The forecast so many steps ahead.
    #[must_use]
    pub fn ahead(&self, steps: usize) -> f64 {
        let place = (self.step + steps).saturating_sub(1) % self.season.len();
        self.holt.ahead(self.holt.rates.reach(steps)) + self.season[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_goes_on_and_fades() {
        let mut holt = Holt::new(Rates { level: 0.5, trend: 0.5, damping: 1.0 });
        (0..200).for_each(|step| holt.observe(f64::from(step)));
        assert!((holt.ahead(3.0) - 202.0).abs() < 1e-6, "{}", holt.ahead(3.0));
        let check = |steps: usize, expected: f64| {
            assert!((MARGIN.reach(steps) - expected).abs() < 1e-12, "{steps}");
        };
        check(0, 0.0);
        check(1, 0.9);
        check(3, 0.9 + 0.81 + 0.729);
    }

    #[test]
    fn a_season_is_learned() {
        let mut winters = HoltWinters::new(MARGIN, 4);
        let wave = [3.0, 0.0, -3.0, 0.0];
        (0..4000).for_each(|step| winters.observe(wave[step % 4]));
        for ahead in 1..=4 {
            let expected = wave[(3 + ahead) % 4];
            assert!(
                (winters.ahead(ahead) - expected).abs() < 0.1,
                "{ahead}: {}",
                winters.ahead(ahead)
            );
        }
    }
}
