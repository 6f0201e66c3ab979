//! Many proposals in one request: one JSON document a line in, one a line out, in the same order.
//!
//! A line that is wrong is answered with its problem and touches no other line. Empty lines are
//! passed over without an answer.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;

use axum::response::Response;
use npo_api::decision::{BatchDecision, Disposition};
use npo_api::{Problem, decision::BatchLine};
use npo_core::Event;
use npo_core::event::RequestKey;
use npo_engine::{Receipt, Refusal, request_key};
use serde::Serialize;

use crate::convert;
use crate::convert::proposal::ProposalLine;
use crate::http::body::now;
use crate::http::call::{Call, content, in_body};
use crate::http::json;
use crate::http::problem::field;

/// Lines handed to the engine at once: enough that waiting for the disk costs little, few enough
/// that other requests get their turn.
const CHUNK: usize = 1024;
/// Chunks of one batch that wait for the disk at once; together far below what the engine takes.
const WAITING_MAX: usize = 4;
/// Longest idempotency key of a line, in bytes.
const KEY_MAX: usize = 255;
/// Bytes of an ordinary line of the answer, for the buffer's first size.
const ANSWER_BYTES: usize = 128;

/// Judges many proposals.
///
/// While one chunk waits for the disk the next ones are parsed and decided; chunks are begun, and
/// answered, in the order of their lines.
pub(super) async fn propose(call: Call) -> Result<Response, Problem> {
    let mut answer = Vec::with_capacity(1024);
    let mut lines = (1u64..).zip(call.body.split(|byte| *byte == b'\n'));
    let mut waiting: VecDeque<Pin<Box<dyn Future<Output = _> + Send + '_>>> = VecDeque::new();
    loop {
        let chunk: Vec<(u64, &[u8])> = lines
            .by_ref()
            .filter(|(_, line)| !line.iter().all(u8::is_ascii_whitespace))
            .take(CHUNK)
            .collect();
        let more = !chunk.is_empty();
        if more {
            let mut judging: Pin<Box<dyn Future<Output = _> + Send + '_>> =
                Box::pin(judge(&call, chunk));
            match now(&mut judging).await {
                Some(judged) => waiting.push_back(Box::pin(std::future::ready(judged))),
                None => waiting.push_back(judging),
            }
        }
        while waiting.len() >= WAITING_MAX || !(more || waiting.is_empty()) {
            if let Some(judged) = waiting.pop_front() {
                let lines: Result<Vec<u8>, Problem> = judged.await;
                answer.extend_from_slice(&lines?);
            }
        }
        if !more {
            break;
        }
    }
    drop(waiting);
    Ok(content(200, "application/x-ndjson", answer))
}

async fn judge(call: &Call, chunk: Vec<(u64, &[u8])>) -> Result<Vec<u8>, Problem> {
    let mut parsed: Vec<_> =
        chunk.iter().map(|(number, line)| parse(call, *number, line)).collect();
    let proposals: Vec<_> = parsed
        .iter_mut()
        .filter_map(|entry| entry.as_mut().ok().map(|(request, line)| (*request, line.named())))
        .collect();
    let mut receipts =
        call.app.engine.propose_batch(call.caller().person, proposals).await.into_iter();
    let mut answer = Vec::with_capacity(chunk.len() * ANSWER_BYTES);
    for ((number, _), entry) in chunk.iter().zip(&parsed) {
        let outcome = match entry {
            Ok(_) => receipts.next().map_or_else(lost, decided),
            Err(problem) => Err(problem.clone()),
        };
        write(&mut answer, *number, outcome)?;
    }
    Ok(answer)
}

fn parse<'a>(
    call: &Call,
    number: u64,
    line: &'a [u8],
) -> Result<(Option<RequestKey>, ProposalLine<'a>), Problem> {
    let max = call.app.config.limits.line_bytes;
    if line.len() > max {
        let detail = format!("the line has {} bytes, expected at most {max}", line.len());
        return Err(Problem::new(413, "line-too-long", detail));
    }
    let proposal: ProposalLine<'a> = json::parse(line)?;
    let request = match (&proposal.idempotency_key, &call.key) {
        (Some(key), _) => Some(line_key(call, key, line)?),
        (None, Some(key)) => {
            let key = format!("{key}#{number}");
            Some(request_key(call.caller().person, call.endpoint.id, &key, line))
        }
        (None, None) => None,
    };
    Ok((request, proposal))
}

/// The key of a proposal that brings its own; the same key means the same, alone or in a batch.
pub(super) fn line_key(call: &Call, key: &str, content: &[u8]) -> Result<RequestKey, Problem> {
    if key.is_empty() || key.len() > KEY_MAX || !key.bytes().all(|b| b.is_ascii_graphic()) {
        let found = format!("{} bytes long or has unusual characters", key.len());
        return Err(field("idempotency_key", &found, "1 to 255 visible ASCII characters"));
    }
    Ok(request_key(call.caller().person, "proposal", key, content.trim_ascii()))
}

fn decided(receipt: Result<Receipt, Refusal>) -> Result<BatchDecision, Problem> {
    let receipt = receipt.map_err(in_body)?;
    let Some((_, Event::DecisionMade(made))) = receipt.events.first().map(|(p, e)| (p, &e.event))
    else {
        return lost();
    };
    let disposition: Disposition = convert::decision::disposition(made.disposition);
    Ok(BatchDecision {
        id: made.id.to_string(),
        disposition,
        score: made.score,
        threshold: made.threshold.theta(),
        allowed: made.verdict.allow,
        replayed: receipt.replayed,
    })
}

fn lost() -> Result<BatchDecision, Problem> {
    Err(super::decisions::nothing_happened())
}

fn write(
    answer: &mut Vec<u8>,
    number: u64,
    outcome: Result<BatchDecision, Problem>,
) -> Result<(), Problem> {
    let line = match outcome {
        Ok(decision) => BatchLine::Decided(decision),
        Err(mut problem) => {
            problem.line = Some(number);
            BatchLine::Refused { problem }
        }
    };
    append(answer, &line)
}

fn append<T: Serialize>(answer: &mut Vec<u8>, line: &T) -> Result<(), Problem> {
    serde_json::to_writer(&mut *answer, line).map_err(|error| {
        crate::http::problem::internal("the answer could not be written", &error)
    })?;
    answer.push(b'\n');
    Ok(())
}
