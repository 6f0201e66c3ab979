//! Advice taken or not: initial answer, advice, final answer (CSV, one row per trial).
//!
//! Only trials where the advice disagrees are decisions: to agree with what one thinks already costs
//! nothing and says nothing.
//! Trials of agreement still count as experience with an advisor.

use std::collections::HashMap;

use super::super::table::{excerpt_list, is_missing, number, reader};
use super::super::{Error, ROWS_MAX, excerpt};
use super::{Decision, odds, skewed};

/// Columns without which there is no decision.
const NEEDED: [&str; 5] =
    ["participant", "advisor_id", "initial_side", "advice_side", "final_side"];
/// Weight of the past in the moving average of how much agreement raised confidence.
const MEMORY: f64 = 0.7;
/// Confidence in the middle of its range of 0 to 100.
const CONFIDENCE_MIDDLE: f64 = 50.0;
/// Confidence points that count as one step.
const CONFIDENCE_STEP: f64 = 20.0;

/// What is known of a person.
#[derive(Default)]
struct Person {
    trials: f64,
    confidence_sum: f64,
    against: Count,
    last: f64,
    raised: f64,
    advisors: HashMap<String, Advisor>,
}

/// What a person knows of an advisor.
#[derive(Default)]
struct Advisor {
    against: Count,
    agreed: Count,
    right: Count,
}

/// So many of so many.
#[derive(Default)]
struct Count {
    of: f64,
    all: f64,
}

impl Count {
    fn add(&mut self, yes: bool) {
        self.of += f64::from(u8::from(yes));
        self.all += 1.0;
    }

    fn odds(&self) -> f64 {
        odds(self.of, self.all)
    }
}

/// One row, by column name.
struct Row<'a> {
    columns: &'a HashMap<String, usize>,
    record: &'a csv::StringRecord,
}

impl Row<'_> {
    fn text(&self, name: &str) -> &str {
        self.columns.get(name).and_then(|ix| self.record.get(*ix)).unwrap_or("").trim()
    }

    /// A number, or `None` where the cell or the column is missing.
    fn number(&self, name: &str) -> Result<Option<f64>, Error> {
        let cell = self.text(name);
        if is_missing(cell) {
            return Ok(None);
        }
        number(cell).map(Some).ok_or_else(|| Error::Cell {
            line: self.record.position().map_or(0, csv::Position::line),
            column: name.to_owned(),
            found: excerpt(cell),
            expected: "a number",
        })
    }

    fn is_true(&self, name: &str) -> bool {
        matches!(self.text(name), "True" | "true" | "TRUE" | "1")
    }
}

/// Reads trials in the order in which each person made them, and gives the disagreements.
///
/// # Errors
/// If a column is missing, a cell is no number, or there are too many rows.
pub fn read(text: &[u8]) -> Result<Vec<Decision>, Error> {
    let mut reader = reader(text);
    let header = reader.headers().map_err(Error::Csv)?.clone();
    let names: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    if let Some(missing) = NEEDED.iter().find(|name| !names.iter().any(|known| known == *name)) {
        return Err(Error::Column { name: (*missing).to_owned(), known: excerpt_list(&names) });
    }
    let columns: HashMap<String, usize> =
        names.into_iter().enumerate().map(|(ix, name)| (name, ix)).collect();
    let mut people: HashMap<String, (usize, Person)> = HashMap::new();
    let mut numbers = 0;
    let mut decisions = Vec::new();
    for (rows, record) in trials(&mut reader, &columns)?.iter().enumerate() {
        if rows >= ROWS_MAX {
            return Err(Error::TooMuch { what: "rows", max: ROWS_MAX as u64 });
        }
        let row = Row { columns: &columns, record };
        let key = format!("{}/{}", row.text("study"), row.text("participant"));
        let (number, person) = people.entry(key).or_insert((usize::MAX, Person::default()));
        if let Some((features, accepted)) = person.see(&row)? {
            // Only people with a decision are numbered.
            if *number == usize::MAX {
                *number = numbers;
                numbers += 1;
            }
            decisions.push(Decision { person: *number, features, accepted });
        }
    }
    Ok(decisions)
}

