//! The Safety Policy Engine: a validated bundle, ready to judge.
//!
//! Evaluation runs on the caller's thread and may be called from many at once. Nothing global is
//! locked: the memo is sharded by key, and idle machines wait in per-thread slots. (A bundle that
//! uses `glob` or `regex` meets the Rego engine's own pattern cache, a short lock.)

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use regorus::rvm::RegoVM;
use regorus::{Engine, Value};
use thiserror::Error;

use crate::bundle::{Digest, Manifest};
use crate::check::Validated;
use crate::child;
use crate::engines::{self, Compiled, ENTRY_RULE};
use crate::footprint::Footprint;
use crate::input::Input;
use crate::limits::{EVALUATION_STACK_BYTES, Limits};
use crate::memo::Memo;
use crate::parts::Parts;
use crate::pool::Pool;
use crate::refusal::Refusal;
use crate::report::EngineChoice;
use crate::split::split;
use crate::verdict::{EvalPath, RULE_ERROR, Verdict};

/// Why a validated bundle could not be loaded. Not expected: the child loaded the same bytes.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The bundle was refused after all.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The VM would not take the program.
    #[error("bundle does not compile for the VM: {0}")]
    Vm(String),
    /// No thread with a large enough stack could be started, or it panicked.
    #[error("loading thread failed: {0}")]
    Thread(String),
}

/// A loaded policy bundle.
#[derive(Debug)]
pub struct Spe {
    digest: Digest,
    manifest: Manifest,
    engine: EngineChoice,
    footprint: Footprint,
    memory: Memory,
    interpreter: Pool<Engine>,
    prototype: Engine,
    vm: Option<(Compiled, Pool<RegoVM>)>,
}

/// What is remembered of earlier inputs.
#[derive(Debug)]
enum Memory {
    /// Verdicts, for bundles that cannot be divided or that the interpreter runs.
    Whole(Memo<Verdict>),
    /// What parts of the bundle add to verdicts.
    Parts(Box<Parts>),
}

impl Spe {
    /// Loads a bundle that passed the check, from the bytes that were checked.
    ///
    /// Takes as long as the check took to parse it (milliseconds), on a thread of its own with a large stack.
    ///
    /// # Errors
    /// Should the bundle fail here although it passed in the child.
    pub fn load(validated: &Validated, limits: &Limits) -> Result<Self, LoadError> {
        let (validated, limits) = (validated.clone(), limits.clone());
        std::thread::Builder::new()
            .name("npo-policy-load".to_owned())
            .stack_size(EVALUATION_STACK_BYTES)
            .spawn(move || Self::load_here(&validated, &limits))
            .map_err(|error| LoadError::Thread(error.to_string()))?
            .join()
            .map_err(|_| LoadError::Thread("the Rego engine panicked".to_owned()))?
    }

    fn load_here(validated: &Validated, limits: &Limits) -> Result<Self, LoadError> {
        let bundle = &validated.bundle;
        let (parsed, analysis) = child::parse(bundle, limits)?;
        let data = Value::from(child::read_data(&bundle.data)?);
        let has_passed = child::has_rule(&analysis, "passed");
        let mut prototype = engines::complete(&parsed, data.clone(), engines::whole(has_passed))?;
        // Prepares the engine, so that its clones need not; both paths need this.
        let compiled = Compiled::new(&mut prototype, &[ENTRY_RULE], data.clone(), limits);
        let vm = match validated.engine {
            EngineChoice::Vm => Some((compiled.map_err(LoadError::Vm)?, Pool::default())),
            EngineChoice::Interpreter { .. } => None,
        };
        let parts = vm
            .as_ref()
            .and_then(|_| split(bundle, &analysis, limits))
            .and_then(|split| Parts::new(&split, data, limits).ok());
        let memory = match parts {
            Some(parts) => Memory::Parts(Box::new(parts)),
            None => Memory::Whole(Memo::new(limits.memo_entries_max, limits.memo_bytes_max)),
        };
        Ok(Self {
            digest: bundle.digest,
            manifest: bundle.manifest.clone(),
            engine: validated.engine.clone(),
            footprint: Footprint::new(&analysis.input),
            memory,
            interpreter: Pool::default(),
            prototype,
            vm,
        })
    }

