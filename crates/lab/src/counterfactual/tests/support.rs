//! What a log can and cannot tell, and what it says then.

use npo_core::learning::utility::threshold;
use npo_core::profile::{Profile, Selector};
use npo_log::EventLog;

use super::world::{Simulated, World, calibrated};
use crate::counterfactual::{Evaluation, Question, Report, Target, replay_export};

fn refusal(report: &Report) -> &str {
    match &report.target.evaluation {
        Evaluation::Refused { reason } => reason,
        other => panic!("expected a refusal, found {other:?}"),
    }
}

fn world(audit_rate: f64) -> Simulated {
    World::new(calibrated(audit_rate), 5).run()
}

#[test]
fn without_audits_a_lower_threshold_is_refused_and_a_higher_one_answered() {
    let simulated = world(0.0);
    let lower = simulated.ask(Target::Threshold(0.4));
    assert!(refusal(&lower).contains("never put to anybody"), "{}", refusal(&lower));
    assert!(!lower.told() && lower.differences.is_empty());
    // How much would be surfaced is known all the same.
    assert!(lower.target.surfaced_per_1000 > lower.logged.surfaced_per_1000);
    let higher = simulated.ask(Target::Threshold(0.85));
    assert!(higher.told() && higher.target.surfaced_per_1000 < higher.logged.surfaced_per_1000);
    assert!(simulated.ask(Target::OverrideCost(9.0)).told());
}

#[test]
fn a_small_unknown_part_enters_at_its_worst_and_best_case() {
    let simulated = world(0.0);
    let report = simulated.ask(Target::Threshold(0.72));
    let Evaluation::Told { unsupported_share, estimates, .. } = &report.target.evaluation else {
        panic!("{:?}", report.target.evaluation);
    };
    assert!((0.001..0.2).contains(unsupported_share), "{unsupported_share}");
    let truth = simulated.truth(0.72);
    for found in estimates.iter().map(|e| e.estimates) {
        assert_eq!(found.override_rate.value, None);
        let rate = found.override_rate;
        assert!(rate.low <= truth.override_rate && truth.override_rate <= rate.high);
        assert!(found.utility.low <= truth.utility && truth.utility <= found.utility.high);
    }
    assert!(report.caveats.iter().any(|caveat| caveat.contains("worst and best case")));
}

#[test]
fn an_override_cost_is_the_threshold_that_it_means_with_another_yardstick() {
    let simulated = world(0.3);
    let cost = simulated.ask(Target::OverrideCost(9.0));
    let theta = simulated.ask(Target::Threshold(threshold(9.0)));
    assert_eq!(cost.target.surfaced_per_1000, theta.target.surfaced_per_1000);
    let first = |report: &Report| match &report.target.evaluation {
        Evaluation::Told { estimates, .. } => estimates[0].estimates,
        other => panic!("{other:?}"),
    };
    let (cost, theta) = (first(&cost), first(&theta));
    assert_eq!(cost.override_rate, theta.override_rate);
    assert_eq!(cost.utility, theta.utility);
    assert!(cost.utility_at_other_cost.value < cost.utility.value);
}

/// Profiles that draw nothing, audits, arms, or both.
fn profiles() -> Vec<Profile> {
    let drawn = |selector: Selector, audit_rate: f64| {
        let mut profile = calibrated(audit_rate);
        profile.selector = selector;
        profile
    };
    let arms = vec![0.5, 0.65, 0.8];
    vec![
        calibrated(0.0),
        calibrated(0.03),
        calibrated(0.3),
        Profile::paper(),
        drawn(Selector::Random { arms: arms.clone() }, 0.1),
        drawn(Selector::Thompson { arms, discount: 0.99 }, 0.1),
    ]
}

/// Rates are those of the log to the last digit; counts are added up in single precision.
fn check_identity(report: &Report, words: &str) {
    let (logged, target) = (&report.logged, &report.target);
    assert!((logged.surfaced_per_1000 - target.surfaced_per_1000).abs() < 1e-3, "{words}");
    assert!((logged.asked_per_1000 - target.asked_per_1000).abs() < 1e-3, "{words}");
    for difference in &report.differences {
        let change = difference.utility;
        assert!(change.low.abs() < 1e-3 && change.high.abs() < 1e-3, "{words}: {change:?}");
    }
    assert!(report.told(), "{words}: {report:?}");
    let shadow = report.shadow.as_ref().expect("a run");
    assert_eq!((shadow.unheard, shadow.heard), (0, report.answering.answered), "{words}");
}

#[test]
fn a_log_asked_about_its_own_profile_answers_with_itself() {
    for seed in 0..3 {
        for profile in profiles() {
            let simulated = World { blocked_every: 7, ..World::new(profile.clone(), seed) }.run();
            let target = Target::Profile(Box::new(profile));
            let report = simulated.ask_with(Question {
                seed: 100 + seed,
                resamples: 100,
                ..Question::new(target)
            });
            check_identity(&report, &format!("{} with seed {seed}", report.question));
        }
    }
}

