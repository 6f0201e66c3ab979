//! What events change: the fold. It cannot fail.
//!
//! Sums and products only, but for the scores that moving averages start at and are refitted to;
//! everything else that takes a transcendental function is in the event already.

use crate::Vector;
use crate::decide::{discount, evidence_from, keeps_rows, prior_score, remember};
use crate::event::{
    Cause, DecisionMade, Disposition, Envelope, Event, FeedbackGiven, Lesson, ModelFitted,
    ModelPromoted, MonitorAction, NotLearned, PromotionCause, RcaRecorded, RcaSubject,
};
use crate::guarantee::doubt::Doubt;
use crate::ids::{DecisionId, Millis, PersonId, TypeId};
use crate::learning::effect::Effect;
use crate::learning::math::{dot, sigmoid};
use crate::learning::refit::Parameters;
use crate::learning::retrain::{Row, blend};
use crate::learning::trust::Trust;
use crate::oversight::watch::Watched;
use crate::oversight::{Certificate, Scope};
use crate::profile::{Profile, Scorer};
use crate::signal::Signal;
use crate::state::{Answer, Closing, ModelState, State, TypeState};

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
                let relearn = !profile.learns_as(&self.profile);
                let reaudit = profile.audit != self.profile.audit;
                let recertify = profile.certificate != self.profile.certificate;
                let rate = |profile: &Profile| profile.watch.map(|watch| watch.audit_looks);
                let redraw = rate(profile) != rate(&self.profile);
                self.profile.clone_from(profile);
                self.profile_revision += 1;
                if relearn {
                    self.relearn();
                }
                if reaudit {
                    let start = self.profile.audit.map_or(0.0, |audit| audit.average_start);
                    self.types.iter_mut().for_each(|t| t.voi_average = start);
                }
                if recertify {
                    let settings = self.profile.certificate;
                    self.types.iter_mut().for_each(|t| t.oversight.reopen(settings.as_ref()));
                }
                if redraw {
                    self.types.iter_mut().for_each(|t| t.oversight.watch.restart_looks());
                }
            }
            Event::ScenarioTypeActivated { type_id, definition } => {
                self.activate_type(*type_id, definition.clone());
            }
            Event::PolicyActivated(policy) => {
                let other = self.policy.as_ref().is_none_or(|old| old.digest != policy.digest);
                self.policy = Some(policy.clone());
                if other {
                    let settings = self.profile.certificate;
                    self.types.iter_mut().for_each(|t| t.oversight.reopen(settings.as_ref()));
                }
            }
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
                    let (type_id, in_flight) = (open.type_id, open.in_flight());
                    if in_flight {
                        self.open.in_flight.end(*id);
                    }
                    self.with_type(type_id, |t| t.tally.outcomes += 1);
                }
            }
            Event::MonitorActed { type_id, action, cause } => {
                self.monitor_acted(*type_id, *action, cause);
            }
            Event::ModelRetrained { type_id, weights, rows: _ } => {
                self.retrained(*type_id, weights)
            }
            Event::MonitorLooked { type_id, look, acted, audited, .. } => {
                self.with_type(*type_id, |t| t.oversight.watch.look(*look, *acted, *audited, at));
            }
            Event::CertificateChanged { type_id, certificate, cause: _ } => {
                self.certificate_changed(*type_id, *certificate);
            }
            Event::AutonomyChanged { type_id, ceiling, .. } => {
                self.with_type(*type_id, |t| t.oversight.ceiling = *ceiling);
            }
            Event::RedButtonPressed(hold) => self.holds.push(hold.clone()),
            Event::RedButtonReleased { scope, .. } => self.release(scope),
            Event::EscalationSettled { type_id, .. } => {
                self.with_type(*type_id, |t| t.oversight.escalated = false);
            }
            Event::RcaRecorded(rca) => self.rca_recorded(rca),
            Event::DatasetFrozen(_) => self.datasets += 1,
            Event::ModelFitted(fitted) => self.model_fitted(fitted),
            Event::ModelPromoted(promoted) => self.model_promoted(promoted),
            Event::ReliabilityPooled { person, start } => self.start_from(*person, *start),
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
            let fresh = Trust::new(settings);
            self.trust.iter_mut().for_each(|trust| *trust = fresh);
            self.starts.iter_mut().for_each(|start| *start = fresh);
            self.doubts.iter_mut().for_each(|doubt| *doubt = Doubt::default());
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
        let start = sigmoid(type_state.definition().prior_intercept);
        for (_, effect) in scenarios.effects_of(id) {
            *effect = Effect::new(variance, start, clock);
        }
    }

    pub(crate) fn effect_variance(&self) -> f64 {
        match self.profile.scorer {
            Scorer::Hierarchical(settings) => settings.effect_variance,
            Scorer::MovingAverage { .. } => 0.0,
        }
    }

    fn decision_made(&mut self, made: &DecisionMade, at: Millis) {
        let variance = self.effect_variance();
        let keeps_rows = keeps_rows(self);
        let (abstain_loss, rate) = (self.profile.abstain_loss, self.profile.reward_rate);
        let (watched, in_flight_s) = (self.profile.watch.is_some(), self.profile.in_flight_s);
        let certificate = self.profile.certificate;
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
            type_state.count_context(made.scenario, &made.x);
        }
        type_state.tally.count_decision(made.disposition);
        if !made.asks() {
            let abstained = made.disposition == Disposition::Abstained;
            type_state.tally.count_episode(abstained.then_some(abstain_loss), 0.0, rate);
            type_state.close_episodes(1);
        }
        if watched {
            type_state.oversight.watch.proposed(at);
        }
        if let Some(settings) = &certificate {
            let oversight = &mut type_state.oversight;
            let from = evidence_from(&self.profile, made, oversight.escalated);
            oversight.settle(settings, at);
            oversight.decided(settings, made, from);
        }
        let expires_after_s = type_state.definition().expires_after_s;
        self.open.push(remember(made, at), expires_after_s);
        if made.disposition == Disposition::Automatic {
            let site = self.scenarios.site_of(made.scenario).unwrap_or(0);
            self.open.in_flight.start(at.plus_seconds(in_flight_s), made.id, site);
        }
    }

    fn feedback_given(&mut self, feedback: &FeedbackGiven, at: Millis) {
        let (keeps_rows, discount) = (keeps_rows(self), discount(self));
        // Whether a label counts as evidence must not depend on what it says.
        let trusted = !self.is_adverse(feedback.by);
        let Self { types, scenarios, open, trust, doubts, profile, .. } = self;
        let Some(type_state) = types.get_mut(feedback.type_id.0 as usize) else { return };
        let answered = open.get(feedback.decision);
        let (x, asked) = answered.map_or((&[][..], false), |open| (&open.x, open.asked));
        let clock = type_state.clock();
        if let Some(effect) = scenarios.effect_mut(feedback.scenario) {
            match &feedback.lesson {
                Lesson::None(_) => {}
                Lesson::MovingAverage { after } => effect.score = *after,
                Lesson::Posterior { planned, responsibility, .. } => {
                    if let (Scorer::Hierarchical(settings), Some(posterior)) =
                        (&profile.scorer, &mut type_state.posterior)
                    {
                        posterior.apply(x, effect, planned, clock, settings.weight_drift);
                    }
                    if let (Some(gamma), Some(trust)) =
                        (responsibility, trust.get_mut(feedback.by.0 as usize))
                    {
                        trust.count(*gamma);
                        doubt_of(doubts, profile, feedback.by, feedback.agreeing());
                    }
                }
            }
            let taught = !matches!(feedback.lesson, Lesson::None(_));
            if taught && feedback.signal.is_directed() {
                effect.directed = effect.directed.saturating_add(1);
            }
            if taught && keeps_rows {
                let (label, weight) = (feedback.worth.label, feedback.worth.weight);
                let (scenario, x) = (feedback.scenario, Vector::from_slice(x));
                type_state.rows.push_back(Row { scenario, x, label, weight });
                while type_state.rows.len() > profile.retrain.rows_max as usize {
                    type_state.rows.pop_front();
                }
            }
            if taught {
                type_state.window.push(feedback.worth.loss, &profile.monitor);
                type_state.last_label = self.position;
            }
        }
        if let Some(open) = open.get_mut(feedback.decision) {
            let site = scenarios.site_of(feedback.scenario).unwrap_or(0);
            type_state.oversight.answered(profile, open, feedback, site, trusted);
            if let Some(settings) = &profile.certificate {
                type_state.oversight.settle(settings, at);
            }
        }
        if let (Some(arm), Some(discount), Some(bandit)) =
            (feedback.arm, discount, &mut type_state.bandit)
        {
            bandit.count(usize::from(arm), feedback.signal == Signal::Like, discount);
        }
        type_state.tally.count_answer(feedback.signal, feedback.worth.loss);
        if feedback.first && asked {
            let worth = &feedback.worth;
            type_state.tally.count_episode(Some(worth.loss), worth.reward, profile.reward_rate);
            type_state.close_episodes(1);
        }
        // An action goes on from the first like, unless somebody said no or its outcome is known; a
        // like of an audited decision is a label and sets nothing going.
        let recommended = open.get(feedback.decision).filter(|open| {
            open.acts_on_a_like() && open.answers.iter().all(|answer| !answer.signal.is_directed())
        });
        if recommended.is_some() && feedback.signal.is_directed() {
            type_state.tally.count_recommended(feedback.signal == Signal::Override);
        }
        let starts = recommended.is_some_and(|open| !open.outcome);
        open.answer(feedback.decision, Answer { by: feedback.by, signal: feedback.signal });
        match feedback.signal {
            Signal::Like if starts => {
                let site = scenarios.site_of(feedback.scenario).unwrap_or(0);
                let until = at.plus_seconds(profile.in_flight_s);
                open.in_flight.start(until, feedback.decision, site);
            }
            Signal::Override if open.get(feedback.decision).is_some_and(|o| o.in_flight()) => {
                open.in_flight.end(feedback.decision);
            }
            Signal::Override | Signal::Like | Signal::Neutral | Signal::Skipped => {}
        }
    }

    fn close(&mut self, id: DecisionId, closing: Closing) {
        let Some(open) = self.open.get(id) else { return };
        let (type_id, unanswered) = (open.type_id, open.answers.is_empty());
        let (in_flight, asked) = (open.in_flight(), open.asked);
        let expired = closing == Closing::Expired;
        self.open.close(id, closing);
        // That nobody answered an audit does not end the action.
        if in_flight && !expired {
            self.open.in_flight.end(id);
        }
        let (watch, certificate, now) =
            (self.profile.watch, self.profile.certificate, self.last_at);
        self.with_type(type_id, |t| {
            if expired {
                t.tally.expired += 1;
                if let Some(settings) = &watch {
                    t.oversight.watch.waited(settings, None);
                }
            } else {
                t.tally.withdrawn += 1;
                t.oversight.trials.withdraw(id);
            }
            if let Some(settings) = &certificate {
                t.oversight.settle(settings, now);
            }
            if unanswered && asked {
                t.close_episodes(1);
            }
        });
    }

    fn monitor_acted(&mut self, type_id: TypeId, action: MonitorAction, cause: &Cause) {
        let site = match cause {
            Cause::Alarm(alarm) => alarm.site.as_deref().and_then(|s| self.scenarios.site_named(s)),
            Cause::Window(_) | Cause::Silence { .. } => None,
        };
        let watches = self.profile.watch.is_some();
        self.with_type(type_id, |t| {
            let TypeState { window, oversight, .. } = t;
            let watch = &mut oversight.watch;
            if action == MonitorAction::Retrain {
                window.retrained();
                watch.retrained = Some(watch.episodes);
                watch.retrain_due = true;
            }
            match cause {
                Cause::Window(_) => {}
                Cause::Silence { .. } => watch.silence_reported = true,
                Cause::Alarm(alarm) => {
                    watch.set_back(alarm.watched, site);
                    if action == MonitorAction::Escalate {
                        match site {
                            Some(site) => drop(watch.sites_escalated.insert(site, watch.episodes)),
                            None => {
                                watch.escalated[alarm.watched as usize] = Some(watch.episodes);
                            }
                        }
                        // Slices and slow people are told of; only a score that people deny as a
                        // whole hands its decisions on.
                        oversight.escalated |=
                            alarm.watched == Watched::Surprise && alarm.site.is_none();
                    }
                }
            }
            oversight.watch.acted |= cause.is_about_the_model() && watches;
        });
    }

    fn certificate_changed(&mut self, type_id: TypeId, certificate: Option<Certificate>) {
        let settings = self.profile.certificate;
        self.with_type(type_id, |t| {
            let oversight = &mut t.oversight;
            match certificate {
                Some(_) => {
                    if oversight.certificate.is_none() {
                        oversight.guard();
                    }
                    oversight.issued += 1;
                }
                None => {
                    oversight.lost += u32::from(oversight.certificate.is_some());
                    oversight.reopen(settings.as_ref());
                }
            }
            oversight.certificate = certificate;
        });
    }

    fn release(&mut self, scope: &Scope) {
        self.holds.retain(|hold| hold.scope != *scope);
        if let Scope::ScenarioType(type_id) = scope {
            // A suppression starts from fresh evidence.
            self.with_type(*type_id, |t| t.oversight.watch.set_back(Watched::OverrideRate, None));
        }
    }

    fn rca_recorded(&mut self, rca: &RcaRecorded) {
        match rca.subject {
            RcaSubject::Look { type_id, look, should_act } => {
                self.with_type(type_id, |t| t.oversight.watch.judged(look, should_act));
            }
            RcaSubject::Decision { id, .. } => {
                self.judged.insert(id);
                // What somebody answered long ago says nothing about whether they are right by now.
                let late = matches!(rca.lesson, Lesson::None(NotLearned::Forgotten));
                for (person, right) in &rca.answers {
                    if let Some(trust) = self.trust.get_mut(person.0 as usize) {
                        trust.count(f64::from(u8::from(*right)));
                    }
                    let agreeing = f64::from(u8::from(*right));
                    if !late {
                        doubt_of(&mut self.doubts, &self.profile, *person, agreeing);
                    }
                }
                let Some(open) = self.open.get(id) else { return };
                let x = open.x.clone();
                let Some((type_id, scenario)) = rca.place else { return };
                let Self { types, scenarios, profile, position, .. } = self;
                if let (
                    Some(type_state),
                    Some(effect),
                    Lesson::Posterior { planned, .. },
                    Scorer::Hierarchical(settings),
                ) = (
                    types.get_mut(type_id.0 as usize),
                    scenarios.effect_mut(scenario),
                    &rca.lesson,
                    &profile.scorer,
                ) {
                    let clock = type_state.clock();
                    type_state.last_label = *position;
                    effect.directed = effect.directed.saturating_add(1);
                    if let Some(posterior) = &mut type_state.posterior {
                        posterior.apply(&x, effect, planned, clock, settings.weight_drift);
                    }
                }
            }
        }
    }

    fn model_fitted(&mut self, fitted: &ModelFitted) {
        self.models += 1;
        let position = self.position;
        self.with_type(fitted.type_id, |t| {
            t.oversight.watch.retrain_due = false;
            t.candidate = fitted.evaluation.passed.then_some(fitted.id);
            t.models.push(ModelState {
                id: fitted.id,
                dataset: fitted.dataset,
                fitted_at: position,
                passed: fitted.evaluation.passed,
                promoted_at: None,
                generation: t.generation,
            });
        });
    }

    fn model_promoted(&mut self, promoted: &ModelPromoted) {
        let variance = self.effect_variance();
        let Self { types, scenarios, position, profile, open, .. } = self;
        let Some(type_state) = types.get_mut(promoted.type_id.0 as usize) else { return };
        let Parameters { mean, covariance, effects } = &promoted.parameters;
        let fits = type_state.posterior.as_mut().is_some_and(|p| p.replace(mean, covariance));
        if !fits {
            return;
        }
        let clock = type_state.clock();
        // An effect is an offset to the weights that it was learned beside, so none outlives them.
        // A model lists what it was fitted to, all labels of a promotion and those before the
        // replacement of a rollback; of what it does not list it knows nothing, or too little to
        // carry it.
        for (_, effect) in scenarios.effects_of(promoted.type_id) {
            (effect.mean, effect.variance, effect.touched) = (0.0, variance, clock);
        }
        for (id, mean, variance) in effects {
            if let Some(effect) = scenarios.effect_mut(*id) {
                (effect.mean, effect.variance, effect.touched) = (*mean, *variance, clock);
            }
        }
        match promoted.cause {
            PromotionCause::Gate | PromotionCause::Person(_) => {
                type_state.promoted(promoted.model, *position);
            }
            PromotionCause::Rollback(_) => type_state.rolled_back(promoted.model),
        }
        // A person who puts another one in force, or goes back, has decided about it as well.
        type_state.candidate = None;
        if let Some(model) = type_state.models.iter_mut().find(|m| m.id == promoted.model) {
            model.promoted_at = Some(*position);
        }
        // What was certified were the scores of the model before.
        type_state.oversight.reset(profile.certificate.as_ref());
        type_state.oversight.counts_from = Some(open.next_id());
    }

    fn retrained(&mut self, type_id: TypeId, weights: &[f64]) {
        let settings = self.profile.retrain;
        let Self { types, scenarios, .. } = self;
        let Some(type_state) = types.get_mut(type_id.0 as usize) else { return };
        type_state.oversight.watch.retrain_due = false;
        for (id, effect) in scenarios.effects_of(type_id) {
            let Some(x) = type_state.context(id) else { continue };
            let refitted = sigmoid(dot(weights, x));
            effect.score = blend(effect.directed, effect.score, refitted, settings.pseudo_count);
        }
        if let Some(bandit) = &mut type_state.bandit {
            bandit.fade(settings.bandit_fade);
        }
    }
}

/// Counts a directed answer to which the score, or the verdict of a root-cause analysis, gave the
/// probability `agreeing`.
fn doubt_of(doubts: &mut [Doubt], profile: &Profile, by: PersonId, agreeing: f64) {
    if let Some(run_length) = profile.trust.and_then(|trust| trust.alarm_run_length)
        && let Some(doubt) = doubts.get_mut(by.0 as usize)
    {
        doubt.count(agreeing, run_length);
    }
}
