//! How a group of alerts is read: which situation it is, on what, how bad, since when.
//!
//! Rules may say it themselves in labels or annotations: `npo_scenario_type`, `npo_action`,
//! `npo_entity`, `npo_feature_NAME`. Otherwise it follows from what rules commonly carry.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use npo_api::Problem;
use npo_api::alertmanager::{Alert, AlertStatus, AlertmanagerNotification};
use npo_core::Millis;
use npo_core::ids::hex;
use npo_core::proposal::{ENTITY_MAX, EVIDENCE_MAX, FACTS_MAX, Fact, FactValue, LINE_MAX, Text};
use npo_core::scenario_type::{Feature, NAME_MAX, ScenarioType};
use sha2::{Digest as _, Sha256};

use crate::convert::time;
use crate::http::problem::field;

/// Scenario type of a group that does not say another.
const USUAL_TYPE: &str = "alert";
/// Labels that name what a group is about, the most telling first.
const ENTITY_LABELS: [&str; 5] = ["npo_entity", "device", "instance", "host", "hostname"];
/// Labels that name where it is.
const SITE_LABELS: [&str; 4] = ["site", "datacenter", "dc", "cluster"];
/// Facts left for labels of the group, after those that are always there.
const LABEL_FACTS_MAX: usize = FACTS_MAX - 16;
/// Alert names listed in one fact.
const NAMES_MAX: usize = 16;

/// A group that is being read.
pub(super) struct Reading<'a> {
    notification: &'a AlertmanagerNotification,
    firing: Vec<&'a Alert>,
    correlation: Cow<'a, str>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(notification: &'a AlertmanagerNotification) -> Self {
        let is_firing = |alert: &&Alert| alert.status == AlertStatus::Firing;
        let key = notification.group_key.as_str();
        // A key that no correlation can hold stands for itself by its digest.
        let fits = key.len() <= LINE_MAX && !key.chars().any(char::is_control);
        let correlation =
            if fits { Cow::Borrowed(key) } else { Cow::Owned(hex(&Sha256::digest(key))) };
        Self {
            notification,
            firing: notification.alerts.iter().filter(is_firing).collect(),
            correlation,
        }
    }

    pub(super) fn firing(&self) -> usize {
        self.firing.len()
    }

    pub(super) fn correlation(&self) -> &str {
        &self.correlation
    }

    pub(super) fn scenario_type(&self) -> &str {
        self.said("npo_scenario_type").unwrap_or(USUAL_TYPE)
    }

    pub(super) fn action(&self) -> Option<&str> {
        self.said("npo_action")
    }

    pub(super) fn entity(&self) -> String {
        let labels = &self.notification.group_labels;
        let entity = ENTITY_LABELS.iter().find_map(|name| self.said(name).map(str::to_owned));
        let joined = || {
            let pairs: Vec<_> = labels.iter().map(|(n, v)| format!("{n}={v}")).collect();
            (!pairs.is_empty()).then(|| pairs.join(","))
        };
        let entity =
            entity.or_else(joined).unwrap_or_else(|| self.correlation.clone().into_owned());
        line(&entity, ENTITY_MAX)
    }

    pub(super) fn site(&self) -> String {
        let site = SITE_LABELS.iter().find_map(|name| self.said(name));
        line(site.unwrap_or_default(), ENTITY_MAX)
    }

    /// What makes two notifications the same: the group, which alerts fire, and since when.
    pub(super) fn identity(&self) -> String {
        let mut alerts: Vec<_> = self
            .firing
            .iter()
            .map(|alert| (fingerprint(alert), alert.starts_at.as_str()))
            .collect();
        alerts.sort_unstable();
        let mut hash = Sha256::new();
        for part in std::iter::once(self.notification.group_key.as_str())
            .chain(alerts.iter().flat_map(|(fingerprint, since)| [fingerprint.as_ref(), since]))
        {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        hex(&hash.finalize())
    }

    /// Values of the type's features: what the rule says, else what follows from the group. A
    /// feature that neither gives stays away, and the core says so.
    pub(super) fn features(
        &self,
        definition: &ScenarioType,
        repeats: usize,
        now: Millis,
    ) -> Result<Vec<(String, f64)>, Problem> {
        let mut features = Vec::with_capacity(definition.features.len());
        for feature in &definition.features {
            let name = format!("npo_feature_{}", feature.name);
            let value = match self.said(&name) {
                Some(text) => Some(number(&name, text)?),
                None => self.computed(feature, repeats, now),
            };
            features.extend(value.map(|value| (feature.name.clone(), value)));
        }
        Ok(features)
    }

    #[expect(clippy::cast_precision_loss, reason = "alerts and minutes are few")]
    fn computed(&self, feature: &Feature, repeats: usize, now: Millis) -> Option<f64> {
        let value = match feature.name.as_str() {
            "severity" => self.severity(),
            "alerts" => self.firing.len() as f64,
            "minutes_firing" => {
                let since =
                    self.firing.iter().filter_map(|alert| time::parse(&alert.starts_at)).min();
                since.map_or(0.0, |since| now.since(since) as f64 / 60_000.0)
            }
            "repeats" => repeats as f64,
            _ => return None,
        };
        Some(value.clamp(feature.min, feature.max))
    }

    /// The worst severity of the firing alerts: 0 none or information, 1 warning, 2 error,
    /// 3 critical. Words that are not known count as a warning.
    fn severity(&self) -> f64 {
        let of = |alert: &&Alert| alert.labels.get("severity").map_or(1.0, |word| grade(word));
        self.firing.iter().map(of).fold(0.0, f64::max)
    }

    pub(super) fn text(&self) -> Text {
        let mut facts = Vec::new();
        let mut fact = |name: &str, value: FactValue, unit: &str| {
            let (name, unit) = (line(name, NAME_MAX), unit.to_owned());
            if facts.len() < FACTS_MAX && !name.is_empty() {
                facts.push(Fact { name, value, unit, source: "alertmanager".into() });
            }
        };
        let words = |text: &str| FactValue::Text(line(text, LINE_MAX));
        fact("alertnames", words(&self.names()), "");
        let site = self.site();
        if !site.is_empty() {
            fact("site_label", FactValue::Text(site), "");
        }
        if let Some(severity) = self.said("severity") {
            fact("severity_label", words(severity), "");
        }
        for (name, sources) in [
            ("summary", &["summary", "message"][..]),
            ("runbook_url", &["runbook_url", "runbook"][..]),
        ] {
            if let Some(text) = sources.iter().find_map(|source| self.said(source)) {
                fact(name, words(text), "");
            }
        }
        fact("receiver", words(&self.notification.receiver), "");
        #[expect(clippy::cast_precision_loss, reason = "a count of alerts")]
        let truncated = self.notification.truncated_alerts as f64;
        if truncated > 0.0 {
            fact("truncated_alerts", FactValue::Number(truncated), "1");
        }
        for (name, value) in self.notification.group_labels.iter().take(LABEL_FACTS_MAX) {
            fact(&format!("label_{name}"), words(value), "");
        }
        Text {
            target: String::new(),
            facts,
            evidence: self.evidence(),
            what_if: Vec::new(),
            correlation: Some(self.correlation.clone().into_owned()),
            network: None,
        }
    }

    /// Distinct summaries and descriptions of the firing alerts.
    fn evidence(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let common = ["summary", "description", "message"]
            .into_iter()
            .filter_map(|name| self.notification.common_annotations.get(name));
        let single = self.firing.iter().flat_map(|alert| {
            ["summary", "description", "message"]
                .into_iter()
                .filter_map(|n| alert.annotations.get(n))
        });
        common
            .chain(single)
            .map(|text| line(text, LINE_MAX))
            .filter(|text| !text.is_empty() && seen.insert(text.clone()))
            .take(EVIDENCE_MAX)
            .collect()
    }

    fn names(&self) -> String {
        let names: BTreeSet<_> =
            self.firing.iter().filter_map(|alert| alert.labels.get("alertname")).collect();
        let more = names.len().saturating_sub(NAMES_MAX);
        let mut text =
            names.iter().take(NAMES_MAX).map(|n| n.as_str()).collect::<Vec<_>>().join(", ");
        if more > 0 {
            text.push_str(&format!(" and {more} more"));
        }
        text
    }

    /// What the group says under `name`: common to all first, then of the first firing alert.
    fn said(&self, name: &str) -> Option<&'a str> {
        let AlertmanagerNotification { common_labels, common_annotations, group_labels, .. } =
            self.notification;
        let own =
            self.firing.first().into_iter().flat_map(|alert| [&alert.labels, &alert.annotations]);
        let places = [common_labels, common_annotations, group_labels];
        let found = |place: &'a BTreeMap<String, String>| place.get(name).map(String::as_str);
        let said = places.into_iter().chain(own).filter_map(found);
        said.map(str::trim).find(|text| !text.is_empty())
    }
}

