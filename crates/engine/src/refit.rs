//! Refits beside the loop: freeze, fit, evaluate, promote; and the way back.
//!
//! A refit reads its labels from the durable log through a reader of its own, so that orders are
//! taken meanwhile; whatever it finds becomes true by ordinary orders.
//! If the process ends in the middle, nothing is lost: what the monitor asked for is still due, and
//! a model that passed its gate is still a candidate, and is done after the next start.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::time::Duration;

use npo_core::decide::{FitOrder, PromoteOrder};
use npo_core::event::{
    DatasetFrozen, DecisionMade, Event, Lesson, ModelFitted, PromotionCause, RcaSubject,
};
use npo_core::learning::math::predictive;
use npo_core::learning::posterior::{Label, PosteriorSettings};
use npo_core::learning::refit::{Evaluation, LabelRow, Reader, Start, TooFew, refit};
use npo_core::people::NPO;
use npo_core::profile::Scorer;
use npo_core::{
    Command, DecisionId, Digest, Envelope, PersonId, Rejection, ScenarioId, TypeId, Vector, stored,
};
use npo_log::{LogReader, ReadError};
use sha2::{Digest as _, Sha256};

use crate::restore::undecodable;
use crate::{Engine, Refusal};

/// Labels that a refit works on at most: the latest.
pub const LABELS_MAX: usize = 200_000;
/// Decisions remembered while reading, to which labels may still come.
const DECISIONS_MAX: usize = 1_000_000;
/// Times that a candidate is brought up to the labels that came meanwhile.
const CATCH_UPS: usize = 20;
/// Longest wait for such labels to become durable, each time.
const CATCH_UP_WAIT: Duration = Duration::from_secs(1);

/// What a refit did.
#[derive(Debug, Clone, PartialEq)]
pub struct RefitSummary {
    /// Number of the dataset.
    pub dataset: u32,
    /// Number of the model.
    pub model: u32,
    /// Labels in the dataset.
    pub rows: u32,
    /// Held-out evaluation, with the gate's verdict.
    pub evaluation: Evaluation,
    /// Whether the model is in force.
    pub promoted: bool,
}

/// Why a model was not refitted, promoted or taken back.
#[derive(Debug, thiserror::Error)]
pub enum RefitError {
    /// No such scenario type or model.
    #[error("{0} is unknown")]
    Unknown(String),
    /// The profile's scorer is not refitted beside the loop.
    #[error("the scorer of profile `{0}` is not refitted beside the loop")]
    Scorer(String),
    /// Another refit of this process is on its way.
    #[error("another refit is on its way; try again when it is done")]
    Busy,
    /// There is too little to learn from.
    #[error(transparent)]
    TooFew(#[from] TooFew),
    /// There is nothing to go back to.
    #[error("`{0}` has no earlier model, so there is nothing to go back to")]
    NothingBefore(String),
    /// The engine is closing.
    #[error(
        "the engine is closing; what the monitor asked for, and a model that passed its gate, are due after the next start"
    )]
    Closing,
    /// Labels came faster than the candidate could be brought up to them.
    #[error("labels came faster than model {0} could be brought up to them")]
    Outrun(u32),
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Read(#[from] ReadError),
    /// The order was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// What a refit starts from.
struct Ground {
    prior: Vector,
    settings: PosteriorSettings,
    generation: u32,
    name: String,
}

impl Ground {
    fn start(&self) -> Start<'_> {
        Start { prior: &self.prior, settings: self.settings }
    }
}

