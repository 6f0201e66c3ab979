//! What people said of the decisions that they were asked about, in the order of the decisions.
//!
//! An override takes longer than a like: it wants a second look, a reason, or is given when the
//! action shows its effect.
//! Bets in order of arrival would see the likes first and certify what their overrides, still on the
//! way, refute; so a label counts once everything that was asked before it has its answer or is out
//! of time.
//! What this leaves open is silence: a decision that nobody answers in time counts for nothing, and
//! a certificate holds for people who answer what they like no more often than what they do not.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::event::{DecisionMade, Disposition};
use crate::ids::{DecisionId, Millis};

/// A decision that people were asked about.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Which.
    id: DecisionId,
    /// When it stops waiting.
    until: Millis,
    /// Its score.
    pub(crate) score: f64,
    /// From which score on everybody was asked about everything when it was made.
    pub(crate) evidence_from: f64,
    /// Whether it was carried out without asking first.
    pub(crate) automatic: bool,
    /// The least probability with which anything was asked about from `evidence_from` on when it was
    /// made, over that of this decision.
    pub(crate) share: f64,
    /// Whether its first answer that counts was an override; none without one.
    pub(crate) overridden: Option<bool>,
    withdrawn: bool,
}

/// Those whose label does not count yet, ascending by their numbers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Trials(VecDeque<Trial>);

impl Trials {
    /// Adds the latest decision.
    pub(crate) fn ask(&mut self, trial: Trial) {
        self.0.push_back(trial);
    }

    /// Takes an answer; whether it is the first that counts of a decision whose label still can.
    pub(crate) fn answer(&mut self, id: DecisionId, overridden: bool) -> bool {
        let Some(trial) = self.get_mut(id) else { return false };
        let first = trial.overridden.is_none();
        trial.overridden.get_or_insert(overridden);
        first
    }

    /// Stops waiting for a decision that was taken back.
    pub(crate) fn withdraw(&mut self, id: DecisionId) {
        if let Some(trial) = self.get_mut(id) {
            trial.withdrawn = true;
        }
    }

    /// The next trial that is over by `now`, and that nothing before it holds up.
    pub(crate) fn settle(&mut self, now: Millis) -> Option<Trial> {
        self.0.pop_front_if(|trial| {
            trial.overridden.is_some() || trial.withdrawn || trial.until <= now
        })
    }

    /// Labels that have come and wait for earlier ones.
    #[must_use]
    pub fn held_up(&self) -> usize {
        self.0.iter().filter(|trial| trial.overridden.is_some()).count()
    }

    /// Whether each of those that score `theta` or more was overridden, as far as is known.
    pub(crate) fn taken_for(&self, theta: f64) -> impl Iterator<Item = bool> {
        let waits = move |trial: &&Trial| trial.score >= theta && !trial.is_over_without();
        self.0.iter().filter(waits).map(|trial| trial.overridden == Some(true))
    }

    fn get_mut(&mut self, id: DecisionId) -> Option<&mut Trial> {
        let i = self.0.binary_search_by_key(&id, |trial| trial.id).ok()?;
        self.0.get_mut(i)
    }
}

impl Trial {
    /// A decision that people are asked about from now on.
    pub(crate) fn new(made: &DecisionMade, evidence_from: f64, share: f64) -> Self {
        Self {
            share,
            id: made.id,
            until: made.expires_at,
            score: made.score,
            evidence_from,
            automatic: made.disposition == Disposition::Automatic,
            overridden: None,
            withdrawn: false,
        }
    }

    /// Whether it was taken back without an answer.
    fn is_over_without(&self) -> bool {
        self.withdrawn && self.overridden.is_none()
    }

    /// Whether its time went by with neither a like nor an override.
    pub(crate) fn missed(&self) -> bool {
        self.overridden.is_none() && !self.withdrawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guarantee::chance::Chance;
    use crate::guarantee::{CertificateSettings, Evidence};

    /// How many of 60 runs of 2,000 decisions certify α = 5 % where people override 10 %, like at once
    /// and override `late` decisions later, if labels count as they arrive or in their order.
    fn certified(late: u64, in_order: bool) -> usize {
        let settings = CertificateSettings::default();
        let mut chance = Chance::new(11);
        let run = |_: &usize| {
            let (mut trials, mut evidence) = (Trials::default(), Evidence::default());
            let mut on_their_way = VecDeque::new();
            for t in 0..2_000 {
                let id = DecisionId(t);
                let (score, evidence_from) = (0.9, 0.0);
                let (until, automatic) = (Millis(i64::MAX), false);
                let (overridden, withdrawn, share) = (None, false, 1.0);
                trials.ask(Trial {
                    id,
                    until,
                    score,
                    evidence_from,
                    automatic,
                    share,
                    overridden,
                    withdrawn,
                });
                let mut arrive = |id, overridden| {
                    if in_order {
                        trials.answer(id, overridden);
                        while let Some(trial) = trials.settle(Millis(0)) {
                            let overridden = trial.overridden.expect("nothing expires here");
                            evidence.observe(&settings, 0.0, trial.score, overridden, 1.0);
                        }
                    } else {
                        evidence.observe(&settings, 0.0, score, overridden, 1.0);
                    }
                };
                if chance.hit(0.1) {
                    on_their_way.push_back((t + late, id));
                } else {
                    arrive(id, false);
                }
                while let Some((_, id)) = on_their_way.pop_front_if(|(due, _)| *due <= t) {
                    arrive(id, true);
                }
            }
            evidence.certified(&settings).is_some()
        };
        (0..60).filter(run).count()
    }

    #[test]
    fn overrides_that_come_late_certify_nothing() {
        assert_eq!(certified(200, false), 60, "as they arrive");
        // At twice α, certificates are far rarer than the 5 % that are allowed at α itself.
        assert_eq!([0, 100, 200, 400].map(|late| certified(late, true)), [0; 4]);
    }
}
