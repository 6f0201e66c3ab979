//! Who may act without whom: autonomy levels, certificates, the red button, the monitor's memory.
//!
//! Everything here is state of one scenario type, changed by events alone.
//! Levels are granted by people as ceilings; *automatic* is reached only while a certificate is
//! live, and until then people review everything.

pub mod watch;

use serde::{Deserialize, Serialize};

use crate::event::{FeedbackGiven, Lesson, NotLearned};
use crate::guarantee::certificate::{CertificateSettings, Evidence, GRID};
use crate::ids::{DecisionId, Millis, PersonId, TypeId};
use crate::profile::Profile;
use crate::signal::Signal;
use crate::state::Open;
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
    /// Probability that the promise is wrong, over all time.
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
    /// Drift above the certified threshold since it was certified.
    pub drift: Gauge,
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

    /// Starts collecting evidence anew.
    pub(crate) fn reset(&mut self, settings: Option<&CertificateSettings>) {
        self.evidence = settings.map(|_| Box::default());
        self.certificate = None;
        self.drift = Gauge::default();
        self.watch.reset();
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

    /// Counts an answer for the certificates and the monitor.
    ///
    /// Likes and overrides of people whose reliability is not in doubt count, the first of them on a
    /// decision, and of automatic actions only those that an audit asked for; a later override or one
    /// that nobody asked for counts as a sign of drift, which can only take a certificate back earlier.
    pub(crate) fn answered(
        &mut self,
        profile: &Profile,
        open: &mut Open,
        feedback: &FeedbackGiven,
        site: u32,
        trusted: bool,
    ) {
        let overridden = feedback.signal == Signal::Override;
        if let Some(settings) = &profile.watch
            && feedback.first
            && open.asked
        {
            let time = open.expires_at.since(open.at);
            let late = feedback.provenance.open_ms.saturating_mul(2) > time;
            self.watch.waited(settings, Some(late));
        }
        let stale = matches!(feedback.lesson, Lesson::None(NotLearned::StaleModel))
            || self.counts_from.is_some_and(|first| feedback.decision < first);
        if !feedback.signal.is_directed() || !trusted || !feedback.provenance.consent || stale {
            return;
        }
        // Two answers to one decision are one trial: bets on the second would be won in advance.
        let counts = open.asked && !open.counted;
        open.counted |= counts;
        if let (Some(settings), Some(certificate)) = (&profile.certificate, &self.certificate)
            && open.score >= certificate.theta
            && (counts || overridden)
        {
            self.drift.observe(overridden, settings.alpha);
        }
        if !counts {
            return;
        }
        if let (Some(settings), Some(evidence)) = (&profile.certificate, &mut self.evidence) {
            evidence.observe_from(settings, open.evidence_from, open.score, overridden);
        }
        if let Some(settings) = &profile.watch {
            let surfaced = open.acts_on_a_like();
            self.watch.answered(settings, site, surfaced, overridden, 1.0 - open.score);
        }
    }
}
