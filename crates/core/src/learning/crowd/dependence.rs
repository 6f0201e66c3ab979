//! Does one hidden truth explain who agrees with whom?
//!
//! Under Dawid–Skene workers are independent given the truth, so that the correlations of their
//! answers have one large eigenvalue, and what is left after the truth is taken out (the residuals)
//! has none beyond chance; chance is what remains when every worker's residuals are shuffled over
//! the items.
//! Real crowds always leave something (some items are hard for everybody); that costs confidence and
//! is answered by tempering the posterior.
//! A second eigenvalue of a quarter of the first or more is another matter: there is a second way of
//! seeing the items, and nothing in the answers says which of the two is the truth.
//! With 10 workers or so, few items, or few answers in common, the check has no power and says
//! nothing against Dawid–Skene.

use serde::{Deserialize, Serialize};

use super::Answers;
use super::batch::Fit;

/// Second eigenvalue, as a share of the first, at which reliabilities cannot be told.
const RATIO_MAX: f64 = 0.25;
/// Added to it, divided by the items: on few of them the eigenvalues are uncertain.
const RATIO_MARGIN: f64 = 3.0;
/// Shuffles: the strongest of them is what chance can do.
const SHUFFLES: u64 = 10;
/// Workers looked at, those with most answers: the matrix has the square of them.
const WORKERS_MAX: usize = 150;
/// Answers below which a worker is not looked at.
const ANSWERS_MIN: usize = 5;
/// Correlations are shrunk as if this many items had been seen without any.
const COMMON_ITEMS_PRIOR: f64 = 8.0;
/// Classes rarer than this say too little to be looked at.
const PREVALENCE_MIN: f64 = 0.05;
/// Steps of the power iteration.
const POWER_STEPS: usize = 60;

/// What the check found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Dependence {
    /// Largest eigenvalue of the workers' correlations beyond chance: how strongly they agree.
    pub first: f64,
    /// That of the residuals beyond chance: how strongly they agree on something else.
    pub second: f64,
    /// Items that were looked at.
    pub items: usize,
}

impl Dependence {
    /// The second way of seeing as a share of the first; 0 where there is nothing beyond chance.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        if self.first > 0.0 { self.second.max(0.0) / self.first } else { 0.0 }
    }

    /// Whether one hidden truth stands out.
    #[must_use]
    pub fn is_identifiable(&self) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "items stay far below 2^53")]
        let items = self.items.max(1) as f64;
        self.ratio() < RATIO_MAX + RATIO_MARGIN / items
    }
}

/// Compares the workers' correlations before and after the truth of `fit` is taken out.
#[must_use]
pub fn dependence(answers: &Answers, fit: &Fit) -> Dependence {
    let workers = busiest(answers);
    let (mut first, mut second, mut mass) = (0.0, 0.0, 0.0);
    for class in 0..answers.classes() {
        let share = fit.prevalence[class];
        // Of two classes one says everything about the other.
        if share < PREVALENCE_MIN || (answers.classes() == 2 && class == 0) {
            continue;
        }
        let raw = Table::new(answers, &workers, class, |_, _| 0.0).centred();
        let residual = Table::new(answers, &workers, class, |item, worker| {
            (0..answers.classes())
                .map(|truth| fit.posterior(item)[truth] * fit.confusion(worker, truth, class))
                .sum()
        });
        let weight = share * (1.0 - share);
        first += weight * (raw.strength() - raw.chance().0);
        second += weight * (residual.strength() - residual.chance().1);
        mass += weight;
    }
    let share = |sum: f64| if mass > 0.0 { sum / mass } else { 0.0 };
    let mut items: Vec<usize> = answers.all().iter().map(|answer| answer.item).collect();
    items.sort_unstable();
    items.dedup();
    Dependence { first: share(first), second: share(second), items: items.len() }
}

/// Positions of the workers to look at, `None` for the others.
fn busiest(answers: &Answers) -> Vec<Option<usize>> {
    let mut counts = vec![0_usize; answers.workers()];
    answers.all().iter().for_each(|answer| counts[answer.worker] += 1);
    let mut order: Vec<usize> = (0..counts.len()).filter(|w| counts[*w] >= ANSWERS_MIN).collect();
    order.sort_by_key(|worker| (std::cmp::Reverse(counts[*worker]), *worker));
    order.truncate(WORKERS_MAX);
    let mut positions = vec![None; counts.len()];
    for (position, worker) in order.into_iter().enumerate() {
        positions[worker] = Some(position);
    }
    positions
}

/// Deviations of answers from what was expected: per worker, by item, ascending.
#[derive(Clone)]
struct Table {
    rows: Vec<Vec<(usize, f64)>>,
}

