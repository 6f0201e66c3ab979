//! A program and its data for one machine alone.
//!
//! Values in them are counted references. Machines that share them write to the same counters with
//! almost every instruction, and two threads doing so take twice the time that each takes alone.
//! So every machine gets a copy. Where data is so large that copies would cost more memory than
//! they save time, it is shared after all.

use regorus::Value;
use regorus::rvm::Program;

/// Values in the largest data that is copied, which is some 4 MB of them.
const VALUES_MAX: usize = 50_000;

/// Drops what the VM copies on every call of a rule and has no use for.
pub(crate) fn slim(program: &Program) -> Program {
    let mut program = program.clone();
    for rule in &mut program.rule_infos {
        // Names serve listings only, and what is not in the two lists counts as `false` and as nothing.
        rule.name = String::new();
        if !rule.else_bodies.iter().flatten().any(|is_else| *is_else) {
            rule.else_bodies = Vec::new();
        }
        if rule.destructuring_blocks.iter().all(Option::is_none) {
            rule.destructuring_blocks = Vec::new();
        }
    }
    program
}

/// A program that shares nothing with `program` that is counted while it runs.
pub(crate) fn program(program: &Program) -> Program {
    let mut own = program.clone();
    own.literals = program.literals.iter().map(copy).collect();
    own.rule_tree = copy(&program.rule_tree);
    for rule in &mut own.rule_infos {
        rule.definitions = rule.definitions.as_ref().clone().into();
    }
    own
}

/// Data that shares nothing with `data`, unless there is too much of it.
pub(crate) fn data(data: &Value) -> Value {
    if values(data) > VALUES_MAX {
        return data.clone();
    }
    copy(data)
}

// Depth is bounded: by `serde_json` for data, by `literal_depth_max` for literals.
fn copy(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Undefined => value.clone(),
        Value::String(text) => Value::from(text.as_ref()),
        Value::Array(items) => Value::from(items.iter().map(copy).collect::<Vec<_>>()),
        Value::Set(members) => {
            Value::from(members.iter().map(copy).collect::<std::collections::BTreeSet<_>>())
        }
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (copy(key), copy(value)))
            .collect::<regorus::value::Object>()
            .into(),
    }
}

fn values(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(values).sum::<usize>(),
        Value::Set(members) => 1 + members.iter().map(values).sum::<usize>(),
        Value::Object(fields) => {
            1 + fields.iter().map(|(key, value)| values(key) + values(value)).sum::<usize>()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Undefined => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_equal_and_apart() {
        let json = r#"{"a": [1, "x", null, {"b": true}], "d": {}}"#;
        let original = Value::from_json_str(json).expect("test JSON");
        let copied = data(&original);
        assert_eq!(copied, original);
        let at = |value: &Value| value.as_object().map(std::ptr::from_ref).expect("an object");
        assert_ne!(at(&copied), at(&original));
        let large = Value::from(vec![Value::Null; VALUES_MAX]);
        let start = |value: &Value| value.as_array().map(std::ptr::from_ref).expect("an array");
        assert_eq!(start(&data(&large)), start(&large));
    }
}
