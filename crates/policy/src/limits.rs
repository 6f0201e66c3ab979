//! Every bound the policy engine puts on what it reads and runs, in one place.

use std::num::NonZeroU32;
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;
use serde::{Deserialize, Serialize};

/// Bytes of stack a thread needs to call [`crate::Spe::evaluate`].
///
/// The validation child runs every bundle on half of this, so a bundle that passed has a factor of two to spare.
pub const EVALUATION_STACK_BYTES: usize = 16 * 1024 * 1024;

/// Bounds on a bundle, its validation and its evaluation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Limits {
    /// Most files that a bundle may hold, tests included.
    pub files_max: usize,
    /// Most directory entries looked at while reading a bundle.
    pub entries_max: usize,
    /// Deepest directory below the bundle's root.
    pub directory_depth_max: usize,
    /// Largest single file, in bytes. The Rego parser has the same bound of its own at 1 MiB.
    pub file_bytes_max: u64,
    /// All files together, in bytes.
    pub total_bytes_max: u64,
    /// Deepest nesting of `[`, `{` and `(` in Rego source.
    ///
    /// The parser takes time exponential in this depth (seconds at 16), and no timer covers parsing.
    pub literal_depth_max: usize,
    /// Deepest expression tree, chains of operators included.
    pub expression_depth_max: usize,
    /// Longest chain of rules calling rules; each link costs stack when evaluated.
    pub call_depth_max: usize,
    /// Largest range that `numbers.range` may span; its arguments must be literals.
    pub range_max: i64,
    /// Wall clock that the validation child may take, in milliseconds.
    pub child_ms_max: u64,
    /// Address space that the validation child may map, in bytes.
    pub child_memory_bytes_max: u64,
    /// Wall clock of one evaluation by the interpreter, in milliseconds.
    pub evaluation_ms_max: u64,
    /// Instructions of one evaluation by the bytecode VM.
    ///
    /// A count is a better bound than a clock: a pre-empted thread does not trip it.
    pub instructions_max: usize,
    /// Verdicts kept in the memo.
    pub memo_entries_max: usize,
    /// Bytes of memo keys kept in the memo.
    pub memo_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            files_max: 256,
            entries_max: 4096,
            directory_depth_max: 8,
            file_bytes_max: 1024 * 1024,
            total_bytes_max: 8 * 1024 * 1024,
            literal_depth_max: 8,
            expression_depth_max: 128,
            call_depth_max: 48,
            range_max: 10_000,
            child_ms_max: 8_000,
            child_memory_bytes_max: 512 * 1024 * 1024,
            evaluation_ms_max: 250,
            instructions_max: 25_000,
            memo_entries_max: 32 * 1024,
            memo_bytes_max: 16 * 1024 * 1024,
        }
    }
}

impl Limits {
    /// The interpreter's clock, looked at every 16 units of work.
    pub(crate) fn timer(&self) -> ExecutionTimerConfig {
        ExecutionTimerConfig {
            limit: Duration::from_millis(self.evaluation_ms_max),
            check_interval: NonZeroU32::MIN.saturating_add(15),
        }
    }
}
