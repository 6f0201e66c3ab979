//! The network's picture and the core's network view: the same thing on either side of a boundary.

#![expect(
    clippy::cast_possible_truncation,
    reason = "a view is drawn, and single precision is kept on purpose"
)]

use npo_core::proposal::{NAME_SHOWN_MAX, NetworkView, VIEW_MAX, ViewChange, ViewLink, ViewNode};
use npo_network::picture::{DrawnLink, DrawnNode, LinkState, Neighbourhood};
use npo_network::topology::Position;

/// As it is kept with a decision.
pub(super) fn view(drawn: &Neighbourhood) -> NetworkView {
    let node = |node: &DrawnNode| ViewNode {
        name: node.name.chars().take(NAME_SHOWN_MAX).collect(),
        stands_for: node.stands_for,
        tier: node.tier,
        position: node.position.map(|p| [p.longitude as f32, p.latitude as f32]),
        touched: node.touched,
    };
    let link = |link: &DrawnLink| ViewLink {
        from: link.from,
        to: link.to,
        links: link.links,
        change: match link.state {
            LinkState::Stays => ViewChange::Stays,
            LinkState::Removed => ViewChange::Removed,
            LinkState::Thinned => ViewChange::Thinned,
            LinkState::Changed => ViewChange::Changed,
        },
        before_bps: link.before_bps.map(|bps| bps as f32),
        after_bps: link.after_bps.map(|bps| bps as f32),
        before: link.before.map(|u| u.map(|u| u as f32)),
        after: link.after.map(|u| u.map(|u| u as f32)),
    };
    NetworkView {
        nodes: drawn.nodes.iter().take(VIEW_MAX).map(node).collect(),
        links: drawn.links.iter().take(VIEW_MAX).map(link).collect(),
        nodes_hidden: drawn.nodes_hidden,
        limit: drawn.limit as f32,
    }
}

/// As it is drawn.
pub(crate) fn drawn(view: &NetworkView) -> Neighbourhood {
    let node = |node: &ViewNode| DrawnNode {
        name: node.name.clone(),
        stands_for: node.stands_for,
        tier: node.tier,
        position: node.position.map(|[longitude, latitude]| Position {
            longitude: longitude.into(),
            latitude: latitude.into(),
        }),
        touched: node.touched,
    };
    let link = |link: &ViewLink| DrawnLink {
        from: link.from,
        to: link.to,
        links: link.links,
        state: match link.change {
            ViewChange::Stays => LinkState::Stays,
            ViewChange::Removed => LinkState::Removed,
            ViewChange::Thinned => LinkState::Thinned,
            ViewChange::Changed => LinkState::Changed,
        },
        before_bps: link.before_bps.map(f64::from),
        after_bps: link.after_bps.map(f64::from),
        before: link.before.map(|u| u.map(f64::from)),
        after: link.after.map(|u| u.map(f64::from)),
    };
    Neighbourhood {
        nodes: view.nodes.iter().map(node).collect(),
        links: view.links.iter().map(link).collect(),
        nodes_hidden: view.nodes_hidden,
        limit: view.limit.into(),
    }
}
