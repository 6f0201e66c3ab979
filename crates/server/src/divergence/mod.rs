//! Where people override what policy allows: the report on the latest answered decisions.
//!
//! Made from the log alone, off the threads that serve requests, and kept for a minute, since it reads
//! much of it.
//! The statistics are the core's ([`npo_core::guarantee::divergence`]); here decisions become rows
//! ([`rows`]), numbers become ranges ([`bins`]), and findings become a rule to consider ([`suggest`]).
//! `npo` never edits a policy.

mod bins;
mod rows;
mod suggest;

use std::sync::Arc;
use std::time::{Duration, Instant};

use npo_api::Problem;
use npo_api::monitor as api;
use npo_api::oversight::Estimate;
use npo_core::guarantee::divergence::{DivergenceSettings, Finding, Row, diverging};
use npo_engine::Engine;
use parking_lot::Mutex;

use self::bins::Binned;
use self::rows::Collected;
use crate::http::problem::internal;

/// For so long a report is given again.
const KEPT: Duration = Duration::from_secs(60);

/// The latest report; one is made at a time.
#[derive(Debug, Default)]
pub(crate) struct Divergences(Mutex<Option<(Instant, Arc<api::Divergence>)>>);

impl Divergences {
    /// A report that is at most a minute old. Blocks; a new one takes seconds on a long log.
    pub(crate) fn report(&self, engine: &Engine) -> Result<Arc<api::Divergence>, Problem> {
        let mut kept = self.0.lock();
        if let Some((at, report)) = kept.as_ref()
            && at.elapsed() < KEPT
        {
            return Ok(Arc::clone(report));
        }
        let collected =
            rows::collect(engine).map_err(|error| internal("the log could not be read", &error))?;
        let report = Arc::new(report(&collected)?);
        *kept = Some((Instant::now(), Arc::clone(&report)));
        Ok(report)
    }

    /// The latest report, however old, if there is one.
    pub(crate) fn latest(&self) -> Option<Arc<api::Divergence>> {
        // Whoever makes one now holds the lock for seconds.
        self.0.try_lock()?.as_ref().map(|(_, report)| Arc::clone(report))
    }
}

fn report(collected: &Collected) -> Result<api::Divergence, Problem> {
    let settings = DivergenceSettings::default();
    let DivergenceSettings { q, tolerance, at_least } = settings;
    let binned = Binned::of(collected);
    let overrides = collected.rows.iter().filter(|row| row.overridden).count() as u64;
    let rows: Vec<Row<'_>> = collected.rows.iter().map(|row| binned.row(collected, row)).collect();
    let found = diverging(&rows, &settings)
        .map_err(|error| internal("decisions could not be compared", &error))?;
    let rows = rows.len() as u64;
    let findings: Vec<_> = found.into_iter().map(|finding| put(finding, rows, &binned)).collect();
    let of = if rows == 1 { "answered decision" } else { "answered decisions" };
    let summary = match findings.len() {
        0 if rows < u64::from(at_least) => format!(
            "Not enough answers: {rows} {of} that policy allowed, and no group of fewer than {at_least} can be told from chance."
        ),
        0 => format!(
            "Nothing found: among {rows} {of} that policy allowed, {overrides} of them overridden, no group stands out."
        ),
        n => format!(
            "{n} {} found among {rows} {of} that policy allowed, {overrides} of them overridden: people object there to what policy allows.",
            if n == 1 { "group" } else { "groups" }
        ),
    };
    let (from_position, until_position) = (collected.from, collected.until);
    Ok(api::Divergence {
        summary,
        rows,
        overrides,
        from_position,
        until_position,
        q,
        tolerance,
        at_least,
        findings,
    })
}

fn put(from: Finding, rows: u64, binned: &Binned<'_>) -> api::DivergenceFinding {
    let Finding { slice, overrides, labels, rate, interval: (low, high), baseline, p, q } = from;
    let everything = labels == rows;
    let suggested = suggest::rule(&slice, overrides, labels, (low, high), everything, binned);
    let condition = |(key, value): (String, String)| api::Condition { key, value };
    api::DivergenceFinding {
        slice: slice.into_iter().map(condition).collect(),
        overrides,
        labels,
        rate: Estimate { value: Some(rate), low, high },
        baseline,
        p,
        q,
        suggestion: suggested.words,
        rego: suggested.rego,
    }
}
