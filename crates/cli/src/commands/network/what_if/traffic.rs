//! Which traffic a change is judged under: a step of what was given, the network's own demands, or the same everywhere.

use std::path::Path;

use npo_network::format::{ImportReport, Kind, rate_words};
use npo_network::topology::{NodeId, Topology};
use npo_network::traffic::{Demand, TrafficMatrix, TrafficSeries};

use super::super::source::Read;
use crate::exit::Failure;
use crate::output::say;

/// Most nodes for which traffic between all of them is made up.
const EVEN_NODES_MAX: usize = 2_000;
/// Traffic that is made up between every two nodes, bit/s.
const EVEN_BPS: f64 = 1e6;

/// The network and its traffic at one time.
pub(super) struct Case {
    pub(super) topology: Topology,
    pub(super) matrix: TrafficMatrix,
    /// Which traffic it is, for the reader.
    pub(super) words: String,
    /// All of the traffic, and the step that stands for now.
    series: Option<(TrafficSeries, usize)>,
}

impl Case {
    /// Takes the last step of the traffic, or with `peak` the one with the highest total; says on stderr what was
    /// assumed.
    pub(super) fn new(read: Read, path: Option<&Path>, peak: bool) -> Result<Self, Failure> {
        let Read { network, traffic } = read;
        tell(&network.report);
        let topology = network.topology;
        if let Some(traffic) = traffic {
            tell(&traffic.report);
            return Self::at_a_step(topology, traffic.series, path, peak);
        }
        let (matrix, words) = match network.demands {
            Some(matrix) => {
                let total = rate_words(matrix.total_bps());
                (matrix, format!("{total}, the demands of {}", network.report.file))
            }
            None => even(&topology)?,
        };
        Ok(Self { topology, matrix, words, series: None })
    }

    fn at_a_step(
        topology: Topology,
        series: TrafficSeries,
        path: Option<&Path>,
        peak: bool,
    ) -> Result<Self, Failure> {
        let resolved =
            series.resolve(&topology).map_err(|unknown| Failure::Refused(unknown.to_string()))?;
        let total = |step: usize| resolved.rates(step).iter().sum::<f64>();
        let steps = 0..resolved.len();
        let step =
            if peak { steps.max_by(|&a, &b| total(a).total_cmp(&total(b))) } else { steps.last() };
        let Some(step) = step else { return Err(Failure::cannot("the traffic has no step")) };
        let matrix = resolved.matrix(step);
        let words = format!(
            "{}, step {} of {} in {}",
            rate_words(matrix.total_bps()),
            step + 1,
            resolved.len(),
            path.map(|path| path.display().to_string()).unwrap_or_default()
        );
        Ok(Self { topology, matrix, words, series: Some((series, step)) })
    }

    /// The traffic over time and the step that stands for now, if there is any.
    pub(super) fn series(&self) -> Option<(&TrafficSeries, usize)> {
        self.series.as_ref().map(|(series, step)| (series, *step))
    }

    /// The matrices of rows of rates that belong to the pairs of the series.
    pub(super) fn matrices(&self, rows: &[Vec<f64>]) -> Result<Vec<TrafficMatrix>, Failure> {
        let Some((series, _)) = &self.series else { return Ok(Vec::new()) };
        let resolved = series
            .resolve(&self.topology)
            .map_err(|unknown| Failure::Refused(unknown.to_string()))?;
        Ok(rows.iter().map(|row| resolved.matrix_of(row)).collect())
    }
}

/// What a reader must know before believing the answer; what was simply read is not said.
fn tell(report: &ImportReport) {
    let told = report.notes.iter().filter(|note| !matches!(note.kind, Kind::Read));
    for note in told {
        say(&format!("{}: {}: {}", report.file, note.kind.words(), note.words));
    }
}

/// The same between every two nodes: without any traffic, nothing could be said of what is cut off.
fn even(topology: &Topology) -> Result<(TrafficMatrix, String), Failure> {
    let nodes = topology.nodes().len();
    if nodes > EVEN_NODES_MAX {
        let why = format!("{nodes} nodes and no traffic; give some with `--traffic`");
        return Err(Failure::cannot(why));
    }
    let ids = || (0u32..).take(nodes).map(NodeId);
    let pairs = ids().flat_map(|from| ids().map(move |to| (from, to)));
    let matrix = TrafficMatrix::new(pairs.map(|(from, to)| Demand { from, to, bps: EVEN_BPS }));
    let words = format!("{} between every two nodes, for none was given", rate_words(EVEN_BPS));
    Ok((matrix, words))
}
