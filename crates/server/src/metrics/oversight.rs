//! Metrics of autonomy, certificates, the monitor and the models.
//!
//! Labels are scenario types and fixed words; of sites only the gauge that is nearest to calling is
//! shown, so that a page stays small however many there are.

use npo_core::event::MonitorAction;
use npo_core::guarantee::CertificateSettings;
use npo_core::guarantee::fidelity::{Fidelity, FidelityCounts, Looks};
use npo_core::guarantee::sequence::Estimate;
use npo_core::oversight::watch::Watched;
use npo_core::oversight::{Level, Scope};
use npo_core::state::TypeState;
use npo_core::{PersonId, State, TypeId};

use super::text::{Kind, Page};
use crate::app::App;
use crate::routes::monitor::all_looks;

type Value<'a> = &'a dyn Fn(&TypeState) -> Option<f64>;

/// One family with a sample per scenario type that has a value.
fn per_type(
    page: &mut Page,
    state: &State,
    name: &'static str,
    kind: Kind,
    help: &str,
    of: Value<'_>,
) {
    page.family(name, kind, help);
    for type_state in state.types() {
        if let Some(value) = of(type_state) {
            page.sample("", &[("scenario_type", &type_state.definition().name)], value);
        }
    }
}

fn flag(yes: bool) -> f64 {
    f64::from(u8::from(yes))
}

/// What the state holds.
pub(super) fn believed(page: &mut Page, state: &State) {
    levels(page, state);
    certificates(page, state);
    gauges(page, state);
    looks(page, state);
    people(page, state);
    per_type(
        page,
        state,
        "npo_escalated",
        Kind::Gauge,
        "1 while surfaced decisions go to approvers.",
        &|t| Some(flag(t.oversight.escalated)),
    );
    per_type(
        page,
        state,
        "npo_source_silent",
        Kind::Gauge,
        "1 while proposals have stopped coming.",
        &|t| Some(flag(t.oversight.watch.silence_reported)),
    );
    per_type(
        page,
        state,
        "npo_refit_due",
        Kind::Gauge,
        "1 while a refit is wanted and not yet done.",
        &|t| Some(flag(t.oversight.watch.retrain_due)),
    );
    per_type(
        page,
        state,
        "npo_model_in_force",
        Kind::Gauge,
        "Number of the model in force; 0 is what was learned online from the start.",
        &|t| Some(f64::from(t.model)),
    );
    let count = f64::from(state.models());
    page.one("npo_models_total", Kind::Counter, "Models fitted.", count);
    page.family(
        "npo_holds",
        Kind::Gauge,
        "Scopes (everything, types, sites) that the red button or the monitor holds, by kind.",
    );
    for (kind, is) in [
        ("all", (|scope| matches!(scope, Scope::All)) as fn(&Scope) -> bool),
        ("scenario-type", |scope| matches!(scope, Scope::ScenarioType(_))),
        ("site", |scope| matches!(scope, Scope::Site(_))),
    ] {
        let count = state.holds().iter().filter(|hold| is(&hold.scope)).count();
        #[expect(clippy::cast_precision_loss, reason = "at most a thousand")]
        page.sample("", &[("kind", kind)], count as f64);
    }
}

fn levels(page: &mut Page, state: &State) {
    page.family("npo_autonomy_level", Kind::Gauge, "1 for the level in force, 0 for the others.");
    for type_state in state.types() {
        for level in Level::ALL {
            let labels =
                [("scenario_type", type_state.definition().name.as_str()), ("level", level.name())];
            page.sample("", &labels, flag(type_state.oversight.level() == level));
        }
    }
}

fn certificates(page: &mut Page, state: &State) {
    let live = |t: &TypeState| Some(flag(t.oversight.certificate.is_some()));
    let help = "1 while a threshold is certified; an abrupt shift is not covered.";
    per_type(page, state, "npo_certificate_live", Kind::Gauge, help, &live);
    let theta = |t: &TypeState| t.oversight.certificate.map(|c| c.theta);
    let help = "The certified threshold, while there is one.";
    per_type(page, state, "npo_certificate_threshold", Kind::Gauge, help, &theta);
    let issued = |t: &TypeState| Some(f64::from(t.oversight.issued));
    let help = "Certificates issued or extended.";
    per_type(page, state, "npo_certificates_issued_total", Kind::Counter, help, &issued);
    let lost = |t: &TypeState| Some(f64::from(t.oversight.lost));
    let help = "Certificates lost to drift, or for want of answers to audits.";
    per_type(page, state, "npo_certificates_lost_total", Kind::Counter, help, &lost);
    let Some(settings) = &state.profile().certificate else { return };
    let peak = |t: &TypeState| {
        let evidence = t.oversight.evidence.as_ref()?;
        evidence.thresholds().iter().map(|e| e.peak).reduce(f64::max)
    };
    let help =
        "Highest e-value that any threshold has had since the evidence was reset: what certifies.";
    per_type(page, state, "npo_certificate_e_value", Kind::Gauge, help, &peak);
    let help = "E-value that certifies a threshold.";
    page.one("npo_certificate_e_value_needed", Kind::Gauge, help, settings.level());
}

