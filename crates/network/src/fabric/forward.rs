//! How a site's demand reaches its leaves: per-hop ECMP over the links that are in use, and what is lost on the way.
//!
//! A leaf spreads what it sends over all its uplinks in use whose spine can reach the other leaf; a spine spreads what
//! it sends to a leaf over their links in use. Each link weighs what its end makes it weigh: 1 where nothing is wrong.
//! Nothing is lost silently in the books: what is asked for is delivered, or counted under the cause of its loss.

use std::ops::AddAssign;

/// Shape of a site: links of leaf `i` to spine `p` stand at `(i * spines + p) * parallel ..`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) leaves: usize,
    pub(super) spines: usize,
    pub(super) parallel: usize,
}

/// One direction of a link: direction 0 leaves the leaf, 1 arrives there.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lane {
    /// Weight among its equals; 0 keeps traffic off it.
    pub(super) weight: f64,
    /// Share of what it carries that arrives in error.
    pub(super) errors: f64,
    /// Share of what it carries that vanishes without a trace.
    pub(super) silent: f64,
    /// What is asked of it, bit/s.
    pub(super) asked_bps: f64,
    /// What it sends, bit/s: at most its capacity.
    pub(super) sent_bps: f64,
    /// What arrives whole, bit/s.
    pub(super) received_bps: f64,
}

impl Lane {
    fn carry(&mut self, asked_bps: f64, capacity_bps: f64, losses: &mut Traffic) {
        self.asked_bps = asked_bps;
        self.sent_bps = asked_bps.min(capacity_bps);
        let (errors, silent) = (self.sent_bps * self.errors, self.sent_bps * self.silent);
        self.received_bps = (self.sent_bps - errors - silent).max(0.0);
        losses.overload += asked_bps - self.sent_bps;
        losses.errors += errors;
        losses.silent += self.sent_bps - errors - self.received_bps;
    }
}

/// What was asked for and what became of it: rates in bit/s, or amounts in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Traffic {
    /// Asked for by the leaves.
    pub asked: f64,
    /// Arrived at the leaves.
    pub delivered: f64,
    /// Lost because a link had less capacity than was asked of it.
    pub overload: f64,
    /// Lost in packets that arrived in error.
    pub errors: f64,
    /// Lost without any counter showing it.
    pub silent: f64,
    /// Lost while routing had not yet noticed that a link or device was gone.
    pub rerouting: f64,
    /// Lost because no way was left.
    pub unrouted: f64,
}

impl Traffic {
    /// Everything that was lost, for whatever cause.
    pub fn lost(&self) -> f64 {
        self.overload + self.errors + self.silent + self.rerouting + self.unrouted
    }

    /// The same times `factor`: from a rate to an amount.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        let Self { asked, delivered, overload, errors, silent, rerouting, unrouted } = self;
        Self {
            asked: asked * factor,
            delivered: delivered * factor,
            overload: overload * factor,
            errors: errors * factor,
            silent: silent * factor,
            rerouting: rerouting * factor,
            unrouted: unrouted * factor,
        }
    }
}

impl AddAssign for Traffic {
    fn add_assign(&mut self, other: Self) {
        let Self { asked, delivered, overload, errors, silent, rerouting, unrouted } = other;
        self.asked += asked;
        self.delivered += delivered;
        self.overload += overload;
        self.errors += errors;
        self.silent += silent;
        self.rerouting += rerouting;
        self.unrouted += unrouted;
    }
}

/// What is gone before routing has noticed, as shares: of what a leaf sends, of what it is sent, of what crosses a spine.
#[derive(Debug, Clone, Default)]
pub(super) struct Gone {
    pub(super) from_leaf: Vec<f64>,
    pub(super) to_leaf: Vec<f64>,
    pub(super) at_spine: Vec<f64>,
}

