//! Explanations whole, as people read them, and the promise that whatever is decided can be
//! explained.
//!
//! The expected texts are `tests/explain/*.txt`; run with `UPDATE_SNAPSHOTS=1` to write them anew
//! and read the difference.

#[path = "support/mod.rs"]
mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use npo_core::decide::AnswerOrder;
use npo_core::event::{Channel, DecisionMade, Disposition, Event, Provenance, RuleHit, Verdict};
use npo_core::explain::{Explanation, explain, headline, interval};
use npo_core::learning::utility::AuditDraw;
use npo_core::oversight::{Level, Scope};
use npo_core::profile::Selector;
use npo_core::proposal::{Fact, FactValue, Proposal, ScenarioRef, Text, WhatIf};
use npo_core::scenario_type::ScenarioType;
use npo_core::{
    Command, DecisionId, Draws, Inputs, Millis, PersonId, Profile, Signal, State, TypeId, decide,
};
use proptest::prelude::*;

const ENTITY: &str = "leaf4:HundredGigE0/0/0/13";

fn definition() -> ScenarioType {
    ScenarioType::from_toml(include_str!("explain/link-errors.toml")).expect("a valid type")
}

/// A small world: one state, and orders that must succeed.
struct World {
    state: State,
    at: i64,
}

impl World {
    fn new(profile: Profile, definition: ScenarioType) -> Self {
        let mut world = Self { state: State::default(), at: 0 };
        world.order(Command::ActivateProfile(Box::new(profile)), 1.0, None);
        world.order(Command::ActivateScenarioType(Box::new(definition)), 1.0, None);
        world.order(Command::AddPerson(support::operator(1)), 1.0, None);
        world
    }

    fn order(&mut self, command: Command, audit: f64, verdict: Option<Verdict>) -> Event {
        self.at += 1000;
        let draws = Draws { audit, seed: self.at.unsigned_abs() * 7919, arm: None };
        let (at, verdict) = (Millis(self.at), verdict.map(Arc::new));
        let inputs = Inputs { at, actor: PersonId(0), request: None, draws, verdict };
        let events = decide(&self.state, &command, &inputs).expect("is accepted");
        events.iter().for_each(|event| self.state.apply(event));
        events[0].event.clone()
    }

    fn propose(
        &mut self,
        raw: &[f64],
        action: u8,
        audit: f64,
        verdict: Verdict,
        text: Option<Text>,
    ) -> DecisionMade {
        let proposal = Proposal {
            type_id: TypeId(0),
            scenario: ScenarioRef::Named { entity: ENTITY.into(), site: "east".into() },
            action,
            raw: raw.into(),
            text: text.map(Arc::new),
        };
        match self.order(Command::Propose(proposal), audit, Some(verdict)) {
            Event::DecisionMade(made) => *made,
            other => panic!("a proposal led to {other:?}"),
        }
    }

    fn answer(&mut self, decision: DecisionId, signal: Signal) {
        let provenance = Provenance {
            channel: Channel::Simulation,
            open_ms: 0,
            viewed_ms: None,
            explanation: None,
            reason: None,
            confidence: None,
            consent: true,
        };
        self.order(
            Command::Answer(AnswerOrder { decision, by: PersonId(1), signal, provenance }),
            1.0,
            None,
        );
    }
}

fn allowed() -> Verdict {
    let rule = |rule: &str| RuleHit { rule: rule.into(), message: String::new() };
    Verdict {
        allow: true,
        bundle: [0xab; 32],
        rules: vec![rule("redundancy"), rule("window")],
        error: None,
    }
}

fn denied() -> Verdict {
    let redundancy = RuleHit {
        rule: "redundancy".into(),
        message: "0 links would remain in the group, expected at least 1".into(),
    };
    let window = RuleHit { rule: "window".into(), message: "no maintenance window is open".into() };
    Verdict { allow: false, bundle: [0xab; 32], rules: vec![redundancy, window], error: None }
}

fn words() -> Text {
    let what_if =
        |name: &str, before, after| WhatIf { name: name.into(), unit: "%".into(), before, after };
    Text {
        facts: vec![Fact {
            name: "redundancy_left".into(),
            value: FactValue::Number(3.0),
            unit: "1".into(),
            source: "fabric model".into(),
        }],
        evidence: vec!["input errors rose from 0.01 % to 1.2 % in 10 minutes".into()],
        what_if: vec![what_if("peak_utilisation", 62.0, 71.5), what_if("demand_lost", 0.0, 0.0)],
        ..Text::default()
    }
}

