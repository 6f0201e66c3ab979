//! Certificates, levels, scopes and gauges on the wire, and orders back.

use npo_api::Problem;
use npo_api::oversight as api;
use npo_core::guarantee::certificate::{CertificateSettings, Evidence, GRID};
use npo_core::guarantee::sequence::Estimate;
use npo_core::learning::utility;
use npo_core::oversight::trials::Trials;
use npo_core::oversight::watch::{Alarm, Gauge, Watched};
use npo_core::oversight::{Certificate, Hold, Level, Oversight, Scope};
use npo_core::profile::{Profile, Selector};
use npo_core::state::TypeState;
use npo_core::{Rejection, State};
use npo_wording::nearest;

use super::people::handle;
use super::time;
use crate::http::problem::field;

/// What no certificate covers; shown wherever one is.
pub(crate) const NOT_COVERED: &str = "An abrupt shift is not covered: the certificate speaks of the override rate as it was while the answers came in. In simulation with a certificate at α = 1 %, an abrupt shift still left 22 % of the runs above α at the end. The drift gauge takes a certificate back, but only after people have overridden what was carried out. Silence is not covered either: what nobody answers in time counts for nothing.";

/// Known sites that a warning about an unknown one names; there may be thousands.
const SITES_NAMED: usize = 8;

/// A number with its interval.
pub(crate) fn estimate(from: Estimate) -> api::Estimate {
    let Estimate { value, low, high } = from;
    api::Estimate { value, low, high }
}

/// A level.
pub(crate) fn level(from: Level) -> api::Level {
    match from {
        Level::Shadow => api::Level::Shadow,
        Level::Recommend => api::Level::Recommend,
        Level::Approve => api::Level::Approve,
        Level::Automatic => api::Level::Automatic,
    }
}

/// A level that is granted.
pub(crate) fn level_granted(from: api::Level) -> Level {
    match from {
        api::Level::Shadow => Level::Shadow,
        api::Level::Recommend => Level::Recommend,
        api::Level::Approve => Level::Approve,
        api::Level::Automatic => Level::Automatic,
    }
}

/// A scope; `type_name` is the name of the scenario type if it is one.
pub(crate) fn scope(from: &Scope, type_name: impl FnOnce() -> String) -> api::Scope {
    let (kind, name) = match from {
        Scope::All => (api::ScopeKind::All, None),
        Scope::ScenarioType(_) => (api::ScopeKind::ScenarioType, Some(type_name())),
        Scope::Site(site) => (api::ScopeKind::Site, Some(site.clone())),
    };
    api::Scope { kind, name }
}

/// A scope that is ordered.
pub(crate) fn scope_ordered(state: &State, from: api::Scope) -> Result<Scope, ScopeError> {
    match (from.kind, from.name) {
        (api::ScopeKind::All, None) => Ok(Scope::All),
        (api::ScopeKind::ScenarioType, Some(name)) => {
            let (type_id, _) = state.require_type(&name).map_err(ScopeError::Rejected)?;
            Ok(Scope::ScenarioType(type_id))
        }
        (api::ScopeKind::Site, Some(name)) => Ok(Scope::Site(name)),
        (api::ScopeKind::All, Some(_)) => Err(ScopeError::Malformed(field(
            "scope.name",
            "given",
            "absent, since `all` needs none",
        ))),
        (_, None) => {
            let expected = "the name of the scenario type or of the site";
            Err(ScopeError::Malformed(field("scope.name", "missing", expected)))
        }
    }
}

/// Why a scope cannot be meant.
pub(crate) enum ScopeError {
    /// What it names is not there.
    Rejected(Rejection),
    /// It is not a scope.
    Malformed(Problem),
}

/// Everything that is held.
pub(crate) fn red_button(state: &State) -> api::RedButton {
    api::RedButton { held: holds(state) }
}

/// Everything that is held, in the order of its holding.
pub(crate) fn holds(state: &State) -> Vec<api::Hold> {
    state.holds().iter().map(|from| hold(state, from)).collect()
}

