//! How a node splits what it holds over its next hops.

use super::graph::{Net, UNREACHABLE, small};

/// A next hop and the share of the node's traffic that it takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Hop {
    pub(crate) slot: u32,
    /// Above 0, at most 1; those of a node sum to 1.
    pub(crate) share: f64,
}

/// Fills `hops` with the next hops of a node toward `dest`; none at the destination and where it cannot be reached.
pub(crate) fn next_hops(
    net: Net<'_>,
    node: usize,
    dest: usize,
    dist: impl Fn(usize) -> u64,
    hops: &mut Vec<Hop>,
) {
    tight_hops(net, node, dest, dist, hops);
    share_out(net, hops);
}

/// Fills `hops` with the arcs of a node that lie on shortest paths to `dest`; shares are left to [`share_out`].
pub(crate) fn tight_hops(
    net: Net<'_>,
    node: usize,
    dest: usize,
    dist: impl Fn(usize) -> u64,
    hops: &mut Vec<Hop>,
) {
    hops.clear();
    let here = dist(node);
    if here >= UNREACHABLE || node == dest {
        return;
    }
    for slot in net.wiring.leaving(node) {
        if net.is_tight(slot, dest, here, dist(net.wiring.head(slot))) {
            hops.push(Hop { slot: small(slot), share: 1.0 });
        }
    }
}

/// Gives each hop its share.
pub(crate) fn share_out(net: Net<'_>, hops: &mut Vec<Hop>) {
    if net.state.is_even() {
        let share = 1.0 / hops.len() as f64;
        hops.iter_mut().for_each(|hop| hop.share = share);
    } else {
        weigh(net, hops);
    }
}

/// Shares in proportion to the split weights, less what is shifted to the others.
fn weigh(net: Net<'_>, hops: &mut Vec<Hop>) {
    let sum: f64 = hops.iter().map(|hop| net.state.split(hop.slot as usize)).sum();
    hops.iter_mut().for_each(|hop| hop.share = net.state.split(hop.slot as usize) / sum);
    if !net.state.is_shifted() {
        return;
    }
    let moved = |hop: &Hop| net.state.moved_share(hop.slot as usize);
    let taken: f64 = hops.iter().map(|hop| hop.share * moved(hop)).sum();
    let takers: f64 = hops.iter().filter(|hop| moved(hop) == 0.0).map(|hop| hop.share).sum();
    let kept: f64 = hops.iter().map(|hop| hop.share * (1.0 - moved(hop))).sum();
    if takers > 0.0 {
        for hop in &mut *hops {
            let moved = net.state.moved_share(hop.slot as usize);
            hop.share *= if moved == 0.0 { 1.0 + taken / takers } else { 1.0 - moved };
        }
    } else if kept > 0.0 {
        // All give something away: what each keeps decides.
        hops.iter_mut().for_each(|hop| {
            hop.share *= (1.0 - net.state.moved_share(hop.slot as usize)) / kept;
        });
    }
    hops.retain(|hop| hop.share > 0.0);
}

#[cfg(test)]
mod tests {
    use super::super::{Overlay, State, Wiring};
    use super::*;
    use crate::topology::{ArcId, Builder, NewArc, NewLink, NewNode, Topology};

    fn parallel(links: usize) -> Topology {
        let mut builder = Builder::new("");
        let mut node =
            |name: &str| builder.node(NewNode { name: name.into(), ..NewNode::default() });
        let (from, to) = (node("a").expect("new"), node("b").expect("new"));
        for _ in 0..links {
            let forward = NewArc::default();
            builder.link(NewLink { name: None, from, to, forward, backward: None }).expect("valid");
        }
        builder.build()
    }

    #[test]
    fn a_shift_moves_exactly_its_share_to_those_that_give_nothing() {
        let check = |shifts: &[(u32, f64)], expected: &[f64]| {
            let topology = parallel(expected.len());
            let mut overlay = Overlay::none();
            shifts.iter().for_each(|&(arc, share)| overlay.shift(ArcId(arc), share));
            let wiring = Wiring::new(&topology);
            let state = State::new(&topology, &wiring, &overlay);
            let mut hops = Vec::new();
            let net = Net { wiring: &wiring, state: &state };
            next_hops(net, 0, 1, |node| [1, 0][node], &mut hops);
            let mut found = vec![0.0; expected.len()];
            hops.iter().for_each(|hop| found[hop.slot as usize] = hop.share);
            let close =
                found.iter().zip(expected).all(|(a, b): (&f64, &f64)| (a - b).abs() < 1e-15);
            assert!(close, "{shifts:?}: {found:?}");
        };
        check(&[], &[0.5, 0.5]);
        check(&[(0, 0.5)], &[0.25, 0.75]);
        check(&[(0, 1.0)], &[0.0, 1.0]);
        check(&[(0, 1.0), (1, 1.0)], &[0.5, 0.5]);
        check(&[(0, 0.5), (1, 1.0)], &[1.0, 0.0]);
        check(&[(0, 1.0)], &[1.0]);
        check(&[(0, 0.5), (1, 0.25)], &[0.5 / 3.0, 0.75 / 3.0, 1.75 / 3.0]);
    }
}