fn grade(word: &str) -> f64 {
    match word.to_ascii_lowercase().as_str() {
        "none" | "info" | "information" | "notice" | "debug" => 0.0,
        "page" | "error" | "major" | "high" => 2.0,
        "critical" | "emergency" | "fatal" | "disaster" => 3.0,
        _ => 1.0,
    }
}

/// Alertmanager's fingerprint, or one made of the labels where a sender leaves it out.
fn fingerprint(alert: &Alert) -> Cow<'_, str> {
    if !alert.fingerprint.is_empty() {
        return Cow::Borrowed(&alert.fingerprint);
    }
    let mut hash = Sha256::new();
    for (name, value) in &alert.labels {
        for part in [name, value] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
    }
    Cow::Owned(hex(&hash.finalize()))
}

fn number(name: &str, text: &str) -> Result<f64, Problem> {
    let parsed = text.parse().ok().filter(|value: &f64| value.is_finite());
    parsed.ok_or_else(|| {
        let found: String = text.chars().take(64).collect();
        field(name, &format!("`{found}`"), "a finite number")
    })
}

/// One line of at most `max` bytes, without control characters.
fn line(text: &str, max: usize) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let clean = clean.trim();
    if clean.len() <= max {
        return clean.to_owned();
    }
    let room = max - '…'.len_utf8();
    format!("{}…", &clean[..clean.floor_char_boundary(room)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_and_ends_at_a_whole_character() {
        let check = |text: &str, expected: &str| assert_eq!(line(text, 8), expected);
        check("short", "short");
        check(" a\nb ", "a b");
        check("123456789", "12345…");
        check("ääääääääää", "ää…");
    }

    #[test]
    fn severities_are_read_as_documented() {
        let check = |words: &[&str], expected: f64| {
            words.iter().for_each(|word| assert_eq!(grade(word), expected, "{word}"));
        };
        check(&["none", "info", "INFO"], 0.0);
        check(&["warning", "unheard-of", ""], 1.0);
        check(&["page", "error", "major"], 2.0);
        check(&["critical", "emergency"], 3.0);
    }
}
