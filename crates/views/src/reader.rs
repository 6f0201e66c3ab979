//! The reading side: lists and look-ups, each within a limit of size and time.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use npo_core::{DecisionId, Millis, ScenarioId};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Params, Row, params_from_iter};

use crate::error::sqlite;
use crate::query::{self, Query, Range};
use crate::row::{COLUMNS, decision};
use crate::{DecisionRow, Error, Filter, ScenarioFilter, apply, schema};

/// Rows that one list returns at most.
pub const LIMIT_MAX: usize = 1000;
/// A query that takes longer is given up.
pub const QUERY_TIME_MAX: Duration = Duration::from_secs(2);
/// Steps of SQLite's machine between two looks at the clock: some ten microseconds.
const STEPS_BETWEEN_LOOKS: i32 = 2000;

/// A reader of the views; sees whole batches.
#[derive(Debug)]
pub struct ViewReader {
    connection: Connection,
    deadline: Arc<Deadline>,
}

/// When the query that runs is given up.
#[derive(Debug)]
struct Deadline {
    start: Instant,
    /// Nanoseconds after `start`.
    until: AtomicU64,
}

impl Deadline {
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn set(&self, limit: Duration) {
        let limit = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        self.until.store(self.now().saturating_add(limit), Ordering::Relaxed);
    }

    fn passed(&self) -> bool {
        self.now() > self.until.load(Ordering::Relaxed)
    }
}

