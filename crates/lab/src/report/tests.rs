//! Whole reports of synthetic results.

use resvg::usvg;

use super::*;
use crate::record::RunRecord;
use crate::results::About;
use crate::results::sample::{PAPER, REGIMES, Shape};

fn made(shape: &Shape) -> Report {
    report(&shape.results(), &Options::default()).unwrap()
}

fn names(report: &Report) -> Vec<&str> {
    report.figures.iter().map(|figure| figure.name.as_str()).collect()
}

#[test]
fn figures_follow_the_data() {
    assert_eq!(
        names(&made(&PAPER)),
        [
            "differences",
            "loss",
            "latent",
            "reward-loss",
            "threshold",
            "coverage-overrides",
            "fidelity",
            "fidelity-never"
        ]
    );
    let regimes = made(&REGIMES);
    assert!(names(&regimes).contains(&"regret") && !names(&regimes).contains(&"fidelity"));
    assert!(regimes.html.contains("no run has the curve fidelity"));
}

#[test]
fn what_is_missing_has_its_reason() {
    let page = |worlds: &[(&str, &str)]| {
        let mut results = REGIMES.results();
        for (key, value) in worlds {
            results.about.parameters.insert(format!("worlds.{key}"), (*value).to_owned());
        }
        report(&results, &Options::default()).unwrap().html
    };
    let looks = [
        ("A_paper.look_every", "0"),
        ("B_sparse.look_every", "5000"),
        ("C_drift.look_every", "0"),
        ("D_adv20.look_every", "0"),
    ];
    let html = page(&looks);
    let told = "the monitor was not looked at, for look_every is 0 in A_paper, C_drift, D_adv20, and look_every is more than all episodes in B_sparse.";
    assert!(html.contains(told));
    assert!(!page(&looks[..3]).contains("was not looked at"));
    assert!(!html.contains("Regret in "));
    assert!(page(&[("C_drift.reading", "delta")]).contains("<li>Regret in C_drift: with reading"));
}

#[test]
fn what_the_experiment_compares_is_what_is_drawn() {
    let mut results = REGIMES.results();
    let pair = |method: &str, against: &str| (method.to_owned(), against.to_owned());
    results.about.comparisons = vec![
        pair("calibrated", "paper-tuned"),
        pair("no-trust", "calibrated"),
        pair("no-audit", "calibrated"),
    ];
    let made = report(&results, &Options::default()).unwrap();
    assert_eq!(names(&made)[1..3], ["differences", "pairs"]);
    let title = |at: usize| made.figures[at].title.as_str();
    assert_eq!(title(1), "Regret against “calibrated”, paired by seed");
    assert!(made.figures[2].svg.contains("calibrated less paper-tuned"));
}

#[test]
fn the_same_runs_give_the_same_bytes() {
    let mut runs = REGIMES.runs();
    runs.reverse();
    let about = About::parse(&REGIMES.experiment()).unwrap();
    let turned = Results::new(about, runs).unwrap();
    assert_eq!(report(&turned, &Options::default()).unwrap(), made(&REGIMES));
}

#[test]
fn the_page_is_whole_by_itself() {
    let html = made(&PAPER).html;
    for part in ["<script", "<link", "<img", "url(", "@import", "@font-face", "http"] {
        assert!(!html.contains(part), "the page has `{part}`");
    }
    for part in ["prefers-color-scheme:dark", "@media print", "max-width:600px", "role=\"img\""] {
        assert!(html.contains(part), "the page lacks `{part}`");
    }
    let panels = html.matches("<svg viewBox=").count();
    let described = html.matches("<desc id=").count();
    assert!(panels > 10 && panels == described, "{panels} panels, {described} described");
    assert_eq!(html.matches("<figure").count(), html.matches("The numbers of this figure").count());
    assert_eq!(html.matches("<div").count(), html.matches("</div>").count());
}

#[test]
fn notes_say_what_the_numbers_say() {
    let paper = made(&PAPER).html;
    assert!(paper.contains("Fidelity is dominated by its base rate"));
    assert!(paper.contains("in 4 of 10 groups of runs"));
    assert!(paper.contains("not earned its complexity"));
    assert!(!paper.contains("Regret depends on the price"));
    let regimes = made(&REGIMES).html;
    assert!(regimes.contains("Regret depends on the price") && !regimes.contains("base rate"));
    let few = Shape { seeds: 1, ..PAPER };
    assert!(made(&few).html.contains("The smallest group has 1 seed, and hence no interval"));
}

