//! Liveness sessions (BFD) that go down while their interface stays up.
//!
//! A session that its interface takes along is no finding of its own, so a loss waits for the interface's next word.

use std::collections::BTreeSet;

use super::alarm::Alarm;
use super::config::WatchConfig;
use super::view::View;
use crate::catalog::{Catalog, PortId, SessionId};
use crate::finding::{Fact, Finding, FindingState};
use crate::sample::{LinkState, SessionState};

/// Losses within this time count as repeated, ms.
const REPEATED_WITHIN_MS: i64 = 3_600_000;

/// Past losses remembered per session.
const LOSSES_MAX: usize = 32;

#[derive(Debug)]
struct Session {
    port: PortId,
    state: SessionState,
    at_ms: i64,
    up_since_ms: Option<i64>,
    pending: Option<Pending>,
    losses_ms: Vec<i64>,
    alarm: Alarm,
}

#[derive(Debug, Clone, Copy)]
struct Pending {
    since_ms: i64,
    sent_gbps: f64,
    utilisation: f64,
}

/// The watcher of all sessions.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    sessions: Vec<Option<Session>>,
    by_port: Vec<Vec<SessionId>>,
    due: BTreeSet<(i64, SessionId)>,
}

impl Sessions {
    /// Takes the state of a session.
    #[expect(clippy::too_many_arguments, reason = "one call site; a struct would only rename them")]
    pub(super) fn observe(
        &mut self,
        catalog: &Catalog,
        view: &mut View,
        config: &WatchConfig,
        at_ms: i64,
        id: SessionId,
        port: PortId,
        state: SessionState,
        findings: &mut Vec<Finding>,
    ) {
        let Some(session) = self.entry(id, port, at_ms, state) else {
            return;
        };
        if at_ms <= session.at_ms {
            return;
        }
        session.at_ms = at_ms;
        let before = std::mem::replace(&mut session.state, state);
        if before != state {
            view.port_mut(port).changed_ms = Some(at_ms);
        }
        if state == SessionState::Up {
            session.pending = None;
            let up_since = *session.up_since_ms.get_or_insert(at_ms);
            if at_ms.saturating_sub(up_since) >= config.hold_up_ms && session.alarm.is_open() {
                let reason =
                    format!("the session has been up for {} s", (at_ms - up_since) / 1_000);
                session.alarm.resolve(view.now_ms, reason, findings);
                view.port_mut(port).session_lost = self.is_any_lost(port);
            }
            return;
        }
        session.up_since_ms = None;
        if before == SessionState::Up && state == SessionState::Down && !session.alarm.is_open() {
            let sent_gbps = view.port(port).sent_bps / 1e9;
            session.pending =
                Some(Pending { since_ms: at_ms, sent_gbps, utilisation: view.utilisation(port) });
            let due = (at_ms + config.peer_wait_ms).max(session.alarm.rearmed_ms(config));
            self.due.insert((due, id));
        } else if session.alarm.wants_reminder(view.now_ms, config) {
            session.alarm.repeat(view.now_ms, "the session is still down", findings);
        }
        self.settle(catalog, view, config, id, findings);
    }

