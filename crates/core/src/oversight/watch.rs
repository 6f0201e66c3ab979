//! The monitor π_M: what it watches of one scenario type, and what it makes of it.
//!
//! Every gauge is an e-detector ([`ShiryaevRoberts`]): its mean number of observations to a false
//! alarm is at least the configured run length, whatever the distribution, without calibration.
//! Answers count as they come, which is what a monitor has; where those of one kind come together, a
//! gauge may call early. The detectors over a certificate count in the order of the decisions.
//! The gauges are counted in the fold; [`crate::react`] reads them and acts.
//! Episodes are looked at in windows of fixed length; that the monitor did nothing in one is
//! recorded as well, so that its fidelity can be measured on a random sample of both kinds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::guarantee::detector::ShiryaevRoberts;
use crate::guarantee::fidelity::FidelityCounts;
use crate::ids::Millis;

/// Sites watched singly, per scenario type; further ones are watched together with the type.
pub const SITES_MAX: usize = 64;
/// Looks that wait for a verdict, per scenario type; the oldest leave first.
pub const AUDITS_MAX: usize = 256;

/// Constants of the monitor.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchSettings {
    /// Closed episodes of one look.
    pub look_every: u32,
    /// Probability with which a look without an action is sent for a verdict, in (0, 1].
    pub audit_looks: f64,
    /// Observations that pass on average before a gauge raises a false alarm.
    pub run_length: f64,
    /// By how much people may override more often than the score says, in [0, 0.5].
    pub margin: f64,
    /// Override rate of what was surfaced that calls for suppression, in (0, 1).
    pub suppress_rate: f64,
    /// Share of decisions that expire unanswered which is still fine, in (0, 1).
    pub unanswered_rate: f64,
    /// Share of answers given in the last half of a decision's time which is still fine, in (0, 1).
    pub slow_rate: f64,
    /// A source is silent after this many times the usual time between its proposals.
    pub silence_factor: f64,
    /// A source is never called silent before this many seconds.
    pub silence_min_s: u32,
    /// Closed episodes between two actions of one kind.
    pub cooldown: u32,
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self {
            look_every: 50,
            audit_looks: 0.1,
            run_length: 2000.0,
            margin: 0.1,
            suppress_rate: 0.5,
            unanswered_rate: 0.5,
            slow_rate: 0.5,
            silence_factor: 20.0,
            silence_min_s: 3600,
            cooldown: 200,
        }
    }
}

/// What a gauge watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Watched {
    /// Overrides among the audits above the certified threshold, against α.
    Certified,
    /// Overrides against what the score said of each decision.
    Surprise,
    /// Overrides of what was surfaced, against a fixed rate.
    OverrideRate,
    /// Decisions that expired unanswered.
    Unanswered,
    /// Answers given late.
    SlowAnswers,
    /// Automatic actions that people stopped, asked or not, against α.
    Stopped,
}

impl Watched {
    /// All gauges.
    pub const ALL: [Self; 6] = [
        Self::Certified,
        Self::Surprise,
        Self::OverrideRate,
        Self::Unanswered,
        Self::SlowAnswers,
        Self::Stopped,
    ];

    /// The word used in API, CLI and docs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Certified => "certified",
            Self::Surprise => "surprise",
            Self::OverrideRate => "override-rate",
            Self::Unanswered => "unanswered",
            Self::SlowAnswers => "slow-answers",
            Self::Stopped => "stopped",
        }
    }
}

/// One e-detector with what it has seen since it was last set back.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Gauge {
    detector: ShiryaevRoberts,
    /// Observations.
    pub seen: u64,
    /// Hits among them: overrides, expiries, late answers.
    pub hits: u64,
    /// Hits that would still have been fine.
    pub expected: f64,
}

impl Gauge {
    /// Counts one observation against the rate `fine` in (0, 1).
    pub fn observe(&mut self, hit: bool, fine: f64) {
        self.detector.observe(f64::from(u8::from(hit)), fine);
        self.seen += 1;
        self.hits += u64::from(hit);
        self.expected += fine;
    }

    /// The evidence, to be held against a run length.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.detector.value()
    }

    /// What was seen, as the evidence of an alarm.
    #[must_use]
    pub fn alarm(&self, watched: Watched, run_length: f64, site: Option<String>) -> Alarm {
        let Self { seen, hits, expected, .. } = *self;
        Alarm { watched, site, e_value: self.value(), run_length, seen, hits, expected }
    }
}

