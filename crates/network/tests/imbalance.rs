//! Imbalance episodes on the shared matrices: the golden series, the forecasts, and what was learned beforehand.

mod common;

use std::path::{Path, PathBuf};

use npo_network::format::{ImportOptions, TrafficOptions, open};
use npo_network::imbalance::episode::{episodes, onset, present};
use npo_network::imbalance::evaluate::{NPO, Predicted, Question, Split};
use npo_network::imbalance::predict::{Abstention, learn_together};
use npo_network::imbalance::smooth::{Holt, MARGIN};
use npo_network::imbalance::track::Tracker;
use npo_network::imbalance::{
    Carried, Definition, Evaluation, Forecast, Options, Predictor, Scale, Target, Trained,
    evaluate, prior,
};
use npo_network::topology::weights::Weighting;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(path);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: nothing at {}; this test has checked nothing", path.display());
    None
}

/// A shared traffic set, and what is known of it.
struct Set {
    topology: &'static str,
    traffic: &'static str,
    golden: &'static str,
    name: &'static str,
    window: usize,
    train: usize,
}

const ABILENE: Set = Set {
    topology: "data/topologies/sndlib-native/abilene.txt",
    traffic: "data/tm-abilene-2004/abilene_tm_20040301_20040314.csv.gz",
    golden: "oracle/imbalance/golden_abilene-2004.csv",
    name: "abilene-2004",
    window: 288,
    train: 2016,
};
const META: Set = Set {
    topology: "data/tm-meta-pod-a/original/Facebook_pod_a.json",
    traffic: "data/tm-meta-pod-a/meta_pod_a_tm.csv.gz",
    golden: "oracle/imbalance/golden_meta-a.csv",
    name: "meta-a",
    window: 300,
    train: 6000,
};

/// Utilisations of a set; routing weights by `reweighted` of the position of a link, if given.
fn carried(set: &Set, reweighted: Option<&dyn Fn(usize) -> u32>) -> Option<Carried> {
    let options =
        ImportOptions { weighting: Weighting::InverseCapacity, ..ImportOptions::default() };
    let mut topology =
        open::topology(&shared(set.topology)?, &options).expect("a topology").topology;
    if let Some(weight) = reweighted {
        let weights: Vec<u32> =
            topology.arcs().iter().map(|arc| weight(arc.link.index())).collect();
        topology = topology.with_weights(&weights);
    }
    let traffic =
        open::traffic(&shared(set.traffic)?, &TrafficOptions::default()).expect("traffic");
    let series = traffic.series.resolve(&topology).expect("the same nodes");
    Some(Carried::route(&topology, &series, &mut || ()))
}

/// Columns of a golden series.
fn golden(set: &Set) -> Option<Vec<[f64; 10]>> {
    let text = std::fs::read_to_string(shared(set.golden)?).expect("a text file");
    let row = |line: &str| {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().expect("a number")).collect();
        cells.try_into().expect("ten columns")
    };
    Some(text.lines().skip(1).map(row).collect())
}

/// Golden numbers are rounded to six digits.
fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-5 * expected.abs().max(1.0)
}

fn check_golden(set: &Set) {
    let (Some(carried), Some(golden)) = (carried(set, None), golden(set)) else { return };
    assert_eq!(carried.rows.len(), golden.len());
    let scale = Scale::learn(&carried.rows[..set.train]).expect("traffic that changes");
    let constants = std::fs::read_to_string(
        shared("oracle/imbalance/golden_constants.json").expect("beside the series"),
    );
    let constants: serde_json::Value =
        serde_json::from_str(&constants.expect("a text file")).expect("JSON");
    let constants = &constants[set.name];
    assert_eq!(constants["active_links"], scale.active.len());
    let is = |name: &str, found: f64| {
        let expected = constants[name].as_f64().expect("a number");
        assert!((found - expected).abs() < 1e-12, "{name}: {found}, expected {expected}");
    };
    is("sd_logR", scale.sd_log_r);
    is("sd_logM", scale.sd_log_m);

    let definition = Definition { horizon: 3, window: set.window };
    let mut tracker = Tracker::new(definition, scale);
    let mut holt = Holt::new(MARGIN);
    let mut hot = Vec::new();
    for (row, golden) in carried.rows.iter().zip(&golden) {
        let [t, r, m, is_hot, _, _, _, margin, holt_h3, links_h3] = *golden;
        let step = tracker.observe(row);
        let spread = step.spread.expect("traffic");
        assert!(near(spread.log_r.exp(), r) && near(spread.log_m.exp(), m), "{t}: {spread:?}");
        assert_eq!(step.hot, is_hot == 1.0, "{t}");
        assert!(near(step.margin.unwrap_or(-9.0), margin), "{t}: {step:?}");
        assert!(near(step.link_margin.unwrap_or(-9.0), links_h3), "{t}: {step:?}");
        holt.observe(step.margin.unwrap_or(-6.0));
        assert!(near(holt.ahead(MARGIN.reach(3)), holt_h3), "{t}: {holt:?}");
        hot.push(step.hot);
    }
    let episodes = episodes(&hot);
    let (present, onset) = (present(&episodes, hot.len(), 3), onset(&episodes, &hot, 3));
    for (t, golden) in golden.iter().enumerate() {
        let [_, _, _, _, in_episode, present3, onset3, ..] = *golden;
        let inside = episodes.iter().any(|episode| episode.contains(&t));
        assert_eq!((inside, present[t]), (in_episode == 1.0, present3 == 1.0), "{t}");
        // The golden column also says what begins after a hot step, where the question is not asked.
        assert!(onset[t].is_none_or(|onset| onset == (onset3 == 1.0)), "{t}");
    }
}

