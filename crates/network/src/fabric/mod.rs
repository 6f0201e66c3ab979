//! A generated leaf-spine fabric with real troubles: telemetry for demonstrations, tests and simulated operators.
//!
//! It yields the same [`Sample`]s as a recording, one reading of every port per step. Time and seed come from the
//! caller; two fabrics of one configuration, seed, start and actions give the same samples, whatever the pace.
//! Unlike a network it knows the truth: [`Fabric::ground_truth`] says whether a proposed action would help,
//! [`Fabric::act`] carries it out, and [`Fabric::take_outcomes`] says what became of it.
//!
//! Each site is a folded Clos of two tiers, and sites do not talk to one another: what is proposed here concerns a link
//! or a device within a site, and a third tier would add hops to every path without adding a kind of trouble. Larger
//! shapes, for what-ifs, are generated as topologies.

mod act;
mod config;
mod forward;
mod outcome;
mod plan;
mod traffic;
mod trouble;
mod truth;

use std::collections::VecDeque;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

pub use config::{Error, FabricConfig, LINKS_MAX};
pub use forward::Traffic;
pub use outcome::{ActionId, Effect, Outcome, PastTrouble};
pub use trouble::TroubleKind;
pub use truth::GroundTruth;

use crate::Positive;
use crate::cabling::Cabling;
use crate::catalog::{Catalog, PortId};
use crate::sample::{LinkState, Reading, Sample, SessionState};
use crate::topology::{LinkId, NodeId, Place as Named, Topology};
use crate::traffic::{Demand, TrafficMatrix};
use crate::wired::Wired;
use act::{Device, Measure, What};
use forward::{Gone, Lane, Shape, forward};
use outcome::Undertaking;
use plan::{Link, build};
use traffic::{SiteTraffic, normal};
use trouble::{Place, Schedule, Trouble, TroubleKind as Kind, unit};

/// A finding may come this long after its trouble has ended, ms.
const REMEMBERED_MS: i64 = 1_200_000;
/// Until routing has noticed that a link is gone, s: three lost hellos of a second's third each.
const CONVERGENCE_S: f64 = 1.0;
/// How long a device that restarts forwards nothing, s.
const RESTART_S: f64 = 20.0;
/// Share of a path's usual traffic that still enters it though its session is lost: routes that no session guards.
const UNGUARDED: f64 = 0.02;
/// Standard deviation of a link's share from one reading to the next: hashes are never perfect.
const TREMBLE: f64 = 0.012;
/// The same for the part of the traffic that is a burst, which has fewer flows.
const TREMBLE_OF_BURSTS: f64 = 0.03;
/// Time over which recent loss is averaged, s.
const RECENT_S: f64 = 120.0;

/// A generated fabric.
#[derive(Debug)]
pub struct Fabric {
    config: FabricConfig,
    catalog: Catalog,
    cabling: Cabling,
    wired: Wired,
    /// Devices in the order of the catalog.
    devices: Vec<Device>,
    /// INVARIANT: link k is the topology's link k.
    links: Vec<Link>,
    /// What each link carries, away from the leaf and towards it.
    lanes: Vec<[Lane; 2]>,
    /// Leaves own consecutive links, this many each.
    links_per_leaf: usize,
    spines: usize,
    sites: Vec<SiteTraffic>,
    troubles: Vec<Trouble>,
    measures: Vec<Measure>,
    /// Moments for which a link loses what it carries: link and seconds.
    jolts: Vec<(usize, f64)>,
    undertakings: Vec<Undertaking>,
    next_action: u64,
    outcomes: VecDeque<Outcome>,
    past: VecDeque<PastTrouble>,
    /// Traffic of each site since the beginning, bytes, and share lost lately.
    ledger: Vec<Traffic>,
    recent_loss: Vec<f64>,
    overloaded_link_s: f64,
    schedule: Schedule,
    traffic_rng: ChaCha8Rng,
    hash_rng: ChaCha8Rng,
    trouble_rng: ChaCha8Rng,
    reading_rng: ChaCha8Rng,
    now_ms: i64,
}