/// Everything that an explanation says, a line each.
fn page(e: &Explanation) -> String {
    let mut page = String::new();
    let mut line = |text: String| writeln!(page, "{text}").expect("writes");
    line(format!("version {}", e.version));
    line(e.headline.clone());
    line(format!("yes: {}", e.if_yes));
    line(format!("no: {}", e.if_no));
    e.because.iter().for_each(|text| line(format!("because: {text}")));
    let c = &e.confidence;
    line(format!("confidence {:.6} [{:.6}, {:.6}]: {}", c.score, c.low, c.high, c.sentence));
    for fact in &e.facts {
        line(format!(
            "fact {} ({}) = {:?} [{}] from {}",
            fact.name, fact.title, fact.value, fact.unit, fact.source
        ));
    }
    for c in &e.contributions {
        line(format!(
            "input {} = {:?} [{}] z {:.4} logit {:.6}: {}",
            c.name, c.raw, c.unit, c.input, c.logit, c.sentence
        ));
    }
    let t = &e.threshold;
    line(format!(
        "threshold {} {:.6} against {:.6}, posterior {:?}, override cost {:?}, audit {:?}",
        t.selector, t.compared, t.value, t.posterior, t.override_cost, t.audit_probability
    ));
    line(format!("threshold: {}", t.sentence));
    line(format!("flip: {}", t.flip));
    let p = &e.policy;
    line(format!(
        "policy allowed {} bundle {}… rules {:?} error {:?}",
        p.allowed,
        &p.bundle[..8],
        p.rules.len(),
        p.error
    ));
    line(format!("policy: {}", p.sentence));
    e.what_if
        .iter()
        .for_each(|w| line(format!("what if {}: {} to {} {}", w.name, w.before, w.after, w.unit)));
    e.evidence.iter().for_each(|text| line(format!("evidence: {text}")));
    line(format!("{:?}", e.versions));
    page
}

fn check(name: &str, made: &DecisionMade, disposition: Disposition) {
    assert_eq!(made.disposition, disposition, "{name}");
    let explanation = explain(made, &definition(), ENTITY, "east");
    assert_eq!(headline(made, &definition(), ENTITY), explanation.headline);
    let found = page(&explanation);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/explain/{name}.txt"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &found).expect("writes");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{name} reads\n{found}\nexpected\n{expected}");
}

/// A world in which people have answered a little.
fn answered(profile: Profile) -> World {
    let mut world = World::new(profile, definition());
    let answers =
        [(3.0, Signal::Like), (4.0, Signal::Like), (0.0, Signal::Override), (2.0, Signal::Like)];
    for (left, signal) in answers {
        let made = world.propose(&[0.8, left, 4.0], 0, 0.0, allowed(), None);
        world.answer(made.id, signal);
    }
    world
}

#[test]
fn surfaced_reads_so() {
    let made = answered(Profile::calibrated()).propose(
        &[1.2, 3.0, 31.0],
        0,
        1.0,
        allowed(),
        Some(words()),
    );
    check("surfaced", &made, Disposition::Surfaced);
}

#[test]
fn abstained_reads_so() {
    let made = answered(Profile::calibrated()).propose(
        &[0.01, 0.0, 31.0],
        1,
        1.0,
        allowed(),
        Some(words()),
    );
    check("abstained", &made, Disposition::Abstained);
}

#[test]
fn audit_reads_so() {
    let made = answered(Profile::calibrated()).propose(&[0.2, 1.0, 5.0], 0, 0.0, allowed(), None);
    check("audit", &made, Disposition::Audit);
}

#[test]
fn blocked_reads_so() {
    let made =
        answered(Profile::calibrated()).propose(&[1.2, 1.0, 31.0], 0, 1.0, denied(), Some(words()));
    check("blocked", &made, Disposition::Blocked);
}

#[test]
fn an_erring_policy_reads_so() {
    let error = Some("`data.npo.policy.deny` holds a number, expected objects".to_owned());
    let verdict = Verdict { error, rules: vec![], ..denied() };
    let made = answered(Profile::calibrated()).propose(&[1.2, 1.0, 31.0], 0, 1.0, verdict, None);
    check("policy-error", &made, Disposition::Blocked);
}

