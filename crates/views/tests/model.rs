//! The views against a plain model of what they should say, on random logs.

#[path = "support/mod.rs"]
mod support;

use std::collections::BTreeMap;

use npo_core::event::Disposition;
use npo_core::{DecisionId, Envelope, Event, Millis, ScenarioId, Signal, TypeId};
use npo_views::{DecisionRow, Filter, ScenarioFilter, Status, ViewReader, Views};
use proptest::prelude::*;
use support::{Step, TYPES, World, entity_name, site_name};

/// What the views should hold.
#[derive(Debug, Default)]
struct Model {
    decisions: BTreeMap<u64, DecisionRow>,
    scenarios: Vec<(TypeId, String, String)>,
    /// Position, decision, scenario.
    feedback: Vec<(u64, u64, u32)>,
}

impl Model {
    fn of(events: &[(u64, Envelope)]) -> Self {
        let mut model = Self::default();
        for (position, envelope) in events {
            model.event(*position, envelope);
        }
        model
    }

    fn event(&mut self, position: u64, envelope: &Envelope) {
        match &envelope.event {
            Event::DecisionMade(made) => {
                if let Some(new) = &made.new_scenario {
                    self.scenarios.push((made.type_id, new.entity.clone(), new.site.clone()));
                }
                let row = DecisionRow {
                    id: made.id,
                    position,
                    at: envelope.at,
                    expires_at: made.expires_at,
                    scenario: made.scenario,
                    type_id: made.type_id,
                    disposition: made.disposition,
                    status: if made.asks() { Status::Open } else { Status::Closed },
                    signal: None,
                    withdrawn: None,
                    outcome: None,
                };
                assert!(self.decisions.insert(made.id.0, row).is_none());
            }
            Event::FeedbackGiven(given) => {
                self.feedback.push((position, given.decision.0, given.scenario.0));
                let row = self.decisions.get_mut(&given.decision.0).expect("is known");
                if row.signal.is_none() {
                    (row.status, row.signal) = (Status::Answered, Some(given.signal));
                }
            }
            Event::DecisionExpired(id) => {
                self.decisions.get_mut(&id.0).expect("is known").status = Status::Expired;
            }
            Event::DecisionWithdrawn { id, reason } => {
                let row = self.decisions.get_mut(&id.0).expect("is known");
                row.withdrawn = Some(reason.clone());
                if row.status == Status::Open {
                    row.status = Status::Withdrawn;
                }
            }
            Event::OutcomeObserved { id, .. } => {
                self.decisions.get_mut(&id.0).expect("is known").outcome = Some(position);
            }
            _ => {}
        }
    }