/// A profile of another name runs by itself from the beginning, and draws what the log drew.
#[test]
fn what_is_drawn_again_is_what_the_log_drew() {
    for seed in 0..3 {
        for mut profile in profiles() {
            let simulated = World::new(profile.clone(), seed).run();
            profile.name = "renamed".into();
            let target = Target::Profile(Box::new(profile));
            let report = simulated.ask_with(Question {
                seed: 100 + seed,
                resamples: 100,
                ..Question::new(target)
            });
            check_identity(&report, &format!("renamed with seed {seed}"));
        }
    }
}

#[test]
fn another_profile_learns_from_the_answers_that_it_would_have_asked_for() {
    let simulated = world(0.3);
    let mut profile = calibrated(0.0);
    profile.name = "other".into();
    profile.selector = Selector::Fixed { theta: 0.65 };
    let report = simulated.ask(Target::Profile(Box::new(profile)));
    assert!(report.told(), "{:?}", report.target);
    let shadow = report.shadow.as_ref().expect("a run");
    assert!(shadow.unheard > 0 && shadow.heard > 0);
    assert_eq!(shadow.heard + shadow.unheard, report.answering.answered);
    // A rate is of the same decisions on both sides, whatever each lets through.
    assert_eq!(report.target.eligible, report.logged.eligible);
    let paper = simulated.ask(Target::Profile(Box::new(Profile::paper())));
    assert!(paper.caveats.iter().any(|caveat| caveat.contains("learned")));
}

#[test]
fn a_random_arm_supports_every_threshold_above_the_lowest() {
    let mut profile = calibrated(0.0);
    profile.selector = Selector::Random { arms: vec![0.4, 0.6, 0.8] };
    let simulated = World::new(profile, 7).run();
    let report = simulated.ask(Target::Threshold(0.6));
    assert_eq!(report.log.randomised, report.log.decisions);
    let truth = simulated.truth(0.6);
    let Evaluation::Told { unsupported_share, estimates, .. } = &report.target.evaluation else {
        panic!("{:?}", report.target.evaluation);
    };
    assert_eq!(*unsupported_share, 0.0);
    for found in estimates.iter().map(|e| e.estimates) {
        let rate = found.override_rate;
        assert!(rate.low <= truth.override_rate && truth.override_rate <= rate.high, "{rate:?}");
    }
    let below = simulated.ask(Target::Threshold(0.1));
    assert!(refusal(&below).contains("never put to anybody"), "{}", refusal(&below));
}

#[test]
fn blocked_decisions_are_no_part_of_what_a_threshold_could_surface() {
    let simulated = World { blocked_every: 3, ..World::new(calibrated(0.3), 6) }.run();
    let report = simulated.ask(Target::Threshold(0.7));
    let blocked = report.log.blocked;
    assert_eq!(blocked, 234);
    assert!((report.target.eligible - 466.0).abs() < 1e-9);
    assert!(report.told());
}

#[test]
fn a_threshold_above_everything_surfaces_nothing() {
    let report = world(0.3).ask(Target::Threshold(1.0));
    assert_eq!(report.target.evaluation, Evaluation::NothingSurfaced);
    assert!(report.told());
    let words = report.summary.join(" ");
    assert!(words.contains("decisions of 0 likes instead of ") && words.contains("a change of"));
}

#[test]
fn windows_and_types_choose_decisions_and_keep_their_labels() {
    let simulated = world(0.3);
    let at = |s: i64| Some(npo_core::Millis(s * 1000));
    let question = Question::new(Target::Threshold(0.8));
    let part = simulated.ask_with(Question {
        since: at(100),
        until: at(500),
        scenario_type: Some("thing".into()),
        ..question
    });
    assert_eq!(part.log.decisions, 400);
}

#[test]
fn an_export_says_what_its_log_says() {
    let simulated = world(0.3);
    let mut reader = simulated.log().reader().expect("a reader");
    let mut text = Vec::new();
    npo_log::export(reader.as_mut(), 0, &mut text, &mut |_| ()).expect("exports");
    let question = Question { resamples: 200, ..Question::new(Target::Threshold(0.7)) };
    let found = replay_export(&mut text.as_slice(), question, &mut |_| ()).expect("an answer");
    assert_eq!(found, simulated.ask(Target::Threshold(0.7)));
}

#[test]
fn the_same_seed_gives_the_same_words() {
    let simulated = world(0.3);
    // As the command line asks; docs/lab-replay.md begins with these words.
    let ask = || simulated.ask_with(Question::new(Target::OverrideCost(9.0)));
    let report = ask();
    assert_eq!(report, ask());
    let words = report.summary.join("\n");
    assert!(
        words.starts_with("With override cost 9 instead of 3 (threshold 0.9 instead of 0.75), "),
        "{words}"
    );
    println!("{words}\n{}", report.caveats.join("\n"));
}
