//! What the watchers call normal.

/// Settings of all watchers; the defaults fit telemetry every ten seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchConfig {
    /// Rounds whose median is the norm that a group's spread is compared with; 3 to 1000.
    pub window_rounds: usize,
    /// Alarm when the spread deviates by more than this many robust standard deviations, twice in a row.
    pub deviation_factor: f64,
    /// Least robust standard deviation of a spread: below it, noise of the counters' timing rules.
    pub deviation_floor: f64,
    /// A group is watched while its members carry at least this on average, bit/s.
    pub busy_bps: f64,
    /// Where cabling is unknown, a port joins its group once it carries this share of the busiest one.
    pub join_share: f64,
    /// Spread that counts as unequal even if it has just become smaller.
    pub unequal_spread: f64,
    /// Rounds back at the norm before an imbalance is over.
    pub calm_rounds: u32,
    /// Shifts on one device within this time are one finding, ms.
    pub settle_ms: i64,
    /// A lost link or session waits this long for what the far end or the interface says, ms.
    pub peer_wait_ms: i64,
    /// A shift within this time of a lost link or session of a member is explained by it, ms.
    pub explain_ms: i64,
    /// Time that a link or session must be back before its loss is over, ms.
    pub hold_up_ms: i64,
    /// Time after the end of a condition before the same one is raised again, ms.
    pub rearm_ms: i64,
    /// A condition that lasts this long is raised again, ms.
    pub remind_ms: i64,
    /// Changes of state, or carrier transitions, within the window that make a link a flapping one.
    pub flap_changes: usize,
    /// The window for changes, ms; without any change for as long, flapping is over.
    pub flap_window_ms: i64,
    /// Rounds over which errors are counted.
    pub error_rounds: usize,
    /// Errors within those rounds that are worth a finding, if they are also frequent enough.
    pub errors_min: f64,
    /// Errors per received packet that are frequent enough.
    pub error_ratio: f64,
    /// Rounds over which both ends of a link are compared.
    pub drop_rounds: usize,
    /// Share of what was sent over those rounds that has to be missing.
    pub drop_ratio: f64,
    /// How often the missing bytes have to exceed what single rounds are usually off by, as a robust deviation.
    pub drop_factor: f64,
    /// A silence longer than this restarts differences, ms.
    pub gap_ms: i64,
}

impl Default for WatchConfig {
    fn default() -> Self {
        Self {
            window_rounds: 12,
            deviation_factor: 7.48,
            deviation_floor: 0.01,
            busy_bps: 100e6,
            join_share: 0.1,
            unequal_spread: 0.3,
            calm_rounds: 2,
            settle_ms: 1_500,
            peer_wait_ms: 15_000,
            explain_ms: 120_000,
            hold_up_ms: 15_000,
            rearm_ms: 60_000,
            remind_ms: 1_800_000,
            flap_changes: 4,
            flap_window_ms: 300_000,
            error_rounds: 6,
            errors_min: 20.0,
            error_ratio: 1e-6,
            drop_rounds: 18,
            drop_ratio: 2e-3,
            drop_factor: 8.0,
            gap_ms: 60_000,
        }
    }
}

/// Interval that the defaults were chosen for, ms.
const USUAL_INTERVAL_MS: i64 = 10_000;

/// Longest interval that the times are stretched for, ms: beyond it nothing that matters would be seen in time.
const INTERVAL_MAX_MS: i64 = 600_000;

impl WatchConfig {
    /// The defaults, with every time that counts readings stretched for telemetry that comes every `interval_ms`.
    #[must_use]
    pub fn for_interval(interval_ms: i64) -> Self {
        let usual = Self::default();
        let interval_ms = interval_ms.clamp(USUAL_INTERVAL_MS, INTERVAL_MAX_MS);
        // At least so many readings and a half, for no reading comes on the dot.
        let readings =
            |least_ms: i64, count: i64| least_ms.max(interval_ms * count + interval_ms / 2);
        Self {
            peer_wait_ms: readings(usual.peer_wait_ms, 1),
            explain_ms: readings(usual.explain_ms, 3),
            hold_up_ms: readings(usual.hold_up_ms, 1),
            rearm_ms: readings(usual.rearm_ms, 2),
            // A state that is read now and then shows at most one change a reading.
            flap_window_ms: readings(usual.flap_window_ms, 10),
            gap_ms: readings(usual.gap_ms, 3),
            ..usual
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stretch_with_the_interval_and_never_shrink() {
        assert_eq!(WatchConfig::for_interval(10_000), WatchConfig::default());
        assert_eq!(WatchConfig::for_interval(0), WatchConfig::default());
        let minute = WatchConfig::for_interval(60_000);
        assert_eq!((minute.gap_ms, minute.peer_wait_ms), (210_000, 90_000));
        assert_eq!(minute.flap_window_ms, 630_000);
        assert_eq!(WatchConfig::for_interval(i64::MAX).gap_ms, 2_100_000);
    }
}
