//! The learning core against the reference numbers of `../shared/oracle/golden.json`.
//!
//! The file was computed by two independent implementations that agree to about 1e-15; everything
//! here is held to 1e-9 relative.
//! The two whole replays run through `decide` and `apply`, so that they test the loop and not only
//! its formulas.

#[path = "support/mod.rs"]
mod support;

use std::sync::Arc;

use npo_core::decide::AnswerOrder;
use npo_core::event::{Channel, Disposition, Event, Provenance, Verdict};
use npo_core::learning::bandit::Bandit;
use npo_core::learning::effect::{Effect, moving_average};
use npo_core::learning::math::{GAUSS_HERMITE_7, predictive, sigmoid, wilson95};
use npo_core::learning::posterior::{Label, Logit, Posterior, plan, posterior_mode};
use npo_core::learning::trust::{Trust, TrustSettings};
use npo_core::learning::utility::{optimistic, value_of_information};
use npo_core::learning::window::MonitorSettings;
use npo_core::profile::{Scorer, Selector};
use npo_core::proposal::{Proposal, ScenarioRef};
use npo_core::signal::FeedbackTable;
use npo_core::{
    Command, DecisionId, Draws, Inputs, Millis, PersonId, Profile, ScenarioId, Signal, State,
    TypeId, decide,
};
use serde_json::Value;
use support::{close, f, floats, golden, text, u};

const SIGNALS: [Signal; 4] = Signal::ALL;

#[test]
fn moving_average_matches() {
    let Some(golden) = golden() else { return };
    let section = &golden["ema_score"];
    let mut score = f(&section["s0"]);
    for step in section["seq"].as_array().expect("a sequence") {
        let worth = FeedbackTable::PAPER.of(SIGNALS[u(&step["fb"])]);
        score = moving_average(score, f(&section["eta"]), worth.weight, worth.label);
        close(score, f(&step["s"]), "score");
    }
}

#[test]
fn discounted_thompson_evidence_matches() {
    let Some(golden) = golden() else { return };
    let section = &golden["discounted_ts"];
    let mut bandit = Bandit::new(floats(&section["arms"]).len());
    for step in section["seq"].as_array().expect("a sequence") {
        let liked = step["like"].as_bool().expect("a flag");
        bandit.count(u(&step["arm"]), liked, f(&section["gamma"]));
        for (ours, theirs) in bandit.alpha.iter().zip(floats(&step["alpha"])) {
            close(*ours, theirs, "alpha");
        }
        for (ours, theirs) in bandit.beta.iter().zip(floats(&step["beta"])) {
            close(*ours, theirs, "beta");
        }
    }
}

#[test]
fn posterior_mode_matches() {
    let Some(golden) = golden() else { return };
    for case in golden["posterior_mode_1d"].as_array().expect("cases") {
        let prior = Logit { mean: f(&case["m"]), variance: f(&case["v"]) };
        let label = Label {
            value: f(&case["y"]),
            weight: f(&case["w"]),
            sensitivity: f(&case["sens"]),
            specificity: f(&case["spec"]),
        };
        let (mode, information) = posterior_mode(prior, label);
        close(mode, f(&case["z"]), "mode");
        close(information, f(&case["h"]), "information");
    }
}

