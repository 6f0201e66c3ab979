//! The topology that a catalog and its cabling describe, and what a finding's names mean in it.
//!
//! Watchers speak of ports (`leaf1:HundredGigE0/0/0/3`), groups (`leaf1→spine2`, `leaf4→spines`) and devices; a what-if
//! speaks of links, bundles and nodes. This is the way from one to the other.

use std::collections::BTreeMap;

use crate::cabling::{Cabling, speed_of_name};
use crate::catalog::{Catalog, DeviceId, PortId};
use crate::topology::{
    ArcId, Builder, Error, LinkId, NewArc, NewLink, NewNode, NodeId, Place, Topology,
};

/// A topology made of cabling, with the link of every port.
#[derive(Debug, Clone)]
pub struct Wired {
    topology: Topology,
    /// By port: its link, and whether the link's forward direction leaves this port.
    ends: Vec<Option<(LinkId, bool)>>,
}

impl Wired {
    /// The topology of all cabled links; nodes are the catalog's devices, in its order.
    ///
    /// A link starts at the end that was named first. It is called `leaf1--spine2`, and `leaf1--spine2#1` and so on
    /// where several join the two, numbered in the order of the first end's ports. Its capacity is what the interface's
    /// name promises.
    ///
    /// # Errors
    /// Names or sizes that a topology refuses.
    pub fn new(name: &str, catalog: &Catalog, cabling: &Cabling) -> Result<Self, Error> {
        let mut builder = Builder::new(name);
        let mut nodes: Vec<NodeId> = Vec::with_capacity(catalog.device_count());
        for device in catalog.devices() {
            let (name, site) = (catalog.device_name(device), catalog.site(device));
            let node = NewNode { name: name.into(), site: site.into(), ..NewNode::default() };
            nodes.push(builder.node(node)?);
        }
        let links: Vec<(PortId, PortId)> = cabling.ends().filter(|(a, b)| a < b).collect();
        let devices = |(one, other): (PortId, PortId)| {
            let (one, other) = (catalog.device_of(one), catalog.device_of(other));
            (one.min(other), one.max(other))
        };
        let mut parallel: BTreeMap<(DeviceId, DeviceId), (usize, usize)> = BTreeMap::new();
        for &link in &links {
            parallel.entry(devices(link)).or_default().0 += 1;
        }
        let mut ends = vec![None; catalog.port_count()];
        for (one, other) in links {
            let (from, to) = (catalog.device_of(one), catalog.device_of(other));
            // Cabling of a recording may say that a device is plugged into itself.
            if from == to {
                continue;
            }
            let mut name = format!("{}--{}", catalog.device_name(from), catalog.device_name(to));
            let (count, nth) =
                parallel.get_mut(&devices((one, other))).expect("every link was counted");
            *nth += 1;
            if *count > 1 {
                name.push_str(&format!("#{nth}"));
            }
            let arc =
                |port| NewArc { capacity_bps: speed_of_name(catalog.interface(port)), weight: 1 };
            let link = builder.link(NewLink {
                name: Some(name),
                from: nodes[from.index()],
                to: nodes[to.index()],
                forward: arc(one),
                backward: Some(arc(other)),
            })?;
            ends[one.index()] = Some((link, true));
            ends[other.index()] = Some((link, false));
        }
        Ok(Self { topology: builder.build(), ends })
    }

    /// The topology.
    #[must_use]
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// The link that a port is an end of; `None` where nothing is known to be plugged in.
    #[must_use]
    pub fn link(&self, port: PortId) -> Option<LinkId> {
        self.ends.get(port.index()).copied().flatten().map(|(link, _)| link)
    }

    /// The direction in which a port sends.
    #[must_use]
    pub fn sends(&self, port: PortId) -> Option<ArcId> {
        let (link, is_forward) = self.ends.get(port.index()).copied().flatten()?;
        let link = self.topology.link(link);
        if is_forward { Some(link.forward) } else { link.backward }
    }

