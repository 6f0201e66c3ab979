//! From a log to rows: one pass over the events, folding the state along the way.
//!
//! The fold gives what an event does not carry: which version of a type was in force, what a
//! threshold could have been drawn, what an audit would have cost, which actions were in flight.

use std::collections::BTreeSet;

use npo_core::event::{DecisionMade, Envelope, Event, FeedbackGiven, Lesson, NotLearned};
use npo_core::learning::utility::{AuditDraw, threshold, value_of_information};
use npo_core::oversight::Level;
use npo_core::stored::{DecodeError, decode};
use npo_core::{DecisionId, Millis, Rejection, State};

use super::arms::Arms;
use super::evaluate;
use super::propensity::{self, Chances, audit, surfaced};
use super::question::{InvalidQuestion, Question, Target};
use super::report::Report;
use super::row::{DECISIONS_MAX, Fate, Kind, Row};
use super::shadow::{Again, Logged, Shadow};
use super::verdicts;

/// Why a log cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The question itself.
    #[error(transparent)]
    Question(#[from] InvalidQuestion),
    /// An event is of a version or kind that this npo does not know, or is damaged.
    #[error("event {position} cannot be decoded")]
    Decode {
        /// Where.
        position: u64,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// The log does not begin at its beginning, or has a gap.
    #[error("found event {found}, expected event {expected}: a whole log is needed")]
    Gap {
        /// Position found.
        found: u64,
        /// Position expected.
        expected: u64,
    },
    /// A decision holds a number that it cannot have, or names what the log does not have.
    #[error("event {position} holds {what} {found}, expected {expected}")]
    Field {
        /// Where.
        position: u64,
        /// What.
        what: &'static str,
        /// What was found.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// The other profile cannot decide a logged proposal.
    #[error("event {position} cannot be decided again under the other profile")]
    Again {
        /// Where.
        position: u64,
        /// Why.
        #[source]
        source: Rejection,
    },
    /// More decisions than fit in memory.
    #[error("the window holds more than {DECISIONS_MAX} decisions; ask about a shorter one")]
    TooMany,
    /// There is no such scenario type.
    #[error("scenario type `{name}` is not in the log, which has {known}")]
    UnknownType {
        /// As asked.
        name: String,
        /// The types there are.
        known: String,
    },
}

/// What the target says of one decision.
struct Judged {
    allows: bool,
    surfaced: f64,
    asked: f64,
    /// Whether it did ask, where it has a run of its own.
    asks: bool,
}

impl Judged {
    /// What another profile's own run decided, by its chances: as the log is read, too.
    fn again(again: &Again) -> Self {
        let Again { made, chances: Chances { surfaced, audit } } = again;
        let kind = propensity::kind(made);
        let asked = match kind {
            Kind::Automatic => *audit,
            _ => surfaced + (1.0 - surfaced) * audit,
        };
        Self { allows: kind.eligible(), surfaced: *surfaced, asked, asks: made.asks() }
    }
}

/// A question being asked, event by event.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    pub(super) question: Question<'a>,
    pub(super) state: State,
    pub(super) rows: Vec<Row>,
    pub(super) shadow: Option<Shadow>,
    pub(super) policy_errors: u64,
    pub(super) randomised: u64,
    pub(super) thresholds: Range,
    pub(super) costs: Range,
    pub(super) scenarios: BTreeSet<u32>,
    pub(super) events: u64,
    /// When the last event happened.
    ended_at: Millis,
    arms: Arms,
    /// The target's own moving averages of the value of information, by scenario type, with the
    /// profile revision that they belong to.
    voi: Vec<(u32, f64)>,
}

/// Smallest, sum and largest of some numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    low: f64,
    high: f64,
    sum: f64,
    count: f64,
}

impl Range {
    const EMPTY: Self = Self { low: f64::INFINITY, high: f64::NEG_INFINITY, sum: 0.0, count: 0.0 };

    fn add(&mut self, value: f64) {
        self.low = self.low.min(value);
        self.high = self.high.max(value);
        self.sum += value;
        self.count += 1.0;
    }

    /// Smallest, mean and largest.
    pub(super) fn read(&self) -> Option<(f64, f64, f64)> {
        (self.count > 0.0).then(|| (self.low, self.sum / self.count, self.high))
    }
}

