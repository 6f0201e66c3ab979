//! The last values of a series, and their quantiles.

use std::collections::VecDeque;

/// The last `capacity` values, kept in order of arrival and in order of size.
#[derive(Debug, Clone, PartialEq)]
pub struct Trailing {
    capacity: usize,
    arrived: VecDeque<f64>,
    /// INVARIANT: the values of `arrived`, ascending.
    sorted: Vec<f64>,
}

impl Trailing {
    /// An empty window of at most `capacity` values; at least 1.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), arrived: VecDeque::new(), sorted: Vec::new() }
    }

    /// Takes a finite value in; the oldest leaves a full window.
    pub fn push(&mut self, value: f64) {
        debug_assert!(value.is_finite(), "what is not a number has no place among others");
        if self.arrived.len() == self.capacity
            && let Some(oldest) = self.arrived.pop_front()
        {
            let at = self.sorted.partition_point(|other| other.total_cmp(&oldest).is_lt());
            self.sorted.remove(at);
        }
        self.arrived.push_back(value);
        let at = self.sorted.partition_point(|other| other.total_cmp(&value).is_lt());
        self.sorted.insert(at, value);
    }

    /// How many values are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether no value is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// The quantile at `share` of 0 to 1, linear between neighbours; `None` where the window is empty.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let last = self.sorted.len().checked_sub(1)?;
        let place = share.clamp(0.0, 1.0) * last as f64;
        let below = place.floor();
        let (low, high) =
            (self.sorted[below as usize], self.sorted[(below as usize + 1).min(last)]);
        let part = place - below;
        // From the nearer end, so that equal neighbours give exactly their value.
        Some(if part < 0.5 {
            low + (high - low) * part
        } else {
            high - (high - low) * (1.0 - part)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantiles_are_linear_between_neighbours() {
        let mut window = Trailing::new(4);
        assert_eq!(window.quantile(0.5), None);
        [9.0, 1.0, 2.0, 3.0, 5.0].into_iter().for_each(|value| window.push(value));
        let check = |share: f64, expected: f64| assert_eq!(window.quantile(share), Some(expected));
        check(0.0, 1.0);
        check(0.5, 2.5);
        check(0.75, 3.5);
        check(1.0, 5.0);
    }

    proptest! {
        #[test]
        fn the_window_is_the_last_values_sorted(
            values in proptest::collection::vec(-3_i32..3, 1..60), capacity in 1_usize..12
        ) {
            let mut window = Trailing::new(capacity);
            for end in 1..=values.len() {
                window.push(f64::from(values[end - 1]));
                let mut last: Vec<i32> = values[end.saturating_sub(capacity)..end].to_vec();
                last.sort_unstable();
                let sorted: Vec<f64> = last.into_iter().map(f64::from).collect();
                prop_assert_eq!(&window.sorted, &sorted);
            }
        }
    }
}
