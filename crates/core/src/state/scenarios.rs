//! The table of scenarios: compact, since there may be a million of them.
//!
//! Names live in one arena and are found through a table of indices; about 90 bytes a scenario with
//! a 24-byte entity name.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use crate::ids::{ScenarioId, TypeId};
use crate::learning::effect::Effect;
use crate::learning::refit::EFFECTS_MAX;

/// `DefaultHasher::new` has fixed keys, so that the table behaves the same everywhere; nothing
/// depends on its order in any case.
type Hasher = BuildHasherDefault<DefaultHasher>;

/// What is stored of one scenario.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Row {
    type_id: TypeId,
    site: u32,
    /// End of the entity's name in the arena; it starts where the previous one ends.
    name_end: u64,
    decisions: u32,
    effect: Effect,
}

/// All scenarios, by id.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Scenarios {
    rows: Vec<Row>,
    names: String,
    sites: Vec<String>,
    index: HashTable<u32>,
    site_index: HashTable<u32>,
}

/// The stored form: the indices are rebuilt on reading.
#[derive(Serialize, Deserialize)]
struct Stored {
    rows: Vec<Row>,
    names: String,
    sites: Vec<String>,
}

/// One scenario, read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scenario<'a> {
    /// Its type.
    pub type_id: TypeId,
    /// Its entity.
    pub entity: &'a str,
    /// Its site; may be empty.
    pub site: &'a str,
    /// Number of its site.
    pub site_id: u32,
    /// Decisions made about it.
    pub decisions: u32,
    /// What was learned about it.
    pub effect: &'a Effect,
}

fn hash_site(site: &str) -> u64 {
    Hasher::default().hash_one(site)
}

fn hash(type_id: TypeId, entity: &str) -> u64 {
    Hasher::default().hash_one((type_id, entity))
}

impl Scenarios {
    /// Number of scenarios.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True without scenarios.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The scenario with this id.
    #[must_use]
    pub fn get(&self, id: ScenarioId) -> Option<Scenario<'_>> {
        let row = self.rows.get(id.0 as usize)?;
        Some(Scenario {
            type_id: row.type_id,
            entity: self.name(id.0),
            site: self.sites.get(row.site as usize).map_or("", String::as_str),
            site_id: row.site,
            decisions: row.decisions,
            effect: &row.effect,
        })
    }

    /// The type of a scenario, if there is such a scenario.
    #[must_use]
    pub fn type_of(&self, id: ScenarioId) -> Option<TypeId> {
        self.rows.get(id.0 as usize).map(|row| row.type_id)
    }

    /// The number of a scenario's site, if there is such a scenario.
    #[must_use]
    pub fn site_of(&self, id: ScenarioId) -> Option<u32> {
        self.rows.get(id.0 as usize).map(|row| row.site)
    }

    /// The scenario of `type_id` on `entity`.
    #[must_use]
    pub fn find(&self, type_id: TypeId, entity: &str) -> Option<ScenarioId> {
        let same = |&i: &u32| self.rows[i as usize].type_id == type_id && self.name(i) == entity;
        self.index.find(hash(type_id, entity), same).copied().map(ScenarioId)
    }

    /// The number of a site, if it is known.
    #[must_use]
    pub fn site_named(&self, site: &str) -> Option<u32> {
        self.site_index.find(hash_site(site), |&i| self.sites[i as usize] == site).copied()
    }

    /// Sites that a decision has come from, in the order of their first one.
    pub fn sites(&self) -> impl Iterator<Item = &str> {
        self.sites.iter().map(String::as_str)
    }

    /// The name of a site; empty for an unknown number.
    #[must_use]
    pub fn site_name(&self, site: u32) -> &str {
        self.sites.get(site as usize).map_or("", String::as_str)
    }

    /// What was learned about a scenario.
    #[inline]
    #[must_use]
    pub fn effect(&self, id: ScenarioId) -> Option<&Effect> {
        self.rows.get(id.0 as usize).map(|row| &row.effect)
    }

    /// Scenario, mean and variance of the effects of a type that differ from the prior of variance
    /// `variance`, the best known kept if there are more than a model may carry.
    #[must_use]
    pub fn learned(&self, type_id: TypeId, variance: f64) -> Vec<(ScenarioId, f64, f64)> {
        let mut learned: Vec<_> = (0u32..)
            .map(ScenarioId)
            .zip(&self.rows)
            .filter(|(_, row)| row.type_id == type_id && row.effect.is_learned(variance))
            .map(|(id, row)| (id, row.effect.mean, row.effect.variance))
            .collect();
        if learned.len() > EFFECTS_MAX {
            learned.sort_by(|a, b| a.2.total_cmp(&b.2).then(a.0.cmp(&b.0)));
            learned.truncate(EFFECTS_MAX);
            learned.sort_by_key(|(id, ..)| *id);
        }
        learned
    }

    /// Bytes held, allocation slack included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Row>()
            + self.names.capacity()
            + self.sites.iter().map(|s| s.capacity() + size_of::<String>()).sum::<usize>()
            + self.index.allocation_size()
            + self.site_index.allocation_size()
    }

    pub(crate) fn effect_mut(&mut self, id: ScenarioId) -> Option<&mut Effect> {
        self.rows.get_mut(id.0 as usize).map(|row| &mut row.effect)
    }

    /// All scenarios of a type, for a refit.
    pub(crate) fn effects_of(
        &mut self,
        type_id: TypeId,
    ) -> impl Iterator<Item = (ScenarioId, &mut Effect)> {
        (0u32..)
            .map(ScenarioId)
            .zip(&mut self.rows)
            .filter(move |(_, row)| row.type_id == type_id)
            .map(|(id, row)| (id, &mut row.effect))
    }

    pub(crate) fn count_decision(&mut self, id: ScenarioId) {
        if let Some(row) = self.rows.get_mut(id.0 as usize) {
            row.decisions = row.decisions.saturating_add(1);
        }
    }

    /// Adds a scenario; its id is the number of scenarios before.
    pub(crate) fn add(
        &mut self,
        type_id: TypeId,
        entity: &str,
        site: &str,
        effect: Effect,
    ) -> ScenarioId {
        let id = u32::try_from(self.rows.len()).expect("fewer than 2^32 scenarios fit in memory");
        let site = self.site_named(site).unwrap_or_else(|| {
            let site_id = u32::try_from(self.sites.len()).expect("fewer sites than scenarios");
            self.sites.push(site.to_owned());
            self.insert_site_index(site_id);
            site_id
        });
        self.names.push_str(entity);
        let name_end = self.names.len() as u64;
        self.rows.push(Row { type_id, site, name_end, decisions: 0, effect });
        self.insert_index(id);
        ScenarioId(id)
    }

    fn insert_site_index(&mut self, id: u32) {
        let Self { sites, site_index, .. } = self;
        let hash_of = |i: u32| hash_site(&sites[i as usize]);
        site_index.insert_unique(hash_of(id), id, |&i| hash_of(i));
    }

    fn insert_index(&mut self, id: u32) {
        let Self { rows, names, index, .. } = self;
        let hash_of = |i: u32| hash(rows[i as usize].type_id, name_in(rows, names, i));
        index.insert_unique(hash_of(id), id, |&i| hash_of(i));
    }

    fn name(&self, id: u32) -> &str {
        name_in(&self.rows, &self.names, id)
    }
}

