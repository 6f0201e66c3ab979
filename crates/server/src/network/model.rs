//! One topology with its traffic, routed, and questions to it.

use std::sync::Arc;

use npo_network::picture::{Neighbourhood, neighbourhood};
use npo_network::routing::Overlay;
use npo_network::topology::{LinkId, Topology};
use npo_network::traffic::TrafficMatrix;
use npo_network::what_if::{Baseline, Change, Scratch, Summary, TooLarge, summary};
use npo_network::{Catalog, Wired};
use parking_lot::Mutex;

use super::action::{Does, changes};

/// Scratches kept for the next question; each has a few numbers for every node and link.
const SCRATCHES_KEPT: usize = 8;

/// A topology with its traffic, routed.
pub(crate) struct Model {
    baseline: Baseline,
    /// What sources call ports and groups, where the topology comes from cabling.
    names: Option<(Catalog, Wired)>,
    /// Where it comes from, and as of when, for people.
    origin: String,
    limit: f64,
    scratches: Mutex<Vec<Scratch>>,
}

/// What a question came to.
pub(super) enum Found {
    /// The answer.
    Answer(Box<Answer>),
    /// The target is not in the model.
    Unknown { target: String, origin: String },
    /// The action means nothing there, such as draining a link.
    NoMeaning { target: String, origin: String },
}

/// What would happen.
pub(super) struct Answer {
    pub(super) summary: Summary,
    pub(super) picture: Neighbourhood,
    /// Links that stay in the smallest group that loses one; `None` where no link is removed.
    pub(super) links_left: Option<usize>,
    pub(super) origin: String,
}

impl Model {
    /// Routes `matrix` over `topology` without the links that are `out`.
    ///
    /// # Errors
    /// A network that is too large.
    pub(crate) fn new(
        topology: Arc<Topology>,
        matrix: TrafficMatrix,
        out: &[LinkId],
        names: Option<(Catalog, Wired)>,
        origin: String,
        limit: f64,
    ) -> Result<Self, TooLarge> {
        let overlay = Overlay::without(&topology, out.iter().copied());
        let baseline = Baseline::under(topology, matrix, overlay)?;
        Ok(Self { baseline, names, origin, limit, scratches: Mutex::new(Vec::new()) })
    }

    /// What `does` would do to what `target` names.
    pub(super) fn what_if(&self, does: Does, target: &str) -> Found {
        let origin = self.origin.clone();
        let topology = self.baseline.topology();
        let place = match &self.names {
            Some((catalog, wired)) => wired.place(catalog, target),
            None => topology.find(target).ok(),
        };
        let target = target.chars().take(128).collect();
        let Some(place) = place else { return Found::Unknown { target, origin } };
        let changes = changes(topology, does, place);
        let Ok(overlay) = Change::overlay(topology, &changes) else {
            return Found::NoMeaning { target, origin };
        };
        let mut scratch =
            self.scratches.lock().pop().unwrap_or_else(|| Scratch::new(&self.baseline));
        let effect = scratch.apply(&self.baseline, &overlay);
        let summary = summary(effect, &changes, self.limit);
        let picture = neighbourhood(&effect, self.limit);
        let mut kept = self.scratches.lock();
        if kept.len() < SCRATCHES_KEPT {
            kept.push(scratch);
        }
        drop(kept);
        let removes = changes.iter().any(|change| matches!(change, Change::RemoveLink(_)));
        let groups = &summary.redundancy.groups;
        let links_left =
            groups.first.iter().filter(|_| removes).map(|group| group.links_left).min();
        Found::Answer(Box::new(Answer { summary, picture, links_left, origin }))
    }
}
