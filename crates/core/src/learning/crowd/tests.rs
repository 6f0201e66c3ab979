use proptest::prelude::*;

use super::super::trust::TrustSettings;
use super::*;

/// A small deterministic generator: the tests need spread-out numbers, not good ones.
struct Noise(u64);

impl Noise {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn uniform(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Answers of `workers` to `items`, each right with the probability that `right` says.
fn world(
    items: usize,
    workers: usize,
    seed: u64,
    right: impl Fn(usize, usize) -> f64,
) -> (Answers, Vec<usize>) {
    let mut noise = Noise(seed);
    let truths: Vec<usize> = (0..items).map(|_| usize::from(noise.uniform() < 0.5)).collect();
    let mut answers = Vec::new();
    for (item, truth) in truths.iter().enumerate() {
        for worker in 0..workers {
            let label = if noise.uniform() < right(item, worker) { *truth } else { 1 - truth };
            answers.push(Answer { item, worker, label });
        }
    }
    (Answers::new(items, workers, 2, answers).unwrap(), truths)
}

#[expect(clippy::cast_precision_loss, reason = "a handful of items")]
fn accuracy(truths: &[usize], found: impl Fn(usize) -> usize) -> f64 {
    let right = truths.iter().enumerate().filter(|(item, truth)| found(*item) == **truth).count();
    right as f64 / truths.len() as f64
}

/// A third of the workers is good, the rest guesses.
fn few_good(_: usize, worker: usize) -> f64 {
    if worker.is_multiple_of(3) { 0.9 } else { 0.5 }
}

#[test]
fn good_workers_among_guessers_are_found() {
    let (answers, truths) = world(200, 15, 1, few_good);
    let inference = infer(&answers);
    assert_eq!(inference.method, Method::DawidSkene);
    let plain = majority(&answers);
    let found = accuracy(&truths, |item| inference.fit.truth(item));
    assert!(found > 0.95 && found > accuracy(&truths, |item| plain.truth(item)) + 0.02, "{found}");
    assert!((inference.fit.reliability(0) - 0.9).abs() < 0.07);
    assert!((inference.fit.reliability(1) - 0.5).abs() < 0.12);
}

#[test]
fn a_second_way_of_seeing_is_noticed_and_answered_by_the_majority() {
    // On two items of five, most workers go by something that has nothing to do with the truth.
    let mut noise = Noise(2);
    let mut answers = Vec::new();
    for item in 0..150 {
        let (truth, look) =
            (usize::from(noise.uniform() < 0.5), usize::from(noise.uniform() < 0.5));
        for worker in 0..30 {
            let goes_by = if worker < 17 { truth } else { look };
            let label = if noise.uniform() < 0.9 { goes_by } else { 1 - goes_by };
            answers.push(Answer { item, worker, label });
        }
    }
    let answers = Answers::new(150, 30, 2, answers).unwrap();
    let inference = infer(&answers);
    assert_eq!(inference.method, Method::Majority, "{:?}", inference.dependence);
    assert_eq!(inference.fit, majority(&answers));
}

#[test]
fn workers_who_err_together_make_the_posterior_less_sure() {
    // Three items of ten are hard for everybody.
    let right = |item: usize, worker: usize| {
        let skill = 0.6 + 0.03 * f64::from(u32::try_from(worker).unwrap());
        if item.is_multiple_of(3) { 0.55 } else { skill }
    };
    let (answers, _) = world(200, 12, 3, right);
    let raw = dawid_skene(&answers);
    let inference = infer(&answers);
    for item in 0..200 {
        let (plain, told) = (raw.posterior(item), inference.fit.posterior(item));
        let top = |p: &[f64]| p.iter().copied().fold(0.0, f64::max);
        assert!(top(told) <= top(plain) + 0.05, "{plain:?} {told:?}");
    }
}

#[test]
fn online_finds_what_batch_finds() {
    let (answers, truths) = world(200, 15, 4, few_good);
    for (channel, least) in [(Channel::OneCoin, 0.93), (Channel::Confusion, 0.93)] {
        let mut online = Online::new(2, channel).unwrap();
        for (ix, answer) in answers.all().iter().enumerate() {
            online.answer(*answer).unwrap();
            if (ix + 1).is_multiple_of(15) {
                online.refresh();
            }
        }
        let found = accuracy(&truths, |item| online.truth(item));
        assert!(found > least, "{channel:?} {found}");
        assert!(online.reliability(0) > 0.8 && online.reliability(1) < 0.65, "{channel:?}");
        assert_eq!(online.posterior(9999), [0.5, 0.5]);
    }
}

#[test]
fn answers_out_of_range_are_refused() {
    let answer = Answer { item: 0, worker: 0, label: 2 };
    let error = Answers::new(1, 1, 2, vec![answer]).unwrap_err();
    assert_eq!(error.to_string(), "answer 0 names class 2, expected less than 2");
    let error = Answers::new(1, 1, 1, vec![answer]).unwrap_err();
    assert_eq!(error.to_string(), "found 1 classes, expected 2 to 32");
    let mut online = Online::new(2, Channel::OneCoin).unwrap();
    assert!(online.answer(answer).is_err());
    assert!(online.answer(Answer { item: MEMBERS_MAX, worker: 0, label: 0 }).is_err());
    assert!(Online::new(99, Channel::OneCoin).is_err());
}

const PRIOR: TrustSettings =
    TrustSettings { right: 4.5, wrong: 0.5, alarm_run_length: None, pooled: true };

#[test]
fn a_new_operator_starts_where_the_team_stands() {
    let mut sources = Vec::new();
    for (team, rate) in [(0, 0.95), (1, 0.6), (2, 0.9)] {
        for _ in 0..5 {
            sources.push(Source { team, right: 100.0 * rate, wrong: 100.0 * (1.0 - rate) });
        }
    }
    sources.push(Source { team: 1, right: 0.0, wrong: 0.0 });
    let pooled = pool(&sources, &[0, 0, 1], &PRIOR);
    let newcomer = pooled.operators[15];
    assert_eq!(newcomer, pooled.teams[1]);
    assert!((newcomer.reliability() - 0.6).abs() < 0.05, "{newcomer:?}");
    // Members of these teams are alike, so the team counts for much.
    assert!(newcomer.right + newcomer.wrong >= 32.0, "{newcomer:?}");
    // A site stands between its teams, everybody between the sites.
    let site = pooled.sites[0].reliability();
    assert!((0.6..0.95).contains(&site), "{site}");
}

#[test]
fn one_busy_operator_does_not_become_the_team() {
    let mut sources = vec![Source { team: 0, right: 10_000.0, wrong: 90_000.0 }];
    sources.extend(vec![Source { team: 0, right: 18.0, wrong: 2.0 }; 9]);
    let pooled = pool(&sources, &[0], &PRIOR);
    assert!(pooled.teams[0].reliability() > 0.7, "{:?}", pooled.teams[0]);
    assert!((pooled.operators[0].reliability() - 0.1).abs() < 0.01);
}

#[test]
fn without_signals_everybody_has_the_prior() {
    let pooled = pool(&[], &[0, 0], &PRIOR);
    for trust in pooled.teams.iter().chain(&pooled.sites).chain([&pooled.everybody]) {
        assert!((trust.reliability() - 0.9).abs() < 1e-9, "{trust:?}");
    }
    let odd = Source { team: 7, right: f64::NAN, wrong: -1.0 };
    let pooled = pool(&[odd], &[0], &PRIOR);
    assert!((pooled.operators[0].reliability() - 0.9).abs() < 1e-9);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_answers_give_probabilities(
        rows in prop::collection::vec((0_usize..9, 0_usize..6, 0_usize..3), 1..80),
    ) {
        let answers: Vec<Answer> =
            rows.iter().map(|(item, worker, label)| Answer { item: *item, worker: *worker, label: *label }).collect();
        let checked = Answers::new(9, 6, 3, answers.clone()).unwrap();
        let inference = infer(&checked);
        let mut online = Online::new(3, Channel::Confusion).unwrap();
        for answer in answers {
            online.answer(answer).unwrap();
            online.refresh();
        }
        for item in 0..9 {
            for posterior in [inference.fit.posterior(item).to_vec(), online.posterior(item)] {
                let sum: f64 = posterior.iter().sum();
                prop_assert!((sum - 1.0).abs() < 1e-9 && posterior.iter().all(|p| *p >= 0.0), "{posterior:?}");
            }
        }
        prop_assert_eq!(infer(&checked), inference);
    }

    #[test]
    fn any_counts_pool_to_beliefs(
        rows in prop::collection::vec((0_usize..4, 0.0..1e6, 0.0..1e6), 0..20),
    ) {
        let sources: Vec<Source> =
            rows.iter().map(|(team, right, wrong)| Source { team: *team, right: *right, wrong: *wrong }).collect();
        let pooled = pool(&sources, &[0, 1, 1], &PRIOR);
        for trust in pooled.operators.iter().chain(&pooled.teams).chain(&pooled.sites) {
            prop_assert!(trust.reliability() > 0.0 && trust.reliability() < 1.0, "{trust:?}");
        }
    }
}
