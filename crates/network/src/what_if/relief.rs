//! Where the traffic of a busy arc would best go instead: the best split at the node that sends it.
//!
//! The node in front of the arc may send its traffic over other equal-cost next hops, and over loop-free alternates: a
//! neighbour whose own shortest ways do not come back (RFC 5286, inequality 1). From there on traffic goes as before.
//! So a way is a next hop with everything behind it, and the split that keeps the fullest arc of all ways as idle as
//! possible is a small linear programme ([`crate::optimum`]); among the best splits it is the one that moves least.
//! Destinations with the same next hops share one split, as they do in a router's table of groups of next hops.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use serde::{Deserialize, Serialize};

use super::Baseline;
use super::baseline::Destination;
use super::summary::Peak;
use super::words::percent;
use crate::format::rate_words;
use crate::optimum::{Error, Programme, Way};
use crate::routing::{Hop, Shortest, UNREACHABLE};
use crate::topology::ArcId;

/// Most ways of all groups together; the largest groups count, and what does not fit stays as it is.
pub const RELIEF_WAYS_MAX: usize = 512;
/// A better split must keep the fullest arc this much more idle to be worth a word.
const WORTH: f64 = 0.005;
/// Next hops named in a sentence.
const NAMED_MAX: usize = 6;

/// The best split of what a node sends where a certain arc is one of the ways.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Relief {
    /// The arc that was asked about: `A→B`.
    pub arc: String,
    /// The node that splits.
    pub node: String,
    /// What it splits, bit/s.
    pub bps: f64,
    /// The fullest of the arcs on any of the ways, as it is.
    pub now: Peak,
    /// The fullest of them with the best split.
    pub best: Peak,
    /// Utilisation of the whole network's fullest arc with the best split.
    pub network_best: f64,
    /// Share of what is split that goes another way than now, 0 to 1.
    pub moved_share: f64,
    /// The next hops, in the order of the node's arcs.
    pub splits: Vec<ShareOf>,
    /// What passes the arc and has no other way, or was too much to be considered, bit/s.
    pub unmoved_bps: f64,
}

/// A next hop's share of what is split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShareOf {
    /// The arc to it: `A→B`.
    pub arc: String,
    /// Share as it is, 0 to 1.
    pub now: f64,
    /// Share in the best split.
    pub best: f64,
    /// Whether it is a loop-free alternate for all that is split, never on a shortest path: routing must be told to use
    /// it.
    pub alternate: bool,
}

/// Why there is no better split to speak of.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NoRelief {
    /// The arc carries nothing.
    #[error("{0} carries nothing")]
    Idle(String),
    /// All that passes it has only this way.
    #[error("what {0} carries has no other way from there")]
    OneWay(String),
    /// No capacity is known.
    #[error("no capacity is known on the ways of what {0} carries")]
    NoCapacity(String),
    /// The solver gave up.
    #[error(transparent)]
    Unsolved(#[from] Error),
}

/// Destinations that a node reaches over the same next hops.
#[derive(Debug, Default)]
struct Group {
    /// Where they are in the baseline.
    destinations: Vec<usize>,
    bps: f64,
}

/// Slots of the next hops of a group: equal-cost ones, and alternates.
type Hops = (Vec<u32>, Vec<u32>);