/// A scope that is held.
pub(crate) fn hold(state: &State, from: &Hold) -> api::Hold {
    let type_name = || match &from.scope {
        Scope::ScenarioType(id) => {
            state.type_state(*id).map_or_else(|| id.to_string(), |t| t.definition().name.clone())
        }
        Scope::All | Scope::Site(_) => String::new(),
    };
    api::Hold {
        scope: scope(&from.scope, type_name),
        since: time::text(from.since),
        by: handle(state, from.by),
        reason: from.reason.clone(),
        warning: match &from.scope {
            Scope::Site(site) => no_decision_from(state, site),
            Scope::All | Scope::ScenarioType(_) => None,
        },
    }
}

/// What to say of a site that no decision has come from.
fn no_decision_from(state: &State, site: &str) -> Option<String> {
    let scenarios = state.scenarios();
    if scenarios.site_named(site).is_some() {
        return None;
    }
    let mut known: Vec<&str> = scenarios.sites().filter(|known| !known.is_empty()).collect();
    known.sort_unstable();
    let near = nearest(site, &known).map_or_else(String::new, |near| format!("; nearest: {near}"));
    let more = known.len().saturating_sub(SITES_NAMED);
    known.truncate(SITES_NAMED);
    let known = match (known.as_slice(), more) {
        ([], _) => "none".to_owned(),
        (named, 0) => named.join(", "),
        (named, more) => format!("{} and {more} more", named.join(", ")),
    };
    Some(format!("no decision has come from site `{site}` so far; known sites: {known}{near}"))
}

/// A gauge.
pub(crate) fn gauge(
    from: &Gauge,
    watched: Watched,
    run_length: f64,
    site: Option<String>,
) -> api::Gauge {
    alarm(&from.alarm(watched, run_length, site))
}

/// A gauge as it stood when it called.
pub(crate) fn alarm(from: &Alarm) -> api::Gauge {
    let Alarm { watched, site, e_value, run_length, seen, hits, expected } = from.clone();
    let watched = watched.name().to_owned();
    api::Gauge { watched, site, value: e_value, run_length, seen, hits, expected }
}

/// The threshold of a scenario type, and what it rests on.
pub(crate) fn threshold(profile: &Profile, state: &TypeState) -> api::Threshold {
    let Oversight {
        ceiling,
        evidence,
        trials,
        certificate,
        drift,
        stops,
        issued,
        lost,
        escalated,
        ..
    } = &state.oversight;
    let settings = profile.certificate.as_ref();
    let level_of_gauges = certificate.and(settings).map(CertificateSettings::detector_level);
    let (in_force, arms) = selected(profile, state);
    api::Threshold {
        scenario_type: state.definition().name.clone(),
        selector: selector(&profile.selector).to_owned(),
        threshold: in_force,
        arms,
        ceiling: level(*ceiling),
        level: level(state.oversight.level()),
        reason: why(&state.oversight, settings),
        escalated: *escalated,
        certificate: certificate.as_ref().map(certified),
        issued: *issued,
        lost: *lost,
        evidence: settings.zip(evidence.as_deref()).map(|(s, e)| gathered(s, e, trials)),
        drift: level_of_gauges.map(|level| gauge(drift, Watched::Certified, level, None)),
        stops: level_of_gauges.map(|level| gauge(stops.gauge(), Watched::Stopped, level, None)),
    }
}

fn selector(from: &Selector) -> &'static str {
    match from {
        Selector::Fixed { .. } => "fixed",
        Selector::Random { .. } => "random",
        Selector::Thompson { .. } => "thompson",
        Selector::Utility { .. } => "utility",
    }
}

fn selected(profile: &Profile, state: &TypeState) -> (Option<f64>, Vec<api::Arm>) {
    let evidence = |i: usize| {
        let bandit = state.bandit.as_ref()?;
        bandit.alpha.get(i).copied().zip(bandit.beta.get(i).copied())
    };
    match &profile.selector {
        Selector::Fixed { theta } => (Some(*theta), Vec::new()),
        Selector::Utility { .. } => {
            (Some(utility::threshold(state.definition().override_cost)), Vec::new())
        }
        Selector::Random { arms } | Selector::Thompson { arms, .. } => {
            let arm = |(i, threshold): (usize, &f64)| {
                let (alpha, beta) = evidence(i).unzip();
                api::Arm { threshold: *threshold, alpha, beta }
            };
            (None, arms.iter().enumerate().map(arm).collect())
        }
    }
}

