//! From answers to samples: series are told apart by port, points joined by time, and given out once each.
//!
//! Answers overlap: every poll asks again for a while that it has seen.
//! What was given out is remembered by time, so that the overlap costs nothing and late points are taken if nothing
//! later was.
//! Two questions of one poll may see different scrapes; a row that lacks what its port usually has waits for one poll.

use std::collections::BTreeMap;

use super::answer::{Answer, Series};
use super::field::{Field, Fields};
use super::mapping::Mapping;
use super::names::{is_sound, without_port};
use super::notes::{Note, Notes};
use super::question::Question;
use super::row::{Memory, Row, code_is_up, speed_of_word, word_is_up};
use crate::catalog::{Catalog, Full, PortId};
use crate::sample::{Reading, Sample};

/// Points of one port closer than this belong to one reading, ms; watchers see no difference either.
const JOIN_MS: i64 = 500;

/// Longest gap between readings that is counted, s.
const GAP_MAX_S: i64 = 3_600;

/// Rows of one port that wait at most; a server that gives more at once is asked for shorter stretches.
const WAITING_MAX: usize = 100_000;

/// Reads answers into samples.
#[derive(Debug)]
pub struct Reader {
    mapping: Mapping,
    site: String,
    catalog: Catalog,
    ports: Vec<Port>,
    notes: Notes,
    /// How often readings of one port were so many seconds apart.
    gaps_s: BTreeMap<i64, u64>,
    newest_ms: Option<i64>,
}

#[derive(Debug, Default)]
pub(super) struct Port {
    waiting: BTreeMap<i64, Row>,
    released_ms: Option<i64>,
    counted_ms: Option<i64>,
    /// What its last row had.
    usual: Option<Fields>,
    /// What any row had.
    pub(super) ever: Fields,
    memory: Memory,
}

