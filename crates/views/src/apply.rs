//! What events change in the tables.

use std::collections::BTreeMap;

use npo_core::event::{DecisionMade, FeedbackGiven};
use npo_core::people::NPO;
use npo_core::{DecisionId, Envelope, Event, Millis};
use rusqlite::{CachedStatement, Connection, ErrorCode, Transaction, params};

use crate::error::sqlite;
use crate::row::Code;
use crate::{Error, Status};

/// Position of the last applied event.
pub(crate) fn position(connection: &Connection) -> Result<u64, Error> {
    let mut statement = connection
        .prepare_cached("SELECT position FROM meta")
        .map_err(sqlite("read the views' position"))?;
    statement.query_row([], |row| row.get(0)).map_err(sqlite("read the views' position"))
}

/// What of the tables is held in memory, so that a decision takes no query: the site of every
/// scenario, 4 bytes each, and the names of the sites.
#[derive(Debug)]
pub(crate) struct Known {
    site_of: Vec<u32>,
    sites: BTreeMap<String, u32>,
}

/// How far [`Known`] had got.
pub(crate) struct Mark {
    scenarios: usize,
    sites: usize,
}

impl Known {
    pub(crate) fn load(connection: &Connection) -> Result<Self, Error> {
        let failed = sqlite("read the views' scenarios");
        let mut known = Self { site_of: Vec::new(), sites: BTreeMap::new() };
        let mut sites = connection.prepare("SELECT name, id FROM sites").map_err(&failed)?;
        let rows = sites.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(&failed)?;
        for row in rows {
            let (name, id) = row.map_err(&failed)?;
            known.sites.insert(name, id);
        }
        let mut scenarios =
            connection.prepare("SELECT id, site FROM scenarios ORDER BY id").map_err(&failed)?;
        let rows =
            scenarios.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(&failed)?;
        for row in rows {
            let (id, site): (u64, u32) = row.map_err(&failed)?;
            if id != known.site_of.len() as u64 {
                let found = format!("scenario {id} after {} others", known.site_of.len());
                return Err(Error::Content { found, expected: "scenarios without gaps" });
            }
            known.site_of.push(site);
        }
        Ok(known)
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { scenarios: self.site_of.len(), sites: self.sites.len() }
    }

    /// Forgets what was added since.
    pub(crate) fn back_to(&mut self, mark: &Mark) {
        self.site_of.truncate(mark.scenarios);
        self.sites.retain(|_, id| (*id as usize) < mark.sites);
    }
}

/// Applies what of `batch` lies beyond `position`.
pub(crate) fn apply(
    transaction: &Transaction<'_>,
    known: &mut Known,
    position: u64,
    batch: &[(u64, Envelope)],
) -> Result<(), Error> {
    let mut tables = Tables::new(transaction, known).map_err(sqlite("prepare the views"))?;
    let mut expected = position + 1;
    for (found, envelope) in batch {
        if *found < expected {
            continue;
        }
        if *found > expected {
            return Err(Error::Gap { expected, found: *found });
        }
        tables.event(expected, envelope)?;
        expected += 1;
    }
    transaction
        .prepare_cached("UPDATE meta SET position = ?1")
        .and_then(|mut statement| statement.execute([expected - 1]))
        .map_err(sqlite("write the views' position"))?;
    Ok(())
}

/// The statements of one batch.
struct Tables<'t, 'k> {
    known: &'k mut Known,
    decision: CachedStatement<'t>,
    site: CachedStatement<'t>,
    scenario: CachedStatement<'t>,
    feedback: CachedStatement<'t>,
    answered: CachedStatement<'t>,
    expired: CachedStatement<'t>,
    withdrawn: CachedStatement<'t>,
    outcome: CachedStatement<'t>,
    act: CachedStatement<'t>,
}

