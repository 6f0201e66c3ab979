//! Reading a results folder.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::{About, Error, Results};
use crate::record::RunRecord;

/// The file that says what was run.
pub const EXPERIMENT_FILE: &str = "experiment.toml";
/// The file of the runs.
pub const RUNS_FILE: &str = "runs.jsonl";

/// What the file of an experiment about recovery says of its kind.
const RECOVERY: &str = "recovery";

/// Bytes of an experiment's file at most; shipped ones have a few kilobytes.
const EXPERIMENT_BYTES_MAX: u64 = 1 << 20;
/// Bytes of the runs' file at most: they are held in memory.
const RUNS_BYTES_MAX: u64 = 2 << 30;
/// Bytes of one run at most: seven curves of 100,000 checkpoints.
const LINE_BYTES_MAX: usize = 16 << 20;
/// Length of a world's or method's name at most, in bytes.
const NAME_BYTES_MAX: usize = 200;

impl Results {
    /// Reads the folder at `path`, which the runner may still be writing to.
    ///
    /// A last line that is torn is passed over and told in [`Results::warnings`].
    ///
    /// # Errors
    /// If a file cannot be read or is too large, or if a line is wrong; the message names the line.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let about = read_about(&path.join(EXPERIMENT_FILE))?;
        if about.parameters.get("kind").is_some_and(|kind| kind == RECOVERY) {
            return Err(Error::Recovery { path: path.to_owned() });
        }
        let file = path.join(RUNS_FILE);
        let opened = File::open(&file);
        let opened = opened.map_err(|source| Error::Read { path: file.clone(), source })?;
        let mut lines = Lines::new(opened, &file);
        let mut runs = Vec::new();
        while let Some(run) = lines.next_run()? {
            runs.push(run);
        }
        gather(about, runs.into_iter(), lines.warnings).map_err(|error| match error {
            Error::Conflict(what) => Error::Conflict(format!("`{}`: {what}", file.display())),
            other => other,
        })
    }
}

fn read_about(path: &Path) -> Result<About, Error> {
    let unreadable = |source: io::Error| Error::Read { path: path.to_owned(), source };
    let mut text = String::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(EXPERIMENT_BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > EXPERIMENT_BYTES_MAX {
        return Err(Error::TooLarge { path: path.to_owned(), max: EXPERIMENT_BYTES_MAX });
    }
    About::parse(&text).map_err(|what| Error::Experiment { path: path.to_owned(), what })
}

/// The runs' file, line by line.
struct Lines<'a> {
    reader: BufReader<io::Take<File>>,
    path: &'a Path,
    line: usize,
    read: u64,
    warnings: Vec<String>,
}

impl<'a> Lines<'a> {
    fn new(file: File, path: &'a Path) -> Self {
        let reader = BufReader::with_capacity(1 << 16, file.take(RUNS_BYTES_MAX + 1));
        Self { reader, path, line: 0, read: 0, warnings: Vec::new() }
    }

    /// The next run with its line; `None` at the end.
    fn next_run(&mut self) -> Result<Option<(usize, RunRecord)>, Error> {
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let limit = LINE_BYTES_MAX as u64 + 1;
            let read = (&mut self.reader).take(limit).read_until(b'\n', &mut bytes);
            let read = read.map_err(|source| Error::Read { path: self.path.to_owned(), source })?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            self.read += read as u64;
            if self.read > RUNS_BYTES_MAX {
                return Err(Error::TooLarge { path: self.path.to_owned(), max: RUNS_BYTES_MAX });
            }
            if read > LINE_BYTES_MAX {
                return Err(
                    self.wrong(format!("found more than {LINE_BYTES_MAX} bytes, expected a run"))
                );
            }
            let whole = bytes.ends_with(b"\n");
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            match serde_json::from_slice::<RunRecord>(bytes.trim_ascii_end()) {
                Ok(run) => {
                    check(&run).map_err(|what| self.wrong(what))?;
                    return Ok(Some((self.line, run)));
                }
                // The runner ends each line with a line feed; what lacks it was cut off.
                Err(_) if !whole => {
                    self.warnings.push(format!(
                        "`{}` line {}: passed over, the line is cut off",
                        self.path.display(),
                        self.line
                    ));
                    return Ok(None);
                }
                Err(error) => return Err(self.wrong(no_run(&error))),
            }
        }
    }

    fn wrong(&self, what: String) -> Error {
        Error::Line { path: self.path.to_owned(), line: self.line, what }
    }
}

/// A parser's complaint; it counts lines within the one that it was given.
fn no_run(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    let what = npo_wording::plain(what);
    format!("found no run: {what} in column {}", error.column())
}

/// What one run must hold for itself.
fn check(run: &RunRecord) -> Result<(), String> {
    for name in [&run.world, &run.method] {
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            return Err(format!(
                "found a name of {} bytes, expected 1 to {NAME_BYTES_MAX}",
                name.len()
            ));
        }
    }
    if !run.checkpoints.windows(2).all(|pair| pair[0] < pair[1]) {
        return Err("found checkpoints that do not ascend, expected ascending ones".to_owned());
    }
    let checkpoints = run.checkpoints.len();
    if let Some((name, points)) = run.curves.iter().find(|(_, points)| points.len() != checkpoints)
    {
        return Err(format!(
            "curve `{name}` has {} points, expected {checkpoints}, one per checkpoint",
            points.len()
        ));
    }
    Ok(())
}

/// Sorts runs into worlds and methods; the numbers are lines for messages, 0 for none.
pub(super) fn gather(
    about: About,
    runs: impl Iterator<Item = (usize, RunRecord)>,
    warnings: Vec<String>,
) -> Result<Results, Error> {
    let mut sorted: BTreeMap<String, BTreeMap<String, BTreeMap<u64, RunRecord>>> = BTreeMap::new();
    let mut checkpoints: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (line, run) in runs {
        let at = if line == 0 { String::new() } else { format!("line {line}: ") };
        let known = checkpoints.entry(run.world.clone()).or_insert_with(|| run.checkpoints.clone());
        if *known != run.checkpoints {
            return Err(Error::Conflict(format!(
                "{at}the checkpoints differ from those of other runs of world `{}`",
                run.world
            )));
        }
        let seeds =
            sorted.entry(run.world.clone()).or_default().entry(run.method.clone()).or_default();
        match seeds.entry(run.seed) {
            Entry::Vacant(place) => drop(place.insert(run)),
            // A run that was done again says the same.
            Entry::Occupied(place) if *place.get() == run => {}
            Entry::Occupied(_) => {
                return Err(Error::Conflict(format!(
                    "{at}another run of world `{}`, method `{}`, seed {} says something else",
                    run.world, run.method, run.seed
                )));
            }
        }
    }
    if sorted.is_empty() {
        return Err(Error::NoRuns);
    }
    let by_method = |methods: BTreeMap<String, BTreeMap<u64, RunRecord>>| {
        methods.into_iter().map(|(method, seeds)| (method, seeds.into_values().collect())).collect()
    };
    let runs = sorted.into_iter().map(|(world, methods)| (world, by_method(methods))).collect();
    Ok(Results { about, warnings, runs })
}
