//! The verdict, and how it is read out of what the Rego engine returned.
//!
//! The reading is fail-closed: only `allow == true` with an empty, well-formed `deny` allows.
//! Everything else denies and names a stable rule id, so that nobody has to guess which of
//! "the policy said no" and "the policy could not say" happened.

use std::sync::Arc;

use regorus::Value;
use serde::{Deserialize, Serialize};

/// Rule id of a verdict where the policy defined no answer.
pub const RULE_UNDEFINED: &str = "npo.undefined";
/// Rule id of a verdict where the policy failed or answered in the wrong shape.
pub const RULE_ERROR: &str = "npo.error";
/// Rule id of a verdict where the policy ran past its time or instruction limit.
pub const RULE_TIMEOUT: &str = "npo.timeout";
/// Rule id of a verdict where the policy answered `allow = false` and no rule denied.
pub const RULE_NOT_ALLOWED: &str = "npo.not_allowed";

/// A rule that decided (or, when allowed, one that was checked and held), with its words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RuleHit {
    /// Stable id; ids starting with `npo.` are the engine's own.
    pub rule: String,
    /// What to tell a person; empty for a rule that held.
    pub message: String,
}

/// How a verdict was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvalPath {
    /// The bytecode VM ran the bundle.
    Vm,
    /// The interpreter, which is the reference, ran the bundle.
    Interpreter,
    /// An earlier verdict on the same footprint was reused.
    Memo,
}

/// What the policies say of one proposal. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "a verdict that nobody reads protects nothing"]
pub struct Verdict {
    /// Whether the action may go ahead.
    pub allow: bool,
    /// Ordered by id, then message: the rules that denied, or, when allowed, the rules that were checked and held.
    pub rules: Arc<[RuleHit]>,
    /// How the verdict was reached.
    pub path: EvalPath,
    /// Why the policy could not answer; `None` when it did.
    pub error: Option<Arc<str>>,
}

impl Verdict {
    /// Whether both say the same for the same reasons, however they were reached.
    pub fn same_decision(&self, other: &Self) -> bool {
        // Words of engine errors differ between interpreter and VM and are not part of the decision.
        let shape = |v: &Self| v.error.is_some();
        let ids = |v: &Self| v.rules.iter().map(|hit| hit.rule.clone()).collect::<Vec<_>>();
        self.allow == other.allow
            && shape(self) == shape(other)
            && if self.error.is_some() {
                ids(self) == ids(other)
            } else {
                self.rules == other.rules
            }
    }

    /// Whether the same input must give this verdict again, whatever the machine is doing.
    pub(crate) fn is_repeatable(&self) -> bool {
        !self.rules.iter().any(|hit| hit.rule == RULE_TIMEOUT || hit.rule == RULE_ERROR)
    }

    /// A denial because `allow` is false and no rule denied.
    pub(crate) fn not_allowed(path: EvalPath) -> Self {
        let hit = RuleHit {
            rule: RULE_NOT_ALLOWED.to_owned(),
            message: "no rule of the policy allows this action".to_owned(),
        };
        Self { allow: false, rules: Arc::from([hit]), path, error: None }
    }

    /// A denial because `allow` has no value and no rule denied.
    pub(crate) fn allow_undefined(path: EvalPath) -> Self {
        let words = "`data.npo.policy.allow` is undefined for this input";
        Self::refused(RULE_UNDEFINED, path, words)
    }

    /// A denial by the engine itself.
    pub(crate) fn refused(rule: &str, path: EvalPath, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            allow: false,
            error: Some(message.as_str().into()),
            rules: Arc::from([RuleHit { rule: rule.to_owned(), message }]),
            path,
        }
    }
}

/// Reads a verdict from the value of the entry rule (see [`crate::engines`]).
pub(crate) fn read_verdict(result: &Value, path: EvalPath) -> Verdict {
    let part = |name: &str| -> Result<Option<Value>, String> {
        let object = result.as_object().map_err(|_| "the entry rule is undefined".to_owned())?;
        let Some(values) = object.get(&Value::from(name)) else {
            return Ok(None);
        };
        let set = values.as_set().map_err(|_| format!("`{name}` could not be read"))?;
        Ok(set.iter().next().cloned())
    };
    let wrong = |what: String| Verdict::refused(RULE_ERROR, path, what);

    let deny = match part("deny") {
        Ok(Some(deny)) => deny,
        Ok(None) => {
            return Verdict::refused(
                RULE_UNDEFINED,
                path,
                "`data.npo.policy.deny` is undefined for this input",
            );
        }
        Err(message) => return wrong(message),
    };
    let denials = match read_denials(&deny) {
        Ok(denials) => denials,
        Err(message) => return wrong(message),
    };
    if !denials.is_empty() {
        return Verdict { allow: false, rules: denials, path, error: None };
    }
    match part("allow") {
        Ok(Some(Value::Bool(true))) => {}
        Ok(Some(Value::Bool(false))) => return Verdict::not_allowed(path),
        Ok(Some(other)) => {
            let found = kind(&other);
            return wrong(format!("`data.npo.policy.allow` is {found}, expected a boolean"));
        }
        Ok(None) => return Verdict::allow_undefined(path),
        Err(message) => return wrong(message),
    }
    let passed = match part("passed") {
        Ok(Some(passed)) => passed,
        Ok(None) => Value::new_set(),
        Err(message) => return wrong(message),
    };
    match read_passed(&passed) {
        Ok(rules) => Verdict { allow: true, rules, path, error: None },
        Err(message) => wrong(message),
    }
}

