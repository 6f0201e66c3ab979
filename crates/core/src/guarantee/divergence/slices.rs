//! Rows with their keys as small numbers, and the slices that have enough of them.

use std::collections::BTreeMap;

use super::{Row, SLICES_MAX};

/// A key with its value, by number.
type Term = u32;

/// One term or two; in a pair the smaller first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slice {
    One(Term),
    Two(Term, Term),
}

/// Rows and overrides among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    pub(super) labels: u64,
    pub(super) overrides: u64,
}

impl Counts {
    fn add(&mut self, overridden: bool) {
        self.labels += 1;
        self.overrides += u64::from(overridden);
    }

    /// Override rate; 0 without rows.
    #[expect(clippy::cast_precision_loss, reason = "at most `ROWS_MAX`")]
    pub(super) fn rate(self) -> f64 {
        if self.labels == 0 { 0.0 } else { self.overrides as f64 / self.labels as f64 }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self { labels: self.labels + other.labels, overrides: self.overrides + other.overrides }
    }

    /// What is left without `part`, which is contained in this.
    pub(super) fn without(self, part: Self) -> Self {
        Self { labels: self.labels - part.labels, overrides: self.overrides - part.overrides }
    }
}

/// All rows, with terms for their keys.
pub(super) struct Table<'a> {
    /// Key and value of each term.
    names: Vec<(&'a str, &'a str)>,
    /// Sorted terms of each row, and whether it was overridden.
    rows: Vec<(Vec<Term>, bool)>,
}

impl<'a> Table<'a> {
    pub(super) fn of(rows: &'a [Row<'a>]) -> Self {
        let mut numbers: BTreeMap<(&str, &str), Term> = BTreeMap::new();
        let mut names = Vec::new();
        let mut number = |name| {
            *numbers.entry(name).or_insert_with(|| {
                names.push(name);
                // Each row brings at most `KEYS_MAX` new ones.
                Term::try_from(names.len() - 1).expect("fewer terms than rows times keys")
            })
        };
        let rows = rows
            .iter()
            .map(|row| {
                let keys = row.keys.iter();
                let mut terms: Vec<Term> =
                    keys.map(|(key, value)| number((*key, value.as_str()))).collect();
                terms.sort_unstable();
                (terms, row.overridden)
            })
            .collect();
        Self { names, rows }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Counts of all rows.
    pub(super) fn all(&self) -> Counts {
        let mut all = Counts::default();
        for (_, overridden) in &self.rows {
            all.add(*overridden);
        }
        all
    }

    /// Key and value of each term of a slice, by key.
    pub(super) fn names(&self, slice: Slice) -> Vec<(String, String)> {
        let terms = match slice {
            Slice::One(a) => vec![a],
            Slice::Two(a, b) => vec![a, b],
        };
        let name = |term: Term| {
            let (key, value) = self.names[term as usize];
            (key.to_owned(), value.to_owned())
        };
        let mut names: Vec<_> = terms.into_iter().map(name).collect();
        names.sort();
        names
    }

    /// Slices with at least so many rows, first those of one term; none if they are too many.
    ///
    /// A pair is counted only where both of its terms are frequent, since it cannot be more frequent
    /// than they are; this keeps keys with a value of their own in each row from costing anything.
    pub(super) fn slices(&self, at_least: u32) -> Option<Vec<(Slice, Counts)>> {
        let enough = |counts: &Counts| counts.labels >= u64::from(at_least);
        let mut ones = vec![Counts::default(); self.names.len()];
        for (terms, overridden) in &self.rows {
            for term in terms {
                ones[*term as usize].add(*overridden);
            }
        }
        let mut twos: BTreeMap<(Term, Term), Counts> = BTreeMap::new();
        for (terms, overridden) in &self.rows {
            let frequent: Vec<Term> =
                terms.iter().copied().filter(|term| enough(&ones[*term as usize])).collect();
            for (i, a) in frequent.iter().enumerate() {
                for b in &frequent[i + 1..] {
                    twos.entry((*a, *b)).or_default().add(*overridden);
                    // Pairs that turn out rare take memory too, while they are counted.
                    if twos.len() > 10 * SLICES_MAX {
                        return None;
                    }
                }
            }
        }
        let ones = (0..).zip(ones).map(|(a, counts)| (Slice::One(a), counts));
        let twos = twos.into_iter().map(|((a, b), counts)| (Slice::Two(a, b), counts));
        let slices: Vec<_> = ones.chain(twos).filter(|(_, counts)| enough(counts)).collect();
        (slices.len() <= SLICES_MAX).then_some(slices)
    }

    /// Counts inside and outside of `slice`, over the rows that are not yet `explained`.
    pub(super) fn split(&self, slice: Slice, explained: &[bool]) -> (Counts, Counts) {
        let (mut inside, mut outside) = (Counts::default(), Counts::default());
        for ((terms, overridden), explained) in self.rows.iter().zip(explained) {
            if !explained {
                let side = if contains(slice, terms) { &mut inside } else { &mut outside };
                side.add(*overridden);
            }
        }
        (inside, outside)
    }

    /// Marks the rows of `slice` as explained.
    pub(super) fn mark(&self, slice: Slice, explained: &mut [bool]) {
        for ((terms, _), explained) in self.rows.iter().zip(explained) {
            *explained |= contains(slice, terms);
        }
    }
}

fn contains(slice: Slice, terms: &[Term]) -> bool {
    match slice {
        Slice::One(a) => terms.contains(&a),
        Slice::Two(a, b) => terms.contains(&a) && terms.contains(&b),
    }
}
