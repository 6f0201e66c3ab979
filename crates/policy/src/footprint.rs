//! The footprint: the parts of the input that a bundle can see, and their exact values as a key.
//!
//! Why remembering verdicts by footprint is sound: a checked bundle calls only built-ins that are
//! pure ([`crate::builtins`]), its data does not change while it is loaded, and it can reach the
//! input only through the paths that its text mentions ([`crate::walk`]; a path stops being
//! followed at its first dynamic part and then stands for everything from there down). So two
//! inputs that agree on those paths cannot be told apart by the bundle, and get the same verdict.
//! The same holds of a part of a bundle and the paths that it mentions, itself or through the
//! rules that it calls ([`crate::split`]).
//! Where a fact is only ever the argument of a built-in that asks for its type, its type is all
//! that a part can tell of it, and all that its key holds.
//! Keys hold the values themselves, so equal keys mean equal values and not merely equal hashes.

mod document;

use std::collections::BTreeSet;

use crate::analysis::Seen;
use crate::input::{Fact, Input};
use crate::walk::Path;

/// What of the input a verdict depends on, in a fixed order and without overlaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footprint(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Unix,
    MinuteOfDay,
    Weekday,
    Kind,
    Entity,
    Site,
    Risk,
    ActionName,
    ActionTarget,
    Feature(String),
    Features,
    /// What kind of value a fact has, if any.
    FactType(String),
    Fact(String),
    Facts,
    InFlightSite,
    InFlightTotal,
    Source,
}

impl Footprint {
    /// The footprint of a bundle that mentions `paths` under `input`.
    pub(crate) fn new(paths: &BTreeSet<Path>) -> Self {
        let mut parts: BTreeSet<Part> = paths.iter().flat_map(parts_of).collect();
        if parts.contains(&Part::Features) {
            parts.retain(|part| !matches!(part, Part::Feature(_)));
        }
        if parts.contains(&Part::Facts) {
            parts.retain(|part| !matches!(part, Part::Fact(_)));
        }
        Self(parts.into_iter().collect())
    }

    /// The footprint of rules that see so much.
    pub(crate) fn of(seen: &Seen) -> Self {
        let Self(mut parts) = Self::new(&seen.values);
        let by_value = |name: &String| {
            let whole = [Part::Fact(name.clone()), Part::Facts];
            parts.iter().any(|part| whole.contains(part))
        };
        let types = seen.types.iter().filter_map(|path| path.last());
        let types: Vec<Part> =
            types.filter(|name| !by_value(name)).cloned().map(Part::FactType).collect();
        parts.extend(types);
        parts.sort_unstable();
        Self(parts)
    }

    /// The parts as paths under `input`, for people.
    pub fn paths(&self) -> Vec<String> {
        self.0.iter().map(Part::path).collect()
    }

    /// Whether `other` sees everything that `self` sees.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.0.iter().all(|part| {
            other.0.contains(part)
                || matches!(part, Part::Feature(_)) && other.0.contains(&Part::Features)
                || matches!(part, Part::Fact(_)) && other.0.contains(&Part::Facts)
        })
    }

    /// The parts that rarely repeat from one proposal to the next; the rest are words of small vocabularies.
    pub(crate) fn volatile(&self) -> Self {
        let parts = self.0.iter().filter(|part| part.pace() != Pace::Steady);
        Self(parts.cloned().collect())
    }

    /// An order in which whatever is within another footprint comes before it.
    pub(crate) fn width(&self) -> (usize, usize) {
        let wide = self.0.iter().filter(|part| matches!(part, Part::Features | Part::Facts));
        (wide.count(), self.0.len())
    }

    /// What makes these parts change.
    pub(crate) fn paces(&self) -> BTreeSet<Pace> {
        self.0.iter().map(Part::pace).collect()
    }

    /// Appends the exact values of `input` on this footprint to `key`.
    ///
    /// Every part writes either a fixed number of bytes or its length first, so no two different
    /// sets of values write the same key.
    pub(crate) fn key(&self, input: &Input<'_>, key: &mut Vec<u8>) {
        for part in &self.0 {
            match part {
                Part::Unix => key.extend(input.now.unix.to_le_bytes()),
                Part::MinuteOfDay => key.extend(input.now.minute_of_day.to_le_bytes()),
                Part::Weekday => key.push(input.now.weekday),
                Part::Kind => text(key, input.scenario.kind),
                Part::Entity => text(key, input.scenario.entity),
                Part::Site => text(key, input.scenario.site),
                Part::Risk => text(key, input.scenario.risk),
                Part::ActionName => text(key, input.action.name),
                Part::ActionTarget => text(key, input.action.target),
                Part::Feature(name) => fact(key, input.feature(name).map(Fact::Number)),
                Part::Features => {
                    key.extend((input.features.len() as u32).to_le_bytes());
                    for (name, value) in &input.features {
                        text(key, name);
                        key.extend(value.to_bits().to_le_bytes());
                    }
                }
                Part::FactType(name) => key.push(match input.fact(name) {
                    None => 0,
                    Some(Fact::Number(_)) => 1,
                    Some(Fact::Text(_)) => 2,
                    Some(Fact::Bool(_)) => 3,
                }),
                Part::Fact(name) => fact(key, input.fact(name)),
                Part::Facts => {
                    key.extend((input.facts.len() as u32).to_le_bytes());
                    for (name, value) in &input.facts {
                        text(key, name);
                        fact(key, Some(*value));
                    }
                }
                Part::InFlightSite => key.extend(input.context.in_flight_site.to_le_bytes()),
                Part::InFlightTotal => key.extend(input.context.in_flight_total.to_le_bytes()),
                Part::Source => text(key, input.source),
            }
        }
    }
}

