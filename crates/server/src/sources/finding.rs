//! What watchers find, as proposals of a machine person, and the ends of conditions as withdrawals.

use npo_core::decide::{Features, NamedProposal, NewPerson, Withdrawn};
use npo_core::event::{Disposition, Event};
use npo_core::oversight::Level;
use npo_core::people::{Group, NPO, Role};
use npo_core::proposal::{self, EVIDENCE_MAX, LINE_MAX, Text};
use npo_core::{Command, DecisionId, PersonId};
use npo_engine::{Engine, Refusal};
use npo_network::{FactValue, Finding, FindingState};

/// Somebody who proposes what watchers find.
pub(super) struct Proposer {
    engine: Engine,
    actor: PersonId,
}

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Proposed {
    pub(super) decision: DecisionId,
    pub(super) disposition: Disposition,
    pub(super) level: Level,
}

impl Proposed {
    fn of(event: &Event) -> Option<Self> {
        match event {
            Event::DecisionMade(made) => {
                Some(Self { decision: made.id, disposition: made.disposition, level: made.level })
            }
            _ => None,
        }
    }
}

impl Proposer {
    /// The machine person with this handle, added with the role `source` if nobody has it.
    pub(super) fn new(engine: Engine, handle: &str, name: &str) -> Result<Self, Refusal> {
        let known = || engine.read(|s| s.person_named(handle).map(|(id, _)| id));
        let actor = match known() {
            Some(id) => id,
            None => {
                let person = NewPerson {
                    handle: handle.into(),
                    name: name.into(),
                    roles: vec![Role::Source],
                    group: Group::default(),
                };
                let _receipt = engine.order_blocking(NPO, None, Command::AddPerson(person))?;
                known().expect("a person that was just added is known")
            }
        };
        Ok(Self { engine, actor })
    }

    /// Proposes what was raised, withdraws what was resolved; what is refused is logged.
    ///
    /// Gives what became of a proposal.
    pub(super) fn tell(&self, finding: &Finding) -> Option<Proposed> {
        self.take(finding).unwrap_or_else(|refusal| {
            tracing::warn!(entity = finding.entity, %refusal, "a finding was not taken");
            None
        })
    }

    /// The engine that is told.
    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Who tells.
    pub(super) fn actor(&self) -> PersonId {
        self.actor
    }

    /// The condition under which people are being asked about the same trouble already: the
    /// finding's own, or that of an earlier run, which may have dated the beginning differently.
    pub(super) fn known_as(&self, finding: &Finding) -> Option<String> {
        let prefix = format!("{}/{}/", finding.scenario_type, finding.entity);
        self.engine.read(|state| {
            let open = state.open();
            if !open.correlated(&finding.correlation).is_empty() {
                return Some(finding.correlation.clone());
            }
            // What follows is the time at which it began; an entity's name may contain slashes.
            let is_time = |rest: &str| rest.bytes().all(|b| b.is_ascii_digit());
            let mut same = open.conditions(&prefix).filter(|name| is_time(&name[prefix.len()..]));
            same.next().map(str::to_owned)
        })
    }

    fn take(&self, finding: &Finding) -> Result<Option<Proposed>, Refusal> {
        match finding.state {
            FindingState::Raised => {
                let proposals = vec![(None, proposal(finding))];
                let taken = self.engine.propose_batch_blocking(self.actor, proposals);
                let receipts = taken.into_iter().collect::<Result<Vec<_>, _>>()?;
                let events = receipts.iter().flat_map(|receipt| &receipt.events);
                Ok(events.map(|(_, envelope)| &envelope.event).find_map(Proposed::of))
            }
            FindingState::Resolved => {
                let what = Withdrawn::Correlation(finding.correlation.clone());
                let reason = "the condition ended".to_owned();
                let command = Command::Withdraw { what, reason };
                self.engine.order_blocking(self.actor, None, command).map(|_| None)
            }
        }
    }
}

fn proposal(finding: &Finding) -> NamedProposal<'_> {
    let facts = finding.facts.iter().map(|fact| proposal::Fact {
        name: fact.name.to_owned(),
        value: match &fact.value {
            FactValue::Number(number) => proposal::FactValue::Number(*number),
            FactValue::Text(text) => proposal::FactValue::Text(bounded(text)),
            FactValue::Bool(yes) => proposal::FactValue::Flag(*yes),
        },
        unit: fact.unit.to_owned(),
        source: fact.source.to_owned(),
    });
    NamedProposal {
        scenario_type: finding.scenario_type,
        entity: &finding.entity,
        site: &finding.site,
        action: finding.action,
        features: Features::Named(finding.features.clone()),
        text: Text {
            target: finding.target.clone(),
            facts: facts.collect(),
            evidence: finding
                .evidence
                .iter()
                .take(EVIDENCE_MAX)
                .map(|line| bounded(line))
                .collect(),
            what_if: Vec::new(),
            correlation: Some(finding.correlation.clone()),
            network: None,
        },
    }
}

/// A text no longer than a proposal may carry.
fn bounded(text: &str) -> String {
    const ELLIPSIS: char = '…';
    if text.len() <= LINE_MAX {
        return text.to_owned();
    }
    let room = LINE_MAX - ELLIPSIS.len_utf8();
    let end = (0..=room).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}{ELLIPSIS}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(bounded("short"), "short");
        let long = bounded(&"é".repeat(LINE_MAX));
        assert!(long.len() <= LINE_MAX && long.ends_with("é…"), "{}", long.len());
    }
}
