//! What actions do to a generated fabric: links really leave service, traffic really moves, and hands come later.
//!
//! An action is a measure that lasts: a removed link stays out until somebody has looked at it, a drained device comes
//! back after a while, a ticket brings hands when its time has come. A measure that does not fit the trouble does the
//! same things to the traffic, and nothing for the trouble.

use super::outcome::{ActionId, Undertaking};
use super::trouble::{Place, Trouble, TroubleKind};
use super::{CONVERGENCE_S, Fabric};
use crate::finding::Finding;
use crate::topology;

/// How long a drained device stays out, ms.
const DRAINED_MS: i64 = 1_800_000;
/// How long a shifted link stays less preferred, ms.
const SHIFTED_MS: i64 = 1_800_000;
/// How long a dampened link must have been quiet before it is used again, ms.
const DAMPENED_MS: i64 = 300_000;
/// How much longer work on a link takes when somebody brings it up meanwhile, ms.
const DISTURBED_MS: i64 = 600_000;
/// Packets in the wrong order once all flows of a device are placed anew: s of its traffic that is sent again.
const REORDERING_S: f64 = 0.05;
/// What is left of a link's weight after traffic was shifted off it.
const SHIFTED_WEIGHT: f64 = 0.5;

/// A device of a generated fabric, numbered over all sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Device {
    Leaf(usize),
    Spine(usize),
}

/// What is in force.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum What {
    /// Shut at this end of the link.
    Removed { link: usize, end: usize },
    /// Kept out of routing until it is quiet.
    Dampened { link: usize },
    /// All traffic moved away from a device.
    Drained(Device),
    /// A link made less preferred in one direction.
    Shifted { link: usize, direction: usize },
    /// Hands are on their way to a link.
    Ticket { link: usize },
}

/// A measure in force.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measure {
    pub(super) what: What,
    pub(super) until_ms: i64,
}

impl Measure {
    /// The link and direction that it makes less preferred.
    pub(super) fn shifts(&self) -> Option<(usize, usize)> {
        match self.what {
            What::Shifted { link, direction } => Some((link, direction)),
            _ => None,
        }
    }
}

impl Fabric {
    /// Carries out what a finding proposes, whatever comes of it; [`Fabric::take_outcomes`] tells later.
    ///
    /// A finding of another fabric, or an action that this one does not know, changes nothing.
    pub fn act(&mut self, finding: &Finding) -> ActionId {
        // What hurts no longer is not the action's doing.
        let is_there = |trouble: &&Trouble| trouble.recovered_ms.is_none();
        let cause = self.cause(finding).filter(is_there).map(|trouble| trouble.id);
        let mut judged_ms = self.now_ms + super::outcome::JUDGED_MS;
        let at = self.place(&finding.target);
        let link = match at {
            Some(topology::Place::Link(link)) => Some(link.index()),
            _ => None,
        };
        let device = match at {
            Some(topology::Place::Node(node)) => self.devices.get(node.index()).copied(),
            _ => None,
        };
        match (finding.action, link, device) {
            ("remove-link", Some(link), _) => {
                let end = usize::from(self.end_named(link, &finding.target) == 1);
                self.put(What::Removed { link, end }, self.config.mend_after_s);
            }
            ("dampen-link", Some(link), _) => {
                self.put(What::Dampened { link }, DAMPENED_MS as f64 / 1e3);
            }
            ("replace-optics-ticket" | "investigate-ticket", Some(link), _) => {
                self.put(What::Ticket { link }, self.config.mend_after_s);
                judged_ms = self.now_ms + (self.config.mend_after_s * 1e3) as i64 + 120_000;
            }
            ("restore-link", Some(link), _) => self.restore(link),
            ("reset-session", Some(link), _) => self.reset_session(link),
            ("drain-peer", _, Some(device)) => {
                self.put(What::Drained(device), DRAINED_MS as f64 / 1e3);
            }
            ("rebalance-ecmp", _, Some(device)) => self.rebalance(device),
            ("shift-traffic", ..) => self.shift(finding),
            _ => {}
        }
        self.undertake(finding, cause, judged_ms)
    }

    fn put(&mut self, what: What, lasts_s: f64) {
        let until_ms = self.now_ms + (lasts_s * 1e3) as i64;
        self.measures.retain(|measure| measure.what != what);
        self.measures.push(Measure { what, until_ms });
    }

    /// Which end of a link a finding names: 0 the leaf's, 1 the spine's.
    fn end_named(&self, link: usize, name: &str) -> usize {
        usize::from(self.catalog.label(self.links[link].ends[0].port) != name)
    }

    fn restore(&mut self, link: usize) {
        let now_ms = self.now_ms;
        self.measures.retain(|m| !matches!(m.what, What::Removed { link: k, .. } if k == link));
        for trouble in &mut self.troubles {
            if trouble.place != Place::Link(link) || trouble.end_ms <= now_ms {
                continue;
            }
            match trouble.kind {
                TroubleKind::PortHang => trouble.end_ms = now_ms,
                // The port comes up under the hands of those who work on it, and goes down again.
                TroubleKind::Maintenance | TroubleKind::RestartAhead => {
                    trouble.end_ms += DISTURBED_MS;
                    self.jolts.push((link, CONVERGENCE_S));
                }
                _ => {}
            }
        }
    }

