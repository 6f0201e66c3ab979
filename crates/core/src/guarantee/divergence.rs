//! Where people override what policy allows: slices of decisions with too many overrides.
//!
//! Each answered decision that policy allowed is a [`Row`] of keys (`site` = `fra1`) and whether it
//! was overridden.
//! Every slice by one key or by two, with enough rows in it, is asked one question: is its override
//! rate above that of the rest *and* above the tolerance?
//! The p-value is the larger of Fisher's exact test against the rest and the exact binomial tail
//! against the tolerance, both one-sided, so that neither a slice of a thoroughly bad lot nor one that
//! is worse than almost nothing is reported.
//! Slices overlap, so the false discovery rate is bounded by Benjamini–Yekutieli
//! ([`super::discovery`]).
//!
//! A discovery implies others: if people at `fra1` object, so does `fra1 × link`.
//! Discoveries are therefore taken by falling evidence, and one is kept only if its rows *outside the
//! kept ones* are still worse than the rest; each trouble is named once, by the slice that shows it
//! best.
//! The bound on false discoveries is that of the list before this thinning.
//!
//! What is found is for people to consider; `npo` never edits the policy.

mod slices;
mod tails;

use serde::{Deserialize, Serialize};

use self::slices::{Counts, Slice, Table};
use self::tails::{binomial_tail, fisher_tail};
use super::discovery::benjamini_yekutieli;
use super::sequence::bernoulli;

/// Most rows that are looked at.
pub const ROWS_MAX: usize = 200_000;

/// Most keys in a row: slices by two keys grow with the square.
pub const KEYS_MAX: usize = 16;

/// Most slices that are tested; more would need more evidence than anybody has.
pub const SLICES_MAX: usize = 100_000;

/// Most findings that are returned: more are not read.
pub const FINDINGS_MAX: usize = 100;

/// How slices are judged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DivergenceSettings {
    /// Bound q on the expected share of false findings, in [1e-6, 0.5].
    pub q: f64,
    /// Override rate that is still fine wherever it occurs, in [0, 1].
    pub tolerance: f64,
    /// Fewest rows of a slice that is tested, in [2, 100000]; what is seldom seen cannot be told from
    /// chance and would only cost the others evidence.
    pub at_least: u32,
}

impl Default for DivergenceSettings {
    /// q = 5 %, tolerance 5 %, slices of 20 rows or more.
    fn default() -> Self {
        Self { q: 0.05, tolerance: 0.05, at_least: 20 }
    }
}

/// One answered decision that policy allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct Row<'a> {
    /// What the decision can be sliced by, each key once.
    pub keys: Vec<(&'a str, String)>,
    /// True if a person overrode it.
    pub overridden: bool,
}

/// A slice in which people object to what policy allows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// One or two keys with their values, by name.
    pub slice: Vec<(String, String)>,
    /// Overridden rows of the slice.
    pub overrides: u64,
    /// All rows of the slice.
    pub labels: u64,
    /// Override rate in the slice.
    pub rate: f64,
    /// Interval of the rate, at level 1 − q for this slice alone: being picked as the worst of many is
    /// not accounted for.
    pub interval: (f64, f64),
    /// The larger of the rest's override rate and the tolerance.
    pub baseline: f64,
    /// p-value of the slice by itself.
    pub p: f64,
    /// p-value adjusted for the number of slices tested; at most the q of the settings.
    pub q: f64,
}

/// Why nothing was looked at.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A setting is out of its range.
    #[error("divergence setting `{setting}` is {found}, expected {expected}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// What was found.
        found: f64,
        /// The allowed range in words.
        expected: &'static str,
    },
    /// There are too many rows.
    #[error("{found} decisions, expected at most {ROWS_MAX}; take the latest")]
    TooManyRows {
        /// Rows given.
        found: usize,
    },
    /// A row has too many keys.
    #[error("row {row} has {found} keys, expected at most {KEYS_MAX}")]
    TooManyKeys {
        /// Number of the row, from 1.
        row: usize,
        /// Its keys.
        found: usize,
    },
    /// A row has a key twice.
    #[error("row {row} has the key `{key}` twice, expected each key once")]
    RepeatedKey {
        /// Number of the row, from 1.
        row: usize,
        /// The key.
        key: String,
    },
    /// There are too many slices.
    #[error(
        "more than {SLICES_MAX} slices with at least {at_least} decisions, expected at most that \
         many; ask for larger slices or fewer keys"
    )]
    TooManySlices {
        /// Rows asked of a slice.
        at_least: u32,
    },
}

