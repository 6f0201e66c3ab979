//! Where the nodes of a picture stand.
//!
//! Networks of tiers stand in rows, networks with places on the map as on the map, others on an ellipse.

use super::view::{DrawnNode, Neighbourhood};

/// Width of a picture, in its own units: a phone's width, so that it is legible there without being made smaller.
pub(super) const WIDTH: f64 = 400.0;
/// Height of a node's box.
pub(super) const BOX_HEIGHT: f64 = 20.0;
/// Width of a character at the size of a node's name.
const CHARACTER: f64 = 6.3;
/// Longest name in a box; the whole name is in its title.
const NAME_SHOWN: usize = 17;
/// Nodes in one row.
const ROW_MOST: usize = 5;
/// Distance between tiers.
const ROW: f64 = 96.0;
/// Distance between the lines of one tier.
const LINE: f64 = 40.0;
/// Room around the nodes.
const MARGIN: f64 = 22.0;

/// A node in its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    /// Middle of its box.
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    /// Its name, shortened to fit.
    pub(super) label: String,
}

/// All nodes in their places, and the height that they take.
pub(super) fn layout(drawn: &Neighbourhood) -> (Vec<Placed>, f64) {
    let mut placed: Vec<Placed> = drawn.nodes.iter().map(boxed).collect();
    let tiered = drawn.nodes.iter().any(|node| node.tier > 0);
    let mapped = drawn.nodes.len() > 2 && drawn.nodes.iter().all(|node| node.position.is_some());
    let height = if tiered {
        rows(&drawn.nodes, &mut placed)
    } else if mapped {
        on_map(&drawn.nodes, &mut placed)
    } else {
        ellipse(&mut placed)
    };
    (placed, height)
}

fn boxed(node: &DrawnNode) -> Placed {
    let mut label: String = node.name.chars().take(NAME_SHOWN).collect();
    if node.name.chars().count() > NAME_SHOWN {
        label.pop();
        label.push('…');
    }
    let width = (label.chars().count() as f64 * CHARACTER + 12.0).max(34.0);
    Placed { x: 0.0, y: 0.0, width, label }
}

fn rows(nodes: &[DrawnNode], placed: &mut [Placed]) -> f64 {
    let last = nodes.iter().map(|node| node.tier).max().unwrap_or(0);
    let mut y = MARGIN;
    for tier in 0..=last {
        let members: Vec<usize> = (0..nodes.len()).filter(|&n| nodes[n].tier == tier).collect();
        let lines = members.len().div_ceil(ROW_MOST);
        let each = members.len().div_ceil(lines.max(1)).max(1);
        for line in members.chunks(each) {
            spread(line, placed, y);
            y += LINE;
        }
        if !members.is_empty() {
            y += ROW - LINE;
        }
    }
    y - ROW + MARGIN
}

/// Puts these nodes beside one another, in room according to their widths.
fn spread(line: &[usize], placed: &mut [Placed], y: f64) {
    let taken: f64 = line.iter().map(|&n| placed[n].width).sum();
    let gap = ((WIDTH - taken) / (line.len() + 1) as f64).max(3.0);
    let mut x = gap;
    for &n in line {
        placed[n].x = x + placed[n].width / 2.0;
        placed[n].y = y;
        x += placed[n].width + gap;
    }
    // Names that are too long together end at the edge rather than beyond it.
    let over = x - gap - WIDTH;
    if over > 0.0 {
        let shrink = WIDTH / (WIDTH + over + 4.0);
        for &n in line {
            placed[n].x *= shrink;
        }
    }
}

fn on_map(nodes: &[DrawnNode], placed: &mut [Placed]) -> f64 {
    let at: Vec<(f64, f64)> = nodes
        .iter()
        .map(|node| node.position.map_or((0.0, 0.0), |p| (p.longitude, p.latitude)))
        .collect();
    let bounds = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
    };
    let (west, east) = bounds(&mut at.iter().map(|p| p.0));
    let (south, north) = bounds(&mut at.iter().map(|p| p.1));
    // A degree of longitude is shorter away from the equator.
    let shorter = ((south + north) / 2.0).to_radians().cos().max(0.2);
    let (wide, high) = ((east - west).max(1e-9) * shorter, (north - south).max(1e-9));
    let room = WIDTH - 2.0 * 44.0;
    let height = (room * high / wide).clamp(120.0, 320.0);
    for (place, (longitude, latitude)) in placed.iter_mut().zip(&at) {
        place.x = 44.0 + room * (longitude - west) / (east - west).max(1e-9);
        place.y = MARGIN + height * (north - latitude) / high;
    }
    let height = height + 2.0 * MARGIN;
    part(placed, height);
    height
}

fn ellipse(placed: &mut [Placed]) -> f64 {
    let count = placed.len();
    let height: f64 = if count <= 3 { 130.0 } else { 250.0 };
    for (n, place) in placed.iter_mut().enumerate() {
        let turn = std::f64::consts::TAU * (n as f64 / count.max(1) as f64) + std::f64::consts::PI;
        place.x = WIDTH / 2.0 + (WIDTH / 2.0 - 50.0) * turn.cos();
        place.y = height / 2.0 + (height / 2.0 - MARGIN) * turn.sin();
    }
    part(placed, height);
    height
}

/// Moves boxes that lie over one another apart, a little at a time, and keeps them inside.
fn part(placed: &mut [Placed], height: f64) {
    for _ in 0..60 {
        for one in 0..placed.len() {
            for other in one + 1..placed.len() {
                let (a, b) = (&placed[one], &placed[other]);
                let apart_x = (a.width + b.width) / 2.0 + 4.0 - (a.x - b.x).abs();
                let apart_y = BOX_HEIGHT + 6.0 - (a.y - b.y).abs();
                if apart_x > 0.0 && apart_y > 0.0 {
                    let up = if a.y <= b.y { -0.5 } else { 0.5 };
                    placed[one].y += up * apart_y;
                    placed[other].y -= up * apart_y;
                }
            }
        }
        for place in &mut *placed {
            place.x = place.x.clamp(place.width / 2.0 + 2.0, WIDTH - place.width / 2.0 - 2.0);
            place.y = place.y.clamp(BOX_HEIGHT / 2.0 + 2.0, height - BOX_HEIGHT / 2.0 - 2.0);
        }
    }
}
