//! Replay: whatever was ordered, in whatever order, folding the log gives the same bytes.
//!
//! Random orders, sound and unsound, go through `decide`; what they lead to is written to a log in
//! its stored form.
//! The log alone, and a state that was stored half way, must lead to the state that lived through
//! it all.

#[path = "replay/steps.rs"]
mod steps;
#[path = "support/world.rs"]
mod world;

use std::sync::Arc;

use npo_core::event::{
    Cause, CertificateCause, Disposition, Lesson, NotLearned, PromotionCause, RcaSubject,
    RequestKey, Verdict,
};
use npo_core::oversight::{Level, Oversight};
use npo_core::people::NPO;
use npo_core::state::{Closing, Open, TypeState};
use npo_core::{
    Command, DecisionId, Draws, Envelope, Event, Inputs, Millis, PersonId, Profile, ScenarioId,
    State, decide, react, stored,
};
use proptest::prelude::*;
use steps::{Gathered, Step, command, eager, expand, gathered};
use world::bytes;

/// A state that lives through orders, and its log.
struct Live {
    state: State,
    at: i64,
    log: Vec<(u16, u8, Vec<u8>)>,
}

impl Live {
    /// A world in which something can happen: a type, and operators.
    fn new() -> Self {
        let mut live = Self { state: State::default(), at: 0, log: Vec::new() };
        let people = (0..3).map(|handle| Step::Add { handle, admin: handle == 0 });
        live.activate(eager(Profile::calibrated()));
        for step in people.chain([Step::Type { name: 0, skip: 1, shape: 0 }]) {
            let (audit, seed, arm, allow) = (0.5, 0, None, Some(true));
            live.order(&Gathered { step, actor: 0, request: None, audit, seed, arm, allow });
        }
        live
    }

    fn activate(&mut self, profile: Profile) {
        let draws = Draws { audit: 0.5, seed: 0, arm: None };
        let inputs = Inputs { at: Millis(0), actor: NPO, request: None, draws, verdict: None };
        let command = Command::ActivateProfile(Box::new(profile));
        self.keep(&decide(&self.state, &command, &inputs).expect("is accepted"));
    }

    fn order(&mut self, gathered: &Gathered) {
        if let Some(steps) = expand(&gathered.step) {
            return steps.into_iter().for_each(|step| {
                self.order(&Gathered { step, request: None, ..gathered.clone() });
            });
        }
        if let Step::Wait(ms) = gathered.step {
            self.at += ms;
        }
        let Some(command) = command(&self.state, &gathered.step) else { return };
        let Gathered { audit, seed, arm, .. } = *gathered;
        let verdict = gathered
            .allow
            .map(|allow| Arc::new(Verdict { allow, bundle: [7; 32], rules: vec![], error: None }));
        let inputs = Inputs {
            at: Millis(self.at),
            actor: PersonId(gathered.actor),
            request: gathered.request.map(|i| RequestKey { key: [i; 16], content: [i; 8] }),
            draws: Draws { audit, seed, arm },
            verdict,
        };
        match decide(&self.state, &command, &inputs) {
            Ok(events) => {
                self.keep(&events);
                let follow = react(&self.state, &events, seed);
                assert!(follow.iter().all(|e| e.actor == NPO && e.request.is_none()));
                self.keep(&follow);
            }
            Err(rejection) => {
                let message = rejection.to_string();
                assert!(!message.contains('\n') && message.len() < 2_000, "{message}");
            }
        }
    }

    fn keep(&mut self, events: &[Envelope]) {
        for envelope in events {
            assert!(envelope.at >= self.state.last_at(), "the log's time steps back");
            let (kind, version, bytes) = stored::encode(envelope);
            // Not equal to itself if it held a NaN.
            assert_eq!(stored::decode(kind, version, &bytes), Ok(envelope.clone()));
            self.state.apply(envelope);
            self.log.push((kind, version, bytes));
        }
    }

    fn folded(&self, mut state: State, from: usize) -> State {
        for (kind, version, bytes) in &self.log[from..] {
            state.apply(&stored::decode(*kind, *version, bytes).expect("decodes"));
        }
        state
    }
}

