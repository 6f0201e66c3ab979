//! Small worlds and the reference numbers, shared by the integration tests.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses its own part")]

use std::path::Path;

use npo_core::decide::NewPerson;
use npo_core::people::Role;
use npo_core::scenario_type::{Action, Feature, Risk, ScenarioType};
use serde_json::Value;

/// The reference numbers; `None`, loudly, where they are not to be had.
pub fn golden() -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/oracle/golden.json");
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(serde_json::from_str(&text).expect("the reference is JSON")),
        Err(_) => {
            eprintln!("SKIPPED: ../shared/oracle/golden.json is absent, nothing was compared");
            None
        }
    }
}

/// Asserts agreement to 1e-9 relative, or 1e-12 absolute around zero.
pub fn close(ours: f64, theirs: f64, what: &str) {
    let tolerance = 1e-9 * theirs.abs().max(1e-3);
    assert!((ours - theirs).abs() <= tolerance, "{what}: {ours}, expected {theirs}");
}

pub fn f(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

pub fn u(value: &Value) -> usize {
    value.as_u64().and_then(|n| n.try_into().ok()).unwrap_or_else(|| panic!("{value} is no count"))
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

pub fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list")).iter().map(f).collect()
}

/// A scenario type whose inputs are its raw values, with the given prior (intercept first).
pub fn plain_type(prior: &[f64]) -> ScenarioType {
    let feature = |(i, prior): (usize, &f64)| Feature {
        name: format!("x{}", i + 1),
        title: "A number".into(),
        unit: "1".into(),
        description: "Taken as it is.".into(),
        min: -1e6,
        max: 1e6,
        center: 0.0,
        scale: 1.0,
        prior: *prior,
    };
    ScenarioType {
        name: "plain".into(),
        version: 1,
        title: "Plain numbers".into(),
        description: "Features that are taken as they are.".into(),
        risk: Risk::Low,
        expires_after_s: 3600,
        override_cost: 3.0,
        prior_intercept: prior[0],
        features: prior[1..].iter().enumerate().map(feature).collect(),
        actions: vec![Action {
            name: "act".into(),
            title: "Act".into(),
            description: "The only action.".into(),
            prior: 0.0,
            reversible: true,
        }],
    }
}

pub fn operator(i: usize) -> NewPerson {
    NewPerson {
        handle: format!("op{i}"),
        name: format!("Operator {i}"),
        roles: vec![Role::Operator],
        group: npo_core::people::Group::default(),
    }
}
