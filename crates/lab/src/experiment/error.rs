//! What can be wrong with an experiment, and where.

use npo_wording::Wrong;

/// An experiment that cannot be run: the place in its own text where there is one, the keys that lead
/// there, what was found and what was expected.
pub type ExperimentError = Wrong;

/// What is wrong at these keys.
pub(super) fn wrong_at(path: &[&str], message: impl Into<String>) -> ExperimentError {
    Wrong::at(path.join("."), message)
}
