//! `npo decision propose`: one proposal from flags or a file, or a batch of them, one a line.

mod batch;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use npo_api::decision::{Action, Decision, Disposition, Fact, Proposal};

use self::values::{Feature, fact, feature};
use crate::client::Received;
use crate::exit::{Answer, Failure};
use crate::files;
use crate::options::Options;
use crate::text::explanation::{disposition_name, disposition_tone};
use crate::text::{Line, Tone, clean};

/// The largest proposal in bytes; the server's limit.
const PROPOSAL_BYTES_MAX: u64 = 64 << 10;

/// Ask npo to judge a proposal, or a batch of them.
#[derive(Debug, Args)]
#[command(
    after_help = "Exits 1 if the action is blocked by policy; of a batch, if any line is blocked or refused.
All features that the type declares are needed: `npo scenario show NAME` lists them.
Policies judge by facts, such as redundancy_left; the shipped ones block what lacks them.

Examples:
  npo decision propose --type link-flapping --entity leaf4:Eth4 --action remove-link \\
      --feature changes=9 --feature changes_per_min=2 --feature utilisation=0.3 \\
      --feature redundancy_left=3 --feature traffic_share=0.01 \\
      --fact redundancy_left=3 --fact 'blast_radius_gbps=10[Gbit/s]'
  npo decision propose --file proposal.json
  npo decision propose --batch < proposals.ndjson"
)]
pub(crate) struct Propose {
    /// Name the scenario type, such as link-imbalance
    #[arg(long = "type", value_name = "NAME", required_unless_present_any = ["file", "batch"], conflicts_with_all = ["file", "batch"])]
    scenario_type: Option<String>,
    /// Name the entity that it is about
    #[arg(long, required_unless_present_any = ["file", "batch"], conflicts_with_all = ["file", "batch"])]
    entity: Option<String>,
    /// Name the site of the entity
    #[arg(long, default_value = "", conflicts_with_all = ["file", "batch"])]
    site: String,
    /// Name the proposed action, one of the scenario type's
    #[arg(long, required_unless_present_any = ["file", "batch"], conflicts_with_all = ["file", "batch"])]
    action: Option<String>,
    /// Say what the action is applied to; the entity itself if absent
    #[arg(long, default_value = "", conflicts_with_all = ["file", "batch"])]
    target: String,
    /// Give a feature its raw value
    #[arg(long = "feature", value_name = "NAME=NUMBER", value_parser = feature, conflicts_with_all = ["file", "batch"])]
    features: Vec<Feature>,
    /// State a fact: a number, true or false, or text, with a unit in brackets
    #[arg(long = "fact", value_name = "NAME=VALUE[UNIT]", value_parser = fact, conflicts_with_all = ["file", "batch"])]
    facts: Vec<Fact>,
    /// Add a line of evidence
    #[arg(long = "evidence", value_name = "TEXT", conflicts_with_all = ["file", "batch"])]
    evidence: Vec<String>,
    /// Name the condition at its source, for withdrawing by it
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["file", "batch"])]
    correlation: Option<String>,
    /// Read the proposal as JSON from a file, - for stdin
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Read one JSON proposal a line, from --file or stdin
    #[arg(long)]
    batch: bool,
    /// Get the first answer again if the same key was used before
    #[arg(long, value_name = "KEY", conflicts_with = "batch")]
    idempotency_key: Option<String>,
}

impl Propose {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        if self.batch {
            return batch::run(options, self.file.as_deref());
        }
        let client = options.client()?;
        let key = self.idempotency_key.clone();
        let body = match &self.file {
            Some(path) => files::read(path, PROPOSAL_BYTES_MAX)?,
            None => serde_json::to_vec(&self.proposal()).map_err(|error| {
                Failure::could_not("could not write the proposal as JSON", error)
            })?,
        };
        let received: Received<Decision> =
            client.post_bytes("/v1/decisions", "application/json", &body, key.as_deref())?;
        let mut out = options.out();
        out.received(&received, lines)?;
        out.flush()?;
        Ok(match received.value.disposition {
            Disposition::Blocked => Answer::No,
            Disposition::Surfaced
            | Disposition::Abstained
            | Disposition::Audit
            | Disposition::Escalated
            | Disposition::Automatic => Answer::Yes,
        })
    }

    fn proposal(self) -> Proposal {
        Proposal {
            scenario_type: self.scenario_type.unwrap_or_default(),
            entity: self.entity.unwrap_or_default(),
            site: self.site,
            action: Action { name: self.action.unwrap_or_default(), target: self.target },
            features: self.features.into_iter().collect::<BTreeMap<_, _>>(),
            facts: self.facts,
            evidence: self.evidence,
            what_if: Vec::new(),
            correlation: self.correlation,
            idempotency_key: None,
        }
    }
}

fn lines(decision: &Decision) -> Vec<Line> {
    let Decision {
        id,
        disposition,
        score,
        score_low,
        score_high,
        compared,
        threshold,
        headline,
        replayed,
        ..
    } = decision;
    // A score on the wrong side of its threshold looks like a mistake unless what was compared
    // stands beside it.
    let shown = [score, compared].map(|value| format!("{value:.3}"));
    let compared =
        if shown[0] == shown[1] { String::new() } else { format!(", compared {}", shown[1]) };
    let line = Line::of(Tone::Strong, format!("{id}  "))
        .and(disposition_tone(*disposition), disposition_name(*disposition))
        .and(
            Tone::Plain,
            format!(
                "  score {} ({score_low:.3} to {score_high:.3}){compared}, threshold {threshold:.3}",
                shown[0]
            ),
        );
    let line = if *replayed { line.and(Tone::Faint, "  (asked before)") } else { line };
    let mut lines = vec![line, Line::plain(clean(headline))];
    if !decision.rules.is_empty() && !decision.allowed {
        lines.push(Line::of(Tone::Bad, format!("denied by {}", clean(&decision.rules.join(", ")))));
    }
    lines.push(Line::of(Tone::Faint, format!("npo decision show {id} tells why")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn what_was_compared_stands_beside_a_score_that_prints_otherwise() {
        let check = |compared: f64, expected: &str| {
            let decision = Decision { score: 0.667, compared, ..sample::decision("d42") };
            let first = lines(&decision)[0].text();
            assert_eq!(first, format!("d42  surfaced  score 0.667 (0.710 to 0.910){expected}"));
        };
        check(0.763, ", compared 0.763, threshold 0.600");
        check(0.6671, ", threshold 0.600");
    }
}
