//! A routed network that many may ask at once.

use npo_network::routing::Overlay;
use npo_network::what_if::{Baseline, Effect, Scratch};
use parking_lot::Mutex;

/// Scratches kept for the next question; each has a few numbers for every node and link.
const SCRATCHES_KEPT: usize = 8;

/// A baseline with working memory for questions to it.
pub(super) struct Routed {
    baseline: Baseline,
    scratches: Mutex<Vec<Scratch>>,
}

impl Routed {
    pub(super) fn new(baseline: Baseline) -> Self {
        Self { baseline, scratches: Mutex::new(Vec::new()) }
    }

    pub(super) fn baseline(&self) -> &Baseline {
        &self.baseline
    }

    /// Reads off what the network would do with an overlay.
    pub(super) fn ask<T>(&self, overlay: &Overlay, read: impl FnOnce(Effect<'_>) -> T) -> T {
        let kept = self.scratches.lock().pop();
        let mut scratch = kept.unwrap_or_else(|| Scratch::new(&self.baseline));
        let answer = read(scratch.apply(&self.baseline, overlay));
        let mut kept = self.scratches.lock();
        if kept.len() < SCRATCHES_KEPT {
            kept.push(scratch);
        }
        answer
    }
}
