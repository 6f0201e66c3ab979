//! Truths and reliabilities as the answers come in.
//!
//! Every answer moves its item's posterior, and the posterior moves the counts of everybody who
//! answered the item: an item's old share is taken out of the counts before the new one goes in
//! (incremental expectation–maximisation, Neal & Hinton 1998).
//! Old items are looked at again as reliabilities become clearer, and as the crowd grows it is
//! checked whether one hidden truth stands out; where it does not, the votes are counted.

use super::batch::{PRIOR_COUNT, dawid_skene};
use super::dependence::{Dependence, dependence};
use super::{Answer, Answers, Error, MEMBERS_MAX, likeliest, normalise};

/// A right answer counts a little more than a wrong one before anything is known: it settles which
/// way round the truth is, and hardly slows learning down.
const PRIOR_RIGHT_EXTRA: f64 = 0.5;
/// One reliability cannot follow workers who miss one class and never the other, and would turn the
/// truth around to fit them; it is held where most people are.
const PRIOR_RIGHT_EXTRA_ONE_COIN: f64 = 4.0;
/// All items are looked at again when the number of answers has grown by one part in this.
const REFRESH_GROWTH: usize = 8;
/// Items before the crowd is checked for the first time.
const CHECK_ITEMS_MIN: usize = 12;

/// What is assumed of a worker's errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// One reliability, whatever the truth.
    OneCoin,
    /// One per class, with a full confusion matrix (sensitivity and specificity for two classes).
    Confusion,
}

/// The online estimator.
#[derive(Debug, Clone)]
pub struct Online {
    channel: Channel,
    classes: usize,
    items: Vec<Item>,
    /// Per worker: soft counts, truth × answer, prior included.
    counts: Vec<Vec<f64>>,
    /// Soft counts of the truths, prior included.
    prevalence: Vec<f64>,
    answers: usize,
    refreshed_at: usize,
    checked_at: usize,
    dependence: Option<Dependence>,
}

#[derive(Debug, Clone)]
struct Item {
    /// Worker and label.
    answers: Vec<(usize, usize)>,
    posterior: Vec<f64>,
}

impl Online {
    /// Nothing is known yet.
    ///
    /// # Errors
    /// If there are fewer than two classes or too many.
    pub fn new(classes: usize, channel: Channel) -> Result<Self, Error> {
        if !(2..=super::CLASSES_MAX).contains(&classes) {
            return Err(Error::Size {
                what: "classes",
                found: classes,
                min: 2,
                max: super::CLASSES_MAX,
            });
        }
        Ok(Self {
            channel,
            classes,
            items: Vec::new(),
            counts: Vec::new(),
            prevalence: vec![PRIOR_COUNT; classes],
            answers: 0,
            refreshed_at: 0,
            checked_at: 0,
            dependence: None,
        })
    }

    /// Takes one answer.
    ///
    /// # Errors
    /// If an index is out of range; then nothing is changed.
    pub fn answer(&mut self, answer: Answer) -> Result<(), Error> {
        for (what, found, limit) in [
            ("item", answer.item, MEMBERS_MAX),
            ("worker", answer.worker, MEMBERS_MAX),
            ("class", answer.label, self.classes),
        ] {
            if found >= limit {
                return Err(Error::OutOfRange { position: self.answers, what, found, limit });
            }
        }
        while self.items.len() <= answer.item {
            self.items.push(Item { answers: Vec::new(), posterior: vec![0.0; self.classes] });
        }
        while self.counts.len() <= answer.worker {
            self.counts.push(self.prior_counts());
        }
        self.shift(answer.item, -1.0);
        self.items[answer.item].answers.push((answer.worker, answer.label));
        self.settle(answer.item);
        self.answers += 1;
        Ok(())
    }

    /// Looks at old items again and at the crowd as a whole, if enough has come in since.
    ///
    /// Call it when an item is through; the cost over a stream is a small multiple of its length.
    pub fn refresh(&mut self) {
        if self.answers < self.refreshed_at + (self.refreshed_at / REFRESH_GROWTH).max(1) {
            return;
        }
        self.refreshed_at = self.answers;
        // One-coin is left as it came: looked at again and again, it turns around (see its prior).
        let last = if self.channel == Channel::Confusion { self.items.len() } else { 0 };
        for item in 0..last {
            if !self.items[item].answers.is_empty() {
                self.shift(item, -1.0);
                self.settle(item);
            }
        }
        let answered = self.items.iter().filter(|item| !item.answers.is_empty()).count();
        if answered >= CHECK_ITEMS_MIN.max(2 * self.checked_at) {
            self.checked_at = answered;
            self.dependence = self.check();
        }
    }

