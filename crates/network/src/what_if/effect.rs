//! What the network carries after a change, as it stands in the scratch.

use super::assess::condition;
use super::summary::Condition;
use super::{Baseline, Scratch};
use crate::routing::{DOWN, Loads, Overlay, total_bps};
use crate::topology::ArcId;
use crate::traffic::Demand;

/// Loads after a change.
#[derive(Debug, Clone, Copy)]
pub struct Effect<'s> {
    baseline: &'s Baseline,
    scratch: &'s Scratch,
}

impl<'s> Effect<'s> {
    pub(super) fn new(baseline: &'s Baseline, scratch: &'s Scratch) -> Self {
        Self { baseline, scratch }
    }

    /// The network before the change.
    #[must_use]
    pub fn baseline(&self) -> &'s Baseline {
        self.baseline
    }

    /// What was changed.
    #[must_use]
    pub fn overlay(&self) -> &'s Overlay {
        self.scratch.overlay()
    }

    /// What an arc carries after the change, bit/s.
    #[must_use]
    pub fn arc_bps(&self, arc: ArcId) -> f64 {
        self.slot_bps(self.baseline.wiring.slot(arc))
    }

    pub(super) fn slot_bps(&self, slot: usize) -> f64 {
        let bps = self.scratch.load[slot];
        // What is left by rounding is nothing.
        let is_nothing =
            bps <= self.baseline.negligible_bps || self.scratch.state().weight(slot) == DOWN;
        if is_nothing && bps != self.baseline.load[slot] { 0.0 } else { bps }
    }

    /// Arcs that may carry something else than before, in no order that matters.
    pub fn touched(&self) -> impl Iterator<Item = ArcId> + use<'s> {
        let wiring = &self.baseline.wiring;
        self.touched_slots().map(|slot| wiring.arc(slot))
    }

    pub(super) fn touched_slots(&self) -> impl Iterator<Item = usize> + use<'s> {
        let wiring = &self.baseline.wiring;
        self.scratch.touched.iter().flat_map(|&node| wiring.leaving(node as usize))
    }

    pub(super) fn is_touched(&self, node: usize) -> bool {
        self.scratch.is_touched[node]
    }

    /// Demands that found a way before the change and find none after it, ordered by destination.
    #[must_use]
    pub fn cut_off(&self) -> &'s [Demand] {
        &self.scratch.cut_off
    }

    /// How much the change cuts off, bit/s.
    #[must_use]
    pub fn cut_off_bps(&self) -> f64 {
        total_bps(&self.scratch.cut_off)
    }

    /// How the network stands after the change, with this limit.
    #[must_use]
    pub fn condition(&self, limit: f64) -> Condition {
        let traffic_bps = self.baseline.matrix().total_bps();
        condition(self.baseline.topology(), &self.loads(), traffic_bps, limit)
    }

    /// All loads after the change; stranded is also what was before it.
    #[must_use]
    pub fn loads(&self) -> Loads {
        let arcs = (0u32..).take(self.baseline.load.len()).map(ArcId);
        let mut stranded = self.baseline.loads().stranded().to_vec();
        stranded.extend(self.cut_off());
        stranded.sort_by_key(|demand| (demand.to, demand.from));
        Loads::new(arcs.map(|arc| self.arc_bps(arc)).collect(), stranded)
    }
}
