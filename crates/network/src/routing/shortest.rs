//! Distances of all nodes to one destination.

use super::graph::{DOWN, Net, UNREACHABLE, small};
use super::queue::RadixQueue;

/// Working memory for one destination after the other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shortest {
    queue: RadixQueue,
    /// Nodes that reach the destination, nearest first.
    order: Vec<u32>,
}

impl Shortest {
    /// Fills `dist` with distances to `dest` and yields the nodes that reach it, nearest first.
    ///
    /// `common_weight` is the weight of all arcs, if they share one: then no queue is needed.
    pub(crate) fn run(
        &mut self,
        net: Net<'_>,
        dest: usize,
        common_weight: Option<u64>,
        dist: &mut [u64],
    ) -> &[u32] {
        dist.fill(UNREACHABLE);
        dist[dest] = 0;
        self.order.clear();
        match common_weight {
            Some(weight) => self.breadth_first(net, dest, weight, dist),
            None => self.dijkstra(net, dest, dist),
        }
        &self.order
    }

    fn breadth_first(&mut self, net: Net<'_>, dest: usize, weight: u64, dist: &mut [u64]) {
        self.order.push(small(dest));
        let mut next = 0;
        while let Some(&node) = self.order.get(next) {
            next += 1;
            let node = node as usize;
            if !net.admits(node, dest) {
                continue;
            }
            for &slot in net.wiring.arriving(node) {
                let tail = net.wiring.tail(slot as usize);
                if dist[tail] == UNREACHABLE && net.state.weight(slot as usize) != DOWN {
                    dist[tail] = dist[node] + weight;
                    self.order.push(small(tail));
                }
            }
        }
    }

    fn dijkstra(&mut self, net: Net<'_>, dest: usize, dist: &mut [u64]) {
        self.queue.push(0, small(dest));
        while let Some((key, node)) = self.queue.pop() {
            let node = node as usize;
            if key > dist[node] {
                continue; // A shorter way was found since.
            }
            self.order.push(small(node));
            if !net.admits(node, dest) {
                continue;
            }
            for &slot in net.wiring.arriving(node) {
                let tail = net.wiring.tail(slot as usize);
                let through = key + net.state.weight(slot as usize);
                if through < dist[tail] {
                    dist[tail] = through;
                    self.queue.push(through, small(tail));
                }
            }
        }
    }
}
