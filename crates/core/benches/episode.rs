//! Core decide + apply + answer + apply: the loop without disk, policy engine or HTTP.
//!
//! Baseline in the same run: `formulas`, the bare mathematics of METHODS 2.1–2.4 on arrays, with no
//! orders, events or ids around it. The ratio of the two is what the loop's bookkeeping costs.
//! Each figure is for one episode: a decision and, where people were asked, its answer.

use std::sync::Arc;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use npo_core::decide::{AnswerOrder, NewPerson};
use npo_core::event::{Channel, Provenance, Verdict};
use npo_core::learning::effect::Effect;
use npo_core::learning::math::predictive;
use npo_core::learning::posterior::{Label, Posterior, plan};
use npo_core::learning::trust::{Trust, TrustSettings};
use npo_core::learning::utility::{AuditDraw, AuditSettings, optimistic, value_of_information};
use npo_core::people::{NPO, Role};
use npo_core::proposal::{Proposal, ScenarioRef};
use npo_core::{
    Command, Draws, Event, Inputs, Millis, PersonId, Profile, ScenarioId, Signal, State, TypeId,
    Vector, decide,
};

#[path = "../tests/support/mod.rs"]
mod support;

/// The allocator of the `npo` binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SCENARIOS: usize = 50;
const EPISODES: usize = 10_000;

fn main() {
    divan::main();
}

/// A small generator, so that the benchmark measures the loop and not a library's.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Roughly standard normal: the sum of twelve uniforms, less six.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// The world of regime A: what is proposed, and what an operator would like.
struct World {
    episodes: Vec<(usize, Vector, f64, f64, f64)>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = Rng(seed);
        let weights: Vec<f64> = (0..8).map(|_| rng.normal()).collect();
        let length = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
        let centres: Vec<Vec<f64>> =
            (0..SCENARIOS).map(|_| (0..8).map(|_| rng.normal()).collect()).collect();
        let episodes = (0..EPISODES)
            .map(|_| {
                let k = (rng.next() % SCENARIOS as u64) as usize;
                let x: Vector = centres[k].iter().map(|c| 0.954 * c + 0.3 * rng.normal()).collect();
                let z: f64 = x.iter().zip(&weights).map(|(x, w)| x * w / length).sum();
                let like = 1.0 / (1.0 + (-(0.3 + 1.5 * z)).exp());
                (k, x, like, rng.uniform(), rng.uniform())
            })
            .collect();
        Self { episodes }
    }
}

fn verdict() -> Arc<Verdict> {
    Arc::new(Verdict { allow: true, bundle: [0; 32], rules: vec![], error: None })
}

fn inputs(at: i64, actor: PersonId, audit: f64, verdict: Option<Arc<Verdict>>) -> Inputs {
    let draws = Draws { audit, seed: 7, arm: None };
    Inputs { at: Millis(at), actor, request: None, draws, verdict }
}

fn order(state: &mut State, command: Command, inputs: &Inputs) {
    for envelope in decide(state, &command, inputs).expect("accepted") {
        state.apply(&envelope);
    }
}

fn start(profile: Profile) -> State {
    let mut state = State::default();
    let plain = inputs(1, NPO, 0.0, None);
    order(&mut state, Command::ActivateProfile(Box::new(profile)), &plain);
    let mut definition = support::plain_type(&[0.3; 9]);
    // Answered decisions are kept until they would have expired; at one episode a millisecond this
    // keeps a thousand of them, as a busy server would.
    definition.expires_after_s = 1;
    order(&mut state, Command::ActivateScenarioType(Box::new(definition)), &plain);
    let person = NewPerson {
        handle: "op".into(),
        name: "op".into(),
        roles: vec![Role::Operator],
        group: npo_core::people::Group::default(),
    };
    order(&mut state, Command::AddPerson(person), &plain);
    for k in 0..SCENARIOS {
        let scenario = ScenarioRef::Named { entity: format!("e{k}"), site: String::new() };
        let raw = std::iter::repeat_n(0.0, 8).collect();
        let proposal = Proposal { type_id: TypeId(0), scenario, action: 0, raw, text: None };
        order(&mut state, Command::Propose(proposal), &inputs(1, NPO, 1.0, Some(verdict())));
    }
    state
}

