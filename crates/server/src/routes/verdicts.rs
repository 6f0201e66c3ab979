//! Later, authoritative verdicts: on a decision, and on a look of the monitor.

use axum::response::Response;
use npo_api::Problem;
use npo_api::oversight as api;
use npo_core::decide::RcaOrder;
use npo_core::event::{Lesson, NotLearned, RcaSubject};
use npo_core::{Command, DecisionId, Event};

use super::decisions::nothing_happened;
use super::thresholds::type_in_path;
use crate::convert::people::handle;
use crate::http::call::{Call, in_path, reply_once};

/// Judges a decision afterwards.
pub(super) async fn decision(call: Call) -> Result<Response, Problem> {
    let id: DecisionId = call.id("unknown-decision")?;
    let api::DecisionVerdict { right, note } = call.json()?;
    record(call, RcaSubject::Decision { id, right }, note).await
}

/// Judges a look of the monitor.
pub(super) async fn look(call: Call) -> Result<Response, Problem> {
    let type_id = type_in_path(&call)?;
    let look = call.parameter_2.parse::<u64>().map_err(|_| {
        let found: String = call.parameter_2.chars().take(64).collect();
        let detail = format!("the look is `{found}`, expected its number, from 1");
        Problem::new(400, "invalid-path", detail)
    })?;
    let api::LookVerdict { should_act, note } = call.json()?;
    record(call, RcaSubject::Look { type_id, look, should_act }, note).await
}

async fn record(
    call: Call,
    subject: RcaSubject,
    note: Option<String>,
) -> Result<Response, Problem> {
    let note = note.filter(|note| !note.trim().is_empty());
    let command = Command::RecordRca(RcaOrder { subject, note });
    let order = call.app.engine.order(call.caller().person, call.request(), command);
    let receipt = order.await.map_err(in_path)?;
    let (position, envelope) = receipt.events.first().ok_or_else(nothing_happened)?;
    let Event::RcaRecorded(recorded) = &envelope.event else { return Err(nothing_happened()) };
    let judged = call.app.engine.read(|state| {
        let judged = recorded.answers.iter();
        judged
            .map(|(by, right)| api::AnswerJudged { by: handle(state, *by), right: *right })
            .collect()
    });
    let recorded = api::VerdictRecorded {
        position: *position,
        answers: judged,
        lesson: lesson(&recorded.subject, &recorded.lesson),
    };
    reply_once(201, receipt.replayed, &recorded)
}

fn lesson(subject: &RcaSubject, lesson: &Lesson) -> String {
    match (subject, lesson) {
        (RcaSubject::Look { .. }, _) => {
            "It counts towards the monitor's fidelity and teaches the score nothing.".to_owned()
        }
        (_, Lesson::Posterior { .. } | Lesson::MovingAverage { .. }) => {
            "The score learned from it as from an answer that cannot be wrong.".to_owned()
        }
        (_, Lesson::None(NotLearned::Volunteered)) => "The score learned nothing: nobody had been asked about this decision, and what is judged without being drawn is not a fair sample.".to_owned(),
        (_, Lesson::None(_)) => {
            "The score learned nothing: the model that made the decision is gone, or does not learn.".to_owned()
        }
    }
}
