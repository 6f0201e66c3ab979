//! Inputs by chance.

use npo_policy::{Action, Context, Fact, Input, Now, Scenario};
use proptest::prelude::*;

/// Values near the edges of the shipped rules, so that every rule goes both ways.
pub fn inputs() -> impl Strategy<Value = Input<'static>> {
    let kinds = prop::sample::select(vec![
        "link-imbalance",
        "link-flapping",
        "interface-down",
        "session-loss",
        "error-growth",
        "alert",
        "?",
    ]);
    let actions = prop::sample::select(vec![
        "rebalance-ecmp",
        "shift-traffic",
        "remove-link",
        "dampen-link",
        "restore-link",
        "drain-peer",
        "reset-session",
        "replace-optics-ticket",
        "notify-owner",
        "run-playbook",
        "?",
    ]);
    let entities =
        || prop::sample::select(vec!["leaf3--spine2", "oob-1", "example-protected-link", ""]);
    let risks = prop::sample::select(vec!["low", "medium", "high", "critical", "purple"]);
    let numbers =
        prop::sample::select(vec![-1.0, 0.0, 0.1, 0.5, 1.0, 2.0, 40.0, 40.5, 400.0, 1e18]);
    let fact = prop_oneof![
        6 => numbers.prop_map(Fact::Number),
        1 => any::<bool>().prop_map(Fact::Bool),
        1 => Just(Fact::Text("1")),
    ];
    let names = prop::sample::select(vec![
        "redundancy_left",
        "blast_radius_gbps",
        "blast_radius_share",
        "other",
    ]);
    let facts = prop::collection::vec((names, fact), 0..6);
    let unix = prop_oneof![
        2 => 1_767_225_600i64..1_767_225_600 + 7 * 86_400,
        1 => 1_734_652_790i64..1_734_652_810,
    ];
    (kinds, actions, entities(), entities(), risks, facts, unix, 0u64..6).prop_map(
        |(kind, action, entity, target, risk, facts, unix, in_flight_site)| Input {
            now: Now::from_unix(unix),
            scenario: Scenario { kind, entity, site: "fra1", risk },
            action: Action { name: action, target },
            features: vec![("x", unix as f64)],
            facts,
            context: Context { in_flight_site, in_flight_total: 7 },
            source: "proptest",
        },
    )
}
