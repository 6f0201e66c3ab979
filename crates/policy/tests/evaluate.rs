//! Evaluation: memo, VM and interpreter agree; whatever goes wrong denies; stacks and threads hold.

mod support;

use std::time::Duration;

use npo_policy::{
    EVALUATION_STACK_BYTES, EngineChoice, EvalPath, Fact, Input, Limits, RULE_ERROR, RULE_TIMEOUT,
    RULE_UNDEFINED, Spe, Verdict,
};
use proptest::prelude::*;
use support::generate::inputs;
use support::{bundle, checked, limits, loaded, realistic, shipped};

#[test]
fn memo_vm_and_interpreter_agree() {
    let spe = loaded(&shipped(), &limits());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let (allowed, denied) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let outcome = runner.run(&inputs(), |input| {
        let reference = spe.evaluate_by_interpreter(&input);
        let fresh = spe.evaluate_fresh(&input);
        let first = spe.evaluate(&input);
        let again = spe.evaluate(&input);
        prop_assert_eq!(again.path, EvalPath::Memo);
        prop_assert_eq!(fresh.path, EvalPath::Vm);
        for verdict in [&fresh, &first, &again] {
            prop_assert!(verdict.same_decision(&reference), "{:?} is not {:?}", verdict, reference);
        }
        let count = if reference.allow { &allowed } else { &denied };
        count.set(count.get() + 1);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(allowed.get() > 50 && denied.get() > 50, "{allowed:?} allowed, {denied:?} denied");
}

/// What a bundle does not look at cannot change its verdict; what it looks at does reach it.
#[test]
fn the_memo_sees_exactly_the_footprint() {
    let spe = loaded(&shipped(), &limits());
    let base = realistic(1_767_225_600);
    let path = |input: &Input<'_>| spe.evaluate(input).path;
    assert_eq!(path(&base), EvalPath::Vm);
    let changed = |change: &dyn Fn(&mut Input<'static>)| {
        let mut input = base.clone();
        change(&mut input);
        path(&input)
    };
    assert_eq!(changed(&|input| input.source = "another"), EvalPath::Memo);
    assert_eq!(changed(&|input| input.features.clear()), EvalPath::Memo);
    assert_eq!(changed(&|input| input.context.in_flight_total = 99), EvalPath::Memo);
    assert_eq!(changed(&|input| input.now.unix += 1), EvalPath::Vm);
    assert_eq!(changed(&|input| input.scenario.risk = "low"), EvalPath::Vm);
    assert_eq!(
        changed(&|input| input.facts.push(("redundancy_left", Fact::Number(2.0)))),
        EvalPath::Vm
    );
    assert_eq!(
        changed(&|input| input.facts.push(("redundancy_left", Fact::Text("3")))),
        EvalPath::Vm
    );
}

#[test]
fn a_dynamic_reference_widens_the_footprint() {
    let rego = "allow if input.source == \"a\"\n\
        deny contains {\"rule\": name, \"message\": \"is one\"} if { some name, value in input.facts; value == 1 }\n";
    let cases = r#"[{"name": "a", "input": {"source": "a"}, "allow": true},
        {"name": "b", "input": {"source": "a", "facts": {"x": 1}}, "allow": false, "rules": ["x"]}]"#;
    let dir = bundle(rego, "{}", cases);
    let spe = loaded(dir.path(), &limits());
    assert_eq!(spe.footprint().paths(), ["facts", "source"]);
    assert_eq!(*spe.engine(), EngineChoice::Vm);
    let mut input = Input { source: "a", facts: vec![("y", Fact::Number(2.0))], ..realistic(0) };
    assert!(spe.evaluate(&input).allow);
    input.facts.push(("z", Fact::Number(1.0)));
    assert_eq!(spe.evaluate(&input).rules[0].rule, "z");
}

fn judged(rego: &str, input: &Input<'_>, limits: &Limits, expected: &str) -> Verdict {
    let dir = bundle(rego, "{}", "[]");
    let spe =
        Spe::load(&checked(dir.path()).validated().expect("no case fails"), limits).expect("loads");
    let verdict = spe.evaluate(input);
    let ids: Vec<&str> = verdict.rules.iter().map(|hit| hit.rule.as_str()).collect();
    assert_eq!(
        (verdict.allow, ids.join(",").as_str()),
        (expected == "allow", if expected == "allow" { "" } else { expected }),
        "{rego}"
    );
    let again = spe.evaluate(input);
    assert!(again.same_decision(&verdict));
    verdict
}

#[test]
fn whatever_goes_wrong_denies_with_a_stable_id() {
    let input = realistic(1_767_225_600);
    let no_deny =
        "deny contains {\"rule\": \"r\", \"message\": \"m\"} if input.source == \"nobody\"\n";
    let check = |allow: &str, expected: &str| {
        let verdict = judged(&format!("{allow}\n{no_deny}"), &input, &limits(), expected);
        assert_eq!(
            verdict.error.is_some(),
            expected != "allow" && expected != "npo.not_allowed",
            "{allow}"
        );
    };
    check("allow if input.action.name == \"remove-link\"", "allow");
    check("default allow := false", "npo.not_allowed");
    check("allow if input.action.name == \"x\"", RULE_UNDEFINED);
    check("allow := 1", RULE_ERROR);
    check("allow := \"true\"", RULE_ERROR);
    check("allow := {true}", RULE_ERROR);
    check("allow if to_number(input.action.name) == 1", RULE_ERROR);
    check("allow := true if input.source\nallow := false if input.action", RULE_ERROR);

    let deny = |deny: &str, expected: &str| {
        let _ = judged(&format!("allow := true\n{deny}"), &input, &limits(), expected);
    };
    deny("deny contains {\"rule\": \"r\", \"message\": \"m\"}", "r");
    deny(
        "deny contains {\"rule\": \"b\", \"message\": \"m\"}\ndeny contains {\"rule\": \"a\", \"message\": \"z\"}",
        "a,b",
    );
    deny("deny contains \"words only\"", RULE_ERROR);
    deny("deny contains {\"rule\": \"r\"}", RULE_ERROR);
    deny("deny := []", RULE_ERROR);
    deny("deny := {1} if input.source == \"nobody\"", RULE_UNDEFINED);
    // A failing built-in must not switch a denial off.
    deny(
        "deny contains {\"rule\": \"r\", \"message\": \"m\"} if to_number(input.action.name) > 1",
        RULE_ERROR,
    );
}

/// The VM reads a failing built-in as "does not hold", which would switch the denial off.
#[test]
fn a_builtin_that_may_fail_is_left_to_the_interpreter() {
    let check = |condition: &str, words: &str| {
        let rego = format!(
            "allow := true\ndeny contains {{\"rule\": \"r\", \"message\": \"m\"}} if {condition}\n"
        );
        let dir = bundle(&rego, "{}", r#"[{"name": "low", "allow": true}]"#);
        let spe = loaded(dir.path(), &limits());
        match spe.engine() {
            EngineChoice::Interpreter { reason } => assert!(reason.contains(words), "{reason}"),
            EngineChoice::Vm => panic!("the VM was chosen for {condition}"),
        }
        let input = Input { facts: vec![("n", Fact::Text("no number"))], ..realistic(0) };
        let verdict = spe.evaluate(&input);
        assert_eq!(
            (verdict.allow, verdict.rules[0].rule.as_str()),
            (false, RULE_ERROR),
            "{condition}"
        );
    };
    check("to_number(input.facts.n) > 1", "a call of `to_number` that may fail");
    check("1 / input.facts.n > 1", "a division that may fail");
    // Failures by type come out in the probes, although no case has the fact.
    check("abs(input.facts.n) > 1", "case `low (`n` as a text)` differs");
    check("input.facts.n - 1 > 1", "case `low (`n` as a text)` differs");
}

#[test]
fn input_out_of_bounds_denies() {
    let spe = loaded(&shipped(), &limits());
    let long = "x".repeat(5000);
    for input in [
        Input { features: vec![("load", f64::NAN)], ..realistic(0) },
        Input { facts: vec![("load", Fact::Number(f64::INFINITY))], ..realistic(0) },
        Input { facts: vec![("f", Fact::Bool(true)); 300], ..realistic(0) },
        Input { source: &long, ..realistic(0) },
    ] {
        let verdict = spe.evaluate(&input);
        assert_eq!((verdict.allow, verdict.rules[0].rule.as_str()), (false, RULE_ERROR));
    }
    assert_eq!(spe.memo_len(), 0);
}

#[test]
fn running_past_a_limit_denies_and_is_not_remembered() {
    // Work grows with a feature, so the bundle's cases are quick and a later input is not.
    let rego = "allow := true\nxs contains x if { some x in numbers.range(1, 400); x <= input.features.n }\n\
        deny contains {\"rule\": \"r\", \"message\": \"m\"} if { some a in xs; some b in xs; some c in xs; a + b + c == -1 }\n";
    let slow = Input { features: vec![("n", 400.0)], ..realistic(0) };
    let check = |cases: &str, path: EvalPath| {
        let dir = bundle(rego, "{}", cases);
        let limits = Limits { evaluation_ms_max: 100, ..limits() };
        let generous = Limits { evaluation_ms_max: 60_000, ..limits.clone() };
        let report =
            npo_policy::check(dir.path(), support::child(), &generous).expect("comes through");
        let spe = Spe::load(&report.validated().expect("cases pass"), &limits).expect("loads");
        let start = std::time::Instant::now();
        let verdict = spe.evaluate(&slow);
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        assert_eq!(
            (verdict.allow, verdict.rules[0].rule.as_str(), verdict.path),
            (false, RULE_TIMEOUT, path)
        );
        assert!(verdict.error.is_some());
        assert_eq!(spe.memo_len(), 0);
        let quick = Input { features: vec![("n", 2.0)], ..realistic(0) };
        assert!(spe.evaluate(&quick).allow, "the machine works again after a time-out");
    };
    check("[]", EvalPath::Interpreter);
}

#[test]
fn the_vm_stops_at_its_instruction_limit() {
    let validated = checked(&shipped()).validated().expect("cases pass");
    let spe = Spe::load(&validated, &Limits { instructions_max: 20, ..limits() }).expect("loads");
    let verdict = spe.evaluate(&realistic(0));
    assert_eq!(
        (verdict.allow, verdict.rules[0].rule.as_str(), verdict.path),
        (false, RULE_TIMEOUT, EvalPath::Vm)
    );
    assert_eq!(spe.memo_len(), 0);
}

#[test]
fn failing_cases_keep_a_bundle_out() {
    let dir = bundle(
        "allow := true\ndeny := set()\n",
        "{}",
        r#"[{"name": "n", "allow": false, "rules": ["x"]}]"#,
    );
    let report = checked(dir.path());
    assert!(!report.passed());
    assert_eq!(
        (report.findings.cases[0].name.as_str(), report.findings.cases[0].allow),
        ("n", true)
    );
    assert!(report.validated().is_none());
}

#[test]
fn where_the_vm_differs_the_interpreter_runs() {
    let check = |rego: &str, cases: &str, words: &str| {
        let dir = bundle(&format!("{rego}\ndeny := set()\n"), "{}", cases);
        match checked(dir.path()).findings.engine {
            EngineChoice::Interpreter { reason } => assert!(reason.contains(words), "{reason}"),
            EngineChoice::Vm => panic!("the VM was chosen for {rego}"),
        }
    };
    let yes = r#"[{"name": "yes", "allow": true}]"#;
    check(
        "allow if size(input) == 0\ndefault size(_) := 0\nsize(x) := 1 if x == 1",
        yes,
        "a default function",
    );
    check("allow if limit.low == 1\nlimit.low := 1", yes, "a rule head that is a reference");
    check(
        "allow if n > 0\nn := 1 if input.source == \"\"\nn := 2 if input.source == \"x\"",
        yes,
        "may conflict",
    );
    check("allow := true", "[]", "no cases");
}

/// The longest chain that is let through, on exactly the stack that callers are told to have.
#[test]
fn the_documented_stack_is_enough() {
    let limits = limits();
    let depth = limits.call_depth_max - 3;
    let mut rego = String::from("allow if f0(1)\ndeny := set()\n");
    for i in 0..depth {
        rego += &format!(
            "f{i}(x) if {{ every y in [x] {{ count([z | some z in [y]; f{}(z)]) == 1 }} }}\n",
            i + 1
        );
    }
    rego += &format!("f{depth}(x) if x == 1\n");
    let yes = r#"[{"name": "yes", "allow": true}]"#;
    let dir = bundle(&rego, "{}", yes);
    let spe = loaded(dir.path(), &limits);
    let run = || (spe.evaluate_fresh(&realistic(0)), spe.evaluate_by_interpreter(&realistic(0)));
    let (fresh, reference) = std::thread::scope(|scope| {
        let thread =
            std::thread::Builder::new().stack_size(EVALUATION_STACK_BYTES).spawn_scoped(scope, run);
        thread.expect("thread").join().expect("no overflow")
    });
    assert!(fresh.allow && reference.allow, "{fresh:?} {reference:?}");
}

#[test]
fn many_threads_get_the_same_verdicts() {
    let spe = loaded(&shipped(), &limits());
    let expected: Vec<Verdict> =
        (0..50).map(|i| spe.evaluate_by_interpreter(&realistic(i * 977))).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..3 {
                    for (i, expected) in (0i64..).zip(&expected) {
                        let verdict = spe.evaluate(&realistic(i * 977));
                        assert!(verdict.same_decision(expected), "round {round}, input {i}");
                    }
                }
            });
        }
    });
}
