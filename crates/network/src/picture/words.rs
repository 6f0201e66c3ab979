//! What a picture shows, in words: for those who cannot see it, and under the drawing for those who can.

use super::view::{DrawnLink, LinkState, Neighbourhood};
use crate::format::rate_words;

/// One sentence a line, the most important first: what is taken away, what becomes too busy, what changes else.
#[must_use]
pub fn words(drawn: &Neighbourhood) -> Vec<String> {
    let mut lines: Vec<String> = drawn
        .nodes
        .iter()
        .filter(|node| node.touched)
        .map(|node| format!("{} carries no traffic through", node.name))
        .collect();
    let mut links: Vec<&DrawnLink> = drawn.links.iter().filter(|link| is_told(link)).collect();
    links.sort_by(|a, b| rank(drawn, a).cmp(&rank(drawn, b)).then(by_after(b, a)));
    lines.extend(links.into_iter().map(|link| sentence(drawn, link)));
    if lines.is_empty() {
        lines.push("nothing changes that can be seen here".into());
    }
    lines
}

/// Whether a link is worth a line.
pub(super) fn is_told(link: &DrawnLink) -> bool {
    link.state != LinkState::Stays
        || level(link.busiest_before(), link.before_bps)
            != level(link.busiest_after(), link.after_bps)
}

/// What is too busy, or gone, comes before what only changes.
fn rank(drawn: &Neighbourhood, link: &DrawnLink) -> u8 {
    match link.state {
        LinkState::Removed => 0,
        LinkState::Thinned => 1,
        _ if link.busiest_after().is_some_and(|u| u > drawn.limit) => 2,
        LinkState::Changed => 3,
        LinkState::Stays => 4,
    }
}

fn by_after(one: &DrawnLink, other: &DrawnLink) -> std::cmp::Ordering {
    let after = |link: &DrawnLink| link.busiest_after().unwrap_or(0.0);
    after(one).total_cmp(&after(other))
}

fn sentence(drawn: &Neighbourhood, link: &DrawnLink) -> String {
    let name = |at: u16| drawn.nodes.get(usize::from(at)).map_or("?", |node| node.name.as_str());
    let count = if link.links > 1 { format!(" ({} links)", link.links) } else { String::new() };
    let ends = format!("{} – {}{count}", name(link.from), name(link.to));
    let before = level(link.busiest_before(), link.before_bps);
    let after = level(link.busiest_after(), link.after_bps);
    match link.state {
        LinkState::Removed => format!("{ends}: {before}, then gone"),
        LinkState::Thinned => {
            format!("{ends}: {before}, then {after} on what is left")
        }
        LinkState::Changed | LinkState::Stays => {
            format!("{ends}: {before}, then {after}")
        }
    }
}

/// How busy a link is: its utilisation, or what it carries where no capacity is known.
fn level(utilisation: Option<f64>, bps: [f64; 2]) -> String {
    utilisation.map_or_else(|| rate_words(bps[0].max(bps[1])), percent)
}

/// A utilisation as people read it.
pub(super) fn percent(utilisation: f64) -> String {
    if utilisation > 0.0 && utilisation < 0.01 {
        return "below 1 %".into();
    }
    format!("{:.0} %", utilisation * 100.0)
}
