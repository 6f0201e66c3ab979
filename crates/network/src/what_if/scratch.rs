//! Applying an overlay to a baseline: only what changes is computed.
//!
//! For each destination whose traffic meets the change: distances are corrected ([`Detour`]); nodes that choose other
//! next hops than before are found; what they hold is taken off the old next hops and put on the new ones; and the
//! differences run downstream, farthest node first.
//!
//! A node whose distance stays and which only chooses anew (the usual case under ECMP) passes on the difference at
//! once; a node whose distance changed gives everything back first and sends it again when its turn comes, because its
//! old next hops may now lie behind it.

use super::baseline::{Baseline, Destination};
use super::detour::Detour;
use super::effect::Effect;
use crate::routing::{Hop, Net, Overlay, RadixQueue, State, UNREACHABLE, next_hops};
use crate::topology::NodeId;
use crate::traffic::Demand;

/// Working memory for one what-if after the other over one baseline.
#[derive(Debug, Clone)]
pub struct Scratch {
    overlay: Overlay,
    state: State,
    /// By slot, bit/s, after the overlay.
    pub(super) load: Vec<f64>,
    /// Nodes from which something else goes out than before.
    pub(super) touched: Vec<u32>,
    pub(super) is_touched: Vec<bool>,
    /// Demands that found a way before and find none now.
    pub(super) cut_off: Vec<Demand>,
    detour: Detour,
    flows: Flows,
    changes: Changes,
}

/// The slots that an overlay changes, sorted by what that means.
#[derive(Debug, Clone, Default)]
struct Changes {
    worse: Vec<u32>,
    better: Vec<u32>,
    shifted: Vec<u32>,
    drained: Vec<u32>,
    /// Those of `worse`, and into `drained`, that lie on shortest paths to the destination at hand.
    worse_here: Vec<u32>,
}

/// Differences on their way to one destination.
#[derive(Debug, Clone)]
struct Flows {
    /// By node, bit/s more than before, not yet passed on.
    more: Vec<f64>,
    is_queued: Vec<bool>,
    /// Nodes that choose other next hops at the same distance.
    choosers: Vec<u32>,
    is_chooser: Vec<bool>,
    queue: RadixQueue,
    hops: Vec<Hop>,
    chosen: Vec<Hop>,
}

/// A difference of less than this share of what a node holds is rounding.
const NEGLIGIBLE_SHARE: f64 = 1e-14;

impl Scratch {
    /// Working memory for a baseline.
    #[must_use]
    pub fn new(baseline: &Baseline) -> Self {
        let nodes = baseline.wiring.nodes();
        Self {
            overlay: Overlay::none(),
            state: baseline.state.clone(),
            load: baseline.load.clone(),
            touched: Vec::new(),
            is_touched: vec![false; nodes],
            cut_off: Vec::new(),
            detour: Detour::new(nodes),
            flows: Flows {
                more: vec![0.0; nodes],
                is_queued: vec![false; nodes],
                choosers: Vec::new(),
                is_chooser: vec![false; nodes],
                queue: RadixQueue::default(),
                hops: Vec::new(),
                chosen: Vec::new(),
            },
            changes: Changes::default(),
        }
    }

    /// What the network carries with an overlay on top of the baseline; what was applied before is forgotten.
    ///
    /// # Panics
    /// If the scratch was made for a network of another size, or the overlay names what the topology does not have.
    pub fn apply<'s>(&'s mut self, baseline: &'s Baseline, overlay: &Overlay) -> Effect<'s> {
        assert_eq!(self.load.len(), baseline.load.len(), "a scratch belongs to one baseline");
        self.forget(baseline);
        self.overlay.clone_from(overlay);
        self.state.lay(&baseline.wiring, overlay);
        self.changes.sort(baseline, &self.state, overlay);
        for destination in &baseline.destinations {
            self.apply_to(baseline, destination);
        }
        Effect::new(baseline, self)
    }

    /// The overlay that was applied last.
    pub(super) fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    fn forget(&mut self, baseline: &Baseline) {
        self.state.lift(&baseline.wiring, &self.overlay, &baseline.state);
        for node in self.touched.drain(..) {
            let slots = baseline.wiring.leaving(node as usize);
            self.load[slots.clone()].copy_from_slice(&baseline.load[slots]);
            self.is_touched[node as usize] = false;
        }
        self.cut_off.clear();
    }