impl Engine {
    /// Refits a scenario type on all its labels and, if the candidate passes its gate, puts it in
    /// force. Blocks for as long as reading the log takes; orders are taken meanwhile.
    ///
    /// # Errors
    /// [`RefitError`]; the model in force stays then.
    pub fn refit_blocking(
        &self,
        by: PersonId,
        type_id: TypeId,
    ) -> Result<RefitSummary, RefitError> {
        let Some(_one_at_a_time) = self.0.refitting.try_lock() else {
            return Err(RefitError::Busy);
        };
        let ground = self.ground(type_id)?;
        let until = *self.0.durable.borrow();
        let mut labels = Labels::new(self, type_id, ground.generation)?;
        let rows = labels.read_to(until)?;
        let rows: Vec<LabelRow> = rows.into_iter().map(|(_, row)| row).collect();
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let fit = refit(&ground.start(), &rows)?;
        let (dataset, model) = self.read(|state| (state.datasets() + 1, state.models() + 1));
        let frozen = DatasetFrozen {
            id: dataset,
            type_id,
            after: labels.first.unwrap_or(0),
            until,
            rows: count,
            digest: digest(&rows),
        };
        self.order_blocking(by, None, Command::FreezeDataset(frozen))?;
        let fitted = ModelFitted {
            id: model,
            type_id,
            dataset,
            drift: fit.drift,
            parameters: fit.reader.parameters(),
            evaluation: fit.evaluation.clone(),
        };
        let order = Box::new(FitOrder { fitted, generation: ground.generation });
        self.order_blocking(by, None, Command::RecordFit(order))?;
        let promoted = fit.evaluation.passed;
        if promoted {
            self.catch_up(by, model, fit.reader, &mut labels, &PromotionCause::Gate)?;
        }
        let evaluation = fit.evaluation;
        Ok(RefitSummary { dataset, model, rows: count, evaluation, promoted })
    }

    /// Puts a challenger in force, brought up to all labels. Blocks.
    ///
    /// # Errors
    /// [`RefitError`]; the model in force stays then.
    pub fn promote_blocking(
        &self,
        by: PersonId,
        model: u32,
        reason: String,
    ) -> Result<(), RefitError> {
        let Some(_one_at_a_time) = self.0.refitting.try_lock() else {
            return Err(RefitError::Busy);
        };
        self.promote(by, model, &PromotionCause::Person(reason))
    }

    /// Puts a scenario type's candidate in force, if there still is one, brought up to all labels:
    /// what a refit does at its end, if it comes to it. Gives the model's number. Blocks.
    ///
    /// # Errors
    /// [`RefitError`]; the model in force and the candidate stay what they are then.
    pub(crate) fn promote_candidate(&self, type_id: TypeId) -> Result<Option<u32>, RefitError> {
        let Some(_one_at_a_time) = self.0.refitting.try_lock() else {
            return Err(RefitError::Busy);
        };
        // Read with the lock held: a person may just have decided otherwise.
        let candidate = self.read(|state| state.type_state(type_id)?.candidate);
        if let Some(model) = candidate {
            self.promote(NPO, model, &PromotionCause::Gate)?;
        }
        Ok(candidate)
    }

    fn promote(&self, by: PersonId, model: u32, cause: &PromotionCause) -> Result<(), RefitError> {
        let (type_id, fitted_at) = self
            .read(|state| {
                (0u32..).map(TypeId).zip(state.types()).find_map(|(id, t)| {
                    let known = t.models.iter().find(|known| known.id == model)?;
                    Some((id, known.fitted_at))
                })
            })
            .ok_or_else(|| RefitError::Unknown(format!("model {model}")))?;
        let ground = self.ground(type_id)?;
        let fitted = match self.event(fitted_at)? {
            Some((Envelope { event: Event::ModelFitted(fitted), .. }, _)) => fitted,
            _ => return Err(RefitError::Unknown(format!("model {model}"))),
        };
        let mut labels = Labels::new(self, type_id, ground.generation)?;
        let reader = Reader::new(&ground.start(), fitted.drift);
        self.catch_up(by, model, reader, &mut labels, cause)
    }

    /// Takes the latest promotion of a scenario type back, and the one before that if it is called
    /// again: a model that was gone back from does not return by going back further.
    /// Labels since then are not in the model that returns; the next refit reads them again. Blocks.
    ///
    /// # Errors
    /// [`RefitError`]; the model in force stays then.
    pub fn roll_back_blocking(
        &self,
        by: PersonId,
        type_id: TypeId,
        reason: String,
    ) -> Result<u32, RefitError> {
        let Some(_one_at_a_time) = self.0.refitting.try_lock() else {
            return Err(RefitError::Busy);
        };
        let ground = self.ground(type_id)?;
        let nothing = || RefitError::NothingBefore(ground.name.clone());
        let replaced = self
            .read(|state| state.type_state(type_id)?.replaced.last().copied())
            .ok_or_else(nothing)?;
        let promoted = match self.event(replaced.at)? {
            Some((Envelope { event: Event::ModelPromoted(promoted), .. }, _)) => promoted,
            _ => return Err(nothing()),
        };
        let order = PromoteOrder {
            type_id,
            model: promoted.replaced,
            cause: PromotionCause::Rollback(reason),
            parameters: promoted.before,
            until: None,
        };
        self.order_blocking(by, None, Command::PromoteModel(Box::new(order)))?;
        Ok(promoted.replaced)
    }

