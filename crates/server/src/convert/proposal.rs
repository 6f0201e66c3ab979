//! Proposals as they are read: the borrowed twin of `npo_api::decision::Proposal`.
//!
//! A batch has tens of thousands of them a second, so names are borrowed from the request's bytes;
//! a test keeps the twin and the wire type in step.

use std::borrow::Cow;
use std::fmt;

use npo_core::decide::{Features, NamedProposal};
use npo_core::proposal::{Fact, FactValue, Text, WhatIf};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

/// Feature values in one proposal at most; no scenario type declares more than 48.
const FEATURES_MAX: usize = 256;

/// A proposal, borrowed from its JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProposalLine<'a> {
    #[serde(borrow)]
    scenario_type: Cow<'a, str>,
    #[serde(borrow)]
    entity: Cow<'a, str>,
    #[serde(borrow, default)]
    site: Cow<'a, str>,
    #[serde(borrow)]
    action: ActionLine<'a>,
    #[serde(borrow)]
    features: Pairs<'a>,
    #[serde(default)]
    facts: Vec<FactLine>,
    #[serde(default)]
    evidence: Vec<String>,
    #[serde(default)]
    what_if: Vec<WhatIfLine>,
    #[serde(default)]
    correlation: Option<String>,
    #[serde(borrow, default)]
    pub(crate) idempotency_key: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionLine<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(default)]
    target: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FactLine {
    name: String,
    value: Value,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WhatIfLine {
    name: String,
    #[serde(default)]
    unit: String,
    before: f64,
    after: f64,
}

/// Features in the order given.
#[derive(Debug)]
struct Pairs<'a>(Vec<(Cow<'a, str>, f64)>);

#[derive(Debug)]
struct Value(FactValue);

impl ProposalLine<'_> {
    /// The proposal in the engine's terms.
    pub(crate) fn named(&mut self) -> NamedProposal<'_> {
        let facts = std::mem::take(&mut self.facts).into_iter().map(|fact| {
            let FactLine { name, value: Value(value), unit, source } = fact;
            Fact { name, value, unit, source }
        });
        let what_if = std::mem::take(&mut self.what_if).into_iter().map(|line| {
            let WhatIfLine { name, unit, before, after } = line;
            WhatIf { name, unit, before, after }
        });
        NamedProposal {
            text: Text {
                target: std::mem::take(&mut self.action.target),
                facts: facts.collect(),
                evidence: std::mem::take(&mut self.evidence),
                what_if: what_if.collect(),
                correlation: self.correlation.take(),
                network: None,
            },
            scenario_type: &self.scenario_type,
            entity: &self.entity,
            site: &self.site,
            action: &self.action.name,
            features: Features::Named(
                self.features.0.iter().map(|(n, v)| (n.as_ref(), *v)).collect(),
            ),
        }
    }
}

struct Name<'a>(Cow<'a, str>);

/// By hand, since the path of an error shows a key only if it is read as a plain string.
impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }

        deserializer.deserialize_str(Read)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of feature names and numbers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs: Vec<(Cow<'de, str>, f64)> = Vec::with_capacity(8);
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, f64>()? {
                    if pairs.len() >= FEATURES_MAX {
                        return Err(A::Error::custom(format_args!(
                            "more than {FEATURES_MAX} features"
                        )));
                    }
                    if pairs.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom(format_args!(
                            "feature `{name}` is given twice"
                        )));
                    }
                    pairs.push((name, value));
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Read)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        #[expect(clippy::cast_precision_loss, reason = "JSON numbers are read as f64 throughout")]
        impl Visitor<'_> for Read {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, a text, true or false")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(Value(FactValue::Flag(value)))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
                Ok(Value(FactValue::Number(value)))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(Value(FactValue::Number(value as f64)))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
                Ok(Value(FactValue::Number(value as f64)))
            }

            fn visit_str<E>(self, value: &str) -> Result<Value, E> {
                Ok(Value(FactValue::Text(value.to_owned())))
            }
        }

        deserializer.deserialize_any(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use npo_api::decision as api;

    #[test]
    fn the_twin_reads_whatever_the_wire_type_writes() {
        let fact = |name: &str, value| api::Fact {
            name: name.into(),
            value,
            unit: "1".into(),
            source: "test".into(),
        };
        let proposal = api::Proposal {
            scenario_type: "link-imbalance".into(),
            entity: "leaf3→\"spine2\"".into(),
            site: "fra1".into(),
            action: api::Action { name: "remove-link".into(), target: "x".into() },
            features: [("a".to_owned(), 1.0), ("b".to_owned(), -2.5)].into(),
            facts: vec![
                fact("n", api::FactValue::Number(3.0)),
                fact("t", api::FactValue::Text("words".into())),
                fact("f", api::FactValue::Flag(true)),
            ],
            evidence: vec!["one".into()],
            what_if: vec![api::WhatIf {
                name: "load".into(),
                unit: "%".into(),
                before: 1.0,
                after: 2.0,
            }],
            correlation: Some("c".into()),
            idempotency_key: Some("k".into()),
        };
        let bytes = serde_json::to_vec(&proposal).expect("it is plain data");
        let mut line: ProposalLine<'_> =
            crate::http::json::parse(&bytes).expect("the twin reads it");
        assert_eq!(line.idempotency_key.as_deref(), Some("k"));
        let named = line.named();
        assert_eq!(named.entity, proposal.entity);
        assert_eq!(named.features, Features::Named(vec![("a", 1.0), ("b", -2.5)]));
        assert_eq!(named.text.target, "x");
        assert_eq!(named.text.facts.len(), 3);
        assert_eq!(named.text.facts[2].value, FactValue::Flag(true));
        assert_eq!(named.text.what_if[0].after, 2.0);
        assert_eq!(named.text.correlation.as_deref(), Some("c"));
    }

    #[test]
    fn a_feature_given_twice_is_refused() {
        let text =
            br#"{"scenario_type":"a","entity":"b","action":{"name":"c"},"features":{"x":1,"x":2}}"#;
        let problem =
            crate::http::json::parse::<ProposalLine<'_>>(text).expect_err("it is ambiguous");
        assert!(problem.detail.contains("feature `x` is given twice"), "{problem}");
    }
}
