//! A generated leaf-spine fabric with real troubles: telemetry for demonstrations, tests and simulated operators.
//!
//! It yields the same [`Sample`]s as a recording, one reading of every port per step. Time and seed come from the
//! caller; two fabrics of one configuration, seed and start give the same samples, whatever the pace.
//! Unlike a network it knows the truth: [`Fabric::ground_truth`] says whether a proposed action would help.

mod config;
mod plan;
mod traffic;
mod trouble;
mod truth;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

pub use config::{Error, FabricConfig, LINKS_MAX};
pub use trouble::TroubleKind;
pub use truth::GroundTruth;

use crate::cabling::Cabling;
use crate::catalog::Catalog;
use crate::sample::{LinkState, Reading, Sample, SessionState};
use crate::topology::{LinkId, Topology};
use crate::wired::Wired;
use plan::{Link, build};
use traffic::{Demand, normal, split};
use trouble::{Place, Schedule, Trouble, unit};

/// A finding may come this long after its trouble has ended, ms.
const REMEMBERED_MS: i64 = 1_200_000;

/// A generated fabric.
#[derive(Debug)]
pub struct Fabric {
    config: FabricConfig,
    catalog: Catalog,
    cabling: Cabling,
    wired: Wired,
    links: Vec<Link>,
    /// Links of each leaf, as a range: leaves own consecutive links.
    links_per_leaf: usize,
    demands: Vec<[Demand; 2]>,
    spines: usize,
    troubles: Vec<Trouble>,
    schedule: Schedule,
    traffic_rng: ChaCha8Rng,
    trouble_rng: ChaCha8Rng,
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
        let sites = config.sites.len();
        let demand = |_| [Demand::new(&mut traffic_rng), Demand::new(&mut traffic_rng)];
        let demands = (0..sites * config.leaves).map(demand).collect();
        Ok(Self {
            links_per_leaf: config.spines * config.parallel_links,
            spines: sites * config.spines,
            schedule: Schedule::new(stream(1), start_ms, config.trouble_every_s),
            trouble_rng: stream(2),
            troubles: Vec::new(),
            now_ms: start_ms,
            config,
            wired,
            catalog,
            cabling,
            links,
            demands,
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

    /// What the entity or target of one of its findings stands for in [`Fabric::topology`].
    pub fn place(&self, name: &str) -> Option<crate::topology::Place> {
        self.wired.place(&self.catalog, name)
    }

    /// Links that carry nothing now: down, shut, or without a session.
    pub fn links_out(&self) -> Vec<LinkId> {
        let out = self.links.iter().filter(|link| !link.is_usable());
        out.filter_map(|link| self.wired.link(link.ends[0].port)).collect()
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
        let last_ms = self.now_ms;
        self.now_ms += self.config.interval_ms;
        self.begin_troubles();
        self.apply_troubles();
        self.move_traffic((self.now_ms - last_ms) as f64 / 1e3);
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
        self.troubles.retain(|trouble| now_ms - trouble.end_ms <= REMEMBERED_MS);
        let sizes = (self.links.len(), self.demands.len(), self.spines);
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

    fn apply_troubles(&mut self) {
        for link in &mut self.links {
            link.session_up = true;
            link.error_ratio = 0.0;
        }
        let mut next: Vec<[LinkState; 2]> = vec![[LinkState::Up; 2]; self.links.len()];
        for trouble in self.troubles.iter().filter(|trouble| trouble.end_ms > self.now_ms) {
            let Place::Link(k) = trouble.place else {
                continue;
            };
            let link = &mut self.links[k];
            match trouble.kind {
                TroubleKind::DirtyOptics | TroubleKind::ErrorBurst => {
                    // From a few to some ten thousand errors per million packets.
                    link.error_ratio = 10f64.powf(-5.7 + 3.5 * trouble.severity)
                        * (0.3 * normal(&mut self.trouble_rng)).exp();
                }
                TroubleKind::Flapping | TroubleKind::FlapsBriefly => {
                    let stays = if link.state[0] == LinkState::Up { 0.45 } else { 0.3 };
                    let is_up =
                        (link.state[0] == LinkState::Up) == (unit(&mut self.trouble_rng) < stays);
                    if !is_up {
                        next[k] = [LinkState::Down; 2];
                    }
                }
                TroubleKind::FibreCut | TroubleKind::PortHang => next[k] = [LinkState::Down; 2],
                TroubleKind::Maintenance | TroubleKind::RestartAhead => {
                    let shut = trouble.choice % 2;
                    next[k] = [LinkState::Down; 2];
                    next[k][shut] = LinkState::AdminDown;
                }
                TroubleKind::SessionStuck | TroubleKind::PathBroken => link.session_up = false,
                TroubleKind::HashPolarised
                | TroubleKind::ElephantFlow
                | TroubleKind::BulkTransfer => {}
            }
        }
        for (link, next) in self.links.iter_mut().zip(next) {
            if (link.state[0] == LinkState::Up) != (next[0] == LinkState::Up) {
                for end in &mut link.ends {
                    end.counters.carrier_transitions += 1;
                }
            }
            link.state = next;
        }
    }

    fn move_traffic(&mut self, seconds: f64) {
        let capacity = f64::from(self.config.link_gbps) * 1e9;
        let mut weights = Vec::with_capacity(self.links_per_leaf);
        for leaf in 0..self.demands.len() {
            let range = leaf * self.links_per_leaf..(leaf + 1) * self.links_per_leaf;
            for direction in 0..2 {
                let demand = &mut self.demands[leaf][direction];
                let asked = demand.step(
                    &mut self.traffic_rng,
                    self.now_ms,
                    self.config.utilisation,
                    self.config.daily_swing,
                );
                weights.clear();
                weights.extend(
                    self.links[range.clone()]
                        .iter()
                        .map(|link| f64::from(u8::from(link.is_usable()))),
                );
                skew(
                    &self.troubles,
                    self.now_ms,
                    leaf,
                    direction,
                    &self.links[range.clone()],
                    &mut weights,
                );
                split(
                    &mut self.traffic_rng,
                    asked * capacity * weights.len() as f64,
                    &mut weights,
                    capacity,
                );
                for (link, rate) in self.links[range.clone()].iter_mut().zip(&weights) {
                    link.carry(direction, rate * seconds / 8.0);
                }
            }
        }
    }

    fn read_ports(&self, samples: &mut Vec<Sample>) {
        let bandwidth_kbps = u64::from(self.config.link_gbps) * 1_000_000;
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
                samples.push(sample(Reading::Counters(end.counters)));
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

/// Weighs links by the troubles of those who choose them.
fn skew(
    troubles: &[Trouble],
    now_ms: i64,
    leaf: usize,
    direction: usize,
    links: &[Link],
    weights: &mut [f64],
) {
    let count = links.len();
    for trouble in troubles.iter().filter(|trouble| trouble.end_ms > now_ms) {
        let strength = 0.3 + 0.6 * trouble.severity;
        match (trouble.kind, trouble.place) {
            (TroubleKind::ElephantFlow, Place::Leaf(k)) if k == leaf && direction == 0 => {
                weights[trouble.choice % count] *= 1.0 + 2.5 * strength;
            }
            (TroubleKind::BulkTransfer, Place::Leaf(k)) if k == leaf && direction == 0 => {
                for (n, weight) in weights.iter_mut().enumerate() {
                    *weight *= if (n + trouble.choice) % 3 == 0 { 1.0 + strength } else { 1.0 };
                }
            }
            (TroubleKind::HashPolarised, Place::Leaf(k)) if k == leaf && direction == 0 => {
                for (n, weight) in weights.iter_mut().enumerate() {
                    *weight *=
                        if (n + trouble.choice) % 2 == 0 { 1.0 + strength } else { 1.0 - strength };
                }
            }
            (TroubleKind::HashPolarised, Place::Spine(k)) if direction == 1 => {
                let of_spine = weights.iter_mut().zip(links).filter(|(_, link)| link.spine == k);
                for (n, (weight, _)) in of_spine.enumerate() {
                    *weight *=
                        if (n + trouble.choice) % 2 == 0 { 1.0 + strength } else { 1.0 - strength };
                }
            }
            _ => {}
        }
    }
}
