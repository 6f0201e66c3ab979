//! Where the belief about somebody new starts: at what is known of their team, their site, everybody.
//!
//! Levels are pooled by [`pool`]; people without team and site count for everybody and start at the
//! profile's prior.
//! A start is taken once, at the first answer that counts, and kept: what came after it is the
//! person's own record.

use std::collections::{BTreeMap, BTreeSet};

use super::State;
use crate::ids::PersonId;
use crate::learning::crowd::{Pooled, Source, pool};
use crate::learning::trust::{Trust, TrustSettings};
use crate::people::Group;

/// Own counts below this are none: an answer that counts adds 1.
const COUNTED_MIN: f64 = 1e-9;
/// A start weighs so many priors at most. A team of one mind may be certain of itself; who joins it
/// must still be able to show otherwise within some ten answers.
const START_WEIGHT_MAX: f64 = 2.0;

/// Where a team stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Which team; without a name it is everybody at a site who has no team.
    pub group: Group,
    /// People in it.
    pub people: u32,
    /// Their own counts: of all answers that counted, the right and the wrong.
    pub counted: Trust,
    /// Where the belief about somebody new in it starts.
    pub start: Trust,
}

impl State {
    /// The part of the belief about a person that does not come from their own answers.
    #[must_use]
    pub fn start(&self, id: PersonId) -> Option<&Trust> {
        self.starts.get(id.0 as usize)
    }

    /// What a person's own answers say about their reliability: soft counts without any prior.
    #[must_use]
    pub fn own_counts(&self, id: PersonId) -> Option<Trust> {
        Some(self.trust(id)?.beyond(self.start(id)?))
    }

    /// Where every team stands, by site and team; empty if nobody has a team or a site, and under a
    /// profile without trust.
    #[must_use]
    pub fn standings(&self) -> Vec<Standing> {
        let Some(settings) = self.profile.trust else { return Vec::new() };
        if !self.people.iter().any(|person| person.group.is_some()) {
            return Vec::new();
        }
        let (groups, pooled) = self.pooled(&settings);
        let mut standings: Vec<Standing> = groups
            .iter()
            .zip(&pooled.teams)
            .map(|(group, start)| Standing {
                group: (*group).clone(),
                people: 0,
                counted: Trust { right: 0.0, wrong: 0.0 },
                start: if settings.pooled {
                    bounded(*start, &settings)
                } else {
                    Trust::new(&settings)
                },
            })
            .collect();
        for (id, person) in (0u32..).map(PersonId).zip(&self.people) {
            let Ok(team) = groups.binary_search(&&person.group) else { continue };
            let Some(own) = self.own_counts(id) else { continue };
            let Standing { people, counted, .. } = &mut standings[team];
            *people += 1;
            counted.right += own.right;
            counted.wrong += own.wrong;
        }
        standings.retain(|standing| standing.group.is_some());
        standings
    }

    /// Where the belief about a person should start, if nothing of their own is known, they have a
    /// team or a site, somebody's answers say something, and it is not where it starts already.
    ///
    /// Goes through everybody; it is asked once per person, at their first answer.
    pub(crate) fn pooled_start(&self, id: PersonId) -> Option<Trust> {
        let settings = self.profile.trust.filter(|settings| settings.pooled)?;
        let group = &self.person(id)?.group;
        let own = self.own_counts(id)?;
        if !group.is_some() || own.weight() >= COUNTED_MIN {
            return None;
        }
        let known = |(trust, start): (&Trust, &Trust)| trust.beyond(start).weight() >= COUNTED_MIN;
        if !self.trust.iter().zip(&self.starts).any(known) {
            return None;
        }
        let (groups, pooled) = self.pooled(&settings);
        let team = groups.binary_search(&group).ok()?;
        let start = bounded(pooled.teams[team], &settings);
        (start != *self.start(id)?).then_some(start)
    }

    /// Replaces what the belief about a person starts from; their own counts stay.
    pub(crate) fn start_from(&mut self, id: PersonId, new: Trust) {
        let at = id.0 as usize;
        if let (Some(trust), Some(start)) = (self.trust.get_mut(at), self.starts.get_mut(at)) {
            let own = trust.beyond(start);
            *trust = Trust { right: new.right + own.right, wrong: new.wrong + own.wrong };
            *start = new;
        }
    }

    /// All groups in order, and what pooling makes of them.
    fn pooled(&self, settings: &TrustSettings) -> (Vec<&Group>, Pooled) {
        let groups: BTreeSet<&Group> = self.people.iter().map(|person| &person.group).collect();
        let groups: Vec<&Group> = groups.into_iter().collect();
        let mut numbers = BTreeMap::new();
        let sites: Vec<usize> = groups
            .iter()
            .map(|group| {
                let next = numbers.len();
                *numbers.entry(group.site.as_str()).or_insert(next)
            })
            .collect();
        let sources: Vec<Source> = (0u32..)
            .map(PersonId)
            .zip(&self.people)
            .map(|(id, person)| {
                let own = self.own_counts(id).unwrap_or(Trust { right: 0.0, wrong: 0.0 });
                let team = groups.binary_search(&&person.group).unwrap_or(groups.len());
                Source { team, right: own.right, wrong: own.wrong }
            })
            .collect();
        let pooled = pool(&sources, &sites, settings);
        (groups, pooled)
    }
}

/// The same mean with no more weight than a start may have.
fn bounded(start: Trust, settings: &TrustSettings) -> Trust {
    let most = START_WEIGHT_MAX * (settings.right + settings.wrong);
    let share = (most / start.weight()).min(1.0);
    Trust { right: share * start.right, wrong: share * start.wrong }
}