/// Finds the best split of what the tail of `arc` sends where `arc` is one of the equal-cost next hops.
///
/// # Errors
/// [`NoRelief`] says why there is none.
pub fn relieve(baseline: &Baseline, arc: ArcId) -> Result<Relief, NoRelief> {
    let topology = baseline.topology();
    let label = || topology.arc_label(arc);
    let slot = baseline.wiring.slot(arc);
    let node = baseline.wiring.tail(slot);
    if baseline.load[slot] <= baseline.negligible_bps {
        return Err(NoRelief::Idle(label()));
    }
    let (groups, unmoved_bps) = groups(baseline, slot, node);
    if groups.is_empty() {
        return Err(NoRelief::OneWay(label()));
    }
    let mut spread = Spread::new(baseline);
    let mut programme = Programme::default();
    let mut now: Vec<Vec<f64>> = Vec::new();
    let total_bps: f64 = groups.iter().map(|(_, group)| group.bps).sum();
    for ((equal, alternates), group) in &groups {
        let ways = equal.iter().chain(alternates).map(|&first| spread.way(group, node, first));
        programme.groups.push(ways.collect());
        let mut hops = Vec::new();
        let of = &baseline.destinations[group.destinations[0]];
        of.known_hops(baseline.net(), node, &mut hops);
        let share = |slot: &u32| hops.iter().find(|hop| hop.slot == *slot).map_or(0.0, |h| h.share);
        now.push(equal.iter().map(share).chain(alternates.iter().map(|_| 0.0)).collect());
    }
    programme.already = spread.capacity_known(&programme.groups);
    if programme.already.is_empty() {
        return Err(NoRelief::NoCapacity(label()));
    }
    spread.take_away(&mut programme, &now);
    let before = programme.utilisation(&now);
    let least = programme.least_peak()?;
    let size: Vec<f64> = groups.iter().map(|(_, group)| group.bps / total_bps).collect();
    let peak_of = |shares: &[Vec<f64>]| fullest(&programme.utilisation(shares));
    let best = programme.least_move(peak_of(&least).1, &now, &size)?;
    let after = programme.utilisation(&best);
    let rest = (0..baseline.load.len()).filter(|slot| !after.contains_key(slot));
    let rest = rest.filter_map(|slot| spread.utilisation(slot)).fold(0.0, f64::max);
    let peak = |of: &BTreeMap<usize, f64>| {
        let (slot, utilisation) = fullest(of);
        spread.peak(slot, utilisation)
    };
    Ok(Relief {
        arc: label(),
        node: topology.node(topology.arc(arc).from).name.clone(),
        bps: total_bps,
        now: peak(&before),
        best: peak(&after),
        network_best: rest.max(fullest(&after).1),
        moved_share: moved_share(&now, &best, &size),
        splits: splits(baseline, &groups, &now, &best, &size),
        unmoved_bps,
    })
}

/// The groups that use `slot` and could do otherwise, largest first as far as they fit, and what stays, bit/s.
fn groups(baseline: &Baseline, slot: usize, node: usize) -> (Vec<(Hops, Group)>, f64) {
    let net = baseline.net();
    let mut to_node = vec![UNREACHABLE; baseline.wiring.nodes()];
    Shortest::default().run(net, node, baseline.state.common_weight(), &mut to_node);
    let mut all: BTreeMap<Hops, Group> = BTreeMap::new();
    let mut hops: Vec<Hop> = Vec::new();
    let mut unmoved_bps = 0.0;
    for (at, destination) in baseline.destinations.iter().enumerate() {
        let bps = destination.flow[node];
        let dest = destination.node as usize;
        if bps <= baseline.negligible_bps || node == dest || destination.dist[node] >= UNREACHABLE {
            continue;
        }
        destination.known_hops(net, node, &mut hops);
        let Some(own) = hops.iter().find(|hop| hop.slot as usize == slot) else { continue };
        let equal: Vec<u32> = hops.iter().map(|hop| hop.slot).collect();
        let is_alternate = |other: &usize| {
            let head = net.wiring.head(*other);
            let dist = destination.dist[head];
            // Tight arcs that a shift left without a share are no alternates: somebody emptied them.
            net.leads(*other, dest)
                && dist < UNREACHABLE
                && dist + net.state.weight(*other) > destination.dist[node]
                && dist < to_node[head].saturating_add(destination.dist[node])
        };
        let alternates = net.wiring.leaving(node).filter(is_alternate);
        let alternates: Vec<u32> = alternates.filter_map(|slot| u32::try_from(slot).ok()).collect();
        if equal.len() + alternates.len() < 2 {
            unmoved_bps += bps * own.share;
            continue;
        }
        let group = all.entry((equal, alternates)).or_default();
        group.destinations.push(at);
        group.bps += bps;
    }
    let mut largest: Vec<(Hops, Group)> = all.into_iter().collect();
    // The sort is stable and the map is ordered, so ties come out the same always.
    largest.sort_by(|(_, a), (_, b)| b.bps.total_cmp(&a.bps));
    let (mut kept, mut ways) = (Vec::new(), 0);
    for (hops, group) in largest {
        let count = hops.0.len() + hops.1.len();
        if ways + count > RELIEF_WAYS_MAX {
            unmoved_bps += group.bps / hops.0.len() as f64;
            continue;
        }
        ways += count;
        kept.push((hops, group));
    }
    (kept, unmoved_bps)
}

