//! Pictures: what is chosen, and that what comes out is SVG whatever goes in.

mod common;

use std::sync::Arc;

use npo_network::picture::{LINKS_DRAWN, LinkState, NODES_DRAWN, Theme, neighbourhood, svg, words};
use npo_network::routing::Overlay;
use npo_network::topology::{Builder, NewArc, NewLink, NewNode, NodeId, Position, Topology};
use npo_network::traffic::{Demand, TrafficMatrix};
use npo_network::what_if::{Baseline, Scratch};

fn clos(spines: usize, leaves: usize, parallel: usize) -> Topology {
    let mut builder = Builder::new("clos");
    let mut node = |name: String| {
        builder.node(NewNode { name, site: "fra1".into(), ..NewNode::default() }).expect("new")
    };
    let spines: Vec<NodeId> = (1..=spines).map(|n| node(format!("spine{n}"))).collect();
    let leaves: Vec<NodeId> = (1..=leaves).map(|n| node(format!("leaf{n}"))).collect();
    for &from in &leaves {
        for &to in &spines {
            for _ in 0..parallel {
                let arc = NewArc { capacity_bps: Some(1e11), weight: 1 };
                let link = NewLink { name: None, from, to, forward: arc, backward: Some(arc) };
                builder.link(link).expect("valid");
            }
        }
    }
    builder.build()
}

/// Every pair of nodes whose names start so sends `bps`.
fn uniform(topology: &Topology, prefix: &str, bps: f64) -> TrafficMatrix {
    let nodes: Vec<NodeId> = (0u32..)
        .zip(topology.nodes())
        .filter(|(_, node)| node.name.starts_with(prefix))
        .map(|(n, _)| NodeId(n))
        .collect();
    let pairs = nodes.iter().flat_map(|&from| nodes.iter().map(move |&to| (from, to)));
    TrafficMatrix::new(pairs.map(|(from, to)| Demand { from, to, bps }))
}

fn baseline(topology: Topology, matrix: &TrafficMatrix) -> Baseline {
    Baseline::new(Arc::new(topology), matrix.clone()).expect("small")
}

/// Writes a picture where `NPO_PICTURES` says, to be looked at.
fn keep(name: &str, picture: &str) {
    if let Some(folder) = std::env::var_os("NPO_PICTURES") {
        std::fs::write(std::path::Path::new(&folder).join(name), picture).expect("is written");
    }
}

#[test]
fn a_removed_link_is_shown_with_what_takes_over() {
    let topology = clos(4, 8, 2);
    let matrix = uniform(&topology, "leaf", 8e9);
    let link = topology.link_named("leaf1--spine2").expect("named");
    let overlay = Overlay::without(&topology, [link]);
    let baseline = baseline(topology, &matrix);
    let mut scratch = Scratch::new(&baseline);
    let drawn = neighbourhood(&scratch.apply(&baseline, &overlay), 0.8);
    let names: Vec<&str> = drawn.nodes.iter().map(|node| node.name.as_str()).collect();
    assert!(
        names.starts_with(&["leaf1", "spine2"]) || names.starts_with(&["spine2", "leaf1"]),
        "{names:?}"
    );
    assert_eq!(drawn.links[0].state, LinkState::Thinned);
    assert_eq!(drawn.links[0].links, 2);
    let told = words(&drawn);
    assert!(
        told[0].starts_with("leaf1 – spine2 (2 links): ")
            || told[0].starts_with("spine2 – leaf1 (2 links): "),
        "{told:?}"
    );
    keep("thinned.svg", &svg(&drawn, "Take leaf1--spine2 out of service", Theme::Light));
    keep("thinned-dark.svg", &svg(&drawn, "Take leaf1--spine2 out of service", Theme::Dark));
}

