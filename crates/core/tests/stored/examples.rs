//! One event of every kind and more, with all fields filled and every variant used somewhere.
//!
//! They are a small history: folded in order, they make the kept state. New ones go to the end.

#[path = "oversight.rs"]
mod oversight;

use std::sync::Arc;

use npo_core::event::{
    Cause, Channel, DecisionMade, Disposition, FeedbackGiven, Lesson, MonitorAction, NewScenario,
    NotLearned, Outcome, OutcomeResult, PolicyRef, Provenance, RcaRecorded, RcaSubject, RequestKey,
    RuleHit, Threshold, Verdict,
};
use npo_core::ids::TokenId;
use npo_core::learning::posterior::{Logit, Move, PosteriorSettings};
use npo_core::learning::retrain::RetrainSettings;
use npo_core::learning::trust::{Trust, TrustSettings};
use npo_core::learning::utility::{AuditDraw, AuditSettings};
use npo_core::learning::window::{Finding, MonitorSettings};
use npo_core::oversight::Level;
use npo_core::people::{Group, Person, Role, Token};
use npo_core::profile::{Scorer, Selector};
use npo_core::proposal::{
    Fact, FactValue, NetworkView, Text, ViewChange, ViewLink, ViewNode, WhatIf,
};
use npo_core::scenario_type::{Action, Feature, Risk, ScenarioType};
use npo_core::signal::{FeedbackTable, SignalWorth};
use npo_core::{
    DecisionId, Envelope, Event, Millis, PersonId, Profile, ScenarioId, Signal, TypeId,
};

/// All examples, with the names of their files.
pub(crate) fn examples() -> Vec<(String, Envelope)> {
    let mut all = Vec::new();
    let mut add = |name: &str, event: Event| {
        let i = all.len();
        let file = if name.is_empty() {
            event.name().to_owned()
        } else {
            format!("{}.{name}", event.name())
        };
        all.push((file, envelope(i, event)));
    };
    add("calibrated", Event::ProfileActivated(Box::new(calibrated())));
    add("moving-average", Event::ProfileActivated(Box::new(paper(thompson(), window()))));
    add(
        "fixed",
        Event::ProfileActivated(Box::new(paper(
            Selector::Fixed { theta: 0.7 },
            MonitorSettings::Off,
        ))),
    );
    add(
        "random",
        Event::ProfileActivated(Box::new(paper(
            Selector::Random { arms: vec![0.25, 0.75] },
            MonitorSettings::Periodic { period: 50 },
        ))),
    );
    add("again", Event::ProfileActivated(Box::new(calibrated())));
    for (i, risk) in [Risk::Low, Risk::Medium, Risk::High, Risk::Critical].into_iter().enumerate() {
        let type_id = TypeId(u32::try_from(i).expect("small"));
        let definition = Arc::new(scenario_type(risk));
        add(risk.name(), Event::ScenarioTypeActivated { type_id, definition });
    }
    add(
        "",
        Event::PolicyActivated(PolicyRef {
            digest: [0xd1; 32],
            name: "default".into(),
            version: "2026.1".into(),
        }),
    );
    add("", Event::PersonAdded { id: PersonId(1), person: person(&Role::ALL, true) });
    add(
        "",
        Event::PersonChanged {
            id: PersonId(1),
            person: person(&[Role::Operator, Role::Admin], true),
        },
    );
    add(
        "operator",
        Event::PersonAdded {
            id: PersonId(2),
            person: Person { handle: "bob".into(), ..person(&[Role::Operator], false) },
        },
    );
    add("", Event::TokenIssued(token(0, Some(Millis(1_900_000_000_000)))));
    add("endless", Event::TokenIssued(token(1, None)));
    add("", Event::TokenRevoked(TokenId(1)));
    for (i, (disposition, threshold)) in decisions().into_iter().enumerate() {
        add(disposition.name(), Event::DecisionMade(Box::new(decision(i, disposition, threshold))));
    }
    for (name, feedback) in feedback() {
        add(name, Event::FeedbackGiven(Box::new(feedback)));
    }
    add("", Event::DecisionExpired(DecisionId(3)));
    add(
        "",
        Event::DecisionWithdrawn { id: DecisionId(5), reason: "the alert resolved — é".into() },
    );
    for result in OutcomeResult::ALL {
        let filled = result == OutcomeResult::Recovered;
        let note = filled.then(|| "after\ntwo tries".into());
        let outcome = Outcome { result, time_to_recover_ms: filled.then_some(300_000), note };
        add(result.name(), Event::OutcomeObserved { id: DecisionId(0), outcome });
    }
    let finding = Finding { episodes: 40, losses: 30, mean_loss: 0.25, tolerance: 0.15 };
    let (type_id, action, cause) = (TypeId(0), MonitorAction::Retrain, Cause::Window(finding));
    add("", Event::MonitorActed { type_id, action, cause });
    let weights = [2.0, -0.75, 0.5, -0.125].as_slice().into();
    add("", Event::ModelRetrained { type_id: TypeId(0), weights, rows: 30 });
    oversight::add_to(&mut add);
    let trust =
        TrustSettings { right: 1.6, wrong: 0.4, alarm_run_length: Some(500.0), pooled: false };
    let doubted = Profile { trust: Some(trust), ..calibrated() };
    add("doubted", Event::ProfileActivated(Box::new(doubted)));
    let mut viewed = decision(6, Disposition::Surfaced, Threshold::Fixed { theta: 0.7 });
    viewed.text = Some(Arc::new(Text { network: Some(Box::new(network_view())), ..text(6) }));
    add("viewed", Event::DecisionMade(Box::new(viewed)));
    let pooled = TrustSettings { pooled: true, ..trust };
    let pooled = Profile { trust: Some(pooled), ..calibrated() };
    add("pooled", Event::ProfileActivated(Box::new(pooled)));
    let group = Group { site: "fra1".into(), team: "leaf-ops".into() };
    let grouped = Person { handle: "eve".into(), group, ..person(&[Role::Operator], true) };
    add("grouped", Event::PersonAdded { id: PersonId(3), person: grouped.clone() });
    let moved = Person { group: Group { team: String::new(), ..grouped.group.clone() }, ..grouped };
    add("grouped", Event::PersonChanged { id: PersonId(3), person: moved });
    let start = Trust { right: 6.25, wrong: 3.75 };
    add("", Event::ReliabilityPooled { person: PersonId(3), start });
    let (id, place) = (DecisionId(0), Some((TypeId(0), ScenarioId(0))));
    let late = RcaRecorded {
        subject: RcaSubject::Decision { id, right: false },
        note: Some("post-mortem 17".into()),
        answers: vec![(PersonId(1), false)],
        place,
        lesson: Lesson::None(NotLearned::Forgotten),
    };
    add("late", Event::RcaRecorded(Box::new(late)));
    all
}