impl Table {
    fn new(
        answers: &Answers,
        positions: &[Option<usize>],
        class: usize,
        expected: impl Fn(usize, usize) -> f64,
    ) -> Self {
        let mut rows = vec![Vec::new(); positions.iter().flatten().count()];
        for answer in answers.all() {
            if let Some(position) = positions[answer.worker] {
                let seen = f64::from(u8::from(answer.label == class));
                rows[position].push((answer.item, seen - expected(answer.item, answer.worker)));
            }
        }
        for row in &mut rows {
            row.sort_by_key(|(item, _)| *item);
            // A worker asked again about an item counts once for it.
            row.dedup_by_key(|(item, _)| *item);
        }
        Self { rows }
    }

    #[expect(clippy::cast_precision_loss, reason = "answers are counted below 2^53")]
    fn centred(mut self) -> Self {
        for row in &mut self.rows {
            let mean = row.iter().map(|(_, value)| value).sum::<f64>() / row.len() as f64;
            row.iter_mut().for_each(|(_, value)| *value -= mean);
        }
        self
    }

    /// Largest eigenvalue of the correlations.
    fn strength(&self) -> f64 {
        largest_eigenvalue(&self.correlations(), self.rows.len())
    }

    /// Mean and maximum of the strength when every worker's deviations are shuffled over items.
    #[expect(clippy::cast_precision_loss, reason = "a handful of shuffles")]
    fn chance(&self) -> (f64, f64) {
        let (mut sum, mut max) = (0.0, f64::NEG_INFINITY);
        for seed in 0..SHUFFLES {
            let mut shuffled = self.clone();
            let mut draws = Draws(seed);
            for row in &mut shuffled.rows {
                for last in (1..row.len()).rev() {
                    let other = draws.below(last + 1);
                    (row[last].1, row[other].1) = (row[other].1, row[last].1);
                }
            }
            let strength = shuffled.strength();
            sum += strength;
            max = strength.max(max);
        }
        (sum / SHUFFLES as f64, max)
    }

    /// Correlations over common items, shrunk where these are few, with a diagonal of 0.
    fn correlations(&self) -> Vec<f64> {
        let size = self.rows.len();
        let mut matrix = vec![0.0; size * size];
        for (a, row_a) in self.rows.iter().enumerate() {
            for (b, row_b) in self.rows.iter().enumerate().skip(a + 1) {
                let value = correlation(row_a, row_b);
                matrix[a * size + b] = value;
                matrix[b * size + a] = value;
            }
        }
        matrix
    }
}

fn correlation(a: &[(usize, f64)], b: &[(usize, f64)]) -> f64 {
    let (mut i, mut j) = (0, 0);
    let (mut common, mut product, mut square_a, mut square_b) = (0.0, 0.0, 0.0, 0.0);
    while i < a.len() && j < b.len() {
        match a[i].0.cmp(&b[j].0) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                common += 1.0;
                product += a[i].1 * b[j].1;
                square_a += a[i].1 * a[i].1;
                square_b += b[j].1 * b[j].1;
                i += 1;
                j += 1;
            }
        }
    }
    let scale = (square_a * square_b).sqrt();
    if scale > 1e-12 { product / scale * common / (common + COMMON_ITEMS_PRIOR) } else { 0.0 }
}

/// Largest eigenvalue of a symmetric matrix, by power iteration.
fn largest_eigenvalue(matrix: &[f64], size: usize) -> f64 {
    if size == 0 {
        return 0.0;
    }
    let rows = || matrix.chunks_exact(size);
    // By Gershgorin no eigenvalue is below −shift, so that with the shift the largest one leads.
    let shift = rows().map(|row| row.iter().map(|v| v.abs()).sum()).fold(0.0, f64::max);
    let mut draws = Draws(1);
    let mut vector: Vec<f64> = (0..size).map(|_| draws.unit() + 0.5).collect();
    let mut value = 0.0;
    for _ in 0..POWER_STEPS {
        let length = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
        if length <= 0.0 {
            return 0.0;
        }
        vector.iter_mut().for_each(|v| *v /= length);
        let image: Vec<f64> = rows()
            .zip(&vector)
            .map(|(row, v)| shift * v + row.iter().zip(&vector).map(|(m, v)| m * v).sum::<f64>())
            .collect();
        value = image.iter().zip(&vector).map(|(i, v)| i * v).sum::<f64>() - shift;
        vector = image;
    }
    value
}

/// SplitMix64: shuffles need no better, and the same answers must give the same verdict.
pub(super) struct Draws(pub(super) u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    #[expect(clippy::cast_possible_truncation, reason = "the remainder is below `limit`")]
    pub(super) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}
