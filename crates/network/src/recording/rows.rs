//! From rows of a recording's tables to samples, links and events.

use super::Limits;
use super::error::Error;
use super::table::Table;
use super::time;
use crate::cabling::{Cabling, full_interface_name};
use crate::catalog::{Catalog, Full, PortId};
use crate::sample::{Collected, Counters, LinkState, Reading, Sample, SessionState};

/// Which table of a recording; the order settles who comes first among samples of one instant.
///
/// State comes first, so that a watcher knows why counters stopped when it sees that they did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Link,
    Session,
    Counters,
}

impl Kind {
    pub(super) const ALL: [Kind; 3] = [Kind::Link, Kind::Session, Kind::Counters];

    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Link => "state",
            Kind::Session => "bfd",
            Kind::Counters => "counters",
        }
    }

    pub(super) fn columns(self) -> &'static [&'static str] {
        match self {
            Kind::Link => &["time", "device", "interface", "state", "bandwidth"],
            Kind::Session => &["time", "device", "interface", "destination-address", "state"],
            Kind::Counters => &[
                "time",
                "device",
                "interface",
                "bytes-received",
                "bytes-sent",
                "packets-received",
                "packets-sent",
                "input-errors",
                "crc-errors",
                "carrier-transitions",
            ],
        }
    }
}

/// Guesses the next row's port: a device reports its interfaces in the same order every time.
#[derive(Default)]
pub(super) struct PortGuess {
    last: Option<PortId>,
    follower: Vec<Option<PortId>>,
}

impl PortGuess {
    fn port(
        &mut self,
        catalog: &mut Catalog,
        site: &str,
        device: &str,
        interface: &str,
    ) -> Result<PortId, Full> {
        let guess = self.last.and_then(|last| self.follower.get(last.index()).copied().flatten());
        if let Some(port) = guess.filter(|&port| catalog.is(port, device, interface)) {
            self.last = Some(port);
            return Ok(port);
        }
        let owner = catalog.device(device, site)?;
        let port = catalog.port(owner, interface)?;
        if let Some(last) = self.last.replace(port) {
            if self.follower.len() <= last.index() {
                self.follower.resize(last.index() + 1, None);
            }
            self.follower[last.index()] = Some(port);
        }
        Ok(port)
    }
}

/// The sample of the table's current line.
pub(super) fn sample(
    kind: Kind,
    table: &Table,
    guess: &mut PortGuess,
    catalog: &mut Catalog,
    site: &str,
) -> Result<Sample, Error> {
    let at_ms = table.time_ms(0)?;
    let (device, interface) = (table.text(1)?, table.text(2)?);
    for (k, name) in [(1, device), (2, interface)] {
        if name.is_empty() {
            return Err(table.bad(k, "a name"));
        }
    }
    let port =
        guess.port(catalog, site, device, interface).map_err(|full| too_many(table, full))?;
    let reading = match kind {
        Kind::Link => {
            Reading::Link { state: link_state(table, 3)?, bandwidth_kbps: table.number(4)? }
        }
        Kind::Session => {
            let state = session_state(table, 4)?;
            let session =
                catalog.session(port, table.text(3)?).map_err(|full| too_many(table, full))?;
            Reading::Session { session, state }
        }
        Kind::Counters => Reading::Counters(Counters {
            collected: Collected::ALL,
            bytes_received: table.number(3)?,
            bytes_sent: table.number(4)?,
            packets_received: table.number(5)?,
            packets_sent: table.number(6)?,
            input_errors: table.number(7)?,
            crc_errors: table.number(8)?,
            carrier_transitions: table.number(9)?,
        }),
    };
    Ok(Sample { at_ms, port, reading })
}

fn too_many(table: &Table, source: Full) -> Error {
    Error::TooManyNames { path: table.path().to_owned(), line: table.line_no(), source }
}

fn link_state(table: &Table, k: usize) -> Result<LinkState, Error> {
    match table.bytes(k) {
        b"im-state-up" | b"up" => Ok(LinkState::Up),
        b"im-state-admin-down" | b"im-state-admindown" | b"admin-down" => Ok(LinkState::AdminDown),
        b"down" => Ok(LinkState::Down),
        // Not ready, not operational, error-disabled and their like: no traffic, and nobody's intention.
        other if other.starts_with(b"im-state-") => Ok(LinkState::Down),
        _ => Err(table.bad(k, "up, down, admin-down or a state such as im-state-up")),
    }
}

