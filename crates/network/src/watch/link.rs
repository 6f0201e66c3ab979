//! Interfaces that were up and are not, and interfaces that change again and again.
//!
//! A link has two ends and one trouble: the end that a person shut is reported, otherwise the end that was seen first.
//! A link that flaps is reported as flapping, not as down every time.

use std::collections::{BTreeSet, VecDeque};

use super::alarm::Alarm;
use super::config::WatchConfig;
use super::view::View;
use crate::catalog::{Catalog, PortId};
use crate::finding::Finding;
use crate::sample::LinkState;

/// Changes that are remembered per port; more within a window add nothing.
pub(super) const CHANGES_MAX: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Port {
    /// Times of changes of state, and of carrier transitions, ms.
    pub(super) state_changes: VecDeque<i64>,
    pub(super) carrier_changes: VecDeque<i64>,
    /// Lost since, not reported yet.
    pending: Option<Pending>,
    /// Up again since, ms.
    up_since_ms: Option<i64>,
    down: Alarm,
    flap: Alarm,
    /// Traffic sent when it was last up, Gbit/s, and its utilisation.
    pub(super) busy: (f64, f64),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    since_ms: i64,
    pub(super) busy: (f64, f64),
}

/// The watcher of all interfaces.
#[derive(Debug, Default)]
pub(super) struct Links {
    pub(super) ports: Vec<Port>,
    due: BTreeSet<(i64, PortId)>,
}

impl Links {
    /// Takes the state of an interface.
    #[expect(clippy::too_many_arguments, reason = "one call site; a struct would only rename them")]
    pub(super) fn observe(
        &mut self,
        catalog: &Catalog,
        view: &mut View,
        config: &WatchConfig,
        at_ms: i64,
        port: PortId,
        state: LinkState,
        bandwidth_kbps: u64,
        findings: &mut Vec<Finding>,
    ) {
        let entry = view.port_mut(port);
        if entry.link.is_some() && at_ms <= entry.link_at_ms {
            return;
        }
        let before = entry.link.replace(state);
        entry.link_at_ms = at_ms;
        if bandwidth_kbps > 0 {
            entry.capacity_bps = bandwidth_kbps as f64 * 1e3;
        }
        if !view.is_physical(catalog, port) {
            return;
        }
        let busy = (view.port(port).sent_bps / 1e9, view.utilisation(port));
        let entry = self.entry(port);
        if before.is_some_and(|before| (before == LinkState::Up) != (state == LinkState::Up)) {
            remember(&mut entry.state_changes, at_ms, 1);
            view.port_mut(port).changed_ms = Some(at_ms);
            view.port_mut(port).link_changed_ms = Some(at_ms);
        }
        if state == LinkState::Up {
            entry.pending = None;
            entry.up_since_ms.get_or_insert(at_ms);
        } else {
            entry.up_since_ms = None;
            if before == Some(LinkState::Up) && entry.pending.is_none() && !entry.down.is_open() {
                entry.pending = Some(Pending { since_ms: at_ms, busy });
                let due = (at_ms + config.peer_wait_ms).max(entry.down.rearmed_ms(config));
                self.due.insert((due, port));
            }
        }
        self.flaps(catalog, view, config, port, findings);
        // The far end first: if it waited for this word, it lost the link before this end did.
        if let Some(peer) = view.live_peer(port) {
            self.settle(catalog, view, config, peer, findings);
        }
        self.settle(catalog, view, config, port, findings);
        self.end(view, config, port, findings);
    }

    /// Takes the number of carrier transitions since the port's last reading.
    #[expect(clippy::too_many_arguments, reason = "one call site; a struct would only rename them")]
    pub(super) fn carrier(
        &mut self,
        catalog: &Catalog,
        view: &mut View,
        config: &WatchConfig,
        at_ms: i64,
        port: PortId,
        transitions: u64,
        findings: &mut Vec<Finding>,
    ) {
        let entry = view.port(port);
        // The traffic that a loss would hit is that of the last interval in which the link was whole.
        let busy = (entry.sent_bps / 1e9, view.utilisation(port));
        if entry.sent_bps > 0.0 && transitions == 0 && entry.link == Some(LinkState::Up) {
            self.entry(port).busy = busy;
        }
        if transitions > 0 && view.is_physical(catalog, port) {
            remember(&mut self.entry(port).carrier_changes, at_ms, transitions);
            view.port_mut(port).changed_ms = Some(at_ms);
            self.flaps(catalog, view, config, port, findings);
        }
    }

    /// Judges what has waited long enough.
    pub(super) fn tick(
        &mut self,
        catalog: &Catalog,
        view: &mut View,
        config: &WatchConfig,
        findings: &mut Vec<Finding>,
    ) {
        while let Some(&(due, port)) = self.due.first()
            && due <= view.now_ms
        {
            self.due.pop_first();
            self.settle(catalog, view, config, port, findings);
        }
    }

