//! What the plain logistic regressions go by: lags, means and the like of the two distances to the bar.

use super::super::spread::Scale;
use super::super::track::Step;

/// Values beyond this say nothing more.
const LIMIT: f64 = 6.0;
/// Lags of the distance of R, and of M.
const LAGS: (usize, usize) = (6, 4);
/// Spans of mean, deviation and largest value.
const SPANS: [usize; 3] = [6, 12, 24];

/// A row per step; `forecasts` are scores of other forecasts that are used as features.
pub(super) fn rows(
    steps: &[Step],
    scale: &Scale,
    season: Option<usize>,
    forecasts: &[&[f64]],
) -> Vec<Vec<f64>> {
    let distance = |step: &Step| {
        let (spread, bar) = step.spread.zip(step.bar)?;
        let by_r = (spread.log_r - bar.log_r) / scale.sd_log_r;
        let by_m = (spread.log_m - bar.log_m) / scale.sd_log_m;
        Some((by_r.clamp(-LIMIT, LIMIT), by_m.clamp(-LIMIT, LIMIT)))
    };
    let (by_r, by_m): (Vec<f64>, Vec<f64>) =
        steps.iter().map(|step| distance(step).unwrap_or((-LIMIT, -LIMIT))).unzip();
    let mut quiet = 0_u32;
    (0..steps.len())
        .map(|t| {
            quiet = if steps[t].hot { 0 } else { quiet.saturating_add(1) };
            let mut row = vec![1.0];
            row.extend((0..LAGS.0).map(|lag| by_r[t.saturating_sub(lag)]));
            row.extend((0..LAGS.1).map(|lag| by_m[t.saturating_sub(lag)]));
            for span in SPANS {
                row.extend(summary(&by_r[(t + 1).saturating_sub(span)..=t]));
            }
            row.push(f64::from(quiet).ln_1p());
            row.extend(forecasts.iter().map(|scores| scores[t].clamp(-LIMIT, LIMIT)));
            if let Some(season) = season {
                let turn = std::f64::consts::TAU * (t % season) as f64 / season as f64;
                row.extend([turn.sin(), turn.cos()]);
            }
            row
        })
        .collect()
}

fn summary(values: &[f64]) -> [f64; 3] {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance =
        values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
    [mean, variance.sqrt(), values.iter().copied().fold(f64::NEG_INFINITY, f64::max)]
}

/// Brings every feature but the leading 1 to mean 0 and deviation 1 over the first `train` rows.
pub(super) fn standardise(rows: &mut [Vec<f64>], train: usize) {
    let width = rows.first().map_or(0, Vec::len);
    for column in 1..width {
        let values: Vec<f64> = rows[..train].iter().map(|row| row[column]).collect();
        let [mean, deviation, _] =
            if values.is_empty() { [0.0, 1.0, 0.0] } else { summary(&values) };
        let scale = if deviation > 1e-9 { deviation } else { 1.0 };
        rows.iter_mut().for_each(|row| row[column] = (row[column] - mean) / scale);
    }
}
