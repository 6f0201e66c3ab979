//! `npo policy check`: whether the server would take a bundle, and what it is like.

use std::path::PathBuf;

use clap::Args;
use npo_policy::{CheckReport, EngineChoice, Findings, Manifest};
use serde::Serialize;

use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::text::{Line, Tone, clean};

/// Check a bundle, without a server.
#[derive(Debug, Args)]
#[command(after_help = "Exits 1 if the bundle is refused or one of its cases fails.")]
pub(crate) struct Check {
    /// Directory of the bundle
    directory: PathBuf,
}

/// What a check found, as JSON.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    name: String,
    version: String,
    description: String,
    digest: String,
    passed: bool,
    findings: Findings,
}

impl Report {
    pub(super) fn of(report: CheckReport) -> Self {
        let passed = report.passed();
        let CheckReport {
            manifest: Manifest { name, version, description }, digest, findings, ..
        } = report;
        Self { name, version, description, digest: digest.to_string(), passed, findings }
    }
}

impl Check {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let report = Report::of(super::inspect(&self.directory)?);
        let mut out = options.out();
        out.value(&report, lines)?;
        out.flush()?;
        Ok(if report.passed { Answer::Yes } else { Answer::No })
    }
}

/// The bundle as a whole; `test` shows its cases.
pub(super) fn lines(report: &Report) -> Vec<Line> {
    let Report { name, version, description, digest, passed, findings } = report;
    let failed = findings.cases.iter().filter(|case| !case.passed).count();
    let verdict = match (passed, findings.cases.len()) {
        (_, 0) => Line::of(Tone::Care, "accepted; it has no cases that say what it should do"),
        (true, cases) => {
            Line::of(Tone::Good, format!("accepted; all {cases} cases went as expected"))
        }
        (false, cases) => Line::of(
            Tone::Bad,
            format!("refused; {failed} of {cases} cases did not go as expected"),
        ),
    };
    let engine = match &findings.engine {
        EngineChoice::Vm => Line::plain(
            "evaluator: bytecode machine; agrees with the interpreter everywhere it was tried",
        ),
        EngineChoice::Interpreter { reason } => {
            Line::plain(format!("evaluator: interpreter, because {}", clean(reason)))
        }
    };
    let mut lines = vec![
        Line::of(Tone::Strong, format!("{} {}", clean(name), clean(version)))
            .and(Tone::Faint, format!("  {digest}")),
        Line::plain(clean(description)),
        verdict,
        engine,
        Line::plain(format!(
            "{} rules, longest chain of calls {}",
            findings.rules, findings.call_depth
        )),
        Line::plain(format!("looks at: {}", clean(&findings.footprint.join(", ")))),
    ];
    lines.extend(findings.cases.iter().filter(|case| !case.passed).map(|case| {
        Line::of(Tone::Bad, "failed: ")
            .and(Tone::Plain, clean(&format!("{} in {}", case.name, case.file)))
    }));
    lines.extend(
        findings
            .warnings
            .iter()
            .map(|warning| Line::of(Tone::Care, "warning: ").and(Tone::Plain, clean(warning))),
    );
    lines
}
