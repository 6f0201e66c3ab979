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
        let whole = if finding.labels == report.rows { "everything: " } else { "" };
        lines.push(Line::of(Tone::Strong, format!("{whole}{}", slice.join(" and "))));
        let evidence = format!(
            "overridden {} of {}: {}, where {}; adjusted p {:.1e}",
            finding.overrides,
            finding.labels,
            rate(&finding.rate),
            held_against(finding, report),
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

/// What the rate of a finding is worse than.
fn held_against(finding: &monitor::DivergenceFinding, report: &monitor::Divergence) -> String {
    let baseline = percent(finding.baseline);
    if finding.labels == report.rows {
        format!("{baseline} is tolerated and there is nothing else to compare with")
    } else if finding.baseline <= report.tolerance {
        format!("{baseline} is tolerated and elsewhere it is no more")
    } else {
        format!("{baseline} is usual elsewhere")
    }
}

#[cfg(test)]
mod tests {
    use npo_api::oversight::Estimate;

    use super::*;

    #[test]
    fn what_a_finding_is_worse_than_is_called_what_it_is() {
        let finding = |labels: u64, baseline: f64| monitor::DivergenceFinding {
            slice: vec![monitor::Condition { key: "scenario.type".into(), value: "alert".into() }],
            overrides: 61,
            labels,
            rate: Estimate { value: Some(0.3), low: 0.2, high: 0.4 },
            baseline,
            p: 1e-9,
            q: 1e-8,
            suggestion: String::new(),
            rego: String::new(),
        };
        let report = monitor::Divergence {
            summary: String::new(),
            rows: 188,
            overrides: 61,
            from_position: 1,
            until_position: 9,
            q: 0.05,
            tolerance: 0.05,
            at_least: 20,
            findings: vec![finding(188, 0.05), finding(100, 0.05), finding(100, 0.11)],
        };
        let text = lines(&report, false, 200).iter().map(Line::text).collect::<Vec<_>>().join("\n");
        for expected in [
            "everything: scenario.type is alert",
            "5.0 % is tolerated and there is nothing else to compare with;",
            "5.0 % is tolerated and elsewhere it is no more;",
            "11.0 % is usual elsewhere;",
        ] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
    }
}
