//! What became of the actions: the trouble is over, nothing changed, or more traffic is lost than before.

use std::collections::VecDeque;

use super::forward::Traffic;
use super::trouble::{Place, Trouble, TroubleKind};
use super::{Fabric, What};

/// An action is judged this long after it, ms, unless its outcome is plain before.
pub(super) const JUDGED_MS: i64 = 900_000;
/// A trouble must have been over for so long, ms.
const SETTLED_MS: i64 = 60_000;
/// Nothing is called worse sooner than this, ms: a burst passes.
const WORSE_AFTER_MS: i64 = 120_000;
/// Loss that is worse than before at the end: this many times as much, and this share of what is asked for.
const WORSE: (f64, f64) = (1.5, 1e-3);
/// The same before the end.
const MUCH_WORSE: (f64, f64) = (3.0, 5e-3);
/// Most outcomes and past troubles that wait to be taken.
const WAITING_MAX: usize = 10_000;

/// An action on one fabric, numbered from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActionId(pub u64);

/// In a word, what an action did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// The trouble behind the finding is over.
    Recovered,
    /// The trouble goes on, or there was none.
    Unchanged,
    /// More traffic of the site is lost than before.
    Worsened,
}

/// What an action did, once that is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The action.
    pub action: ActionId,
    /// When it was carried out, ms since 1970 UTC.
    pub acted_ms: i64,
    /// In a word.
    pub effect: Effect,
    /// From the action until the trouble no longer hurt, ms, where it was seen to end.
    pub time_to_recover_ms: Option<i64>,
    /// Share of the site's traffic that was lost in the two minutes before, 0 to 1.
    pub loss_before: f64,
    /// Share of the site's traffic that was lost since, 0 to 1.
    pub loss_after: f64,
}

#[derive(Debug, Clone)]
pub(super) struct Undertaking {
    pub(super) id: ActionId,
    pub(super) site: usize,
    pub(super) cause: Option<u64>,
    pub(super) at_ms: i64,
    pub(super) judged_ms: i64,
    pub(super) loss_before: f64,
    /// Of the site, at the action, bytes.
    pub(super) ledger: Traffic,
}

/// A trouble that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct PastTrouble {
    /// Identifies it within its fabric.
    pub id: u64,
    /// What was wrong.
    pub kind: TroubleKind,
    /// When it began, ms since 1970 UTC.
    pub began_ms: i64,
    /// From when on it no longer hurt, ms since 1970 UTC: ended, mended, or kept away from traffic.
    pub recovered_ms: i64,
}

impl Fabric {
    /// What is known since the last call about actions that were carried out.
    pub fn take_outcomes(&mut self) -> Vec<Outcome> {
        std::mem::take(&mut self.outcomes).into()
    }

    /// Troubles that ended since the last call, in order of their ends; planned work is none.
    pub fn take_past(&mut self) -> Vec<PastTrouble> {
        std::mem::take(&mut self.past).into()
    }

    /// Troubles that hurt now, with the time since when each has been there; planned work is none.
    pub fn hurting(&self) -> Vec<(TroubleKind, i64)> {
        let hurting = self.troubles.iter().filter(|t| self.hurts(t));
        hurting.map(|trouble| (trouble.kind, trouble.begin_ms)).collect()
    }

    /// Traffic of all sites since the beginning, bytes.
    pub fn carried(&self) -> Traffic {
        let mut all = Traffic::default();
        self.ledger.iter().for_each(|site| all += *site);
        all
    }

    /// Link directions times seconds of which more was asked than they have, since the beginning.
    pub fn overloaded_link_s(&self) -> f64 {
        self.overloaded_link_s
    }

