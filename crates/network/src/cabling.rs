//! Which port is plugged into which, and the groups of links over which traffic should be spread evenly.
//!
//! Two kinds of group: parallel links from a device to one peer, and a leaf's uplinks to all spines.
//! Where nothing is known about cabling, each device's ports of one speed form a group whose members join once they
//! carry traffic; such a group says that it is an assumption.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Catalog, DeviceId, PortId};

/// Links between ports, both directions of each known link.
#[derive(Debug, Clone, Default)]
pub struct Cabling {
    peer: BTreeMap<PortId, PortId>,
}

impl Cabling {
    /// Adds a link; a port that is already plugged in keeps its first peer.
    pub fn connect(&mut self, one: PortId, other: PortId) {
        self.peer.entry(one).or_insert(other);
        self.peer.entry(other).or_insert(one);
    }

    /// The port at the far end.
    pub fn peer(&self, port: PortId) -> Option<PortId> {
        self.peer.get(&port).copied()
    }

    /// Whether no link is known at all.
    pub fn is_empty(&self) -> bool {
        self.peer.is_empty()
    }

    /// Every end of every link with its far end, in order of port.
    pub fn ends(&self) -> impl Iterator<Item = (PortId, PortId)> + '_ {
        self.peer.iter().map(|(&one, &other)| (one, other))
    }
}

/// Why the members of a group belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grouping {
    /// Parallel links from one device to one peer, from cabling.
    Parallel,
    /// All uplinks of a leaf to the spines, from cabling.
    Uplinks,
    /// All busy ports of one speed of a device whose cabling is unknown.
    Assumed,
}

/// Links over which traffic should be spread evenly, seen from the device that spreads it.
#[derive(Debug, Clone)]
pub struct Group {
    /// `spine3→leaf1`, `leaf4→spines` or `leaf7→uplinks`.
    pub name: String,
    /// The device that spreads the traffic.
    pub device: DeviceId,
    /// Why they belong together.
    pub grouping: Grouping,
    /// The device's own ports.
    pub members: Vec<PortId>,
}

/// All groups, and for each port where it is a member.
#[derive(Debug, Clone, Default)]
pub struct Groups {
    groups: Vec<Group>,
    /// By port: group and position among its members.
    memberships: Vec<Vec<(u32, u32)>>,
    assumed: BTreeMap<(DeviceId, String), u32>,
}

impl Groups {
    /// Groups that follow from cabling; groups of one link are left out.
    pub fn from_cabling(catalog: &Catalog, cabling: &Cabling) -> Self {
        let mut by_name: BTreeMap<(DeviceId, Grouping, String), BTreeSet<PortId>> = BTreeMap::new();
        for (port, peer) in cabling.ends() {
            let device = catalog.device_of(port);
            let name = catalog.device_name(device);
            let peer_name = catalog.device_name(catalog.device_of(peer));
            if speed_of_name(catalog.interface(port)).is_none() {
                continue;
            }
            by_name
                .entry((device, Grouping::Parallel, format!("{name}→{peer_name}")))
                .or_default()
                .insert(port);
            if peer_name.starts_with("spine") && !name.starts_with("spine") {
                by_name
                    .entry((device, Grouping::Uplinks, format!("{name}→spines")))
                    .or_default()
                    .insert(port);
            }
        }
        let mut groups = Self::default();
        for ((device, grouping, name), members) in by_name {
            if members.len() >= 2 {
                let index = groups.add(Group { name, device, grouping, members: Vec::new() });
                for port in members {
                    groups.join(index, port);
                }
            }
        }
        groups
    }

    fn add(&mut self, group: Group) -> u32 {
        self.groups.push(group);
        (self.groups.len() - 1) as u32
    }

    fn join(&mut self, index: u32, port: PortId) {
        let members = &mut self.groups[index as usize].members;
        members.push(port);
        let position = (members.len() - 1) as u32;
        if self.memberships.len() <= port.index() {
            self.memberships.resize_with(port.index() + 1, Vec::new);
        }
        self.memberships[port.index()].push((index, position));
    }

