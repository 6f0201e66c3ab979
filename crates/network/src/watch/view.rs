//! What the watchers know together: the state of every port, the groups, and the facts that follow.

use super::config::WatchConfig;
use super::rate::{Difference, RateMeter};
use crate::cabling::{Cabling, Group, Grouping, Groups, speed_of_name};
use crate::catalog::{Catalog, PortId};
use crate::finding::Fact;
use crate::sample::{Counters, LinkState};

/// Ports of a group that a finding lists by name; the rest is counted.
const MEMBERS_LISTED_MAX: usize = 32;

/// One port as last seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Port {
    meter: RateMeter,
    pub(super) known: bool,
    pub(super) sent_bps: f64,
    pub(super) received_bps: f64,
    pub(super) capacity_bps: f64,
    pub(super) link: Option<LinkState>,
    /// When the interface's state was last reported, ms.
    pub(super) link_at_ms: i64,
    /// When its link or a session on it last changed, ms.
    pub(super) changed_ms: Option<i64>,
    /// When its link last changed between up and not up, ms.
    pub(super) link_changed_ms: Option<i64>,
    /// Whether an interface-down or flapping condition is open.
    pub(super) link_lost: bool,
    pub(super) flapping: bool,
    pub(super) session_lost: bool,
    /// Out of service by a decision.
    pub(super) planned: bool,
}

impl Port {
    pub(super) fn is_down(&self) -> bool {
        matches!(self.link, Some(LinkState::Down | LinkState::AdminDown)) || self.session_lost
    }
}

/// All ports, their cabling and their groups.
#[derive(Debug)]
pub(super) struct View {
    ports: Vec<Port>,
    pub(super) cabling: Cabling,
    pub(super) groups: Groups,
    total_sent_bps: f64,
    busy_bps: f64,
    pub(super) now_ms: i64,
}

impl View {
    pub(super) fn new(catalog: &Catalog, cabling: Cabling, config: &WatchConfig) -> Self {
        let groups = Groups::from_cabling(catalog, &cabling);
        Self {
            ports: Vec::new(),
            cabling,
            groups,
            total_sent_bps: 0.0,
            busy_bps: config.busy_bps,
            now_ms: i64::MIN,
        }
    }

    /// Makes room for a port at its first sample.
    pub(super) fn meet(&mut self, catalog: &Catalog, port: PortId) {
        if self.ports.len() <= port.index() {
            self.ports.resize_with(port.index() + 1, Port::default);
        }
        let entry = &mut self.ports[port.index()];
        if entry.known {
            return;
        }
        entry.known = true;
        // An interface whose name says nothing could be of any speed; only wild jumps are then implausible.
        entry.capacity_bps = speed_of_name(catalog.interface(port)).unwrap_or(800e9);
        if self.cabling.is_empty() {
            self.groups.assume(catalog, port);
        }
    }

    pub(super) fn port(&self, port: PortId) -> &Port {
        &self.ports[port.index()]
    }

    pub(super) fn port_mut(&mut self, port: PortId) -> &mut Port {
        &mut self.ports[port.index()]
    }

    /// Whether the port has ever reported telemetry.
    pub(super) fn is_known(&self, port: PortId) -> bool {
        self.ports.get(port.index()).is_some_and(|entry| entry.known)
    }

    /// The port at the far end, if it reports telemetry.
    pub(super) fn live_peer(&self, port: PortId) -> Option<PortId> {
        let peer = self.cabling.peer(port)?;
        self.is_known(peer).then_some(peer)
    }

    pub(super) fn count(
        &mut self,
        at_ms: i64,
        port: PortId,
        counters: &Counters,
        config: &WatchConfig,
    ) -> Difference {
        let entry = &mut self.ports[port.index()];
        let difference = entry.meter.feed(at_ms, counters, entry.capacity_bps, config.gap_ms);
        if let Difference::Rate(rate) = &difference {
            // What is not told stays as it was last told.
            let sent_bps = rate.sent_bps.unwrap_or(entry.sent_bps);
            self.total_sent_bps += sent_bps - entry.sent_bps;
            entry.sent_bps = sent_bps;
            entry.received_bps = rate.received_bps.unwrap_or(entry.received_bps);
        }
        difference
    }

    /// Whether a port is one that people cable: not management, loopback, tunnel or bundle.
    pub(super) fn is_physical(&self, catalog: &Catalog, port: PortId) -> bool {
        speed_of_name(catalog.interface(port)).is_some()
    }

