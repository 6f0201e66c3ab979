//! The promise of a certificate, through the whole loop: however long it runs and whenever one
//! looks, a rate above α is certified with probability at most δ.
//!
//! Everybody is asked about everything, as until the first certificate, and overrides with one
//! constant probability whatever the score says; the score learns from it all the while.

#[path = "support/world.rs"]
mod world;

use std::sync::Arc;

use npo_core::decide::NewPerson;
use npo_core::event::{CertificateCause, Verdict};
use npo_core::guarantee::certificate::CertificateSettings;
use npo_core::oversight::Level;
use npo_core::people::{NPO, Role};
use npo_core::proposal::{Proposal, ScenarioRef};
use npo_core::{
    Command, Draws, Envelope, Event, Inputs, Millis, PersonId, Profile, Signal, State, TypeId,
    decide, react,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const ALPHA: f64 = 0.3;
const DELTA: f64 = 0.1;
const RUNS: u64 = 300;
const DECISIONS: u32 = 300;

struct Run {
    state: State,
    at: i64,
    chance: ChaCha8Rng,
    verdict: Arc<Verdict>,
    earned: bool,
}

impl Run {
    fn new(seed: u64) -> Self {
        let certificate = CertificateSettings {
            alpha: ALPHA,
            delta: DELTA,
            audit_rate: 0.5,
            alarm_run_length: 1e6,
        };
        let verdict =
            Arc::new(Verdict { allow: true, bundle: [0; 32], rules: vec![], error: None });
        let (state, chance) = (State::default(), ChaCha8Rng::seed_from_u64(seed));
        let mut run = Self { state, at: 0, chance, verdict, earned: false };
        let profile = Profile { certificate: Some(certificate), ..Profile::calibrated() };
        run.order(Command::ActivateProfile(Box::new(profile)));
        run.order(Command::ActivateScenarioType(Box::new(world::definition())));
        for handle in ["ann", "bob", "eve"] {
            let (handle, name) = (handle.into(), "Somebody".into());
            run.order(Command::AddPerson(NewPerson {
                handle,
                name,
                roles: vec![Role::Operator],
                group: npo_core::people::Group::default(),
            }));
        }
        let reason = "everybody is asked".into();
        run.order(Command::GrantAutonomy { type_id: TypeId(0), ceiling: Level::Shadow, reason });
        run
    }

    fn order(&mut self, command: Command) {
        self.at += 1_000;
        let seed = self.chance.next_u64();
        let draws = Draws { audit: self.uniform(), seed, arm: None };
        let verdict = Some(self.verdict.clone());
        let inputs = Inputs { at: Millis(self.at), actor: NPO, request: None, draws, verdict };
        let events = decide(&self.state, &command, &inputs).expect("is accepted");
        self.fold(&events);
        let follow = react(&self.state, &events, seed);
        self.fold(&follow);
    }

    fn fold(&mut self, events: &[Envelope]) {
        for envelope in events {
            self.state.apply(envelope);
            self.earned |= matches!(
                envelope.event,
                Event::CertificateChanged { cause: CertificateCause::Earned, .. }
            );
        }
    }

    /// Uniform in [0, 1).
    fn uniform(&mut self) -> f64 {
        f64::from(self.chance.next_u32()) / 4_294_967_296.0
    }

    /// One proposal, answered by `people` of one mind.
    fn episode(&mut self, rate: f64, people: u32) {
        let raw = [30.0 * self.uniform(), 4.0 * self.uniform()];
        let entity = format!("leaf{}", self.chance.next_u32() % 10);
        let proposal = Proposal {
            type_id: TypeId(0),
            scenario: ScenarioRef::Named { entity, site: String::new() },
            action: 0,
            raw: raw.as_slice().into(),
            text: None,
        };
        let id = self.state.open().next_id();
        self.order(Command::Propose(proposal));
        let signal = if self.uniform() < rate { Signal::Override } else { Signal::Like };
        for by in 1..=people {
            self.order(world::answer(id, PersonId(by), signal));
        }
    }
}

/// Of all runs at an override rate, so many earn a certificate.
fn certified(rate: f64, people: u32) -> u64 {
    let run = |seed: &u64| {
        let mut run = Run::new(*seed);
        (0..DECISIONS).any(|_| {
            run.episode(rate, people);
            run.earned
        })
    };
    (0..RUNS).filter(run).count() as u64
}

/// δ of the runs, and three standard deviations of a binomial count on top: 30 + 15 of 300.
const WRONG_MAX: u64 = 45;

#[test]
fn a_rate_above_alpha_is_hardly_ever_certified() {
    let wrong = certified(1.03 * ALPHA, 1);
    eprintln!("{wrong} of {RUNS} runs are certified wrongly");
    assert!(wrong <= WRONG_MAX, "{wrong} of {RUNS}");
}

#[test]
fn many_voices_of_one_mind_do_not_certify_it_either() {
    // Were each voice a trial of its own, a quarter of these runs would be certified wrongly.
    let wrong = certified(1.03 * ALPHA, 3);
    eprintln!("{wrong} of {RUNS} runs are certified wrongly");
    assert!(wrong <= WRONG_MAX, "{wrong} of {RUNS}");
}

#[test]
fn a_rate_far_below_alpha_is_mostly_certified() {
    // Or the promise above would be kept by never certifying anything.
    let right = certified(0.3 * ALPHA, 1);
    assert!(right >= RUNS * 9 / 10, "{right} of {RUNS}");
}
