//! Numbers over episodes.

use super::super::chart::style::Style;
use super::super::chart::{Line, Lines, Panel, Point};
use super::{Data, Figure, View};
use crate::results::{Curve, number, plain};

/// Points drawn per line at most; more would be closer than a pixel.
const POINTS_MAX: usize = 150;
/// Checkpoints listed below a figure at most.
const LISTED_MAX: usize = 12;
/// Panels of one method each at most; beyond it methods share panels.
const SINGLES_MAX: usize = 12;

const BANDS: &str = "Bands are 95 % intervals of the mean over seeds.";

pub(super) fn loss(view: &View<'_>) -> Option<Figure> {
    let spec = Spec {
        id: "loss",
        curve: "loss",
        title: "Alignment loss over episodes",
        axis: "Alignment loss (per surfaced decision, 0 to 1)",
        caption: "Lower is better, but only surfaced decisions have a loss: a method that surfaces less can look better here. Read it beside coverage.",
        include: &[0.0],
    };
    spec.figure(view)
}

pub(super) fn regret(view: &View<'_>) -> Option<Figure> {
    let spec = Spec {
        id: "regret-over-episodes",
        curve: "regret",
        title: "Regret over episodes",
        axis: "Regret so far (likes per 1,000 eligible decisions)",
        caption: "What an oracle that knows the operators' preferences would have gained beyond the method, since the start. Lower is better.",
        include: &[0.0],
    };
    spec.figure(view)
}

pub(super) fn latent(view: &View<'_>) -> Option<Figure> {
    let spec = Spec {
        id: "latent",
        curve: "latent",
        title: "Latent misalignment over episodes",
        axis: "Latent misalignment |s − g| (0 to 1)",
        caption: "Distance of the score from the operators' true preference, over all scenarios, surfaced or not. Only a simulation can know it. Lower is better.",
        include: &[0.0],
    };
    spec.figure(view)
}

pub(super) fn threshold(view: &View<'_>) -> Option<Figure> {
    let spec = Spec {
        id: "threshold",
        curve: "threshold",
        title: "Threshold in force over episodes",
        axis: "Threshold in force (score, 0 to 1)",
        caption: "Neither high nor low is better. A threshold drawn from a set of arms averages near the mean of the set unless evidence moves it.",
        include: &[],
    };
    spec.figure(view)
}

/// Fidelity over time: a panel per method with its own level of never acting where there is room for
/// that, else a panel per world.
pub(super) fn fidelity(view: &View<'_>) -> Option<Figure> {
    let spec = Spec {
        id: "fidelity",
        curve: "fidelity",
        title: "Monitoring fidelity over episodes",
        axis: "Fidelity F so far (share of looks, 0 to 1)",
        caption: "F is the share of looks at which the monitor did what the gold policy would have done. The dashed level is what never acting would have scored: only what rises above it is skill.",
        include: &[1.0],
    };
    let mut figure = spec.figure(view)?;
    let singles: Vec<(&str, &str)> = view
        .results
        .worlds()
        .into_iter()
        .flat_map(|world| spec.methods(view, world).into_iter().map(move |method| (world, method)))
        .collect();
    if singles.len() <= SINGLES_MAX {
        // One axis for all, so that panels can be held against each other.
        let ends: Vec<f64> =
            singles.iter().flat_map(|(world, method)| spec.ends(view, world, method)).collect();
        figure.panels =
            singles.iter().map(|(world, method)| spec.single(view, world, method, &ends)).collect();
        figure.keys = Vec::new();
    } else {
        figure.caption = "F is the share of looks at which the monitor did what the gold policy would have done; the next figure holds its end against never acting.".to_owned();
    }
    Some(figure)
}

/// A figure of one curve.
struct Spec {
    id: &'static str,
    curve: &'static str,
    title: &'static str,
    axis: &'static str,
    caption: &'static str,
    include: &'static [f64],
}

impl Spec {
    fn figure(&self, view: &View<'_>) -> Option<Figure> {
        let worlds: Vec<&str> = view
            .results
            .worlds()
            .into_iter()
            .filter(|world| !self.methods(view, world).is_empty())
            .collect();
        if worlds.is_empty() {
            return None;
        }
        let has =
            |world: &str, method: &str| view.results.curve(world, method, self.curve).is_some();
        Some(Figure {
            id: self.id.to_owned(),
            title: self.title.to_owned(),
            caption: format!("{} {BANDS}", self.caption),
            keys: view.keys(has, |method| view.line_style(method)),
            panels: worlds.iter().map(|world| self.panel(view, world)).collect(),
            data: self.data(view, &worlds),
        })
    }

