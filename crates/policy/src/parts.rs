//! Judging by parts: every group of a [`crate::split`] is remembered by what it sees alone.
//!
//! From one proposal to the next the entity, the target and some measured numbers differ, and the
//! clock moves on; a verdict that is remembered as a whole is then of no use, while most of its
//! parts still are. Only the groups that are not remembered are run.
//!
//! What this must never do is say anything but what a run of the whole says. Wherever a group does
//! not answer in good order (an error, a wrong shape, too many instructions) nothing is remembered
//! and [`crate::spe`] runs the whole. The limit on instructions is kept as exactly: it is shared
//! out among the groups, less what the entry rule of the whole takes itself. The whole runs the
//! same definitions and evaluates rules that they share once instead of once per group, so where
//! every group stayed within its share the whole would have stayed within the limit.
//! That the compiled groups agree with the interpreter is tried together with the whole's, on all
//! cases and probes, before a bundle is let in ([`crate::trial`]).

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use regorus::Value;
use regorus::rvm::RegoVM;

use crate::contribution::{Contribution, combine};
use crate::engines::{self, Compiled};
use crate::footprint::Footprint;
use crate::input::Input;
use crate::limits::Limits;
use crate::memo::Memo;
use crate::pool::Pool;
use crate::split::{ALL_RULE, Group, Split};
use crate::verdict::{EvalPath, Verdict};

/// Instructions that the entry rule of the whole may take; it takes about thirty.
const ENTRY_INSTRUCTIONS: usize = 64;
/// Place of the rule that runs all groups among the compiled ones.
const ALL: usize = 0;

/// What a group adds; most add nothing most of the time.
type Part = Option<Arc<Contribution>>;

/// The groups of a bundle, ready to run, and what is remembered of them.
#[derive(Debug)]
pub(crate) struct Parts {
    groups: Vec<Group>,
    footprint: Footprint,
    weight: usize,
    compiled: Compiled,
    instructions_max: usize,
    idle: Pool<RegoVM>,
    memo: Memo<Part>,
}

/// Buffers of one thread.
#[derive(Default)]
struct Scratch {
    keys: Vec<u8>,
    slots: Vec<Slot>,
}

/// One group, for one input.
struct Slot {
    /// Where its key is in the buffer.
    key: std::ops::Range<usize>,
    hash: u64,
    /// What it adds, once known.
    part: Option<Part>,
    is_new: bool,
}

impl Parts {
    /// Compiles the groups; words on why that failed.
    pub(crate) fn new(split: &Split, data: Value, limits: &Limits) -> Result<Self, String> {
        let mut engine = engines::complete(&split.parsed, data.clone(), split.entry.clone())
            .map_err(|refusal| refusal.to_string())?;
        let mut rules = vec![ALL_RULE];
        rules.extend(split.groups.iter().map(|group| group.rule.as_str()));
        Ok(Self {
            weight: split.groups.iter().map(|group| group.weight).sum(),
            compiled: Compiled::new(&mut engine, &rules, data, limits)?,
            instructions_max: limits.instructions_max.saturating_sub(ENTRY_INSTRUCTIONS),
            groups: split.groups.clone(),
            footprint: split.footprint.clone(),
            idle: Pool::default(),
            memo: Memo::new(limits.memo_entries_max, limits.memo_bytes_max),
        })
    }

    /// Parts remembered now.
    pub(crate) fn len(&self) -> usize {
        self.memo.len()
    }

    /// Judges a valid input, or leaves it to the whole.
    pub(crate) fn evaluate(&self, input: &Input<'_>) -> Option<Verdict> {
        thread_local! {
            static SCRATCH: RefCell<Scratch> = RefCell::default();
        }
        SCRATCH.with_borrow_mut(|scratch| {
            let missing = self.recall(input, scratch);
            let path = if missing == 0 {
                EvalPath::Memo
            } else {
                // Above half, what the groups share is worth more than what need not be run.
                let outcome = if missing * 2 > self.weight {
                    self.run(|vm| self.run_all(vm, input, &mut scratch.slots))
                } else {
                    self.run(|vm| self.run_missing(vm, input, &mut scratch.slots))
                };
                outcome?;
                EvalPath::Vm
            };
            let verdict = conclude(&scratch.slots, path)?;
            for slot in scratch.slots.iter().filter(|slot| slot.is_new) {
                if let Some(part) = &slot.part {
                    let key = &scratch.keys[slot.key.clone()];
                    self.memo.put(slot.hash, key, part);
                }
            }
            Some(verdict)
        })
    }

