//! Numbers as ranges that people can read, cut so that each holds about a quarter of the decisions.

use npo_core::guarantee::divergence::Row;

use super::rows::{Answered, Collected, Value};

/// A number that takes at most so many values is told apart by value.
const VALUES_TOLD_APART: usize = 5;
/// Ranges otherwise.
const RANGES: usize = 4;
/// Significant digits of a cut.
const DIGITS: i32 = 3;

/// What a value of a key stands for, as a condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Meaning {
    /// This number.
    Equal(f64),
    /// From the first to below the second, either of which may be open.
    Range(Option<f64>, Option<f64>),
    /// This word.
    Text(String),
    /// Yes or no.
    Flag(bool),
}

impl Meaning {
    /// The words by which a finding names it, and people read it.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Equal(value) => value.to_string(),
            Self::Range(None, Some(high)) => format!("below {high}"),
            Self::Range(Some(low), Some(high)) => format!("{low} to below {high}"),
            Self::Range(Some(low), None) => format!("{low} or more"),
            Self::Range(None, None) => "any".to_owned(),
            Self::Text(text) => text.clone(),
            Self::Flag(yes) => yes.to_string(),
        }
    }
}

/// How the numbers of one key are put into ranges.
#[derive(Debug, Clone, PartialEq)]
enum Cuts {
    /// Each value by itself.
    Apart,
    /// At these values, ascending.
    At(Vec<f64>),
}

/// Collected decisions with their ranges.
#[derive(Debug)]
pub(super) struct Binned<'a> {
    keys: &'a [String],
    /// By key.
    cuts: Vec<Cuts>,
}

impl<'a> Binned<'a> {
    /// Chooses the ranges.
    pub(super) fn of(collected: &'a Collected) -> Self {
        let mut numbers: Vec<Vec<f64>> = vec![Vec::new(); collected.keys.len()];
        for row in &collected.rows {
            for (key, value) in &row.values {
                if let Value::Number(number) = value {
                    numbers[*key as usize].push(*number);
                }
            }
        }
        Self { keys: &collected.keys, cuts: numbers.into_iter().map(cuts).collect() }
    }

    /// A decision as the core's statistics take it.
    pub(super) fn row(&self, collected: &'a Collected, row: &Answered) -> Row<'a> {
        let action = row.definition.actions.get(usize::from(row.action));
        let mut keys = vec![
            ("scenario.type", row.definition.name.clone()),
            ("scenario.site", row.site.clone()),
            ("scenario.risk", row.definition.risk.name().to_owned()),
            ("action.name", action.map(|action| action.name.clone()).unwrap_or_default()),
        ];
        let values = row.values.iter().map(|(key, value)| {
            (collected.keys[*key as usize].as_str(), self.meaning(*key, value).words())
        });
        keys.extend(values);
        Row { keys, overridden: row.overridden }
    }

    fn meaning(&self, key: u32, value: &Value) -> Meaning {
        match (value, &self.cuts[key as usize]) {
            (Value::Text(text), _) => Meaning::Text(text.clone()),
            (Value::Flag(yes), _) => Meaning::Flag(*yes),
            (Value::Number(number), Cuts::Apart) => Meaning::Equal(*number),
            (Value::Number(number), Cuts::At(cuts)) => {
                let i = cuts.partition_point(|cut| cut <= number);
                let low = i.checked_sub(1).and_then(|i| cuts.get(i)).copied();
                Meaning::Range(low, cuts.get(i).copied())
            }
        }
    }

    /// What a finding's words stand for.
    pub(super) fn meaning_of(&self, key: &str, words: &str) -> Meaning {
        let text = || Meaning::Text(words.to_owned());
        let Some(number) = self.keys.iter().position(|known| known == key) else { return text() };
        let ranges: Vec<Meaning> = match &self.cuts[number] {
            Cuts::Apart => words.parse().map(Meaning::Equal).into_iter().collect(),
            Cuts::At(cuts) => {
                let lows = std::iter::once(None).chain(cuts.iter().copied().map(Some));
                let highs = cuts.iter().copied().map(Some).chain([None]);
                lows.zip(highs).map(|(low, high)| Meaning::Range(low, high)).collect()
            }
        };
        let flags = [Meaning::Flag(true), Meaning::Flag(false)];
        let all = ranges.into_iter().chain(flags);
        all.into_iter().find(|meaning| meaning.words() == words).unwrap_or_else(text)
    }
}

fn cuts(mut numbers: Vec<f64>) -> Cuts {
    numbers.sort_by(f64::total_cmp);
    let mut values = numbers.clone();
    values.dedup();
    if values.len() <= VALUES_TOLD_APART {
        return Cuts::Apart;
    }
    let quarter = |i: usize| rounded(numbers[numbers.len() * i / RANGES]);
    let mut cuts: Vec<f64> = (1..RANGES).map(quarter).collect();
    cuts.dedup();
    // A cut at the smallest value would leave nothing below it.
    cuts.retain(|cut| *cut > numbers[0]);
    Cuts::At(cuts)
}

/// A number with as many digits as people read.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    #[expect(clippy::cast_possible_truncation, reason = "magnitudes of doubles")]
    let magnitude = value.abs().log10().floor() as i32;
    let text = format!("{:.*e}", usize::try_from(DIGITS - 1).unwrap_or(0), value);
    // Written in decimal, where a scaled product would show its rounding.
    match text.parse::<f64>() {
        Ok(rounded) if magnitude.abs() < 300 => rounded,
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(numbers: &[f64], expected: Cuts) {
        assert_eq!(cuts(numbers.to_vec()), expected, "{numbers:?}");
    }

    #[test]
    fn few_values_are_told_apart_and_many_are_cut_into_quarters() {
        check(&[], Cuts::Apart);
        check(&[3.0, 1.0, 3.0], Cuts::Apart);
        let many: Vec<f64> = (0..1000).map(|i| f64::from(i) / 999.0).collect();
        check(&many, Cuts::At(vec![0.25, 0.501, 0.751]));
        // Mostly zeros: the lower quarters fall together.
        let mut zeros = vec![0.0; 700];
        zeros.extend((1..=300).map(f64::from));
        check(&zeros, Cuts::At(vec![51.0]));
    }

    #[test]
    fn words_lead_back_to_what_they_stand_for() {
        let keys = ["features.load".to_owned(), "facts.planned".to_owned()];
        let binned = Binned { keys: &keys, cuts: vec![Cuts::At(vec![0.25, 0.75]), Cuts::Apart] };
        for number in [0.1, 0.25, 0.5, 0.75, 3.0] {
            let meaning = binned.meaning(0, &Value::Number(number));
            assert_eq!(binned.meaning_of("features.load", &meaning.words()), meaning, "{number}");
        }
        assert_eq!(binned.meaning(0, &Value::Number(0.25)), Meaning::Range(Some(0.25), Some(0.75)));
        assert_eq!(binned.meaning_of("facts.planned", "true"), Meaning::Flag(true));
        assert_eq!(binned.meaning_of("facts.planned", "2"), Meaning::Equal(2.0));
        assert_eq!(binned.meaning_of("scenario.site", "2"), Meaning::Text("2".into()));
    }
}
