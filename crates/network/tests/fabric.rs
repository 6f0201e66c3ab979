//! A generated fabric through the watchers: lively, varied, reproducible, and true to its schema.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::check_invariants;
use npo_network::fabric::{Fabric, FabricConfig, GroundTruth};
use npo_network::{Finding, FindingState, Output, Sample, WatchConfig, Watchers};

const START_MS: i64 = 1_767_225_600_000;

fn run(config: FabricConfig, seed: u64, hours: f64) -> (Vec<Finding>, Vec<GroundTruth>) {
    let mut fabric = Fabric::new(config, seed, START_MS).expect("a valid configuration");
    let mut watchers = Watchers::new(fabric.catalog(), fabric.cabling(), WatchConfig::default());
    let (mut samples, mut output, mut truths) =
        (Vec::<Sample>::new(), Output::default(), Vec::new());
    while fabric.now_ms() < START_MS + (hours * 3.6e6) as i64 {
        samples.clear();
        fabric.step(&mut samples);
        assert!(samples.is_sorted_by_key(|sample| sample.at_ms));
        for sample in &samples {
            watchers.observe(fabric.catalog(), sample, &mut output);
        }
        let known = truths.len();
        truths.extend(output.findings[known..].iter().map(|finding| fabric.ground_truth(finding)));
    }
    (output.findings, truths)
}

#[test]
fn the_default_fabric_is_lively_and_varied() {
    let hours = 5.0;
    for seed in [1, 2] {
        let (findings, truths) = run(FabricConfig::default(), seed, hours);
        check_invariants(&findings);
        let mut kinds: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
        let mut causes: BTreeMap<_, usize> = BTreeMap::new();
        let (mut raised, mut entities, mut without_cause) = (0, BTreeSet::new(), 0);
        for (finding, truth) in findings.iter().zip(&truths) {
            if finding.state == FindingState::Raised {
                raised += 1;
                entities.insert(&finding.entity);
                let counts = kinds.entry((finding.scenario_type, finding.action)).or_default();
                counts.0 += 1;
                counts.1 += usize::from(truth.helps);
                without_cause += usize::from(truth.trouble.is_none());
                *causes
                    .entry((finding.scenario_type, finding.action, truth.trouble, truth.reason))
                    .or_default() += 1;
            }
        }
        let every_s = hours * 3_600.0 / raised as f64;
        let helpful: usize = kinds.values().map(|counts| counts.1).sum();
        println!(
            "seed {seed}: {raised} raised, one every {every_s:.0} s; {helpful} would help; {without_cause} without cause"
        );
        for (kind, counts) in &kinds {
            println!("  {kind:?} {counts:?}");
        }
        for (cause, count) in &causes {
            println!("    {cause:?} {count}");
        }
        // At twenty times real time, one every 5 to 15 s.
        assert!((100.0..300.0).contains(&every_s), "{every_s}");
        let types: BTreeSet<&str> = kinds.keys().map(|(scenario_type, _)| *scenario_type).collect();
        assert_eq!(types.len(), 6, "{types:?}");
        assert!(entities.len() > raised / 4, "{} entities in {raised} findings", entities.len());
        let share = helpful as f64 / raised as f64;
        assert!((0.3..0.8).contains(&share), "{share}");
        assert!(without_cause * 10 < raised, "{without_cause} of {raised} have no cause");
    }
}

#[test]
fn one_seed_gives_one_history() {
    let config = FabricConfig { trouble_every_s: 60.0, ..FabricConfig::default() };
    assert_eq!(run(config.clone(), 7, 1.0), run(config.clone(), 7, 1.0));
    assert_ne!(run(config.clone(), 7, 1.0), run(config, 8, 1.0));
}

#[test]
fn an_action_that_helps_ends_its_trouble() {
    let config = FabricConfig { trouble_every_s: 60.0, ..FabricConfig::default() };
    let mut fabric = Fabric::new(config, 11, START_MS).expect("a valid configuration");
    let mut watchers = Watchers::new(fabric.catalog(), fabric.cabling(), WatchConfig::default());
    let (mut samples, mut output) = (Vec::new(), Output::default());
    let mut acted: Option<Finding> = None;
    for _ in 0..1_000 {
        samples.clear();
        fabric.step(&mut samples);
        for sample in &samples {
            watchers.observe(fabric.catalog(), sample, &mut output);
        }
        for finding in output.findings.drain(..) {
            match &acted {
                None if finding.state == FindingState::Raised
                    // A ticket helps once hands have come, and a drain when the device restarts.
                    && !finding.action.ends_with("-ticket")
                    && finding.action != "drain-peer"
                    && fabric.ground_truth(&finding).helps =>
                {
                    let _ = fabric.act(&finding);
                    acted = Some(finding);
                }
                Some(open) if finding.correlation == open.correlation => {
                    assert_eq!(finding.state, FindingState::Resolved);
                    assert!(finding.at_ms - open.at_ms < 400_000, "{finding:#?}");
                    return;
                }
                _ => {}
            }
        }
    }
    panic!("acted on {acted:?}, never resolved");
}

#[test]
fn a_large_fabric_is_generated_and_watched() {
    let config =
        FabricConfig { spines: 8, leaves: 32, parallel_links: 4, ..FabricConfig::default() };
    let fabric = Fabric::new(config.clone(), 1, START_MS).expect("a valid configuration");
    assert_eq!(fabric.link_count(), 2_048);
    let (findings, _) = run(config, 1, 0.5);
    check_invariants(&findings);
    assert!(!findings.is_empty());
}

#[test]
fn the_smallest_and_busiest_fabrics_hold_together() {
    let tiny = FabricConfig {
        sites: vec!["one".to_owned()],
        spines: 1,
        leaves: 2,
        parallel_links: 1,
        ..Default::default()
    };
    let cases = [
        FabricConfig { trouble_every_s: 30.0, ..tiny.clone() },
        FabricConfig {
            spines: 2,
            utilisation: 0.9,
            daily_swing: 1.0,
            trouble_every_s: 1.0,
            ..tiny.clone()
        },
        FabricConfig {
            parallel_links: 16,
            interval_ms: 60_000,
            utilisation: 0.01,
            trouble_every_s: 30.0,
            ..tiny
        },
    ];
    for config in cases {
        let (findings, _) = run(config.clone(), 5, 3.0);
        check_invariants(&findings);
        assert!(!findings.is_empty(), "{config:?}");
    }
}

#[test]
fn settings_out_of_range_are_refused() {
    fn check(config: FabricConfig, message: &str) {
        let error = Fabric::new(config, 1, START_MS).expect_err("out of range");
        assert_eq!(error.to_string(), message);
    }
    let sound = FabricConfig::default;
    check(FabricConfig { spines: 0, ..sound() }, "`spines` is 0, expected 1 to 256");
    check(
        FabricConfig { utilisation: f64::NAN, ..sound() },
        "`utilisation` is NaN, expected 0.01 to 0.9",
    );
    check(
        FabricConfig { link_gbps: 7, ..sound() },
        "`link_gbps` is 7, expected 10, 25, 40, 100, 200, 400 or 800",
    );
    let huge = FabricConfig { spines: 256, leaves: 1_024, ..sound() };
    check(huge, "the fabric would have 1048576 links, expected at most 100000");
}
