//! Judging by parts says what judging the whole says, whichever of the parts are remembered.

mod support;

use npo_policy::{EngineChoice, EvalPath, Fact, Input, Limits, Now, Spe};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use support::generate::inputs;
use support::{bundle, checked, limits, loaded, realistic, shipped};

/// Groups of parts that a bundle was divided into; one where it was not.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Groups(usize);

/// An input, which parts of it to take from the one before instead, and one of few moments.
fn steps() -> impl Strategy<Value = (Input<'static>, [bool; 6], Option<i64>)> {
    let moment = prop::option::weighted(0.7, 1_767_225_600i64..1_767_225_603);
    (inputs(), prop::array::uniform6(prop::bool::weighted(0.8)), moment)
}

fn take_over(input: &mut Input<'static>, from: &Input<'static>, parts: [bool; 6]) {
    let [scenario, action, subject, facts, context, source] = parts;
    if scenario {
        input.scenario = from.scenario;
    }
    if action {
        input.action.name = from.action.name;
    }
    if subject {
        input.action.target = from.action.target;
        input.scenario.entity = from.scenario.entity;
    }
    if facts {
        input.facts.clone_from(&from.facts);
    }
    if context {
        input.context = from.context;
    }
    if source {
        input.source = from.source;
    }
}

/// Compares memo, parts, whole and interpreter on inputs that resemble the one before.
///
/// Returns how often each number of parts was learned by one evaluation.
fn agree(spe: &Spe, cases: u32) -> Vec<usize> {
    assert_eq!(*spe.engine(), EngineChoice::Vm);
    let mut runner =
        TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..Default::default() });
    let last = std::cell::RefCell::new(realistic(1_767_225_600));
    let learned = std::cell::RefCell::new(vec![0; 32]);
    let outcome = runner.run(&steps(), |(mut input, parts, moment)| {
        take_over(&mut input, &last.borrow(), parts);
        if let Some(unix) = moment {
            input.now = Now::from_unix(unix);
        }
        let before = spe.memo_len();
        let verdict = spe.evaluate(&input);
        // Old entries may have been dropped for new ones.
        let new = spe.memo_len().saturating_sub(before);
        learned.borrow_mut()[new] += 1;
        prop_assert_eq!(verdict.path == EvalPath::Memo, new == 0, "{:?}", input);
        let again = spe.evaluate(&input);
        prop_assert_eq!(again.path, EvalPath::Memo);
        let fresh = spe.evaluate_fresh(&input);
        prop_assert_eq!(fresh.path, EvalPath::Vm);
        let reference = spe.evaluate_by_interpreter(&input);
        for other in [&verdict, &again, &fresh] {
            let same = other.same_decision(&reference);
            prop_assert!(same, "{:?} is not {:?} for {:?}", other, reference, input);
        }
        *last.borrow_mut() = input;
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    learned.into_inner()
}

#[test]
fn parts_whole_and_interpreter_agree_on_the_shipped_bundle() {
    // Room enough that nothing is dropped, so that what was learned can be counted.
    let spe = loaded(&shipped(), &Limits { memo_entries_max: 1 << 20, ..limits() });
    let learned = agree(&spe, 3000);
    for parts in 0..=7 {
        assert!(learned[parts] > 0, "{parts} parts were never learned at once: {learned:?}");
    }
}

#[test]
fn little_room_changes_nothing() {
    for entries in [0, 64, 256] {
        let spe = loaded(&shipped(), &Limits { memo_entries_max: entries, ..limits() });
        let mut runner = TestRunner::new(ProptestConfig {
            cases: 300,
            failure_persistence: None,
            ..Default::default()
        });
        let outcome = runner.run(&inputs(), |input| {
            for _ in 0..2 {
                let verdict = spe.evaluate(&input);
                prop_assert!(verdict.same_decision(&spe.evaluate_by_interpreter(&input)));
            }
            prop_assert!(spe.memo_len() <= entries);
            Ok(())
        });
        assert_eq!(outcome, Ok(()), "with room for {entries}");
    }
}

/// Loads a bundle, sees into how many parts it falls, and that it agrees with itself.
fn check(rego: &str, expected: Groups) {
    let cases = r#"[{"name": "known", "allow": true, "input": {"source": "proptest", "scenario": {"type": "alert", "entity": "leaf1",
            "risk": "low"}, "action": {"name": "notify-owner", "target": "leaf3--spine2"}}}]"#;
    let data = r#"{"limits": {"low": 1, "high": 40}, "names": ["oob-1", "leaf3--spine2"]}"#;
    let dir = bundle(&format!("{ALLOW}{rego}"), data, cases);
    let report = checked(dir.path());
    let limits = Limits { memo_entries_max: 1 << 20, ..limits() };
    assert!(report.passed(), "{rego}: {:?}", report.findings);
    let validated = report.validated().expect("passed");
    let spe = Spe::load(&validated, &limits).expect("loads");
    assert_eq!(*spe.engine(), EngineChoice::Vm, "{rego}");
    let _ = spe.evaluate(&realistic(1_767_225_600));
    assert_eq!(Groups(spe.memo_len()), expected, "{rego}");
    let learned = agree(&spe, 400);
    let some_remembered: usize = learned[..expected.0].iter().sum();
    let some_learned: usize = learned[1..].iter().sum();
    assert!(some_remembered > 10 && some_learned > 10, "{rego}: {learned:?}");
}

