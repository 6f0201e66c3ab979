//! States kept beside the log, so that a start need not fold the whole log.
//!
//! A snapshot can always be thrown away: one that is cut, changed, foreign or speaks of another log is passed over *with its reason*, and the next older one is tried.
//! What the bytes mean, and when to take a snapshot, is the caller's; the file's form is in `header.rs`.

mod error;
mod header;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::Hash;
pub use error::{SkipReason, Skipped, SnapshotError};
use header::{HEADER_BYTES, Header};

/// The largest snapshot, in bytes: some twenty million states, and a bound on what a foreign file can make a start allocate.
pub const MAX_SNAPSHOT: u64 = 2 << 30;

/// The most files looked at in the directory; a store keeps a handful.
const MAX_FILES: usize = 10_000;

const SUFFIX: &str = ".snapshot";
const TEMPORARY: &str = ".snapshot-part";

/// A directory of snapshots of one log.
#[derive(Debug)]
pub struct SnapshotStore {
    directory: PathBuf,
    keep: usize,
}

/// A state as it was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The last event that the state has seen.
    pub position: u64,
    /// The log's hash at that position.
    pub log_hash: Hash,
    /// The form of the bytes, numbered by the caller.
    pub format: u16,
    /// The state.
    pub bytes: Vec<u8>,
}

/// The newest usable snapshot and what was passed over on the way to it.
#[derive(Debug)]
#[must_use = "what was skipped belongs in the log of the program"]
pub struct Latest {
    /// `None` when no snapshot is usable: fold from the beginning.
    pub snapshot: Option<Snapshot>,
    /// Newer files that were not usable, newest first.
    pub skipped: Vec<Skipped>,
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SnapshotError {
    let path = path.to_owned();
    move |source| SnapshotError::Io { action, path, source }
}

impl SnapshotStore {
    /// Opens `directory`, creating it where needed and clearing away what an interrupted save left; each save then keeps the last `keep` snapshots (at least one).
    ///
    /// # Errors
    /// When the directory cannot be made or listed.
    pub fn open(directory: &Path, keep: usize) -> Result<SnapshotStore, SnapshotError> {
        fs::create_dir_all(directory).map_err(io_error("create", directory))?;
        let store = SnapshotStore { directory: directory.to_owned(), keep: keep.max(1) };
        for path in store.files()? {
            if path.to_string_lossy().ends_with(TEMPORARY) {
                fs::remove_file(&path).map_err(io_error("remove", &path))?;
            }
        }
        Ok(store)
    }

