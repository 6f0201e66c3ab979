//! The input document: what a policy is told about one proposal.
//!
//! A plain borrowed struct, turned into the engine's value without passing through JSON, because
//! parsing JSON costs as much as running the policy.
//! `now` has whole-second resolution on purpose: the memo would never hit on finer clocks.

use regorus::Value;
use regorus::value::Object;

/// Most features, and most facts, that one input may carry.
pub const NAMED_VALUES_MAX: usize = 256;
/// Longest text anywhere in an input, in bytes.
pub const TEXT_BYTES_MAX: usize = 4096;

/// What a policy is told. Field names are those that Rego sees under `input`.
#[derive(Debug, Clone, PartialEq)]
pub struct Input<'a> {
    /// The moment of the decision.
    pub now: Now,
    /// The situation.
    pub scenario: Scenario<'a>,
    /// What is proposed.
    pub action: Action<'a>,
    /// Features by name; finite numbers. Of two with one name the last counts.
    pub features: Vec<(&'a str, f64)>,
    /// Facts by name. Of two with one name the last counts.
    pub facts: Vec<(&'a str, Fact<'a>)>,
    /// What else is going on.
    pub context: Context,
    /// Who proposes.
    pub source: &'a str,
}

/// A moment, to the second, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub unix: i64,
    /// Minute of the day, 0 to 1439.
    pub minute_of_day: u16,
    /// Day of the week, 0 (Monday) to 6 (Sunday).
    pub weekday: u8,
}

impl Now {
    /// The moment `unix` seconds after the epoch; leap seconds do not exist here.
    pub fn from_unix(unix: i64) -> Self {
        let minute_of_day = u16::try_from(unix.rem_euclid(86_400) / 60).expect("below 1440");
        // The epoch was a Thursday, which is day 3.
        let weekday = u8::try_from((unix.div_euclid(86_400) + 3).rem_euclid(7)).expect("below 7");
        Self { unix, minute_of_day, weekday }
    }
}

/// The situation that a proposal answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scenario<'a> {
    /// Scenario type, for example `link-imbalance`.
    pub kind: &'a str,
    /// Entity, for example `leaf3--spine2`.
    pub entity: &'a str,
    /// Site of the entity.
    pub site: &'a str,
    /// Risk class of the scenario type, for example `low`.
    pub risk: &'a str,
}

/// The proposed action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action<'a> {
    /// Action, for example `remove-link`.
    pub name: &'a str,
    /// What it acts on.
    pub target: &'a str,
}

/// A named fact about the network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fact<'a> {
    /// A finite number.
    Number(f64),
    /// A text.
    Text(&'a str),
    /// Yes or no.
    Bool(bool),
}

/// What else is going on while the proposal is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Context {
    /// Actions in flight at the scenario's site.
    pub in_flight_site: u64,
    /// Actions in flight in all.
    pub in_flight_total: u64,
}

impl Fact<'_> {
    /// The value that Rego sees.
    pub(crate) fn to_value(self) -> Value {
        match self {
            Self::Number(value) => number(value),
            Self::Text(text) => Value::from(text),
            Self::Bool(yes) => Value::from(yes),
        }
    }
}

