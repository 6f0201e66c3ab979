//! Folders as the runner leaves them, whole and broken.

use std::fs;

use super::sample::{PAPER, REGIMES, Shape};
use super::*;

fn folder(shape: &Shape, lines: &[String], tail: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(EXPERIMENT_FILE), shape.experiment()).unwrap();
    let mut text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    text.push_str(tail);
    fs::write(folder.path().join(RUNS_FILE), text).unwrap();
    folder
}

fn lines(shape: &Shape) -> Vec<String> {
    shape.runs().iter().map(|run| serde_json::to_string(run).unwrap()).collect()
}

#[test]
fn the_order_of_lines_does_not_matter() {
    let lines = lines(&PAPER);
    let mut turned = lines.clone();
    turned.reverse();
    turned.rotate_left(17);
    turned.push(lines[0].clone()); // Done twice, with the same result.
    let read = |lines: &[String]| Results::load(folder(&PAPER, lines, "").path()).unwrap();
    let (a, b) = (read(&lines), read(&turned));
    assert_eq!(a.runs, b.runs);
    assert_eq!(a.summary("delta", "full", "loss"), b.summary("delta", "full", "loss"));
    assert_eq!(a.methods(), PAPER.methods);
    assert_eq!((a.len(), a.seeds(), a.horizon("delta")), (200, (20, 20), Some(1000)));
}

#[test]
fn results_about_recovery_are_refused_in_words() {
    let folder = folder(&PAPER, &lines(&PAPER), "");
    fs::write(folder.path().join(EXPERIMENT_FILE), "kind = \"recovery\"\nname = \"r\"\n").unwrap();
    let error = Results::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("results about recovery") && error.contains("lab report"), "{error}");
}

#[test]
fn a_torn_last_line_is_told_and_passed_over() {
    let lines = lines(&PAPER);
    let (torn, whole) = (&lines[0][..lines[0].len() / 2], &lines[1..]);
    let results = Results::load(folder(&PAPER, whole, torn).path()).unwrap();
    assert_eq!(results.len(), 199);
    assert!(results.warnings[0].ends_with("line 200: passed over, the line is cut off"));
}

#[test]
fn broken_files_are_refused_with_their_line() {
    let good = lines(&PAPER);
    let check = |edit: &dyn Fn(&mut Vec<String>), expected: &str| {
        let mut lines = good[..5].to_vec();
        edit(&mut lines);
        let error = Results::load(folder(&PAPER, &lines, "").path()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}\nlacks {expected}");
        assert!(!error.contains('\n'), "{error}");
    };
    check(
        &|lines| lines[2] = "{\"world\":1}".into(),
        "line 3: found no run: found `1`, expected a text",
    );
    check(&|lines| lines[1].truncate(40), "line 2: found no run: EOF");
    check(&|lines| lines.clear(), "no finished runs");
    let again = good[0].replace("\"loss\":0.", "\"loss\":0.9");
    check(&|lines| lines.push(again.clone()), "line 6: another run of world `delta`");
    let short = good[3].replace("[25,50,", "[50,");
    check(&|lines| lines[3] = short.clone(), "line 4: curve `fidelity` has 40 points, expected 39");
    let down = good[4].replace("[25,50,", "[50,25,");
    check(&|lines| lines[4] = down.clone(), "line 5: found checkpoints that do not ascend");
    let other = good[4].replace("[25,50,", "[26,50,");
    check(&|lines| lines[4] = other.clone(), "line 5: the checkpoints differ");
}

#[test]
fn a_missing_folder_says_what_was_expected() {
    let error = Results::load(std::path::Path::new("no/such/folder")).unwrap_err();
    assert!(error.to_string().contains("a results folder holds `experiment.toml`"), "{error}");
}

#[test]
fn pairing_by_seed_removes_what_seeds_have_in_common() {
    let results = REGIMES.results();
    let paired = results.paired("A_paper", "thompson", "calibrated", "regret").unwrap();
    let alone = results.summary("A_paper", "thompson", "regret").unwrap();
    assert_eq!(paired.n, 12);
    assert!((paired.mean - 24.0).abs() < 1.0, "{paired:?}");
    assert!(paired.half_width.unwrap() < alone.half_width.unwrap() / 3.0);
    assert!(paired.excludes_zero());
    let same = results.paired("A_paper", "thompson", "thompson", "regret").unwrap();
    assert!(!same.excludes_zero());
}

#[test]
fn only_common_seeds_are_paired() {
    let mut runs = PAPER.runs();
    runs.retain(|run| run.method != "static" || run.seed > 15);
    let results = Results::new(About::default(), runs).unwrap();
    assert_eq!(results.paired("delta", "static", "full", "loss").unwrap().n, 5);
    assert_eq!(results.paired("delta", "static", "nobody", "loss"), None);
}

