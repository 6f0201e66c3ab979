//! One topology with its traffic, routed, and questions to it.

use std::sync::Arc;

use npo_network::optimum::Whole;
use npo_network::picture::{Neighbourhood, neighbourhood};
use npo_network::routing::Overlay;
use npo_network::topology::{ArcId, LinkId, Topology};
use npo_network::traffic::{ResolvedSeries, TrafficMatrix, TrafficSeries};
use npo_network::what_if::{
    Baseline, Change, Development, NoRelief, Relief, Summary, TooLarge, relieve, summary,
};
use npo_network::{Catalog, Wired};

use super::action::{Does, changes};
use super::outlook::{Imbalance, Outlook, best};
use super::routed::Routed;

/// A topology with its traffic, routed.
pub(crate) struct Model {
    routed: Routed,
    /// What sources call ports and groups, where the topology comes from cabling.
    names: Option<(Catalog, Wired)>,
    /// Where it comes from, and as of when, for people.
    origin: String,
    limit: f64,
    outlook: Option<Outlook>,
    imbalance: Option<Imbalance>,
    best: Option<Whole>,
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
    /// How it goes on, where the coming hours can be told.
    pub(super) development: Option<Development>,
    /// What a shift could reach, where the action is one.
    pub(super) shift: Option<Shift>,
    pub(super) origin: String,
}

/// Where the traffic of a busy direction would best go.
pub(super) struct Shift {
    pub(super) relief: Result<Relief, NoRelief>,
    pub(super) best: Option<Whole>,
    pub(super) imbalance: Option<Imbalance>,
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
        let routed = Routed::new(Baseline::under(topology, matrix, overlay)?);
        Ok(Self { routed, names, origin, limit, outlook: None, imbalance: None, best: None })
    }

    /// Learns what else its traffic tells: `hours` to come, imbalances, and how well the network could do.
    pub(super) fn look_ahead(
        &mut self,
        series: Option<(&TrafficSeries, &ResolvedSeries<'_>)>,
        hours: u32,
    ) {
        let topology = Arc::clone(self.routed.baseline().topology());
        if let Some((series, resolved)) = series {
            self.outlook = Outlook::new(&topology, series, resolved, hours, self.limit);
            self.imbalance = Imbalance::new(&topology, series, resolved);
        }
        self.best = best(self.routed.baseline());
    }

    /// What `does` would do to what `target` names; `share` is how much of it a shift moves.
    pub(super) fn what_if(&self, does: Does, target: &str, share: Option<f64>) -> Found {
        let origin = self.origin.clone();
        let topology = self.routed.baseline().topology();
        let place = match &self.names {
            Some((catalog, wired)) => wired.place(catalog, target),
            None => topology.find(target).ok(),
        };
        let target = target.chars().take(128).collect();
        let Some(place) = place else { return Found::Unknown { target, origin } };
        let changes = changes(topology, does, place, share);
        let Ok(overlay) = Change::overlay(topology, &changes) else {
            return Found::NoMeaning { target, origin };
        };
        let (summary, picture) = self.routed.ask(&overlay, |effect| {
            (summary(effect, &changes, self.limit), neighbourhood(&effect, self.limit))
        });
        let removes = changes.iter().any(|change| matches!(change, Change::RemoveLink(_)));
        let groups = &summary.redundancy.groups;
        let links_left =
            groups.first.iter().filter(|_| removes).map(|group| group.links_left).min();
        let development = self.outlook.as_ref().map(|outlook| outlook.develop(&overlay));
        let shift = self.shift(&changes);
        Found::Answer(Box::new(Answer { summary, picture, links_left, development, shift, origin }))
    }

    /// What a shift could reach at its busier end; `None` if the changes are none.
    fn shift(&self, changes: &[Change]) -> Option<Shift> {
        let baseline = self.routed.baseline();
        let arcs = changes.iter().filter_map(|change| match change {
            Change::Shift(arc, _) => Some(*arc),
            _ => None,
        });
        let busy = |arc: &ArcId| {
            let capacity = baseline.topology().arc(*arc).capacity_bps.unwrap_or(f64::INFINITY);
            baseline.loads().arc_bps(*arc) / capacity
        };
        let busiest =
            arcs.reduce(|most, next| if busy(&next) > busy(&most) { next } else { most })?;
        let (best, imbalance) = (self.best, self.imbalance);
        Some(Shift { relief: relieve(baseline, busiest), best, imbalance })
    }
}