/// Lengths fit in 32 bits because [`Input::validate`] bounds them.
fn text(key: &mut Vec<u8>, text: &str) {
    key.extend((text.len() as u32).to_le_bytes());
    key.extend(text.as_bytes());
}

fn fact(key: &mut Vec<u8>, fact: Option<Fact<'_>>) {
    match fact {
        None => key.push(0),
        Some(Fact::Number(value)) => {
            key.push(1);
            key.extend(value.to_bits().to_le_bytes());
        }
        Some(Fact::Text(value)) => {
            key.push(2);
            text(key, value);
        }
        Some(Fact::Bool(value)) => key.extend([3, u8::from(value)]),
    }
}

/// The parts below a path. A path to nothing that exists is always undefined and needs no part.
fn parts_of(path: &Path) -> Vec<Part> {
    use Part::{
        ActionName, ActionTarget, Entity, Fact, Facts, Feature, Features, InFlightSite,
        InFlightTotal, Kind, MinuteOfDay, Risk, Site, Source, Unix, Weekday,
    };
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path.as_slice() {
        [] => vec![
            Unix,
            MinuteOfDay,
            Weekday,
            Kind,
            Entity,
            Site,
            Risk,
            ActionName,
            ActionTarget,
            Features,
            Facts,
            InFlightSite,
            InFlightTotal,
            Source,
        ],
        ["now"] => vec![Unix, MinuteOfDay, Weekday],
        ["now", "unix", ..] => vec![Unix],
        ["now", "minute_of_day", ..] => vec![MinuteOfDay],
        ["now", "weekday", ..] => vec![Weekday],
        ["scenario"] => vec![Kind, Entity, Site, Risk],
        ["scenario", "type", ..] => vec![Kind],
        ["scenario", "entity", ..] => vec![Entity],
        ["scenario", "site", ..] => vec![Site],
        ["scenario", "risk", ..] => vec![Risk],
        ["action"] => vec![ActionName, ActionTarget],
        ["action", "name", ..] => vec![ActionName],
        ["action", "target", ..] => vec![ActionTarget],
        ["features"] => vec![Features],
        ["features", name, ..] => vec![Feature((*name).to_owned())],
        ["facts"] => vec![Facts],
        ["facts", name, ..] => vec![Fact((*name).to_owned())],
        ["context"] | ["context", "in_flight"] => vec![InFlightSite, InFlightTotal],
        ["context", "in_flight", "site", ..] => vec![InFlightSite],
        ["context", "in_flight", "total", ..] => vec![InFlightTotal],
        ["source", ..] => vec![Source],
        _ => vec![],
    }
}

/// How often the values of a part change from one proposal to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pace {
    /// Words of a small vocabulary, and types.
    Steady,
    /// With the time.
    Clock,
    /// With what the proposal is about.
    Subject,
    /// With what is being done elsewhere.
    Load,
    /// With what was measured.
    Measured,
}

