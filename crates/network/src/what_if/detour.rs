//! How distances to one destination change.
//!
//! Two steps, each exact: first with everything that became worse, where the nodes that lost all their next hops look
//! for the nearest way out among the others; then with what became better, spreading from the better arcs.

use crate::routing::{Net, RadixQueue, UNREACHABLE};
use crate::what_if::baseline::Destination;

/// Changed distances to one destination, and the memory to find them.
#[derive(Debug, Clone)]
pub(super) struct Detour {
    /// By node; meant only where `is_changed`.
    dist: Vec<u64>,
    is_changed: Vec<bool>,
    /// The nodes whose distance was computed anew.
    pub(super) changed: Vec<u32>,
    /// By node: next hops lost so far.
    lost: Vec<u32>,
    losers: Vec<u32>,
    queue: RadixQueue,
}

impl Detour {
    pub(super) fn new(nodes: usize) -> Self {
        Self {
            dist: vec![0; nodes],
            is_changed: vec![false; nodes],
            changed: Vec::new(),
            lost: vec![0; nodes],
            losers: Vec::new(),
            queue: RadixQueue::default(),
        }
    }

    /// Distance of a node after the change.
    pub(super) fn dist(&self, destination: &Destination, node: usize) -> u64 {
        if self.is_changed[node] { self.dist[node] } else { destination.dist[node] }
    }

    pub(super) fn is_changed(&self, node: usize) -> bool {
        self.is_changed[node]
    }

    /// Forgets the last destination.
    pub(super) fn clear(&mut self) {
        self.changed.drain(..).for_each(|node| self.is_changed[node as usize] = false);
        self.losers.drain(..).for_each(|node| self.lost[node as usize] = 0);
    }

    /// Finds the distances after a change.
    ///
    /// `worse` are the slots that lay on shortest paths before and became longer or closed; `better` are those that
    /// became shorter.
    pub(super) fn find(
        &mut self,
        before: Net<'_>,
        after: Net<'_>,
        destination: &Destination,
        worse: &[u32],
        better: &[u32],
    ) {
        self.find_cut_off(before, after, destination, worse);
        self.find_ways_out(before, after, destination);
        if !better.is_empty() {
            self.spread_improvement(after, destination, better);
        }
    }

    /// Marks as changed the nodes that lost all their next hops.
    fn find_cut_off(
        &mut self,
        before: Net<'_>,
        after: Net<'_>,
        destination: &Destination,
        worse: &[u32],
    ) {
        let wiring = before.wiring;
        let dest = destination.node as usize;
        worse.iter().for_each(|&slot| self.lose(destination, wiring.tail(slot as usize)));
        let mut next = 0;
        while let Some(&node) = self.changed.get(next) {
            next += 1;
            let node = node as usize;
            for &slot in wiring.arriving(node) {
                let slot = slot as usize;
                let tail = wiring.tail(slot);
                let was_tight =
                    before.is_tight(slot, dest, destination.dist[tail], destination.dist[node]);
                if was_tight && !is_worse(before, after, slot, dest) {
                    self.lose(destination, tail);
                }
            }
        }
    }

    fn lose(&mut self, destination: &Destination, node: usize) {
        if self.lost[node] == 0 {
            self.losers.push(node as u32);
        }
        self.lost[node] += 1;
        if self.lost[node] == destination.span[node].count {
            self.is_changed[node] = true;
            self.dist[node] = UNREACHABLE;
            self.changed.push(node as u32);
        }
    }

    /// Distances of the nodes that were cut off: over a node that was not, then over each other.
    fn find_ways_out(&mut self, before: Net<'_>, after: Net<'_>, destination: &Destination) {
        let wiring = after.wiring;
        let dest = destination.node as usize;
        // What became better counts as before in this step.
        let weight = |slot: usize| after.state.weight(slot).max(before.state.weight(slot));
        for at in 0..self.changed.len() {
            let node = self.changed[at] as usize;
            let ways = wiring.leaving(node).filter_map(|slot| {
                let head = wiring.head(slot);
                let is_way = !self.is_changed[head] && after.leads(slot, dest);
                is_way.then(|| destination.dist[head] + weight(slot))
            });
            let nearest = ways.min().unwrap_or(UNREACHABLE);
            if nearest < UNREACHABLE {
                self.dist[node] = nearest;
                self.queue.push(nearest, node as u32);
            }
        }
        while let Some((key, node)) = self.queue.pop() {
            let node = node as usize;
            if key > self.dist[node] || !after.admits(node, dest) {
                continue;
            }
            for &slot in wiring.arriving(node) {
                let slot = slot as usize;
                let tail = wiring.tail(slot);
                let through = key + weight(slot);
                if self.is_changed[tail] && through < self.dist[tail] {
                    self.dist[tail] = through;
                    self.queue.push(through, tail as u32);
                }
            }
        }
    }

    fn spread_improvement(&mut self, after: Net<'_>, destination: &Destination, better: &[u32]) {
        let wiring = after.wiring;
        let dest = destination.node as usize;
        for &slot in better {
            let slot = slot as usize;
            let head = self.dist(destination, wiring.head(slot));
            if head < UNREACHABLE && after.leads(slot, dest) {
                let through = head + after.state.weight(slot);
                self.improve(destination, wiring.tail(slot), through);
            }
        }
        while let Some((key, node)) = self.queue.pop() {
            let node = node as usize;
            if key > self.dist(destination, node) || !after.admits(node, dest) {
                continue;
            }
            for &slot in wiring.arriving(node) {
                let through = key + after.state.weight(slot as usize);
                self.improve(destination, wiring.tail(slot as usize), through);
            }
        }
    }

    fn improve(&mut self, destination: &Destination, node: usize, through: u64) {
        if through >= self.dist(destination, node) {
            return;
        }
        if !self.is_changed[node] {
            self.is_changed[node] = true;
            self.changed.push(node as u32);
        }
        self.dist[node] = through;
        self.queue.push(through, node as u32);
    }
}

/// Whether a slot that could be used toward `dest` became longer or closed.
fn is_worse(before: Net<'_>, after: Net<'_>, slot: usize, dest: usize) -> bool {
    after.state.weight(slot) > before.state.weight(slot) || !after.leads(slot, dest)
}
