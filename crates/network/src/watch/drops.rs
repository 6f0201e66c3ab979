//! Links that lose packets although no counter of errors moves: what one end sent and the other did not receive.
//!
//! The ends are read at different moments and at their own pace, so what one says of an interval is laid over what the
//! other says of the same time, taking each rate to be constant between its readings. What a device tells may be a
//! moment old as well: the difference of one round means little. Such skew comes and goes, while loss adds up: over a window of rounds the skew of its two ends is all
//! that is left of it. A direction is judged by the bytes missing over the window, against a share of what was sent and
//! against what single rounds are off by (their median, which a constant loss is part of but a window's sum outgrows).
//! What was received in error is known loss and not counted here. Traffic that a lost session or link explains is not
//! silent, and a link that has just changed is looked at only once a whole window has passed.

use std::collections::VecDeque;

use super::alarm::Alarm;
use super::config::WatchConfig;
use super::rate::Rate;
use super::view::View;
use crate::cabling::Cabling;
use crate::catalog::{Catalog, PortId};
use crate::finding::{Fact, Finding, FindingState};

/// Loss in parts per million above which a link is better taken out than looked into.
const SEVERE_PPM: f64 = 20_000.0;

/// One round: bytes sent at one end, bytes missing at the other, and how long it took, s.
#[derive(Debug, Clone, Copy, Default)]
struct Round {
    sent: f64,
    missing: f64,
    seconds: f64,
}

/// What one end said of an interval and has not been laid over the other's word yet.
#[derive(Debug, Clone, Copy)]
struct Told {
    from_ms: i64,
    until_ms: i64,
    bytes: f64,
}

impl Told {
    /// Takes away what lies before `at_ms`, and gives its bytes.
    fn take_until(&mut self, at_ms: i64) -> f64 {
        let length = (self.until_ms - self.from_ms).max(1) as f64;
        let share = ((at_ms - self.from_ms).max(0) as f64 / length).min(1.0);
        let taken = self.bytes * share;
        self.bytes -= taken;
        self.from_ms = self.from_ms.max(at_ms);
        taken
    }
}

/// Intervals of one end that wait for the other's word; more means that the other is silent.
const WAITING_MAX: usize = 4;

/// One direction, kept at its receiving port.
#[derive(Debug, Default)]
struct Direction {
    sent: VecDeque<Told>,
    received: VecDeque<Told>,
    /// The round that is being put together.
    current: Round,
    rounds: VecDeque<Round>,
    alarm: Alarm,
    /// Whether the last round judged was above the limit.
    was_above: bool,
}

impl Direction {
    fn forget(&mut self) {
        self.sent.clear();
        self.received.clear();
        self.rounds.clear();
        self.current = Round::default();
        self.was_above = false;
    }

    /// Lays both ends over one another for as long as both have spoken; `true` if that completed a round.
    fn pair(&mut self, rounds_max: usize) -> bool {
        let mut is_complete = false;
        while let (Some(sent), Some(received)) = (self.sent.front_mut(), self.received.front_mut())
        {
            // What only one end has told of is a hole on both sides.
            let from_ms = sent.from_ms.max(received.from_ms);
            let until_ms = sent.until_ms.min(received.until_ms);
            let _ = (sent.take_until(from_ms), received.take_until(from_ms));
            if until_ms > from_ms {
                let bytes = sent.take_until(until_ms);
                self.current.sent += bytes;
                self.current.missing += bytes - received.take_until(until_ms);
                self.current.seconds += (until_ms - from_ms) as f64 / 1e3;
            }
            let is_round = received.until_ms <= until_ms;
            if sent.until_ms <= until_ms {
                self.sent.pop_front();
            }
            if is_round {
                self.received.pop_front();
            }
            if is_round && self.current.seconds > 0.0 {
                if self.rounds.len() >= rounds_max {
                    self.rounds.pop_front();
                }
                self.rounds.push_back(std::mem::take(&mut self.current));
                is_complete = self.rounds.len() == rounds_max;
            }
        }
        is_complete
    }
}

/// The watcher of all directions of cabled links.
#[derive(Debug, Default)]
pub(super) struct Drops {
    /// By receiving port.
    directions: Vec<Direction>,
    scratch: Vec<f64>,
}

impl Drops {
    /// Takes what a port's counters said; a port without a known far end is not judged.
    #[expect(clippy::too_many_arguments, reason = "one call site; a struct would only rename them")]
    pub(super) fn observe(
        &mut self,
        catalog: &Catalog,
        cabling: &Cabling,
        view: &View,
        config: &WatchConfig,
        at_ms: i64,
        port: PortId,
        rate: &Rate,
        findings: &mut Vec<Finding>,
    ) {
        let Some(peer) = cabling.peer(port) else { return };
        if !view.is_known(peer) {
            return;
        }
        let size = port.index().max(peer.index()) + 1;
        if self.directions.len() < size {
            self.directions.resize_with(size, Direction::default);
        }
        let from_ms = at_ms - (rate.seconds * 1e3) as i64;
        let told = |bps: f64| Told { from_ms, until_ms: at_ms, bytes: bps * rate.seconds / 8.0 };
        let errors_bps = rate.errors.unwrap_or(0.0) * mean_packet_bytes(rate) * 8.0 / rate.seconds;
        let received = rate.received_bps.map(|bps| told(bps + errors_bps));
        wait(&mut self.directions[port.index()].received, received);
        wait(&mut self.directions[peer.index()].sent, rate.sent_bps.map(told));
        let is_disturbed = is_disturbed(view, port) || is_disturbed(view, peer);
        for (receiver, sender) in [(port, peer), (peer, port)] {
            let direction = &mut self.directions[receiver.index()];
            if is_disturbed {
                direction.forget();
                let reason = "the link is out of service, or something else is wrong with it";
                direction.alarm.resolve(view.now_ms, reason.to_owned(), findings);
            } else if direction.pair(config.drop_rounds) {
                self.judge(catalog, view, config, receiver, sender, findings);
            }
        }
    }

