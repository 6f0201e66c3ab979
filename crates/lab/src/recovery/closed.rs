//! npo's side of a run: proposals in, dispositions out, answers and outcomes back.

use std::sync::Arc;

use npo_core::decide::{
    AnswerOrder, Events, Features, NamedProposal, NewPerson, Withdrawn, resolve,
};
use npo_core::event::{
    Channel, DecisionMade, Outcome, OutcomeResult, Provenance, RuleHit, Verdict,
};
use npo_core::learning::window::MonitorSettings;
use npo_core::oversight::Level;
use npo_core::people::{NPO, Role};
use npo_core::profile::{Profile, Selector};
use npo_core::proposal::Text;
use npo_core::scenario_type::ScenarioType;
use npo_core::{
    Command, DecisionId, Draws, Event, Inputs, Millis, PersonId, Rejection, Signal, State, TypeId,
};
use npo_engine::advance;
use npo_network::Finding;
use npo_network::fabric::{self, Effect};

use super::run::RunError;
use super::settings::Settings;
use crate::shipped;

/// The source's number: people are numbered in order, after npo itself.
const SOURCE: PersonId = PersonId(1);

/// The loop, its people known to it.
pub(super) struct Closed {
    state: State,
    operators: u32,
}

impl Closed {
    /// A loop of the calibrated profile; with `autonomy`, every type may earn to act by itself.
    pub(super) fn new(settings: &Settings, autonomy: bool, at_ms: i64) -> Result<Self, RunError> {
        let mut profile = Profile::calibrated();
        if !autonomy {
            profile.certificate = None;
        }
        Self::of(profile, settings.people.operators, autonomy, at_ms)
    }

    /// A score that never learns, above a threshold.
    pub(super) fn fixed(threshold: f64, at_ms: i64) -> Result<Self, RunError> {
        let profile = Profile {
            name: "fixed".into(),
            selector: Selector::Fixed { theta: threshold },
            audit: None,
            monitor: MonitorSettings::Off,
            certificate: None,
            watch: None,
            ..Profile::calibrated()
        };
        Self::of(profile, 1, false, at_ms)
    }

    fn of(profile: Profile, operators: u32, autonomy: bool, at_ms: i64) -> Result<Self, RunError> {
        let mut closed = Self { state: State::default(), operators };
        let mut order = |command| closed.order(at_ms, NPO, command).map(drop);
        order(Command::ActivateProfile(Box::new(profile)))?;
        for (name, text) in shipped::SCENARIO_TYPES {
            let definition = ScenarioType::from_toml(text)
                .map_err(|error| RunError::Type { name: (*name).to_owned(), error })?;
            order(Command::ActivateScenarioType(Box::new(definition)))?;
        }
        let person = |handle: String, roles| {
            Command::AddPerson(NewPerson {
                name: handle.clone(),
                handle,
                roles,
                group: npo_core::people::Group::default(),
            })
        };
        order(person("fabric".to_owned(), vec![Role::Source]))?;
        for n in 1..=operators {
            order(person(format!("operator-{n}"), vec![Role::Operator, Role::Approver]))?;
        }
        if autonomy {
            for n in 0..shipped::SCENARIO_TYPES.len() {
                order(Command::GrantAutonomy {
                    type_id: TypeId(n as u32),
                    ceiling: Level::Automatic,
                    reason: "the experiment's".to_owned(),
                })?;
            }
        }
        Ok(closed)
    }

