//! Stored forms: bytes that were written once are read for ever.
//!
//! `tests/stored/vN/` keeps the bytes of the examples below as they were first written in version N
//! of their kind; today's code must read all of them as the same events, and write the newest.
//! For a new example, add it at the end of its list and run with `NPO_KEEP_STORED=1`: files that
//! are missing are written, files that are there never are.
//! When a shape changes, raise the kind's `stored::version` and add an upcast; the bytes of the
//! older versions stay, and only what is written is compared with the new folder.

#[path = "stored/examples.rs"]
mod examples;

use std::collections::BTreeSet;
use std::path::PathBuf;

use npo_core::event::Disposition;
use npo_core::oversight::Level;
use npo_core::stored::{DecodeError, decode, encode, kind, version};
use npo_core::{Envelope, Event, State};

use examples::examples;

/// The number of the form of `State` that is kept here: the same as `npo_engine::STATE_FORM`.
const STATE_FORM: u16 = 6;
/// The examples that the kept states are folded from: those that there were when they were written.
const STATE_EXAMPLES: usize = 74;
/// The profiles that states are kept of.
const STATE_PROFILES: [&str; 4] = ["calibrated", "moving-average", "watched", "doubted"];
/// The examples that there were when every kind had one version: these are kept in that version too.
const FIRST_EXAMPLES: usize = 37;
/// The examples that there were before people had teams.
const UNGROUPED_EXAMPLES: usize = 76;

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

/// All versions in which the `i`th example is kept, with their bytes; the newest comes last.
fn kept_versions(i: usize, name: &str, envelope: &Envelope) -> Vec<(u8, Vec<u8>)> {
    let (kind, newest, today) = encode(envelope);
    let oldest = match i {
        _ if i < FIRST_EXAMPLES => 1,
        _ if i < STATE_EXAMPLES => newest.min(2),
        _ if i < UNGROUPED_EXAMPLES => newest.min(3),
        _ => newest,
    };
    (oldest..=newest)
        .map(|version| {
            let title = format!("{}, kind {kind}, version {version}", envelope.event.name());
            let file = format!("v{version}/{name}.hex");
            assert!(
                version == newest || path(&file).exists(),
                "{file} is gone: nobody can write version {version} again"
            );
            (version, kept(&file, &title, &today))
        })
        .collect()
}

/// Everything that is kept, with today's event.
fn all_kept() -> Vec<(String, Envelope, u8, Vec<u8>)> {
    let mut all = Vec::new();
    for (i, (name, envelope)) in examples().into_iter().enumerate() {
        for (version, bytes) in kept_versions(i, &name, &envelope) {
            all.push((name.clone(), envelope.clone(), version, bytes));
        }
    }
    all
}

#[test]
fn kept_bytes_are_read_and_written_as_they_were() {
    let mut older = 0;
    for (name, envelope, version, bytes) in all_kept() {
        let kind = kind(&envelope.event);
        assert_eq!(decode(kind, version, &bytes), Ok(envelope.clone()), "{name}, v{version}");
        if Some(version) == self::version(kind) {
            assert_eq!(encode(&envelope), (kind, version, bytes), "{name}");
        } else {
            older += 1;
        }
    }
    assert_eq!(older, 40, "profiles, people, decisions and a monitor action in older versions");
}

#[test]
fn every_kind_and_every_file_has_its_example() {
    let kinds: BTreeSet<u16> = examples().iter().map(|(_, e)| kind(&e.event)).collect();
    assert_eq!(kinds, (1..=7).chain(10..=27).collect());
    assert_eq!(kinds, (0..=u16::MAX).filter(|kind| version(*kind).is_some()).collect());
    let mut files = BTreeSet::new();
    for folder in ["v1", "v2", "v3", "v4"] {
        for entry in std::fs::read_dir(path(folder)).expect("the folder of kept bytes") {
            let file = entry.expect("an entry").file_name();
            files.insert(format!("{folder}/{}", file.to_string_lossy()));
        }
    }
    let expected: BTreeSet<String> =
        all_kept().iter().map(|(name, _, version, _)| format!("v{version}/{name}.hex")).collect();
    assert_eq!(files, expected, "a kept file without its example tests nothing");
}

