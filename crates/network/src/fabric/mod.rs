//! A generated leaf-spine fabric with real troubles: telemetry for demonstrations, tests and simulated operators.
//!
//! It yields the same [`Sample`]s as a recording, one reading of every port per step. Time and seed come from the
//! caller; two fabrics of one configuration, seed and start give the same samples, whatever the pace.
//! Unlike a network it knows the truth: [`Fabric::ground_truth`] says whether a proposed action would help.

mod config;
mod traffic;
mod trouble;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

pub use config::{Error, FabricConfig, LINKS_MAX};
pub use trouble::TroubleKind;

use crate::cabling::Cabling;
use crate::catalog::{Catalog, PortId, SessionId};
use crate::finding::Finding;
use crate::sample::{Counters, LinkState, Reading, Sample, SessionState};
use traffic::{Demand, normal, split};
use trouble::{Place, Schedule, Trouble, unit};

/// Bytes of an average packet.
const PACKET_BYTES: f64 = 800.0;
/// A finding may come this long after its trouble has ended, ms.
const REMEMBERED_MS: i64 = 1_200_000;

/// What was really behind a finding, and whether its action would help.
#[derive(Debug, Clone, PartialEq)]
pub struct GroundTruth {
    /// The trouble; `None` for a finding about nothing, or about traffic that moved because of something elsewhere.
    pub trouble: Option<TroubleKind>,
    /// Identifies the trouble within its fabric; 0 if there is none.
    pub trouble_id: u64,
    /// Whether the proposed action would make things better.
    pub helps: bool,
    /// Why, for people.
    pub reason: &'static str,
}

#[derive(Debug)]
struct End {
    port: PortId,
    session: SessionId,
    counters: Counters,
}

#[derive(Debug)]
struct Link {
    leaf: usize,
    spine: usize,
    /// The leaf's end, then the spine's.
    ends: [End; 2],
    state: [LinkState; 2],
    session_up: bool,
    /// Errors per packet received at the leaf's end.
    error_ratio: f64,
}

impl Link {
    fn is_usable(&self) -> bool {
        self.session_up && self.state[0] == LinkState::Up && self.state[1] == LinkState::Up
    }
}

/// A generated fabric.
#[derive(Debug)]
pub struct Fabric {
    config: FabricConfig,
    catalog: Catalog,
    cabling: Cabling,
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
    pub fn advance_to(&mut self, until_ms: i64, steps_max: usize, samples: &mut Vec<Sample>) -> usize {
        let mut steps = 0;
        while steps < steps_max && self.now_ms.saturating_add(self.config.interval_ms) <= until_ms {
            self.step(samples);
            steps += 1;
        }
        steps
    }

    /// What is behind a finding about this fabric, and whether its action would help.
    pub fn ground_truth(&self, finding: &Finding) -> GroundTruth {
        let Some(trouble) = self.cause(finding) else {
            let reason = "nothing is wrong there";
            return GroundTruth { trouble: None, trouble_id: 0, helps: false, reason };
        };
        let spare = finding.number("redundancy_left").unwrap_or(0.0);
        let busy = finding.feature("utilisation").or_else(|| finding.feature("utilisation_before")).unwrap_or(0.0);
        // What a link carries goes to all other links of its leaf.
        let others = (self.links_per_leaf as f64 - 1.0).max(1.0);
        let is_link_spare = spare >= 1.0 && busy * (1.0 + 1.0 / others) < 0.9;
        let (helps, reason) = if trouble.end_ms <= finding.at_ms {
            (false, "it is over already")
        } else {
            trouble.kind.judge(finding.action, is_link_spare)
        };
        GroundTruth { trouble: Some(trouble.kind), trouble_id: trouble.id, helps, reason }
    }

