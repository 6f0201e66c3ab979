//! Examples of what came with certificates, autonomy, the red button and refitted models.

use npo_core::event::{
    Cause, CertificateCause, DatasetFrozen, DecisionMade, Disposition, Event, Lesson, ModelFitted,
    ModelPromoted, MonitorAction, NotLearned, PromotionCause, RcaRecorded, RcaSubject, Threshold,
};
use npo_core::guarantee::certificate::CertificateSettings;
use npo_core::learning::posterior::{Logit, Move};
use npo_core::learning::refit::{Calibration, CurvePoint, Evaluation, Parameters, SliceScore};
use npo_core::learning::utility::AuditDraw;
use npo_core::oversight::watch::{Alarm, Watched};
use npo_core::oversight::{Certificate, Hold, Level, Scope, WatchSettings};
use npo_core::{DecisionId, Millis, PersonId, Profile, ScenarioId, Signal, TypeId};

const TYPE: TypeId = TypeId(0);

pub(super) fn add_to(add: &mut impl FnMut(&str, Event)) {
    add("watched", Event::ProfileActivated(Box::new(watched())));
    for (name, made) in decisions() {
        add(name, Event::DecisionMade(Box::new(made)));
    }
    add("volunteered", volunteered());
    for (name, action, cause) in monitor() {
        add(name, Event::MonitorActed { type_id: TYPE, action, cause });
    }
    for (name, look, acted) in [("", 1, false), ("acted", 2, true)] {
        let probability = if acted { 1.0 } else { 0.125 };
        let looked =
            Event::MonitorLooked { type_id: TYPE, look, acted, probability, audited: acted };
        add(name, looked);
    }
    let earned = Some(certificate(1, 0.98));
    for (name, certificate, cause) in [
        ("earned", earned, CertificateCause::Earned),
        ("extended", Some(certificate(3, 0.96)), CertificateCause::Extended),
        ("drift", None, CertificateCause::Drift(alarm(Watched::Certified, None))),
        ("reset", None, CertificateCause::Reset),
        ("again", earned, CertificateCause::Earned),
    ] {
        add(name, Event::CertificateChanged { type_id: TYPE, certificate, cause });
    }
    for level in Level::ALL {
        let reason = "the quarter's review".into();
        add(level.name(), Event::AutonomyChanged { type_id: TYPE, ceiling: level, level, reason });
    }
    let scopes = [
        ("all", Scope::All),
        ("type", Scope::ScenarioType(TYPE)),
        ("site", Scope::Site("fra1".into())),
    ];
    for (name, scope) in scopes {
        let (since, by) = (Millis(1_767_225_700_000), PersonId(1));
        let hold = Hold { scope, since, by, reason: "packet loss at the edge".into() };
        add(name, Event::RedButtonPressed(hold));
    }
    add("", Event::RedButtonReleased { scope: Scope::All, reason: "it was the optics".into() });
    add("", Event::EscalationSettled { type_id: TYPE, reason: "the prior was wrong".into() });
    for (name, recorded) in rca() {
        add(name, Event::RcaRecorded(Box::new(recorded)));
    }
    let frozen =
        DatasetFrozen { id: 1, type_id: TYPE, after: 0, until: 30, rows: 7, digest: [0xda; 32] };
    add("", Event::DatasetFrozen(frozen));
    add("", Event::ModelFitted(Box::new(fitted())));
    let words = || "it fits the lab better".to_owned();
    for (name, model, cause) in [
        ("gate", 1, PromotionCause::Gate),
        ("rollback", 0, PromotionCause::Rollback(words())),
        ("person", 1, PromotionCause::Person(words())),
    ] {
        let (parameters, before) = (parameters(1.0), parameters(0.5));
        let replaced = 1 - model;
        let promoted = ModelPromoted { type_id: TYPE, model, cause, parameters, replaced, before };
        add(name, Event::ModelPromoted(Box::new(promoted)));
    }
}

fn watched() -> Profile {
    Profile {
        name: "watched".into(),
        certificate: Some(CertificateSettings {
            alpha: 0.05,
            delta: 0.0625,
            audit_rate: 0.125,
            alarm_run_length: 5000.0,
        }),
        watch: Some(WatchSettings {
            look_every: 50,
            audit_looks: 0.125,
            run_length: 2000.0,
            margin: 0.0625,
            suppress_rate: 0.5,
            unanswered_rate: 0.25,
            slow_rate: 0.75,
            silence_factor: 20.0,
            silence_min_s: 3600,
            cooldown: 200,
        }),
        ..super::calibrated()
    }
}