    fn apply_to(&mut self, baseline: &Baseline, destination: &Destination) {
        let before = baseline.net();
        let after = Net { wiring: &baseline.wiring, state: &self.state };
        if !self.changes.meet(before, after, destination) {
            return;
        }
        let Changes { worse_here, better, shifted, .. } = &self.changes;
        self.detour.find(before, after, destination, worse_here, better);
        let changed = worse_here.iter().chain(better).chain(shifted).map(|&slot| slot as usize);
        self.flows.find_choosers(before, after, destination, &self.detour, changed);
        let mut carried = Carried {
            load: &mut self.load,
            touched: &mut self.touched,
            is_touched: &mut self.is_touched,
        };
        self.flows.take_back(before, after, destination, &self.detour, &mut carried);
        self.flows.pass_on(before, after, destination, &self.detour, &mut carried);
        for &node in &self.detour.changed {
            let node = node as usize;
            let is_lost = self.detour.dist(destination, node) >= UNREACHABLE;
            let own_bps = if is_lost { baseline.own_bps(destination, node) } else { 0.0 };
            if own_bps > 0.0 {
                let (from, to) = (NodeId(node as u32), NodeId(destination.node));
                self.cut_off.push(Demand { from, to, bps: own_bps });
            }
        }
        self.flows.clear(destination, &self.detour);
        self.detour.clear();
    }
}

impl Changes {
    fn sort(&mut self, baseline: &Baseline, state: &State, overlay: &Overlay) {
        self.worse.clear();
        self.better.clear();
        self.shifted.clear();
        self.drained.clear();
        for (arc, _) in overlay.arcs() {
            let slot = baseline.wiring.slot(arc);
            let (before, after) = (baseline.state.weight(slot), state.weight(slot));
            match after.cmp(&before) {
                std::cmp::Ordering::Greater => self.worse.push(slot as u32),
                std::cmp::Ordering::Less => self.better.push(slot as u32),
                std::cmp::Ordering::Equal => {}
            }
            if state.moved_share(slot) != baseline.state.moved_share(slot) {
                self.shifted.push(slot as u32);
            }
        }
        let newly = overlay.no_transit().filter(|node| baseline.state.lets_through(node.index()));
        self.drained.extend(newly.map(|node| node.0));
    }

    /// Whether traffic to a destination meets the change; fills `worse_here`.
    fn meet(&mut self, before: Net<'_>, after: Net<'_>, destination: &Destination) -> bool {
        let wiring = before.wiring;
        let Destination { dist, flow, .. } = destination;
        let dest = destination.node as usize;
        let is_tight = |slot: usize| {
            before.is_tight(slot, dest, dist[wiring.tail(slot)], dist[wiring.head(slot)])
        };
        let Self { worse, better, shifted, drained, worse_here } = self;
        worse_here.clear();
        worse_here.extend(worse.iter().copied().filter(|&slot| is_tight(slot as usize)));
        for &node in drained.iter().filter(|&&node| node as usize != dest) {
            let arriving = wiring.arriving(node as usize).iter().copied();
            // Those that are worse for themselves are there already.
            let only_drained = arriving.filter(|&slot| {
                let slot = slot as usize;
                after.state.weight(slot) <= before.state.weight(slot) && is_tight(slot)
            });
            worse_here.extend(only_drained);
        }
        // If no node upstream of the change holds anything, nothing flows otherwise: what is tight is used, unless a
        // shift took it off.
        let is_used =
            |slot: u32| flow[wiring.tail(slot as usize)] > 0.0 || before.state.is_shifted();
        let is_nearer = |slot: usize| {
            let head = dist[wiring.head(slot)];
            head < UNREACHABLE && head + after.state.weight(slot) <= dist[wiring.tail(slot)]
        };
        worse_here.iter().any(|&slot| is_used(slot))
            || better.iter().any(|&slot| is_nearer(slot as usize))
            || (!better.is_empty() && !worse_here.is_empty())
            || shifted.iter().any(|&slot| is_tight(slot as usize))
    }
}

/// Where loads are kept while differences run.
struct Carried<'a> {
    load: &'a mut [f64],
    touched: &'a mut Vec<u32>,
    is_touched: &'a mut [bool],
}

impl Carried<'_> {
    fn touch(&mut self, node: usize) {
        if !self.is_touched[node] {
            self.is_touched[node] = true;
            self.touched.push(node as u32);
        }
    }
}

