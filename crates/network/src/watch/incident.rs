//! From shifts to findings: what shifted together on one device is one `link-imbalance`, under its strongest group.
//!
//! The hash that spreads traffic is a property of the device, so one finding per device is what can be acted on.
//! A shift that a lost link or session of a member explains gives no finding: the loss is reported already.

use std::collections::{BTreeMap, BTreeSet};

use super::alarm::Alarm;
use super::config::WatchConfig;
use super::imbalance::{Episode, Imbalance, News};
use super::view::View;
use crate::cabling::Grouping;
use crate::catalog::{Catalog, DeviceId, PortId};
use crate::finding::{Fact, Finding, FindingState};
use crate::sample::LinkState;

#[derive(Debug, Default)]
struct Incident {
    /// When the shifts collected so far are judged, ms.
    due_ms: Option<i64>,
    groups: BTreeSet<u32>,
    alarm: Alarm,
}

/// Shifts collected per device.
#[derive(Debug, Default)]
pub(super) struct Incidents {
    by_device: BTreeMap<DeviceId, Incident>,
    /// Devices whose shifts wait to be judged, or whose finding may want a reminder, by time.
    due: BTreeSet<(i64, DeviceId)>,
}

impl Incidents {
    /// Takes news of the detector.
    pub(super) fn take(
        &mut self,
        view: &View,
        config: &WatchConfig,
        news: [Option<News>; 2],
        imbalance: &Imbalance,
        findings: &mut Vec<Finding>,
    ) {
        for news in news.into_iter().flatten() {
            match news {
                News::Began { group, device } => {
                    let incident = self.by_device.entry(device).or_default();
                    incident.groups.insert(group);
                    if !incident.alarm.is_open() && incident.due_ms.is_none() {
                        let due =
                            (view.now_ms + config.settle_ms).max(incident.alarm.rearmed_ms(config));
                        incident.due_ms = Some(due);
                        self.due.insert((due, device));
                    }
                }
                News::Over { device } => self.over(view, device, imbalance, findings),
            }
        }
    }

    fn over(
        &mut self,
        view: &View,
        device: DeviceId,
        imbalance: &Imbalance,
        findings: &mut Vec<Finding>,
    ) {
        let Some(incident) = self.by_device.get_mut(&device) else {
            return;
        };
        incident.groups.retain(|&group| imbalance.episode(group).is_some());
        if incident.groups.is_empty() {
            let reason = "the spread has been back at its norm for several rounds".to_owned();
            incident.alarm.resolve(view.now_ms, reason, findings);
        }
    }

    /// Judges the shifts whose time has come.
    pub(super) fn tick(
        &mut self,
        catalog: &Catalog,
        view: &View,
        config: &WatchConfig,
        imbalance: &Imbalance,
        findings: &mut Vec<Finding>,
    ) {
        while let Some(&(due, device)) = self.due.first()
            && due <= view.now_ms
        {
            self.due.pop_first();
            let Some(incident) = self.by_device.get_mut(&device) else {
                continue;
            };
            let is_reminder = incident.due_ms != Some(due);
            if is_reminder && !incident.alarm.wants_reminder(view.now_ms, config) {
                continue;
            }
            incident.due_ms = None;
            incident.groups.retain(|&group| imbalance.episode(group).is_some());
            // Back at its norm, and perhaps over in a moment: nobody is called before that is known.
            let is_calm = |&group: &u32| imbalance.episode(group).is_some_and(Episode::is_calm);
            if !is_reminder && !incident.groups.is_empty() && incident.groups.iter().all(is_calm) {
                let due = view.now_ms + config.settle_ms.max(1);
                incident.due_ms = Some(due);
                self.due.insert((due, device));
                continue;
            }
            if !is_reminder
                && incident.groups.iter().any(|&group| is_explained(view, config, group))
            {
                incident.groups.clear();
            } else if let Some(finding) = finding(catalog, view, &incident.groups, imbalance) {
                incident.alarm.raise(finding, findings);
                self.due.insert((view.now_ms + config.remind_ms, device));
            }
        }
    }
}

/// Whether a link or session of a member, at either end, was lost or changed just before.
fn is_explained(view: &View, config: &WatchConfig, group: u32) -> bool {
    let recent = |port: PortId| {
        let entry = view.port(port);
        let changed =
            entry.changed_ms.is_some_and(|at| view.now_ms.saturating_sub(at) <= config.explain_ms);
        changed || entry.flapping || entry.planned
    };
    let members = &view.groups.get(group).members;
    let known = |port: PortId| view.is_known(port).then_some(port);
    members.iter().any(|&port| known(port).into_iter().chain(view.live_peer(port)).any(recent))
}

