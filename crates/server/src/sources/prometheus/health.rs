//! How a source fares, for metrics and for the status page.

use parking_lot::Mutex;

/// How a source fares; shared by its thread and by those who ask.
#[derive(Debug, Default)]
pub(crate) struct SourceHealth(Mutex<Numbers>);

/// Numbers of a source since its start; times are ms since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Numbers {
    /// Polls that were answered, history included.
    pub(crate) successes: u64,
    /// Polls that failed.
    pub(crate) failures: u64,
    /// Samples that watchers were given.
    pub(crate) samples: u64,
    /// Findings that were told.
    pub(crate) findings: u64,
    /// Interfaces known.
    pub(crate) interfaces: u64,
    /// Series and values that were left out.
    pub(crate) left_out: u64,
    /// When the last poll was answered.
    pub(crate) last_success_ms: Option<i64>,
    /// Time of the newest sample.
    pub(crate) newest_sample_ms: Option<i64>,
    /// Why the last poll failed, in one word; `None` if it was answered.
    pub(crate) failing: Option<&'static str>,
}

impl Numbers {
    /// `starting`, `ok` or `failing`.
    pub(crate) fn state(&self) -> &'static str {
        match (self.failing, self.last_success_ms) {
            (Some(_), _) => "failing",
            (None, Some(_)) => "ok",
            (None, None) => "starting",
        }
    }
}

impl SourceHealth {
    /// The numbers as they are now.
    pub(crate) fn numbers(&self) -> Numbers {
        *self.0.lock()
    }

    /// Changes the numbers.
    pub(super) fn update(&self, change: impl FnOnce(&mut Numbers)) {
        change(&mut self.0.lock());
    }
}
