//! Taking an operator's answer: who, what, and what it teaches.

use super::{Out, check_text};
use crate::Vector;
use crate::event::{
    Cause, Disposition, Event, FeedbackGiven, Lesson, MonitorAction, NotLearned, Provenance,
};
use crate::ids::{DecisionId, PersonId, TypeId};
use crate::learning::effect::moving_average;
use crate::learning::math::predictive;
use crate::learning::posterior::{Label, plan};
use crate::learning::retrain::{Row, fit};
use crate::learning::trust::Trust;
use crate::people::{NPO, Person, Role};
use crate::profile::{Scorer, Selector};
use crate::proposal::LINE_MAX;
use crate::rejection::Rejection;
use crate::signal::{Signal, SignalWorth};
use crate::state::{Closing, Open, State};

/// An operator's answer, as ordered.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerOrder {
    /// To which decision.
    pub decision: DecisionId,
    /// By whom.
    pub by: PersonId,
    /// What.
    pub signal: Signal,
    /// Under what circumstances; `open_ms` is worked out here.
    pub provenance: Provenance,
}

pub(super) fn answer(state: &State, order: &AnswerOrder, out: &mut Out) -> Result<(), Rejection> {
    let AnswerOrder { decision: id, by, signal, ref provenance } = *order;
    match state.person(by).filter(|_| by != NPO) {
        Some(person) if person.active => {}
        Some(person) => return Err(Rejection::Inactive(person.handle.clone())),
        None => return Err(Rejection::UnknownPerson(by.to_string())),
    }
    check_provenance(provenance)?;
    let open = find(state, id)?;
    if let Some(earlier) = open.answers.iter().find(|a| a.by == by) {
        return Err(Rejection::AlreadyAnswered { id, given: earlier.signal.name() });
    }
    waiting(open, id, signal, out)?;
    may_answer(state, open, by)?;
    // Whether somebody is asked by now, or stops what is under way by themselves.
    let asked = open.waits(out.at) && open.asked;
    let worth = state.profile().feedback.of(signal);
    // What is believed of somebody who never answered comes from their team.
    let pooled =
        if signal.is_directed() && provenance.consent { state.pooled_start(by) } else { None };
    let learned = lesson(state, open, asked, by, (signal, worth), pooled, provenance.consent);
    let teaches = !matches!(learned.lesson, Lesson::None(_));
    let counts = matches!(learned.lesson, Lesson::Posterior { responsibility: Some(_), .. });
    let room = Box::<FeedbackGiven>::new_uninit();
    let feedback = FeedbackGiven {
        decision: id,
        type_id: open.type_id,
        scenario: open.scenario,
        by,
        signal,
        provenance: Provenance { open_ms: out.at.since(open.at), ..provenance.clone() },
        worth,
        lesson: learned.lesson,
        arm: open.arm.filter(|_| teaches && signal.is_directed()),
        score_before: learned.before,
        score_after: learned.after,
        first: open.answers.is_empty() && asked == open.asked,
    };
    // The episode of an action that nobody was asked about closed when it was made.
    let (closes, type_id) = (feedback.first && asked, feedback.type_id);
    let label = (teaches && closes).then_some(NewLabel { open, worth });
    out.push(Event::FeedbackGiven(Box::write(room, feedback)));
    if let Some(start) = pooled.filter(|_| counts) {
        out.push(Event::ReliabilityPooled { person: by, start });
    }
    if closes {
        close_episodes(state, type_id, 1, label, out);
    }
    Ok(())
}

/// What was escalated is answered by people with more authority.
fn may_answer(state: &State, open: &Open, by: PersonId) -> Result<(), Rejection> {
    let senior = |person: &Person| {
        person.roles.iter().any(|role| matches!(role, Role::Approver | Role::Admin))
    };
    match state.person(by) {
        Some(person) if open.disposition == Disposition::Escalated && !senior(person) => {
            Err(Rejection::NeedsApprover(person.handle.clone()))
        }
        _ => Ok(()),
    }
}

/// The decision, if it can take answers at all.
pub(super) fn find(state: &State, id: DecisionId) -> Result<&Open, Rejection> {
    match state.open().get(id) {
        Some(open) => Ok(open),
        // Decisions that nobody was asked about are not remembered, nor are those long done.
        None if state.open().exists(id) => Err(Rejection::NotAsked(id)),
        None => Err(Rejection::UnknownDecision(id)),
    }
}

fn waiting(open: &Open, id: DecisionId, signal: Signal, out: &Out) -> Result<(), Rejection> {
    let stops = open.disposition == Disposition::Automatic && signal == Signal::Override;
    match &open.closing {
        Closing::Withdrawn(reason) => Err(Rejection::Withdrawn { id, reason: reason.clone() }),
        Closing::Open if open.waits(out.at) => Ok(()),
        // What is under way can be stopped as long as it is known, after its audit as well; an audit
        // that nobody answered is over once that is recorded, which is a moment later.
        Closing::Open | Closing::Expired if stops && !open.pending() => Ok(()),
        Closing::Open | Closing::Expired => {
            Err(Rejection::Expired { id, expired_at_ms: open.expires_at.0 })
        }
    }
}

