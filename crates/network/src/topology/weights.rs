//! Routing weights from what a topology says: one per hop, inverse to capacity, or as given.
//!
//! Weights are whole numbers, so that two paths of equal cost are exactly equal whatever the order of adding.
//! The inverse of capacity is `scale · largest capacity / capacity`. The scale is 1 where all these ratios are whole.
//! Elsewhere it is the smallest whole number that makes all of them whole. Where that number is too large for a
//! weight, it makes those ratios whole that most directions have, is then as large as weights allow, and the other
//! ratios are rounded to it: [`Weights::exact`] is false then.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use super::{ArcId, Topology, WEIGHT_MAX};

/// Where routing weights come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weighting {
    /// As the source gives them; 1 where it gives none.
    #[default]
    Given,
    /// 1 for every direction: the path with the fewest hops is the shortest.
    Unit,
    /// The largest capacity over the direction's own.
    InverseCapacity,
}

impl Weighting {
    /// Its name in options and configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Unit => "unit",
            Self::InverseCapacity => "inverse-capacity",
        }
    }
}

/// A weighting that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no weighting, expected `given`, `unit` or `inverse-capacity`")]
pub struct UnknownWeighting(String);

impl FromStr for Weighting {
    type Err = UnknownWeighting;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Given, Self::Unit, Self::InverseCapacity]
            .into_iter()
            .find(|weighting| weighting.name() == text)
            .ok_or_else(|| UnknownWeighting(text.chars().take(64).collect()))
    }
}

/// Directions whose weight would follow from a capacity that nobody stated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "weights inverse to capacity need every capacity, but {missing} of {of} directions have none, `{first}` \
     the first of them"
)]
pub struct CapacityMissing {
    /// How many have none.
    pub missing: usize,
    /// Of how many.
    pub of: usize,
    /// The first of them, as [`Topology::arc_label`] writes it.
    pub first: String,
}

/// One weight per direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weights {
    /// In the order of [`Topology::arcs`], 1 to [`WEIGHT_MAX`].
    pub by_arc: Vec<u32>,
    /// What the ratios were multiplied by.
    pub scale: u32,
    /// Whether every weight is exactly `scale` times its ratio.
    pub exact: bool,
}

/// Weight 1 for every direction.
#[must_use]
pub fn unit(topology: &Topology) -> Weights {
    Weights { by_arc: vec![1; topology.arcs().len()], scale: 1, exact: true }
}

/// Weights inverse to capacity, scaled as the module says.
///
/// # Errors
/// A direction has no capacity; [`Topology::assuming_capacity`] gives it one.
pub fn inverse_capacity(topology: &Topology) -> Result<Weights, CapacityMissing> {
    let capacities: Vec<f64> = topology.arcs().iter().filter_map(|arc| arc.capacity_bps).collect();
    let of = topology.arcs().len();
    if capacities.len() < of {
        let first = (0u32..)
            .zip(topology.arcs())
            .find(|(_, arc)| arc.capacity_bps.is_none())
            .map(|(id, _)| topology.arc_label(ArcId(id)))
            .unwrap_or_default();
        return Err(CapacityMissing { missing: of - capacities.len(), of, first });
    }
    Ok(inverse(&capacities))
}

impl Topology {
    /// The same network with the weights of a weighting.
    ///
    /// # Errors
    /// Weights inverse to capacity need every capacity.
    pub fn weighted(self, weighting: Weighting) -> Result<Self, CapacityMissing> {
        let weights = match weighting {
            Weighting::Given => return Ok(self),
            Weighting::Unit => unit(&self),
            Weighting::InverseCapacity => inverse_capacity(&self)?,
        };
        Ok(self.with_weights(&weights.by_arc))
    }
}

fn inverse(capacities: &[f64]) -> Weights {
    let whole = as_whole(capacities);
    let Some(&largest) = whole.iter().max() else {
        return Weights { by_arc: Vec::new(), scale: 1, exact: true };
    };
    let smallest = whole.iter().copied().min().unwrap_or(largest);
    let scale = scale(&whole, largest, smallest);
    let mut exact = true;
    let by_arc = whole.iter().map(|&capacity| {
        let above = u128::from(scale) * largest;
        // To the nearest, halves up.
        let weight = (above + capacity / 2) / capacity;
        let held = weight.clamp(1, u128::from(WEIGHT_MAX));
        exact &= above.is_multiple_of(capacity) && held == weight;
        u32::try_from(held).unwrap_or(WEIGHT_MAX)
    });
    Weights { by_arc: by_arc.collect(), scale, exact }
}

/// The capacities as whole multiples of one power of two: exact, unless they span more than a hundred bits.
fn as_whole(capacities: &[f64]) -> Vec<u128> {
    // A hundred bits for a capacity and 24 for a scale stay within u128.
    const BITS: i32 = 100;
    let largest = capacities.iter().copied().fold(0.0, f64::max);
    if largest <= 0.0 {
        return Vec::new();
    }
    let top = largest.log2().ceil() as i32;
    let finest = capacities.iter().map(|&capacity| lowest_bit(capacity)).min().unwrap_or(0);
    let unit = 2f64.powi(finest.max(top - BITS));
    capacities.iter().map(|&capacity| ((capacity / unit).round() as u128).max(1)).collect()
}

/// The exponent of the lowest set bit of a positive number.
fn lowest_bit(number: f64) -> i32 {
    const FRACTION_BITS: u64 = 52;
    let bits = number.to_bits();
    let exponent = (bits >> FRACTION_BITS & 0x7ff) as i32;
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    // Subnormal numbers have no implied leading bit and the exponent of the smallest normal ones.
    let (mantissa, exponent) =
        if exponent == 0 { (fraction, 1) } else { (fraction | 1 << FRACTION_BITS, exponent) };
    exponent - 1_075 + mantissa.trailing_zeros() as i32
}

