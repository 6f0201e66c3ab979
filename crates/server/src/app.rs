//! What all handlers share.

use std::sync::Arc;

use npo_engine::Engine;
use tokio::sync::{Semaphore, watch};

use crate::auth::Callers;
use crate::config::Config;
use crate::divergence::Divergences;
use crate::feed::Feed;
use crate::metrics::Metrics;
use crate::policies::Policies;
use crate::projector::Lists;
use crate::setup::SetUpCode;
use crate::sources::prometheus::health::SourceHealth;

/// What all handlers share.
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) engine: Engine,
    /// The read models.
    pub(crate) lists: Lists,
    pub(crate) policies: Policies,
    pub(crate) setup: SetUpCode,
    /// Who asked before.
    pub(crate) callers: Callers,
    /// Live events for streams.
    pub(crate) feed: Feed,
    pub(crate) metrics: Metrics,
    /// How the sources inside the server fare, by name.
    pub(crate) sources: Vec<(&'static str, Arc<SourceHealth>)>,
    /// The latest report on where people override what policy allows.
    pub(crate) divergences: Divergences,
    /// One permit per event stream.
    pub(crate) streams: Arc<Semaphore>,
    /// True once the server is stopping; event streams end then.
    pub(crate) stop: watch::Receiver<bool>,
}