    fn list(&self, filter: &Filter) -> Vec<DecisionRow> {
        let matches = |row: &&DecisionRow| {
            let (_, entity, site) = &self.scenarios[row.scenario.0 as usize];
            filter.status.is_none_or(|status| row.status == status)
                && filter.disposition.is_none_or(|disposition| row.disposition == disposition)
                && filter.type_id.is_none_or(|type_id| row.type_id == type_id)
                && filter.entity.as_ref().is_none_or(|wanted| entity == wanted)
                && filter.site.as_ref().is_none_or(|wanted| site == wanted)
                && filter.signal.is_none_or(|signal| row.signal == Some(signal))
                && filter.since.is_none_or(|since| row.at >= since)
                && filter.until.is_none_or(|until| row.at < until)
        };
        self.decisions.values().rev().filter(matches).cloned().collect()
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let back = 0u64..6;
    let step = prop_oneof![
        6 => (0..TYPES, 0u32..12, -4.0..4.0, any::<bool>(), any::<bool>())
            .prop_map(|(t, e, x, allow, audit)| Step::Propose(t, e, x, allow, audit)),
        4 => (back.clone(), 0u32..2, prop::sample::select(Signal::ALL.to_vec()))
            .prop_map(|(back, by, signal)| Step::Answer(back, by, signal)),
        1 => back.clone().prop_map(Step::Withdraw),
        1 => (0u32..12).prop_map(Step::Resolve),
        1 => back.prop_map(Step::Observe),
        1 => (1u32..900).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..120)
}

fn filters() -> impl Strategy<Value = Filter> {
    let at = || prop::option::weighted(0.3, (1_000_000i64..4_000_000).prop_map(Millis));
    (
        prop::option::of(prop::sample::select(Status::ALL.to_vec())),
        prop::option::weighted(0.3, prop::sample::select(Disposition::ALL.to_vec())),
        prop::option::weighted(0.3, (0..=TYPES).prop_map(TypeId)),
        prop::option::weighted(0.3, (0u32..14).prop_map(entity_name)),
        prop::option::weighted(0.3, (0u32..4).prop_map(site_name)),
        prop::option::weighted(0.3, prop::sample::select(Signal::ALL.to_vec())),
        at(),
        at(),
    )
        .prop_map(|(status, disposition, type_id, entity, site, signal, since, until)| {
            Filter { status, disposition, type_id, entity, site, signal, since, until }
        })
}

fn fresh(directory: &tempfile::TempDir) -> (Views, ViewReader) {
    let (views, opened) = Views::open(&directory.path().join("views.db"), 0).expect("opens");
    assert_eq!((opened.position, opened.rebuilt), (0, None));
    let reader = views.reader().expect("a reader");
    (views, reader)
}

fn pages(reader: &ViewReader, filter: &Filter, limit: usize) -> Vec<DecisionRow> {
    let mut all: Vec<DecisionRow> = Vec::new();
    loop {
        let before = all.last().map(|row| row.id);
        let page = reader.decisions(filter, before, limit).expect("lists");
        assert!(page.len() <= limit);
        let last = page.len() < limit;
        all.extend(page);
        if last {
            return all;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_views_say_what_a_plain_model_says(
        steps in steps(),
        filters in prop::collection::vec(filters(), 1..12),
        batch in 1usize..40,
        limit in 1usize..20,
    ) {
        let world = World::of(&steps);
        let model = Model::of(&world.events);
        let directory = tempfile::tempdir().expect("a directory");
        let (mut views, reader) = fresh(&directory);
        for chunk in world.events.chunks(batch) {
            views.apply(chunk).expect("applies");
            views.apply(chunk).expect("applies what was applied");
        }
        prop_assert_eq!(views.position(), world.head());
        prop_assert_eq!(reader.position().expect("reads"), world.head());
        for filter in filters.iter().chain([&Filter::default()]) {
            prop_assert_eq!(pages(&reader, filter, limit), model.list(filter), "{:?}", filter);
        }
        for (id, row) in &model.decisions {
            prop_assert_eq!(&reader.decision(DecisionId(*id)).expect("reads"), &Some(row.clone()));
            let expected: Vec<u64> = model.feedback.iter().filter(|f| f.1 == *id).map(|f| f.0).collect();
            prop_assert_eq!(reader.feedback_of(DecisionId(*id)).expect("reads"), expected);
        }
        for scenario in 0..model.scenarios.len() as u32 + 1 {
            let id = ScenarioId(scenario);
            let latest = model.decisions.values().rev().find(|row| row.scenario == id).map(|row| row.position);
            prop_assert_eq!(reader.latest_decision(id).expect("reads"), latest);
            let given = model.feedback.iter().rev().filter(|f| f.2 == scenario).map(|f| f.0);
            let expected: Vec<u64> = given.take(limit).collect();
            prop_assert_eq!(reader.feedback_of_scenario(id, limit).expect("reads"), expected);
        }
        for type_id in (0..=TYPES).map(TypeId).map(Some).chain([None]) {
            for entity in (0..14).map(entity_name).map(Some).chain([None]) {
                let expected: Vec<ScenarioId> = (0u32..)
                    .zip(&model.scenarios)
                    .filter(|(_, s)| type_id.is_none_or(|wanted| s.0 == wanted))
                    .filter(|(_, s)| entity.as_ref().is_none_or(|wanted| s.1 == *wanted))
                    .map(|(id, _)| ScenarioId(id))
                    .collect();
                let filter = ScenarioFilter { type_id, entity };
                let mut found: Vec<ScenarioId> = Vec::new();
                while let page @ [_, ..] = reader.scenarios(&filter, found.last().copied(), limit).expect("lists").as_slice() {
                    found.extend(page);
                }
                prop_assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn rebuilt_views_equal_those_that_followed(steps in steps(), batch in 1usize..40) {
        let world = World::of(&steps);
        let directory = tempfile::tempdir().expect("a directory");
        let (mut views, reader) = fresh(&directory);
        for chunk in world.events.chunks(batch) {
            views.apply(chunk).expect("applies");
        }
        let followed = pages(&reader, &Filter::default(), 50);
        views.rebuild().expect("starts over");
        prop_assert_eq!(views.position(), 0);
        let reader = views.reader().expect("a reader");
        prop_assert_eq!(pages(&reader, &Filter::default(), 50), vec![]);
        views.apply(&world.events).expect("applies all at once");
        prop_assert_eq!(pages(&reader, &Filter::default(), 50), followed);
    }
}