/// The scale, as the module says.
fn scale(whole: &[u128], largest: u128, smallest: u128) -> u32 {
    // Most directions first; among equals the smaller denominator, which leaves more room.
    let mut directions: BTreeMap<u128, usize> = BTreeMap::new();
    for &capacity in whole {
        *directions.entry(capacity / gcd(capacity, largest)).or_default() += 1;
    }
    let by_use: BTreeSet<_> = directions
        .iter()
        .map(|(&denominator, &used)| (std::cmp::Reverse(used), denominator))
        .collect();
    let room = (u128::from(WEIGHT_MAX) * smallest / largest).max(1);
    let mut scale = 1u128;
    let mut all_whole = true;
    for (_, denominator) in by_use {
        let common = (denominator / gcd(denominator, scale)).checked_mul(scale);
        match common.filter(|&common| common <= room) {
            Some(common) => scale = common,
            None => all_whole = false,
        }
    }
    if !all_whole {
        scale *= room / scale;
    }
    u32::try_from(scale).unwrap_or(1)
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Builder, NewArc, NewLink, NewNode};
    use super::*;

    fn check(capacities: &[f64], expected: &[u32], scale: u32, exact: bool) {
        let weights = inverse(capacities);
        assert_eq!(weights, Weights { by_arc: expected.to_vec(), scale, exact }, "{capacities:?}");
    }

    #[test]
    fn whole_ratios_are_taken_as_they_are() {
        check(&[9920e6, 9920e6, 2480e6], &[1, 1, 4], 1, true);
        check(&[400e9, 100e9, 10e9], &[1, 4, 40], 1, true);
        check(&[7.0], &[1], 1, true);
        check(&[], &[], 1, true);
    }

    #[test]
    fn other_ratios_share_the_smallest_scale_that_makes_them_whole() {
        check(&[10e9, 4e9], &[2, 5], 2, true);
        check(&[10e9, 4e9, 3e9], &[6, 15, 20], 6, true);
        // Binary fractions are exact too.
        check(&[1.5, 0.25], &[1, 6], 1, true);
    }

    #[test]
    fn ratios_that_cannot_all_be_whole_are_rounded_at_the_finest_scale() {
        // 155.52 and 622.08 Mbit/s are common, the odd number is not: the common ones stay exact.
        let weights = inverse(&[622_080_000.0, 155_520_000.0, 155_520_000.0, 155_519_999.0]);
        assert!(!weights.exact);
        assert_eq!(weights.by_arc[1], 4 * weights.by_arc[0]);
        assert!(weights.by_arc[3] >= weights.by_arc[1] && weights.by_arc[3] <= WEIGHT_MAX);
        // Beyond what a weight can hold, the smallest are as far as can be.
        check(&[1e18, 1.0], &[1, WEIGHT_MAX], 1, false);
        check(&[1e18, 1e-300], &[1, WEIGHT_MAX], 1, false);
    }

    #[test]
    fn a_missing_capacity_is_named() {
        let mut builder = Builder::new("");
        let mut node = |name: &str| {
            builder.node(NewNode { name: name.to_owned(), ..NewNode::default() }).expect("new")
        };
        let (from, to) = (node("a"), node("b"));
        let forward = NewArc { capacity_bps: Some(1e9), ..NewArc::default() };
        let backward = Some(NewArc::default());
        builder.link(NewLink { name: None, from, to, forward, backward }).expect("new");
        let topology = builder.build();
        let error = topology.clone().weighted(Weighting::InverseCapacity).expect_err("no capacity");
        assert_eq!(
            error.to_string(),
            "weights inverse to capacity need every capacity, but 1 of 2 directions have none, `b→a` the \
             first of them"
        );
        assert_eq!(topology.clone().weighted(Weighting::Unit).expect("unit"), topology);
    }

    #[test]
    fn a_weighting_is_read_by_its_name() {
        assert_eq!("inverse-capacity".parse(), Ok(Weighting::InverseCapacity));
        let error = "ospf".parse::<Weighting>().expect_err("none");
        assert!(error.to_string().starts_with("`ospf` is no weighting"));
    }

    proptest! {
        #[test]
        fn an_exact_weight_is_the_ratio_and_a_rounded_one_is_near(
            capacities in prop::collection::vec(1e3f64..1e12, 1..20),
        ) {
            let weights = inverse(&capacities);
            let largest = capacities.iter().copied().fold(0.0, f64::max);
            let scale = f64::from(weights.scale);
            for (&capacity, &weight) in capacities.iter().zip(&weights.by_arc) {
                prop_assert!((1..=WEIGHT_MAX).contains(&weight));
                let wanted = scale * largest / capacity;
                if wanted <= f64::from(WEIGHT_MAX) {
                    let off = (f64::from(weight) - wanted).abs();
                    let rounding = if weights.exact { 0.0 } else { 0.5 };
                    prop_assert!(off <= rounding + 1e-6 * wanted);
                }
            }
        }

        #[test]
        fn weights_do_not_depend_on_the_unit(
            capacities in prop::collection::vec(1u32..100_000, 1..20),
        ) {
            let in_unit = |unit: f64| {
                let scaled: Vec<f64> = capacities.iter().map(|&c| f64::from(c) * unit).collect();
                inverse(&scaled)
            };
            prop_assert_eq!(in_unit(1.0), in_unit(1e6));
        }
    }
}