impl<'t, 'k> Tables<'t, 'k> {
    fn new(transaction: &'t Transaction<'_>, known: &'k mut Known) -> rusqlite::Result<Self> {
        let prepare = |sql| transaction.prepare_cached(sql);
        Ok(Self {
            known,
            decision: prepare(
                "INSERT INTO decisions(id, position, at, expires_at, scenario, type_id, site, disposition, status) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?,
            site: prepare("INSERT INTO sites(id, name) VALUES (?1, ?2)")?,
            scenario: prepare(
                "INSERT INTO scenarios(id, type_id, entity, site) VALUES (?1, ?2, ?3, ?4)",
            )?,
            feedback: prepare(
                "INSERT INTO feedback(position, decision, scenario) VALUES (?1, ?2, ?3)",
            )?,
            answered: prepare("UPDATE decisions SET status = 1, signal = ?2 WHERE id = ?1")?,
            expired: prepare("UPDATE decisions SET status = 2 WHERE id = ?1 AND status = 0")?,
            withdrawn: prepare(
                "UPDATE decisions SET status = iif(status = 0, 3, status), withdrawn = ?2 WHERE id = ?1",
            )?,
            outcome: prepare("UPDATE decisions SET outcome = ?2 WHERE id = ?1")?,
            act: prepare("INSERT INTO acts(position) VALUES (?1)")?,
        })
    }

    fn event(&mut self, position: u64, envelope: &Envelope) -> Result<(), Error> {
        let written = match &envelope.event {
            Event::DecisionMade(made) => return self.decision_made(position, envelope.at, made),
            Event::FeedbackGiven(feedback) => self.feedback_given(position, feedback),
            Event::DecisionExpired(DecisionId(id)) => self.expired.execute([id]).map(drop),
            Event::DecisionWithdrawn { id, reason } => {
                self.withdrawn.execute(params![id.0, reason]).map(drop)
            }
            Event::OutcomeObserved { id, outcome: _ } => {
                self.outcome.execute([id.0, position]).map(drop)
            }
            Event::MonitorActed { .. } | Event::CertificateChanged { .. } => {
                self.act.execute([position]).map(drop)
            }
            // Of npo itself, that is the monitor's doing; a grant is a person's.
            Event::AutonomyChanged { .. } if envelope.actor == NPO => {
                self.act.execute([position]).map(drop)
            }
            Event::ProfileActivated(_)
            | Event::ScenarioTypeActivated { .. }
            | Event::PolicyActivated(_)
            | Event::PersonAdded { .. }
            | Event::PersonChanged { .. }
            | Event::TokenIssued(_)
            | Event::TokenRevoked(_)
            | Event::ModelRetrained { .. }
            | Event::MonitorLooked { .. }
            | Event::AutonomyChanged { .. }
            | Event::RedButtonPressed(_)
            | Event::RedButtonReleased { .. }
            | Event::EscalationSettled { .. }
            | Event::RcaRecorded(_)
            | Event::DatasetFrozen(_)
            | Event::ModelFitted(_)
            | Event::ModelPromoted(_)
            | Event::ReliabilityPooled { .. } => return Ok(()),
        };
        written.map_err(|error| failed(position, error))
    }

    fn decision_made(
        &mut self,
        position: u64,
        at: Millis,
        made: &DecisionMade,
    ) -> Result<(), Error> {
        let failed = |error| failed(position, error);
        if let Some(new) = &made.new_scenario {
            let next = self.known.site_of.len();
            if u64::from(made.scenario.0) != next as u64 {
                let found = format!("it adds scenario {}, expected number {next}", made.scenario);
                return Err(Error::Contradiction { position, found });
            }
            let site = self.site_id(&new.site).map_err(failed)?;
            self.scenario
                .execute(params![made.scenario.0, made.type_id.0, new.entity, site])
                .map_err(failed)?;
            self.known.site_of.push(site);
        }
        let Some(site) = self.known.site_of.get(made.scenario.0 as usize) else {
            let found = format!("scenario {} is unknown", made.scenario);
            return Err(Error::Contradiction { position, found });
        };
        let status = if made.asks() { Status::Open } else { Status::Closed };
        self.decision
            .execute(params![
                made.id.0,
                position,
                at.0,
                made.expires_at.0,
                made.scenario.0,
                made.type_id.0,
                site,
                made.disposition.code(),
                status.code(),
            ])
            .map_err(failed)?;
        Ok(())
    }

    fn site_id(&mut self, name: &str) -> rusqlite::Result<u32> {
        if let Some(id) = self.known.sites.get(name) {
            return Ok(*id);
        }
        let id = u32::try_from(self.known.sites.len())
            .expect("fewer sites than scenarios, which are numbered in 32 bits");
        self.site.execute(params![id, name])?;
        self.known.sites.insert(name.to_owned(), id);
        Ok(id)
    }

    fn feedback_given(&mut self, position: u64, feedback: &FeedbackGiven) -> rusqlite::Result<()> {
        self.feedback.execute(params![position, feedback.decision.0, feedback.scenario.0])?;
        if feedback.first {
            self.answered.execute(params![feedback.decision.0, feedback.signal.code()])?;
        }
        Ok(())
    }
}

fn failed(position: u64, source: rusqlite::Error) -> Error {
    match source.sqlite_error_code() {
        // Only what is numbered already can be in the way.
        Some(ErrorCode::ConstraintViolation) => {
            Error::Contradiction { position, found: format!("it is there already ({source})") }
        }
        _ => Error::Sqlite { action: "write the views", source },
    }
}
