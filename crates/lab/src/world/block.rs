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
    /// Whether a root-cause analysis follows an answer.
    pub analysed: bool,
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
    rca: Xoshiro256PlusPlus,
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
            rca: of(Stream::Rca),
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
        self.draw_steps(block);
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

    /// Makes the steps of a block, one stream of draws after the other for the same reason.
    fn draw_steps(&mut self, block: &mut Block) {
        let world = self.world;
        let settings = &world.settings;
        let Block { start, steps, scenarios, features, dim } = block;
        steps.clear();
        steps.extend(scenarios.iter().map(|k| Step::of(*k)));
        each(&mut self.operator, steps, |step, rng| {
            step.operator = rng.random_range(0..settings.operators);
        });
        each(&mut self.signal, steps, |step, rng| {
            step.signal_draws = std::array::from_fn(|_| rng.random());
        });
        each(&mut self.failing, steps, |step, rng| step.failing_draw = rng.random());
        each(&mut self.audit, steps, |step, rng| step.audit = rng.random());
        each(&mut self.arm, steps, |step, rng| step.arm = rng.random());
        if settings.delay_mean >= 1.0 {
            let mean = settings.delay_mean;
            each(&mut self.delay, steps, |step, rng| step.delay = Some(geometric(mean, rng)));
        }
        let rate = settings.label_rate;
        each(&mut self.label, steps, |step, rng| {
            step.delay = step.delay.filter(|_| rng.random::<f64>() < rate);
        });
        if settings.rca_rate > 0.0 {
            let rate = settings.rca_rate;
            each(&mut self.rca, steps, |step, rng| step.analysed = rng.random::<f64>() < rate);
        }
        let proposed = steps.iter_mut().zip(features.chunks_exact(*dim));
        for (t, (step, x)) in (*start..).zip(proposed) {
            step.operator += settings.operators * settings.generation(t);
            step.allowed = world.allows(x);
            step.preference = world.preference(step.scenario as usize, x, t);
        }
        if !world.answers.need_score() {
            for (t, step) in (*start..).zip(steps) {
                step.probabilities = world.answers.probabilities(step.preference, step.preference);
                step.signal = world.signal(t, step, step.probabilities);
            }
        }
    }
}

impl Step {
    /// An episode about scenario `k`, before anything else about it is drawn.
    fn of(k: usize) -> Self {
        Self {
            scenario: u32::try_from(k).expect("at most a million scenarios"),
            operator: 0,
            preference: 0.0,
            probabilities: (0.0, 0.0),
            signal: Signal::Skipped,
            allowed: false,
            delay: Some(0),
            analysed: false,
            audit: 0.0,
            arm: 0,
            signal_draws: [0.0; 4],
            failing_draw: 0.0,
        }
    }
}

/// Draws from one stream for every step.
fn each(
    rng: &mut Xoshiro256PlusPlus,
    steps: &mut [Step],
    mut draw: impl FnMut(&mut Step, &mut Xoshiro256PlusPlus),
) {
    let mut at_hand = rng.clone();
    steps.iter_mut().for_each(|step| draw(step, &mut at_hand));
    *rng = at_hand;
}

/// A draw of a geometric distribution with this mean, from 1 on.
fn geometric(mean: f64, rng: &mut Xoshiro256PlusPlus) -> u32 {
    // 1 − u is in (0, 1], so that its logarithm is finite.
    let u = 1.0 - rng.random::<f64>();
    let stays = 1.0 - 1.0 / mean;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and no horizon is that long"
    )]
    let delay = if stays > 0.0 { (u.ln() / stays.ln()).floor() as u32 } else { 0 };
    delay.saturating_add(1)
}