/// Why a gauge called: its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// What was watched.
    pub watched: Watched,
    /// At which site; the whole scenario type if absent.
    pub site: Option<String>,
    /// The detector's value.
    pub e_value: f64,
    /// What it was held against.
    pub run_length: f64,
    /// Observations since the gauge was last set back.
    pub seen: u64,
    /// Hits among them.
    pub hits: u64,
    /// Hits that would still have been fine.
    pub expected: f64,
}

/// A look that waits for a verdict: should the monitor have acted in this window?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookAudit {
    /// Number of the look within its scenario type, from 1.
    pub look: u64,
    /// Whether the monitor acted in its window.
    pub acted: bool,
    /// When the window ended.
    pub at: Millis,
}

/// What the monitor remembers of one scenario type.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Watch {
    /// Overrides against what the score said.
    pub surprise: Gauge,
    /// Overrides of what was surfaced.
    pub overrides: Gauge,
    /// Decisions that expired unanswered.
    pub unanswered: Gauge,
    /// Late answers.
    pub slow: Gauge,
    /// Surprise per site, ascending by the site's number.
    pub sites: Vec<(u32, Gauge)>,
    /// Episodes closed when the monitor last escalated a site, by the site's number.
    pub sites_escalated: BTreeMap<u32, u64>,
    /// Episodes closed so far.
    pub episodes: u64,
    /// Episodes closed when the last look ended.
    pub looked: u64,
    /// Whether the monitor acted since then.
    pub acted: bool,
    /// Looks and their verdicts, of all time: they number the looks.
    pub looks: FidelityCounts,
    /// The same when looks were last drawn for verdicts at another rate.
    pub looks_before: FidelityCounts,
    /// Looks that wait for a verdict.
    pub audits: Vec<LookAudit>,
    /// Episodes closed when the monitor last asked for retraining.
    pub retrained: Option<u64>,
    /// Episodes closed when the monitor last escalated, in the order of [`Watched::ALL`].
    pub escalated: [Option<u64>; 6],
    /// Whether a retraining is wanted and not yet done.
    pub retrain_due: bool,
    /// When the last proposal came.
    pub last_proposal: Option<Millis>,
    /// Moving average of the milliseconds between proposals.
    pub gap_ms: f64,
    /// Whether the present silence was reported.
    pub silence_reported: bool,
}

/// Rate of the moving average of the time between proposals.
const GAP_RATE: f64 = 0.05;

impl Watch {
    /// Counts a directed answer to a decision that people were asked about. `expected` is the
    /// probability of an override that the decision's score implied.
    pub(crate) fn answered(
        &mut self,
        settings: &WatchSettings,
        site: u32,
        surfaced: bool,
        overridden: bool,
        expected: f64,
    ) {
        let fine = (expected + settings.margin).clamp(0.01, 0.99);
        self.surprise.observe(overridden, fine);
        match self.sites.binary_search_by_key(&site, |(site, _)| *site) {
            Ok(i) => self.sites[i].1.observe(overridden, fine),
            Err(i) if self.sites.len() < SITES_MAX => {
                let mut gauge = Gauge::default();
                gauge.observe(overridden, fine);
                self.sites.insert(i, (site, gauge));
            }
            Err(_) => {}
        }
        if surfaced {
            self.overrides.observe(overridden, settings.suppress_rate);
        }
    }

    /// Whether a cooldown has passed since the closed episode `last`.
    pub(crate) fn rested(&self, settings: &WatchSettings, last: Option<u64>) -> bool {
        last.is_none_or(|at| self.episodes - at >= u64::from(settings.cooldown))
    }

    /// Counts how a decision's wait ended.
    pub(crate) fn waited(&mut self, settings: &WatchSettings, late: Option<bool>) {
        self.unanswered.observe(late.is_none(), settings.unanswered_rate);
        if let Some(late) = late {
            self.slow.observe(late, settings.slow_rate);
        }
    }