impl<'a> Scan<'a> {
    /// Begins to ask.
    ///
    /// # Errors
    /// If a number of the question is out of its range.
    pub(super) fn new(question: Question<'a>) -> Result<Self, InvalidQuestion> {
        question.validate()?;
        let shadow = match &question.target {
            Target::Profile(profile) => Some(Shadow::new(profile, question.seed)),
            Target::Threshold(_) | Target::OverrideCost(_) | Target::Policy(_) => None,
        };
        Ok(Self {
            question,
            state: State::default(),
            rows: Vec::new(),
            shadow,
            policy_errors: 0,
            randomised: 0,
            thresholds: Range::EMPTY,
            costs: Range::EMPTY,
            scenarios: BTreeSet::new(),
            events: 0,
            ended_at: Millis(i64::MIN),
            arms: Arms::default(),
            voi: Vec::new(),
        })
    }

    /// Takes the next event of the log, from position 1 on.
    ///
    /// # Errors
    /// [`ScanError`] names the event.
    pub(super) fn event(
        &mut self,
        position: u64,
        kind: u16,
        version: u8,
        body: &[u8],
    ) -> Result<(), ScanError> {
        if position != self.events + 1 {
            return Err(ScanError::Gap { found: position, expected: self.events + 1 });
        }
        let envelope =
            decode(kind, version, body).map_err(|source| ScanError::Decode { position, source })?;
        match &envelope.event {
            Event::DecisionMade(made) => self.decision(position, &envelope, made)?,
            // What stops an action after its audit is no answer to the audit.
            Event::FeedbackGiven(feedback) if volunteered(feedback) => {}
            Event::FeedbackGiven(feedback) => {
                if let Some(row) = self.row(feedback.decision) {
                    row.answer(feedback.signal, feedback.worth.loss);
                }
            }
            Event::DecisionExpired(id) => {
                if let Some(row) = self.row(*id) {
                    row.close(Fate::Expired);
                }
            }
            Event::DecisionWithdrawn { id, .. } => {
                if let Some(row) = self.row(*id) {
                    row.close(Fate::Withdrawn);
                }
            }
            _ => {}
        }
        if let Some(shadow) = &mut self.shadow {
            shadow.observe(&envelope);
        }
        self.state.apply(&envelope);
        self.ended_at = self.ended_at.max(envelope.at);
        self.events += 1;
        Ok(())
    }

    /// Works out the answer.
    ///
    /// # Errors
    /// If the question names a scenario type that the log does not have.
    pub(super) fn finish(mut self) -> Result<Report, ScanError> {
        if let Some(name) = &self.question.scenario_type
            && self.state.type_named(name).is_none()
        {
            let types = self.state.types().iter();
            let known: Vec<_> = types.map(|t| format!("`{}`", t.definition().name)).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            let name = name.chars().take(64).collect();
            return Err(ScanError::UnknownType { name, known });
        }
        let ended_at = self.ended_at;
        self.rows.iter_mut().for_each(|row| row.end(ended_at));
        Ok(evaluate::report(self))
    }

    fn row(&mut self, id: DecisionId) -> Option<&mut Row> {
        let ix = self.rows.binary_search_by_key(&id.0, |row| row.id).ok()?;
        self.rows.get_mut(ix)
    }

