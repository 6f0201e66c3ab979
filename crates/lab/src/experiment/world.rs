//! Everything that can be set about a simulated world (METHODS 1, Simulator, and 2, regimes).

use serde::{Deserialize, Serialize};

/// How an operator's answer follows from what they prefer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// By the disagreement δ = |s − g| between score and preference (the published text, read
    /// literally): people react to the score that they are shown.
    Delta,
    /// By δ = 1 − g: people judge the action, whatever the score.
    Action,
    /// A like with probability g, an override otherwise.
    Bernoulli,
}

/// How adversarial operators go about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attack {
    /// Each of them turns any like or override around.
    Plain,
    /// All of them turn answers around on the same scenarios and are honest elsewhere.
    Coordinated,
    /// All of them are honest at first, and turn answers around later.
    SlowDrip,
}

/// How the world's direction turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// All at once, at the change.
    AtOnce,
    /// Little by little, from the first episode to the last.
    Gradual,
}

/// When the monitor should act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GoldAction {
    /// Where the expected loss of what is surfaced exceeds `tolerance` (METHODS 1, Fidelity).
    Loss,
    /// Where overrides of what is surfaced exceed what the score says of it by `margin`.
    Score,
}

macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $default:expr, $low:expr, $high:expr;)*) => {
        /// Settings of a world; each number has a range.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct WorldSettings {
            /// How an answer follows from a preference.
            pub reading: Reading,
            /// How adversarial operators go about it.
            pub attack: Attack,
            /// How the world's direction turns.
            pub turn: Turn,
            /// When the monitor should act.
            pub gold: GoldAction,
            /// Whether the loop is told of every scenario before the first episode, as the
            /// reference is: by a proposal that policy denies.
            pub introduced: bool,
            $($(#[$doc])* pub $name: $type,)*
        }

        impl Default for WorldSettings {
            fn default() -> Self {
                Self {
                    reading: Reading::Action,
                    attack: Attack::Plain,
                    turn: Turn::AtOnce,
                    gold: GoldAction::Loss,
                    introduced: true,
                    $($name: $default,)*
                }
            }
        }

        impl WorldSettings {
            /// The first number that is out of its range: its key, what was found and expected.
            pub(super) fn out_of_range(&self) -> Option<(&'static str, String)> {
                $(
                    #[allow(clippy::cast_precision_loss, clippy::cast_lossless, reason = "limits are far below 2^53")]
                    let (found, low, high) = (self.$name as f64, $low as f64, $high as f64);
                    if !(found.is_finite() && (low..=high).contains(&found)) {
                        let what = format!("found {found}, expected a number from {low} to {high}");
                        return Some((stringify!($name), what));
                    }
                )*
                None
            }
        }
    };
}