    fn ground(&self, type_id: TypeId) -> Result<Ground, RefitError> {
        self.read(|state| {
            let Some(type_state) = state.type_state(type_id) else {
                return Err(RefitError::Unknown(format!("scenario type {type_id}")));
            };
            let Scorer::Hierarchical(settings) = state.profile().scorer else {
                return Err(RefitError::Scorer(state.profile().name.clone()));
            };
            Ok(Ground {
                prior: type_state.definition().prior(),
                settings,
                generation: type_state.generation,
                name: type_state.definition().name.clone(),
            })
        })
    }

    /// Reads the labels that came meanwhile into a candidate until none is missing, and promotes it.
    fn catch_up(
        &self,
        by: PersonId,
        model: u32,
        mut reader: Reader,
        labels: &mut Labels,
        cause: &PromotionCause,
    ) -> Result<(), RefitError> {
        for _ in 0..CATCH_UPS {
            let until = *self.0.durable.borrow();
            for (_, row) in labels.read_to(until)? {
                reader.read(&row);
            }
            let order = PromoteOrder {
                type_id: labels.type_id,
                model,
                cause: cause.clone(),
                parameters: reader.parameters(),
                until: Some(until),
            };
            let promoted = self.order_blocking(by, None, Command::PromoteModel(Box::new(order)));
            let last_label =
                self.read(|s| s.type_state(labels.type_id).map_or(0, |t| t.last_label));
            match promoted {
                Err(Refusal::Rejected(Rejection::ModelConflict { .. })) if last_label > until => {
                    // It may be known and not yet in the log: read at once, it would be missed again.
                    // Not for ever: a log that fails while the engine closes says nothing more.
                    let durable = self.until_durable(last_label, "a label");
                    crate::block_on_for(durable, CATCH_UP_WAIT).transpose()?;
                }
                other => return other.map(drop).map_err(RefitError::from),
            }
        }
        Err(RefitError::Outrun(model))
    }
}

/// The labels of a scenario type, read from the log in its order.
struct Labels {
    engine: Engine,
    reader: Box<dyn LogReader>,
    type_id: TypeId,
    generation: u32,
    /// Position read so far.
    position: u64,
    /// Position before the first label kept.
    first: Option<u64>,
    /// Decisions of the scenario type so far: the clock of the drift.
    clock: u64,
    decisions: BTreeMap<DecisionId, Asked>,
    sites: BTreeMap<ScenarioId, String>,
    actions: Vec<String>,
    people: Vec<String>,
}

/// What is remembered of a decision that people were asked about.
struct Asked {
    scenario: ScenarioId,
    action: u8,
    x: Vector,
}

impl Labels {
    fn new(engine: &Engine, type_id: TypeId, generation: u32) -> Result<Self, RefitError> {
        let (actions, people) = engine.read(|state| {
            let actions = state.type_state(type_id).map(|t| t.definition().actions.clone());
            let actions = actions.unwrap_or_default().into_iter().map(|a| a.name).collect();
            (actions, state.people().iter().map(|p| p.handle.clone()).collect())
        });
        Ok(Self {
            engine: engine.clone(),
            reader: engine.reader()?,
            type_id,
            generation,
            position: 0,
            first: None,
            clock: 0,
            decisions: BTreeMap::new(),
            sites: BTreeMap::new(),
            actions,
            people,
        })
    }