#[test]
fn abilene_equals_the_golden_series_at_every_step() {
    check_golden(&ABILENE);
}

#[test]
fn the_meta_pod_equals_the_golden_series_at_every_step() {
    check_golden(&META);
}

/// The shared matrices of two weeks under eight sets of routing weights; links weigh 1 to 5 in seven of them.
fn abilene_routed_otherwise() -> Option<Vec<Vec<Vec<f64>>>> {
    let mut all = vec![carried(&ABILENE, None)?.rows];
    for set in 1..8 {
        let weight = |link: usize| 1 + ((7 * link * link + 5 * link * set + 13 * set) % 5) as u32;
        all.push(carried(&ABILENE, Some(&weight))?.rows);
    }
    Some(all)
}

#[test]
fn what_is_known_beforehand_is_what_the_first_week_teaches() {
    let Some(mut networks) = abilene_routed_otherwise() else { return };
    networks.iter_mut().for_each(|rows| rows.truncate(ABILENE.train));
    let definition = Definition { horizon: 3, window: ABILENE.window };
    for target in Target::ALL {
        let learned = learn_together(&networks, definition, target).expect("traffic that changes");
        let rounded: Vec<f64> = learned.iter().map(|w| (w * 1e3).round() / 1e3).collect();
        println!("{}: {rounded:?}", target.name());
        for (found, kept) in learned.iter().zip(prior::weights(target)) {
            assert!((found - kept).abs() < 1e-3, "{}: {found}, kept is {kept}", target.name());
        }
    }
}

fn options(definition: Definition, season: Option<usize>, train: f64, calibration: f64) -> Options {
    Options { definition, season, split: Split { train, calibration }, draws: 200, seed: 1 }
}

/// Draws are few, for speed: the figures do not depend on them.
fn evaluated(set: &Set, season: Option<usize>, shares: (f64, f64)) -> Option<Evaluation> {
    let rows = carried(set, None)?.rows;
    let definition = Definition { horizon: 3, window: set.window };
    let options = options(definition, season, shares.0, shares.1);
    Some(evaluate(&rows, &options).expect("something to evaluate"))
}

fn predicted<'a>(question: &'a Question, name: &str) -> &'a Predicted {
    question.predictors.iter().find(|predicted| predicted.name == name).expect("a forecast")
}

#[test]
fn on_abilene_npo_is_as_good_as_the_published_forecasts() {
    // Days 1–7, 8–10, 11–14.
    let Some(evaluation) = evaluated(&ABILENE, Some(288), (0.5, 3.0 / 14.0)) else { return };
    assert_eq!((evaluation.train.end, evaluation.test.start), (2016, 2880));
    let [onset, present] = &evaluation.questions[..] else { panic!("two questions") };
    assert_eq!((onset.asked, onset.positives), (1041, 40));
    assert_eq!((present.asked, present.positives), (1152, 126));
    for (question, name, f1, average) in [
        (onset, "persistence", 0.0, 0.038),
        (onset, "persistence of the level", 0.34, 0.26),
        (onset, "Holt per link", 0.44, 0.34),
        (onset, NPO, 0.41, 0.30),
        (present, "persistence of the level", 0.71, 0.72),
        (present, NPO, 0.70, 0.74),
    ] {
        let found = &predicted(question, name).by_step;
        println!(
            "{} {name}: {:?} {:?}",
            question.target, found.f1.value, found.average_precision.value
        );
        assert!(found.f1.value >= Some(f1), "{name}: {found:?}");
        assert!(found.average_precision.value >= Some(average), "{name}: {found:?}");
    }
    for question in [onset, present] {
        assert_eq!(question.abstention, None);
        let chances = &predicted(question, NPO).probabilities;
        println!("{}: {chances:#?}", question.target);
        assert!(chances.skill > Some(0.25), "{chances:?}");
        assert!(chances.calibration_error < Some(0.03), "{chances:?}");
    }
}

#[test]
fn on_the_meta_pod_npo_abstains_and_says_why() {
    let Some(evaluation) = evaluated(&META, None, (0.6, 0.2)) else { return };
    assert!(evaluation.autocorrelation.expect("a series").abs() < 0.1);
    for question in &evaluation.questions {
        println!("{}: {}", question.target, question.verdict);
        assert!(
            matches!(question.abstention, Some(Abstention::NoSkill { .. })),
            "{}",
            question.verdict
        );
        assert!(question.verdict.starts_with("npo abstains: "), "{}", question.verdict);
        assert_eq!(predicted(question, NPO).by_step.alarms, 0);
    }
}

