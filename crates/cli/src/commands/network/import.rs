//! `npo network import`: what a file says, in npo's own form, and what had to be assumed.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use npo_network::format::{ImportReport, Kind, write_topology};
use serde::Serialize;

use super::source::{Read, Source};
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output::say;
use crate::text::{Line, Tone, wrap};

/// Read a topology and say what was read, missing, assumed and left out.
#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(flatten)]
    source: Source,
    /// Write the topology and its demands as npo's own JSON
    #[arg(long, value_name = "FILE.json")]
    out: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long, requires = "out")]
    force: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    name: &'a str,
    network: &'a ImportReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    traffic: Option<&'a ImportReport>,
}

impl Import {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let Read { network, traffic } = self.source.read()?;
        if let Some(path) = &self.out {
            let text = write_topology(&network.topology, network.demands.as_ref());
            write(path, &text, self.force)?;
            say(&format!("written to {}", path.display()));
        }
        let report = Report {
            name: network.topology.name(),
            network: &network.report,
            traffic: traffic.as_ref().map(|traffic| &traffic.report),
        };
        let mut out = options.out();
        out.value(&report, |report| {
            let mut lines = report_lines(report.network, &|_| true);
            if let Some(traffic) = report.traffic {
                lines.push(Line::empty());
                lines.extend(report_lines(traffic, &|_| true));
            }
            lines
        })?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}

fn write(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let mut open = OpenOptions::new();
    let open = open.write(true).create(true);
    let opened =
        if force { open.truncate(true).open(path) } else { open.create_new(true).open(path) };
    opened.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AlreadyExists => "; --force writes over it",
            _ => "",
        };
        Failure::could_not(format!("could not write `{}`{hint}", path.display()), error)
    })
}

/// A report for people: a line for each note of the kinds that are wanted.
pub(super) fn report_lines(report: &ImportReport, wanted: &dyn Fn(Kind) -> bool) -> Vec<Line> {
    const KIND_COLUMNS: usize = 10;
    let mut lines = vec![
        Line::of(Tone::Strong, &report.file)
            .and(Tone::Faint, format!("  {}", report.format.words())),
    ];
    for note in report.notes.iter().filter(|note| wanted(note.kind)) {
        let tone = match note.kind {
            Kind::Read => Tone::Good,
            Kind::Missing | Kind::Doubtful => Tone::Care,
            Kind::Assumed => Tone::Strong,
            Kind::LeftOut => Tone::Faint,
        };
        let columns = crate::output::columns().saturating_sub(KIND_COLUMNS + 2);
        let mut words = wrap(&note.words, columns, 0).into_iter();
        let kind = format!("  {:KIND_COLUMNS$}", note.kind.words());
        lines.push(Line::of(tone, kind).and(Tone::Plain, words.next().unwrap_or_default()));
        lines.extend(words.map(|more| Line::plain(format!("{:1$}{more}", "", KIND_COLUMNS + 2))));
    }
    lines
}
