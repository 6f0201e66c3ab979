//! The guarantees against the reference numbers of `../shared/oracle/golden.json`, at 1e-9 relative.

#[path = "support/mod.rs"]
mod support;

use npo_core::guarantee::review_queue::Candidate;
use npo_core::guarantee::{
    Cusum, EProcess, PageHinkley, ReviewQueue, ReviewSettings, ShiryaevRoberts,
};
use serde_json::Value;
use support::{close, f, floats, golden, u};

#[test]
fn e_process_matches() {
    let Some(golden) = golden() else { return };
    let section = &golden["e_process"];
    let (labels, values) = (floats(&section["o"]), floats(&section["log_E"]));
    assert_eq!(labels.len(), values.len());
    let mut process = EProcess::default();
    for (label, expected) in labels.iter().zip(values) {
        process.observe(f(&section["alpha"]), *label == 1.0);
        close(process.value(), expected.exp(), "e-value");
    }
}

/// Folds the reference's stream; every value is compared, and the first label at which the level is
/// reached, counted from 1.
fn check(
    section: &Value,
    series: &str,
    (alarm, level): (&str, f64),
    mut step: impl FnMut(f64) -> f64,
) {
    let mut alarmed = None;
    for (label, (x, expected)) in
        (1..).zip(floats(&section["x"]).into_iter().zip(floats(&section[series])))
    {
        let value = step(x);
        close(value, expected, series);
        if value >= level {
            alarmed = alarmed.or(Some(label));
        }
    }
    assert_eq!(alarmed, Some(u(&section["alarms"][alarm])), "{alarm}");
}

#[test]
fn detectors_match() {
    let Some(golden) = golden() else { return };
    let section = &golden["detectors"];
    let p0 = f(&section["p0"]);
    let mut sr = ShiryaevRoberts::default();
    check(section, "sr_mean", ("sr_h200", 200.0), |x| {
        sr.observe(x, p0);
        sr.value()
    });
    let mut cusum = Cusum::new(p0, f(&section["cusum_p1"]));
    check(section, "cusum", ("cusum_h3", 3.0), |x| {
        cusum.observe(x);
        cusum.value()
    });
    let mut page = PageHinkley::new(f(&section["ph_delta"]));
    check(section, "ph", ("ph_h4", 4.0), |x| {
        page.observe(x);
        page.value()
    });
}

#[test]
fn review_queue_matches() {
    let Some(golden) = golden() else { return };
    let section = &golden["u_score"];
    let rows = |name: &str| -> Vec<Vec<f64>> {
        section[name].as_array().expect("rows").iter().map(floats).collect()
    };
    let (xs, labelled) = (rows("x"), rows("labelled"));
    let (p, impact) = (floats(&section["p"]), floats(&section["impact"]));
    let weights = floats(&section["lam"]);
    let settings = ReviewSettings {
        risk: weights[0],
        uncertainty: weights[1],
        diversity: weights[2],
        override_cost: f(&section["c"]),
    };
    let candidates: Vec<_> = (xs.iter().zip(p.iter().zip(&impact)))
        .map(|(x, (p, impact))| Candidate { p: *p, impact: *impact, x })
        .collect();
    let labelled: Vec<&[f64]> = labelled.iter().map(Vec::as_slice).collect();
    let mut queue = ReviewQueue::new(&candidates, &labelled, settings);
    let picks = section["u_per_pick"].as_array().expect("picks");
    for (before, picked) in picks.iter().zip(section["order"].as_array().expect("an order")) {
        for (index, expected) in floats(before).into_iter().enumerate() {
            // The reference writes −1 for what is picked already.
            close(queue.score(index).map_or(-1.0, |pick| pick.u), expected, "u");
        }
        assert_eq!(queue.pick().expect("a candidate").index, u(picked));
    }
}
