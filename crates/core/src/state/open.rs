//! Decisions that still matter: those that wait for an answer or for an outcome.
//!
//! Decision numbers are dense, so they live in a ring; its front moves on as decisions are done.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::Vector;
use crate::event::Disposition;
use crate::ids::{DecisionId, Millis, PersonId, ScenarioId, TypeId};
use crate::signal::Signal;

/// One answer to a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Who.
    pub by: PersonId,
    /// What.
    pub signal: Signal,
}

/// How a decision stopped waiting for answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Closing {
    /// It has not.
    Open,
    /// Nobody answered in time.
    Expired,
    /// It was taken back.
    Withdrawn(String),
}

/// What is remembered of a decision that was put to people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// When it was made.
    pub at: Millis,
    /// When it stops waiting for answers.
    pub expires_at: Millis,
    /// Its scenario type.
    pub type_id: TypeId,
    /// Generation of the model that made it.
    pub generation: u32,
    /// Its scenario.
    pub scenario: ScenarioId,
    /// The inputs that it was scored with.
    pub x: Vector,
    /// The threshold arm in force.
    pub arm: Option<u8>,
    /// What became of it.
    pub disposition: Disposition,
    /// Its score when it was made.
    pub score: f64,
    /// Whether anybody is asked: not about an automatic action that no audit drew.
    pub asked: bool,
    /// Whether an answer counted for the monitor: a second opinion is no second observation.
    pub counted: bool,
    /// Answers so far.
    pub answers: SmallVec<[Answer; 1]>,
    /// How it stopped waiting.
    pub closing: Closing,
    /// Whether its outcome is known.
    pub outcome: bool,
    /// Names the condition at its source.
    pub correlation: Option<String>,
}

impl Open {
    /// Whether it can still be answered at `now`.
    #[must_use]
    pub fn waits(&self, now: Millis) -> bool {
        self.closing == Closing::Open && (now < self.expires_at || !self.asked)
    }

    /// Whether a like sets its action going: a like of an audited decision is a label and sets nothing
    /// going, and an automatic action goes already.
    #[must_use]
    pub fn acts_on_a_like(&self) -> bool {
        matches!(self.disposition, Disposition::Surfaced | Disposition::Escalated)
    }

    /// Whether its action may be going on.
    pub(crate) fn in_flight(&self) -> bool {
        self.affirmed() || self.disposition == Disposition::Automatic
    }

    /// Whether somebody is still to answer, or to be told that nobody did.
    pub(crate) fn pending(&self) -> bool {
        self.asked && self.closing == Closing::Open && self.answers.is_empty()
    }

    /// Whether anybody affirmed it, so that its action may be in flight.
    #[must_use]
    pub fn affirmed(&self) -> bool {
        self.answers.iter().any(|answer| answer.signal == Signal::Like)
    }
}

/// Affirmed actions that may be going on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct InFlight {
    /// In order of their end.
    queue: VecDeque<(Millis, DecisionId, u32)>,
    /// Per site, ascending: few at a time, and changed at every like.
    by_site: Vec<(u32, u32)>,
}

impl InFlight {
    /// Actions in flight at `now`: on the site, and in all.
    #[must_use]
    pub fn count(&self, site: Option<u32>, now: Millis) -> (u32, u32) {
        let of_site = |site| Some(self.by_site[self.place_of(site).ok()?].1);
        let mut here = site.and_then(of_site).unwrap_or(0);
        let mut total = u32::try_from(self.queue.len()).unwrap_or(u32::MAX);
        for (_, _, ended) in self.queue.iter().take_while(|(until, ..)| *until <= now) {
            total -= 1;
            here -= u32::from(Some(*ended) == site);
        }
        (here, total)
    }

    pub(crate) fn start(&mut self, until: Millis, id: DecisionId, site: u32) {
        // At the back, unless a profile with a shorter time came into force meanwhile.
        if self.queue.back().is_none_or(|(last, ..)| *last <= until) {
            self.queue.push_back((until, id, site));
        } else {
            let i = self.queue.partition_point(|(earlier, ..)| *earlier <= until);
            self.queue.insert(i, (until, id, site));
        }
        match self.place_of(site) {
            Ok(i) => self.by_site[i].1 += 1,
            Err(i) => self.by_site.insert(i, (site, 1)),
        }
    }

    pub(crate) fn end(&mut self, id: DecisionId) {
        if let Some(i) = self.queue.iter().position(|(_, queued, _)| *queued == id)
            && let Some((_, _, site)) = self.queue.remove(i)
        {
            self.leave(site);
        }
    }

    pub(crate) fn advance(&mut self, now: Millis) {
        while let Some((_, _, site)) = self.queue.pop_front_if(|(until, ..)| *until <= now) {
            self.leave(site);
        }
    }

    fn leave(&mut self, site: u32) {
        if let Ok(i) = self.place_of(site) {
            let (_, count) = &mut self.by_site[i];
            *count -= 1;
            if *count == 0 {
                self.by_site.remove(i);
            }
        }
    }

    fn place_of(&self, site: u32) -> Result<usize, usize> {
        self.by_site.binary_search_by_key(&site, |(site, _)| *site)
    }
}

/// When decisions stop waiting, in order.
type Expiries = VecDeque<(Millis, DecisionId)>;

