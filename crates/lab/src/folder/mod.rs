//! The folder of an experiment: what is run, what came of it, and what is left to run.
//!
//! `runs.jsonl` grows by a line for each run that is done, so that a run can be stopped and taken
//! up again; a line names what its world and method were, so that a changed experiment runs anew
//! where it changed, and by which version it was run, so that numbers of different code are never
//! compared as if they were of one.
//! At the end all files are written in order, so that the same experiment gives the same bytes
//! however it was run.

mod columns;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::experiment::Experiment;
use crate::record::RunRecord;
use crate::runner::Key;

/// Raised when the same settings come to mean another run within one version.
const FORM: u32 = 2;
/// Scores, thresholds and learning may change with any version of the code.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Longest line of a run, in bytes: metrics and curves of a thousand points.
const LINE_MAX: u64 = 4 << 20;

/// The name of the file of runs.
pub const RUNS: &str = "runs.jsonl";
/// Name of the file of runs that are not part of the experiment as it is now, but may be again.
pub const SET_ASIDE: &str = "set-aside.jsonl";

/// A folder that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("could not {verb} `{}`", path.display())]
pub struct FolderError {
    verb: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

/// A line of the file of runs.
#[derive(Serialize, Deserialize)]
struct Line {
    /// Digest of world, method, what is measured, and the version of the code.
    of: String,
    #[serde(flatten)]
    record: RunRecord,
}

/// A folder that is being filled.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    runs: File,
    digests: BTreeMap<(String, String), String>,
    records: BTreeMap<Key, RunRecord>,
    set_aside: usize,
}

impl Folder {
    /// Opens a folder for `experiment`, new or with runs that are already done.
    ///
    /// # Errors
    /// [`FolderError`] names the file.
    pub fn open(path: &Path, experiment: &Experiment) -> Result<Self, FolderError> {
        Self::open_as(VERSION, path, experiment)
    }

    fn open_as(version: &str, path: &Path, experiment: &Experiment) -> Result<Self, FolderError> {
        std::fs::create_dir_all(path).map_err(|source| error("create", path, source))?;
        let digests = digests(version, experiment);
        let seeds: BTreeSet<u64> = experiment.seeds().collect();
        let (mut records, mut aside) = (BTreeMap::new(), Vec::new());
        let mut set_aside = 0;
        for name in [SET_ASIDE, RUNS] {
            let file = path.join(name);
            for line in read_lines(&file).map_err(|source| error("read", &file, source))? {
                let RunRecord { world, method, seed, .. } = &line.record;
                let current = digests.get(&(world.clone(), method.clone()));
                if current.is_some_and(|of| *of == line.of) && seeds.contains(seed) {
                    records.insert((world.clone(), method.clone(), *seed), line.record);
                } else {
                    set_aside += usize::from(name == RUNS);
                    aside.push(line);
                }
            }
        }
        write_aside(&path.join(SET_ASIDE), aside)?;
        let file = path.join("experiment.toml");
        write_whole(&file, |out| out.write_all(experiment.to_toml().as_bytes()))?;
        let file = path.join(RUNS);
        write_whole(&file, |out| write_runs(out, &records, &digests))?;
        let runs = OpenOptions::new()
            .append(true)
            .open(&file)
            .map_err(|source| error("open", &file, source))?;
        Ok(Self { path: path.to_owned(), runs, digests, records, set_aside })
    }

    /// The runs that are done.
    #[must_use]
    pub fn done(&self) -> BTreeSet<Key> {
        self.records.keys().cloned().collect()
    }

    /// How many finished runs opening the folder has set aside: they are of other settings, seeds or
    /// code than the experiment has now. They are kept, and come back with the experiment they are of.
    #[must_use]
    pub fn set_aside(&self) -> usize {
        self.set_aside
    }

    /// The runs that are done, in order.
    pub fn records(&self) -> impl Iterator<Item = &RunRecord> {
        self.records.values()
    }

    /// Adds a run that is done: one line, handed to the operating system before this returns.
    ///
    /// # Errors
    /// [`FolderError`] names the file.
    pub fn add(&mut self, record: RunRecord) -> Result<(), FolderError> {
        let key = (record.world.clone(), record.method.clone(), record.seed);
        let of = self.digests.get(&(key.0.clone(), key.1.clone())).cloned().unwrap_or_default();
        let line = Line { of, record };
        let written = line_bytes(&line).and_then(|bytes| self.runs.write_all(&bytes));
        written.map_err(|source| error("write", &self.path.join(RUNS), source))?;
        self.records.insert(key, line.record);
        Ok(())
    }

