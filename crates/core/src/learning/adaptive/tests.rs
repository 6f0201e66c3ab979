use proptest::prelude::*;

use super::*;

/// A small deterministic generator: the tests need spread-out numbers, not good ones.
struct Noise(u64);

impl Noise {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn uniform(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn vector(&mut self, dim: usize) -> Vec<f64> {
        (0..dim).map(|_| 4.0 * self.uniform() - 2.0).collect()
    }
}

/// Mean log loss of the second half of `rows` labels, predicted and then learned.
fn late_loss(
    learner: &mut Adaptive,
    rows: u32,
    mut row: impl FnMut(u32) -> (Vec<f64>, bool),
) -> f64 {
    let mut loss = 0.0;
    for ix in 0..rows {
        let (x, y) = row(ix);
        let p = learner.predict(&x);
        if ix >= rows / 2 {
            loss -= if y { p.ln() } else { (1.0 - p).ln() };
        }
        learner.learn(&x, f64::from(y), 1.0);
    }
    loss / f64::from(rows - rows / 2)
}

#[test]
fn label_noise_is_found_and_named() {
    let mut noise = Noise(1);
    let mut learner = Adaptive::new(2, &AdaptiveSettings::default());
    let loss = late_loss(&mut learner, 4000, |_| {
        let x = noise.vector(2);
        let y = x[0] + x[1] > 0.0;
        let flipped = noise.uniform() < 0.2;
        (x, y != flipped)
    });
    // The entropy of a label that is flipped with .2 is .500; three standard deviations of the mean
    // log loss over 2,000 labels are .04.
    assert!(loss < 0.55, "{loss}");
    let settled = learner.settled();
    assert!((0.1..0.3).contains(&settled.noise), "{settled:?}");
}

#[test]
fn a_world_that_turns_over_is_followed() {
    let turning = |settings: &AdaptiveSettings| {
        let mut noise = Noise(2);
        late_loss(&mut Adaptive::new(2, settings), 4000, |ix| {
            let x = noise.vector(2);
            let side = if (ix / 250) % 2 == 0 { 1.0 } else { -1.0 };
            let y = side * x[0] > 0.0;
            (x, y)
        })
    };
    let whole = AdaptiveSettings::default();
    let slow = AdaptiveSettings { experts: vec![whole.experts[0]], ..whole.clone() };
    let (adaptive, slow) = (turning(&whole), turning(&slow));
    assert!(adaptive < 0.5 * slow, "adaptive {adaptive}, slow {slow}");
}

#[test]
fn a_curved_boundary_is_learned() {
    let mut noise = Noise(3);
    let mut learner = Adaptive::new(2, &AdaptiveSettings::default());
    let loss = late_loss(&mut learner, 2000, |_| {
        let x = noise.vector(2);
        let y = x[0] * x[1] > 0.0;
        (x, y)
    });
    assert!(loss < 0.3, "{loss}");
    assert!(learner.settled().curved > 0.9, "{:?}", learner.settled());
}

#[test]
fn an_adversarial_channel_turns_labels_around() {
    let mut noise = Noise(4);
    let mut learner = Adaptive::new(1, &AdaptiveSettings::default());
    for _ in 0..300 {
        let x = noise.vector(1);
        let wrong = f64::from(x[0] < 0.0);
        let label = Label { value: wrong, weight: 1.0, sensitivity: 0.1, specificity: 0.1 };
        let lesson = learner.plan(&learner.judge(&x), label);
        learner.apply(&x, &lesson);
    }
    assert!(learner.predict(&[1.5]) > 0.8);
    assert!(learner.predict(&[-1.5]) < 0.2);
}

#[test]
fn the_stored_form_and_a_stored_lesson_replay_to_the_last_bit() {
    let mut noise = Noise(5);
    let mut learner = Adaptive::new(3, &AdaptiveSettings::default());
    let mut replayed = learner.clone();
    for _ in 0..200 {
        let x = noise.vector(3);
        let value = f64::from(noise.uniform() < 0.5);
        let label = Label { value, weight: 1.0, sensitivity: 0.9, specificity: 0.8 };
        let lesson = learner.plan(&learner.judge(&x), label);
        let stored: Lesson =
            serde_json::from_str(&serde_json::to_string(&lesson).unwrap()).unwrap();
        learner.apply(&x, &lesson);
        replayed.apply(&x, &stored);
    }
    assert_eq!(learner, replayed);
    let stored: Adaptive = serde_json::from_str(&serde_json::to_string(&learner).unwrap()).unwrap();
    assert_eq!(stored, learner);
}

#[test]
fn a_label_without_weight_moves_no_weight_of_the_bank() {
    let mut learner = Adaptive::new(1, &AdaptiveSettings::default());
    learner.learn(&[1.0], 1.0, 1.0);
    let before: Vec<f64> = learner.settled().experts.iter().map(|(_, weight)| *weight).collect();
    learner.learn(&[1.0], 0.0, 0.0);
    let after: Vec<f64> = learner.settled().experts.iter().map(|(_, weight)| *weight).collect();
    assert!(before.iter().zip(&after).all(|(a, b)| (a - b).abs() < 1e-3), "{before:?} {after:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_input_gives_a_probability(
        rows in prop::collection::vec((prop::array::uniform3(any::<f64>()), any::<bool>()), 1..60),
    ) {
        let mut learner = Adaptive::new(3, &AdaptiveSettings::default());
        for (x, y) in rows {
            let judged = learner.judge(&x);
            for p in [judged.probability, judged.mixture] {
                prop_assert!(p > 0.0 && p < 1.0, "{p}");
            }
            learner.learn(&x, f64::from(y), 1.0);
        }
        let sum: f64 = learner.settled().experts.iter().map(|(_, weight)| weight).sum();
        prop_assert!((sum - 1.0).abs() < 1e-9);
    }

    #[test]
    fn vectors_of_another_length_are_taken_as_far_as_they_go(x in prop::collection::vec(-9.0..9.0, 0..6)) {
        let mut learner = Adaptive::new(3, &AdaptiveSettings::default());
        learner.learn(&x, 1.0, 1.0);
        let p = learner.predict(&x);
        prop_assert!(p > 0.0 && p < 1.0);
    }
}
