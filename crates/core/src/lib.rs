//! The pure heart of `npo`: words, events, learning, decide, apply, explain.
//!
//! Nothing here reads a clock, a file, a socket or ambient randomness, and nothing iterates in an
//! unspecified order.
//! Time, chance and the verdict of the Safety Policy Engine arrive as values ([`Inputs`]), so that
//! [`decide`] is a function and [`State::apply`] a fold: replaying a log gives the same bytes.
//!
//! Read [`decide`] for what may happen, [`event`] for what is written down, [`learning`] for the
//! mathematics, and [`explain`] for how a decision is put into words.

pub mod decide;
pub mod event;
pub mod explain;
pub mod guarantee;
pub mod ids;
pub mod learning;
pub mod oversight;
pub mod people;
pub mod profile;
pub mod proposal;
pub mod rejection;
pub mod scenario_type;
pub mod signal;
pub mod state;
pub mod stored;

mod apply;
mod react;

pub use decide::{Command, Draws, Inputs, decide};
pub use event::{Envelope, Event};
pub use ids::{ActionIx, DecisionId, Digest, Millis, PersonId, ScenarioId, TypeId};
pub use profile::Profile;
pub use react::react;
pub use rejection::Rejection;
pub use signal::Signal;
pub use state::State;

/// A vector of features, contributions or inputs: inline up to 12 entries, on the heap beyond.
pub type Vector = smallvec::SmallVec<[f64; INLINE]>;

/// Entries of a [`Vector`] that need no room on the heap.
const INLINE: usize = 12;

/// A vector of `length` zeros: a short one without a loop.
#[inline]
fn zeros(length: usize) -> Vector {
    if length <= INLINE {
        Vector::from_buf_and_len([0.0; INLINE], length)
    } else {
        Vector::from_elem(0.0, length)
    }
}
