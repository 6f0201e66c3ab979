//! Small worlds: one thing happens, this is what the watchers say.

use super::*;
use crate::catalog::PortId;
use crate::finding::FindingState;
use crate::sample::{Collected, Counters, LinkState, SessionState};

const STEP_MS: i64 = 10_000;
const GBPS: u64 = 1_000_000_000 / 8 * 10;

/// Two devices joined by parallel links, and their readings, ten seconds apart.
struct World {
    catalog: Catalog,
    watchers: Watchers,
    ports: Vec<[PortId; 2]>,
    counters: Vec<[Counters; 2]>,
    links: Vec<[LinkState; 2]>,
    sessions: Vec<SessionState>,
    now_ms: i64,
    output: Output,
}

impl World {
    fn new(links: usize) -> Self {
        let (mut catalog, mut cabling) = (Catalog::default(), Cabling::default());
        let leaf = catalog.device("leaf1", "lab").expect("room");
        let spine = catalog.device("spine1", "lab").expect("room");
        let mut ports = Vec::new();
        for k in 0..links {
            let name = format!("HundredGigE0/0/0/{k}");
            let pair = [
                catalog.port(leaf, &name).expect("room"),
                catalog.port(spine, &name).expect("room"),
            ];
            cabling.connect(pair[0], pair[1]);
            ports.push(pair);
        }
        Self {
            watchers: Watchers::new(&catalog, &cabling, WatchConfig::default()),
            catalog,
            ports,
            counters: vec![[Counters::default(); 2]; links],
            links: vec![[LinkState::Up; 2]; links],
            sessions: vec![SessionState::Up; links],
            now_ms: 1_000_000,
            output: Output::default(),
        }
    }

    fn observe(&mut self, port: PortId, reading: Reading) {
        let sample = Sample { at_ms: self.now_ms, port, reading };
        self.watchers.observe(&self.catalog, &sample, &mut self.output);
    }

    /// One reading of everything, ten seconds after the last; link `k` of the leaf sends `gbps[k]`.
    fn step(&mut self, gbps: &[u64]) {
        self.now_ms += STEP_MS;
        for (k, sent) in (0..self.ports.len()).zip(gbps.iter().map(|gbps| gbps * GBPS)) {
            let [near, far] = &mut self.counters[k];
            near.bytes_sent += sent;
            far.bytes_received += sent;
            far.packets_received += sent / 800;
            for side in 0..2 {
                let port = self.ports[k][side];
                self.observe(
                    port,
                    Reading::Link { state: self.links[k][side], bandwidth_kbps: 100_000_000 },
                );
                if side == 0 {
                    let session = self.catalog.session(port, "10.0.0.1").expect("room");
                    self.observe(port, Reading::Session { session, state: self.sessions[k] });
                }
                self.observe(port, Reading::Counters(self.counters[k][side]));
            }
            self.now_ms += 1;
        }
        self.now_ms -= self.ports.len() as i64;
    }

    fn steps(&mut self, count: usize, gbps: &[u64]) {
        (0..count).for_each(|_| self.step(gbps));
    }

    /// What was said since the last look: `raised interface-down leaf1:HundredGigE0/0/0/0 restore-link`.
    fn said(&mut self) -> Vec<String> {
        let name = |state| {
            if state == FindingState::Raised { "raised" } else { "resolved" }
        };
        let line =
            |f: Finding| format!("{} {} {} {}", name(f.state), f.scenario_type, f.entity, f.action);
        self.output.findings.drain(..).map(line).collect()
    }
}

#[test]
fn a_hash_that_prefers_half_of_the_links_is_an_imbalance_until_it_ends() {
    let mut world = World::new(4);
    world.steps(20, &[10, 10, 10, 10]);
    assert_eq!(world.said(), [""; 0]);
    world.steps(5, &[15, 5, 15, 5]);
    assert_eq!(world.said(), ["raised link-imbalance leaf1→spine1 rebalance-ecmp"]);
    world.steps(170, &[15, 5, 15, 5]);
    assert_eq!(world.said(), [""; 0]);
    // Half an hour later it is worth saying again.
    world.steps(20, &[15, 5, 15, 5]);
    assert_eq!(world.said(), ["raised link-imbalance leaf1→spine1 rebalance-ecmp"]);
    world.steps(5, &[10, 10, 10, 10]);
    assert_eq!(world.said(), ["resolved link-imbalance leaf1→spine1 rebalance-ecmp"]);
}

