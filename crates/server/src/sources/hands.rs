//! The hands of the generated fabric: what people affirmed, or `npo` did by itself, is carried out there, and what came
//! of it is recorded as the decision's outcome.
//!
//! It learns of answers as everybody does, from the log, so that nothing is done that is not durable.
//! What was proposed before a restart belongs to a fabric that is gone, and is left alone.

use std::collections::{BTreeMap, BTreeSet};

use npo_core::event::{Disposition, Event, Outcome, OutcomeResult};
use npo_core::oversight::Level;
use npo_core::{Command, DecisionId, PersonId, Rejection, Signal};
use npo_engine::{Engine, Refusal};
use npo_log::{LogReader, ReadError};
use npo_network::fabric::{self, ActionId, Effect, Fabric};
use npo_network::{Finding, PortId, Watchers};

use super::finding::Proposed;
use crate::chain::chain;
use crate::tail;

/// Decisions that are remembered until somebody affirms them; older ones have long expired.
const OPEN_MAX: usize = 10_000;
/// Events read at once.
const BATCH: u64 = 256;

/// Carries out what was decided about one fabric.
pub(super) struct Hands {
    engine: Engine,
    actor: PersonId,
    reader: Option<Box<dyn LogReader>>,
    /// Position of the last event read.
    position: u64,
    open: BTreeMap<DecisionId, Finding>,
    under_way: BTreeMap<ActionId, DecisionId>,
    planned: BTreeSet<PortId>,
}

impl Hands {
    /// Hands that follow the log from its end.
    pub(super) fn new(engine: Engine, actor: PersonId) -> Self {
        let position = engine.health().position;
        let (open, under_way, planned) = Default::default();
        Self { engine, actor, reader: None, position, open, under_way, planned }
    }

    /// Takes note of a proposal; one that is automatic is carried out.
    pub(super) fn proposed(&mut self, fabric: &mut Fabric, proposed: Proposed, finding: Finding) {
        let Proposed { decision, disposition, level } = proposed;
        match (disposition, level) {
            (Disposition::Automatic, _) => self.act(fabric, decision, &finding),
            // In shadow people are asked for their opinion alone.
            (_, Level::Shadow) | (Disposition::Abstained | Disposition::Blocked, _) => {}
            _ => {
                self.open.insert(decision, finding);
                while self.open.len() > OPEN_MAX {
                    self.open.pop_first();
                }
            }
        }
    }

    /// Carries out what was affirmed since the last call, records what is known of earlier actions, and tells the
    /// watchers what is out of service by decision.
    pub(super) fn work(&mut self, fabric: &mut Fabric, watchers: &mut Watchers) {
        if let Err(error) = self.catch_up(fabric) {
            tracing::warn!(error = chain(&error), "the log could not be followed; trying again");
        }
        for outcome in fabric.take_outcomes() {
            if let Some(decision) = self.under_way.remove(&outcome.action)
                && let Err(refusal) = self.record(decision, &outcome)
            {
                tracing::warn!(decision = decision.0, %refusal, "an outcome was not recorded");
            }
        }
        let _ = fabric.take_past();
        let planned: BTreeSet<PortId> = fabric.planned_ports().into_iter().collect();
        for &port in self.planned.symmetric_difference(&planned) {
            watchers.plan(fabric.catalog(), port, planned.contains(&port));
        }
        self.planned = planned;
    }

    fn catch_up(&mut self, fabric: &mut Fabric) -> Result<(), ReadError> {
        while self.position < self.engine.health().position {
            let mut reader = match self.reader.take() {
                Some(reader) => reader,
                None => self.engine.reader()?,
            };
            let batch = tail::read(reader.as_mut(), self.position, BATCH)?;
            self.reader = Some(reader);
            // What is taken but not durable yet is read at the next call.
            let Some((last, ..)) = batch.last() else { return Ok(()) };
            self.position = *last;
            for (_, envelope, _) in &batch {
                if let Event::FeedbackGiven(given) = &envelope.event {
                    self.answered(fabric, given.decision, given.signal);
                }
            }
        }
        Ok(())
    }

    fn answered(&mut self, fabric: &mut Fabric, decision: DecisionId, signal: Signal) {
        match signal {
            Signal::Like => {
                if let Some(finding) = self.open.remove(&decision) {
                    self.act(fabric, decision, &finding);
                }
            }
            Signal::Override => drop(self.open.remove(&decision)),
            _ => {}
        }
    }

    fn act(&mut self, fabric: &mut Fabric, decision: DecisionId, finding: &Finding) {
        let action = fabric.act(finding);
        tracing::info!(
            decision = decision.0,
            action = finding.action,
            target = finding.target,
            "carried out on the generated fabric"
        );
        self.under_way.insert(action, decision);
    }

    fn record(&self, id: DecisionId, outcome: &fabric::Outcome) -> Result<(), Refusal> {
        let result = match outcome.effect {
            Effect::Recovered => OutcomeResult::Recovered,
            Effect::Unchanged => OutcomeResult::Unchanged,
            Effect::Worsened => OutcomeResult::Worsened,
        };
        let note = format!(
            "generated fabric, simulated time: {:.3} % of the site's traffic lost in the two minutes before, {:.3} % since",
            outcome.loss_before * 100.0,
            outcome.loss_after * 100.0,
        );
        let time_to_recover_ms = outcome.time_to_recover_ms.map(i64::unsigned_abs);
        let outcome = Outcome { result, time_to_recover_ms, note: Some(note) };
        match self.engine.order_blocking(self.actor, None, Command::Observe { id, outcome }) {
            // Somebody was quicker to say what came of it.
            Err(Refusal::Rejected(Rejection::OutcomeRecorded(_))) => Ok(()),
            other => other.map(drop),
        }
    }
}