/// Rows by time of the client, then by trial: files are not always in order.
fn trials(
    reader: &mut csv::Reader<&[u8]>,
    columns: &HashMap<String, usize>,
) -> Result<Vec<csv::StringRecord>, Error> {
    let mut records = Vec::new();
    for record in reader.records() {
        let record = record.map_err(Error::Csv)?;
        if records.len() >= ROWS_MAX {
            return Err(Error::TooMuch { what: "rows", max: ROWS_MAX as u64 });
        }
        let row = Row { columns, record: &record };
        let order = (row.number("trial")?, row.number("client_ms")?);
        records.push((order, record));
    }
    let key = |value: Option<f64>| value.unwrap_or(0.0);
    // The sort is stable, so that people stay in the order of the file.
    records.sort_by(|(a, _), (b, _)| {
        key(a.0).total_cmp(&key(b.0)).then(key(a.1).total_cmp(&key(b.1)))
    });
    Ok(records.into_iter().map(|(_, record)| record).collect())
}

impl Person {
    fn see(&mut self, row: &Row<'_>) -> Result<Option<(Vec<f64>, bool)>, Error> {
        let sides = [row.text("initial_side"), row.text("advice_side"), row.text("final_side")];
        if sides.iter().any(|side| is_missing(side)) {
            return Ok(None);
        }
        let [initial, advice, settled] = sides;
        let (disagrees, accepted) = (initial != advice, settled == advice);
        let confidence = row.number("initial_confidence")?.unwrap_or(CONFIDENCE_MIDDLE);
        let afterwards = row.number("final_confidence")?.unwrap_or(CONFIDENCE_MIDDLE);
        let features = if disagrees { Some(self.features(row, confidence)?) } else { None };

        let advisor = self.advisors.entry(row.text("advisor_id").to_owned()).or_default();
        advisor.agreed.add(!disagrees);
        if row.is_true("feedback_shown") {
            advisor.right.add(advice == row.text("correct_side"));
        }
        if disagrees {
            advisor.against.add(accepted);
            self.against.add(accepted);
            self.last = if accepted { 1.0 } else { -1.0 };
        } else {
            let raised = (afterwards - confidence) / CONFIDENCE_STEP;
            self.raised = MEMORY * self.raised + (1.0 - MEMORY) * raised;
        }
        self.trials += 1.0;
        self.confidence_sum += confidence;
        Ok(features.map(|features| (features, accepted)))
    }

    fn features(&self, row: &Row<'_>, confidence: f64) -> Result<Vec<f64>, Error> {
        let unknown = Advisor::default();
        let advisor = self.advisors.get(row.text("advisor_id")).unwrap_or(&unknown);
        let usual =
            if self.trials > 0.0 { self.confidence_sum / self.trials } else { CONFIDENCE_MIDDLE };
        let advice_confidence = row.number("advice_confidence")?;
        let description = row.text("advisor_description").to_lowercase();
        let says = |word: &str| f64::from(u8::from(description.contains(word)));
        let opened = row.number("ms_response_open")?.unwrap_or(0.0);
        let closed = row.number("ms_response_close")?.unwrap_or(0.0);
        let flag = |yes: bool| f64::from(u8::from(yes));
        Ok(vec![
            confidence,
            confidence - usual,
            advice_confidence.unwrap_or(CONFIDENCE_MIDDLE),
            flag(advice_confidence.is_some()),
            says("high"),
            says("low"),
            skewed(closed - opened),
            skewed(opened),
            skewed(self.trials),
            flag(row.is_true("feedback_shown")),
            flag(row.is_true("advisor_choice_trial")),
            self.against.odds(),
            self.last,
            advisor.against.odds(),
            skewed(advisor.against.all),
            advisor.agreed.odds(),
            advisor.right.odds(),
            self.raised,
        ])
    }
}
