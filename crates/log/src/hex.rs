//! Hashes as lower-case hexadecimal text, for messages and for the exported form.

use crate::Hash;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Sixty-four lower-case digits.
#[must_use]
pub fn to_hex(hash: &Hash) -> String {
    let mut text = String::with_capacity(64);
    for byte in hash {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// The hash written in `text`; `None` unless it is exactly sixty-four lower-case digits.
pub(crate) fn from_hex(text: &str) -> Option<Hash> {
    let bytes = text.as_bytes();
    if bytes.len() != 64 {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(bytes.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(hash)
}

/// Upper case is refused so that a hash has one spelling only.
fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let hash: Hash = std::array::from_fn(|i| (i * 37) as u8);
        assert_eq!(from_hex(&to_hex(&hash)), Some(hash));
    }

    #[test]
    fn one_spelling_only() {
        let good = "ab".repeat(32);
        assert!(from_hex(&good).is_some());
        for bad in [good.to_uppercase(), good[1..].to_owned(), format!("{good}0"), "é".repeat(32)]
        {
            assert_eq!(from_hex(&bad), None, "{bad}");
        }
    }
}
