//! Bundles that end, stall or fool a process that trusts them: each is refused in words, soon.

mod support;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use npo_policy::{CheckError, Limits, check};
use support::child;

/// How soon a refusal must come; the child's own limit is below it.
const SOON: Duration = Duration::from_secs(10);

fn limits() -> Limits {
    Limits { child_ms_max: 6_000, ..Limits::default() }
}

fn check_refused(dir: &Path, words: &str) {
    let start = Instant::now();
    let found = check(dir, child(), &limits());
    let elapsed = start.elapsed();
    let name = dir.display();
    let error = match found {
        Err(error) => error,
        Ok(report) => panic!("{name} was not refused: {:?}", report.findings),
    };
    let said = error.to_string();
    assert!(said.contains(words), "{name}: said `{said}`, expected `{words}`");
    assert!(!said.contains('\n'), "{name}: more than a line: {said}");
    assert!(elapsed < SOON, "{name}: refused only after {elapsed:?}");
    eprintln!("{:>6} ms  {said}", elapsed.as_millis());
}

#[test]
fn every_killer_is_refused_in_words() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/killers");
    let table = [
        ("recursion", "npo.policy.count_down -> npo.policy.count_down"),
        ("mutual-recursion", "npo.policy.even -> npo.policy.odd -> npo.policy.even"),
        (
            "rule-cycle",
            "npo.policy.first -> npo.policy.second -> npo.policy.third -> npo.policy.first",
        ),
        ("package-cycle", "npo.policy.deny -> npo.policy.deny"),
        ("dynamic-cycle", "npo.policy.deny -> npo.policy.deny"),
        ("nested-arrays", "brackets at policy.rego:7:17 nest deeper than 8"),
        ("nested-objects", "brackets at policy.rego:7:57 nest deeper than 8"),
        ("nested-mixed", "nest deeper than 8"),
        ("cidr-expand", "`net.cidr_expand` at policy.rego:7:54"),
        ("huge-range", "`numbers.range` at policy.rego:7:54"),
        ("input-range", "its bounds must be literal numbers at most 10000 apart"),
        ("shadowed-range", "`numbers.range_step`"),
        ("product", "ran past the limit of 250 ms"),
        ("product-objects", "ran past the limit of 250 ms"),
        ("doubling", "bytes of memory"),
        ("long-operators", "nested deeper than 128"),
        ("sprintf-width", "`sprintf` at policy.rego:7:48 is refused: its format must be a literal"),
        ("sprintf-input", "`sprintf` at policy.rego:7:48"),
        ("clock", "reads the clock"),
        ("network", "reaches the network"),
        ("random", "is random"),
        ("with", "`with` is not for policies"),
        ("long-chain", "rules call each other 202 deep, expected at most 48"),
        ("parse-error", "policy.rego:9:1"),
        ("no-deny", "no rule `data.npo.policy.deny`"),
        ("data-over-rules", "`npo` at the top is the place of rules"),
        ("deep-data", "`data.json`: recursion limit exceeded"),
    ];
    for (name, words) in table {
        check_refused(&corpus.join(name), words);
    }
    let on_disk = fs::read_dir(&corpus).expect("corpus").count();
    assert_eq!(on_disk, table.len(), "every killer on disk has its line in the table");
}

#[test]
fn files_that_are_too_large_or_no_text_never_reach_the_child() {
    let refused = |file: &str, bytes: &[u8], words: &str| {
        let dir = support::bundle("default allow := false\n", "{}", "[]");
        fs::write(dir.path().join(file), bytes).expect("bundle file");
        check_refused(dir.path(), words);
    };
    refused(
        "large.rego",
        &vec![b'#'; 50 * 1024 * 1024],
        "`large.rego` has 52428800 bytes, expected at most 1048576",
    );
    refused("data.json", &vec![b' '; 50 * 1024 * 1024], "`data.json` has 52428800 bytes");
    refused("latin1.rego", b"package caf\xe9\n", "`latin1.rego` is not UTF-8 at byte 11");
}

#[test]
fn a_child_that_cannot_be_run_refuses() {
    let dir = support::bundle("default allow := false\n", "{}", "[]");
    let found = check(dir.path(), std::process::Command::new("/nonexistent/child"), &limits());
    assert!(matches!(found, Err(CheckError::Child(_))), "{found:?}");
}
