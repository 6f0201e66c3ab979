//! Whether an operator's answers are by now wrong more often than right.
//!
//! Where the score gives a like or override the probability p, an operator of reliability r gives it
//! with probability r·p + (1 − r)(1 − p), and one who throws a coin with ½. The ratio of the two for
//! r < ½ is 1 + (1 − 2r)(1 − 2p): a bet of 1 − 2r that 1 − p, by which the answer was wrong, exceeds
//! ½. Its mean is at most 1 for everybody of reliability ½ or more, as far as scores are calibrated.
//! So the e-detector of METHODS 2.6 serves as it is: counted from the best moment on, so that nothing
//! said before weighs on what is said now, with a mean run length to a false accusation.
//!
//! It accuses and teaches nothing: what an answer is worth is [`crate::learning::trust`]'s.

use serde::{Deserialize, Serialize};

use super::detector::ShiryaevRoberts;

/// Evidence against one operator.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Doubt {
    detector: ShiryaevRoberts,
}

/// So many times the run length is the most that doubt grows to: some hundreds of honest answers
/// clear whoever has turned honest.
const DOUBT_MOST: f64 = 1000.0;

impl Doubt {
    /// Counts a directed signal that the score gave the probability `agreeing`.
    pub fn count(&mut self, agreeing: f64, alarm_run_length: f64) {
        self.detector.observe(1.0 - agreeing, 0.5);
        self.detector.cut(DOUBT_MOST * alarm_run_length);
    }

    /// The evidence, to be held against the run length.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.detector.value()
    }

    /// Whether the evidence is enough to say so.
    #[must_use]
    pub fn accuses(&self, alarm_run_length: Option<f64>) -> bool {
        alarm_run_length.is_some_and(|run_length| self.value() >= run_length)
    }
}

#[cfg(test)]
mod tests {
    use super::super::chance::Chance;
    use super::*;

    const RUN_LENGTH: f64 = 1000.0;

    /// Answers of somebody of `reliability` until they are accused or cleared, at most `most`.
    fn until(doubt: &mut Doubt, accused: bool, reliability: f64, chance: &mut Chance) -> u32 {
        let most = 20_000;
        for answer in 0..most {
            if doubt.accuses(Some(RUN_LENGTH)) == accused {
                return answer;
            }
            let score = chance.uniform();
            let right = chance.hit(score);
            let like = right == chance.hit(reliability);
            doubt.count(if like { score } else { 1.0 - score }, RUN_LENGTH);
        }
        most
    }

    #[test]
    fn the_run_length_to_a_false_accusation_is_as_promised() {
        let mut chance = Chance::new(3);
        let mut mean = |reliability: f64| {
            let run = |_| f64::from(until(&mut Doubt::default(), true, reliability, &mut chance));
            (0..200).map(run).sum::<f64>() / 200.0
        };
        let coin = mean(0.5);
        assert!(coin * (1.0 + 3.0 / 14.0) >= RUN_LENGTH, "a false accusation every {coin} answers");
        let careless = mean(0.7);
        assert!(careless > 19_500.0, "a careless one is accused every {careless} answers");
        let liar = mean(0.1);
        assert!(liar < 60.0, "accused after {liar} answers");
    }

    #[test]
    fn who_turns_is_accused_and_who_turns_back_is_cleared() {
        let mut chance = Chance::new(5);
        let mut doubt = Doubt::default();
        assert_eq!(until(&mut doubt, true, 0.95, &mut chance), 20_000, "an honest time");
        let accused = until(&mut doubt, true, 0.1, &mut chance);
        assert!(accused < 120, "accused after {accused} answers");
        (0..5_000).for_each(|_| doubt.count(0.05, RUN_LENGTH));
        let cleared = until(&mut doubt, false, 0.95, &mut chance);
        assert!(cleared < 500, "cleared after {cleared} answers");
    }

    #[test]
    fn without_a_run_length_nobody_is_accused() {
        let mut doubt = Doubt::default();
        (0..100).for_each(|_| doubt.count(0.01, RUN_LENGTH));
        assert!(doubt.accuses(Some(RUN_LENGTH)));
        assert!(!doubt.accuses(None));
    }
}