const ALLOW: &str =
    "default allow := false\nallow if input.source in {\"proptest\", \"telemetry-watcher\"}\n";

/// A denial by entity and one by measured value, to be put beside others.
const TWO: &str = "deny contains {\"rule\": \"name\", \"message\": \"m\"} if input.scenario.entity == \"oob-1\"\n\
    deny contains {\"rule\": \"load\", \"message\": sprintf(\"%v\", [input.facts.blast_radius_gbps])} if { is_number(input.facts.blast_radius_gbps); input.facts.blast_radius_gbps > data.limits.high }\n";

#[test]
fn bundles_of_many_kinds_agree_with_themselves() {
    check(TWO, Groups(3));
    // Helpers that parts share are followed into what they see.
    check(
        &format!(
            "{TWO}guarded if input.action.target in data.names\nlarge(x) if {{ is_number(x); x >= data.limits.low }}\n\
            deny contains {{\"rule\": \"a\", \"message\": \"m\"}} if {{ guarded; input.scenario.entity == \"\" }}\n\
            deny contains {{\"rule\": \"b\", \"message\": \"m\"}} if {{ guarded; large(input.facts.redundancy_left) }}\n\
            passed contains \"b\" if guarded\n"
        ),
        Groups(4),
    );
    check(
        &format!(
            "{TWO}deny contains {{\"rule\": level, \"message\": \"m\"}} if {{ level != \"none\"; input.context.in_flight.site > 1 }}\n\
            level := \"high\" if {{ is_number(input.facts.redundancy_left); input.facts.redundancy_left > 1 }} else := \"some\" if {{ is_number(input.facts.redundancy_left); input.facts.redundancy_left > 0 }} else := \"none\"\n"
        ),
        Groups(4),
    );
    check(
        &format!(
            "{TWO}deny contains {{\"rule\": name, \"message\": \"m\"}} if {{ some name, value in input.facts; value == 1 }}\n\
            deny contains {{\"rule\": \"none\", \"message\": \"m\"}} if {{ input.scenario.risk == \"purple\"; not input.facts.redundancy_left }}\n\
            passed contains name if {{ some name in data.names; name != input.action.target }}\n\
            passed contains \"load\" if input.facts.other\n"
        ),
        Groups(4),
    );
    check(
        &format!(
            "{TWO}deny contains {{\"rule\": \"many\", \"message\": \"m\"}} if count([name | some name; input.facts[name] == 1]) > 0\n\
            deny contains {{\"rule\": \"every\", \"message\": \"m\"}} if {{ every name in data.names {{ name != input.action.target }} }}\n\
            deny contains {{\"rule\": \"set\", \"message\": \"m\"}} if input.now.weekday in {{day | some day in [0, 1]; day != input.context.in_flight.site}}\n"
        ),
        Groups(5),
    );
    // The whole input is seen by one part, which no other need join.
    check(
        &format!(
            "{TWO}deny contains {{\"rule\": \"all\", \"message\": \"m\"}} if count(input) < 3\n"
        ),
        Groups(4),
    );
    check(
        &format!(
            "{TWO}as_text(x) := sprintf(\"%v\", [x])\n\
            deny contains {{\"rule\": \"all\", \"message\": \"m\"}} if contains(as_text(input), \"oob-1\")\n"
        ),
        Groups(4),
    );
    // Equal members from two parts are one; members that differ in what is not shown are two.
    check(
        &format!(
            "{TWO}deny contains {{\"rule\": \"name\", \"message\": \"m\"}} if input.facts.redundancy_left\n\
            deny contains {{\"rule\": \"name\", \"message\": \"m\", \"level\": 1}} if input.context.in_flight.site > 2\n\
            passed contains \"x\" if input.facts.other\npassed contains \"x\"\npassed contains \"y\" if input.scenario.entity == \"\"\n"
        ),
        Groups(6),
    );
}

