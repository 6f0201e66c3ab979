//! A calm but bursty fabric stays quiet, and every kind of trouble is found where it is.

mod common;

use std::collections::BTreeMap;

use npo_network::fabric::{Fabric, FabricConfig, TroubleKind};
use npo_network::{Finding, FindingState, Output, WatchConfig, Watchers};

const START_MS: i64 = 1_767_225_600_000;

fn run(fabric: &mut Fabric, hours: f64, mut on_finding: impl FnMut(&Fabric, &Finding)) {
    let mut watchers = Watchers::new(fabric.catalog(), fabric.cabling(), WatchConfig::default());
    let (mut samples, mut output) = (Vec::new(), Output::default());
    while fabric.now_ms() < START_MS + (hours * 3.6e6) as i64 {
        samples.clear();
        fabric.step(&mut samples);
        for sample in &samples {
            watchers.observe(fabric.catalog(), sample, &mut output);
        }
        output.findings.drain(..).for_each(|finding| on_finding(fabric, &finding));
    }
}

/// Eight hours without trouble, at three times the usual bursts. If false alarms came at one in ten hours, none in the
/// 3 × 8 h would have a chance of 1 in 11 (Poisson with mean 2.4); so a rate of one in eight hours is excluded at 95 %.
#[test]
fn a_calm_and_bursty_fabric_raises_nothing() {
    for seed in 1..=3 {
        let config =
            FabricConfig { trouble_every_s: 1e9, burst_every_s: 40.0, ..FabricConfig::default() };
        let mut fabric = Fabric::new(config, seed, START_MS).expect("a valid configuration");
        run(&mut fabric, 8.0, |_, finding| panic!("seed {seed}: {finding:#?}"));
        let carried = fabric.carried();
        println!("seed {seed}: {carried:?}, overloaded {} link·s", fabric.overloaded_link_s());
        assert!(carried.errors + carried.silent + carried.rerouting + carried.unrouted < 1.0);
    }
}

#[test]
fn every_kind_of_trouble_is_found() {
    let mut found: BTreeMap<TroubleKind, usize> = BTreeMap::new();
    for seed in 1..=4 {
        let config = FabricConfig { trouble_every_s: 200.0, ..FabricConfig::default() };
        let mut fabric = Fabric::new(config, seed, START_MS).expect("a valid configuration");
        run(&mut fabric, 5.0, |fabric, finding| {
            let truth = fabric.ground_truth(finding);
            if finding.state == FindingState::Raised {
                if let Some(kind) = truth.trouble {
                    *found.entry(kind).or_default() += 1;
                } else if finding.scenario_type == "silent-drops" {
                    println!("{finding:#?}");
                }
            }
        });
    }
    println!("{found:#?}");
    for kind in TroubleKind::ALL {
        assert!(found.contains_key(&kind), "{kind:?} was never found");
    }
}
