//! Scenario types and features: what is accepted, and how what is not is named.

#[path = "support/world.rs"]
mod world;

use npo_core::decide::{Features, NamedProposal, resolve};
use npo_core::proposal::{EVIDENCE_MAX, FACTS_MAX, Fact, FactValue, Text, WhatIf};
use npo_core::scenario_type::{STANDARDISED_MAX, ScenarioType, TOML_MAX};
use npo_core::{Command, Event, Profile, Vector};
use proptest::prelude::*;
use world::{SURE, World};

const TOML: &str = r#"
name = "link-flapping"
version = 1
title = "A link goes up and down"
description = "Counted over the last hour."
risk = "medium"
expires_after_s = 600
override_cost = 3.0
prior_intercept = 0.5

[[features]]
name = "flaps"
title = "Flaps"
unit = "1/h"
description = "State changes per hour."
min = 0.0
max = 1000.0
center = 10.0
scale = 5.0
prior = 0.5

[[features]]
name = "spare"
title = "Links left"
unit = "1"
description = "Other links to the same peer."
min = 0.0
max = 8.0
center = 2.0
scale = 1.0
prior = 0.25

[[actions]]
name = "remove-link"
title = "Remove the link"
description = "Shut the interface."
prior = 0.0
reversible = true

[[actions]]
name = "drain-node"
title = "Drain the node"
description = "Move its traffic away."
prior = -1.0
reversible = true

[[actions]]
name = "replace-node"
title = "Replace the node"
description = "Send somebody."
prior = -2.0
reversible = false
"#;

fn scenario_type() -> ScenarioType {
    ScenarioType::from_toml(TOML).expect("a valid type")
}

/// Replaces the first `from` by `to`; then the type is refused in these words.
#[track_caller]
fn check_type(from: &str, to: &str, expected: &str) {
    let text = TOML.replacen(from, to, 1);
    assert_ne!(text, TOML, "`{from}` is not in the text");
    let error = ScenarioType::from_toml(&text).expect_err("is refused").to_string();
    let (place, what) = error.split_once(": ").expect("a place in the text");
    assert!(place.starts_with("line ") && place.contains(", column "), "{error}");
    assert_eq!(what, format!("scenario type field {expected}"));
}

#[test]
fn types_that_break_a_rule_name_the_field() {
    let kebab = "expected a kebab-case name, a letter first";
    check_type("link-flapping", "Link", &format!("`name` is `Link`, {kebab}"));
    check_type("link-flapping", "", &format!("`name` is ``, {kebab}"));
    check_type("link-flapping", "1-link", &format!("`name` is `1-link`, {kebab}"));
    check_type("link-flapping", "link-", &format!("`name` is `link-`, {kebab}"));
    check_type("link-flapping", "a\\nb", &format!("`name` is `a\u{fffd}b`, {kebab}"));
    let long = "a".repeat(65);
    check_type("link-flapping", &long, &format!("`name` is `{}`, {kebab}", "a".repeat(64)));
    check_type("version = 1", "version = 0", "`version` is 0, expected a whole number from 1");
    check_type(
        "version = 1",
        "version = 1000001",
        "`version` is 1000001, expected a whole number from 1",
    );
    let text = "expected printable text within its length limit";
    check_type("A link goes up and down", " ", &format!("`title` is empty, {text}"));
    check_type(
        "A link goes up and down",
        &"é".repeat(129),
        &format!("`title` is 258 bytes long, {text}"),
    );
    check_type(
        "A link goes",
        "\\u001b[2J",
        &format!("`title` is a text with control characters, {text}"),
    );
    check_type(
        "Counted over",
        &"x".repeat(4097),
        &format!("`description` is {} bytes long, {text}", 4097 + 15),
    );
    check_type(
        "expires_after_s = 600",
        "expires_after_s = 0",
        "`expires_after_s` is 0, expected 1 second to 1 year",
    );
    check_type(
        "override_cost = 3.0",
        "override_cost = nan",
        "`override_cost` is NaN, expected a number from 0.01 to 1000",
    );
    check_type(
        "prior_intercept = 0.5",
        "prior_intercept = -21.0",
        "`prior_intercept` is -21, expected a number from -20 to 20",
    );
    check_type(
        "name = \"flaps\"",
        "name = \"Flaps\"",
        "`features.name` is `Flaps`, expected lower-case letters, digits and underscores, a letter first",
    );
    check_type(
        "name = \"flaps\"",
        "name = \"_x\"",
        "`features.name` is `_x`, expected lower-case letters, digits and underscores, a letter first",
    );
    check_type(
        "name = \"spare\"",
        "name = \"flaps\"",
        "`features` is `flaps` twice, expected distinct names",
    );
    check_type(
        "name = \"drain-node\"",
        "name = \"remove-link\"",
        "`actions` is `remove-link` twice, expected distinct names",
    );
    check_type("unit = \"1/h\"", "unit = \"\"", &format!("`features.flaps.unit` is empty, {text}"));
    check_type(
        "max = 1000.0",
        "max = -1.0",
        "`features.flaps.min` is 0, expected a number not above `max`",
    );
    check_type(
        "min = 0.0",
        "min = nan",
        "`features.flaps.min` is NaN, expected a number not above `max`",
    );
    check_type(
        "max = 1000.0",
        "max = inf",
        "`features.flaps.max` is inf, expected a number not below `min`",
    );
    check_type(
        "scale = 5.0",
        "scale = 0.0",
        "`features.flaps.scale` is 0, expected a positive number",
    );
    check_type(
        "scale = 5.0",
        "scale = -1.0",
        "`features.flaps.scale` is -1, expected a positive number",
    );
    check_type(
        "center = 10.0",
        "center = inf",
        "`features.flaps.center` is inf, expected a finite number",
    );
    check_type(
        "prior = 0.5\n",
        "prior = 20.5\n",
        "`prior_intercept` is 20.5, expected a number from -20 to 20"
            .replace("prior_intercept", "features.flaps.prior")
            .as_str(),
    );
    check_type(
        "prior = 0.0",
        "prior = 0.1",
        "`actions.remove-link.prior` is 0.1, expected 0 for the first action",
    );
    check_type(
        "prior = -2.0",
        "prior = -20.1",
        "`actions.replace-node.prior` is -20.1, expected a number from -20 to 20",
    );
    check_type("drain-node", "drain_node", &format!("`actions[1].name` is `drain_node`, {kebab}"));
}

