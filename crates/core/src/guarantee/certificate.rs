//! Certified thresholds: above which score the override rate is at most α (METHODS 2.5).
//!
//! One [`EProcess`] for each threshold of a fixed grid watches the answers at or above it.
//! Reaching [`GRID`]'s length over δ certifies a threshold; the union over the grid makes all certificates
//! hold together with probability at least 1 − δ, whichever is used and whenever it is asked for.
//!
//! What a certificate says: it is refuted, at level δ, that the override rate above the threshold has
//! been α or more *all along*.
//! It does not say that the rate stays there: after an abrupt shift the certificate is wrong until
//! the detector of [`super::detector`] takes it back.
//! Until the first certificate a person reviews everything.

use serde::{Deserialize, Serialize};

use super::e_process::{EProcess, Factors};

/// Thresholds that can be certified, from the strictest to the most lenient.
///
/// Finer at the top, where the first certificates arise and where a step costs the most coverage.
/// The grid is part of what a certificate means and of the stored form: changing it needs a new
/// version of both.
pub const GRID: [f64; 14] =
    [0.99, 0.98, 0.97, 0.96, 0.95, 0.93, 0.91, 0.88, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5];

/// What is promised, and at which risk of being wrong.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateSettings {
    /// Override rate α that is to be certified, in [0.0001, 0.5].
    ///
    /// Evidence gathered under one α says nothing about another: a change reopens it.
    pub alpha: f64,
    /// Probability δ that any certificate is ever wrong before the evidence is reopened, in
    /// [1e-9, 0.5].
    pub delta: f64,
    /// Probability with which a decision above the certified threshold is still sent for a label, in
    /// (0, 1], at least 0.001.
    pub audit_rate: f64,
    /// Automatic actions that pass on average before a false alarm takes a certificate back, in
    /// [10, 1e9], where nobody's reliability is in doubt.
    ///
    /// Two detectors watch, audits and stops, each held against twice as much: their average grows by
    /// at most 1 an action.
    pub alarm_run_length: f64,
}

impl Default for CertificateSettings {
    /// At most 5 % overrides, wrong with probability at most 5 %, a tenth of what is automatic
    /// audited, one false alarm in 5,000 automatic actions.
    fn default() -> Self {
        Self { alpha: 0.05, delta: 0.05, audit_rate: 0.1, alarm_run_length: 5_000.0 }
    }
}

impl CertificateSettings {
    /// Checks every number.
    ///
    /// # Errors
    /// Names the first setting that is out of its range, what was found and what was expected.
    pub fn validate(&self) -> Result<(), InvalidCertificate> {
        let ranges = [
            ("alpha", self.alpha, 1e-4, 0.5),
            ("delta", self.delta, 1e-9, 0.5),
            ("audit_rate", self.audit_rate, 1e-3, 1.0),
            ("alarm_run_length", self.alarm_run_length, 10.0, 1e9),
        ];
        for (setting, found, low, high) in ranges {
            if !(low..=high).contains(&found) {
                return Err(InvalidCertificate { setting, found, low, high });
            }
        }
        Ok(())
    }

    /// What each of the two detectors over a certificate is held against.
    #[must_use]
    pub fn detector_level(&self) -> f64 {
        2.0 * self.alarm_run_length
    }

    /// The e-value that certifies a threshold: the number of thresholds over δ.
    #[must_use]
    pub fn level(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "fourteen")]
        let thresholds = GRID.len() as f64;
        thresholds / self.delta
    }
}

/// A setting of a certificate that is out of its range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("certificate setting `{setting}` is {found}, expected a number from {low} to {high}")]
pub struct InvalidCertificate {
    setting: &'static str,
    found: f64,
    low: f64,
    high: f64,
}

/// Evidence about one threshold.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct ThresholdEvidence {
    /// The bets against "the override rate at or above the threshold is above α".
    pub process: EProcess,
    /// The same bets, smaller on labels that were more likely to be asked for: where audits above a
    /// certified threshold stand beside full review below it, `process` sees more risk than there is.
    pub weighted: EProcess,
    /// Largest e-value so far: Ville's inequality bounds the maximum, so that what was certified once
    /// stays so until the evidence is reset.
    pub peak: f64,
    /// Overrides among the labels of `process`.
    pub overrides: u64,
}

impl ThresholdEvidence {
    /// The e-value: the average of both bets.
    #[must_use]
    pub fn value(&self) -> f64 {
        0.5 * (self.process.value() + self.weighted.value())
    }
}

/// Evidence about every threshold of the [`GRID`], in its order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Evidence {
    thresholds: [ThresholdEvidence; GRID.len()],
    /// Labels counted since the last reset, below every threshold included.
    pub labels: u64,
    /// Overrides among them.
    pub overrides: u64,
}

