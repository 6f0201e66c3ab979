//! A small world: scenarios with features, operators who like with a known probability, and a log
//! written by the real `decide` and `apply`.

use std::collections::VecDeque;
use std::sync::Arc;

use npo_core::decide::AnswerOrder;
use npo_core::event::{Channel, Provenance, Verdict};
use npo_core::learning::math::sigmoid;
use npo_core::people::{Person, Role};
use npo_core::proposal::{Proposal, ScenarioRef};
use npo_core::scenario_type::ScenarioType;
use npo_core::{
    Command, DecisionId, Draws, Envelope, Event, Inputs, Millis, PersonId, Profile, Signal, State,
    TypeId, stored,
};
use npo_engine::advance;
use npo_log::{EventLog, MemoryLog, Record};

use crate::counterfactual::bootstrap::Random;
use crate::counterfactual::{Question, Report, Target, replay};

/// Share of answers that are directed; the rest are neutral.
pub(super) const DIRECTED: f64 = 0.9;
const EXPIRES_S: i64 = 60;

pub(super) fn scenario_type() -> ScenarioType {
    ScenarioType::from_toml(
        r#"
        name = "thing"
        version = 1
        title = "Thing"
        description = "A thing."
        risk = "low"
        expires_after_s = 60
        override_cost = 3.0
        prior_intercept = 0.5
        [[features]]
        name = "x"
        title = "X"
        unit = "1"
        description = "X."
        min = -9.0
        max = 9.0
        center = 0.0
        scale = 1.0
        prior = 0.7
        [[actions]]
        name = "act"
        title = "Act"
        description = "Acts."
        prior = 0.0
        reversible = true
        "#,
    )
    .expect("a scenario type")
}

/// What happens in the world.
#[derive(Clone)]
pub(super) struct World {
    pub(super) profile: Profile,
    pub(super) decisions: usize,
    pub(super) scenarios: usize,
    /// Probability that a question is answered, given the score.
    pub(super) answered: fn(f64) -> f64,
    /// Every so many proposals are denied by policy; 0 for none.
    pub(super) blocked_every: usize,
    pub(super) intercept: f64,
    pub(super) seed: u64,
}

impl World {
    pub(super) fn new(profile: Profile, seed: u64) -> Self {
        Self {
            profile,
            decisions: 700,
            scenarios: 40,
            answered: |_| 0.8,
            blocked_every: 0,
            intercept: 1.0,
            seed,
        }
    }
}

/// The calibrated profile, with audits of this rate.
pub(super) fn calibrated(audit_rate: f64) -> Profile {
    let mut profile = Profile::calibrated();
    profile.audit = profile.audit.map(|mut audit| {
        audit.rate = audit_rate;
        audit
    });
    if audit_rate == 0.0 {
        profile.audit = None;
    }
    profile
}

/// One decision with what its operators think.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) like: f64,
    pub(super) compared: f64,
    pub(super) allowed: bool,
    pub(super) label: Option<Signal>,
}

/// A written log and the truth behind it.
pub(super) struct Simulated {
    pub(super) records: Vec<Record>,
    pub(super) known: Vec<Known>,
}

struct Writer {
    state: State,
    records: Vec<Record>,
}

impl Writer {
    fn keep(records: &mut Vec<Record>, envelope: &Envelope) {
        let (kind, version, body) = stored::encode(envelope);
        records.push(Record { kind, version, body });
    }

    fn happen(&mut self, event: Event) {
        let envelope = Envelope { at: Millis(0), actor: PersonId(0), request: None, event };
        self.state.apply(&envelope);
        Self::keep(&mut self.records, &envelope);
    }

    fn order(
        &mut self,
        at: i64,
        draws: Draws,
        verdict: Option<Verdict>,
        command: Command,
    ) -> Event {
        let Self { state, records } = self;
        let inputs = Inputs {
            at: Millis(at * 1000),
            actor: PersonId(1),
            request: None,
            draws,
            verdict: verdict.map(Arc::new),
        };
        let events = advance(state, &command, &inputs, |_, envelope| Self::keep(records, envelope))
            .expect("the order is taken");
        events[0].event.clone()
    }
}

