//! Links on which a noticeable part of the received packets is in error.

use std::collections::VecDeque;

use super::alarm::Alarm;
use super::config::WatchConfig;
use super::rate::Rate;
use super::view::View;
use crate::catalog::{Catalog, PortId};
use crate::finding::{Fact, Finding, FindingState};

/// Errors per million packets above which a link is better taken out than watched.
const SEVERE_PPM: f64 = 100.0;

#[derive(Debug, Default)]
struct Port {
    /// Errors, packets and seconds of the last rounds.
    rounds: VecDeque<(f64, f64, f64)>,
    alarm: Alarm,
}

/// The watcher of all error counters.
#[derive(Debug, Default)]
pub(super) struct Errors {
    ports: Vec<Port>,
}

impl Errors {
    /// Takes what a port's counters said.
    pub(super) fn observe(
        &mut self,
        catalog: &Catalog,
        view: &View,
        config: &WatchConfig,
        port: PortId,
        rate: &Rate,
        findings: &mut Vec<Finding>,
    ) {
        if self.ports.len() <= port.index() {
            self.ports.resize_with(port.index() + 1, Port::default);
        }
        let entry = &mut self.ports[port.index()];
        // Errors are judged against packets; with only one of them collected there is nothing to judge.
        let (Some(received_in_error), Some(received)) = (rate.errors, rate.packets_received) else {
            return;
        };
        // Almost every port never has an error: nothing is kept for it.
        if received_in_error == 0.0 && entry.rounds.is_empty() {
            return;
        }
        if entry.rounds.len() >= config.error_rounds {
            entry.rounds.pop_front();
        }
        entry.rounds.push_back((received_in_error, received, rate.seconds));
        let errors: f64 = entry.rounds.iter().map(|round| round.0).sum();
        let packets: f64 = entry.rounds.iter().map(|round| round.1).sum();
        let rounds_with_errors = entry.rounds.iter().filter(|round| round.0 > 0.0).count();
        let ratio = errors / (packets + errors).max(1.0);
        let is_bad =
            errors >= config.errors_min && ratio >= config.error_ratio && rounds_with_errors >= 2;
        if entry.alarm.is_open() {
            // A tenth of what raised it, over all rounds, is as good as over.
            if entry.rounds.len() >= config.error_rounds && errors < config.errors_min / 10.0 {
                let reason =
                    format!("{errors:.0} errors in the last {} rounds", entry.rounds.len());
                entry.alarm.resolve(view.now_ms, reason, findings);
            } else if is_bad && entry.alarm.wants_reminder(view.now_ms, config) {
                let finding = finding(catalog, view, port, &entry.rounds);
                entry.alarm.raise(finding, findings);
            }
        } else if is_bad && view.now_ms >= entry.alarm.rearmed_ms(config) {
            let finding = finding(catalog, view, port, &entry.rounds);
            entry.alarm.raise(finding, findings);
        } else if errors == 0.0 {
            entry.rounds.clear();
        }
    }
}

fn finding(
    catalog: &Catalog,
    view: &View,
    port: PortId,
    rounds: &VecDeque<(f64, f64, f64)>,
) -> Finding {
    let sum = |part: fn(&(f64, f64, f64)) -> f64, from: usize| {
        rounds.iter().skip(from).map(part).sum::<f64>()
    };
    let (errors, packets, seconds) = (sum(|r| r.0, 0), sum(|r| r.1, 0), sum(|r| r.2, 0));
    let ppm = (errors / (packets + errors).max(1.0) * 1e6).clamp(0.0, 1e6);
    let late = sum(|r| r.0, rounds.len() / 2);
    let growth = ((late + 1.0) / (errors - late + 1.0)).log2();
    let sent_gbps = view.port(port).sent_bps / 1e9;
    let redundancy = view.redundancy_without(port);
    let is_severe = ppm >= SEVERE_PPM && redundancy >= 1;
    let mut facts = view.port_facts(catalog, port, sent_gbps);
    facts.push(Fact::number("errors", errors, "1", "counters"));
    facts.push(Fact::number("errors_per_million", ppm, "ppm", "counters"));
    facts.push(Fact::number("errors_per_s", errors / seconds.max(1e-3), "s-1", "counters"));
    Finding {
        at_ms: view.now_ms,
        state: FindingState::Raised,
        scenario_type: "error-growth",
        entity: catalog.label(port).to_owned(),
        site: catalog.site(catalog.device_of(port)).to_owned(),
        action: if is_severe { "remove-link" } else { "replace-optics-ticket" },
        target: catalog.label(port).to_owned(),
        features: vec![
            ("errors_log10_ppm", ppm.max(1e-3).log10().clamp(-3.0, 6.0)),
            ("errors_log10_per_s", (errors / seconds.max(1e-3)).max(1e-3).log10().clamp(-3.0, 9.0)),
            ("growth_log2", growth.clamp(-20.0, 20.0)),
            ("utilisation", view.utilisation(port)),
            ("redundancy_left", (redundancy as f64).clamp(0.0, 1_024.0)),
            ("traffic_share", view.share(sent_gbps * 1e9)),
        ],
        facts,
        evidence: vec![
            format!(
                "{errors:.0} of {packets:.0} packets received on {} were in error",
                catalog.label(port)
            ),
            format!("that is {ppm:.1} per million over {seconds:.0} s"),
            format!("{redundancy} links to the same place would be left without it"),
        ],
        correlation: String::new(),
    }
}