impl Flows {
    /// Finds the nodes that choose other next hops at an unchanged distance: at the changed slots, and next to nodes
    /// whose distance changed.
    fn find_choosers(
        &mut self,
        before: Net<'_>,
        after: Net<'_>,
        destination: &Destination,
        detour: &Detour,
        changed: impl Iterator<Item = usize>,
    ) {
        let wiring = before.wiring;
        let dest = destination.node as usize;
        let next_to = detour.changed.iter().flat_map(|&node| wiring.arriving(node as usize));
        for slot in changed.chain(next_to.map(|&slot| slot as usize)) {
            let (tail, head) = (wiring.tail(slot), wiring.head(slot));
            if detour.is_changed(tail) || self.is_chooser[tail] {
                continue;
            }
            let dist = destination.dist[tail];
            if before.is_tight(slot, dest, dist, destination.dist[head])
                || after.is_tight(slot, dest, dist, detour.dist(destination, head))
            {
                self.is_chooser[tail] = true;
                self.choosers.push(tail as u32);
            }
        }
    }

    /// Takes off the old next hops what will go elsewhere; choosers put it on the new ones at once.
    fn take_back(
        &mut self,
        before: Net<'_>,
        after: Net<'_>,
        destination: &Destination,
        detour: &Detour,
        carried: &mut Carried<'_>,
    ) {
        let dest = destination.node as usize;
        self.is_queued[dest] = true; // What has arrived goes no further.
        for &node in &detour.changed {
            let node = node as usize;
            let bps = destination.flow[node];
            if bps > 0.0 && destination.dist[node] < UNREACHABLE {
                destination.known_hops(before, node, &mut self.hops);
                self.send(before, destination, detour, node, -bps, carried);
                self.enqueue(detour.dist(destination, node), node);
            }
        }
        for at in 0..self.choosers.len() {
            let node = self.choosers[at] as usize;
            let bps = destination.flow[node];
            if bps > 0.0 {
                destination.known_hops(before, node, &mut self.hops);
                let dist = |node| detour.dist(destination, node);
                next_hops(after, node, dest, dist, &mut self.chosen);
                self.turn();
                self.send(before, destination, detour, node, bps, carried);
            }
        }
    }

    /// Makes of `hops` how much more each takes in `chosen` than before; those that take the same are left out.
    fn turn(&mut self) {
        self.hops.iter_mut().for_each(|hop| hop.share = -hop.share);
        let mut known = 0;
        let old = self.hops.len();
        for hop in &self.chosen {
            // Both are in order of slots.
            while known < old && self.hops[known].slot < hop.slot {
                known += 1;
            }
            match self.hops.get_mut(known).filter(|old| old.slot == hop.slot) {
                Some(old) => old.share += hop.share,
                None => self.hops.push(*hop),
            }
        }
        self.hops.retain(|hop| hop.share != 0.0);
    }

    /// Runs the differences downstream, farthest node first.
    fn pass_on(
        &mut self,
        before: Net<'_>,
        after: Net<'_>,
        destination: &Destination,
        detour: &Detour,
        carried: &mut Carried<'_>,
    ) {
        while let Some((_, node)) = self.queue.pop() {
            let node = node as usize;
            self.is_queued[node] = false;
            let held = destination.flow[node];
            let mut bps = std::mem::take(&mut self.more[node]);
            if detour.is_changed(node) && destination.dist[node] < UNREACHABLE {
                bps += held;
            }
            if bps.abs() <= held * NEGLIGIBLE_SHARE {
                continue;
            }
            if detour.is_changed(node) || self.is_chooser[node] {
                let dist = |node| detour.dist(destination, node);
                next_hops(after, node, destination.node as usize, dist, &mut self.hops);
            } else {
                destination.known_hops(before, node, &mut self.hops);
            }
            self.send(before, destination, detour, node, bps, carried);
        }
    }

    /// Puts `bps` on `hops`.
    fn send(
        &mut self,
        net: Net<'_>,
        destination: &Destination,
        detour: &Detour,
        node: usize,
        bps: f64,
        carried: &mut Carried<'_>,
    ) {
        carried.touch(node);
        for at in 0..self.hops.len() {
            let Hop { slot, share } = self.hops[at];
            let head = net.wiring.head(slot as usize);
            carried.load[slot as usize] += bps * share;
            self.more[head] += bps * share;
            if !self.is_queued[head] {
                self.enqueue(detour.dist(destination, head), head);
            }
        }
    }

    fn enqueue(&mut self, dist: u64, node: usize) {
        if !self.is_queued[node] && dist < UNREACHABLE {
            self.is_queued[node] = true;
            self.queue.push(UNREACHABLE - dist, node as u32);
        }
    }

    fn clear(&mut self, destination: &Destination, detour: &Detour) {
        self.choosers.drain(..).for_each(|node| self.is_chooser[node as usize] = false);
        // What came to the destination, or was taken off nodes that are cut off, goes nowhere from there.
        let dest = destination.node as usize;
        self.is_queued[dest] = false;
        self.more[dest] = 0.0;
        detour.changed.iter().for_each(|&node| self.more[node as usize] = 0.0);
    }
}
