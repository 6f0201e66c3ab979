//! Profiles from files: a built-in one, and what is different.
//!
//! ```toml
//! base = "calibrated"        # the default
//! name = "calibrated-strict"
//! without = ["audit"]        # parts left out: audit, trust, certificate, watch
//!
//! [certificate]
//! alpha = 0.01
//! ```
//!
//! What the settings mean, and their ranges, is the core's; a key that it does not know is refused.

use std::path::Path;

use npo_core::Profile;
use npo_wording::Wrong;
use toml::{Table, Value};

use super::{ConfigError, FILE_BYTES_MAX};

/// Parts of a profile that can be left out.
const PARTS: [&str; 4] = ["audit", "trust", "certificate", "watch"];
/// Parts of which there is one of several kinds.
const KINDS: [&str; 3] = ["scorer", "selector", "monitor"];
/// Keys of the file that are no settings of a profile.
const OWN: [&str; 2] = ["base", "without"];

/// Reads a profile from a file, as `npo serve --profile` does.
///
/// # Errors
/// If the file cannot be read, or says what no profile can be; names the key.
pub fn from_file(path: &Path) -> Result<Profile, ConfigError> {
    let read = |source| ConfigError::Read { path: path.to_owned(), source };
    let found = std::fs::metadata(path).map_err(read)?.len();
    if found > FILE_BYTES_MAX {
        return Err(ConfigError::TooLarge { found });
    }
    let why = |why: Wrong| ConfigError::Profile { path: path.to_owned(), why: why.to_string() };
    from_toml(&std::fs::read_to_string(path).map_err(read)?).map_err(why)
}

fn from_toml(text: &str) -> Result<Profile, Wrong> {
    read(text).map_err(|wrong| wrong.in_text(text))
}

fn read(text: &str) -> Result<Profile, Wrong> {
    let mut given: Table = npo_wording::read(text)?;
    let base = match given.remove("base") {
        None => Profile::calibrated(),
        Some(Value::String(name)) => Profile::named(&name).ok_or_else(|| {
            Wrong::at("base", format!("found `{name}`, expected `calibrated` or `paper`"))
        })?,
        Some(other) => return Err(Wrong::at("base", format!("found {other}, expected a name"))),
    };
    let without = given.remove("without");
    let mut whole = Table::try_from(&base).expect("a profile is made of TOML values");
    known(&given)?;
    if let Some(without) = without {
        leave_out(&mut whole, &without)?;
    }
    for (key, value) in given {
        put(&mut whole, &key, value);
    }
    let profile: Profile = npo_wording::typed(Value::Table(whole))?;
    profile.validate().map_err(|error| {
        Wrong::at(error.setting, format!("found {}, expected {}", error.found, error.expected))
    })?;
    Ok(profile)
}

/// Refuses keys that no profile has, with the nearest that one has.
fn known(given: &Table) -> Result<(), Wrong> {
    // Of the built-in profiles, this one has all parts.
    let all = Table::try_from(Profile::calibrated()).expect("a profile is made of TOML values");
    let keys: Vec<&str> = all.keys().map(String::as_str).chain(OWN).collect();
    let Some(key) = given.keys().find(|key| !all.contains_key(*key)) else { return Ok(()) };
    Err(Wrong::at(key.as_str(), format!("unknown key `{key}`, {}", npo_wording::meant(key, &keys))))
}

fn leave_out(whole: &mut Table, without: &Value) -> Result<(), Wrong> {
    let wrong = || {
        let message = format!("found {without}, expected a list of {}", PARTS.join(", "));
        Wrong::at("without", message)
    };
    for part in without.as_array().ok_or_else(wrong)? {
        let part = part.as_str().filter(|part| PARTS.contains(part)).ok_or_else(wrong)?;
        whole.remove(part);
    }
    Ok(())
}

/// Puts one setting in place of another, key by key where both are tables; a part of another kind
/// replaces the whole part.
fn put(table: &mut Table, key: &str, value: Value) {
    match (table.get_mut(key), value) {
        (Some(Value::Table(old)), Value::Table(new))
            if !KINDS.contains(&key) || new.keys().all(|kind| old.contains_key(kind)) =>
        {
            new.into_iter().for_each(|(key, value)| put(old, &key, value));
        }
        (_, value) => drop(table.insert(key.to_owned(), value)),
    }
}

#[cfg(test)]
mod tests {
    use npo_core::guarantee::CertificateSettings;
    use npo_core::profile::Selector;

    use super::*;

    #[test]
    fn what_is_different_is_put_over_the_base() {
        let profile = from_toml("name = \"strict\"\n[certificate]\nalpha = 0.01\n");
        let expected = Profile {
            name: "strict".into(),
            certificate: Some(CertificateSettings { alpha: 0.01, ..Default::default() }),
            ..Profile::calibrated()
        };
        assert_eq!(profile, Ok(expected));
        let other = from_toml(
            "base = \"paper\"\nname = \"fixed\"\n[selector.fixed]\ntheta = 0.7\n[monitor.periodic]\nperiod = 50\n",
        );
        assert_eq!(other.expect("is fine").selector, Selector::Fixed { theta: 0.7 });
        let bare = from_toml("without = [\"audit\", \"watch\"]").expect("is fine");
        assert_eq!((bare.audit, bare.watch), (None, None));
        assert_eq!(from_toml(""), Ok(Profile::calibrated()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, expected: &str| {
            let found = from_toml(text).expect_err(text).to_string();
            assert!(found.contains(expected), "{text}: {found}");
        };
        check(
            "base = \"wild\"",
            "line 1, column 1: `base`: found `wild`, expected `calibrated` or `paper`",
        );
        check("base = 3", "`base`: found 3, expected a name");
        check("certifcate = 3", "unknown key `certifcate`, did you mean `certificate`?");
        check("without = [\"scorer\"]", "expected a list of audit, trust");
        check(
            "[certificate]\nalpha = 0.9",
            "line 2, column 1: `certificate.alpha`: found 0.9, expected",
        );
        check(
            "[certificate]\nalhpa = 0.9",
            "line 2, column 1: `certificate.alhpa`: unknown key `alhpa`, did you mean `alpha`?",
        );
        check("[watch]\nlook_every = -1", "found `-1`, expected a whole number");
        check("name = ", "line 1, column 8: found nothing, expected a value");
        check(
            "abstain_loss = \"1.5\"",
            "`abstain_loss`: found the text \"1.5\", expected a number",
        );
        check("selector = 3", "`selector`: expected a word or a table");
        check("selector = \"fixed\"", "`selector.fixed`: found a word alone, expected a table");
        check(
            "[selector]\nutilty = {}",
            "`selector`: unknown choice `utilty`, did you mean `utility`?",
        );
    }
}