/// All decisions that still matter, and the number of the next one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OpenDecisions {
    /// Number of the decision at the front of the ring.
    base: u64,
    ring: VecDeque<Option<Box<Open>>>,
    /// Waiting decisions by scenario type and waiting time, ascending: few, and gone through at every
    /// event. Each queue is in order of expiry, which is a fixed time after each decision was made;
    /// entries that stopped waiting are skipped.
    expiries: Vec<((TypeId, u32), Expiries)>,
    correlations: BTreeMap<String, SmallVec<[DecisionId; 2]>>,
    waiting: u64,
    /// Affirmed actions that may be going on.
    pub in_flight: InFlight,
}

impl OpenDecisions {
    /// The number that the next decision will have.
    #[must_use]
    pub fn next_id(&self) -> DecisionId {
        DecisionId(self.base + self.ring.len() as u64)
    }

    /// Decisions that wait for an answer and have none.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.waiting
    }

    /// What is remembered of a decision.
    #[must_use]
    pub fn get(&self, id: DecisionId) -> Option<&Open> {
        let i = usize::try_from(id.0.checked_sub(self.base)?).ok()?;
        self.ring.get(i)?.as_deref()
    }

    /// Whether such a decision was ever made.
    #[must_use]
    pub fn exists(&self, id: DecisionId) -> bool {
        id < self.next_id()
    }

    /// Decisions still open for the condition `correlation`.
    #[must_use]
    pub fn correlated(&self, correlation: &str) -> &[DecisionId] {
        self.correlations.get(correlation).map_or(&[], SmallVec::as_slice)
    }

    /// Names of the conditions with open decisions that begin with `prefix`, in order.
    pub fn conditions<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        let names = self.correlations.range::<str, _>(from).map(|(name, _)| name.as_str());
        names.take_while(move |name| name.starts_with(prefix))
    }

    /// At most `limit` unanswered decisions that are past their time at `now`.
    #[must_use]
    pub fn overdue(&self, now: Millis, limit: usize) -> Vec<DecisionId> {
        let due = self.expiries.iter().flat_map(|(_, queue)| {
            queue.iter().take_while(|(expires, _)| *expires <= now).map(|(_, id)| *id)
        });
        let unanswered = |id: &DecisionId| self.get(*id).is_some_and(Open::pending);
        due.filter(unanswered).take(limit).collect()
    }

    pub(crate) fn get_mut(&mut self, id: DecisionId) -> Option<&mut Open> {
        let i = usize::try_from(id.0.checked_sub(self.base)?).ok()?;
        self.ring.get_mut(i)?.as_deref_mut()
    }

    /// Adds the next decision; `None` for one that nobody is asked about.
    pub(crate) fn push(&mut self, open: Option<Box<Open>>, expires_after_s: u32) {
        let id = self.next_id();
        if let Some(open) = &open {
            self.waiting += u64::from(open.asked);
            let key = (open.type_id, expires_after_s);
            let i = self.expiries.binary_search_by_key(&key, |(key, _)| *key).unwrap_or_else(|i| {
                self.expiries.insert(i, (key, Expiries::new()));
                i
            });
            self.expiries[i].1.push_back((open.expires_at, id));
            if let Some(correlation) = &open.correlation {
                self.correlations.entry(correlation.clone()).or_default().push(id);
            }
        }
        self.ring.push_back(open);
    }

    pub(crate) fn answer(&mut self, id: DecisionId, answer: Answer) {
        let Some(open) = self.get_mut(id) else { return };
        let pending = open.pending();
        open.answers.push(answer);
        self.waiting -= u64::from(pending);
    }

    pub(crate) fn close(&mut self, id: DecisionId, closing: Closing) {
        let Some(open) = self.get_mut(id) else { return };
        let pending = open.pending();
        open.closing = closing;
        let correlation = open.correlation.clone();
        self.waiting -= u64::from(pending);
        if let Some(correlation) = correlation {
            self.uncorrelate(&correlation, id);
        }
    }

    fn uncorrelate(&mut self, correlation: &str, id: DecisionId) {
        if let Some(ids) = self.correlations.get_mut(correlation) {
            ids.retain(|open| *open != id);
            if ids.is_empty() {
                self.correlations.remove(correlation);
            }
        }
    }

    /// Forgets what is done: expired queue entries, and the front of the ring once nothing more can
    /// happen to it.
    pub(crate) fn advance(&mut self, now: Millis, retention_s: u32) {
        self.in_flight.advance(now);
        let Self { ring, expiries, base, .. } = self;
        let settled = |id: DecisionId| {
            let i = usize::try_from(id.0.saturating_sub(*base)).unwrap_or(usize::MAX);
            let open = ring.get(i).and_then(Option::as_deref);
            open.is_none_or(|o| !o.pending())
        };
        for (_, queue) in expiries {
            while queue.front().is_some_and(|(at, id)| *at <= now && settled(*id)) {
                queue.pop_front();
            }
        }
        loop {
            let done = match self.ring.front() {
                None => return,
                Some(None) => true,
                Some(Some(open)) => {
                    !open.pending()
                        && open.expires_at <= now
                        && open.at.plus_seconds(retention_s) <= now
                }
            };
            if !done {
                return;
            }
            if let Some(Some(open)) = self.ring.pop_front()
                && let Some(correlation) = &open.correlation
            {
                self.uncorrelate(correlation, DecisionId(self.base));
            }
            self.base += 1;
        }
    }
}