/// The members of `deny`, ordered.
pub(crate) fn read_denials(deny: &Value) -> Result<Arc<[RuleHit]>, String> {
    let found = |what: &Value| {
        format!(
            "`data.npo.policy.deny` holds {}, expected objects `{{\"rule\", \"message\"}}`",
            kind(what)
        )
    };
    let set = deny
        .as_set()
        .map_err(|_| format!("`data.npo.policy.deny` is {}, expected a set", kind(deny)))?;
    let mut denials = set
        .iter()
        .map(|entry| {
            let object = entry.as_object().map_err(|_| found(entry))?;
            let text = |name: &str| match object.get(&Value::from(name)) {
                Some(Value::String(text)) => Ok(text.as_ref().to_owned()),
                Some(other) => Err(format!(
                    "`{name}` in `data.npo.policy.deny` is {}, expected a string",
                    kind(other)
                )),
                None => Err(format!("an entry of `data.npo.policy.deny` has no `{name}`")),
            };
            Ok(RuleHit { rule: text("rule")?, message: text("message")? })
        })
        .collect::<Result<Vec<_>, String>>()?;
    denials.sort_unstable();
    Ok(denials.into())
}

/// The members of `passed`, ordered.
pub(crate) fn read_passed(passed: &Value) -> Result<Arc<[RuleHit]>, String> {
    let set = passed
        .as_set()
        .map_err(|_| format!("`data.npo.policy.passed` is {}, expected a set", kind(passed)))?;
    let mut rules = set
        .iter()
        .map(|entry| match entry {
            Value::String(rule) => {
                Ok(RuleHit { rule: rule.as_ref().to_owned(), message: String::new() })
            }
            other => Err(format!(
                "`data.npo.policy.passed` holds {}, expected rule ids as strings",
                kind(other)
            )),
        })
        .collect::<Result<Vec<_>, _>>()?;
    rules.sort_unstable();
    Ok(rules.into())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Set(_) => "a set",
        Value::Object(_) => "an object",
        Value::Undefined => "undefined",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(allow: &[&str], deny: &str, expected: Result<(bool, &[&str]), &str>) {
        let set = |items: &[&str]| {
            let values = items.iter().map(|json| Value::from_json_str(json).expect("test JSON"));
            Value::from(values.collect::<std::collections::BTreeSet<_>>())
        };
        let deny_value = match deny.strip_prefix('!') {
            Some(json) => Value::from_json_str(json).expect("test JSON"),
            None if deny.is_empty() => Value::new_set(),
            None => set(&[deny]),
        };
        let result = Value::from(std::collections::BTreeMap::from([
            (Value::from("allow"), set(allow)),
            (Value::from("deny"), Value::from(std::collections::BTreeSet::from([deny_value]))),
        ]));
        let verdict = read_verdict(&result, EvalPath::Vm);
        let ids: Vec<&str> = verdict.rules.iter().map(|hit| hit.rule.as_str()).collect();
        match expected {
            Ok((allow, rules)) => {
                assert_eq!((verdict.allow, ids.as_slice(), &verdict.error), (allow, rules, &None));
            }
            Err(rule) => {
                assert_eq!((verdict.allow, ids.as_slice()), (false, [rule].as_slice()));
                assert!(verdict.error.is_some());
            }
        }
    }

    #[test]
    fn only_true_without_denials_allows() {
        check(&["true"], "", Ok((true, &[])));
        check(&["false"], "", Ok((false, &[RULE_NOT_ALLOWED])));
        check(&[], "", Err(RULE_UNDEFINED));
        check(&["1"], "", Err(RULE_ERROR));
        check(&["\"true\""], "", Err(RULE_ERROR));
        check(&["true"], r#"{"rule":"a","message":"b"}"#, Ok((false, &["a"])));
        check(&["true"], r#"{"rule":"a"}"#, Err(RULE_ERROR));
        check(&["true"], r#"{"rule":1,"message":"b"}"#, Err(RULE_ERROR));
        check(&["true"], "\"no\"", Err(RULE_ERROR));
        check(&["true"], "![]", Err(RULE_ERROR));
        check(&["true"], "!false", Err(RULE_ERROR));
    }

    #[test]
    fn an_engine_that_returns_nothing_denies() {
        let verdict = read_verdict(&Value::Undefined, EvalPath::Vm);
        assert!(!verdict.allow);
        assert_eq!(verdict.rules[0].rule, RULE_ERROR);
    }
}
