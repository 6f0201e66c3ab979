//! What people order about autonomy: grants, the red button, escalations, RCA verdicts.

use super::answer::find;
use super::{Out, check_name, check_text};
use crate::event::{
    Cause, CertificateCause, Disposition, Event, Lesson, MonitorAction, NotLearned, RcaRecorded,
    RcaSubject,
};
use crate::ids::{PersonId, ScenarioId, TypeId};
use crate::learning::posterior::{Label, plan};
use crate::oversight::{Hold, Level, Oversight, Scope};
use crate::profile::Scorer;
use crate::proposal::{ENTITY_MAX, LINE_MAX};
use crate::rejection::Rejection;
use crate::signal::Signal;
use crate::state::{Answer, Open, State, TypeState};

/// Scopes that can be held at once.
const HOLDS_MAX: usize = 1000;

/// An RCA verdict, as ordered.
#[derive(Debug, Clone, PartialEq)]
pub struct RcaOrder {
    /// What it is about, and the verdict.
    pub subject: RcaSubject,
    /// A note.
    pub note: Option<String>,
    /// The decision as the log has it, for one that is no longer remembered; whoever orders reads it
    /// there.
    pub recalled: Option<Recalled>,
}

/// A decision that is no longer remembered, read back from the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Recalled {
    /// Its scenario type.
    pub type_id: TypeId,
    /// Its scenario.
    pub scenario: ScenarioId,
    /// What became of it.
    pub disposition: Disposition,
    /// Its answers.
    pub answers: Vec<Answer>,
}

pub(super) fn grant(
    state: &State,
    type_id: TypeId,
    ceiling: Level,
    reason: String,
    out: &mut Out,
) -> Result<(), Rejection> {
    check_text("reason", &reason, LINE_MAX, false)?;
    let mut oversight = state.known_type(type_id)?.oversight.clone();
    if ceiling == Level::Automatic && state.profile().certificate.is_none() {
        return Err(Rejection::Field {
            field: "level".into(),
            found: "`automatic`".into(),
            expected: format!(
                "another level: the profile `{}` certifies no thresholds",
                state.profile().name
            ),
        });
    }
    if oversight.ceiling != ceiling {
        oversight.ceiling = ceiling;
        let level = oversight.level();
        out.push(Event::AutonomyChanged { type_id, ceiling, level, reason });
    }
    Ok(())
}

/// Says that a live certificate goes with what it was about, and what autonomy is left.
pub(super) fn lose_certificate(type_id: TypeId, type_state: &TypeState, why: &str, out: &mut Out) {
    let Oversight { ceiling, certificate: Some(_), .. } = type_state.oversight else { return };
    let (before, level) = (type_state.oversight.level(), Level::in_force(ceiling, false));
    let (certificate, cause) = (None, CertificateCause::Reset);
    out.push(Event::CertificateChanged { type_id, certificate, cause });
    if level != before {
        let reason = format!("{why}, so the certificate is void: people review everything");
        out.push(Event::AutonomyChanged { type_id, ceiling, level, reason });
    }
}

pub(super) fn press(
    state: &State,
    scope: Scope,
    reason: String,
    out: &mut Out,
) -> Result<(), Rejection> {
    check_text("reason", &reason, LINE_MAX, false)?;
    match &scope {
        Scope::All => {}
        Scope::ScenarioType(type_id) => drop(state.known_type(*type_id)?),
        Scope::Site(site) => check_name("site", site, ENTITY_MAX, false)?,
    }
    if state.holds().iter().any(|hold| hold.scope == scope) {
        return Err(Rejection::AlreadyHeld(named(state, &scope)));
    }
    if state.holds().len() >= HOLDS_MAX {
        return Err(Rejection::Field {
            field: "scope".into(),
            found: format!("the {}th that is held", HOLDS_MAX + 1),
            expected: format!("at most {HOLDS_MAX}; hold everything instead"),
        });
    }
    out.push(Event::RedButtonPressed(Hold { scope, since: out.at, by: out.actor, reason }));
    Ok(())
}

pub(super) fn release(
    state: &State,
    scope: Scope,
    reason: String,
    out: &mut Out,
) -> Result<(), Rejection> {
    check_text("reason", &reason, LINE_MAX, false)?;
    if !state.holds().iter().any(|hold| hold.scope == scope) {
        return Err(Rejection::NotHeld(named(state, &scope)));
    }
    out.push(Event::RedButtonReleased { scope, reason });
    Ok(())
}