/// Carries `demands` (bit/s, row by source) over the `lanes` of a site, both directions of every link.
pub(super) fn forward(
    shape: Shape,
    demands: &[f64],
    capacity_bps: f64,
    gone: &Gone,
    lanes: &mut [[Lane; 2]],
) -> Traffic {
    let Shape { leaves, spines, parallel } = shape;
    let mut all = Traffic::default();
    // Weights of all links between a leaf and a spine, each way.
    let pairs: Vec<[f64; 2]> = lanes
        .chunks_exact(parallel)
        .map(|links| links.iter().fold([0.0; 2], |s, l| [s[0] + l[0].weight, s[1] + l[1].weight]))
        .collect();
    // What each leaf sends to each, over the weight of the uplinks that lead there.
    let mut per_weight = vec![0.0; leaves * leaves];
    for i in 0..leaves {
        let up: f64 = (0..spines).map(|p| pairs[i * spines + p][0]).sum();
        for j in 0..leaves {
            let demand = demands[i * leaves + j];
            if demand <= 0.0 {
                continue;
            }
            all.asked += demand;
            let kept = demand * (1.0 - gone.from_leaf[i]) * (1.0 - gone.to_leaf[j]);
            all.rerouting += demand - kept;
            let dead: f64 = (0..spines)
                .filter(|&p| pairs[j * spines + p][1] <= 0.0)
                .map(|p| pairs[i * spines + p][0])
                .sum();
            let ways = up - dead;
            if ways > 1e-9 {
                per_weight[i * leaves + j] = kept / ways;
            } else {
                all.unrouted += kept;
            }
        }
    }
    // Up: what of it arrives at the spine, per unit of weight.
    let mut whole = vec![0.0; leaves * spines];
    for i in 0..leaves {
        for p in 0..spines {
            let weight = pairs[i * spines + p][0];
            if weight <= 0.0 {
                continue;
            }
            let reached = |j: &usize| pairs[j * spines + p][1] > 0.0;
            let each: f64 = (0..leaves).filter(reached).map(|j| per_weight[i * leaves + j]).sum();
            let links = &mut lanes[(i * spines + p) * parallel..][..parallel];
            let mut arrives = 0.0;
            for [lane, _] in links {
                lane.carry(each * lane.weight, capacity_bps, &mut all);
                arrives += lane.received_bps;
            }
            whole[i * spines + p] = if each > 0.0 { arrives / each } else { 0.0 };
        }
    }
    // Down: what each spine has for each leaf, over their links.
    for j in 0..leaves {
        for p in 0..spines {
            let weight = pairs[j * spines + p][1];
            if weight <= 0.0 {
                continue;
            }
            let arrived: f64 =
                (0..leaves).map(|i| per_weight[i * leaves + j] * whole[i * spines + p]).sum();
            let kept = arrived * (1.0 - gone.at_spine[p]);
            all.rerouting += arrived - kept;
            for [_, lane] in &mut lanes[(j * spines + p) * parallel..][..parallel] {
                lane.carry(kept * lane.weight / weight, capacity_bps, &mut all);
                all.delivered += lane.received_bps;
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(shape: Shape) -> Gone {
        let none = |n| vec![0.0; n];
        Gone {
            from_leaf: none(shape.leaves),
            to_leaf: none(shape.leaves),
            at_spine: none(shape.spines),
        }
    }

    proptest! {
        /// Whatever is broken: what is asked for arrives or is counted as lost, and no link sends above its capacity.
        #[test]
        fn nothing_is_lost_from_the_books(
            (leaves, spines, parallel) in (2usize..6, 1usize..5, 1usize..4),
            draws in prop::collection::vec(0.0f64..1.0, 600),
        ) {
            let shape = Shape { leaves, spines, parallel };
            let mut draw = draws.iter().copied().cycle();
            let mut next = || draw.next().expect("a cycle has no end");
            let demands: Vec<f64> = (0..leaves * leaves)
                .map(|n| if n / leaves == n % leaves { 0.0 } else { 40e9 * next() })
                .collect();
            let mut lane = || Lane {
                weight: if next() < 0.3 { 0.0 } else { 0.5 + next() },
                errors: 0.1 * next(),
                silent: 0.1 * next(),
                ..Lane::default()
            };
            let mut lanes: Vec<[Lane; 2]> =
                (0..leaves * spines * parallel).map(|_| [lane(), lane()]).collect();
            let mut gone = whole(shape);
            gone.from_leaf[0] = 0.05;
            gone.to_leaf[1] = 0.1;
            gone.at_spine[0] = 0.5;
            let traffic = forward(shape, &demands, 25e9, &gone, &mut lanes);
            let asked: f64 = demands.iter().sum();
            prop_assert!((traffic.asked - asked).abs() <= 1e-9 * asked);
            let told = traffic.delivered + traffic.lost();
            prop_assert!((traffic.asked - told).abs() <= 1e-9 * asked, "{traffic:?}");
            for lane in lanes.iter().flatten() {
                prop_assert!(lane.sent_bps <= 25e9 && lane.received_bps <= lane.sent_bps);
                prop_assert!(lane.weight > 0.0 || lane.asked_bps == 0.0);
            }
        }
    }

    #[test]
    fn a_lost_link_moves_its_share_to_the_others() {
        let shape = Shape { leaves: 2, spines: 2, parallel: 2 };
        let lane = Lane { weight: 1.0, ..Lane::default() };
        let mut lanes = vec![[lane; 2]; 8];
        lanes[0] = [Lane::default(); 2];
        let demands = [0.0, 12e9, 8e9, 0.0];
        let traffic = forward(shape, &demands, 100e9, &whole(shape), &mut lanes);
        assert_eq!(traffic.lost(), 0.0);
        let sent = |direction: usize| -> Vec<f64> {
            lanes.iter().map(|link| link[direction].sent_bps / 1e9).collect()
        };
        // Leaf 0 has three uplinks left; leaf 1 does not know and sends half to each spine.
        assert_eq!(sent(0), [0.0, 4.0, 4.0, 4.0, 2.0, 2.0, 2.0, 2.0]);
        // The first spine has one link left to leaf 0, which carries what two did.
        assert_eq!(sent(1), [0.0, 4.0, 2.0, 2.0, 2.0, 2.0, 4.0, 4.0]);
    }
}
