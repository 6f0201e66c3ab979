//! Who among many annotators is to be believed, and whether that can be known at all.
//!
//! - [`majority`]: every vote counts the same.
//! - [`dawid_skene`]: every worker has a confusion matrix, found together with the truths by
//!   expectation–maximisation (Dawid & Skene 1979), with priors that keep rare workers near the rest.
//! - [`Online`]: the same, one answer at a time.
//! - [`dependence`]: whether one hidden truth explains who agrees with whom. Where a second way of
//!   seeing the items is about as strong as the first, the likelihood does not say which of the two
//!   is the truth, and reliabilities cannot be recovered without gold answers.
//! - [`infer`]: Dawid–Skene where that holds, the majority where it does not, saying which.
//! - [`pool`]: reliability over operator, team, site and everybody, each shrunk to the next.
//!
//! Nothing here is part of the fold: these are estimates over labels that are already in the log.
//! What [`pool`] says of somebody new is decided on and stored as numbers
//! ([`crate::event::Event::ReliabilityPooled`]).

mod batch;
mod confidence;
mod dependence;
mod online;
mod pool;

use serde::{Deserialize, Serialize};

pub use self::batch::{Fit, Inference, Method, dawid_skene, infer, majority};
pub use self::dependence::{Dependence, dependence};
pub use self::online::{Channel, Online};
pub use self::pool::{Pooled, Source, pool};

/// Items and workers at most: both bound what is allocated before anything is learned.
pub const MEMBERS_MAX: usize = 1_000_000;
/// Answers at most.
pub const ANSWERS_MAX: usize = 20_000_000;
/// Classes at most: every worker has a matrix of classes × classes.
pub const CLASSES_MAX: usize = 32;
/// Entries of all confusion matrices together at most (8 bytes each).
const CONFUSION_ENTRIES_MAX: usize = 1 << 26;

/// One answer: a worker gave an item a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Index of the item.
    pub item: usize,
    /// Index of the worker.
    pub worker: usize,
    /// Index of the class that was given.
    pub label: usize,
}

/// Answers whose indices are known to be in range.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    items: usize,
    workers: usize,
    classes: usize,
    answers: Vec<Answer>,
}

/// Why answers cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Too few or too many of something.
    #[error("found {found} {what}, expected {min} to {max}")]
    Size {
        /// What was counted.
        what: &'static str,
        /// How many there were.
        found: usize,
        /// At least so many.
        min: usize,
        /// At most so many.
        max: usize,
    },
    /// An index beyond its range.
    #[error("answer {position} names {what} {found}, expected less than {limit}")]
    OutOfRange {
        /// Position among the answers, from 0.
        position: usize,
        /// Item, worker or class.
        what: &'static str,
        /// The index.
        found: usize,
        /// How many there are.
        limit: usize,
    },
}

impl Answers {
    /// Checks and keeps answers of `workers` about `items` in `classes` classes.
    ///
    /// # Errors
    /// If there is nothing, too much, or an index out of range.
    pub fn new(
        items: usize,
        workers: usize,
        classes: usize,
        answers: Vec<Answer>,
    ) -> Result<Self, Error> {
        let size = |what, found, min, max| {
            if (min..=max).contains(&found) {
                Ok(())
            } else {
                Err(Error::Size { what, found, min, max })
            }
        };
        size("items", items, 1, MEMBERS_MAX)?;
        size("classes", classes, 2, CLASSES_MAX)?;
        size("workers", workers, 1, MEMBERS_MAX.min(CONFUSION_ENTRIES_MAX / (classes * classes)))?;
        size("answers", answers.len(), 1, ANSWERS_MAX)?;
        for (position, answer) in answers.iter().enumerate() {
            for (what, found, limit) in [
                ("item", answer.item, items),
                ("worker", answer.worker, workers),
                ("class", answer.label, classes),
            ] {
                if found >= limit {
                    return Err(Error::OutOfRange { position, what, found, limit });
                }
            }
        }
        Ok(Self { items, workers, classes, answers })
    }

    /// How many items there are.
    #[must_use]
    pub fn items(&self) -> usize {
        self.items
    }

    /// How many workers there are.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// How many classes there are.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The answers, in the order in which they came.
    #[must_use]
    pub fn all(&self) -> &[Answer] {
        &self.answers
    }
}

/// Index of the largest entry, the first of equals.
#[must_use]
pub fn likeliest(posterior: &[f64]) -> usize {
    let mut best = 0;
    for (ix, p) in posterior.iter().enumerate() {
        if *p > posterior[best] {
            best = ix;
        }
    }
    best
}

/// Turns logarithms of unnormalised probabilities into probabilities.
fn normalise(logs: &mut [f64]) {
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    logs.iter_mut().for_each(|log| *log = (*log - top).exp());
    let sum: f64 = logs.iter().sum();
    logs.iter_mut().for_each(|p| *p /= sum);
}

#[cfg(test)]
mod tests;