#[test]
fn one_hot_link_is_shifted_off() {
    let mut world = World::new(6);
    world.steps(20, &[5; 6]);
    world.steps(4, &[5, 5, 25, 5, 5, 5]);
    assert_eq!(world.said(), ["raised link-imbalance leaf1→spine1 shift-traffic"]);
}

#[test]
fn an_idle_group_and_a_single_odd_round_are_no_imbalance() {
    let mut world = World::new(4);
    world.steps(20, &[0, 0, 0, 0]);
    world.steps(20, &[10, 10, 10, 10]);
    world.step(&[15, 5, 15, 5]);
    world.steps(20, &[10, 10, 10, 10]);
    assert_eq!(world.said(), [""; 0]);
}

#[test]
fn lost_telemetry_is_no_imbalance() {
    let mut world = World::new(4);
    world.steps(20, &[10; 4]);
    let silent = world.ports.pop();
    world.steps(20, &[10; 3]);
    assert!(silent.is_some());
    assert_eq!(world.said(), [""; 0]);
    world.steps(5, &[16, 7, 7]);
    assert_eq!(world.said(), ["raised link-imbalance leaf1→spine1 rebalance-ecmp"]);
}

#[test]
fn a_member_whose_bytes_nobody_collects_does_not_count_as_idle() {
    let mut world = World::new(4);
    world.counters[3][0].collected = Collected::INPUT_ERRORS;
    world.steps(20, &[10; 4]);
    assert_eq!(world.said(), [""; 0]);
    world.steps(5, &[16, 7, 7, 0]);
    assert_eq!(world.said(), ["raised link-imbalance leaf1→spine1 rebalance-ecmp"]);
}

#[test]
fn errors_without_packets_are_not_judged() {
    let mut world = World::new(2);
    world.counters[0][1].collected = Collected::INPUT_ERRORS.with(Collected::BYTES_SENT);
    world.steps(3, &[10; 2]);
    for _ in 0..10 {
        world.counters[0][1].input_errors += 20_000;
        world.step(&[10; 2]);
    }
    assert_eq!(world.said(), [""; 0]);
}

#[test]
fn a_transition_counter_that_has_just_appeared_is_no_flapping() {
    let mut world = World::new(2);
    world.counters[0][0].carrier_transitions = 5_000;
    world.counters[0][0].collected = Collected::BYTES_SENT;
    world.steps(3, &[10; 2]);
    world.counters[0][0].collected = Collected::ALL;
    world.steps(3, &[10; 2]);
    assert_eq!(world.said(), [""; 0]);
}

#[test]
fn restarted_counters_are_no_imbalance() {
    let mut world = World::new(4);
    world.steps(20, &[10; 4]);
    world.counters[2] = [Counters::default(); 2];
    world.steps(20, &[10; 4]);
    assert_eq!(world.said(), [""; 0]);
}

#[test]
fn a_failed_link_is_one_finding_at_one_end() {
    let mut world = World::new(4);
    world.steps(20, &[9; 4]);
    world.links[1] = [LinkState::Down; 2];
    world.sessions[1] = SessionState::Down;
    world.steps(10, &[12, 0, 12, 12]);
    // The spread rose as well, and the sessions are lost: both are explained.
    assert!(!world.output.shifts.is_empty());
    let finding = world.output.findings[0].clone();
    assert_eq!(finding.number("redundancy_left"), Some(3.0));
    assert!(
        (finding.number("blast_radius_gbps").expect("a number") - 9.0).abs() < 0.1,
        "{finding:#?}"
    );
    assert_eq!(world.said(), ["raised interface-down leaf1:HundredGigE0/0/0/1 restore-link"]);
    world.links[1] = [LinkState::Up; 2];
    world.sessions[1] = SessionState::Up;
    world.steps(5, &[9; 4]);
    assert_eq!(world.said(), ["resolved interface-down leaf1:HundredGigE0/0/0/1 restore-link"]);
}

#[test]
fn a_link_that_was_shut_is_reported_where_it_was_shut() {
    let mut world = World::new(2);
    world.steps(3, &[10; 2]);
    world.links[0] = [LinkState::Down, LinkState::AdminDown];
    world.steps(3, &[0, 20]);
    assert_eq!(world.said(), ["raised interface-down spine1:HundredGigE0/0/0/0 drain-peer"]);
}

