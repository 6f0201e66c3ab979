//! The experiments that come with the binary.

use std::path::Path;

/// Names and texts, in the order in which to try them.
pub const EXPERIMENTS: [(&str, &str); 5] = [
    ("quick", include_str!("../../../experiments/quick.toml")),
    ("paper", include_str!("../../../experiments/paper.toml")),
    ("regimes", include_str!("../../../experiments/regimes.toml")),
    ("certified", include_str!("../../../experiments/certified.toml")),
    ("robust", include_str!("../../../experiments/robust.toml")),
];

/// The text of the experiment called `name`.
#[must_use]
pub fn experiment(name: &str) -> Option<&'static str> {
    EXPERIMENTS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
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
