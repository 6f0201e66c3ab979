//! The experiments that come with the binary.

use std::path::Path;

/// Names and texts, in the order in which to try them.
pub const EXPERIMENTS: [(&str, &str); 7] = [
    ("quick", include_str!("../../../experiments/quick.toml")),
    ("paper", include_str!("../../../experiments/paper.toml")),
    ("regimes", include_str!("../../../experiments/regimes.toml")),
    ("certified", include_str!("../../../experiments/certified.toml")),
    ("robust", include_str!("../../../experiments/robust.toml")),
    ("teams", include_str!("../../../experiments/teams.toml")),
    ("monitor", include_str!("../../../experiments/monitor.toml")),
];

/// Experiments of other kinds than the comparison of methods in worlds.
pub const OTHERS: [(&str, &str); 1] =
    [("recovery", include_str!("../../../experiments/recovery.toml"))];

/// Scenario types of the watchers, by file name: what npo is proposed on a simulated fabric.
pub(crate) const SCENARIO_TYPES: &[(&str, &str)] = &[
    ("error-growth", include_str!("../../../scenarios/error-growth.toml")),
    ("interface-down", include_str!("../../../scenarios/interface-down.toml")),
    ("link-flapping", include_str!("../../../scenarios/link-flapping.toml")),
    ("link-imbalance", include_str!("../../../scenarios/link-imbalance.toml")),
    ("session-loss", include_str!("../../../scenarios/session-loss.toml")),
    ("silent-drops", include_str!("../../../scenarios/silent-drops.toml")),
];

/// The text of the experiment called `name`.
#[must_use]
pub fn experiment(name: &str) -> Option<&'static str> {
    EXPERIMENTS.iter().chain(&OTHERS).find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Finds what a file includes: a shipped experiment by name, or a file beside `folder`.
///
/// # Errors
/// Says why it could not be read.
pub fn find(folder: &Path, name: &str) -> Result<String, String> {
    if let Some(text) = experiment(name) {
        return Ok(text.to_owned());
    }
    read(&folder.join(name)).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            let known: Vec<&str> = EXPERIMENTS.iter().map(|(name, _)| *name).collect();
            format!("no such file, and the experiments that come with npo are {}", known.join(", "))
        }
        _ => error.to_string(),
    })
}

/// Reads a file of at most [`crate::experiment::TEXT_MAX`] bytes.
///
/// # Errors
/// Those of reading, a file that is longer, and one that is not UTF-8.
pub fn read(path: &Path) -> std::io::Result<String> {
    use std::io::Read;
    let limit = crate::experiment::TEXT_MAX as u64;
    let mut text = String::new();
    std::fs::File::open(path)?.take(limit + 1).read_to_string(&mut text)?;
    if text.len() as u64 > limit {
        return Err(std::io::Error::other(format!("it is longer than {limit} bytes")));
    }
    Ok(text)
}