    fn reset_session(&mut self, link: usize) {
        let now_ms = self.now_ms;
        for trouble in &mut self.troubles {
            if trouble.place != Place::Link(link) || trouble.end_ms <= now_ms {
                continue;
            }
            match trouble.kind {
                TroubleKind::SessionStuck => trouble.end_ms = now_ms,
                // For a moment routing believes in the link, and sends into it.
                TroubleKind::PathBroken => self.jolts.push((link, CONVERGENCE_S)),
                _ => {}
            }
        }
    }

    fn rebalance(&mut self, device: Device) {
        let now_ms = self.now_ms;
        for trouble in self.troubles.iter_mut().filter(|trouble| trouble.end_ms > now_ms) {
            let is_there = match device {
                Device::Leaf(leaf) => trouble.place == Place::Leaf(leaf),
                Device::Spine(spine) => trouble.place == Place::Spine(spine),
            };
            match trouble.kind {
                TroubleKind::HashPolarised if is_there => trouble.end_ms = now_ms,
                // The flow is as large on another link.
                TroubleKind::ElephantFlow if is_there => trouble.choice += 1,
                _ => {}
            }
        }
        for k in 0..self.links.len() {
            let link = &self.links[k];
            if device == Device::Leaf(link.leaf) || device == Device::Spine(link.spine) {
                self.jolts.push((k, REORDERING_S));
            }
        }
    }

    /// Makes the busiest link of the finding's group less preferred.
    fn shift(&mut self, finding: &Finding) {
        let Some((device, _)) = finding.target.rsplit_once('→') else { return };
        let in_group = |k: &usize| {
            let link = &self.links[*k];
            let name =
                |end: usize| self.catalog.device_name(self.catalog.device_of(link.ends[end].port));
            let from = usize::from(name(0) != device);
            name(from) == device
                && (finding.target.ends_with("→spines")
                    || finding.target.strip_prefix(device).and_then(|rest| rest.strip_prefix('→'))
                        == Some(name(1 - from)))
        };
        let direction = usize::from(device.starts_with("spine"));
        let sent = |k: &usize| self.lanes[*k][direction].asked_bps;
        let busiest = (0..self.links.len())
            .filter(in_group)
            .max_by(|a, b| sent(a).total_cmp(&sent(b)).then(b.cmp(a)));
        if let Some(link) = busiest {
            self.put(What::Shifted { link, direction }, SHIFTED_MS as f64 / 1e3);
        }
    }

    /// Ends measures whose time has come: hands have mended what they came for.
    pub(super) fn end_measures(&mut self) {
        let now_ms = self.now_ms;
        let is_quiet = |link: usize| {
            self.troubles.iter().all(|trouble| {
                trouble.place != Place::Link(link) || trouble.end_ms + DAMPENED_MS <= now_ms
            })
        };
        let mut over = Vec::new();
        for measure in &mut self.measures {
            let is_over = match measure.what {
                What::Dampened { link } => measure.until_ms <= now_ms && is_quiet(link),
                _ => measure.until_ms <= now_ms,
            };
            if is_over {
                over.push(measure.what);
            }
        }
        self.measures.retain(|measure| !over.contains(&measure.what));
        for what in over {
            if let What::Removed { link, .. } | What::Ticket { link } = what {
                self.mend(link);
            }
        }
    }

    fn mend(&mut self, link: usize) {
        let now_ms = self.now_ms;
        for trouble in &mut self.troubles {
            let is_there = trouble.place == Place::Link(link) && trouble.end_ms > now_ms;
            if is_there && !trouble.kind.is_planned() {
                trouble.end_ms = now_ms;
            }
        }
    }

    pub(super) fn removed_end(&self, link: usize) -> Option<usize> {
        self.measures.iter().find_map(|measure| match measure.what {
            What::Removed { link: k, end } if k == link => Some(end),
            _ => None,
        })
    }

    pub(super) fn is_kept_out(&self, link: usize) -> bool {
        let (leaf, spine) = (self.links[link].leaf, self.links[link].spine);
        self.measures.iter().any(|measure| match measure.what {
            What::Removed { link: k, .. } | What::Dampened { link: k } => k == link,
            What::Drained(Device::Leaf(k)) => k == leaf,
            What::Drained(Device::Spine(k)) => k == spine,
            What::Shifted { .. } | What::Ticket { .. } => false,
        })
    }

    pub(super) fn is_drained(&self, device: Device) -> bool {
        self.measures.iter().any(|measure| measure.what == What::Drained(device))
    }

    /// What shifts leave of the weight of a link whose own `elephants` weigh so much.
    pub(super) fn shifted(&self, link: usize, direction: usize, elephants: f64) -> f64 {
        let what = What::Shifted { link, direction };
        match self.measures.iter().any(|measure| measure.what == what) {
            // What the huge flow takes, the small ones leave to it.
            true if elephants > 0.0 => (1.0 - elephants).max(0.0),
            true => SHIFTED_WEIGHT,
            false => 1.0,
        }
    }

    fn undertake(&mut self, finding: &Finding, cause: Option<u64>, judged_ms: i64) -> ActionId {
        let id = ActionId(self.next_action);
        self.next_action += 1;
        let site = self.site_named(&finding.site);
        self.undertakings.push(Undertaking {
            id,
            site,
            cause,
            at_ms: self.now_ms,
            judged_ms,
            loss_before: self.recent_loss[site],
            ledger: self.ledger[site],
        });
        id
    }

    fn site_named(&self, name: &str) -> usize {
        self.config.sites.iter().position(|site| site == name).unwrap_or(0)
    }
}
