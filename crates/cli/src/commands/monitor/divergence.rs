//! `npo monitor divergence`: where people override what policy allows.

use clap::Args;
use npo_api::monitor;

use crate::client::Received;
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output;
use crate::text::oversight::{prose, rate};
use crate::text::{Line, Tone, clean, percent};

/// Show where people override what policy allows.
#[derive(Debug, Args)]
pub(crate) struct Divergence {
    /// Show each finding as a rule in Rego, too
    #[arg(long)]
    rego: bool,
}

impl Divergence {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let report: Received<monitor::Divergence> =
            options.client()?.get("/v1/monitor/divergence", &[])?;
        let mut out = options.out();
        out.received(&report, |report| lines(report, self.rego, output::columns()))?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}

fn lines(report: &monitor::Divergence, rego: bool, columns: usize) -> Vec<Line> {
    let tone = if report.findings.is_empty() { Tone::Good } else { Tone::Bad };
    let mut lines = prose(tone, &report.summary, columns);
    for finding in &report.findings {
        let slice: Vec<String> = finding
            .slice
            .iter()
            .map(|condition| format!("{} is {}", clean(&condition.key), clean(&condition.value)))
            .collect();
        lines.push(Line::empty());
        lines.push(Line::of(Tone::Strong, slice.join(" and ")));
        let evidence = format!(
            "overridden {} of {}: {}, where {} is usual; adjusted p {:.1e}",
            finding.overrides,
            finding.labels,
            rate(&finding.rate),
            percent(finding.baseline),
            finding.q
        );
        lines.push(Line::plain(evidence));
        lines.extend(prose(Tone::Faint, &finding.suggestion, columns));
        if rego {
            lines.extend(
                finding.rego.lines().map(|line| Line::plain(clean(&line.replace('\t', "    ")))),
            );
        }
    }
    if !report.findings.is_empty() {
        let bound = format!(
            "Of such findings at most {} are expected to be chance. Events {} to {} were looked at.",
            percent(report.q),
            report.from_position,
            report.until_position
        );
        lines.push(Line::empty());
        lines.extend(prose(Tone::Faint, &bound, columns));
    }
    lines
}
