//! Later, authoritative verdicts: on a decision, and on a look of the monitor.

use axum::response::Response;
use npo_api::Problem;
use npo_api::oversight as api;
use npo_core::decide::{RcaOrder, Recalled};
use npo_core::event::{Lesson, NotLearned, RcaSubject};
use npo_core::state::Answer;
use npo_core::{Command, DecisionId, Event, State};

use super::decisions::{event, nothing_happened, of_lists};
use super::thresholds::type_in_path;
use crate::app::App;
use crate::convert::people::handle;
use crate::http::call::{Call, in_path, reply_once};

/// Judges a decision afterwards.
pub(super) async fn decision(call: Call) -> Result<Response, Problem> {
    let id: DecisionId = call.id("unknown-decision")?;
    let api::DecisionVerdict { right, note } = call.json()?;
    let forgotten = |state: &State| state.open().get(id).is_none() && state.open().exists(id);
    let recalled = if call.app.engine.read(forgotten) {
        let behind = call.views_caught_up().await?;
        let found = call.blocking(move |app| recall(app, id)).await?;
        if found.is_none() && behind > 0 {
            let detail =
                format!("the lists are {behind} events behind the log and do not know `{id}`");
            return Err(Problem::new(503, "views-behind", detail));
        }
        found
    } else {
        None
    };
    record(call, RcaSubject::Decision { id, right }, note, recalled).await
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
    record(call, RcaSubject::Look { type_id, look, should_act }, note, None).await
}

/// A decision that is no longer remembered, from the log; its lists say where to look. Blocks.
fn recall(app: &App, id: DecisionId) -> Result<Option<Recalled>, Problem> {
    let found = app.lists.read(|reader| Ok((reader.decision(id)?, reader.feedback_of(id)?)));
    let (Some(row), positions) = found.map_err(of_lists)? else { return Ok(None) };
    let Event::DecisionMade(made) = event(app, row.position)?.event else {
        return Err(nothing_happened());
    };
    let answer = |position| match event(app, position)?.event {
        Event::FeedbackGiven(given) => Ok(Answer { by: given.by, signal: given.signal }),
        _ => Err(nothing_happened()),
    };
    let answers = positions.into_iter().map(answer).collect::<Result<_, _>>()?;
    let (type_id, scenario, disposition) = (made.type_id, made.scenario, made.disposition);
    Ok(Some(Recalled { type_id, scenario, disposition, answers }))
}

async fn record(
    call: Call,
    subject: RcaSubject,
    note: Option<String>,
    recalled: Option<Recalled>,
) -> Result<Response, Problem> {
    let note = note.filter(|note| !note.trim().is_empty());
    let command = Command::RecordRca(RcaOrder { subject, note, recalled });
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
        (_, Lesson::None(NotLearned::Forgotten)) => "The score learned nothing: the decision is older than what is remembered. It counts for the people who had answered.".to_owned(),
        (_, Lesson::None(_)) => {
            "The score learned nothing: the model that made the decision is gone, or does not learn.".to_owned()
        }
    }
}