fn check_provenance(provenance: &Provenance) -> Result<(), Rejection> {
    if let Some(reason) = &provenance.reason {
        check_text("reason", reason, LINE_MAX, false)?;
    }
    match provenance.confidence {
        Some(c) if !(0.0..=1.0).contains(&c) => Err(Rejection::Field {
            field: "confidence".into(),
            found: c.to_string(),
            expected: "a number from 0 to 1".into(),
        }),
        _ => Ok(()),
    }
}

struct Learned {
    lesson: Lesson,
    before: f64,
    after: f64,
}

fn lesson(
    state: &State,
    open: &Open,
    asked: bool,
    by: PersonId,
    (signal, worth): (Signal, SignalWorth),
    pooled: Option<Trust>,
    consent: bool,
) -> Learned {
    let unchanged = |why, score| Learned { lesson: Lesson::None(why), before: score, after: score };
    let (Some(type_state), Some(effect)) =
        (state.type_state(open.type_id), state.scenarios().effect(open.scenario))
    else {
        return unchanged(NotLearned::StaleModel, open.score);
    };
    if type_state.generation != open.generation {
        return unchanged(NotLearned::StaleModel, open.score);
    }
    if !asked {
        return unchanged(NotLearned::Volunteered, open.score);
    }
    match (&state.profile().scorer, &type_state.posterior) {
        (Scorer::Hierarchical(settings), Some(posterior)) => {
            let clock = type_state.clock();
            let variance =
                effect.variance_at(clock, settings.effect_drift, settings.effect_variance);
            let before = posterior.logit(&open.x, effect.mean, variance);
            let score = predictive(before.mean, before.variance);
            if !consent {
                return unchanged(NotLearned::NoConsent, score);
            }
            if worth.weight == 0.0 {
                return unchanged(NotLearned::Weightless, score);
            }
            let trust = state.profile().trust.and(pooled.as_ref().or_else(|| state.trust(by)));
            let reliability = trust.map_or(1.0, |trust| trust.reliability());
            let label = Label {
                value: worth.label,
                weight: worth.weight,
                sensitivity: reliability,
                specificity: reliability,
            };
            let planned = plan(before, variance, label);
            let agreeing = if signal == Signal::Like { score } else { 1.0 - score };
            let responsibility =
                trust.filter(|_| signal.is_directed()).map(|trust| trust.responsibility(agreeing));
            let after = planned.after(before);
            Learned {
                lesson: Lesson::Posterior { before, planned, reliability, responsibility },
                before: score,
                after: predictive(after.mean, after.variance),
            }
        }
        (Scorer::MovingAverage { rate }, _) => {
            if !consent {
                return unchanged(NotLearned::NoConsent, effect.score);
            }
            if *rate == 0.0 {
                return unchanged(NotLearned::FixedScorer, effect.score);
            }
            let after = moving_average(effect.score, *rate, worth.weight, worth.label);
            Learned { lesson: Lesson::MovingAverage { after }, before: effect.score, after }
        }
        (Scorer::Hierarchical(_), None) => unchanged(NotLearned::StaleModel, open.score),
    }
}

/// What an order adds to what the published monitor looks at: a loss, and a row to train on.
pub(super) struct NewLabel<'a> {
    open: &'a Open,
    worth: SignalWorth,
}

impl NewLabel<'_> {
    fn row(&self) -> Row {
        let Self { open, worth } = self;
        let x = Vector::from_slice(&open.x);
        Row { scenario: open.scenario, x, label: worth.label, weight: worth.weight }
    }
}

/// Lets the published monitor look at the end of `closing` episodes; `label` is what this order
/// adds.
pub(super) fn close_episodes(
    state: &State,
    type_id: TypeId,
    closing: u64,
    label: Option<NewLabel<'_>>,
    out: &mut Out,
) {
    let Some(type_state) = state.type_state(type_id) else { return };
    let settings = &state.profile().monitor;
    let loss = label.as_ref().map(|label| label.worth.loss);
    let Some(finding) = type_state.window.look(settings, closing, loss) else { return };
    let cause = Cause::Window(finding);
    out.push(Event::MonitorActed { type_id, action: MonitorAction::Retrain, cause });
    if !keeps_rows(state) {
        // Another scorer is refitted beside the loop, on a frozen dataset.
        return;
    }
    let new_row = label.map(|label| label.row());
    let rows = type_state.rows.iter().chain(&new_row);
    let prior = type_state.definition().prior();
    let weights = fit(rows.clone(), &prior, &state.profile().retrain).into();
    let rows = u32::try_from(rows.count()).unwrap_or(u32::MAX);
    out.push(Event::ModelRetrained { type_id, weights, rows });
}

/// Whether the profile keeps rows for the red-button retraining.
pub(crate) fn keeps_rows(state: &State) -> bool {
    use crate::learning::window::MonitorSettings;
    !matches!(state.profile().monitor, MonitorSettings::Off)
        && matches!(state.profile().scorer, Scorer::MovingAverage { .. })
}

/// Discount of the threshold arms, if the selector has evidence.
pub(crate) fn discount(state: &State) -> Option<f64> {
    match state.profile().selector {
        Selector::Thompson { discount, .. } => Some(discount),
        _ => None,
    }
}
