//! A real Prometheus server holds what a recording or a generated fabric told: its past, replayed,
//! gives what the original gives.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::Person;
use common::prometheus::{Past, Prometheus, is_installed};
use npo_network::fabric::{Fabric, FabricConfig};
use npo_network::recording::{Limits, Recording};
use npo_network::{
    Cabling, Catalog, Finding, FindingState, Output, PortId, Reading, WatchConfig, Watchers,
};
use serde_json::Value;

const START_MS: i64 = 1_767_225_600_000;
const END_MS: i64 = START_MS + 2 * 3_600_000;

fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).expect("a time of our time").to_string()
}

fn cabling_csv(catalog: &Catalog, cabling: &Cabling) -> String {
    let name = |port: PortId| {
        format!("{},{}", catalog.device_name(catalog.device_of(port)), catalog.interface(port))
    };
    let links = cabling.ends().filter(|(one, other)| one < other);
    let lines = links.map(|(one, other)| format!("{},{}\n", name(one), name(other)));
    format!("device,interface,peer_device,peer_interface\n{}", lines.collect::<String>())
}

/// How often each condition was raised and resolved. A link is named by its first end: which of them
/// reports a loss depends on the order of readings of one millisecond.
fn counts<'a>(
    said: impl Iterator<Item = (&'a str, &'a str, bool)>,
    catalog: &Catalog,
    cabling: &Cabling,
) -> BTreeMap<(String, String, bool), usize> {
    let mut counts = BTreeMap::new();
    for (scenario_type, entity, is_raised) in said {
        let port = entity.split_once(':').and_then(|(d, i)| catalog.find_port(d, i));
        let first = port.map(|port| cabling.peer(port).map_or(port, |peer| peer.min(port)));
        let entity = first.map_or(entity, |port| catalog.label(port));
        *counts.entry((scenario_type.to_owned(), entity.to_owned(), is_raised)).or_default() += 1;
    }
    counts
}

#[test]
fn a_fabrics_past_gives_what_the_fabric_gave() {
    if !is_installed() {
        return;
    }
    let config = FabricConfig { spines: 2, leaves: 4, ..FabricConfig::default() };
    let mut fabric = Fabric::new(config, 11, START_MS).expect("a valid configuration");
    let mut watchers = Watchers::new(fabric.catalog(), fabric.cabling(), WatchConfig::default());
    let (mut samples, mut output, mut past) = (Vec::new(), Output::default(), Past::default());
    while fabric.now_ms() < END_MS {
        samples.clear();
        fabric.step(&mut samples);
        samples.retain(|sample| !matches!(sample.reading, Reading::Session { .. }));
        for sample in &samples {
            past.add(fabric.catalog(), sample);
            watchers.observe(fabric.catalog(), sample, &mut output);
        }
    }
    let prometheus = Prometheus::with(past);
    let person = Person::new();
    let cabling = person.home().join("links.csv");
    std::fs::write(&cabling, cabling_csv(fabric.catalog(), fabric.cabling())).expect("writes");
    let (cabling, from, to) = (cabling.display().to_string(), rfc3339(START_MS), rfc3339(END_MS));
    let asked = ["--preset", "gnmi", "--cabling", &cabling];
    let replay =
        ["network", "replay", "--prometheus", &prometheus.url, "--from", &from, "--to", &to];
    let replay: Vec<&str> =
        replay.into_iter().chain(asked).chain(["--dry-run", "-o", "json"]).collect();
    let said = person.run(&replay, 0);
    let found: Vec<Value> =
        said.out.lines().map(|line| serde_json::from_str(line).expect("is JSON")).collect();
    let text = |value: &'_ Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let found: Vec<(String, String, bool)> = found
        .iter()
        .map(|f| (text(f, "scenario_type"), text(f, "entity"), f["state"] == "raised"))
        .collect();
    let of = |f: &'_ Finding| f.state == FindingState::Raised;
    // Bytes at two ends are compared over a window, and which reading is a window's last depends on the scrape: such a
    // condition may end one reading later, and so beyond the stretch that was asked for.
    let same = |(kind, _, raised): &(&str, &str, bool)| *kind != "silent-drops" || *raised;
    let direct = output.findings.iter().map(|f| (f.scenario_type, f.entity.as_str(), of(f)));
    let read = found.iter().map(|(t, e, raised)| (t.as_str(), e.as_str(), *raised));
    let (catalog, cabled) = (fabric.catalog(), fabric.cabling());
    let direct = counts(direct.filter(same), catalog, cabled);
    assert!(direct.len() > 10, "{direct:?}");
    assert_eq!(counts(read.filter(same), catalog, cabled), direct);
    // The past is long over.
    let check =
        person.run(&["network", "check-prometheus", &prometheus.url, "--preset", "gnmi"], 1);
    assert!(check.err.contains("no series was found"), "{}", check.err);
}

#[test]
fn a_recordings_labelled_events_are_found_as_from_its_files() {
    let directory = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/dc-fabric-telemetry/S-200122_1729_iflap_ifdown"
    );
    if !Path::new(directory).is_dir() {
        eprintln!("SKIPPED: no recording at {directory}; this test has checked nothing");
        return;
    }
    if !is_installed() {
        return;
    }
    let mut recording =
        Recording::open(Path::new(directory), "lab", &Limits::default()).expect("reads");
    let (mut past, mut span) = (Past::default(), (i64::MAX, i64::MIN));
    recording
        .replay(&mut |_| {}, &mut |catalog, sample| {
            past.add(catalog, sample);
            span = (span.0.min(sample.at_ms), span.1.max(sample.at_ms));
        })
        .expect("reads");
    let prometheus = Prometheus::with(past);
    let person = Person::new();
    let (links, events) = (format!("{directory}/cdp_links.csv"), format!("{directory}/events.csv"));
    let (from, to) = (rfc3339(span.0 - 1), rfc3339(span.1));
    let from_files = ["network", "replay", directory, "--dry-run"];
    #[rustfmt::skip]
    let replayed = [
        "network", "replay", "--prometheus", &prometheus.url, "--from", &from, "--to", &to,
        "--preset", "gnmi", "--cabling", &links, "--events", &events, "--dry-run",
    ];
    // Readings of one port that are less than half a second apart become one.
    let report = person.run(&replayed, 0).out;
    for words in
        ["shutdown_interface  leaf4:HundredGigE0/0/0/4  yes", "1 of 1 labelled events found"]
    {
        assert!(report.contains(words), "{report}");
    }
    let raised = |args: &[&str]| {
        let args: Vec<&str> = args.iter().copied().chain(["-o", "json"]).collect();
        let out = person.run(&args, 0).out;
        let lines = out.lines().map(|line| serde_json::from_str(line).expect("is JSON"));
        lines.filter(|line: &Value| line["state"] == "raised").collect::<Vec<_>>()
    };
    let (replayed, from_files) = (raised(&replayed), raised(&from_files));
    let what = |found: &[Value]| {
        let keys = ["scenario_type", "entity", "action", "target", "evidence"];
        found.iter().map(|f| keys.map(|key| f[key].clone())).collect::<Vec<_>>()
    };
    assert!(!from_files.is_empty());
    assert_eq!(what(&replayed), what(&from_files));
    let at_ms = |found: &Value| {
        let at: jiff::Timestamp =
            found["at"].as_str().and_then(|at| at.parse().ok()).expect("a time");
        at.as_millisecond()
    };
    // What is due is judged at the next reading of anything, and sessions are not exported.
    for (one, other) in replayed.iter().zip(&from_files) {
        assert!((at_ms(one) - at_ms(other)).abs() < 2_000, "{one} {other}");
    }
}
