//! What changed between folders: after less before, paired by seed.
//!
//! Where one world changed, its metrics stand side by side, each on an axis of its own; where several
//! did, each metric has a figure in which worlds share an axis.
//! What did not change at all is not drawn and is named instead: a bar of no length says less.

use super::super::chart::{Entry, Mark, Panel};
use super::levels::{Chart, WORLD_METHOD};
use super::{Data, Figure, View};
use crate::record::Better;
use crate::results::{Change, Comparison, metric};

/// The figures, in the comparison's order; none where nothing changed.
pub(crate) fn changes(view: &View<'_>, compared: &Comparison) -> Vec<Figure> {
    let several = compared.folders.len() > 2;
    let place = |change: &Change| match several {
        true => format!("{}, {}", change.world, change.after_folder),
        false => change.world.clone(),
    };
    let all: Vec<(String, &Change)> =
        compared.changes.iter().map(|change| (place(change), change)).collect();
    let drawn = |(_, change): &&(String, &Change)| !change.unchanged && change.difference.is_some();
    let places = distinct(all.iter().filter(drawn).map(|(place, _)| place.as_str()));
    let metrics = distinct(all.iter().filter(drawn).map(|(_, change)| change.metric.as_str()));
    if let [place] = places[..] {
        let of = |name: &&str| panel(view, name, place, &all);
        return of_place(place, metrics.iter().filter_map(of).collect()).into_iter().collect();
    }
    metrics.iter().filter_map(|name| of_metric(view, name, &places, &all)).collect()
}

/// One place, a panel per metric.
fn of_place(place: &str, made: Vec<(Panel, Data)>) -> Option<Figure> {
    let mut data = Data::default();
    let mut panels = Vec::new();
    for (panel, numbers) in made {
        data.headings = numbers.headings;
        data.rows.extend(numbers.rows);
        panels.push(panel);
    }
    (!panels.is_empty()).then(|| Figure {
        id: "changes".to_owned(),
        title: format!("What changed in {place}"),
        caption:
            "Each metric has an axis of its own, and only methods are drawn of which it changed."
                .to_owned(),
        keys: Vec::new(),
        panels,
        data,
    })
}

/// One metric in one place.
fn panel(
    view: &View<'_>,
    name: &str,
    place: &str,
    all: &[(String, &Change)],
) -> Option<(Panel, Data)> {
    let x_title = x_title(name);
    let groups = vec![(title(name), entries(view, name, place, all))];
    let (panels, data) = chart(&x_title, ["Metric", "<Method"]).of_groups(groups, Some(0.0))?;
    Some((panels.into_iter().next()?, data))
}

/// One metric, a panel per place.
fn of_metric(
    view: &View<'_>,
    name: &str,
    places: &[&str],
    all: &[(String, &Change)],
) -> Option<Figure> {
    let x_title = x_title(name);
    let groups = places.iter().map(|place| (*place, entries(view, name, place, all)));
    let groups: Vec<_> = groups.filter(|(_, entries)| !entries.is_empty()).collect();
    let drawn: Vec<&str> = groups.iter().map(|(place, _)| *place).collect();
    let (panels, data) = chart(&x_title, WORLD_METHOD).of_groups(groups, Some(0.0))?;
    Some(Figure {
        id: format!("change-{name}"),
        title: title(name).to_owned(),
        caption: format!("Worlds share one axis.{}", still(name, &drawn, all)),
        keys: Vec::new(),
        panels,
        data,
    })
}

/// Which methods did not change at all in worlds that are drawn, in words behind a sentence; those
/// that did not change anywhere are named once for the page.
fn still(name: &str, drawn: &[&str], all: &[(String, &Change)]) -> String {
    let moved = |method: &str| all.iter().any(|(_, c)| c.method == method && !c.unchanged);
    let methods = |wanted: &str| -> Vec<&str> {
        all.iter()
            .filter(|(place, change)| place == wanted && change.metric == name && change.unchanged)
            .map(|(_, change)| change.method.as_str())
            .filter(|method| moved(method))
            .collect()
    };
    let parts: Vec<String> = drawn
        .iter()
        .map(|place| (place, methods(place)))
        .filter(|(_, methods)| !methods.is_empty())
        .map(|(place, methods)| format!("{} in {place}", methods.join(", ")))
        .collect();
    match parts.is_empty() {
        true => String::new(),
        false => format!(" Not drawn, because nothing changed: {}.", parts.join("; ")),
    }
}

fn entries(view: &View<'_>, name: &str, place: &str, all: &[(String, &Change)]) -> Vec<Entry> {
    let wanted = all.iter().filter(|(at, change)| at == place && change.metric == name);
    wanted
        .filter(|(_, change)| !change.unchanged)
        .filter_map(|(_, change)| entry(view, change))
        .collect()
}

fn entry(view: &View<'_>, change: &Change) -> Option<Entry> {
    let paired = change.difference?;
    Some(Entry {
        label: change.method.clone(),
        style: view.style(&change.method),
        mean: paired.mean,
        interval: paired.interval,
        number: paired.text(),
        hollow: !paired.excludes_zero(),
        beside: None,
    })
}

fn chart<'a>(x_title: &'a str, columns: [&'a str; 2]) -> Chart<'a> {
    Chart { x_title, heading: "change ± 95 %", mark: Mark::Bar, beside: "", columns, within: None }
}

fn title(name: &str) -> &str {
    metric(name).map_or(name, |known| known.title)
}

fn x_title(name: &str) -> String {
    let known = metric(name);
    let unit = match known.map_or("", |known| known.unit) {
        "" | "1" => String::new(),
        unit => format!(" ({unit})"),
    };
    let side = match known.map_or(Better::Neither, |known| known.better) {
        Better::Lower => ": left is better",
        Better::Higher => ": right is better",
        Better::Neither => "",
    };
    format!("Change{unit}{side}")
}

/// Each once, in the order of their first mention.
fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for name in names {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}
