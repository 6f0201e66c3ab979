//! Labels by several annotators: the methods of operator reliability side by side.
//!
//! Labels are CSV with the columns `item`, `worker`, `label`; truths, where known, CSV with `item`
//! and `truth` (or the last column).
//! Truths are only ever compared with, never learned from.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use npo_core::learning::crowd::{
    Answer, Answers, Channel, Dependence, Fit, Inference, Method, Online, dawid_skene, infer,
    likeliest, majority,
};
use serde::Serialize;

use super::measure::below;
use super::table::{excerpt_list, reader};
use super::{Error, ROWS_MAX, excerpt, real};

/// Orders of the items that the online methods meet: files are often sorted by class.
const ORDERS: u64 = 3;

/// What came of the comparison.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Items with at least one label.
    pub items: usize,
    /// Workers.
    pub workers: usize,
    /// Labels given.
    pub labels: usize,
    /// The classes, in order.
    pub classes: Vec<String>,
    /// What the check of one hidden truth found.
    pub dependence: Dependence,
    /// Whether reliabilities can be told.
    pub method: Method,
    /// The methods.
    pub rows: Vec<Row>,
    /// The finding in words.
    pub words: String,
}

/// One method.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// Share of items whose truth it finds, where truths are known.
    pub accuracy: Option<f64>,
    /// Expected calibration error of its posterior, ten bins on the likeliest class's probability.
    pub ece: Option<f64>,
    /// Spearman correlation of estimated and true reliability of workers.
    pub spearman: Option<f64>,
    /// Share of items on which it agrees with the majority.
    pub agreement: f64,
}

/// A labels file, read.
#[derive(Debug, Clone)]
pub struct Crowd {
    answers: Answers,
    classes: Vec<String>,
    items: Vec<String>,
    truths: Option<Vec<Option<usize>>>,
}