    fn decision(
        &mut self,
        position: u64,
        envelope: &Envelope,
        made: &DecisionMade,
    ) -> Result<(), ScanError> {
        check(position, made)?;
        let again = match &mut self.shadow {
            Some(shadow) => {
                let logged = Logged { state: &self.state, arms: &mut self.arms };
                let again = shadow.decide(envelope, made, logged);
                Some(again.map_err(|source| ScanError::Again { position, source })?)
            }
            None => None,
        };
        let missing = ScanError::Field {
            position,
            what: "scenario type",
            found: made.type_id.to_string(),
            expected: "one that the log has",
        };
        let type_state = self.state.type_state(made.type_id).ok_or(missing)?;
        let named = self.question.scenario_type.as_ref();
        if !self.question.covers(envelope.at)
            || named.is_some_and(|name| *name != type_state.definition().name)
        {
            return Ok(());
        }
        if self.rows.len() >= DECISIONS_MAX {
            return Err(ScanError::TooMany);
        }
        if self.rows.last().is_some_and(|last| last.id >= made.id.0) {
            return Err(ScanError::Field {
                position,
                what: "decision",
                found: made.id.to_string(),
                expected: "one after the decision before",
            });
        }
        let cost = type_state.definition().override_cost;
        if !(cost.is_finite() && cost > 0.0) {
            return Err(ScanError::Field {
                position,
                what: "an override cost of",
                found: cost.to_string(),
                expected: "a positive number",
            });
        }
        let kind = propensity::kind(made);
        let (surfaced, randomised) = surfaced(&mut self.arms, &self.state, type_state, made, kind);
        let audit = audit(&self.state, type_state, made, kind, surfaced, cost);
        let judged = match again {
            Some(again) => Judged::again(&again),
            None => self.judge(envelope, made, kind, surfaced, cost),
        };
        if kind.eligible() {
            self.thresholds.add(made.threshold.theta());
            self.costs.add(cost);
            self.randomised += u64::from(randomised);
        }
        self.scenarios.insert(made.scenario.0);
        #[expect(clippy::cast_possible_truncation, reason = "seven digits are plenty for weights")]
        self.rows.push(Row {
            id: made.id.0,
            expires_at: made.expires_at,
            compared: made.compared,
            scenario: made.scenario.0,
            score: made.score as f32,
            surfaced: surfaced as f32,
            audit: audit as f32,
            target: if judged.allows { judged.surfaced as f32 } else { 0.0 },
            target_asked: if judged.allows { judged.asked as f32 } else { 0.0 },
            cost: cost as f32,
            loss: 0.0,
            kind,
            asked: made.asks(),
            target_asks: judged.allows && judged.asks,
            fate: Fate::Waiting,
            young: false,
            target_allows: judged.allows,
        });
        Ok(())
    }

    /// What the target says, where it is no profile.
    fn judge(
        &mut self,
        envelope: &Envelope,
        made: &DecisionMade,
        kind: Kind,
        surfaced: f64,
        cost: f64,
    ) -> Judged {
        let allowed = kind.eligible();
        let above = |theta: f64| f64::from(u8::from(made.compared >= theta));
        let (allows, surfaced, cost) = match &self.question.target {
            Target::Threshold(theta) => (allowed, above(*theta), cost),
            Target::OverrideCost(cost) => (allowed, above(threshold(*cost)), *cost),
            Target::Policy(spe) => {
                let input = verdicts::input(&self.state, envelope, made);
                let allows = verdicts::allows(spe, input, &mut self.policy_errors);
                (allows && kind != Kind::Held, surfaced, cost)
            }
            // Its own run has decided.
            Target::Profile(_) => (allowed, surfaced, cost),
        };
        if kind == Kind::Automatic {
            // A certificate let it pass, whatever the threshold.
            return Judged { allows, surfaced: 1.0, asked: made.asked, asks: made.asks() };
        }
        let mut asked = surfaced;
        if allows && surfaced < 1.0 {
            asked += (1.0 - surfaced) * self.target_audit(made, cost);
        }
        Judged { allows, surfaced, asked, asks: asked > 0.0 }
    }

    /// Probability of an audit by the target, which keeps its own average of what labels are worth.
    fn target_audit(&mut self, made: &DecisionMade, cost: f64) -> f64 {
        if made.level == Level::Shadow {
            return 1.0;
        }
        let Self { state, voi, .. } = self;
        let (Some(settings), Some(logit)) = (&state.profile().audit, made.logit) else {
            return 0.0;
        };
        let ix = made.type_id.0 as usize;
        let fresh = (state.profile_revision(), settings.average_start);
        if voi.len() <= ix {
            voi.resize(ix + 1, fresh);
        }
        if voi[ix].0 != fresh.0 {
            voi[ix] = fresh;
        }
        let draw = AuditDraw::new(settings, value_of_information(logit, cost), voi[ix].1, 0.0);
        voi[ix].1 = draw.voi_average;
        draw.probability
    }
}

fn volunteered(feedback: &FeedbackGiven) -> bool {
    matches!(feedback.lesson, Lesson::None(NotLearned::Volunteered))
}

fn check(position: u64, made: &DecisionMade) -> Result<(), ScanError> {
    let share = |what, value: f64| {
        if (0.0..=1.0).contains(&value) {
            return Ok(());
        }
        let (found, expected) = (value.to_string(), "a number from 0 to 1");
        Err(ScanError::Field { position, what, found, expected })
    };
    share("a score of", made.score)?;
    share("a compared score of", made.compared)?;
    share("a threshold of", made.threshold.theta())?;
    share("an audit probability of", made.audit.map_or(0.0, |audit| audit.probability))
}