    /// Does what a finding proposes; ends the trouble and gives `true` if that helps.
    pub fn act(&mut self, finding: &Finding) -> bool {
        let truth = self.ground_truth(finding);
        if truth.helps
            && let Some(trouble) = self.troubles.iter_mut().find(|trouble| trouble.id == truth.trouble_id)
        {
            trouble.end_ms = trouble.end_ms.min(self.now_ms);
        }
        truth.helps
    }

    /// The latest trouble that shows itself as this finding at its place.
    fn cause(&self, finding: &Finding) -> Option<&Trouble> {
        let names = |device: &str| finding.entity.strip_prefix(device).is_some_and(|rest| rest.starts_with(['→', ':']));
        let is_there = |trouble: &&Trouble| match trouble.place {
            Place::Link(k) => {
                let ends = &self.links[k].ends;
                let is_group = finding.scenario_type == "link-imbalance";
                ends.iter().any(|end| {
                    let device = self.catalog.device_name(self.catalog.device_of(end.port));
                    finding.entity == self.catalog.label(end.port) || (is_group && names(device))
                })
            }
            Place::Leaf(k) => self.links.get(k * self.links_per_leaf).is_some_and(|link| {
                names(self.catalog.device_name(self.catalog.device_of(link.ends[0].port)))
            }),
            Place::Spine(k) => self
                .links
                .iter()
                .find(|link| link.spine == k)
                .is_some_and(|link| names(self.catalog.device_name(self.catalog.device_of(link.ends[1].port)))),
        };
        let rank = |trouble: &&Trouble| {
            let position = trouble.kind.shows_as().iter().position(|name| *name == finding.scenario_type)?;
            let is_current = trouble.end_ms > finding.at_ms;
            Some((is_current, std::cmp::Reverse(position), trouble.begin_ms, trouble.id))
        };
        self.troubles
            .iter()
            .filter(|trouble| trouble.begin_ms <= finding.at_ms)
            .filter(is_there)
            .filter_map(|trouble| rank(&trouble).map(|rank| (rank, trouble)))
            .max_by_key(|(rank, _)| *rank)
            .map(|(_, trouble)| trouble)
    }

    fn begin_troubles(&mut self) {
        let now_ms = self.now_ms;
        self.troubles.retain(|trouble| now_ms - trouble.end_ms <= REMEMBERED_MS);
        let sizes = (self.links.len(), self.demands.len(), self.spines);
        while self.schedule.is_due(now_ms) {
            let (troubles, links) = (&self.troubles, &self.links);
            // One trouble at a place at a time, with a pause, so that the truth about a finding is one thing.
            let is_free = |place| {
                troubles.iter().all(|trouble| now_ms - trouble.end_ms > 300_000 || !overlap(links, trouble.place, place))
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
                    link.error_ratio = 10f64.powf(-5.7 + 3.5 * trouble.severity) * (0.3 * normal(&mut self.trouble_rng)).exp();
                }
                TroubleKind::Flapping | TroubleKind::FlapsBriefly => {
                    let stays = if link.state[0] == LinkState::Up { 0.45 } else { 0.3 };
                    let is_up = (link.state[0] == LinkState::Up) == (unit(&mut self.trouble_rng) < stays);
                    if !is_up {
                        next[k] = [LinkState::Down; 2];
                    }
                }
                TroubleKind::FibreCut | TroubleKind::PortHang => next[k] = [LinkState::Down; 2],
                TroubleKind::Maintenance => {
                    let shut = trouble.choice % 2;
                    next[k] = [LinkState::Down; 2];
                    next[k][shut] = LinkState::AdminDown;
                }
                TroubleKind::SessionStuck | TroubleKind::PathBroken => link.session_up = false,
                TroubleKind::HashPolarised | TroubleKind::ElephantFlow => {}
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
                let asked =
                    demand.step(&mut self.traffic_rng, self.now_ms, self.config.utilisation, self.config.daily_swing);
                weights.clear();
                weights.extend(self.links[range.clone()].iter().map(|link| f64::from(u8::from(link.is_usable()))));
                skew(&self.troubles, self.now_ms, leaf, direction, &self.links[range.clone()], &mut weights);
                split(&mut self.traffic_rng, asked * capacity * weights.len() as f64, &mut weights, capacity);
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
                let session_state = if link.is_usable() { SessionState::Up } else { SessionState::Down };
                samples.push(sample(Reading::Session { session: end.session, state: session_state }));
                samples.push(sample(Reading::Counters(end.counters)));
            }
        }
    }
}

