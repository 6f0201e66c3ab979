//! What would happen to the network: loads, limits and redundancy before and after a change.
//!
//! [`Change`] is what somebody would do; [`Overlay`](crate::routing::Overlay) is what it makes different.
//! [`Baseline`] remembers how the intact network routes, so that a change costs only what it touches: [`Scratch::apply`]
//! leaves every destination alone whose traffic does not pass there, and elsewhere corrects distances and flows from
//! the change downstream. Loads are those of a full computation up to rounding.
//! [`relieve`] asks the other way round: where the traffic of a busy arc would best go.
//! [`Summary`] is the answer in names and numbers, and in [`Sentence`]s; [`Sweep`] asks it in short of every single
//! link, and [`develop`] asks it of the traffic of the coming hours.

mod assess;
mod baseline;
mod change;
mod detour;
mod develop;
mod effect;
mod graph_cuts;
mod redundancy;
mod relief;
mod scratch;
mod summary;
mod sweep;
mod words;

pub use assess::{LIMIT_DEFAULT, summary, what_if};
pub use baseline::{Baseline, CELLS_MAX, TooLarge};
pub use change::{CHANGES_MAX, Change, Error};
pub use develop::{Development, Moment, ahead_words, develop};
pub use effect::Effect;
pub use redundancy::WAYS_MAX;
pub use relief::{NoRelief, RELIEF_WAYS_MAX, Relief, ShareOf, relieve};
pub use scratch::Scratch;
pub use summary::{
    ArcChange, Bounded, Condition, CutOff, Group, Moved, NextHops, Pair, Peak, Redundancy, Summary,
};
pub use sweep::{Failure, Sweep};
pub use words::{Gravity, Sentence};