/// What must hold of any state.
fn check_sound(state: &State) {
    let finite = |what: &str, values: &[f64]| {
        assert!(values.iter().all(|v| v.is_finite()), "{what}: {values:?}");
    };
    let probability = |what: &str, p: f64| assert!((0.0..=1.0).contains(&p), "{what}: {p}");
    for type_state in state.types() {
        if let Some(posterior) = &type_state.posterior {
            finite("weights", &posterior.mean);
            finite("covariance", posterior.covariance());
            let variances = posterior.covariance().iter().step_by(posterior.dim() + 1);
            assert!(variances.into_iter().all(|v| *v > 0.0), "a variance is not positive");
        }
        if let Some(bandit) = &type_state.bandit {
            assert!(bandit.alpha.iter().chain(&bandit.beta).all(|e| e.is_finite() && *e >= 1.0));
        }
        let tally = &type_state.tally;
        finite(
            "type",
            &[type_state.voi_average, tally.loss_sum, tally.episode_loss_sum, tally.reward_average],
        );
        assert_eq!(tally.decisions_total(), type_state.decisions);
        probability("window", type_state.window.mean());
        let way: Vec<u32> = type_state.replaced.iter().map(|known| known.model).collect();
        let models: std::collections::BTreeSet<u32> = way.iter().copied().collect();
        assert!(models.len() == way.len() && !models.contains(&type_state.model), "{way:?}");
        assert!(type_state.replaced.is_sorted_by(|a, b| a.at < b.at));
        check_overseen(state, type_state);
        assert!(type_state.rows.iter().all(|row| row.x.iter().all(|x| x.is_finite())));
    }
    for i in 0..state.scenarios().len() {
        let id = ScenarioId(u32::try_from(i).expect("few"));
        let effect = state.scenarios().effect(id).expect("dense");
        finite("effect", &[effect.mean]);
        assert!(effect.variance.is_finite() && effect.variance >= 0.0);
        probability("score", effect.score);
    }
    for i in 0..state.people().len() {
        let trust = state.trust(PersonId(u32::try_from(i).expect("few"))).expect("dense");
        probability("reliability", trust.reliability());
    }
    let open: Vec<_> =
        (0..state.open().next_id().0).filter_map(|id| state.open().get(DecisionId(id))).collect();
    let waits = |o: &&&Open| o.asked && o.closing == Closing::Open && o.answers.is_empty();
    let waiting = open.iter().filter(waits).count();
    assert_eq!(state.open().waiting(), waiting as u64);
    let (_, total) = state.open().in_flight.count(None, state.last_at());
    let by_site = ["s0", "s1"].map(|site| {
        let site = state.scenarios().site_named(site);
        state.open().in_flight.count(site, state.last_at()).0
    });
    assert_eq!(by_site.iter().sum::<u32>(), total, "every action in flight is at its site");
}

/// What must hold of who may act without whom.
fn check_overseen(state: &State, type_state: &TypeState) {
    let Oversight { ceiling, evidence, certificate, drift, stops, watch, .. } =
        &type_state.oversight;
    let level = type_state.oversight.level();
    assert_eq!(level == Level::Automatic, *ceiling == Level::Automatic && certificate.is_some());
    assert_eq!(evidence.is_some(), state.profile().certificate.is_some());
    assert!(certificate.is_none() || evidence.is_some());
    let gauges =
        [drift, stops.gauge(), &watch.surprise, &watch.overrides, &watch.unanswered, &watch.slow];
    for gauge in gauges.into_iter().chain(watch.sites.iter().map(|(_, gauge)| gauge)) {
        assert!(gauge.value().is_finite() && gauge.value() >= 0.0, "{gauge:?}");
        assert!(gauge.hits <= gauge.seen && gauge.expected <= gauge.seen as f64, "{gauge:?}");
    }
    assert!(
        watch.looked <= watch.episodes && watch.retrained.is_none_or(|at| at <= watch.episodes)
    );
    for looks in [watch.looks.acted, watch.looks.silent] {
        assert!(looks.right <= looks.audited && looks.audited <= looks.total, "{looks:?}");
    }
    let since = state.types()[0].oversight.watch.looks_drawn_alike();
    for looks in [since.acted, since.silent] {
        assert!(looks.right <= looks.audited && looks.audited <= looks.total, "{looks:?}");
    }
    assert!(watch.audits.is_sorted_by(|a, b| a.look < b.look));
    assert!(watch.audits.iter().all(|audit| audit.look < watch.next_look()));
    let scopes: std::collections::BTreeSet<_> =
        state.holds().iter().map(|hold| &hold.scope).collect();
    assert_eq!(scopes.len(), state.holds().len(), "no scope is held twice");
}

