//! The laboratory's loop against the reference's two whole replays: what is answered, what the
//! monitor does and should do, what is lost and gained.

use std::path::Path;

use npo_core::learning::window::MonitorSettings;
use npo_core::oversight::Level;
use npo_core::profile::{Scorer, Selector};
use npo_core::{Draws, Profile};
use serde_json::Value;

use super::meter::latent;
use super::{Measured, Run};
use crate::experiment::{Method, Reading, WorldSettings};
use crate::world::{Role, World};

fn golden() -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/oracle/golden.json");
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(serde_json::from_str(&text).expect("the reference is JSON")),
        Err(_) => {
            eprintln!("SKIPPED: ../shared/oracle/golden.json is absent, nothing was compared");
            None
        }
    }
}

fn f(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn n<T: TryFrom<u64>>(value: &Value) -> T {
    let number = value.as_u64().unwrap_or_else(|| panic!("{value} is no count"));
    number.try_into().ok().expect("small")
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(f).collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().expect("a list").iter().map(floats).collect()
}

fn close(ours: f64, theirs: f64, what: &str) {
    assert!((ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0), "{what}: {ours}, {theirs}");
}

const MEASURED: Measured = Measured { tail: 100, checkpoints: 4 };

fn method(profile: Profile) -> Method {
    Method { profile, override_cost: None, paying_threshold: false, autonomy: Level::default() }
}

fn paper_variant(name: &str) -> Method {
    let arms = vec![0.5, 0.6, 0.7, 0.8, 0.9];
    let fixed = Selector::Fixed { theta: 0.7 };
    let full = Profile::paper();
    method(match name {
        "static" => Profile {
            scorer: Scorer::MovingAverage { rate: 0.0 },
            selector: fixed,
            monitor: MonitorSettings::Off,
            ..full
        },
        "fixed" => Profile { selector: fixed, ..full },
        "random" => Profile { selector: Selector::Random { arms }, ..full },
        "no_meta" => Profile { monitor: MonitorSettings::Periodic { period: 50 }, ..full },
        "full" => full,
        other => panic!("variant `{other}` is unknown"),
    })
}

/// Every look of the ten runs: 400 actions and 400 gold actions, and every step's misalignment.
#[test]
fn monitor_gold_action_and_misalignment_match_the_published_loop() {
    let Some(golden) = golden() else { return };
    let section = &golden["paper_loop"];
    let (env, params) = (&section["env"], &section["params"]);
    let centres = rows(&env["X"]).into_iter().flat_map(|x| x[1..].to_vec()).collect::<Vec<_>>();
    let preferences = [floats(&env["g1"]), floats(&env["g2"])];
    for run in section["runs"].as_array().expect("runs") {
        let variant = run["variant"].as_str().expect("a name");
        let horizon: u64 = n(&params["T"]);
        let by_action = n::<u64>(&run["mode"]) == 1;
        let settings = WorldSettings {
            reading: if by_action { Reading::Action } else { Reading::Delta },
            scenarios: n(&params["K"]),
            horizon,
            operators: 1,
            change_at: f(&params["drift_t"]) / f(&params["T"]),
            ..WorldSettings::default()
        };
        let prior = floats(&env["prior"]);
        let roles = vec![Role::Good];
        let world = World::given(settings, centres.clone(), preferences.clone(), prior, roles);
        let mut loop_ =
            Run::start(&world, &paper_variant(variant), MEASURED, |_, _| {}).expect("starts");
        for t in 0..horizon {
            let at = t as usize;
            let what = format!("{variant}, by action {by_action}, t = {t}");
            let k: usize = n(&env["k"][at]);
            let allowed = !env["blocked"][k].as_bool().expect("a flag");
            let g = world.preferences(t)[k];
            let step = world.given_step(t, (k, 0), g, allowed, Some(0), &floats(&env["U"][at]));
            let arm = run["arm"][at].as_i64().and_then(|arm| u8::try_from(arm).ok());
            let draws = Draws { audit: 1.0, seed: 0, arm };
            let before = loop_.meter.looks;
            let acted = loop_.episode_drawn(t, &step, world.centre(k), draws).expect("taken");
            assert_eq!(
                u64::from(acted.retrained),
                n::<u64>(&run["retrain"][at]),
                "retraining, {what}"
            );
            let misaligned = latent(&world, t, &loop_.state, &loop_.known).expect("some");
            close(misaligned, f(&run["latent"][at]), &format!("misalignment, {what}"));
            let gold = run["a_star"][at].as_i64().and_then(|gold| usize::try_from(gold).ok());
            let mut expected = before;
            if let Some(gold) = gold {
                expected[gold][n::<usize>(&run["a"][at])] += 1;
            }
            assert_eq!(loop_.meter.looks, expected, "looks by gold action and action, {what}");
        }
    }
}

#[test]
fn utility_and_answers_match_the_calibrated_loop() {
    let Some(golden) = golden() else { return };
    let section = &golden["npo_v2_loop"];
    let (env, regime) = (&section["env"], &section["regime"]);
    let kind = |kind: &Value| match kind.as_u64() {
        Some(1) => Role::Adversarial,
        Some(2) => Role::Sloppy,
        _ => Role::Good,
    };
    let roles: Vec<Role> = env["kind"].as_array().expect("kinds").iter().map(kind).collect();
    let settings = WorldSettings {
        scenarios: n(&regime["K"]),
        horizon: n(&regime["T"]),
        operators: n(&regime["n_op"]),
        adversarial: f(&regime["adv"]),
        sloppy: f(&regime["sloppy"]),
        delay_mean: f(&regime["delay"]),
        look_every: 0,
        introduced: false,
        ..WorldSettings::default()
    };
    assert_eq!(Role::shared_out(&settings), roles, "roles are shared out as in the reference");
    let horizon = settings.horizon;
    let centres = rows(&env["X"]).into_iter().flat_map(|x| x[1..].to_vec()).collect();
    let nobody_asks = vec![0.5; settings.scenarios as usize];
    let prior = floats(&env["prior"]);
    let world = World::given(settings, centres, [nobody_asks.clone(), nobody_asks], prior, roles);
    let profile = Profile { watch: None, certificate: None, ..Profile::calibrated() };
    let mut run = Run::start(&world, &method(profile), MEASURED, |_, _| {}).expect("starts");
    let (mut utility, mut oracle, mut answered) = (0.0, 0.0, 0);
    for t in 0..horizon {
        let at = t as usize;
        let draws = floats(&env["U"][at]);
        let features = floats(&env["Xt"][at])[1..].to_vec();
        let delay: u32 = n(&env["dl"][at]);
        let labelled = env["lab"][at].as_bool().expect("a flag").then_some(delay);
        let place = (n(&env["k"][at]), n(&env["op"][at]));
        let allowed = !env["blocked"][at].as_bool().expect("a flag");
        assert_eq!(world.allows(&features), allowed, "policy at {t}");
        let step = world.given_step(t, place, f(&env["gt"][at]), allowed, labelled, &draws);
        run.episode(t, &step, &features).expect("taken");
        utility += f(&section["utility"][at]);
        oracle += f(&section["oracle_utility"][at]);
        close(run.meter.utility, utility, &format!("utility up to {t}"));
        close(run.meter.oracle, oracle, &format!("oracle's utility up to {t}"));
        let asked = f(&section["surfaced"][at]) + f(&section["audited"][at]) > 0.0;
        answered += u64::from(asked && t + u64::from(delay) < horizon);
    }
    assert_eq!(run.meter.labels, answered, "answers");
    for (i, expected) in (1u32..).zip(floats(&section["reliability"])) {
        let trust = run.state.trust(npo_core::PersonId(i)).expect("known");
        close(trust.reliability(), expected, "reliability");
    }
}