fn envelope(i: usize, event: Event) -> Envelope {
    let byte = u8::try_from(i).expect("few examples");
    // Every other one was asked for with a key.
    let request =
        i.is_multiple_of(2).then_some(RequestKey { key: [byte; 16], content: [byte ^ 0xff; 8] });
    let at = Millis(1_767_225_600_000 + i64::from(byte) * 1000);
    Envelope { at, actor: PersonId(u32::from(byte) * 100), request, event }
}

fn calibrated() -> Profile {
    Profile {
        name: "calibrated".into(),
        scorer: Scorer::Hierarchical(PosteriorSettings {
            weight_variance: 1.0,
            effect_variance: 0.5,
            weight_drift: 3e-4,
            effect_drift: 3e-5,
        }),
        selector: Selector::Utility { optimism: 0.25 },
        audit: Some(AuditSettings { rate: 0.03, average_rate: 0.01, average_start: 0.05 }),
        trust: Some(TrustSettings {
            right: 4.5,
            wrong: 0.5,
            alarm_run_length: None,
            pooled: false,
        }),
        ..paper(thompson(), MonitorSettings::Off)
    }
}

/// Spelt out, since the built-in profiles may change and stored ones may not.
fn paper(selector: Selector, monitor: MonitorSettings) -> Profile {
    let worth = |label, weight, loss, reward| SignalWorth { label, weight, loss, reward };
    Profile {
        name: "paper".into(),
        scorer: Scorer::MovingAverage { rate: 0.1 },
        selector,
        audit: None,
        trust: None,
        monitor,
        retrain: RetrainSettings {
            age_weight: 0.998,
            precision: 1.0,
            pseudo_count: 2.0,
            bandit_fade: 0.5,
            rows_max: 5000,
        },
        feedback: FeedbackTable {
            like: worth(1.0, 1.0, 0.0, 1.0),
            neutral: worth(0.5, 0.5, 0.5, 0.0),
            skipped: worth(0.4, 0.25, 0.25, -0.1),
            override_: worth(0.0, 1.0, 1.0, -1.0),
        },
        abstain_loss: 0.25,
        reward_rate: 0.05,
        in_flight_s: 3600,
        retention_s: 86_400,
        certificate: None,
        watch: None,
    }
}

