//! The configuration: one typed tree, the same for `npo.toml` and for programs that embed the server.
//!
//! A key that is not known is refused with the nearest known one, since a setting that is silently
//! ignored is worse than none.
//! What the values do is left to the parts that they configure.

mod profile;
pub(crate) mod section;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use npo_core::Profile;
use npo_wording::Wrong;
pub use profile::from_file as profile_from_file;
use section::section;

use crate::network::NetworkSettings;
pub use crate::sources::fabric::LiveFabric;
use crate::sources::prometheus;

/// Largest configuration file, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

section! {
    /// Bounds on what clients may send and hold.
    pub struct Limits {
        /// Body of an ordinary request, in bytes, at most. Default 64 KiB.
        body_bytes: usize = 64 << 10,
        /// Body of a batch of proposals, in bytes, at most. Default 64 MiB.
        batch_bytes: usize = 64 << 20,
        /// One line of a batch, in bytes, at most. Default 64 KiB.
        line_bytes: usize = 64 << 10,
        /// Body of an Alertmanager notification, in bytes, at most. Default 4 MiB.
        alertmanager_bytes: usize = 4 << 20,
        /// Alerts in one Alertmanager notification at most. Default 10,000.
        alertmanager_alerts: usize = 10_000,
        /// Body of a policy bundle upload, in bytes, at most. Default 8 MiB.
        bundle_bytes: usize = 8 << 20,
        /// Body of a scenario type, in bytes, at most. Default 1 MiB.
        scenario_type_bytes: usize = 1 << 20,
        /// Connections served at once; more wait to be accepted. Default 1,024.
        connections: usize = 1024,
        /// Event streams served at once; more are refused. Default 256.
        streams: usize = 256,
    }
}

section! {
    /// How long things may take.
    pub struct Timeouts {
        /// Seconds for the head of a request, which is also how long an idle connection is kept.
        /// Default 30.
        head_s: u64 = 30,
        /// Seconds without a byte while a body is read. Default 30.
        body_s: u64 = 30,
        /// Seconds for answering a request once its body is there. Default 30.
        handler_s: u64 = 30,
        /// The same for a batch of proposals, and for refitting a model. Default 300.
        batch_s: u64 = 300,
        /// Seconds without progress while an answer is written to a slow client. Default 30.
        write_s: u64 = 30,
        /// Milliseconds for which a list waits until it shows everything written before the
        /// request. Default 2,000.
        views_ms: u64 = 2000,
        /// Seconds between two signs of life on an event stream. Default 15.
        keep_alive_s: u64 = 15,
        /// Seconds for requests in progress when the server stops. Default 30.
        drain_s: u64 = 30,
    }
}

