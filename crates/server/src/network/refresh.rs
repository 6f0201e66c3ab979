//! Follows the files that describe the network: when they change, the model is made anew and put in force as a whole.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use super::{Network, NetworkSettings};
use crate::chain::chain;

/// How often a thread looks whether it should end.
const TICK: Duration = Duration::from_millis(250);
/// Most files of a folder that are looked at.
const FILES_MAX: usize = 200_000;

/// What is known of files without reading them: path, length, time of the last change.
pub(crate) type Seen = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// The files as they are now.
pub(crate) fn seen(settings: &NetworkSettings) -> Seen {
    let files = [&settings.topology, &settings.traffic];
    files.into_iter().flatten().flat_map(|path| seen_of(path)).collect()
}

/// `known` is how they were when the model in force was read. Looks at the files every `refresh_s` until `stop` is set, and replaces the model when they have changed and can be
/// read; a model stays in force until there is a better one.
///
/// # Errors
/// No thread could be started.
pub(crate) fn follow(
    settings: NetworkSettings,
    known: Seen,
    network: Arc<Network>,
    stop: Arc<AtomicBool>,
) -> std::io::Result<Option<JoinHandle<()>>> {
    if settings.refresh_s == 0 || settings.topology.is_none() {
        return Ok(None);
    }
    let name = std::thread::Builder::new().name("npo-network".into());
    name.spawn(move || run(&settings, &network, known, &stop)).map(Some)
}

fn run(settings: &NetworkSettings, network: &Network, mut known: Seen, stop: &AtomicBool) {
    let every = Duration::from_secs(settings.refresh_s);
    let mut last = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        std::thread::park_timeout(TICK);
        if last.elapsed() < every {
            continue;
        }
        last = Instant::now();
        let found = seen(settings);
        if found == known {
            continue;
        }
        match settings.model() {
            Ok(Some(model)) => {
                tracing::info!(
                    "the network's files have changed; what-ifs are asked of what they say now"
                );
                network.set(model);
                known = found;
            }
            Ok(None) => {}
            // A file that is being written is read again at the next look.
            Err(error) => {
                tracing::warn!(
                    error = chain(&error),
                    "the network's files have changed and cannot be used; the model before stays in force"
                );
            }
        }
    }
}

/// A file, or the files of a folder in order.
fn seen_of(path: &Path) -> Seen {
    let one = |path: PathBuf| {
        let known = std::fs::metadata(&path).ok();
        let length = known.as_ref().map_or(0, std::fs::Metadata::len);
        (path, length, known.and_then(|known| known.modified().ok()))
    };
    let mut all = match std::fs::read_dir(path) {
        Ok(entries) => entries.take(FILES_MAX).flatten().map(|entry| one(entry.path())).collect(),
        Err(_) => vec![one(path.to_owned())],
    };
    all.sort();
    all
}
