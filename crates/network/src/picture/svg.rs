//! A neighbourhood as SVG: the network now, below it the network after.
//!
//! Utilisation is told three times: by colour (blue, orange, vermilion of Okabe and Ito's palette, which people with
//! any colour vision can tell apart), by width, and in per cent. What is gone is dashed.

use std::fmt::Write as _;

use super::layout::{BOX_HEIGHT, Placed, WIDTH, layout};
use super::view::{DrawnLink, LinkState, Neighbourhood};
use super::words::{is_told, percent, words};

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// What the reader's system prefers.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// Lines of words under the drawing.
const WORDS_SHOWN: usize = 7;
/// Longest such line.
const WORDS_LONGEST: usize = 62;
/// Lines with their percentage beside them.
const LABELLED: usize = 9;

const LIGHT: &str = "--ink:#1b1f24;--soft:#5b636d;--paper:#fff;--box:#eef1f4;--edge:#8a929b;\
--low:#0072b2;--mid:#b97700;--high:#d55e00;";
const DARK: &str = "--ink:#eceff3;--soft:#a9b1bb;--paper:#14171b;--box:#262b32;--edge:#77808b;\
--low:#56b4e9;--mid:#e6a82f;--high:#ff7f2a;";

/// Draws a neighbourhood; `title` is what the action is, in a sentence.
#[must_use]
pub fn svg(drawn: &Neighbourhood, title: &str, theme: Theme) -> String {
    let (placed, height) = layout(drawn);
    let told = words(drawn);
    let shown = told.len().min(WORDS_SHOWN);
    let panel = height + 24.0;
    let total = 2.0 * panel + 44.0 + 16.0 * shown as f64 + 14.0;
    let mut out = String::with_capacity(8 * 1024);
    head(&mut out, total, title, &told, theme);
    draw_panel(&mut out, drawn, &placed, Panel { top: 0.0, is_after: false });
    draw_panel(&mut out, drawn, &placed, Panel { top: panel, is_after: true });
    legend(&mut out, drawn, 2.0 * panel + 18.0);
    for (n, line) in told.iter().take(shown).enumerate() {
        let y = 2.0 * panel + 58.0 + 16.0 * n as f64;
        let _ = write!(out, "<text class=\"w\" x=\"10\" y=\"{y:.0}\">{}</text>", shortened(line));
    }
    out.push_str("</svg>\n");
    out
}

struct Panel {
    top: f64,
    is_after: bool,
}

fn head(out: &mut String, total: f64, title: &str, told: &[String], theme: Theme) {
    let colours = match theme {
        Theme::Light => format!("svg{{{LIGHT}}}"),
        Theme::Dark => format!("svg{{{DARK}}}"),
        Theme::Auto => {
            format!("svg{{{LIGHT}}}@media(prefers-color-scheme:dark){{svg{{{DARK}}}}}")
        }
    };
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {total:.0}\" width=\"100%\" \
         style=\"max-width:{}px\" role=\"img\" aria-labelledby=\"t d\">\
         <title id=\"t\">{}</title><desc id=\"d\">{}</desc><style>{colours}\
         svg{{background:var(--paper);font-family:system-ui,sans-serif}}\
         text{{fill:var(--ink);font-size:11.5px}}.h{{font-weight:600;font-size:13px}}\
         .s{{fill:var(--soft);font-size:11px}}\
         .p{{font-size:10.5px;font-weight:600;text-anchor:middle;paint-order:stroke;\
         stroke:var(--paper);stroke-width:3.5px;stroke-linejoin:round}}\
         .n{{text-anchor:middle;font-size:11px}}\
         rect{{fill:var(--box);stroke:var(--edge)}}.t rect{{stroke:var(--high);stroke-width:2.5;\
         stroke-dasharray:4 3}}.g rect{{stroke-dasharray:1.5 2.5}}line{{stroke-linecap:round}}\
         .l0{{stroke:var(--low)}}.l1{{stroke:var(--mid)}}.l2{{stroke:var(--high)}}\
         .f{{opacity:.4}}.lx{{stroke:var(--edge);stroke-dasharray:5 5}}.lu{{stroke:var(--edge);stroke-dasharray:1 4}}\
         </style>",
        WIDTH * 1.75,
        escaped(title),
        escaped(&told.join(". ")),
    );
}