#[test]
fn hierarchical_update_matches() {
    let Some(golden) = golden() else { return };
    let section = &golden["hier_update"];
    let (weight_drift, effect_drift) = (f(&section["qw"]), f(&section["qu"]));
    let cap = f(&section["v0_cap"]);
    let prior = floats(&section["trust_prior"]);
    let trust =
        TrustSettings { right: prior[0], wrong: prior[1], alarm_run_length: None, pooled: false };
    let mut posterior = Posterior::new(&floats(&section["mu0"]), 1.0);
    let mut effects = [Effect::new(1.0, 0.5, 0); 3];
    let mut operators = [Trust::new(&trust); 2];
    for step in section["seq"].as_array().expect("a sequence") {
        let (clock, k, operator) = (u(&step["t"]) as u64, u(&step["k"]), u(&step["op"]));
        let (x, value) = (floats(&step["x"]), f(&step["y"]));
        let variance = effects[k].variance_at(clock, effect_drift, cap);
        let before = posterior.logit(&x, effects[k].mean, variance);
        close(before.mean, f(&step["m"]), "m");
        close(before.variance, f(&step["v"]), "v");
        let score = predictive(before.mean, before.variance);
        close(score, f(&step["p_predictive"]), "predictive");
        close(optimistic(before, 0.25), f(&step["p_opt"]), "optimistic");
        let reliability = operators[operator].reliability();
        close(reliability, f(&step["reliability"]), "reliability");
        let label = Label {
            value,
            weight: f(&step["w"]),
            sensitivity: reliability,
            specificity: reliability,
        };
        let (mode, information) = posterior_mode(before, label);
        close(mode, f(&step["z"]), "mode");
        close(information, f(&step["h"]), "information");
        let planned = plan(before, variance, label);
        let after = planned.after(before);
        posterior.apply(&x, &mut effects[k], &planned, clock, weight_drift);
        if value == 0.0 || value == 1.0 {
            let agreeing = if value == 1.0 { score } else { 1.0 - score };
            let gamma = operators[operator].responsibility(agreeing);
            operators[operator].count(gamma);
        }
        close_all(&posterior.mean, &floats(&step["mu"]), "weights");
        let means: Vec<f64> = effects.iter().map(|e| e.mean).collect();
        let variances: Vec<f64> = effects.iter().map(|e| e.variance).collect();
        close_all(&means, &floats(&step["u"]), "effects");
        close_all(&variances, &floats(&step["uv"]), "effect variances");
        let right: Vec<f64> = operators.iter().map(|o| o.right).collect();
        close_all(&right, &floats(&step["r"]), "right");
        // The closed form that `score_after` uses is the updated model's own answer, but for drift.
        let drift: f64 = x.iter().map(|x| x * x).sum::<f64>() * weight_drift;
        let again = posterior.logit(&x, effects[k].mean, effects[k].variance);
        close(again.mean, after.mean, "mean after");
        close(again.variance, after.variance + drift, "variance after");
    }
    let expected = section["S_final"].as_array().expect("rows").iter().flat_map(floats);
    for (ours, theirs) in posterior.covariance().iter().zip(expected) {
        close(*ours, theirs, "covariance");
    }
}

#[test]
fn value_of_information_and_quadrature_match() {
    let Some(golden) = golden() else { return };
    for case in golden["voi"].as_array().expect("cases") {
        let logit = Logit { mean: f(&case["m"]), variance: f(&case["v"]) };
        close(value_of_information(logit, f(&case["c"])), f(&case["voi"]), "voi");
    }
    let (x, w) = (floats(&golden["gauss_hermite7"]["x"]), floats(&golden["gauss_hermite7"]["w"]));
    for ((node, weight), (x, w)) in GAUSS_HERMITE_7.iter().zip(x.into_iter().zip(w)) {
        close(*node, x, "node");
        close(*weight, w, "weight");
    }
}

#[test]
fn wilson_intervals_match() {
    let Some(golden) = golden() else { return };
    for case in golden["wilson"].as_array().expect("cases") {
        let (low, high) = wilson95(u(&case["k"]) as u64, u(&case["n"]) as u64);
        let expected = floats(&case["ci"]);
        close(low, expected[0], "low");
        close(high, expected[1], "high");
    }
}

#[test]
fn feedback_model_of_the_simulator_matches() {
    let Some(golden) = golden() else { return };
    for case in golden["feedback"].as_array().expect("cases") {
        let (like, override_) = simulated(f(&case["delta"]));
        close(like, f(&case["p_like"]), "p_like");
        close(override_, f(&case["p_override"]), "p_override");
        let table = FeedbackTable::PAPER;
        let rest = 1.0 - like - override_;
        let loss = override_ * table.override_.loss
            + rest * (0.6 * table.neutral.loss + 0.4 * table.skipped.loss);
        close(0.95 * loss + 0.05 * 0.4375, f(&case["expected_loss"]), "expected loss");
    }
}

