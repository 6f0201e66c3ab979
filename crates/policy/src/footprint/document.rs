//! The input document, built only as far as a footprint sees it: most of an input is of no concern
//! to one part of a bundle, and building all of it costs as much as running that part.

use regorus::Value;
use regorus::value::Object;

use super::{Footprint, Part};
use crate::input::{Input, number};

impl Footprint {
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
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::footprint::tests::input;

    /// What of the document is not seen is not built; what is built is as in the whole document.
    #[test]
    fn the_document_is_built_as_far_as_it_is_seen() {
        let value = |paths: &[&[&str]]| {
            let path = |path: &&[&str]| path.iter().map(|&name| name.to_owned()).collect();
            Footprint::new(&paths.iter().map(path).collect()).value(&input())
        };
        let json = |json: &str| Value::from_json_str(json).expect("test JSON");
        assert_eq!(value(&[&[]]), input().to_value());
        let empty = Input { features: vec![], facts: vec![], ..input() };
        assert_eq!(Footprint::new(&BTreeSet::from([vec![]])).value(&empty), empty.to_value());
        assert_eq!(
            value(&[&["facts", "a"], &["facts", "none"], &["now", "weekday"]]),
            json(r#"{"facts": {"a": "x"}, "now": {"weekday": 4}}"#)
        );
        assert_eq!(
            value(&[&["features"], &["context"], &["action", "target"]]),
            json(
                r#"{"features": {"load": 0.5}, "context": {"in_flight": {"site": 1, "total": 2}},
                    "action": {"target": "t"}}"#
            )
        );
    }
}
