//! All runs of an experiment, on several threads.
//!
//! The unit of work is a world of one seed: its episodes are made once and all methods go through
//! them, block by block.
//! What comes out of a run depends on nothing but its world, method, seed and what is measured:
//! neither on threads nor on which other methods run.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use npo_core::Rejection;

use crate::experiment::{Experiment, Method};
use crate::record::RunRecord;
use crate::run::{Measured, Run, RunError};
use crate::world::{Block, Blocks, World};

/// Scenarios times methods that go through a world together: about 300 MB of loops' states.
const TOGETHER_MAX: usize = 2_000_000;

/// World, method and seed of a run.
pub type Key = (String, String, u64);

/// What happens while runs go on.
#[derive(Debug)]
pub enum Progress {
    /// Episodes done since the last report, over all methods of a world.
    Episodes(u64),
    /// A run is done.
    Done(Box<RunRecord>),
}

/// How the runs ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "runs may have been stopped early"]
pub enum Ending {
    /// All of them are done.
    Complete,
    /// They were stopped; what was reported as done stands.
    Stopped,
}

/// Goes through all runs of `experiment` but those in `done`, on `threads` threads (0 for one per
/// processor), until `stop` is raised.
///
/// `report` is called on the caller's thread, in no particular order.
///
/// # Errors
/// [`RunError`] if a loop refuses what a world proposes.
pub fn run_all(
    experiment: &Experiment,
    done: &BTreeSet<Key>,
    threads: usize,
    stop: &AtomicBool,
    mut report: impl FnMut(Progress),
) -> Result<Ending, RunError> {
    let jobs = jobs(experiment, done);
    let threads = match threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n,
    };
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(1024);
        let workers: Vec<_> = (0..threads.min(jobs.len()).max(1))
            .map(|_| {
                let (sender, jobs, next, failed) = (sender.clone(), &jobs, &next, &failed);
                scope.spawn(move || {
                    let halted = || stop.load(Ordering::Relaxed) || failed.load(Ordering::Relaxed);
                    while !halted()
                        && let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        let result = job.run(experiment, &halted, &sender);
                        if result.is_err() {
                            failed.store(true, Ordering::Relaxed);
                            return result;
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        drop(sender);
        receiver.into_iter().for_each(&mut report);
        for worker in workers {
            match worker.join() {
                Ok(result) => result?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(if stop.load(Ordering::Relaxed) { Ending::Stopped } else { Ending::Complete })
    })
}

/// Episodes that are left to do, over all methods.
#[must_use]
pub fn episodes_left(experiment: &Experiment, done: &BTreeSet<Key>) -> u64 {
    jobs(experiment, done)
        .iter()
        .map(|job| experiment.worlds[job.world].horizon * job.methods.len() as u64)
        .sum()
}

/// A world of one seed, and the methods that have not gone through it yet.
struct Job<'a> {
    world: &'a str,
    seed: u64,
    methods: Vec<(&'a str, &'a Method)>,
}

/// Seed by seed, so that the first results already compare everything.
fn jobs<'a>(experiment: &'a Experiment, done: &BTreeSet<Key>) -> Vec<Job<'a>> {
    let mut jobs = Vec::new();
    for seed in experiment.seeds() {
        for (world, settings) in &experiment.worlds {
            let todo: Vec<(&str, &Method)> = experiment
                .methods
                .iter()
                .filter(|(method, _)| !done.contains(&(world.clone(), (*method).clone(), seed)))
                .map(|(name, method)| (name.as_str(), method))
                .collect();
            let together = (TOGETHER_MAX / settings.scenarios as usize).max(1);
            let parts = todo.chunks(together);
            jobs.extend(parts.map(|part| Job { world, seed, methods: part.to_vec() }));
        }
    }
    jobs
}

impl Job<'_> {
    fn run(
        &self,
        experiment: &Experiment,
        halted: &dyn Fn() -> bool,
        sender: &SyncSender<Progress>,
    ) -> Result<(), RunError> {
        let world = World::new(&experiment.worlds[self.world], self.seed);
        let measured = experiment.measured();
        let failed = |method: &str, episode: u64, rejection: Rejection| {
            RunError::new((self.world, method, self.seed), episode, rejection)
        };
        let mut runs = Vec::with_capacity(self.methods.len());
        for (name, method) in &self.methods {
            let run = Run::start(&world, method, measured, |_, _| {});
            runs.push((*name, run.map_err(|rejection| failed(name, 0, rejection))?));
        }
        let (mut blocks, mut block) = (Blocks::new(&world), Block::default());
        while blocks.fill(&mut block) {
            for (name, run) in &mut runs {
                run.go(&block).map_err(|(t, rejection)| failed(name, t, rejection))?;
            }
            // A receiver that is gone has no use for what is left.
            let episodes = (block.steps.len() * runs.len()) as u64;
            if halted() || sender.send(Progress::Episodes(episodes)).is_err() {
                return Ok(());
            }
        }
        for (name, run) in runs {
            let record = run.record(self.world, name, self.seed);
            if sender.send(Progress::Done(Box::new(record))).is_err() {
                return Ok(());
            }
        }
        Ok(())
    }
}

impl Experiment {
    /// What is measured in each of its runs.
    #[must_use]
    pub fn measured(&self) -> Measured {
        Measured { tail: self.tail, checkpoints: self.checkpoints }
    }
}

/// One run on the calling thread; every event is shown to `kept` with its position.
///
/// # Errors
/// [`RunError`] if the loop refuses what the world proposes.
///
/// # Panics
/// If the experiment has no such world or method.
pub fn run_one(
    experiment: &Experiment,
    world: &str,
    method: &str,
    seed: u64,
    kept: impl FnMut(u64, &npo_core::Envelope),
) -> Result<(RunRecord, npo_core::State), RunError> {
    let failed = |t, rejection| RunError::new((world, method, seed), t, rejection);
    let made = World::new(&experiment.worlds[world], seed);
    let measured = experiment.measured();
    let mut run = Run::start(&made, &experiment.methods[method], measured, kept)
        .map_err(|rejection| failed(0, rejection))?;
    let (mut blocks, mut block) = (Blocks::new(&made), Block::default());
    while blocks.fill(&mut block) {
        run.go(&block).map_err(|(t, rejection)| failed(t, rejection))?;
    }
    let state = run.state().clone();
    Ok((run.record(world, method, seed), state))
}
