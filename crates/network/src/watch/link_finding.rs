//! How lost and flapping links are told: features, facts, evidence, and the action to propose.

use super::config::WatchConfig;
use super::link::{CHANGES_MAX, Links, Pending};
use super::view::View;
use crate::catalog::{Catalog, PortId};
use crate::finding::{Fact, Finding, FindingState};

impl Links {
    /// The finding that an interface is down.
    pub(super) fn down_finding(
        &self,
        catalog: &Catalog,
        view: &View,
        port: PortId,
        pending: Pending,
        is_admin: bool,
    ) -> Finding {
        let device = catalog.device_of(port);
        let (gbps, utilisation) =
            if pending.busy.0 > 0.0 { pending.busy } else { self.ports[port.index()].busy };
        let also_down = catalog
            .ports_of(device)
            .filter(|&other| other != port && view.is_known(other) && view.port(other).link_lost)
            .count();
        let redundancy = view.redundancy_without(port);
        let share = view.share(gbps * 1e9);
        let mut facts = view.port_facts(catalog, port, gbps);
        let state = if is_admin { "admin-down" } else { "down" };
        facts.push(Fact::text("link_state", state, "state"));
        facts.push(Fact::number("also_down", also_down as f64, "1", "state"));
        // Somebody shut it, or the whole device suffers: bringing it back by force would be the wrong hand to play.
        let is_drain = is_admin || also_down >= 2;
        let target = match (is_drain, view.cabling.peer(port)) {
            (true, Some(peer)) => catalog.device_name(catalog.device_of(peer)).to_owned(),
            _ => catalog.label(port).to_owned(),
        };
        Finding {
            at_ms: view.now_ms,
            state: FindingState::Raised,
            scenario_type: "interface-down",
            entity: catalog.label(port).to_owned(),
            site: catalog.site(device).to_owned(),
            action: if is_drain { "drain-peer" } else { "restore-link" },
            target,
            features: vec![
                ("shut_on_purpose", f64::from(u8::from(is_admin))),
                ("utilisation_before", utilisation),
                ("redundancy_left", (redundancy as f64).clamp(0.0, 1_024.0)),
                ("also_down", (also_down as f64).clamp(0.0, 1_024.0)),
                ("traffic_share", share),
            ],
            facts,
            evidence: vec![
                format!("{} was up and is {state}", catalog.label(port)),
                format!("it sent {gbps:.1} Gbit/s; {redundancy} links to the same place are left"),
            ],
            correlation: String::new(),
        }
    }

    /// The finding that a link flaps.
    pub(super) fn flap_finding(
        &self,
        catalog: &Catalog,
        view: &View,
        config: &WatchConfig,
        port: PortId,
        changes: usize,
    ) -> Finding {
        let entry = &self.ports[port.index()];
        let minutes = config.flap_window_ms as f64 / 60_000.0;
        let (gbps, utilisation) = entry.busy;
        let redundancy = view.redundancy_without(port);
        let first = entry
            .state_changes
            .front()
            .min(entry.carrier_changes.front())
            .copied()
            .unwrap_or(view.now_ms);
        let lasted_min = (view.now_ms.saturating_sub(first) as f64 / 60_000.0).max(1.0 / 6.0);
        let mut facts = view.port_facts(catalog, port, gbps);
        facts.push(Fact::number("changes", changes as f64, "1", "state"));
        facts.push(Fact::number("window_min", minutes, "min", "state"));
        Finding {
            at_ms: view.now_ms,
            state: FindingState::Raised,
            scenario_type: "link-flapping",
            entity: catalog.label(port).to_owned(),
            site: catalog.site(catalog.device_of(port)).to_owned(),
            action: if redundancy >= 1 { "remove-link" } else { "dampen-link" },
            target: catalog.label(port).to_owned(),
            features: vec![
                ("changes", (changes as f64).clamp(0.0, CHANGES_MAX as f64)),
                ("changes_per_min", (changes as f64 / lasted_min).clamp(0.0, 100.0)),
                ("utilisation", utilisation),
                ("redundancy_left", (redundancy as f64).clamp(0.0, 1_024.0)),
                ("traffic_share", view.share(gbps * 1e9)),
            ],
            facts,
            evidence: vec![
                format!("{} changed {changes} times within {minutes:.0} min", catalog.label(port)),
                format!("{redundancy} links to the same place would be left without it"),
            ],
            correlation: String::new(),
        }
    }
}
