//! What a check found: one struct for the child to send, for people to read, for machines to store.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::verdict::RuleHit;

/// Which of the two paths may run a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "engine", rename_all = "snake_case")]
pub enum EngineChoice {
    /// The bytecode VM: it agreed with the interpreter on every case and every probe.
    Vm,
    /// The interpreter, because the VM cannot be trusted with this bundle.
    Interpreter {
        /// Why, with the place or the case.
        reason: String,
    },
}

/// One case as it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseReport {
    /// File that the case comes from.
    pub file: String,
    /// Name of the case.
    pub name: String,
    /// Whether it went as expected.
    pub passed: bool,
    /// What was expected.
    pub expected_allow: bool,
    /// Rule ids that were expected, where the case says.
    pub expected_rules: Option<BTreeSet<String>>,
    /// What the interpreter said.
    pub allow: bool,
    /// The rules it gave.
    pub rules: Vec<RuleHit>,
}

/// What the validation child found out about a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// Every case, in order of file and place in the file.
    pub cases: Vec<CaseReport>,
    /// Which path may run the bundle.
    pub engine: EngineChoice,
    /// Verdicts compared between interpreter and VM, cases and probes together.
    pub compared: usize,
    /// Paths under `input` that the bundle can see.
    pub footprint: Vec<String>,
    /// Number of rules.
    pub rules: usize,
    /// Rules on the longest chain of calls.
    pub call_depth: usize,
    /// Time to parse the bundle in the child, in microseconds; the server pays it once, too.
    pub parse_us: u64,
    /// Things that do not keep the bundle out but deserve a look.
    pub warnings: Vec<String>,
}

impl Findings {
    /// Whether every case went as expected.
    pub fn passed(&self) -> bool {
        self.cases.iter().all(|case| case.passed)
    }
}