#[test]
fn flags_and_parts_are_told_as_such() {
    let mut runs: Vec<RunRecord> = PAPER.runs();
    for run in &mut runs {
        run.metrics.insert("certified_above".to_owned(), 0.0);
        if run.seed <= 5 {
            run.metrics.insert("first_certificate".to_owned(), 800.0 + run.seed as f64);
        }
    }
    let html =
        report(&Results::new(About::default(), runs).unwrap(), &Options::default()).unwrap().html;
    // None of 20 seeds: Wilson's upper limit is 0.161.
    assert!(html.contains("0.000 [0.000, 0.161]"));
    assert!(html.contains("803.0 ± 2.0 (5 of 20)"));
    assert!(html.contains("Not every run has “first_certificate”"));
    assert!(!made(&PAPER).html.contains("Not every run has"));
}

#[test]
fn figures_are_svg_whatever_the_names() {
    let nasty = "</title><script>&\"'\u{1}";
    let mut runs: Vec<RunRecord> = PAPER.runs();
    for run in &mut runs {
        run.world = format!("{nasty}{}", run.world);
        run.method = format!("{}{nasty}", run.method);
    }
    let made = report(&Results::new(About::default(), runs).unwrap(), &Options::default()).unwrap();
    assert!(!made.html.contains("<script"));
    for figure in made.figures {
        let tree = usvg::Tree::from_str(&figure.svg, &usvg::Options::default());
        assert!(tree.is_ok(), "{}: {}", figure.name, tree.unwrap_err());
    }
}

/// The regimes before, and after in which these methods cost so much more regret in these worlds.
fn before_and_after(moved: &[(&str, &str, f64)]) -> [(String, Results); 2] {
    let about = About::parse(&REGIMES.experiment()).unwrap();
    let mut runs = REGIMES.runs();
    for run in &mut runs {
        for (_, _, by) in moved.iter().filter(|(world, method, _)| {
            (run.world.as_str(), run.method.as_str()) == (*world, *method)
        }) {
            *run.metrics.get_mut("regret").unwrap() += by;
        }
    }
    let after = Results::new(about, runs).unwrap();
    [("before".to_owned(), REGIMES.results()), ("after".to_owned(), after)]
}

fn compared(folders: &[(String, Results)]) -> Report {
    let found = crate::results::compare(folders, &crate::results::Asked::default()).unwrap();
    comparison(folders, &found)
}

#[test]
fn what_changed_is_drawn_and_what_did_not_is_told() {
    let check = |moved: &[(&str, &str, f64)], figures: &[&str], told: &[&str]| {
        let made = compared(&before_and_after(moved));
        assert_eq!(names(&made), figures);
        for part in told {
            assert!(made.html.contains(part), "lacks {part}");
        }
        for part in ["<script", "<link", "<img", "url(", "@import", "http"] {
            assert!(!made.html.contains(part), "the page has `{part}`");
        }
        assert_eq!(made.html.matches("<div").count(), made.html.matches("</div>").count());
        for figure in made.figures {
            assert!(usvg::Tree::from_str(&figure.svg, &usvg::Options::default()).is_ok());
        }
    };
    // In one world: its metrics side by side.
    check(
        &[("A_paper", "paper", 3.0)],
        &["changes"],
        &["What changed in A_paper", "+3 ± 0", "among them all in B_sparse", "✗", "left is better"],
    );
    // In several: a figure per metric, with a panel per world.
    check(
        &[("A_paper", "paper", 3.0), ("D_adv20", "paper", -4.0), ("D_adv20", "static", -4.0)],
        &["change-regret"],
        &["paper: +3 ± 0", "−4 ± 0", "Not drawn, because nothing changed: static in A_paper"],
    );
    check(
        &[],
        &[],
        &["Nothing changed: all ", "No parameter differs", "Nothing to set side by side"],
    );
}

#[test]
fn one_run_without_curves_makes_a_page() {
    let run = RunRecord {
        world: "w".to_owned(),
        method: "m".to_owned(),
        seed: 1,
        metrics: [("made_up".to_owned(), 1e300), ("regret".to_owned(), -0.0)].into(),
        curves: [].into(),
        checkpoints: Vec::new(),
    };
    let results = Results::new(About::default(), vec![run]).unwrap();
    let made = report(&results, &Options::default()).unwrap();
    assert_eq!(names(&made), ["regret"]);
    assert!(made.html.contains("made_up") && made.html.contains("Figures that are not here"));
}

#[test]
fn methods_that_did_not_run_are_refused() {
    let options = Options { focus: vec!["nobody".to_owned()], ..Options::default() };
    let error = report(&PAPER.results(), &options).unwrap_err();
    assert!(error.to_string().starts_with("found no method `nobody`, expected one of `static`"));
}