/// P(like) and P(override) of the simulated operator at disagreement `delta` (METHODS 1).
fn simulated(delta: f64) -> (f64, f64) {
    (sigmoid((0.25 - delta) / 0.07), sigmoid((delta - 0.5) / 0.07))
}

fn close_all(ours: &[f64], theirs: &[f64], what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    ours.iter().zip(theirs).for_each(|(a, b)| close(*a, *b, what));
}

/// The loop around the core, driven one order at a time.
struct Driver {
    state: State,
    at: i64,
    names: usize,
}

impl Driver {
    /// A state with one scenario type of plain features, and `people` operators.
    fn new(profile: Profile, prior: &[f64], people: usize) -> Self {
        let mut driver = Self { state: State::default(), at: 0, names: 0 };
        driver.order(Command::ActivateProfile(Box::new(profile)), None, None);
        let definition = support::plain_type(prior);
        driver.order(Command::ActivateScenarioType(Box::new(definition)), None, None);
        for _ in 0..people {
            driver.order(Command::AddPerson(support::operator(driver.names)), None, None);
            driver.names += 1;
        }
        driver
    }

    fn order(&mut self, command: Command, draws: Option<Draws>, allow: Option<bool>) -> Vec<Event> {
        self.at += 1;
        let verdict = allow
            .map(|allow| Arc::new(Verdict { allow, bundle: [7; 32], rules: vec![], error: None }));
        let draws = draws.unwrap_or(Draws { audit: 1.0, seed: 0, arm: None });
        let (at, actor) = (Millis(self.at), PersonId(0));
        let inputs = Inputs { at, actor, request: None, draws, verdict };
        let events = decide(&self.state, &command, &inputs).expect("accepted");
        // Everything goes through its stored form, so that the replays prove that it is complete.
        for envelope in &events {
            let (kind, version, bytes) = npo_core::stored::encode(envelope);
            let envelope = npo_core::stored::decode(kind, version, &bytes).expect("decodes");
            self.state.apply(&envelope);
        }
        events.into_iter().map(|envelope| envelope.event).collect()
    }

    fn propose(
        &mut self,
        k: usize,
        x: &[f64],
        draws: Draws,
        allow: bool,
    ) -> (Vec<Event>, DecisionId) {
        let entity = format!("scenario-{k}");
        let scenario = match self.state.scenarios().find(TypeId(0), &entity) {
            Some(id) => ScenarioRef::Known(id),
            None => ScenarioRef::Named { entity, site: String::new() },
        };
        let raw = x[1..].into();
        let proposal = Proposal { type_id: TypeId(0), scenario, action: 0, raw, text: None };
        let id = self.state.open().next_id();
        (self.order(Command::Propose(proposal), Some(draws), Some(allow)), id)
    }

    fn answer(&mut self, decision: DecisionId, by: usize, signal: Signal) -> Vec<Event> {
        let provenance = Provenance {
            channel: Channel::Simulation,
            open_ms: 0,
            viewed_ms: None,
            explanation: None,
            reason: None,
            confidence: None,
            consent: true,
        };
        let by = PersonId(u32::try_from(by + 1).expect("few people"));
        let order = AnswerOrder { decision, by, signal, provenance };
        self.order(Command::Answer(order), None, None)
    }

    fn scenario(&self, k: usize) -> Option<ScenarioId> {
        self.state.scenarios().find(TypeId(0), &format!("scenario-{k}"))
    }
}

/// The simulated operator's signal from its uniform draws (METHODS 1): noise, direction, kind of
/// indecision, noise signal.
fn signal(u: &[f64], delta: f64) -> Signal {
    let (like, override_) = simulated(delta);
    if u[0] < 0.05 {
        SIGNALS[(u[3] * 4.0) as usize]
    } else if u[1] < like {
        Signal::Like
    } else if u[1] >= 1.0 - override_ {
        Signal::Override
    } else if u[2] < 0.6 {
        Signal::Neutral
    } else {
        Signal::Skipped
    }
}