#[test]
fn a_link_that_is_down_from_the_start_is_no_news() {
    let mut world = World::new(2);
    world.links[0] = [LinkState::AdminDown, LinkState::Down];
    world.steps(30, &[0, 10]);
    assert_eq!(world.said(), [""; 0]);
}

#[test]
fn a_condition_that_lasts_is_raised_again_with_the_same_correlation() {
    let mut world = World::new(2);
    world.steps(3, &[10; 2]);
    world.links[0] = [LinkState::Down; 2];
    world.steps(200, &[0, 20]);
    let correlations: Vec<&str> =
        world.output.findings.iter().map(|f| f.correlation.as_str()).collect();
    assert_eq!(correlations.len(), 2);
    assert_eq!(correlations[0], correlations[1]);
}

#[test]
fn a_link_that_comes_and_goes_is_flapping() {
    let mut world = World::new(2);
    world.steps(3, &[10; 2]);
    for k in 0..6 {
        world.links[0] = [if k % 2 == 0 { LinkState::Down } else { LinkState::Up }; 2];
        world.steps(2, &[10, 10]);
    }
    let down = "raised interface-down leaf1:HundredGigE0/0/0/0 restore-link";
    let gone = "resolved interface-down leaf1:HundredGigE0/0/0/0 restore-link";
    let said = world.said();
    assert_eq!(
        said.last().map(String::as_str),
        Some("raised link-flapping leaf1:HundredGigE0/0/0/0 remove-link")
    );
    assert!(said[..said.len() - 1].iter().all(|line| line == down || line == gone), "{said:?}");
    world.steps(40, &[10, 10]);
    assert_eq!(world.said(), ["resolved link-flapping leaf1:HundredGigE0/0/0/0 remove-link"]);
}

#[test]
fn carrier_transitions_alone_are_flapping() {
    let mut world = World::new(2);
    world.steps(3, &[10; 2]);
    for _ in 0..2 {
        world.counters[0][0].carrier_transitions += 2;
        world.step(&[10, 10]);
    }
    assert_eq!(world.said(), ["raised link-flapping leaf1:HundredGigE0/0/0/0 remove-link"]);
}

#[test]
fn a_session_lost_again_asks_for_more_than_a_reset() {
    let mut world = World::new(2);
    world.steps(3, &[10; 2]);
    world.sessions[0] = SessionState::Down;
    world.steps(3, &[10; 2]);
    assert_eq!(world.said(), ["raised session-loss leaf1:HundredGigE0/0/0/0 reset-session"]);
    world.sessions[0] = SessionState::Up;
    world.steps(12, &[10; 2]);
    assert_eq!(world.said(), ["resolved session-loss leaf1:HundredGigE0/0/0/0 reset-session"]);
    world.sessions[0] = SessionState::Down;
    world.steps(3, &[10; 2]);
    assert_eq!(world.said(), ["raised session-loss leaf1:HundredGigE0/0/0/0 remove-link"]);
}

#[test]
fn errors_are_judged_against_packets() {
    let mut world = World::new(2);
    world.steps(3, &[10; 2]);
    // One error now and then, as every link has.
    for _ in 0..30 {
        world.counters[0][1].input_errors += 1;
        world.step(&[10; 2]);
    }
    assert_eq!(world.said(), [""; 0]);
    for _ in 0..10 {
        world.counters[0][1].input_errors += 20_000;
        world.step(&[10; 2]);
    }
    assert_eq!(world.said(), ["raised error-growth spine1:HundredGigE0/0/0/0 remove-link"]);
    world.steps(10, &[10; 2]);
    assert_eq!(world.said(), ["resolved error-growth spine1:HundredGigE0/0/0/0 remove-link"]);
}

#[test]
fn late_and_repeated_samples_change_nothing() {
    let mut world = World::new(4);
    world.steps(20, &[10; 4]);
    let (port, counters) = (world.ports[0][0], world.counters[0][0]);
    world.observe(port, Reading::Counters(counters));
    world.now_ms -= 50_000;
    world.observe(port, Reading::Counters(Counters::default()));
    world.observe(port, Reading::Link { state: LinkState::Down, bandwidth_kbps: 0 });
    world.now_ms += 50_000;
    world.steps(20, &[10; 4]);
    assert_eq!(world.said(), [""; 0]);
}