    /// Busier direction over capacity, 0 to 1.
    pub(super) fn utilisation(&self, port: PortId) -> f64 {
        let entry = self.port(port);
        (entry.sent_bps.max(entry.received_bps) / entry.capacity_bps.max(1.0)).clamp(0.0, 1.0)
    }

    /// Members that could carry traffic.
    pub(super) fn members_up(&self, group: &Group) -> usize {
        group.members.iter().filter(|&&port| self.carries(group, port)).count()
    }

    fn carries(&self, group: &Group, port: PortId) -> bool {
        let Some(entry) =
            self.ports.get(port.index()).filter(|entry| entry.known && !entry.is_down())
        else {
            return false;
        };
        // Without cabling a port of the right speed may lead anywhere; only one that is in use counts.
        group.grouping != Grouping::Assumed || entry.sent_bps >= self.busy_bps
    }

    /// Links that still join the same two devices (or lead up, where there is only one) without `port`.
    pub(super) fn redundancy_without(&self, port: PortId) -> usize {
        let Some(group) = self.groups.narrowest(port) else {
            return 0;
        };
        group.members.iter().filter(|&&other| other != port && self.carries(group, other)).count()
    }

    /// Traffic sent by the ports, in Gbit/s and as a share of all traffic sent.
    pub(super) fn traffic(&self, ports: impl IntoIterator<Item = PortId>) -> (f64, f64) {
        let sent: f64 = ports
            .into_iter()
            .map(|port| self.ports.get(port.index()).map_or(0.0, |p| p.sent_bps))
            .sum();
        (sent / 1e9, self.share(sent))
    }

    /// Share of all traffic sent, 0 to 1.
    pub(super) fn share(&self, bps: f64) -> f64 {
        if self.total_sent_bps > 1.0 { (bps / self.total_sent_bps).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Facts about the group: its name, why it is one, its members and how many of them work.
    pub(super) fn group_facts(&self, catalog: &Catalog, group: &Group) -> Vec<Fact> {
        let (grouping, source) = match group.grouping {
            Grouping::Parallel => ("parallel links to one peer", "cabling"),
            Grouping::Uplinks => ("all uplinks to the spines", "cabling"),
            Grouping::Assumed => {
                ("assumed: busy ports of one speed, cabling unknown", "assumption")
            }
        };
        let members: Vec<PortId> = match group.grouping {
            Grouping::Parallel | Grouping::Uplinks => group.members.clone(),
            Grouping::Assumed => {
                group.members.iter().copied().filter(|&p| self.carries(group, p)).collect()
            }
        };
        let mut names: Vec<&str> = members.iter().map(|&port| catalog.label(port)).collect();
        names.sort_unstable();
        let more = names.len().saturating_sub(MEMBERS_LISTED_MAX);
        names.truncate(MEMBERS_LISTED_MAX);
        let mut listed = names.join(", ");
        if more > 0 {
            listed.push_str(&format!(" and {more} more"));
        }
        vec![
            Fact::text("group", group.name.clone(), source),
            Fact::text("grouping", grouping, source),
            Fact::text("group_members", listed, source),
            Fact::number("group_size", members.len() as f64, "1", source),
            Fact::number("group_members_up", self.members_up(group) as f64, "1", "state"),
        ]
    }

    /// Facts about one port that an action would touch; `sent_gbps` is what it carried before the trouble began.
    pub(super) fn port_facts(&self, catalog: &Catalog, port: PortId, sent_gbps: f64) -> Vec<Fact> {
        let mut facts = vec![
            Fact::number("redundancy_left", self.redundancy_without(port) as f64, "1", "state"),
            Fact::number("blast_radius_gbps", sent_gbps, "Gbit/s", "counters"),
            Fact::number("blast_radius_share", self.share(sent_gbps * 1e9), "1", "counters"),
            Fact::text("device", catalog.device_name(catalog.device_of(port)), "state"),
            Fact::text("interface", catalog.interface(port), "state"),
        ];
        if let Some(peer) = self.cabling.peer(port) {
            facts.push(Fact::text("peer", catalog.label(peer), "cabling"));
        }
        if let Some(group) = self.groups.narrowest(port) {
            facts.extend(self.group_facts(catalog, group));
        }
        facts
    }
}
