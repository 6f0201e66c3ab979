//! One run: the fabric moves on, watchers find, a method reacts, people answer in their time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use npo_core::event::Disposition;
use npo_core::scenario_type::InvalidType;
use npo_core::{DecisionId, Draws, Rejection, Signal};
use npo_network::fabric::{ActionId, Effect, Fabric};
use npo_network::{Finding, FindingState, Output, PortId, WatchConfig, Watchers};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, StandardNormal};

use super::RecoveryRecord;
use super::book::Book;
use super::closed::Closed;
use super::settings::Settings;

/// Simulated runs begin on 1 January 2026, 00:00 UTC.
const START_MS: i64 = 1_767_225_600_000;

/// A way of dealing with what watchers find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// npo, calibrated; people decide on what it surfaces, and find the rest as they would alone.
    Npo,
    /// The same, but nobody looks at what npo does not surface.
    NpoOnly,
    /// As `Npo`, and what npo has earned the trust for it does at once.
    NpoAutonomy,
    /// Everything is done at once.
    EveryAlert,
    /// No automation: people notice, find out, decide.
    PeopleAlone,
    /// What scores above a fixed threshold is done at once; nothing is learned.
    FixedThreshold,
    /// Nothing is ever done.
    Nothing,
    /// Nothing breaks: what is lost to bursts alone, for comparison.
    Calm,
}

impl Method {
    /// All methods.
    pub const ALL: [Self; 8] = [
        Self::Npo,
        Self::NpoOnly,
        Self::NpoAutonomy,
        Self::EveryAlert,
        Self::PeopleAlone,
        Self::FixedThreshold,
        Self::Nothing,
        Self::Calm,
    ];

    /// Its name in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Npo => "npo",
            Self::NpoOnly => "npo-only",
            Self::NpoAutonomy => "npo-autonomy",
            Self::EveryAlert => "every-alert",
            Self::PeopleAlone => "people-alone",
            Self::FixedThreshold => "fixed-threshold",
            Self::Nothing => "nothing",
            Self::Calm => "nothing-breaks",
        }
    }
}

/// A run that met what cannot happen with the shipped scenario types.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A shipped scenario type is none.
    #[error("the shipped scenario type `{name}` is none: {error}")]
    Type {
        /// Its file.
        name: String,
        /// Why.
        error: InvalidType,
    },
    /// The loop refused an order.
    #[error("at {at_ms} ms the loop refused an order: {rejection}")]
    Refused {
        /// Simulated time.
        at_ms: i64,
        /// Why.
        rejection: Box<Rejection>,
    },
    /// No fabric can be made.
    #[error("no fabric can be made of the settings")]
    Fabric(#[from] npo_network::fabric::Error),
}

/// Something that a person will do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// Answer a decision, and have it carried out or not.
    Answer(DecisionId),
    /// Let a decision expire that will not be answered in time.
    Expire(DecisionId),
    /// Having decided alone, act.
    Act,
}

struct Run<'s> {
    settings: &'s Settings,
    method: Method,
    seed: u64,
    fabric: Fabric,
    watchers: Watchers,
    closed: Option<Closed>,
    book: Book,
    /// What is due, the earliest first; the number keeps the order of asking among equals.
    due: BinaryHeap<(Reverse<i64>, Reverse<u64>)>,
    errands: BTreeMap<u64, (Due, Finding)>,
    next: u64,
    /// Decisions whose action was carried out.
    actions: BTreeMap<ActionId, DecisionId>,
    planned: BTreeSet<PortId>,
}