proptest! {
    // The failing orders are printed, as few as will do; PROPTEST_CASES=5000 digs deeper.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn folding_the_log_gives_the_same_bytes(steps in prop::collection::vec(gathered(), 1..250)) {
        let mut live = Live::new();
        let mut halfway = (live.log.len(), bytes(&live.state));
        for (i, step) in steps.iter().enumerate() {
            if i == steps.len() / 2 {
                halfway = (live.log.len(), bytes(&live.state));
            }
            live.order(step);
            if i % 32 == 31 {
                check_sound(&live.state);
                prop_assert!(bytes(&live.folded(State::default(), 0)) == bytes(&live.state), "after {} steps", i + 1);
            }
        }
        check_sound(&live.state);
        let expected = bytes(&live.state);
        prop_assert_eq!(live.state.position(), live.log.len() as u64);
        prop_assert!(bytes(&live.folded(State::default(), 0)) == expected, "the whole log");
        let (from, stored) = halfway;
        let restored: State = postcard::from_bytes(&stored).expect("decodes");
        prop_assert!(bytes(&restored) == stored, "a stored state reads back as it was");
        prop_assert!(bytes(&live.folded(restored, from)) == expected, "from half way on");
    }
}

/// A given step under a given audit draw.
fn direct(live: &mut Live, step: Step, audit: f64) {
    let (seed, arm, allow) = (3, None, Some(true));
    live.order(&Gathered { step, actor: 1, request: None, audit, seed, arm, allow });
}

fn burst(signal: usize) -> Step {
    Step::Burst { count: 19, raw: [0.0, 2.0], site: 0, signal, wait_ms: 1_000 }
}

/// Certifies what is recommended and then, in the shadow, more: chance hardly gets there.
fn widen(live: &mut Live) {
    let shadow = Step::Grant { type_id: 0, level: 0 };
    for step in [burst(0), burst(0), shadow, burst(0), burst(0)] {
        direct(live, step, 0.5);
    }
}

/// Earns automatic action, and loses it in one of the ways in which it can be lost.
fn earn_and_lose(live: &mut Live, losing: Step, audit: f64) {
    let liked = 0;
    direct(live, Step::Grant { type_id: 0, level: 3 }, audit);
    for _ in 0..12 {
        direct(live, burst(liked), 0.0);
    }
    direct(live, losing, audit);
}

/// Random runs that must, together, have been through everything; always the same ones.
const RUNS: u32 = 40;

#[test]
fn the_random_orders_reach_every_kind_of_event() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut kinds = std::collections::BTreeMap::new();
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    let mut refused = 0;
    let (overridden, audited, not_audited) = (3, 0.0, 0.999);
    for run in 0..RUNS {
        let mut live = Live::new();
        match run {
            0 => widen(&mut live),
            1 => {
                earn_and_lose(&mut live, burst(overridden), audited);
                // The monitor was quicker, and is told to go on.
                (0..5).for_each(|scope| direct(&mut live, Step::Release { scope }, audited));
                direct(&mut live, Step::Settle { type_id: 0 }, audited);
                direct(&mut live, burst(overridden), audited);
            }
            2 => earn_and_lose(&mut live, burst(overridden), not_audited),
            3 => earn_and_lose(&mut live, Step::Lapse { count: 25 }, audited),
            _ => {}
        }
        for _ in 0..200 {
            let step = gathered().new_tree(&mut runner).expect("a step").current();
            let before = live.log.len();
            live.order(&step);
            refused += usize::from(live.log.len() == before);
        }
        for (kind, version, bytes) in live.log {
            *kinds.entry(kind).or_insert(0) += 1;
            let envelope = stored::decode(kind, version, &bytes).expect("decodes");
            for what in notable(&envelope) {
                *seen.entry(what).or_insert(0) += 1;
            }
        }
    }
    eprintln!("{seen:#?}");
    for what in NOTABLE {
        assert!(seen.contains_key(what), "no `{what}` in {seen:#?}");
    }
    eprintln!("events by kind: {kinds:?}, orders without any: {refused} of {}", RUNS * 200);
    let all: Vec<u16> = (1..=7).chain(10..=27).collect();
    assert_eq!(kinds.into_keys().collect::<Vec<_>>(), all);
}