    /// The labels after the position reached so far up to `until`, the latest [`LABELS_MAX`].
    fn read_to(&mut self, until: u64) -> Result<Vec<(u64, LabelRow)>, RefitError> {
        let mut rows = std::collections::VecDeque::new();
        let mut failed = None;
        let (after, limit) = (self.position, until.saturating_sub(self.position));
        let mut found: Vec<(u64, Envelope)> = Vec::new();
        let mut next = after;
        while next < after + limit && failed.is_none() {
            if self.engine.0.stop.load(Ordering::Relaxed) {
                return Err(RefitError::Closing);
            }
            // In pieces, so that what is decoded does not pile up.
            let piece = (after + limit - next).min(4096);
            self.reader.visit(next, Some(piece), &mut |entry| {
                if !matches!(entry.kind, 10 | 11 | 23) {
                    return ControlFlow::Continue(());
                }
                match stored::decode(entry.kind, entry.version, entry.body) {
                    Ok(envelope) => {
                        found.push((entry.position, envelope));
                        ControlFlow::Continue(())
                    }
                    Err(error) => {
                        failed = Some(undecodable(entry.position, error));
                        ControlFlow::Break(())
                    }
                }
            })?;
            next += piece;
            for (position, envelope) in found.drain(..) {
                let row = read_event(
                    &envelope.event,
                    (self.type_id, self.generation),
                    &mut self.clock,
                    &mut self.decisions,
                    &mut self.sites,
                    (&self.actions, &self.people),
                );
                if let Some(row) = row {
                    if rows.len() == LABELS_MAX {
                        rows.pop_front();
                    }
                    rows.push_back((position, row));
                }
            }
        }
        if let Some(error) = failed {
            return Err(error.into());
        }
        self.position = until;
        if self.first.is_none() {
            self.first = rows.front().map(|(position, _)| position - 1);
        }
        Ok(rows.into())
    }
}

fn read_event(
    event: &Event,
    (type_id, generation): (TypeId, u32),
    clock: &mut u64,
    decisions: &mut BTreeMap<DecisionId, Asked>,
    sites: &mut BTreeMap<ScenarioId, String>,
    (actions, people): (&[String], &[String]),
) -> Option<LabelRow> {
    match event {
        Event::DecisionMade(made) if made.type_id == type_id => {
            decided(made, generation, clock, decisions, sites);
            None
        }
        Event::FeedbackGiven(given) if given.type_id == type_id => {
            let Lesson::Posterior { reliability, .. } = given.lesson else { return None };
            let asked = decisions.get(&given.decision)?;
            let by = people.get(given.by.0 as usize).map(|handle| format!("operator={handle}"));
            let label = Label {
                value: given.worth.label,
                weight: given.worth.weight,
                sensitivity: reliability,
                specificity: reliability,
            };
            Some(asked.row(label, *clock, given.score_before, by, sites, actions))
        }
        Event::RcaRecorded(rca) => {
            let (RcaSubject::Decision { id, right }, Lesson::Posterior { before, .. }) =
                (rca.subject, &rca.lesson)
            else {
                return None;
            };
            let asked = decisions.get(&id)?;
            let value = f64::from(u8::from(right));
            let label = Label { value, weight: 1.0, sensitivity: 1.0, specificity: 1.0 };
            let predicted = predictive(before.mean, before.variance);
            Some(asked.row(label, *clock, predicted, None, sites, actions))
        }
        _ => None,
    }
}

fn decided(
    made: &DecisionMade,
    generation: u32,
    clock: &mut u64,
    decisions: &mut BTreeMap<DecisionId, Asked>,
    sites: &mut BTreeMap<ScenarioId, String>,
) {
    *clock += 1;
    if let Some(new) = &made.new_scenario {
        sites.insert(made.scenario, new.site.clone());
    }
    if made.generation != generation || !made.asks() {
        return;
    }
    if decisions.len() >= DECISIONS_MAX {
        decisions.pop_first();
    }
    let asked = Asked { scenario: made.scenario, action: made.action, x: made.x.clone() };
    decisions.insert(made.id, asked);
}

impl Asked {
    fn row(
        &self,
        label: Label,
        clock: u64,
        predicted: f64,
        by: Option<String>,
        sites: &BTreeMap<ScenarioId, String>,
        actions: &[String],
    ) -> LabelRow {
        let site = sites.get(&self.scenario).filter(|site| !site.is_empty());
        let action = actions.get(usize::from(self.action)).filter(|_| actions.len() > 1);
        let slices = by
            .into_iter()
            .chain(site.map(|site| format!("site={site}")))
            .chain(action.map(|action| format!("action={action}")))
            .collect();
        LabelRow {
            scenario: self.scenario,
            x: self.x.clone(),
            label,
            // The number of the latest decision, from 0.
            clock: clock.saturating_sub(1),
            predicted,
            slices,
        }
    }
}

fn digest(rows: &[LabelRow]) -> Digest {
    let mut hash = Sha256::new();
    for row in rows {
        hash.update(row.scenario.0.to_le_bytes());
        hash.update(row.clock.to_le_bytes());
        let Label { value, weight, sensitivity, .. } = row.label;
        for number in row.x.iter().chain(&[value, weight, sensitivity]) {
            hash.update(number.to_bits().to_le_bytes());
        }
    }
    hash.finalize().into()
}