fn gauges(page: &mut Page, state: &State) {
    let Some(settings) = &state.profile().watch else { return };
    let certified = state.profile().certificate;
    let level = certified.as_ref().map_or(0.0, CertificateSettings::detector_level);
    let families = [
        ("npo_gauge_value", "Value of each of the monitor's detectors."),
        ("npo_gauge_run_length", "What the detector is held against; it calls when it is reached."),
    ];
    for (i, (name, help)) in families.into_iter().enumerate() {
        page.family(name, Kind::Gauge, help);
        for type_state in state.types() {
            let watch = &type_state.oversight.watch;
            #[expect(clippy::cast_precision_loss, reason = "at most 64 sites")]
            let of_each = settings.run_length * watch.sites.len().max(1) as f64;
            let worst = watch.sites.iter().map(|(_, gauge)| gauge.value()).reduce(f64::max);
            let oversight = &type_state.oversight;
            let drift = oversight.certificate.map(|_| oversight.drift.value());
            let stops = oversight.certificate.map(|_| oversight.stops.gauge().value());
            let all = [
                (Watched::Surprise.name(), Some(watch.surprise.value()), settings.run_length),
                (Watched::OverrideRate.name(), Some(watch.overrides.value()), settings.run_length),
                (Watched::Unanswered.name(), Some(watch.unanswered.value()), settings.run_length),
                (Watched::SlowAnswers.name(), Some(watch.slow.value()), settings.run_length),
                ("surprise-at-worst-site", worst, of_each),
                (Watched::Certified.name(), drift, level),
                (Watched::Stopped.name(), stops, level),
            ];
            for (watched, value, run_length) in all {
                let labels = [
                    ("scenario_type", type_state.definition().name.as_str()),
                    ("watched", watched),
                ];
                if let Some(value) = value {
                    page.sample("", &labels, if i == 0 { value } else { run_length });
                }
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn looks(page: &mut Page, state: &State) {
    if state.profile().watch.is_none() {
        return;
    }
    let counts = all_looks(state);
    type Count = fn(&Looks) -> u64;
    let families: [(&str, &str, Count); 3] = [
        ("npo_monitor_looks_total", "Looks, by whether the monitor acted.", |looks| looks.total),
        ("npo_monitor_looks_judged_total", "Looks with a verdict.", |looks| looks.audited),
        ("npo_monitor_looks_right_total", "Verdicts that found it right.", |looks| looks.right),
    ];
    let FidelityCounts { acted, silent } = &counts;
    for (name, help, count) in families {
        page.family(name, Kind::Counter, help);
        page.sample("", &[("acted", "yes")], count(acted) as f64);
        page.sample("", &[("acted", "no")], count(silent) as f64);
    }
    let waiting: usize = state.types().iter().map(|t| t.oversight.watch.audits.len()).sum();
    let help = "Looks that wait for a verdict.";
    page.one("npo_monitor_looks_waiting", Kind::Gauge, help, waiting as f64);
    let Fidelity { fidelity, never_acting, youden, .. } = Fidelity::of(&counts, 0.05);
    for (name, help, estimate) in [
        ("npo_monitor_fidelity", "Share of looks that were right, with its interval.", fidelity),
        ("npo_monitor_fidelity_of_never_acting", "The same of never acting.", never_acting),
        ("npo_monitor_youden", "Youden's J of the monitor, with its interval.", youden),
    ] {
        page.family(name, Kind::Gauge, help);
        let Estimate { value, low, high } = estimate;
        for (bound, value) in [("value", value), ("low", Some(low)), ("high", Some(high))] {
            if let Some(value) = value {
                page.sample("", &[("bound", bound)], value);
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn people(page: &mut Page, state: &State) {
    if state.profile().trust.is_none() {
        return;
    }
    let everybody = (0u32..).map(PersonId).take(state.people().len());
    let trust = everybody.clone().filter_map(|id| state.trust(id));
    let least = trust.map(|trust| trust.reliability()).fold(1.0, f64::min);
    page.one("npo_operator_reliability_min", Kind::Gauge, "Least reliability of anybody.", least);
    let adverse = everybody.filter(|id| state.is_adverse(*id)).count();
    let help = "People whose answers are wrong more often than right, on the whole or by now.";
    page.one("npo_operators_adverse", Kind::Gauge, help, adverse as f64);
}

/// What is measured beside the state.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(super) fn measured(page: &mut Page, app: &App) {
    let names: Vec<String> = app
        .engine
        .read(|state| state.types().iter().map(|t| t.definition().name.clone()).collect());
    let reports: Vec<_> = (0u32..)
        .map(TypeId)
        .zip(&names)
        .filter_map(|(id, name)| Some((name, app.lists.recent(|recent| recent.calibration(id))?)))
        .collect();
    page.family(
        "npo_calibration_error",
        Kind::Gauge,
        "Expected calibration error of recent answers.",
    );
    for (name, report) in &reports {
        if let Some(value) = report.error.value {
            page.sample("", &[("scenario_type", name)], value);
        }
    }
    let help = "Upper end of what a calibrated score would show on the same answers.";
    page.family("npo_calibration_error_usual", Kind::Gauge, help);
    for (name, report) in &reports {
        page.sample("", &[("scenario_type", name)], report.error_if_calibrated.high);
    }
    page.family("npo_brier_score", Kind::Gauge, "Brier score of recent answers.");
    for (name, report) in &reports {
        if let Some(value) = report.brier.value {
            page.sample("", &[("scenario_type", name)], value);
        }
    }
    let help = "What the monitor did since the process started, by action.";
    page.family("npo_monitor_actions_total", Kind::Counter, help);
    for action in MonitorAction::ALL {
        let count = app.lists.recent(|recent| recent.acted(action));
        page.sample("", &[("action", action.name())], count as f64);
    }
    if let Some(report) = app.divergences.latest() {
        let help = "Groups in which people override what policy allows, in the latest report.";
        page.one("npo_divergence_findings", Kind::Gauge, help, report.findings.len() as f64);
    }
}
