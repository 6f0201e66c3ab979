//! What a server's telemetry is good for: what was found, what is missing, and what cannot be watched without it.

use super::field::{Field, Fields};
use super::reader::Reader;
use crate::cabling::speed_of_name;

/// What one reader has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// Devices with at least one port.
    pub devices: usize,
    /// Interfaces of any kind.
    pub interfaces: usize,
    /// Interfaces whose name says that people cable them; only these are judged by their state and compared.
    pub ports: usize,
    /// An interface that does not count as a port, if there is one.
    pub not_a_port: Option<String>,
    /// How many ports have each field, in the order of [`Field::ALL`].
    pub having: Vec<(Field, usize)>,
    /// How far apart readings usually are, ms.
    pub interval_ms: Option<i64>,
    /// Time of the newest point, ms since 1970 UTC.
    pub newest_ms: Option<i64>,
}

/// A condition that watchers look for, and on how many ports they can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watchable {
    /// The scenario type.
    pub scenario_type: &'static str,
    /// Ports on which everything is there that it takes.
    pub ports: usize,
    /// What it takes, in words.
    pub takes: &'static str,
}

const BYTES: &[Field] = &[Field::BytesSent];
const STATE: &[Field] = &[Field::OperState];
const CARRIER: &[Field] = &[Field::CarrierTransitions];
const INPUT: &[Field] = &[Field::InputErrors, Field::PacketsReceived];
const CRC: &[Field] = &[Field::CrcErrors, Field::PacketsReceived];

/// Scenario types, with the sets of fields of which one has to be there.
const CONDITIONS: [(&str, &[&[Field]], &str); 4] = [
    ("link-imbalance", &[BYTES], "bytes_sent"),
    ("interface-down", &[STATE], "oper_state"),
    ("link-flapping", &[STATE, CARRIER], "oper_state or carrier_transitions"),
    ("error-growth", &[INPUT, CRC], "packets_received, and input_errors or crc_errors"),
];

impl Reader {
    /// What was seen so far.
    #[must_use]
    pub fn survey(&self) -> Survey {
        let catalog = self.catalog();
        let mut survey = Survey {
            devices: catalog.device_count(),
            interfaces: catalog.port_count(),
            ports: 0,
            not_a_port: None,
            having: Field::ALL.into_iter().map(|field| (field, 0)).collect(),
            interval_ms: self.interval_ms(),
            newest_ms: self.newest_ms(),
        };
        for (port, ever) in self.cabled() {
            match ever {
                None => {
                    survey.not_a_port.get_or_insert_with(|| catalog.label(port).to_owned());
                }
                Some(ever) => {
                    survey.ports += 1;
                    for (field, count) in &mut survey.having {
                        *count += usize::from(ever.contains(*field));
                    }
                }
            }
        }
        survey
    }

    /// Which conditions can be found on how many ports.
    #[must_use]
    pub fn watchable(&self) -> Vec<Watchable> {
        let can = |needed: &[&[Field]]| {
            let has_all = |ever: Fields, set: &[Field]| set.iter().all(|f| ever.contains(*f));
            self.cabled()
                .filter_map(|(_, ever)| ever)
                .filter(|ever| needed.iter().any(|set| has_all(*ever, set)))
                .count()
        };
        CONDITIONS
            .into_iter()
            .map(|(scenario_type, needed, takes)| Watchable {
                scenario_type,
                ports: can(needed),
                takes,
            })
            .collect()
    }

    /// Every interface, with what it ever told if it is a port.
    fn cabled(&self) -> impl Iterator<Item = (crate::catalog::PortId, Option<Fields>)> + '_ {
        self.catalog().ports().map(|port| {
            let is_port = speed_of_name(self.catalog().interface(port)).is_some();
            let ever = self.port(port).map(|port| port.ever).unwrap_or_default();
            (port, is_port.then_some(ever))
        })
    }
}
