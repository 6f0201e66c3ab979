//! Topologies in JSON: networkx' node-link form, and npo's own.
//!
//! npo's own says so in its first field, `"format": "npo-topology"`, and gives back exactly what was written: names,
//! order, capacities and weights of each direction. What networkx writes has `nodes` and `links` (or `edges`) of
//! objects with whatever attributes their author chose; see [`attribute`](super::attribute) for those that are read.

mod lined;
mod node_link;
mod own;

use super::error::Result;
use super::{ImportOptions, Imported};

pub use own::write_topology;

/// Reads either form.
pub(super) fn read(text: &str, file: &str, options: &ImportOptions) -> Result<Imported> {
    let document = lined::parse(text)?;
    if document.format.is_some() {
        own::read(document, file, options)
    } else {
        node_link::read(document, file, options)
    }
}