impl Fabric {
    /// A fabric at rest at `start_ms` (milliseconds since 1970 UTC).
    ///
    /// # Errors
    /// A setting out of its range.
    pub fn new(config: FabricConfig, seed: u64, start_ms: i64) -> Result<Self, Error> {
        config.check()?;
        // One generator per purpose, so that one more draw for traffic does not reshuffle the troubles.
        let stream = |n| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(n);
            rng
        };
        let mut traffic_rng = stream(0);
        let (catalog, cabling, links) = build(&config)?;
        let wired = Wired::new("generated fabric", &catalog, &cabling)?;
        let mut devices = vec![Device::Leaf(0); catalog.device_count()];
        for link in &links {
            let [leaf, spine] = [0, 1].map(|end| catalog.device_of(link.ends[end].port).index());
            devices[leaf] = Device::Leaf(link.leaf);
            devices[spine] = Device::Spine(link.spine);
        }
        let site = |_| SiteTraffic::new(&mut traffic_rng, config.leaves, start_ms);
        let sites: Vec<SiteTraffic> = (0..config.sites.len()).map(site).collect();
        let lasting = config.lasting;
        Ok(Self {
            links_per_leaf: config.spines * config.parallel_links,
            spines: sites.len() * config.spines,
            schedule: Schedule::new(stream(1), start_ms, config.trouble_every_s, lasting),
            trouble_rng: stream(2),
            reading_rng: stream(3),
            hash_rng: stream(4),
            troubles: Vec::new(),
            measures: Vec::new(),
            jolts: Vec::new(),
            undertakings: Vec::new(),
            next_action: 1,
            outcomes: VecDeque::new(),
            past: VecDeque::new(),
            ledger: vec![Traffic::default(); sites.len()],
            recent_loss: vec![0.0; sites.len()],
            overloaded_link_s: 0.0,
            now_ms: start_ms,
            lanes: vec![[Lane::default(); 2]; links.len()],
            config,
            wired,
            devices,
            catalog,
            cabling,
            links,
            sites,
            traffic_rng,
        })
    }

    /// Names of everything; complete from the start.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// All links.
    pub fn cabling(&self) -> &Cabling {
        &self.cabling
    }

    /// How it is wired, with the link of every port; capacities in bit/s.
    pub fn wired(&self) -> &Wired {
        &self.wired
    }

    /// How it is wired: the devices and links of [`Fabric::catalog`], `leaf1--spine2#1` and so on.
    pub fn topology(&self) -> &Topology {
        self.wired.topology()
    }

    /// [`Fabric::topology`] with the splits that hashing makes now: what its links really carry among their equals.
    pub fn topology_as_split(&self) -> Topology {
        let topology = self.topology();
        let mut splits = vec![Positive::ONE; topology.arcs().len()];
        for (link, lanes) in self.links.iter().zip(&self.lanes) {
            for (end, lane) in link.ends.iter().zip(lanes) {
                // A link that is out has no weight, and needs none.
                if let (Some(arc), Some(weight)) =
                    (self.wired.sends(end.port), Positive::new(lane.weight))
                {
                    splits[arc.index()] = weight;
                }
            }
        }
        topology.clone().with_splits(&splits)
    }

    /// What the entity or target of one of its findings stands for in [`Fabric::topology`].
    pub fn place(&self, name: &str) -> Option<Named> {
        self.wired.place(&self.catalog, name)
    }

    /// Links that routing does not use now: down, shut, without a session, dampened or drained.
    pub fn links_out(&self) -> Vec<LinkId> {
        let is_out = |k: &usize| !self.links[*k].is_usable() || self.is_kept_out(*k);
        let out = (0..self.links.len()).filter(is_out);
        out.filter_map(|k| self.wired.link(self.links[k].ends[0].port)).collect()
    }

    /// Ports of links that an action keeps out of service or out of routing; watchers are told by
    /// [`crate::Watchers::plan`], so that nobody is asked about what was just decided.
    pub fn planned_ports(&self) -> Vec<PortId> {
        let kept_out = (0..self.links.len()).filter(|&k| self.is_kept_out(k));
        kept_out.flat_map(|k| [0, 1].map(|end| self.links[k].ends[end].port)).collect()
    }

    /// What each leaf asks to send to each other leaf now, bit/s.
    pub fn traffic(&self) -> TrafficMatrix {
        let mut demands = Vec::new();
        for (s, site) in self.sites.iter().enumerate() {
            for (n, &bps) in site.demands().iter().enumerate() {
                let (i, j) = (n / self.config.leaves, n % self.config.leaves);
                let (from, to) = (self.leaf_node(s, i), self.leaf_node(s, j));
                demands.push(Demand { from, to, bps });
            }
        }
        TrafficMatrix::new(demands)
    }

    /// What a port sends now, bit/s; `None` for a port of another fabric.
    pub fn sent_bps(&self, port: PortId) -> Option<f64> {
        let arc = self.wired.topology().arc(self.wired.sends(port)?);
        let link = arc.link.index();
        Some(self.lanes[link][usize::from(self.links[link].ends[0].port != port)].sent_bps)
    }

    fn leaf_node(&self, site: usize, leaf: usize) -> NodeId {
        let link = &self.links[(site * self.config.leaves + leaf) * self.links_per_leaf];
        // Nodes stand in the order of the catalog's devices.
        NodeId(self.catalog.device_of(link.ends[0].port).index() as u32)
    }

    /// Simulated time, ms since 1970 UTC.
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// How many links there are.
    pub fn link_count(&self) -> usize {
        self.links.len()
    }

    /// Moves on by one interval and adds one reading of every port, in order of time.
    pub fn step(&mut self, samples: &mut Vec<Sample>) {
        self.now_ms += self.config.interval_ms;
        let seconds = self.config.interval_ms as f64 / 1e3;
        self.end_measures();
        self.begin_troubles();
        let mut gone = self.apply_troubles(seconds);
        self.move_traffic(seconds, &mut gone);
        self.note_recoveries();
        self.judge_undertakings();
        self.read_ports(samples);
    }

    /// Steps for as long as a whole interval fits before `until_ms`, at most `steps_max` times; gives the steps taken.
    pub fn advance_to(
        &mut self,
        until_ms: i64,
        steps_max: usize,
        samples: &mut Vec<Sample>,
    ) -> usize {
        let mut steps = 0;
        while steps < steps_max && self.now_ms.saturating_add(self.config.interval_ms) <= until_ms {
            self.step(samples);
            steps += 1;
        }
        steps
    }

    fn begin_troubles(&mut self) {
        let now_ms = self.now_ms;
        let awaited = |id: u64| self.undertakings.iter().any(|action| action.cause == Some(id));
        self.troubles
            .retain(|trouble| now_ms - trouble.end_ms <= REMEMBERED_MS || awaited(trouble.id));
        let sizes = (self.links.len(), self.sites.len() * self.config.leaves, self.spines);
        while self.schedule.is_due(now_ms) {
            let (troubles, links) = (&self.troubles, &self.links);
            // One trouble at a place at a time, with a pause, so that the truth about a finding is one thing.
            let is_free = |place| {
                troubles.iter().all(|trouble| {
                    now_ms - trouble.end_ms > 300_000 || !overlap(links, trouble.place, place)
                })
            };
            if let Some(trouble) = self.schedule.next(now_ms, sizes, is_free) {
                self.troubles.push(trouble);
            }
        }
    }

    /// Puts links into the state that troubles and measures give them; gives what is lost before routing notices.
    fn apply_troubles(&mut self, seconds: f64) -> Vec<Gone> {
        let mut losses: Vec<(usize, f64)> = std::mem::take(&mut self.jolts);
        for k in 0..self.links.len() {
            let was_used = self.lanes[k][0].weight > 0.0;
            self.links[k].session_up = true;
            let removed = self.removed_end(k);
            let mut next = [LinkState::Up; 2];
            if let Some(end) = removed {
                next = [LinkState::Down; 2];
                next[end] = LinkState::AdminDown;
            }
            let (mut weight, mut errors, mut silent) = (1.0, 0.0, [0.0; 2]);
            for trouble in self.troubles.iter().filter(|t| t.place == Place::Link(k)) {
                if trouble.end_ms <= self.now_ms {
                    continue;
                }
                let is_shut = removed.is_some();
                match trouble.kind {
                    Kind::DirtyOptics | Kind::ErrorBurst => {
                        // From a few to some ten thousand errors per million packets.
                        errors = 10f64.powf(-5.7 + 3.5 * trouble.severity)
                            * (0.3 * normal(&mut self.trouble_rng)).exp();
                    }
                    Kind::SilentDrops => {
                        // From one packet in a hundred to one in five.
                        silent[trouble.choice % 2] = 10f64.powf(-2.0 + 1.3 * trouble.severity);
                    }
                    Kind::Flapping | Kind::FlapsBriefly => {
                        let is_up = self.links[k].state[0] == LinkState::Up;
                        let stays = if is_up { 0.45 } else { 0.3 };
                        let is_up = is_up == (unit(&mut self.trouble_rng) < stays);
                        if !is_up && !is_shut {
                            next = [LinkState::Down; 2];
                        }
                    }
                    Kind::FibreCut | Kind::PortHang if !is_shut => next = [LinkState::Down; 2],
                    Kind::Maintenance | Kind::RestartAhead if !is_shut => {
                        next = [LinkState::Down; 2];
                        next[trouble.shut_end()] = LinkState::AdminDown;
                    }
                    Kind::SessionStuck => self.links[k].session_up = false,
                    Kind::PathBroken => {
                        self.links[k].session_up = false;
                        (weight, silent) = (UNGUARDED, [1.0; 2]);
                    }
                    Kind::FibreCut
                    | Kind::PortHang
                    | Kind::Maintenance
                    | Kind::RestartAhead
                    | Kind::HashPolarised
                    | Kind::ElephantFlow
                    | Kind::BulkTransfer => {}
                }
            }
            self.change_state(k, next);
            let link = &self.links[k];
            let is_up = link.state == [LinkState::Up; 2] && (link.session_up || weight < 1.0);
            if self.is_kept_out(k) || !is_up {
                weight = 0.0;
            }
            // What people or programs take out is drained first; what fails is not.
            let failed = was_used && !link.is_usable() && !self.is_kept_out(k);
            let is_shut = next.contains(&LinkState::AdminDown);
            if failed && !is_shut {
                losses.push((k, CONVERGENCE_S));
            }
            for (direction, lane) in self.lanes[k].iter_mut().enumerate() {
                (lane.weight, lane.silent) = (weight, silent[direction]);
                // The transceiver at the leaf's end is the dirty one.
                lane.errors = if direction == 1 { errors } else { 0.0 };
            }
        }
        self.gone(&losses, seconds)
    }

    fn change_state(&mut self, k: usize, next: [LinkState; 2]) {
        let link = &mut self.links[k];
        if (link.state[0] == LinkState::Up) != (next[0] == LinkState::Up) {
            for end in &mut link.ends {
                end.counters.carrier_transitions += 1;
            }
        }
        link.state = next;
    }

    /// Losses of links, each for so many seconds, as shares of what their leaves send and are sent.
    fn gone(&self, losses: &[(usize, f64)], seconds: f64) -> Vec<Gone> {
        let (leaves, spines) = (self.config.leaves, self.config.spines);
        let none = || Gone {
            from_leaf: vec![0.0; leaves],
            to_leaf: vec![0.0; leaves],
            at_spine: vec![0.0; spines],
        };
        let mut gone: Vec<Gone> = (0..self.sites.len()).map(|_| none()).collect();
        for &(k, lost_s) in losses {
            let leaf = self.links[k].leaf;
            let links = leaf * self.links_per_leaf..(leaf + 1) * self.links_per_leaf;
            let share = |direction: usize| {
                let sent = |lane: &[Lane; 2]| lane[direction].sent_bps;
                let all: f64 = self.lanes[links.clone()].iter().map(sent).sum();
                let share = if all > 0.0 { sent(&self.lanes[k]) / all } else { 0.0 };
                share * (lost_s / seconds).min(1.0)
            };
            let site = &mut gone[leaf / leaves];
            let add = |to: &mut f64, more: f64| *to = (*to + more).min(1.0);
            add(&mut site.from_leaf[leaf % leaves], share(0));
            add(&mut site.to_leaf[leaf % leaves], share(1));
        }
        for trouble in self.troubles.iter().filter(|t| t.kind == Kind::RestartAhead) {
            let Place::Link(k) = trouble.place else { continue };
            // The device restarts once the work that its link was shut for is over.
            let since_s = (self.now_ms - trouble.end_ms) as f64 / 1e3;
            let restarting_s = since_s.min(RESTART_S) - (since_s - seconds).max(0.0);
            if restarting_s > 0.0 {
                let spine = self.links[k].spine;
                gone[spine / spines].at_spine[spine % spines] = (restarting_s / seconds).min(1.0);
            }
        }
        gone
    }

    fn move_traffic(&mut self, seconds: f64, gone: &mut [Gone]) {
        let capacity = f64::from(self.config.link_gbps) * 1e9;
        let leaf_capacity = capacity * self.links_per_leaf as f64;
        let FabricConfig { leaves, spines, parallel_links, .. } = self.config;
        let shape = Shape { leaves, spines, parallel: parallel_links };
        self.weigh();
        for (s, gone) in gone.iter().enumerate() {
            let site = &mut self.sites[s];
            site.step(&mut self.traffic_rng, self.now_ms, &self.config, leaf_capacity);
            let links = s * leaves * self.links_per_leaf..(s + 1) * leaves * self.links_per_leaf;
            for k in links.clone() {
                let leaf = self.links[k].leaf % leaves;
                for direction in 0..2 {
                    let lane = &mut self.lanes[k][direction];
                    if lane.weight > 0.0 {
                        let bursty = TREMBLE_OF_BURSTS * self.sites[s].bursty(leaf, direction);
                        let deviation = TREMBLE.hypot(bursty);
                        let tremble = 1.0 + deviation * normal(&mut self.hash_rng);
                        lane.weight *= tremble.max(0.5);
                    }
                    (lane.asked_bps, lane.sent_bps, lane.received_bps) = (0.0, 0.0, 0.0);
                }
            }
            let demands = self.moved_demands(s);
            let rates = forward(shape, &demands, capacity, gone, &mut self.lanes[links.clone()]);
            self.ledger[s] += rates.times(seconds / 8.0);
            let lost = if rates.asked > 0.0 { rates.lost() / rates.asked } else { 0.0 };
            self.recent_loss[s] += (seconds / RECENT_S).min(1.0) * (lost - self.recent_loss[s]);
            for (link, lanes) in self.links[links.clone()].iter_mut().zip(&self.lanes[links]) {
                link.ends.iter_mut().for_each(|end| end.before = end.counters);
                for (direction, lane) in lanes.iter().enumerate() {
                    link.count(direction, lane, seconds);
                    if lane.asked_bps > capacity {
                        self.overloaded_link_s += seconds;
                    }
                }
            }
        }
    }

    /// Demands of a site where the hosts of drained leaves use their second leaf: leaves stand in pairs.
    fn moved_demands(&self, site: usize) -> Vec<f64> {
        let leaves = self.config.leaves;
        let mut demands = self.sites[site].demands().to_vec();
        for leaf in 0..leaves {
            let second = leaf ^ 1;
            if second >= leaves || !self.is_drained(Device::Leaf(site * leaves + leaf)) {
                continue;
            }
            for other in 0..leaves {
                for (from, to) in [
                    (leaf * leaves + other, second * leaves + other),
                    (other * leaves + leaf, other * leaves + second),
                ] {
                    let moved = std::mem::take(&mut demands[from]);
                    // What the pair sends to itself stays below it.
                    if other != second && other != leaf {
                        demands[to] += moved;
                    }
                }
            }
        }
        demands
    }

    /// Weighs links by the troubles and measures of those who choose them.
    fn weigh(&mut self) {
        let now_ms = self.now_ms;
        for trouble in self.troubles.iter().filter(|trouble| trouble.end_ms > now_ms) {
            let strength = 0.3 + 0.6 * trouble.severity;
            let half = |n: usize| if n.is_multiple_of(2) { 1.0 + strength } else { 1.0 - strength };
            match (trouble.kind, trouble.place) {
                (Kind::BulkTransfer, Place::Leaf(leaf)) => {
                    for n in (0..self.links_per_leaf).filter(|n| (n + trouble.choice) % 3 == 0) {
                        self.lanes[leaf * self.links_per_leaf + n][0].weight *= 1.0 + strength;
                    }
                }
                (Kind::HashPolarised, Place::Leaf(leaf)) => {
                    for n in 0..self.links_per_leaf {
                        let lane = &mut self.lanes[leaf * self.links_per_leaf + n][0];
                        lane.weight *= half(n + trouble.choice);
                    }
                }
                (Kind::HashPolarised, Place::Spine(spine)) => {
                    let of_spine = |(k, _): &(usize, &mut [Lane; 2])| self.links[*k].spine == spine;
                    let lanes = self.lanes.iter_mut().enumerate().filter(of_spine);
                    for (n, (_, lane)) in lanes.enumerate() {
                        lane[1].weight *= half(n + trouble.choice);
                    }
                }
                _ => {}
            }
        }
        let shifts: Vec<(usize, usize)> =
            self.measures.iter().filter_map(Measure::shifts).collect();
        for (link, direction) in shifts {
            let elephants = if direction == 0 { self.elephants(link) } else { 0.0 };
            self.lanes[link][direction].weight *= self.shifted(link, direction, elephants);
        }
        for k in 0..self.links.len() {
            if self.lanes[k][0].weight > 0.0 || self.is_shifted_away(k) {
                self.lanes[k][0].weight += self.elephants(k);
            }
        }
    }

    /// Whether a link is in use although nothing but a huge flow is left on it.
    fn is_shifted_away(&self, link: usize) -> bool {
        let what = What::Shifted { link, direction: 0 };
        self.links[link].is_usable()
            && !self.is_kept_out(link)
            && self.measures.iter().any(|measure| measure.what == what)
    }

    /// Weight of the huge flows that a leaf's hash has put on a link.
    fn elephants(&self, link: usize) -> f64 {
        let on_link = |trouble: &&Trouble| {
            trouble.kind == Kind::ElephantFlow
                && trouble.end_ms > self.now_ms
                && trouble.place == Place::Leaf(link / self.links_per_leaf)
                && trouble.choice % self.links_per_leaf == link % self.links_per_leaf
        };
        self.troubles.iter().filter(on_link).map(|trouble| 0.4 + 0.6 * trouble.severity).sum()
    }

    fn read_ports(&mut self, samples: &mut Vec<Sample>) {
        let bandwidth_kbps = u64::from(self.config.link_gbps) * 1_000_000;
        let behind_max = f64::from(self.config.read_lag_ms) / self.config.interval_ms as f64;
        let behind: Vec<f64> =
            self.devices.iter().map(|_| behind_max * unit(&mut self.reading_rng)).collect();
        samples.reserve(self.links.len() * 6);
        for (k, link) in self.links.iter().enumerate() {
            for (end, state) in link.ends.iter().zip(link.state) {
                // Devices report one after the other, a few milliseconds apart.
                let at_ms = self.now_ms + (k * 1_000 / self.links.len()) as i64;
                let sample = |reading| Sample { at_ms, port: end.port, reading };
                samples.push(sample(Reading::Link { state, bandwidth_kbps }));
                let session_state =
                    if link.is_usable() { SessionState::Up } else { SessionState::Down };
                samples
                    .push(sample(Reading::Session { session: end.session, state: session_state }));
                let told = end.told(behind[self.catalog.device_of(end.port).index()]);
                samples.push(sample(Reading::Counters(told)));
            }
        }
    }
}