impl Evidence {
    /// Counts the answer to a decision with this score, for every threshold at or below it and at or
    /// above `from`, the score from which everybody was asked about everything.
    ///
    /// `share` is π₀/π in (0, 1]: the least probability with which anything from there on was asked
    /// about when this decision was, over that of this one.
    /// Answers must come in the order of their decisions, or as [`super::e_process`] says.
    /// `settings` must be valid; a score that is not a number counts for no threshold.
    pub fn observe(
        &mut self,
        settings: &CertificateSettings,
        from: f64,
        score: f64,
        overridden: bool,
        share: f64,
    ) {
        self.labels += 1;
        self.overrides += u64::from(overridden);
        let factors = [1.0, share].map(|share| Factors::new(settings.alpha, overridden, share));
        for (theta, evidence) in GRID.iter().zip(&mut self.thresholds).rev() {
            // From the most lenient to the strictest.
            if score < *theta || score.is_nan() {
                break;
            }
            // Below `from`, what is safer was asked about more often.
            if *theta < from {
                continue;
            }
            evidence.process.multiply(&factors[0]);
            evidence.weighted.multiply(&factors[1]);
            evidence.peak = evidence.peak.max(evidence.value());
            evidence.overrides += u64::from(overridden);
        }
    }

    /// Index into [`GRID`] of the lowest certified threshold; none before the first certificate.
    #[must_use]
    pub fn certified(&self, settings: &CertificateSettings) -> Option<usize> {
        let level = settings.level();
        self.thresholds.iter().rposition(|evidence| evidence.peak >= level)
    }

    /// The lowest certified threshold itself.
    #[must_use]
    pub fn certified_threshold(&self, settings: &CertificateSettings) -> Option<f64> {
        self.certified(settings).map(|index| GRID[index])
    }

    /// Evidence about each threshold, in the order of [`GRID`].
    #[must_use]
    pub fn thresholds(&self) -> &[ThresholdEvidence; GRID.len()] {
        &self.thresholds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: CertificateSettings = CertificateSettings {
        alpha: 0.05,
        delta: 0.05,
        audit_rate: 0.1,
        alarm_run_length: 5_000.0,
    };

    impl Evidence {
        fn observe_all(&mut self, score: f64, overridden: bool) {
            self.observe(&SETTINGS, 0.0, score, overridden, 1.0);
        }
    }

    /// Counts `likes` answers at `score`; what is certified after them.
    fn check(score: f64, likes: usize, expected: Option<f64>) {
        let mut evidence = Evidence::default();
        for _ in 0..likes {
            evidence.observe_all(score, false);
        }
        assert_eq!(evidence.certified_threshold(&SETTINGS), expected, "{likes} likes at {score}");
    }

    #[test]
    fn enough_likes_certify_the_lowest_threshold_they_speak_for() {
        assert_eq!(SETTINGS.level(), 280.0);
        check(0.5, 0, None);
        check(0.97, 100, None);
        // Every threshold up to the score has the same evidence, so the lowest is certified.
        check(0.97, 200, Some(0.5));
        check(0.499, 10_000, None);
        check(f64::NAN, 10_000, None);
    }

    #[test]
    fn overrides_below_keep_the_certificate_above() {
        let mut evidence = Evidence::default();
        for _ in 0..300 {
            evidence.observe_all(0.9, false);
            evidence.observe_all(0.65, true);
        }
        assert_eq!(evidence.certified_threshold(&SETTINGS), Some(0.7));
        assert_eq!((evidence.labels, evidence.overrides), (600, 300));
        let at = |theta: f64| {
            let index = GRID.iter().position(|grid| *grid == theta).expect("on the grid");
            let evidence = &evidence.thresholds()[index];
            (evidence.process.labels(), evidence.overrides)
        };
        assert_eq!([at(0.91), at(0.88), at(0.6)], [(0, 0), (300, 0), (600, 300)]);
    }

    #[test]
    fn full_review_below_an_audited_region_hides_less_of_it() {
        // Safe above, 6 % below; nine in ten labels come from below, where a tenth of decisions are.
        let mut evidence = [1.0, 0.1].map(|share| {
            let mut evidence = Evidence::default();
            for label in 0..6_000 {
                let above = label % 10 == 0;
                let (score, share) = if above { (0.9, 1.0) } else { (0.55, share) };
                evidence.observe(&SETTINGS, 0.0, score, !above && label % 17 == 0, share);
            }
            evidence
        });
        assert_eq!(
            evidence.each_mut().map(|e| e.certified_threshold(&SETTINGS)),
            [Some(0.6), Some(0.5)]
        );
    }

    #[test]
    fn what_was_certified_once_stays_so() {
        let mut evidence = Evidence::default();
        for overridden in [false, true] {
            for _ in 0..200 {
                evidence.observe_all(1.0, overridden);
            }
            assert_eq!(evidence.certified(&SETTINGS), Some(13));
        }
        let stricter = CertificateSettings { delta: 1e-9, ..SETTINGS };
        assert_eq!(evidence.certified(&stricter), None);
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let check = |settings: CertificateSettings, expected: &str| {
            let found = settings.validate().err().map(|error| error.to_string());
            assert_eq!(found.as_deref().unwrap_or(""), expected);
        };
        check(CertificateSettings::default(), "");
        let alpha = CertificateSettings { alpha: 0.0, ..SETTINGS };
        check(alpha, "certificate setting `alpha` is 0, expected a number from 0.0001 to 0.5");
        let rate = CertificateSettings { audit_rate: f64::NAN, ..SETTINGS };
        check(rate, "certificate setting `audit_rate` is NaN, expected a number from 0.001 to 1");
    }

    #[test]
    fn the_grid_descends_from_99_to_50_percent() {
        assert!(GRID.windows(2).all(|pair| pair[0] > pair[1]));
        assert_eq!((GRID[0], GRID[13]), (0.99, 0.5));
    }
}
