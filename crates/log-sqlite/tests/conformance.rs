//! The suite that every backend passes.

use npo_log::EventLog;
use npo_log::conformance::{Place, run};
use npo_log_sqlite::{Options, SqliteLog};
use tempfile::TempDir;

struct File {
    directory: TempDir,
    options: Options,
}

impl Place for File {
    fn open(&mut self) -> Box<dyn EventLog> {
        let path = self.directory.path().join("events.db");
        Box::new(SqliteLog::open(&path, &self.options).expect("opens"))
    }
    fn durable(&self) -> bool {
        true
    }
}

fn check(options: &Options) {
    run(&mut || {
        let directory = tempfile::tempdir().expect("makes a directory");
        Box::new(File { directory, options: options.clone() })
    });
}

#[test]
fn sqlite_log_conforms() {
    check(&Options::default());
}

/// The same promises while the write-ahead log is emptied after nearly every commit and the caches hold next to nothing.
#[test]
fn sqlite_log_conforms_under_tight_bounds() {
    check(&Options {
        writer_cache_kib: 64,
        reader_cache_kib: 64,
        checkpoint_pages: 4,
        wal_pages_max: 16,
        ..Options::default()
    });
}