    /// P(class) of an item: vote shares where reliabilities cannot be told.
    ///
    /// Even shares for an item that nobody answered.
    #[must_use]
    pub fn posterior(&self, item: usize) -> Vec<f64> {
        #[expect(clippy::cast_precision_loss, reason = "there are a handful of classes")]
        let even = 1.0 / self.classes as f64;
        match self.items.get(item).filter(|item| !item.answers.is_empty()) {
            None => vec![even; self.classes],
            Some(item) if self.is_identifiable() => item.posterior.clone(),
            Some(item) => {
                let mut shares = vec![0.0; self.classes];
                item.answers.iter().for_each(|(_, label)| shares[*label] += 1.0);
                let sum: f64 = shares.iter().sum();
                shares.iter_mut().for_each(|share| *share /= sum);
                shares
            }
        }
    }

    /// The likeliest class of an item.
    #[must_use]
    pub fn truth(&self, item: usize) -> usize {
        likeliest(&self.posterior(item))
    }

    /// P(right answer) of a worker; the prior's for a worker never seen.
    #[must_use]
    pub fn reliability(&self, worker: usize) -> f64 {
        let prior = self.prior_counts();
        let counts = self.counts.get(worker).unwrap_or(&prior);
        let total: f64 = self.prevalence.iter().sum();
        (0..self.classes)
            .map(|class| self.prevalence[class] / total * self.likelihood(counts, class, class))
            .sum()
    }

    /// Whether reliabilities can be told; true until a check says otherwise.
    #[must_use]
    pub fn is_identifiable(&self) -> bool {
        self.dependence.is_none_or(|dependence| dependence.is_identifiable())
    }

    /// What the last check found.
    #[must_use]
    pub fn dependence(&self) -> Option<Dependence> {
        self.dependence
    }

    fn prior_counts(&self) -> Vec<f64> {
        let mut counts = vec![PRIOR_COUNT; self.classes * self.classes];
        let extra = match self.channel {
            Channel::OneCoin => PRIOR_RIGHT_EXTRA_ONE_COIN,
            Channel::Confusion => PRIOR_RIGHT_EXTRA,
        };
        counts.iter_mut().step_by(self.classes + 1).for_each(|count| *count += extra);
        counts
    }

    fn check(&self) -> Option<Dependence> {
        let answers = self.items.iter().enumerate().flat_map(|(ix, item)| {
            item.answers.iter().map(move |(worker, label)| Answer {
                item: ix,
                worker: *worker,
                label: *label,
            })
        });
        let answers =
            Answers::new(self.items.len(), self.counts.len(), self.classes, answers.collect());
        // A crowd too large to be checked at once keeps what was found when it was smaller.
        answers
            .map_or(self.dependence, |answers| Some(dependence(&answers, &dawid_skene(&answers))))
    }

    /// P(label | truth) of a worker with these counts.
    fn likelihood(&self, counts: &[f64], truth: usize, label: usize) -> f64 {
        match self.channel {
            Channel::Confusion => {
                let row = &counts[truth * self.classes..][..self.classes];
                row[label] / row.iter().sum::<f64>()
            }
            Channel::OneCoin => {
                let right: f64 = counts.iter().step_by(self.classes + 1).sum();
                let share = right / counts.iter().sum::<f64>();
                #[expect(clippy::cast_precision_loss, reason = "there are a handful of classes")]
                let others = (self.classes - 1) as f64;
                if label == truth { share } else { (1.0 - share) / others }
            }
        }
    }

    /// Gives an item its posterior under the counts of now, and counts it.
    fn settle(&mut self, item: usize) {
        let mut logs: Vec<f64> = self.prevalence.iter().map(|p| p.ln()).collect();
        for (worker, label) in &self.items[item].answers {
            for (class, log) in logs.iter_mut().enumerate() {
                *log += self.likelihood(&self.counts[*worker], class, *label).ln();
            }
        }
        normalise(&mut logs);
        self.items[item].posterior = logs;
        self.shift(item, 1.0);
    }

    /// Adds an item's posterior to the counts, or takes it out.
    fn shift(&mut self, item: usize, sign: f64) {
        let Item { answers, posterior } = &self.items[item];
        for (class, p) in posterior.iter().enumerate() {
            for (worker, label) in answers {
                let count = &mut self.counts[*worker][class * self.classes + *label];
                // Rounding must not take a count below its prior.
                *count = (*count + sign * p).max(PRIOR_COUNT);
            }
            self.prevalence[class] = (self.prevalence[class] + sign * p).max(PRIOR_COUNT);
        }
    }
}
