//! Stored forms: bytes that were written once are read for ever.
//!
//! `tests/stored/v1/` keeps the bytes of the examples below as they were first written; today's
//! code must read them as the same events and write the same bytes.
//! For a new example, add it at the end of its list and run with `NPO_KEEP_STORED=1`: files that
//! are missing are written, files that are there never are.
//! When a shape changes, raise `stored::VERSION`, add an upcast and a folder `v2/`, and leave `v1/`
//! as it is: then only the comparison of written bytes moves on to the new folder.

#[path = "stored/examples.rs"]
mod examples;

use std::collections::BTreeSet;
use std::path::PathBuf;

use npo_core::stored::{DecodeError, VERSION, decode, encode, kind};
use npo_core::{Envelope, State};

use examples::examples;

/// The number of the form of `State` that is kept here: the same as `npo_engine::STATE_FORM`.
const STATE_FORM: u16 = 1;
/// The examples that the kept state is folded from: those that there were when it was written.
const STATE_EXAMPLES: usize = 37;

fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/stored").join(file)
}

/// The bytes kept in `file`; writes them first if that was asked for and there are none.
fn kept(file: &str, title: &str, today: &[u8]) -> Vec<u8> {
    let path = path(file);
    if !path.exists() && std::env::var_os("NPO_KEEP_STORED").is_some() {
        let digits = npo_core::ids::hex(today);
        let lines: Vec<&str> = digits
            .as_bytes()
            .chunks(96)
            .map(|line| std::str::from_utf8(line).expect("hexadecimal"))
            .collect();
        let folder = path.parent().expect("a folder");
        std::fs::create_dir_all(folder).expect("the folder of kept bytes");
        std::fs::write(&path, format!("# {title}\n{}\n", lines.join("\n"))).expect("is written");
    }
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("no bytes are kept in tests/stored/{file} ({error}); NPO_KEEP_STORED=1 writes what is missing")
    });
    let digits: String = text.lines().filter(|line| !line.starts_with('#')).collect();
    (0..digits.len() / 2)
        .map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).expect("hexadecimal"))
        .collect()
}

fn kept_event(name: &str, envelope: &Envelope) -> Vec<u8> {
    let (kind, version, bytes) = encode(envelope);
    let title = format!("{}, kind {kind}, version {version}", envelope.event.name());
    kept(&format!("v{version}/{name}.hex"), &title, &bytes)
}

#[test]
fn kept_bytes_are_read_and_written_as_they_were() {
    for (name, envelope) in examples() {
        let bytes = kept_event(&name, &envelope);
        assert_eq!(decode(kind(&envelope.event), 1, &bytes), Ok(envelope.clone()), "{name}");
        assert_eq!(VERSION, 1, "compare with the newest folder, and read all of them");
        assert_eq!(encode(&envelope), (kind(&envelope.event), 1, bytes), "{name}");
    }
}

#[test]
fn every_kind_and_every_file_has_its_example() {
    let examples = examples();
    let kinds: BTreeSet<u16> = examples.iter().map(|(_, e)| kind(&e.event)).collect();
    assert_eq!(kinds, (1..=7).chain(10..=16).collect());
    let files: BTreeSet<String> = std::fs::read_dir(path("v1"))
        .expect("the folder of kept bytes")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    let expected: BTreeSet<String> =
        examples.iter().map(|(name, _)| format!("{name}.hex")).collect();
    assert_eq!(files, expected, "a kept file without its example tests nothing");
}

#[test]
fn truncated_bytes_are_corrupt() {
    for (name, envelope) in examples() {
        let (kind, version, bytes) = encode(&envelope);
        for length in 0..bytes.len() {
            let found = decode(kind, version, &bytes[..length]);
            assert!(
                matches!(found, Err(DecodeError::Corrupt { .. })),
                "{name}, {length} of {} bytes: {found:?}",
                bytes.len()
            );
        }
    }
}

