//! A generated network that proposes like a real one, for demonstrations and first steps.
//!
//! What the fabric does and what its watchers find is `npo-network`'s; here findings are told by
//! the machine person `fabric`, and what was decided about them is carried out by its [`Hands`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use npo_engine::{Engine, Refusal};
use npo_network::fabric::{Fabric, FabricConfig};
use npo_network::what_if::LIMIT_DEFAULT;
use npo_network::{Output, WatchConfig, Watchers};
use npo_policy::EVALUATION_STACK_BYTES;

use super::finding::Proposer;
use super::hands::Hands;
use crate::network::{Model, Network};

/// Handle of the machine person that proposes.
const HANDLE: &str = "fabric";
/// Simulated time that the watchers see before anything is proposed, so that they know what is
/// normal: twice their longest window.
const WARM_UP_MS: i64 = 10 * 60 * 1000;
/// How often the fabric is moved on.
const TICK: Duration = Duration::from_millis(250);
/// Steps in one tick at most, so that a machine that slept does not flood its people.
const STEPS_MAX: usize = 64;

/// A generated network.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LiveFabric {
    /// Seed of everything that happens in it. Default 1.
    pub seed: u64,
    /// Simulated seconds per second, 0.1 to 1,000. Default 10.
    pub speed: f64,
    /// Names of its sites. Default `fra1` and `ams1`.
    pub sites: Vec<String>,
    /// Spines per site. Default 4.
    pub spines: usize,
    /// Leaves per site. Default 8.
    pub leaves: usize,
    /// Mean simulated seconds between two troubles. Default 150.
    pub trouble_every_s: f64,
}

impl LiveFabric {
    /// Names of all keys.
    pub const KEYS: &'static [&'static str] =
        &["seed", "speed", "sites", "spines", "leaves", "trouble_every_s"];

    fn config(&self) -> FabricConfig {
        FabricConfig {
            sites: self.sites.clone(),
            spines: self.spines,
            leaves: self.leaves,
            trouble_every_s: self.trouble_every_s,
            ..FabricConfig::default()
        }
    }
}

impl Default for LiveFabric {
    fn default() -> Self {
        let FabricConfig { sites, spines, leaves, trouble_every_s, .. } = FabricConfig::default();
        Self { seed: 1, speed: 10.0, sites, spines, leaves, trouble_every_s }
    }
}

/// Why the fabric cannot run.
#[derive(Debug, thiserror::Error)]
pub enum FabricError {
    /// A setting is out of its range.
    #[error("`live_fabric`: {0}")]
    Config(#[from] npo_network::fabric::Error),
    /// The speed is out of its range.
    #[error("`live_fabric.speed` is {0}, expected a number from 0.1 to 1000")]
    Speed(f64),
    /// The machine person could not be added.
    #[error("the person `{HANDLE}` could not be added")]
    Person(#[source] Refusal),
    /// No thread could be started.
    #[error("no thread could be started for the fabric")]
    Thread(#[source] std::io::Error),
}

/// Starts the fabric on a thread of its own; it ends when `stop` is set.
pub(crate) fn start(
    settings: &LiveFabric,
    engine: Engine,
    network: Option<Arc<Network>>,
    stop: Arc<AtomicBool>,
) -> Result<JoinHandle<()>, FabricError> {
    if !(0.1..=1000.0).contains(&settings.speed) {
        return Err(FabricError::Speed(settings.speed));
    }
    let start_ms = Engine::now().0 - WARM_UP_MS;
    let fabric = Fabric::new(settings.config(), settings.seed, start_ms)?;
    let proposer =
        Proposer::new(engine, HANDLE, "Generated fabric").map_err(FabricError::Person)?;
    let speed = settings.speed;
    std::thread::Builder::new()
        .name("npo-fabric".into())
        // Proposals are judged by the policy on this thread.
        .stack_size(EVALUATION_STACK_BYTES)
        .spawn(move || run(fabric, speed, &proposer, network.as_deref(), &stop))
        .map_err(FabricError::Thread)
}

fn run(
    mut fabric: Fabric,
    speed: f64,
    proposer: &Proposer,
    network: Option<&Network>,
    stop: &AtomicBool,
) {
    let mut watchers = Watchers::new(fabric.catalog(), fabric.cabling(), WatchConfig::default());
    let (mut samples, mut output) = (Vec::new(), Output::default());
    let warm_until = fabric.now_ms() + WARM_UP_MS;
    fabric.advance_to(warm_until, usize::MAX, &mut samples);
    samples.drain(..).for_each(|s| watchers.observe(fabric.catalog(), &s, &mut output));
    output = Output::default();
    let mut hands = Hands::new(proposer.engine().clone(), proposer.actor());
    let started = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        std::thread::park_timeout(TICK);
        hands.work(&mut fabric, &mut watchers);
        #[expect(clippy::cast_possible_truncation, reason = "a run does not last 2^53 ms")]
        let due_ms = warm_until + (started.elapsed().as_secs_f64() * speed * 1000.0) as i64;
        fabric.advance_to(due_ms, STEPS_MAX, &mut samples);
        samples.drain(..).for_each(|s| watchers.observe(fabric.catalog(), &s, &mut output));
        output.shifts.clear();
        if let Some(network) = network
            && !output.findings.is_empty()
        {
            publish(&fabric, network);
        }
        for finding in output.findings.drain(..) {
            if let Some(proposed) = proposer.tell(&finding) {
                hands.proposed(&mut fabric, proposed, finding);
            }
        }
    }
}

/// Lets what-ifs be asked of the fabric as it is now; once for each round of findings, just before they are told.
fn publish(fabric: &Fabric, network: &Network) {
    let topology = Arc::new(fabric.topology_as_split());
    let names = Some((fabric.catalog().clone(), fabric.wired().clone()));
    let (traffic, out) = (fabric.traffic(), fabric.links_out());
    match Model::new(topology, traffic, &out, names, "generated fabric".into(), LIMIT_DEFAULT) {
        Ok(model) => network.set(model),
        Err(error) => tracing::warn!(%error, "what-ifs go on with an older state of the fabric"),
    }
}