impl Link {
    /// Counts bytes at both ends: direction 0 leaves the leaf, direction 1 arrives there.
    fn carry(&mut self, direction: usize, bytes: f64) {
        let packets = (bytes / PACKET_BYTES) as u64;
        let from = &mut self.ends[direction].counters;
        from.bytes_sent += bytes as u64;
        from.packets_sent += packets;
        let to = &mut self.ends[1 - direction].counters;
        to.bytes_received += bytes as u64;
        to.packets_received += packets;
        if direction == 1 {
            let errors = (packets as f64 * self.error_ratio) as u64;
            to.input_errors += errors;
            to.crc_errors += errors;
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
fn skew(troubles: &[Trouble], now_ms: i64, leaf: usize, direction: usize, links: &[Link], weights: &mut [f64]) {
    let count = links.len();
    for trouble in troubles.iter().filter(|trouble| trouble.end_ms > now_ms) {
        let strength = 0.3 + 0.6 * trouble.severity;
        match (trouble.kind, trouble.place) {
            (TroubleKind::ElephantFlow, Place::Leaf(k)) if k == leaf && direction == 0 => {
                weights[trouble.choice % count] *= 1.0 + 2.5 * strength;
            }
            (TroubleKind::HashPolarised, Place::Leaf(k)) if k == leaf && direction == 0 => {
                for (n, weight) in weights.iter_mut().enumerate() {
                    *weight *= if (n + trouble.choice) % 2 == 0 { 1.0 + strength } else { 1.0 - strength };
                }
            }
            (TroubleKind::HashPolarised, Place::Spine(k)) if direction == 1 => {
                let of_spine = weights.iter_mut().zip(links).filter(|(_, link)| link.spine == k);
                for (n, (weight, _)) in of_spine.enumerate() {
                    *weight *= if (n + trouble.choice) % 2 == 0 { 1.0 + strength } else { 1.0 - strength };
                }
            }
            _ => {}
        }
    }
}

fn build(config: &FabricConfig) -> Result<(Catalog, Cabling, Vec<Link>), Error> {
    let prefix = config.interface_prefix()?;
    let (mut catalog, mut cabling, mut links) = (Catalog::default(), Cabling::default(), Vec::new());
    let mut end = |device: String, site: &str, port: usize, peer: String| {
        // The limits of a fabric are far below those of a catalog.
        let device = catalog.device(&device, site).expect("fewer devices than a catalog holds");
        let name = format!("{prefix}0/0/0/{port}");
        let port = catalog.port(device, &name).expect("fewer ports than a catalog holds");
        let session = catalog.session(port, &peer).expect("one session per port");
        End { port, session, counters: Counters::default() }
    };
    for (s, site) in config.sites.iter().enumerate() {
        for l in 0..config.leaves {
            for p in 0..config.spines {
                for k in 0..config.parallel_links {
                    let (leaf, spine) = (s * config.leaves + l, s * config.spines + p);
                    let (leaf_name, spine_name) = (format!("leaf{}", leaf + 1), format!("spine{}", spine + 1));
                    let up = end(leaf_name.clone(), site, p * config.parallel_links + k, spine_name.clone());
                    let down = end(spine_name, site, l * config.parallel_links + k, leaf_name);
                    cabling.connect(up.port, down.port);
                    let state = [LinkState::Up; 2];
                    links.push(Link { leaf, spine, ends: [up, down], state, session_up: true, error_ratio: 0.0 });
                }
            }
        }
    }
    Ok((catalog, cabling, links))
}
