//! A decision as lists need it, and the numbers that its words are stored as.

use npo_core::event::Disposition;
use npo_core::{DecisionId, Millis, ScenarioId, Signal, TypeId};
use rusqlite::Row;

use crate::Error;

/// Where a decision stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// People were asked, and nobody has answered.
    Open,
    /// Has an answer; stays so if the source takes the decision back afterwards.
    Answered,
    /// Nobody answered in time.
    Expired,
    /// Taken back by its source before anybody answered.
    Withdrawn,
    /// Nobody was asked.
    Closed,
}

impl Status {
    /// All statuses.
    pub const ALL: [Self; 5] =
        [Self::Open, Self::Answered, Self::Expired, Self::Withdrawn, Self::Closed];

    /// The word used in API, CLI and docs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Answered => "answered",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
            Self::Closed => "closed",
        }
    }

    /// The status called `name`, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// One decision, as lists need it; its words are in the event at `position`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// The decision.
    pub id: DecisionId,
    /// Position of its event in the log.
    pub position: u64,
    /// When it was made.
    pub at: Millis,
    /// When it stops waiting for an answer.
    pub expires_at: Millis,
    /// Its scenario.
    pub scenario: ScenarioId,
    /// Its scenario type.
    pub type_id: TypeId,
    /// What became of the proposal.
    pub disposition: Disposition,
    /// Where it stands.
    pub status: Status,
    /// First answer, if there is one.
    pub signal: Option<Signal>,
    /// Why its source took it back, if it did.
    pub withdrawn: Option<String>,
    /// Position of its outcome in the log, if there is one.
    pub outcome: Option<u64>,
}

/// A word that is stored as a number. The numbers belong to the form of the tables: changing one
/// means a new form.
pub(crate) trait Code: Sized + Copy + 'static {
    /// What an unknown number should have been.
    const EXPECTED: &'static str;
    /// All words.
    const WORDS: &'static [Self];

    fn code(self) -> i64;

    fn from_code(code: i64) -> Result<Self, Error> {
        let known = Self::WORDS.iter().copied().find(|word| word.code() == code);
        known.ok_or_else(|| Error::Content {
            found: format!("number {code}"),
            expected: Self::EXPECTED,
        })
    }
}

impl Code for Status {
    const EXPECTED: &'static str = "the number of a status";
    const WORDS: &'static [Self] = &Self::ALL;

    fn code(self) -> i64 {
        match self {
            Self::Open => 0,
            Self::Answered => 1,
            Self::Expired => 2,
            Self::Withdrawn => 3,
            Self::Closed => 4,
        }
    }
}

impl Code for Disposition {
    const EXPECTED: &'static str = "the number of a disposition";
    const WORDS: &'static [Self] = &Self::ALL;

    fn code(self) -> i64 {
        match self {
            Self::Surfaced => 0,
            Self::Abstained => 1,
            Self::Blocked => 2,
            Self::Audit => 3,
            Self::Escalated => 4,
            Self::Automatic => 5,
        }
    }
}

impl Code for Signal {
    const EXPECTED: &'static str = "the number of a signal";
    const WORDS: &'static [Self] = &Self::ALL;

    fn code(self) -> i64 {
        match self {
            Self::Like => 0,
            Self::Neutral => 1,
            Self::Skipped => 2,
            Self::Override => 3,
        }
    }
}

/// The columns that [`decision`] reads, in its order.
pub(crate) const COLUMNS: &str = "id, position, at, expires_at, scenario, type_id, disposition, status, signal, withdrawn, outcome";

/// Reads [`COLUMNS`].
pub(crate) fn decision(row: &Row<'_>) -> rusqlite::Result<Result<DecisionRow, Error>> {
    let (disposition, status, signal): (i64, i64, Option<i64>) =
        (row.get(6)?, row.get(7)?, row.get(8)?);
    let words = || {
        Ok((
            Disposition::from_code(disposition)?,
            Status::from_code(status)?,
            signal.map(Signal::from_code).transpose()?,
        ))
    };
    let (disposition, status, signal) = match words() {
        Ok(words) => words,
        Err(error) => return Ok(Err(error)),
    };
    Ok(Ok(DecisionRow {
        id: DecisionId(row.get(0)?),
        position: row.get(1)?,
        at: Millis(row.get(2)?),
        expires_at: Millis(row.get(3)?),
        scenario: ScenarioId(row.get(4)?),
        type_id: TypeId(row.get(5)?),
        disposition,
        status,
        signal,
        withdrawn: row.get(9)?,
        outcome: row.get(10)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Code + PartialEq + std::fmt::Debug>() {
        for word in T::WORDS {
            assert_eq!(T::from_code(word.code()).ok(), Some(*word));
        }
        assert!(T::from_code(-1).is_err() && T::from_code(99).is_err());
    }

    #[test]
    fn words_survive_storage() {
        check::<Status>();
        check::<Disposition>();
        check::<Signal>();
        for status in Status::ALL {
            assert_eq!(Status::from_name(status.name()), Some(status));
        }
    }
}
