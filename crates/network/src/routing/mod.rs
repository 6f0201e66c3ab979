//! Where traffic goes: shortest paths by whole-numbered weights, split hop by hop over equal-cost next hops.
//!
//! For every destination, a node sends what it holds to all arcs that lie on a shortest path from it (per-hop ECMP);
//! every arc of parallel links is a next hop of its own. Shares follow [`crate::topology::Arc::split`], even by default.
//! An [`Overlay`] says what is different from the topology as built: arcs that are gone, other weights, nodes without
//! transit, shares moved away. [`route`] computes everything anew; [`crate::what_if`] computes only what changes.
//!
//! Distances are sums of whole numbers, so that what is equal is exactly equal, whatever the order of adding.

mod graph;
mod loads;
mod overlay;
mod queue;
mod shortest;
mod spread;

pub(crate) use graph::{DOWN, Net, State, UNREACHABLE, Wiring};
pub(crate) use loads::total_bps;
pub use loads::{Loads, route};
pub use overlay::{ArcOverlay, Overlay};
pub(crate) use queue::RadixQueue;
pub(crate) use shortest::Shortest;
pub(crate) use spread::{Hop, next_hops, share_out, tight_hops};
