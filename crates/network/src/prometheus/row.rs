//! What is known of one port at one moment, and what of its state is remembered from one moment to the next.

use super::field::{Field, Fields};
use crate::sample::{Collected, Counters, LinkState};

/// Everything that was measured on a port at one moment.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) fields: Fields,
    /// Whether it was incomplete when it was last looked at.
    pub(super) waited: bool,
    counters: Counters,
    speed_bps: f64,
    oper: States,
    admin: States,
}

/// States that series claim at one moment. An exporter that puts the state into a label may keep the old one for a while,
/// so there can be two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct States {
    up: bool,
    down: bool,
}

/// What is remembered of a port's states.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Memory {
    oper: Remembered,
    admin: Remembered,
    speed_kbps: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Remembered {
    claims: States,
    is_up: Option<bool>,
}

impl Remembered {
    /// Of two claims the one that was not there before is news; where both are old, what was believed stays.
    fn settle(&mut self, claims: States) {
        let before = std::mem::replace(&mut self.claims, claims);
        self.is_up = match (claims.up, claims.down) {
            (false, false) => self.is_up,
            (up, down) if up != down => Some(up),
            _ if before.up != before.down => Some(before.down),
            _ => self.is_up,
        };
    }
}

impl Default for Row {
    fn default() -> Self {
        Self {
            fields: Fields::default(),
            waited: false,
            counters: Counters { collected: Collected::NONE, ..Counters::default() },
            speed_bps: 0.0,
            oper: States::default(),
            admin: States::default(),
        }
    }
}

impl Row {
    /// Notes a quantity; whether it is one.
    pub(super) fn put_quantity(&mut self, field: Field, value: f64) -> bool {
        // Up to 2^64, what a counter can hold; the cast saturates.
        if !(0.0..=18_446_744_073_709_551_616.0).contains(&value) {
            return false;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
        let count = value as u64;
        let counters = &mut self.counters;
        let (counter, which) = match field {
            Field::BytesReceived => (&mut counters.bytes_received, Collected::BYTES_RECEIVED),
            Field::BytesSent => (&mut counters.bytes_sent, Collected::BYTES_SENT),
            Field::PacketsReceived => (&mut counters.packets_received, Collected::PACKETS_RECEIVED),
            Field::PacketsSent => (&mut counters.packets_sent, Collected::PACKETS_SENT),
            Field::InputErrors => (&mut counters.input_errors, Collected::INPUT_ERRORS),
            Field::CrcErrors => (&mut counters.crc_errors, Collected::CRC_ERRORS),
            Field::CarrierTransitions => {
                (&mut counters.carrier_transitions, Collected::CARRIER_TRANSITIONS)
            }
            Field::Speed => {
                self.speed_bps = value;
                self.fields.insert(field);
                return true;
            }
            Field::OperState | Field::AdminState => return false,
        };
        *counter = count;
        counters.collected = counters.collected.with(which);
        self.fields.insert(field);
        true
    }

    /// Notes a claim about a state.
    pub(super) fn put_state(&mut self, field: Field, is_up: bool) {
        let states = if field == Field::AdminState { &mut self.admin } else { &mut self.oper };
        if is_up {
            states.up = true;
        } else {
            states.down = true;
        }
        self.fields.insert(field);
    }

    /// Its counters, if it has any.
    pub(super) fn counters(&self) -> Option<Counters> {
        (!self.counters.collected.is_none()).then_some(self.counters)
    }

    /// State of the interface and its speed in kbit/s, if the row says anything about the state.
    pub(super) fn link(&self, memory: &mut Memory) -> Option<(LinkState, u64)> {
        if self.fields.contains(Field::Speed) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
            let kbps = (self.speed_bps / 1e3) as u64;
            memory.speed_kbps = kbps;
        }
        let tells =
            self.fields.contains(Field::OperState) || self.fields.contains(Field::AdminState);
        if !tells {
            return None;
        }
        if self.fields.contains(Field::OperState) {
            memory.oper.settle(self.oper);
        }
        if self.fields.contains(Field::AdminState) {
            memory.admin.settle(self.admin);
        }
        // What a person wants says nothing of what is; without the latter there is no state to tell.
        let state = match (memory.oper.is_up?, memory.admin.is_up) {
            (true, _) => LinkState::Up,
            (false, Some(false)) => LinkState::AdminDown,
            (false, Some(true) | None) => LinkState::Down,
        };
        Some((state, memory.speed_kbps))
    }
}

/// Whether a code of IF-MIB, or a flag, means up; `None` for `unknown(4)` and for what is no code.
pub(super) fn code_is_up(field: Field, code: f64) -> Option<bool> {
    if field == Field::AdminState {
        // up(1), down(2), testing(3): under test it is kept from service on purpose.
        return match code {
            1.0 => Some(true),
            0.0 | 2.0 | 3.0 => Some(false),
            _ => None,
        };
    }
    // up(1), down(2), testing(3), dormant(5), notPresent(6), lowerLayerDown(7).
    match code {
        1.0 => Some(true),
        0.0 | 2.0 | 3.0 | 5.0 | 6.0 | 7.0 => Some(false),
        _ => None,
    }
}

