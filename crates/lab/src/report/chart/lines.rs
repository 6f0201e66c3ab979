//! Lines over episodes, with bands, markers and labels at their ends.

use super::frame::{self, Frame};
use super::scale::Scale;
use super::style::Style;
use super::svg::{Anchor, Svg, through};
use super::{PANEL_WIDTH, Panel};
use crate::results::{number, plain};

/// Height of a panel.
const HEIGHT: f64 = 300.0;
/// Labels longer than this leave too little room for the plot; the legend names them.
const LABEL_CHARACTERS_MAX: usize = 16;
/// Lines labelled at their end at most.
const LABELS_MAX: usize = 6;
/// Markers along a line.
const MARKERS: usize = 5;

/// One point of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    /// Episodes done.
    pub(crate) x: f64,
    /// Mean.
    pub(crate) y: f64,
    /// Half the width of its interval, if there is one.
    pub(crate) half: Option<f64>,
}

/// A line; a gap where a point is `None`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) label: String,
    pub(crate) style: Style,
    pub(crate) points: Vec<Option<Point>>,
}

/// A chart of lines.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    pub(crate) title: &'a str,
    pub(crate) x_title: &'a str,
    pub(crate) y_title: &'a str,
    /// Episodes at the right edge.
    pub(crate) x_end: f64,
    pub(crate) lines: Vec<Line>,
    /// A level drawn across, with its name.
    pub(crate) level: Option<(f64, &'a str)>,
    /// Whether lines are named at their ends; else the title or a legend does.
    pub(crate) named: bool,
    /// Values that the upright axis shall hold, beside the lines'.
    pub(crate) include: Vec<f64>,
}

impl Lines<'_> {
    pub(crate) fn draw(mut self) -> Panel {
        self.lines.sort_by_key(|line| line.style.depth());
        let labelled = self.labelled();
        let room = labelled.iter().map(|line| frame::width(&line.label)).fold(0.0, f64::max);
        let room = if labelled.is_empty() { 14.0 } else { room + 16.0 };
        let frame = Frame::new(HEIGHT, room, Scale::up_to(self.x_end, 5), self.y_scale());
        let mut svg = Svg::default();
        frame.draw(&mut svg, self.title, self.x_title, self.y_title);
        for line in &self.lines {
            line.draw_band(&mut svg, &frame);
        }
        self.draw_level(&mut svg, &frame);
        for line in &self.lines {
            line.draw(&mut svg, &frame);
        }
        draw_labels(&mut svg, &frame, &labelled);
        Panel {
            title: self.title.to_owned(),
            description: self.description(),
            height: HEIGHT,
            body: svg.finish(),
        }
    }

    fn y_scale(&self) -> Scale {
        let points = self.lines.iter().flat_map(|line| line.points.iter().flatten());
        let ends = points.flat_map(|point| {
            let half = point.half.unwrap_or(0.0);
            [point.y - half, point.y + half]
        });
        let level = self.level.iter().map(|(value, _)| *value);
        Scale::around(ends.chain(level).chain(self.include.iter().copied()), 5)
    }

    fn labelled(&self) -> Vec<Line> {
        if !self.named {
            return Vec::new();
        }
        let named: Vec<&Line> = self
            .lines
            .iter()
            .filter(|line| line.style != Style::Context && line.last().is_some())
            .collect();
        let fits = |line: &&Line| line.label.chars().count() <= LABEL_CHARACTERS_MAX;
        match named.len() <= LABELS_MAX && named.iter().all(fits) {
            true => named.into_iter().cloned().collect(),
            false => Vec::new(),
        }
    }

    fn draw_level(&self, svg: &mut Svg, frame: &Frame) {
        let Some((value, name)) = self.level else { return };
        let (_, y) = frame.at(0.0, value);
        svg.line("rf", (frame.left, y), (frame.right, y));
        // Below the level where there is room, for lines of interest mostly end above.
        let below = if y + 18.0 < frame.bottom { y + 14.0 } else { y - 6.0 };
        svg.text("tf", (frame.left + 6.0, below), Anchor::Start, name);
    }

    fn description(&self) -> String {
        let ends = self.lines.iter().filter_map(|line| {
            let first = line.points.iter().flatten().next()?;
            let last = line.last()?;
            Some(format!(
                "{}: from {} to {}",
                line.label,
                number(first.y, first.half),
                number(last.y, last.half)
            ))
        });
        let ends: Vec<String> = ends.collect();
        let level = self.level.map(|(value, name)| format!(" {name}: {}.", plain(value, 3)));
        format!(
            "{} over {}. {}.{}",
            self.y_title,
            self.x_title.to_lowercase(),
            ends.join("; "),
            level.unwrap_or_default()
        )
    }
}