#[test]
fn what_cannot_be_divided_is_remembered_whole() {
    check(&format!("{TWO}quiet if count(deny) == 0\n"), Groups(1));
    check(&format!("{TWO}seen if data.npo.policy.passed\npassed contains \"x\"\n"), Groups(1));
    check(&format!("{TWO}passed := {{\"x\"}}\n"), Groups(1));
    // A name of ours in the text.
    check(&format!("{TWO}npo_part_1 := 1\n"), Groups(1));
    // Nothing to gain.
    check(
        "deny contains {\"rule\": \"r\", \"message\": \"m\"} if input.action.name == \"?\"\n",
        Groups(1),
    );
}

/// The groups share one limit, so that they never answer where the whole would have run out.
#[test]
fn the_instruction_limit_is_that_of_the_whole() {
    let rego = format!(
        "{ALLOW}{TWO}xs contains x if {{ is_number(input.facts.other); some x in numbers.range(1, 40); x <= input.facts.other }}\n\
        deny contains {{\"rule\": \"c\", \"message\": \"m\"}} if {{ some a in xs; some b in xs; a + b == -1 }}\n"
    );
    let dir = bundle(
        &rego,
        r#"{"limits": {"high": 40}}"#,
        r#"[{"name": "yes", "allow": true, "input": {"source": "proptest"}}]"#,
    );
    let validated = checked(dir.path()).validated().expect("its case passes");
    let timed_out = |limits: &Limits, fact: f64| {
        let spe = Spe::load(&validated, limits).expect("loads");
        assert_eq!(*spe.engine(), EngineChoice::Vm);
        let input = Input { facts: vec![("other", Fact::Number(fact))], ..realistic(0) };
        let (verdict, whole) = (spe.evaluate(&input), spe.evaluate_fresh(&input));
        assert!(verdict.same_decision(&whole), "{fact}: {verdict:?} is not {whole:?}");
        if !verdict.allow {
            assert_eq!(spe.memo_len(), 0);
        }
        !whole.allow
    };
    let mut outcomes = Vec::new();
    for instructions_max in [100, 200, 400, 800, 1600, 3200, 6400] {
        let limits = Limits { instructions_max, ..limits() };
        for fact in 0..30 {
            outcomes.push(timed_out(&limits, f64::from(fact)));
        }
    }
    assert!(outcomes.contains(&true) && outcomes.contains(&false));
}
