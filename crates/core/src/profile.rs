//! A profile: which scorer, selector, audit, trust and monitor run, and with which constants.
//!
//! A profile is configuration, recorded in the log when it comes into force, so that any part can
//! be exchanged or left out without another implementation of the loop.

use serde::{Deserialize, Serialize};

use crate::guarantee::certificate::CertificateSettings;
use crate::learning::posterior::PosteriorSettings;
use crate::learning::retrain::RetrainSettings;
use crate::learning::trust::TrustSettings;
use crate::learning::utility::AuditSettings;
use crate::learning::window::MonitorSettings;
use crate::oversight::WatchSettings;
use crate::scenario_type::NAME_MAX;
use crate::signal::FeedbackTable;

/// How a proposal is scored.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Scorer {
    /// One exponential moving average per scenario (METHODS 1).
    MovingAverage {
        /// Rate η in [0, 1]; 0 never learns.
        rate: f64,
    },
    /// Hierarchical online Bayesian logistic regression (METHODS 2.1).
    Hierarchical(PosteriorSettings),
}

/// How the threshold is chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Selector {
    /// Always the same.
    Fixed {
        /// The threshold, in [0, 1].
        theta: f64,
    },
    /// An arm drawn uniformly.
    Random {
        /// Candidate thresholds, each in [0, 1].
        arms: Vec<f64>,
    },
    /// Discounted Thompson sampling over arms (METHODS 1).
    Thompson {
        /// Candidate thresholds, each in [0, 1].
        arms: Vec<f64>,
        /// Discount γ in (0, 1] of all evidence at every like or override.
        discount: f64,
    },
    /// Expected utility with optimism (METHODS 2.2); the override cost is the scenario type's.
    Utility {
        /// Bonus in standard deviations of the logit.
        optimism: f64,
    },
}

/// Everything that can be set about the loop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Name, shown wherever the profile matters.
    pub name: String,
    /// How proposals are scored.
    pub scorer: Scorer,
    /// How the threshold is chosen.
    pub selector: Selector,
    /// Random audits of what is not surfaced; none if absent.
    pub audit: Option<AuditSettings>,
    /// Operator trust; every operator is taken at their word if absent.
    pub trust: Option<TrustSettings>,
    /// When retraining is due.
    pub monitor: MonitorSettings,
    /// How retraining is done.
    pub retrain: RetrainSettings,
    /// Worth of each signal.
    pub feedback: FeedbackTable,
    /// Loss of an abstention in the per-episode loss, in [0, 1].
    pub abstain_loss: f64,
    /// Rate of the moving average of the reward.
    pub reward_rate: f64,
    /// Seconds for which an affirmed action counts as in flight unless its outcome arrives.
    pub in_flight_s: u32,
    /// Seconds for which a decision can still be given an outcome, and an RCA verdict that teaches the
    /// score.
    pub retention_s: u32,
    /// What certified thresholds promise; nothing is certified if absent.
    pub certificate: Option<CertificateSettings>,
    /// What the monitor watches beside the published rule; nothing if absent.
    pub watch: Option<WatchSettings>,
}

impl Profile {
    /// The published loop (METHODS 1, variant `full`).
    #[must_use]
    pub fn paper() -> Self {
        Self {
            name: "paper".into(),
            scorer: Scorer::MovingAverage { rate: 0.1 },
            selector: Selector::Thompson { arms: vec![0.5, 0.6, 0.7, 0.8, 0.9], discount: 0.99 },
            audit: None,
            trust: None,
            monitor: MonitorSettings::Window {
                window: 30,
                at_least: 15,
                tolerance: 0.15,
                every: 10,
                cooldown: 20,
            },
            retrain: RetrainSettings {
                age_weight: 0.998,
                precision: 1.0,
                pseudo_count: 2.0,
                bandit_fade: 0.5,
                rows_max: 5000,
            },
            feedback: FeedbackTable::PAPER,
            abstain_loss: 0.25,
            reward_rate: 0.05,
            in_flight_s: 3600,
            retention_s: 604_800,
            certificate: None,
            watch: None,
        }
    }

    /// The calibrated loop (METHODS 2), the default.
    #[must_use]
    pub fn calibrated() -> Self {
        Self {
            name: "calibrated".into(),
            scorer: Scorer::Hierarchical(PosteriorSettings {
                weight_variance: 1.0,
                effect_variance: 1.0,
                weight_drift: 3e-4,
                effect_drift: 3e-5,
            }),
            selector: Selector::Utility { optimism: 0.25 },
            audit: Some(AuditSettings { rate: 0.03, average_rate: 0.01, average_start: 0.05 }),
            trust: Some(TrustSettings {
                right: 4.5,
                wrong: 0.5,
                alarm_run_length: Some(1000.0),
                pooled: true,
            }),
            monitor: MonitorSettings::Off,
            feedback: FeedbackTable::CALIBRATED,
            certificate: Some(CertificateSettings::default()),
            watch: Some(WatchSettings::default()),
            ..Self::paper()
        }
    }

