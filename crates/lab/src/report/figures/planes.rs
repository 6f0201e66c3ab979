//! Two numbers against each other, a panel per world.

use super::super::chart::style::Style;
use super::super::chart::{Panel, Path, Place, Plane};
use super::{Data, Figure, View};
use crate::results::{Band, Summary, number};

/// Stretches of a way, each drawn as its mean: single checkpoints zigzag without meaning.
const STRETCHES: usize = 10;

pub(super) fn reward_loss(view: &View<'_>) -> Option<Figure> {
    let path = |world: &str, method: &str| {
        let loss = view.results.curve(world, method, "loss")?;
        let reward = view.results.curve(world, method, "reward")?;
        let both = |(loss, reward): (&Option<Band>, &Option<Band>)| Some(((*loss)?, (*reward)?));
        let all: Vec<(Band, Band)> =
            loss.points.iter().zip(&reward.points).filter_map(both).collect();
        let (last, before) = all.split_last()?;
        let style = view.line_style(method);
        let length = before.len().div_ceil(STRETCHES).max(1);
        let way = before.chunks(length).map(middle);
        Some(Path {
            label: method.to_owned(),
            style,
            before: if style == Style::Context { Vec::new() } else { way.collect() },
            end: place(&last.0.mean, &last.1.mean),
        })
    };
    let chart = Chart {
        x_title: "Alignment loss (per surfaced decision)",
        y_title: "Reward (moving average, −1 to 1)",
        columns: ["Loss at the end", "Reward at the end"],
    };
    let (panels, data) = chart.panels(view, path)?;
    Some(Figure {
        id: "reward-loss".to_owned(),
        title: "Reward against loss".to_owned(),
        caption: "The way of the means over the run, a point for each tenth of it from the small square on; the marker is the end, with 95 % intervals both ways. Up and to the left is better.".to_owned(),
        keys: view.keys(|world, method| path(world, method).is_some(), |method| view.line_style(method)),
        panels,
        data,
    })
}

pub(super) fn coverage_overrides(view: &View<'_>) -> Option<Figure> {
    let path = |world: &str, method: &str| {
        let overrides = view.results.summary(world, method, "override_rate")?;
        let coverage = view.results.summary(world, method, "coverage")?;
        Some(Path {
            label: method.to_owned(),
            style: view.style(method),
            before: Vec::new(),
            end: place(&overrides, &coverage),
        })
    };
    let chart = Chart {
        x_title: "Override probability of a surfaced decision (0 to 1)",
        y_title: "Coverage (share of eligible decisions surfaced)",
        columns: ["Override probability", "Coverage"],
    };
    let (panels, data) = chart.panels(view, path)?;
    Some(Figure {
        id: "coverage-overrides".to_owned(),
        title: "Coverage against override rate".to_owned(),
        caption: "How much is surfaced against how often people object to it; crosses are 95 % intervals. Up is more help, left is fewer objections; neither alone is a merit.".to_owned(),
        keys: view.keys(|world, method| path(world, method).is_some(), |method| view.style(method)),
        panels,
        data,
    })
}

/// Mean loss and reward of a stretch.
fn middle(stretch: &[(Band, Band)]) -> (f64, f64) {
    let sum = stretch
        .iter()
        .fold((0.0, 0.0), |sum, (loss, reward)| (sum.0 + loss.mean.mean, sum.1 + reward.mean.mean));
    (sum.0 / stretch.len() as f64, sum.1 / stretch.len() as f64)
}

fn place(x: &Summary, y: &Summary) -> Place {
    Place { x: (x.mean, x.half_width), y: (y.mean, y.half_width) }
}

struct Chart<'a> {
    x_title: &'a str,
    y_title: &'a str,
    columns: [&'a str; 2],
}

impl Chart<'_> {
    fn panels(
        &self,
        view: &View<'_>,
        path: impl Fn(&str, &str) -> Option<Path>,
    ) -> Option<(Vec<Panel>, Data)> {
        let mut data = Data {
            headings: vec![
                "World".to_owned(),
                "<Method".to_owned(),
                self.columns[0].to_owned(),
                self.columns[1].to_owned(),
            ],
            rows: Vec::new(),
        };
        let mut panels = Vec::new();
        for world in view.results.worlds() {
            let methods = view.methods_in(world).into_iter();
            let paths: Vec<Path> = methods.filter_map(|method| path(world, method)).collect();
            if paths.is_empty() {
                continue;
            }
            data.rows.extend(paths.iter().map(|path| {
                let Place { x, y } = path.end;
                vec![world.to_owned(), path.label.clone(), number(x.0, x.1), number(y.0, y.1)]
            }));
            let plane = Plane { title: world, x_title: self.x_title, y_title: self.y_title, paths };
            panels.push(plane.draw());
        }
        (!panels.is_empty()).then_some((panels, data))
    }
}
