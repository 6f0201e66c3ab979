//! What a proposal's decision needs from outside the core: time, chance, the policy's verdict.

use std::sync::Arc;

use crate::{Counters, Judged};
use npo_core::decide::NamedProposal;
use npo_core::event::{RuleHit, Verdict};
use npo_core::proposal::{FactValue, Proposal, ScenarioRef, Text};
use npo_core::scenario_type::ScenarioType;
use npo_core::{Draws, Millis, Rejection, State};
use npo_policy::{Action, Context, Fact, Input, Now, Scenario, Spe};

/// Fresh random numbers.
pub(crate) fn draws() -> Draws {
    Draws { audit: rand::random(), seed: rand::random(), arm: None }
}

/// A proposal in the state's terms, with what of the state its verdict depends on.
pub(crate) struct Gathered {
    pub(crate) proposal: Proposal,
    definition: Arc<ScenarioType>,
    entity: String,
    site: String,
    source: String,
    context: (u32, u32),
}

/// Resolves a proposal and notes what its verdict depends on.
pub(crate) fn resolve(
    state: &State,
    actor: npo_core::PersonId,
    named: NamedProposal<'_>,
    at: Millis,
) -> Result<Gathered, Rejection> {
    let entity = named.entity.to_owned();
    let claimed = named.site;
    let proposal = npo_core::decide::resolve(state, named)?;
    let site = match &proposal.scenario {
        ScenarioRef::Known(id) => state.scenario(*id).map_or(claimed, |known| known.site),
        ScenarioRef::Named { .. } => claimed,
    }
    .to_owned();
    let definition =
        state.type_state(proposal.type_id).map(|t| Arc::clone(t.definition())).ok_or_else(
            || Rejection::UnknownScenarioType { name: entity.clone(), known: String::new() },
        )?;
    let source = state.person(actor).map(|p| p.handle.clone()).unwrap_or_default();
    let context = in_flight(state, &site, at);
    Ok(Gathered { proposal, definition, entity, site, source, context })
}

fn in_flight(state: &State, site: &str, at: Millis) -> (u32, u32) {
    state.open().in_flight.count(state.scenarios().site_named(site), at)
}

impl Gathered {
    /// What the proposal is judged as, and the proposal itself.
    pub(crate) fn into_parts(self) -> (Proposal, Judged) {
        let Self { proposal, definition, entity, site, .. } = self;
        (proposal, Judged { definition, entity, site })
    }

    /// Asks the policy. Runs outside the lock.
    pub(crate) fn verdict(
        &self,
        spe: Option<&Spe>,
        at: Millis,
        counters: &Counters,
    ) -> Arc<Verdict> {
        let Some(spe) = spe else {
            counters.judged(None);
            return Arc::new(Verdict {
                allow: false,
                bundle: [0; 32],
                rules: vec![RuleHit {
                    rule: "npo.no-policy".into(),
                    message: "no policy bundle is loaded, which denies".into(),
                }],
                error: Some("no policy bundle is loaded".into()),
            });
        };
        let verdict = spe.evaluate(&self.input(at));
        counters.judged(Some(verdict.path));
        Arc::new(Verdict {
            allow: verdict.allow,
            bundle: spe.digest().0,
            rules: verdict
                .rules
                .iter()
                .map(|hit| RuleHit { rule: hit.rule.clone(), message: hit.message.clone() })
                .collect(),
            error: verdict.error.as_deref().map(str::to_owned),
        })
    }

    /// Whether the verdict would still be asked for with the same words.
    pub(crate) fn still_holds(&self, state: &State, at: Millis) -> bool {
        let same_type = state
            .type_state(self.proposal.type_id)
            .is_some_and(|t| Arc::ptr_eq(t.definition(), &self.definition));
        same_type && in_flight(state, &self.site, at) == self.context
    }

    /// Notes anew what the verdict depends on; action and features are put into the terms of the
    /// version in force by their names.
    pub(crate) fn refresh(&mut self, state: &State, at: Millis) -> Result<(), Rejection> {
        let in_force = state.type_state(self.proposal.type_id).map(|t| Arc::clone(t.definition()));
        if let Some(definition) = in_force.filter(|new| !Arc::ptr_eq(new, &self.definition)) {
            let action = &self.definition.actions[usize::from(self.proposal.action)].name;
            let unknown = || Rejection::UnknownAction {
                action: action.clone(),
                scenario_type: definition.name.clone(),
                known: format!("others in version {}", definition.version),
            };
            self.proposal.action = definition.action_named(action).ok_or_else(unknown)?;
            let names = self.definition.features.iter().map(|f| f.name.as_str());
            let pairs = names.zip(self.proposal.raw.iter().copied());
            self.proposal.raw = definition.raw_from_named(pairs)?;
            self.definition = definition;
        }
        self.context = in_flight(state, &self.site, at);
        Ok(())
    }

    fn input(&self, at: Millis) -> Input<'_> {
        let Self { proposal, definition, entity, site, source, context } = self;
        let action = &definition.actions[usize::from(proposal.action)];
        let (raw, text) = (&proposal.raw, proposal.text.as_deref());
        Told { definition, action, raw, text, entity, site, source, in_flight: *context }.input(at)
    }
}

/// What a policy is told of a proposal, in the terms of the state.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The scenario type's version in force.
    pub definition: &'a ScenarioType,
    /// The proposed action.
    pub action: &'a npo_core::scenario_type::Action,
    /// Raw feature values in schema order.
    pub raw: &'a [f64],
    /// Words that came with the proposal.
    pub text: Option<&'a Text>,
    /// The entity; what the action is aimed at unless the words name another target.
    pub entity: &'a str,
    /// Its site.
    pub site: &'a str,
    /// Handle of whoever proposes.
    pub source: &'a str,
    /// Actions in flight: on the site, and in all.
    pub in_flight: (u32, u32),
}

impl<'a> Told<'a> {
    /// The policy's input at `at`.
    #[must_use]
    pub fn input(self, at: Millis) -> Input<'a> {
        let Self { definition, action, raw, text, entity, site, source, in_flight } = self;
        let target = text.map(|t| t.target.as_str()).filter(|t| !t.is_empty());
        let facts = text.map_or(&[][..], |t| &t.facts).iter().map(|fact| {
            let value = match &fact.value {
                FactValue::Number(number) => Fact::Number(*number),
                FactValue::Text(text) => Fact::Text(text),
                FactValue::Flag(yes) => Fact::Bool(*yes),
            };
            (fact.name.as_str(), value)
        });
        let names = definition.features.iter().map(|f| f.name.as_str());
        let (here, total) = in_flight;
        Input {
            now: Now::from_unix(at.0.div_euclid(1000)),
            scenario: Scenario {
                kind: &definition.name,
                entity,
                site,
                risk: definition.risk.name(),
            },
            action: Action { name: &action.name, target: target.unwrap_or(entity) },
            features: names.zip(raw.iter().copied()).collect(),
            facts: facts.collect(),
            context: Context { in_flight_site: here.into(), in_flight_total: total.into() },
            source,
        }
    }
}
