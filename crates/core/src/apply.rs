//! What events change: the fold. It cannot fail.
//!
//! Sums and products only, but for the refit of moving averages; everything else that takes a
//! transcendental function is in the event already.

use crate::decide::{discount, keeps_rows, prior_score, remember};
use crate::event::{DecisionMade, Disposition, Envelope, Event, FeedbackGiven, Lesson};
use crate::ids::{DecisionId, Millis, TypeId};
use crate::learning::effect::Effect;
use crate::learning::math::{dot, portable_sigmoid};
use crate::learning::retrain::{Row, blend};
use crate::profile::Scorer;
use crate::signal::Signal;
use crate::state::{Answer, Closing, State, TypeState};

impl State {
    /// Folds one event into the state.
    pub fn apply(&mut self, envelope: &Envelope) {
        let at = envelope.at;
        self.position += 1;
        self.last_at = at;
        if let Some(request) = envelope.request {
            self.requests.remember(request, self.position);
        }
        match &envelope.event {
            Event::ProfileActivated(profile) => {
                let relearn = profile.scorer != self.profile.scorer
                    || profile.selector != self.profile.selector
                    || profile.trust != self.profile.trust;
                let reaudit = profile.audit != self.profile.audit;
                self.profile.clone_from(profile);
                self.profile_revision += 1;
                if relearn {
                    self.relearn();
                }
                if reaudit {
                    let start = self.profile.audit.map_or(0.0, |audit| audit.average_start);
                    self.types.iter_mut().for_each(|t| t.voi_average = start);
                }
            }
            Event::ScenarioTypeActivated { type_id, definition } => {
                self.activate_type(*type_id, definition.clone());
            }
            Event::PolicyActivated(policy) => self.policy = Some(policy.clone()),
            Event::PersonAdded { id: _, person } => self.add_person(person.clone()),
            Event::PersonChanged { id, person } => {
                if let Some(known) = self.people.get_mut(id.0 as usize) {
                    known.clone_from(person);
                }
            }
            Event::TokenIssued(token) => {
                self.token_digests.insert(token.digest, token.id);
                self.tokens.push(token.clone());
            }
            Event::TokenRevoked(id) => {
                if let Some(token) = self.tokens.get_mut(id.0 as usize) {
                    token.revoked = true;
                }
            }
            Event::DecisionMade(made) => self.decision_made(made, at),
            Event::FeedbackGiven(feedback) => self.feedback_given(feedback, at),
            Event::DecisionExpired(id) => self.close(*id, Closing::Expired),
            Event::DecisionWithdrawn { id, reason } => {
                self.close(*id, Closing::Withdrawn(reason.clone()));
            }
            Event::OutcomeObserved { id, outcome: _ } => {
                if let Some(open) = self.open.get_mut(*id) {
                    open.outcome = true;
                    let (type_id, affirmed) = (open.type_id, open.affirmed());
                    if affirmed {
                        self.open.in_flight.end(*id);
                    }
                    self.with_type(type_id, |t| t.tally.outcomes += 1);
                }
            }
            Event::MonitorActed { type_id, .. } => {
                self.with_type(*type_id, |t| t.window.retrained());
            }
            Event::ModelRetrained { type_id, weights, rows: _ } => {
                self.retrained(*type_id, weights)
            }
        }
        self.open.advance(at, self.profile.retention_s);
    }

    fn with_type(&mut self, id: TypeId, change: impl FnOnce(&mut TypeState)) {
        if let Some(type_state) = self.types.get_mut(id.0 as usize) {
            change(type_state);
        }
    }

    fn activate_type(
        &mut self,
        id: TypeId,
        definition: std::sync::Arc<crate::scenario_type::ScenarioType>,
    ) {
        let Self { types, profile, .. } = self;
        let Some(known) = types.get_mut(id.0 as usize) else {
            types.push(TypeState::new(definition, profile));
            return;
        };
        let keeps = known.definition().same_inputs(&definition);
        known.versions.push(definition);
        if !keeps {
            self.relearn_type(id);
        }
    }

    fn relearn(&mut self) {
        for id in 0..self.types.len() {
            self.relearn_type(TypeId(u32::try_from(id).unwrap_or(u32::MAX)));
        }
        if let Some(settings) = &self.profile.trust {
            let fresh = crate::learning::trust::Trust::new(settings);
            self.trust.iter_mut().for_each(|trust| *trust = fresh);
        }
    }

    /// Throws away what was learned about a type.
    fn relearn_type(&mut self, id: TypeId) {
        let variance = self.effect_variance();
        let Self { types, scenarios, profile, .. } = self;
        let Some(type_state) = types.get_mut(id.0 as usize) else { return };
        type_state.reset(profile);
        type_state.generation += 1;
        let clock = type_state.decisions;
        let start = portable_sigmoid(type_state.definition().prior_intercept);
        for (_, effect) in scenarios.effects_of(id) {
            *effect = Effect::new(variance, start, clock);
        }
    }

    fn effect_variance(&self) -> f64 {
        match self.profile.scorer {
            Scorer::Hierarchical(settings) => settings.effect_variance,
            Scorer::MovingAverage { .. } => 0.0,
        }
    }

