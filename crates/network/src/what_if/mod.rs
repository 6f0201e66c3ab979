//! What would happen to the network: loads, limits and redundancy before and after a change.
//!
//! [`Change`] is what somebody would do; [`Overlay`](crate::routing::Overlay) is what it makes different.
//! [`Baseline`] remembers how the intact network routes, so that a change costs only what it touches: [`Scratch::apply`]
//! leaves every destination alone whose traffic does not pass there, and elsewhere corrects distances and flows from
//! the change downstream. Loads are those of a full computation up to rounding.
//! [`Summary`] is the answer in names and numbers; [`sweep`] asks it in short of every single link.

mod baseline;
mod detour;
mod effect;
mod scratch;

pub use baseline::{Baseline, CELLS_MAX, TooLarge};
pub use effect::Effect;
pub use scratch::Scratch;
