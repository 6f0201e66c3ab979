//! Suggestions of a programming assistant: shown, accepted, rejected (JSON lines, one per event).
//!
//! A decision is described by the suggestion as it stood last before the answer, by how it came up,
//! and by what the person has done so far.

use std::collections::HashMap;

use serde::Deserialize;

use super::super::{Error, ROWS_MAX};
use super::{Decision, odds, skewed};

/// Weight of the past in the moving average of a person's answers.
const MEMORY: f64 = 0.8;
/// Length of a line at most, in bytes.
const LINE_BYTES_MAX: usize = 1 << 20;

#[derive(Deserialize)]
struct Event {
    user: serde_json::Value,
    event: String,
    #[serde(default)]
    user_activity: String,
    #[serde(default)]
    seconds_in_state: f64,
    #[serde(default)]
    suggestion_chars: f64,
    #[serde(default)]
    measurements: HashMap<String, Option<f64>>,
}

/// What is known of a person and of the suggestion before them.
#[derive(Default)]
struct Person {
    answers: f64,
    accepted: f64,
    last: f64,
    recent: f64,
    current: Option<Suggestion>,
}

struct Suggestion {
    latest: Event,
    replays: f64,
    after_pause: f64,
    seconds_before: f64,
    seconds_seen: f64,
}

/// Reads events in time order and gives the decisions among them.
///
/// # Errors
/// If a line is no event, or there are too many.
pub fn read(text: &[u8]) -> Result<Vec<Decision>, Error> {
    let mut people: HashMap<String, (usize, Person)> = HashMap::new();
    let mut decisions = Vec::new();
    for (ix, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if ix >= ROWS_MAX {
            return Err(Error::TooMuch { what: "lines", max: ROWS_MAX as u64 });
        }
        if line.len() > LINE_BYTES_MAX {
            return Err(Error::TooMuch { what: "bytes in a line", max: LINE_BYTES_MAX as u64 });
        }
        let event: Event =
            serde_json::from_slice(line).map_err(|source| Error::Json { line: ix + 1, source })?;
        let next = people.len();
        let (number, person) =
            people.entry(event.user.to_string()).or_insert_with(|| (next, Person::default()));
        if let Some((features, accepted)) = person.see(event) {
            decisions.push(Decision { person: *number, features, accepted });
        }
    }
    // People without a decision have a number, but nothing to predict.
    let mut numbers: HashMap<usize, usize> = HashMap::new();
    for decision in &mut decisions {
        let next = numbers.len();
        decision.person = *numbers.entry(decision.person).or_insert(next);
    }
    Ok(decisions)
}

impl Person {
    fn see(&mut self, event: Event) -> Option<(Vec<f64>, bool)> {
        match event.event.as_str() {
            "Accepted" | "Rejected" => {
                let accepted = event.event == "Accepted";
                let features = self.current.take().map(|suggestion| {
                    suggestion.features().into_iter().chain(self.features()).collect()
                });
                self.answer(accepted);
                features.map(|features| (features, accepted))
            }
            "Shown" => {
                self.current = Some(Suggestion {
                    replays: 0.0,
                    after_pause: f64::from(u8::from(event.user_activity == "UserPaused")),
                    seconds_before: event.seconds_in_state,
                    seconds_seen: 0.0,
                    latest: event,
                });
                None
            }
            // Replays and browsing show the same suggestion again, as it is by now.
            _ => {
                if let Some(current) = &mut self.current {
                    current.replays += 1.0;
                    current.seconds_seen += event.seconds_in_state;
                    current.latest = event;
                }
                None
            }
        }
    }

    fn features(&self) -> [f64; 4] {
        [odds(self.accepted, self.answers), self.last, self.recent, skewed(self.answers)]
    }

    fn answer(&mut self, accepted: bool) {
        let answer = if accepted { 1.0 } else { -1.0 };
        self.answers += 1.0;
        self.accepted += f64::from(u8::from(accepted));
        self.last = answer;
        self.recent = MEMORY * self.recent + (1.0 - MEMORY) * answer;
    }
}

impl Suggestion {
    fn features(&self) -> Vec<f64> {
        let known = |name: &str| self.latest.measurements.get(name).copied().flatten();
        let value = |name: &str, usual: f64| known(name).unwrap_or(usual);
        vec![
            value("confidence", 0.5),
            f64::from(u8::from(known("confidence").is_none())),
            value("meanLogProb", -0.4),
            value("meanAlternativeLogProb", -2.0),
            value("quantile", 0.5),
            skewed(value("compCharLen", 0.0)),
            value("numLines", 1.0),
            skewed(value("numTokens", 0.0)),
            skewed(value("documentLength", 0.0)),
            skewed(value("promptCharLen", 0.0)),
            skewed(value("timeSinceIssuedMs", 0.0)),
            skewed(self.latest.suggestion_chars),
            skewed(self.replays),
            self.after_pause,
            skewed(self.seconds_before),
            skewed(self.seconds_seen),
        ]
    }
}