#[test]
fn damaged_bytes_never_panic() {
    let (mut read, mut refused) = (0, 0);
    for (name, envelope) in examples() {
        let (kind, version, bytes) = encode(&envelope);
        for i in 0..bytes.len() {
            for damage in [0x01, 0x02, 0x10, 0x7f, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[i] ^= damage;
                match decode(kind, version, &bytes) {
                    // Most damage gives another number or letter: the hash chain finds that.
                    Ok(other) => {
                        read += 1;
                        assert_eq!(npo_core::stored::kind(&other.event), kind);
                        let _ = encode(&other);
                    }
                    Err(DecodeError::Corrupt { kind: named, version: 1, reason }) => {
                        refused += 1;
                        assert!(named == kind && !reason.is_empty() && !reason.contains('\n'));
                    }
                    Err(other) => panic!("{name}, byte {i}: {other}"),
                }
            }
        }
    }
    assert!(read > 0 && refused > 0, "{read} read, {refused} refused");
}

#[test]
fn what_is_not_known_or_too_long_is_said_by_name() {
    let (_, envelope) = examples().remove(0);
    let (kind, version, mut bytes) = encode(&envelope);
    let check = |kind, version, bytes: &[u8], expected: &str| {
        let error = decode(kind, version, bytes).expect_err("is refused");
        assert_eq!(error.to_string(), expected);
    };
    for unknown in [0, 8, 9, 17, u16::MAX] {
        check(
            unknown,
            version,
            &bytes,
            &format!(
                "event kind {unknown} version 1 is unknown to this build; it was written by a newer one"
            ),
        );
    }
    for unknown in [0, 2, u8::MAX] {
        check(
            kind,
            unknown,
            &bytes,
            &format!(
                "event kind 1 version {unknown} is unknown to this build; it was written by a newer one"
            ),
        );
    }
    check(
        2,
        version,
        &bytes,
        "event of kind 2 version 1 does not decode: it holds a profile-activated event",
    );
    bytes.extend([0; 3]);
    check(kind, version, &bytes, "event of kind 1 version 1 does not decode: 3 bytes too many");
}

/// The state after the examples that there were at first, under the profile of one of them.
fn folded(profile: &str) -> State {
    let mut state = State::default();
    for (name, envelope) in examples().iter().take(STATE_EXAMPLES) {
        if !name.starts_with("profile-activated") || name.ends_with(profile) {
            state.apply(envelope);
        }
    }
    state
}

#[test]
fn kept_states_are_what_their_events_fold_to() {
    for profile in ["calibrated", "moving-average"] {
        let state = folded(profile);
        let today = postcard::to_stdvec(&state).expect("encodes");
        let title = format!("State, form {STATE_FORM}, profile-activated.{profile}");
        let kept = kept(&format!("state-form-{STATE_FORM}.{profile}.hex"), &title, &today);
        assert!(
            kept == today,
            "the stored form of `State`, or what events fold to, is another than it was: raise \
             `npo_engine::STATE_FORM`, so that no snapshot of the old form is read as one of the \
             new, and `STATE_FORM` here; then keep the new bytes with NPO_KEEP_STORED=1"
        );
        let restored: State = postcard::from_bytes(&kept).expect("the kept state decodes");
        assert!(restored == state);
    }
}

#[test]
fn the_engine_knows_the_same_form_of_the_state() {
    let engine = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../engine/src/restore.rs");
    let Ok(text) = std::fs::read_to_string(engine) else {
        eprintln!("SKIPPED: ../engine/src/restore.rs is absent, STATE_FORM was not compared");
        return;
    };
    let line = format!("pub const STATE_FORM: u16 = {STATE_FORM};");
    assert!(text.contains(&line), "npo_engine::STATE_FORM is not {STATE_FORM}");
}

#[test]
fn a_damaged_state_never_panics() {
    let bytes = postcard::to_stdvec(&folded("moving-average")).expect("encodes");
    for length in 0..bytes.len() {
        assert!(postcard::from_bytes::<State>(&bytes[..length]).is_err(), "{length} bytes");
    }
    for i in 0..bytes.len() {
        for damage in [0x01, 0x80, 0xff] {
            let mut bytes = bytes.clone();
            bytes[i] ^= damage;
            // Snapshots carry a digest, so what still decodes is never used.
            let _ = postcard::from_bytes::<State>(&bytes);
        }
    }
}
