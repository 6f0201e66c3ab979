//! The shipped bundle: its own cases pass, the VM may run it, and ordinary proposals get through at any hour.

mod support;

use npo_policy::{Action, EngineChoice, EvalPath, Fact, Limits, Now, Scenario};
use support::{checked, limits, loaded, realistic, shipped};

#[test]
fn its_cases_pass_on_both_paths() {
    let report = checked(&shipped());
    for case in &report.findings.cases {
        assert!(case.passed, "{case:#?}");
    }
    assert_eq!(report.findings.engine, EngineChoice::Vm);
    assert!(report.findings.warnings.is_empty(), "{:?}", report.findings.warnings);
    let rules = [
        "action-allow-list",
        "redundancy",
        "blast-radius",
        "cut-off",
        "overload",
        "maintenance-window",
        "change-freeze",
        "protected-link",
        "site-concurrency",
    ];
    for rule in rules {
        let named =
            |allow: bool| {
                report.findings.cases.iter().any(|case| {
                    case.allow == allow && case.rules.iter().any(|hit| hit.rule == rule)
                })
            };
        assert!(named(true) && named(false), "`{rule}` has a case on each side");
    }
    let expected = [
        "now.unix",
        "now.minute_of_day",
        "now.weekday",
        "scenario.type",
        "scenario.entity",
        "scenario.site",
        "scenario.risk",
        "action.name",
        "action.target",
        "facts.blast_radius_gbps",
        "facts.blast_radius_share",
        "facts.cut_off_gbps",
        "facts.max_utilisation_after",
        "facts.overloaded_links_after",
        "facts.redundancy_left",
        "context.in_flight.site",
    ];
    assert_eq!(report.findings.footprint, expected);
    eprintln!(
        "{} cases, {} comparisons, {} rules, call depth {}, parsed in {} us",
        report.findings.cases.len(),
        report.findings.compared,
        report.findings.rules,
        report.findings.call_depth,
        report.findings.parse_us
    );
}

#[test]
fn ordinary_proposals_are_allowed_at_any_hour() {
    let spe = loaded(&shipped(), &Limits::default());
    let actions = [
        ("link-imbalance", ["rebalance-ecmp", "shift-traffic"]),
        ("link-flapping", ["remove-link", "dampen-link"]),
        ("interface-down", ["restore-link", "drain-peer"]),
        ("session-loss", ["reset-session", "remove-link"]),
        ("error-growth", ["remove-link", "replace-optics-ticket"]),
        ("silent-drops", ["remove-link", "investigate-ticket"]),
        ("alert", ["notify-owner", "run-playbook"]),
    ];
    for hour in 0..7 * 24 {
        for (kind, names) in actions {
            for name in names {
                let mut input = realistic(1_767_225_600);
                input.now = Now::from_unix(1_767_225_600 + hour * 3600);
                input.scenario = Scenario { kind, ..input.scenario };
                input.action = Action { name, ..input.action };
                let verdict = spe.evaluate(&input);
                assert!(verdict.allow, "{kind}/{name} at hour {hour}: {:?}", verdict.rules);
            }
        }
    }
}

#[test]
fn a_missing_fact_is_named() {
    let spe = loaded(&shipped(), &limits());
    let mut input = realistic(1_767_225_600);
    input.facts.retain(|(name, _)| *name != "redundancy_left");
    let verdict = spe.evaluate(&input);
    assert!(!verdict.allow);
    assert_eq!(verdict.rules.len(), 1);
    assert_eq!(verdict.rules[0].rule, "redundancy");
    assert!(verdict.rules[0].message.contains("`redundancy_left`"), "{}", verdict.rules[0].message);
    assert_eq!(verdict.error, None);
    assert_eq!((verdict.path, spe.evaluate(&input).path), (EvalPath::Vm, EvalPath::Memo));

    input.facts.push(("redundancy_left", Fact::Number(0.0)));
    let verdict = spe.evaluate(&input);
    assert_eq!(verdict.rules[0].message, "0 links would remain in the group, expected at least 1");
}
