//! The section `[prometheus]` of the configuration.

use std::path::PathBuf;
use std::time::Duration;

use npo_network::prometheus::{Field, Mapping, MappingError, Metric, Source, presets};

use super::client::{Address, Client, Credential};
use crate::config::section::section;

/// The preset that is meant where neither a preset nor queries are given.
const USUAL_PRESET: &str = "snmp";

section! {
    /// A Prometheus server to read telemetry from.
    pub struct Settings {
        /// Its address, `http://HOST:PORT`. Needed.
        url: String = String::new(),
        /// Whose names the metrics have: `snmp`, `gnmi` or `node`. Default `snmp`, or none where
        /// `queries` are given.
        preset: Option<String> = None,
        /// Put before the name of every metric of the preset, as some collectors do. Default none.
        metric_prefix: String = String::new(),
        /// Label matchers for the preset's metrics, such as `job="snmp"`. Default none.
        select: String = String::new(),
        /// Labels that name the device; the first that a series has counts. Default the preset's.
        device_labels: Vec<String> = Vec::new(),
        /// Labels that name the interface; the first that a series has counts. Default the preset's.
        interface_labels: Vec<String> = Vec::new(),
        /// Whether the port in `spine1:9100` belongs to the device's name. Default no.
        keep_port: bool = false,
        /// Name of the site of all devices. Default `network`.
        site: String = "network".to_owned(),
        /// A label that names the site and wins over `site`. Default none.
        site_label: Option<String> = None,
        /// Further metrics, which win over those of the preset for the same field.
        queries: Vec<CustomQuery> = Vec::new(),
        /// A CSV file of links: `device,interface,peer_device,peer_interface`. Default none: which
        /// ports share traffic is then assumed, and said so.
        cabling: Option<PathBuf> = None,
        /// Seconds between two polls, 1 to 3,600. Default 15.
        interval_s: u64 = 15,
        /// Seconds for one answer, 1 to 300. Default 20.
        timeout_s: u64 = 20,
        /// Seconds of history read at the start, so that watchers know what is normal; 60 to 86,400.
        /// Default 1,800.
        history_s: u64 = 1800,
        /// Size of one answer in bytes at most, 64 KiB to 1 GiB. Default 64 MiB.
        answer_bytes: u64 = 64 << 20,
        /// A file with a bearer token, read anew for every request. Default none.
        bearer_token_file: Option<PathBuf> = None,
        /// A file with `user:password`, read anew for every request. Default none.
        basic_auth_file: Option<PathBuf> = None,
    }
}

/// A metric of your own: what to ask, and what it tells.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomQuery {
    /// A metric's name, a selector, or an expression. The first two are read as scraped; the value of
    /// an expression is taken at every poll, so `interval_s` must not be shorter than the scrape
    /// interval.
    pub query: String,
    /// What it tells: `bytes_received`, `bytes_sent`, `packets_received`, `packets_sent`,
    /// `input_errors`, `crc_errors`, `carrier_transitions`, `speed`, `oper_state` or `admin_state`.
    pub field: String,
    /// What values are multiplied by to get bytes, packets, counts or bit/s. Default 1.
    #[serde(default = "one")]
    pub scale: f64,
    /// The label that holds a state as a word. Default none: values are codes, 1 for up.
    #[serde(default)]
    pub state_label: Option<String>,
}

impl CustomQuery {
    /// Names of all keys.
    pub const KEYS: &'static [&'static str] = &["query", "field", "scale", "state_label"];
}

fn one() -> f64 {
    1.0
}

