//! Seeded chance: one generator per kind of draw, and vectors in random directions.

use npo_core::learning::math::dot;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::{Distribution, StandardNormal};

/// What a generator is for. Numbers are never reused: they are part of what a seed means.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stream {
    World = 1,
    Scenarios = 2,
    Attack = 3,
    Which = 4,
    Jitter = 5,
    Operator = 6,
    Signal = 7,
    Failing = 8,
    Audit = 9,
    Arm = 10,
    Delay = 11,
    Label = 12,
    Rca = 13,
}

/// The generator of one kind of draw in the world of `seed`.
pub(super) fn stream(seed: u64, stream: Stream) -> Xoshiro256PlusPlus {
    // The seed is spread over all bits before the stream's number is added, so that neighbouring
    // seeds and streams have nothing in common; the generator spreads the sum once more.
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    Xoshiro256PlusPlus::seed_from_u64((z ^ (z >> 31)).wrapping_add(stream as u64))
}

/// Independent standard normal entries.
pub(super) fn vector(rng: &mut Xoshiro256PlusPlus, dim: usize) -> Vec<f64> {
    StandardNormal.sample_iter(rng).take(dim).collect()
}

/// The vector at length 1.
pub(super) fn unit(mut vector: Vec<f64>) -> Vec<f64> {
    let length = dot(&vector, &vector).sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
    vector
}

/// A random unit vector at right angles to `to`, itself of length 1; zero in one dimension.
pub(super) fn orthogonal(rng: &mut Xoshiro256PlusPlus, to: &[f64]) -> Vec<f64> {
    let mut other = vector(rng, to.len());
    if to.len() < 2 {
        return vec![0.0; to.len()];
    }
    let along = dot(&other, to);
    other.iter_mut().zip(to).for_each(|(x, t)| *x -= along * t);
    unit(other)
}
