//! Metrics in Prometheus' text format, version 0.0.4.
//!
//! What npo believes is read from the state at the moment of the scrape; only what happens to
//! requests is counted on the way.

pub(crate) mod http;
mod oversight;
mod text;

use std::sync::atomic::Ordering;

use npo_core::event::Disposition;
use npo_core::{Signal, State};
use npo_engine::{Counters, GROUP_BOUNDS};

use crate::app::App;
use crate::routes::alignment::override_rate;
use crate::sources::prometheus::health::Numbers;
use http::HttpMetrics;
use text::{Kind, Page};

/// What is counted on the way.
pub(crate) struct Metrics {
    pub(crate) http: HttpMetrics,
    /// Seconds since 1970 at which the process started.
    started_s: f64,
}

impl Metrics {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds stay below 2^53")]
    pub(crate) fn new() -> Self {
        let started_s = npo_engine::Engine::now().0 as f64 / 1000.0;
        Self { http: HttpMetrics::new(), started_s }
    }
}

/// The page. Blocks for some milliseconds where answers came since the last one.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(crate) fn exposition(app: &App) -> String {
    let mut page = Page::default();
    app.engine.read(|state| {
        believed(&mut page, state);
        oversight::believed(&mut page, state);
    });
    oversight::measured(&mut page, app);
    let health = app.engine.health();
    let shown = *app.lists.position().borrow();
    let counters = app.engine.counters();
    let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed) as f64;
    page.one(
        "npo_log_position",
        Kind::Gauge,
        "Position of the last durable event.",
        health.position as f64,
    );
    page.one(
        "npo_log_writable",
        Kind::Gauge,
        "1 if the log takes events, 0 if it failed.",
        f64::from(u8::from(health.failed.is_none())),
    );
    page.one(
        "npo_views_lag_events",
        Kind::Gauge,
        "Events that the lists are behind the log.",
        health.position.saturating_sub(shown) as f64,
    );
    page.one(
        "npo_commit_groups_total",
        Kind::Counter,
        "Groups of events made durable.",
        load(&counters.groups),
    );
    page.one(
        "npo_commit_events_total",
        Kind::Counter,
        "Events in those groups.",
        load(&counters.events),
    );
    page.one(
        "npo_commit_failures_total",
        Kind::Counter,
        "Groups that could not be made durable.",
        load(&counters.failures),
    );
    group_sizes(&mut page, counters);
    policy(&mut page, app);
    let streams = app.config.limits.streams.saturating_sub(app.streams.available_permits());
    page.one("npo_event_streams", Kind::Gauge, "Event streams open now.", streams as f64);
    sources(&mut page, app);
    app.metrics.http.render(&mut page);
    page.one(
        "process_start_time_seconds",
        Kind::Gauge,
        "When the process started, in seconds since 1970.",
        app.metrics.started_s,
    );
    page.finish()
}

