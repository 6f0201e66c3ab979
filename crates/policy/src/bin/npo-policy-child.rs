//! The validation child on its own, for this crate's tests.
//! The `npo` binary reaches the same entry point through a hidden verb.

use std::process::ExitCode;

fn main() -> ExitCode {
    npo_policy::child_main()
}
