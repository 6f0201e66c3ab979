//! What came of reading a file: what was read, what was missing, what was assumed, what was left out.

use serde::Serialize;

/// The formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// GraphML, as of the Topology Zoo, networkx or yEd.
    Graphml,
    /// SNDlib's native text.
    SndlibNative,
    /// SNDlib's XML.
    SndlibXml,
    /// The node-link JSON of networkx.
    NodeLinkJson,
    /// npo's own JSON.
    NpoJson,
    /// CSV with a column per pair.
    CsvWide,
    /// CSV with a line per demand.
    CsvLong,
}

impl Format {
    /// Its name in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Graphml => "GraphML",
            Self::SndlibNative => "SNDlib native",
            Self::SndlibXml => "SNDlib XML",
            Self::NodeLinkJson => "node-link JSON",
            Self::NpoJson => "npo's own JSON",
            Self::CsvWide => "CSV, a column per pair",
            Self::CsvLong => "CSV, a line per demand",
        }
    }
}

/// What a note is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Read as the source states it.
    Read,
    /// The source does not state it.
    Missing,
    /// Taken to be so, without the source saying it.
    Assumed,
    /// In the source, and not used.
    LeftOut,
    /// Used, but people should look at it.
    Doubtful,
}

impl Kind {
    /// Its name in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Missing => "missing",
            Self::Assumed => "assumed",
            Self::LeftOut => "left out",
            Self::Doubtful => "doubtful",
        }
    }
}

/// What a note is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// Nodes.
    Nodes,
    /// Names of nodes.
    Names,
    /// Nodes that belong to somebody else's network.
    ExternalNodes,
    /// Nodes that only draw a link with more than two ends.
    HyperNodes,
    /// Places on the map.
    Coordinates,
    /// Links.
    Links,
    /// Links that start where they end.
    SelfLoops,
    /// Which ways links carry traffic.
    Directions,
    /// Capacities.
    Capacities,
    /// Routing weights.
    Weights,
    /// The unit of rates and capacities.
    Unit,
    /// Parts between which there is no path.
    Components,
    /// Demands.
    Demands,
    /// Demands of a node to itself.
    SelfDemands,
    /// Steps of a series.
    Steps,
    /// When steps begin.
    Times,
    /// Columns of a table.
    Columns,
    /// Files of a folder.
    Files,
    /// Parts of a file that are about something else.
    Parts,
}

/// One thing that a reader of the result should know.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Note {
    /// What kind of note it is.
    pub kind: Kind,
    /// What it is about.
    pub subject: Subject,
    /// How many it is about.
    pub count: u64,
    /// Of how many, where that says something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// The same in words.
    pub words: String,
}

/// What came of reading a file or a folder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportReport {
    /// The file or folder, as the caller named it.
    pub file: String,
    /// Its format.
    pub format: Format,
    /// What there is to say, in the order of reading.
    pub notes: Vec<Note>,
}

impl ImportReport {
    /// A report with nothing in it yet.
    pub(super) fn new(file: &str, format: Format) -> Self {
        Self { file: file.to_owned(), format, notes: Vec::new() }
    }

    /// The note of a kind about a subject, if there is one.
    #[must_use]
    pub fn note(&self, kind: Kind, subject: Subject) -> Option<&Note> {
        self.notes.iter().find(|note| note.kind == kind && note.subject == subject)
    }

    /// How many a kind of note about a subject counts; 0 without one.
    #[must_use]
    pub fn count(&self, kind: Kind, subject: Subject) -> u64 {
        self.note(kind, subject).map_or(0, |note| note.count)
    }

    /// Adds a note about `count` things.
    pub(super) fn say(
        &mut self,
        kind: Kind,
        subject: Subject,
        count: usize,
        words: impl Into<String>,
    ) {
        self.notes.push(Note { kind, subject, count: count as u64, of: None, words: words.into() });
    }

    /// Adds a note about `count` of `of` things, unless there are none.
    pub(super) fn say_of(
        &mut self,
        kind: Kind,
        subject: Subject,
        (count, of): (usize, usize),
        words: impl Into<String>,
    ) {
        if count > 0 {
            let (count, of) = (count as u64, Some(of as u64));
            self.notes.push(Note { kind, subject, count, of, words: words.into() });
        }
    }
}

/// `1 node`, `2 nodes`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    counted_as(count, noun, &format!("{noun}s"))
}

/// `1 entry`, `2 entries`.
pub(super) fn counted_as(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Up to five names in backticks, and how many more there are.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 5;
    let mut names = names.into_iter();
    let first: Vec<String> =
        names.by_ref().take(SHOWN).map(|name| format!("`{}`", super::error::shown(name))).collect();
    match names.count() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
