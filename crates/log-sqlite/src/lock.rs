//! One writer per log: an advisory lock on a file beside the database.
//!
//! The system releases the lock when the process ends, however it ends, so there is nothing to clean up; the file itself stays.
//! It is a file of its own because closing any handle of the *database* file would drop the locks that SQLite holds on it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::OpenError;

/// The most bytes read of a lock file that somebody else may have written.
const NOTE_BYTES_MAX: u64 = 64;

/// Held as long as this process may append.
#[derive(Debug)]
pub(crate) struct WriterLock {
    _file: File,
}

impl WriterLock {
    /// Takes the lock of the database at `path`, or says who has it.
    pub(crate) fn take(path: &Path) -> Result<WriterLock, OpenError> {
        let lock = lock_path(path);
        let io = |action| {
            let path = lock.clone();
            move |source| OpenError::Io { action, path, source }
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock)
            .map_err(io("open"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = holder(&mut file);
                return Err(OpenError::Locked { path: path.to_owned(), lock, holder });
            }
            Err(TryLockError::Error(source)) => return Err(io("lock")(source)),
        }
        note(&mut file).map_err(io("write"))?;
        Ok(WriterLock { _file: file })
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lock");
    lock.into()
}

/// Writes down who holds the lock, for the message that a second opener gets.
fn note(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.take(NOTE_BYTES_MAX).read_to_string(&mut text));
    match (read, text.trim().parse::<u32>()) {
        (Ok(_), Ok(process)) if process == std::process::id() => "by this process".to_owned(),
        (Ok(_), Ok(process)) => format!("by process {process}"),
        _ => "by an unknown process".to_owned(),
    }
}