fn run(state: &mut State, world: &World, allowed: &Arc<Verdict>, at: &mut i64) {
    for (k, x, like, audit, answer) in &world.episodes {
        *at += 1;
        let scenario = ScenarioRef::Known(ScenarioId(*k as u32));
        let proposal = Proposal {
            type_id: TypeId(0),
            scenario,
            action: 0,
            raw: Vector::from_slice(x),
            text: None,
        };
        let given = inputs(*at, NPO, *audit, Some(Arc::clone(allowed)));
        let events = decide(state, &Command::Propose(proposal), &given).expect("accepted");
        state.apply(&events[0]);
        let Event::DecisionMade(made) = &events[0].event else { continue };
        if made.asks() {
            let signal = if answer < like { Signal::Like } else { Signal::Override };
            let provenance = Provenance {
                channel: Channel::Simulation,
                open_ms: 0,
                viewed_ms: None,
                explanation: None,
                reason: None,
                confidence: None,
                consent: true,
            };
            let order = AnswerOrder { decision: made.id, by: PersonId(1), signal, provenance };
            let given = inputs(*at, PersonId(1), 0.0, None);
            for envelope in decide(state, &Command::Answer(order), &given).expect("accepted") {
                state.apply(&envelope);
            }
        }
        black_box(&events);
    }
}

#[divan::bench]
fn calibrated_loop(bencher: Bencher) {
    looped(bencher, || {
        let mut profile = Profile::calibrated();
        profile.retention_s = 1;
        profile.in_flight_s = 1;
        profile
    });
}

#[divan::bench]
fn paper_loop(bencher: Bencher) {
    looped(bencher, || {
        let mut profile = Profile::paper();
        profile.retention_s = 1;
        profile.in_flight_s = 1;
        profile
    });
}

fn looped(bencher: Bencher, profile: impl Fn() -> Profile) {
    let world = World::new(1);
    let mut state = start(profile());
    let (allowed, mut at) = (verdict(), 1000);
    bencher
        .counter(ItemsCount::new(EPISODES))
        .bench_local(|| run(&mut state, &world, &allowed, &mut at));
}

/// The bare mathematics, as the reference implementation has it.
#[divan::bench]
fn formulas(bencher: Bencher) {
    let world = World::new(1);
    let mut posterior = Posterior::new(&[0.3; 9], 1.0);
    let mut effects = vec![Effect::new(1.0, 0.5, 0); SCENARIOS];
    let mut trust = Trust::new(&TrustSettings {
        right: 4.5,
        wrong: 0.5,
        alarm_run_length: None,
        pooled: false,
    });
    let audits = AuditSettings { rate: 0.03, average_rate: 0.01, average_start: 0.05 };
    let (mut average, mut clock) = (0.05, 0u64);
    bencher.counter(ItemsCount::new(EPISODES)).bench_local(|| {
        for (k, raw, like, audit, answer) in &world.episodes {
            let mut x = [1.0; 9];
            x[1..].copy_from_slice(raw);
            let variance = effects[*k].variance_at(clock, 3e-5, 1.0);
            let logit = posterior.logit(&x, effects[*k].mean, variance);
            let score = predictive(logit.mean, logit.variance);
            let mut asks = optimistic(logit, 0.25) >= 0.75;
            if !asks {
                let draw =
                    AuditDraw::new(&audits, value_of_information(logit, 3.0), average, *audit);
                average = draw.voi_average;
                asks = draw.chosen();
            }
            if asks {
                let value = f64::from(u8::from(answer < like));
                let r = trust.reliability();
                let label = Label { value, weight: 1.0, sensitivity: r, specificity: r };
                let planned = plan(logit, variance, label);
                trust.count(trust.responsibility(if value == 1.0 { score } else { 1.0 - score }));
                posterior.apply(&x, &mut effects[*k], &planned, clock, 3e-4);
            }
            black_box(score);
            clock += 1;
        }
    });
}
