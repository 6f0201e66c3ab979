//! One reading of one port at one moment: the only thing that watchers see.

use crate::catalog::{PortId, SessionId};

/// One reading of one port.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// When the device measured it, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// What it is about.
    pub port: PortId,
    /// What was measured.
    pub reading: Reading,
}

/// What a sample says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    /// Cumulative counters.
    Counters(Counters),
    /// State of the interface.
    Link {
        /// Up, down, or shut by a person.
        state: LinkState,
        /// Nominal speed in kbit/s, 0 where the source does not say.
        bandwidth_kbps: u64,
    },
    /// State of a liveness session that runs over the port.
    Session {
        /// Which session.
        session: SessionId,
        /// Its state.
        state: SessionState,
    },
}

/// Cumulative counters of a port; they may wrap, and restart from a lower value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Bytes received.
    pub bytes_received: u64,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Packets received.
    pub packets_received: u64,
    /// Packets sent.
    pub packets_sent: u64,
    /// Packets received in error, of any kind.
    pub input_errors: u64,
    /// Packets received with a wrong checksum; usually part of `input_errors`.
    pub crc_errors: u64,
    /// Times that the carrier came or went.
    pub carrier_transitions: u64,
}

/// State of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkState {
    /// Carries traffic.
    Up,
    /// Should carry traffic and does not.
    Down,
    /// Shut by a person or a program on purpose.
    AdminDown,
}

/// State of a liveness session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SessionState {
    /// Both ends hear each other.
    Up,
    /// Lost, or still being set up.
    Down,
    /// Switched off on purpose.
    AdminDown,
}
