//! From the bytes of a file to its text: gzip, encodings, and what to do with other packings.

use std::io::Read;

use flate2::bufread::MultiGzDecoder;

use super::error::{Fault, Result, Why};

/// Bytes of one file, packed or not: the largest published topologies and matrices have a few MB, and a Clos fabric of
/// 100,000 links written out has 20.
pub const FILE_BYTES_MAX: usize = 128 << 20;
/// Bytes of one file when unpacked; text takes some times its size while it is read.
pub const UNPACKED_BYTES_MAX: usize = 256 << 20;
/// Unpacked bytes per packed byte; matrices pack 5 to 50 times, a bomb a thousand.
const UNPACKED_RATIO_MAX: usize = 300;
/// Bytes unpacked before their ratio counts: small files of zeros may well pack that tightly.
const UNPACKED_RATIO_FROM: usize = 16 << 20;

/// Packings that are known and not undone here: where their mark stands, the mark, their name, and what to do.
const PACKINGS: [(usize, &[u8], &str, &str); 6] = [
    (0, b"\x28\xb5\x2f\xfd", "packed with zstd", "unpack it with `zstd -d --long=27 FILE`"),
    (257, b"ustar", "a tar archive", "unpack it with `tar -xf FILE -C FOLDER` and give the folder"),
    (0, b"PK\x03\x04", "a zip archive", "unpack it with `unzip FILE -d FOLDER`"),
    (0, b"\xfd7zXZ\0", "packed with xz", "unpack it with `xz -d FILE`"),
    (0, b"BZh", "packed with bzip2", "unpack it with `bzip2 -d FILE`"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it with `7z x FILE`"),
];

/// The text of a file.
pub(super) fn text_of(bytes: &[u8]) -> Result<String> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(too_many("bytes", FILE_BYTES_MAX));
    }
    refuse_packings(bytes)?;
    if !bytes.starts_with(b"\x1f\x8b") {
        return decode(bytes);
    }
    let unpacked = gunzip(bytes)?;
    refuse_packings(&unpacked)?;
    if unpacked.starts_with(b"\x1f\x8b") {
        let (with, remedy) = ("packed with gzip twice", "unpack it once with `gzip -d FILE`");
        return Err(Fault::whole(Why::Packed { with, remedy }));
    }
    decode(&unpacked)
}

fn too_many(what: &'static str, limit: usize) -> Fault {
    Fault::whole(Why::TooMany { what, limit })
}

fn refuse_packings(bytes: &[u8]) -> Result<()> {
    let found = PACKINGS
        .iter()
        .find(|(at, mark, ..)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(mark)));
    match found {
        Some(&(_, _, with, remedy)) => Err(Fault::whole(Why::Packed { with, remedy })),
        None => Ok(()),
    }
}

fn gunzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let by_ratio = bytes.len().saturating_mul(UNPACKED_RATIO_MAX).max(UNPACKED_RATIO_FROM);
    let (what, limit) = if by_ratio < UNPACKED_BYTES_MAX {
        ("bytes when unpacked, 300 times what it was", by_ratio)
    } else {
        ("bytes when unpacked", UNPACKED_BYTES_MAX)
    };
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(bytes)
        .take(limit as u64 + 1)
        .read_to_end(&mut unpacked)
        .map_err(|error| Fault::whole(Why::Gzip(error.to_string())))?;
    if unpacked.len() > limit { Err(too_many(what, limit)) } else { Ok(unpacked) }
}

/// Text in UTF-8, or in the encoding that an XML declaration names.
fn decode(bytes: &[u8]) -> Result<String> {
    const EXPECTED: &str = "UTF-8, or ISO-8859-1 where an XML declaration says so";
    let wrong = |line, found| Err(Fault { line, why: Why::Encoding { found, expected: EXPECTED } });
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return wrong(Some(1), "the byte order mark of UTF-16".to_owned());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let declared = declared_encoding(bytes).unwrap_or("utf-8").to_ascii_lowercase();
    match declared.as_str() {
        // The first 256 characters of Unicode are those of ISO-8859-1.
        "iso-8859-1" | "latin1" | "iso_8859-1" => {
            Ok(bytes.iter().map(|&byte| char::from(byte)).collect())
        }
        "utf-8" | "utf8" | "us-ascii" | "ascii" => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => {
                let at = error.valid_up_to();
                let line = 1 + bytes[..at].iter().filter(|&&byte| byte == b'\n').count() as u64;
                wrong(Some(line), format!("byte 0x{:02x}", bytes[at]))
            }
        },
        other => wrong(Some(1), format!("a declaration of `{}`", super::error::shown(other))),
    }
}

/// The encoding that an XML declaration at the very beginning names.
fn declared_encoding(bytes: &[u8]) -> Option<&str> {
    // A declaration is short; more of it would be no declaration.
    const DECLARATION_MAX: usize = 200;
    let head = &bytes[..bytes.len().min(DECLARATION_MAX)];
    let end = head.windows(2).position(|two| two == b"?>")?;
    let declaration = std::str::from_utf8(&head[..end]).ok()?.strip_prefix("<?xml")?;
    let (_, rest) = declaration.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest[1..].split_once(quote).map(|(encoding, _)| encoding)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    fn check(bytes: &[u8], expected: std::result::Result<&str, &str>) {
        match (text_of(bytes), expected) {
            (Ok(text), Ok(expected)) => assert_eq!(text, expected),
            (Err(fault), Err(expected)) => {
                let text = fault.in_file("f").to_string();
                assert!(text.contains(expected), "{text}");
            }
            (found, expected) => panic!("found {found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn text_is_unpacked_and_decoded() {
        check(b"plain", Ok("plain"));
        check(b"\xef\xbb\xbfmarked", Ok("marked"));
        check(&packed(b"packed"), Ok("packed"));
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?>M\xfcnchen";
        check(latin, Ok("<?xml version='1.0' encoding='ISO-8859-1'?>München"));
        check(b"a\nM\xfcnchen", Err("`f` line 2 is no text in UTF-8"));
        check(b"<?xml version=\"1.0\" encoding=\"KOI8-R\"?>", Err("a declaration of `koi8-r`"));
        check(b"\xff\xfe<\0", Err("UTF-16"));
    }

    #[test]
    fn other_packings_are_named_with_what_to_do() {
        check(
            b"\x28\xb5\x2f\xfd....",
            Err("is packed with zstd, which is not unpacked here; first"),
        );
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        check(&tar, Err("tar -xf FILE -C FOLDER"));
        check(&packed(&tar), Err("is a tar archive"));
        check(&packed(&packed(b"x")), Err("packed with gzip twice"));
    }

    #[test]
    fn damaged_and_swollen_gzip_is_refused() {
        let whole = packed(&[b'x'; 10_000]);
        check(&whole[..whole.len() / 2], Err("damaged gzip stream"));
        check(b"\x1f\x8b", Err("damaged gzip stream"));
        check(&packed(&vec![b'0'; 32 << 20]), Err("bytes when unpacked"));
    }
}
