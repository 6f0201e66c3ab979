//! Watchers: fold samples into findings.
//!
//! | watcher | scenario type | condition |
//! | --- | --- | --- |
//! | `imbalance`, `incident` | `link-imbalance` | traffic over a group of links shifted, and is unequal |
//! | `link` | `interface-down`, `link-flapping` | an interface that was up is not, or changes again and again |
//! | `session` | `session-loss` | a liveness session went down while its interface is up |
//! | `errors` | `error-growth` | a noticeable part of the received packets is in error |
//! | `drops` | `silent-drops` | what one end of a link sent did not arrive at the other, and no error counter says so |
//!
//! One trouble gives one finding: a lost link is reported at one of its ends, the sessions it takes along are not
//! reported, and an imbalance that it explains is only a [`Shift`]. Time is that of the samples; nothing else is read.

mod alarm;
mod config;
mod drops;
mod errors;
mod imbalance;
mod incident;
mod link;
mod link_finding;
pub mod rate;
mod session;
#[cfg(test)]
mod tests;
mod view;

pub use config::WatchConfig;
pub use imbalance::Shift;

use crate::cabling::Cabling;
use crate::catalog::{Catalog, PortId};
use crate::finding::Finding;
use crate::sample::{Reading, Sample};
use drops::Drops;
use errors::Errors;
use imbalance::Imbalance;
use incident::Incidents;
use link::Links;
use rate::Difference;
use session::Sessions;
use view::View;

/// What watchers say; the caller empties it as often as it likes.
#[derive(Debug, Default)]
pub struct Output {
    /// Conditions that began, last, or ended.
    pub findings: Vec<Finding>,
    /// Every shift of traffic over a group, whether or not a finding came of it.
    pub shifts: Vec<Shift>,
}

/// All watchers of one network.
#[derive(Debug)]
pub struct Watchers {
    config: WatchConfig,
    view: View,
    imbalance: Imbalance,
    incidents: Incidents,
    links: Links,
    sessions: Sessions,
    errors: Errors,
    drops: Drops,
}

impl Watchers {
    /// Watchers of a network with this cabling, whose ports `catalog` names; with no cabling, groups are assumed.
    pub fn new(catalog: &Catalog, cabling: &Cabling, mut config: WatchConfig) -> Self {
        config.window_rounds = config.window_rounds.clamp(3, 1_000);
        config.error_rounds = config.error_rounds.clamp(2, 1_000);
        config.drop_rounds = config.drop_rounds.clamp(3, 1_000);
        config.flap_changes = config.flap_changes.clamp(2, 64);
        Self {
            view: View::new(catalog, cabling.clone(), &config),
            config,
            imbalance: Imbalance::default(),
            incidents: Incidents::default(),
            links: Links::default(),
            sessions: Sessions::default(),
            errors: Errors::default(),
            drops: Drops::default(),
        }
    }

    /// Says that a port is out of service, or out of routing, by a decision: neither its loss nor what moves because
    /// of it is news. To be said again with `false` once it is back.
    pub fn plan(&mut self, catalog: &Catalog, port: PortId, is_planned: bool) {
        self.view.meet(catalog, port);
        let now_ms = self.view.now_ms;
        let entry = self.view.port_mut(port);
        if entry.planned != is_planned {
            entry.planned = is_planned;
            entry.changed_ms = Some(now_ms);
        }
    }

    /// Takes a sample; samples come roughly in order of time, and late ones are ignored where they cannot be used.
    pub fn observe(&mut self, catalog: &Catalog, sample: &Sample, output: &mut Output) {
        let Sample { at_ms, port, reading } = *sample;
        self.view.meet(catalog, port);
        self.view.now_ms = self.view.now_ms.max(at_ms);
        let (view, config, findings) = (&mut self.view, &self.config, &mut output.findings);
        match reading {
            Reading::Link { state, bandwidth_kbps } => {
                self.links.observe(
                    catalog,
                    view,
                    config,
                    at_ms,
                    port,
                    state,
                    bandwidth_kbps,
                    findings,
                );
                self.sessions.link_seen(catalog, view, config, port, findings);
            }
            Reading::Session { session, state } => {
                self.sessions.observe(catalog, view, config, at_ms, session, port, state, findings);
            }
            Reading::Counters(counters) => {
                let difference = view.count(at_ms, port, &counters, config);
                if let Difference::Restarted = &difference {
                    self.drops.restart(&view.cabling, port);
                }
                if let Difference::Rate(rate) = &difference {
                    self.drops.observe(
                        catalog,
                        &view.cabling,
                        view,
                        config,
                        at_ms,
                        port,
                        rate,
                        findings,
                    );
                    self.errors.observe(catalog, view, config, port, rate, findings);
                    self.links.carrier(
                        catalog,
                        view,
                        config,
                        at_ms,
                        port,
                        rate.carrier_transitions,
                        findings,
                    );
                }
                let news = self.imbalance.observe(
                    catalog,
                    view,
                    config,
                    at_ms,
                    port,
                    counters.collected,
                    &difference,
                    &mut output.shifts,
                );
                self.incidents.take(view, config, news, &self.imbalance, findings);
            }
        }
        self.links.tick(catalog, &mut self.view, &self.config, &mut output.findings);
        self.sessions.tick(catalog, &mut self.view, &self.config, &mut output.findings);
        self.incidents.tick(
            catalog,
            &self.view,
            &self.config,
            &self.imbalance,
            &mut output.findings,
        );
    }
}
