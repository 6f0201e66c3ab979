//! The monitor on the wire: its gauges, its looks, and its acts in words.

use npo_api::monitor as api;
use npo_core::event::{Cause, CertificateCause};
use npo_core::guarantee::fidelity::{self, FidelityCounts};
use npo_core::learning::window::Finding;
use npo_core::oversight::watch::{Alarm, LookAudit, Watched};
use npo_core::oversight::{Watch, WatchSettings};
use npo_core::state::TypeState;
use npo_core::{Envelope, Event, State};

use super::oversight::{alarm, estimate, gauge};
use super::time;

/// Probability that any of a report's intervals is ever wrong.
const DELTA: f64 = 0.05;

/// The monitor's constants.
pub(crate) fn settings(from: &WatchSettings) -> api::MonitorSettings {
    let WatchSettings {
        look_every,
        audit_looks,
        run_length,
        margin,
        suppress_rate,
        unanswered_rate,
        slow_rate,
        silence_factor,
        silence_min_s,
        cooldown,
    } = *from;
    api::MonitorSettings {
        look_every,
        audit_looks,
        run_length,
        margin,
        suppress_rate,
        unanswered_rate,
        slow_rate,
        silence_factor,
        silence_min_s,
        cooldown,
    }
}

/// The monitor of one scenario type.
pub(crate) fn of_type(
    state: &State,
    settings: Option<&WatchSettings>,
    of: &TypeState,
) -> api::TypeMonitor {
    let watch = &of.oversight.watch;
    api::TypeMonitor {
        scenario_type: of.definition().name.clone(),
        gauges: settings.map_or_else(Vec::new, |settings| gauges(state, settings, of)),
        episodes: watch.episodes,
        since_look: watch.episodes.saturating_sub(watch.looked),
        fidelity: fidelity(&of.oversight.watch.looks_drawn_alike()),
        escalated: of.oversight.escalated,
        retrain_due: watch.retrain_due,
        source: source(settings, watch),
        last_refit: of.models.last().map(|model| api::LastRefit {
            model: format!("m{}", model.id),
            position: model.fitted_at,
            passed: model.passed,
            in_force: of.model == model.id,
        }),
    }
}

/// Gauges of a type, then of its sites.
pub(crate) fn gauges(
    state: &State,
    settings: &WatchSettings,
    of: &TypeState,
) -> Vec<npo_api::oversight::Gauge> {
    let (watch, run_length) = (&of.oversight.watch, settings.run_length);
    let of_type = [
        (Watched::Surprise, &watch.surprise),
        (Watched::OverrideRate, &watch.overrides),
        (Watched::Unanswered, &watch.unanswered),
        (Watched::SlowAnswers, &watch.slow),
    ];
    // Sites share the run length of their type: each is held against as many times it.
    #[expect(clippy::cast_precision_loss, reason = "at most 64 sites")]
    let of_each = run_length * watch.sites.len().max(1) as f64;
    let sites = watch.sites.iter().filter(|_| watch.sites.len() > 1).map(|(site, value)| {
        let name = state.scenarios().site_name(*site).to_owned();
        gauge(value, Watched::Surprise, of_each, Some(name))
    });
    let of_type = of_type.map(|(watched, value)| gauge(value, watched, run_length, None));
    of_type.into_iter().chain(sites).collect()
}

fn source(settings: Option<&WatchSettings>, watch: &Watch) -> api::Source {
    api::Source {
        last_proposal: watch.last_proposal.map(time::text),
        usual_gap_s: watch.gap_ms / 1000.0,
        silent_after_s: settings.and_then(|s| watch.silence_after_ms(s)).map(|ms| ms / 1000.0),
        silent: watch.silence_reported,
    }
}

/// How far a monitor can be trusted, and in words.
pub(crate) fn fidelity(counts: &FidelityCounts) -> api::Fidelity {
    let report = fidelity::Fidelity::of(counts, DELTA);
    let looks = |from: fidelity::Looks| api::Looks {
        total: from.total,
        judged: from.audited,
        right: from.right,
    };
    api::Fidelity {
        summary: summary(counts, &report),
        acted: looks(counts.acted),
        silent: looks(counts.silent),
        fidelity: estimate(report.fidelity),
        never_acting: estimate(report.never_acting),
        youden: estimate(report.youden),
        precision: estimate(report.precision),
        delta: DELTA,
    }
}

