//! npo's forecast against each other one, on the same draws of the same steps.

use serde::Serialize;

use super::super::bootstrap::Interval;
use super::super::predict::Abstention;
use super::measure::Measured;

/// What a paired difference shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// The whole interval is above 0.
    Better,
    /// The whole interval is below 0.
    Worse,
    /// The interval holds 0, or there is none.
    NotDistinguishable,
}

/// A difference, above 0 where npo is better.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// On the test stretch; `None` where one of the two is not defined.
    pub value: Option<f64>,
    /// 95 % interval of the paired block bootstrap.
    pub interval: Option<Interval>,
    /// What it shows.
    pub finding: Finding,
}

/// npo's differences to one other forecast.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Comparison {
    /// The other one.
    pub against: &'static str,
    /// Difference in F1.
    pub f1: Difference,
    /// Difference in average precision.
    pub average_precision: Difference,
    /// Log loss saved, nats per step.
    pub log_loss: Difference,
}

impl Difference {
    fn of(values: [Option<f64>; 2], drawn: [&[Option<f64>]; 2], sign: f64) -> Self {
        let less = |(ours, theirs): (Option<f64>, Option<f64>)| Some(sign * (ours? - theirs?));
        let value = less((values[0], values[1]));
        let pairs = drawn[0].iter().copied().zip(drawn[1].iter().copied());
        let interval = value.and_then(|_| Interval::of(pairs.map(less)));
        let finding = match interval {
            Some(Interval { low, .. }) if low > 0.0 => Finding::Better,
            Some(Interval { high, .. }) if high < 0.0 => Finding::Worse,
            _ => Finding::NotDistinguishable,
        };
        Self { value, interval, finding }
    }
}

/// The first forecast against all others.
pub(super) fn compare(measured: &[Measured]) -> Vec<Comparison> {
    let Some((npo, others)) = measured.split_first() else { return Vec::new() };
    let against = |other: &Measured| {
        let average = |m: &Measured| m.by_step.average_precision.value;
        Comparison {
            against: other.name,
            f1: Difference::of(
                [npo.by_step.f1.value, other.by_step.f1.value],
                [&npo.f1, &other.f1],
                1.0,
            ),
            average_precision: Difference::of(
                [average(npo), average(other)],
                [&npo.average_precision, &other.average_precision],
                1.0,
            ),
            log_loss: Difference::of(
                [npo.log_loss.0, other.log_loss.0],
                [&npo.log_loss.1, &other.log_loss.1],
                -1.0,
            ),
        }
    };
    others.iter().map(against).collect()
}

/// What follows, in a sentence or two.
pub(super) fn verdict(
    measured: &[Measured],
    comparisons: &[Comparison],
    abstention: Option<&Abstention>,
    positives: usize,
) -> String {
    if let Some(abstention) = abstention {
        return format!("npo abstains: {abstention}");
    }
    if positives == 0 {
        return "no positive step in the test stretch: nothing can be said".into();
    }
    let by_f1 = best(measured, comparisons, |m| m.by_step.f1.value, |c| &c.f1);
    let by_average = best(
        measured,
        comparisons,
        |m| m.by_step.average_precision.value,
        |c| &c.average_precision,
    );
    let sentence = |figure: &str, best: Option<(&str, &Difference)>| match best {
        None => format!("no other forecast has {figure}"),
        Some((name, difference)) => {
            let words = match difference.finding {
                Finding::Better => "better than",
                Finding::Worse => "worse than",
                Finding::NotDistinguishable => "not distinguishable from",
            };
            format!(
                "in {figure}, npo is {words} the best other one ({name}, {})",
                shown(difference)
            )
        }
    };
    format!("{}; {}", sentence("F1", by_f1), sentence("average precision", by_average))
}

fn best<'a>(
    measured: &[Measured],
    comparisons: &'a [Comparison],
    figure: impl Fn(&Measured) -> Option<f64>,
    difference: impl Fn(&'a Comparison) -> &'a Difference,
) -> Option<(&'static str, &'a Difference)> {
    let others = measured.iter().skip(1).zip(comparisons);
    let known = others.filter_map(|(other, comparison)| Some((figure(other)?, comparison)));
    let (_, comparison) = known.max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some((comparison.against, difference(comparison)))
}

fn shown(difference: &Difference) -> String {
    match (difference.value, difference.interval) {
        (Some(value), Some(Interval { low, high })) => {
            format!("difference {value:+.3} [{low:+.3}, {high:+.3}]")
        }
        _ => "no difference defined".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn better_means_that_the_whole_interval_is_above_zero() {
        let base: Vec<Option<f64>> = (0..100).map(|i| Some(f64::from(i) / 100.0)).collect();
        let check = |by: &dyn Fn(usize) -> f64, expected: Finding| {
            let ours: Vec<Option<f64>> =
                base.iter().enumerate().map(|(i, b)| b.map(|b| b + by(i))).collect();
            let found = Difference::of([Some(0.6), Some(0.5)], [&ours, &base], 1.0);
            assert_eq!(found.finding, expected, "{found:?}");
        };
        check(&|_| 0.01, Finding::Better);
        check(&|_| -0.01, Finding::Worse);
        check(&|i| if i % 10 == 0 { -0.01 } else { 0.5 }, Finding::NotDistinguishable);
        let undefined = Difference::of([None, Some(0.5)], [&base, &base], 1.0);
        assert_eq!((undefined.value, undefined.finding), (None, Finding::NotDistinguishable));
    }
}