impl ViewReader {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let mut connection = schema::open_reader(path)?;
        let deadline =
            Arc::new(Deadline { start: Instant::now(), until: AtomicU64::new(u64::MAX) });
        let watched = Arc::clone(&deadline);
        connection
            .progress_handler(STEPS_BETWEEN_LOOKS, Some(move || watched.passed()))
            .map_err(|source| Error::Sqlite { action: "bound the queries", source })?;
        Ok(Self { connection, deadline })
    }

    /// Position of the last event that this reader would see now.
    ///
    /// # Errors
    /// [`Error::Sqlite`] if the database fails.
    pub fn position(&self) -> Result<u64, Error> {
        self.within(QUERY_TIME_MAX, |reader| apply::position(&reader.connection))
    }

    /// Decisions that match, newest first: those before decision `before`, at most `limit` and
    /// [`LIMIT_MAX`]. Give the last one's id as `before` for the next page; what is decided
    /// meanwhile does not shift the pages.
    ///
    /// # Errors
    /// [`Error::TooSlow`] if a filter matches little among much, [`Error::Sqlite`] if the database
    /// fails, [`Error::Content`] if it holds what no view writes.
    pub fn decisions(
        &self,
        filter: &Filter,
        before: Option<DecisionId>,
        limit: usize,
    ) -> Result<Vec<DecisionRow>, Error> {
        self.within(QUERY_TIME_MAX, |reader| {
            let range = reader.range(filter, before)?;
            let query = query::decisions(filter, range, limit.min(LIMIT_MAX));
            reader.list("list decisions", &query, decision)?.into_iter().collect()
        })
    }

    /// One decision; `None` if the views do not know it (yet).
    ///
    /// # Errors
    /// As [`Self::decisions`].
    pub fn decision(&self, id: DecisionId) -> Result<Option<DecisionRow>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM decisions WHERE id = ?1");
        let Ok(id) = i64::try_from(id.0) else { return Ok(None) };
        self.within(QUERY_TIME_MAX, |reader| {
            reader.find("read a decision", &sql, [id], decision)?.transpose()
        })
    }

    /// Positions of all answers to a decision, oldest first, at most [`LIMIT_MAX`].
    ///
    /// # Errors
    /// As [`Self::decisions`].
    pub fn feedback_of(&self, id: DecisionId) -> Result<Vec<u64>, Error> {
        let sql = "SELECT position FROM feedback INDEXED BY feedback_decision WHERE decision = ?1 ORDER BY position LIMIT ?2";
        self.positions(sql, id.0, LIMIT_MAX)
    }

    /// Positions of the answers about a scenario, newest first, at most `limit` and [`LIMIT_MAX`].
    ///
    /// # Errors
    /// As [`Self::decisions`].
    pub fn feedback_of_scenario(&self, id: ScenarioId, limit: usize) -> Result<Vec<u64>, Error> {
        let sql = "SELECT position FROM feedback INDEXED BY feedback_scenario WHERE scenario = ?1 ORDER BY position DESC LIMIT ?2";
        self.positions(sql, u64::from(id.0), limit)
    }

    /// Position of the latest decision about a scenario.
    ///
    /// # Errors
    /// As [`Self::decisions`].
    pub fn latest_decision(&self, id: ScenarioId) -> Result<Option<u64>, Error> {
        let sql = "SELECT position FROM decisions INDEXED BY decisions_scenario WHERE scenario = ?1 ORDER BY id DESC LIMIT ?2";
        Ok(self.positions(sql, u64::from(id.0), 1)?.first().copied())
    }

    /// Positions of what the monitor did by itself (its actions, certificates that changed, levels that
    /// followed them), newest first, at most `limit` and [`LIMIT_MAX`].
    ///
    /// # Errors
    /// As [`Self::decisions`].
    pub fn acts(&self, limit: usize) -> Result<Vec<u64>, Error> {
        let sql = "SELECT position FROM acts WHERE position >= ?1 ORDER BY position DESC LIMIT ?2";
        self.positions(sql, 0, limit)
    }

    /// Scenarios that match, in the order of their ids, after scenario `after`, at most `limit` and
    /// [`LIMIT_MAX`].
    ///
    /// # Errors
    /// As [`Self::decisions`].
    pub fn scenarios(
        &self,
        filter: &ScenarioFilter,
        after: Option<ScenarioId>,
        limit: usize,
    ) -> Result<Vec<ScenarioId>, Error> {
        let query = query::scenarios(filter, after.map(|id| id.0), limit.min(LIMIT_MAX));
        self.within(QUERY_TIME_MAX, |reader| {
            reader.list("list scenarios", &query, |row| row.get(0).map(ScenarioId))
        })
    }

    fn positions(&self, sql: &str, id: u64, limit: usize) -> Result<Vec<u64>, Error> {
        // No row has a number that SQLite cannot hold.
        let Ok(id) = i64::try_from(id) else {
            return Ok(Vec::new());
        };
        let values = [id, i64::try_from(limit.min(LIMIT_MAX)).unwrap_or(i64::MAX)];
        self.within(QUERY_TIME_MAX, |reader| {
            let rows = |connection: &Connection| -> rusqlite::Result<Vec<u64>> {
                let mut statement = connection.prepare_cached(sql)?;
                statement.query_map(values, |row| row.get(0))?.collect()
            };
            rows(&reader.connection).map_err(sqlite("look up positions"))
        })
    }

    /// Numbers of the decisions that were made in time and come before `before`.
    fn range(&self, filter: &Filter, before: Option<DecisionId>) -> Result<Range, Error> {
        let before = before.map_or(i64::MAX, |id| i64::try_from(id.0).unwrap_or(i64::MAX));
        let from = filter.since.map_or(Ok(0), |since| self.first_at(since))?;
        let until = filter.until.map_or(Ok(i64::MAX), |until| self.first_at(until))?;
        Ok((from, before.min(until)))
    }

    /// Number of the first decision made at `at` or later. The log's time never steps back, so the
    /// decisions themselves are the index.
    fn first_at(&self, at: Millis) -> Result<i64, Error> {
        let end = "SELECT id + 1 FROM decisions ORDER BY id DESC LIMIT 1";
        let mut high: i64 = self.find("find a time", end, [], |row| row.get(0))?.unwrap_or(0);
        let mut low = 0;
        while low < high {
            let middle = low + (high - low) / 2;
            let sql = "SELECT at FROM decisions WHERE id >= ?1 ORDER BY id LIMIT 1";
            match self.find("find a time", sql, [middle], |row| row.get::<_, i64>(0))? {
                Some(found) if found < at.0 => low = middle + 1,
                _ => high = middle,
            }
        }
        Ok(low)
    }

    fn within<R>(
        &self,
        limit: Duration,
        read: impl FnOnce(&Self) -> Result<R, Error>,
    ) -> Result<R, Error> {
        self.deadline.set(limit);
        read(self).map_err(|error| match error {
            Error::Sqlite { source, .. }
                if source.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) =>
            {
                Error::TooSlow { limit }
            }
            other => other,
        })
    }

    fn find<R>(
        &self,
        action: &'static str,
        sql: &str,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<R>,
    ) -> Result<Option<R>, Error> {
        let row = |connection: &Connection| {
            connection.prepare_cached(sql)?.query_row(values, read).optional()
        };
        row(&self.connection).map_err(sqlite(action))
    }

    fn list<R>(
        &self,
        action: &'static str,
        query: &Query,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<R>,
    ) -> Result<Vec<R>, Error> {
        let rows = |connection: &Connection| -> rusqlite::Result<Vec<R>> {
            let mut statement = connection.prepare_cached(&query.sql)?;
            statement.query_map(params_from_iter(&query.values), read)?.collect()
        };
        rows(&self.connection).map_err(sqlite(action))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Views;

    #[test]
    fn a_query_past_its_time_is_given_up() {
        let directory = tempfile::tempdir().expect("a directory");
        let (views, _) = Views::open(&directory.path().join("views.db"), 0).expect("opens");
        let reader = views.reader().expect("a reader");
        let endless =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
        let limit = Duration::from_millis(20);
        let start = Instant::now();
        let given_up = reader.within(limit, |reader| {
            reader.find("count for ever", endless, [], |row| row.get::<_, i64>(0))
        });
        assert!(matches!(given_up, Err(Error::TooSlow { .. })), "{given_up:?}");
        assert!(start.elapsed() < Duration::from_secs(2));
        assert_eq!(reader.position().expect("still reads"), 0);
    }
}
