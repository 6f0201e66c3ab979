//! Another policy bundle over the same log: each logged proposal judged by what its event says.
//!
//! What a policy is told (time, entity, action, facts, features, actions in flight, source) is read
//! off the event and the state before it, as the engine gathered it then. Actions in flight are
//! those of the log: had the other bundle been in force, there might have been others.

use npo_core::State;
use npo_core::event::{DecisionMade, Envelope};
use npo_engine::Told;
use npo_policy::{Input, Spe};
use serde::Serialize;

use super::bootstrap::{normal_quantile, wilson};
use super::report::Interval;
use super::row::{Kind, Row};

/// What a policy was told about a logged decision; `None` if the event names an action or version
/// that is not known.
pub(super) fn input<'a>(
    state: &'a State,
    envelope: &'a Envelope,
    made: &'a DecisionMade,
) -> Option<Input<'a>> {
    let definition = state.type_state(made.type_id)?.definition();
    let action = definition.actions.get(usize::from(made.action))?;
    let (entity, site) = match &made.new_scenario {
        Some(new) => (new.entity.as_str(), new.site.as_str()),
        None => state.scenario(made.scenario).map(|known| (known.entity, known.site))?,
    };
    let told = Told {
        definition,
        action,
        raw: &made.raw,
        text: made.text.as_deref(),
        entity,
        site,
        source: state.person(envelope.actor).map_or("", |person| person.handle.as_str()),
        in_flight: state.open().in_flight.count(state.scenarios().site_named(site), envelope.at),
    };
    Some(told.input(envelope.at))
}

/// Whether the bundle allows it; what it cannot judge it denies, and is counted in `errors`.
pub(super) fn allows(spe: &Spe, input: Option<Input<'_>>, errors: &mut u64) -> bool {
    let Some(verdict) = input.map(|input| spe.evaluate(&input)) else {
        *errors += 1;
        return false;
    };
    *errors += u64::from(verdict.error.is_some());
    verdict.allow
}

/// What another bundle would have changed, with the answers that the log has.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VerdictChanges {
    /// Name and version of the other bundle.
    pub bundle: String,
    /// Decisions that the log's policy allowed and the other denies.
    pub newly_blocked: u64,
    /// Of those, decisions that were put to people.
    pub newly_blocked_asked: u64,
    /// Likes among the labels of the newly blocked.
    pub newly_blocked_likes: u64,
    /// Overrides among the labels of the newly blocked.
    pub newly_blocked_overrides: u64,
    /// Observed override rate of the newly blocked, over directed labels; unweighted.
    pub newly_blocked_override_rate: Option<Interval>,
    /// Decisions that the log's policy denied and the other allows; nobody was asked about them.
    pub newly_allowed: u64,
    /// Of those, decisions that would be surfaced, as an expectation.
    pub newly_allowed_surfaced: f64,
    /// Decisions that the other bundle could not judge, which denies.
    pub errors: u64,
}

impl VerdictChanges {
    pub(super) fn of(bundle: String, rows: &[Row], errors: u64, confidence: f64) -> Self {
        let mut changes = Self {
            bundle,
            newly_blocked: 0,
            newly_blocked_asked: 0,
            newly_blocked_likes: 0,
            newly_blocked_overrides: 0,
            newly_blocked_override_rate: None,
            newly_allowed: 0,
            newly_allowed_surfaced: 0.0,
            errors,
        };
        // What the red button held is held whatever a bundle says.
        for row in rows.iter().filter(|row| row.kind != Kind::Held) {
            match (row.kind == Kind::Blocked, row.target_allows) {
                (false, false) => changes.blocked(row),
                (true, true) => {
                    changes.newly_allowed += 1;
                    changes.newly_allowed_surfaced += f64::from(row.target);
                }
                (true, false) | (false, true) => {}
            }
        }
        let (overrides, likes) = (changes.newly_blocked_overrides, changes.newly_blocked_likes);
        #[expect(clippy::cast_precision_loss, reason = "counts of decisions")]
        let (bad, all) = (overrides as f64, (overrides + likes) as f64);
        if all > 0.0 {
            let z = normal_quantile(0.5 + confidence / 2.0);
            let (low, high) = wilson(bad / all, all, z);
            changes.newly_blocked_override_rate =
                Some(Interval { value: Some(bad / all), low, high });
        }
        changes
    }

    fn blocked(&mut self, row: &Row) {
        use npo_core::Signal;
        self.newly_blocked += 1;
        self.newly_blocked_asked += u64::from(row.asked);
        match row.label() {
            Some(Signal::Like) => self.newly_blocked_likes += 1,
            Some(Signal::Override) => self.newly_blocked_overrides += 1,
            Some(Signal::Neutral | Signal::Skipped) | None => {}
        }
    }
}