#[test]
fn the_paper_profile_reads_so() {
    let mut profile = Profile::paper();
    profile.selector = Selector::Thompson { arms: vec![0.6, 0.65], discount: 0.99 };
    let made = answered(profile).propose(&[1.2, 3.0, 31.0], 0, 1.0, allowed(), Some(words()));
    check("paper", &made, Disposition::Surfaced);
}

/// A decision that came out otherwise than its score alone would have it.
fn overseen(change: impl FnOnce(&mut DecisionMade)) -> DecisionMade {
    let mut made = answered(Profile::calibrated()).propose(
        &[1.2, 3.0, 31.0],
        0,
        1.0,
        allowed(),
        Some(words()),
    );
    change(&mut made);
    made
}

fn drawn(probability: f64, draw: f64) -> Option<AuditDraw> {
    Some(AuditDraw { voi: 0.0, voi_average: 0.05, probability, draw })
}

fn automatic(draw: f64) -> DecisionMade {
    overseen(|made| {
        (made.disposition, made.level) = (Disposition::Automatic, Level::Automatic);
        (made.score, made.certified, made.alpha) = (0.93, Some(0.91), Some(0.05));
        (made.audit, made.asked) = (drawn(0.1, draw), 0.1);
    })
}

#[test]
fn what_is_automatic_reads_so() {
    check("automatic", &automatic(0.5), Disposition::Automatic);
    check("automatic-audited", &automatic(0.05), Disposition::Automatic);
}

#[test]
fn what_is_below_a_certified_threshold_reads_so() {
    let made = overseen(|made| {
        (made.level, made.certified, made.alpha) = (Level::Automatic, Some(0.98), Some(0.01));
    });
    check("below-certified", &made, Disposition::Surfaced);
}

#[test]
fn escalated_reads_so() {
    let made = overseen(|made| made.disposition = Disposition::Escalated);
    check("escalated", &made, Disposition::Escalated);
}

#[test]
fn while_escalated_nothing_is_said_to_be_below_a_threshold_that_it_reaches() {
    let mut world = answered(Profile::calibrated());
    let made = world.propose(&[0.2, 1.0, 5.0], 0, 0.9, allowed(), None);
    let (score, level) = (made.score, Level::Automatic);
    for (theta, said, unsaid) in [
        (score - 0.1, "nobody has settled it yet", "is below the certified"),
        (score + 0.1, "is below the certified", "nobody has settled it yet"),
    ] {
        let certified = Some(theta);
        let alpha = Some(0.05);
        let made = DecisionMade { level, certified, alpha, ..made.clone() };
        assert_eq!(made.disposition, Disposition::Abstained);
        check_said(&made, &[said], &[unsaid]);
    }
}

#[test]
fn what_the_red_button_holds_reads_so() {
    for (name, scope) in [
        ("held-all", Scope::All),
        ("held-type", Scope::ScenarioType(TypeId(0))),
        ("held-site", Scope::Site("east".into())),
    ] {
        let made = overseen(|made| {
            (made.disposition, made.asked) = (Disposition::Abstained, 0.0);
            made.held = Some(Box::new(scope));
        });
        check(name, &made, Disposition::Abstained);
    }
}

#[test]
fn the_shadow_reads_so() {
    let mut world = answered(Profile::calibrated());
    let (type_id, reason) = (TypeId(0), "a trial".into());
    world.order(Command::GrantAutonomy { type_id, ceiling: Level::Shadow, reason }, 1.0, None);
    let made = world.propose(&[0.2, 1.0, 5.0], 0, 0.9, allowed(), None);
    assert_eq!((made.asked, made.level), (1.0, Level::Shadow));
    check("shadow", &made, Disposition::Audit);
}

/// What must be said, and what must not, of a decision.
#[track_caller]
fn check_said(made: &DecisionMade, said: &[&str], unsaid: &[&str]) {
    let page = page(&explain(made, &definition(), ENTITY, "east"));
    for words in said {
        assert!(page.contains(words), "`{words}` is missing in\n{page}");
    }
    for words in unsaid {
        assert!(!page.contains(words), "`{words}` stands in\n{page}");
    }
}