/// What the random runs must have been through.
const NOTABLE: [&str; 33] = [
    "decision surfaced",
    "decision abstained",
    "decision blocked",
    "decision audit",
    "decision escalated",
    "decision automatic",
    "decision automatic audited",
    "decision held",
    "decision in the shadow",
    "adapt on certified",
    "adapt on stopped",
    "retrain on surprise",
    "escalate on surprise",
    "escalate on surprise at a site",
    "suppress on override-rate",
    "escalate on unanswered",
    "escalate on slow-answers",
    "escalate on silence",
    "retrain on a window",
    "certificate earned",
    "certificate extended",
    "certificate lost to drift",
    "certificate reset",
    "certificate lapsed",
    "held by npo",
    "held by a person",
    "look acted",
    "look silent",
    "look audited",
    "verdict on a look",
    "verdict on a decision",
    "volunteered answer",
    "promoted by gate",
];

fn notable(envelope: &Envelope) -> Vec<String> {
    match &envelope.event {
        Event::DecisionMade(made) => {
            let mut what = vec![format!("decision {}", made.disposition.name())];
            if made.disposition == Disposition::Automatic && made.asks() {
                what.push("decision automatic audited".into());
            }
            what.extend(made.held.as_ref().map(|_| "decision held".to_owned()));
            what.extend((made.level == Level::Shadow).then(|| "decision in the shadow".to_owned()));
            what
        }
        Event::MonitorActed { action, cause, .. } => {
            let on = match cause {
                Cause::Window(_) => "a window".to_owned(),
                Cause::Silence { .. } => "silence".to_owned(),
                Cause::Alarm(alarm) => {
                    let site = if alarm.site.is_some() { " at a site" } else { "" };
                    format!("{}{site}", alarm.watched.name())
                }
            };
            vec![format!("{} on {on}", action.name())]
        }
        Event::CertificateChanged { cause, .. } => vec![match cause {
            CertificateCause::Earned => "certificate earned".into(),
            CertificateCause::Extended => "certificate extended".into(),
            CertificateCause::Drift(_) => "certificate lost to drift".into(),
            CertificateCause::Reset => "certificate reset".into(),
            CertificateCause::Unwatched => "certificate lapsed".into(),
        }],
        Event::RedButtonPressed(hold) if hold.by == NPO && hold.reason != "halt" => {
            vec!["held by npo".into()]
        }
        Event::RedButtonPressed(_) => vec!["held by a person".into()],
        Event::MonitorLooked { acted, audited, .. } => {
            let mut what = vec![if *acted { "look acted" } else { "look silent" }.to_owned()];
            what.extend(audited.then(|| "look audited".to_owned()));
            what
        }
        Event::RcaRecorded(rca) => vec![match rca.subject {
            RcaSubject::Look { .. } => "verdict on a look".into(),
            RcaSubject::Decision { .. } => "verdict on a decision".into(),
        }],
        Event::FeedbackGiven(feedback)
            if feedback.lesson == Lesson::None(NotLearned::Volunteered) =>
        {
            vec!["volunteered answer".into()]
        }
        Event::ModelPromoted(promoted) => vec![match promoted.cause {
            PromotionCause::Gate => "promoted by gate".into(),
            PromotionCause::Person(_) => "promoted by a person".into(),
            PromotionCause::Rollback(_) => "rolled back".into(),
        }],
        _ => vec![],
    }
}
