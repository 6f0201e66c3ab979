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

use npo_core::{Profile, toml_words};
use toml::{Table, Value};

use super::{ConfigError, FILE_BYTES_MAX, nearest};

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
    let why = |why| ConfigError::Profile { path: path.to_owned(), why };
    from_toml(&std::fs::read_to_string(path).map_err(read)?).map_err(why)
}

fn from_toml(text: &str) -> Result<Profile, String> {
    let wrong = |error: toml::de::Error| toml_words::plain(&error.to_string());
    let mut given: Table = toml::from_str(text).map_err(wrong)?;
    let base = match given.remove("base") {
        None => Profile::calibrated(),
        Some(Value::String(name)) => Profile::named(&name)
            .ok_or_else(|| format!("`base` is `{name}`, expected `calibrated` or `paper`"))?,
        Some(other) => return Err(format!("`base` is {other}, expected a name")),
    };
    let without = given.remove("without");
    let mut whole = Table::try_from(&base).map_err(|error| error.to_string())?;
    known(&given)?;
    if let Some(without) = without {
        leave_out(&mut whole, &without)?;
    }
    for (key, value) in given {
        put(&mut whole, &key, value);
    }
    let profile: Profile = Value::Table(whole).try_into().map_err(wrong)?;
    profile.validate().map_err(|error| error.to_string())?;
    Ok(profile)
}

/// Refuses keys that no profile has, with the nearest that one has.
fn known(given: &Table) -> Result<(), String> {
    // Of the built-in profiles, this one has all parts.
    let all = Table::try_from(Profile::calibrated()).map_err(|error| error.to_string())?;
    let keys: Vec<&str> = all.keys().map(String::as_str).chain(OWN).collect();
    let Some(key) = given.keys().find(|key| !all.contains_key(*key)) else { return Ok(()) };
    Err(match nearest::nearest(key, &keys) {
        Some(meant) => format!("key `{key}` is unknown; did you mean `{meant}`?"),
        None => format!("key `{key}` is unknown; known are `{}`", keys.join("`, `")),
    })
}

fn leave_out(whole: &mut Table, without: &Value) -> Result<(), String> {
    let wrong = || format!("`without` is {without}, expected a list of {}", PARTS.join(", "));
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
            let found = from_toml(text).expect_err(text);
            assert!(found.contains(expected), "{text}: {found}");
        };
        check("base = \"wild\"", "`base` is `wild`, expected `calibrated` or `paper`");
        check("base = 3", "`base` is 3, expected a name");
        check("certifcate = 3", "did you mean `certificate`?");
        check("without = [\"scorer\"]", "expected a list of audit, trust");
        check("[certificate]\nalpha = 0.9", "`certificate.alpha` is 0.9");
        check("[certificate]\nalhpa = 0.9", "alhpa");
        check("[watch]\nlook_every = -1", "-1");
        check("name = ", "name");
        check("abstain_loss = \"1.5\"", "found the text \"1.5\", expected a number");
    }
}