section! {
    /// Everything that can be set about a server.
    pub struct Config {
        /// Directory of the log and of everything made from it; created if absent. Default
        /// `npo-data`.
        data: PathBuf = PathBuf::from("npo-data"),
        /// Address and port to listen on; port 0 takes a free one. Default `127.0.0.1:7171`.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 7171)),
        /// Name of the profile: `calibrated` or `paper`. Default `calibrated`.
        profile: String = Profile::calibrated().name,
        /// File of a profile: a built-in one and what is different (`docs/operating.md`). It wins over
        /// `profile`. Default none.
        profile_file: Option<PathBuf> = None,
        /// Events between two snapshots, which bounds what a start has to fold. Default 500,000.
        snapshot_every: u64 = 500_000,
        /// Bytes that the log may have at most; orders beyond it are refused as on a full disk, and
        /// reads go on. Rounded down to 4 KiB. Default none.
        log_bytes_max: Option<u64> = None,
        /// Directory of the policy bundle to put in force if none is; the shipped one if absent.
        policy: Option<PathBuf> = None,
        /// Directory of further scenario types (`*.toml`) to put in force at start.
        scenarios: Option<PathBuf> = None,
        /// Threads that serve requests; one per processor if absent.
        worker_threads: Option<usize> = None,
        /// Bounds on what clients may send and hold.
        limits: Limits = Limits::default(),
        /// How long things may take.
        timeouts: Timeouts = Timeouts::default(),
        /// A generated network that proposes, for demonstrations; none if absent.
        live_fabric: Option<LiveFabric> = None,
        /// The network that what-ifs are asked of; none if no topology is named.
        network: NetworkSettings = NetworkSettings::default(),
        /// A Prometheus server to read telemetry from; none if absent.
        prometheus: Option<prometheus::Settings> = None,
        /// Program and arguments that check a policy bundle in a process of its own; this program
        /// with the argument `policy-child` if empty.
        policy_child: Vec<String> = Vec::new(),
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("configuration `{path}` cannot be read")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is larger than any configuration.
    #[error("configuration has {found} bytes, expected at most {FILE_BYTES_MAX}")]
    TooLarge {
        /// Its size.
        found: u64,
    },
    /// The text is not the expected TOML, or a key is not known; names the place.
    #[error(transparent)]
    Text(#[from] Wrong),
    /// The file of a profile cannot be used.
    #[error("profile `{path}` cannot be used: {why}")]
    Profile {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// What is said about a Prometheus server makes no sense.
    #[error(transparent)]
    Prometheus(#[from] prometheus::SettingsError),
    /// A value is out of its range.
    #[error("`{key}` is {found}, expected {expected}")]
    Value {
        /// The key.
        key: &'static str,
        /// What was found.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
}

impl Config {
    /// Reads a configuration file. Relative paths in it are taken from the working directory.
    ///
    /// # Errors
    /// [`ConfigError`] names the file, the line or the key.
    pub fn from_file(path: &Path) -> Result<Self, ConfigError> {
        let read = |source| ConfigError::Read { path: path.to_owned(), source };
        let found = std::fs::metadata(path).map_err(read)?.len();
        if found > FILE_BYTES_MAX {
            return Err(ConfigError::TooLarge { found });
        }
        Self::from_toml(&std::fs::read_to_string(path).map_err(read)?)
    }

    /// Parses and checks a configuration.
    ///
    /// # Errors
    /// As [`Self::from_file`].
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let table: toml::Table = npo_wording::read(text)?;
        let known_keys = |table: &toml::Table, section: &str, known: &[&str]| {
            known_keys(table, section, known).map_err(|wrong| wrong.in_text(text))
        };
        known_keys(&table, "", Self::KEYS)?;
        for (name, keys) in [
            ("limits", Limits::KEYS),
            ("timeouts", Timeouts::KEYS),
            ("live_fabric", LiveFabric::KEYS),
            ("network", NetworkSettings::KEYS),
            ("prometheus", prometheus::Settings::KEYS),
        ] {
            if let Some(section) = table.get(name).and_then(toml::Value::as_table) {
                known_keys(section, name, keys)?;
            }
        }
        let queries = table.get("prometheus").and_then(|section| section.get("queries"));
        for (at, query) in queries.and_then(toml::Value::as_array).into_iter().flatten().enumerate()
        {
            if let Some(query) = query.as_table() {
                let section = format!("prometheus.queries[{at}]");
                known_keys(query, &section, prometheus::CustomQuery::KEYS)?;
            }
        }
        let config: Self = npo_wording::read(text)?;
        config.check().map_err(|error| match error {
            ConfigError::Value { key, found, expected } => {
                let message = format!("found {found}, expected {expected}");
                ConfigError::Text(Wrong::at(key, message).in_text(text))
            }
            other => other,
        })?;
        Ok(config)
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`ConfigError::Value`] names the first key that is out of its range.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.profile()?;
        let range = |key, found: u64, low: u64, high: u64, expected| {
            if (low..=high).contains(&found) {
                return Ok(());
            }
            Err(ConfigError::Value { key, found: found.to_string(), expected })
        };
        let (Limits { connections, streams, batch_bytes, body_bytes, .. }, t) =
            (&self.limits, &self.timeouts);
        let threads = self.worker_threads.unwrap_or(1) as u64;
        range("worker_threads", threads, 1, 1024, "1 to 1024")?;
        range("snapshot_every", self.snapshot_every, 1, u64::MAX, "at least 1")?;
        let log_bytes = self.log_bytes_max.unwrap_or(u64::MAX);
        range("log_bytes_max", log_bytes, 64 << 10, u64::MAX, "at least 65536 bytes")?;
        range("limits.connections", *connections as u64, 1, 1_000_000, "1 to 1000000")?;
        range("limits.streams", *streams as u64, 0, 1_000_000, "0 to 1000000")?;
        range("limits.batch_bytes", *batch_bytes as u64, 1024, 4 << 30, "1 KiB to 4 GiB")?;
        range("limits.body_bytes", *body_bytes as u64, 1024, 64 << 20, "1 KiB to 64 MiB")?;
        for (key, seconds) in [
            ("timeouts.head_s", t.head_s),
            ("timeouts.body_s", t.body_s),
            ("timeouts.handler_s", t.handler_s),
            ("timeouts.batch_s", t.batch_s),
            ("timeouts.write_s", t.write_s),
            ("timeouts.keep_alive_s", t.keep_alive_s),
            ("timeouts.drain_s", t.drain_s),
        ] {
            range(key, seconds, 1, 86_400, "1 second to 1 day")?;
        }
        if let Some(settings) = &self.prometheus {
            settings.check()?;
        }
        range("timeouts.views_ms", t.views_ms, 0, 600_000, "0 to 600000 milliseconds")
    }

    /// The profile that is named, or that is in the file.
    pub(crate) fn profile(&self) -> Result<Profile, ConfigError> {
        if let Some(path) = &self.profile_file {
            return profile::from_file(path);
        }
        Profile::named(&self.profile).ok_or_else(|| ConfigError::Value {
            key: "profile",
            found: format!("`{}`", self.profile),
            expected: "`calibrated` or `paper`",
        })
    }
}

/// Refuses keys that a section does not have; what is silently ignored would be a setting that does
/// nothing.
fn known_keys(table: &toml::Table, section: &str, known: &[&str]) -> Result<(), Wrong> {
    let Some(key) = table.keys().find(|key| !known.contains(&key.as_str())) else { return Ok(()) };
    let path = if section.is_empty() { key.clone() } else { format!("{section}.{key}") };
    Err(Wrong::at(path, format!("unknown key `{key}`, {}", npo_wording::meant(key, known))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_configuration_is_said_by_name() {
        let check = |text: &str, expected: &str| {
            let found = Config::from_toml(text).expect_err(text).to_string();
            assert!(found.contains(expected), "{text}: {found}");
        };
        check(
            "lisen = '127.0.0.1:1'",
            "line 1, column 1: `lisen`: unknown key `lisen`, did you mean `listen`?",
        );
        check(
            "[limits]\nstream = 3",
            "line 2, column 1: `limits.stream`: unknown key `stream`, did you mean `streams`?",
        );
        check("[live_fabric]\nspeeed = 1", "did you mean `speed`?");
        check("[prometheus]\nur = ''", "`prometheus.ur`: unknown key `ur`, did you mean `url`?");
        check("[prometheus]\npreset = 'snmp'", "`prometheus.url` is ``, expected an address");
        check(
            "[[prometheus.queries]]\nquerry = 'x'",
            "line 2, column 1: `prometheus.queries[0].querry`: unknown key `querry`, did you mean `query`?",
        );
        check("zzzzzzzzzz = 1", "expected one of `data`, `listen`");
        check(
            "profile = 'wild'",
            "line 1, column 1: `profile`: found `wild`, expected `calibrated` or `paper`",
        );
        check("listen = 'here'", "line 1, column 10: `listen`: expected an address with a port");
        check(
            "[timeouts]\nbody_s = 0",
            "line 2, column 1: `timeouts.body_s`: found 0, expected 1 second to 1 day",
        );
        check(
            "[limits]\nstreams = 'x'",
            "`limits.streams`: found the text \"x\", expected a whole number",
        );
        check("data = ", "line 1, column 8: found nothing, expected a value");
    }

    #[test]
    fn what_is_absent_has_its_default() {
        let config = Config::from_toml("[limits]\nstreams = 3").expect("it is valid");
        let expected =
            Config { limits: Limits { streams: 3, ..Limits::default() }, ..Config::default() };
        assert_eq!(config, expected);
    }
}
