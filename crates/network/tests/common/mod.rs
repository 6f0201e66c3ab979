//! Shared by the integration tests: the recordings, the scenario types, and what must hold of every finding.

#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use npo_network::recording::{LabelledEvent, Limits, Recording};
use npo_network::{FactValue, Finding, FindingState, Output, Reading, WatchConfig, Watchers};
use serde::Deserialize;

pub const SHARED: [&str; 6] = [
    "11_leaf7_3h",
    "S-200121_0507_ecmp_balance",
    "S-200122_1624_blackhole_big",
    "S-200122_1729_iflap_ifdown",
    "S-200202_1940_bfd-1",
    "S-200202_2014_evtmix-1",
];

/// Where the shared recordings are; says loudly if they are not there.
pub fn shared_dir() -> Option<PathBuf> {
    data("dc-fabric-telemetry")
}

/// Where a set of shared data is; says loudly if it is not there.
pub fn data(set: &str) -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(set);
    if dir.is_dir() {
        return Some(dir);
    }
    eprintln!("SKIPPED: no data at {}; this test has checked nothing", dir.display());
    None
}

pub struct Watched {
    pub output: Output,
    pub events: Vec<LabelledEvent>,
    /// First and last counters.
    pub span_ms: (i64, i64),
}

pub fn watch_recording(dir: &Path) -> Watched {
    let mut recording =
        Recording::open(dir, "lab", &Limits::default()).expect("a readable recording");
    let mut watchers =
        Watchers::new(recording.catalog(), recording.cabling(), WatchConfig::default());
    let mut output = Output::default();
    let mut span_ms = (i64::MAX, i64::MIN);
    recording
        .replay(&mut |_| {}, &mut |catalog, sample| {
            if matches!(sample.reading, Reading::Counters(_)) {
                span_ms = (span_ms.0.min(sample.at_ms), span_ms.1.max(sample.at_ms));
            }
            watchers.observe(catalog, sample, &mut output);
        })
        .expect("a readable recording");
    Watched { output, events: recording.labelled_events().to_vec(), span_ms }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioType {
    pub name: String,
    pub version: u32,
    pub title: String,
    pub description: String,
    pub risk: String,
    pub expires_after_s: u32,
    pub override_cost: f64,
    pub prior_intercept: f64,
    pub features: Vec<Feature>,
    pub actions: Vec<Action>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    pub name: String,
    pub title: String,
    pub unit: String,
    pub description: String,
    pub min: f64,
    pub max: f64,
    pub center: f64,
    pub scale: f64,
    pub prior: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    pub name: String,
    pub title: String,
    pub description: String,
    pub prior: f64,
    pub reversible: bool,
}

/// Every scenario type as shipped, by name.
pub fn scenario_types() -> BTreeMap<String, ScenarioType> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut types = BTreeMap::new();
    for entry in std::fs::read_dir(&dir).expect("the shipped scenario types") {
        let path = entry.expect("a directory entry").path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = std::fs::read_to_string(&path).expect("a text file");
            let parsed: ScenarioType =
                toml::from_str(&text).unwrap_or_else(|err| panic!("{}: {err}", path.display()));
            assert_eq!(path.file_stem().and_then(|stem| stem.to_str()), Some(parsed.name.as_str()));
            types.insert(parsed.name.clone(), parsed);
        }
    }
    types
}

/// What must hold of any list of findings, whatever they were made from.
pub fn check_invariants(findings: &[Finding]) {
    let types = scenario_types();
    let mut open: BTreeMap<&str, &Finding> = BTreeMap::new();
    let mut last_ms = i64::MIN;
    for finding in findings {
        let schema = types
            .get(finding.scenario_type)
            .unwrap_or_else(|| panic!("no type `{}`", finding.scenario_type));
        let declared: Vec<&str> =
            schema.features.iter().map(|feature| feature.name.as_str()).collect();
        let carried: Vec<&str> = finding.features.iter().map(|(name, _)| *name).collect();
        assert_eq!(carried, declared, "{finding:#?}");
        for (feature, (_, value)) in schema.features.iter().zip(&finding.features) {
            let fits = value.is_finite() && (feature.min..=feature.max).contains(value);
            assert!(fits, "{} = {value} in {finding:#?}", feature.name);
        }
        assert!(schema.actions.iter().any(|action| action.name == finding.action), "{finding:#?}");
        for needed in ["redundancy_left", "blast_radius_gbps", "blast_radius_share"] {
            let value = finding.number(needed);
            assert!(
                value.is_some_and(|value| value.is_finite() && value >= 0.0),
                "{needed} in {finding:#?}"
            );
        }
        let names: BTreeSet<&str> = finding.facts.iter().map(|fact| fact.name).collect();
        assert_eq!(names.len(), finding.facts.len(), "two facts of one name in {finding:#?}");
        for fact in &finding.facts {
            assert!(!matches!(&fact.value, FactValue::Text(text) if text.is_empty()), "{fact:?}");
        }
        assert!(
            !finding.entity.is_empty()
                && !finding.target.is_empty()
                && !finding.evidence.is_empty()
        );
        assert!(finding.at_ms >= last_ms, "findings come in order of time: {finding:#?}");
        last_ms = finding.at_ms;
        match finding.state {
            FindingState::Raised => {
                open.insert(&finding.correlation, finding);
            }
            FindingState::Resolved => {
                let opened = open.remove(finding.correlation.as_str());
                let same = opened.is_some_and(|opened| opened.entity == finding.entity);
                assert!(same, "closes what was never opened: {finding:#?}");
            }
        }
    }
    let mut entities = BTreeSet::new();
    for finding in open.values() {
        assert!(
            entities.insert((finding.scenario_type, &finding.entity)),
            "open twice: {finding:#?}"
        );
    }
}
