//! The latest answered decisions that policy allowed, read backwards from the end of the log.
//!
//! Only decisions that people were asked about count: an override that is volunteered would make its
//! group look worse than it is.
//! The first like or override of a decision is its label; neutral and skipped answers are none.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use npo_core::event::{DecisionMade, Lesson, NotLearned};
use npo_core::proposal::FactValue;
use npo_core::scenario_type::ScenarioType;
use npo_core::{DecisionId, Event, Signal};
use npo_engine::Engine;
use npo_log::ReadError;

use crate::tail;

/// Decisions in a report: as many as fit into some ten megabytes with their values.
const ROWS_MAX: usize = 50_000;
/// Events looked at: where answers are rare, older ones are not looked for.
const EVENTS_MAX: u64 = 1_000_000;
/// Events read in one piece, which bounds the memory for what is not answered.
const PIECE: u64 = 20_000;
/// Features of a decision that count, in schema order.
const FEATURES_MAX: usize = 8;
/// Values of one decision that count: what a row may have, without the four that every row has.
const VALUES_MAX: usize = npo_core::guarantee::divergence::KEYS_MAX - 4;
/// Longest text of a fact that can name a group, in bytes.
const TEXT_MAX: usize = 64;

/// A value by which decisions can be told apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// A number, to be put into a range.
    Number(f64),
    /// A word.
    Text(String),
    /// Yes or no.
    Flag(bool),
}

/// One answered decision.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) definition: Arc<ScenarioType>,
    pub(super) action: u16,
    pub(super) site: String,
    /// Numbers of the keys, ascending, with the values.
    pub(super) values: Vec<(u32, Value)>,
    pub(super) overridden: bool,
}

/// What was collected.
#[derive(Debug, Default)]
pub(super) struct Collected {
    /// Names of the keys, such as `features.utilisation`, by number.
    pub(super) keys: Vec<String>,
    /// Newest first.
    pub(super) rows: Vec<Answered>,
    /// Position of the first event that was looked at.
    pub(super) from: u64,
    /// Position of the last one.
    pub(super) until: u64,
}

/// Reads the end of the log. Blocks.
pub(super) fn collect(engine: &Engine) -> Result<Collected, ReadError> {
    let until = engine.health().position;
    let mut reader = engine.reader()?;
    let mut collected = Collected { until, from: until + 1, ..Collected::default() };
    let mut numbers = BTreeMap::new();
    // Answers whose decision lies further back.
    let mut answers: HashMap<DecisionId, bool> = HashMap::new();
    let stop = until.saturating_sub(EVENTS_MAX);
    while collected.from > stop + 1 && collected.rows.len() < ROWS_MAX {
        let last = collected.from - 1;
        let after = last.saturating_sub(PIECE).max(stop);
        let piece = tail::read(reader.as_mut(), after, last - after)?;
        // Backwards, so that of two answers the first one stays.
        for (_, envelope, _) in piece.iter().rev() {
            if let Event::FeedbackGiven(given) = &envelope.event
                && given.signal.is_directed()
                && !matches!(given.lesson, Lesson::None(NotLearned::Volunteered))
            {
                answers.insert(given.decision, given.signal == Signal::Override);
            }
        }
        for (_, envelope, _) in piece.iter().rev() {
            let Event::DecisionMade(made) = &envelope.event else { continue };
            let Some(overridden) = answers.remove(&made.id) else { continue };
            if made.verdict.allow && made.asks() && collected.rows.len() < ROWS_MAX {
                let row = answered(engine, made, overridden, &mut numbers);
                collected.rows.extend(row);
            }
        }
        collected.from = after + 1;
    }
    collected.keys = vec![String::new(); numbers.len()];
    for (name, number) in numbers {
        collected.keys[number as usize] = name;
    }
    Ok(collected)
}

fn answered(
    engine: &Engine,
    made: &DecisionMade,
    overridden: bool,
    numbers: &mut BTreeMap<String, u32>,
) -> Option<Answered> {
    let (definition, site) = engine.read(|state| {
        let definition = Arc::clone(state.definition(made.type_id, made.type_version)?);
        Some((definition, state.scenario(made.scenario)?.site.to_owned()))
    })?;
    let features = definition.features.iter().zip(&made.raw).take(FEATURES_MAX);
    let features =
        features.map(|(f, value)| (format!("features.{}", f.name), Value::Number(*value)));
    let facts = made.text.iter().flat_map(|text| &text.facts).filter_map(|fact| {
        let value = match &fact.value {
            FactValue::Number(number) => Value::Number(*number),
            FactValue::Flag(yes) => Value::Flag(*yes),
            FactValue::Text(text) if text.len() <= TEXT_MAX => Value::Text(text.clone()),
            FactValue::Text(_) => return None,
        };
        Some((format!("facts.{}", fact.name), value))
    });
    let mut values: Vec<(u32, Value)> = Vec::new();
    for (name, value) in features.chain(facts).take(VALUES_MAX) {
        let next = u32::try_from(numbers.len()).ok()?;
        let number = *numbers.entry(name).or_insert(next);
        // A fact that is given twice counts once.
        if values.iter().all(|(known, _)| *known != number) {
            values.push((number, value));
        }
    }
    values.sort_by_key(|(number, _)| *number);
    let action = u16::from(made.action);
    Some(Answered { definition, action, site, values, overridden })
}
