//! The latest answers of each scenario type, as rows for the calibration of the score in force.
//!
//! Fed with what the read models are fed with, so that it is never ahead of them; filled from the end
//! of the log at a start.
//! A row is the first answer to a decision, if it is a like or an override: what the score in force
//! said just before it, and one over the probability with which people were asked, so that audited
//! decisions speak for those like them that nobody was asked about.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use npo_core::event::MonitorAction;
use npo_core::guarantee::calibration::{Calibration, CalibrationSettings, Row};
use npo_core::{DecisionId, Envelope, Event, Signal, TypeId};

/// Rows kept per scenario type: a report on so many takes some milliseconds.
const ROWS_MAX: usize = 2000;
/// Decisions remembered until they are answered; beyond that the oldest are forgotten, and their
/// answers with them.
const ASKED_MAX: usize = 100_000;
/// Decisions that one row stands for at most: more would let a single answer speak for all.
const WEIGHT_MAX: f64 = 1000.0;
/// Events read at a start, which takes about a quarter of a second.
pub(crate) const START_EVENTS: u64 = 100_000;

/// The latest answers.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    /// Probability with which people were asked about each open decision.
    asked: BTreeMap<DecisionId, f64>,
    types: BTreeMap<TypeId, Answers>,
    /// What the monitor did since the process started, in the order of [`MonitorAction::ALL`].
    acted: [u64; MonitorAction::ALL.len()],
}

#[derive(Debug, Default)]
struct Answers {
    rows: VecDeque<Row>,
    /// The report on these rows, once somebody asked for it.
    report: Option<Arc<Calibration>>,
}

impl Recent {
    /// Takes what happened next.
    pub(crate) fn take(&mut self, envelope: &Envelope) {
        match &envelope.event {
            Event::DecisionMade(made) if made.asks() && made.asked > 0.0 => {
                if self.asked.len() >= ASKED_MAX {
                    self.asked.pop_first();
                }
                self.asked.insert(made.id, made.asked);
            }
            Event::DecisionExpired(id) | Event::DecisionWithdrawn { id, .. } => {
                self.asked.remove(id);
            }
            Event::FeedbackGiven(given) => {
                let Some(asked) = self.asked.remove(&given.decision) else { return };
                let y = match given.signal {
                    Signal::Like => 1.0,
                    Signal::Override => 0.0,
                    Signal::Neutral | Signal::Skipped => return,
                };
                let p = given.score_before.clamp(0.0, 1.0);
                let row = Row { p, y, weight: (1.0 / asked).min(WEIGHT_MAX) };
                let answers = self.types.entry(given.type_id).or_default();
                if answers.rows.len() >= ROWS_MAX {
                    answers.rows.pop_front();
                }
                answers.rows.push_back(row);
                answers.report = None;
            }
            Event::MonitorActed { action, .. } => self.acted[*action as usize] += 1,
            // Another score is in force, and these are no answers to what it says.
            Event::ModelPromoted(promoted) => drop(self.types.remove(&promoted.type_id)),
            Event::ScenarioTypeActivated { type_id, .. } => drop(self.types.remove(type_id)),
            Event::ProfileActivated(_) => self.types.clear(),
            _ => {}
        }
    }

    /// What the monitor did since the process started.
    pub(crate) fn acted(&self, action: MonitorAction) -> u64 {
        self.acted[action as usize]
    }

    /// Counts the monitor's actions from here on.
    pub(crate) fn start_counting(&mut self) {
        self.acted = Default::default();
    }

    /// The report on a scenario type's rows; none without rows. Takes some milliseconds the first
    /// time after an answer.
    pub(crate) fn calibration(&mut self, type_id: TypeId) -> Option<Arc<Calibration>> {
        let answers = self.types.get_mut(&type_id).filter(|answers| !answers.rows.is_empty())?;
        if answers.report.is_none() {
            let rows = answers.rows.iter().copied();
            let report = Calibration::of(rows, &CalibrationSettings::default());
            answers.report = match report {
                Ok(report) => Some(Arc::new(report)),
                Err(error) => {
                    tracing::error!(%error, "the calibration of recent answers could not be made");
                    None
                }
            };
        }
        answers.report.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_answers_there_is_nothing_to_say() {
        assert_eq!(Recent::default().calibration(TypeId(0)), None);
    }
}
