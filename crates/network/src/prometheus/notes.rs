//! What was odd about answers: counted by kind, with an example of each, so that a report stays short.

use std::collections::BTreeMap;
use std::fmt;

/// Characters of an example that are kept.
const EXAMPLE_CHARS_MAX: usize = 200;

/// Something odd that was left out, merged, or is only worth telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// A series without any of the labels that name the device.
    NoDevice,
    /// A series without any of the labels that name the interface.
    NoInterface,
    /// A name that is too long or holds control characters.
    BadName,
    /// Two series tell the same of one port at the same time; the first in order of labels is taken.
    Duplicate,
    /// A value that no counter or speed has: negative, infinite or not a number.
    NotAQuantity,
    /// A code or word that is no state, or that says the state is unknown.
    UnknownState,
    /// A native histogram.
    Histogram,
    /// A warning of the server.
    Warning,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoDevice => "series left out: no label names the device",
            Self::NoInterface => "series left out: no label names the interface",
            Self::BadName => "series left out: a name is too long or holds control characters",
            Self::Duplicate => "series left out: another one tells the same of the same port",
            Self::NotAQuantity => "values left out: negative, infinite or not a number",
            Self::UnknownState => "values left out: not a state, or the state `unknown`",
            Self::Histogram => "series left out: native histograms",
            Self::Warning => "warnings of the server",
        })
    }
}

/// Counts of everything odd since the beginning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notes(BTreeMap<Note, (u64, String)>);

impl Notes {
    /// Counts one more; the first example of a kind is kept.
    pub(super) fn add(&mut self, note: Note, example: impl FnOnce() -> String) {
        let entry = self.0.entry(note).or_insert_with(|| {
            let text = example();
            (0, text.chars().take(EXAMPLE_CHARS_MAX).flat_map(char::escape_debug).collect())
        });
        entry.0 += 1;
    }

    /// Kind, count and example of everything odd, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = (Note, u64, &str)> {
        self.0.iter().map(|(note, (count, example))| (*note, *count, example.as_str()))
    }

    /// How often this was met.
    #[must_use]
    pub fn count(&self, note: Note) -> u64 {
        self.0.get(&note).map_or(0, |(count, _)| *count)
    }
}