/// Why the level in force is what it is.
fn why(oversight: &Oversight, settings: Option<&CertificateSettings>) -> String {
    let Oversight { ceiling, certificate, evidence, lost, escalated, .. } = oversight;
    match (ceiling, certificate) {
        (Level::Automatic, Some(c)) if *escalated => format!(
            "threshold {} is certified, but nothing is carried out without asking until somebody settles that people contradict the scores",
            c.theta
        ),
        (Level::Automatic, Some(c)) => format!(
            "what scores {} or more is carried out without asking, since that threshold is certified; {:.0} % of it is audited",
            c.theta,
            settings.map_or(0.0, |s| s.audit_rate) * 100.0
        ),
        (Level::Automatic, None) => {
            let before = if *lost > 0 { "the certificate was lost; " } else { "" };
            let labels = evidence.as_ref().map_or(0, |e| counted(e));
            let count = match labels {
                1 => "1 answer counts".to_owned(),
                labels => format!("{labels} answers count"),
            };
            format!(
                "automatic is granted, but {before}no threshold is certified now, so people review everything; {count} towards a certificate so far"
            )
        }
        (Level::Shadow, _) => "people are asked about everything that policy allows".to_owned(),
        (Level::Recommend, _) => {
            "what is above the threshold is recommended, and people act".to_owned()
        }
        (Level::Approve, _) => {
            "what is above the threshold is recommended, and a like approves the action".to_owned()
        }
    }
}

/// Answers that speak for at least one threshold: those to lower scores are evidence for none.
fn counted(evidence: &Evidence) -> u64 {
    evidence.thresholds().iter().map(|of| of.process.labels()).max().unwrap_or(0)
}

/// A certificate with what it says and what it does not.
pub(crate) fn certified(from: &Certificate) -> api::Certificate {
    let Certificate { rung: _, theta, alpha, delta, labels, overrides, e_value } = *from;
    api::Certificate {
        threshold: theta,
        alpha,
        delta,
        labels,
        overrides,
        e_value,
        claim: format!(
            "people override at most {} % of what scores {theta} or more; the chance that this was certified wrongly since the evidence was last reopened is at most {} %",
            percent(alpha),
            percent(delta)
        ),
        not_covered: NOT_COVERED.to_owned(),
    }
}

/// A share in percent without more digits than it has.
fn percent(share: f64) -> f64 {
    (share * 1e6).round() / 1e4
}

fn gathered(settings: &CertificateSettings, from: &Evidence, trials: &Trials) -> api::Evidence {
    let level_needed = settings.level();
    let thresholds =
        GRID.iter().zip(from.thresholds()).map(|(threshold, evidence)| api::ThresholdEvidence {
            threshold: *threshold,
            labels: evidence.process.labels(),
            overrides: evidence.overrides,
            e_value: evidence.value(),
            peak: evidence.peak,
            certified: evidence.peak >= level_needed,
        });
    api::Evidence {
        alpha: settings.alpha,
        delta: settings.delta,
        level_needed,
        labels: from.labels,
        overrides: from.overrides,
        held_up: trials.held_up() as u64,
        thresholds: thresholds.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_not_said_to_let_pass_what_is_escalated() {
        let certificate = Certificate {
            rung: 9,
            theta: 0.8,
            alpha: 0.05,
            delta: 0.05,
            labels: 200,
            overrides: 1,
            e_value: 300.0,
        };
        let mut oversight = Oversight {
            ceiling: Level::Automatic,
            certificate: Some(certificate),
            ..Oversight::default()
        };
        let settings = CertificateSettings::default();
        let said = |oversight: &Oversight| why(oversight, Some(&settings));
        assert!(said(&oversight).starts_with("what scores 0.8 or more is carried out"));
        oversight.escalated = true;
        let words = "threshold 0.8 is certified, but nothing is carried out without asking";
        assert!(said(&oversight).starts_with(words), "{}", said(&oversight));
    }
}
