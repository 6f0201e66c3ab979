//! Charts as SVG fragments: lines with bands, rows of dots or bars with intervals, points on a plane.
//!
//! A chart draws one [`Panel`] with classes for its colours, so that a page can follow its reader's
//! dark or light and a stand-alone file can fix them ([`style`]).
//! What is shown and why is left to [`super::figures`].

mod frame;
mod lines;
mod plane;
mod rows;
mod scale;
pub(crate) mod style;
mod svg;

pub(crate) use lines::{Line, Lines, Point};
pub(crate) use plane::{Path, Place, Plane};
pub(crate) use rows::{Entry, Mark, Rows};
pub(crate) use scale::Scale;
pub(crate) use svg::escape;

/// Width of a panel in its own units; a page of 400 pixels shows it nearly one to one.
pub(crate) const PANEL_WIDTH: f64 = 460.0;

/// Width of a legend's sample.
pub(crate) const KEY_WIDTH: f64 = 34.0;

/// A legend's sample of a style: its line and marker, 16 units high.
pub(crate) fn key(style: style::Style) -> String {
    let mut svg = svg::Svg::default();
    let dash = match style {
        style::Style::Series(at) => format!(" d{at}"),
        style::Style::Context => String::new(),
    };
    let class = format!("{}{dash}", style.line());
    svg.line(&class, (1.0, 8.0), (KEY_WIDTH - 1.0, 8.0));
    style.marker(&mut svg, (KEY_WIDTH / 2.0, 8.0), true);
    svg.finish()
}

/// A drawn chart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Panel {
    /// What it shows, in a few words.
    pub(crate) title: String,
    /// What can be seen, in words, for who cannot see it.
    pub(crate) description: String,
    /// Height in its own units.
    pub(crate) height: f64,
    /// SVG elements without the `svg` around them.
    pub(crate) body: String,
}

#[cfg(test)]
mod tests;
