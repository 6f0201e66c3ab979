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
///
/// A field that is not among [`Counters::collected`] is 0 and means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Which of the fields the source told; all of them by default.
    pub collected: Collected,
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

/// Which counters a reading carries.
///
/// A counter that nobody collects is not a counter at 0: the first says nothing of the link, the second that all is
/// well with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collected(u8);

impl Collected {
    /// Every counter.
    pub const ALL: Self = Self(0b111_1111);
    /// None.
    pub const NONE: Self = Self(0);
    /// Only `bytes_received`; so on below.
    pub const BYTES_RECEIVED: Self = Self(1);
    /// Only `bytes_sent`.
    pub const BYTES_SENT: Self = Self(1 << 1);
    /// Only `packets_received`.
    pub const PACKETS_RECEIVED: Self = Self(1 << 2);
    /// Only `packets_sent`.
    pub const PACKETS_SENT: Self = Self(1 << 3);
    /// Only `input_errors`.
    pub const INPUT_ERRORS: Self = Self(1 << 4);
    /// Only `crc_errors`.
    pub const CRC_ERRORS: Self = Self(1 << 5);
    /// Only `carrier_transitions`.
    pub const CARRIER_TRANSITIONS: Self = Self(1 << 6);

    /// Whether all of `other` are among these.
    #[must_use]
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These and those.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What both have.
    #[must_use]
    pub fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_none(self) -> bool {
        self.0 == 0
    }
}

impl Default for Collected {
    fn default() -> Self {
        Self::ALL
    }
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