    /// Judges a valid input anew, in both of the ways that there are, without remembering anything.
    pub(crate) fn evaluate_fresh(&self, input: &Input<'_>) -> [Option<Verdict>; 2] {
        [true, false].map(|at_once| {
            let mut slots: Vec<Slot> = self.groups.iter().map(|_| Slot::unknown(0..0, 0)).collect();
            self.run(|vm| {
                if at_once {
                    self.run_all(vm, input, &mut slots)
                } else {
                    self.run_missing(vm, input, &mut slots)
                }
            })?;
            conclude(&slots, EvalPath::Vm)
        })
    }

    /// Looks every group up; returns the weight of those that are not remembered.
    fn recall(&self, input: &Input<'_>, scratch: &mut Scratch) -> usize {
        scratch.keys.clear();
        scratch.slots.clear();
        let mut missing = 0;
        // No more groups than fit: see `split::GROUPS_MAX`.
        for (id, group) in (0u8..).zip(&self.groups) {
            let from = scratch.keys.len();
            scratch.keys.push(id);
            group.footprint.key(input, &mut scratch.keys);
            let key = from..scratch.keys.len();
            let mut slot = Slot::unknown(key.clone(), self.memo.hash(&scratch.keys[key.clone()]));
            slot.part = self.memo.get(slot.hash, &scratch.keys[key]);
            if slot.part.is_none() {
                missing += group.weight;
            }
            scratch.slots.push(slot);
        }
        missing
    }

    fn run(&self, judge: impl FnOnce(&mut RegoVM) -> Option<()>) -> Option<()> {
        // A machine in which a panic happened is not given back.
        catch_unwind(AssertUnwindSafe(|| {
            let mut vm = match self.idle.take() {
                Some(vm) => vm,
                None => self.compiled.vm().ok()?,
            };
            let outcome = judge(&mut vm);
            self.idle.give(vm);
            outcome
        }))
        .ok()?
    }

    fn run_missing(&self, vm: &mut RegoVM, input: &Input<'_>, slots: &mut [Slot]) -> Option<()> {
        vm.set_max_instructions(self.instructions_max / self.groups.len().max(1));
        for (i, (group, slot)) in self.groups.iter().zip(slots).enumerate() {
            if slot.part.is_none() {
                vm.set_input(group.footprint.value(input));
                let answer = vm.execute_entry_point_by_index(ALL + 1 + i).ok()?;
                slot.learn(read(group, &answer)?);
            }
        }
        Some(())
    }

    fn run_all(&self, vm: &mut RegoVM, input: &Input<'_>, slots: &mut [Slot]) -> Option<()> {
        vm.set_max_instructions(self.instructions_max);
        vm.set_input(self.footprint.value(input));
        let answers = vm.execute_entry_point_by_index(ALL).ok()?;
        let answers = answers.as_array().ok()?;
        for ((group, slot), answer) in self.groups.iter().zip(slots).zip(answers.iter()) {
            if slot.part.is_none() {
                slot.learn(read(group, answer)?);
            }
        }
        Some(())
    }
}

impl Slot {
    fn unknown(key: std::ops::Range<usize>, hash: u64) -> Self {
        Self { key, hash, part: None, is_new: false }
    }

    fn learn(&mut self, part: Part) {
        self.part = Some(part);
        self.is_new = true;
    }
}

/// What a group answered, or nothing where that is out of order.
fn read(group: &Group, answer: &Value) -> Option<Part> {
    let contribution = if group.is_bare() {
        // The usual case is worth no allocation.
        if answer.as_set().ok()?.is_empty() {
            return Some(None);
        }
        Contribution::read(Some(answer), None, None)?
    } else {
        read_object(group, answer)?
    };
    Some((!contribution.is_nothing()).then(|| Arc::new(contribution)))
}

fn read_object(group: &Group, answer: &Value) -> Option<Contribution> {
    let answers = answer.as_object().ok()?;
    // What the group is part of must be there; an answer that is missing was undefined.
    let field = |has: bool, name: &str| match (has, answers.get(&Value::from(name))) {
        (true, None) => None,
        (_, value) => Some(value),
    };
    Contribution::read(
        field(group.deny, "deny")?,
        field(group.passed, "passed")?,
        field(group.allow, "allow")?,
    )
}

/// The verdict, if every group is known.
fn conclude(slots: &[Slot], path: EvalPath) -> Option<Verdict> {
    if slots.iter().any(|slot| slot.part.is_none()) {
        return None;
    }
    let parts = slots.iter().filter_map(|slot| slot.part.as_ref()?.as_deref());
    combine(parts, path)
}
