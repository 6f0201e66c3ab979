//! Estimators on rows made by hand, where what is to come out is known.

use npo_core::Signal;

use crate::counterfactual::answering::AnswerModel;
use crate::counterfactual::bootstrap::Random;
use crate::counterfactual::estimate::estimate;
use crate::counterfactual::outcome::OutcomeModel;
use crate::counterfactual::report::Interval;
use crate::counterfactual::row::{Fate, Kind, Row};
use crate::counterfactual::sums::add_up;
use crate::counterfactual::verdicts::VerdictChanges;

fn row(scenario: u32, kind: Kind, label: Option<Signal>) -> Row {
    Row {
        id: 0,
        compared: 0.8,
        scenario,
        score: 0.8,
        surfaced: if kind == Kind::Surfaced { 1.0 } else { 0.0 },
        audit: if kind == Kind::Audit { 0.1 } else { 0.0 },
        target: 1.0,
        target_asked: 1.0,
        cost: 3.0,
        loss: if label == Some(Signal::Override) { 1.0 } else { 0.0 },
        kind,
        asked: matches!(kind, Kind::Surfaced | Kind::Audit),
        target_asks: true,
        fate: label.map_or(Fate::Waiting, Fate::Answered),
        target_allows: true,
    }
}

/// The self-normalised override rate of the target.
fn override_rate(rows: &[Row], resamples: u32, seed: u64) -> Interval {
    let added = add_up(rows, &AnswerModel::fit(rows), &OutcomeModel::fit(rows), None);
    estimate(&added, resamples, 0.95, seed).sides[1][1].estimates.override_rate
}

/// Scenarios with their own override probability of mean 0.2, 12 labels each: labels of one scenario
/// are alike. 300 samples of 60 scenarios; percentile intervals of that size cover 93 to 95 %, and
/// a count outside 264 to 297 has a probability below 0.1 % for any coverage between 92.5 % and 95.5 %.
/// Labels taken as independent would cover some 65 %.
#[test]
fn intervals_cover_the_truth_of_clustered_labels() {
    let (mut hits, mut plain) = (0, 0);
    for seed in 0..300 {
        let mut random = Random::new(seed);
        let mut rows = Vec::new();
        for scenario in 0..60 {
            let wrong = if random.uniform() < 0.25 { 0.8 } else { 0.0 };
            for _ in 0..12 {
                let signal = if random.uniform() < wrong { Signal::Override } else { Signal::Like };
                rows.push(row(scenario, Kind::Surfaced, Some(signal)));
            }
        }
        let found = override_rate(&rows, 200, seed);
        hits += u32::from(found.low <= 0.2 && 0.2 <= found.high);
        let bad = rows.iter().filter(|row| row.label() == Some(Signal::Override)).count();
        let (low, high) = npo_core::learning::math::wilson95(bad as u64, rows.len() as u64);
        plain += u32::from(low <= 0.2 && 0.2 <= high);
    }
    println!("clustered {hits} of 300, as if independent {plain} of 300");
    assert!((264..=297).contains(&hits), "{hits}");
    assert!(plain < 240, "{plain}");
}

/// One audit at 0.1 stands for ten decisions.
#[test]
fn audits_stand_for_what_was_not_asked() {
    let mut rows = Vec::new();
    for scenario in 0..50 {
        rows.push(row(scenario, Kind::Surfaced, Some(Signal::Like)));
        rows.push(row(scenario, Kind::Audit, Some(Signal::Override)));
    }
    let found = override_rate(&rows, 100, 1);
    let value = found.value.expect("supported");
    assert!((value - 10.0 / 11.0).abs() < 1e-6, "{value}");
}

/// What is carried out without asking is known by its audits alone, and asks people that often.
#[test]
fn automatic_decisions_are_known_by_their_audits() {
    let automatic = |asked: bool| Row {
        surfaced: 1.0,
        audit: 0.1,
        target_asked: 0.1,
        asked,
        ..row(1, Kind::Automatic, asked.then_some(Signal::Like))
    };
    let rows: Vec<Row> = (0..200).map(|i| automatic(i % 10 == 0)).collect();
    let added = add_up(&rows, &AnswerModel::fit(&rows), &OutcomeModel::fit(&rows), None);
    let [logged, target] = added.groups[0];
    assert_eq!((logged.surfaced, target.surfaced), (200.0, 200.0));
    for sums in [logged, target] {
        assert!((sums.weight - 200.0).abs() < 1e-4 && (sums.asked - 20.0).abs() < 1e-4);
        assert_eq!(sums.unsupported, 0.0);
    }
}

/// Hundred likes and no override do not show that overrides are impossible: Wilson's upper limit
/// for 0 of 100 is 0.037.
#[test]
fn what_was_never_seen_is_not_impossible() {
    let rows: Vec<Row> =
        (0..100).map(|scenario| row(scenario, Kind::Surfaced, Some(Signal::Like))).collect();
    let found = override_rate(&rows, 100, 1);
    assert_eq!((found.value, found.low), (Some(0.0), 0.0));
    assert!((found.high - 0.037).abs() < 0.001, "{}", found.high);
}

#[test]
fn what_another_bundle_changes_is_counted_with_its_answers() {
    let blocks = |row: Row| Row { target_allows: false, target: 0.0, ..row };
    let rows = [
        blocks(row(0, Kind::Surfaced, Some(Signal::Override))),
        blocks(row(0, Kind::Audit, Some(Signal::Like))),
        blocks(row(1, Kind::Abstained, None)),
        row(1, Kind::Blocked, None),
        blocks(row(1, Kind::Blocked, None)),
        blocks(row(1, Kind::Held, None)),
        row(2, Kind::Surfaced, Some(Signal::Like)),
    ];
    let found = VerdictChanges::of("b 1".into(), &rows, 0, 0.95);
    assert_eq!((found.newly_blocked, found.newly_blocked_asked), (3, 2));
    assert_eq!((found.newly_blocked_likes, found.newly_blocked_overrides), (1, 1));
    assert_eq!((found.newly_allowed, found.newly_allowed_surfaced), (1, 1.0));
    let rate = found.newly_blocked_override_rate.expect("directed labels");
    assert_eq!(rate.value, Some(0.5));
    assert!(rate.low < 0.1 && rate.high > 0.9);
}