fn draw_panel(out: &mut String, drawn: &Neighbourhood, placed: &[Placed], panel: Panel) {
    let Panel { top, is_after } = panel;
    let (name, busiest) = if is_after {
        ("after", drawn.links.iter().filter_map(DrawnLink::busiest_after).fold(None, most))
    } else {
        ("now", drawn.links.iter().filter_map(DrawnLink::busiest_before).fold(None, most))
    };
    let busiest = busiest.map_or(String::new(), |u| format!("busiest {}", percent(u)));
    let _ = write!(
        out,
        "<g transform=\"translate(0 {top:.0})\"><text class=\"h\" x=\"10\" y=\"17\">{name}</text>\
         <text class=\"s\" x=\"{}\" y=\"17\" text-anchor=\"end\">{busiest}</text>\
         <g transform=\"translate(0 24)\">",
        WIDTH - 10.0,
    );
    // What is touched lies on top.
    for link in drawn.links.iter().rev() {
        draw_line(out, drawn, link, placed, is_after);
    }
    for link in drawn.links.iter().filter(|link| is_told(link)).take(LABELLED) {
        draw_label(out, link, placed, is_after);
    }
    for (node, place) in drawn.nodes.iter().zip(placed) {
        let class = match (node.touched && is_after, node.stands_for > 1) {
            (true, _) => " class=\"t\"",
            (false, true) => " class=\"g\"",
            (false, false) => "",
        };
        let (x, y) = (place.x - place.width / 2.0, place.y - BOX_HEIGHT / 2.0);
        let _ = write!(
            out,
            "<g{class}><title>{}</title><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" \
             height=\"{BOX_HEIGHT}\" rx=\"5\"/><text class=\"n\" x=\"{:.1}\" y=\"{:.1}\">{}</text></g>",
            escaped(&node.name),
            place.width,
            place.x,
            place.y + 4.0,
            escaped(&place.label),
        );
    }
    out.push_str("</g></g>");
}

fn most(known: Option<f64>, value: f64) -> Option<f64> {
    Some(known.map_or(value, |known| known.max(value)))
}

fn draw_line(
    out: &mut String,
    drawn: &Neighbourhood,
    link: &DrawnLink,
    placed: &[Placed],
    is_after: bool,
) {
    let Some((from, to)) = ends(link, placed) else { return };
    let busy = if is_after { link.busiest_after() } else { link.busiest_before() };
    let is_gone = is_after && link.state == LinkState::Removed;
    let (class, width) = match busy {
        _ if is_gone => ("lx", 1.5),
        None => ("lu", 2.0),
        Some(u) => (class_of(u, drawn.limit), 1.5 + 6.0 * u.clamp(0.0, 1.2)),
    };
    // What does not change is there for orientation.
    let class = if is_told(link) { class.to_owned() } else { format!("{class} f") };
    let _ = write!(
        out,
        "<line class=\"{class}\" stroke-width=\"{width:.1}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" \
         y2=\"{:.1}\"/>",
        from.x, from.y, to.x, to.y
    );
}

fn draw_label(out: &mut String, link: &DrawnLink, placed: &[Placed], is_after: bool) {
    let Some((from, to)) = ends(link, placed) else { return };
    let busy = if is_after { link.busiest_after() } else { link.busiest_before() };
    let text = match (link.state, busy) {
        (LinkState::Removed, _) if is_after => "gone".to_owned(),
        (_, Some(u)) => percent(u),
        (_, None) => return,
    };
    // Nearer to one end, so that the labels of lines that cross do not meet.
    let near = [0.34, 0.5, 0.66][usize::from((link.from + 2 * link.to) % 3)];
    let (x, y) = (from.x + (to.x - from.x) * near, from.y + (to.y - from.y) * near);
    let _ = write!(out, "<text class=\"p\" x=\"{x:.1}\" y=\"{:.1}\">{text}</text>", y + 3.5);
}

fn ends<'a>(link: &DrawnLink, placed: &'a [Placed]) -> Option<(&'a Placed, &'a Placed)> {
    Some((placed.get(usize::from(link.from))?, placed.get(usize::from(link.to))?))
}

fn class_of(utilisation: f64, limit: f64) -> &'static str {
    if utilisation > limit {
        "l2"
    } else if utilisation > 0.5 * limit {
        "l1"
    } else {
        "l0"
    }
}

fn legend(out: &mut String, drawn: &Neighbourhood, top: f64) {
    let (half, limit) = (drawn.limit * 50.0, drawn.limit * 100.0);
    let entries = [
        ("l0", 2.5, format!("to {half:.0} %")),
        ("l1", 5.0, format!("to {limit:.0} %")),
        ("l2", 7.5, "above".to_owned()),
        ("lx", 1.5, "gone".to_owned()),
        ("lu", 2.0, "unknown".to_owned()),
    ];
    let mut x = 10.0;
    for (class, width, text) in entries {
        let _ = write!(
            out,
            "<line class=\"{class}\" stroke-width=\"{width}\" x1=\"{x}\" x2=\"{}\" y1=\"{top}\" \
             y2=\"{top}\"/><text class=\"s\" x=\"{}\" y=\"{}\">{text}</text>",
            x + 22.0,
            x + 29.0,
            top + 4.0
        );
        x += 42.0 + text.chars().count() as f64 * 6.0;
    }
    if drawn.nodes_hidden > 0 {
        let hidden = drawn.nodes_hidden;
        let _ = write!(
            out,
            "<text class=\"s\" x=\"10\" y=\"{}\">{hidden} more nodes are not shown</text>",
            top + 21.0
        );
    }
}

fn shortened(line: &str) -> String {
    if line.chars().count() <= WORDS_LONGEST {
        return escaped(line);
    }
    let kept: String = line.chars().take(WORDS_LONGEST - 1).collect();
    format!("{}…", escaped(&kept))
}

/// Text as it may stand in XML; characters that XML has no place for become spaces.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