/// One decision for each level, and for each scope that can hold one.
fn decisions() -> Vec<(&'static str, DecisionMade)> {
    let utility = Threshold::Utility { theta: 0.75, override_cost: 3.0, optimism: 0.25 };
    let drawn = |probability| AuditDraw { voi: 0.0, voi_average: 0.05, probability, draw: 0.5 };
    let made = |i, disposition| DecisionMade {
        new_scenario: None,
        ..super::decision(i, disposition, utility)
    };
    let held =
        |i, scope| DecisionMade { held: Some(Box::new(scope)), ..made(i, Disposition::Abstained) };
    vec![
        (
            "shadow",
            DecisionMade {
                level: Level::Shadow,
                audit: Some(drawn(1.0)),
                asked: 1.0,
                ..made(6, Disposition::Audit)
            },
        ),
        ("approve", DecisionMade { level: Level::Approve, ..made(7, Disposition::Surfaced) }),
        (
            "certified",
            DecisionMade {
                level: Level::Automatic,
                certified: Some(0.98),
                alpha: Some(0.05),
                audit: Some(drawn(0.125)),
                asked: 0.125,
                score: 0.984_375,
                scenario: ScenarioId(2),
                ..made(8, Disposition::Automatic)
            },
        ),
        ("held-all", held(9, Scope::All)),
        ("held-type", held(10, Scope::ScenarioType(TYPE))),
        ("held-site", held(11, Scope::Site("fra1".into()))),
    ]
}

fn volunteered() -> Event {
    let (_, first) = super::feedback().remove(0);
    Event::FeedbackGiven(Box::new(npo_core::event::FeedbackGiven {
        decision: DecisionId(8),
        scenario: ScenarioId(2),
        signal: Signal::Override,
        lesson: Lesson::None(NotLearned::Volunteered),
        arm: None,
        ..first
    }))
}

fn alarm(watched: Watched, site: Option<&str>) -> Alarm {
    Alarm {
        watched,
        site: site.map(Into::into),
        e_value: 2048.5,
        run_length: 2000.0,
        seen: 40,
        hits: 25,
        expected: 8.25,
    }
}

fn monitor() -> [(&'static str, MonitorAction, Cause); 6] {
    let alarmed = |watched, site| Cause::Alarm(alarm(watched, site));
    let silence = Cause::Silence { since: Millis(1_767_225_600_000), usual_gap_ms: 61_000.5 };
    [
        ("surprise", MonitorAction::Retrain, alarmed(Watched::Surprise, None)),
        ("certified", MonitorAction::Adapt, alarmed(Watched::Certified, None)),
        ("override-rate", MonitorAction::Suppress, alarmed(Watched::OverrideRate, None)),
        ("unanswered", MonitorAction::Escalate, alarmed(Watched::Unanswered, None)),
        ("slow-answers", MonitorAction::Escalate, alarmed(Watched::SlowAnswers, Some("fra1"))),
        ("silence", MonitorAction::Escalate, silence),
    ]
}

fn certificate(rung: u8, theta: f64) -> Certificate {
    let (alpha, delta) = (0.05, 0.0625);
    Certificate { rung, theta, alpha, delta, labels: 180, overrides: 2, e_value: 224.5 }
}

fn rca() -> [(&'static str, RcaRecorded); 2] {
    let lesson = Lesson::Posterior {
        before: Logit { mean: 1.125, variance: 2.5 },
        planned: Move { gradient: -0.25, shrinkage: 0.125, effect_variance: 0.5 },
        reliability: 1.0,
        responsibility: None,
    };
    let decision = RcaRecorded {
        subject: RcaSubject::Decision { id: DecisionId(0), right: false },
        note: Some("the other end flapped".into()),
        answers: vec![(PersonId(1), false), (PersonId(2), true)],
        place: Some((TYPE, ScenarioId(0))),
        lesson,
    };
    let look = RcaRecorded {
        subject: RcaSubject::Look { type_id: TYPE, look: 2, should_act: true },
        note: None,
        answers: vec![],
        place: None,
        lesson: Lesson::None(NotLearned::Weightless),
    };
    [("decision", decision), ("look", look)]
}

/// Four inputs, as the scenario type has.
fn parameters(scale: f64) -> Parameters {
    let covariance = (0..16).map(|i| if i % 5 == 0 { scale } else { 0.0625 * scale }).collect();
    let effects = vec![(ScenarioId(0), 0.25 * scale, 0.5), (ScenarioId(2), -0.125, 0.75)];
    Parameters { mean: vec![scale, -0.5, 0.25, -1.5], covariance, effects }
}

fn fitted() -> ModelFitted {
    let slice = |slice: &str, regressed| SliceScore {
        slice: slice.into(),
        rows: 40,
        before: 0.5,
        after: 0.375,
        difference: (-0.25, 0.0625),
        regressed,
    };
    let calibration = |slope| Calibration {
        rows: 80,
        brier: (0.125, 0.0625, 0.25),
        ece: (0.03125, 0.0, 0.0625),
        slope,
        curve: vec![CurvePoint {
            predicted: 0.875,
            observed: 0.75,
            interval: (0.5, 0.9375),
            rows: 80,
        }],
    };
    ModelFitted {
        id: 1,
        type_id: TYPE,
        dataset: 1,
        drift: 0.001,
        parameters: parameters(0.75),
        evaluation: Evaluation {
            trained: 240,
            held_out: 80,
            slices: vec![slice("all", false), slice("site=fra1", true)],
            before: calibration(Some(0.875)),
            after: calibration(None),
            passed: false,
            reason: "`site=fra1` got worse".into(),
        },
    }
}