    /// Writes all files in their final order.
    ///
    /// # Errors
    /// [`FolderError`] names the file.
    pub fn finish(&self) -> Result<(), FolderError> {
        let at = |name: &str| self.path.join(name);
        write_whole(&at(RUNS), |out| write_runs(out, &self.records, &self.digests))?;
        write_whole(&at("runs.csv"), |out| tables::runs_csv(out, self.records()))?;
        write_whole(&at("curves.csv"), |out| tables::curves_csv(out, self.records()))?;
        write_whole(&at("runs.parquet"), |out| columns::runs(out, self.records()))?;
        write_whole(&at("curves.parquet"), |out| columns::curves(out, self.records()))?;
        Ok(())
    }
}

/// What a run depends on, by world and method.
fn digests(version: &str, experiment: &Experiment) -> BTreeMap<(String, String), String> {
    let mut digests = BTreeMap::new();
    for (world_name, world) in &experiment.worlds {
        for (method_name, method) in &experiment.methods {
            let (tail, checkpoints) = (experiment.tail, experiment.checkpoints);
            let parts = (FORM, version, world, method, tail, checkpoints);
            let text = serde_json::to_vec(&parts).expect("settings are numbers and words");
            let of = npo_core::ids::hex(&Sha256::digest(text)[..8]);
            digests.insert((world_name.clone(), method_name.clone()), of);
        }
    }
    digests
}

fn error(verb: &'static str, path: &Path, source: io::Error) -> FolderError {
    FolderError { verb, path: path.to_owned(), source }
}

/// The lines of a file that are whole; a torn or foreign line is passed over and its run done again.
fn read_lines(path: &Path) -> io::Result<Vec<Line>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut reader = BufReader::new(file);
    let (mut lines, mut bytes) = (Vec::new(), Vec::new());
    loop {
        bytes.clear();
        if (&mut reader).take(LINE_MAX).read_until(b'\n', &mut bytes)? == 0 {
            return Ok(lines);
        }
        lines.extend(serde_json::from_slice::<Line>(&bytes));
    }
}

fn line_bytes(line: &Line) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn write_runs(
    out: &mut dyn Write,
    records: &BTreeMap<Key, RunRecord>,
    digests: &BTreeMap<(String, String), String>,
) -> io::Result<()> {
    for ((world, method, _), record) in records {
        let of = digests.get(&(world.clone(), method.clone())).cloned().unwrap_or_default();
        out.write_all(&line_bytes(&Line { of, record: record.clone() })?)?;
    }
    Ok(())
}

fn write_aside(path: &Path, lines: Vec<Line>) -> Result<(), FolderError> {
    if lines.is_empty() && !path.exists() {
        return Ok(());
    }
    // One and the same run may have been set aside twice.
    let key = |line: &Line| {
        let RunRecord { world, method, seed, .. } = &line.record;
        (line.of.clone(), world.clone(), method.clone(), *seed)
    };
    let lines: BTreeMap<_, Line> = lines.into_iter().map(|line| (key(&line), line)).collect();
    write_whole(path, |out| lines.values().try_for_each(|line| out.write_all(&line_bytes(line)?)))
}

/// Writes a file beside its place and moves it there, so that it is whole or as it was.
fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> Result<(), FolderError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let written = File::create(&beside).and_then(|file| {
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        out.flush()
    });
    written
        .and_then(|()| std::fs::rename(&beside, path))
        .map_err(|source| error("write", path, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_another_version_are_set_aside() {
        let text = "name = \"small\"\nseeds = { count = 1 }\n[worlds.short]\nscenarios = 2\nhorizon = 20\n\
                    [methods.paper]\nbase = \"paper\"";
        let find = |name: &str| crate::shipped::find(Path::new("/nonexistent"), name);
        let experiment = Experiment::read(text, &[], &find).expect("is an experiment");
        let record = RunRecord {
            world: "short".into(),
            method: "paper".into(),
            seed: 1,
            metrics: BTreeMap::new(),
            curves: BTreeMap::new(),
            checkpoints: vec![],
        };
        let dir = tempfile::tempdir().expect("a folder");
        let open = |version| Folder::open_as(version, dir.path(), &experiment).expect("opens");
        open("0.0.1").add(record).expect("adds");
        for (version, runs, aside) in
            [("0.0.1", 1, 0), (VERSION, 0, 1), (VERSION, 0, 0), ("0.0.1", 1, 0)]
        {
            let folder = open(version);
            assert_eq!((folder.done().len(), folder.set_aside()), (runs, aside), "{version}");
        }
    }
}
