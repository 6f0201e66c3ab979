//! Rates from differences of cumulative counters.
//!
//! A counter may wrap at 32, 53 or 64 bits, restart from a lower value, arrive twice, late, or after a gap.
//! A difference is believed only if the link could have carried it; otherwise the new value is a new beginning.

use crate::sample::{Collected, Counters};

/// Samples closer than this are one reading reported twice, ms.
const LEAST_INTERVAL_MS: i64 = 500;

/// What happened on a port since its previous reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Length of the interval, s.
    pub seconds: f64,
    /// Sent, bit/s; `None`, as below, if the counter is not collected.
    pub sent_bps: Option<f64>,
    /// Received, bit/s.
    pub received_bps: Option<f64>,
    /// Packets received, count.
    pub packets_received: Option<f64>,
    /// Packets received in error, count.
    pub errors: Option<f64>,
    /// Carrier transitions, count; 0 if the counter is not collected, for then the link's state has to tell.
    pub carrier_transitions: u64,
}

/// What a reading says in the light of the one before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Difference {
    /// The first reading of the port.
    First,
    /// A reading that was there already, or that is older than the last.
    Stale,
    /// Counters restarted, or too long a silence: a new beginning without a rate.
    Restarted,
    /// A rate.
    Rate(Rate),
}

/// The last reading of one port.
#[derive(Debug, Clone, Default)]
pub struct RateMeter {
    last: Option<(i64, Counters)>,
}

impl RateMeter {
    /// Takes a reading of a port that carries at most `capacity_bps`; silences over `gap_ms` restart.
    pub fn feed(
        &mut self,
        at_ms: i64,
        now: &Counters,
        capacity_bps: f64,
        gap_ms: i64,
    ) -> Difference {
        let Some((last_ms, before)) = self.last else {
            self.last = Some((at_ms, *now));
            return Difference::First;
        };
        let elapsed_ms = at_ms.saturating_sub(last_ms);
        if elapsed_ms < LEAST_INTERVAL_MS {
            return Difference::Stale;
        }
        self.last = Some((at_ms, *now));
        if elapsed_ms > gap_ms {
            return Difference::Restarted;
        }
        rate(&before, now, elapsed_ms as f64 / 1_000.0, capacity_bps)
            .map_or(Difference::Restarted, Difference::Rate)
    }
}

fn rate(before: &Counters, now: &Counters, seconds: f64, capacity_bps: f64) -> Option<Rate> {
    // Devices publish counters that were cached for up to some seconds, so an interval may hold more than its share.
    let bytes_max = 2.0 * capacity_bps / 8.0 * (seconds + 1.0);
    let packets_max = bytes_max / 40.0;
    let in_both = before.collected.common(now.collected);
    // The outer `None` is a counter that restarted, the inner one a counter that one of the readings lacks.
    let grown = |which: Collected, of: fn(&Counters) -> u64, most: f64| {
        if in_both.has(which) {
            difference(of(before), of(now), most).map(Some)
        } else {
            Some(None)
        }
    };
    let sent = grown(Collected::BYTES_SENT, |c| c.bytes_sent, bytes_max)?;
    let received = grown(Collected::BYTES_RECEIVED, |c| c.bytes_received, bytes_max)?;
    let packets_received = grown(Collected::PACKETS_RECEIVED, |c| c.packets_received, packets_max)?;
    let input_errors = grown(Collected::INPUT_ERRORS, |c| c.input_errors, packets_max)?;
    let crc_errors = grown(Collected::CRC_ERRORS, |c| c.crc_errors, packets_max)?;
    let carrier_transitions = if in_both.has(Collected::CARRIER_TRANSITIONS) {
        now.carrier_transitions.saturating_sub(before.carrier_transitions)
    } else {
        0
    };
    let bps = |bytes: f64| bytes * 8.0 / seconds;
    Some(Rate {
        seconds,
        sent_bps: sent.map(bps),
        received_bps: received.map(bps),
        packets_received,
        errors: input_errors.into_iter().chain(crc_errors).reduce(f64::max),
        carrier_transitions,
    })
}

