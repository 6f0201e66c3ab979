//! Points on a plane of two numbers, with the paths that led there.

use super::Panel;
use super::frame::Frame;
use super::scale::Scale;
use super::style::Style;
use super::svg::{Svg, through};
use crate::results::number;

/// Height of a panel.
const HEIGHT: f64 = 320.0;

/// A place with the half-widths of its two intervals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    pub(crate) x: (f64, Option<f64>),
    pub(crate) y: (f64, Option<f64>),
}

/// A path to a place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Path {
    pub(crate) label: String,
    pub(crate) style: Style,
    /// What came before the end, from the start; may be empty.
    pub(crate) before: Vec<(f64, f64)>,
    pub(crate) end: Place,
}

/// A chart of places.
#[derive(Debug)]
pub(crate) struct Plane<'a> {
    pub(crate) title: &'a str,
    pub(crate) x_title: &'a str,
    pub(crate) y_title: &'a str,
    pub(crate) paths: Vec<Path>,
}

impl Path {
    fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        let Place { x: (x, dx), y: (y, dy) } = self.end;
        let (dx, dy) = (dx.unwrap_or(0.0), dy.unwrap_or(0.0));
        self.before.iter().copied().chain([(x - dx, y - dy), (x + dx, y + dy)])
    }
}

impl Plane<'_> {
    pub(crate) fn draw(mut self) -> Panel {
        self.paths.sort_by_key(|path| path.style.depth());
        let values = |pick: fn((f64, f64)) -> f64| {
            self.paths.iter().flat_map(Path::points).map(pick).collect::<Vec<_>>().into_iter()
        };
        let (x, y) = (values(|point| point.0), values(|point| point.1));
        let frame = Frame::new(HEIGHT, 14.0, Scale::around(x, 5), Scale::around(y, 5));
        let mut svg = Svg::default();
        frame.draw(&mut svg, self.title, self.x_title, self.y_title);
        for path in &self.paths {
            path.draw_way(&mut svg, &frame);
        }
        for path in &self.paths {
            path.draw_end(&mut svg, &frame, self.x_title, self.y_title);
        }
        Panel {
            title: self.title.to_owned(),
            description: self.description(),
            height: HEIGHT,
            body: svg.finish(),
        }
    }

    fn description(&self) -> String {
        let ends = self.paths.iter().map(|path| {
            let Place { x, y } = path.end;
            format!("{}: {} against {}", path.label, number(y.0, y.1), number(x.0, x.1))
        });
        let ends: Vec<String> = ends.collect();
        format!("{} against {}. {}.", self.y_title, self.x_title, ends.join("; "))
    }
}

impl Path {
    fn draw_way(&self, svg: &mut Svg, frame: &Frame) {
        let end = (self.end.x.0, self.end.y.0);
        if self.before.is_empty() {
            return;
        }
        let way = self.before.iter().chain([&end]).map(|(x, y)| frame.at(*x, *y)).collect();
        let dash = match self.style {
            Style::Series(at) => format!(" d{at}"),
            Style::Context => String::new(),
        };
        svg.path(&format!("{}{dash}", self.style.line()), &through(&[way]), " opacity=\"0.75\"");
        if let Some((x, y)) = self.before.first() {
            let (x, y) = frame.at(*x, *y);
            svg.rect(&self.style.area(), (x - 2.0, y - 2.0), (4.0, 4.0));
        }
    }

    fn draw_end(&self, svg: &mut Svg, frame: &Frame, x_title: &str, y_title: &str) {
        let Place { x: (x, dx), y: (y, dy) } = self.end;
        let class = match self.style {
            Style::Series(at) => format!("e s{at}"),
            Style::Context => "e sc".to_owned(),
        };
        let title =
            format!("{}: {x_title} {}, {y_title} {}", self.label, number(x, dx), number(y, dy));
        svg.titled(&title, |svg| {
            if let Some(dx) = dx {
                svg.line(&class, frame.at(x - dx, y), frame.at(x + dx, y));
            }
            if let Some(dy) = dy {
                svg.line(&class, frame.at(x, y - dy), frame.at(x, y + dy));
            }
            self.style.marker(svg, frame.at(x, y), true);
        });
    }
}
