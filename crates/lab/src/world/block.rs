//! What happens in a world, a block of episodes at a time.
//!
//! All methods of one world and seed go through a block before the next is made, so that its cost
//! is shared and memory does not grow with the horizon.

use npo_core::Signal;
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::weighted::WeightedAliasIndex;
use rand_distr::{Distribution, StandardNormal};

use super::World;
use super::chance::{Stream, stream};

/// Episodes in a block: about 200 kB with eight features, which stays near the processor.
pub const BLOCK: usize = 1024;

/// One episode, as the world has it.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The scenario.
    pub scenario: u32,
    /// The operator who will be asked.
    pub operator: u32,
    /// Probability with which the operator prefers the action.
    pub preference: f64,
    /// P(like) and P(override) of an honest operator, unless they depend on the score.
    pub probabilities: (f64, f64),
    /// The signal that will be given, unless it depends on the score.
    pub signal: Signal,
    /// Whether policy allows it.
    pub allowed: bool,
    /// Episodes until an answer arrives; `None` if it never does.
    pub delay: Option<u32>,
    /// Uniform draw for audits.
    pub audit: f64,
    /// Seed for threshold arms.
    pub arm: u64,
    pub(super) signal_draws: [f64; 4],
    pub(super) failing_draw: f64,
}

/// A run of consecutive episodes.
#[derive(Debug, Default)]
pub struct Block {
    /// Number of the first episode, from 0.
    pub start: u64,
    /// The episodes.
    pub steps: Vec<Step>,
    /// The scenarios of the episodes, before these are made.
    scenarios: Vec<usize>,
    features: Vec<f64>,
    dim: usize,
}

impl Block {
    /// Episodes with their numbers and features.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Step, &[f64])> {
        let numbered = (self.start..).zip(&self.steps);
        numbered.zip(self.features.chunks_exact(self.dim)).map(|((t, step), x)| (t, step, x))
    }
}

impl World {
    /// The signal of a step, and the probabilities behind it, once the score is known.
    #[must_use]
    pub fn answer(&self, t: u64, step: &Step, score: f64) -> (Signal, (f64, f64)) {
        if !self.answers.need_score() {
            return (step.signal, step.probabilities);
        }
        let probabilities = self.answers.probabilities(step.preference, score);
        (self.signal(t, step, probabilities), probabilities)
    }

    pub(super) fn signal(&self, t: u64, step: &Step, probabilities: (f64, f64)) -> Signal {
        let honest = self.answers.honest(&step.signal_draws, probabilities);
        let role = self.roles[step.operator as usize];
        let attacked = self.attacked.get(step.scenario as usize).copied().unwrap_or(false);
        self.answers.given(honest, role, step.failing_draw, attacked, t)
    }
}

/// The episodes of a world in order.
#[derive(Debug)]
pub struct Blocks<'a> {
    world: &'a World,
    next: u64,
    zipf: Option<WeightedAliasIndex<f64>>,
    which: Xoshiro256PlusPlus,
    jitter: Xoshiro256PlusPlus,
    operator: Xoshiro256PlusPlus,
    signal: Xoshiro256PlusPlus,
    failing: Xoshiro256PlusPlus,
    audit: Xoshiro256PlusPlus,
    arm: Xoshiro256PlusPlus,
    delay: Xoshiro256PlusPlus,
    label: Xoshiro256PlusPlus,
}

impl<'a> Blocks<'a> {
    /// From the first episode of `world`.
    #[must_use]
    pub fn new(world: &'a World) -> Self {
        let settings = world.settings();
        let weights = || (1..=settings.scenarios).map(|k| f64::from(k).powf(-settings.zipf));
        let zipf = (settings.zipf > 0.0)
            .then(|| WeightedAliasIndex::new(weights().collect()).expect("weights are positive"));
        let of = |kind| stream(world.seed, kind);
        Self {
            world,
            next: 0,
            zipf,
            which: of(Stream::Which),
            jitter: of(Stream::Jitter),
            operator: of(Stream::Operator),
            signal: of(Stream::Signal),
            failing: of(Stream::Failing),
            audit: of(Stream::Audit),
            arm: of(Stream::Arm),
            delay: of(Stream::Delay),
            label: of(Stream::Label),
        }
    }

    /// Fills `block` with the next episodes; false at the horizon.
    pub fn fill(&mut self, block: &mut Block) -> bool {
        let settings = self.world.settings();
        let left = settings.horizon - self.next;
        let count = usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK));
        let dim = settings.dim as usize;
        block.start = self.next;
        block.dim = dim;
        block.scenarios.clear();
        block.scenarios.extend((0..count).map(|_| self.draw_scenario()));
        block.features.clear();
        for k in &block.scenarios {
            block.features.extend_from_slice(self.world.centre(*k));
        }
        self.add_jitter(&mut block.features);
        block.steps.clear();
        let proposed = block.scenarios.iter().zip(block.features.chunks_exact(dim));
        block.steps.extend((self.next..).zip(proposed).map(|(t, (k, x))| self.step(t, *k, x)));
        self.next += count as u64;
        count > 0
    }

    fn draw_scenario(&mut self) -> usize {
        match &self.zipf {
            Some(zipf) => zipf.sample(&mut self.which),
            None => self.which.random_range(0..self.world.settings.scenarios as usize),
        }
    }

    /// Moves all features of a block at once, so that the generator's state stays at hand.
    fn add_jitter(&mut self, features: &mut [f64]) {
        let jitter = self.world.settings.jitter;
        if jitter > 0.0 {
            let mut draws = self.jitter.clone();
            for x in features {
                let z: f64 = StandardNormal.sample(&mut draws);
                *x += jitter * z;
            }
            self.jitter = draws;
        }
    }

    fn step(&mut self, t: u64, scenario: usize, x: &[f64]) -> Step {
        let world = self.world;
        let settings = &world.settings;
        let preference = world.preference(scenario, x, t);
        let place = self.operator.random_range(0..settings.operators);
        let operator = place + settings.operators * settings.generation(t);
        let signal_draws = std::array::from_fn(|_| self.signal.random::<f64>());
        let failing_draw = self.failing.random::<f64>();
        let labelled = self.label.random::<f64>() < settings.label_rate;
        let delay = self.draw_delay();
        let mut step = Step {
            scenario: u32::try_from(scenario).expect("at most a million scenarios"),
            operator,
            preference,
            probabilities: (0.0, 0.0),
            signal: Signal::Skipped,
            allowed: world.allows(x),
            delay: labelled.then_some(delay),
            audit: self.audit.random(),
            arm: self.arm.random(),
            signal_draws,
            failing_draw,
        };
        if !world.answers.need_score() {
            step.probabilities = world.answers.probabilities(preference, preference);
            step.signal = world.signal(t, &step, step.probabilities);
        }
        step
    }

    /// Geometric with the world's mean, from 1 on; 0 where answers come at once.
    fn draw_delay(&mut self) -> u32 {
        let mean = self.world.settings.delay_mean;
        if mean < 1.0 {
            return 0;
        }
        // 1 − u is in (0, 1], so that its logarithm is finite.
        let u = 1.0 - self.delay.random::<f64>();
        let stays = 1.0 - 1.0 / mean;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the cast saturates, and no horizon is that long"
        )]
        let delay = if stays > 0.0 { (u.ln() / stays.ln()).floor() as u32 } else { 0 };
        delay.saturating_add(1)
    }
}