/// By how much a counter grew, if by no more than `most`; `None` if it restarted.
fn difference(before: u64, now: u64, most: f64) -> Option<f64> {
    const WRAP_32: u64 = 1 << 32;
    // Where counters are kept as floating-point numbers they are made to wrap before those lose their last digit.
    const WRAP_53: u64 = 1 << 53;
    if let Some(grown) = now.checked_sub(before) {
        return (grown as f64 <= most).then_some(grown as f64);
    }
    let wrapped_64 = now.wrapping_sub(before) as f64;
    if wrapped_64 <= most {
        return Some(wrapped_64);
    }
    if before < WRAP_53 {
        let wrapped_53 = (now + WRAP_53 - before) as f64;
        if wrapped_53 <= most {
            return Some(wrapped_53);
        }
    }
    // Where more than one wrap fits between readings, a lower value says nothing, so it counts as a restart.
    let one_wrap_at_most = before < WRAP_32 && most < WRAP_32 as f64;
    let wrapped_32 = (now + WRAP_32).saturating_sub(before) as f64;
    (one_wrap_at_most && wrapped_32 <= most).then_some(wrapped_32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIGABIT: f64 = 1e9;

    fn sent(bytes_sent: u64) -> Counters {
        Counters { bytes_sent, ..Counters::default() }
    }

    /// Feeds readings (ms, bytes sent) of a gigabit port; gives what the last one said, in Mbit/s.
    fn check(readings: &[(i64, u64)], expected: Result<f64, Difference>) {
        let mut meter = RateMeter::default();
        let mut last = Difference::First;
        for &(at_ms, bytes) in readings {
            last = meter.feed(at_ms, &sent(bytes), GIGABIT, 60_000);
        }
        match (last, expected) {
            (Difference::Rate(rate), Ok(mbps)) => {
                let found = rate.sent_bps.expect("collected") / 1e6;
                assert!((found - mbps).abs() < 1e-6, "{rate:?}")
            }
            (other, Err(expected)) => assert_eq!(other, expected, "{readings:?}"),
            (other, Ok(_)) => panic!("{readings:?} gave {other:?}"),
        }
    }

    #[test]
    fn a_rate_is_a_difference_over_its_interval() {
        check(&[(0, 0)], Err(Difference::First));
        check(&[(0, 1_000), (10_000, 125_001_000)], Ok(100.0));
        check(&[(0, 1_000), (10_000, 1_000)], Ok(0.0));
    }

    #[test]
    fn wraps_continue_and_restarts_begin_anew() {
        check(&[(0, u64::MAX - 99), (10_000, 124_999_900)], Ok(100.0));
        check(&[(0, (1 << 32) - 100), (10_000, 124_999_900)], Ok(100.0));
        check(&[(0, (1 << 53) - 100), (10_000, 124_999_900)], Ok(100.0));
        check(&[(0, 3_000_000_000), (60_000, 5)], Err(Difference::Restarted));
        check(&[(0, 900_000_000_000), (10_000, 5)], Err(Difference::Restarted));
        check(&[(0, 5), (10_000, 900_000_000_000)], Err(Difference::Restarted));
        check(&[(0, 900_000_000_000), (10_000, 0), (20_000, 125_000_000)], Ok(100.0));
    }

    #[test]
    fn what_is_not_collected_has_no_rate() {
        let reading = |collected, n: u64| Counters {
            collected,
            bytes_sent: n * 125_000_000,
            carrier_transitions: n * 9,
            crc_errors: n,
            ..Counters::default()
        };
        let (sent, errors) = (Collected::BYTES_SENT, Collected::CRC_ERRORS);
        let mut meter = RateMeter::default();
        let mut rate = |collected, n: u64| match meter.feed(
            n as i64 * 10_000,
            &reading(collected, n),
            GIGABIT,
            60_000,
        ) {
            Difference::Rate(rate) => (rate.sent_bps, rate.errors, rate.carrier_transitions),
            Difference::First => (None, None, 0),
            other => panic!("{other:?}"),
        };
        assert_eq!(rate(sent, 0), (None, None, 0));
        assert_eq!(rate(sent, 1), (Some(1e8), None, 0));
        // A counter that has just appeared has grown since nobody knows when.
        assert_eq!(rate(Collected::ALL, 2), (Some(1e8), None, 0));
        assert_eq!(rate(errors, 3), (None, Some(1.0), 0));
        assert_eq!(rate(Collected::NONE, 4), (None, None, 0));
    }

    #[test]
    fn duplicates_and_late_readings_change_nothing() {
        check(&[(0, 0), (10_000, 50), (10_000, 50)], Err(Difference::Stale));
        check(&[(0, 0), (10_000, 50), (10_400, 60)], Err(Difference::Stale));
        check(&[(0, 0), (10_000, 125_000_000), (5_000, 7), (20_000, 250_000_000)], Ok(100.0));
    }

    #[test]
    fn a_long_silence_is_a_gap() {
        check(&[(0, 0), (60_001, 1_000)], Err(Difference::Restarted));
        check(&[(0, 0), (60_001, 0), (70_001, 125_000_000)], Ok(100.0));
    }
}