#[test]
fn a_comparison_says_better_and_worse() {
    let before = REGIMES.results();
    let mut after = before.clone();
    after.about.parameters.insert("tail".into(), "50".into());
    for run in after.runs.values_mut().flat_map(BTreeMap::values_mut).flatten() {
        *run.metrics.get_mut("regret").unwrap() -= 3.0;
    }
    let folders = [("a".to_owned(), before), ("b".to_owned(), after)];
    let asked = Asked { metrics: vec!["regret".into()], ..Asked::default() };
    let found = compare(&folders, &asked).unwrap();
    let rows = &found.folders[0].worlds[0].metrics[0].rows;
    let verdict = |method: &str| rows.iter().find(|row| row.method == method).unwrap().verdict;
    assert_eq!(verdict("calibrated"), None);
    assert_eq!(verdict("paper"), Some(Verdict::Better));
    assert_eq!(verdict("static"), Some(Verdict::Worse));
    assert_eq!(found.changes.len(), 40);
    assert!(found.changes.iter().all(|change| change.verdict == Verdict::Better));
    assert_eq!(found.parameters.len(), 1);
    assert_eq!(found.parameters[0].after.as_deref(), Some("50"));
}

#[test]
fn what_did_not_change_is_told_from_what_did_not_change_on_average() {
    let before = REGIMES.results();
    let mut after = before.clone();
    for (world, methods) in &mut after.runs {
        for run in
            methods.iter_mut().filter(|(name, _)| *name != "static").flat_map(|(_, runs)| runs)
        {
            // The mean stays, no seed does.
            let step = if run.seed % 2 == 0 { 1.0 } else { -1.0 };
            if world == "A_paper" {
                *run.metrics.get_mut("regret").unwrap() += step;
            }
        }
    }
    let folders = [("a".to_owned(), before), ("b".to_owned(), after)];
    let asked = Asked { metrics: vec!["regret".into()], ..Asked::default() };
    let found = compare(&folders, &asked).unwrap();
    let of = |world: &str, method: &str| {
        let of = |change: &&Change| change.world == world && change.method == method;
        found.changes.iter().find(of).unwrap()
    };
    let moved = of("A_paper", "paper");
    assert!(moved.difference.unwrap().mean.abs() < 1e-9 && !moved.unchanged);
    assert!(of("A_paper", "static").unchanged && of("B_sparse", "paper").unchanged);
    assert_eq!(
        found.unchanged().unwrap().to_string(),
        "31 of 40 combinations of world, method and metric did not change at all, not in a single seed; among them all in B_sparse, C_drift, D_adv20 and all of static"
    );
    let same = [folders[0].clone(), folders[0].clone()];
    let found = compare(&same, &asked).unwrap();
    let told = found.unchanged().unwrap().to_string();
    assert!(told.starts_with("nothing changed: all 40 combinations"), "{told}");
    assert_eq!(found.other_worlds(), None);
}

#[test]
fn what_only_one_folder_has_is_one_line_and_no_parameters() {
    const OTHER: Shape = Shape { worlds: &["A_paper", "E_delay"], ..REGIMES };
    let folders = [("a".to_owned(), REGIMES.results()), ("b".to_owned(), OTHER.results())];
    let found = compare(&folders, &Asked::default()).unwrap();
    assert_eq!(found.names(), "not the same worlds and methods in both");
    let only: Vec<(&str, &str, &str)> = found
        .only
        .iter()
        .map(|only| (only.kind, only.name.as_str(), only.folder.as_str()))
        .collect();
    let worlds = [("B_sparse", "a"), ("C_drift", "a"), ("D_adv20", "a"), ("E_delay", "b")];
    assert_eq!(only, worlds.map(|(name, folder)| ("world", name, folder)));
    assert_eq!((found.parameters, found.common), (Vec::new(), 10));
    // Of worlds that were not asked for, nothing is told.
    let mut dear = REGIMES.results();
    dear.about.parameters.insert("worlds.B_sparse.noise".into(), "0.5".into());
    let folders = [("a".to_owned(), REGIMES.results()), ("b".to_owned(), dear)];
    let in_worlds = |worlds: &[&str]| {
        let worlds = worlds.iter().map(|world| (*world).to_owned()).collect();
        compare(&folders, &Asked { worlds, ..Asked::default() }).unwrap()
    };
    assert_eq!(in_worlds(&["A_paper"]).parameters, []);
    assert_eq!(in_worlds(&["B_sparse"]).parameters.len(), 1);
    assert_eq!(in_worlds(&[]).names(), "the same worlds and methods in both");
}

#[test]
fn a_metric_that_no_run_of_a_world_has_is_told() {
    let mut results = PAPER.results();
    for run in results.runs.get_mut("delta").unwrap().values_mut().flatten() {
        run.metrics.remove("fidelity");
    }
    let folders = [("a".to_owned(), results.clone()), ("b".to_owned(), results)];
    let asked = Asked {
        metrics: vec!["fidelity".to_owned()],
        worlds: vec!["delta".to_owned()],
        ..Asked::default()
    };
    let found = compare(&folders, &asked).unwrap();
    assert_eq!(found.folders[0].worlds[0].absent, ["fidelity"]);
    assert_eq!(
        found.nothing_compared().as_deref(),
        Some("no world and method has fidelity in both")
    );
}

#[test]
fn names_nobody_has_are_refused() {
    let folders = [("a".to_owned(), PAPER.results())];
    let check = |asked: Asked, expected: &str| {
        let error = compare(&folders, &asked).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    check(Asked { metrics: vec!["regret".into()], ..Asked::default() }, "found no metric `regret`");
    check(
        Asked { worlds: vec!["x".into()], ..Asked::default() },
        "found no world `x`, expected one of `action`, `delta`",
    );
    check(Asked { baseline: Some("y".into()), ..Asked::default() }, "found no method `y`");
}
