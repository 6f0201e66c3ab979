//! Finding what people mean: a node, a link, or all links between two nodes.

use super::{BundleId, LinkId, NodeId, Topology};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A node.
    Node(NodeId),
    /// One link.
    Link(LinkId),
    /// All links between two nodes, where there are several.
    Bundle(BundleId),
}

/// A name that stands for nothing in the topology.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("no {what} is called `{name}`{}", nearest_words(.nearest))]
pub struct NotFound {
    /// `node`, or `node or link`.
    pub what: &'static str,
    /// What was asked for.
    pub name: String,
    /// Names that are close to it, the closest first.
    pub nearest: Vec<String>,
}

fn nearest_words(nearest: &[String]) -> String {
    if nearest.is_empty() {
        return String::new();
    }
    let names: Vec<String> = nearest.iter().map(|name| format!("`{name}`")).collect();
    format!("; there is {}", names.join(", "))
}

impl Topology {
    /// The node of this name.
    #[must_use]
    pub fn node_named(&self, name: &str) -> Option<NodeId> {
        self.node_names.get(name).copied()
    }

    /// The link of exactly this name; [`Topology::find`] knows the other ways in which people write it.
    #[must_use]
    pub fn link_named(&self, name: &str) -> Option<LinkId> {
        self.link_names.get(name).copied()
    }

    /// All links between two nodes.
    #[must_use]
    pub fn bundle_between(&self, one: NodeId, other: NodeId) -> Option<BundleId> {
        let arc = self
            .leaving(one)
            .iter()
            .find(|&&arc| self.arc(arc).to == other)
            .or_else(|| self.arriving(one).iter().find(|&&arc| self.arc(arc).from == other))?;
        Some(self.link(self.arc(*arc).link).bundle)
    }

    /// What people mean by `name`: the name of a link or node, or two nodes joined by `--`, `–`, `→` or `->`, with
    /// `#2` behind them for the second of parallel links. `A--B` means all of several links, even where it is also the
    /// name of one: who is asked about fewer links than are meant gets too rosy an answer.
    ///
    /// # Errors
    /// Names what is close, where nothing is called so.
    pub fn find(&self, name: &str) -> Result<Place, NotFound> {
        if let Some(id) = self.link_named(name) {
            let link = self.link(id);
            let (from, to) = (&self.node(link.from).name, &self.node(link.to).name);
            let is_of_ends = name.strip_prefix(from.as_str()).is_some_and(|rest| {
                rest.strip_prefix("--").is_some_and(|rest| rest == to.as_str())
            });
            let several = self.bundle(link.bundle).links.len() > 1;
            return Ok(if is_of_ends && several {
                Place::Bundle(link.bundle)
            } else {
                Place::Link(id)
            });
        }
        if let Some(node) = self.node_named(name) {
            return Ok(Place::Node(node));
        }
        self.between(name).ok_or_else(|| NotFound {
            what: "node or link",
            name: name.chars().take(64).collect(),
            nearest: self.nearest(name),
        })
    }

    fn between(&self, name: &str) -> Option<Place> {
        let (pair, nth) = match name.rsplit_once('#') {
            Some((pair, n)) => (pair, Some(n.parse::<usize>().ok()?.checked_sub(1)?)),
            None => (name, None),
        };
        // A node's name may itself hold a separator, so every place where one stands is tried.
        let bundle = ["--", "–", "→", "->"].iter().find_map(|separator| {
            pair.match_indices(separator).find_map(|(at, _)| {
                let one = self.node_named(pair[..at].trim())?;
                let other = self.node_named(pair[at + separator.len()..].trim())?;
                self.bundle_between(one, other)
            })
        })?;
        let links = &self.bundle(bundle).links;
        match nth {
            Some(n) => links.get(n).map(|&link| Place::Link(link)),
            None if links.len() == 1 => Some(Place::Link(links[0])),
            None => Some(Place::Bundle(bundle)),
        }
    }

    /// Up to three names that are close to `name`.
    fn nearest(&self, name: &str) -> Vec<String> {
        let name = name.to_lowercase();
        let names = self.nodes().iter().map(|node| &node.name);
        let mut close: Vec<(f64, &String)> = names
            .chain(self.links().iter().map(|link| &link.name))
            .map(|known| (strsim::jaro_winkler(&name, &known.to_lowercase()), known))
            .filter(|(likeness, _)| *likeness >= 0.8)
            .collect();
        close.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        close.into_iter().take(3).map(|(_, known)| known.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ArcId, Builder, NewArc, NewLink, NewNode};
    use super::*;

    fn two_parallel_and_one() -> Topology {
        let mut builder = Builder::new("three");
        let ids: Vec<NodeId> = ["leaf1", "spine1", "spine2"]
            .iter()
            .map(|name| {
                builder.node(NewNode { name: (*name).into(), ..NewNode::default() }).expect("new")
            })
            .collect();
        for (from, to) in [(0, 1), (1, 0), (0, 2)] {
            let arc = NewArc::default();
            let link = NewLink {
                name: None,
                from: ids[from],
                to: ids[to],
                forward: arc,
                backward: Some(arc),
            };
            builder.link(link).expect("valid");
        }
        builder.build()
    }

    #[test]
    fn links_are_found_by_the_ways_people_write_them() {
        let topology = two_parallel_and_one();
        let check = |name: &str, expected: Place| assert_eq!(topology.find(name), Ok(expected));
        check("leaf1", Place::Node(NodeId(0)));
        check("leaf1--spine2", Place::Link(LinkId(2)));
        check("spine2→leaf1", Place::Link(LinkId(2)));
        check("spine1 -> leaf1", Place::Bundle(BundleId(0)));
        check("leaf1--spine1", Place::Bundle(BundleId(0)));
        check("leaf1--spine1#1", Place::Link(LinkId(0)));
        check("leaf1--spine1#2", Place::Link(LinkId(1)));
        check("spine1--leaf1#2", Place::Link(LinkId(1)));
    }

    #[test]
    fn what_is_not_there_is_refused_with_what_is_close() {
        let error = two_parallel_and_one().find("leaf2").expect_err("there is none");
        let expected = "no node or link is called `leaf2`; there is `leaf1`, `leaf1--spine1`, \
                        `leaf1--spine2`";
        assert_eq!(error.to_string(), expected);
        assert!(two_parallel_and_one().find("leaf1--spine1#3").is_err());
        assert!(two_parallel_and_one().find("leaf1--spine1#0").is_err());
    }

    #[test]
    fn parallel_links_are_numbered_and_share_a_bundle() {
        let topology = two_parallel_and_one();
        let names: Vec<&str> = topology.links().iter().map(|link| link.name.as_str()).collect();
        assert_eq!(names, ["leaf1--spine1", "spine1--leaf1#2", "leaf1--spine2"]);
        assert_eq!(topology.bundles()[0].links, [LinkId(0), LinkId(1)]);
        assert_eq!(topology.arc_label(ArcId(3)), "leaf1→spine1#2");
    }
}
