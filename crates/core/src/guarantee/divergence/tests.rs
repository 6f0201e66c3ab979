use super::super::chance::Chance;
use super::*;

const KEYS: [(&str, usize); 4] = [("site", 6), ("type", 5), ("action", 4), ("shift", 3)];

/// `count` rows with uniform values of [`KEYS`], overridden with probability `rate(values)`; a fifth
/// key has a value of its own in each row.
fn world(chance: &mut Chance, count: usize, rate: impl Fn(&[usize]) -> f64) -> Vec<Row<'static>> {
    let row = |number: usize, chance: &mut Chance| {
        let value = |chance: &mut Chance, values: usize| {
            (0..values - 1).filter(|i| chance.hit(1.0 / (values - i) as f64)).count().min(values)
        };
        let values: Vec<usize> = KEYS.iter().map(|(_, n)| value(chance, *n)).collect();
        let mut keys: Vec<_> =
            KEYS.iter().zip(&values).map(|((key, _), v)| (*key, v.to_string())).collect();
        keys.push(("id", number.to_string()));
        Row { keys, overridden: chance.hit(rate(&values)) }
    };
    (0..count).map(|number| row(number, chance)).collect()
}

fn names(findings: &[Finding]) -> Vec<String> {
    let name = |finding: &Finding| {
        let terms = finding.slice.iter().map(|(key, value)| format!("{key}={value}"));
        terms.collect::<Vec<_>>().join(" ")
    };
    findings.iter().map(name).collect()
}

fn found(rows: &[Row<'_>]) -> Vec<Finding> {
    diverging(rows, &DivergenceSettings::default()).expect("rows within the limits")
}

#[test]
fn a_planted_slice_is_named_once() {
    let check = |rate: fn(&[usize]) -> f64, expected: &[&str]| {
        let rows = world(&mut Chance::new(23), 6_000, rate);
        assert_eq!(names(&found(&rows)), expected);
    };
    check(|_| 0.04, &[]);
    check(|v| if v[0] == 1 { 0.25 } else { 0.04 }, &["site=1"]);
    // Only where both meet; neither alone is to blame.
    check(|v| if v[0] == 1 && v[2] == 1 { 0.5 } else { 0.04 }, &["action=1 site=1"]);
    // Everybody is unhappy everywhere alike.
    check(|_| 0.4, &[]);
}

#[test]
fn two_troubles_are_two_findings() {
    let rate = |v: &[usize]| match (v[0], v[1]) {
        (1, _) => 0.4,
        (_, 2) => 0.25,
        _ => 0.03,
    };
    let rows = world(&mut Chance::new(29), 6_000, rate);
    let findings = found(&rows);
    assert_eq!(names(&findings), ["site=1", "type=2"]);
    for finding in &findings {
        assert!(finding.q <= 0.05 && finding.p <= finding.q && finding.rate > finding.baseline);
        assert!(finding.interval.0 <= finding.rate && finding.rate <= finding.interval.1);
        #[expect(clippy::cast_precision_loss, reason = "counts")]
        let rate = finding.overrides as f64 / finding.labels as f64;
        assert_eq!(finding.rate, rate);
    }
}

#[test]
fn a_lot_without_a_rest_is_held_against_the_tolerance() {
    let rows = |overrides: usize| -> Vec<Row<'static>> {
        (0..100)
            .map(|i| Row { keys: vec![("site", "only".into())], overridden: i < overrides })
            .collect()
    };
    assert_eq!(names(&found(&rows(5))), [""; 0]);
    assert_eq!(names(&found(&rows(20))), ["site=only"]);
    assert_eq!(found(&[]), []);
}

#[test]
fn false_findings_are_as_rare_as_promised() {
    // Without any trouble, a run with a finding is a run of false findings only, so that q bounds
    // their share: a tenth of 100 runs are 10, three standard deviations 3·√(100·0.1·0.9) = 9.
    let settings = DivergenceSettings { q: 0.1, ..Default::default() };
    let mut chance = Chance::new(31);
    let wrong = (0..100)
        .filter(|_| {
            let rows = world(&mut chance, 1_000, |_| 0.1);
            !diverging(&rows, &settings).expect("rows within the limits").is_empty()
        })
        .count();
    assert!(wrong <= 19, "{wrong} of 100 runs have false findings");
}

#[test]
fn what_overlaps_a_trouble_is_seldom_named_beside_it() {
    let mut chance = Chance::new(37);
    let rate = |v: &[usize]| if v[0] == 1 && v[2] == 1 { 0.5 } else { 0.04 };
    let exact = (0..40)
        .filter(|_| names(&found(&world(&mut chance, 2_000, rate))) == ["action=1 site=1"])
        .count();
    // A finding too many in 5 % of the runs: 2 of 40, and three standard deviations are
    // 3·√(40·0.05·0.95) = 4.
    assert!(exact >= 34, "only {exact} of 40 runs name the planted slice and nothing else");
}

#[test]
fn what_is_beyond_the_limits_is_refused() {
    let row = |keys: Vec<(&'static str, String)>| Row { keys, overridden: false };
    let check = |rows: &[Row<'_>], settings: DivergenceSettings, expected: &str| {
        let error = diverging(rows, &settings).expect_err("refused");
        assert_eq!(error.to_string(), expected);
    };
    let settings = DivergenceSettings::default();
    let q = DivergenceSettings { q: 0.0, ..settings };
    check(&[], q, "divergence setting `q` is 0, expected a number from 0.000001 to 0.5");
    let twice = row(vec![("site", "a".into()), ("site", "b".into())]);
    check(&[twice], settings, "row 1 has the key `site` twice, expected each key once");
    let many = row(vec![("site", "a".into()); KEYS_MAX + 1]);
    check(&[many], settings, "row 1 has 17 keys, expected at most 16");
    let rows = vec![row(vec![]); ROWS_MAX + 1];
    check(&rows, settings, "200001 decisions, expected at most 200000; take the latest");
}