    /// Judges one input, from memory where an equal one, or enough like it, was judged before.
    ///
    /// The caller's thread needs [`EVALUATION_STACK_BYTES`] of stack. Never panics; what goes wrong denies.
    pub fn evaluate(&self, input: &Input<'_>) -> Verdict {
        thread_local! {
            static KEY: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
        }
        if let Err(message) = input.validate() {
            return Verdict::refused(RULE_ERROR, self.path(), message);
        }
        let memo = match &self.memory {
            Memory::Whole(memo) => memo,
            Memory::Parts(parts) => {
                return parts.evaluate(input).unwrap_or_else(|| self.fresh(input));
            }
        };
        KEY.with_borrow_mut(|key| {
            key.clear();
            self.footprint.key(input, key);
            let hash = memo.hash(key);
            if let Some(verdict) = memo.get(hash, key) {
                return verdict;
            }
            let verdict = self.fresh(input);
            if verdict.is_repeatable() {
                let remembered = Verdict { path: EvalPath::Memo, ..verdict.clone() };
                memo.put(hash, key, &remembered);
            }
            verdict
        })
    }

    /// Judges one input anew, by the path that the check chose.
    pub fn evaluate_fresh(&self, input: &Input<'_>) -> Verdict {
        match input.validate() {
            Ok(()) => self.fresh(input),
            Err(message) => Verdict::refused(RULE_ERROR, self.path(), message),
        }
    }

    /// Judges one input by the interpreter, which is the reference; several times slower.
    pub fn evaluate_by_interpreter(&self, input: &Input<'_>) -> Verdict {
        if let Err(message) = input.validate() {
            return Verdict::refused(RULE_ERROR, EvalPath::Interpreter, message);
        }
        let input = input.to_value();
        guarded(EvalPath::Interpreter, || {
            let mut engine = self.interpreter.take().unwrap_or_else(|| self.prototype.clone());
            let verdict = engines::interpret(&mut engine, input);
            self.interpreter.give(engine);
            verdict
        })
    }

    /// Identity of the bundle.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Name, version and description of the bundle.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Which path runs the bundle, and why not the other.
    pub fn engine(&self) -> &EngineChoice {
        &self.engine
    }

    /// What of the input the bundle can see.
    pub fn footprint(&self) -> &Footprint {
        &self.footprint
    }

    /// Verdicts, or parts of verdicts, remembered now.
    pub fn memo_len(&self) -> usize {
        match &self.memory {
            Memory::Whole(memo) => memo.len(),
            Memory::Parts(parts) => parts.len(),
        }
    }

    fn path(&self) -> EvalPath {
        if self.vm.is_some() { EvalPath::Vm } else { EvalPath::Interpreter }
    }

    fn fresh(&self, input: &Input<'_>) -> Verdict {
        let Some((compiled, pool)) = &self.vm else {
            return self.evaluate_by_interpreter(input);
        };
        let input = self.footprint.value(input);
        guarded(EvalPath::Vm, || {
            let mut vm = match pool.take().map_or_else(|| compiled.vm(), Ok) {
                Ok(vm) => vm,
                Err(message) => return Verdict::refused(RULE_ERROR, EvalPath::Vm, message),
            };
            let verdict = engines::run(&mut vm, input);
            pool.give(vm);
            verdict
        })
    }
}

/// A panic inside the Rego engine denies; the machine it happened in is dropped, not reused.
fn guarded(path: EvalPath, judge: impl FnOnce() -> Verdict) -> Verdict {
    catch_unwind(AssertUnwindSafe(judge)).unwrap_or_else(|_| {
        Verdict::refused(RULE_ERROR, path, "the Rego engine panicked on this input")
    })
}