fn name_in<'a>(rows: &[Row], names: &'a str, id: u32) -> &'a str {
    let offset = |end: u64| usize::try_from(end).unwrap_or(usize::MAX);
    let start = id.checked_sub(1).map_or(0, |before| offset(rows[before as usize].name_end));
    names.get(start..offset(rows[id as usize].name_end)).unwrap_or("")
}

impl PartialEq for Scenarios {
    fn eq(&self, other: &Self) -> bool {
        // The indices follow from the rest.
        self.rows == other.rows && self.names == other.names && self.sites == other.sites
    }
}

impl From<Stored> for Scenarios {
    fn from(Stored { rows, names, sites }: Stored) -> Self {
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let site_count = u32::try_from(sites.len()).unwrap_or(u32::MAX);
        let index = HashTable::with_capacity(rows.len());
        let site_index = HashTable::with_capacity(sites.len());
        let mut scenarios = Self { rows, names, sites, index, site_index };
        (0..count).for_each(|id| scenarios.insert_index(id));
        (0..site_count).for_each(|id| scenarios.insert_site_index(id));
        scenarios
    }
}

impl From<Scenarios> for Stored {
    fn from(Scenarios { rows, names, sites, index: _, site_index: _ }: Scenarios) -> Self {
        Self { rows, names, sites }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect() -> Effect {
        Effect::new(1.0, 0.5, 0)
    }

    #[test]
    fn finds_what_was_added_and_survives_storage() {
        let mut scenarios = Scenarios::default();
        let a = scenarios.add(TypeId(0), "leaf1→spine1", "east", effect());
        let b = scenarios.add(TypeId(1), "leaf1→spine1", "east", effect());
        let c = scenarios.add(TypeId(0), "", "", effect());
        let stored = postcard::to_stdvec(&scenarios).expect("encodes");
        for table in [scenarios, postcard::from_bytes(&stored).expect("decodes")] {
            assert_eq!(table.find(TypeId(0), "leaf1→spine1"), Some(a));
            assert_eq!(table.find(TypeId(1), "leaf1→spine1"), Some(b));
            assert_eq!(table.find(TypeId(0), ""), Some(c));
            assert_eq!(table.find(TypeId(2), ""), None);
            assert_eq!(table.get(b).map(|s| (s.entity, s.site)), Some(("leaf1→spine1", "east")));
        }
    }

    #[test]
    fn a_million_scenarios_stay_well_under_200_megabytes() {
        let mut scenarios = Scenarios::default();
        for i in 0..1_000_000u32 {
            scenarios.add(
                TypeId(i % 6),
                &format!("leaf{}:HundredGigE0/0/0/{}", i / 64, i % 64),
                "east",
                effect(),
            );
        }
        let bytes = scenarios.bytes();
        assert!(bytes < 160 << 20, "{bytes} bytes");
        eprintln!("a million scenarios hold {} MiB", bytes >> 20);
    }
}
