//! The metrics of the usual collectors, as they name them by default.

use super::field::Field;
use super::mapping::{Mapping, Metric, Source};

/// Name and maker of a preset.
pub type Preset = (&'static str, fn() -> Mapping);

/// Every preset.
pub const ALL: [Preset; 3] = [("snmp", snmp_exporter), ("gnmi", gnmi), ("node", node_exporter)];

/// The preset of this name.
#[must_use]
pub fn named(name: &str) -> Option<Mapping> {
    ALL.iter().find(|(known, _)| *known == name).map(|(_, mapping)| mapping())
}

/// `snmp_exporter` with its module `if_mib`: 64-bit counters of IF-MIB, the device in `instance`.
///
/// States may be codes, or words in a label of the metric's name where the exporter is told to make state sets.
/// Packets are unicast packets, which nearly all are where errors matter.
#[must_use]
pub fn snmp_exporter() -> Mapping {
    let counter = |name: &str, field| metric(name, field, 1.0, None);
    let state = |name: &str, field| metric(name, field, 1.0, Some(name));
    Mapping {
        device: labels(&["instance"]),
        interface: labels(&["ifName", "ifDescr"]),
        site: None,
        keep_port: false,
        select: String::new(),
        metrics: vec![
            counter("ifHCInOctets", Field::BytesReceived),
            counter("ifHCOutOctets", Field::BytesSent),
            counter("ifHCInUcastPkts", Field::PacketsReceived),
            counter("ifHCOutUcastPkts", Field::PacketsSent),
            counter("ifInErrors", Field::InputErrors),
            metric("ifHighSpeed", Field::Speed, 1e6, None),
            state("ifOperStatus", Field::OperState),
            state("ifAdminStatus", Field::AdminState),
        ],
    }
}

/// OpenConfig by gNMI as `gnmic` exports it: path elements joined by underscores, the device in `source`.
///
/// States are words in a label where the exporter keeps strings as labels, or numbers where it was told to convert
/// them: 1 for up.
#[must_use]
pub fn gnmi() -> Mapping {
    let name = |leaf: &str| format!("interfaces_interface_state_{leaf}");
    let counter = |leaf: &str, field| metric(&name(&format!("counters_{leaf}")), field, 1.0, None);
    let state = |leaf: &str, field| metric(&name(leaf), field, 1.0, Some(leaf));
    let speed = "interfaces_interface_ethernet_state_port_speed";
    let crc = "interfaces_interface_ethernet_state_counters_in_crc_errors";
    Mapping {
        device: labels(&["source", "target", "device"]),
        interface: labels(&["interface_name", "interface"]),
        site: None,
        keep_port: false,
        select: String::new(),
        metrics: vec![
            counter("in_octets", Field::BytesReceived),
            counter("out_octets", Field::BytesSent),
            counter("in_pkts", Field::PacketsReceived),
            counter("in_unicast_pkts", Field::PacketsReceived),
            counter("out_pkts", Field::PacketsSent),
            counter("out_unicast_pkts", Field::PacketsSent),
            counter("in_errors", Field::InputErrors),
            counter("in_fcs_errors", Field::CrcErrors),
            metric(crc, Field::CrcErrors, 1.0, None),
            counter("carrier_transitions", Field::CarrierTransitions),
            metric(speed, Field::Speed, 1.0, Some("port_speed")),
            state("oper_status", Field::OperState),
            state("admin_status", Field::AdminState),
        ],
    }
}

/// `node_exporter` on hosts, and on switches that run Linux; the interface is in `device`, the host in `instance`.
///
/// It does not tell an interface that was shut from one that failed.
#[must_use]
pub fn node_exporter() -> Mapping {
    let counter = |name: &str, field| metric(&format!("node_network_{name}"), field, 1.0, None);
    Mapping {
        device: labels(&["instance"]),
        interface: labels(&["device"]),
        site: None,
        keep_port: false,
        select: String::new(),
        metrics: vec![
            counter("receive_bytes_total", Field::BytesReceived),
            counter("transmit_bytes_total", Field::BytesSent),
            counter("receive_packets_total", Field::PacketsReceived),
            counter("transmit_packets_total", Field::PacketsSent),
            counter("receive_errs_total", Field::InputErrors),
            counter("carrier_changes_total", Field::CarrierTransitions),
            // Bytes per second.
            metric("node_network_speed_bytes", Field::Speed, 8.0, None),
            counter("up", Field::OperState),
        ],
    }
}

fn labels(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn metric(name: &str, field: Field, scale: f64, state_label: Option<&str>) -> Metric {
    let state_label = state_label.map(str::to_owned);
    Metric { source: Source::Name(name.to_owned()), field, scale, state_label }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_sound_and_tell_both_directions() {
        for (name, mapping) in ALL {
            let mapping = mapping();
            assert_eq!(mapping.check(), Ok(()), "{name}");
            for needed in [Field::BytesReceived, Field::BytesSent, Field::OperState] {
                assert!(mapping.metrics.iter().any(|metric| metric.field == needed), "{name}");
            }
        }
        assert_eq!(named("nothing"), None);
    }
}