    /// What the entity or target of a finding stands for: a port is its link, a group of parallel links a bundle, a
    /// leaf's uplinks and a device the node; other names as [`Topology::find`] reads them.
    #[must_use]
    pub fn place(&self, catalog: &Catalog, name: &str) -> Option<Place> {
        let port = name
            .match_indices(':')
            .find_map(|(at, _)| catalog.find_port(&name[..at], &name[at + 1..]));
        if let Some(port) = port {
            return self.link(port).map(Place::Link);
        }
        if let Ok(place) = self.topology.find(name) {
            return Some(place);
        }
        let (device, _) = name.rsplit_once('→')?;
        self.topology.node_named(device).map(Place::Node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lab() -> (Catalog, Wired) {
        let (mut catalog, mut cabling) = (Catalog::default(), Cabling::default());
        let plugs = [
            ("leaf1", "HundredGigE0/0/0/0", "spine1", "HundredGigE0/0/0/0"),
            ("leaf1", "HundredGigE0/0/0/1", "spine1", "HundredGigE0/0/0/1"),
            ("leaf1", "FortyGigE0/0/0/2", "spine2", "FortyGigE0/0/0/0"),
        ];
        for (one, interface, other, far) in plugs {
            let mut port = |device: &str, interface: &str| {
                let device = catalog.device(device, "lab").expect("room");
                catalog.port(device, interface).expect("room")
            };
            let (near, far) = (port(one, interface), port(other, far));
            cabling.connect(near, far);
        }
        let loose = catalog.device("leaf2", "lab").expect("room");
        let _ = catalog.port(loose, "HundredGigE0/0/0/0").expect("room");
        let wired = Wired::new("lab", &catalog, &cabling).expect("sound cabling");
        (catalog, wired)
    }

    #[test]
    fn links_carry_the_names_and_speeds_of_their_ports() {
        let (_, wired) = lab();
        let links: Vec<(&str, Option<f64>)> = wired
            .topology()
            .links()
            .iter()
            .map(|link| (link.name.as_str(), wired.topology().arc(link.forward).capacity_bps))
            .collect();
        let expected = [
            ("leaf1--spine1#1", Some(100e9)),
            ("leaf1--spine1#2", Some(100e9)),
            ("leaf1--spine2", Some(40e9)),
        ];
        assert_eq!(links, expected);
        let nodes: Vec<&str> = wired.topology().nodes().iter().map(|n| n.name.as_str()).collect();
        assert_eq!(nodes, ["leaf1", "spine1", "spine2", "leaf2"]);
    }

    #[test]
    fn names_of_findings_are_places() {
        let (catalog, wired) = lab();
        let check = |name: &str, expected: Option<&str>| {
            let topology = wired.topology();
            let found = wired.place(&catalog, name).map(|place| match place {
                Place::Node(node) => format!("node {}", topology.node(node).name),
                Place::Link(link) => format!("link {}", topology.link(link).name),
                Place::Bundle(id) => format!("bundle of {}", topology.bundle(id).links.len()),
            });
            assert_eq!(found.as_deref(), expected, "{name}");
        };
        check("leaf1:HundredGigE0/0/0/1", Some("link leaf1--spine1#2"));
        check("spine1:HundredGigE0/0/0/1", Some("link leaf1--spine1#2"));
        check("spine1→leaf1", Some("bundle of 2"));
        check("leaf1→spine2", Some("link leaf1--spine2"));
        check("leaf1--spine1#1", Some("link leaf1--spine1#1"));
        check("leaf1→spines", Some("node leaf1"));
        check("spine2", Some("node spine2"));
        check("leaf2:HundredGigE0/0/0/0", None);
        check("leaf9→spines", None);
    }

    #[test]
    fn a_port_sends_in_its_own_direction() {
        let (catalog, wired) = lab();
        let sends = |device: &str, interface: &str| {
            let port = catalog.find_port(device, interface).expect("named above");
            wired.topology().arc_label(wired.sends(port).expect("plugged in"))
        };
        assert_eq!(sends("leaf1", "FortyGigE0/0/0/2"), "leaf1→spine2");
        assert_eq!(sends("spine2", "FortyGigE0/0/0/0"), "spine2→leaf1");
        assert_eq!(sends("spine1", "HundredGigE0/0/0/1"), "spine1→leaf1#2");
    }
}
