//! What follows from what just happened: the monitor π_M.
//!
//! [`react`] reads the state after an order was folded and says what `npo` itself does about it, to
//! be appended in the same batch.
//! It is level-triggered: what it sees is the state, not the order, so that nothing is missed if it
//! is asked later or again.

use smallvec::SmallVec;

use crate::decide::Events;
use crate::event::{Cause, CertificateCause, Envelope, Event, MonitorAction};
use crate::guarantee::CertificateSettings;
use crate::ids::TypeId;
use crate::oversight::watch::{Alarm, Gauge, Watched};
use crate::oversight::{Certificate, Hold, Level, Oversight, Scope, WatchSettings};
use crate::people::NPO;
use crate::state::{State, TypeState};

/// Audits of automatic actions in a row that may go unanswered: who is not watched has no certificate.
const AUDITS_MISSED_MAX: u32 = 20;

/// What `npo` itself does after `events` were folded into `state`; mostly nothing.
///
/// `seed` decides which looks are sent for a verdict.
#[must_use]
pub fn react(state: &State, events: &[Envelope], seed: u64) -> Events {
    let mut out = Events::new();
    if state.profile().certificate.is_none() && state.profile().watch.is_none() {
        return out;
    }
    let mut types: SmallVec<[TypeId; 2]> = SmallVec::new();
    for envelope in events {
        match concerns(state, &envelope.event) {
            Concerned::Nothing => {}
            Concerned::Type(type_id) if types.contains(&type_id) => {}
            Concerned::Type(type_id) => types.push(type_id),
            Concerned::Any => {
                let all = u32::try_from(state.types().len()).unwrap_or(u32::MAX);
                types = (0..all).map(TypeId).collect();
                break;
            }
        }
    }
    for type_id in types {
        let Some(type_state) = state.type_state(type_id) else { continue };
        let mut acted = type_state.oversight.watch.acted;
        let mut push = |event: Event| {
            acted |=
                matches!(&event, Event::MonitorActed { cause, .. } if cause.is_about_the_model());
            out.push(Envelope { at: state.last_at(), actor: NPO, request: None, event });
        };
        certify(state, type_id, &type_state.oversight, &mut push);
        if let Some(settings) = &state.profile().watch {
            watch(state, type_id, type_state, settings, &mut push);
            let looked = look(type_id, &type_state.oversight, settings, acted, seed);
            out.extend(looked.map(|event| Envelope {
                at: state.last_at(),
                actor: NPO,
                request: None,
                event,
            }));
        }
    }
    out
}

/// Which scenario types' gauges an event may have moved.
enum Concerned {
    Nothing,
    Type(TypeId),
    Any,
}

fn concerns(state: &State, event: &Event) -> Concerned {
    match event {
        Event::FeedbackGiven(feedback) => Concerned::Type(feedback.type_id),
        Event::DecisionMade(made) => Concerned::Type(made.type_id),
        // A decision that waited for longer than decisions are remembered is forgotten with its end,
        // and its event does not name its type.
        Event::DecisionExpired(id) | Event::DecisionWithdrawn { id, .. } => {
            state.open().get(*id).map_or(Concerned::Any, |open| Concerned::Type(open.type_id))
        }
        _ => Concerned::Nothing,
    }
}

fn certify(state: &State, type_id: TypeId, oversight: &Oversight, push: &mut impl FnMut(Event)) {
    let Some(settings) = &state.profile().certificate else { return };
    let before = oversight.level();
    let current = oversight.certificate.as_ref();
    let (certificate, cause, reason) = match current.and_then(|_| alarm(oversight, settings)) {
        Some(alarm) => {
            let (action, cause) = (MonitorAction::Adapt, Cause::Alarm(alarm.clone()));
            push(Event::MonitorActed { type_id, action, cause });
            let reason = "the certificate was lost to drift: people review everything".to_owned();
            (None, CertificateCause::Drift(alarm), reason)
        }
        None if current.is_some() && oversight.audits_missed >= AUDITS_MISSED_MAX => {
            let reason = format!(
                "nobody answered the last {AUDITS_MISSED_MAX} audits, so the certificate lapsed: people review everything"
            );
            (None, CertificateCause::Unwatched, reason)
        }
        None => {
            let supported = oversight.supported(settings);
            let (Some(new), true) = (supported, lower(current, supported)) else { return };
            let cause = match current {
                None => CertificateCause::Earned,
                Some(_) => CertificateCause::Extended,
            };
            let reason = format!("threshold {} is certified at α = {}", new.theta, new.alpha);
            (Some(new), cause, reason)
        }
    };
    push(Event::CertificateChanged { type_id, certificate, cause });
    let (ceiling, level) =
        (oversight.ceiling, Level::in_force(oversight.ceiling, certificate.is_some()));
    if level != before {
        push(Event::AutonomyChanged { type_id, ceiling, level, reason });
    }
}