    /// The built-in profile called `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "paper" => Some(Self::paper()),
            "calibrated" => Some(Self::calibrated()),
            _ => None,
        }
    }

    /// Whether what was learned under `other` still holds.
    pub(crate) fn learns_as(&self, other: &Self) -> bool {
        let prior = |profile: &Self| profile.trust.map(|trust| (trust.right, trust.wrong));
        self.scorer == other.scorer
            && self.selector == other.selector
            && prior(self) == prior(other)
    }

    /// Checks every number.
    ///
    /// # Errors
    /// Names the first setting that is out of its range, what was found and what was expected.
    pub fn validate(&self) -> Result<(), InvalidProfile> {
        let check = |setting: &'static str, value: f64, low: f64, high: f64| {
            if value.is_finite() && (low..=high).contains(&value) {
                Ok(())
            } else {
                let (found, expected) =
                    (value.to_string(), format!("a number from {low} to {high}"));
                Err(InvalidProfile { setting, found, expected })
            }
        };
        self.check_name()?;
        match &self.scorer {
            Scorer::MovingAverage { rate } => check("scorer.rate", *rate, 0.0, 1.0)?,
            Scorer::Hierarchical(settings) => {
                check("scorer.weight_variance", settings.weight_variance, 1e-9, 1e6)?;
                check("scorer.effect_variance", settings.effect_variance, 1e-9, 1e6)?;
                check("scorer.weight_drift", settings.weight_drift, 0.0, 1.0)?;
                check("scorer.effect_drift", settings.effect_drift, 0.0, 1.0)?;
            }
        }
        match &self.selector {
            Selector::Fixed { theta } => check("selector.theta", *theta, 0.0, 1.0)?,
            Selector::Random { arms } | Selector::Thompson { arms, .. } => {
                #[expect(clippy::cast_precision_loss, reason = "a count of arms")]
                check("number of selector.arms", arms.len() as f64, 1.0, 64.0)?;
                for arm in arms {
                    check("selector.arms", *arm, 0.0, 1.0)?;
                }
            }
            Selector::Utility { optimism } => check("selector.optimism", *optimism, -10.0, 10.0)?,
        }
        if let Selector::Thompson { discount, .. } = &self.selector {
            check("selector.discount", *discount, 1e-9, 1.0)?;
        }
        if let Some(audit) = &self.audit {
            check("audit.rate", audit.rate, 0.0, 1.0)?;
            check("audit.average_rate", audit.average_rate, 0.0, 1.0)?;
            check("audit.average_start", audit.average_start, 1e-12, 1e6)?;
        }
        if let Some(trust) = &self.trust {
            check("trust.right", trust.right, 1e-9, 1e9)?;
            check("trust.wrong", trust.wrong, 1e-9, 1e9)?;
            if let Some(run_length) = trust.alarm_run_length {
                check("trust.alarm_run_length", run_length, 10.0, 1e9)?;
            }
        }
        if let MonitorSettings::Window { tolerance, window, .. } = self.monitor {
            check("monitor.tolerance", tolerance, 0.0, 1.0)?;
            check("monitor.window", f64::from(window), 1.0, 100_000.0)?;
        }
        if let Some(certificate) = &self.certificate {
            check("certificate.alpha", certificate.alpha, 1e-4, 0.5)?;
            check("certificate.delta", certificate.delta, 1e-9, 0.5)?;
            check("certificate.audit_rate", certificate.audit_rate, 1e-3, 1.0)?;
            check("certificate.alarm_run_length", certificate.alarm_run_length, 10.0, 1e9)?;
        }
        if let Some(watch) = &self.watch {
            for (setting, value, low, high) in watch.ranges() {
                check(setting, value, low, high)?;
            }
        }
        check("retrain.age_weight", self.retrain.age_weight, 1e-9, 1.0)?;
        check("retrain.precision", self.retrain.precision, 1e-9, 1e9)?;
        check("retrain.pseudo_count", self.retrain.pseudo_count, 0.0, 1e9)?;
        check("retrain.bandit_fade", self.retrain.bandit_fade, 0.0, 1.0)?;
        // Every retraining goes through all rows while everybody waits.
        check("retrain.rows_max", f64::from(self.retrain.rows_max), 0.0, 100_000.0)?;
        check("abstain_loss", self.abstain_loss, 0.0, 1.0)?;
        check("reward_rate", self.reward_rate, 0.0, 1.0)?;
        for signal in crate::Signal::ALL {
            let worth = self.feedback.of(signal);
            check("feedback label", worth.label, 0.0, 1.0)?;
            check("feedback weight", worth.weight, 0.0, 1.0)?;
            check("feedback loss", worth.loss, 0.0, 1.0)?;
            check("feedback reward", worth.reward, -1.0, 1.0)?;
        }
        Ok(())
    }

    fn check_name(&self) -> Result<(), InvalidProfile> {
        let found = if self.name.trim().is_empty() {
            "empty".to_owned()
        } else if self.name.len() > NAME_MAX {
            format!("{} bytes long", self.name.len())
        } else if self.name.chars().any(char::is_control) {
            "a text with control characters".to_owned()
        } else {
            return Ok(());
        };
        let expected = format!("1 to {NAME_MAX} bytes of printable text");
        Err(InvalidProfile { setting: "name", found, expected })
    }
}

/// A setting of a profile that is out of its range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("profile setting `{setting}` is {found}, expected {expected}")]
pub struct InvalidProfile {
    /// The setting, as a dotted key where it is one number.
    pub setting: &'static str,
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
}
