//! What can be wrong with an experiment, and where.

use npo_core::toml_words;

/// An experiment that cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", Place(.line_column, .path))]
pub struct ExperimentError {
    /// Line and column in the experiment's own text, from 1; absent for what came from elsewhere.
    pub line_column: Option<(usize, usize)>,
    /// Keys that lead to the place, joined by dots; empty for the file as a whole.
    pub path: String,
    /// What was found and what was expected.
    pub message: String,
}

impl ExperimentError {
    pub(super) fn at(path: &[&str], message: impl Into<String>) -> Self {
        Self { line_column: None, path: path.join("."), message: message.into() }
    }

    /// The same under `prefix`.
    pub(super) fn under(mut self, prefix: &str) -> Self {
        self.path = match self.path.as_str() {
            "" => prefix.to_owned(),
            path => format!("{prefix}.{path}"),
        };
        self
    }
}

struct Place<'a>(&'a Option<(usize, usize)>, &'a str);

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some((line, column)) = self.0 {
            write!(f, "line {line}, column {column}: ")?;
        }
        match self.1 {
            "" => Ok(()),
            path => write!(f, "`{path}`: "),
        }
    }
}

/// Puts a message of the reader of TOML into our words: an unknown key with the nearest known one.
pub(super) fn reworded(message: &str) -> (Option<String>, String) {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let unknown = ["unknown field `", "unknown variant `"].iter().any(|m| message.starts_with(m));
    let Some((found, known)) = quoted.split_first().filter(|_| unknown) else {
        return (None, toml_words::plain(message).replace('\n', " "));
    };
    let hint = match nearest(found, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("expected one of `{}`", known.join("`, `")),
    };
    let what = if message.starts_with("unknown field") { "key" } else { "choice" };
    let key = (what == "key").then(|| (*found).to_owned());
    (key, format!("unknown {what} `{found}`, {hint}"))
}

/// The known word that `found` was most likely meant to be.
pub(crate) fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    // More letters than this apart, and it is another word.
    let limit = 3.min(found.chars().count().div_ceil(2));
    known
        .iter()
        .map(|word| (distance(found, word), *word))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, word)| word)
}

/// Insertions, deletions and substitutions between two words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
