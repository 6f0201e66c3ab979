//! Expansions of the inputs: what a filter of the bank sees of them.
//!
//! The longest vector holds 1, the inputs, their squares, their products, in this order, so that
//! every shorter expansion is a prefix of it and is made only once.

use serde::{Deserialize, Serialize};

/// Expanded inputs are cut here: a product of two extremes must not swamp everything else.
const EXPANDED_MAX: f64 = 6.0;
/// Puts squares and products of standardised inputs on the scale of the inputs.
const EXPANDED_SCALE: f64 = 0.5;

/// What of the inputs a filter sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expansion {
    /// 1 and the inputs.
    Linear,
    /// And their squares.
    Squares,
    /// And their products by pairs.
    Pairs,
}

impl Expansion {
    /// Length of the expanded vector of `inputs` inputs.
    #[must_use]
    pub fn length(self, inputs: usize) -> usize {
        match self {
            Self::Linear => 1 + inputs,
            Self::Squares => 1 + 2 * inputs,
            Self::Pairs => 1 + 2 * inputs + inputs * inputs.saturating_sub(1) / 2,
        }
    }

    /// Expands standardised inputs.
    pub(super) fn expand(self, inputs: &[f64]) -> Vec<f64> {
        let mut expanded = Vec::with_capacity(self.length(inputs.len()));
        expanded.push(1.0);
        expanded.extend_from_slice(inputs);
        let cut = |value: f64| value.clamp(-EXPANDED_MAX, EXPANDED_MAX);
        if self >= Self::Squares {
            expanded.extend(inputs.iter().map(|x| cut((x * x - 1.0) * EXPANDED_SCALE)));
        }
        if self >= Self::Pairs {
            for (ix, a) in inputs.iter().enumerate() {
                expanded.extend(inputs[ix + 1..].iter().map(|b| cut(a * b * EXPANDED_SCALE)));
            }
        }
        expanded
    }
}
