//! The `[network]` section of the configuration: files that describe the network.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use npo_network::format::{self, ImportOptions, TrafficOptions, open, parse_rate};
use npo_network::topology::weights::Weighting;
use npo_network::traffic::{Times, TrafficMatrix, TrafficSeries, UnknownNames};

use super::action::Does;
use super::model::Model;

/// Most hours to come.
const HOURS_MAX: u32 = 24;
/// Seconds between two looks at the files.
const REFRESH_S: std::ops::RangeInclusive<u64> = 5..=86_400;

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
    /// Hours to come that every what-if looks at, where the traffic is given over time, 0 to 24. Default 6.
    pub forecast_hours: u32,
    /// Seconds between two looks whether the files have changed, 5 to 86,400, or 0 for never. Default 60.
    pub refresh_s: u64,
    /// What further actions do to the network: `remove`, `drain` or `shift`.
    pub actions: BTreeMap<String, Does>,
}

impl NetworkSettings {
    /// Names of all keys.
    pub const KEYS: &'static [&'static str] = &[
        "topology",
        "traffic",
        "assume_capacity",
        "weights",
        "limit",
        "forecast_hours",
        "refresh_s",
        "actions",
    ];

    /// The model that the files describe; `None` if no topology is named. Blocks.
    ///
    /// # Errors
    /// [`NetworkError`] names the file or the setting.
    pub(crate) fn model(&self) -> Result<Option<Model>, NetworkError> {
        if !(0.05..=1.0).contains(&self.limit) {
            return Err(NetworkError::Limit(self.limit));
        }
        if self.forecast_hours > HOURS_MAX {
            return Err(NetworkError::Hours(self.forecast_hours));
        }
        if self.refresh_s != 0 && !REFRESH_S.contains(&self.refresh_s) {
            return Err(NetworkError::Refresh(self.refresh_s));
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
        let read = match &self.traffic {
            None => None,
            Some(file) => Some(open::traffic(file, &TrafficOptions::default())?.series),
        };
        let topology = Arc::new(imported.topology);
        let series = match &read {
            None => None,
            Some(series) => Some((series, series.resolve(&topology)?)),
        };
        let (matrix, of) = match &series {
            None => (imported.demands.unwrap_or_default(), path),
            Some((_, series)) => {
                let last = series.len().checked_sub(1).map(|last| series.matrix(last));
                (last.unwrap_or_default(), self.traffic.as_ref().unwrap_or(path))
            }
        };
        if matrix == TrafficMatrix::default() {
            tracing::warn!(file = %of.display(), "the network has no traffic: what-ifs tell of ways only");
        }
        let file = of.file_name().unwrap_or_default().to_string_lossy();
        let as_of = read.as_ref().and_then(last_time).map(|at| format!(", traffic of {at}"));
        let origin = format!("file {file}{}", as_of.unwrap_or_default());
        let model = Model::new(Arc::clone(&topology), matrix, &[], None, origin, self.limit);
        let mut model = model.map_err(|error| NetworkError::TooLarge(error.to_string()))?;
        let series = series.as_ref().map(|(series, resolved)| (*series, resolved));
        model.look_ahead(series, self.forecast_hours);
        Ok(Some(model))
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
            forecast_hours: 6,
            refresh_s: 60,
            actions: BTreeMap::new(),
        }
    }
}

/// When the last step began, as the source's clock says.
fn last_time(series: &TrafficSeries) -> Option<String> {
    let Times::Clock(at) = &series.times else { return None };
    jiff::Timestamp::from_millisecond(*at.last()?).ok().map(|at| at.to_string())
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
    /// More hours than a forecast is worth something for.
    #[error("`network.forecast_hours` is {0}, expected 0 to {HOURS_MAX}")]
    Hours(u32),
    /// The time between two looks is out of its range.
    #[error("`network.refresh_s` is {0}, expected 0 or a number from 5 to 86400")]
    Refresh(u64),
    /// A network that is too large to be routed.
    #[error("`network`: {0}")]
    TooLarge(String),
}
