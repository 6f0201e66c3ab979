//! Who gets an answer: the share of asked decisions that people answered, by kind and score.
//!
//! A label exists where somebody answered. Weights need the probability of that, which is taken as
//! the observed share among asked decisions of the same kind (surfaced or audit) and of nearly the
//! same score. This corrects for people answering some scores more often than others and for
//! nothing else: given the score, answering is taken to be unrelated to the answer.
//! Whether it is related to the score can be seen, and is reported.
//!
//! Decisions whose time was not over when the log ended are *young*. Those of them that are still
//! open say nothing yet and are left out: counted as unanswered, they would lower the share of all
//! others, which had their full time. What is left of the young that were asked are nearly all
//! answered, so that they have shares of their own; and the young that nobody was asked about count
//! in the same proportion as the asked ones that are left, so that leaving out the open ones does not
//! shift what the estimates are about.

use serde::Serialize;

use super::row::{Fate, Kind, Row};

/// Strata per kind at most.
const STRATA_MAX: usize = 10;
/// Asked decisions per stratum at least, beyond the first.
const STRATUM_MIN: usize = 100;

/// Observed shares of answered decisions.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AnswerModel {
    surfaced: Shares,
    audit: Shares,
}

/// Shares of asked decisions, by score.
#[derive(Debug, Clone, PartialEq)]
struct Shares {
    /// Answered, of those whose time was over.
    old: Strata,
    /// Answered, of the young that are not open any more.
    young: Strata,
    /// Not open any more, of the young.
    settled: Strata,
}

#[derive(Debug, Clone, PartialEq)]
struct Strata {
    /// Upper limits of all strata but the last.
    limits: Vec<f32>,
    /// `None` where nobody was asked.
    rates: Vec<Option<f64>>,
}

impl AnswerModel {
    pub(super) fn fit(rows: &[Row]) -> Self {
        let of = |by_audit: bool| {
            let asked = |row: &&Row| row.asked && by_audit == (row.kind != Kind::Surfaced);
            Shares::fit(rows.iter().filter(asked))
        };
        Self { surfaced: of(false), audit: of(true) }
    }

    /// Probability that a label of this decision is in the log: asked by threshold or by audit, and
    /// answered; of a young one, given that it is not open.
    pub(super) fn label_probability(&self, row: &Row) -> f64 {
        let (surfaced, audit) = (f64::from(row.surfaced), f64::from(row.audit));
        let audited = audit * self.audit.answered(row);
        match row.kind {
            Kind::Surfaced | Kind::Audit | Kind::Abstained => {
                surfaced * self.surfaced.answered(row) + (1.0 - surfaced) * audited
            }
            Kind::Automatic => audited,
            Kind::Blocked | Kind::Held => 0.0,
        }
    }

    /// How much this decision counts: nothing while it is open; where nobody was asked about a young
    /// one, as much as those are settled that people were asked about; else in full.
    pub(super) fn count(&self, row: &Row) -> f64 {
        if row.open() {
            return 0.0;
        }
        let asked = row.ask_probability();
        if !row.young || row.asked || asked == 0.0 {
            return 1.0;
        }
        let surfaced = match row.kind {
            Kind::Automatic => 0.0,
            _ => f64::from(row.surfaced),
        };
        let by_audit = (asked - surfaced) * self.audit.settled(row);
        (surfaced * self.surfaced.settled(row) + by_audit) / asked
    }

    /// Whether nobody answers decisions like this one, although they are asked.
    pub(super) fn never_answered(&self, row: &Row) -> bool {
        row.ask_probability() > 0.0 && self.label_probability(row) == 0.0
    }
}

impl Shares {
    fn fit<'a>(asked: impl Iterator<Item = &'a Row> + Clone) -> Self {
        let answered = |row: &Row| (row.score, row.label().is_some());
        let young = asked.clone().filter(|row| row.young);
        Self {
            old: Strata::fit(asked.filter(|row| !row.young).map(answered)),
            young: Strata::fit(young.clone().filter(|row| !row.open()).map(answered)),
            settled: Strata::fit(young.map(|row| (row.score, !row.open()))),
        }
    }

    fn answered(&self, row: &Row) -> f64 {
        let old = || self.old.rate(row.score);
        let rate = if row.young { self.young.rate(row.score).or_else(old) } else { old() };
        rate.unwrap_or(0.0)
    }

    fn settled(&self, row: &Row) -> f64 {
        self.settled.rate(row.score).unwrap_or(1.0)
    }
}