/// A scope as people name it.
fn named(state: &State, scope: &Scope) -> String {
    match scope {
        Scope::All => "everything".into(),
        Scope::Site(site) => site.clone(),
        Scope::ScenarioType(id) => {
            state.type_state(*id).map_or_else(|| id.to_string(), |t| t.definition().name.clone())
        }
    }
}

pub(super) fn settle(
    state: &State,
    type_id: TypeId,
    reason: String,
    out: &mut Out,
) -> Result<(), Rejection> {
    check_text("reason", &reason, LINE_MAX, false)?;
    let known = state.known_type(type_id)?;
    if !known.oversight.escalated {
        return Err(Rejection::NotEscalated(known.definition().name.clone()));
    }
    out.push(Event::EscalationSettled { type_id, reason });
    Ok(())
}

pub(super) fn rca(state: &State, order: RcaOrder, out: &mut Out) -> Result<(), Rejection> {
    let RcaOrder { subject, note, recalled } = order;
    if let Some(note) = &note {
        check_text("note", note, LINE_MAX, false)?;
    }
    let nothing = Lesson::None(NotLearned::Weightless);
    let recorded = match subject {
        RcaSubject::Look { type_id, look, .. } => {
            let audits = &state.known_type(type_id)?.oversight.watch.audits;
            if !audits.iter().any(|audit| audit.look == look) {
                return Err(Rejection::NotForRca(format!("look {look}")));
            }
            RcaRecorded { subject, note, answers: Vec::new(), place: None, lesson: nothing }
        }
        RcaSubject::Decision { id, right } => {
            if state.is_judged(id) {
                return Err(Rejection::NotForRca(format!("decision {id}")));
            }
            let (place, answers, lesson) = match (find(state, id), recalled) {
                (Ok(open), _) => {
                    let place = (open.type_id, open.scenario);
                    (place, judged(&open.answers, right), taught(state, open, right))
                }
                // Its inputs are gone and the score has moved on; who was right has not changed.
                (Err(Rejection::NotAsked(_)), Some(old)) if old.disposition.asks() => {
                    let forgotten = Lesson::None(NotLearned::Forgotten);
                    ((old.type_id, old.scenario), judged(&old.answers, right), forgotten)
                }
                (Err(refusal), _) => return Err(refusal),
            };
            RcaRecorded { subject, note, answers, place: Some(place), lesson }
        }
    };
    out.push(Event::RcaRecorded(Box::new(recorded)));
    Ok(())
}

/// Who had answered with a like or an override, and whether they were right.
fn judged(answers: &[Answer], right: bool) -> Vec<(PersonId, bool)> {
    let directed = answers.iter().filter(|answer| answer.signal.is_directed());
    directed.map(|answer| (answer.by, right == (answer.signal == Signal::Like))).collect()
}

/// What a verdict teaches the score: a label that cannot be wrong.
fn taught(state: &State, open: &Open, right: bool) -> Lesson {
    let stale = Lesson::None(NotLearned::StaleModel);
    let (Some(type_state), Some(effect), Scorer::Hierarchical(settings)) = (
        state.type_state(open.type_id),
        state.scenarios().effect(open.scenario),
        &state.profile().scorer,
    ) else {
        return stale;
    };
    let Some(posterior) =
        type_state.posterior.as_ref().filter(|_| type_state.generation == open.generation)
    else {
        return stale;
    };
    if !open.asked {
        // Verdicts are given to what went wrong more often than to what did not.
        return Lesson::None(NotLearned::Volunteered);
    }
    let variance =
        effect.variance_at(type_state.clock(), settings.effect_drift, settings.effect_variance);
    let before = posterior.logit(&open.x, effect.mean, variance);
    let value = f64::from(u8::from(right));
    let label = Label { value, weight: 1.0, sensitivity: 1.0, specificity: 1.0 };
    let planned = plan(before, variance, label);
    Lesson::Posterior { before, planned, reliability: 1.0, responsibility: None }
}

pub(super) fn watch(state: &State, out: &mut Out) {
    let Some(settings) = &state.profile().watch else { return };
    for (type_id, type_state) in (0u32..).map(TypeId).zip(state.types()) {
        let watch = &type_state.oversight.watch;
        let (Some(since), Some(limit)) = (watch.last_proposal, watch.silence_after_ms(settings))
        else {
            continue;
        };
        #[expect(clippy::cast_precision_loss, reason = "milliseconds stay below 2^53")]
        let silent = out.at.since(since) as f64;
        if !watch.silence_reported && silent > limit {
            let cause = Cause::Silence { since, usual_gap_ms: watch.gap_ms };
            out.push(Event::MonitorActed { type_id, action: MonitorAction::Escalate, cause });
        }
    }
}