/// What is wrong with the section.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// A value is none of those that are possible.
    #[error("`prometheus.{key}` is {found}, expected {expected}")]
    Value {
        /// The key.
        key: &'static str,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// Metrics, labels or matchers make no sense.
    #[error("`prometheus`: {0}")]
    Mapping(#[from] MappingError),
}

impl Settings {
    /// Settings for the server at this address; everything else has its default.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self { url: url.to_owned(), ..Self::default() }
    }

    /// Checks everything that can be checked without asking or opening anything.
    ///
    /// # Errors
    /// The first key that is wrong.
    pub fn check(&self) -> Result<(), SettingsError> {
        self.address()?;
        let range = |key, found: u64, low: u64, high: u64, unit: &str| {
            let expected = format!("{low} to {high} {unit}");
            let found = (!(low..=high).contains(&found)).then(|| found.to_string());
            found.map_or(Ok(()), |found| Err(SettingsError::Value { key, found, expected }))
        };
        range("interval_s", self.interval_s, 1, 3_600, "seconds")?;
        range("timeout_s", self.timeout_s, 1, 300, "seconds")?;
        range("history_s", self.history_s, 60, 86_400, "seconds")?;
        range("answer_bytes", self.answer_bytes, 64 << 10, 1 << 30, "bytes")?;
        if self.bearer_token_file.is_some() && self.basic_auth_file.is_some() {
            return Err(SettingsError::Value {
                key: "basic_auth_file",
                found: "given beside `bearer_token_file`".to_owned(),
                expected: "one of them".to_owned(),
            });
        }
        if self.site.trim().is_empty() || self.site.len() > 120 {
            return Err(SettingsError::Value {
                key: "site",
                found: format!("`{}`", self.site),
                expected: "a name of 1 to 120 bytes".to_owned(),
            });
        }
        self.mapping().map(|_| ())
    }

    /// The server's address.
    pub(super) fn address(&self) -> Result<Address, SettingsError> {
        self.url.parse().map_err(|expected: &str| SettingsError::Value {
            key: "url",
            // It may hold a password.
            found: if self.url.contains('@') {
                "an address with `@`".to_owned()
            } else {
                format!("`{}`", self.url)
            },
            expected: expected.to_owned(),
        })
    }

    /// A client of the server.
    pub(super) fn client(&self) -> Result<Client, SettingsError> {
        let credential = match (&self.bearer_token_file, &self.basic_auth_file) {
            (Some(path), _) => Some(Credential::Bearer(path.clone())),
            (None, Some(path)) => Some(Credential::Basic(path.clone())),
            (None, None) => None,
        };
        let timeout = Duration::from_secs(self.timeout_s);
        Ok(Client::new(self.address()?, credential, timeout, self.answer_bytes))
    }

    /// Which metric carries what.
    pub(super) fn mapping(&self) -> Result<Mapping, SettingsError> {
        let name = match (&self.preset, self.queries.is_empty()) {
            (Some(name), _) => Some(name.as_str()),
            (None, true) => Some(USUAL_PRESET),
            (None, false) => None,
        };
        let mut mapping = match name {
            Some(name) => presets::named(name).ok_or_else(|| SettingsError::Value {
                key: "preset",
                found: format!("`{name}`"),
                expected: presets::ALL.map(|(name, _)| format!("`{name}`")).join(", "),
            })?,
            None => Mapping {
                device: Vec::new(),
                interface: Vec::new(),
                site: None,
                keep_port: false,
                select: String::new(),
                metrics: Vec::new(),
            },
        }
        .prefixed(&self.metric_prefix);
        for (labels, own) in [
            (&mut mapping.device, &self.device_labels),
            (&mut mapping.interface, &self.interface_labels),
        ] {
            if !own.is_empty() {
                labels.clone_from(own);
            }
        }
        mapping.site.clone_from(&self.site_label);
        mapping.keep_port = self.keep_port;
        mapping.select.clone_from(&self.select);
        let own: Vec<Metric> = self.queries.iter().map(metric).collect::<Result<_, _>>()?;
        mapping.metrics.splice(0..0, own);
        mapping.check()?;
        Ok(mapping)
    }
}

fn metric(custom: &CustomQuery) -> Result<Metric, SettingsError> {
    let field = Field::named(&custom.field).ok_or_else(|| SettingsError::Value {
        key: "queries.field",
        found: format!("`{}`", custom.field),
        expected: Field::ALL.map(|field| format!("`{}`", field.name())).join(", "),
    })?;
    Ok(Metric {
        source: Source::of(&custom.query),
        field,
        scale: custom.scale,
        state_label: custom.state_label.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Settings {
        toml::from_str(&format!("url = 'http://p:9090'\n{text}")).expect("a section")
    }

    #[test]
    fn what_is_wrong_is_said_by_key() {
        let check = |text: &str, expected: &str| {
            let found = settings(text).check().expect_err(text).to_string();
            assert!(found.contains(expected), "{text}: {found}");
        };
        check("preset = 'snpm'", "`prometheus.preset` is `snpm`, expected `snmp`, `gnmi`, `node`");
        check("interval_s = 0", "`prometheus.interval_s` is 0, expected 1 to 3600 seconds");
        check("history_s = 1", "60 to 86400 seconds");
        check("answer_bytes = 1", "65536 to 1073741824 bytes");
        check("site = ' '", "a name of 1 to 120 bytes");
        check("bearer_token_file = 'a'\nbasic_auth_file = 'b'", "expected one of them");
        check("select = 'job'", "label matchers");
        check("metric_prefix = 'a-'", "name of a metric");
        check(
            "queries = [{ query = 'x', field = 'bytes' }]",
            "`prometheus.queries.field` is `bytes`",
        );
        check("queries = [{ query = 'x', field = 'speed' }]", "no label names the device");
        let url = Settings::at("http://me:s3cret@p").check().expect_err("a password").to_string();
        assert!(!url.contains("s3cret") && url.contains("basic_auth_file"), "{url}");
        let tls = Settings::at("https://p").check().expect_err("TLS").to_string();
        assert!(tls.contains("no TLS"), "{tls}");
        assert!(Settings::default().check().is_err());
    }

    #[test]
    fn own_metrics_win_over_the_presets() {
        let mapping = settings(
            "preset = 'snmp'\nmetric_prefix = 'x_'\ninterface_labels = ['port']\n\
             queries = [{ query = 'sum by (instance, port) (y)', field = 'bytes_sent', scale = 0.125 }]",
        )
        .mapping()
        .expect("a mapping");
        assert_eq!(mapping.metrics[0].field, Field::BytesSent);
        assert_eq!(mapping.metrics[0].scale, 0.125);
        assert_eq!(mapping.metrics[1].source, Source::Name("x_ifHCInOctets".into()));
        assert_eq!(
            (mapping.device, mapping.interface),
            (vec!["instance".into()], vec!["port".into()])
        );
    }
}