/// The finding about everything that shifted on a device; `None` if nothing is unequal any more.
fn finding(
    catalog: &Catalog,
    view: &View,
    groups: &BTreeSet<u32>,
    imbalance: &Imbalance,
) -> Option<Finding> {
    let deviation = |group: u32, episode: &Episode| {
        (imbalance.spread(group) - episode.norm) / episode.limit.max(1e-9)
    };
    let strongest = groups
        .iter()
        .filter_map(|&group| imbalance.episode(group).map(|episode| (group, *episode)))
        .max_by(|(a, one), (b, two)| {
            deviation(*a, one).abs().total_cmp(&deviation(*b, two).abs()).then(b.cmp(a))
        });
    let (lead, episode) = strongest?;
    let group = view.groups.get(lead);
    let spread = finite(imbalance.spread(lead));
    let rates = imbalance.compared_rates(lead);
    let members_up = view.members_up(group);
    let is_down = |port: PortId| {
        view.is_known(port)
            && matches!(view.port(port).link, Some(LinkState::Down | LinkState::AdminDown))
    };
    let members_down = match group.grouping {
        Grouping::Parallel | Grouping::Uplinks => {
            group.members.iter().filter(|&&port| is_down(port)).count()
        }
        // Any unused port of the device is a candidate of an assumed group; only one that has carried traffic counts.
        Grouping::Assumed => rates.iter().filter(|(k, _)| is_down(group.members[*k])).count(),
    };
    let peak = rates.iter().map(|&(k, _)| view.utilisation(group.members[k])).fold(0.0, f64::max);
    // One link that stands out can be relieved; a spread over many links or groups is the hash's doing.
    let is_one_link = one_link_is_hot(view, groups, imbalance);
    let touched: BTreeSet<PortId> = if is_one_link {
        group.members.iter().copied().collect()
    } else {
        groups.iter().flat_map(|&index| view.groups.get(index).members.iter().copied()).collect()
    };
    let (gbps, share) = view.traffic(touched);
    let device = catalog.device_name(group.device);
    let (action, target) = if is_one_link {
        ("shift-traffic", group.name.clone())
    } else {
        ("rebalance-ecmp", device.to_owned())
    };
    let also: Vec<&str> = groups
        .iter()
        .filter(|&&other| other != lead)
        .map(|&other| view.groups.get(other).name.as_str())
        .collect();
    let mut facts = vec![
        Fact::number("redundancy_left", members_up as f64, "1", "state"),
        Fact::number("blast_radius_gbps", gbps, "Gbit/s", "counters"),
        Fact::number("blast_radius_share", share, "1", "counters"),
        Fact::text("device", device, "counters"),
    ];
    facts.extend(view.group_facts(catalog, group));
    facts.push(Fact::number("spread_before", episode.norm, "1", "counters"));
    facts.push(Fact::number("spread_now", spread, "1", "counters"));
    facts.push(Fact::yes_no("spread_rose", episode.rose, "counters"));
    facts.push(Fact::number("groups_shifted", groups.len() as f64, "1", "counters"));
    if !also.is_empty() {
        facts.push(Fact::text("also_shifted", also.join(", "), "counters"));
    }
    let verb = if episode.rose { "rose" } else { "fell" };
    let mut evidence = vec![
        format!(
            "spread over {} {verb} from {:.2} to {spread:.2}, limit {:.2}",
            group.name, episode.norm, episode.limit
        ),
        rates_sentence(catalog, &group.members, &rates),
    ];
    if !also.is_empty() {
        evidence.push(format!("shifted at the same time: {}", also.join(", ")));
    }
    Some(Finding {
        at_ms: view.now_ms,
        state: FindingState::Raised,
        scenario_type: "link-imbalance",
        entity: group.name.clone(),
        site: catalog.site(group.device).to_owned(),
        action,
        target,
        features: vec![
            ("spread", spread.clamp(0.0, 10.0)),
            ("change", (spread - episode.norm).clamp(-10.0, 10.0)),
            (
                "deviation",
                ((spread - episode.norm).abs() / episode.limit.max(1e-9)).clamp(0.0, 100.0),
            ),
            ("peak_utilisation", peak),
            ("members", (rates.len() as f64).clamp(2.0, 1_024.0)),
            ("members_down", (members_down as f64).clamp(0.0, 1_024.0)),
            ("traffic_share", share),
        ],
        facts,
        evidence,
        correlation: String::new(),
    })
}

fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

/// Whether one link stands out in the largest group, and belongs to all the others that shifted.
fn one_link_is_hot(view: &View, groups: &BTreeSet<u32>, imbalance: &Imbalance) -> bool {
    let largest = groups
        .iter()
        .map(|&group| (imbalance.compared_rates(group), group))
        .max_by_key(|(rates, _)| rates.len());
    let Some((rates, largest)) = largest else {
        return false;
    };
    let hottest = rates.iter().max_by(|one, other| one.1.total_cmp(&other.1));
    stands_out(&rates)
        && hottest.is_some_and(|(k, _)| {
            let port = view.groups.get(largest).members[*k];
            groups.iter().all(|&group| view.groups.get(group).members.contains(&port))
        })
}

/// Whether one member carries so much more than the rest that most of the spread is its own.
fn stands_out(rates: &[(usize, f64)]) -> bool {
    let count = rates.len() as f64;
    let mean = rates.iter().map(|(_, rate)| rate).sum::<f64>() / count;
    let squares = |rate: f64| (rate - mean) * (rate - mean);
    let total: f64 = rates.iter().map(|(_, rate)| squares(*rate)).sum();
    let highest = rates.iter().map(|(_, rate)| *rate).fold(0.0, f64::max);
    // Of three or fewer, one always stands out.
    rates.len() > 3 && total > 0.0 && squares(highest) / total > 0.6
}

fn rates_sentence(catalog: &Catalog, members: &[PortId], rates: &[(usize, f64)]) -> String {
    let extreme = |better: fn(f64, f64) -> bool| {
        rates.iter().copied().reduce(|best, next| if better(next.1, best.1) { next } else { best })
    };
    match (extreme(|a, b| a > b), extreme(|a, b| a < b)) {
        (Some((busiest, most)), Some((idlest, least))) => format!(
            "busiest {} sends {:.1} Gbit/s, least busy {} sends {:.1} Gbit/s",
            catalog.label(members[busiest]),
            most / 1e9,
            catalog.label(members[idlest]),
            least / 1e9,
        ),
        _ => "no member reports a rate".to_owned(),
    }
}