/// The sources inside the server.
#[expect(clippy::cast_precision_loss, reason = "counts and milliseconds stay far below 2^53")]
fn sources(page: &mut Page, app: &App) {
    type Value = fn(&Numbers) -> Option<f64>;
    let families: [(&str, Kind, &str, Value); 8] = [
        ("npo_source_up", Kind::Gauge, "1 if the last poll of the source was answered.", |n| {
            Some(f64::from(u8::from(n.state() == "ok")))
        }),
        ("npo_source_polls_total", Kind::Counter, "Polls that were answered.", |n| {
            Some(n.successes as f64)
        }),
        ("npo_source_failures_total", Kind::Counter, "Polls that failed.", |n| {
            Some(n.failures as f64)
        }),
        ("npo_source_samples_total", Kind::Counter, "Samples given to the watchers.", |n| {
            Some(n.samples as f64)
        }),
        ("npo_source_findings_total", Kind::Counter, "Findings proposed or withdrawn.", |n| {
            Some(n.findings as f64)
        }),
        ("npo_source_interfaces", Kind::Gauge, "Interfaces that the source knows.", |n| {
            Some(n.interfaces as f64)
        }),
        (
            "npo_source_last_success_timestamp_seconds",
            Kind::Gauge,
            "When the last poll was answered, in seconds since 1970.",
            |n| n.last_success_ms.map(|ms| ms as f64 / 1000.0),
        ),
        (
            "npo_source_newest_sample_timestamp_seconds",
            Kind::Gauge,
            "Time of the newest sample, in seconds since 1970.",
            |n| n.newest_sample_ms.map(|ms| ms as f64 / 1000.0),
        ),
    ];
    if app.sources.is_empty() {
        return;
    }
    for (name, kind, help, value) in families {
        page.family(name, kind, help);
        for (source, health) in &app.sources {
            if let Some(value) = value(&health.numbers()) {
                page.sample("", &[("source", source)], value);
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn believed(page: &mut Page, state: &State) {
    page.family(
        "npo_decisions_total",
        Kind::Counter,
        "Decisions by scenario type and disposition.",
    );
    for type_state in state.types() {
        for disposition in Disposition::ALL {
            let labels = [
                ("scenario_type", type_state.definition().name.as_str()),
                ("disposition", disposition.name()),
            ];
            page.sample("", &labels, type_state.tally.decisions(disposition) as f64);
        }
    }
    page.family("npo_feedback_total", Kind::Counter, "Answers by scenario type and signal.");
    for type_state in state.types() {
        for signal in Signal::ALL {
            let labels = [
                ("scenario_type", type_state.definition().name.as_str()),
                ("signal", signal.name()),
            ];
            page.sample("", &labels, type_state.tally.answers(signal) as f64);
        }
    }
    type Value = fn(&npo_core::state::Tally) -> Option<f64>;
    let families: [(&str, Kind, &str, Value); 4] = [
        (
            "npo_alignment_loss",
            Kind::Gauge,
            "Mean alignment loss of all answers, in [0, 1].",
            |t| t.mean_loss(),
        ),
        (
            "npo_override_rate",
            Kind::Gauge,
            "Share of overrides among answers to what was recommended.",
            |t| override_rate(t).0,
        ),
        ("npo_decisions_expired_total", Kind::Counter, "Decisions that expired unanswered.", |t| {
            Some(t.expired as f64)
        }),
        ("npo_decisions_withdrawn_total", Kind::Counter, "Decisions that were withdrawn.", |t| {
            Some(t.withdrawn as f64)
        }),
    ];
    for (name, kind, help, value) in families {
        page.family(name, kind, help);
        for type_state in state.types() {
            if let Some(value) = value(&type_state.tally) {
                page.sample("", &[("scenario_type", &type_state.definition().name)], value);
            }
        }
    }
    page.one(
        "npo_open_decisions",
        Kind::Gauge,
        "Decisions that wait for an answer.",
        state.open().waiting() as f64,
    );
    page.one("npo_scenarios", Kind::Gauge, "Scenarios known.", state.scenarios().len() as f64);
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn group_sizes(page: &mut Page, counters: &Counters) {
    let sizes = counters.group_sizes.each_ref().map(|count| count.load(Ordering::Relaxed));
    page.family("npo_commit_group_events", Kind::Histogram, "Events in a group.");
    let mut total = 0;
    for (bound, count) in GROUP_BOUNDS.iter().zip(sizes) {
        total += count;
        page.sample("_bucket", &[("le", &bound.to_string())], total as f64);
    }
    let total: u64 = sizes.iter().sum();
    page.sample("_bucket", &[("le", "+Inf")], total as f64);
    page.sample("_sum", &[], counters.events.load(Ordering::Relaxed) as f64);
    page.sample("_count", &[], total as f64);
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn policy(page: &mut Page, app: &App) {
    let spe = app.engine.policy();
    page.one(
        "npo_policy_loaded",
        Kind::Gauge,
        "1 if a policy bundle is loaded; without one everything is denied.",
        f64::from(u8::from(spe.is_some())),
    );
    let counters = app.engine.counters();
    page.family(
        "npo_policy_evaluations_total",
        Kind::Counter,
        "Verdicts asked for, by how they were reached; `none` is for want of a policy.",
    );
    for (path, count) in [
        ("vm", &counters.verdicts_vm),
        ("interpreter", &counters.verdicts_interpreter),
        ("memo", &counters.verdicts_memo),
        ("none", &counters.verdicts_none),
    ] {
        page.sample("", &[("path", path)], count.load(Ordering::Relaxed) as f64);
    }
    let Some(spe) = spe else { return };
    page.one(
        "npo_policy_verdicts_remembered",
        Kind::Gauge,
        "Verdicts in the policy's memory.",
        spe.memo_len() as f64,
    );
}
