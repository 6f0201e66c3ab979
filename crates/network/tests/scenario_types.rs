//! The shipped scenario types are well formed, and those of watchers are all there.

mod common;

use std::collections::BTreeSet;

use common::scenario_types;

#[test]
fn shipped_types_are_well_formed() {
    let types = scenario_types();
    let names: Vec<&str> = types.keys().map(String::as_str).collect();
    let expected = [
        "alert",
        "error-growth",
        "interface-down",
        "link-flapping",
        "link-imbalance",
        "session-loss",
        "silent-drops",
    ];
    assert_eq!(names, expected);
    for (name, kind) in &types {
        assert!(
            kind.version >= 1 && !kind.title.is_empty() && !kind.description.is_empty(),
            "{name}"
        );
        assert!(["low", "medium", "high", "critical"].contains(&kind.risk.as_str()), "{name}");
        assert!(
            kind.expires_after_s > 0
                && kind.override_cost > 0.0
                && kind.prior_intercept.is_finite(),
            "{name}"
        );
        assert!((4..=8).contains(&kind.features.len()), "{name}");
        let features: BTreeSet<&str> =
            kind.features.iter().map(|feature| feature.name.as_str()).collect();
        assert_eq!(features.len(), kind.features.len(), "{name}");
        for feature in &kind.features {
            let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(
                feature.name.starts_with(|c: char| c.is_ascii_lowercase())
                    && feature.name.chars().all(is_name)
            );
            assert!(
                feature.min < feature.max && feature.scale > 0.0 && feature.prior.abs() <= 3.0,
                "{}",
                feature.name
            );
            assert!((feature.min..=feature.max).contains(&feature.center), "{}", feature.name);
            assert!(
                !feature.title.is_empty()
                    && !feature.unit.is_empty()
                    && !feature.description.is_empty()
            );
        }
        assert_eq!(kind.actions[0].prior, 0.0, "{name}");
        for action in &kind.actions {
            assert!(
                !action.title.is_empty()
                    && !action.description.is_empty()
                    && action.prior.is_finite(),
                "{name}"
            );
        }
        assert!(kind.actions.len() == 2 && kind.actions[0].reversible, "{name}");
    }
}