    /// Puts a port of a device without cabling into the group of its kind; ports that are not Ethernet stay out.
    pub fn assume(&mut self, catalog: &Catalog, port: PortId) {
        if !self.of(port).is_empty() || speed_of_name(catalog.interface(port)).is_none() {
            return;
        }
        let device = catalog.device_of(port);
        let kind: String =
            catalog.interface(port).chars().take_while(|c| !c.is_ascii_digit()).collect();
        let index = match self.assumed.get(&(device, kind.clone())) {
            Some(&index) => index,
            None => {
                let first = !self.assumed.keys().any(|(known, _)| *known == device);
                let suffix =
                    if first { String::new() } else { format!("-{}", kind.to_lowercase()) };
                let name = format!("{}→uplinks{suffix}", catalog.device_name(device));
                let index = self.add(Group {
                    name,
                    device,
                    grouping: Grouping::Assumed,
                    members: Vec::new(),
                });
                self.assumed.insert((device, kind), index);
                index
            }
        };
        self.join(index, port);
    }

    /// Where a port is a member: group and position.
    pub fn of(&self, port: PortId) -> &[(u32, u32)] {
        self.memberships.get(port.index()).map_or(&[], Vec::as_slice)
    }

    /// The group at an index that [`Groups::of`] gave.
    pub fn get(&self, index: u32) -> &Group {
        &self.groups[index as usize]
    }

    /// All groups.
    pub fn all(&self) -> &[Group] {
        &self.groups
    }

    /// The narrowest group of a port: its parallel links where there are any.
    pub fn narrowest(&self, port: PortId) -> Option<&Group> {
        self.of(port).iter().map(|&(index, _)| self.get(index)).min_by_key(|group| group.grouping)
    }
}

/// Speed in bit/s that an interface's name promises; `None` for management, loopback and other virtual interfaces.
pub fn speed_of_name(interface: &str) -> Option<f64> {
    const SPEEDS: [(&str, f64); 17] = [
        ("EightHundredGig", 800e9),
        ("FourHundredGig", 400e9),
        ("TwoHundredGig", 200e9),
        ("HundredGig", 100e9),
        ("FiftyGig", 50e9),
        ("FortyGig", 40e9),
        ("TwentyFiveGig", 25e9),
        ("TenGig", 10e9),
        ("GigabitEthernet", 1e9),
        ("xe-", 10e9),
        ("ge-", 1e9),
        // Names that promise no speed; the fastest common one keeps plausibility checks lenient.
        ("et-", 800e9),
        ("ethernet-", 800e9),
        ("Ethernet", 800e9),
        ("swp", 800e9),
        ("eth", 800e9),
        ("en", 800e9),
    ];
    let full = full_interface_name(interface);
    let (prefix, speed) = SPEEDS.iter().find(|(prefix, _)| full.starts_with(prefix))?;
    // What follows is a number, or for a Linux host a place on the bus; a dot begins a part of a port.
    let rest = full[prefix.len()..].trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let is_port = rest.starts_with(|c: char| c.is_ascii_digit()) && !rest.contains('.');
    is_port.then_some(*speed)
}

