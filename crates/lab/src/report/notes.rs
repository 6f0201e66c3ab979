//! What a reader should know before believing the numbers.
//!
//! Each note is a rule of when it applies and a text with the numbers at hand; a note about data that
//! the results do not have is not shown.

use std::collections::BTreeMap;

use super::figures::{View, compared};
use crate::results::{About, metric_names, number, plain};

/// Seeds below which intervals deserve doubt.
const SEEDS_FEW: usize = 10;

/// A note's heading and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) heading: &'static str,
    pub(crate) text: String,
}

type Rule = fn(&View<'_>) -> Option<String>;

/// All notes in the order of a page.
const NOTES: [(&str, Rule); 12] = [
    ("Simulated people", simulated),
    ("Few seeds", few_seeds),
    ("Unequal seeds", unequal_seeds),
    ("Means over some of the runs", parts),
    ("Many comparisons", many_comparisons),
    ("Loss can fall by silence", loss_by_silence),
    ("The full loop and a fixed threshold", full_and_fixed),
    ("Thresholds track the arm set", thresholds),
    ("Fidelity is dominated by its base rate", fidelity),
    ("A monitor that is off still has numbers", monitor_is_off),
    ("Regret depends on the price of an override", regret),
    ("What the guarantee does not cover", guarantee),
];

/// The notes that apply to these results.
pub(crate) fn notes(view: &View<'_>) -> Vec<Note> {
    NOTES.iter().filter_map(|(heading, rule)| Some(Note { heading, text: rule(view)? })).collect()
}

fn simulated(_: &View<'_>) -> Option<String> {
    Some("Operators, proposals and delays are drawn from a model whose form the methods partly share. The figures say how methods compare in these worlds, and not how often people will agree with any of them.".to_owned())
}

fn few_seeds(View { results, .. }: &View<'_>) -> Option<String> {
    let (least, _) = results.seeds();
    (least < SEEDS_FEW).then(|| {
        format!("The smallest group has {least} seed{}. Intervals over so few are wide and lean on the means being near normal.", if least == 1 { ", and hence no interval" } else { "s" })
    })
}

fn unequal_seeds(View { results, .. }: &View<'_>) -> Option<String> {
    let (least, most) = results.seeds();
    (least != most).then(|| {
        format!("Methods have between {least} and {most} seeds: the run is unfinished or was extended. Paired differences use common seeds only; means use all.")
    })
}

fn parts(View { results, .. }: &View<'_>) -> Option<String> {
    let some = |name: &String| {
        results.worlds().into_iter().any(|world| {
            let methods = results.methods_in(world).into_iter();
            let mut summaries = methods.filter_map(|method| results.summary(world, method, name));
            summaries.any(|summary| summary.part().is_some())
        })
    };
    let names: Vec<String> = metric_names(results).into_iter().filter(some).collect();
    (!names.is_empty()).then(|| {
        format!(
            "Not every run has {}: what did not happen has no number. Means are over the runs that have it, told as “n of N” beside them, and say nothing about the others.",
            names.iter().map(|name| format!("“{name}”")).collect::<Vec<_>>().join(", ")
        )
    })
}

fn many_comparisons(view: &View<'_>) -> Option<String> {
    let (metric, shown) = compared(view)?;
    let marked = shown.iter().filter(|paired| paired.excludes_zero()).count();
    let marked = match marked {
        0 => "none of them leaves 0 out".to_owned(),
        1 => "one of them leaves 0 out".to_owned(),
        many => format!("{many} of them leave 0 out"),
    };
    (shown.len() > 1).then(|| {
        format!(
            "{} differences of {metric} are shown and {marked}. If no method differed at all, about {} would do so by chance at 95 %.",
            shown.len(),
            plain(shown.len() as f64 * 0.05, 1)
        )
    })
}

fn loss_by_silence(View { results, .. }: &View<'_>) -> Option<String> {
    (results.has_metric("loss") || results.has_curve("loss")).then(|| {
        "Loss is known only where somebody was asked. A method that abstains more has fewer and safer decisions to lose on; coverage, latent misalignment and regret do not have this way out.".to_owned()
    })
}

fn full_and_fixed(View { results, .. }: &View<'_>) -> Option<String> {
    let worlds = results.worlds().into_iter().filter_map(|world| {
        let paired = results.paired(world, "full", "fixed", "loss")?;
        let word = match (paired.excludes_zero(), paired.mean > 0.0) {
            (false, _) => "no clear difference",
            (true, true) => "worse",
            (true, false) => "better",
        };
        Some(format!("{world}: {} ({word})", number(paired.mean, paired.half_width)))
    });
    let worlds: Vec<String> = worlds.collect();
    (!worlds.is_empty()).then(|| {
        format!("Final loss of the full loop less that of the fixed threshold, paired by seed: {}. A loop that does not beat a constant has not earned its complexity here.", worlds.join("; "))
    })
}

/// Only of methods that draw from arms: no other threshold is pulled towards a mean of candidates.
fn thresholds(View { results, .. }: &View<'_>) -> Option<String> {
    let mut sets: BTreeMap<String, (f64, Vec<&str>, f64, f64)> = BTreeMap::new();
    for method in results.methods() {
        let Some((written, mean)) = arms(&results.about, method) else { continue };
        let worlds = results.worlds().into_iter();
        let summaries = worlds.filter_map(|world| results.summary(world, method, "threshold"));
        let values: Vec<f64> = summaries.map(|summary| summary.mean).collect();
        if values.is_empty() {
            continue;
        }
        let set = sets.entry(written).or_insert((mean, Vec::new(), f64::MAX, f64::MIN));
        set.1.push(method);
        set.2 = values.iter().copied().fold(set.2, f64::min);
        set.3 = values.iter().copied().fold(set.3, f64::max);
    }
    let told: Vec<String> = sets
        .iter()
        .map(|(written, (mean, methods, low, high))| {
            let range = match (plain(*low, 2), plain(*high, 2)) {
                (low, high) if low == high => low,
                (low, high) => format!("{low} to {high}"),
            };
            format!(
                "Final thresholds average {range} in {}, where the arms {written} average {}.",
                methods.join(", "),
                plain(*mean, 2)
            )
        })
        .collect();
    (!told.is_empty()).then(|| {
        format!("{} A mean near that of the arms needs no learning to explain it.", told.join(" "))
    })
}

/// The arms that a method draws its threshold from, as they are written, and their mean.
fn arms(about: &About, method: &str) -> Option<(String, f64)> {
    let parameters = about.parameters_of("methods", method);
    // A threshold fixed where surfacing pays takes the place of the selector.
    if parameters.get("paying_threshold").is_some_and(|pays| *pays == "true") {
        return None;
    }
    let mut kinds = ["random", "thompson"].into_iter();
    let written =
        kinds.find_map(|kind| parameters.get(format!("profile.selector.{kind}.arms").as_str()))?;
    let written = written.trim_matches(['[', ']']);
    let arms: Vec<f64> =
        written.split(',').map(|arm| arm.trim().parse()).collect::<Result<_, _>>().ok()?;
    Some((written.to_owned(), arms.iter().sum::<f64>() / arms.len() as f64))
}

fn fidelity(View { results, .. }: &View<'_>) -> Option<String> {
    let mut above = 0;
    let mut groups = 0;
    let mut skill = Vec::new();
    for world in results.worlds() {
        for method in results.methods_in(world) {
            let acts = results.summary(world, method, "fidelity");
            let never = results.summary(world, method, "fidelity_never");
            let (Some(acts), Some(never)) = (acts, never) else { continue };
            groups += 1;
            above += usize::from(acts.mean > never.mean);
            skill.extend(results.summary(world, method, "youden").map(|youden| youden.mean));
        }
    }
    if groups == 0 {
        return results.has_metric("fidelity").then(|| {
            "A monitor that never acts scores a high fidelity wherever acting is seldom right; without that level the number says little.".to_owned()
        });
    }
    let best = skill.iter().copied().fold(f64::MIN, f64::max);
    let youden = if skill.is_empty() {
        String::new()
    } else {
        format!(
            " Youden's J, which no base rate can lift, is at most {} on average.",
            plain(best, 2)
        )
    };
    Some(format!(
        "A monitor that never acts scores high wherever acting is seldom right. On average the monitor scored above never acting in {above} of {groups} groups of runs.{youden}"
    ))
}

/// Loops without the published monitor are given its numbers all the same, as a spectator's.
fn monitor_is_off(View { results, .. }: &View<'_>) -> Option<String> {
    let off = |method: &&str| {
        let parameters = results.about.parameters_of("methods", method);
        // One with detectors of its own is measured by those.
        let watches = parameters.keys().any(|key| key.starts_with("profile.watch."));
        !watches && parameters.get("profile.monitor").is_some_and(|kind| *kind == "off")
    };
    let methods: Vec<&str> = results.methods().into_iter().filter(off).collect();
    (results.has_metric("fidelity") && !methods.is_empty()).then(|| {
        format!(
            "The published monitor is off in {}. Fidelity and Youden's J there are what it would have scored by watching without any effect, and neither merit nor fault of these loops.",
            methods.join(", ")
        )
    })
}

fn regret(View { results, .. }: &View<'_>) -> Option<String> {
    results.has_metric("regret").then(|| {
        "Utility counts a like as 1 and an override as its price in likes, and the oracle surfaces exactly what pays. Another price reorders methods; the price of each world is in the parameters.".to_owned()
    })
}

fn guarantee(View { results, .. }: &View<'_>) -> Option<String> {
    results.has_metric("certified_above").then(|| {
        let mut above = Vec::new();
        let mut groups = 0;
        for world in results.worlds() {
            for method in results.methods_in(world) {
                let share = |metric: &str| results.summary(world, method, metric);
                let Some(ever) = share("certified_above") else { continue };
                groups += 1;
                if ever.mean > 0.0 {
                    let end = share("certified_above_end").map_or_else(String::new, |end| {
                        format!(", {} % at the end", plain(end.mean * 100.0, 0))
                    });
                    let ever = plain(ever.mean * 100.0, 0);
                    above.push(format!("{method} in {world}: {ever} % at some time{end}"));
                }
            }
        }
        let here = match above.is_empty() {
            true => format!("Here no run was above α at any time, in {groups} groups of runs."),
            false => format!("Here so many seeds were above α: {}.", above.join("; ")),
        };
        format!(
            "A certificate holds at all times while people judge as they did. An abrupt shift is outside of it; de-certification shortens what follows and cannot rule it out. {here}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RunRecord;
    use crate::results::Results;
    use crate::results::sample::REGIMES;

    fn results(about: &str, methods: &[&str]) -> Results {
        let run = |method: &str| RunRecord {
            world: "w".to_owned(),
            method: method.to_owned(),
            seed: 1,
            metrics: [("fidelity".to_owned(), 0.9), ("threshold".to_owned(), 0.66)].into(),
            curves: [].into(),
            checkpoints: vec![10],
        };
        let runs = methods.iter().map(|method| run(method)).collect();
        Results::new(About::parse(about).unwrap(), runs).unwrap()
    }

    #[test]
    fn loops_whose_monitor_is_off_are_named() {
        let about = "name = \"e\"\n[methods.a.profile]\nmonitor = \"off\"\n[methods.b.profile.monitor.window]\nevery = 9\n[methods.c.profile]\nmonitor = \"off\"\nwatch = { cooldown = 9 }\n";
        let results = results(about, &["a", "b", "c"]);
        let text = monitor_is_off(&View::new(&results, None, &[])).unwrap();
        assert!(text.starts_with("The published monitor is off in a. "), "{text}");
    }

    #[test]
    fn thresholds_are_held_against_the_arms_that_they_are_drawn_from() {
        let selector = |method: &str, kind: &str, arms: &str| {
            format!("[methods.{method}.profile.selector.{kind}]\n{arms}\n")
        };
        let about = [
            selector("a", "thompson", "arms = [0.5, 0.6, 0.7]"),
            selector("b", "random", "arms = [0.2, 0.3]"),
            selector("c", "fixed", "theta = 0.7"),
            "[methods.d]\npaying_threshold = true\n".to_owned(),
            selector("d", "thompson", "arms = [0.9]"),
        ];
        let told = |methods: &[&str]| {
            thresholds(&View::new(&results(&about.concat(), methods), None, &[]))
        };
        let text = told(&["a", "b", "c", "d"]).unwrap();
        assert!(text.contains("0.66 in a, where the arms 0.5, 0.6, 0.7 average 0.60."), "{text}");
        assert!(text.contains("0.66 in b, where the arms 0.2, 0.3 average 0.25."), "{text}");
        assert!(!text.contains(" c") && !text.contains(" d"), "{text}");
        assert_eq!(told(&["c", "d"]), None);
    }

    #[test]
    fn seeds_above_alpha_are_those_of_this_experiment() {
        let told = |above: f64| {
            let mut runs = REGIMES.runs();
            for run in &mut runs {
                let broken = run.world == "C_drift" && run.method == "paper" && run.seed <= 6;
                let value = if broken { above } else { 0.0 };
                run.metrics.insert("certified_above".to_owned(), value);
                run.metrics.insert("certified_above_end".to_owned(), 0.0);
            }
            let results = Results::new(REGIMES.results().about, runs).unwrap();
            guarantee(&View::new(&results, None, &[])).unwrap()
        };
        let (kept, broken) = (told(0.0), told(1.0));
        assert!(kept.ends_with("no run was above α at any time, in 40 groups of runs."), "{kept}");
        let expected = "seeds were above α: paper in C_drift: 50 % at some time, 0 % at the end.";
        assert!(broken.ends_with(expected), "{broken}");
    }

    #[test]
    fn differences_are_counted_as_they_are_drawn() {
        let mut results = REGIMES.results();
        let pair = |method: &str| (method.to_owned(), "calibrated".to_owned());
        results.about.comparisons = vec![pair("thompson"), pair("no-trust")];
        let mut view = View::new(&results, Some("paper"), &[]);
        let text = many_comparisons(&view).unwrap();
        assert!(
            text.starts_with("8 differences of regret are shown and 8 of them leave"),
            "{text}"
        );
        // Asked for by the reader, every method stands against the baseline as well.
        view.baseline_asked = true;
        let text = many_comparisons(&view).unwrap();
        assert!(text.starts_with("44 differences"), "{text}");
    }
}