/// The slices where people override what policy allows, the strongest evidence first.
///
/// At most [`FINDINGS_MAX`].
///
/// # Errors
/// A setting out of its range, or more rows, keys or slices than the limits of this module.
pub fn diverging(rows: &[Row<'_>], settings: &DivergenceSettings) -> Result<Vec<Finding>, Error> {
    check(rows, settings)?;
    let table = Table::of(rows);
    let slices = table
        .slices(settings.at_least)
        .ok_or(Error::TooManySlices { at_least: settings.at_least })?;
    let all = table.all();
    let test = |counts: &Counts| excess(*counts, all.without(*counts), settings.tolerance);
    let p_values: Vec<f64> = slices.iter().map(|(_, counts)| test(counts)).collect();
    let q_values = benjamini_yekutieli(&p_values);
    let mut found: Vec<usize> = (0..slices.len()).filter(|&i| q_values[i] <= settings.q).collect();
    // Ties go to the broader slice: slices by one key come before those by two.
    found.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]).then(a.cmp(&b)));
    let candidates: Vec<Slice> = found.iter().map(|&i| slices[i].0).collect();
    let kept = thin(&table, &candidates, settings);
    let findings = found.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|(i, _)| {
        let (slice, counts) = slices[i];
        Finding {
            slice: table.names(slice),
            overrides: counts.overrides,
            labels: counts.labels,
            rate: counts.rate(),
            interval: bernoulli(counts.overrides, counts.labels, settings.q),
            baseline: all.without(counts).rate().max(settings.tolerance),
            p: p_values[i],
            q: q_values[i],
        }
    });
    Ok(findings.take(FINDINGS_MAX).collect())
}

/// Most discoveries that are held against those kept before: each costs a pass over the rows.
const THINNED_MAX: usize = 1_000;

/// For each discovery, the strongest first, whether it shows what those kept before do not.
fn thin(table: &Table<'_>, found: &[Slice], settings: &DivergenceSettings) -> Vec<bool> {
    let found = &found[..found.len().min(THINNED_MAX)];
    // Divided by their number, so that chance adds a finding to what is true with probability q at
    // most, roughly: the slices are chosen by the same data.
    #[expect(clippy::cast_precision_loss, reason = "at most `THINNED_MAX`")]
    let level = settings.q / found.len().max(1) as f64;
    let mut explained = vec![false; table.rows()];
    let mut kept_count = 0;
    let keep = |(rank, slice): (usize, &Slice)| {
        let (inside, outside) = table.split(*slice, &explained);
        // The strongest is what the others are held against.
        let kept = kept_count < FINDINGS_MAX
            && (rank == 0 || excess(inside, outside, settings.tolerance) <= level);
        if kept {
            table.mark(*slice, &mut explained);
            kept_count += 1;
        }
        kept
    };
    found.iter().enumerate().map(keep).collect()
}

/// p-value of "no more overrides in the slice than in the rest, or no more than tolerated".
fn excess(slice: Counts, rest: Counts, tolerance: f64) -> f64 {
    if slice.labels == 0 || slice.rate() <= rest.rate().max(tolerance) {
        return 1.0;
    }
    let tolerated = binomial_tail(slice.overrides, slice.labels, tolerance);
    let alike = if rest.labels == 0 {
        // The slice is everything; only the tolerance is left to compare with.
        0.0
    } else {
        let all = slice.plus(rest);
        fisher_tail(slice.overrides, slice.labels, all.overrides, all.labels)
    };
    tolerated.max(alike)
}

fn check(rows: &[Row<'_>], settings: &DivergenceSettings) -> Result<(), Error> {
    let ranges = [
        ("q", settings.q, 1e-6..=0.5, "a number from 0.000001 to 0.5"),
        ("tolerance", settings.tolerance, 0.0..=1.0, "a number from 0 to 1"),
        ("at_least", f64::from(settings.at_least), 2.0..=100_000.0, "2 to 100000"),
    ];
    for (setting, found, allowed, expected) in ranges {
        if !allowed.contains(&found) {
            return Err(Error::Setting { setting, found, expected });
        }
    }
    if rows.len() > ROWS_MAX {
        return Err(Error::TooManyRows { found: rows.len() });
    }
    for (row, Row { keys, .. }) in (1..).zip(rows) {
        if keys.len() > KEYS_MAX {
            return Err(Error::TooManyKeys { row, found: keys.len() });
        }
        for (i, (key, _)) in keys.iter().enumerate() {
            if keys[..i].iter().any(|(earlier, _)| earlier == key) {
                return Err(Error::RepeatedKey { row, key: (*key).to_owned() });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
