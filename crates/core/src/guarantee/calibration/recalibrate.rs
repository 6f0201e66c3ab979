//! Logistic recalibration: how scores would have to be bent to be right.

use serde::Serialize;

use super::{MARGIN, Row};
use crate::learning::math::{logit, sigmoid};

/// Newton steps before the fit is given up; a fit that exists takes fewer than ten.
const STEPS_MAX: usize = 50;

/// Coefficients beyond this stand for scores that separate the outcomes, where no fit exists.
const COEFFICIENT_MAX: f64 = 30.0;

/// Logistic recalibration: P(y) = σ(intercept + slope·logit(p)).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Recalibration {
    /// 0 for a calibrated score.
    pub intercept: f64,
    /// Its standard error (sandwich, so that weights may be unequal).
    pub intercept_error: f64,
    /// 1 for a calibrated score, below 1 for an overconfident one.
    pub slope: f64,
    /// Its standard error.
    pub slope_error: f64,
}

/// Sums over the rows at one pair of coefficients; matrices as upper triangles.
struct Sums {
    gradient: [f64; 2],
    information: [f64; 3],
    /// Outer products of the rows' gradients, for the sandwich.
    meat: [f64; 3],
}

impl Sums {
    fn at(rows: &[Row], intercept: f64, slope: f64) -> Self {
        let mut sums = Self { gradient: [0.0; 2], information: [0.0; 3], meat: [0.0; 3] };
        for row in rows {
            let z = logit(row.p.clamp(MARGIN, 1.0 - MARGIN));
            let fitted = sigmoid(intercept + slope * z);
            let pull = row.weight * (row.y - fitted);
            let curvature = row.weight * fitted * (1.0 - fitted);
            sums.gradient[0] += pull;
            sums.gradient[1] += pull * z;
            for (k, power) in [1.0, z, z * z].into_iter().enumerate() {
                sums.information[k] += curvature * power;
                sums.meat[k] += pull * pull * power;
            }
        }
        sums
    }

    /// The inverse information times `x`; none where scores are all alike or the fit has run off to
    /// certainty.
    fn solve(&self, x: [f64; 2]) -> Option<[f64; 2]> {
        let [a, b, d] = self.information;
        let determinant = a * d - b * b;
        (determinant > 1e-10 * a * d)
            .then(|| [(d * x[0] - b * x[1]) / determinant, (a * x[1] - b * x[0]) / determinant])
    }

    /// Standard errors of both coefficients: the diagonal of I⁻¹ M I⁻¹.
    fn errors(&self) -> Option<[f64; 2]> {
        let [a, b, d] = self.meat;
        let (left, right) = (self.solve([a, b])?, self.solve([b, d])?);
        let intercept = self.solve([left[0], right[0]])?[0];
        let slope = self.solve([left[1], right[1]])?[1];
        Some([intercept.max(0.0).sqrt(), slope.max(0.0).sqrt()])
    }
}

/// The fit by Newton's method; none where there is none.
pub(super) fn fit(rows: &[Row]) -> Option<Recalibration> {
    let (mut intercept, mut slope) = (0.0, 1.0);
    for _ in 0..STEPS_MAX {
        let sums = Sums::at(rows, intercept, slope);
        let step = sums.solve(sums.gradient)?;
        let length = step[0].hypot(step[1]);
        if f64::max(intercept.abs(), slope.abs()) > COEFFICIENT_MAX {
            return None;
        }
        if length < 1e-9 {
            let [intercept_error, slope_error] = sums.errors()?;
            return Some(Recalibration { intercept, intercept_error, slope, slope_error });
        }
        // A full step may overshoot far from the optimum.
        let scale = (2.0 / length).min(1.0);
        intercept += scale * step[0];
        slope += scale * step[1];
    }
    None
}