/// Goes through one run.
///
/// # Errors
/// [`RunError`] if the loop refuses what the shipped scenario types allow.
pub fn run(settings: &Settings, method: Method, seed: u64) -> Result<RecoveryRecord, RunError> {
    let mut config = settings.config();
    if method == Method::Calm {
        config.trouble_every_s = 1e9;
    }
    let fabric = Fabric::new(config, seed, START_MS)?;
    let closed = match method {
        Method::Npo | Method::NpoOnly => Some(Closed::new(settings, false, START_MS)?),
        Method::NpoAutonomy => Some(Closed::new(settings, true, START_MS)?),
        Method::FixedThreshold => Some(Closed::fixed(settings.fixed.threshold, START_MS)?),
        Method::EveryAlert | Method::PeopleAlone | Method::Nothing | Method::Calm => None,
    };
    let hours_ms = |hours: f64| START_MS + (hours * 3.6e6) as i64;
    let mut run = Run {
        watchers: Watchers::new(fabric.catalog(), fabric.cabling(), WatchConfig::default()),
        fabric,
        settings,
        method,
        seed,
        closed,
        book: Book::new(hours_ms(settings.from_hour)),
        due: BinaryHeap::new(),
        errands: BTreeMap::new(),
        next: 0,
        actions: BTreeMap::new(),
        planned: BTreeSet::new(),
    };
    let (mut samples, mut output) = (Vec::new(), Output::default());
    while run.fabric.now_ms() < hours_ms(settings.hours) {
        run.errands()?;
        run.plan();
        samples.clear();
        run.fabric.step(&mut samples);
        for sample in &samples {
            run.watchers.observe(run.fabric.catalog(), sample, &mut output);
        }
        output.shifts.clear();
        for finding in std::mem::take(&mut output.findings) {
            match finding.state {
                FindingState::Raised => run.found(finding)?,
                FindingState::Resolved => run.resolved(&finding)?,
            }
        }
        run.outcomes()?;
    }
    Ok(run.book.close(&run.fabric, method.name(), seed))
}