/// Spells out abbreviated interface names, as neighbours announce them: `Hu0/1/0/0` is `HundredGigE0/1/0/0`.
pub fn full_interface_name(name: &str) -> String {
    const SHORT: [(&str, &str); 9] = [
        ("Twe", "TwentyFiveGigE"),
        ("TF", "TwentyFiveGigE"),
        ("Hu", "HundredGigE"),
        ("Fo", "FortyGigE"),
        ("Te", "TenGigE"),
        ("Gi", "GigabitEthernet"),
        ("FH", "FourHundredGigE"),
        ("Eth", "Ethernet"),
        ("eth", "Ethernet"),
    ];
    for (short, long) in SHORT {
        if let Some(rest) = name.strip_prefix(short)
            && rest.starts_with(|c: char| c.is_ascii_digit())
        {
            return format!("{long}{rest}");
        }
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_has_parallel_groups_and_one_group_of_uplinks() {
        let mut catalog = Catalog::default();
        let mut cabling = Cabling::default();
        let leaf = catalog.device("leaf1", "lab").expect("room");
        for spine in 0..2 {
            let device = catalog.device(&format!("spine{spine}"), "lab").expect("room");
            for k in 0..2 {
                let up = catalog
                    .port(leaf, &format!("HundredGigE0/0/0/{}", spine * 2 + k))
                    .expect("room");
                let down = catalog.port(device, &format!("HundredGigE0/0/0/{k}")).expect("room");
                cabling.connect(up, down);
            }
        }
        let groups = Groups::from_cabling(&catalog, &cabling);
        let names: Vec<(&str, usize)> =
            groups.all().iter().map(|g| (g.name.as_str(), g.members.len())).collect();
        let expected = [
            ("leaf1→spine0", 2),
            ("leaf1→spine1", 2),
            ("leaf1→spines", 4),
            ("spine0→leaf1", 2),
            ("spine1→leaf1", 2),
        ];
        assert_eq!(names, expected);
        let port = catalog.find_port("leaf1", "HundredGigE0/0/0/3").expect("named above");
        assert_eq!(groups.narrowest(port).map(|g| g.name.as_str()), Some("leaf1→spine1"));
    }

    #[test]
    fn without_cabling_ports_of_one_speed_are_assumed_to_share() {
        let mut catalog = Catalog::default();
        let leaf = catalog.device("leaf7", "lab").expect("room");
        let mut groups = Groups::default();
        for name in [
            "HundredGigE0/0/0/1",
            "MgmtEth0/RP0/CPU0/0",
            "HundredGigE0/0/0/2",
            "FortyGigE0/0/0/1",
            "Null0",
        ] {
            let port = catalog.port(leaf, name).expect("room");
            groups.assume(&catalog, port);
            groups.assume(&catalog, port);
        }
        let names: Vec<(&str, usize)> =
            groups.all().iter().map(|g| (g.name.as_str(), g.members.len())).collect();
        assert_eq!(names, [("leaf7→uplinks", 2), ("leaf7→uplinks-fortygige", 1)]);
    }

    #[test]
    fn names_tell_ports_from_what_nobody_cables() {
        let check = |name: &str, gbps: Option<f64>| {
            assert_eq!(speed_of_name(name), gbps.map(|gbps| gbps * 1e9), "{name}");
        };
        check("HundredGigE0/0/0/1", Some(100.0));
        check("Hu0/0/0/1", Some(100.0));
        check("TenGigabitEthernet1/0/1", Some(10.0));
        check("Gi0/1", Some(1.0));
        check("Twe1/0/1", Some(25.0));
        check("xe-0/0/1", Some(10.0));
        check("et-0/0/1", Some(800.0));
        check("Ethernet1/1", Some(800.0));
        check("ethernet-1/49", Some(800.0));
        check("swp1s0", Some(800.0));
        check("eth0", Some(800.0));
        check("enp3s0f1", Some(800.0));
        for nothing in [
            "HundredGigE0/0/0/1.100",
            "xe-0/0/1.0",
            "MgmtEth0/RP0/CPU0/0",
            "mgmt0",
            "Management1",
            "Vlan10",
            "Loopback0",
            "lo",
            "Port-channel1",
            "ae0",
            "Bundle-Ether1",
            "irb",
            "em0",
            "bond0",
            "veth12",
            "docker0",
            "Null0",
            "et-",
            "",
        ] {
            check(nothing, None);
        }
    }

    #[test]
    fn abbreviations_are_spelt_out() {
        fn check(short: &str, long: &str) {
            assert_eq!(full_interface_name(short), long);
        }
        check("Hu0/1/0/0", "HundredGigE0/1/0/0");
        check("HundredGigE0/1/0/0", "HundredGigE0/1/0/0");
        check("eth1/41", "Ethernet1/41");
        check("Ethernet1/41", "Ethernet1/41");
        check("mgmt0", "mgmt0");
    }
}