    /// Proposes what was found; gives the decision.
    pub(super) fn propose(
        &mut self,
        at_ms: i64,
        finding: &Finding,
        draws: Draws,
    ) -> Result<DecisionMade, RunError> {
        let named = NamedProposal {
            scenario_type: finding.scenario_type,
            entity: &finding.entity,
            site: &finding.site,
            action: finding.action,
            features: Features::Named(finding.features.clone()),
            text: Text {
                target: finding.target.clone(),
                facts: Vec::new(),
                evidence: Vec::new(),
                what_if: Vec::new(),
                correlation: Some(finding.correlation.clone()),
                network: None,
            },
        };
        let refused = |rejection| RunError::Refused { at_ms, rejection: Box::new(rejection) };
        let proposal = resolve(&self.state, named).map_err(refused)?;
        let inputs = Inputs {
            at: Millis(at_ms),
            actor: SOURCE,
            request: None,
            draws,
            verdict: Some(Arc::new(verdict(finding))),
        };
        let events = advance(&mut self.state, &Command::Propose(proposal), &inputs, |_, _| {})
            .map_err(refused)?;
        let made = events.into_iter().find_map(|envelope| match envelope.event {
            Event::DecisionMade(made) => Some(*made),
            _ => None,
        });
        Ok(made.expect("a proposal that is taken is decided"))
    }

    /// An operator's answer; one to a decision that has ended meanwhile changes nothing.
    pub(super) fn answer(
        &mut self,
        at_ms: i64,
        decision: DecisionId,
        operator: u32,
        signal: Signal,
    ) -> Result<(), RunError> {
        let provenance = Provenance {
            channel: Channel::Simulation,
            open_ms: 0,
            viewed_ms: None,
            explanation: None,
            reason: None,
            confidence: None,
            consent: true,
        };
        let by = PersonId(SOURCE.0 + 1 + operator % self.operators);
        let order = Command::Answer(AnswerOrder { decision, by, signal, provenance });
        self.order(at_ms, by, order).map(drop)
    }

    /// A decision that nobody answered in time.
    pub(super) fn expire(&mut self, at_ms: i64, decision: DecisionId) -> Result<(), RunError> {
        self.order(at_ms, NPO, Command::Expire(decision)).map(drop)
    }

    /// The end of a condition.
    pub(super) fn resolved(&mut self, at_ms: i64, correlation: &str) -> Result<(), RunError> {
        let what = Withdrawn::Correlation(correlation.to_owned());
        let reason = "the condition ended".to_owned();
        self.order(at_ms, SOURCE, Command::Withdraw { what, reason }).map(drop)
    }

    /// What came of an action.
    pub(super) fn observed(
        &mut self,
        at_ms: i64,
        id: DecisionId,
        outcome: &fabric::Outcome,
    ) -> Result<(), RunError> {
        let outcome = Outcome {
            result: match outcome.effect {
                Effect::Recovered => OutcomeResult::Recovered,
                Effect::Unchanged => OutcomeResult::Unchanged,
                Effect::Worsened => OutcomeResult::Worsened,
            },
            time_to_recover_ms: outcome.time_to_recover_ms.map(i64::unsigned_abs),
            note: None,
        };
        self.order(at_ms, SOURCE, Command::Observe { id, outcome }).map(drop)
    }

    fn order(&mut self, at_ms: i64, actor: PersonId, order: Command) -> Result<Events, RunError> {
        let draws = Draws { audit: 1.0, seed: 0, arm: None };
        let inputs = Inputs { at: Millis(at_ms), actor, request: None, draws, verdict: None };
        match advance(&mut self.state, &order, &inputs, |_, _| {}) {
            Ok(events) => Ok(events),
            // People answer late, and outcomes come after a decision was forgotten: that is no fault of a run.
            Err(
                Rejection::Expired { .. }
                | Rejection::Withdrawn { .. }
                | Rejection::UnknownDecision { .. }
                | Rejection::OutcomeRecorded(_),
            ) => Ok(Events::new()),
            Err(rejection) => Err(RunError::Refused { at_ms, rejection: Box::new(rejection) }),
        }
    }
}

/// The rule of the shipped bundle that matters on one fabric: nothing is taken out that leaves no link.
fn verdict(finding: &Finding) -> Verdict {
    let takes_out = matches!(finding.action, "remove-link" | "dampen-link" | "drain-peer");
    let allow = !takes_out || finding.number("redundancy_left").is_some_and(|left| left >= 1.0);
    let hit = || RuleHit { rule: "redundancy".into(), message: "no link would be left".into() };
    let rules = if allow { Vec::new() } else { vec![hit()] };
    Verdict { allow, bundle: [0; 32], rules, error: None }
}