#[test]
fn a_large_fabric_is_put_together_by_group() {
    let topology = clos(32, 320, 1);
    let matrix = uniform(&topology, "leaf", 6e9);
    let spine = topology.node_named("spine7").expect("named");
    let mut overlay = Overlay::none();
    overlay.drain_node(spine);
    let nodes = topology.nodes().len();
    let baseline = baseline(topology, &matrix);
    let mut scratch = Scratch::new(&baseline);
    let drawn = neighbourhood(&scratch.apply(&baseline, &overlay), 0.8);
    assert!(drawn.nodes.len() <= NODES_DRAWN + 6 && drawn.links.len() <= LINKS_DRAWN);
    let stands_for: u32 = drawn.nodes.iter().map(|node| node.stands_for).sum();
    assert_eq!(stands_for + drawn.nodes_hidden, nodes as u32);
    assert!(drawn.nodes[0].touched && drawn.nodes[0].name == "spine7");
    let picture = svg(&drawn, "Drain spine7", Theme::Auto);
    assert!(picture.len() < 64 * 1024, "{} bytes", picture.len());
    keep("large.svg", &svg(&drawn, "Drain spine7", Theme::Light));
}

#[test]
fn a_network_with_places_is_drawn_as_a_map() {
    let mut builder = Builder::new("map");
    let cities = [
        ("Frankfurt am Main", 8.68, 50.11),
        ("Amsterdam", 4.90, 52.37),
        ("Paris", 2.35, 48.86),
        ("Wien", 16.37, 48.21),
        ("Milano", 9.19, 45.46),
        ("London", -0.13, 51.51),
    ];
    let ids: Vec<NodeId> = cities
        .iter()
        .map(|&(name, longitude, latitude)| {
            let position = Some(Position { longitude, latitude });
            builder
                .node(NewNode { name: name.into(), position, ..NewNode::default() })
                .expect("new")
        })
        .collect();
    for (from, to) in [(0, 1), (0, 2), (0, 3), (3, 4), (4, 2), (2, 5), (5, 1)] {
        let arc = NewArc { capacity_bps: (from != 5).then_some(1e10), weight: 1 };
        let link =
            NewLink { name: None, from: ids[from], to: ids[to], forward: arc, backward: Some(arc) };
        builder.link(link).expect("valid");
    }
    let topology = builder.build();
    let matrix = uniform(&topology, "", 1.2e9);
    let overlay = Overlay::without(&topology, topology.link_named("Frankfurt am Main--Paris"));
    let baseline = baseline(topology, &matrix);
    let mut scratch = Scratch::new(&baseline);
    let drawn = neighbourhood(&scratch.apply(&baseline, &overlay), 0.8);
    assert_eq!(drawn.links[0].state, LinkState::Removed);
    assert_eq!(drawn.links[0].busiest_after(), None);
    assert_eq!(drawn.nodes_hidden, 0);
    keep("map.svg", &svg(&drawn, "Remove Frankfurt – Paris", Theme::Light));
}

#[test]
fn hostile_names_stay_text() {
    let mut builder = Builder::new("hostile");
    let names = ["<script>alert(1)</script>", "\"><g onload='x'>&amp;"];
    let ids: Vec<NodeId> = names
        .iter()
        .map(|name| {
            builder.node(NewNode { name: (*name).into(), ..NewNode::default() }).expect("new")
        })
        .collect();
    let arc = NewArc::default();
    let link = NewLink { name: None, from: ids[0], to: ids[1], forward: arc, backward: None };
    let link = builder.link(link).expect("valid");
    let topology = builder.build();
    let overlay = Overlay::without(&topology, [link]);
    let baseline = baseline(topology, &TrafficMatrix::default());
    let mut scratch = Scratch::new(&baseline);
    let drawn = neighbourhood(&scratch.apply(&baseline, &overlay), 0.8);
    let picture = svg(&drawn, names[0], Theme::Auto);
    assert!(!picture.contains("<script") && !picture.contains("<g onload"), "{picture}");
    // It is well-formed XML: a reader comes to its end, and finds as many ends as starts.
    let mut reader = quick_xml::Reader::from_str(&picture);
    reader.config_mut().check_end_names = true;
    loop {
        match reader.read_event().expect("well-formed") {
            quick_xml::events::Event::Eof => break,
            _ => continue,
        }
    }
}