impl Strata {
    fn fit(asked: impl Iterator<Item = (f32, bool)>) -> Self {
        let mut asked: Vec<(f32, bool)> = asked.collect();
        asked.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let count = (asked.len() / STRATUM_MIN).clamp(1, STRATA_MAX);
        let mut limits: Vec<f32> =
            (1..count).filter_map(|i| asked.get(i * asked.len() / count)).map(|a| a.0).collect();
        limits.dedup();
        let mut sums = vec![(0.0_f64, 0.0_f64); limits.len() + 1];
        for (score, yes) in asked {
            let (all, with) = &mut sums[limits.partition_point(|limit| *limit <= score)];
            *all += 1.0;
            *with += f64::from(u8::from(yes));
        }
        let rates = sums.iter().map(|(all, with)| (*all > 0.0).then(|| with / all));
        Self { rates: rates.collect(), limits }
    }

    fn rate(&self, score: f32) -> Option<f64> {
        self.rates[self.limits.partition_point(|limit| *limit <= score)]
    }
}

/// What became of questions to people, and whether silence depends on the score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answering {
    /// Decisions put to people, by threshold or audit.
    pub asked: u64,
    /// Of those, answered.
    pub answered: u64,
    /// Of those, expired unanswered.
    pub expired: u64,
    /// Of those, taken back unanswered.
    pub withdrawn: u64,
    /// Of those, still open when the log ends, with time left: the estimates leave them out.
    pub open: u64,
    /// Mean score of surfaced decisions that were answered.
    pub answered_score: Option<f64>,
    /// Mean score of surfaced decisions that expired.
    pub expired_score: Option<f64>,
    /// Largest difference between both distributions of scores (Kolmogorov–Smirnov), in [0, 1].
    pub distance: Option<f64>,
    /// What that distance stays below with 95 % if there is no difference.
    pub critical: Option<f64>,
}

impl Answering {
    pub(super) fn of(rows: &[Row]) -> Self {
        let count =
            |f: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| row.asked && f(row)).count() as u64;
        let scores = |f: &dyn Fn(&Row) -> bool| -> Vec<f32> {
            let mut scores: Vec<f32> = rows
                .iter()
                .filter(|row| row.kind == Kind::Surfaced && f(row))
                .map(|row| row.score)
                .collect();
            scores.sort_unstable_by(f32::total_cmp);
            scores
        };
        let answered = scores(&|row| row.label().is_some());
        let expired = scores(&|row| row.fate == Fate::Expired);
        Self {
            asked: count(&|_| true),
            answered: count(&|row| row.label().is_some()),
            expired: count(&|row| row.fate == Fate::Expired),
            withdrawn: count(&|row| row.fate == Fate::Withdrawn),
            open: count(&Row::open),
            answered_score: mean(&answered),
            expired_score: mean(&expired),
            distance: distance(&answered, &expired),
            critical: critical(answered.len(), expired.len()),
        }
    }

    /// Whether silence depends on the score, as far as can be seen.
    #[must_use]
    pub fn depends_on_score(&self) -> bool {
        self.distance.zip(self.critical).is_some_and(|(found, limit)| found > limit)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of decisions")]
fn mean(values: &[f32]) -> Option<f64> {
    (!values.is_empty())
        .then(|| values.iter().copied().map(f64::from).sum::<f64>() / values.len() as f64)
}

/// Largest difference of the distribution functions of two sorted samples.
#[expect(clippy::cast_precision_loss, reason = "counts of decisions")]
fn distance(a: &[f32], b: &[f32]) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let (mut i, mut j, mut largest) = (0, 0, 0.0_f64);
    while i < a.len() && j < b.len() {
        let at = a[i].min(b[j]);
        i += a[i..].partition_point(|value| *value <= at);
        j += b[j..].partition_point(|value| *value <= at);
        let difference = i as f64 / a.len() as f64 - j as f64 / b.len() as f64;
        largest = largest.max(difference.abs());
    }
    Some(largest)
}

#[expect(clippy::cast_precision_loss, reason = "counts of decisions")]
fn critical(n: usize, m: usize) -> Option<f64> {
    (n > 0 && m > 0).then(|| 1.358 * ((n + m) as f64 / (n as f64 * m as f64)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_of_distributions() {
        let check = |a: &[f32], b: &[f32], expected| assert_eq!(distance(a, b), expected);
        check(&[], &[0.5], None);
        check(&[0.1, 0.2], &[0.1, 0.2], Some(0.0));
        check(&[0.1, 0.2], &[0.8, 0.9], Some(1.0));
        check(&[0.5, 0.5, 0.5, 0.9], &[0.5, 0.9, 0.9, 0.9], Some(0.5));
    }
}