    /// Counts a proposal.
    pub(crate) fn proposed(&mut self, at: Millis) {
        if let Some(last) = self.last_proposal {
            #[expect(clippy::cast_precision_loss, reason = "milliseconds stay below 2^53")]
            let gap = at.since(last) as f64;
            // The first gaps count in full, so that the average does not start at nothing.
            let rate = if self.gap_ms == 0.0 { 1.0 } else { GAP_RATE };
            self.gap_ms += rate * (gap - self.gap_ms);
        }
        self.last_proposal = Some(at);
        self.silence_reported = false;
    }

    /// Milliseconds of silence after which a source counts as silent; `None` without experience.
    #[must_use]
    pub fn silence_after_ms(&self, settings: &WatchSettings) -> Option<f64> {
        self.last_proposal?;
        let least = f64::from(settings.silence_min_s) * 1000.0;
        (self.gap_ms > 0.0).then(|| (settings.silence_factor * self.gap_ms).max(least))
    }

    /// Starts a gauge anew.
    pub(crate) fn set_back(&mut self, watched: Watched, site: Option<u32>) {
        let fresh = Gauge::default();
        match (watched, site) {
            (Watched::Surprise, Some(site)) => {
                if let Ok(i) = self.sites.binary_search_by_key(&site, |(site, _)| *site) {
                    self.sites[i].1 = fresh;
                }
            }
            (Watched::Surprise, None) => {
                self.surprise = fresh;
                self.sites.clear();
            }
            (Watched::OverrideRate, _) => self.overrides = fresh,
            (Watched::Unanswered, _) => self.unanswered = fresh,
            (Watched::SlowAnswers, _) => self.slow = fresh,
            (Watched::Certified | Watched::Stopped, _) => {}
        }
    }

    /// Forgets what concerns the model; the looks and their verdicts stay.
    pub(crate) fn reset(&mut self) {
        self.set_back(Watched::Surprise, None);
        self.set_back(Watched::OverrideRate, None);
        self.retrain_due = false;
    }

    /// Ends a look.
    pub(crate) fn look(&mut self, look: u64, acted: bool, audited: bool, at: Millis) {
        self.looked = self.episodes;
        self.acted = false;
        self.looks.look(acted);
        if audited {
            if self.audits.len() >= AUDITS_MAX {
                self.audits.remove(0);
            }
            self.audits.push(LookAudit { look, acted, at });
        }
    }

    /// Looks and verdicts since looks were last drawn at another rate: verdicts of different rates
    /// cannot be pooled, since a share of the looks is then not a share of the verdicts.
    #[must_use]
    pub fn looks_drawn_alike(&self) -> FidelityCounts {
        self.looks.since(&self.looks_before)
    }

    /// Counts looks anew, for they are drawn at another rate from now on. Those that wait for a
    /// verdict were drawn at the rate before.
    pub(crate) fn restart_looks(&mut self) {
        self.looks_before = self.looks;
        self.audits.clear();
    }

    /// The next look's number.
    #[must_use]
    pub fn next_look(&self) -> u64 {
        self.looks.acted.total + self.looks.silent.total + 1
    }

    /// Counts a verdict: whether the monitor should have acted.
    pub(crate) fn judged(&mut self, look: u64, should_act: bool) {
        let Some(i) = self.audits.iter().position(|audit| audit.look == look) else { return };
        let acted = self.audits.remove(i).acted;
        self.looks.audit(acted, acted == should_act);
    }
}

impl WatchSettings {
    /// Every number with its range, for validation.
    pub(crate) fn ranges(&self) -> [(&'static str, f64, f64, f64); 10] {
        [
            ("watch.look_every", f64::from(self.look_every), 1.0, 1e6),
            ("watch.audit_looks", self.audit_looks, 1e-3, 1.0),
            ("watch.run_length", self.run_length, 10.0, 1e9),
            ("watch.margin", self.margin, 0.0, 0.5),
            ("watch.suppress_rate", self.suppress_rate, 0.01, 0.99),
            ("watch.unanswered_rate", self.unanswered_rate, 0.01, 0.99),
            ("watch.slow_rate", self.slow_rate, 0.01, 0.99),
            ("watch.silence_factor", self.silence_factor, 1.0, 1e6),
            ("watch.silence_min_s", f64::from(self.silence_min_s), 1.0, 3e7),
            ("watch.cooldown", f64::from(self.cooldown), 0.0, 1e9),
        ]
    }
}