fn summary(counts: &FidelityCounts, report: &fidelity::Fidelity) -> String {
    let FidelityCounts { acted, silent } = counts;
    let (fidelity, never, youden) = (report.fidelity, report.never_acting, report.youden);
    let Some(value) = fidelity.value else {
        return format!(
            "Not enough verdicts: of {} looks at which it acted {} have one, of {} at which it kept silent {}.",
            acted.total, acted.audited, silent.total, silent.audited
        );
    };
    let skill = if acted.audited == 0 || silent.audited == 0 {
        "Youden's J is not known yet".to_owned()
    } else {
        let value = youden.value.map_or_else(|| "not known yet".to_owned(), |j| format!("{j:.2}"));
        format!("Youden's J is {value} ({:.2} to {:.2})", youden.low, youden.high)
    };
    let against = format!(
        "right at {value:.2} of its looks ({:.2} to {:.2}), against {:.2} for never acting; {skill}",
        fidelity.low,
        fidelity.high,
        never.value.unwrap_or(0.0)
    );
    if youden.low > 0.0 {
        format!("Better than a monitor that does not look: {against}.")
    } else if youden.high < 0.0 {
        format!("Worse than a monitor that does not look: {against}.")
    } else {
        format!("Not enough verdicts to tell it from a monitor that does not look: {against}.")
    }
}

/// A look that waits for a verdict.
pub(crate) fn waiting(
    of: &TypeState,
    settings: &WatchSettings,
    from: &LookAudit,
) -> api::WaitingLook {
    let LookAudit { look, acted, at } = *from;
    let did = if acted { "acted" } else { "kept silent" };
    api::WaitingLook {
        scenario_type: of.definition().name.clone(),
        look,
        at: time::text(at),
        acted,
        question: format!(
            "In the {} episodes before this the monitor {did}. Was action called for, since the score and people had parted?",
            settings.look_every
        ),
    }
}

/// Something that the monitor did; none for an event that is not its doing.
pub(crate) fn act(state: &State, position: u64, envelope: &Envelope) -> Option<api::MonitorAct> {
    let (type_id, action, evidence, gauge) = match &envelope.event {
        Event::MonitorActed { type_id, action, cause } => {
            let gauge = match cause {
                Cause::Alarm(from) => Some(alarm(from)),
                Cause::Window(_) | Cause::Silence { .. } => None,
            };
            (type_id, action.name(), words(cause), gauge)
        }
        Event::CertificateChanged { type_id, certificate, cause } => {
            let action = if certificate.is_some() { "certify" } else { "decertify" };
            let (why, gauge) = match cause {
                CertificateCause::Earned => ("for the first time", None),
                CertificateCause::Extended => ("down to a lower threshold", None),
                CertificateCause::Drift(from) => ("the override rate rose", Some(alarm(from))),
                CertificateCause::Reset => ("what it was about changed", None),
                CertificateCause::Unwatched => ("nobody answered its audits", None),
            };
            let evidence = match certificate {
                Some(c) => format!(
                    "threshold {} certified at α = {} {why}: {} overrides among {} answers, e-value {:.0}",
                    c.theta, c.alpha, c.overrides, c.labels, c.e_value
                ),
                None => format!("the certificate is taken back: {why}"),
            };
            (type_id, action, evidence, gauge)
        }
        Event::AutonomyChanged { type_id, level, reason, .. } => {
            (type_id, "level", format!("{} from now on: {reason}", level.name()), None)
        }
        _ => return None,
    };
    let name = state.type_state(*type_id).map(|t| t.definition().name.clone());
    Some(api::MonitorAct {
        position,
        at: time::text(envelope.at),
        scenario_type: name.unwrap_or_else(|| type_id.to_string()),
        action: action.to_owned(),
        evidence,
        gauge,
    })
}

fn words(cause: &Cause) -> String {
    match cause {
        Cause::Window(Finding { losses, mean_loss, tolerance, .. }) if *losses > 0 => format!(
            "the mean loss of the last {losses} answers is {mean_loss:.3}, more than {tolerance}"
        ),
        Cause::Window(Finding { episodes, .. }) => format!("{episodes} episodes have passed"),
        Cause::Silence { since, usual_gap_ms } => format!(
            "no proposal since {}; usually one comes every {:.0} s",
            time::text(*since),
            usual_gap_ms / 1000.0
        ),
        Cause::Alarm(Alarm { watched, site, e_value, run_length, seen, hits, expected }) => {
            let what = match watched {
                Watched::Certified => "audits above the certified threshold were overrides",
                Watched::Stopped => "automatic actions were stopped",
                Watched::Surprise => "answers were overrides",
                Watched::OverrideRate => "recommendations were overridden",
                Watched::Unanswered => "decisions expired unanswered",
                Watched::SlowAnswers => "answers came late",
            };
            let site = site.as_ref().map_or_else(String::new, |site| format!(" at site {site}"));
            format!(
                "{hits} of {seen} {what}{site}, where {expected:.1} would be fine; the gauge stands at {e_value:.0} against {run_length:.0}"
            )
        }
    }
}
