//! The tables, how a file is told to be theirs, and what becomes of one that is not.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::Error;
use crate::error::{is_damage, sqlite};

/// `npoV`: marks the database as views in its header.
const APPLICATION_ID: i64 = 0x6e70_6f56;
/// The form of the tables; another form is rebuilt, never converted.
pub(crate) const FORM: i64 = 2;
/// A file up to this size is checked whole when it is opened (about a second); damage in a larger
/// one is found when it is met.
const CHECKED_BYTES_MAX: u64 = 1 << 30;
/// A reader never waits for the writer in WAL mode, but for recovery after a crash it may.
const BUSY: Duration = Duration::from_secs(5);
/// Page cache of the writing connection, in KiB.
const WRITER_CACHE_KIB: i64 = 65_536;
/// Page cache of a reading connection, in KiB.
const READER_CACHE_KIB: i64 = 8192;
/// Pages in the write-ahead log before they are written back: 16 MiB, so that syncs are rare.
const CHECKPOINT_PAGES: i64 = 4000;
/// Statements kept prepared: one per shape of filter that is in use.
const STATEMENTS_MAX: usize = 64;

/// Every index ends in the row id, which is the decision's number: `site = ? ORDER BY id DESC` walks
/// one index backwards. Partial indexes leave out what the hot path would pay for most: decisions
/// that nobody was asked about have no entry in `decisions_status`.
const TABLES: &str = "
CREATE TABLE meta(one INTEGER PRIMARY KEY CHECK(one = 1), position INTEGER NOT NULL) STRICT;
CREATE TABLE sites(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE scenarios(id INTEGER PRIMARY KEY, type_id INTEGER NOT NULL, entity TEXT NOT NULL, site INTEGER NOT NULL) STRICT;
CREATE INDEX scenarios_entity ON scenarios(entity);
CREATE INDEX scenarios_type ON scenarios(type_id);
CREATE TABLE decisions(id INTEGER PRIMARY KEY, position INTEGER NOT NULL, at INTEGER NOT NULL, expires_at INTEGER NOT NULL, scenario INTEGER NOT NULL, type_id INTEGER NOT NULL, site INTEGER NOT NULL, disposition INTEGER NOT NULL, status INTEGER NOT NULL, signal INTEGER, withdrawn TEXT, outcome INTEGER) STRICT;
CREATE INDEX decisions_scenario ON decisions(scenario);
CREATE INDEX decisions_type ON decisions(type_id);
CREATE INDEX decisions_site ON decisions(site);
CREATE INDEX decisions_status ON decisions(status) WHERE status <> 4;
CREATE INDEX decisions_rare ON decisions(disposition) WHERE disposition > 1;
CREATE INDEX decisions_signal ON decisions(signal) WHERE signal IS NOT NULL;
CREATE TABLE feedback(position INTEGER PRIMARY KEY, decision INTEGER NOT NULL, scenario INTEGER NOT NULL) STRICT;
CREATE INDEX feedback_decision ON feedback(decision);
CREATE INDEX feedback_scenario ON feedback(scenario);
CREATE TABLE acts(position INTEGER PRIMARY KEY) STRICT;
INSERT INTO meta(one, position) VALUES (1, 0);
";

/// What a file turned out to be.
pub(crate) enum Found {
    /// A view of this form, or an empty file that was made one.
    Usable(Connection),
    /// Not to be used; says why. Nothing holds it open.
    Useless(String),
}

/// Opens the writing connection.
pub(crate) fn open(path: &Path) -> Result<Found, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    match try_open(path, flags) {
        Err(Error::Sqlite { source, .. }) if is_damage(&source) => {
            Ok(Found::Useless(format!("damaged: {source}")))
        }
        other => other,
    }
}

fn try_open(path: &Path, flags: OpenFlags) -> Result<Found, Error> {
    let failed = sqlite("open the views");
    let connection = Connection::open_with_flags(path, flags).map_err(&failed)?;
    bound(&connection, WRITER_CACHE_KIB).map_err(&failed)?;
    let (id, form) = (pragma(&connection, "application_id")?, pragma(&connection, "user_version")?);
    let objects: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(&failed)?;
    let empty = (id, form, objects) == (0, 0, 0);
    if !empty && id != APPLICATION_ID {
        return Err(Error::Foreign {
            path: path.to_owned(),
            found: format!("a database with application id {id:#010x}"),
            expected: format!("{APPLICATION_ID:#010x}"),
        });
    }
    if !empty && (form != FORM || objects_of(&connection)? != objects_of(&model()?)?) {
        let why = if form == FORM {
            format!("their tables are not those of form {FORM}")
        } else {
            format!("their form is {form}, expected {FORM}")
        };
        return Ok(Found::Useless(why));
    }
    let mode: String =
        connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(&failed)?;
    if mode != "wal" {
        // A file system without shared memory; slower, and readers wait, but nothing is wrong.
        connection.pragma_update(None, "journal_mode", "DELETE").map_err(&failed)?;
    }
    // What a power cut takes from a view comes back from the log.
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(&failed)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES).map_err(&failed)?;
    if empty {
        create(&connection).map_err(sqlite("create the views"))?;
    } else if let Some(damage) = damage(&connection, path)? {
        return Ok(Found::Useless(damage));
    }
    Ok(Found::Usable(connection))
}

/// Opens a reading connection to views that exist.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, Error> {
    let failed = sqlite("open the views for reading");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(&failed)?;
    bound(&connection, READER_CACHE_KIB).map_err(&failed)?;
    Ok(connection)
}

fn bound(connection: &Connection, cache_kib: i64) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    // A truncated file under a memory map would end the process; plain reads report it.
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "temp_store", "MEMORY")
}

fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "BEGIN IMMEDIATE; {TABLES} PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={FORM}; COMMIT"
    ))
}

/// An empty view, to compare others with.
fn model() -> Result<Connection, Error> {
    let failed = sqlite("compare the views' tables");
    let connection = Connection::open_in_memory().map_err(&failed)?;
    connection.execute_batch(TABLES).map_err(&failed)?;
    Ok(connection)
}

/// Names and definitions of all tables and indexes.
fn objects_of(connection: &Connection) -> Result<Vec<(String, Option<String>)>, Error> {
    let objects = || -> rusqlite::Result<Vec<_>> {
        let mut statement =
            connection.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name")?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    };
    objects().map_err(sqlite("identify the views"))
}

/// What is wrong with the file, if anything is.
fn damage(connection: &Connection, path: &Path) -> Result<Option<String>, Error> {
    if path.metadata().map_or(0, |file| file.len()) > CHECKED_BYTES_MAX {
        return Ok(None);
    }
    let found: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(sqlite("check the views"))?;
    Ok((found != "ok").then(|| format!("damaged: {}", found.replace('\n', " "))))
}

fn pragma(connection: &Connection, name: &str) -> Result<i64, Error> {
    connection
        .query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))
        .map_err(sqlite("identify the views"))
}

/// Takes a useless file out of the way. The latest one is kept beside it, for whoever wants to know
/// what happened.
pub(crate) fn set_aside(path: &Path) -> Result<(), Error> {
    let io = |action, path: &Path| {
        let path = path.to_owned();
        move |source| Error::Io { action, path, source }
    };
    for suffix in ["-wal", "-shm"] {
        let file = beside(path, suffix);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(io("remove", &file)(error));
            }
            _ => {}
        }
    }
    match std::fs::rename(path, beside(path, ".discarded")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(io("move aside", path)(error))
        }
        _ => Ok(()),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
