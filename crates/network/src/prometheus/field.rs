//! What a metric can carry about a port.

/// What a metric carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// Bytes received, cumulative.
    BytesReceived,
    /// Bytes sent, cumulative.
    BytesSent,
    /// Packets received, cumulative.
    PacketsReceived,
    /// Packets sent, cumulative.
    PacketsSent,
    /// Packets received in error, cumulative.
    InputErrors,
    /// Packets received with a wrong checksum, cumulative.
    CrcErrors,
    /// Times that the carrier came or went, cumulative.
    CarrierTransitions,
    /// Nominal speed, bit/s after scaling.
    Speed,
    /// Whether the interface works: a code of IF-MIB, 0 or 1, or a word in a label.
    OperState,
    /// Whether it is meant to work: a code of IF-MIB, 0 or 1, or a word in a label.
    AdminState,
}

impl Field {
    /// Every field, in the order of reports.
    pub const ALL: [Self; 10] = [
        Self::BytesReceived,
        Self::BytesSent,
        Self::PacketsReceived,
        Self::PacketsSent,
        Self::InputErrors,
        Self::CrcErrors,
        Self::CarrierTransitions,
        Self::Speed,
        Self::OperState,
        Self::AdminState,
    ];

    /// As configuration and reports write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BytesReceived => "bytes_received",
            Self::BytesSent => "bytes_sent",
            Self::PacketsReceived => "packets_received",
            Self::PacketsSent => "packets_sent",
            Self::InputErrors => "input_errors",
            Self::CrcErrors => "crc_errors",
            Self::CarrierTransitions => "carrier_transitions",
            Self::Speed => "speed",
            Self::OperState => "oper_state",
            Self::AdminState => "admin_state",
        }
    }

    /// The field of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// Whether it is told by codes or words rather than by a quantity.
    #[must_use]
    pub fn is_state(self) -> bool {
        matches!(self, Self::OperState | Self::AdminState)
    }
}

/// A set of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fields(u16);

impl Fields {
    /// Adds a field.
    pub fn insert(&mut self, field: Field) {
        self.0 |= 1 << field as u16;
    }

    /// Whether the field is among them.
    #[must_use]
    pub fn contains(self, field: Field) -> bool {
        self.0 & (1 << field as u16) != 0
    }

    /// Whether all of `other` are among them.
    #[must_use]
    pub fn includes(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These and those.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_names_and_kept_apart() {
        let mut fields = Fields::default();
        for field in Field::ALL {
            assert_eq!(Field::named(field.name()), Some(field));
            assert!(!fields.contains(field));
            let before = fields;
            fields.insert(field);
            assert!(fields.contains(field) && fields.includes(before) && !before.includes(fields));
        }
        assert_eq!(Field::named("bytes"), None);
    }
}
