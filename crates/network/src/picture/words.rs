//! What a picture shows, in words: for those who cannot see it, and under the drawing for those who can.

use super::view::{DrawnLink, LinkState, Neighbourhood};

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
        || percent(link.busiest_before()) != percent(link.busiest_after())
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
    let before = percent(link.busiest_before());
    match link.state {
        LinkState::Removed => format!("{ends}: {before}, then gone"),
        LinkState::Thinned => {
            format!("{ends}: {before}, then {} on what is left", percent(link.busiest_after()))
        }
        LinkState::Changed | LinkState::Stays => {
            format!("{ends}: {before}, then {}", percent(link.busiest_after()))
        }
    }
}

/// A utilisation as people read it.
pub(super) fn percent(utilisation: Option<f64>) -> String {
    match utilisation {
        None => "load unknown".into(),
        Some(u) if u > 0.0 && u < 0.01 => "below 1 %".into(),
        Some(u) => format!("{:.0} %", u * 100.0),
    }
}
