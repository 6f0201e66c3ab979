//! Running standardisation of the inputs (Welford): what has been seen before says what is usual.

use serde::{Deserialize, Serialize};

/// Standardised inputs are cut here, so that one freak value cannot undo what was learned.
const SCALED_MAX: f64 = 5.0;
/// Raw inputs are cut here, so that their squares stay finite.
const RAW_MAX: f64 = 1e100;
/// Below this variance, relative to the square of the mean, an input has not moved but rounded.
const VARIANCE_RELATIVE_MIN: f64 = 1e-14;

/// Mean and variance of every input so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Scaler {
    columns: Vec<Column>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Column {
    count: f64,
    mean: f64,
    /// Sum of squared deviations from the mean.
    squares: f64,
}

impl Scaler {
    pub(super) fn new(inputs: usize) -> Self {
        Self { columns: vec![Column::default(); inputs] }
    }

    /// Standardised inputs; 0 where a value is missing or nothing is known yet.
    pub(super) fn scaled(&self, x: &[f64]) -> Vec<f64> {
        self.columns
            .iter()
            .enumerate()
            .map(|(ix, column)| x.get(ix).map_or(0.0, |value| column.scaled(*value)))
            .collect()
    }

    /// Counts one input vector; missing values are passed over.
    pub(super) fn count(&mut self, x: &[f64]) {
        for (column, value) in self.columns.iter_mut().zip(x) {
            column.count(*value);
        }
    }
}

impl Column {
    fn scaled(&self, value: f64) -> f64 {
        let variance = self.squares / self.count.max(1.0);
        if !value.is_finite() || variance <= VARIANCE_RELATIVE_MIN * self.mean * self.mean {
            return 0.0;
        }
        let value = value.clamp(-RAW_MAX, RAW_MAX);
        ((value - self.mean) / variance.sqrt()).clamp(-SCALED_MAX, SCALED_MAX)
    }

    fn count(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        let value = value.clamp(-RAW_MAX, RAW_MAX);
        self.count += 1.0;
        let before = value - self.mean;
        self.mean += before / self.count;
        self.squares += before * (value - self.mean);
    }
}
