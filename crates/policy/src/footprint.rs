//! The footprint: the parts of the input that a bundle can see, and their exact values as a key.
//!
//! Why remembering verdicts by footprint is sound: a checked bundle calls only built-ins that are
//! pure ([`crate::builtins`]), its data does not change while it is loaded, and it can reach the
//! input only through the paths that its text mentions ([`crate::walk`]; a path stops being
//! followed at its first dynamic part and then stands for everything from there down). So two
//! inputs that agree on those paths cannot be told apart by the bundle, and get the same verdict.
//! The same holds of a part of a bundle and the paths that it mentions, itself or through the
//! rules that it calls ([`crate::split`]).
//! Keys hold the values themselves, so equal keys mean equal values and not merely equal hashes.

use std::collections::BTreeSet;

use regorus::Value;
use regorus::value::Object;

use crate::analysis::Seen;
use crate::input::{Fact, Input, number};
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

    /// What makes these parts change.
    pub(crate) fn paces(&self) -> BTreeSet<Pace> {
        self.0.iter().map(Part::pace).collect()
    }

    /// The document that Rego sees as `input`, as far as this footprint sees it.
    ///
    /// What it leaves out cannot be told from what is there by whoever has this footprint.
    pub(crate) fn value(&self, input: &Input<'_>) -> Value {
        let [mut now, mut scenario, mut action, mut features, mut facts, mut in_flight] =
            [const { Object::new() }; 6];
        let mut top = Object::new();
        let set = |fields: &mut Object, name: &str, value: Value| {
            fields.insert(name.into(), value);
        };
        for part in &self.0 {
            match part {
                Part::Unix => set(&mut now, "unix", input.now.unix.into()),
                Part::MinuteOfDay => {
                    let minute = i64::from(input.now.minute_of_day);
                    set(&mut now, "minute_of_day", minute.into());
                }
                Part::Weekday => set(&mut now, "weekday", i64::from(input.now.weekday).into()),
                Part::Kind => set(&mut scenario, "type", input.scenario.kind.into()),
                Part::Entity => set(&mut scenario, "entity", input.scenario.entity.into()),
                Part::Site => set(&mut scenario, "site", input.scenario.site.into()),
                Part::Risk => set(&mut scenario, "risk", input.scenario.risk.into()),
                Part::ActionName => set(&mut action, "name", input.action.name.into()),
                Part::ActionTarget => set(&mut action, "target", input.action.target.into()),
                Part::Feature(name) => {
                    if let Some(value) = input.feature(name) {
                        set(&mut features, name, number(value));
                    }
                }
                Part::Features => {
                    for (name, value) in &input.features {
                        set(&mut features, name, number(*value));
                    }
                    set(&mut top, "features", std::mem::take(&mut features).into());
                }
                Part::Fact(name) | Part::FactType(name) => {
                    if let Some(fact) = input.fact(name) {
                        set(&mut facts, name, fact.to_value());
                    }
                }
                Part::Facts => {
                    for (name, fact) in &input.facts {
                        set(&mut facts, name, fact.to_value());
                    }
                    set(&mut top, "facts", std::mem::take(&mut facts).into());
                }
                Part::InFlightSite => {
                    set(&mut in_flight, "site", input.context.in_flight_site.into());
                }
                Part::InFlightTotal => {
                    set(&mut in_flight, "total", input.context.in_flight_total.into());
                }
                Part::Source => set(&mut top, "source", input.source.into()),
            }
        }
        let mut context = Object::new();
        if !in_flight.is_empty() {
            set(&mut context, "in_flight", in_flight.into());
        }
        for (name, fields) in [
            ("now", now),
            ("scenario", scenario),
            ("action", action),
            ("features", features),
            ("facts", facts),
            ("context", context),
        ] {
            if !fields.is_empty() {
                top.insert(name.into(), fields.into());
            }
        }
        top.into()
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
}
