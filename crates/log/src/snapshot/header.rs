//! The first bytes of a snapshot file.
//!
//! Magic (8 bytes), file form u16, state form u16, position u64, log hash (32), length u64, then the SHA-256 of all that and of the bytes that follow; numbers little-endian.
//! The checksum covers the header too, so that a flipped state form is not mistaken for another program's.

use sha2::{Digest, Sha256};

use super::SkipReason;
use crate::Hash;

/// Begins with a byte that no text has, and contains both line ends, so that a file mangled in transfer is noticed.
const MAGIC: [u8; 8] = *b"\x91NPO\r\n\x1a\n";

/// The form of the file around the state.
const FILE_FORM: u16 = 1;

/// What the checksum covers of the header.
const COVERED: usize = 8 + 2 + 2 + 8 + 32 + 8;

/// The whole header.
pub(super) const HEADER_BYTES: usize = COVERED + 32;

pub(super) struct Header {
    pub(super) position: u64,
    pub(super) log_hash: Hash,
    pub(super) format: u16,
    pub(super) length: u64,
    pub(super) checksum: Hash,
}

impl Header {
    pub(super) fn of(position: u64, log_hash: Hash, format: u16, bytes: &[u8]) -> Header {
        let length = bytes.len() as u64;
        let mut header = Header { position, log_hash, format, length, checksum: [0; 32] };
        header.checksum = header.checksum_of(bytes);
        header
    }

    pub(super) fn checksum_of(&self, bytes: &[u8]) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(self.covered());
        hasher.update(bytes);
        hasher.finalize().into()
    }

    pub(super) fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut raw = [0; HEADER_BYTES];
        raw[..COVERED].copy_from_slice(&self.covered());
        raw[COVERED..].copy_from_slice(&self.checksum);
        raw
    }

    fn covered(&self) -> [u8; COVERED] {
        let Header { position, log_hash, format, length, checksum: _ } = self;
        let mut raw = [0; COVERED];
        raw[..8].copy_from_slice(&MAGIC);
        raw[8..10].copy_from_slice(&FILE_FORM.to_le_bytes());
        raw[10..12].copy_from_slice(&format.to_le_bytes());
        raw[12..20].copy_from_slice(&position.to_le_bytes());
        raw[20..52].copy_from_slice(log_hash);
        raw[52..60].copy_from_slice(&length.to_le_bytes());
        raw
    }

    /// Reads a header; whether its checksum holds is for whoever has the bytes.
    pub(super) fn parse(raw: &[u8; HEADER_BYTES]) -> Result<Header, SkipReason> {
        if raw[..8] != MAGIC {
            return Err(SkipReason::Foreign);
        }
        let file_form = u16::from_le_bytes(part(raw, 8));
        if file_form != FILE_FORM {
            return Err(SkipReason::FileForm { found: file_form, expected: FILE_FORM });
        }
        Ok(Header {
            format: u16::from_le_bytes(part(raw, 10)),
            position: u64::from_le_bytes(part(raw, 12)),
            log_hash: part(raw, 20),
            length: u64::from_le_bytes(part(raw, 52)),
            checksum: part(raw, COVERED),
        })
    }
}

/// The `N` bytes at `at`, which every caller above takes from inside the header.
fn part<const N: usize>(raw: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    std::array::from_fn(|i| raw[at + i])
}
