//! One number per method: dots and bars with intervals, a panel per world.

use super::super::chart::{Entry, Mark, Panel, Rows, Scale};
use super::{Data, Figure, View};
use crate::record::Better;
use crate::results::{self, number};

pub(super) fn regret(view: &View<'_>) -> Option<Figure> {
    let entries = |world: &str| -> Vec<Entry> {
        let methods = view.results.methods_in(world).into_iter();
        methods.filter_map(|method| dot(view, world, method, "regret")).collect()
    };
    let chart = Chart {
        x_title: "Regret (likes per 1,000 eligible decisions)",
        heading: "mean ± 95 %",
        mark: Mark::Dot,
        beside: "",
    };
    let (panels, data) = chart.panels(view, entries, Some(0.0))?;
    Some(Figure {
        id: "regret".to_owned(),
        title: "Regret by world and method".to_owned(),
        caption: "What an oracle that knows the operators' preferences would have gained beyond the method; lower is better. Whiskers are 95 % intervals over seeds. Worlds share one axis. Methods of a world met the same seeds, so compare them by the paired differences below rather than by whether whiskers overlap.".to_owned(),
        keys: Vec::new(),
        panels,
        data,
    })
}

/// A figure for each method that others are held against: by the experiment's comparisons, or all
/// methods against the baseline where it names none.
pub(super) fn differences(view: &View<'_>) -> Vec<Figure> {
    let Some(metric) =
        ["regret", "loss"].into_iter().find(|metric| view.results.has_metric(metric))
    else {
        return Vec::new();
    };
    let mut against: Vec<(&str, Vec<&str>)> = Vec::new();
    for (method, other) in &view.results.about.comparisons {
        match against.iter_mut().find(|(known, _)| known == other) {
            Some((_, methods)) => methods.push(method),
            None => against.push((other, vec![method])),
        }
    }
    if let Some(baseline) = view.baseline.filter(|_| view.baseline_asked || against.is_empty()) {
        let others = view.results.methods().into_iter().filter(|method| *method != baseline);
        against.retain(|(known, _)| *known != baseline);
        against.insert(0, (baseline, others.collect()));
    }
    against
        .into_iter()
        .filter_map(|(other, methods)| difference(view, metric, other, &methods))
        .collect()
}

fn difference(view: &View<'_>, metric: &str, against: &str, methods: &[&str]) -> Option<Figure> {
    let known = results::metric(metric)?;
    let entry = |world: &str, method: &str, label: &str| {
        let paired = view.results.paired(world, method, against, metric)?;
        Some(Entry {
            label: label.to_owned(),
            style: view.style(method),
            mean: paired.mean,
            half: paired.half_width,
            hollow: !paired.excludes_zero(),
            beside: None,
        })
    };
    let unit = if known.unit == "1" { "" } else { " (likes per 1,000)" };
    let x_title = format!("{} less that of {against}{unit}", short(metric));
    let chart =
        Chart { x_title: &x_title, heading: "difference ± 95 %", mark: Mark::Bar, beside: "" };
    let worlds = view.results.worlds();
    let (panels, data) = match methods {
        // A panel for each world would hold a single row.
        [method] => {
            let rows = worlds.iter().filter_map(|world| entry(world, method, world));
            chart.of_groups(vec![(*method, rows.collect())], Some(0.0))?
        }
        methods => {
            let rows = |world: &str| {
                methods.iter().filter_map(|method| entry(world, method, method)).collect()
            };
            chart.panels(view, rows, Some(0.0))?
        }
    };
    let side = match known.better {
        Better::Lower => "to the right of 0 is worse",
        Better::Higher => "to the right of 0 is better",
        Better::Neither => "neither side is better",
    };
    let what = match methods {
        [method] => format!("“{method}” in each world, less “{against}”"),
        _ => format!("Each method less “{against}”"),
    };
    Some(Figure {
        id: format!("differences-{}", slug(against)),
        title: match methods {
            [method] => {
                format!("{} of “{method}” against “{against}”, paired by seed", short(metric))
            }
            _ => format!("{} against “{against}”, paired by seed", short(metric)),
        },
        caption: format!(
            "{what}, over common seeds; {side}. Whiskers are 95 % intervals; a pale bar's interval holds 0. Where a method is the other with one part left out, the bar is what that part is worth."
        ),
        keys: Vec::new(),
        panels,
        data,
    })
}

