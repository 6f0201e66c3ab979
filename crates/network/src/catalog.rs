//! Names of devices, ports and sessions, interned once so that a sample carries numbers.
//!
//! The order of ids is the order of first sight, which the input fixes; nothing here iterates in an unordered way.

use std::collections::BTreeMap;

/// Most ports one catalog holds; a recording that names more is damaged or hostile.
pub const PORTS_MAX: usize = 1_000_000;

/// Most sessions on one port; they are searched one by one.
pub const SESSIONS_PER_PORT_MAX: usize = 64;

/// A device of one [`Catalog`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(u32);

/// An interface of a device of one [`Catalog`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortId(u32);

/// A liveness session (such as BFD) on a port of one [`Catalog`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(u32);

impl DeviceId {
    /// Position in the order of first sight, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl PortId {
    /// Position in the order of first sight, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl SessionId {
    /// Position in the order of first sight, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The catalog is full: more ports, or more sessions on one port, than its limits allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("more than {limit} {what}")]
pub struct Full {
    /// What there is too much of.
    pub what: &'static str,
    /// The limit that was met.
    pub limit: usize,
}

#[derive(Debug, Clone)]
struct Device {
    name: String,
    site: String,
    ports: BTreeMap<Box<str>, PortId>,
}

#[derive(Debug, Clone)]
struct Port {
    device: DeviceId,
    /// `device:interface`; the interface begins after the device's name and a colon.
    label: Box<str>,
    sessions: Vec<(Box<str>, SessionId)>,
}

/// Every device, port and session by name.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    devices: Vec<Device>,
    device_by_name: BTreeMap<Box<str>, DeviceId>,
    ports: Vec<Port>,
    sessions: Vec<(PortId, Box<str>)>,
}

impl Catalog {
    /// The device of this name, added at `site` if it is new.
    pub fn device(&mut self, name: &str, site: &str) -> Result<DeviceId, Full> {
        if let Some(&known) = self.device_by_name.get(name) {
            return Ok(known);
        }
        if self.devices.len() >= PORTS_MAX {
            return Err(Full { what: "devices", limit: PORTS_MAX });
        }
        let id = DeviceId(self.devices.len() as u32);
        self.devices.push(Device {
            name: name.to_owned(),
            site: site.to_owned(),
            ports: BTreeMap::new(),
        });
        self.device_by_name.insert(name.into(), id);
        Ok(id)
    }

    /// The port of this name on `device`, added if it is new.
    pub fn port(&mut self, device: DeviceId, interface: &str) -> Result<PortId, Full> {
        let owner = &mut self.devices[device.index()];
        if let Some(&known) = owner.ports.get(interface) {
            return Ok(known);
        }
        if self.ports.len() >= PORTS_MAX {
            return Err(Full { what: "ports", limit: PORTS_MAX });
        }
        let id = PortId(self.ports.len() as u32);
        let label = format!("{}:{interface}", owner.name).into_boxed_str();
        owner.ports.insert(interface.into(), id);
        self.ports.push(Port { device, label, sessions: Vec::new() });
        Ok(id)
    }

    /// The session to `peer` on `port`, added if it is new.
    pub fn session(&mut self, port: PortId, peer: &str) -> Result<SessionId, Full> {
        let known = &mut self.ports[port.index()].sessions;
        if let Some((_, id)) = known.iter().find(|(name, _)| &**name == peer) {
            return Ok(*id);
        }
        if known.len() >= SESSIONS_PER_PORT_MAX {
            return Err(Full { what: "sessions on one port", limit: SESSIONS_PER_PORT_MAX });
        }
        let id = SessionId(self.sessions.len() as u32);
        known.push((peer.into(), id));
        self.sessions.push((port, peer.into()));
        Ok(id)
    }

    /// How many ports have been named.
    pub fn port_count(&self) -> usize {
        self.ports.len()
    }

    /// How many devices have been named.
    pub fn device_count(&self) -> usize {
        self.devices.len()
    }

    /// All devices in the order of first sight.
    pub fn devices(&self) -> impl Iterator<Item = DeviceId> + use<> {
        (0..self.devices.len() as u32).map(DeviceId)
    }

    /// All ports in the order of first sight.
    pub fn ports(&self) -> impl Iterator<Item = PortId> + use<> {
        (0..self.ports.len() as u32).map(PortId)
    }

    /// The ports of a device in order of name.
    pub fn ports_of(&self, device: DeviceId) -> impl Iterator<Item = PortId> + '_ {
        self.devices[device.index()].ports.values().copied()
    }

    /// The device of this name, if it was ever named.
    pub fn find_device(&self, device: &str) -> Option<DeviceId> {
        self.device_by_name.get(device).copied()
    }

    /// The port of this device and interface, if it was ever named.
    pub fn find_port(&self, device: &str, interface: &str) -> Option<PortId> {
        let device = self.device_by_name.get(device)?;
        self.devices[device.index()].ports.get(interface).copied()
    }

    /// Name of a device.
    pub fn device_name(&self, device: DeviceId) -> &str {
        &self.devices[device.index()].name
    }

    /// Site of a device.
    pub fn site(&self, device: DeviceId) -> &str {
        &self.devices[device.index()].site
    }

    /// The device that a port belongs to.
    pub fn device_of(&self, port: PortId) -> DeviceId {
        self.ports[port.index()].device
    }

    /// `device:interface`.
    pub fn label(&self, port: PortId) -> &str {
        &self.ports[port.index()].label
    }

    /// The interface's name without its device.
    pub fn interface(&self, port: PortId) -> &str {
        let port = &self.ports[port.index()];
        &port.label[self.devices[port.device.index()].name.len() + 1..]
    }

    /// The far end that a session talks to, as the source names it.
    pub fn session_peer(&self, session: SessionId) -> &str {
        &self.sessions[session.index()].1
    }

    /// Whether `port` has exactly this device and interface name; cheaper than a look-up when a guess is at hand.
    pub(crate) fn is(&self, port: PortId, device: &str, interface: &str) -> bool {
        let label = &*self.ports[port.index()].label;
        label.len() == device.len() + 1 + interface.len()
            && label.starts_with(device)
            && label.as_bytes()[device.len()] == b':'
            && label.ends_with(interface)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_once_and_found_again() {
        let mut catalog = Catalog::default();
        let leaf = catalog.device("leaf1", "lab").expect("room");
        let port = catalog.port(leaf, "HundredGigE0/0/0/1").expect("room");
        assert_eq!(catalog.device("leaf1", "elsewhere"), Ok(leaf));
        assert_eq!(catalog.port(leaf, "HundredGigE0/0/0/1"), Ok(port));
        assert_eq!(catalog.label(port), "leaf1:HundredGigE0/0/0/1");
        assert_eq!(catalog.interface(port), "HundredGigE0/0/0/1");
        assert_eq!(catalog.site(catalog.device_of(port)), "lab");
        assert!(catalog.is(port, "leaf1", "HundredGigE0/0/0/1"));
        assert!(!catalog.is(port, "leaf", "1:HundredGigE0/0/0/1"));
        assert_eq!(catalog.find_port("leaf1", "none"), None);
    }

    #[test]
    fn sessions_on_one_port_are_bounded() {
        let mut catalog = Catalog::default();
        let leaf = catalog.device("leaf1", "lab").expect("room");
        let port = catalog.port(leaf, "e1").expect("room");
        for n in 0..SESSIONS_PER_PORT_MAX {
            catalog.session(port, &n.to_string()).expect("room");
        }
        assert!(catalog.session(port, "0").is_ok());
        assert!(catalog.session(port, "one too many").is_err());
    }
}