settings! {
    /// Scenarios.
    scenarios: u32 = 50, 1, 1_000_000;
    /// Episodes.
    horizon: u64 = 1000, 1, 100_000_000;
    /// Features.
    dim: u32 = 8, 1, 48;
    /// Exponent of Zipf's law by which scenarios come up; 0 for equally often.
    zipf: f64 = 0.0, 0.0, 4.0;
    /// Intercept b of the preference's logit.
    intercept: f64 = 0.3, -20.0, 20.0;
    /// Slope of the preference's logit along the world's direction.
    slope: f64 = 1.5, 0.0, 20.0;
    /// Standard deviation of the scenarios' own effects u.
    scenario_spread: f64 = 0.5, 0.0, 20.0;
    /// Standard deviation by which features differ from one proposal of a scenario to the next.
    jitter: f64 = 0.3, 0.0, 10.0;
    /// Cosine between the playbook's prior and the world's direction; negative misleads.
    prior_cosine: f64 = 0.4, -1.0, 1.0;
    /// Share of answers that are a uniform signal.
    noise: f64 = 0.05, 0.0, 1.0;
    /// Degrees by which the world's direction turns.
    rotation_deg: f64 = 0.0, 0.0, 180.0;
    /// What is added to the intercept at the change.
    shift: f64 = 0.0, -20.0, 20.0;
    /// When the change comes, as a share of the horizon.
    change_at: f64 = 0.5, 0.0, 1.0;
    /// Operators.
    operators: u32 = 10, 1, 10_000;
    /// People who take each operator's place, one after another, for equal parts of the horizon;
    /// who follows is like whom they follow.
    successors: u32 = 1, 1, 1000;
    /// Teams that operators are divided into, in the order adversarial, sloppy, good; 0 for none.
    teams: u32 = 0, 0, 10_000;
    /// Share of operators that are adversarial.
    adversarial: f64 = 0.0, 0.0, 1.0;
    /// Probability with which an adversary turns a like or override around.
    flip: f64 = 0.9, 0.0, 1.0;
    /// Coordinated attack: share of the scenarios that it is about.
    attacked_scenarios: f64 = 0.2, 0.0, 1.0;
    /// Slow drip: share of the horizon for which adversaries are honest.
    honest_until: f64 = 0.5, 0.0, 1.0;
    /// Share of operators that are sloppy.
    sloppy: f64 = 0.0, 0.0, 1.0;
    /// Probability with which a sloppy operator answers at random.
    sloppy_random: f64 = 0.5, 0.0, 1.0;
    /// Mean of the geometric delay of answers, in episodes; 0 for at once.
    delay_mean: f64 = 0.0, 0.0, 700_000.0;
    /// Share of asked decisions that get an answer.
    label_rate: f64 = 1.0, 0.0, 1.0;
    /// Share of answered decisions that a root-cause analysis follows: whether an honest operator would
    /// rather like the action than override it.
    rca_rate: f64 = 0.0, 0.0, 1.0;
    /// Cost of an override in likes.
    override_cost: f64 = 3.0, 0.01, 1000.0;
    /// Cost of an audit in likes, whatever its answer.
    audit_cost: f64 = 0.1, 0.0, 1000.0;
    /// Disagreement below which a like is likely.
    like_below: f64 = 0.25, 0.0, 1.0;
    /// Disagreement above which an override is likely.
    override_above: f64 = 0.5, 0.0, 1.0;
    /// Temperature of both.
    temperature: f64 = 0.07, 1e-6, 10.0;
    /// Share of the undecided who say so; the others skip.
    neutral_share: f64 = 0.6, 0.0, 1.0;
    /// Policy denies what has a first feature above so many of its standard deviations.
    policy_cut: f64 = 1.281_551_565_544_600_4, -1e9, 1e9;
    /// The monitor's fidelity is looked at every so many episodes; 0 for never.
    look_every: u32 = 10, 0, 1_000_000;
    /// Expected loss above which acting is the gold action.
    tolerance: f64 = 0.15, 0.0, 1.0;
    /// Share of overrides beyond what the score says, above which acting is the gold action.
    margin: f64 = 0.1, 0.0, 1.0;
}

impl WorldSettings {
    /// The first setting that cannot be beside another one, each being in its range: its key, what
    /// was found and expected.
    pub(super) fn contradiction(&self) -> Option<(&'static str, String)> {
        let Self { like_below, override_above, adversarial, sloppy, .. } = *self;
        // The two probabilities add up to at most 1 exactly then, at any temperature.
        if self.reading != Reading::Bernoulli && like_below > override_above {
            let what = format!(
                "found `like_below` {like_below} above `override_above` {override_above}, expected \
                 at most as much: a like and an override together would be more than certain"
            );
            return Some(("like_below", what));
        }
        // Shares such as 0.7 and 0.3 add up to 1 but for rounding.
        if adversarial + sloppy > 1.0 + 1e-9 {
            let what = format!(
                "found `adversarial` {adversarial} and `sloppy` {sloppy}, expected shares of the \
                 operators that are together at most 1"
            );
            return Some(("adversarial", what));
        }
        // With one feature nothing stands at an angle: a direction is this way or the other.
        if self.dim == 1 && self.rotation_deg != 0.0 {
            let what = format!(
                "found {} with `dim` 1, expected 0: one feature leaves no plane to turn in",
                self.rotation_deg
            );
            return Some(("rotation_deg", what));
        }
        if self.dim == 1 && self.prior_cosine.abs() != 1.0 {
            let what = format!(
                "found {} with `dim` 1, expected 1 or -1: one feature has no other angles",
                self.prior_cosine
            );
            return Some(("prior_cosine", what));
        }
        None
    }

    /// How often everybody has been replaced by episode `t`.
    #[must_use]
    pub(crate) fn generation(&self, t: u64) -> u32 {
        let done = t.saturating_mul(u64::from(self.successors)) / self.horizon;
        u32::try_from(done).unwrap_or(u32::MAX).min(self.successors - 1)
    }

    /// The team of the `i`th operator, if there are teams.
    #[must_use]
    pub(crate) fn team(&self, i: u32) -> Option<u32> {
        let place = u64::from(i % self.operators);
        let team = place * u64::from(self.teams) / u64::from(self.operators);
        (self.teams > 0).then(|| u32::try_from(team).unwrap_or(u32::MAX))
    }

    /// The episode, from 0, from which the world is changed.
    #[must_use]
    pub fn change(&self) -> u64 {
        share_of(self.change_at, self.horizon)
    }
}

/// A share of a count of episodes, rounded down.
#[must_use]
pub(crate) fn share_of(share: f64, count: u64) -> u64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "shares are in [0, 1] and counts at most 1e8"
    )]
    let episodes = (share * count as f64).floor() as u64;
    episodes
}