#[test]
fn truncated_bytes_are_corrupt() {
    for (name, envelope, version, bytes) in all_kept() {
        let kind = kind(&envelope.event);
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
    for (name, envelope, version, bytes) in all_kept() {
        let kind = kind(&envelope.event);
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
                    Err(DecodeError::Corrupt { kind: named, version: of, reason }) => {
                        refused += 1;
                        assert!((named, of) == (kind, version), "{name}, byte {i}");
                        assert!(!reason.is_empty() && !reason.contains('\n'), "{reason}");
                    }
                    Err(other) => panic!("{name}, byte {i}: {other}"),
                }
            }
        }
    }
    assert!(read > 0 && refused > 0, "{read} read, {refused} refused");
}

#[test]
fn what_had_no_level_of_autonomy_is_read_as_recommended() {
    for (name, envelope, version, bytes) in all_kept() {
        if version != 1 {
            continue;
        }
        let read = decode(kind(&envelope.event), version, &bytes).expect("decodes").event;
        match read {
            Event::ProfileActivated(profile) => {
                assert_eq!((profile.certificate, profile.watch), (None, None), "{name}");
            }
            Event::DecisionMade(made) => {
                assert_eq!(made.level, Level::Recommend, "{name}");
                assert_eq!((made.certified, made.alpha), (None, None), "{name}");
                assert_eq!(made.held, None, "{name}");
                let asked = match made.disposition {
                    Disposition::Surfaced | Disposition::Escalated => 1.0,
                    Disposition::Audit => 0.0375,
                    Disposition::Abstained | Disposition::Blocked | Disposition::Automatic => 0.0,
                };
                assert_eq!(made.asked, asked, "{name}");
            }
            _ => {}
        }
    }
}

#[test]
fn what_is_not_known_or_too_long_is_said_by_name() {
    let (_, envelope) = examples().remove(0);
    let (kind, version, mut bytes) = encode(&envelope);
    let check = |kind, version, bytes: &[u8], expected: &str| {
        let error = decode(kind, version, bytes).expect_err("is refused");
        assert_eq!(error.to_string(), expected);
    };
    for unknown in [0, 8, 9, 28, u16::MAX] {
        check(
            unknown,
            version,
            &bytes,
            &format!(
                "event kind {unknown} version 4 is unknown to this build; it was written by a newer one"
            ),
        );
    }
    for (kind, unknown) in [(1, 0), (1, 5), (1, u8::MAX), (2, 0), (2, 2), (26, 2)] {
        check(
            kind,
            unknown,
            &bytes,
            &format!(
                "event kind {kind} version {unknown} is unknown to this build; it was written by a newer one"
            ),
        );
    }
    check(
        2,
        1,
        &bytes,
        "event of kind 2 version 1 does not decode: it holds a profile-activated event",
    );
    bytes.extend([0; 3]);
    check(kind, version, &bytes, "event of kind 1 version 4 does not decode: 3 bytes too many");
    let (name, _, oldest, mut bytes) = all_kept().remove(0);
    assert_eq!((name.as_str(), oldest), ("profile-activated.calibrated", 1));
    bytes.extend([0; 2]);
    check(kind, 1, &bytes, "event of kind 1 version 1 does not decode: 2 bytes too many");
}

/// The state after the examples that there were when it was kept, under the profile of one of them.
fn folded(profile: &str) -> State {
    let mut state = State::default();
    let examples = examples();
    let of_profile = |name: &str| name.starts_with("profile-activated");
    let (_, activated) = examples
        .iter()
        .find(|(name, _)| of_profile(name) && name.ends_with(profile))
        .expect("an example of the profile");
    state.apply(activated);
    for (name, envelope) in examples.iter().take(STATE_EXAMPLES) {
        if !of_profile(name) {
            state.apply(envelope);
        }
    }
    state
}

#[test]
fn kept_states_are_what_their_events_fold_to() {
    for profile in STATE_PROFILES {
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
    let bytes = postcard::to_stdvec(&folded("watched")).expect("encodes");
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
