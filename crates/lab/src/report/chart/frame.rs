//! What all charts have around them: title, axes, grid, labels at the ends of lines.

use super::PANEL_WIDTH;
use super::scale::Scale;
use super::svg::{Anchor, Svg};

/// Units that a character of 12 units takes, on the wide side.
const CHARACTER: f64 = 7.0;
/// Height of a line of text.
const LINE: f64 = 14.0;
/// Room above the plot for two lines of titles.
pub(super) const TOP: f64 = 50.0;
/// Room below the plot for tick labels and a title.
pub(super) const BOTTOM: f64 = 42.0;
/// Room left of the plot for tick labels.
const LEFT: f64 = 46.0;

/// A plot's rectangle and its axes.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    pub(super) x: Scale,
    pub(super) y: Scale,
}

impl Frame {
    /// A frame `height` high with `room` to the right of the plot.
    pub(super) fn new(height: f64, room: f64, x: Scale, y: Scale) -> Self {
        let widest = y.ticks.iter().map(|tick| width(&y.label(*tick))).fold(0.0, f64::max);
        let left = (widest + 12.0).max(LEFT);
        Self { left, right: PANEL_WIDTH - room.max(14.0), top: TOP, bottom: height - BOTTOM, x, y }
    }

    pub(super) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.x.place(x, self.left, self.right), self.y.place(y, self.bottom, self.top))
    }

    /// Title, grid, tick labels and axis titles.
    pub(super) fn draw(&self, svg: &mut Svg, title: &str, x_title: &str, y_title: &str) {
        titles(svg, title, y_title);
        for tick in &self.y.ticks {
            let (_, y) = self.at(self.x.low, *tick);
            svg.line("gr", (self.left, y), (self.right, y));
            svg.text("tf", (self.left - 7.0, y + 4.0), Anchor::End, &self.y.label(*tick));
        }
        svg.line("ax", (self.left, self.bottom), (self.right, self.bottom));
        self.x_ticks(svg, false);
        let middle = (self.left + self.right) / 2.0;
        svg.text("tf", (middle, self.bottom + 36.0), Anchor::Middle, x_title);
    }

    /// Ticks and labels along the bottom, with grid lines or without.
    pub(super) fn x_ticks(&self, svg: &mut Svg, grid: bool) {
        for tick in &self.x.ticks {
            let (x, _) = self.at(*tick, self.y.low);
            if grid {
                svg.line("gr", (x, self.top), (x, self.bottom));
            } else {
                svg.line("ax", (x, self.bottom), (x, self.bottom + 4.0));
            }
            // A label at the edge leans inwards rather than out of the picture.
            let label = self.x.label(*tick);
            let x = x.min(PANEL_WIDTH - 3.0 - width(&label) / 2.0);
            svg.text("tf", (x, self.bottom + 18.0), Anchor::Middle, &label);
        }
    }
}

/// The panel's title and, below it, what the upright axis or the rows show.
pub(super) fn titles(svg: &mut Svg, title: &str, below: &str) {
    svg.text("tt", (2.0, 16.0), Anchor::Start, &fit(title, PANEL_WIDTH - 60.0));
    svg.text("tf", (2.0, 36.0), Anchor::Start, &fit(below, PANEL_WIDTH - 4.0));
}

/// Units that a text takes, on the wide side.
pub(super) fn width(text: &str) -> f64 {
    text.chars().count() as f64 * CHARACTER
}

/// `text` within `room` units, with an ellipsis in the middle if it is longer.
pub(super) fn fit(text: &str, room: f64) -> String {
    let count = text.chars().count();
    let most = (room / CHARACTER).max(1.0) as usize;
    if count <= most {
        return text.to_owned();
    }
    let (head, tail) = (most / 2, most - most / 2 - 1);
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(count - tail).collect();
    format!("{start}…{end}")
}

/// Heights for labels that wish to stand at `wanted`, at least a line apart, as near as can be and
/// between `top` and `bottom` while there is room; same order.
pub(super) fn apart(wanted: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    // Groups of labels that touch: their first place, and how many they are.
    let mut groups: Vec<(f64, usize)> = Vec::new();
    for &at in &order {
        groups.push((wanted[at], 1));
        while let [.., (upper, before), (lower, count)] = groups[..] {
            if upper + before as f64 * LINE <= lower {
                break;
            }
            // Together they stand where the mean of their wishes is kept.
            let members = (before + count) as f64;
            let shifted = lower - before as f64 * LINE;
            let first = (upper * before as f64 + shifted * count as f64) / members;
            groups.truncate(groups.len() - 2);
            groups.push((first, before + count));
        }
    }
    let mut places = wanted.to_vec();
    let mut members = order.iter();
    for (first, count) in groups {
        for (line, &at) in members.by_ref().take(count).enumerate() {
            places[at] = first + line as f64 * LINE;
        }
    }
    within(&mut places, &order, top, bottom);
    places
}

/// Moves places that left the plot back in, and what is in their way.
fn within(places: &mut [f64], order: &[usize], top: f64, bottom: f64) {
    let mut limit = bottom;
    for &at in order.iter().rev() {
        places[at] = places[at].min(limit);
        limit = places[at] - LINE;
    }
    let mut free = top;
    for &at in order {
        places[at] = places[at].max(free);
        free = places[at] + LINE;
    }
}