/// Follows traffic from a next hop to where it ends.
struct Spread<'b> {
    baseline: &'b Baseline,
    /// By node, bit/s that has come and not yet gone on.
    held: Vec<f64>,
    queue: BinaryHeap<(u64, u32)>,
    hops: Vec<Hop>,
    /// By slot, bit/s of the way at hand.
    bps: BTreeMap<usize, f64>,
}

impl<'b> Spread<'b> {
    fn new(baseline: &'b Baseline) -> Self {
        Self {
            baseline,
            held: vec![0.0; baseline.wiring.nodes()],
            queue: BinaryHeap::new(),
            hops: Vec::new(),
            bps: BTreeMap::new(),
        }
    }

    /// What all arcs of known capacity would carry more, if all that a group sends left over slot `first`.
    fn way(&mut self, group: &Group, node: usize, first: u32) -> Way {
        self.bps.clear();
        for &at in &group.destinations {
            let destination = &self.baseline.destinations[at];
            self.send(destination, first as usize, destination.flow[node]);
        }
        let capacity = |slot: usize| self.capacity(slot);
        let raise = |(&slot, &bps): (&usize, &f64)| Some((slot, bps / capacity(slot)?));
        self.bps.iter().filter_map(raise).collect()
    }

    /// Nodes are left the farthest first, so that all that comes to one has come; a next hop of equal cost is always
    /// nearer, and one that is not is the first.
    fn send(&mut self, destination: &Destination, first: usize, bps: f64) {
        let net = self.baseline.net();
        *self.bps.entry(first).or_default() += bps;
        let head = net.wiring.head(first);
        self.held[head] = bps;
        self.queue.push((destination.dist[head], u32::try_from(head).unwrap_or(u32::MAX)));
        while let Some((_, node)) = self.queue.pop() {
            let node = node as usize;
            let held = std::mem::take(&mut self.held[node]);
            if node == destination.node as usize || held == 0.0 {
                continue;
            }
            destination.known_hops(net, node, &mut self.hops);
            for hop in &self.hops {
                let slot = hop.slot as usize;
                *self.bps.entry(slot).or_default() += held * hop.share;
                let head = net.wiring.head(slot);
                if self.held[head] == 0.0 {
                    self.queue
                        .push((destination.dist[head], u32::try_from(head).unwrap_or(u32::MAX)));
                }
                self.held[head] += held * hop.share;
            }
        }
    }

    fn capacity(&self, slot: usize) -> Option<f64> {
        self.baseline.topology().arc(self.baseline.wiring.arc(slot)).capacity_bps
    }

    fn utilisation(&self, slot: usize) -> Option<f64> {
        self.capacity(slot).map(|capacity| self.baseline.load[slot] / capacity)
    }

    /// Utilisation of the arcs on any way.
    fn capacity_known(&self, groups: &[Vec<Way>]) -> BTreeMap<usize, f64> {
        let slots: BTreeSet<usize> = groups.iter().flatten().flatten().map(|(s, _)| *s).collect();
        slots.into_iter().filter_map(|slot| Some((slot, self.utilisation(slot)?))).collect()
    }

    /// Leaves in [`Programme::already`] what is not the groups'.
    fn take_away(&self, programme: &mut Programme, now: &[Vec<f64>]) {
        let with = programme.utilisation(now);
        for (slot, already) in &mut programme.already {
            let theirs = with[slot] - *already;
            // What is left by rounding is nothing.
            let rest = *already - theirs;
            *already = if rest <= 1e-12 * *already { 0.0 } else { rest };
        }
    }