impl Input<'_> {
    /// The fact called `name`, as a policy would see it.
    pub(crate) fn fact(&self, name: &str) -> Option<Fact<'_>> {
        self.facts.iter().rev().find(|(n, _)| *n == name).map(|(_, fact)| *fact)
    }

    /// The feature called `name`, as a policy would see it.
    pub(crate) fn feature(&self, name: &str) -> Option<f64> {
        self.features.iter().rev().find(|(n, _)| *n == name).map(|(_, value)| *value)
    }

    /// Checks sizes and numbers.
    ///
    /// # Errors
    /// Words on the first part that is out of bounds.
    pub fn validate(&self) -> Result<(), String> {
        let many = |what: &str, n: usize| {
            if n > NAMED_VALUES_MAX {
                return Err(format!("input has {n} {what}, expected at most {NAMED_VALUES_MAX}"));
            }
            Ok(())
        };
        let text = |what: &str, text: &str| {
            if text.len() > TEXT_BYTES_MAX {
                let n = text.len();
                return Err(format!("{what} has {n} bytes, expected at most {TEXT_BYTES_MAX}"));
            }
            Ok(())
        };
        let finite = |name: &str, value: f64| {
            if value.is_finite() {
                Ok(())
            } else {
                Err(format!("`{name}` is {value}, expected a finite number"))
            }
        };
        many("features", self.features.len())?;
        many("facts", self.facts.len())?;
        for (what, value) in [
            ("scenario type", self.scenario.kind),
            ("entity", self.scenario.entity),
            ("site", self.scenario.site),
            ("risk", self.scenario.risk),
            ("action", self.action.name),
            ("target", self.action.target),
            ("source", self.source),
        ] {
            text(what, value)?;
        }
        for (name, value) in &self.features {
            text("a feature name", name)?;
            finite(name, *value)?;
        }
        for (name, fact) in &self.facts {
            text("a fact name", name)?;
            match fact {
                Fact::Number(value) => finite(name, *value)?,
                Fact::Text(value) => text("a fact", value)?,
                Fact::Bool(_) => {}
            }
        }
        Ok(())
    }

    /// The document that Rego sees as `input`.
    pub(crate) fn to_value(&self) -> Value {
        object([
            (
                "now",
                object([
                    ("unix", Value::from(self.now.unix)),
                    ("minute_of_day", Value::from(i64::from(self.now.minute_of_day))),
                    ("weekday", Value::from(i64::from(self.now.weekday))),
                ]),
            ),
            (
                "scenario",
                object([
                    ("type", Value::from(self.scenario.kind)),
                    ("entity", Value::from(self.scenario.entity)),
                    ("site", Value::from(self.scenario.site)),
                    ("risk", Value::from(self.scenario.risk)),
                ]),
            ),
            (
                "action",
                object([
                    ("name", Value::from(self.action.name)),
                    ("target", Value::from(self.action.target)),
                ]),
            ),
            ("features", object(self.features.iter().map(|(name, value)| (*name, number(*value))))),
            ("facts", object(self.facts.iter().map(|(name, fact)| (*name, fact.to_value())))),
            (
                "context",
                object([(
                    "in_flight",
                    object([
                        ("site", Value::from(self.context.in_flight_site)),
                        ("total", Value::from(self.context.in_flight_total)),
                    ]),
                )]),
            ),
            ("source", Value::from(self.source)),
        ])
    }
}

fn object<'k>(fields: impl IntoIterator<Item = (&'k str, Value)>) -> Value {
    fields.into_iter().map(|(name, value)| (Value::from(name), value)).collect::<Object>().into()
}

/// Whole numbers become integers, so that a message says `2` and not `2.0`.
pub(crate) fn number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekday_and_minute_follow_from_the_second() {
        let check = |unix, minute_of_day, weekday| {
            assert_eq!(Now::from_unix(unix), Now { unix, minute_of_day, weekday });
        };
        check(0, 0, 3); // Thursday 1970-01-01.
        check(-1, 1439, 2); // The second before, a Wednesday.
        check(1_767_225_600, 0, 3); // Thursday 2026-01-01.
        check(1_767_225_600 + 4 * 86_400 + 61 * 60, 61, 0); // Monday 01:01.
    }

    #[test]
    fn the_document_has_the_promised_shape() {
        let input = Input {
            now: Now::from_unix(86_461),
            scenario: Scenario { kind: "link-flapping", entity: "a--b", site: "fra1", risk: "low" },
            action: Action { name: "remove-link", target: "a--b" },
            features: vec![("flaps", 3.5)],
            facts: vec![
                ("redundancy_left", Fact::Number(2.0)),
                ("x", Fact::Bool(true)),
                ("x", Fact::Text("last")),
            ],
            context: Context { in_flight_site: 1, in_flight_total: 4 },
            source: "test",
        };
        let expected = r#"{"now":{"unix":86461,"minute_of_day":1,"weekday":4},
            "scenario":{"type":"link-flapping","entity":"a--b","site":"fra1","risk":"low"},
            "action":{"name":"remove-link","target":"a--b"},"features":{"flaps":3.5},
            "facts":{"redundancy_left":2,"x":"last"},"context":{"in_flight":{"site":1,"total":4}},"source":"test"}"#;
        assert_eq!(input.to_value(), Value::from_json_str(expected).expect("test JSON"));
        assert_eq!(input.fact("x"), Some(Fact::Text("last")));
        assert_eq!(input.validate(), Ok(()));
        let infinite = Input { features: vec![("load", f64::INFINITY)], ..input };
        assert_eq!(infinite.validate(), Err("`load` is inf, expected a finite number".to_owned()));
    }
}