    fn entry(&mut self, port: PortId) -> &mut Port {
        if self.ports.len() <= port.index() {
            self.ports.resize_with(port.index() + 1, Port::default);
        }
        &mut self.ports[port.index()]
    }

    /// Raises interface-down for a loss whose cause is clear or that nobody can say more about.
    fn settle(
        &mut self,
        catalog: &Catalog,
        view: &mut View,
        config: &WatchConfig,
        port: PortId,
        findings: &mut Vec<Finding>,
    ) {
        let Some(pending) = self.entry(port).pending else {
            return;
        };
        let is_admin = view.port(port).link == Some(LinkState::AdminDown);
        let waited = view.now_ms.saturating_sub(pending.since_ms);
        if let Some(peer) = view.live_peer(port) {
            let is_told = view.port(peer).link_at_ms >= pending.since_ms;
            if !is_admin && !is_told && waited < config.peer_wait_ms {
                return;
            }
            let peer_is_shut = view.port(peer).link == Some(LinkState::AdminDown);
            let peer_lost = view.port(peer).link_lost || view.port(peer).flapping;
            if peer_lost || (peer_is_shut && !is_admin) {
                self.entry(port).pending = None;
                return;
            }
        }
        if view.port(port).flapping || view.port(port).planned {
            self.entry(port).pending = None;
            return;
        }
        if view.now_ms < self.entry(port).down.rearmed_ms(config) {
            return;
        }
        self.entry(port).pending = None;
        view.port_mut(port).link_lost = true;
        let finding = self.down_finding(catalog, view, port, pending, is_admin);
        self.entry(port).down.raise(finding, findings);
    }

    /// Ends interface-down once the link has been up for a while, reminds of it while it is not, and ends flapping.
    fn end(
        &mut self,
        view: &mut View,
        config: &WatchConfig,
        port: PortId,
        findings: &mut Vec<Finding>,
    ) {
        let now_ms = view.now_ms;
        let entry = self.entry(port);
        if let Some(up_since) = entry.up_since_ms
            && entry.down.is_open()
            && now_ms.saturating_sub(up_since) >= config.hold_up_ms
        {
            let reason = format!("the interface has been up for {} s", (now_ms - up_since) / 1_000);
            entry.down.resolve(now_ms, reason, findings);
            view.port_mut(port).link_lost = false;
        }
        if entry.down.is_open() && entry.down.wants_reminder(now_ms, config) {
            entry.down.repeat(now_ms, "the interface is still down", findings);
        }
        if entry.flap.is_open() {
            let last = entry
                .state_changes
                .back()
                .max(entry.carrier_changes.back())
                .copied()
                .unwrap_or(i64::MIN);
            if now_ms.saturating_sub(last) >= config.flap_window_ms {
                entry.flap.resolve(now_ms, "no change for a whole window".to_owned(), findings);
                let busy = entry.busy;
                let is_up = entry.up_since_ms.is_some();
                view.port_mut(port).flapping = false;
                if !is_up {
                    self.entry(port).pending = Some(Pending { since_ms: now_ms, busy });
                    self.due.insert((now_ms + config.peer_wait_ms, port));
                }
            } else if entry.flap.wants_reminder(now_ms, config) {
                entry.flap.repeat(now_ms, "the link keeps changing", findings);
            }
        }
    }

    fn flaps(
        &mut self,
        catalog: &Catalog,
        view: &mut View,
        config: &WatchConfig,
        port: PortId,
        findings: &mut Vec<Finding>,
    ) {
        let since = view.now_ms.saturating_sub(config.flap_window_ms);
        let entry = self.entry(port);
        forget(&mut entry.state_changes, since);
        forget(&mut entry.carrier_changes, since);
        let changes = entry.state_changes.len().max(entry.carrier_changes.len());
        let is_new = !entry.flap.is_open() && view.now_ms >= entry.flap.rearmed_ms(config);
        if changes < config.flap_changes || !is_new {
            return;
        }
        if view.live_peer(port).is_some_and(|peer| view.port(peer).flapping) {
            return;
        }
        entry.pending = None;
        entry.down.resolve(
            view.now_ms,
            "the link flaps, which is reported instead".to_owned(),
            findings,
        );
        view.port_mut(port).link_lost = false;
        view.port_mut(port).flapping = true;
        let finding = self.flap_finding(catalog, view, config, port, changes);
        self.entry(port).flap.raise(finding, findings);
    }
}

fn remember(changes: &mut VecDeque<i64>, at_ms: i64, count: u64) {
    for _ in 0..count.min(CHANGES_MAX as u64) {
        if changes.len() >= CHANGES_MAX {
            changes.pop_front();
        }
        changes.push_back(at_ms);
    }
}

fn forget(changes: &mut VecDeque<i64>, before_ms: i64) {
    while changes.front().is_some_and(|&at| at < before_ms) {
        changes.pop_front();
    }
}
