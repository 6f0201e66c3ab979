//! How a filter becomes a query.
//!
//! The index is chosen here and not by SQLite, which keeps no statistics of these tables: the filter
//! that leaves least first. What no index narrows is walked newest first, and the first page of a
//! common filter is full long before the end.

use rusqlite::types::Value;

use crate::row::{COLUMNS, Code};
use crate::{Filter, ScenarioFilter, Status};

/// A query and what is bound to it.
pub(crate) struct Query {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

impl Query {
    fn new(head: String) -> Self {
        Self { sql: head, values: Vec::new() }
    }

    fn and(&mut self, condition: &str, value: impl Into<Value>) {
        self.and_given(condition);
        self.values.push(value.into());
    }

    fn and_given(&mut self, condition: &str) {
        let word = if self.sql.contains(" WHERE ") { " AND " } else { " WHERE " };
        self.sql.push_str(word);
        self.sql.push_str(condition);
    }
}

/// Numbers of decisions, from the first to before the second.
pub(crate) type Range = (i64, i64);

/// Decisions newest first, with numbers in `range`.
pub(crate) fn decisions(filter: &Filter, range: Range, limit: usize) -> Query {
    let index = index(filter).map_or(String::new(), |name| format!(" INDEXED BY {name}"));
    let mut query = Query::new(format!("SELECT {COLUMNS} FROM decisions{index}"));
    if let Some(entity) = &filter.entity {
        match filter.type_id {
            Some(type_id) => {
                query.and("scenario IN (SELECT id FROM scenarios INDEXED BY scenarios_entity WHERE entity = ?", entity.clone());
                query.sql.push_str(" AND type_id = ?)");
                query.values.push(i64::from(type_id.0).into());
            }
            None => {
                query
                    .and("scenario IN (SELECT id FROM scenarios WHERE entity = ?)", entity.clone());
            }
        }
    } else if let Some(type_id) = filter.type_id {
        query.and("type_id = ?", i64::from(type_id.0));
    }
    if let Some(status) = filter.status {
        query.and("status = ?", status.code());
        if status != Status::Closed {
            // Says in the index's own words that it holds everything asked for.
            query.and_given("status <> 4");
        }
    }
    if let Some(disposition) = filter.disposition {
        query.and("disposition = ?", disposition.code());
        if disposition.code() > 1 {
            query.and_given("disposition > 1");
        }
    }
    if let Some(signal) = filter.signal {
        query.and("signal = ?", signal.code());
    }
    if let Some(site) = &filter.site {
        query.and("site = (SELECT id FROM sites WHERE name = ?)", site.clone());
    }
    query.and("id >= ?", range.0);
    query.and("id < ?", range.1);
    query.sql.push_str(" ORDER BY id DESC LIMIT ?");
    query.values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    query
}

fn index(filter: &Filter) -> Option<&'static str> {
    let waits_or_failed =
        |status| matches!(status, Status::Open | Status::Expired | Status::Withdrawn);
    if filter.entity.is_some() {
        Some("decisions_scenario")
    } else if filter.status.is_some_and(waits_or_failed) {
        Some("decisions_status")
    } else if filter.signal.is_some() {
        Some("decisions_signal")
    } else if filter.disposition.is_some_and(|disposition| disposition.code() > 1) {
        Some("decisions_rare")
    } else if filter.site.is_some() {
        Some("decisions_site")
    } else if filter.status == Some(Status::Answered) {
        Some("decisions_status")
    } else if filter.type_id.is_some() {
        Some("decisions_type")
    } else {
        None
    }
}

/// Scenarios in the order of their numbers, after `after`.
pub(crate) fn scenarios(filter: &ScenarioFilter, after: Option<u32>, limit: usize) -> Query {
    let mut query = Query::new("SELECT id FROM scenarios".into());
    if let Some(entity) = &filter.entity {
        query.and("entity = ?", entity.clone());
    }
    if let Some(type_id) = filter.type_id {
        // The plus keeps SQLite from the larger of the two indexes.
        let column = if filter.entity.is_some() { "+type_id = ?" } else { "type_id = ?" };
        query.and(column, i64::from(type_id.0));
    }
    query.and("id > ?", after.map_or(-1, i64::from));
    query.sql.push_str(" ORDER BY id LIMIT ?");
    query.values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    query
}
