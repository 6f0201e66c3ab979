//! What is kept of one logged decision: 64 bytes, so that millions fit in memory.

use npo_core::{Millis, Signal};

/// Decisions that one question may be about: at 64 bytes each they fill 1.3 GB.
pub const DECISIONS_MAX: usize = 20_000_000;

/// What became of the proposal in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Put to people because it was above the threshold.
    Surfaced,
    /// Put to people by an audit draw.
    Audit,
    /// Nobody was asked.
    Abstained,
    /// Carried out without asking; an audit draw may have asked all the same.
    Automatic,
    /// Denied by policy.
    Blocked,
    /// Held back by the red button, whatever its score.
    Held,
}

impl Kind {
    /// Whether a threshold could have had a say: neither policy nor the red button held it back.
    pub(super) fn eligible(self) -> bool {
        match self {
            Self::Surfaced | Self::Audit | Self::Abstained | Self::Automatic => true,
            Self::Blocked | Self::Held => false,
        }
    }
}

/// How the wait for an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It did not yet, or nobody was asked.
    Waiting,
    /// Somebody answered.
    Answered(Signal),
    /// Nobody answered in time, whether or not the log says so.
    Expired,
    /// It was taken back unanswered.
    Withdrawn,
}

/// One decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row {
    /// Number of the decision; rows are in this order.
    pub(super) id: u64,
    /// When its time for answers is over.
    pub(super) expires_at: Millis,
    /// What the log compared with its threshold.
    pub(super) compared: f64,
    /// The scenario: labels of one scenario are not independent.
    pub(super) scenario: u32,
    /// Score, in [0, 1].
    pub(super) score: f32,
    /// Probability that the log's own draw of a threshold surfaced it; 1 for what was carried out.
    pub(super) surfaced: f32,
    /// Probability of an audit, had it not been surfaced, or since it was carried out.
    pub(super) audit: f32,
    /// Probability that the target surfaces it; 0 where the target denies.
    pub(super) target: f32,
    /// Probability that the target asks people about it.
    pub(super) target_asked: f32,
    /// Cost of an override in likes.
    pub(super) cost: f32,
    /// Alignment loss of its label; 0 without one.
    pub(super) loss: f32,
    /// What became of it.
    pub(super) kind: Kind,
    /// Whether people were asked.
    pub(super) asked: bool,
    /// Whether the target's own run asks people, where it has one; else, whether it may.
    pub(super) target_asks: bool,
    /// What came of asking.
    pub(super) fate: Fate,
    /// Whether its time for answers was not over when the log ended, asked or not.
    pub(super) young: bool,
    /// Whether the target's policy allows it.
    pub(super) target_allows: bool,
}

impl Row {
    /// The label, if there is one.
    pub(super) fn label(&self) -> Option<Signal> {
        match self.fate {
            Fate::Answered(signal) => Some(signal),
            Fate::Waiting | Fate::Expired | Fate::Withdrawn => None,
        }
    }

    /// Probability that the log asked people about it, whatever the reason.
    pub(super) fn ask_probability(&self) -> f64 {
        let (surfaced, audit) = (f64::from(self.surfaced), f64::from(self.audit));
        match self.kind {
            Kind::Surfaced | Kind::Audit | Kind::Abstained => surfaced + (1.0 - surfaced) * audit,
            Kind::Automatic => audit,
            Kind::Blocked | Kind::Held => 0.0,
        }
    }

    /// Whether it was still waiting for an answer when the log ended: nobody knows what becomes of it.
    pub(super) fn open(&self) -> bool {
        self.asked && self.young && self.fate == Fate::Waiting
    }

    /// Lets the log end.
    pub(super) fn end(&mut self, at: Millis) {
        self.young = at < self.expires_at;
        if self.asked && !self.young {
            // A server that is down or busy writes it later; the time is over all the same.
            self.close(Fate::Expired);
        }
    }

    /// Takes one more answer: the first directed one counts, else the first. What was volunteered
    /// without being asked would bias everything.
    pub(super) fn answer(&mut self, signal: Signal, loss: f64) {
        if !self.asked {
            return;
        }
        let replaces = match self.fate {
            Fate::Answered(earlier) => !earlier.is_directed() && signal.is_directed(),
            Fate::Waiting | Fate::Expired | Fate::Withdrawn => true,
        };
        if replaces {
            self.fate = Fate::Answered(signal);
            #[expect(clippy::cast_possible_truncation, reason = "a loss in [0, 1]")]
            let loss = loss as f32;
            self.loss = loss;
        }
    }

    /// Ends the wait; an answer stands.
    pub(super) fn close(&mut self, fate: Fate) {
        if self.fate == Fate::Waiting {
            self.fate = fate;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_small_and_the_first_directed_answer_counts() {
        assert!(size_of::<Row>() <= 64, "{} bytes", size_of::<Row>());
        let mut row = Row {
            id: 0,
            expires_at: Millis(60_000),
            compared: 0.5,
            scenario: 0,
            score: 0.5,
            surfaced: 1.0,
            audit: 0.0,
            target: 1.0,
            target_asked: 1.0,
            cost: 3.0,
            loss: 0.0,
            kind: Kind::Surfaced,
            asked: true,
            target_asks: true,
            fate: Fate::Waiting,
            young: false,
            target_allows: true,
        };
        let ended = |at| {
            let mut row = row;
            row.end(Millis(at));
            (row.open(), row.fate)
        };
        assert_eq!(ended(59_999), (true, Fate::Waiting));
        assert_eq!(ended(60_000), (false, Fate::Expired));
        row.answer(Signal::Skipped, 0.25);
        row.answer(Signal::Override, 1.0);
        row.answer(Signal::Like, 0.0);
        row.close(Fate::Expired);
        assert_eq!((row.label(), row.loss), (Some(Signal::Override), 1.0));
        let mut volunteered = Row { asked: false, fate: Fate::Waiting, ..row };
        volunteered.answer(Signal::Like, 0.0);
        assert_eq!(volunteered.label(), None);
    }
}
