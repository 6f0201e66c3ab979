//! Answers and outcomes on the wire, and back.

use npo_api::feedback as api;
use npo_core::event::{FeedbackGiven, Lesson, NotLearned, Outcome, OutcomeResult};
use npo_core::{Millis, Signal};

use super::time;

/// An answer as it was recorded; `by` is the person's handle.
pub(crate) fn feedback(
    position: u64,
    at: Millis,
    given: &FeedbackGiven,
    by: String,
) -> api::Feedback {
    let provenance = &given.provenance;
    api::Feedback {
        decision: given.decision.to_string(),
        scenario: given.scenario.to_string(),
        by,
        at: time::text(at),
        signal: signal(given.signal),
        reason: provenance.reason.clone(),
        confidence: provenance.confidence,
        channel: provenance.channel.name().to_owned(),
        open_ms: provenance.open_ms,
        viewed_ms: provenance.viewed_ms,
        explanation_version: provenance.explanation,
        consent: provenance.consent,
        loss: given.worth.loss,
        learned: !matches!(given.lesson, Lesson::None(_)),
        lesson: lesson(given),
        score_before: given.score_before,
        score_after: given.score_after,
        position,
        replayed: false,
    }
}

fn lesson(given: &FeedbackGiven) -> String {
    let FeedbackGiven { score_before: before, score_after: after, .. } = given;
    let nothing = |why: &str| format!("Nothing was learned: {why}.");
    match &given.lesson {
        Lesson::None(NotLearned::NoConsent) => nothing("the answer may not be used for learning"),
        Lesson::None(NotLearned::Weightless) => {
            nothing(&format!("an answer of `{}` carries no weight", given.signal.name()))
        }
        Lesson::None(NotLearned::StaleModel) => {
            nothing("the model that made the decision has been replaced since")
        }
        Lesson::None(NotLearned::Volunteered) => nothing(
            "nobody asked about this automatic action, or not any more; an override stops it, and in the action's time counts as a sign of drift",
        ),
        Lesson::None(NotLearned::Forgotten) => nothing("the decision is no longer remembered"),
        Lesson::None(NotLearned::FixedScorer) => nothing("the scorer in force does not learn"),
        Lesson::MovingAverage { .. } => {
            format!("The scenario's moving average went from {before:.3} to {after:.3}.")
        }
        Lesson::Posterior { reliability, .. } => format!(
            "The score of this proposal went from {before:.3} to {after:.3}; your answers are read as right with probability {reliability:.2}."
        ),
    }
}

/// A signal.
pub(crate) fn signal(from: Signal) -> api::Signal {
    match from {
        Signal::Like => api::Signal::Like,
        Signal::Neutral => api::Signal::Neutral,
        Signal::Skipped => api::Signal::Skipped,
        Signal::Override => api::Signal::Override,
    }
}

/// A signal that was given.
pub(crate) fn signal_given(from: api::Signal) -> Signal {
    match from {
        api::Signal::Like => Signal::Like,
        api::Signal::Neutral => Signal::Neutral,
        api::Signal::Skipped => Signal::Skipped,
        api::Signal::Override => Signal::Override,
    }
}

/// An outcome.
pub(crate) fn outcome(from: &Outcome) -> api::Outcome {
    let result = match from.result {
        OutcomeResult::Recovered => api::OutcomeResult::Recovered,
        OutcomeResult::Unchanged => api::OutcomeResult::Unchanged,
        OutcomeResult::Worsened => api::OutcomeResult::Worsened,
        OutcomeResult::NotCarriedOut => api::OutcomeResult::NotCarriedOut,
    };
    api::Outcome { result, time_to_recover_ms: from.time_to_recover_ms, note: from.note.clone() }
}

/// An outcome that was reported.
pub(crate) fn outcome_reported(from: api::Outcome) -> Outcome {
    let result = match from.result {
        api::OutcomeResult::Recovered => OutcomeResult::Recovered,
        api::OutcomeResult::Unchanged => OutcomeResult::Unchanged,
        api::OutcomeResult::Worsened => OutcomeResult::Worsened,
        api::OutcomeResult::NotCarriedOut => OutcomeResult::NotCarriedOut,
    };
    Outcome { result, time_to_recover_ms: from.time_to_recover_ms, note: from.note }
}