/// Whether troubles at these two places would meddle with one another.
fn overlap(links: &[Link], one: Place, other: Place) -> bool {
    let on_leaf = |place| match place {
        Place::Link(k) => Some(links[k].leaf),
        Place::Leaf(k) => Some(k),
        Place::Spine(_) => None,
    };
    let leaves = on_leaf(one).is_some() && on_leaf(one) == on_leaf(other);
    one == other || (leaves && !matches!((one, other), (Place::Link(_), Place::Link(_))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::{Overlay, route};

    /// The generator forwards leaf by leaf; routing knows nothing of leaves. Both must say the same of every link.
    #[test]
    fn links_carry_what_routing_says_they_carry() {
        let config = FabricConfig { trouble_every_s: 240.0, ..FabricConfig::default() };
        let mut fabric = Fabric::new(config, 3, 1_767_225_600_000).expect("valid");
        let (mut compared, mut uneven, mut samples) = (0, 0, Vec::new());
        for _ in 0..3_000 {
            let lost = |fabric: &Fabric| fabric.ledger.iter().map(Traffic::lost).sum::<f64>();
            let before = lost(&fabric);
            fabric.step(&mut samples);
            samples.clear();
            // What is lost on the way does not reach the second link.
            if lost(&fabric) > before {
                continue;
            }
            let topology = fabric.topology_as_split();
            let overlay = Overlay::without(&topology, fabric.links_out());
            let loads = route(&topology, &fabric.traffic(), &overlay);
            for (link, lanes) in fabric.links.iter().zip(&fabric.lanes) {
                for (end, lane) in link.ends.iter().zip(lanes) {
                    let arc = fabric.wired.sends(end.port).expect("wired");
                    let found = loads.arc_bps(arc);
                    let close = (found - lane.sent_bps).abs() <= 1e-9 * lane.sent_bps.max(1.0);
                    assert!(close, "{}: {found} ≠ {}", topology.arc_label(arc), lane.sent_bps);
                    uneven += usize::from(lane.weight > 1.5);
                }
            }
            compared += 1;
        }
        assert!(compared > 100 && uneven > 100, "{compared} steps, {uneven} uneven splits");
    }
}
