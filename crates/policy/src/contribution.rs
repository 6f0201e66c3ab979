//! What one group of a bundle's rules adds to the verdict, and how such additions make the whole.
//!
//! The whole is read by [`crate::verdict::read_verdict`]; [`combine`] must say the same. It only
//! ever meets additions that are in order: anything that is not (a wrong shape, an error, a limit)
//! is left to a run of the whole, which knows what to say of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use regorus::Value;

use crate::verdict::{EvalPath, RuleHit, Verdict, read_denials, read_passed};

/// What one group adds. Read once, so that what is remembered is ready for use.
#[derive(Debug)]
pub(crate) struct Contribution {
    denials: Members,
    passed: Members,
    /// From the one group that holds `allow`.
    allow: Option<Allow>,
}

/// The value of `allow`, as far as it is in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Allow {
    Yes,
    No,
    Undefined,
}

/// Members of `deny` or of `passed`.
#[derive(Debug)]
struct Members {
    /// Kept beside the hits because two members may differ in fields that a hit does not show.
    set: Value,
    hits: Arc<[RuleHit]>,
}

impl Members {
    fn read(
        set: Option<&Value>,
        hits: impl Fn(&Value) -> Result<Arc<[RuleHit]>, String>,
    ) -> Option<Self> {
        let set = set.cloned().unwrap_or_else(Value::new_set);
        let hits = hits(&set).ok()?;
        Some(Self { set, hits })
    }
}

impl Contribution {
    /// Reads what a group answered; `allow` is a set of at most one value. `None` where a shape is wrong.
    pub(crate) fn read(
        deny: Option<&Value>,
        passed: Option<&Value>,
        allow: Option<&Value>,
    ) -> Option<Self> {
        let allow = match allow {
            None => None,
            Some(answer) => match answer.as_set().ok()?.iter().next() {
                None => Some(Allow::Undefined),
                Some(Value::Bool(true)) => Some(Allow::Yes),
                Some(Value::Bool(false)) => Some(Allow::No),
                Some(_) => return None,
            },
        };
        Some(Self {
            denials: Members::read(deny, read_denials)?,
            passed: Members::read(passed, read_passed)?,
            allow,
        })
    }

    /// Whether the verdict would be the same without it.
    pub(crate) fn is_nothing(&self) -> bool {
        self.denials.hits.is_empty() && self.passed.hits.is_empty() && self.allow.is_none()
    }
}

/// The verdict of a bundle whose groups added `parts`, among them the one that holds `allow`.
pub(crate) fn combine<'a>(
    parts: impl Iterator<Item = &'a Contribution> + Clone,
    path: EvalPath,
) -> Option<Verdict> {
    let denials = union(parts.clone().map(|part| &part.denials), read_denials)?;
    if let Some(rules) = denials {
        return Some(Verdict { allow: false, rules, path, error: None });
    }
    match parts.clone().find_map(|part| part.allow)? {
        Allow::Yes => {}
        Allow::No => return Some(Verdict::not_allowed(path)),
        Allow::Undefined => return Some(Verdict::allow_undefined(path)),
    }
    let held = union(parts.map(|part| &part.passed), read_passed)?;
    Some(Verdict { allow: true, rules: held.unwrap_or_default(), path, error: None })
}

/// The hits of all members together: `Some(None)` where there are none, `None` should they not be readable.
fn union<'a>(
    all: impl Iterator<Item = &'a Members>,
    hits: impl Fn(&Value) -> Result<Arc<[RuleHit]>, String>,
) -> Option<Option<Arc<[RuleHit]>>> {
    let mut all = all.filter(|members| !members.hits.is_empty());
    let Some(first) = all.next() else {
        return Some(None);
    };
    let Some(second) = all.next() else {
        return Some(Some(Arc::clone(&first.hits)));
    };
    let mut whole: BTreeSet<Value> = BTreeSet::new();
    for members in [first, second].into_iter().chain(all) {
        whole.extend(members.set.as_set().ok()?.iter().cloned());
    }
    hits(&Value::from(whole)).ok().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::read_verdict;

    /// Combines groups, given as (`deny`, `passed`), and compares with the reading of the whole.
    fn check(groups: &[(&str, &str)], allow: &str, expected: &[&str]) {
        let set = |json: &str| -> BTreeSet<Value> {
            let values = Value::from_json_str(&format!("[{json}]")).expect("test JSON");
            values.as_array().expect("array").iter().cloned().collect()
        };
        let (mut deny, mut passed) = (BTreeSet::new(), BTreeSet::new());
        let mut parts = Vec::new();
        for (i, (denials, held)) in groups.iter().enumerate() {
            let (denials, held) = (set(denials), set(held));
            deny.extend(denials.iter().cloned());
            passed.extend(held.iter().cloned());
            let (denials, held) = (Value::from(denials), Value::from(held));
            let allow = (i == 0).then(|| Value::from(set(allow)));
            let part = Contribution::read(Some(&denials), Some(&held), allow.as_ref());
            parts.push(part.expect("test contribution is in order"));
        }
        let one = |value: Value| Value::from(BTreeSet::from([value]));
        let whole = Value::from(std::collections::BTreeMap::from([
            (Value::from("allow"), Value::from(set(allow))),
            (Value::from("deny"), one(Value::from(deny))),
            (Value::from("passed"), one(Value::from(passed))),
        ]));
        let verdict = combine(parts.iter(), EvalPath::Vm).expect("in order");
        assert_eq!(verdict, read_verdict(&whole, EvalPath::Vm), "{groups:?}");
        let ids: Vec<&str> = verdict.rules.iter().map(|hit| hit.rule.as_str()).collect();
        assert_eq!(ids, expected, "{groups:?}");
    }

    #[test]
    fn additions_make_what_the_whole_makes() {
        let a = r#"{"rule": "a", "message": "m"}"#;
        let b = r#"{"rule": "b", "message": "m"}"#;
        let a1 = r#"{"rule": "a", "message": "m", "level": 1}"#;
        let a2 = r#"{"rule": "a", "message": "m", "level": 2}"#;
        check(&[("", "")], "true", &[]);
        check(&[("", "\"y\""), ("", "\"x\"")], "true", &["x", "y"]);
        check(&[("", "\"x\""), ("", "\"x\"")], "true", &["x"]);
        check(&[("", "\"x\"")], "false", &["npo.not_allowed"]);
        check(&[("", "\"x\"")], "", &["npo.undefined"]);
        check(&[(b, ""), (a, "\"x\"")], "true", &["a", "b"]);
        check(&[(a, ""), (a, "")], "false", &["a"]);
        check(&[(a1, ""), (a2, "")], "", &["a", "a"]);
        check(&[(a1, ""), (a1, ""), ("", "")], "true", &["a"]);
    }

    #[test]
    fn what_is_out_of_order_is_left_to_the_whole() {
        let value = |json: &str| Value::from_json_str(json).expect("test JSON");
        let one = |json: &str| Value::from(BTreeSet::from([value(json)]));
        assert!(Contribution::read(Some(&value("[]")), None, None).is_none());
        assert!(Contribution::read(Some(&one("\"words\"")), None, None).is_none());
        assert!(Contribution::read(None, Some(&one("1")), None).is_none());
        assert!(Contribution::read(None, None, Some(&one("1"))).is_none());
        assert!(Contribution::read(None, None, None).is_some_and(|part| part.is_nothing()));
    }
}
