//! What every connection is opened with, and how a log is told from any other database.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use crate::error::is_damage;
use crate::{OpenError, Options};

/// `npoL`: marks the database as a log in its header.
const APPLICATION_ID: i64 = 0x6e70_6f4c;

/// The form of the table below; a later form gets the next number.
const FORM: i64 = 1;

const TABLE: &str = "CREATE TABLE events(position INTEGER PRIMARY KEY, kind INTEGER NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL) STRICT";

const PAGE_BYTES: u32 = 4096;

const SMALLEST_PAGE_BYTES: u64 = 512;

/// Statements kept prepared per connection: a handful of each kind.
const STATEMENTS_MAX: usize = 16;

pub(crate) fn sqlite(
    action: &'static str,
    path: &Path,
) -> impl Fn(rusqlite::Error) -> OpenError + use<> {
    let path = path.to_owned();
    move |source| {
        let path = path.clone();
        if is_damage(&source) {
            let (found, expected) = (source.to_string(), "an SQLite database".to_owned());
            OpenError::Foreign { path, found, expected }
        } else {
            OpenError::Sqlite { action, path, source }
        }
    }
}

/// The path with every link resolved, so that two names of one log mean one lock; the file need not exist yet, its directory must.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf, OpenError> {
    let io = |source| OpenError::Io { action: "find", path: path.to_owned(), source };
    if path.exists() {
        return path.canonicalize().map_err(io);
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new(".")).canonicalize().map_err(io)?;
    let name = path.file_name().ok_or_else(|| io(std::io::ErrorKind::InvalidFilename.into()))?;
    Ok(directory.join(name))
}

/// The writing connection; makes the log where the file is absent or empty.
pub(crate) fn open_writer(path: &Path, options: &Options) -> Result<Connection, OpenError> {
    let failed = sqlite("open", path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let new = !path.exists();
    refuse_stub(path)?;
    let connection = Connection::open_with_flags(path, flags).map_err(&failed)?;
    bound(&connection, options.writer_cache_kib, options).map_err(&failed)?;
    let empty = identify(&connection, path)?;
    if empty {
        // Must come before the first write; later it would have no effect.
        connection.pragma_update(None, "page_size", PAGE_BYTES).map_err(&failed)?;
    }
    make_durable(&connection, path, options)?;
    if empty {
        create(&connection).map_err(sqlite("create", path))?;
    }
    if new {
        sync_directory(path)?;
    }
    Ok(connection)
}

/// A connection for checkpoints: it writes pages back, but no events.
pub(crate) fn open_checkpointer(path: &Path, options: &Options) -> Result<Connection, OpenError> {
    let failed = sqlite("open", path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(&failed)?;
    bound(&connection, options.reader_cache_kib, options).map_err(&failed)?;
    make_durable(&connection, path, options)?;
    Ok(connection)
}

/// A reading connection to a log that exists.
pub(crate) fn open_reader(path: &Path, options: &Options) -> Result<Connection, OpenError> {
    refuse_stub(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let failed = sqlite("open", path);
    let connection = Connection::open_with_flags(path, flags).map_err(&failed)?;
    bound(&connection, options.reader_cache_kib, options).map_err(&failed)?;
    if identify(&connection, path)? {
        let (found, expected) = ("an empty database", "the table of a log");
        return Err(foreign(path, found, expected));
    }
    Ok(connection)
}

/// SQLite takes a file that is shorter than its smallest page for an empty database, and would write over it.
fn refuse_stub(path: &Path) -> Result<(), OpenError> {
    let bytes = path.metadata().map_or(0, |metadata| metadata.len());
    if (1..SMALLEST_PAGE_BYTES).contains(&bytes) {
        let found = format!("a file of {bytes} bytes");
        return Err(foreign(path, &found, "a database or an empty file"));
    }
    Ok(())
}

fn bound(connection: &Connection, cache_kib: u32, options: &Options) -> rusqlite::Result<()> {
    connection.busy_timeout(options.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.pragma_update(None, "cache_size", -i64::from(cache_kib))?;
    // A truncated file under a memory map would end the process; plain reads report it.
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "trusted_schema", false)
}

/// Sets what durability rests on, and reads it back: some file systems refuse the write-ahead log silently.
fn make_durable(connection: &Connection, path: &Path, options: &Options) -> Result<(), OpenError> {
    let failed = sqlite("set up", path);
    let setting = |setting, found: String, expected: &'static str| {
        let path = path.to_owned();
        if found == expected {
            Ok(())
        } else {
            Err(OpenError::Setting { path, setting, found, expected })
        }
    };
    let mode: String =
        connection.query_row("PRAGMA journal_mode=WAL", [], |row| row.get(0)).map_err(&failed)?;
    setting("journal_mode", mode, "wal")?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(&failed)?;
    let synchronous = pragma(connection, "synchronous").map_err(&failed)?;
    setting("synchronous", synchronous.to_string(), "2")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0).map_err(&failed)?;
    let wal_bytes = i64::from(options.wal_pages_max) * i64::from(PAGE_BYTES);
    connection.pragma_update(None, "journal_size_limit", wal_bytes).map_err(&failed)?;
    if let Some(pages) = options.pages_max {
        connection.pragma_update(None, "max_page_count", pages).map_err(&failed)?;
    }
    Ok(())
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))
}

/// Whether the database is still empty (to be made a log); anything but a log of a known form is an error. Writes nothing.
fn identify(connection: &Connection, path: &Path) -> Result<bool, OpenError> {
    let failed = sqlite("read", path);
    let id = pragma(connection, "application_id").map_err(&failed)?;
    let form = pragma(connection, "user_version").map_err(&failed)?;
    let objects: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(&failed)?;
    if (id, form, objects) == (0, 0, 0) {
        return Ok(true);
    }
    if id != APPLICATION_ID {
        let found = format!("application id {id:#010x}");
        return Err(foreign(path, &found, &format!("{APPLICATION_ID:#010x}")));
    }
    if form > FORM {
        return Err(OpenError::Newer { path: path.to_owned(), found: form, expected: FORM });
    }
    let table: Option<String> = connection
        .query_row("SELECT max(sql) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(&failed)?;
    if form != FORM || objects != 1 || table.as_deref() != Some(TABLE) {
        let found = format!("log form {form} with {objects} tables and indexes");
        return Err(foreign(path, &found, &format!("log form {FORM} with the table of events")));
    }
    Ok(false)
}

fn foreign(path: &Path, found: &str, expected: &str) -> OpenError {
    let (found, expected) = (found.to_owned(), expected.to_owned());
    OpenError::Foreign { path: path.to_owned(), found, expected }
}

/// In one transaction, so that a crash leaves an empty database or a whole one.
fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "BEGIN IMMEDIATE; {TABLE}; PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={FORM}; COMMIT"
    ))
}

/// A file whose name is not on the disk is not there after a power cut.
fn sync_directory(path: &Path) -> Result<(), OpenError> {
    let directory = path.parent().unwrap_or(Path::new("."));
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|source| OpenError::Io { action: "sync", path: directory.to_owned(), source })
}