    /// Whether a trouble is there and does harm now.
    fn hurts(&self, trouble: &Trouble) -> bool {
        use TroubleKind as T;
        if trouble.end_ms <= self.now_ms || trouble.begin_ms > self.now_ms {
            return false;
        }
        match (trouble.kind, trouble.place) {
            (
                T::DirtyOptics
                | T::ErrorBurst
                | T::Flapping
                | T::FlapsBriefly
                | T::SilentDrops
                | T::PathBroken,
                Place::Link(link),
            ) => !self.is_kept_out(link),
            (T::ElephantFlow, Place::Leaf(leaf)) => {
                let link = leaf * self.links_per_leaf + trouble.choice % self.links_per_leaf;
                let what = What::Shifted { link, direction: 0 };
                !self.measures.iter().any(|measure| measure.what == what)
            }
            (T::Maintenance | T::RestartAhead, _) => false,
            _ => true,
        }
    }

    /// Notes which troubles hurt no longer, and lets go of those that are long over.
    pub(super) fn note_recoveries(&mut self) {
        let hurts: Vec<bool> = self.troubles.iter().map(|trouble| self.hurts(trouble)).collect();
        let now_ms = self.now_ms;
        for (trouble, hurts) in self.troubles.iter_mut().zip(hurts) {
            if hurts {
                trouble.recovered_ms = None;
            } else {
                trouble.recovered_ms.get_or_insert(trouble.end_ms.min(now_ms));
            }
            if trouble.end_ms <= now_ms && !trouble.is_past {
                trouble.is_past = true;
                if !trouble.kind.is_planned() {
                    let past = PastTrouble {
                        id: trouble.id,
                        kind: trouble.kind,
                        began_ms: trouble.begin_ms,
                        recovered_ms: trouble.recovered_ms.unwrap_or(now_ms),
                    };
                    keep(&mut self.past, past);
                }
            }
        }
    }

    /// Judges the actions whose outcome is plain, or whose time has come.
    pub(super) fn judge_undertakings(&mut self) {
        let open = std::mem::take(&mut self.undertakings);
        for undertaking in open {
            match self.judge(&undertaking) {
                Some(outcome) => keep(&mut self.outcomes, outcome),
                None => self.undertakings.push(undertaking),
            }
        }
    }

    fn judge(&self, undertaking: &Undertaking) -> Option<Outcome> {
        let now_ms = self.now_ms;
        let lasted_ms = now_ms - undertaking.at_ms;
        let cause = self.troubles.iter().find(|trouble| Some(trouble.id) == undertaking.cause);
        let recovered_ms = cause
            .filter(|trouble| !trouble.kind.is_planned())
            .and_then(|trouble| trouble.recovered_ms)
            .map(|at| at.max(undertaking.at_ms))
            .filter(|at| now_ms - at >= SETTLED_MS);
        let (before, ledger) = (undertaking.loss_before, self.ledger[undertaking.site]);
        let asked = ledger.asked - undertaking.ledger.asked;
        let after =
            if asked > 0.0 { (ledger.lost() - undertaking.ledger.lost()) / asked } else { 0.0 };
        let is_worse = |(times, share): (f64, f64)| after > times * before + share;
        let effect = if lasted_ms >= WORSE_AFTER_MS && is_worse(MUCH_WORSE) {
            Effect::Worsened
        } else if recovered_ms.is_some() {
            Effect::Recovered
        } else if now_ms < undertaking.judged_ms {
            return None;
        } else if is_worse(WORSE) {
            Effect::Worsened
        } else {
            Effect::Unchanged
        };
        let is_recovered = effect == Effect::Recovered;
        Some(Outcome {
            action: undertaking.id,
            acted_ms: undertaking.at_ms,
            effect,
            time_to_recover_ms: recovered_ms
                .filter(|_| is_recovered)
                .map(|at| at - undertaking.at_ms),
            loss_before: before,
            loss_after: after,
        })
    }
}

fn keep<T>(waiting: &mut VecDeque<T>, item: T) {
    if waiting.len() >= WAITING_MAX {
        waiting.pop_front();
    }
    waiting.push_back(item);
}