impl Crowd {
    /// Reads labels and, where known, truths.
    ///
    /// # Errors
    /// If a file is no CSV with the columns named above, or there is nothing to compare.
    pub fn read(labels: &[u8], truths: Option<&[u8]>) -> Result<Self, Error> {
        let rows = cells(labels, ["item", "worker", "label"], false)?;
        let classes: Vec<String> = rows
            .iter()
            .map(|[_, _, label]| label.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let class_of: HashMap<&str, usize> =
            classes.iter().enumerate().map(|(ix, class)| (class.as_str(), ix)).collect();
        let mut items = Index::default();
        let mut workers = Index::default();
        let answers: Vec<Answer> = rows
            .iter()
            .map(|[item, worker, label]| Answer {
                item: items.of(item),
                worker: workers.of(worker),
                label: class_of[label.as_str()],
            })
            .collect();
        let truths = truths
            .map(|text| {
                let rows = cells(text, ["item", "truth"], true)?;
                let known: BTreeMap<&str, usize> = rows
                    .iter()
                    .filter_map(|[item, truth]| {
                        Some((item.as_str(), *class_of.get(truth.as_str())?))
                    })
                    .collect();
                Ok(items.names.iter().map(|item| known.get(item.as_str()).copied()).collect())
            })
            .transpose()?;
        let answers = Answers::new(items.names.len(), workers.names.len(), classes.len(), answers)
            .map_err(Error::Answers)?;
        Ok(Self { answers, classes, items: items.names, truths })
    }

    /// Runs every method.
    ///
    /// # Errors
    /// If there are more classes than the online methods take.
    pub fn compare(&self) -> Result<Report, Error> {
        let plain = majority(&self.answers);
        let Inference { fit, method, dependence } = infer(&self.answers);
        let mut rows = vec![
            self.row("majority", &plain, Finding::batch(&plain, &self.answers)),
            self.row(
                "Dawid–Skene, batch",
                &plain,
                Finding::batch(&dawid_skene(&self.answers), &self.answers),
            ),
            self.row("chosen, batch", &plain, Finding::batch(&fit, &self.answers)),
        ];
        for (channel, at_once, at_end) in [
            (Channel::OneCoin, "one-coin, online, at once", "one-coin, online, at the end"),
            (Channel::Confusion, "Dawid–Skene, online, at once", "Dawid–Skene, online, at the end"),
        ] {
            let (mut firsts, mut lasts) = (Vec::new(), Vec::new());
            for seed in 0..ORDERS {
                let (first, last) = self.online(channel, seed)?;
                firsts.push(self.row(at_once, &plain, first));
                lasts.push(self.row(at_end, &plain, last));
            }
            rows.push(mean(&firsts));
            rows.push(mean(&lasts));
        }
        Ok(Report {
            items: self.items.len(),
            workers: self.answers.workers(),
            labels: self.answers.all().len(),
            classes: self.classes.clone(),
            dependence,
            method,
            rows,
            words: words(dependence, method),
        })
    }

    /// Item by item, in an order drawn from `seed`: the answer when the item's labels are in, and the one when all are.
    fn online(&self, channel: Channel, seed: u64) -> Result<(Finding, Finding), Error> {
        let mut by_item: Vec<Vec<Answer>> = vec![Vec::new(); self.items.len()];
        self.answers.all().iter().for_each(|answer| by_item[answer.item].push(*answer));
        let mut online = Online::new(self.classes.len(), channel).map_err(Error::Answers)?;
        let mut at_once = vec![Vec::new(); self.items.len()];
        let mut order: Vec<usize> = (0..self.items.len()).collect();
        let mut draws = seed;
        for last in (1..order.len()).rev() {
            order.swap(last, below(&mut draws, last + 1));
        }
        for item in order {
            for answer in &by_item[item] {
                online.answer(*answer).map_err(Error::Answers)?;
            }
            at_once[item] = online.posterior(item);
            online.refresh();
        }
        let reliabilities: Vec<f64> =
            (0..self.answers.workers()).map(|worker| online.reliability(worker)).collect();
        let at_end = (0..self.items.len()).map(|item| online.posterior(item)).collect();
        Ok((
            Finding { posteriors: at_once, reliabilities: reliabilities.clone() },
            Finding { posteriors: at_end, reliabilities },
        ))
    }

    fn row(&self, name: &'static str, plain: &Fit, finding: Finding) -> Row {
        let posteriors = &finding.posteriors;
        let agreeing =
            posteriors.iter().enumerate().filter(|(item, p)| likeliest(p) == plain.truth(*item));
        let known: Vec<(usize, usize)> = self
            .truths
            .iter()
            .flatten()
            .enumerate()
            .filter_map(|(item, truth)| Some((item, (*truth)?)))
            .collect();
        let told: Vec<(f64, bool)> = known
            .iter()
            .map(|(item, truth)| {
                let best = likeliest(&posteriors[*item]);
                (posteriors[*item][best], best == *truth)
            })
            .collect();
        let share = || real(told.iter().filter(|(_, right)| *right).count()) / real(told.len());
        let any = !told.is_empty();
        Row {
            name,
            accuracy: any.then(share),
            ece: any.then(|| calibration_error(&told)),
            spearman: any.then(|| spearman(&finding.reliabilities, &self.true_reliabilities())),
            agreement: real(agreeing.count()) / real(posteriors.len()),
        }
    }

    /// Share of right labels by worker, where truths are known.
    fn true_reliabilities(&self) -> Vec<f64> {
        let mut counts = vec![(0.0, 0.0); self.answers.workers()];
        for answer in self.answers.all() {
            if let Some(Some(truth)) = self.truths.as_ref().map(|truths| truths[answer.item]) {
                counts[answer.worker].0 += f64::from(u8::from(answer.label == truth));
                counts[answer.worker].1 += 1.0;
            }
        }
        counts.into_iter().map(|(right, all): (f64, f64)| right / all.max(1.0)).collect()
    }
}

/// The mean over orders of one method's rows, of which there is at least one.
fn mean(rows: &[Row]) -> Row {
    let of = |value: &dyn Fn(&Row) -> Option<f64>| {
        rows.iter().map(value).sum::<Option<f64>>().map(|sum| sum / real(rows.len()))
    };
    Row {
        name: rows[0].name,
        accuracy: of(&|row| row.accuracy),
        ece: of(&|row| row.ece),
        spearman: of(&|row| row.spearman),
        agreement: of(&|row| Some(row.agreement)).unwrap_or(0.0),
    }
}

/// Posteriors of items and reliabilities of workers.
struct Finding {
    posteriors: Vec<Vec<f64>>,
    reliabilities: Vec<f64>,
}

impl Finding {
    fn batch(fit: &Fit, answers: &Answers) -> Self {
        Self {
            posteriors: (0..answers.items()).map(|item| fit.posterior(item).to_vec()).collect(),
            reliabilities: (0..answers.workers()).map(|worker| fit.reliability(worker)).collect(),
        }
    }
}

fn words(dependence: Dependence, method: Method) -> String {
    let share = 100.0 * dependence.ratio();
    match method {
        Method::DawidSkene => format!(
            "one hidden truth explains the answers (a second way of seeing has {share:.0} % of its strength): reliabilities are used"
        ),
        Method::Majority => format!(
            "a second way of seeing the items is {share:.0} % as strong as the first, so that reliabilities cannot be told without gold answers: every vote counts the same"
        ),
    }
}

/// Names numbered by first appearance.
#[derive(Default)]
struct Index {
    names: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Index {
    fn of(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        self.numbers.insert(name.to_owned(), self.names.len());
        self.names.push(name.to_owned());
        self.names.len() - 1
    }
}

/// The cells of the named columns; the last name may be any last column.
fn cells<const N: usize>(
    text: &[u8],
    names: [&str; N],
    last_may_differ: bool,
) -> Result<Vec<[String; N]>, Error> {
    let mut reader = reader(text);
    let header = reader.headers().map_err(Error::Csv)?.clone();
    let known: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    let mut columns = [0; N];
    for (ix, name) in names.iter().enumerate() {
        let found = known.iter().position(|known| known == name);
        let last = known.len().checked_sub(1);
        let fallback = last.filter(|_| last_may_differ && ix + 1 == N);
        columns[ix] = found.or(fallback).ok_or_else(|| Error::Column {
            name: (*name).to_owned(),
            known: excerpt_list(&known),
        })?;
    }
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(Error::Csv)? {
        if rows.len() >= ROWS_MAX {
            return Err(Error::TooMuch { what: "rows", max: ROWS_MAX as u64 });
        }
        for (name, column) in names.iter().zip(columns) {
            if record[column].trim().is_empty() {
                return Err(Error::Cell {
                    line: record.position().map_or(0, csv::Position::line),
                    column: (*name).to_owned(),
                    found: excerpt(&record[column]),
                    expected: "a name",
                });
            }
        }
        rows.push(columns.map(|column| record[column].trim().to_owned()));
    }
    Ok(rows)
}

/// Mean gap of confidence and rightness over ten bins.
fn calibration_error(told: &[(f64, bool)]) -> f64 {
    let mut gaps = [0.0; 10];
    for (confidence, right) in told {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a probability times ten is small and not negative"
        )]
        let bin = ((confidence * 10.0) as usize).min(9);
        gaps[bin] += confidence - f64::from(u8::from(*right));
    }
    gaps.iter().map(|gap: &f64| gap.abs()).sum::<f64>() / real(told.len())
}

/// Spearman's rank correlation, equal values sharing their mean rank.
fn spearman(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (ranks(a), ranks(b));
    let middle = (real(a.len()) - 1.0) / 2.0;
    let product = |x: &[f64], y: &[f64]| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - middle) * (y - middle)).sum()
    };
    let scale = (product(&a, &a) * product(&b, &b)).sqrt();
    if scale > 0.0 { product(&a, &b) / scale } else { 0.0 }
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let value = values[order[start]];
        let length = order[start..].iter().take_while(|ix| values[**ix] == value).count();
        for ix in &order[start..start + length] {
            ranks[*ix] = real(2 * start + length - 1) / 2.0;
        }
        start += length;
    }
    ranks
}
