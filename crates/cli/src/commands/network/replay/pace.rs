//! How fast recorded time passes.

use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

/// The longest nap, so that a recording with a hole of days does not look dead for days.
const GAP_MAX: Duration = Duration::from_secs(60);

/// Recorded seconds in a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Speed {
    /// So many.
    Times(f64),
    /// As many as it goes.
    Max,
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "recorded" => return Ok(Self::Times(1.0)),
            "max" => return Ok(Self::Max),
            _ => {}
        }
        match text.strip_suffix('x').and_then(|times| times.parse::<f64>().ok()) {
            Some(times) if (0.01..=1e6).contains(&times) => Ok(Self::Times(times)),
            Some(_) | None => Err(format!(
                "found `{text}`, expected recorded, max or a factor such as 20x, from 0.01x to 1000000x"
            )),
        }
    }
}

/// Holds samples back until it is their time.
#[derive(Debug)]
pub(super) struct Pace {
    speed: Speed,
    /// Recorded time and when it was met.
    last: Option<(i64, Instant)>,
}

impl Pace {
    pub(super) fn new(speed: Speed) -> Self {
        Self { speed, last: None }
    }

    /// Waits until the recorded time `at_ms` has come.
    pub(super) fn wait_until(&mut self, at_ms: i64) {
        let Speed::Times(times) = self.speed else { return };
        let Some((last_ms, met)) = self.last else {
            self.last = Some((at_ms, Instant::now()));
            return;
        };
        if at_ms <= last_ms {
            return;
        }
        let due = met + nap(at_ms - last_ms, times);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        self.last = Some((at_ms, due));
    }
}

/// How long `recorded_ms` take.
fn nap(recorded_ms: i64, times: f64) -> Duration {
    Duration::try_from_secs_f64(recorded_ms as f64 / 1000.0 / times).unwrap_or(GAP_MAX).min(GAP_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_read_as_written() {
        let check =
            |text: &str, expected| assert_eq!(text.parse::<Speed>().ok(), expected, "{text}");
        check("recorded", Some(Speed::Times(1.0)));
        check("20x", Some(Speed::Times(20.0)));
        check("0.5x", Some(Speed::Times(0.5)));
        check("max", Some(Speed::Max));
        for wrong in ["0x", "-1x", "x", "20", "NaNx", "infx", "fast"] {
            check(wrong, None);
        }
    }

    #[test]
    fn naps_follow_the_speed_and_have_an_end() {
        assert_eq!(nap(10_000, 20.0), Duration::from_millis(500));
        assert_eq!(nap(i64::MAX, 1.0), GAP_MAX);
    }
}
