//! What the engine counts on the way, for metrics. Counting takes no lock.

use std::sync::atomic::{AtomicU64, Ordering};

use npo_policy::EvalPath;

/// Upper bounds of the histogram of group sizes, in events.
pub const GROUP_BOUNDS: [usize; 8] = [1, 4, 16, 64, 256, 1024, 4096, 16_384];

/// Counters of the engine since it was opened.
#[derive(Debug, Default)]
pub struct Counters {
    /// Groups made durable.
    pub groups: AtomicU64,
    /// Events in them.
    pub events: AtomicU64,
    /// Groups that failed.
    pub failures: AtomicU64,
    /// Groups made durable by size: at most so many events as [`GROUP_BOUNDS`] says and more than
    /// the bound before; those above all bounds come last.
    pub group_sizes: [AtomicU64; GROUP_BOUNDS.len() + 1],
    /// Verdicts that the policy's bytecode gave.
    pub verdicts_vm: AtomicU64,
    /// Verdicts that its interpreter gave.
    pub verdicts_interpreter: AtomicU64,
    /// Verdicts remembered from the same question before.
    pub verdicts_memo: AtomicU64,
    /// Denials for want of a policy.
    pub verdicts_none: AtomicU64,
}

impl Counters {
    pub(crate) fn committed(&self, events: usize) {
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.events.fetch_add(events as u64, Ordering::Relaxed);
        let size = GROUP_BOUNDS.partition_point(|bound| *bound < events);
        self.group_sizes[size].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn judged(&self, path: Option<EvalPath>) {
        let counter = match path {
            Some(EvalPath::Vm) => &self.verdicts_vm,
            Some(EvalPath::Interpreter) => &self.verdicts_interpreter,
            Some(EvalPath::Memo) => &self.verdicts_memo,
            None => &self.verdicts_none,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_counted_under_the_first_bound_that_holds_it() {
        let check = |events: usize, bucket: usize| {
            let counters = Counters::default();
            counters.committed(events);
            let sizes = counters.group_sizes.each_ref().map(|n| n.load(Ordering::Relaxed));
            let found = sizes.iter().position(|n| *n == 1);
            assert_eq!(found, Some(bucket), "{events} events");
        };
        check(1, 0);
        check(2, 1);
        check(4, 1);
        check(64, 3);
        check(65, 4);
        check(16_385, 8);
    }
}
