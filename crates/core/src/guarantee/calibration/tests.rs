use super::super::chance::Chance;
use super::*;
use crate::learning::math::{logit, sigmoid};

/// Rows whose outcome has probability `truth(p)`, each kept with probability `kept(p)` and
/// weighted by its inverse.
fn rows(
    seed: u64,
    count: usize,
    truth: impl Fn(f64) -> f64,
    kept: impl Fn(f64) -> f64,
) -> Vec<Row> {
    let mut chance = Chance::new(seed);
    let mut rows = Vec::new();
    for _ in 0..count {
        let p = sigmoid(4.0 * chance.uniform() - 1.0);
        let y = f64::from(u8::from(chance.hit(truth(p))));
        if chance.hit(kept(p)) {
            rows.push(Row { p, y, weight: 1.0 / kept(p) });
        }
    }
    rows
}

fn report(rows: Vec<Row>) -> Calibration {
    Calibration::of(rows, &CalibrationSettings::default()).expect("rows in range")
}

#[test]
fn small_sets_by_hand() {
    let empty = report(vec![]);
    assert_eq!((empty.rows, empty.bins.len(), empty.brier.value), (0, 0, None));
    assert_eq!((empty.error.low, empty.error.high, empty.log_loss), (0.0, 1.0, None));
    let row = |p, y, weight| Row { p, y, weight };
    let two = report(vec![row(0.8, 1.0, 1.0), row(0.8, 0.0, 3.0)]);
    // (0.04 + 3·0.64)/4, |0.25 − 0.8|, and equal scores in one bin.
    let near = |found: Option<f64>, expected: f64| {
        assert!((found.expect("a value") - expected).abs() < 1e-12, "{found:?}, {expected}");
    };
    near(two.brier.value, 0.49);
    near(two.error.value, 0.55);
    near(two.log_loss, (-(0.8_f64.ln()) - 3.0 * 0.2_f64.ln()) / 4.0);
    assert_eq!((two.bins.len(), two.bins[0].rows), (1, 2));
    assert_eq!(two.recalibration, None);
    // Certain and wrong: finite.
    let wrong = report(vec![row(1.0, 0.0, 1.0), row(0.0, 1.0, 1.0)]);
    assert!(wrong.log_loss.is_some_and(f64::is_finite));
}

#[test]
fn calibrated_scores_are_not_accused() {
    let found = report(rows(1, 5_000, |p| p, |_| 1.0));
    assert_eq!(found.bins.len(), 10);
    assert!(found.bins.iter().all(|bin| (400..=600).contains(&bin.rows)), "{found:?}");
    for bin in &found.bins {
        // Ten bins at δ = 0.05 that hold at every look are far from tight at a single one.
        assert!((bin.observed.low..=bin.observed.high).contains(&bin.predicted), "{bin:?}");
    }
    let error = found.error.value.expect("rows");
    assert!(error <= found.error_if_calibrated.high, "{found:?}");
    let fit = found.recalibration.expect("a fit");
    // Four standard errors: a probability of 6e-5.
    assert!(fit.intercept.abs() < 4.0 * fit.intercept_error, "{fit:?}");
    assert!((fit.slope - 1.0).abs() < 4.0 * fit.slope_error, "{fit:?}");
}

#[test]
fn overconfidence_is_seen_and_measured() {
    let found = report(rows(2, 5_000, |p| sigmoid(-0.3 + 0.5 * logit(p)), |_| 1.0));
    let fit = found.recalibration.expect("a fit");
    assert!((fit.intercept + 0.3).abs() < 4.0 * fit.intercept_error, "{fit:?}");
    assert!((fit.slope - 0.5).abs() < 4.0 * fit.slope_error, "{fit:?}");
    assert!(found.error.low > found.error_if_calibrated.high, "{found:?}");
}

#[test]
fn weights_undo_the_selection() {
    let kept = |p: f64| if p > 0.7 { 1.0 } else { 0.2 };
    let all = report(rows(3, 8_000, |p| 0.8 * p, |_| 1.0));
    let seen = report(rows(4, 8_000, |p| 0.8 * p, kept));
    let (all, seen) = (all.brier.value.expect("rows"), seen.brier);
    assert!((seen.low - 0.008..=seen.high + 0.008).contains(&all), "{all} {seen:?}");
}

#[test]
fn the_bootstrap_interval_covers() {
    let truth = {
        let rows = rows(5, 100_000, |p| p, |_| 1.0);
        rows.iter().map(squared_error).sum::<f64>() / 100_000.0
    };
    let misses = (0..100)
        .filter(|run| {
            let settings = CalibrationSettings { resamples: 100, ..Default::default() };
            let rows = rows(100 + run, 300, |p| p, |_| 1.0);
            let brier = Calibration::of(rows, &settings).expect("rows in range").brier;
            !(brier.low..=brier.high).contains(&truth)
        })
        .count();
    // 5 of 100 expected; a bootstrap of 300 rows is a little narrow, and three standard
    // deviations are 3·√(100·0.05·0.95) = 6.5.
    assert!(misses <= 13, "{misses} of 100 intervals miss");
}

#[test]
fn what_is_out_of_range_is_named() {
    let check = |row: Row, settings: CalibrationSettings, expected: &str| {
        let error = Calibration::of([row], &settings).expect_err("refused");
        assert_eq!(error.to_string(), expected);
    };
    let (fine, settings) = (Row { p: 0.5, y: 1.0, weight: 1.0 }, CalibrationSettings::default());
    let p = Row { p: 1.5, ..fine };
    check(p, settings, "row 1 has the score 1.5, expected a number from 0 to 1");
    let weight = Row { weight: f64::NAN, ..fine };
    check(weight, settings, "row 1 has the weight NaN, expected a number from 1e-9 to 1e9");
    let bins = CalibrationSettings { bins: 0, ..settings };
    check(fine, bins, "calibration setting `bins` is 0, expected 1 to 100");
    let many = std::iter::repeat_n(fine, ROWS_MAX + 1);
    assert_eq!(Calibration::of(many, &settings), Err(Error::TooManyRows));
}
