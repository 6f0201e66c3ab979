//! What a reader should know before believing the numbers.
//!
//! Each note is a rule of when it applies and a text with the numbers at hand; a note about data that
//! the results do not have is not shown.

use crate::results::{Results, Verdict, metric_names, number, of_metric, plain};

/// Mean of the published set of thresholds.
const ARMS_MEAN: f64 = 0.7;
/// Seeds below which intervals deserve doubt.
const SEEDS_FEW: usize = 10;

/// A note's heading and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) heading: &'static str,
    pub(crate) text: String,
}

type Rule = fn(&Results, Option<&str>) -> Option<String>;

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
pub(crate) fn notes(results: &Results, baseline: Option<&str>) -> Vec<Note> {
    NOTES
        .iter()
        .filter_map(|(heading, rule)| Some(Note { heading, text: rule(results, baseline)? }))
        .collect()
}

fn simulated(_: &Results, _: Option<&str>) -> Option<String> {
    Some("Operators, proposals and delays are drawn from a model whose form the methods partly share. The figures say how methods compare in these worlds, and not how often people will agree with any of them.".to_owned())
}

fn few_seeds(results: &Results, _: Option<&str>) -> Option<String> {
    let (least, _) = results.seeds();
    (least < SEEDS_FEW).then(|| {
        format!("The smallest group has {least} seed{}. Intervals over so few are wide and lean on the means being near normal.", if least == 1 { ", and hence no interval" } else { "s" })
    })
}

fn unequal_seeds(results: &Results, _: Option<&str>) -> Option<String> {
    let (least, most) = results.seeds();
    (least != most).then(|| {
        format!("Methods have between {least} and {most} seeds: the run is unfinished or was extended. Paired differences use common seeds only; means use all.")
    })
}

fn parts(results: &Results, _: Option<&str>) -> Option<String> {
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

fn many_comparisons(results: &Results, baseline: Option<&str>) -> Option<String> {
    let baseline = baseline?;
    let metric = ["regret", "loss"].into_iter().find(|metric| results.has_metric(metric))?;
    let compared: Vec<Option<Verdict>> = results
        .worlds()
        .into_iter()
        .flat_map(|world| of_metric(results, world, metric, Some(baseline)).rows)
        .filter(|row| row.difference.is_some())
        .map(|row| row.verdict)
        .collect();
    let marked = compared.iter().filter(|verdict| **verdict != Some(Verdict::Unclear)).count();
    (compared.len() > 1).then(|| {
        format!(
            "{} differences of {metric} to “{baseline}” are shown and {marked} of them leave 0 out. If no method differed at all, about {} would do so by chance at 95 %.",
            compared.len(),
            plain(compared.len() as f64 * 0.05, 1)
        )
    })
}

fn loss_by_silence(results: &Results, _: Option<&str>) -> Option<String> {
    (results.has_metric("loss") || results.has_curve("loss")).then(|| {
        "Loss is known only where somebody was asked. A method that abstains more has fewer and safer decisions to lose on; coverage, latent misalignment and regret do not have this way out.".to_owned()
    })
}

fn full_and_fixed(results: &Results, _: Option<&str>) -> Option<String> {
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

fn thresholds(results: &Results, _: Option<&str>) -> Option<String> {
    let mut values: Vec<f64> = Vec::new();
    for world in results.worlds() {
        let methods = results.methods_in(world).into_iter();
        values.extend(
            methods.filter_map(|method| Some(results.summary(world, method, "threshold")?.mean)),
        );
    }
    let (low, high) = values
        .iter()
        .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    (!values.is_empty()).then(|| {
        format!(
            "Final thresholds average {} to {}. The published arms 0.5 to 0.9 average {}, so that a mean near it needs no learning to explain it.",
            plain(low, 2),
            plain(high, 2),
            plain(ARMS_MEAN, 1)
        )
    })
}

fn fidelity(results: &Results, _: Option<&str>) -> Option<String> {
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
fn monitor_is_off(results: &Results, _: Option<&str>) -> Option<String> {
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

fn regret(results: &Results, _: Option<&str>) -> Option<String> {
    results.has_metric("regret").then(|| {
        "Utility counts a like as 1 and an override as its price in likes, and the oracle surfaces exactly what pays. Another price reorders methods; the price of each world is in the parameters.".to_owned()
    })
}

fn guarantee(results: &Results, _: Option<&str>) -> Option<String> {
    results.has_metric("certified_above").then(|| {
        "A certificate holds at all times while people judge as they did. An abrupt shift is outside of it: in the reference runs at α = 1 %, 22 % of the seeds were above α at the end after one. De-certification shortens this and cannot rule it out.".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RunRecord;
    use crate::results::About;

    #[test]
    fn loops_whose_monitor_is_off_are_named() {
        let about = "name = \"e\"\n[methods.a.profile]\nmonitor = \"off\"\n[methods.b.profile.monitor.window]\nevery = 9\n[methods.c.profile]\nmonitor = \"off\"\nwatch = { cooldown = 9 }\n";
        let run = |method: &str| RunRecord {
            world: "w".to_owned(),
            method: method.to_owned(),
            seed: 1,
            metrics: [("fidelity".to_owned(), 0.9)].into(),
            curves: [].into(),
            checkpoints: vec![10],
        };
        let runs = vec![run("a"), run("b"), run("c")];
        let results = Results::new(About::parse(about).unwrap(), runs).unwrap();
        let text = monitor_is_off(&results, None).unwrap();
        assert!(text.starts_with("The published monitor is off in a. "), "{text}");
    }
}
