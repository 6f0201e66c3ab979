//! The `[network]` section of the configuration: files that describe the network.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use npo_network::format::{self, ImportOptions, TrafficOptions, open, parse_rate};
use npo_network::topology::weights::Weighting;
use npo_network::traffic::{TrafficMatrix, UnknownNames};

use super::action::Does;
use super::model::Model;

/// The network that what-ifs are asked of.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkSettings {
    /// File of the topology: GraphML, SNDlib, or JSON. Default none: no what-ifs, unless a source brings its own
    /// network.
    pub topology: Option<PathBuf>,
    /// File or folder of its traffic; the latest step counts. Default: the topology's own demands.
    pub traffic: Option<PathBuf>,
    /// Capacity of links that state none, such as `10G`. Default none: their utilisation stays unknown.
    pub assume_capacity: Option<String>,
    /// Where routing weights come from: `given`, `unit` or `inverse-capacity`. Default `given`.
    pub weights: Option<String>,
    /// Utilisation above which a link counts as too busy, 0.05 to 1. Default 0.8.
    pub limit: f64,
    /// What further actions do to the network: `remove`, `drain` or `shift`.
    pub actions: BTreeMap<String, Does>,
}

impl NetworkSettings {
    /// Names of all keys.
    pub const KEYS: &'static [&'static str] =
        &["topology", "traffic", "assume_capacity", "weights", "limit", "actions"];

    /// The model that the files describe; `None` if no topology is named. Blocks.
    ///
    /// # Errors
    /// [`NetworkError`] names the file or the setting.
    pub(crate) fn model(&self) -> Result<Option<Model>, NetworkError> {
        if !(0.05..=1.0).contains(&self.limit) {
            return Err(NetworkError::Limit(self.limit));
        }
        let Some(path) = &self.topology else {
            return match &self.traffic {
                Some(_) => Err(NetworkError::NoTopology),
                None => Ok(None),
            };
        };
        let capacity = self.assume_capacity.as_deref().map(parse_rate).transpose();
        let weighting = self.weights.as_deref().map(str::parse::<Weighting>).transpose();
        let options = ImportOptions {
            assume_capacity: capacity
                .map_err(|error| NetworkError::Setting("assume_capacity", error.to_string()))?,
            weighting: weighting
                .map_err(|error| NetworkError::Setting("weights", error.to_string()))?
                .unwrap_or_default(),
            ..ImportOptions::default()
        };
        let imported = open::topology(path, &options)?;
        let (matrix, of) = match &self.traffic {
            None => (imported.demands.unwrap_or_default(), path),
            Some(file) => {
                let read = open::traffic(file, &TrafficOptions::default())?;
                let series = read.series.resolve(&imported.topology)?;
                let last = series.len().checked_sub(1).map(|last| series.matrix(last));
                (last.unwrap_or_default(), file)
            }
        };
        if matrix == TrafficMatrix::default() {
            tracing::warn!(file = %of.display(), "the network has no traffic: what-ifs tell of ways only");
        }
        let origin = format!("file {}", of.file_name().unwrap_or_default().to_string_lossy());
        let topology = Arc::new(imported.topology);
        let model = Model::new(topology, matrix, &[], None, origin, self.limit);
        model.map(Some).map_err(|error| NetworkError::TooLarge(error.to_string()))
    }
}

impl Default for NetworkSettings {
    fn default() -> Self {
        Self {
            topology: None,
            traffic: None,
            assume_capacity: None,
            weights: None,
            limit: npo_network::what_if::LIMIT_DEFAULT,
            actions: BTreeMap::new(),
        }
    }
}

/// Why the network cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// A file cannot be read.
    #[error("`network`: {0}")]
    File(#[from] format::Error),
    /// Traffic names nodes that the topology does not have.
    #[error("`network.traffic`: {0}")]
    Names(#[from] UnknownNames),
    /// Traffic without a network.
    #[error("`network.traffic` is given without `network.topology`")]
    NoTopology,
    /// A setting that does not parse.
    #[error("`network.{0}`: {1}")]
    Setting(&'static str, String),
    /// The limit is out of its range.
    #[error("`network.limit` is {0}, expected a number from 0.05 to 1")]
    Limit(f64),
    /// A network that is too large to be routed.
    #[error("`network`: {0}")]
    TooLarge(String),
}