fn thompson() -> Selector {
    Selector::Thompson { arms: vec![0.5, 0.7, 0.9], discount: 0.99 }
}

fn window() -> MonitorSettings {
    MonitorSettings::Window { window: 30, at_least: 15, tolerance: 0.15, every: 10, cooldown: 20 }
}

fn scenario_type(risk: Risk) -> ScenarioType {
    let feature = |name: &str, scale, prior| Feature {
        name: name.into(),
        title: "Flaps".into(),
        unit: "1/h".into(),
        description: "State changes per hour.".into(),
        min: 0.0,
        max: 1000.0,
        center: 10.0,
        scale,
        prior,
    };
    let action = |name: &str, prior, reversible| Action {
        name: name.into(),
        title: "Remove the link".into(),
        description: "Shut the interface.".into(),
        prior,
        reversible,
    };
    ScenarioType {
        name: format!("link-flapping-{}", risk.name()),
        version: 1,
        title: "A link goes up and down".into(),
        description: "Counted over the last hour.".into(),
        risk,
        expires_after_s: 1800,
        override_cost: 3.0,
        prior_intercept: 0.5,
        features: vec![feature("flaps", 5.0, 0.5), feature("spare", 1.0, -0.25)],
        actions: vec![action("remove-link", 0.0, true), action("drain-node", -1.5, false)],
    }
}

fn person(roles: &[Role], active: bool) -> Person {
    Person {
        handle: "ann".into(),
        name: "Ann Ängström".into(),
        roles: roles.to_vec(),
        active,
        group: Group::default(),
    }
}

fn token(id: u32, expires: Option<Millis>) -> Token {
    Token {
        id: TokenId(id),
        person: PersonId(1),
        digest: [u8::try_from(id).expect("small") + 0xa0; 32],
        label: "laptop".into(),
        issued: Millis(1_767_225_600_000),
        expires,
        revoked: false,
    }
}

fn decisions() -> [(Disposition, Threshold); 6] {
    let utility = Threshold::Utility { theta: 0.75, override_cost: 3.0, optimism: 0.25 };
    let drawn =
        Threshold::Thompson { arm: 1, theta: 0.7, draw: Some(0.8125), alpha: 1.5, beta: 2.5 };
    let given = Threshold::Thompson { arm: 2, theta: 0.9, draw: None, alpha: 1.0, beta: 1.0 };
    [
        (Disposition::Surfaced, utility),
        (Disposition::Abstained, Threshold::Fixed { theta: 0.7 }),
        (Disposition::Blocked, Threshold::Random { arm: 0, theta: 0.25 }),
        (Disposition::Audit, drawn),
        (Disposition::Escalated, given),
        (Disposition::Automatic, utility),
    ]
}

fn decision(i: usize, disposition: Disposition, threshold: Threshold) -> DecisionMade {
    let id = u32::try_from(i).expect("small");
    let allow = disposition != Disposition::Blocked;
    let rule = RuleHit { rule: "redundancy".into(), message: "1 link would remain".into() };
    let linear = i.is_multiple_of(2);
    let audit = (disposition == Disposition::Audit).then_some(AuditDraw {
        voi: 0.0625,
        voi_average: 0.05,
        probability: 0.0375,
        draw: 0.03125,
    });
    DecisionMade {
        id: DecisionId(u64::from(id)),
        type_id: TypeId(0),
        type_version: 1,
        generation: 4,
        model_updates: 17,
        profile: 5,
        scenario: ScenarioId(id / 2),
        new_scenario: linear.then(|| {
            Box::new(NewScenario { entity: format!("leaf{id}→spine1"), site: "fra1".into() })
        }),
        action: u8::from(!linear),
        raw: [12.5, 3.0].as_slice().into(),
        x: [1.0, 0.5, -7.0, 1.0].as_slice().into(),
        contributions: if linear {
            [0.5, 0.25, 1.75, -1.5].as_slice().into()
        } else {
            npo_core::Vector::new()
        },
        effect: 0.125,
        logit: linear.then_some(Logit { mean: 1.125, variance: 2.5 }),
        score: 0.6875,
        compared: 0.8125,
        threshold,
        audit,
        verdict: Arc::new(Verdict {
            allow,
            bundle: [0xd1; 32],
            rules: vec![rule],
            error: (!allow).then(|| "the rule `window` timed out".into()),
        }),
        disposition,
        expires_at: Millis(1_767_227_400_000 + i64::from(id)),
        text: linear.then(|| Arc::new(text(id))),
        level: Level::Recommend,
        certified: None,
        alpha: None,
        asked: match disposition {
            Disposition::Surfaced | Disposition::Escalated => 1.0,
            _ => audit.map_or(0.0, |draw| draw.probability),
        },
        held: None,
    }
}

