//! What a reader makes of answers, series by series.

use proptest::prelude::*;

use super::*;
use crate::{Collected, Counters, LinkState, Reading, Sample};

/// One series of a port of `leaf1`: metric, interface, further labels, points in s.
fn series(metric: &str, interface: &str, more: &[(&str, &str)], points: &[(i64, f64)]) -> Series {
    let mut labels = vec![("__name__", metric), ("ifName", interface), ("instance", "leaf1:161")];
    labels.extend(more);
    let mut labels: Vec<(String, String)> =
        labels.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    labels.sort();
    Series { labels, points: points.iter().map(|(s, value)| (s * 1000, *value)).collect() }
}

struct World {
    reader: Reader,
    questions: Vec<Question>,
    samples: Vec<Sample>,
}

impl World {
    fn new(mapping: Mapping) -> Self {
        let questions = questions(&mapping);
        Self { reader: Reader::new(mapping, "lab"), questions, samples: Vec::new() }
    }

    fn snmp() -> Self {
        Self::new(presets::snmp_exporter())
    }

    fn take(&mut self, series: Vec<Series>) {
        let answer = Answer { series, ..Answer::default() };
        self.reader.take(&self.questions[0], &answer).expect("room");
    }

    /// What was given out since the last look, `10 leaf1:Ethernet1 sent=5`.
    fn said(&mut self, all: bool) -> Vec<String> {
        self.reader.release(all, &mut self.samples);
        let catalog = self.reader.catalog();
        let line = |sample: Sample| {
            let reading = match sample.reading {
                Reading::Link { state, bandwidth_kbps } => format!("{state:?} {bandwidth_kbps}"),
                Reading::Counters(counters) => {
                    let told = |which, name: &str, value: u64| {
                        counters.collected.has(which).then(|| format!("{name}={value}"))
                    };
                    let parts = [
                        told(Collected::BYTES_RECEIVED, "received", counters.bytes_received),
                        told(Collected::BYTES_SENT, "sent", counters.bytes_sent),
                        told(Collected::INPUT_ERRORS, "errors", counters.input_errors),
                    ];
                    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
                }
                Reading::Session { .. } => "session".to_owned(),
            };
            format!("{} {} {reading}", sample.at_ms / 1000, catalog.label(sample.port))
        };
        self.samples.drain(..).map(line).collect()
    }
}

const IN: &str = "ifHCInOctets";
const OUT: &str = "ifHCOutOctets";

#[test]
fn series_of_one_port_and_moment_are_one_reading() {
    let mut world = World::snmp();
    world.take(vec![
        series(IN, "Ethernet1", &[], &[(10, 1.0), (20, 2.0)]),
        series(OUT, "Ethernet1", &[], &[(10, 3.0), (20, 4.0)]),
        series("ifHighSpeed", "Ethernet1", &[], &[(10, 100_000.0), (20, 100_000.0)]),
        series("ifOperStatus", "Ethernet1", &[], &[(10, 1.0), (20, 2.0)]),
        series("ifAdminStatus", "Ethernet1", &[], &[(10, 1.0), (20, 2.0)]),
        series("up", "Ethernet1", &[], &[(10, 1.0)]),
    ]);
    let expected = [
        "10 leaf1:Ethernet1 Up 100000000",
        "10 leaf1:Ethernet1 received=1 sent=3",
        "20 leaf1:Ethernet1 AdminDown 100000000",
        "20 leaf1:Ethernet1 received=2 sent=4",
    ];
    assert_eq!(world.said(false), expected);
    assert_eq!(world.reader.interval_ms(), Some(10_000));
    assert_eq!(world.reader.notes().iter().count(), 0);
}

#[test]
fn overlapping_answers_give_each_reading_once() {
    let mut world = World::snmp();
    world.take(vec![series(OUT, "Ethernet1", &[], &[(10, 1.0), (20, 2.0)])]);
    assert_eq!(world.said(false).len(), 2);
    world.take(vec![series(OUT, "Ethernet1", &[], &[(10, 1.0), (20, 2.0), (30, 3.0)])]);
    assert_eq!(world.said(false), ["30 leaf1:Ethernet1 sent=3"]);
    world.take(vec![series(OUT, "Ethernet1", &[], &[(10, 1.0), (25, 9.0)])]);
    assert_eq!(world.said(true), [""; 0]);
}

