//! Counterfactual questions to a real log: what would another threshold, override cost, profile or
//! policy bundle have surfaced, and how would people have answered?
//!
//! *What* would have been surfaced is known: every score, draw and verdict is in the log, or can be
//! recomputed by folding it. *How people would have answered* is known only where they were asked,
//! so labels are weighted by the inverse of the probability that they exist (inverse propensity),
//! or correct the recalibrated score (doubly robust; Dudík, Langford and Li 2011).
//!
//! A label exists with probability q·r + (1 − q)·π·r′: q that the threshold drawn was at most the
//! score (0 or 1 for a threshold that is not drawn), π the stored audit probability, r and r′ the
//! observed shares of surfaced and audited decisions of such a score that get an answer.
//! Where that is 0 or nearly so the log says nothing: such decisions enter at their worst and best
//! case (Manski's limits) while they are few, and beyond a fifth the question is refused.
//!
//! Rates are over directed answers; neutral and skipped answers count 0 in utilities and their own
//! worth in the alignment loss.
//!
//! The scores are those of the log: what another threshold would have taught the model is not
//! imagined. A profile is the exception: it is run over the log and learns from the log's answers.
//!
//! Read `scan.rs` for how a log becomes rows, `sums.rs` and `estimate.rs` for the estimators. What
//! a file is and how numbers are shown is left to callers.

mod answering;
mod arms;
mod bootstrap;
mod estimate;
mod evaluate;
mod outcome;
mod propensity;
mod question;
mod report;
mod row;
mod scan;
mod shadow;
mod source;
mod sums;
mod verdicts;
mod words;

#[cfg(test)]
mod tests;

pub use answering::Answering;
pub use question::{InvalidQuestion, Question, RESAMPLES_MAX, RESAMPLES_MIN, Target};
pub use report::{
    Difference, Estimates, Evaluation, Interval, LogSummary, Method, MethodEstimates, Report,
    ShadowSummary, Side,
};
pub use row::DECISIONS_MAX;
pub use scan::ScanError;
pub use source::{ReplayError, replay, replay_export};
pub use verdicts::VerdictChanges;
