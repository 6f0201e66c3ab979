//! The two ways to run a bundle: the interpreter, which is the reference, and the bytecode VM.
//!
//! Both run one generated entry rule that gathers the three answers, each wrapped in a
//! comprehension: an undefined answer becomes an empty set there instead of making the whole
//! undefined, and rules that the answers share are evaluated once.
//! Built-in errors are strict in both, so that a failing built-in fails the verdict (deny) instead
//! of silently switching a `deny` rule off.

use std::sync::Arc;

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::VmError;
use regorus::rvm::{Program, RegoVM};
use regorus::utils::limits::LimitError;
use regorus::{Engine, Value};

use crate::bundle::SourceFile;
use crate::limits::Limits;
use crate::own;
use crate::refusal::Refusal;
use crate::verdict::{EvalPath, RULE_ERROR, RULE_TIMEOUT, Verdict, read_verdict};

/// Package of the generated entry rules; bundles may not use it.
pub(crate) const ENTRY_PACKAGE: &str = "npo_entry";
pub(crate) const ENTRY_RULE: &str = "data.npo_entry.result";

/// Parses sources, in bundle order.
pub(crate) fn parse(sources: &[SourceFile], limits: &Limits) -> Result<Engine, Refusal> {
    let mut engine = Engine::new();
    engine.set_execution_timer_config(limits.timer());
    engine.set_strict_builtin_errors(true);
    for file in sources {
        engine
            .add_policy(file.path.clone(), file.text.clone())
            .map_err(|error| Refusal::parse(&file.path, &error.to_string()))?;
    }
    Ok(engine)
}

/// The entry rule over the whole of a bundle.
pub(crate) fn whole(has_passed: bool) -> String {
    let passed = if has_passed { "{x | x := data.npo.policy.passed}" } else { "set()" };
    format!(
        "package {ENTRY_PACKAGE}\nresult := {{\"allow\": {{x | x := data.npo.policy.allow}}, \
         \"deny\": {{x | x := data.npo.policy.deny}}, \"passed\": {passed}}}\n"
    )
}

/// Adds the module of entry rules and `data` to parsed sources, ready to evaluate.
pub(crate) fn complete(engine: &Engine, data: Value, entry: String) -> Result<Engine, Refusal> {
    let mut engine = engine.clone();
    let broken = |error: String| Refusal::Compile { message: one_line(&error) };
    engine
        .add_policy("npo_entry.rego".to_owned(), entry)
        .map_err(|error| broken(error.to_string()))?;
    engine.add_data(data).map_err(|error| broken(error.to_string()))?;
    Ok(engine)
}

/// Runs one input through the interpreter.
pub(crate) fn interpret(engine: &mut Engine, input: Value) -> Verdict {
    engine.set_input(input);
    match engine.eval_rule(ENTRY_RULE.to_owned()) {
        Ok(result) => read_verdict(&result, EvalPath::Interpreter),
        Err(error) => {
            let timeout = matches!(
                error.downcast_ref::<LimitError>(),
                Some(LimitError::TimeLimitExceeded { .. })
            );
            let words = one_line(&error.to_string());
            // Some limit errors reach us as text only.
            let timeout = timeout || words.contains("exceeded time limit");
            Verdict::refused(
                if timeout { RULE_TIMEOUT } else { RULE_ERROR },
                EvalPath::Interpreter,
                words,
            )
        }
    }
}

/// A bundle compiled for the VM. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Compiled {
    program: Arc<Program>,
    data: Value,
    instructions_max: usize,
}

impl Compiled {
    /// Compiles what [`complete`] prepared, with `rules` to be run by their place in that list.
    ///
    /// The first of the rules must reach all others.
    pub(crate) fn new(
        engine: &mut Engine,
        rules: &[&str],
        data: Value,
        limits: &Limits,
    ) -> Result<Self, String> {
        let first = rules.first().ok_or("there is no entry rule")?;
        let policy = engine
            .compile_with_entrypoint(&(*first).into())
            .map_err(|error| one_line(&error.to_string()))?;
        let program = Compiler::compile_from_policy(&policy, rules)
            .map_err(|error| one_line(&error.to_string()))?;
        let compiled = Self {
            program: Arc::new(own::slim(&program)),
            data,
            instructions_max: limits.instructions_max,
        };
        compiled.vm().map(|_| compiled.clone())
    }

    /// A fresh VM for this bundle; reused for many inputs by one thread at a time.
    pub(crate) fn vm(&self) -> Result<RegoVM, String> {
        let mut vm = RegoVM::new();
        vm.load_program(Arc::new(own::program(&self.program)));
        vm.set_data(own::data(&self.data)).map_err(|error| one_line(&error.to_string()))?;
        vm.set_max_instructions(self.instructions_max);
        vm.set_strict_builtin_errors(true);
        Ok(vm)
    }
}

/// Runs one input through the VM.
pub(crate) fn run(vm: &mut RegoVM, input: Value) -> Verdict {
    vm.set_input(input);
    match vm.execute_entry_point_by_index(0) {
        Ok(result) => read_verdict(&result, EvalPath::Vm),
        Err(error) => {
            let rule = match error {
                VmError::InstructionLimitExceeded { .. } | VmError::TimeLimitExceeded { .. } => {
                    RULE_TIMEOUT
                }
                _ => RULE_ERROR,
            };
            Verdict::refused(rule, EvalPath::Vm, one_line(&error.to_string()))
        }
    }
}

/// The engine's messages span lines, with a caret; ours are one line and bounded.
pub(crate) fn one_line(message: &str) -> String {
    const CHARS_MAX: usize = 400;
    let words = message
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && *line != "|" && *line != "^");
    words.collect::<Vec<_>>().join(" ").chars().take(CHARS_MAX).collect()
}
