//! `npo policy test`: a bundle's own cases, one a row.

use std::path::PathBuf;

use clap::Args;
use npo_policy::CaseReport;

use super::check::Report;
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::text::table::Table;
use crate::text::{Line, Tone, clean};

/// Run a bundle's own cases, without a server.
#[derive(Debug, Args)]
#[command(after_help = "Exits 1 if the bundle is refused or one of its cases fails.")]
pub(crate) struct Test {
    /// Directory of the bundle
    directory: PathBuf,
}

impl Test {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let report = super::inspect(&self.directory)?;
        let passed = report.passed();
        let table = lines(&report.findings.cases);
        let mut out = options.out();
        out.value(&Report::of(report), |_| table)?;
        out.flush()?;
        Ok(if passed { Answer::Yes } else { Answer::No })
    }
}

fn lines(cases: &[CaseReport]) -> Vec<Line> {
    let mut table = Table::new(&["RESULT", "FOUND", "CASE", "FILE"]);
    for case in cases {
        let result = if case.passed { (Tone::Good, "passed") } else { (Tone::Bad, "failed") };
        table.toned([
            (result.0, result.1.to_owned()),
            (Tone::Plain, verdict(case.allow).to_owned()),
            (Tone::Plain, case.name.clone()),
            (Tone::Faint, case.file.clone()),
        ]);
    }
    let mut lines = table.lines();
    for case in cases.iter().filter(|case| !case.passed) {
        lines.push(Line::empty());
        lines.push(
            Line::of(Tone::Bad, "failed: ")
                .and(Tone::Plain, clean(&format!("{} in {}", case.name, case.file))),
        );
        let expected: Vec<&str> =
            case.expected_rules.iter().flatten().map(String::as_str).collect();
        lines.push(Line::plain(format!("  expected {}", told(case.expected_allow, &expected))));
        let found: Vec<&str> = case.rules.iter().map(|hit| hit.rule.as_str()).collect();
        lines.push(Line::plain(format!("  found    {}", told(case.allow, &found))));
    }
    let passed = cases.iter().filter(|case| case.passed).count();
    lines.push(Line::plain(format!("{passed} of {} passed", cases.len())));
    lines
}

fn told(allow: bool, rules: &[&str]) -> String {
    match rules {
        [] => verdict(allow).to_owned(),
        rules => clean(&format!("{} by {}", verdict(allow), rules.join(", "))),
    }
}

fn verdict(allow: bool) -> &'static str {
    if allow { "allow" } else { "deny" }
}
