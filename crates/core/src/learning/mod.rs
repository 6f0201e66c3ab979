//! The mathematics of the loop, one file per method (see `docs/methods.md` for the sources).
//!
//! Every function here takes numbers and returns numbers; who calls them with what is the business
//! of [`crate::decide`] and the fold.
//! Updates come in two halves: a *plan* (transcendental functions, computed once, stored in the
//! event) and its application (sums and products), so that replay is cheap. What the fold needs
//! beyond that comes out the same to the last bit on every platform ([`math::sigmoid`]).

pub mod adaptive;
pub mod bandit;
pub mod crowd;
pub mod effect;
mod exp;
pub mod math;
pub mod posterior;
pub mod refit;
pub mod retrain;
pub mod trust;
pub mod utility;
pub mod window;
