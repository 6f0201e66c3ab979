//! Runs as tables in long form: a row for each number.

use std::io::{self, Write};

use crate::record::RunRecord;

/// `world,method,seed,metric,value`.
pub(super) fn runs_csv<'a>(
    out: &mut dyn Write,
    records: impl Iterator<Item = &'a RunRecord>,
) -> io::Result<()> {
    writeln!(out, "world,method,seed,metric,value")?;
    for RunRecord { world, method, seed, metrics, .. } in records {
        for (metric, value) in metrics {
            writeln!(out, "{world},{method},{seed},{metric},{value}")?;
        }
    }
    Ok(())
}

/// `world,method,seed,curve,episode,value`; a point without a value has no row.
pub(super) fn curves_csv<'a>(
    out: &mut dyn Write,
    records: impl Iterator<Item = &'a RunRecord>,
) -> io::Result<()> {
    writeln!(out, "world,method,seed,curve,episode,value")?;
    for RunRecord { world, method, seed, curves, checkpoints, .. } in records {
        for (curve, points) in curves {
            for (episode, value) in checkpoints.iter().zip(points) {
                if let Some(value) = value {
                    writeln!(out, "{world},{method},{seed},{curve},{episode},{value}")?;
                }
            }
        }
    }
    Ok(())
}