/// What a detector over a certificate calls on, if one does.
fn alarm(oversight: &Oversight, settings: &CertificateSettings) -> Option<Alarm> {
    let level = settings.detector_level();
    [(Watched::Certified, &oversight.drift), (Watched::Stopped, oversight.stops.gauge())]
        .into_iter()
        .find(|(_, gauge)| gauge.value() >= level)
        .map(|(watched, gauge)| gauge.alarm(watched, level, None))
}

fn lower(current: Option<&Certificate>, supported: Option<Certificate>) -> bool {
    supported.is_some_and(|new| current.is_none_or(|old| new.theta < old.theta))
}

fn watch(
    state: &State,
    type_id: TypeId,
    type_state: &TypeState,
    settings: &WatchSettings,
    push: &mut impl FnMut(Event),
) {
    let oversight = &type_state.oversight;
    let watch = &oversight.watch;
    let run_length = settings.run_length;
    let called = |gauge: &Gauge| gauge.value() >= run_length;
    let rested = |last: Option<u64>| watch.rested(settings, last);
    let act =
        |action, alarm: Alarm| Event::MonitorActed { type_id, action, cause: Cause::Alarm(alarm) };
    let held = Scope::ScenarioType(type_id);
    let is_held = state.holds().iter().any(|hold| hold.scope == held);
    if called(&watch.overrides) && !is_held {
        let alarm = watch.overrides.alarm(Watched::OverrideRate, run_length, None);
        let reason = format!(
            "people overrode {} of {} recommendations",
            watch.overrides.hits, watch.overrides.seen
        );
        push(act(MonitorAction::Suppress, alarm));
        push(Event::RedButtonPressed(Hold {
            scope: held,
            since: state.last_at(),
            by: NPO,
            reason,
        }));
    } else if called(&watch.surprise) {
        let alarm = watch.surprise.alarm(Watched::Surprise, run_length, None);
        // A second call soon after a retraining says that retraining did not help.
        if rested(watch.retrained) {
            push(act(MonitorAction::Retrain, alarm));
        } else if rested(watch.escalated[Watched::Surprise as usize]) {
            push(act(MonitorAction::Escalate, alarm));
        }
    } else if watch.sites.len() > 1 {
        #[expect(clippy::cast_precision_loss, reason = "at most 64 sites")]
        let level = run_length * watch.sites.len() as f64;
        let site = watch.sites.iter().find(|(site, gauge)| {
            gauge.value() >= level && rested(watch.sites_escalated.get(site).copied())
        });
        if let Some((site, gauge)) = site {
            let name = state.scenarios().site_name(*site).to_owned();
            push(act(MonitorAction::Escalate, gauge.alarm(Watched::Surprise, level, Some(name))));
        }
    }
    for (watched, gauge) in
        [(Watched::Unanswered, &watch.unanswered), (Watched::SlowAnswers, &watch.slow)]
    {
        if called(gauge) && rested(watch.escalated[watched as usize]) {
            push(act(MonitorAction::Escalate, gauge.alarm(watched, run_length, None)));
        }
    }
}

fn look(
    type_id: TypeId,
    oversight: &Oversight,
    settings: &WatchSettings,
    acted: bool,
    seed: u64,
) -> Option<Event> {
    let watch = &oversight.watch;
    if watch.episodes - watch.looked < u64::from(settings.look_every) {
        return None;
    }
    let probability = if acted { 1.0 } else { settings.audit_looks };
    let look = watch.next_look();
    // The seed also draws threshold arms; the look's number keeps the two apart.
    let audited = uniform(seed ^ look.wrapping_mul(0x9e37_79b9_7f4a_7c15)) < probability;
    Some(Event::MonitorLooked { type_id, look, acted, probability, audited })
}

/// A uniform number in [0, 1) from the bits of `seed` (SplitMix64).
fn uniform(seed: u64) -> f64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let mantissa = ((z ^ (z >> 31)) >> 11) as f64;
    mantissa / 9_007_199_254_740_992.0
}
