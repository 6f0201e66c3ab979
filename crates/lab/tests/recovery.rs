//! The recovery experiment: reproducible whatever the threads, and its methods differ where they must.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use npo_lab::recovery::{Method, RecoveryRecord, Settings, lines, page, rows, run_all};
use npo_lab::shipped;

fn settings(set: &[(&str, &str)]) -> Settings {
    let text = shipped::experiment("recovery").expect("it is shipped");
    assert!(Settings::is_meant(text));
    let owned: Vec<(String, String)> =
        set.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    Settings::read(text, &owned).expect("it is sound")
}

fn small() -> Settings {
    settings(&[
        ("seeds.count", "2"),
        ("hours", "6.0"),
        ("from_hour", "1.0"),
        ("fabric.leaves", "4"),
        ("fabric.spines", "2"),
        ("fabric.trouble_every_s", "300.0"),
    ])
}

fn run(settings: &Settings, threads: usize) -> Vec<RecoveryRecord> {
    run_all(settings, threads, &AtomicBool::new(false), || ()).expect("no order is refused")
}

#[test]
fn methods_differ_where_they_must_and_threads_change_nothing() {
    let settings = small();
    let records = run(&settings, 1);
    let again = run(&settings, 3);
    let bytes = |records: &[RecoveryRecord]| serde_json::to_vec(records).expect("numbers");
    assert!(bytes(&records) == bytes(&again), "threads change what comes out");
    assert_eq!(records.len(), Method::ALL.len() * 2);
    let rows = rows(&records);
    let numbers: BTreeMap<&str, BTreeMap<&str, f64>> = rows
        .iter()
        .map(|row| {
            let means = row.numbers.iter().map(|(name, number)| (name.as_str(), number.mean));
            (row.method.as_str(), means.collect())
        })
        .collect();
    println!("{numbers:#?}");
    let of = |method: &str, name: &str| numbers[method][name];
    assert_eq!(of("nothing", "actions_per_day"), 0.0);
    assert_eq!(of("nothing", "asked_per_day"), 0.0);
    // Every alert is acted upon without a person.
    assert_eq!(of("every-alert", "actions_per_day"), of("every-alert", "automatic_per_day"));
    assert_eq!(of("every-alert", "asked_per_day"), 0.0);
    assert!(of("every-alert", "needless_per_day") > of("npo", "needless_per_day"));
    // People who are asked by npo do what they affirm, and nothing else is done.
    assert!(of("npo-only", "asked_per_day") >= of("npo-only", "actions_per_day"));
    assert_eq!(of("npo", "automatic_per_day"), 0.0);
    // Whoever acts on what can be cured is quicker than nobody.
    for method in ["npo", "every-alert", "people-alone"] {
        assert!(of(method, "curable_mean_s") < of("nothing", "curable_mean_s"), "{method}");
    }
    let page = page(&settings, &records);
    let text = page.replace("<code>", "").replace("</code>", "").replace("&#39;", "'");
    for line in lines(&settings) {
        assert!(text.contains(&line.replace('`', "")), "every assumption is on the page: {line}");
    }
}

#[test]
fn a_wrong_file_is_told_with_its_place_and_without_types() {
    let text = shipped::experiment("recovery").expect("it is shipped");
    let check = |from: &str, to: &str, expected: &str| {
        assert!(text.contains(from), "the experiment has `{from}`");
        let error = Settings::read(&text.replacen(from, to, 1), &[]).expect_err(to).to_string();
        assert_eq!(error, expected, "{to}");
    };
    let line = |line: &str| text.lines().position(|found| found == line).expect(line) + 1;
    let at =
        |column: usize, what: &str| format!("line {}, column {column}: {what}", line("hours = 60"));
    check(
        "hours = 60",
        "hours = \"60\"",
        &at(9, "`hours`: found the text \"60\", expected a number"),
    );
    check("hours = 60", "hors = 60", &at(1, "`hors`: unknown key `hors`, did you mean `hours`?"));
    check("hours = 60", "hours = 0", &at(1, "`hours`: found 0, expected a number from 1 to 10000"));
    check("hours = 60", "hours = ", &at(9, "found nothing, expected a value"));
    check("hours = 60", "", "the key `hours` is missing");
    let people = line("[people]");
    check(
        "[people]",
        "[peple]",
        &format!("line {people}, column 2: `peple`: unknown key `peple`, did you mean `people`?"),
    );
    check(
        "right = 0.9\n",
        "",
        &format!("line {people}, column 1: `people`: the key `right` is missing"),
    );
    // What is set from outside has no line.
    let set = |key: &str, value: &str, expected: &str| {
        let set = [(key.to_owned(), value.to_owned())];
        assert_eq!(Settings::read(text, &set).expect_err(key).to_string(), expected);
    };
    set("people.rigt", "1", "`people.rigt`: unknown key `rigt`, did you mean `right`?");
    set("seeds", "3", "`seeds`: found `3`, expected a table");
}

#[test]
fn settings_out_of_range_are_refused() {
    let check = |key: &str, value: &str, message: &str| {
        let text = shipped::experiment("recovery").expect("it is shipped");
        let error = Settings::read(text, &[(key.to_owned(), value.to_owned())])
            .expect_err("out of range")
            .to_string();
        assert!(error.contains(message), "{error}");
    };
    check("people.right", "0.2", "`people.right`: found 0.2, expected a number from 0.5 to 1");
    check("hours", "0.0", "`hours`: found 0, expected a number from 1 to 10000");
    check("people.wrong", "1", "`people.wrong`: unknown key `wrong`, expected one of `operators`");
    check("fabric.leaves", "1", "no fabric can be made");
    check("people.sigma", "much", "`people.sigma`: found the text \"much\", expected a number");
}