#[test]
fn texts_that_are_no_type_say_where() {
    for (text, expected) in [
        (
            TOML.replacen("version", "versoin", 1),
            "line 3, column 1: `versoin`: unknown key `versoin`, did you mean `version`?",
        ),
        (TOML.replacen("version = 1\n", "", 1), "the key `version` is missing"),
        (
            TOML.replacen("version = 1", "version = \"one\"", 1),
            "line 3, column 11: `version`: found the text \"one\", expected a whole number",
        ),
        (TOML.replacen("version = 1", "version = -1", 1), "line 3, column"),
        (TOML.replacen("medium", "huge", 1), "`risk`: unknown choice `huge`, did you mean"),
        (
            TOML.replacen("unit = \"1\"", "unit = \"1\"\nuint = 1", 1),
            "unknown key `uint`, did you mean `unit`?",
        ),
        ("name = ".into(), "line 1"),
        ("\u{0}".into(), "line 1"),
        (format!("x = {}", "[".repeat(100_000)), "line 1, column"),
    ] {
        let error = ScenarioType::from_toml(&text).expect_err("is refused").to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
    let huge = format!("{TOML}\n# {}", "x".repeat(TOML_MAX));
    let error = ScenarioType::from_toml(&huge).expect_err("is refused").to_string();
    assert!(error.ends_with("bytes long, expected at most 1 MiB"), "{error}");
}

#[test]
fn counts_of_features_and_actions_are_limited() {
    let check = |change: &dyn Fn(&mut ScenarioType), expected: &str| {
        let mut definition = scenario_type();
        change(&mut definition);
        let error = definition.validate().expect_err("is refused").to_string();
        assert_eq!(error, format!("scenario type field {expected}"));
    };
    check(&|t| t.features.clear(), "`features` is 0 entries, expected 1 to 48 features");
    check(&|t| t.actions.clear(), "`actions` is 0 entries, expected 1 to 16 actions");
    check(
        &|t| t.features = vec![t.features[0].clone(); 49],
        "`features` is 49 entries, expected 1 to 48 features",
    );
    check(
        &|t| t.actions = vec![t.actions[0].clone(); 17],
        "`actions` is 17 entries, expected 1 to 16 actions",
    );
}

#[track_caller]
fn check_features(named: &[(&str, f64)], expected: &str) {
    let error = scenario_type().raw_from_named(named.iter().copied()).expect_err("is refused");
    assert_eq!(error.to_string(), format!("feature {expected}"));
}

#[test]
fn features_that_do_not_fit_are_named() {
    let declared = "`flaps`, `spare`";
    check_features(&[], &format!("`flaps` is missing; `link-flapping` needs {declared}"));
    check_features(
        &[("flaps", 1.0)],
        &format!("`spare` is missing; `link-flapping` needs {declared}"),
    );
    check_features(
        &[("flaps", 1.0), ("spare", 1.0), ("flops", 1.0)],
        &format!("`flops` is unknown; `link-flapping` declares {declared}"),
    );
    let hostile = "\u{1f4a5}".repeat(10_000);
    let error = scenario_type().raw_from_named([(hostile.as_str(), 0.0)].into_iter());
    assert!(error.expect_err("is refused").to_string().len() < 500, "a message quotes no novel");
    check_features(&[("flaps", f64::NAN)], "`flaps` is NaN, expected a finite number");
    check_features(&[("flaps", f64::NEG_INFINITY)], "`flaps` is -inf, expected a finite number");
    check_features(&[("flaps", 1000.1)], "`flaps` is 1000.1 1/h, expected a value from 0 to 1000");
    check_features(&[("spare", -0.1)], "`spare` is -0.1, expected a value from 0 to 8");
    check_features(
        &[("flaps", 1.0), ("spare", 1.0), ("flaps", 2.0)],
        "`flaps` is given twice, expected one value",
    );
}

#[test]
fn ordered_values_are_checked_like_named_ones() {
    let check = |raw: &[f64], expected: &str| {
        let error = scenario_type().check_raw(raw).expect_err("is refused").to_string();
        assert_eq!(error, format!("feature {expected}"));
    };
    let declared = "`flaps`, `spare`";
    check(&[], &format!("`flaps` is missing; `link-flapping` needs {declared}"));
    check(&[1.0], &format!("`spare` is missing; `link-flapping` needs {declared}"));
    check(&[1.0, 2.0, 3.0], &format!("`#3` is unknown; `link-flapping` declares {declared}"));
    check(&[1.0, f64::NAN], "`spare` is NaN, expected a finite number");
    check(&[-1.0, 2.0], "`flaps` is -1 1/h, expected a value from 0 to 1000");
}

#[test]
fn the_order_in_which_features_are_named_does_not_matter() {
    let definition = scenario_type();
    let one = definition.raw_from_named([("flaps", 15.0), ("spare", 3.0)].into_iter());
    let other = definition.raw_from_named([("spare", 3.0), ("flaps", 15.0)].into_iter());
    assert_eq!(one.as_deref(), Ok(&[15.0, 3.0][..]));
    assert_eq!(one, other);
}

#[test]
fn an_input_is_intercept_standardised_features_and_indicators() {
    let definition = scenario_type();
    assert_eq!(definition.dim(), 5);
    assert_eq!(definition.prior().as_slice(), [0.5, 0.5, 0.25, -1.0, -2.0]);
    let check = |raw: &[f64], action, expected: [f64; 5]| {
        assert_eq!(definition.input(raw, action).expect("fits").as_slice(), expected);
    };
    check(&[15.0, 3.0], 0, [1.0, 1.0, 1.0, 0.0, 0.0]);
    check(&[15.0, 3.0], 1, [1.0, 1.0, 1.0, 1.0, 0.0]);
    check(&[10.0, 2.0], 2, [1.0, 0.0, 0.0, 0.0, 1.0]);
    // One absurd reading does not dominate.
    check(&[1000.0, 0.0], 0, [1.0, STANDARDISED_MAX, -2.0, 0.0, 0.0]);
}

#[test]
fn extreme_scales_stay_within_the_limit() {
    let mut definition = scenario_type();
    let feature = &mut definition.features[0];
    (feature.min, feature.max) = (-1e300, 1e300);
    (feature.center, feature.scale) = (1e300, f64::MIN_POSITIVE);
    definition.validate().expect("is accepted");
    for raw in [-1e300, 0.0, 1e300] {
        let x = definition.input(&[raw, 2.0], 0).expect("fits");
        assert!(x[1].abs() <= STANDARDISED_MAX, "{x:?}");
    }
}

/// A proposal of the world's own type; then it is refused in these words.
#[track_caller]
fn check_words(change: impl FnOnce(&mut NamedProposal<'static>), expected: &str) {
    let world = World::new(Profile::calibrated());
    let mut named = NamedProposal {
        scenario_type: "link-flapping",
        entity: "leaf1",
        site: "",
        action: "remove-link",
        features: Features::Ordered(SURE.as_slice().into()),
        text: Text::default(),
    };
    assert!(resolve(&world.state, named.clone()).is_ok());
    change(&mut named);
    assert_eq!(resolve(&world.state, named).expect_err("is refused").to_string(), expected);
}

fn fact(name: &str, value: FactValue) -> Fact {
    Fact { name: name.into(), value, unit: "1".into(), source: "test".into() }
}

#[test]
fn proposals_that_do_not_fit_are_named() {
    check_words(
        |p| p.scenario_type = "link",
        "scenario type `link` is unknown; known are `link-flapping`",
    );
    check_words(
        |p| p.action = "reboot",
        "action `reboot` is unknown; `link-flapping` declares `remove-link`, `drain-node`",
    );
    check_words(|p| p.entity = "", "`entity` is empty, expected 1 to 256 bytes of printable text");
    check_words(
        |p| p.entity = "\u{1b}]0;pwned\u{7}",
        "`entity` is a text with control characters, expected 1 to 256 bytes of printable text",
    );
    check_words(
        |p| p.site = "s\u{0}",
        "`site` is a text with control characters, expected 0 to 256 bytes of printable text",
    );
    check_words(
        |p| p.text.facts = vec![fact("x", FactValue::Flag(true)); FACTS_MAX + 1],
        "`facts` is 65 entries, expected at most 64",
    );
    check_words(
        |p| p.text.evidence = vec!["x".into(); EVIDENCE_MAX + 1],
        "`evidence` is 33 entries, expected at most 32",
    );
    check_words(
        |p| p.text.evidence = vec!["x".repeat(1025)],
        "`evidence` is 1025 bytes long, expected 1 to 1024 bytes of printable text",
    );
    check_words(
        |p| p.text.correlation = Some(String::new()),
        "`correlation` is empty, expected 1 to 1024 bytes of printable text",
    );
    check_words(
        |p| p.text.target = "t".repeat(257),
        "`action.target` is 257 bytes long, expected 0 to 256 bytes of printable text",
    );
    check_words(
        |p| p.text.facts = vec![fact("rate", FactValue::Number(f64::NAN))],
        "`facts.rate` is NaN, expected a finite number",
    );
    check_words(
        |p| {
            p.text.facts =
                vec![fact("rate", FactValue::Number(0.0)), fact("rate", FactValue::Number(3.0))]
        },
        "`facts.rate` is given twice, expected each fact once",
    );
    check_words(
        |p| p.text.facts = vec![fact("", FactValue::Flag(true))],
        "`facts.name` is empty, expected 1 to 64 bytes of printable text",
    );
    let what_if =
        WhatIf { name: "peak".into(), unit: "%".into(), before: 1.0, after: f64::INFINITY };
    check_words(
        |p| p.text.what_if = vec![what_if],
        "`what_if.peak.after` is inf, expected a finite number",
    );
}

proptest! {
    #[test]
    fn accepted_values_give_a_finite_input_and_score(
        raw in prop::collection::vec(
            prop_oneof![0.0..=8.0f64, -1e3..=2e3f64, Just(f64::NAN), Just(f64::INFINITY), any::<f64>()],
            0..4,
        ),
        action in 0u8..3,
        paper: bool,
    ) {
        let definition = scenario_type();
        let accepted = definition.check_raw(&raw).is_ok();
        prop_assert_eq!(
            accepted,
            raw.len() == 2 && (0.0..=1000.0).contains(&raw[0]) && (0.0..=8.0).contains(&raw[1])
        );
        let profile = if paper { Profile::paper() } else { Profile::calibrated() };
        let mut world = World::new(profile);
        world.order(Command::ActivateScenarioType(Box::new(ScenarioType { name: "other".into(), ..definition.clone() })));
        let action = ["remove-link", "drain-node", "replace-node"][usize::from(action)];
        let raw: Vector = raw.as_slice().into();
        let named = NamedProposal {
            scenario_type: "other",
            entity: "leaf1",
            site: "",
            action,
            features: Features::Ordered(raw),
            text: Text::default(),
        };
        let resolved = resolve(&world.state, named);
        prop_assert_eq!(resolved.is_ok(), accepted);
        if let Ok(proposal) = resolved {
            let Some(Event::DecisionMade(made)) = world.order(Command::Propose(proposal)).into_iter().next() else {
                panic!("a proposal is decided");
            };
            prop_assert!(made.x.iter().all(|x| x.is_finite() && x.abs() <= STANDARDISED_MAX));
            prop_assert_eq!(made.x.len(), definition.dim());
            prop_assert!((0.0..=1.0).contains(&made.score) && (0.0..=1.0).contains(&made.compared));
        }
    }
}