fn network_view() -> NetworkView {
    let node = |name: &str, stands_for, position| ViewNode {
        name: name.into(),
        stands_for,
        tier: u8::from(stands_for > 1),
        position,
        touched: stands_for == 1,
    };
    let link = |change, after| ViewLink {
        from: 0,
        to: 1,
        links: 4,
        change,
        before_bps: [3e10, 1.5e9],
        after_bps: [2.5e10, 0.0],
        before: [Some(0.75), None],
        after: [after, None],
    };
    NetworkView {
        nodes: vec![node("spine2", 1, Some([8.5, 50.25])), node("7 leaves at fra1", 7, None)],
        links: vec![
            link(ViewChange::Removed, None),
            link(ViewChange::Thinned, Some(1.25)),
            link(ViewChange::Changed, Some(0.5)),
            link(ViewChange::Stays, Some(0.75)),
        ],
        nodes_hidden: 300,
        limit: 0.5,
    }
}

fn text(id: u32) -> Text {
    let fact = |name: &str, value| Fact {
        name: name.into(),
        value,
        unit: "1".into(),
        source: "fabric".into(),
    };
    Text {
        target: "leaf3:et-0/0/1".into(),
        facts: vec![
            fact("redundancy_left", FactValue::Number(3.0)),
            fact("role", FactValue::Text("leaf".into())),
            fact("protected", FactValue::Flag(false)),
        ],
        evidence: vec!["12 flaps in the last hour".into(), "optics −7.1 dBm".into()],
        what_if: vec![WhatIf { name: "peak".into(), unit: "%".into(), before: 62.0, after: 71.5 }],
        correlation: Some(format!("alert-{id}")),
        network: None,
    }
}

fn feedback() -> Vec<(&'static str, FeedbackGiven)> {
    let posterior = |responsibility| Lesson::Posterior {
        before: Logit { mean: 1.125, variance: 2.5 },
        planned: Move { gradient: 0.25, shrinkage: 0.125, effect_variance: 0.5 },
        reliability: 0.9375,
        responsibility,
    };
    let none = Lesson::None;
    let given = |decision: u64, signal: Signal, channel, lesson| FeedbackGiven {
        decision: DecisionId(decision),
        type_id: TypeId(0),
        scenario: ScenarioId(u32::try_from(decision / 2).expect("small")),
        by: PersonId(1),
        signal,
        provenance: Provenance {
            channel,
            open_ms: 61_000,
            viewed_ms: Some(7_250),
            explanation: Some(1),
            reason: Some("the optics were changed".into()),
            confidence: Some(0.875),
            consent: true,
        },
        worth: SignalWorth { label: 1.0, weight: 1.0, loss: 0.0, reward: 1.0 },
        lesson,
        arm: Some(1),
        score_before: 0.6875,
        score_after: 0.75,
        first: true,
    };
    let bare = |feedback: FeedbackGiven| FeedbackGiven {
        by: PersonId(2),
        provenance: Provenance {
            viewed_ms: None,
            explanation: None,
            reason: None,
            confidence: None,
            consent: false,
            ..feedback.provenance
        },
        arm: None,
        first: false,
        ..feedback
    };
    vec![
        ("posterior", given(0, Signal::Like, Channel::Console, posterior(Some(0.96875)))),
        ("undirected", given(3, Signal::Neutral, Channel::Api, posterior(None))),
        (
            "moving-average",
            bare(given(0, Signal::Override, Channel::Cli, Lesson::MovingAverage { after: 0.625 })),
        ),
        ("weightless", given(4, Signal::Skipped, Channel::Chat, none(NotLearned::Weightless))),
        ("no-consent", bare(given(4, Signal::Like, Channel::Watch, none(NotLearned::NoConsent)))),
        (
            "stale-model",
            given(5, Signal::Override, Channel::Simulation, none(NotLearned::StaleModel)),
        ),
        (
            "fixed-scorer",
            bare(given(5, Signal::Like, Channel::Console, none(NotLearned::FixedScorer))),
        ),
    ]
}