/// Whether a word of IF-MIB or OpenConfig means up, with or without a module's prefix and in any case.
pub(super) fn word_is_up(word: &str) -> Option<bool> {
    const DOWN: [&str; 7] =
        ["down", "testing", "dormant", "notpresent", "lowerlayerdown", "disabled", "disable"];
    let word: String = word
        .rsplit(':')
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .map(|c| c.to_ascii_lowercase())
        .collect();
    match word.as_str() {
        "up" | "enabled" | "enable" => Some(true),
        other => DOWN.contains(&other).then_some(false),
    }
}

/// Speed in bit/s of OpenConfig's word for it, such as `SPEED_100GB` or `openconfig-if-ethernet:SPEED_2500MB`.
pub(super) fn speed_of_word(word: &str) -> Option<f64> {
    let rest = word.rsplit(':').next()?.strip_prefix("SPEED_")?;
    let (digits, factor) = match (rest.strip_suffix("GB"), rest.strip_suffix("MB")) {
        (Some(digits), _) => (digits, 1e9),
        (None, Some(digits)) => (digits, 1e6),
        (None, None) => return None,
    };
    let number: u32 = digits.parse().ok()?;
    (number > 0).then_some(f64::from(number) * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_words_are_states() {
        let oper = |code: f64, expected| assert_eq!(code_is_up(Field::OperState, code), expected);
        oper(1.0, Some(true));
        oper(0.0, Some(false));
        oper(7.0, Some(false));
        oper(4.0, None);
        oper(1.5, None);
        oper(f64::NAN, None);
        assert_eq!(code_is_up(Field::AdminState, 3.0), Some(false));
        assert_eq!(code_is_up(Field::AdminState, 5.0), None);
        let word = |word: &str, expected| assert_eq!(word_is_up(word), expected, "{word}");
        word("UP", Some(true));
        word("up", Some(true));
        word("LOWER_LAYER_DOWN", Some(false));
        word("lowerLayerDown", Some(false));
        word("openconfig-interfaces:NOT_PRESENT", Some(false));
        word("UNKNOWN", None);
        word("", None);
        let speed = |word: &str, expected| assert_eq!(speed_of_word(word), expected, "{word}");
        speed("SPEED_100GB", Some(100e9));
        speed("openconfig-if-ethernet:SPEED_2500MB", Some(2.5e9));
        speed("SPEED_UNKNOWN", None);
        speed("SPEED_-1GB", None);
        speed("100GB", None);
    }

    #[test]
    fn of_two_claims_the_new_one_is_believed() {
        let mut memory = Memory::default();
        let mut told = |states: &[bool]| {
            let mut row = Row::default();
            states.iter().for_each(|up| row.put_state(Field::OperState, *up));
            row.link(&mut memory).map(|(state, _)| state)
        };
        assert_eq!(told(&[true]), Some(LinkState::Up));
        assert_eq!(told(&[true, false]), Some(LinkState::Down));
        assert_eq!(told(&[true, false]), Some(LinkState::Down));
        assert_eq!(told(&[false]), Some(LinkState::Down));
        assert_eq!(told(&[false, true]), Some(LinkState::Up));
        assert_eq!(told(&[]), None);
    }

    #[test]
    fn a_port_is_shut_only_if_both_states_say_so() {
        let mut memory = Memory::default();
        let mut told = |oper: Option<bool>, admin: Option<bool>| {
            let mut row = Row::default();
            oper.iter().for_each(|up| row.put_state(Field::OperState, *up));
            admin.iter().for_each(|up| row.put_state(Field::AdminState, *up));
            row.link(&mut memory).map(|(state, _)| state)
        };
        // What is wanted does not tell what is.
        assert_eq!(told(None, Some(false)), None);
        assert_eq!(told(Some(false), None), Some(LinkState::AdminDown));
        assert_eq!(told(Some(false), Some(true)), Some(LinkState::Down));
        assert_eq!(told(Some(true), Some(false)), Some(LinkState::Up));
    }

    #[test]
    fn only_what_was_put_is_collected() {
        let mut row = Row::default();
        assert_eq!(row.counters(), None);
        assert!(row.put_quantity(Field::Speed, 1e11) && row.counters().is_none());
        for wrong in [-1.0, f64::NAN, f64::INFINITY, 1e30] {
            assert!(!row.put_quantity(Field::BytesSent, wrong), "{wrong}");
        }
        assert_eq!(row.counters(), None);
        assert!(row.put_quantity(Field::BytesSent, 5.0) && row.put_quantity(Field::CrcErrors, 0.0));
        let expected = Counters {
            collected: Collected::BYTES_SENT.with(Collected::CRC_ERRORS),
            bytes_sent: 5,
            ..Counters::default()
        };
        assert_eq!(row.counters(), Some(expected));
    }
}
