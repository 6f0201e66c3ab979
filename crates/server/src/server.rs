//! Wiring: from a configuration to a server that answers.
//!
//! ```text
//! data/log.db         the log, which is the truth
//! data/snapshots/     states, so that a start need not fold the whole log
//! data/views.db       lists, rebuilt from the log at will
//! data/policies/      policy bundles that passed their check, by digest
//! ```

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use npo_engine::{Engine, Foresight, OpenError, Options};
use npo_log::SnapshotStore;
use npo_log_sqlite::SqliteLog;
use npo_policy::EVALUATION_STACK_BYTES;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle as Task;

use crate::app::App;
use crate::auth::Callers;
use crate::config::{Config, ConfigError};
use crate::divergence::Divergences;
use crate::feed::Feed;
use crate::http::listen;
use crate::metrics::Metrics;
use crate::network::{Network, NetworkError, follow, seen};
use crate::policies::{Policies, PolicyError};
use crate::projector::Lists;
use crate::routes;
use crate::seed::{self, SeedError};
use crate::setup::SetUpCode;
use crate::sources::fabric::{self, FabricError};
use crate::sources::prometheus;

/// Snapshots kept: the newest, and one more in case it cannot be read.
const SNAPSHOTS_KEPT: usize = 2;

/// Bytes of one page of the log.
const LOG_PAGE_BYTES: u64 = 4096;

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data directory cannot be used.
    #[error("data directory `{path}` cannot be used")]
    Data {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The log cannot be opened.
    #[error("the log cannot be opened")]
    Log(#[from] npo_log_sqlite::OpenError),
    /// The snapshots cannot be opened.
    #[error("the snapshots cannot be opened")]
    Snapshots(#[from] npo_log::snapshot::SnapshotError),
    /// The state cannot be restored from the log.
    #[error("the log cannot be folded")]
    Restore(#[from] OpenError),
    /// The lists cannot be opened.
    #[error("the lists cannot be opened")]
    Lists(#[from] npo_views::Error),
    /// The first policy bundle cannot be put in force.
    #[error("the policy cannot be put in force")]
    Policy(#[from] PolicyError),
    /// A scenario type cannot be put in force.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The address cannot be listened on.
    #[error("`{address}` cannot be listened on")]
    Listen {
        /// Which one.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No runtime could be started.
    #[error("no threads could be started")]
    Runtime(#[source] std::io::Error),
    /// No thread could be started to follow the network's files.
    #[error("no thread could be started to follow the network's files")]
    Following(#[source] std::io::Error),
    /// The network cannot be used.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The generated fabric cannot run.
    #[error(transparent)]
    Fabric(#[from] FabricError),
    /// The Prometheus source cannot run.
    #[error(transparent)]
    Prometheus(#[from] prometheus::StartError),
}

/// A running server. Dropping it stops it.
pub struct Server {
    address: SocketAddr,
    setup_link: Option<String>,
    engine: Engine,
    stop: watch::Sender<bool>,
    stop_sources: Arc<AtomicBool>,
    serving: Option<Task<()>>,
    threads: Vec<JoinHandle<()>>,
    runtime: Option<Runtime>,
}

impl Server {
    /// Opens the data directory and serves from it. Blocks until requests are answered; must not be
    /// called inside a runtime.
    ///
    /// # Errors
    /// [`ServeError`] says what kept the server from starting.
    pub fn start(config: Config) -> Result<Self, ServeError> {
        config.check()?;
        let data = |source| ServeError::Data { path: config.data.clone(), source };
        std::fs::create_dir_all(&config.data).map_err(data)?;
        let (listener, address) = bind(config.listen)?;
        let engine = open_engine(&config)?;
        // From here on threads run that only a shutdown ends.
        let (stop, stopped) = watch::channel(false);
        let mut server = Self {
            address,
            setup_link: None,
            engine,
            stop,
            stop_sources: Arc::default(),
            serving: None,
            threads: Vec::new(),
            runtime: None,
        };
        server.serve(config, listener, stopped)?;
        Ok(server)
    }

    fn serve(
        &mut self,
        config: Config,
        listener: TcpListener,
        stopped: watch::Receiver<bool>,
    ) -> Result<(), ServeError> {
        let engine = self.engine.clone();
        seed::scenario_types(&engine, config.scenarios.as_deref())?;
        let policies = Policies::open(&config)?;
        policies.restore(&engine, config.policy.as_deref())?;
        let views = config.data.join("views.db");
        let (lists, feeding) = Lists::start(&views, engine.clone(), stopped.clone())?;
        let (feed, following) = Feed::start(&engine, stopped.clone());
        self.threads.extend([feeding, following]);
        let network = Arc::new(Network::new(&config.network.actions));
        // Before they are read, so that no change goes unseen.
        let files = seen(&config.network);
        let model = config.network.model()?;
        let has_model = model.is_some();
        model.into_iter().for_each(|model| network.set(model));
        if has_model || config.live_fabric.is_some() {
            engine.set_foresight(Some(Arc::clone(&network) as Arc<dyn Foresight>));
        }
        if has_model {
            let (network, stop) = (Arc::clone(&network), Arc::clone(&self.stop_sources));
            let following = follow(config.network.clone(), files, network, stop);
            self.threads.extend(following.map_err(ServeError::Following)?);
        }
        if let Some(settings) = &config.live_fabric {
            let stop = Arc::clone(&self.stop_sources);
            // A network that somebody described wins over the one that is made up.
            let model = (!has_model).then_some(network);
            self.threads.push(fabric::start(settings, engine.clone(), model, stop)?);
        }
        let mut sources = Vec::new();
        if let Some(settings) = &config.prometheus {
            let (health, stop) = (Arc::default(), Arc::clone(&self.stop_sources));
            sources.push(("prometheus", Arc::clone(&health)));
            self.threads.push(prometheus::start(settings, engine.clone(), health, stop)?);
        }
        let setup = if engine.read(|state| state.has_admin()) {
            SetUpCode::none()
        } else {
            let (setup, code) = SetUpCode::new();
            self.setup_link = Some(format!("http://{}/setup#{code}", reachable(self.address)));
            setup
        };
        let runtime = runtime(&config).map_err(ServeError::Runtime)?;
        let app = Arc::new(App {
            streams: Arc::new(Semaphore::new(config.limits.streams)),
            metrics: Metrics::new(),
            sources,
            divergences: Divergences::default(),
            callers: Callers::default(),
            stop: stopped.clone(),
            config,
            engine,
            lists,
            policies,
            setup,
            feed,
        });
        let listening = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)
                .map_err(|source| ServeError::Listen { address: self.address, source })?
        };
        let dispatch = Arc::new(routes::dispatch(&app));
        let serving = async move { listen::serve(listening, dispatch, &app.config, stopped).await };
        self.serving = Some(runtime.spawn(serving));
        self.runtime = Some(runtime);
        Ok(())
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The one-time link that makes the first administrator; `None` if there is one.
    #[must_use]
    pub fn setup_link(&self) -> Option<&str> {
        self.setup_link.as_deref()
    }

    /// Runs `future` on the server's runtime.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.as_ref().expect("a server that was started has a runtime").block_on(future)
    }

    /// Takes no more connections, finishes the requests in progress, makes everything durable and
    /// ends. Blocks.
    pub fn shutdown(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.stop_sources.store(true, Ordering::Relaxed);
        if let (Some(runtime), Some(serving)) = (self.runtime.take(), self.serving.take()) {
            if runtime.block_on(serving).is_err() {
                tracing::error!("the listener panicked");
            }
            // What outlived the time for draining is cut off.
            runtime.shutdown_background();
        }
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a server thread panicked");
            }
        }
        self.engine.shutdown();
    }
}

fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let listen = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).map_err(listen)?;
    listener.set_nonblocking(true).map_err(listen)?;
    let bound = listener.local_addr().map_err(listen)?;
    Ok((listener, bound))
}

fn open_engine(config: &Config) -> Result<Engine, ServeError> {
    let pages = |bytes: u64| u32::try_from(bytes / LOG_PAGE_BYTES).unwrap_or(u32::MAX);
    let bounds = npo_log_sqlite::Options {
        pages_max: config.log_bytes_max.map(pages),
        ..npo_log_sqlite::Options::default()
    };
    let log = SqliteLog::open(&config.data.join("log.db"), &bounds)?;
    let snapshots = SnapshotStore::open(&config.data.join("snapshots"), SNAPSHOTS_KEPT)?;
    let options = Options {
        profile: config.profile()?,
        snapshot_every: config.snapshot_every,
        ..Options::default()
    };
    let (engine, report) = Engine::open(Box::new(log), Some(snapshots), options)?;
    for why in &report.skipped_snapshots {
        tracing::warn!(why, "a snapshot was passed over");
    }
    let ms = u64::try_from(report.elapsed.as_millis()).unwrap_or(u64::MAX);
    // Years of events are not walked at every start: `npo log verify` does.
    let checked = "the chain of its last events";
    let (position, replayed) = (report.position, report.replayed);
    tracing::info!(position, replayed, ms, checked, "log opened");
    Ok(engine)
}

fn runtime(config: &Config) -> std::io::Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = config.worker_threads {
        builder.worker_threads(threads);
    }
    // Policies are evaluated on these threads.
    builder.thread_stack_size(EVALUATION_STACK_BYTES).thread_name("npo-serve").enable_all().build()
}

/// An address that a person can open in a browser on the same machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        ip if ip.is_unspecified() => {
            SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port())
        }
        _ => address,
    }
}
