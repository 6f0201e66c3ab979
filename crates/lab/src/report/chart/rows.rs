//! Rows of dots or bars with intervals: one row per method, its number beside it.

use super::frame::{self, BOTTOM, Frame, TOP};
use super::scale::Scale;
use super::style::Style;
use super::svg::{Anchor, Svg, through};
use super::{PANEL_WIDTH, Panel};
use crate::results::number;

/// Height of a row.
const ROW: f64 = 24.0;
/// Room for names at most.
const NAMES_MAX: f64 = 150.0;

/// How a row's value is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A marker at the value.
    Dot,
    /// A bar from 0.
    Bar,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) label: String,
    pub(crate) style: Style,
    pub(crate) mean: f64,
    /// Its interval, if there is one.
    pub(crate) interval: Option<(f64, f64)>,
    /// Mean and interval in words, as they stand beside the row.
    pub(crate) number: String,
    /// Drawn hollow: the interval holds 0, or the like.
    pub(crate) hollow: bool,
    /// A second value with its half-width, drawn as an upright stroke.
    pub(crate) beside: Option<(f64, Option<f64>)>,
}

/// A chart of rows.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    pub(crate) title: &'a str,
    pub(crate) x_title: &'a str,
    /// What the numbers are, above them.
    pub(crate) heading: &'a str,
    pub(crate) mark: Mark,
    pub(crate) entries: Vec<Entry>,
    /// Axis shared with other panels.
    pub(crate) scale: Scale,
    /// What the second value is, for the description.
    pub(crate) beside: &'a str,
}

impl Entry {
    /// Ends of all that is drawn, for a scale.
    pub(crate) fn ends(&self) -> impl Iterator<Item = f64> {
        let (low, high) = self.interval.unwrap_or((self.mean, self.mean));
        let beside = self.beside.into_iter().flat_map(|(mean, half)| {
            let half = half.unwrap_or(0.0);
            [mean - half, mean + half]
        });
        [low, high].into_iter().chain(beside)
    }
}

impl Rows<'_> {
    pub(crate) fn draw(self) -> Panel {
        let height = TOP + ROW * self.entries.len().max(1) as f64 + BOTTOM;
        let widest = |text: fn(&Entry) -> String| {
            self.entries.iter().map(|entry| frame::width(&text(entry))).fold(0.0, f64::max)
        };
        let names = widest(|entry| entry.label.clone()).clamp(50.0, NAMES_MAX);
        let numbers =
            widest(|entry| entry.number.clone()).max(frame::width(self.heading).min(110.0));
        let mut frame =
            Frame::new(height, numbers + 18.0, self.scale.clone(), Scale::up_to(1.0, 1));
        frame.left = names + 26.0;
        let mut svg = Svg::default();
        frame::titles(&mut svg, self.title, "");
        svg.text("tf", (PANEL_WIDTH - 2.0, TOP - 12.0), Anchor::End, self.heading);
        frame.x_ticks(&mut svg, true);
        let middle = (frame.left + frame.right) / 2.0;
        // The title belongs to the plot but may be wider than it.
        let half = frame::width(self.x_title) / 2.0;
        let middle =
            middle.clamp(half.min(PANEL_WIDTH / 2.0), (PANEL_WIDTH - half).max(PANEL_WIDTH / 2.0));
        svg.text("tf", (middle, frame.bottom + 36.0), Anchor::Middle, self.x_title);
        if self.scale.low <= 0.0 && self.scale.high >= 0.0 {
            let (zero, _) = frame.at(0.0, 0.0);
            svg.line("ax", (zero, frame.top), (zero, frame.bottom));
        }
        for (at, entry) in self.entries.iter().enumerate() {
            let y = TOP + ROW * (at as f64 + 0.5);
            svg.titled(&format!("{}: {}", entry.label, entry.number), |svg| {
                self.row(svg, &frame, entry, y, names);
            });
        }
        Panel {
            title: self.title.to_owned(),
            description: self.description(),
            height,
            body: svg.finish(),
        }
    }

    fn row(&self, svg: &mut Svg, frame: &Frame, entry: &Entry, y: f64, names: f64) {
        entry.style.marker(svg, (8.0, y), true);
        svg.text("tx", (20.0, y + 4.0), Anchor::Start, &frame::fit(&entry.label, names));
        svg.text("tx", (PANEL_WIDTH - 2.0, y + 4.0), Anchor::End, &entry.number);
        if entry.mean > self.scale.high {
            let (tip, class) = (frame.right, format!("m {}", entry.style.area()));
            let arrow = vec![(tip - 9.0, y - 5.0), (tip, y), (tip - 9.0, y + 5.0)];
            svg.path(&class, &format!("{}Z", through(&[arrow])), "");
            return;
        }
        let x = |value: f64| frame.at(value, 0.0).0;
        if let Some((mean, half)) = entry.beside {
            let half = half.unwrap_or(0.0);
            let (from, to) = (x(mean - half), x(mean + half));
            svg.rect("bh f9", (from, y - 6.0), ((to - from).max(0.5), 12.0));
            svg.line("ax e", (x(mean), y - 8.0), (x(mean), y + 8.0));
        }
        let (from, to) = (x(0.0).min(x(entry.mean)), x(0.0).max(x(entry.mean)));
        let class = match entry.style {
            Style::Series(at) => format!("e s{at}"),
            Style::Context => "e sc".to_owned(),
        };
        if self.mark == Mark::Bar {
            let fill = if entry.hollow { "bh" } else { "br" };
            svg.rect(&format!("{fill} {}", entry.style.area()), (from, y - 7.0), (to - from, 14.0));
        }
        if let Some((low, high)) = entry.interval {
            let (low, high) = (x(low), x(high));
            svg.line(&class, (low, y), (high, y));
            for end in [low, high] {
                svg.line(&class, (end, y - 3.5), (end, y + 3.5));
            }
        }
        if self.mark == Mark::Dot {
            entry.style.marker(svg, (x(entry.mean), y), !entry.hollow);
        }
    }

    fn description(&self) -> String {
        let rows = self.entries.iter().map(|entry| {
            let beside = entry
                .beside
                .map(|(mean, half)| format!(", {} {}", self.beside, number(mean, half)));
            format!("{}: {}{}", entry.label, entry.number, beside.unwrap_or_default())
        });
        format!("{}. {}.", self.x_title, rows.collect::<Vec<_>>().join("; "))
    }
}