impl Line {
    fn last(&self) -> Option<&Point> {
        self.points.iter().flatten().last()
    }

    /// Runs of points without a gap.
    fn pieces(&self) -> impl Iterator<Item = Vec<Point>> {
        self.points
            .split(Option::is_none)
            .map(|piece| piece.iter().flatten().copied().collect::<Vec<_>>())
            .filter(|piece| !piece.is_empty())
    }

    fn draw_band(&self, svg: &mut Svg, frame: &Frame) {
        if self.style == Style::Context {
            return;
        }
        let pieces = self.pieces().filter_map(|piece| {
            let edge = |sign: f64| {
                piece
                    .iter()
                    .filter_map(move |point| Some(frame.at(point.x, point.y + sign * point.half?)))
            };
            let mut around: Vec<(f64, f64)> = edge(1.0).collect();
            around.extend(edge(-1.0).collect::<Vec<_>>().into_iter().rev());
            (around.len() > 3).then_some(around)
        });
        let pieces: Vec<Vec<(f64, f64)>> = pieces.collect();
        if !pieces.is_empty() {
            svg.path(&format!("bd {}", self.style.area()), &through(&pieces), "");
        }
    }

    fn draw(&self, svg: &mut Svg, frame: &Frame) {
        let pieces: Vec<Vec<(f64, f64)>> = self
            .pieces()
            .map(|piece| piece.iter().map(|point| frame.at(point.x, point.y)).collect())
            .collect();
        let dash = match self.style {
            Style::Series(at) => format!(" d{at}"),
            Style::Context => String::new(),
        };
        svg.path(&format!("{}{dash}", self.style.line()), &through(&pieces), "");
        if self.style != Style::Context {
            for point in self.marked() {
                let title = format!(
                    "{}, {} episodes: {}",
                    self.label,
                    plain(point.x, 0),
                    number(point.y, point.half)
                );
                svg.titled(&title, |svg| {
                    self.style.marker(svg, frame.at(point.x, point.y), true);
                });
            }
        }
    }

    /// Points that carry a marker: the last, and some before it that differ between styles.
    fn marked(&self) -> Vec<&Point> {
        let points: Vec<&Point> = self.points.iter().flatten().collect();
        let step = (points.len() / MARKERS).max(1);
        let shift = match self.style {
            Style::Series(at) => at * step / 6 % step,
            Style::Context => 0,
        };
        let last = points.len().saturating_sub(1);
        points
            .iter()
            .enumerate()
            .filter(|(at, _)| {
                *at == last || (at + shift + 1).is_multiple_of(step) && last - at > step / 2
            })
            .map(|(_, point)| *point)
            .collect()
    }
}

fn draw_labels(svg: &mut Svg, frame: &Frame, lines: &[Line]) {
    let ends: Vec<(f64, f64)> = lines
        .iter()
        .filter_map(|line| line.last())
        .map(|point| frame.at(point.x, point.y))
        .collect();
    let wanted: Vec<f64> = ends.iter().map(|(_, y)| *y).collect();
    let places = frame::apart(&wanted, frame.top + 2.0, frame.bottom - 2.0);
    for ((line, (x, y)), place) in lines.iter().zip(ends).zip(places) {
        if (place - y).abs() > 5.0 {
            svg.line("ax", (x + 5.0, y), (frame.right + 9.0, place));
        }
        let at = (frame.right + 11.0, place + 4.0);
        svg.text("tx", at, Anchor::Start, &frame::fit(&line.label, PANEL_WIDTH - at.0));
    }
}