impl Part {
    fn pace(&self) -> Pace {
        match self {
            Self::Kind | Self::Risk | Self::ActionName | Self::Source | Self::FactType(_) => {
                Pace::Steady
            }
            Self::Unix | Self::MinuteOfDay | Self::Weekday => Pace::Clock,
            Self::Entity | Self::Site | Self::ActionTarget => Pace::Subject,
            Self::InFlightSite | Self::InFlightTotal => Pace::Load,
            Self::Feature(_) | Self::Features | Self::Fact(_) | Self::Facts => Pace::Measured,
        }
    }

    fn path(&self) -> String {
        match self {
            Self::Unix => "now.unix".to_owned(),
            Self::MinuteOfDay => "now.minute_of_day".to_owned(),
            Self::Weekday => "now.weekday".to_owned(),
            Self::Kind => "scenario.type".to_owned(),
            Self::Entity => "scenario.entity".to_owned(),
            Self::Site => "scenario.site".to_owned(),
            Self::Risk => "scenario.risk".to_owned(),
            Self::ActionName => "action.name".to_owned(),
            Self::ActionTarget => "action.target".to_owned(),
            Self::Feature(name) => format!("features.{name}"),
            Self::Features => "features".to_owned(),
            Self::Fact(name) => format!("facts.{name}"),
            Self::FactType(name) => format!("type of facts.{name}"),
            Self::Facts => "facts".to_owned(),
            Self::InFlightSite => "context.in_flight.site".to_owned(),
            Self::InFlightTotal => "context.in_flight.total".to_owned(),
            Self::Source => "source".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(paths: &[&str], expected: &[&str]) {
        let split = |path: &&str| {
            path.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        let footprint = Footprint::new(&paths.iter().map(split).collect());
        assert_eq!(footprint.paths(), expected, "{paths:?}");
    }

    #[test]
    fn overlaps_fold_into_the_wider_part() {
        check(&["facts.a", "facts.b.c", "source"], &["facts.a", "facts.b", "source"]);
        check(&["facts.a", "facts"], &["facts"]);
        check(&["action", "action.name"], &["action.name", "action.target"]);
        check(&["context", "nothing.here"], &["context.in_flight.site", "context.in_flight.total"]);
        let mut all = Vec::new();
        all.extend([
            "now.unix",
            "now.minute_of_day",
            "now.weekday",
            "scenario.type",
            "scenario.entity",
            "scenario.site",
        ]);
        all.extend(["scenario.risk", "action.name", "action.target", "features", "facts"]);
        all.extend(["context.in_flight.site", "context.in_flight.total", "source"]);
        check(&[""], &all);
    }
    pub(super) fn input() -> Input<'static> {
        Input {
            now: crate::Now::from_unix(86_461),
            scenario: crate::Scenario { kind: "k", entity: "e", site: "s", risk: "r" },
            action: crate::Action { name: "n", target: "t" },
            features: vec![("load", 0.5)],
            facts: vec![("a", Fact::Number(1.0)), ("b", Fact::Bool(true)), ("a", Fact::Text("x"))],
            context: crate::Context { in_flight_site: 1, in_flight_total: 2 },
            source: "test",
        }
    }

    #[test]
    fn of_a_type_only_the_type_is_in_the_key() {
        let path = |name: &str| vec!["facts".to_owned(), name.to_owned()];
        let key = |seen: &Seen, fact: Option<Fact<'static>>| {
            let facts = fact.map(|fact| ("a", fact)).into_iter().collect();
            let mut key = Vec::new();
            Footprint::of(seen).key(&Input { facts, ..input() }, &mut key);
            key
        };
        let kinds = [None, Some(Fact::Number(1.0)), Some(Fact::Text("1")), Some(Fact::Bool(true))];
        let mut seen = Seen { types: BTreeSet::from([path("a")]), ..Seen::default() };
        let keys: BTreeSet<_> = kinds.iter().map(|fact| key(&seen, *fact)).collect();
        assert_eq!(keys.len(), kinds.len());
        assert_eq!(key(&seen, kinds[1]), key(&seen, Some(Fact::Number(2.0))));
        seen.values.insert(path("a"));
        assert_ne!(key(&seen, kinds[1]), key(&seen, Some(Fact::Number(2.0))));
        assert_eq!(Footprint::of(&seen).paths(), ["facts.a"]);
    }
}
