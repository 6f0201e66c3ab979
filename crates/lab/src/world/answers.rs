//! How operators answer: from a preference to a signal (METHODS 1, Simulator).

use npo_core::Signal;
use npo_core::learning::math::sigmoid;
use npo_core::signal::FeedbackTable;

use crate::experiment::{Attack, Reading, WorldSettings, share_of};

/// What an operator is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Says what they think.
    Good,
    /// Turns likes and overrides around.
    Adversarial,
    /// Answers at random now and then.
    Sloppy,
}

impl Role {
    /// The operators of a world: adversaries first, then the sloppy, then the good; those who take
    /// their places follow in the same order.
    pub(crate) fn shared_out(settings: &WorldSettings) -> Vec<Self> {
        let count = u64::from(settings.operators);
        let rounded = |share: f64| share_of(share, 2 * count).div_ceil(2);
        let adversarial = rounded(settings.adversarial);
        let sloppy = rounded(settings.sloppy);
        let role = |i| match i {
            i if i < adversarial => Self::Adversarial,
            i if i < adversarial + sloppy => Self::Sloppy,
            _ => Self::Good,
        };
        (0..count * u64::from(settings.successors)).map(|i| role(i % count)).collect()
    }
}

/// How answers follow from preferences in a world.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    reading: Reading,
    noise: f64,
    like_below: f64,
    override_above: f64,
    temperature: f64,
    neutral_share: f64,
    attack: Attack,
    flip: f64,
    sloppy_random: f64,
    drips_from: u64,
}

impl Answers {
    pub(super) fn new(settings: &WorldSettings) -> Self {
        Self {
            reading: settings.reading,
            noise: settings.noise,
            like_below: settings.like_below,
            override_above: settings.override_above,
            temperature: settings.temperature,
            neutral_share: settings.neutral_share,
            attack: settings.attack,
            flip: settings.flip,
            sloppy_random: settings.sloppy_random,
            drips_from: share_of(settings.honest_until, settings.horizon),
        }
    }

    /// Whether answers depend on the score that is shown.
    #[must_use]
    pub fn need_score(&self) -> bool {
        self.reading == Reading::Delta
    }

    /// P(like) and P(override) of an honest operator without noise, for preference `g` and, in the
    /// reading that asks for it, the score.
    #[must_use]
    pub fn probabilities(&self, g: f64, score: f64) -> (f64, f64) {
        let delta = match self.reading {
            Reading::Delta => (score - g).abs(),
            Reading::Action => 1.0 - g,
            Reading::Bernoulli => return (g, 1.0 - g),
        };
        (
            sigmoid((self.like_below - delta) / self.temperature),
            sigmoid((delta - self.override_above) / self.temperature),
        )
    }

    /// The probability that the score predicts: that an honest operator likes the action.
    /// Where answers depend on the score, it is the preference itself.
    #[must_use]
    pub fn mind(&self, g: f64, like: f64) -> f64 {
        if self.need_score() { g } else { like }
    }

    /// Expected alignment loss of an answer with these probabilities, noise included.
    #[must_use]
    pub fn expected_loss(&self, (like, override_): (f64, f64), table: &FeedbackTable) -> f64 {
        let rest = 1.0 - like - override_;
        let undecided = self.neutral_share * table.neutral.loss
            + (1.0 - self.neutral_share) * table.skipped.loss;
        let honest = like * table.like.loss + override_ * table.override_.loss + rest * undecided;
        let uniform =
            Signal::ALL.into_iter().map(|signal| table.of(signal).loss).sum::<f64>() / 4.0;
        (1.0 - self.noise) * honest + self.noise * uniform
    }

    /// P(like) and P(override) of an honest operator, noise included.
    #[must_use]
    pub fn with_noise(&self, (like, override_): (f64, f64)) -> (f64, f64) {
        let noisy = |p: f64| (1.0 - self.noise) * p + self.noise / 4.0;
        (noisy(like), noisy(override_))
    }

    /// The honest signal from uniform draws: noise, direction, kind of indecision, noise signal.
    #[must_use]
    pub fn honest(&self, u: &[f64; 4], (like, override_): (f64, f64)) -> Signal {
        if u[0] < self.noise {
            any_signal(u[3])
        } else if u[1] < like {
            Signal::Like
        } else if u[1] >= 1.0 - override_ {
            Signal::Override
        } else if u[2] < self.neutral_share {
            Signal::Neutral
        } else {
            Signal::Skipped
        }
    }

    /// What an operator makes of their honest signal, from one uniform draw.
    #[must_use]
    pub fn given(&self, honest: Signal, role: Role, u: f64, attacked: bool, t: u64) -> Signal {
        match role {
            Role::Good => honest,
            Role::Sloppy if u < self.sloppy_random => any_signal(u / self.sloppy_random),
            Role::Sloppy => honest,
            Role::Adversarial => {
                let attacks = match self.attack {
                    Attack::Plain => true,
                    Attack::Coordinated => attacked,
                    Attack::SlowDrip => t >= self.drips_from,
                };
                match honest {
                    Signal::Like if attacks && u < self.flip => Signal::Override,
                    Signal::Override if attacks && u < self.flip => Signal::Like,
                    _ => honest,
                }
            }
        }
    }
}

fn any_signal(u: f64) -> Signal {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "u is in [0, 1), so that the product is a place in the list"
    )]
    let place = (u * 4.0) as usize;
    Signal::ALL[place.min(3)]
}