    fn methods<'a>(&self, view: &View<'a>, world: &str) -> Vec<&'a str> {
        let has = |method: &&str| view.results.curve(world, method, self.curve).is_some();
        view.methods_in(world).into_iter().filter(has).collect()
    }

    fn panel(&self, view: &View<'_>, world: &str) -> Panel {
        let lines = self.methods(view, world).into_iter().filter_map(|method| {
            let curve = view.results.curve(world, method, self.curve)?;
            Some(line(method, view.line_style(method), &curve))
        });
        let chart =
            Lines { title: world, lines: lines.collect(), named: true, ..self.empty(view, world) };
        chart.draw()
    }

    /// Ends of all that a panel of one method shows.
    fn ends(&self, view: &View<'_>, world: &str, method: &str) -> Vec<f64> {
        let curve = view.results.curve(world, method, self.curve);
        let bands = curve.iter().flat_map(|curve| curve.points.iter().flatten());
        let ends = bands.flat_map(|band| {
            let half = band.mean.half_width.unwrap_or(0.0);
            [band.mean.mean - half, band.mean.mean + half]
        });
        let never = view.results.summary(world, method, "fidelity_never");
        ends.chain(never.map(|never| never.mean)).collect()
    }

    fn single(&self, view: &View<'_>, world: &str, method: &str, ends: &[f64]) -> Panel {
        let curve = view.results.curve(world, method, self.curve);
        let lines = curve.map(|curve| line(method, view.style(method), &curve)).into_iter();
        let never = view.results.summary(world, method, "fidelity_never");
        let level = never.map(|never| (never.mean, "never acting"));
        let title = format!("{world} · {method}");
        let mut chart =
            Lines { title: &title, lines: lines.collect(), level, ..self.empty(view, world) };
        chart.include.extend_from_slice(ends);
        chart.draw()
    }

    fn empty(&self, view: &View<'_>, world: &str) -> Lines<'_> {
        Lines {
            title: "",
            x_title: "Episodes",
            y_title: self.axis,
            x_end: view.results.horizon(world).unwrap_or(1) as f64,
            lines: Vec::new(),
            level: None,
            named: false,
            include: self.include.to_vec(),
        }
    }

    fn data(&self, view: &View<'_>, worlds: &[&str]) -> Data {
        let methods: Vec<&str> = view
            .methods()
            .into_iter()
            .filter(|method| worlds.iter().any(|world| self.methods(view, world).contains(method)))
            .collect();
        let mut headings = vec!["World".to_owned(), "Episodes".to_owned()];
        headings.extend(methods.iter().map(|method| (*method).to_owned()));
        let mut rows = Vec::new();
        for world in worlds {
            let curves: Vec<Option<Curve>> = methods
                .iter()
                .map(|method| view.results.curve(world, method, self.curve))
                .collect();
            let Some(checkpoints) =
                curves.iter().flatten().next().map(|curve| curve.checkpoints.clone())
            else {
                continue;
            };
            for at in spread(checkpoints.len(), LISTED_MAX) {
                let mut row = vec![(*world).to_owned(), plain(checkpoints[at] as f64, 0)];
                row.extend(curves.iter().map(|curve| {
                    let band = curve.as_ref().and_then(|curve| curve.points[at]);
                    band.map_or("–".to_owned(), |band| {
                        number(band.mean.mean, band.mean.half_width)
                    })
                }));
                rows.push(row);
            }
        }
        Data { headings, rows }
    }
}

fn line(method: &str, style: Style, curve: &Curve) -> Line {
    let points = spread(curve.points.len(), POINTS_MAX).map(|at| {
        curve.points[at].map(|band| Point {
            x: curve.checkpoints[at] as f64,
            y: band.mean.mean,
            half: band.mean.half_width,
        })
    });
    Line { label: method.to_owned(), style, points: points.collect() }
}

/// At most `most` of `count` places, evenly, the last among them.
fn spread(count: usize, most: usize) -> impl Iterator<Item = usize> {
    let shown = count.min(most);
    (1..=shown).map(move |at| at * count / shown - 1)
}
