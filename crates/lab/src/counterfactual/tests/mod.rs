//! Logs made by the real core, with people whose minds are known.

mod coverage;
mod hostile;
mod rows;
mod support;
mod world;
