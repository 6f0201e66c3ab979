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
        expires_at: npo_core::Millis(0),
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
        young: false,
        target_allows: true,
    }
}

/// The self-normalised override rate of the target.
fn override_rate(rows: &[Row], resamples: u32, seed: u64) -> Interval {
    let added = add_up(rows, &AnswerModel::fit(rows), &OutcomeModel::fit(rows), None);
    estimate(&added, resamples, 0.95, seed).sides[1][1].estimates.override_rate
}

/// How many of `seeds` samples have intervals that hold the true override rate of 0.2, ours and those
/// that take labels as independent. Each scenario has its own override probability, from a smooth
/// distribution around 0.2, and as many labels as `sizes` says.
fn clustered(seeds: u64, sizes: &[u32]) -> (u32, u32) {
    let (mut hits, mut plain) = (0, 0);
    for seed in 0..seeds {
        let mut random = Random::new(seed);
        let mut rows = Vec::new();
        for (scenario, size) in (0u32..).zip(sizes) {
            let wrong = 0.4 * random.uniform();
            for _ in 0..*size {
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
    println!("{} scenarios: {hits} of {seeds}, as if independent {plain}", sizes.len());
    (hits, plain)
}

/// Labels of one scenario are alike. 1,000 samples at 95 %: fewer than 927 hits have a probability of
/// 1 in 1,500, and a true coverage of 91 % reaches them once in 30, one of 90 % once
/// in 500, which is what plain percentiles of ten scenarios cover (t of nine degrees within
/// 1.96·√0.9).
#[test]
fn intervals_cover_the_truth_of_clustered_labels() {
    let even = clustered(1000, &[12; 60]);
    let few = clustered(1000, &[20; 10]);
    // Eight of forty scenarios have two thirds of the labels.
    let skewed: Vec<u32> = (0..40).map(|i| if i < 8 { 40 } else { 5 }).collect();
    let skewed = clustered(1000, &skewed);
    for (hits, plain) in [even, few, skewed] {
        assert!(hits >= 927, "{hits}");
        assert!(plain < hits, "{plain}");
    }
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
    for (sums, known) in added.groups[0].into_iter().zip(added.known) {
        assert_eq!((sums.surfaced, known.surfaced), (200.0, 200.0));
        assert!((sums.weight - 200.0).abs() < 1e-4 && (known.asked - 20.0).abs() < 1e-4);
        assert_eq!(sums.unsupported, 0.0);
    }
}

/// Of 200 old decisions half were answered, with likes; then people changed their minds, and of 100
/// young ones 20 are answered, with overrides, and 80 are open. The 20 stand for themselves: 20 of
/// 220 is the override rate. With the open ones taken for unanswered, each of all 120 labels would
/// weigh the same and the rate would be 20 of 120.
#[test]
fn open_decisions_count_neither_as_answered_nor_as_unanswered() {
    let mut rows = Vec::new();
    for i in 0..200 {
        let like = (i % 2 == 0).then_some(Signal::Like);
        rows.push(row(i % 50, Kind::Surfaced, like));
    }
    for i in 0..100 {
        let no = (i % 5 == 0).then_some(Signal::Override);
        rows.push(Row { young: true, ..row(i % 50, Kind::Surfaced, no) });
    }
    let value = override_rate(&rows, 100, 1).value.expect("supported");
    assert!((value - 20.0 / 220.0).abs() < 1e-9, "{value}");
    let added = add_up(&rows, &AnswerModel::fit(&rows), &OutcomeModel::fit(&rows), None);
    let eligible: f64 = added.groups.iter().map(|group| group[0].eligible).sum();
    assert_eq!((eligible, added.known[0].eligible), (220.0, 300.0));
}

/// Half of what was lately surfaced is still open, and as much of what an audit drew: of the 900 others
/// below the threshold half counts as well, or a lower threshold would be judged by them alone.
#[test]
fn young_decisions_that_nobody_was_asked_about_count_in_proportion() {
    let audited = |i: u32, kind: Kind, label: Option<Signal>| Row {
        audit: 0.1,
        young: true,
        ..row(i % 50, kind, label)
    };
    let mut rows = Vec::new();
    for i in 0..1000 {
        let like = (i % 2 == 0).then_some(Signal::Like);
        rows.push(Row { young: true, ..row(i % 50, Kind::Surfaced, like) });
    }
    rows.extend(
        (0..100).map(|i| audited(i, Kind::Audit, (i % 2 == 0).then_some(Signal::Override))),
    );
    rows.extend((0..900).map(|i| audited(i, Kind::Abstained, None)));
    let answers = AnswerModel::fit(&rows);
    let counted: f64 = rows.iter().map(|row| answers.count(row)).sum();
    assert!((counted - 1000.0).abs() < 1e-9, "{counted}");
    let value = override_rate(&rows, 100, 1).value.expect("supported");
    assert!((value - 0.5).abs() < 1e-6, "{value}");
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