/// A small network whose balance follows a slow wave and noise, the same for one seed.
fn invented(steps: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut unit = || (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let mut swing = 0.0;
    (0..steps)
        .map(|t| {
            let wave = (t as f64 / 40.0).sin();
            swing = 0.9 * swing + 0.1 * (unit() - 0.5);
            (0..6)
                .map(|link| {
                    let lean = if link == 0 { 0.2 * wave + swing } else { 0.0 };
                    (0.3 + 0.02 * f64::from(link) + lean + 0.02 * unit()).max(0.0)
                })
                .collect()
        })
        .collect()
}

#[test]
fn step_by_step_the_numbers_are_those_of_the_evaluation() {
    let rows = invented(1200, 3);
    let definition = Definition { horizon: 3, window: 96 };
    let evaluation =
        evaluate(&rows, &options(definition, None, 0.5, 0.2)).expect("something to evaluate");
    let trained = Trained::learn(&rows[..840], 600, definition).expect("something to learn");
    let mut predictor = Predictor::new(trained);
    let forecasts: Vec<Forecast> = rows.iter().filter_map(|row| predictor.observe(row)).collect();
    let tested = || forecasts.iter().filter(|forecast| forecast.step >= 840);
    for question in &evaluation.questions {
        assert_eq!(question.abstention, None, "an even wave is predictable: {question:#?}");
        let chances: Vec<_> = match question.target {
            "onset" => tested().filter_map(|forecast| forecast.onset).collect(),
            _ => tested().map(|forecast| forecast.present).collect(),
        };
        let npo = predicted(question, NPO);
        assert_eq!(chances.len(), question.asked);
        let alarms = chances.iter().filter(|chance| chance.alarm).count();
        assert_eq!(alarms, npo.by_step.alarms);
        let mean = chances.iter().map(|chance| chance.probability).sum::<f64>();
        let bins = npo.probabilities.reliability.iter();
        let of_bins = bins.map(|bin| bin.probability * bin.steps as f64).sum::<f64>();
        assert!((mean - of_bins).abs() < 1e-9 * mean, "{mean} {of_bins}");
    }
}

#[test]
fn whatever_the_traffic_the_answer_is_clear_and_finite() {
    let noisy = invented(600, 5);
    let with = |change: &dyn Fn(usize, &mut Vec<f64>)| {
        let mut rows = noisy.clone();
        rows.iter_mut().enumerate().for_each(|(t, row)| change(t, row));
        rows
    };
    let check = |what: &str, rows: &[Vec<f64>], expected: Result<(), &str>| {
        let definition = Definition { horizon: 3, window: 48 };
        let found = evaluate(rows, &options(definition, Some(48), 0.5, 0.2));
        match (found, expected) {
            (Ok(evaluation), Ok(())) => {
                let json = serde_json::to_string(&evaluation).expect("JSON");
                // What is not a number would be null there; a figure that is not defined is null on purpose.
                assert!(evaluation.sd_log_m.is_finite(), "{what}: {json}");
                for chances in evaluation.questions.iter().flat_map(|q| &q.predictors) {
                    let is_finite = chances.probabilities.brier.is_none_or(f64::is_finite);
                    assert!(is_finite, "{what}: {chances:?}");
                }
            }
            (Err(error), Err(words)) => {
                assert!(error.to_string().contains(words), "{what}: {error}")
            }
            (found, _) => panic!("{what}: {found:?}"),
        }
    };
    check("as it is", &noisy, Ok(()));
    check("nothing", &[], Err("steps to learn from"));
    check("one step", &noisy[..1], Err("steps to learn from"));
    check("short", &noisy[..50], Err("steps to learn from"));
    check("just long enough", &noisy[..70], Ok(()));
    check("no links", &vec![Vec::new(); 600], Err("no link carries traffic"));
    check("idle", &with(&|_, row| row.fill(0.0)), Err("no link carries traffic"));
    check("constant", &with(&|_, row| *row = noisy[0].clone()), Err("does not change"));
    check("one link", &with(&|_, row| row.truncate(1)), Err("does not change"));
    check(
        "gaps",
        &with(&|t, row| {
            if t % 7 == 0 {
                row.fill(0.0)
            }
        }),
        Ok(()),
    );
    check(
        "idle in the test",
        &with(&|t, row| {
            if t > 400 {
                row.fill(0.0)
            }
        }),
        Ok(()),
    );
    check(
        "constant later",
        &with(&|t, row| {
            if t > 250 {
                *row = noisy[9].clone()
            }
        }),
        Ok(()),
    );
    check("ever hotter", &with(&|t, row| row[0] += t as f64), Ok(()));
    check(
        "wakes up later",
        &with(&|t, row| {
            if t < 500 {
                row[2] = 0.0
            }
        }),
        Ok(()),
    );
    check("huge", &with(&|_, row| row.iter_mut().for_each(|u| *u *= 1e200)), Ok(()));
    check("tiny", &with(&|_, row| row.iter_mut().for_each(|u| *u *= 1e-200)), Ok(()));
}
