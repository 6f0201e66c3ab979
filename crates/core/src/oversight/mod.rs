//! Who may act without whom: autonomy levels, certificates, the red button, the monitor's memory.
//!
//! Everything here is state of one scenario type, changed by events alone.
//! Levels are granted by people as ceilings; *automatic* is reached only while a certificate is
//! live, and until then people review everything.

pub mod stops;
pub mod trials;
pub mod watch;

use serde::{Deserialize, Serialize};

use crate::event::{DecisionMade, Disposition, FeedbackGiven, Lesson, NotLearned};
use crate::guarantee::certificate::{CertificateSettings, Evidence, GRID};
use crate::ids::{DecisionId, Millis, PersonId, TypeId};
use crate::profile::Profile;
use crate::signal::Signal;
use crate::state::Open;
use stops::Stops;
use trials::{Trial, Trials};
use watch::Gauge;
pub use watch::{Watch, WatchSettings};

/// How much `npo` may do by itself with one scenario type.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// People are asked about everything that the policy allows, so that `npo` can be compared
    /// with them.
    Shadow,
    /// What is above the threshold is recommended; people act.
    #[default]
    Recommend,
    /// As recommend, and a like is the approval on which the action may be dispatched.
    Approve,
    /// What is above a certified threshold is carried out without asking, and audited at random.
    Automatic,
}

impl Level {
    /// All levels, ascending.
    pub const ALL: [Self; 4] = [Self::Shadow, Self::Recommend, Self::Approve, Self::Automatic];

    /// The level that a ceiling gives with and without a live certificate.
    pub(crate) fn in_force(ceiling: Self, certified: bool) -> Self {
        match ceiling {
            Self::Automatic if !certified => Self::Shadow,
            ceiling => ceiling,
        }
    }

    /// The word used in API, CLI and docs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Shadow => "shadow",
            Self::Recommend => "recommend",
            Self::Approve => "approve",
            Self::Automatic => "automatic",
        }
    }

    /// The level called `name`, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// A certified threshold: were the override rate of what scores at least `theta` above `alpha` all
/// along, a certificate would come with probability δ at most, over all time since the evidence was
/// last reopened (METHODS 2.5).
///
/// It speaks of likes and overrides, and it does not say that the rate stays where it is: after an
/// abrupt shift it is wrong until the drift gauge takes it back.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// Index into [`GRID`].
    pub rung: u8,
    /// The certified threshold, in (0, 1).
    pub theta: f64,
    /// Highest override rate that it promises.
    pub alpha: f64,
    /// Probability that the promise is wrong, over all time since the evidence was last reopened.
    pub delta: f64,
    /// Likes and overrides seen above the threshold.
    pub labels: u64,
    /// Overrides among them.
    pub overrides: u64,
    /// The evidence against "the rate is above α" when it was issued.
    pub e_value: f64,
}

/// Part of the network or of the scenario types that a red button or a monitor's suppression holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Everything.
    All,
    /// One scenario type.
    ScenarioType(TypeId),
    /// One site, by its name.
    Site(String),
}

/// A scope on which recommending and acting is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// What is held.
    pub scope: Scope,
    /// Since when.
    pub since: Millis,
    /// By whom; [`crate::people::NPO`] for the monitor's own suppression.
    pub by: PersonId,
    /// Why.
    pub reason: String,
}

/// What is kept about the autonomy of one scenario type.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Oversight {
    /// Level that people granted at most.
    pub ceiling: Level,
    /// Evidence for certified thresholds; absent without certification.
    pub evidence: Option<Box<Evidence>>,
    /// The live certificate.
    pub certificate: Option<Certificate>,
    /// Labels of the decisions that people were asked about, until they count as evidence.
    pub trials: Trials,
    /// Overrides among what people were asked about above the certified threshold since it was
    /// certified, in the order of the decisions; what waits for its answer counts as liked until the
    /// next override.
    pub drift: Gauge,
    /// The same of labels that count as evidence already.
    pub drift_settled: Gauge,
    /// Overrides among all automatic actions since it was certified.
    pub stops: Stops,
    /// Audits of automatic actions that nobody answered with a like or an override, since somebody
    /// last did; those that were taken back count neither way.
    pub audits_missed: u32,
    /// Certificates issued so far.
    pub issued: u32,
    /// Certificates lost to drift so far.
    pub lost: u32,
    /// First decision whose answers count: those of earlier ones speak of another model's scores.
    pub counts_from: Option<DecisionId>,
    /// Whether surfaced decisions go to approvers until somebody settles it.
    pub escalated: bool,
    /// The monitor's memory.
    pub watch: Watch,
}

impl Oversight {
    /// The level in force: *automatic* needs a live certificate, and without one everything is
    /// reviewed.
    #[must_use]
    pub fn level(&self) -> Level {
        Level::in_force(self.ceiling, self.certificate.is_some())
    }

    /// Starts collecting evidence anew, and watching the model as well.
    pub(crate) fn reset(&mut self, settings: Option<&CertificateSettings>) {
        self.reopen(settings);
        self.watch.reset();
    }

    /// Starts collecting evidence anew, without a certificate: after an alarm, or a change of α or of
    /// what is scored or let through.
    ///
    /// What is certified afterwards is a new promise with a δ of its own: over r times, the
    /// probability that any certificate was ever wrong is at most (r + 1)·δ.
    /// What people were asked about before counts no more: above a threshold that was certified they
    /// were asked about a share only.
    pub(crate) fn reopen(&mut self, settings: Option<&CertificateSettings>) {
        self.evidence = settings.map(|_| Box::default());
        self.trials = Trials::default();
        self.certificate = None;
        self.guard();
    }