    /// Saves a state that has seen the log up to `position`, whose hash there is `log_hash`. Durable when it returns; a crash before that leaves the older snapshots as they are.
    ///
    /// # Errors
    /// When the state is too large or a file operation fails; older snapshots are untouched then.
    pub fn save(
        &self,
        position: u64,
        log_hash: Hash,
        format: u16,
        bytes: &[u8],
    ) -> Result<PathBuf, SnapshotError> {
        let found = bytes.len() as u64;
        if found > MAX_SNAPSHOT {
            return Err(SnapshotError::TooLarge { found });
        }
        let header = Header::of(position, log_hash, format, bytes);
        let path = self.directory.join(format!("{position:020}{SUFFIX}"));
        let part = self.directory.join(format!("{position:020}{TEMPORARY}"));
        let write = || {
            let mut file = File::create(&part)?;
            file.write_all(&header.to_bytes())?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(io_error("write", &part)).inspect_err(|_| {
            // Nothing to add when this fails too: the next open clears it away.
            let _ = fs::remove_file(&part);
        })?;
        fs::rename(&part, &path).map_err(io_error("rename", &part))?;
        File::open(&self.directory)
            .and_then(|directory| directory.sync_all())
            .map_err(io_error("sync", &self.directory))?;
        self.prune(&path)?;
        Ok(path)
    }

    /// The newest snapshot that is whole and belongs to the log; `log_hash_at` answers with the log's hash at a position, `None` where the log has no such event.
    ///
    /// # Errors
    /// When the directory cannot be listed; files that are not usable are skipped with a reason.
    pub fn latest(
        &self,
        log_hash_at: impl FnMut(u64) -> Option<Hash>,
    ) -> Result<Latest, SnapshotError> {
        self.search(None, log_hash_at)
    }

    /// As [`SnapshotStore::latest`], but only states of the given form; others are skipped with that reason.
    ///
    /// # Errors
    /// As for [`SnapshotStore::latest`].
    pub fn latest_of(
        &self,
        format: u16,
        log_hash_at: impl FnMut(u64) -> Option<Hash>,
    ) -> Result<Latest, SnapshotError> {
        self.search(Some(format), log_hash_at)
    }

    fn search(
        &self,
        format: Option<u16>,
        mut log_hash_at: impl FnMut(u64) -> Option<Hash>,
    ) -> Result<Latest, SnapshotError> {
        let mut skipped = Vec::new();
        for (named, path) in self.snapshots()? {
            match load(&path, named, format, &mut log_hash_at) {
                Ok(snapshot) => {
                    return Ok(Latest { snapshot: Some(snapshot), skipped });
                }
                Err(reason) => skipped.push(Skipped { path, reason }),
            }
        }
        Ok(Latest { snapshot: None, skipped })
    }

    /// Removes all but the newest `keep`. The one just saved always stays, even where files of a longer, abandoned log have higher numbers.
    fn prune(&self, saved: &Path) -> Result<(), SnapshotError> {
        let others = self.snapshots()?.into_iter().filter(|(_, path)| path != saved);
        for (_, path) in others.skip(self.keep - 1) {
            fs::remove_file(&path).map_err(io_error("remove", &path))?;
        }
        Ok(())
    }

    /// The snapshots by position, newest first.
    fn snapshots(&self) -> Result<Vec<(u64, PathBuf)>, SnapshotError> {
        let position =
            |path: &Path| path.file_name()?.to_str()?.strip_suffix(SUFFIX)?.parse::<u64>().ok();
        let mut found: Vec<(u64, PathBuf)> =
            self.files()?.into_iter().filter_map(|path| Some((position(&path)?, path))).collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        Ok(found)
    }

    fn files(&self) -> Result<Vec<PathBuf>, SnapshotError> {
        let list = |directory: &Path| -> io::Result<Vec<PathBuf>> {
            fs::read_dir(directory)?.take(MAX_FILES + 1).map(|entry| Ok(entry?.path())).collect()
        };
        let found = list(&self.directory).map_err(io_error("list", &self.directory))?;
        if found.len() > MAX_FILES {
            return Err(SnapshotError::TooManyFiles { path: self.directory.clone() });
        }
        Ok(found)
    }
}

/// Cheap checks come first, so that a foreign file of gigabytes is not read to be refused.
fn load(
    path: &Path,
    named: u64,
    format: Option<u16>,
    log_hash_at: &mut impl FnMut(u64) -> Option<Hash>,
) -> Result<Snapshot, SkipReason> {
    let mut file = File::open(path).map_err(SkipReason::Read)?;
    let size = file.metadata().map_err(SkipReason::Read)?.len();
    let Some(held) = size.checked_sub(HEADER_BYTES as u64) else {
        return Err(SkipReason::TooShort { found: size });
    };
    let mut raw = [0; HEADER_BYTES];
    file.read_exact(&mut raw).map_err(SkipReason::Read)?;
    let header = Header::parse(&raw)?;
    let Header { position, log_hash, format: found, length, .. } = header;
    if position != named {
        return Err(SkipReason::Name { found: position, expected: named });
    }
    if let Some(expected) = format.filter(|&expected| expected != found) {
        return Err(SkipReason::StateForm { found, expected });
    }
    if length > MAX_SNAPSHOT {
        return Err(SkipReason::TooLarge { found: length });
    }
    if length != held {
        return Err(SkipReason::Length { found: held, expected: length });
    }
    match log_hash_at(position) {
        None => return Err(SkipReason::AheadOfLog { position }),
        Some(expected) if expected != log_hash => {
            return Err(SkipReason::OtherLog { position, found: log_hash, expected });
        }
        Some(_) => {}
    }
    let mut bytes = Vec::with_capacity(length as usize);
    file.take(length).read_to_end(&mut bytes).map_err(SkipReason::Read)?;
    let checksum = header.checksum_of(&bytes);
    if checksum != header.checksum {
        return Err(SkipReason::Checksum { found: checksum, expected: header.checksum });
    }
    Ok(Snapshot { position, log_hash, format: found, bytes })
}
