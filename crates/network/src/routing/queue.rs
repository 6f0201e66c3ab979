//! A queue for keys that never go below the last one taken: what shortest paths and flows need.
//!
//! Keys are sorted into buckets by the highest bit in which they differ from the last key taken, so that each entry
//! moves at most 64 times and equal keys, common in fabrics, cost next to nothing (a radix heap).

/// Entries by ascending key.
///
/// INVARIANT: a key that is pushed is not below the last key taken since the queue was empty.
#[derive(Debug, Clone)]
pub(crate) struct RadixQueue {
    buckets: Vec<Vec<(u64, u32)>>,
    /// Bit b is set where bucket b holds something; bucket 64 has no bit and stands alone.
    filled: u128,
    last: u64,
}

impl Default for RadixQueue {
    fn default() -> Self {
        Self { buckets: vec![Vec::new(); 65], filled: 0, last: 0 }
    }
}

impl RadixQueue {
    /// Adds an entry.
    pub(crate) fn push(&mut self, key: u64, node: u32) {
        debug_assert!(key >= self.last, "keys do not go back");
        let bucket = bucket(key, self.last);
        self.buckets[bucket].push((key, node));
        self.filled |= 1 << bucket;
    }

    /// Takes an entry with the smallest key; once it is empty, any key may follow.
    pub(crate) fn pop(&mut self) -> Option<(u64, u32)> {
        if self.filled == 0 {
            self.last = 0;
            return None;
        }
        let lowest = self.filled.trailing_zeros() as usize;
        if lowest > 0 {
            self.spill(lowest);
        }
        let taken = self.buckets[0].pop();
        if self.buckets[0].is_empty() {
            self.filled &= !1;
        }
        taken
    }

    /// Sorts a bucket's entries into lower buckets; at least one lands in bucket 0.
    fn spill(&mut self, from: usize) {
        let mut entries = std::mem::take(&mut self.buckets[from]);
        self.filled &= !(1 << from);
        self.last = entries.iter().map(|(key, _)| *key).min().unwrap_or(self.last);
        for &(key, node) in &entries {
            let to = bucket(key, self.last);
            self.buckets[to].push((key, node));
            self.filled |= 1 << to;
        }
        // Keeps the room that it has.
        entries.clear();
        self.buckets[from] = entries;
    }
}

fn bucket(key: u64, last: u64) -> usize {
    (u64::BITS - (key ^ last).leading_zeros()) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn entries_come_in_order_of_keys(
            steps in prop::collection::vec((any::<bool>(), 0u64..1_000), 1..200), shift in 0u32..50
        ) {
            let mut queue = RadixQueue::default();
            let mut model: Vec<u64> = Vec::new();
            let mut last = 0;
            for (n, (push, more)) in (0u32..).zip(steps) {
                if push {
                    let key = last + (more << shift);
                    queue.push(key, n);
                    model.push(key);
                } else {
                    model.sort_unstable_by(|a, b| b.cmp(a));
                    let found = queue.pop().map(|(key, _)| key);
                    prop_assert_eq!(found, model.pop());
                    last = found.unwrap_or(0);
                }
            }
        }
    }
}
