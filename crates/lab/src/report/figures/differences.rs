//! Methods against each other, paired by seed: what the experiment was made to compare.
//!
//! Where several methods are held against one, they get a figure with a panel per world, which for a
//! method with its parts left out one by one is the ablation; single pairs share a figure with a panel
//! per pair.

use super::super::chart::{Entry, Mark};
use super::levels::{Chart, WORLD_METHOD};
use super::{Figure, View};
use crate::record::Better;
use crate::results::{self, Paired};

/// Figures of the experiment's comparisons, or of all methods against the baseline where it names
/// none or the reader named one.
pub(super) fn differences(view: &View<'_>) -> Vec<Figure> {
    let Some(metric) = metric(view) else { return Vec::new() };
    let against = against(view);
    let (single, several): (Vec<_>, Vec<_>) =
        against.into_iter().partition(|(_, methods)| methods.len() == 1);
    let pairs: Vec<(&str, &str)> = single
        .iter()
        .flat_map(|(other, methods)| methods.iter().map(|method| (*method, *other)))
        .collect();
    let mut figures: Vec<Figure> = several
        .iter()
        .enumerate()
        .filter_map(|(at, (other, methods))| ablation(view, metric, at, other, methods))
        .collect();
    figures.extend(paired(view, metric, &pairs));
    figures
}

/// What these figures show: the metric's name, and all its differences.
pub(crate) fn compared(view: &View<'_>) -> Option<(&'static str, Vec<Paired>)> {
    let metric = metric(view)?;
    let mut shown = Vec::new();
    for (other, methods) in against(view) {
        for method in methods {
            let worlds = view.results.worlds().into_iter();
            shown.extend(
                worlds.filter_map(|world| view.results.paired(world, method, other, metric)),
            );
        }
    }
    Some((metric, shown))
}

/// The metric whose differences are shown.
fn metric(view: &View<'_>) -> Option<&'static str> {
    ["regret", "loss"].into_iter().find(|metric| view.results.has_metric(metric))
}

/// Methods by what they are held against.
fn against<'a>(view: &View<'a>) -> Vec<(&'a str, Vec<&'a str>)> {
    let mut against: Vec<(&str, Vec<&str>)> = Vec::new();
    for (method, other) in &view.results.about.comparisons {
        match against.iter_mut().find(|(known, _)| known == other) {
            Some((_, methods)) => methods.push(method),
            None => against.push((other, vec![method])),
        }
    }
    if let Some(baseline) = view.baseline.filter(|_| view.baseline_asked || against.is_empty()) {
        let others = view.methods().into_iter().filter(|method| *method != baseline);
        against.retain(|(known, _)| *known != baseline);
        against.insert(0, (baseline, others.collect()));
    }
    against
}

/// Several methods against one, a panel per world.
fn ablation(
    view: &View<'_>,
    metric: &str,
    at: usize,
    against: &str,
    methods: &[&str],
) -> Option<Figure> {
    let x_title = format!("{} less that of {against}{}", short(metric), unit(metric));
    let chart = chart(&x_title, WORLD_METHOD);
    let rows = |world: &str| {
        let rows = methods
            .iter()
            .filter_map(|method| entry(view, metric, world, (method, against), method));
        rows.collect()
    };
    let (panels, data) = chart.panels(view, rows, Some(0.0))?;
    Some(Figure {
        id: if at == 0 { "differences".to_owned() } else { format!("differences-{}", at + 1) },
        title: format!("{} against “{against}”, paired by seed", short(metric)),
        caption: format!(
            "Each method less “{against}” over common seeds; {}. {WHISKERS} Where a method is “{against}” with one part left out, its bar is what that part is worth.",
            side(metric)
        ),
        keys: Vec::new(),
        panels,
        data,
    })
}

/// Single pairs, a panel each with a row per world.
fn paired(view: &View<'_>, metric: &str, pairs: &[(&str, &str)]) -> Option<Figure> {
    let x_title = format!("Difference of {}{}", short(metric).to_lowercase(), unit(metric));
    let titles: Vec<String> =
        pairs.iter().map(|(method, other)| format!("{method} less {other}")).collect();
    let groups = pairs.iter().zip(&titles).map(|(pair, title)| {
        let worlds = view.results.worlds().into_iter();
        let rows = worlds.filter_map(|world| entry(view, metric, world, *pair, world));
        (title.as_str(), rows.collect::<Vec<Entry>>())
    });
    let groups = groups.filter(|(_, rows)| !rows.is_empty()).collect();
    let (panels, data) = chart(&x_title, ["Pair", "<World"]).of_groups(groups, Some(0.0))?;
    Some(Figure {
        id: "pairs".to_owned(),
        title: format!("{} of two methods in each world, paired by seed", short(metric)),
        caption: format!(
            "The first method less the second over common seeds; {}. {WHISKERS}",
            side(metric)
        ),
        keys: Vec::new(),
        panels,
        data,
    })
}

const WHISKERS: &str = "Whiskers are 95 % intervals; a pale bar's interval holds 0.";

fn chart<'a>(x_title: &'a str, columns: [&'a str; 2]) -> Chart<'a> {
    let heading = "difference ± 95 %";
    Chart { x_title, heading, mark: Mark::Bar, beside: "", columns, within: None }
}

fn entry(
    view: &View<'_>,
    metric: &str,
    world: &str,
    (method, against): (&str, &str),
    label: &str,
) -> Option<Entry> {
    let paired = view.results.paired(world, method, against, metric)?;
    Some(Entry {
        label: label.to_owned(),
        style: view.style(method),
        mean: paired.mean,
        interval: paired.interval,
        number: paired.text(),
        hollow: !paired.excludes_zero(),
        beside: None,
    })
}

fn side(metric: &str) -> &'static str {
    match results::metric(metric).map_or(Better::Neither, |known| known.better) {
        Better::Lower => "to the right of 0 is worse",
        Better::Higher => "to the right of 0 is better",
        Better::Neither => "neither side is better",
    }
}

fn unit(metric: &str) -> &'static str {
    if metric == "regret" { " (likes per 1,000)" } else { "" }
}

fn short(metric: &str) -> &str {
    match metric {
        "regret" => "Regret",
        "loss" => "Final loss",
        other => other,
    }
}