#[test]
fn a_reading_that_lacks_what_is_usual_waits_for_one_poll() {
    let mut world = World::snmp();
    let out = |points: &[(i64, f64)]| series(OUT, "Ethernet1", &[], points);
    let inward = |points: &[(i64, f64)]| series(IN, "Ethernet1", &[], points);
    world.take(vec![out(&[(10, 1.0)]), inward(&[(10, 1.0)])]);
    assert_eq!(world.said(false).len(), 1);
    world.take(vec![out(&[(10, 1.0), (20, 2.0)]), inward(&[(10, 1.0)])]);
    assert_eq!(world.said(false), [""; 0]);
    world.take(vec![out(&[(20, 2.0)]), inward(&[(20, 2.0)])]);
    assert_eq!(world.said(false), ["20 leaf1:Ethernet1 received=2 sent=2"]);
    // What stays away is not waited for a second time.
    world.take(vec![out(&[(30, 3.0)])]);
    assert_eq!(world.said(false), [""; 0]);
    world.take(vec![out(&[(30, 3.0)])]);
    assert_eq!(world.said(false), ["30 leaf1:Ethernet1 sent=3"]);
    world.take(vec![out(&[(40, 4.0)])]);
    assert_eq!(world.said(false), ["40 leaf1:Ethernet1 sent=4"]);
}

#[test]
fn two_targets_for_one_port_are_told_and_one_is_taken() {
    let mut world = World::snmp();
    let a = |points: &[(i64, f64)]| series(OUT, "Ethernet1", &[("job", "a")], points);
    let b = |points: &[(i64, f64)]| series(OUT, "Ethernet1", &[("job", "b")], points);
    world.take(vec![b(&[(8, 99.0), (18, 99.0)]), a(&[(10, 1.0), (20, 2.0)])]);
    assert_eq!(world.said(false), ["10 leaf1:Ethernet1 sent=1", "20 leaf1:Ethernet1 sent=2"]);
    let notes: Vec<(Note, u64, String)> = world
        .reader
        .notes()
        .iter()
        .map(|(note, count, example)| (note, count, example.to_owned()))
        .collect();
    assert_eq!((notes[0].0, notes[0].1), (Note::Duplicate, 1));
    assert!(notes[0].2.contains("job=\\\"b\\\""), "{notes:?}");
    // The other target takes over where the first one is silent.
    world.take(vec![b(&[(28, 7.0), (38, 8.0)])]);
    assert_eq!(world.said(false).len(), 2);
}

#[test]
fn a_series_whose_labels_changed_is_continued() {
    let mut world = World::snmp();
    world.take(vec![
        series(OUT, "Ethernet1", &[("ifAlias", "to spine1")], &[(30, 3.0), (40, 4.0)]),
        series(OUT, "Ethernet1", &[("ifAlias", "to spine2")], &[(10, 1.0), (20, 2.0)]),
    ]);
    assert_eq!(world.said(false).len(), 4);
    assert_eq!(world.reader.notes().count(Note::Duplicate), 0);
}

#[test]
fn alternatives_are_no_duplicates() {
    let mut world = World::new(presets::gnmi());
    let leaf = |name: &str, more: &[(&str, &str)], value: f64| {
        let mut series =
            series(&format!("interfaces_interface_state_{name}"), "", more, &[(10, value)]);
        let labels = [("source", "leaf1:57400"), ("interface_name", "ethernet-1/1")];
        series.labels.extend(labels.map(|(name, value)| (name.to_owned(), value.to_owned())));
        series.labels.sort();
        series
    };
    world.take(vec![
        leaf("counters_in_unicast_pkts", &[], 7.0),
        leaf("counters_in_pkts", &[], 9.0),
        leaf("counters_out_octets", &[], 5.0),
        leaf("oper_status", &[("oper_status", "DOWN")], 1.0),
        leaf("oper_status", &[("oper_status", "UP")], 0.0),
        leaf("admin_status", &[("admin_status", "UP")], 1.0),
    ]);
    world.reader.release(false, &mut world.samples);
    let readings: Vec<Reading> = world.samples.iter().map(|sample| sample.reading).collect();
    let counters = Counters {
        collected: Collected::PACKETS_RECEIVED.with(Collected::BYTES_SENT),
        packets_received: 9,
        bytes_sent: 5,
        ..Counters::default()
    };
    let link = Reading::Link { state: LinkState::Down, bandwidth_kbps: 0 };
    assert_eq!(readings, [link, Reading::Counters(counters)]);
    assert_eq!(world.reader.notes().iter().count(), 0);
}