impl Run<'_> {
    fn found(&mut self, finding: Finding) -> Result<(), RunError> {
        let now_ms = self.fabric.now_ms();
        self.book.found(now_ms);
        let people = self.settings.people;
        let mut chance = self.chance(&finding, 0);
        match self.method {
            Method::Nothing | Method::Calm => {}
            Method::EveryAlert => self.act(&finding, None, true),
            Method::PeopleAlone => self.noticed_alone(finding),
            Method::Npo | Method::NpoOnly | Method::NpoAutonomy | Method::FixedThreshold => {
                let draws = Draws { audit: chance.random(), seed: chance.random(), arm: None };
                let Some(closed) = &mut self.closed else { return Ok(()) };
                let made = closed.propose(now_ms, &finding, draws)?;
                if self.method == Method::FixedThreshold {
                    if made.disposition == Disposition::Surfaced {
                        self.act(&finding, Some(made.id), true);
                    }
                    return Ok(());
                }
                if made.disposition == Disposition::Automatic {
                    self.act(&finding, Some(made.id), true);
                }
                if made.asks() {
                    self.book.asked(now_ms);
                    let answers_ms =
                        now_ms + delay_ms(&mut chance, people.answer_median_s, people.sigma);
                    if answers_ms < made.expires_at.0 {
                        self.later(answers_ms, Due::Answer(made.id), finding);
                    } else {
                        self.later(made.expires_at.0, Due::Expire(made.id), finding);
                    }
                } else if made.disposition == Disposition::Abstained
                    && self.method != Method::NpoOnly
                {
                    self.noticed_alone(finding);
                }
            }
        }
        Ok(())
    }

    /// People find it among their alerts, and decide, in their own time.
    fn noticed_alone(&mut self, finding: Finding) {
        let people = self.settings.people;
        let mut chance = self.chance(&finding, 2);
        let notice = delay_ms(&mut chance, people.notice_median_s, people.sigma);
        let decide = delay_ms(&mut chance, people.decide_median_s, people.sigma);
        self.later(self.fabric.now_ms() + notice + decide, Due::Act, finding);
    }

    fn resolved(&mut self, finding: &Finding) -> Result<(), RunError> {
        self.errands.retain(|_, (_, open)| open.correlation != finding.correlation);
        match &mut self.closed {
            Some(closed) => closed.resolved(self.fabric.now_ms(), &finding.correlation),
            None => Ok(()),
        }
    }

    /// Does what is due by now.
    fn errands(&mut self) -> Result<(), RunError> {
        let now_ms = self.fabric.now_ms();
        while self.due.peek().is_some_and(|(at, _)| at.0 <= now_ms)
            && let Some((_, Reverse(number))) = self.due.pop()
        {
            // Gone if the condition ended before its turn came.
            let Some((due, finding)) = self.errands.remove(&number) else { continue };
            match due {
                Due::Act => {
                    self.book.asked(now_ms);
                    if self.believes(&finding) {
                        self.act(&finding, None, false);
                    }
                }
                Due::Answer(id) => {
                    let likes = self.believes(&finding);
                    let signal = if likes { Signal::Like } else { Signal::Override };
                    if let Some(closed) = &mut self.closed {
                        closed.answer(now_ms, id, number as u32, signal)?;
                    }
                    if likes && !self.actions.values().any(|done| *done == id) {
                        self.act(&finding, Some(id), false);
                    }
                }
                Due::Expire(id) => {
                    if let Some(closed) = &mut self.closed {
                        closed.expire(now_ms, id)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn act(&mut self, finding: &Finding, decision: Option<DecisionId>, automatic: bool) {
        let helps = self.fabric.ground_truth(finding).helps;
        let action = self.fabric.act(finding);
        self.book.acted(self.fabric.now_ms(), helps, automatic);
        if let Some(id) = decision {
            self.actions.insert(action, id);
        }
    }

    fn outcomes(&mut self) -> Result<(), RunError> {
        let outcomes = self.fabric.take_outcomes();
        let effects: Vec<(i64, Effect)> =
            outcomes.iter().map(|outcome| (outcome.acted_ms, outcome.effect)).collect();
        for outcome in &outcomes {
            if let (Some(id), Some(closed)) =
                (self.actions.remove(&outcome.action), &mut self.closed)
            {
                closed.observed(self.fabric.now_ms(), id, outcome)?;
            }
        }
        self.book.step(&mut self.fabric, &effects);
        Ok(())
    }

    /// Tells the watchers what was taken out by a decision.
    fn plan(&mut self) {
        let planned: BTreeSet<PortId> = self.fabric.planned_ports().into_iter().collect();
        let catalog = self.fabric.catalog();
        for &port in self.planned.symmetric_difference(&planned) {
            self.watchers.plan(catalog, port, planned.contains(&port));
        }
        self.planned = planned;
    }

    fn later(&mut self, at_ms: i64, due: Due, finding: Finding) {
        self.due.push((Reverse(at_ms), Reverse(self.next)));
        self.errands.insert(self.next, (due, finding));
        self.next += 1;
    }

    /// Whether a person thinks, now, that the action would help.
    fn believes(&self, finding: &Finding) -> bool {
        let mut chance = self.chance(finding, 1);
        let is_right = chance.random::<f64>() < self.settings.people.right;
        self.fabric.ground_truth(finding).helps == is_right
    }

    /// Chance of one finding for one `purpose`: the same for every method that meets it.
    fn chance(&self, finding: &Finding, purpose: u8) -> Xoshiro256PlusPlus {
        // FNV-1a: short, portable, and good enough to tell findings apart.
        let text = finding.correlation.bytes().chain(finding.at_ms.to_le_bytes()).chain([purpose]);
        let hash = text.fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Xoshiro256PlusPlus::seed_from_u64(hash ^ self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

fn delay_ms(chance: &mut Xoshiro256PlusPlus, median_s: f64, sigma: f64) -> i64 {
    let normal: f64 = StandardNormal.sample(chance);
    (median_s * (sigma * normal).exp() * 1e3) as i64
}

/// All runs on `threads` threads (0 for one per processor), in order of method and seed, until `stop` is raised;
/// `done` is called as each ends. Results do not depend on the threads.
///
/// # Errors
/// The first [`RunError`], in that order.
pub fn run_all(
    settings: &Settings,
    threads: usize,
    stop: &AtomicBool,
    done: impl Fn() + Sync,
) -> Result<Vec<RecoveryRecord>, RunError> {
    let jobs: Vec<(Method, u64)> = Method::ALL
        .into_iter()
        .flat_map(|method| settings.seeds().map(move |seed| (method, seed)))
        .collect();
    let threads = match threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n,
    };
    let next = AtomicUsize::new(0);
    let work = || {
        let mut made = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(&(method, seed)) = jobs.get(n) else { break };
            made.push((n, run(settings, method, seed)));
            done();
        }
        made
    };
    let mut made: Vec<(usize, Result<RecoveryRecord, RunError>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.min(jobs.len())).map(|_| scope.spawn(work)).collect();
        let ended = workers.into_iter().map(|worker| match worker.join() {
            Ok(made) => made,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        ended.flatten().collect()
    });
    made.sort_by_key(|(n, _)| *n);
    made.into_iter().map(|(_, result)| result).collect()
}