    fn peak(&self, slot: usize, utilisation: f64) -> Peak {
        let capacity_bps = self.capacity(slot).unwrap_or(f64::INFINITY);
        let arc = self.baseline.topology().arc_label(self.baseline.wiring.arc(slot));
        Peak { arc, bps: utilisation * capacity_bps, capacity_bps, utilisation }
    }
}

/// The fullest arc; of those that differ by what the solver's tolerance leaves, the first.
fn fullest(utilisation: &BTreeMap<usize, f64>) -> (usize, f64) {
    let most = utilisation.values().copied().fold(0.0, f64::max);
    let first = utilisation.iter().find(|&(_, &u)| u >= most - 1e-6);
    first.map_or((0, most), |(&slot, _)| (slot, most))
}

fn moved_share(now: &[Vec<f64>], best: &[Vec<f64>], size: &[f64]) -> f64 {
    let group = |(now, best): (&Vec<f64>, &Vec<f64>)| {
        now.iter().zip(best).map(|(now, best)| (best - now).max(0.0)).sum::<f64>()
    };
    now.iter().zip(best).map(group).zip(size).map(|(moved, size)| moved * size).sum()
}

fn splits(
    baseline: &Baseline,
    groups: &[(Hops, Group)],
    now: &[Vec<f64>],
    best: &[Vec<f64>],
    size: &[f64],
) -> Vec<ShareOf> {
    let mut by_slot: BTreeMap<u32, ShareOf> = BTreeMap::new();
    for ((((equal, alternates), _), (now, best)), size) in
        groups.iter().zip(now.iter().zip(best)).zip(size)
    {
        let slots = equal.iter().map(|slot| (slot, false));
        let slots = slots.chain(alternates.iter().map(|slot| (slot, true)));
        for ((&slot, alternate), (now, best)) in slots.zip(now.iter().zip(best)) {
            let arc = baseline.wiring.arc(slot as usize);
            let entry = by_slot.entry(slot).or_insert_with(|| ShareOf {
                arc: baseline.topology().arc_label(arc),
                now: 0.0,
                best: 0.0,
                alternate: true,
            });
            entry.now += now * size;
            entry.best += best * size;
            entry.alternate &= alternate;
        }
    }
    // An alternate that the best split does not use is no part of it.
    by_slot.into_values().filter(|share| !share.alternate || share.best > 1e-6).collect()
}

impl Relief {
    /// Whether the best split is worth making.
    #[must_use]
    pub fn is_worth(&self) -> bool {
        self.now.utilisation - self.best.utilisation >= WORTH
    }

    /// The split in words, two sentences at most.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { arc, node, now, best, .. } = self;
        let rate = rate_words(self.bps);
        if !self.is_worth() {
            return format!(
                "No split of the {rate} that {node} sends where {arc} is one of the ways does better: the fullest \
                 direction there is {} at {}.",
                now.arc,
                percent(now.utilisation),
            );
        }
        format!(
            "Best split of the {rate} that {node} sends where {arc} is one of the ways: {}. Then the fullest direction \
             there is {} at {}; now it is {} at {}.",
            self.split_words(),
            best.arc,
            percent(best.utilisation),
            now.arc,
            percent(now.utilisation),
        )
    }

    /// The shares in words: `spine1 40 % (now 25 %)`, those that change most first.
    #[must_use]
    pub fn split_words(&self) -> String {
        let mut shares: Vec<&ShareOf> = self.splits.iter().collect();
        let change = |share: &ShareOf| (share.best - share.now).abs();
        shares.sort_by(|a, b| change(b).total_cmp(&change(a)));
        let one = |share: &&ShareOf| {
            let longer = if share.alternate { ", a longer way" } else { "" };
            let (best, now) = (share.best * 100.0, share.now * 100.0);
            format!("{} {best:.0} % (now {now:.0} %{longer})", share.arc)
        };
        let named: Vec<String> = shares.iter().take(NAMED_MAX).map(one).collect();
        let more = shares.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", named.join(", "))
    }
}
