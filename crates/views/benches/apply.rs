//! Cost of following the log.
fn main() {}