#[test]
fn what_cannot_be_used_is_left_out_with_a_note() {
    let mut world = World::snmp();
    let mut nameless = series(OUT, "", &[], &[(10, 1.0)]);
    let mut homeless = series(OUT, "Ethernet1", &[], &[(10, 1.0)]);
    nameless.labels.retain(|(name, _)| name != "ifName");
    homeless.labels.retain(|(name, _)| name != "instance");
    world.take(vec![
        nameless,
        homeless,
        series(OUT, &"x".repeat(130), &[], &[(10, 1.0)]),
        series(
            OUT,
            "Ethernet1",
            &[],
            &[(10, f64::NAN), (20, -1.0), (30, f64::INFINITY), (40, 4.0)],
        ),
        series("ifOperStatus", "Ethernet1", &[], &[(40, 4.0)]),
    ]);
    assert_eq!(world.said(true), ["40 leaf1:Ethernet1 sent=4"]);
    let counts = [Note::NoDevice, Note::NoInterface, Note::BadName, Note::UnknownState]
        .map(|note| world.reader.notes().count(note));
    assert_eq!((counts, world.reader.notes().count(Note::NotAQuantity)), ([1; 4], 3));
}

#[test]
fn readings_a_few_milliseconds_apart_are_one() {
    let mut world = World::snmp();
    let mut late = series(IN, "Ethernet1", &[], &[(10, 1.0)]);
    late.points[0].0 += 120;
    world.take(vec![late, series(OUT, "Ethernet1", &[], &[(10, 2.0)])]);
    assert_eq!(world.said(false), ["10 leaf1:Ethernet1 received=1 sent=2"]);
}

#[test]
fn a_survey_says_what_cannot_be_watched() {
    let mut world = World::snmp();
    world.take(vec![
        series(OUT, "Ethernet1", &[], &[(10, 1.0), (40, 1.0)]),
        series(OUT, "Ethernet2", &[], &[(10, 1.0), (40, 1.0)]),
        series(OUT, "Vlan5", &[], &[(10, 1.0)]),
        series("ifOperStatus", "Ethernet1", &[], &[(10, 1.0)]),
        series("ifInErrors", "Ethernet1", &[], &[(10, 1.0)]),
    ]);
    let _samples = world.said(true);
    let survey = world.reader.survey();
    assert_eq!((survey.devices, survey.interfaces, survey.ports), (1, 3, 2));
    assert_eq!(survey.not_a_port.as_deref(), Some("leaf1:Vlan5"));
    assert_eq!((survey.interval_ms, survey.newest_ms), (Some(30_000), Some(40_000)));
    let watchable: Vec<(&str, usize)> =
        world.reader.watchable().iter().map(|w| (w.scenario_type, w.ports)).collect();
    let expected =
        [("link-imbalance", 2), ("interface-down", 1), ("link-flapping", 1), ("error-growth", 0)];
    assert_eq!(watchable, expected);
}

proptest! {
    #[test]
    fn whatever_comes_readings_of_a_port_are_given_out_once_and_in_order(
        polls in proptest::collection::vec(
            proptest::collection::vec(
                (0usize..6, 0usize..3, proptest::collection::vec((0i64..60, -1.0f64..1e20), 0..6)),
                0..8,
            ),
            0..6,
        ),
    ) {
        let names = [IN, OUT, "ifInErrors", "ifOperStatus", "ifAdminStatus", "ifHighSpeed"];
        let mut world = World::snmp();
        let mut last = std::collections::BTreeMap::new();
        for poll in polls {
            let make = |(metric, port, points): (usize, usize, Vec<(i64, f64)>)| {
                series(names[metric], ["Ethernet1", "Ethernet2", "lo"][port], &[], &points)
            };
            world.take(poll.into_iter().map(make).collect());
            world.reader.release(false, &mut world.samples);
            for sample in world.samples.drain(..) {
                let kind = matches!(sample.reading, Reading::Counters(_));
                let before = last.insert((sample.port, kind), sample.at_ms);
                prop_assert!(before.is_none_or(|before| before < sample.at_ms));
            }
        }
    }
}