    /// Judges the losses on a port whose interface has just reported.
    pub(super) fn link_seen(
        &mut self,
        catalog: &Catalog,
        view: &mut View,
        config: &WatchConfig,
        port: PortId,
        findings: &mut Vec<Finding>,
    ) {
        let count = self.by_port.get(port.index()).map_or(0, Vec::len);
        for k in 0..count {
            let id = self.by_port[port.index()][k];
            self.settle(catalog, view, config, id, findings);
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
        while let Some(&(due, id)) = self.due.first()
            && due <= view.now_ms
        {
            self.due.pop_first();
            self.settle(catalog, view, config, id, findings);
        }
    }

    /// The session, if it was known before; a new one is only noted.
    fn entry(
        &mut self,
        id: SessionId,
        port: PortId,
        at_ms: i64,
        state: SessionState,
    ) -> Option<&mut Session> {
        if self.sessions.len() <= id.index() {
            self.sessions.resize_with(id.index() + 1, || None);
        }
        let slot = &mut self.sessions[id.index()];
        if slot.is_none() {
            let up_since_ms = (state == SessionState::Up).then_some(at_ms);
            let alarm = Alarm::default();
            *slot = Some(Session {
                port,
                state,
                at_ms,
                up_since_ms,
                pending: None,
                losses_ms: Vec::new(),
                alarm,
            });
            if self.by_port.len() <= port.index() {
                self.by_port.resize_with(port.index() + 1, Vec::new);
            }
            self.by_port[port.index()].push(id);
            return None;
        }
        slot.as_mut()
    }

    fn settle(
        &mut self,
        catalog: &Catalog,
        view: &mut View,
        config: &WatchConfig,
        id: SessionId,
        findings: &mut Vec<Finding>,
    ) {
        let Some(session) = self.sessions.get_mut(id.index()).and_then(Option::as_mut) else {
            return;
        };
        let Some(pending) = session.pending else {
            return;
        };
        let port = session.port;
        let link = view.port(port).link;
        let is_told = view.port(port).link_at_ms > pending.since_ms;
        let waited = view.now_ms.saturating_sub(pending.since_ms);
        if link.is_some() && !is_told && waited < config.peer_wait_ms {
            return;
        }
        // A link that bounced took the session along even if it is up again by now.
        let bounced = |port: PortId| {
            let changed = view.port(port).link_changed_ms;
            changed.is_some_and(|at| at >= pending.since_ms.saturating_sub(config.peer_wait_ms))
        };
        let is_taken_along = matches!(link, Some(LinkState::Down | LinkState::AdminDown))
            || view.port(port).flapping
            || view.port(port).planned
            || bounced(port)
            || view.live_peer(port).is_some_and(bounced);
        let peer_reports_it = view.live_peer(port).is_some_and(|peer| {
            let entry = view.port(peer);
            entry.link_lost
                || entry.session_lost
                || entry.flapping
                || matches!(entry.link, Some(LinkState::AdminDown))
        });
        if is_taken_along || peer_reports_it {
            session.pending = None;
            return;
        }
        if view.now_ms < session.alarm.rearmed_ms(config) {
            return;
        }
        session.pending = None;
        session.losses_ms.retain(|&at| view.now_ms.saturating_sub(at) <= REPEATED_WITHIN_MS);
        let earlier = session.losses_ms.len();
        if earlier < LOSSES_MAX {
            session.losses_ms.push(view.now_ms);
        }
        view.port_mut(port).session_lost = true;
        let also_lost = self.also_lost(catalog, port);
        let finding = finding(catalog, view, id, port, pending, earlier, also_lost);
        if let Some(session) = &mut self.sessions[id.index()] {
            session.alarm.raise(finding, findings);
        }
    }

    fn is_any_lost(&self, port: PortId) -> bool {
        let ids = self.by_port.get(port.index()).into_iter().flatten();
        ids.filter_map(|id| self.sessions[id.index()].as_ref())
            .any(|session| session.alarm.is_open())
    }

    /// Other sessions of the same device that are reported lost.
    fn also_lost(&self, catalog: &Catalog, port: PortId) -> usize {
        let lost =
            |id: &SessionId| self.sessions[id.index()].as_ref().is_some_and(|s| s.alarm.is_open());
        let sessions_of = |port: PortId| self.by_port.get(port.index()).into_iter().flatten();
        catalog
            .ports_of(catalog.device_of(port))
            .flat_map(sessions_of)
            .filter(|id| lost(id))
            .count()
    }
}

fn finding(
    catalog: &Catalog,
    view: &View,
    id: SessionId,
    port: PortId,
    pending: Pending,
    earlier: usize,
    also_lost: usize,
) -> Finding {
    let device = catalog.device_of(port);
    let redundancy = view.redundancy_without(port);
    let mut facts = view.port_facts(catalog, port, pending.sent_gbps);
    facts.push(Fact::text("session_peer", catalog.session_peer(id), "session"));
    facts.push(Fact::number("earlier_losses", earlier as f64, "1", "session"));
    facts.push(Fact::number("also_lost", also_lost as f64, "1", "session"));
    Finding {
        at_ms: view.now_ms,
        state: FindingState::Raised,
        scenario_type: "session-loss",
        entity: catalog.label(port).to_owned(),
        site: catalog.site(device).to_owned(),
        // What a reset did not cure an hour ago it will not cure now.
        action: if earlier >= 1 && redundancy >= 1 { "remove-link" } else { "reset-session" },
        target: catalog.label(port).to_owned(),
        features: vec![
            ("earlier_losses", (earlier as f64).clamp(0.0, LOSSES_MAX as f64)),
            ("also_lost", (also_lost as f64).clamp(0.0, 1_024.0)),
            ("utilisation_before", pending.utilisation),
            ("redundancy_left", (redundancy as f64).clamp(0.0, 1_024.0)),
            ("traffic_share", view.share(pending.sent_gbps * 1e9)),
        ],
        facts,
        evidence: vec![
            format!(
                "the session to {} on {} went down",
                catalog.session_peer(id),
                catalog.label(port)
            ),
            "the interface itself is up".to_owned(),
            format!("lost {earlier} times in the hour before"),
        ],
        correlation: String::new(),
    }
}