fn paper_variant(name: &str, golden: &Value) -> Profile {
    let arms = vec![0.5, 0.6, 0.7, 0.8, 0.9];
    let theta = f(&golden["params"]["theta0"]);
    let full = Profile::paper();
    match name {
        "static" => Profile {
            scorer: Scorer::MovingAverage { rate: 0.0 },
            selector: Selector::Fixed { theta },
            monitor: MonitorSettings::Off,
            ..full
        },
        "fixed" => Profile { selector: Selector::Fixed { theta }, ..full },
        "random" => Profile { selector: Selector::Random { arms }, ..full },
        "no_meta" => Profile { monitor: MonitorSettings::Periodic { period: 50 }, ..full },
        "full" => full,
        other => panic!("variant `{other}` is unknown"),
    }
}

#[test]
fn whole_paper_loop_matches() {
    let Some(golden) = golden() else { return };
    let section = &golden["paper_loop"];
    for run in section["runs"].as_array().expect("runs") {
        paper_run(section, run);
    }
}

fn paper_run(section: &Value, run: &Value) {
    let (env, variant) = (&section["env"], text(&run["variant"]));
    let by_action = u(&run["mode"]) == 1;
    let contexts: Vec<Vec<f64>> = env["X"].as_array().expect("X").iter().map(floats).collect();
    let preferences = [floats(&env["g1"]), floats(&env["g2"])];
    let starts = floats(&env["s0"]);
    let mut driver = Driver::new(paper_variant(variant, section), &floats(&env["prior"]), 1);
    let count = contexts.len();
    for t in 0..u(&section["params"]["T"]) {
        let k = u(&env["k"][t]);
        let preference = &preferences[usize::from(t >= u(&section["params"]["drift_t"]))];
        let blocked = env["blocked"][k].as_bool().expect("a flag");
        let arm = u8::try_from(run["arm"][t].as_i64().expect("an arm")).ok();
        let draws = Draws { audit: 1.0, seed: 0, arm };
        let (mut events, id) = driver.propose(k, &contexts[k], draws, !blocked);
        let Event::DecisionMade(made) = events[0].clone() else { panic!("no decision") };
        let what = format!("{variant}/{by_action} t={t}");
        close(made.threshold.theta(), f(&run["theta"][t]), &what);
        let code = match made.disposition {
            Disposition::Blocked => 5,
            Disposition::Abstained => 4,
            _ => {
                let g = preference[k];
                let delta = if by_action { 1.0 - g } else { (made.score - g).abs() };
                let signal = signal(&floats(&env["U"][t]), delta);
                events = driver.answer(id, 0, signal);
                signal as usize
            }
        };
        assert_eq!(code, u(&run["fb"][t]), "feedback at {what}");
        let retrained = events.iter().any(|e| matches!(e, Event::ModelRetrained { .. }));
        assert_eq!(usize::from(retrained), u(&run["retrain"][t]), "retraining at {what}");
        let tally = &driver.state.types()[0].tally;
        close(tally.reward_average, f(&run["reward_ema"][t]), &format!("reward at {what}"));
        let score = |k: usize| match driver.scenario(k).and_then(|id| driver.state.scenario(id)) {
            Some(scenario) => scenario.effect.score,
            None => starts[k],
        };
        let latent: f64 =
            (0..count).map(|k| (score(k) - preference[k]).abs()).sum::<f64>() / count as f64;
        // Scenarios that were never proposed are unknown to a real loop, so a refit cannot reach
        // them; the reference knows all of them from the start.
        if (0..count).all(|k| driver.scenario(k).is_some()) {
            close(latent, f(&run["latent"][t]), &format!("latent at {what}"));
        }
    }
    for (k, expected) in floats(&run["s_final"]).into_iter().enumerate() {
        let id = driver.scenario(k).expect("every scenario came up");
        let effect = driver.state.scenario(id).expect("known").effect;
        close(effect.score, expected, &format!("final score of {k}, {variant}"));
    }
}

