//! `npo policy test`: a bundle's own cases, one a row.

use std::path::PathBuf;

use clap::Args;
use npo_policy::CaseReport;

use super::check::Report;
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::text::table::Table;
use crate::text::{Line, Tone};

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
    let mut table = Table::new(&["RESULT", "EXPECTED", "FOUND", "RULES", "CASE", "FILE"]);
    for case in cases {
        let rules: Vec<&str> = case.rules.iter().map(|hit| hit.rule.as_str()).collect();
        let result = if case.passed { (Tone::Good, "passed") } else { (Tone::Bad, "failed") };
        table.toned([
            (result.0, result.1.to_owned()),
            (Tone::Plain, expected(case)),
            (Tone::Plain, verdict(case.allow).to_owned()),
            (Tone::Plain, rules.join(", ")),
            (Tone::Plain, case.name.clone()),
            (Tone::Faint, case.file.clone()),
        ]);
    }
    let passed = cases.iter().filter(|case| case.passed).count();
    let mut lines = table.lines();
    lines.push(Line::plain(format!("{passed} of {} passed", cases.len())));
    lines
}

fn expected(case: &CaseReport) -> String {
    let rules =
        case.expected_rules.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ");
    match rules.as_str() {
        "" => verdict(case.expected_allow).to_owned(),
        rules => format!("{} by {rules}", verdict(case.expected_allow)),
    }
}

fn verdict(allow: bool) -> &'static str {
    if allow { "allow" } else { "deny" }
}
