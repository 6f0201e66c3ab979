//! What the watchers make of the shared recordings: every labelled event, found or not and after how long.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{SHARED, check_invariants, shared_dir, watch_recording};
use npo_network::recording::LabelledEvent;
use npo_network::{FactValue, Finding, FindingState, Shift};

/// The recordings' sampling interval, ms; events and alarms are matched in samples.
const SAMPLE_MS: i64 = 10_500;

struct Watched {
    findings: Vec<Finding>,
    shifts: Vec<Shift>,
    /// Labelled events that telemetry of the recording could show.
    events: Vec<LabelledEvent>,
    hours: f64,
}

fn watched(name: &str) -> Option<Watched> {
    let dir = shared_dir()?.join(name);
    let watched = watch_recording(&dir);
    let (first_ms, last_ms) = watched.span_ms;
    let is_observable = |event: &LabelledEvent| {
        // Telemetry cannot show what happens within its last interval.
        !event.is_set_up() && event.at_ms > first_ms && event.at_ms < last_ms - SAMPLE_MS
    };
    let events = watched.events.into_iter().filter(is_observable).collect();
    let hours = (last_ms - first_ms) as f64 / 3.6e6;
    check_invariants(&watched.output.findings);
    Some(Watched {
        findings: watched.output.findings,
        shifts: watched.output.shifts,
        events,
        hours,
    })
}

fn is_hit(event: &LabelledEvent, at_ms: i64) -> bool {
    (event.at_ms - SAMPLE_MS..=event.at_ms + 9 * SAMPLE_MS).contains(&at_ms)
}

#[test]
fn shifts_find_every_labelled_event_and_nothing_else() {
    let (mut delays, mut false_alarms, mut hours, mut missed) = (Vec::new(), 0, 0.0, 0);
    for name in SHARED {
        let Some(watched) = watched(name) else {
            return;
        };
        println!("{name}: {:.2} h", watched.hours);
        hours += watched.hours;
        for event in &watched.events {
            let shift = watched.shifts.iter().find(|shift| is_hit(event, shift.at_ms));
            let raised = watched
                .findings
                .iter()
                .find(|f| f.state == FindingState::Raised && is_hit(event, f.at_ms));
            let shown = shift
                .map(|s| format!("{:5.1} s in {}", (s.at_ms - event.at_ms) as f64 / 1e3, s.group));
            let finding = raised.map(|f| {
                format!(
                    "{:5.1} s {} {}",
                    (f.at_ms - event.at_ms) as f64 / 1e3,
                    f.scenario_type,
                    f.entity
                )
            });
            println!(
                "  {} {} {}: shift {}; finding {}",
                event.event,
                event.device,
                event.interface,
                shown.as_deref().unwrap_or("MISSED"),
                finding.as_deref().unwrap_or("none"),
            );
            match shift {
                Some(shift) => delays.push(shift.at_ms - event.at_ms),
                None => missed += 1,
            }
        }
        // Alarms within nine samples of one another are one, as the event that causes them is.
        let mut last_ms = i64::MIN;
        for shift in &watched.shifts {
            let is_new = shift.at_ms.saturating_sub(last_ms) > 9 * SAMPLE_MS;
            last_ms = shift.at_ms;
            if is_new && !watched.events.iter().any(|event| is_hit(event, shift.at_ms)) {
                println!("  FALSE {shift:?}");
                false_alarms += 1;
            }
        }
    }
    delays.sort_unstable();
    let median_s = (delays[(delays.len() - 1) / 2] + delays[delays.len() / 2]) as f64 / 2e3;
    println!(
        "{} found, {missed} missed, {false_alarms} false in {hours:.1} h, median delay {median_s:.1} s",
        delays.len()
    );
    assert_eq!((delays.len(), missed, false_alarms), (14, 0, 0));
    assert!(median_s < 25.0, "median delay {median_s} s");
}

#[test]
fn the_ecmp_change_names_the_links_of_spine3() {
    let Some(watched) = watched("S-200121_0507_ecmp_balance") else {
        return;
    };
    let found: Vec<&Finding> = watched
        .findings
        .iter()
        .filter(|f| f.scenario_type == "link-imbalance" && f.entity.starts_with("spine3→leaf"))
        .collect();
    let [finding] = found[..] else {
        panic!("{found:#?}");
    };
    println!("{finding:#?}");
    assert!((finding.at_ms - 1_579_584_854_317) < 30_000, "{}", finding.at_ms);
    let text = |name| match finding.fact(name) {
        Some(FactValue::Text(text)) => text.clone(),
        other => panic!("{name}: {other:?}"),
    };
    let touched = format!("{}, {}", text("group"), text("also_shifted"));
    for leaf in ["leaf1", "leaf2", "leaf3", "leaf4"] {
        assert!(touched.contains(&format!("spine3→{leaf}")), "{touched}");
    }
    let members = text("group_members");
    assert!(members.contains("spine3:HundredGigE"), "{members}");
    assert_eq!(members.split(", ").count(), 4);
    assert_eq!(finding.target, "spine3");
}

#[test]
fn findings_are_few_and_of_the_right_kind() {
    // The link on leaf8 really flaps, although nobody labelled it.
    let cases: [(&str, &[(&str, usize)]); 6] = [
        ("11_leaf7_3h", &[("interface-down", 2), ("session-loss", 2)]),
        (
            "S-200121_0507_ecmp_balance",
            &[("interface-down", 2), ("link-flapping", 1), ("link-imbalance", 2)],
        ),
        ("S-200122_1624_blackhole_big", &[("link-imbalance", 2)]),
        ("S-200122_1729_iflap_ifdown", &[("interface-down", 1), ("link-imbalance", 1)]),
        ("S-200202_1940_bfd-1", &[("interface-down", 1), ("link-flapping", 1)]),
        ("S-200202_2014_evtmix-1", &[("interface-down", 1)]),
    ];
    for (name, expected) in cases {
        let Some(watched) = watched(name) else {
            return;
        };
        // A reminder repeats its correlation and is not another condition.
        let raised: BTreeSet<(&str, &str)> = watched
            .findings
            .iter()
            .filter(|finding| finding.state == FindingState::Raised)
            .map(|finding| (finding.scenario_type, finding.correlation.as_str()))
            .collect();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (scenario_type, correlation) in &raised {
            println!("{name}: {correlation}");
            *counts.entry(scenario_type).or_default() += 1;
        }
        assert_eq!(counts, expected.iter().copied().collect(), "{name}");
    }
}
