//! The validation child: everything that could end a process happens here, in one that may end.
//!
//! It reads a bundle from stdin, puts limits on itself, parses, analyses and tries the bundle, and
//! writes one JSON reply to stdout. If it overflows its stack, eats its memory or its time, the
//! parent ([`crate::check()`]) says so and nothing was lost.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::Instant;

use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

use crate::analysis::{self, Analysis};
use crate::bundle::Bundle;
use crate::cases;
use crate::engines;
use crate::footprint::Footprint;
use crate::limits::{EVALUATION_STACK_BYTES, Limits};
use crate::refusal::Refusal;
use crate::report::Findings;
use crate::split::split;
use crate::trial::Subject;

/// What the parent sends.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) bundle: Bundle,
    pub(crate) limits: Limits,
}

/// What the child answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    Checked(Findings),
    Refused(Refusal),
}

/// Most bytes of a request: text grows by at most six times when written as JSON.
pub(crate) const REQUEST_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Entry point of the validation child: a request on stdin, a reply on stdout.
///
/// Run it only in a process of its own, since it limits that process for good.
pub fn child_main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // The parent passes this on as it is.
            let _ = writeln!(std::io::stderr(), "{message}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Result<(), String> {
    let mut request = Vec::new();
    std::io::stdin()
        .take(REQUEST_BYTES_MAX)
        .read_to_end(&mut request)
        .map_err(|error| format!("request could not be read: {error}"))?;
    let request: Request = serde_json::from_slice(&request)
        .map_err(|error| format!("request is malformed: {error}"))?;
    confine(&request.limits)?;
    // Half of what the server gives its threads, so that what passes here has room to spare there.
    let worker = std::thread::Builder::new()
        .stack_size(EVALUATION_STACK_BYTES / 2)
        .spawn(move || inspect(&request.bundle, &request.limits))
        .map_err(|error| format!("worker could not be started: {error}"))?;
    let reply = match worker.join().map_err(|_| "the Rego engine panicked".to_owned())? {
        Ok(findings) => Reply::Checked(findings),
        Err(refusal) => Reply::Refused(refusal),
    };
    let reply = serde_json::to_vec(&reply)
        .map_err(|error| format!("reply could not be written: {error}"))?;
    std::io::stdout()
        .write_all(&reply)
        .map_err(|error| format!("reply could not be written: {error}"))
}

/// Limits memory and processor time of this process; the parent's clock is the third limit.
fn confine(limits: &Limits) -> Result<(), String> {
    let seconds = limits.child_ms_max.div_ceil(1000) + 1;
    for (resource, limit) in [
        (Resource::As, limits.child_memory_bytes_max),
        (Resource::Cpu, seconds),
        (Resource::Core, 0),
    ] {
        let limit = Rlimit { current: Some(limit), maximum: Some(limit) };
        setrlimit(resource, limit).map_err(|error| format!("limits could not be set: {error}"))?;
    }
    Ok(())
}

/// Checks a bundle in this very process. Not for the server: see the module text.
fn inspect(bundle: &Bundle, limits: &Limits) -> Result<Findings, Refusal> {
    let data = read_data(&bundle.data)?;
    let cases = cases::read(&bundle.tests)?;
    let start = Instant::now();
    let (parsed, analysis) = parse(bundle, limits)?;
    let parse_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    let split = split(bundle, &analysis, limits);
    let subject = Subject {
        parsed: &parsed,
        split: split.as_ref(),
        data: &data,
        has_passed: has_rule(&analysis, "passed"),
        interpreter_only: analysis.interpreter_only.clone(),
        facts: facts(&analysis),
        limits,
    };
    let trial = subject.trial(&cases)?;
    Ok(Findings {
        cases: trial.cases,
        engine: trial.engine,
        compared: trial.compared,
        footprint: Footprint::new(&analysis.input).paths(),
        rules: analysis.rules.len(),
        call_depth: analysis.call_depth,
        parse_us,
        warnings: trial.warnings,
    })
}

/// Parses and analyses, and sees that the entry points are there.
pub(crate) fn parse(
    bundle: &Bundle,
    limits: &Limits,
) -> Result<(regorus::Engine, Analysis), Refusal> {
    let mut parsed = engines::parse(&bundle.rego, limits)?;
    let analysis = analysis::analyse(parsed.get_modules(), limits)?;
    for name in ["allow", "deny"] {
        if !has_rule(&analysis, name) {
            return Err(Refusal::NoEntry { path: format!("data.npo.policy.{name}") });
        }
    }
    Ok((parsed, analysis))
}

/// Whether the bundle defines `data.npo.policy.<name>`.
pub(crate) fn has_rule(analysis: &Analysis, name: &str) -> bool {
    analysis.rules.contains(["npo", "policy", name].map(str::to_owned).as_slice())
}

/// Names of facts that a bundle mentions one by one.
fn facts(analysis: &Analysis) -> BTreeSet<String> {
    let name = |path: &Vec<String>| match path.as_slice() {
        [facts, name, ..] if facts == "facts" => Some(name.clone()),
        _ => None,
    };
    analysis.input.iter().filter_map(name).collect()
}

/// Reads `data.json`.
pub(crate) fn read_data(text: &str) -> Result<serde_json::Value, Refusal> {
    let refuse = |message: String| Refusal::Data { message };
    let data: serde_json::Value =
        serde_json::from_str(text).map_err(|error| refuse(error.to_string()))?;
    let Some(fields) = data.as_object() else {
        return Err(refuse("expected an object at the top".to_owned()));
    };
    for reserved in ["npo", engines::ENTRY_PACKAGE] {
        if fields.contains_key(reserved) {
            return Err(refuse(format!(
                "`{reserved}` at the top is the place of rules, expected another name"
            )));
        }
    }
    Ok(data)
}
