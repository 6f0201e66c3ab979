//! Every single-link failure, one after the other.
//!
//! Results come one at a time and nothing of a failure is kept for the next, so memory is that of the baseline and one
//! scratch, whatever the number of links.

use super::{Baseline, Effect, Scratch};
use crate::routing::Overlay;
use crate::topology::{ArcId, LinkId};

/// What the failure of one link would do, in short.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Failure {
    /// The link.
    pub link: LinkId,
    /// The fullest arc after it and its utilisation, where any capacity is known.
    pub fullest: Option<(ArcId, f64)>,
    /// Traffic that finds no way any more, bit/s.
    pub cut_off_bps: f64,
    /// Arcs above the limit after it.
    pub past_limit: usize,
    /// Those of them that were at most at the limit before.
    pub pushed: usize,
}

/// All single-link failures of a baseline, in order of links.
#[derive(Debug, Clone)]
pub struct Sweep<'a> {
    baseline: &'a Baseline,
    scratch: Scratch,
    gauge: Gauge,
    next: u32,
}

impl<'a> Sweep<'a> {
    /// Sweeps a baseline; `limit` is a utilisation.
    #[must_use]
    pub fn new(baseline: &'a Baseline, limit: f64) -> Self {
        let gauge = Gauge::new(baseline, limit);
        Self { baseline, scratch: Scratch::new(baseline), gauge, next: 0 }
    }
}

impl Iterator for Sweep<'_> {
    type Item = Failure;

    fn next(&mut self) -> Option<Failure> {
        let topology = self.baseline.topology();
        let link = LinkId(self.next);
        if link.index() >= topology.links().len() {
            return None;
        }
        self.next += 1;
        let overlay = Overlay::without(topology, [link]);
        let effect = self.scratch.apply(self.baseline, &overlay);
        Some(self.gauge.read(link, effect))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.baseline.topology().links().len() - self.next as usize;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Sweep<'_> {}

/// Reads utilisations off loads, looking only where something changed.
#[derive(Debug, Clone)]
struct Gauge {
    limit: f64,
    /// By slot; infinite where the capacity is unknown, so that nothing is ever past it.
    capacity_bps: Vec<f64>,
    /// Slots of known capacity, the fullest in the baseline first.
    by_utilisation: Vec<u32>,
    past_limit: usize,
}

impl Gauge {
    fn new(baseline: &Baseline, limit: f64) -> Self {
        let capacity = |slot| baseline.topology().arc(baseline.wiring.arc(slot)).capacity_bps;
        let slots = 0..baseline.load.len();
        let capacity_bps: Vec<f64> =
            slots.clone().map(|slot| capacity(slot).unwrap_or(f64::INFINITY)).collect();
        let utilisation = |slot: usize| baseline.load[slot] / capacity_bps[slot];
        let mut by_utilisation: Vec<u32> =
            slots.filter(|&slot| capacity_bps[slot].is_finite()).map(|slot| slot as u32).collect();
        by_utilisation.sort_by(|&a, &b| {
            utilisation(b as usize).total_cmp(&utilisation(a as usize)).then(a.cmp(&b))
        });
        let is_past = |&&slot: &&u32| utilisation(slot as usize) > limit;
        let past_limit = by_utilisation.iter().filter(is_past).count();
        Self { limit, by_utilisation, past_limit, capacity_bps }
    }

    fn read(&self, link: LinkId, effect: Effect<'_>) -> Failure {
        let baseline = effect.baseline();
        let wiring = &baseline.wiring;
        let mut fullest: Option<(usize, f64)> = None;
        let (mut past_limit, mut pushed) = (self.past_limit, 0);
        for slot in effect.touched_slots() {
            let utilisation = effect.slot_bps(slot) / self.capacity_bps[slot];
            let was_past = baseline.load[slot] / self.capacity_bps[slot] > self.limit;
            let is_past = utilisation > self.limit;
            past_limit = past_limit + usize::from(is_past) - usize::from(was_past);
            pushed += usize::from(is_past && !was_past);
            let is_known = self.capacity_bps[slot].is_finite();
            if is_known && fullest.is_none_or(|(_, most)| utilisation > most) {
                fullest = Some((slot, utilisation));
            }
        }
        // The fullest of those that stayed as they were.
        let stayed = self.by_utilisation.iter().map(|&slot| slot as usize);
        let stayed = stayed.filter(|&slot| !effect.is_touched(wiring.tail(slot)));
        if let Some(slot) = stayed.into_iter().next() {
            let utilisation = baseline.load[slot] / self.capacity_bps[slot];
            if fullest.is_none_or(|(_, most)| utilisation > most) {
                fullest = Some((slot, utilisation));
            }
        }
        Failure {
            link,
            fullest: fullest.map(|(slot, utilisation)| (wiring.arc(slot), utilisation)),
            cut_off_bps: effect.cut_off_bps(),
            past_limit,
            pushed,
        }
    }
}