    fn decision_made(&mut self, made: &DecisionMade, at: Millis) {
        let variance = self.effect_variance();
        let keeps_rows = keeps_rows(self);
        let (abstain_loss, rate) = (self.profile.abstain_loss, self.profile.reward_rate);
        let Some(type_state) = self.types.get_mut(made.type_id.0 as usize) else { return };
        if let Some(new) = &made.new_scenario {
            let score = prior_score(type_state, &made.x);
            let effect = Effect::new(variance, score, type_state.decisions);
            self.scenarios.add(made.type_id, &new.entity, &new.site, effect);
        }
        self.scenarios.count_decision(made.scenario);
        type_state.decisions += 1;
        if let Some(audit) = &made.audit {
            type_state.voi_average = audit.voi_average;
        }
        if keeps_rows {
            type_state.set_context(made.scenario, &made.x);
        }
        type_state.tally.count_decision(made.disposition);
        if !made.disposition.asks() {
            let abstained = made.disposition == Disposition::Abstained;
            type_state.tally.count_episode(abstained.then_some(abstain_loss), 0.0, rate);
            type_state.window.episodes += 1;
        }
        let expires_after_s = type_state.definition().expires_after_s;
        self.open.push(remember(made, at), expires_after_s);
    }

    fn feedback_given(&mut self, feedback: &FeedbackGiven, at: Millis) {
        let (keeps_rows, discount) = (keeps_rows(self), discount(self));
        let Self { types, scenarios, open, trust, profile, .. } = self;
        let Some(type_state) = types.get_mut(feedback.type_id.0 as usize) else { return };
        let x = open.get(feedback.decision).map(|open| open.x.clone()).unwrap_or_default();
        let clock = type_state.clock();
        if let Some(effect) = scenarios.effect_mut(feedback.scenario) {
            match &feedback.lesson {
                Lesson::None(_) => {}
                Lesson::MovingAverage { after } => effect.score = *after,
                Lesson::Posterior { planned, responsibility, .. } => {
                    if let (Scorer::Hierarchical(settings), Some(posterior)) =
                        (&profile.scorer, &mut type_state.posterior)
                    {
                        posterior.apply(&x, effect, planned, clock, settings.weight_drift);
                    }
                    if let (Some(gamma), Some(trust)) =
                        (responsibility, trust.get_mut(feedback.by.0 as usize))
                    {
                        trust.count(*gamma);
                    }
                }
            }
            let taught = !matches!(feedback.lesson, Lesson::None(_));
            if taught && feedback.signal.is_directed() {
                effect.directed = effect.directed.saturating_add(1);
            }
            if taught && keeps_rows {
                let (label, weight) = (feedback.worth.label, feedback.worth.weight);
                type_state.rows.push_back(Row { scenario: feedback.scenario, x, label, weight });
                while type_state.rows.len() > profile.retrain.rows_max as usize {
                    type_state.rows.pop_front();
                }
            }
            if taught {
                type_state.window.push(feedback.worth.loss, &profile.monitor);
            }
        }
        if let (Some(arm), Some(discount), Some(bandit)) =
            (feedback.arm, discount, &mut type_state.bandit)
        {
            bandit.count(usize::from(arm), feedback.signal == Signal::Like, discount);
        }
        type_state.tally.count_answer(feedback.signal, feedback.worth.loss);
        if feedback.first {
            let worth = &feedback.worth;
            type_state.tally.count_episode(Some(worth.loss), worth.reward, profile.reward_rate);
            type_state.window.episodes += 1;
        }
        // An action goes on from the first like, unless somebody said no or its outcome is known; a
        // like of an audited decision is a label and sets nothing going.
        let starts = open.get(feedback.decision).is_some_and(|open| {
            open.disposition != Disposition::Audit
                && !open.outcome
                && open.answers.iter().all(|answer| !answer.signal.is_directed())
        });
        open.answer(feedback.decision, Answer { by: feedback.by, signal: feedback.signal });
        match feedback.signal {
            Signal::Like if starts => {
                let site = scenarios.get(feedback.scenario).map_or(0, |s| s.site_id);
                let until = at.plus_seconds(profile.in_flight_s);
                open.in_flight.start(until, feedback.decision, site);
            }
            Signal::Override if open.get(feedback.decision).is_some_and(|o| o.affirmed()) => {
                open.in_flight.end(feedback.decision);
            }
            Signal::Override | Signal::Like | Signal::Neutral | Signal::Skipped => {}
        }
    }

    fn close(&mut self, id: DecisionId, closing: Closing) {
        let Some(open) = self.open.get(id) else { return };
        let (type_id, unanswered) = (open.type_id, open.answers.is_empty());
        let affirmed = open.affirmed();
        let expired = closing == Closing::Expired;
        self.open.close(id, closing);
        if affirmed {
            self.open.in_flight.end(id);
        }
        self.with_type(type_id, |t| {
            if expired {
                t.tally.expired += 1;
            } else {
                t.tally.withdrawn += 1;
            }
            if unanswered {
                t.window.episodes += 1;
            }
        });
    }

    fn retrained(&mut self, type_id: TypeId, weights: &[f64]) {
        let settings = self.profile.retrain;
        let Self { types, scenarios, .. } = self;
        let Some(type_state) = types.get_mut(type_id.0 as usize) else { return };
        for (id, effect) in scenarios.effects_of(type_id) {
            let Some(x) = type_state.context(id) else { continue };
            let refitted = portable_sigmoid(dot(weights, x));
            effect.score = blend(effect.directed, effect.score, refitted, settings.pseudo_count);
        }
        if let Some(bandit) = &mut type_state.bandit {
            bandit.fade(settings.bandit_fade);
        }
    }
}