fn session_state(table: &Table, k: usize) -> Result<SessionState, Error> {
    match table.bytes(k) {
        b"bfd-mgmt-session-state-up" | b"up" => Ok(SessionState::Up),
        b"bfd-mgmt-session-state-admin-down" | b"admin-down" => Ok(SessionState::AdminDown),
        b"down" | b"init" => Ok(SessionState::Down),
        other if other.starts_with(b"bfd-mgmt-session-state-") => Ok(SessionState::Down),
        _ => {
            Err(table
                .bad(k, "up, down, init, admin-down or a state such as bfd-mgmt-session-state-up"))
        }
    }
}

/// The port that a neighbour means by this name, if telemetry has named it already, in full or abbreviated.
fn known_port(catalog: &Catalog, device: &str, interface: &str) -> Option<PortId> {
    let full = full_interface_name(interface);
    let exact =
        || catalog.find_port(device, interface).or_else(|| catalog.find_port(device, &full));
    exact().or_else(|| {
        let of_device = catalog.find_device(device).into_iter().flat_map(|id| catalog.ports_of(id));
        let mut alike =
            of_device.filter(|port| full_interface_name(catalog.interface(*port)) == full);
        alike.next()
    })
}

pub(super) const LINK_COLUMNS: [&str; 4] = ["device", "interface", "peer_device", "peer_interface"];

/// All links of a table of neighbours.
pub(super) fn cabling(
    mut table: Table,
    limits: &Limits,
    site: &str,
    catalog: &mut Catalog,
) -> Result<Cabling, Error> {
    let mut cabling = Cabling::default();
    while table.advance()? {
        if table.line_no() > limits.small_table_lines_max {
            return Err(Error::TooManyLines {
                path: table.path().to_owned(),
                limit: limits.small_table_lines_max,
            });
        }
        let mut end = |device: &str, interface: &str| {
            let owner = catalog.device(device, site)?;
            match known_port(catalog, device, interface) {
                Some(port) => Ok(port),
                None => catalog.port(owner, &full_interface_name(interface)),
            }
        };
        let one = end(table.text(0)?, table.text(1)?).map_err(|full| too_many(&table, full))?;
        let other = end(table.text(2)?, table.text(3)?).map_err(|full| too_many(&table, full))?;
        cabling.connect(one, other);
    }
    Ok(cabling)
}

/// Something that a person or a script did during a recording: ground truth, for measuring only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledEvent {
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// What, such as `shutdown_interface`.
    pub event: String,
    /// On which device; may be empty.
    pub device: String,
    /// On which interface; may be empty.
    pub interface: String,
}

impl LabelledEvent {
    /// Whether it belongs to setting up the recording rather than to what was recorded.
    pub fn is_set_up(&self) -> bool {
        const SET_UP: [&str; 5] = [
            "apply_device_configs",
            "clear_telemetry",
            "collect_telemetry",
            "ixchariot_traffic",
            "ixchariot_traffic_stopped",
        ];
        SET_UP.contains(&self.event.as_str())
    }
}

pub(super) const EVENT_COLUMNS: [&str; 4] = ["timestamp", "event", "device", "interface"];

/// All labelled events in order of time.
pub(super) fn events(mut table: Table, limits: &Limits) -> Result<Vec<LabelledEvent>, Error> {
    let mut events = Vec::new();
    while table.advance()? {
        if table.line_no() > limits.small_table_lines_max {
            return Err(Error::TooManyLines {
                path: table.path().to_owned(),
                limit: limits.small_table_lines_max,
            });
        }
        let at_ms = time::parse_epoch_s(table.bytes(0))
            .ok_or_else(|| table.bad(0, "seconds since 1970"))?;
        let text = |k| table.text(k).map(str::to_owned);
        events.push(LabelledEvent {
            at_ms,
            event: text(1)?,
            device: text(2)?,
            interface: text(3)?,
        });
    }
    events.sort_by_key(|event| event.at_ms);
    Ok(events)
}
