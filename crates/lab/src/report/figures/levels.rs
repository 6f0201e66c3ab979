//! One number per method: dots with intervals, a panel per world.

use super::super::chart::{Entry, Mark, Panel, Rows, Scale};
use super::{Data, Figure, View};
use crate::results::number;

/// Headings where panels are worlds and rows are methods.
pub(super) const WORLD_METHOD: [&str; 2] = ["World", "<Method"];
/// How far beyond four fifths of the values an axis of dots reaches at most.
const FAR: f64 = 1.6;

pub(super) fn regret(view: &View<'_>) -> Option<Figure> {
    let entries = |world: &str| -> Vec<Entry> {
        let methods = view.methods_in(world).into_iter();
        methods.filter_map(|method| dot(view, world, method, "regret")).collect()
    };
    let chart = Chart {
        x_title: "Regret (likes per 1,000 eligible decisions)",
        heading: "mean ± 95 %",
        mark: Mark::Dot,
        beside: "",
        columns: WORLD_METHOD,
        within: None,
    };
    let (panels, data) = chart.panels(view, entries, Some(0.0))?;
    Some(Figure {
        id: "regret".to_owned(),
        title: "Regret by world and method".to_owned(),
        caption: "What an oracle that knows the operators' preferences would have gained beyond the method; lower is better. Whiskers are 95 % intervals over seeds. Worlds share one axis; an arrow points to what lies beyond it. Methods of a world met the same seeds, so compare them by the paired differences below rather than by whether whiskers overlap.".to_owned(),
        keys: Vec::new(),
        panels,
        data,
    })
}

pub(super) fn fidelity(view: &View<'_>) -> Option<Figure> {
    let entries = |world: &str| -> Vec<Entry> {
        let methods = view.methods_in(world).into_iter();
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
        columns: WORLD_METHOD,
        within: Some((0.0, 1.0)),
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
pub(super) struct Chart<'a> {
    pub(super) x_title: &'a str,
    pub(super) heading: &'a str,
    pub(super) mark: Mark,
    pub(super) beside: &'a str,
    /// Headings of the panels' titles and the rows' names.
    pub(super) columns: [&'a str; 2],
    /// Where values can lie at all, if that is bounded.
    pub(super) within: Option<(f64, f64)>,
}

impl Chart<'_> {
    pub(super) fn panels(
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
    pub(super) fn of_groups(
        &self,
        worlds: Vec<(&str, Vec<Entry>)>,
        include: Option<f64>,
    ) -> Option<(Vec<Panel>, Data)> {
        if worlds.iter().all(|(_, entries)| entries.is_empty()) {
            return None;
        }
        let ends = worlds.iter().flat_map(|(_, entries)| entries).flat_map(Entry::ends);
        let ends: Vec<f64> =
            ends.map(|end| self.within.map_or(end, |(low, high)| end.clamp(low, high))).collect();
        let scale = Scale::around(self.shown(&ends).into_iter().chain(include), 4);
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

    /// The ends that the axis holds: for dots, a few far beyond the others would press these together.
    fn shown(&self, ends: &[f64]) -> Vec<f64> {
        let mut sorted = ends.to_vec();
        sorted.sort_by(f64::total_cmp);
        let usual = sorted.get(sorted.len() * 4 / 5).copied().unwrap_or(0.0);
        let most = if self.mark == Mark::Dot && usual > 0.0 { usual * FAR } else { f64::INFINITY };
        sorted.retain(|end| *end <= most);
        sorted
    }

    fn data(&self, worlds: &[(&str, Vec<Entry>)]) -> Data {
        let mut headings: Vec<String> =
            [self.columns[0], self.columns[1], self.heading].map(str::to_owned).to_vec();
        let beside = !self.beside.is_empty();
        if beside {
            headings.push(format!("{} ± 95 %", self.beside));
        }
        let mut rows = Vec::new();
        for (world, entries) in worlds {
            for entry in entries {
                let mut row = vec![(*world).to_owned(), entry.label.clone(), entry.number.clone()];
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
        interval: summary.interval,
        number: summary.text(),
        hollow: false,
        beside: None,
    })
}
