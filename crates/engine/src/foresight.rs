//! What a proposal's action would do, worked out before it is judged.
//!
//! A source may claim what it likes; what a model of the world computes takes the place of its claims, in features,
//! facts and the picture. The engine asks for it outside its lock, and knows nothing of networks.

use std::collections::BTreeMap;
use std::sync::Arc;

use npo_core::decide::NamedProposal;
use npo_core::scenario_type::ScenarioType;

use crate::Engine;

/// Works out what a proposal's action would do.
pub trait Foresight: Send + Sync {
    /// Puts what is computed in the place of what was claimed.
    ///
    /// `definition` is the version of the scenario type in force. It may take some milliseconds, and must neither wait
    /// nor fail: where nothing can be said, it says so in the proposal's facts or leaves it alone.
    fn look(&self, definition: &ScenarioType, proposal: &mut NamedProposal<'_>);
}

impl Engine {
    /// Asks `foresight` about every proposal from now on; `None` for nobody.
    pub fn set_foresight(&self, foresight: Option<Arc<dyn Foresight>>) {
        *self.0.foresight.write() = foresight;
    }

    /// Asks about proposals that are about to be judged. Proposals of unknown types are left for their refusal.
    pub(crate) fn foresee<'p, 'a: 'p>(
        &self,
        proposals: impl Iterator<Item = &'p mut NamedProposal<'a>>,
    ) {
        let Some(foresight) = self.0.foresight.read().clone() else { return };
        let mut known: BTreeMap<String, Option<Arc<ScenarioType>>> = BTreeMap::new();
        for proposal in proposals {
            let name = proposal.scenario_type;
            let definition = match known.get(name) {
                Some(definition) => definition.clone(),
                None => {
                    let found = self.read(|state| {
                        let (_, state) = state.require_type(name).ok()?;
                        Some(Arc::clone(state.definition()))
                    });
                    known.insert(name.to_owned(), found.clone());
                    found
                }
            };
            if let Some(definition) = definition {
                foresight.look(&definition, proposal);
            }
        }
    }
}
