//! A generated fabric told by a Prometheus server's answers gives the findings that it gives directly.

mod common;

use std::collections::BTreeMap;
use std::fmt::Write;

use common::check_invariants;
use npo_network::fabric::{Fabric, FabricConfig};
use npo_network::prometheus::{self, Field, Mapping, Metric, Reader, Source, presets};
use npo_network::{
    Cabling, Catalog, Counters, Finding, LinkState, Output, PortId, Reading, Sample, WatchConfig,
    Watchers,
};

const START_MS: i64 = 1_767_225_600_000;
/// Readings in one answer.
const STEPS_PER_ANSWER: usize = 60;

/// Every counter that a fabric has, by names of our own.
fn mapping() -> Mapping {
    let metric = |name: &str, field| Metric {
        source: Source::Name(name.to_owned()),
        field,
        scale: 1.0,
        state_label: None,
    };
    let mut mapping = presets::snmp_exporter();
    mapping.metrics.extend([
        metric("dot3StatsFCSErrors", Field::CrcErrors),
        metric("carrierTransitions", Field::CarrierTransitions),
    ]);
    mapping
}

type Points = BTreeMap<(usize, PortId), String>;

/// Adds a sample's points to the series of its port, by position of the metric.
fn add(points: &mut Points, sample: &Sample) {
    let mut put = |metric: usize, value: String| {
        let series = points.entry((metric, sample.port)).or_default();
        let comma = if series.is_empty() { "" } else { "," };
        let (s, ms) = (sample.at_ms / 1000, sample.at_ms % 1000);
        write!(series, "{comma}[{s}.{ms:03},\"{value}\"]").expect("a string takes it");
    };
    match sample.reading {
        Reading::Counters(Counters {
            bytes_received,
            bytes_sent,
            packets_received,
            packets_sent,
            input_errors,
            crc_errors,
            carrier_transitions,
            ..
        }) => {
            let counts = [bytes_received, bytes_sent, packets_received, packets_sent, input_errors];
            counts.into_iter().enumerate().for_each(|(k, n)| put(k, n.to_string()));
            put(8, crc_errors.to_string());
            put(9, carrier_transitions.to_string());
        }
        Reading::Link { state, bandwidth_kbps } => {
            put(5, (bandwidth_kbps / 1000).to_string());
            put(6, if state == LinkState::Up { "1" } else { "2" }.to_owned());
            put(7, if state == LinkState::AdminDown { "2" } else { "1" }.to_owned());
        }
        Reading::Session { .. } => {}
    }
}

fn answer(points: &mut Points, catalog: &Catalog, mapping: &Mapping) -> String {
    let mut text = r#"{"status":"success","data":{"resultType":"matrix","result":["#.to_owned();
    for (n, ((metric, port), values)) in std::mem::take(points).into_iter().enumerate() {
        let comma = if n == 0 { "" } else { "," };
        let (name, device) =
            (mapping.metrics[metric].source.text(), catalog.device_name(catalog.device_of(port)));
        let interface = catalog.interface(port);
        write!(
            text,
            r#"{comma}{{"metric":{{"__name__":"{name}","instance":"{device}","ifName":"{interface}"}},"values":[{values}]}}"#
        )
        .expect("a string takes it");
    }
    text + "]}}"
}

/// The order in which a reader gives samples out.
fn sort(samples: &mut [Sample], order: &BTreeMap<PortId, usize>) {
    let kind = |sample: &Sample| matches!(sample.reading, Reading::Counters(_));
    samples.sort_by_key(|sample| (sample.at_ms, kind(sample), order[&sample.port]));
}

fn recabled(fabric: &Fabric, catalog: &Catalog) -> Cabling {
    let port = |port| {
        let of = fabric.catalog();
        catalog.find_port(of.device_name(of.device_of(port)), of.interface(port)).expect("seen")
    };
    let mut cabling = Cabling::default();
    fabric.cabling().ends().for_each(|(one, other)| cabling.connect(port(one), port(other)));
    cabling
}

fn told(findings: &[Finding]) -> Vec<String> {
    let line = |f: &Finding| {
        format!("{} {:?} {} {} {} {:?}", f.at_ms, f.state, f.entity, f.action, f.target, f.features)
    };
    findings.iter().map(line).collect()
}

#[test]
fn answers_give_the_findings_that_the_samples_give() {
    let config = FabricConfig { spines: 2, leaves: 4, ..FabricConfig::default() };
    let mut fabric = Fabric::new(config, 7, START_MS).expect("a valid configuration");
    let mapping = mapping();
    let question = &prometheus::questions(&mapping)[0];
    let mut reader = Reader::new(mapping.clone(), "elsewhere");
    let mut order = BTreeMap::new();
    let (mut direct, mut read) = (Output::default(), Output::default());
    let mut watching_direct =
        Watchers::new(fabric.catalog(), fabric.cabling(), WatchConfig::default());
    let mut watching_read = None;
    let (mut samples, mut points) = (Vec::new(), Points::new());
    while fabric.now_ms() < START_MS + 2 * 3_600_000 {
        samples.clear();
        (0..STEPS_PER_ANSWER).for_each(|_| fabric.step(&mut samples));
        samples.retain(|sample| !matches!(sample.reading, Reading::Session { .. }));
        for sample in &samples {
            add(&mut points, sample);
        }
        let text = answer(&mut points, fabric.catalog(), &mapping);
        let answer = prometheus::parse(text.as_bytes()).expect("an answer");
        reader.take(question, &answer).expect("room");
        if order.is_empty() {
            let of = reader.catalog();
            order = fabric
                .catalog()
                .ports()
                .filter_map(|port| {
                    let known = fabric.catalog();
                    let name = known.device_name(known.device_of(port));
                    Some((port, of.find_port(name, known.interface(port))?.index()))
                })
                .collect();
        }
        let mut given = Vec::new();
        reader.release(false, &mut given);
        assert_eq!(given.len(), samples.len());
        sort(&mut samples, &order);
        for sample in &samples {
            watching_direct.observe(fabric.catalog(), sample, &mut direct);
        }
        let watchers = watching_read.get_or_insert_with(|| {
            let interval_ms = reader.interval_ms().expect("several readings");
            let cabling = recabled(&fabric, reader.catalog());
            Watchers::new(reader.catalog(), &cabling, WatchConfig::for_interval(interval_ms))
        });
        for sample in &given {
            watchers.observe(reader.catalog(), sample, &mut read);
        }
    }
    check_invariants(&read.findings);
    assert!(read.findings.len() > 20, "{}", read.findings.len());
    assert_eq!(told(&read.findings), told(&direct.findings));
    assert_eq!(reader.notes().iter().count(), 0);
    assert_eq!(reader.interval_ms(), Some(10_000));
}