impl World {
    pub(super) fn run(&self) -> Simulated {
        let mut random = Random::new(self.seed);
        let state = State::new(self.profile.clone());
        let mut writer = Writer { state, records: Vec::new() };
        writer.happen(Event::ProfileActivated(Box::new(self.profile.clone())));
        let definition = Arc::new(scenario_type());
        writer.happen(Event::ScenarioTypeActivated { type_id: TypeId(0), definition });
        let person = Person {
            handle: "o".into(),
            name: "O".into(),
            roles: vec![Role::Operator],
            active: true,
            group: npo_core::people::Group::default(),
        };
        writer.happen(Event::PersonAdded { id: PersonId(1), person });
        let effects: Vec<f64> =
            (0..self.scenarios).map(|_| 1.6 * (random.uniform() - 0.5)).collect();
        let mut silent: VecDeque<(i64, DecisionId)> = VecDeque::new();
        let mut known = Vec::new();
        for i in 0..self.decisions {
            let at = i64::try_from(i).expect("few decisions");
            while silent.front().is_some_and(|(due, _)| *due <= at) {
                let (_, id) = silent.pop_front().expect("just seen");
                let draws = draws(&mut random);
                writer.order(at, draws, None, Command::Expire(id));
            }
            let scenario = random.below(self.scenarios);
            let x = 5.0 * random.uniform() - 2.5;
            let like = sigmoid(self.intercept + 1.2 * x + effects[scenario]);
            let allowed = self.blocked_every == 0 || i % self.blocked_every != 0;
            let proposal = Proposal {
                type_id: TypeId(0),
                scenario: ScenarioRef::Named {
                    entity: format!("e{scenario}"),
                    site: String::new(),
                },
                action: 0,
                raw: [x].into_iter().collect(),
                text: None,
            };
            let verdict = Verdict { allow: allowed, bundle: [0; 32], rules: vec![], error: None };
            let draws_now = draws(&mut random);
            let event = writer.order(at, draws_now, Some(verdict), Command::Propose(proposal));
            let Event::DecisionMade(made) = event else { panic!("no decision") };
            let mut label = None;
            if made.asks() {
                let answers = random.uniform() < (self.answered)(made.score);
                let liked = random.uniform() < like;
                let directed = random.uniform() < DIRECTED;
                let signal = match (directed, liked) {
                    (false, _) => Signal::Neutral,
                    (true, true) => Signal::Like,
                    (true, false) => Signal::Override,
                };
                if answers {
                    let order = answer(made.id, signal);
                    let draws = draws(&mut random);
                    writer.order(at, draws, None, order);
                    label = Some(signal);
                } else {
                    silent.push_back((at + EXPIRES_S, made.id));
                }
            }
            known.push(Known { like, compared: made.compared, allowed, label });
        }
        Simulated { records: writer.records, known }
    }
}

fn draws(random: &mut Random) -> Draws {
    Draws { audit: random.uniform(), seed: random.next(), arm: None }
}

fn answer(decision: DecisionId, signal: Signal) -> Command {
    Command::Answer(AnswerOrder {
        decision,
        by: PersonId(1),
        signal,
        provenance: Provenance {
            channel: Channel::Simulation,
            open_ms: 0,
            viewed_ms: None,
            explanation: None,
            reason: None,
            confidence: None,
            consent: true,
        },
    })
}

/// The truth of a threshold: override rate, alignment loss, utility per 1,000.
#[derive(Debug, Clone, Copy)]
pub(super) struct Truth {
    pub(super) override_rate: f64,
    pub(super) loss: f64,
    pub(super) utility: f64,
    pub(super) surfaced_per_1000: f64,
}

#[expect(clippy::cast_precision_loss, reason = "few decisions")]
impl Simulated {
    fn surfaced(&self, threshold: f64) -> impl Iterator<Item = &Known> + Clone {
        self.known.iter().filter(move |known| known.allowed && known.compared >= threshold)
    }

    pub(super) fn truth(&self, threshold: f64) -> Truth {
        let count = self.surfaced(threshold).count() as f64;
        let eligible = self.known.iter().filter(|known| known.allowed).count() as f64;
        let overrides: f64 = self.surfaced(threshold).map(|known| 1.0 - known.like).sum();
        Truth {
            override_rate: overrides / count,
            loss: DIRECTED * overrides / count + (1.0 - DIRECTED) * 0.5,
            utility: 1000.0 * DIRECTED * (count - 4.0 * overrides) / eligible,
            surfaced_per_1000: 1000.0 * count / eligible,
        }
    }

    /// The override rate that somebody would read off the labels without weights.
    pub(super) fn naive(&self, threshold: f64) -> f64 {
        let labels = |signal| {
            self.surfaced(threshold).filter(|known| known.label == Some(signal)).count() as f64
        };
        labels(Signal::Override) / (labels(Signal::Like) + labels(Signal::Override))
    }

    pub(super) fn log(&self) -> MemoryLog {
        let mut log = MemoryLog::default();
        log.append(0, &self.records).expect("appends");
        log
    }

    pub(super) fn ask(&self, target: Target<'_>) -> Report {
        self.ask_with(Question { resamples: 200, ..Question::new(target) })
    }

    pub(super) fn ask_with(&self, question: Question<'_>) -> Report {
        let mut reader = self.log().reader().expect("a reader");
        replay(reader.as_mut(), question, &mut |_| ()).expect("an answer")
    }
}
