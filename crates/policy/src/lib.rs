//! The Safety Policy Engine: an organisation's own rules, in Rego, over every proposed action.
//!
//! A *bundle* is a directory of policies with data and tests. [`check()`] decides whether it may be
//! used at all, in a child process because a bad bundle can end the process that reads it;
//! [`Spe`] judges inputs by a bundle that passed. This is the only crate that names the Rego
//! engine. It knows nothing of the log, of operators or of learning, and it never decides what
//! happens to a proposal; it says allow or deny, and why.
//!
//! Entry points of a bundle, in package `npo.policy`:
//!
//! - `allow`, which must be exactly `true`;
//! - `deny`, a set of `{"rule": id, "message": words}`; one entry is enough to deny;
//! - `passed`, optional, the ids of rules that were checked and held, for explanations.
//!
//! Anything else (undefined, of another type, an error, a limit reached) denies, with one of the
//! engine's own rule ids.
//!
//! Read on: [`mod@check`] for what is refused, `footprint` for why verdicts may be remembered,
//! `split` and `parts` for how they are remembered piece by piece, `engines` for how interpreter
//! and VM are run.

mod analysis;
mod builtins;
mod bundle;
mod cases;
pub mod check;
mod child;
mod contribution;
mod engines;
mod footprint;
mod input;
mod limits;
mod memo;
mod own;
mod parts;
mod pool;
mod refusal;
mod report;
mod scan;
mod spawn;
mod spe;
mod split;
mod syntax;
mod trial;
mod verdict;
mod walk;

pub use bundle::{Digest, Manifest};
pub use check::{CheckError, CheckReport, Validated, check};
pub use child::child_main;
pub use footprint::Footprint;
pub use input::{Action, Context, Fact, Input, NAMED_VALUES_MAX, Now, Scenario, TEXT_BYTES_MAX};
pub use limits::{EVALUATION_STACK_BYTES, Limits};
pub use refusal::{Place, Refusal};
pub use report::{CaseReport, EngineChoice, Findings};
pub use spawn::ChildError;
pub use spe::{LoadError, Spe};
pub use verdict::{
    EvalPath, RULE_ERROR, RULE_NOT_ALLOWED, RULE_TIMEOUT, RULE_UNDEFINED, RuleHit, Verdict,
};
