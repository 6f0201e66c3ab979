//! Sends findings on: one by one at a recorded pace, in batches at full speed, nowhere in a dry run.
//!
//! Both go to the batch endpoint: idempotency keys belong to an endpoint, and a second replay at
//! another speed must not decide anew.
//! Order is kept: what is waiting is sent before a condition's end withdraws it.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use npo_api::decision::{BatchDecision, BatchLine, Withdrawal, Withdrawn};
use npo_network::{FactValue, Finding, FindingState};
use serde::Serialize;

use super::proposal;
use crate::client::{Client, Received};
use crate::exit::Failure;
use crate::output::Out;
use crate::text::{Line, Tone, clean, number, when};

/// Proposals in one request at full speed.
const BATCH_MAX: usize = 256;
/// How often an overloaded or unready server is asked again, and the first pause; pauses double.
const RETRIES: u32 = 6;
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// What became of a finding that was proposed.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Sent {
    /// When it was found, recorded time.
    pub(super) at: String,
    pub(super) scenario_type: String,
    pub(super) entity: String,
    pub(super) action: String,
    /// The decision, if the server made one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) decision: Option<BatchDecision>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<String>,
}

/// Where findings go.
pub(super) struct Sender {
    target: Target,
    sent: Vec<Sent>,
    withdrawn: usize,
    waiting: Vec<u8>,
    waiting_from: usize,
}

enum Target {
    Nowhere,
    Server { client: Box<Client>, recording: String, batch_max: usize },
}

impl Sender {
    /// Prints findings and sends nothing.
    pub(super) fn dry() -> Self {
        Self::new(Target::Nowhere)
    }

    /// Proposes to a server, in large batches if it may.
    pub(super) fn to(client: Client, recording: &str, may_wait: bool) -> Self {
        Self::new(Target::Server {
            client: Box::new(client),
            recording: recording.to_owned(),
            batch_max: if may_wait { BATCH_MAX } else { 1 },
        })
    }

    fn new(target: Target) -> Self {
        Self { target, sent: Vec::new(), withdrawn: 0, waiting: Vec::new(), waiting_from: 0 }
    }

    /// Findings that were raised so far.
    pub(super) fn findings(&self) -> usize {
        self.sent.len()
    }

    /// Proposes what was raised, withdraws what was resolved.
    pub(super) fn send(&mut self, finding: &Finding, out: &mut Out) -> Result<(), Failure> {
        if let FindingState::Raised = finding.state {
            self.sent.push(Sent {
                at: when::rfc3339(finding.at_ms),
                scenario_type: finding.scenario_type.to_owned(),
                entity: finding.entity.clone(),
                action: finding.action.to_owned(),
                decision: None,
                problem: None,
            });
        }
        match (&self.target, finding.state) {
            (Target::Nowhere, _) => out.value(&Shown::of(finding), Shown::lines),
            (Target::Server { .. }, FindingState::Raised) => self.queue(finding),
            (Target::Server { .. }, FindingState::Resolved) => self.withdraw(finding),
        }
    }

