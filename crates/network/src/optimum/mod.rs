//! The best that a network could do: traffic split over given paths so that the busiest arc is as idle as possible.
//!
//! Minimising the maximum utilisation is a linear programme over the share of each path (path-based multi-commodity
//! flow, for example Ahuja, Magnanti, Orlin, "Network Flows", chapter 17):
//!
//! ```text
//! minimise θ   subject to   Σ_p share(d, p) = 1                          for every demand d
//!                           Σ_d rate(d) Σ_{p∋a} share(d, p) + fixed(a) ≤ θ · capacity(a)   for every arc a
//! ```
//!
//! Solved by `microlp`, a simplex method, so that an optimum is exact up to rounding.
//! Which paths may be used is the caller's: [`Paths::shortest`] finds some, a file may give others.

mod paths;
mod programme;
mod propose;
mod solve;
mod whole;

pub(crate) use programme::{Programme, Way};

pub use paths::{PATHS_MAX, Paths, PathsError, PathsOf};
pub use propose::{Split, splits_at};
pub use solve::{Error, Optimum, VARIABLES_MAX, optimise};
pub use whole::{Whole, whole};