#[test]
fn whole_calibrated_loop_matches() {
    let Some(golden) = golden() else { return };
    let section = &golden["npo_v2_loop"];
    let (env, horizon) = (&section["env"], u(&section["regime"]["T"]));
    let operators = u(&section["regime"]["n_op"]);
    let mut driver = Driver::new(Profile::calibrated(), &floats(&env["prior"]), operators);
    let mut due: Vec<Vec<(DecisionId, usize, Signal)>> = vec![Vec::new(); horizon];
    for t in 0..horizon {
        let draw = floats(&env["U"][t]);
        let draws = Draws { audit: draw[5], seed: 0, arm: None };
        let blocked = env["blocked"][t].as_bool().expect("a flag");
        let x = floats(&env["Xt"][t]);
        let (events, id) = driver.propose(u(&env["k"][t]), &x, draws, !blocked);
        let Event::DecisionMade(made) = &events[0] else { panic!("no decision") };
        let what = format!("t={t}");
        close(made.score, f(&section["p_predictive"][t]), &what);
        let surfaced = f64::from(u8::from(made.disposition == Disposition::Surfaced));
        let audited = f64::from(u8::from(made.disposition == Disposition::Audit));
        assert_eq!(surfaced, f(&section["surfaced"][t]), "surfaced at {what}");
        assert_eq!(audited, f(&section["audited"][t]), "audited at {what}");
        let arrives = t + u(&env["dl"][t]);
        let labelled = env["lab"][t].as_bool().expect("a flag");
        if made.asks() && labelled && arrives < horizon {
            let operator = u(&env["op"][t]);
            let preference = f(&env["gt"][t]);
            let given = with_operator(&draw, u(&env["kind"][operator]), preference);
            due[arrives].push((id, operator, given));
        }
        // Latest decision first, as the reference takes them.
        for (id, operator, given) in due[t].clone().into_iter().rev() {
            driver.answer(id, operator, given);
        }
    }
    let type_state = &driver.state.types()[0];
    let posterior = type_state.posterior.as_ref().expect("a posterior");
    close_all(&posterior.mean, &floats(&section["mu"]), "weights");
    let covariance = section["S"].as_array().expect("rows").iter().flat_map(floats);
    for (ours, theirs) in posterior.covariance().iter().zip(covariance) {
        // Off-diagonal entries near zero carry the rounding of larger ones.
        assert!((ours - theirs).abs() < 1e-12, "covariance: {ours} and {theirs}");
    }
    for (k, (mean, variance)) in
        floats(&section["u"]).into_iter().zip(floats(&section["uv"])).enumerate()
    {
        let Some(id) = driver.scenario(k) else { continue };
        let effect = driver.state.scenario(id).expect("known").effect;
        close(effect.mean, mean, "effect");
        // The reference adds the drift at decisions too; here it is worked out when it is needed.
        let last = (0..horizon).rev().find(|t| u(&env["k"][*t]) == k).unwrap_or(0) as u64;
        let drifted = effect.variance_at(last.max(effect.touched), 3e-5, 1.0);
        close(drifted, variance, "effect variance");
    }
    for (operator, expected) in floats(&section["reliability"]).into_iter().enumerate() {
        let id = PersonId(u32::try_from(operator + 1).expect("few people"));
        close(driver.state.trust(id).expect("known").reliability(), expected, "reliability");
    }
}

/// The signal after the operator's own failings: an adversary flips with .9, a sloppy one answers
/// at random with .5.
fn with_operator(u: &[f64], kind: usize, preference: f64) -> Signal {
    let honest = signal(u, 1.0 - preference);
    match (kind, honest) {
        (1, Signal::Like) if u[4] < 0.9 => Signal::Override,
        (1, Signal::Override) if u[4] < 0.9 => Signal::Like,
        (2, _) if u[4] < 0.5 => SIGNALS[(u[4] / 0.5 * 4.0) as usize],
        _ => honest,
    }
}