    /// Sends what is waiting.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        let Target::Server { client, .. } = &self.target else { return Ok(()) };
        if self.waiting.is_empty() {
            return Ok(());
        }
        let body = std::mem::take(&mut self.waiting);
        let text = patiently(|| client.post_lines("/v1/decisions/batch", &body))?;
        let waiting = &mut self.sent[self.waiting_from..];
        if text.lines().count() != waiting.len() {
            let what =
                format!("found {} answers to {} proposals", text.lines().count(), waiting.len());
            return Err(Failure::cannot(what));
        }
        for (line, sent) in text.lines().zip(waiting) {
            match serde_json::from_str(line) {
                Ok(BatchLine::Decided(decision)) => sent.decision = Some(decision),
                Ok(BatchLine::Refused { problem }) => sent.problem = Some(problem.to_string()),
                Err(error) => return Err(Failure::could_not("an answer is not understood", error)),
            }
        }
        self.waiting_from = self.sent.len();
        Ok(())
    }

    /// What was sent, and how many decisions were withdrawn.
    pub(super) fn finish(&mut self) -> (Vec<Sent>, usize) {
        (std::mem::take(&mut self.sent), self.withdrawn)
    }

    fn queue(&mut self, finding: &Finding) -> Result<(), Failure> {
        let Target::Server { recording, batch_max, .. } = &self.target else { return Ok(()) };
        let batch_max = *batch_max;
        let mut proposal = proposal::of(finding, recording);
        proposal.idempotency_key = Some(proposal::key("propose", finding, recording));
        serde_json::to_writer(&mut self.waiting, &proposal)
            .map_err(|error| Failure::could_not("could not write a proposal as JSON", error))?;
        self.waiting.push(b'\n');
        if self.sent.len() - self.waiting_from >= batch_max { self.flush() } else { Ok(()) }
    }

    fn withdraw(&mut self, finding: &Finding) -> Result<(), Failure> {
        self.flush()?;
        let Target::Server { client, recording, .. } = &self.target else { return Ok(()) };
        let body = Withdrawal {
            correlation: Some(proposal::correlation(finding, recording)),
            reason: format!("the condition ended at {}", when::rfc3339(finding.at_ms)),
        };
        let key = proposal::key("withdraw", finding, recording);
        let answer: Result<Received<Withdrawn>, Failure> =
            patiently(|| client.post("/v1/withdrawals", &body, Some(&key)));
        match answer {
            Ok(received) => self.withdrawn += received.value.withdrawn.len(),
            // Nothing about this condition was proposed or is open any more.
            Err(failure) if is_refusal(&failure) => {}
            Err(failure) => return Err(failure),
        }
        Ok(())
    }
}

/// Whether the server understood and said no.
fn is_refusal(failure: &Failure) -> bool {
    matches!(failure, Failure::Problem(problem) if matches!(problem.status, 404 | 409 | 410 | 422))
}

/// Asks again while the server has too much to do.
fn patiently<T>(mut ask: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    let mut pause = RETRY_PAUSE;
    for _ in 0..RETRIES {
        match ask() {
            Err(Failure::Problem(problem)) if matches!(problem.status, 429 | 503) => {
                thread::sleep(pause)
            }
            answer => return answer,
        }
        pause *= 2;
    }
    ask()
}

/// A finding as a dry run prints it.
#[derive(Debug, Serialize)]
struct Shown {
    at: String,
    state: &'static str,
    scenario_type: &'static str,
    entity: String,
    site: String,
    action: &'static str,
    target: String,
    features: BTreeMap<&'static str, f64>,
    facts: BTreeMap<&'static str, serde_json::Value>,
    evidence: Vec<String>,
    correlation: String,
}

impl Shown {
    fn of(finding: &Finding) -> Self {
        let value = |value: &FactValue| match value {
            FactValue::Number(number) => (*number).into(),
            FactValue::Text(text) => text.as_str().into(),
            FactValue::Bool(yes) => (*yes).into(),
        };
        Self {
            at: when::rfc3339_ms(finding.at_ms),
            state: match finding.state {
                FindingState::Raised => "raised",
                FindingState::Resolved => "resolved",
            },
            scenario_type: finding.scenario_type,
            entity: finding.entity.clone(),
            site: finding.site.clone(),
            action: finding.action,
            target: finding.target.clone(),
            features: finding.features.iter().copied().collect(),
            facts: finding.facts.iter().map(|fact| (fact.name, value(&fact.value))).collect(),
            evidence: finding.evidence.clone(),
            correlation: finding.correlation.clone(),
        }
    }

    fn lines(&self) -> Vec<Line> {
        let tone = if self.state == "raised" { Tone::Care } else { Tone::Faint };
        let features: Vec<String> = self
            .features
            .iter()
            .map(|(name, value)| format!("{name}={}", number(*value)))
            .collect();
        let head = Line::plain(format!("{}  ", self.at)).and(tone, self.state).and(
            Tone::Plain,
            clean(&format!("  {}  {}  {}", self.scenario_type, self.entity, self.action)),
        );
        let mut lines = vec![head];
        if self.state == "raised" {
            lines.push(Line::of(Tone::Faint, format!("    {}", features.join(" "))));
            lines.extend(
                self.evidence.iter().map(|line| Line::plain(format!("    {}", clean(line)))),
            );
        }
        lines
    }
}
