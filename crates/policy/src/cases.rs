//! The tests of a bundle: inputs with the verdict that its authors expect.
//!
//! A case file is a JSON array of cases. A case leaves out whatever does not matter to it:
//!
//! ```json
//! [{"name": "last link stays",
//!   "input": {"scenario": {"type": "link-flapping"}, "action": {"name": "remove-link"},
//!             "facts": {"redundancy_left": 0}},
//!   "data": {"limits": {"redundancy_left_min": 1}},
//!   "allow": false, "rules": ["redundancy"]}]
//! ```
//!
//! `data` is a merge patch (RFC 7396) over `data.json`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::bundle::SourceFile;
use crate::input::{Action, Context, Fact, Input, Now, Scenario};
use crate::refusal::Refusal;

/// Most cases in one bundle: enough for any set of rules, few enough to run in seconds.
const CASES_MAX: usize = 2000;

/// One case of a bundle's tests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) input: CaseInput,
    #[serde(default)]
    pub(crate) data: Option<serde_json::Value>,
    pub(crate) allow: bool,
    /// Ids of the verdict's rules. A denial must say why it is expected; an approval need not.
    #[serde(default)]
    pub(crate) rules: Option<BTreeSet<String>>,
}

/// An input as written in a case; everything has a default.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CaseInput {
    pub(crate) now: CaseNow,
    pub(crate) scenario: CaseScenario,
    pub(crate) action: CaseAction,
    pub(crate) features: BTreeMap<String, f64>,
    pub(crate) facts: BTreeMap<String, CaseFact>,
    pub(crate) context: CaseContext,
    pub(crate) source: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CaseNow {
    pub(crate) unix: i64,
    /// Follows from `unix` when left out, as does `weekday`.
    pub(crate) minute_of_day: Option<u16>,
    pub(crate) weekday: Option<u8>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CaseScenario {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) entity: String,
    pub(crate) site: String,
    pub(crate) risk: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CaseAction {
    pub(crate) name: String,
    pub(crate) target: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum CaseFact {
    Bool(bool),
    Number(f64),
    Text(String),
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CaseContext {
    pub(crate) in_flight: CaseInFlight,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CaseInFlight {
    pub(crate) site: u64,
    pub(crate) total: u64,
}

impl CaseInput {
    pub(crate) fn as_input(&self) -> Input<'_> {
        let from_unix = Now::from_unix(self.now.unix);
        Input {
            now: Now {
                unix: self.now.unix,
                minute_of_day: self.now.minute_of_day.unwrap_or(from_unix.minute_of_day),
                weekday: self.now.weekday.unwrap_or(from_unix.weekday),
            },
            scenario: Scenario {
                kind: &self.scenario.kind,
                entity: &self.scenario.entity,
                site: &self.scenario.site,
                risk: &self.scenario.risk,
            },
            action: Action { name: &self.action.name, target: &self.action.target },
            features: self.features.iter().map(|(name, value)| (name.as_str(), *value)).collect(),
            facts: self
                .facts
                .iter()
                .map(|(name, fact)| {
                    let fact = match fact {
                        CaseFact::Bool(yes) => Fact::Bool(*yes),
                        CaseFact::Number(value) => Fact::Number(*value),
                        CaseFact::Text(text) => Fact::Text(text),
                    };
                    (name.as_str(), fact)
                })
                .collect(),
            context: Context {
                in_flight_site: self.context.in_flight.site,
                in_flight_total: self.context.in_flight.total,
            },
            source: &self.source,
        }
    }
}

/// Reads all case files.
pub(crate) fn read(files: &[SourceFile]) -> Result<Vec<(String, Case)>, Refusal> {
    let mut cases = Vec::new();
    for file in files {
        let refuse = |message: String| Refusal::Tests { file: file.path.clone(), message };
        let read: Vec<Case> = serde_json::from_str(&file.text)
            .map_err(|error| refuse(npo_wording::plain(&error.to_string())))?;
        for case in read {
            if !case.allow && case.rules.as_ref().is_none_or(BTreeSet::is_empty) {
                return Err(refuse(format!(
                    "case `{}` expects a denial, expected `rules` to say by which rules",
                    case.name
                )));
            }
            if let Err(message) = case.input.as_input().validate() {
                return Err(refuse(format!("case `{}`: {message}", case.name)));
            }
            cases.push((file.path.clone(), case));
        }
        if cases.len() > CASES_MAX {
            return Err(refuse(format!("the bundle has more than {CASES_MAX} cases")));
        }
    }
    Ok(cases)
}

/// Lays a merge patch over a document (RFC 7396).
pub(crate) fn merge(document: &mut serde_json::Value, patch: &serde_json::Value) {
    let serde_json::Value::Object(patch) = patch else {
        *document = patch.clone();
        return;
    };
    if !document.is_object() {
        *document = serde_json::Value::Object(serde_json::Map::new());
    }
    let Some(fields) = document.as_object_mut() else {
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            fields.remove(name);
        } else {
            merge(fields.entry(name.clone()).or_insert(serde_json::Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patches_merge_as_the_standard_says() {
        let check = |mut document: serde_json::Value, patch, expected| {
            merge(&mut document, &patch);
            assert_eq!(document, expected);
        };
        check(json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"}));
        check(json!({"a": {"b": 1, "c": 2}}), json!({"a": {"b": null}}), json!({"a": {"c": 2}}));
        check(json!({"a": [1]}), json!({"a": {"b": 1}}), json!({"a": {"b": 1}}));
        check(json!([1]), json!({"a": {"b": null}}), json!({"a": {}}));
    }

    #[test]
    fn case_files_are_read_strictly() {
        let check = |text: &str, expected: Result<usize, &str>| {
            let file = SourceFile { path: "tests/a.json".to_owned(), text: text.to_owned() };
            match (read(&[file]), expected) {
                (Ok(cases), Ok(n)) => assert_eq!(cases.len(), n),
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
                (found, expected) => panic!("{text}: found {found:?}, expected {expected:?}"),
            }
        };
        check(r#"[{"name": "a", "allow": true}]"#, Ok(1));
        check(r#"[{"name": "a", "allow": false}]"#, Err("by which rules"));
        check(r#"[{"name": "a", "alow": true}]"#, Err("`tests/a.json`"));
        check(
            r#"[{"name": "a", "allow": true, "input": {"facts": {"x": null}}}]"#,
            Err("`tests/a.json`"),
        );
        check("{", Err("`tests/a.json`"));
    }
}
