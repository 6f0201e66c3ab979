//! Which automatic actions people stopped, whether they were asked or not.
//!
//! Audits ask about a share of what is automatic; people see the rest as well, and override what
//! they do not want.
//! Counting only the overrides would take every certificate away, so each automatic action is an
//! observation: a hit if anybody overrode it in its time.
//! Were α kept, hits would be no more frequent than α, since not everybody who would have overridden
//! did, and the detector's run length holds.
//!
//! An action whose time is not over counts as let through, until somebody stops it; then the detector
//! is computed anew from there.
//! It only grows by that, so that it never calls on an action earlier than it would in hindsight, and
//! it calls at once where people stop one action after the other.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::watch::Gauge;
use crate::ids::{DecisionId, Millis};

/// Actions that can still be stopped at most, per scenario type; older ones count as let through.
const WAITING_MAX: usize = 4096;

/// Automatic actions under one certificate, and which of them were stopped.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Stops {
    /// Of those whose time is over.
    settled: Gauge,
    /// The rest, ascending: which, until when it can be stopped, whether it was.
    waiting: VecDeque<(DecisionId, Millis, bool)>,
    /// Of all.
    gauge: Gauge,
}

impl Stops {
    /// Overrides among all automatic actions so far.
    #[must_use]
    pub fn gauge(&self) -> &Gauge {
        &self.gauge
    }

    /// Counts an action that begins.
    pub(crate) fn begin(&mut self, id: DecisionId, until: Millis, alpha: f64) {
        self.waiting.push_back((id, until, false));
        self.gauge.observe(false, alpha);
        if self.waiting.len() > WAITING_MAX {
            self.settle_first(alpha);
        }
    }

    /// Counts that somebody stopped an action; no more than once, and not after its time.
    pub(crate) fn stop(&mut self, id: DecisionId, alpha: f64) {
        let Ok(i) = self.waiting.binary_search_by_key(&id, |(id, ..)| *id) else { return };
        if std::mem::replace(&mut self.waiting[i].2, true) {
            return;
        }
        self.gauge = self.settled;
        self.waiting.iter().for_each(|(.., stopped)| self.gauge.observe(*stopped, alpha));
    }

    /// Closes the books on what can no longer be stopped at `now`.
    pub(crate) fn settle(&mut self, now: Millis, alpha: f64) {
        while self.waiting.front().is_some_and(|(_, until, _)| *until <= now) {
            self.settle_first(alpha);
        }
    }

    fn settle_first(&mut self, alpha: f64) {
        if let Some((.., stopped)) = self.waiting.pop_front() {
            self.settled.observe(stopped, alpha);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALPHA: f64 = 0.05;

    /// Ten actions, a second apart and stoppable for five, of which `stopped` are stopped at once or
    /// late; the gauge after them.
    fn after(stopped: &[u64], late: bool) -> Stops {
        let mut stops = Stops::default();
        for i in 0..10u64 {
            let now = |i: u64| Millis(i64::try_from(i).expect("small") * 1000);
            stops.settle(now(i), ALPHA);
            stops.begin(DecisionId(i), now(i + 5), ALPHA);
            let due = if late { i.checked_sub(4) } else { Some(i) };
            if let Some(id) = due.filter(|id| stopped.contains(id)) {
                stops.stop(DecisionId(id), ALPHA);
            }
        }
        stops
    }

    #[test]
    fn it_comes_out_the_same_whenever_they_are_stopped() {
        for stopped in [&[][..], &[0], &[3, 4, 5], &[1, 2, 5]] {
            let plain = stopped.iter().fold([false; 10], |mut all, i| {
                all[usize::try_from(*i).expect("small")] = true;
                all
            });
            let mut gauge = Gauge::default();
            plain.iter().for_each(|hit| gauge.observe(*hit, ALPHA));
            assert_eq!(after(stopped, false).gauge, gauge, "{stopped:?} at once");
            assert_eq!(after(stopped, true).gauge, gauge, "{stopped:?} late");
        }
    }

    #[test]
    fn once_stopped_or_over_nothing_counts_again() {
        let mut stops = after(&[9], false);
        let before = stops.clone();
        stops.stop(DecisionId(9), ALPHA);
        stops.stop(DecisionId(0), ALPHA);
        stops.stop(DecisionId(77), ALPHA);
        assert_eq!(stops, before);
    }

    #[test]
    fn there_is_an_end_to_what_is_remembered() {
        let mut stops = Stops::default();
        for i in 0..10_000 {
            stops.begin(DecisionId(i), Millis(i64::MAX), ALPHA);
        }
        assert_eq!((stops.waiting.len(), stops.gauge.seen), (WAITING_MAX, 10_000));
    }
}