/// What one field of one port is told by: series that are alternatives or successors of one another.
type Tellers<'a> = BTreeMap<(PortId, Field, Option<&'a str>), Vec<(usize, &'a Series)>>;

impl Reader {
    /// A reader of a checked mapping; devices without a label for it are said to be at `site`.
    #[must_use]
    pub fn new(mapping: Mapping, site: &str) -> Self {
        Self {
            mapping,
            site: site.to_owned(),
            catalog: Catalog::default(),
            ports: Vec::new(),
            notes: Notes::default(),
            gaps_s: BTreeMap::new(),
            newest_ms: None,
        }
    }

    /// Names of what was seen.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Names of what was seen, for adding what cabling names.
    pub fn catalog_mut(&mut self) -> &mut Catalog {
        &mut self.catalog
    }

    /// What was odd so far.
    #[must_use]
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// Time of the newest point seen, ms since 1970 UTC.
    #[must_use]
    pub fn newest_ms(&self) -> Option<i64> {
        self.newest_ms
    }

    /// How far apart readings of one port usually are, ms: the median; `None` before the second reading.
    #[must_use]
    pub fn interval_ms(&self) -> Option<i64> {
        let total: u64 = self.gaps_s.values().sum();
        let mut seen = 0;
        let median = self.gaps_s.iter().find(|(_, count)| {
            seen += **count;
            seen * 2 >= total
        });
        median.map(|(seconds, _)| seconds * 1000)
    }

    pub(super) fn port(&self, port: PortId) -> Option<&Port> {
        self.ports.get(port.index())
    }

    /// Takes the answer to a question.
    ///
    /// # Errors
    /// The answer names more ports than a catalog holds.
    pub fn take(&mut self, question: &Question, answer: &Answer) -> Result<(), Full> {
        for warning in &answer.warnings {
            self.notes.add(Note::Warning, || warning.clone());
        }
        for _ in 0..answer.histograms {
            self.notes.add(Note::Histogram, || question.query().to_owned());
        }
        let mut tellers = Tellers::new();
        for series in &answer.series {
            let metrics = question.metrics_of(series.label("__name__"));
            if metrics.is_empty() {
                continue;
            }
            let Some(port) = self.name(series)? else { continue };
            for &index in metrics {
                let metric = &self.mapping.metrics[index];
                let word = metric.state_label.as_deref().and_then(|label| series.label(label));
                tellers.entry((port, metric.field, word)).or_default().push((index, series));
            }
        }
        for ((port, field, word), mut series) in tellers {
            series.sort_by(|(a, one), (b, other)| {
                a.cmp(b).then_with(|| one.labels.cmp(&other.labels))
            });
            self.tell(port, field, word, &series);
        }
        Ok(())
    }

    /// The port that a series is about.
    fn name(&mut self, series: &Series) -> Result<Option<PortId>, Full> {
        let first = |labels: &[String]| labels.iter().find_map(|label| series.label(label));
        let Some(device) = first(&self.mapping.device) else {
            self.notes.add(Note::NoDevice, || shown(series));
            return Ok(None);
        };
        let Some(interface) = first(&self.mapping.interface) else {
            self.notes.add(Note::NoInterface, || shown(series));
            return Ok(None);
        };
        let device = if self.mapping.keep_port { device } else { without_port(device) };
        let site = self.mapping.site.as_deref().and_then(|label| series.label(label));
        let site = site.unwrap_or(&self.site);
        if ![device, interface, site].into_iter().all(is_sound) {
            self.notes.add(Note::BadName, || shown(series));
            return Ok(None);
        }
        let device = self.catalog.device(device, site)?;
        self.catalog.port(device, interface).map(Some)
    }

    /// Takes the points of all series that tell one field of one port.
    ///
    /// A series that begins after another one ended continues it, as when a description in a label is changed.
    /// Of series that overlap, the first in order of metrics and labels is taken, every time the same one.
    fn tell(
        &mut self,
        port: PortId,
        field: Field,
        word: Option<&str>,
        series: &[(usize, &Series)],
    ) {
        let mut taken: Vec<(usize, (i64, i64))> = Vec::new();
        for &(index, series) in series {
            let Some((first, last)) = series.span_ms() else { continue };
            let rival = taken.iter().find(|(_, (from, to))| first <= *to && last >= *from);
            match rival {
                None => taken.push((index, (first, last))),
                Some((other, _)) => {
                    // Another metric for the same field is an alternative; the same metric twice is a mistake.
                    if *other == index {
                        self.notes.add(Note::Duplicate, || shown(series));
                    }
                    continue;
                }
            }
            for &(at_ms, value) in &series.points {
                self.put(port, field, word, at_ms, value * self.mapping.metrics[index].scale);
            }
        }
    }

    fn put(&mut self, id: PortId, field: Field, word: Option<&str>, at_ms: i64, value: f64) {
        self.newest_ms = self.newest_ms.max(Some(at_ms));
        if self.ports.len() <= id.index() {
            self.ports.resize_with(id.index() + 1, Port::default);
        }
        let port = &mut self.ports[id.index()];
        if port.released_ms.is_some_and(|released| at_ms <= released) {
            return;
        }
        let state = match word {
            // A member of a state set that does not hold.
            Some(_) if value == 0.0 => return,
            Some(word) if field.is_state() => Some(word_is_up(word)),
            None if field.is_state() => Some(code_is_up(field, value)),
            Some(_) | None => None,
        };
        let quantity = match word {
            Some(word) => speed_of_word(word).unwrap_or(f64::NAN),
            None => value,
        };
        if let Some(None) = state {
            let shown = || format!("{}: {}", self.catalog.label(id), word.unwrap_or("a code"));
            self.notes.add(Note::UnknownState, shown);
            return;
        }
        let Some(row) = port.row(at_ms, field) else { return };
        let is_fit = match state.flatten() {
            Some(is_up) => {
                row.put_state(field, is_up);
                true
            }
            None => row.put_quantity(field, quantity),
        };
        if is_fit {
            port.ever.insert(field);
        } else {
            let shown = || format!("{} {}: {quantity}", self.catalog.label(id), field.name());
            self.notes.add(Note::NotAQuantity, shown);
        }
    }

    /// Gives out the rows that are complete, in order of time; `all` of them where nothing more will come for them.
    pub fn release(&mut self, all: bool, samples: &mut Vec<Sample>) {
        let begin = samples.len();
        for (id, port) in self.catalog.ports().zip(&mut self.ports) {
            port.release(id, all, &mut self.gaps_s, samples);
        }
        // State first, as in recordings: a watcher then knows why counters stopped.
        let kind = |sample: &Sample| u8::from(matches!(sample.reading, Reading::Counters(_)));
        samples[begin..].sort_by_key(|sample| (sample.at_ms, kind(sample), sample.port));
    }
}

impl Port {
    /// The row that a point belongs to: one of about its time that lacks the field, else a new one.
    fn row(&mut self, at_ms: i64, field: Field) -> Option<&mut Row> {
        let lacks = |row: &Row| field.is_state() || !row.fields.contains(field);
        let key = if self.waiting.get(&at_ms).is_some_and(lacks) {
            at_ms
        } else {
            let near = self.waiting.range(at_ms - JOIN_MS + 1..at_ms + JOIN_MS);
            near.filter(|(_, row)| lacks(row)).map(|(at, _)| *at).next().unwrap_or(at_ms)
        };
        if self.waiting.len() >= WAITING_MAX && !self.waiting.contains_key(&key) {
            return None;
        }
        Some(self.waiting.entry(key).or_default())
    }

    fn release(
        &mut self,
        id: PortId,
        all: bool,
        gaps_s: &mut BTreeMap<i64, u64>,
        samples: &mut Vec<Sample>,
    ) {
        let usual = self.usual.unwrap_or_else(|| {
            self.waiting.values().fold(Fields::default(), |sum, row| sum.union(row.fields))
        });
        while let Some(entry) = self.waiting.first_entry() {
            let row = entry.get();
            if !(all || row.waited || row.fields.includes(usual)) {
                break;
            }
            let (at_ms, row) = entry.remove_entry();
            self.released_ms = Some(at_ms);
            self.usual = Some(row.fields);
            if let Some((state, bandwidth_kbps)) = row.link(&mut self.memory) {
                let reading = Reading::Link { state, bandwidth_kbps };
                samples.push(Sample { at_ms, port: id, reading });
            }
            if let Some(counters) = row.counters() {
                samples.push(Sample { at_ms, port: id, reading: Reading::Counters(counters) });
                if let Some(before) = self.counted_ms.replace(at_ms) {
                    let seconds = ((at_ms - before + 500) / 1000).clamp(1, GAP_MAX_S);
                    *gaps_s.entry(seconds).or_default() += 1;
                }
            }
        }
        self.waiting.values_mut().for_each(|row| row.waited = true);
    }
}

fn shown(series: &Series) -> String {
    let labels = series.labels.iter().map(|(name, value)| format!("{name}=\"{value}\""));
    format!("{{{}}}", labels.collect::<Vec<_>>().join(","))
}
