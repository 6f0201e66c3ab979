//! The network as npo knows it: what would happen if a proposal's action were taken.
//!
//! A [`Model`] is a topology with the traffic that it carries, routed. It comes from files (`[network]` in `npo.toml`)
//! or, for demonstrations, from the generated fabric, and is replaced as a whole when either changes ([`refresh`]).
//! For every proposal whose action is known to change the network, [`Network`] computes a what-if before anything is
//! judged: its numbers become facts (and so policy input), features where the scenario type declares them, lines of
//! "before and after", and the picture. Where the traffic is known over time, the same is asked of the coming hours
//! ([`outlook`]), and a shift of traffic is set beside the best one. A source's own claims about the same things are replaced, and said so.

mod action;
mod claims;
mod model;
mod outlook;
mod refresh;
mod routed;
mod settings;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

use npo_core::decide::NamedProposal;
use npo_core::proposal::FactValue;
use npo_core::scenario_type::ScenarioType;
use npo_engine::Foresight;
use parking_lot::RwLock;

pub use action::Does;
pub(crate) use model::Model;
pub(crate) use refresh::{follow, seen};
pub use settings::{NetworkError, NetworkSettings};
pub(crate) use view::drawn;

/// The model in force, and what actions do to it.
pub(crate) struct Network {
    model: RwLock<Option<Arc<Model>>>,
    actions: BTreeMap<String, Does>,
}

impl Network {
    /// No model yet; `actions` go over the ones that are known anyway.
    pub(crate) fn new(actions: &BTreeMap<String, Does>) -> Self {
        Self { model: RwLock::new(None), actions: action::with_known(actions) }
    }

    /// Puts a model in force.
    pub(crate) fn set(&self, model: Model) {
        *self.model.write() = Some(Arc::new(model));
    }
}

impl Foresight for Network {
    fn look(&self, definition: &ScenarioType, proposal: &mut NamedProposal<'_>) {
        let does = self.actions.get(proposal.action).copied();
        let model = self.model.read().clone();
        let found = match (model, does) {
            (Some(model), Some(does)) => {
                let target = match proposal.text.target.as_str() {
                    "" => proposal.entity,
                    target => target,
                };
                Some(model.what_if(does, target, shift_share(proposal)))
            }
            _ => None,
        };
        claims::settle(definition, proposal, found);
    }
}

/// How much of a link's traffic the source would shift, if it says so.
fn shift_share(proposal: &NamedProposal<'_>) -> Option<f64> {
    let said = proposal.text.facts.iter().find(|fact| fact.name == "shift_share")?;
    match said.value {
        FactValue::Number(share) if (0.0..=1.0).contains(&share) => Some(share),
        _ => None,
    }
}