    /// Starts watching over a certificate.
    pub(crate) fn guard(&mut self) {
        self.drift = Gauge::default();
        self.drift_settled = Gauge::default();
        self.stops = Stops::default();
        self.audits_missed = 0;
    }

    /// The certificate that the evidence supports: for the lowest threshold that crossed.
    #[must_use]
    pub fn supported(&self, settings: &CertificateSettings) -> Option<Certificate> {
        let evidence = self.evidence.as_ref()?;
        let rung = evidence.certified(settings)?;
        if self.certificate.is_some_and(|current| usize::from(current.rung) >= rung) {
            return self.certificate;
        }
        let behind = &evidence.thresholds()[rung];
        Some(Certificate {
            rung: u8::try_from(rung).expect("the grid has 14 rungs"),
            theta: GRID[rung],
            alpha: settings.alpha,
            delta: settings.delta,
            labels: behind.process.labels(),
            overrides: behind.overrides,
            e_value: behind.peak,
        })
    }

    /// Counts a decision for the certificates.
    pub(crate) fn decided(
        &mut self,
        settings: &CertificateSettings,
        made: &DecisionMade,
        evidence_from: f64,
    ) {
        if self.evidence.is_some() && made.asks() {
            // What is asked about below a certified threshold is asked about in full.
            let audited_above = self.level() == Level::Automatic && !self.escalated;
            let in_full = made.disposition != Disposition::Automatic;
            let share = if audited_above && in_full { settings.audit_rate } else { 1.0 };
            self.trials.ask(Trial::new(made, evidence_from, share));
            if self.certificate.is_some_and(|c| made.score >= c.theta) {
                self.drift.observe(false, settings.alpha);
            }
        }
        if made.disposition == Disposition::Automatic {
            self.stops.begin(made.id, made.expires_at, settings.alpha);
        }
    }

    /// Counts an answer for the certificates and the monitor.
    ///
    /// Of each decision that people were asked about, the first like or override counts.
    /// A like counts only if its giver's reliability is not in doubt and it was given with consent; an
    /// override counts for certificates in any case.
    /// Whoever is believed to be wrong was so believed for denying the same score: without their
    /// overrides, what is certified would be the rate among those who agree.
    pub(crate) fn answered(
        &mut self,
        profile: &Profile,
        open: &mut Open,
        feedback: &FeedbackGiven,
        site: u32,
        trusted: bool,
    ) {
        let overridden = feedback.signal == Signal::Override;
        let time = open.expires_at.since(open.at);
        if let Some(settings) = &profile.watch
            && feedback.first
            && open.asked
        {
            let late = feedback.provenance.open_ms.saturating_mul(2) > time;
            self.watch.waited(settings, Some(late));
        }
        let stale = matches!(feedback.lesson, Lesson::None(NotLearned::StaleModel))
            || self.counts_from.is_some_and(|first| feedback.decision < first);
        if !feedback.signal.is_directed() || stale {
            return;
        }
        // Of an automatic action, perhaps after its audit: nobody was asked by then.
        let asked = !matches!(feedback.lesson, Lesson::None(NotLearned::Volunteered));
        let believed = trusted && feedback.provenance.consent;
        if let Some(settings) = &profile.certificate
            && (overridden || believed)
        {
            let counts = asked && self.trials.answer(feedback.decision, overridden);
            if counts && overridden {
                self.look_for_drift(settings.alpha);
            }
            // An automatic action can be stopped later as well, but counts as let through by then.
            if overridden && feedback.provenance.open_ms < time {
                self.stops.stop(feedback.decision, settings.alpha);
            }
        }
        // Two answers to one decision are one observation.
        if believed && asked && !open.counted {
            open.counted = true;
            if let Some(settings) = &profile.watch {
                let surfaced = open.acts_on_a_like();
                self.watch.answered(settings, site, surfaced, overridden, 1.0 - open.score);
            }
        }
    }

    /// Computes the drift detector anew, for an override changed what it had taken for a like.
    ///
    /// In order of arrival it would call on overrides that come together at the end of a shift,
    /// however few they are among its decisions.
    fn look_for_drift(&mut self, alpha: f64) {
        let Some(Certificate { theta, .. }) = self.certificate else { return };
        self.drift = self.drift_settled;
        for overridden in self.trials.taken_for(theta) {
            self.drift.observe(overridden, alpha);
        }
    }

    /// Lets count as evidence what can by `now`.
    pub(crate) fn settle(&mut self, settings: &CertificateSettings, now: Millis) {
        self.stops.settle(now, settings.alpha);
        while let Some(trial) = self.trials.settle(now) {
            if let (Some(evidence), Some(overridden)) = (&mut self.evidence, trial.overridden) {
                evidence.observe(
                    settings,
                    trial.evidence_from,
                    trial.score,
                    overridden,
                    trial.share,
                );
                if self.certificate.is_some_and(|c| trial.score >= c.theta) {
                    self.drift_settled.observe(overridden, settings.alpha);
                }
            }
            if trial.automatic {
                if trial.overridden.is_some() {
                    self.audits_missed = 0;
                } else if trial.missed() {
                    self.audits_missed += 1;
                }
            }
        }
    }
}
