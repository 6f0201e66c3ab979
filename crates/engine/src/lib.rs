//! The loop: gather, decide, append, apply, act.
//!
//! One lock guards the state. An order is decided and folded under it and its bytes join the group
//! that waits for the disk; one committer thread makes groups durable, and only then is anybody
//! answered.
//! What is decided while a group is on its way may depend on it, but is itself behind it in the
//! log, so that nothing is ever answered whose causes are not durable.
//! If an append fails, everybody in it is told so and the state is folded anew from the log.
//!
//! Leaves HTTP, configuration and rendering to others. Read `order.rs` for the way of an order,
//! `commit.rs` for the committer, `restore.rs` for how a start goes.

mod advance;
mod commit;
mod counters;
mod foresight;
mod gather;
mod housekeeping;
mod order;
mod refit;
mod restore;
mod wait;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use npo_core::event::RequestKey;
use npo_core::scenario_type::ScenarioType;
use npo_core::{Envelope, Millis, PersonId, Profile, Rejection, State};
use npo_log::{EventLog, LogReader, ReadError, SnapshotStore};
use npo_policy::Spe;
use parking_lot::{Condvar, Mutex, RwLock};
use sha2::{Digest as _, Sha256};
use smallvec::SmallVec;
use tokio::sync::watch;

pub use advance::{advance, advance_into};
pub use counters::{Counters, GROUP_BOUNDS};
pub use foresight::Foresight;
pub use gather::Told;
pub use refit::{LABELS_MAX, RefitError, RefitSummary};
pub use restore::{OpenError, OpenReport, STATE_FORM, fold};
pub use wait::{block_on, block_on_for};

/// How the engine runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// The profile to put in force if another one is.
    pub profile: Profile,
    /// Events between two snapshots, which bounds what a start has to fold.
    pub snapshot_every: u64,
    /// Events in one group at most; more orders than that at once are turned away.
    pub group_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { profile: Profile::calibrated(), snapshot_every: 500_000, group_max: 32_768 }
    }
}

/// What came of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// Positions and events, all durable; empty if there was nothing to do.
    pub events: SmallVec<[(u64, Envelope); 1]>,
    /// True if an earlier request with the same key was answered; only its first event is given.
    pub replayed: bool,
    /// What a proposal was judged as; `None` for other orders and earlier answers.
    pub judged: Option<Judged>,
}

/// What a proposal was judged as: the names behind the numbers of its event.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Version of the scenario type.
    pub definition: Arc<ScenarioType>,
    /// Entity of the scenario.
    pub entity: String,
    /// Site of the scenario.
    pub site: String,
}

/// Why an order has no receipt.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The order itself was refused.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The idempotency key was used for something else.
    #[error("the idempotency key was used before for another request")]
    KeyReused,
    /// The log cannot be written; nothing was recorded.
    #[error("the log cannot be written: {0}")]
    Unavailable(String),
    /// More orders wait for the disk than may.
    #[error("too many orders wait for the disk; try again")]
    Overloaded,
}

/// Whether orders can be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Why not, if not.
    pub failed: Option<String>,
    /// Position of the last durable event.
    pub position: u64,
}

/// What the lock guards.
struct Core {
    state: State,
    group: commit::Group,
    /// Why orders are turned away, if they are.
    failed: Option<String>,
    closing: bool,
}

struct Inner {
    core: Mutex<Core>,
    /// Wakes the committer.
    work: Condvar,
    durable: watch::Sender<u64>,
    policy: RwLock<Option<Arc<Spe>>>,
    foresight: RwLock<Option<Arc<dyn Foresight>>>,
    readers: Mutex<Vec<Box<dyn LogReader>>>,
    open_reader: Box<dyn Fn() -> Result<Box<dyn LogReader>, ReadError> + Send + Sync>,
    snapshots: Option<SnapshotStore>,
    options: Options,
    counters: Counters,
    /// Goes up with every change of people and tokens, under the lock.
    people: AtomicU64,
    stop: AtomicBool,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Held by a refit, a promotion or a rollback, one at a time.
    refitting: Mutex<()>,
}

/// The loop; a cheap handle.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