#[test]
fn a_guarantee_is_never_shown_without_its_limit() {
    let limit = "does not cover an abrupt shift";
    let below = overseen(|made| {
        (made.level, made.certified, made.alpha) = (Level::Automatic, Some(0.98), Some(0.01));
    });
    for (made, theta, alpha) in [(automatic(0.5), "0.91", "5 %"), (below, "0.98", "1 %")] {
        check_said(&made, &[limit, theta, alpha, "certified threshold"], &[]);
    }
    let plain = overseen(|_| {});
    check_said(&plain, &[], &["certif"]);
    // An old event knows its threshold at most.
    let old = overseen(|made| {
        (made.disposition, made.certified) = (Disposition::Automatic, Some(0.9));
    });
    check_said(&old, &[limit], &["α"]);
}

#[test]
fn an_audit_claims_no_value_of_information_where_there_was_none() {
    let mut world = answered(Profile::calibrated());
    let weighed = world.propose(&[0.2, 1.0, 5.0], 0, 0.0, allowed(), None);
    check_said(&weighed, &["audited with probability 0.03"], &["asked about everything"]);
    let (type_id, reason) = (TypeId(0), "a trial".into());
    world.order(Command::GrantAutonomy { type_id, ceiling: Level::Shadow, reason }, 1.0, None);
    let shadow = world.propose(&[0.2, 1.0, 5.0], 0, 0.0, allowed(), None);
    let everything = "People are asked about everything that policy allows";
    check_said(&shadow, &[everything], &["audited with probability", "the draw fell"]);
    for draw in [0.05, 0.5] {
        check_said(
            &automatic(draw),
            &["each with probability 0.10"],
            &["audited with probability", "the draw fell", "not shown for approval"],
        );
    }
}

fn profiles() -> impl Strategy<Value = Profile> {
    let arms = vec![0.0, 0.5, 0.8, 1.0];
    let selector = prop_oneof![
        Just(Selector::Utility { optimism: 0.25 }),
        Just(Selector::Utility { optimism: 0.0 }),
        (0.0..=1.0).prop_map(|theta| Selector::Fixed { theta }),
        Just(Selector::Random { arms: arms.clone() }),
        Just(Selector::Thompson { arms, discount: 0.99 }),
    ];
    (any::<bool>(), selector).prop_map(|(paper, selector)| {
        let base = if paper { Profile::paper() } else { Profile::calibrated() };
        Profile { selector, ..base }
    })
}

fn signals() -> impl Strategy<Value = Signal> {
    prop::sample::select(Signal::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_is_decided_can_be_explained(
        profile in profiles(),
        steps in prop::collection::vec(
            (0.0..=100.0, 0u8..=64, 0.0..=100.0, 0u8..2, 0.0..1.0, any::<bool>(), signals()),
            1..24,
        ),
    ) {
        let mut world = World::new(profile, definition());
        for (errors, left, share, action, audit, allow, signal) in steps {
            let verdict = if allow { allowed() } else { denied() };
            let made = world.propose(&[errors, f64::from(left), share], action, audit, verdict, Some(words()));
            let explanation = explain(&made, &definition(), ENTITY, "");
            if let Some(logit) = made.logit {
                let sum: f64 = explanation.contributions.iter().map(|c| c.logit).sum();
                let size: f64 = explanation.contributions.iter().map(|c| c.logit.abs()).sum();
                prop_assert!((sum - logit.mean).abs() <= 1e-9 * size.max(1.0), "{sum} against {}", logit.mean);
                let sorted = explanation.contributions.is_sorted_by(|a, b| a.logit.abs() >= b.logit.abs());
                prop_assert!(sorted);
            } else {
                prop_assert!(explanation.contributions.is_empty());
            }
            let [low, high] = interval(&made);
            prop_assert!((0.0..=1.0).contains(&low) && low <= high && high <= 1.0);
            let said = page(&explanation);
            prop_assert!(!said.contains("NaN") && !said.contains("inf"), "{said}");
            // The wrong definition gives wrong words, but words.
            let _ = explain(&made, &support::plain_type(&[0.0, 1.0]), ENTITY, "");
            let _ = explain(&made, &support::plain_type(&[0.1; 9]), "", "");
            if made.asks() {
                world.answer(made.id, signal);
            }
        }
    }
}
