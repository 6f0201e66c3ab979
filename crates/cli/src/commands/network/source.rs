//! Where a verb gets a network and its traffic from: files, and what to assume where they say nothing.

use std::path::PathBuf;

use clap::Args;
use npo_network::Positive;
use npo_network::format::{
    Error, ImportOptions, Imported, ImportedTraffic, RateUnit, TrafficOptions, Why, open,
    parse_rate,
};
use npo_network::topology::Weighting;

use crate::exit::{Failure, chain};

/// A network and its traffic, in files.
#[derive(Debug, Args)]
pub(crate) struct Source {
    /// Topology: GraphML, SNDlib (native or XML), node-link JSON, or what `import --out` wrote
    pub(crate) file: PathBuf,
    /// Traffic: CSV or SNDlib XML, or a folder of SNDlib XML files over time
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) traffic: Option<PathBuf>,
    /// Give links that state no capacity this one, such as 10G
    #[arg(long, value_name = "RATE", value_parser = parse_rate)]
    assume_capacity: Option<Positive>,
    /// Take capacities and demands without a unit to be in this one [default: Mbit/s]
    #[arg(long, value_name = "UNIT")]
    unit: Option<RateUnit>,
    /// Take traffic without a unit to be in this one [default: that of --unit]
    #[arg(long, value_name = "UNIT")]
    traffic_unit: Option<RateUnit>,
    /// Routing weights: as given, 1 per hop, or the largest capacity over each link's own
    #[arg(long, value_name = "given|unit|inverse-capacity", default_value = "given")]
    weights: Weighting,
    /// Let links that are stated for one direction carry traffic both ways
    #[arg(long)]
    both_ways: bool,
}

/// What was read of a [`Source`].
pub(crate) struct Read {
    pub(crate) network: Imported,
    pub(crate) traffic: Option<ImportedTraffic>,
}

impl Source {
    /// Reads both; the traffic's names have to be nodes of the network.
    pub(crate) fn read(&self) -> Result<Read, Failure> {
        let options = ImportOptions {
            unit: self.unit,
            assume_capacity: self.assume_capacity,
            weighting: self.weights,
            both_ways: self.both_ways,
        };
        let network = open::topology(&self.file, &options)
            .map_err(|error| refused("the network was not read", &error))?;
        let unit = self.traffic_unit.or(self.unit);
        let traffic = match &self.traffic {
            None => None,
            Some(path) => Some(
                open::traffic(path, &TrafficOptions { unit })
                    .map_err(|error| refused("the traffic was not read", &error))?,
            ),
        };
        if let Some(traffic) = &traffic {
            traffic
                .series
                .resolve(&network.topology)
                .map_err(|unknown| Failure::Refused(unknown.to_string()))?;
        }
        Ok(Read { network, traffic })
    }
}

fn refused(what: &str, error: &Error) -> Failure {
    let hint = match error.why {
        Why::Weights(_) => "; --assume-capacity 10G gives them one",
        _ => "",
    };
    Failure::cannot(format!("{what}: {}{hint}", chain(error)))
}
