//! What is really behind a finding about a generated fabric, and what its action would do.

use super::Fabric;
use super::trouble::{Place, Trouble, TroubleKind};
use crate::finding::Finding;

/// What was really behind a finding, and whether its action would help.
#[derive(Debug, Clone, PartialEq)]
pub struct GroundTruth {
    /// The trouble; `None` for a finding about nothing, or about traffic that moved because of something elsewhere.
    pub trouble: Option<TroubleKind>,
    /// Identifies the trouble within its fabric; 0 if there is none.
    pub trouble_id: u64,
    /// Whether the proposed action would make things better.
    pub helps: bool,
    /// Why, for people.
    pub reason: &'static str,
}

impl Fabric {
    /// What is behind a finding about this fabric, and whether its action would help.
    pub fn ground_truth(&self, finding: &Finding) -> GroundTruth {
        let Some(trouble) = self.cause(finding) else {
            let reason = "nothing is wrong there";
            return GroundTruth { trouble: None, trouble_id: 0, helps: false, reason };
        };
        let spare = finding.number("redundancy_left").unwrap_or(0.0);
        let busy = finding
            .feature("utilisation")
            .or_else(|| finding.feature("utilisation_before"))
            .unwrap_or(0.0);
        // What a link carries goes to all other links of its leaf.
        let others = (self.links_per_leaf as f64 - 1.0).max(1.0);
        let is_link_spare = spare >= 1.0 && busy * (1.0 + 1.0 / others) < 0.9;
        let (helps, reason) = if trouble.end_ms <= finding.at_ms {
            (false, "it is over already")
        } else {
            trouble.kind.judge(finding.action, is_link_spare)
        };
        GroundTruth { trouble: Some(trouble.kind), trouble_id: trouble.id, helps, reason }
    }

    /// The latest trouble that shows itself as this finding at its place.
    pub(super) fn cause(&self, finding: &Finding) -> Option<&Trouble> {
        let names = |device: &str| {
            finding.entity.strip_prefix(device).is_some_and(|rest| rest.starts_with(['→', ':']))
        };
        let is_there = |trouble: &&Trouble| match trouble.place {
            Place::Link(k) => {
                let ends = &self.links[k].ends;
                let is_group = finding.scenario_type == "link-imbalance";
                ends.iter().any(|end| {
                    let device = self.catalog.device_name(self.catalog.device_of(end.port));
                    finding.entity == self.catalog.label(end.port) || (is_group && names(device))
                })
            }
            Place::Leaf(k) => self.links.get(k * self.links_per_leaf).is_some_and(|link| {
                names(self.catalog.device_name(self.catalog.device_of(link.ends[0].port)))
            }),
            Place::Spine(k) => self.links.iter().find(|link| link.spine == k).is_some_and(|link| {
                names(self.catalog.device_name(self.catalog.device_of(link.ends[1].port)))
            }),
        };
        let rank = |trouble: &&Trouble| {
            let position =
                trouble.kind.shows_as().iter().position(|name| *name == finding.scenario_type)?;
            let is_current = trouble.end_ms > finding.at_ms;
            Some((is_current, std::cmp::Reverse(position), trouble.begin_ms, trouble.id))
        };
        self.troubles
            .iter()
            .filter(|trouble| trouble.begin_ms <= finding.at_ms)
            .filter(is_there)
            .filter_map(|trouble| rank(&trouble).map(|rank| (rank, trouble)))
            .max_by_key(|(rank, _)| *rank)
            .map(|(_, trouble)| trouble)
    }
}