    /// Forgets a link whose counters began anew.
    pub(super) fn restart(&mut self, cabling: &Cabling, port: PortId) {
        for end in std::iter::once(port).chain(cabling.peer(port)) {
            if let Some(direction) = self.directions.get_mut(end.index()) {
                direction.forget();
            }
        }
    }

    fn judge(
        &mut self,
        catalog: &Catalog,
        view: &View,
        config: &WatchConfig,
        receiver: PortId,
        sender: PortId,
        findings: &mut Vec<Finding>,
    ) {
        let direction = &mut self.directions[receiver.index()];
        let sum = |part: fn(&Round) -> f64| direction.rounds.iter().map(part).sum::<f64>();
        let (sent, missing, seconds) = (sum(|r| r.sent), sum(|r| r.missing), sum(|r| r.seconds));
        let is_busy = sent * 8.0 / seconds >= config.busy_bps;
        self.scratch.clear();
        self.scratch.extend(direction.rounds.iter().map(|round| round.missing.abs()));
        self.scratch.sort_unstable_by(f64::total_cmp);
        let usual = 1.4826 * self.scratch[self.scratch.len() / 2];
        let limit = (config.drop_ratio * sent).max(config.drop_factor * usual);
        let is_above = is_busy && missing > limit;
        let was_above = std::mem::replace(&mut direction.was_above, is_above);
        if direction.alarm.is_open() {
            if !is_busy || missing < config.drop_ratio * sent / 2.0 {
                let reason = format!("{:.0} s without a loss worth telling", seconds);
                direction.alarm.resolve(view.now_ms, reason, findings);
            } else if direction.alarm.wants_reminder(view.now_ms, config) {
                let finding = finding(catalog, view, sender, receiver, &direction.rounds);
                direction.alarm.raise(finding, findings);
            }
        } else if is_above && was_above && view.now_ms >= direction.alarm.rearmed_ms(config) {
            let finding = finding(catalog, view, sender, receiver, &direction.rounds);
            direction.alarm.raise(finding, findings);
        }
    }
}

fn wait(waiting: &mut VecDeque<Told>, told: Option<Told>) {
    if waiting.len() >= WAITING_MAX {
        waiting.pop_front();
    }
    waiting.extend(told);
}

/// Bytes of an average packet in error, which is counted in packets alone.
fn mean_packet_bytes(rate: &Rate) -> f64 {
    match (rate.received_bps, rate.packets_received) {
        (Some(bps), Some(packets)) if packets >= 1.0 => bps * rate.seconds / 8.0 / packets,
        _ => 0.0,
    }
}

/// Whether something else is wrong with a port, or is being done to it, so that a difference is no news.
fn is_disturbed(view: &View, port: PortId) -> bool {
    let entry = view.port(port);
    entry.is_down() || entry.flapping || entry.planned
}

fn finding(
    catalog: &Catalog,
    view: &View,
    sender: PortId,
    receiver: PortId,
    rounds: &VecDeque<Round>,
) -> Finding {
    let sum = |part: fn(&Round) -> f64| rounds.iter().map(part).sum::<f64>();
    let (sent, missing, seconds) = (sum(|r| r.sent), sum(|r| r.missing), sum(|r| r.seconds));
    let ppm = (missing / sent.max(1.0) * 1e6).clamp(1e-3, 1e6);
    let lost_mbps = missing * 8.0 / seconds.max(1e-3) / 1e6;
    let lossy = rounds.iter().filter(|round| round.missing > 0.0).count() as f64;
    let redundancy = view.redundancy_without(sender);
    let gbps = view.port(sender).sent_bps / 1e9;
    let is_severe = ppm >= SEVERE_PPM && redundancy >= 1;
    let mut facts = view.port_facts(catalog, sender, gbps);
    facts.push(Fact::number("lost_per_million", ppm, "ppm", "counters"));
    facts.push(Fact::number("lost_mbps", lost_mbps, "Mbit/s", "counters"));
    facts.push(Fact::number("window_s", seconds, "s", "counters"));
    let (from, to) = (catalog.label(sender), catalog.label(receiver));
    Finding {
        at_ms: view.now_ms,
        state: FindingState::Raised,
        scenario_type: "silent-drops",
        entity: from.to_owned(),
        site: catalog.site(catalog.device_of(sender)).to_owned(),
        action: if is_severe { "remove-link" } else { "investigate-ticket" },
        target: from.to_owned(),
        features: vec![
            ("lost_log10_ppm", ppm.log10().clamp(-3.0, 6.0)),
            ("lost_log10_mbps", lost_mbps.max(1e-3).log10().clamp(-3.0, 9.0)),
            ("rounds_with_loss", (lossy / rounds.len().max(1) as f64).clamp(0.0, 1.0)),
            ("utilisation", view.utilisation(sender)),
            ("redundancy_left", (redundancy as f64).clamp(0.0, 1_024.0)),
            ("traffic_share", view.share(gbps * 1e9)),
        ],
        facts,
        evidence: vec![
            format!("{:.2} % of what {from} sent never arrived at {to}", ppm / 1e4),
            format!("that is {lost_mbps:.0} Mbit/s over {seconds:.0} s, and no counter shows it"),
            format!("{redundancy} links to the same place would be left without it"),
        ],
        correlation: String::new(),
    }
}