/// A name as part of an anchor or of a file's name.
fn slug(name: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    name.chars().map(fits).take(60).collect()
}

pub(super) fn fidelity(view: &View<'_>) -> Option<Figure> {
    let entries = |world: &str| -> Vec<Entry> {
        let methods = view.results.methods_in(world).into_iter();
        methods
            .filter_map(|method| {
                let never = view.results.summary(world, method, "fidelity_never")?;
                let mut entry = dot(view, world, method, "fidelity")?;
                entry.beside = Some((never.mean, never.half_width));
                Some(entry)
            })
            .collect()
    };
    let chart = Chart {
        x_title: "Fidelity F (share of looks, 0 to 1)",
        heading: "F ± 95 %",
        mark: Mark::Dot,
        beside: "never acting",
    };
    let (panels, data) = chart.panels(view, entries, None)?;
    Some(Figure {
        id: "fidelity-never".to_owned(),
        title: "Fidelity against never acting".to_owned(),
        caption: "The marker is F at the end of the run, the upright stroke what a monitor that never acts would have scored in the same run; both with 95 % intervals. A high F beside an equally high stroke is a base rate and no skill: see Youden's J in the tables.".to_owned(),
        keys: Vec::new(),
        panels,
        data,
    })
}

/// What the rows of all worlds have in common.
struct Chart<'a> {
    x_title: &'a str,
    heading: &'a str,
    mark: Mark,
    beside: &'a str,
}

impl Chart<'_> {
    fn panels(
        &self,
        view: &View<'_>,
        entries: impl Fn(&str) -> Vec<Entry>,
        include: Option<f64>,
    ) -> Option<(Vec<Panel>, Data)> {
        let worlds: Vec<(&str, Vec<Entry>)> = view
            .results
            .worlds()
            .into_iter()
            .map(|world| (world, entries(world)))
            .filter(|(_, entries)| !entries.is_empty())
            .collect();
        self.of_groups(worlds, include)
    }

    /// A panel per group of rows, on one axis.
    fn of_groups(
        &self,
        worlds: Vec<(&str, Vec<Entry>)>,
        include: Option<f64>,
    ) -> Option<(Vec<Panel>, Data)> {
        if worlds.iter().all(|(_, entries)| entries.is_empty()) {
            return None;
        }
        let ends = worlds.iter().flat_map(|(_, entries)| entries).flat_map(Entry::ends);
        let scale = Scale::around(ends.chain(include), 4);
        let data = self.data(&worlds);
        let panels = worlds.into_iter().map(|(title, entries)| {
            let rows = Rows {
                title,
                x_title: self.x_title,
                heading: self.heading,
                mark: self.mark,
                entries,
                scale: scale.clone(),
                beside: self.beside,
            };
            rows.draw()
        });
        Some((panels.collect(), data))
    }

    fn data(&self, worlds: &[(&str, Vec<Entry>)]) -> Data {
        let mut headings: Vec<String> =
            ["World", "<Method", self.heading].map(str::to_owned).to_vec();
        let beside = !self.beside.is_empty();
        if beside {
            headings.push(format!("{} ± 95 %", self.beside));
        }
        let mut rows = Vec::new();
        for (world, entries) in worlds {
            for entry in entries {
                let mut row =
                    vec![(*world).to_owned(), entry.label.clone(), number(entry.mean, entry.half)];
                if beside {
                    row.push(
                        entry.beside.map_or("–".to_owned(), |(mean, half)| number(mean, half)),
                    );
                }
                rows.push(row);
            }
        }
        Data { headings, rows }
    }
}

fn dot(view: &View<'_>, world: &str, method: &str, metric: &str) -> Option<Entry> {
    let summary = view.results.summary(world, method, metric)?;
    Some(Entry {
        label: method.to_owned(),
        style: view.style(method),
        mean: summary.mean,
        half: summary.half_width,
        hollow: false,
        beside: None,
    })
}

fn short(metric: &str) -> &str {
    match metric {
        "regret" => "Regret",
        "loss" => "Final loss",
        other => other,
    }
}