impl Engine {
    /// Opens a log: restores the state from the newest snapshot and the events after it, starts the
    /// committer and the housekeeping, and puts the profile in force. Blocks.
    ///
    /// # Errors
    /// [`OpenError`] says what of the log could not be read.
    pub fn open(
        log: Box<dyn EventLog>,
        snapshots: Option<SnapshotStore>,
        options: Options,
    ) -> Result<(Self, OpenReport), OpenError> {
        let mut source = log.reader()?;
        let (state, report) = restore::restore(source.as_mut(), snapshots.as_ref())?;
        let log = Arc::new(Mutex::new(log));
        let opener = Arc::clone(&log);
        let (durable, _) = watch::channel(state.position());
        let inner = Inner {
            core: Mutex::new(Core {
                group: commit::Group::default(),
                state,
                failed: None,
                closing: false,
            }),
            work: Condvar::new(),
            durable,
            policy: RwLock::new(None),
            foresight: RwLock::new(None),
            readers: Mutex::new(Vec::new()),
            open_reader: Box::new(move || opener.lock().reader()),
            snapshots,
            options,
            counters: Counters::default(),
            people: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            threads: Mutex::new(Vec::new()),
            refitting: Mutex::new(()),
        };
        let engine = Self(Arc::new(inner));
        let threads = vec![
            commit::start(Arc::clone(&engine.0), log),
            housekeeping::start_expiry(Arc::clone(&engine.0)),
            housekeeping::start_watch(Arc::clone(&engine.0)),
            housekeeping::start_refits(Arc::clone(&engine.0)),
        ];
        engine.0.threads.lock().extend(threads);
        if engine.0.snapshots.is_some() {
            let last = report.snapshot.unwrap_or(0);
            let thread = housekeeping::start_snapshots(Arc::clone(&engine.0), last);
            engine.0.threads.lock().push(thread);
        }
        let profile = Box::new(engine.0.options.profile.clone());
        let order =
            engine.order(npo_core::people::NPO, None, npo_core::Command::ActivateProfile(profile));
        let _receipt = block_on(order).map_err(OpenError::Profile)?;
        Ok((engine, report))
    }

    /// The time, as the engine sees it.
    #[must_use]
    pub fn now() -> Millis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// Reads the state under its lock; keep `f` short.
    pub fn read<R>(&self, f: impl FnOnce(&State) -> R) -> R {
        f(&self.0.core.lock().state)
    }

    /// Changes whenever people or tokens do. Whoever keeps what they read of them may use it as
    /// long as this stays the same; read this first, and then the state.
    #[must_use]
    pub fn people_version(&self) -> u64 {
        self.0.people.load(Ordering::Acquire)
    }

    /// Puts an evaluator in place. The order `ActivatePolicy` makes it official.
    pub fn set_policy(&self, spe: Option<Arc<Spe>>) {
        *self.0.policy.write() = spe;
    }

    /// The evaluator in place.
    #[must_use]
    pub fn policy(&self) -> Option<Arc<Spe>> {
        self.0.policy.read().clone()
    }

    /// Position of the last durable event; changes with every group.
    #[must_use]
    pub fn durable(&self) -> watch::Receiver<u64> {
        self.0.durable.subscribe()
    }

    /// An independent reader of the log.
    ///
    /// # Errors
    /// If the log cannot be opened once more.
    pub fn reader(&self) -> Result<Box<dyn LogReader>, ReadError> {
        (self.0.open_reader)()
    }

    /// The durable event at a position, with its hash.
    ///
    /// # Errors
    /// If the log cannot be read there.
    pub fn event(&self, position: u64) -> Result<Option<(Envelope, [u8; 32])>, ReadError> {
        self.0.event(position)
    }

    /// Whether orders can be taken.
    #[must_use]
    pub fn health(&self) -> Health {
        let failed = self.0.core.lock().failed.clone();
        Health { failed, position: *self.0.durable.borrow() }
    }

    /// Counters of the committer.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// Takes no more orders, waits until everything taken is durable, and ends the threads. Blocks.
    pub fn shutdown(&self) {
        self.0.stop.store(true, Ordering::Relaxed);
        self.0.core.lock().closing = true;
        self.0.work.notify_all();
        let threads: Vec<_> = self.0.threads.lock().drain(..).collect();
        threads.iter().for_each(|thread| thread.thread().unpark());
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("an engine thread panicked");
            }
        }
    }
}

impl Inner {
    fn event(&self, position: u64) -> Result<Option<(Envelope, [u8; 32])>, ReadError> {
        let mut reader = match self.readers.lock().pop() {
            Some(reader) => reader,
            None => (self.open_reader)()?,
        };
        let entry = reader.get(position);
        let mut idle = self.readers.lock();
        if idle.len() < READERS_IDLE_MAX {
            idle.push(reader);
        }
        drop(idle);
        let Some(entry) = entry? else { return Ok(None) };
        let envelope = npo_core::stored::decode(entry.kind, entry.version, &entry.body)
            .map_err(|e| restore::undecodable(position, e))?;
        Ok(Some((envelope, entry.hash)))
    }
}

/// Readers kept for the next look-up.
const READERS_IDLE_MAX: usize = 8;

/// The request key of an idempotency key: bound to who asks, for what, and to the content.
#[must_use]
pub fn request_key(actor: PersonId, endpoint: &str, key: &str, content: &[u8]) -> RequestKey {
    let mut hash = Sha256::new();
    hash.update(actor.0.to_le_bytes());
    hash.update(endpoint.as_bytes());
    hash.update([0]);
    hash.update(key.as_bytes());
    let key: [u8; 32] = hash.finalize().into();
    let content: [u8; 32] = Sha256::digest(content).into();
    let mut request = RequestKey { key: [0; 16], content: [0; 8] };
    request.key.copy_from_slice(&key[..16]);
    request.content.copy_from_slice(&content[..8]);
    request
}
