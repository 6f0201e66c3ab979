//! A figure as one SVG file: title, legend and panels, with colours of its own.
//!
//! Papers and chats show pictures on white, and renderers of SVG know no media queries, so that a
//! file has the light colours only.

use std::fmt::Write as _;

use super::chart::style::{Style, colours, rules};
use super::chart::{KEY_WIDTH, PANEL_WIDTH, escape, key};
use super::figures::Figure;

/// Around the picture and between panels.
const GAP: f64 = 24.0;
/// Height of the title.
const TITLE: f64 = 34.0;
/// Height of a line of the legend.
const KEY_LINE: f64 = 22.0;
/// Units that a character of the legend takes.
const CHARACTER: f64 = 7.4;

/// The figure's file.
pub(super) fn svg(figure: &Figure) -> String {
    let columns = match figure.panels.len() {
        1 => 1,
        2 | 4 => 2,
        _ => 3,
    };
    let width = GAP + columns as f64 * (PANEL_WIDTH + GAP);
    let (legend, below) = legend(&figure.keys, width, GAP + TITLE);
    let mut body = String::new();
    let mut top = below;
    for row in figure.panels.chunks(columns) {
        for (at, panel) in row.iter().enumerate() {
            let left = GAP + at as f64 * (PANEL_WIDTH + GAP);
            let _ = write!(body, "<g transform=\"translate({left} {top})\">{}</g>", panel.body);
        }
        top += row.iter().map(|panel| panel.height).fold(0.0, f64::max) + GAP;
    }
    let (title, description) = (escape(&figure.title), escape(&figure.caption));
    let css = rules(|name| {
        let found = colours().find(|(known, ..)| known == name);
        found.map_or_else(|| "#000000".to_owned(), |(_, light, _)| light.to_owned())
    });
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{top}\" viewBox=\"0 0 {width} {top}\" role=\"img\" font-family=\"'DejaVu Sans', 'Liberation Sans', Arial, sans-serif\">\
         <title>{title}</title><desc>{description}</desc>\
         <style>\n{css}</style>\
         <rect class=\"fp\" width=\"{width}\" height=\"{top}\"/>\
         <text class=\"tx\" x=\"{GAP}\" y=\"36\" style=\"font-size:18px;font-weight:bold\">{title}</text>\
         {legend}{body}</svg>\n"
    )
}

/// The legend in lines as wide as the picture, and where it ends.
fn legend(keys: &[(String, Style)], width: f64, top: f64) -> (String, f64) {
    let mut drawn = String::new();
    let (mut x, mut y) = (GAP, top);
    for (label, style) in keys {
        let room = ((width - 2.0 * GAP - KEY_WIDTH) / CHARACTER) as usize;
        let label: String = match label.chars().count() > room {
            true => label.chars().take(room.saturating_sub(1)).chain(['…']).collect(),
            false => label.clone(),
        };
        let needed = KEY_WIDTH + 6.0 + label.chars().count() as f64 * CHARACTER + 18.0;
        if x > GAP && x + needed > width - GAP {
            (x, y) = (GAP, y + KEY_LINE);
        }
        let _ = write!(
            drawn,
            "<g transform=\"translate({x} {y})\">{}<text class=\"tx\" x=\"{}\" y=\"12\">{}</text></g>",
            key(*style),
            KEY_WIDTH + 6.0,
            escape(&label)
        );
        x += needed;
    }
    let end = if keys.is_empty() { top } else { y + KEY_LINE + 10.0 };
    (drawn, end)
}
