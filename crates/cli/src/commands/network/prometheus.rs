//! What verbs on a Prometheus server share: options, times, and words for what went wrong.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use npo_network::prometheus::Notes;
use npo_server::Config;
use npo_server::prometheus::{Address, Settings, SourceError};

use crate::exit::Failure;
use crate::output::say;
use crate::text::when;

/// Options of every verb on a Prometheus server.
#[derive(Debug, Args)]
#[command(next_help_heading = "Prometheus")]
pub(crate) struct PrometheusArgs {
    /// Take `[prometheus]` of this configuration file; options given here win
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Whose names the metrics have: snmp, gnmi or node [default: snmp]
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Put this before the name of every metric of the preset
    #[arg(long, value_name = "TEXT")]
    metric_prefix: Option<String>,
    /// Ask only for series with these labels, such as 'job="snmp"'
    #[arg(long, value_name = "MATCHERS")]
    select: Option<String>,
    /// Read which port is plugged into which from this CSV file
    #[arg(long, value_name = "FILE")]
    cabling: Option<PathBuf>,
    /// Read a bearer token from this file
    #[arg(long, value_name = "FILE", conflicts_with = "basic_auth_file")]
    bearer_token_file: Option<PathBuf>,
    /// Read user:password from this file
    #[arg(long, value_name = "FILE")]
    basic_auth_file: Option<PathBuf>,
    /// Wait so many seconds for one answer
    #[arg(long, value_name = "S")]
    timeout: Option<u64>,
}

impl PrometheusArgs {
    /// The settings of the file, changed by what was given here.
    pub(super) fn settings(&self, url: Option<&str>) -> Result<Settings, Failure> {
        let mut settings = match &self.config {
            Some(path) => {
                let unusable = || format!("could not use `{}`", path.display());
                let config = Config::from_file(path)
                    .map_err(|error| Failure::could_not(unusable(), error))?;
                config.prometheus.ok_or_else(|| {
                    Failure::cannot(format!("{}: it has no section `[prometheus]`", unusable()))
                })?
            }
            None => Settings::default(),
        };
        let Self { preset, metric_prefix, select, cabling, timeout, .. } = self;
        let text = |setting: &mut String, given: Option<&String>| {
            if let Some(given) = given {
                setting.clone_from(given);
            }
        };
        text(&mut settings.url, url.map(str::to_owned).as_ref());
        text(&mut settings.metric_prefix, metric_prefix.as_ref());
        text(&mut settings.select, select.as_ref());
        settings.preset = preset.clone().or(settings.preset);
        settings.cabling = cabling.clone().or(settings.cabling);
        settings.timeout_s = timeout.unwrap_or(settings.timeout_s);
        if self.bearer_token_file.is_some() || self.basic_auth_file.is_some() {
            settings.bearer_token_file.clone_from(&self.bearer_token_file);
            settings.basic_auth_file.clone_from(&self.basic_auth_file);
        }
        settings
            .check()
            .map_err(|error| Failure::could_not("the server cannot be asked", error))?;
        Ok(settings)
    }
}

/// A moment as people write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instant {
    /// Milliseconds since 1970 UTC.
    At(i64),
    /// So many milliseconds ago.
    Ago(i64),
}

impl Instant {
    /// Milliseconds since 1970 UTC.
    pub(super) fn ms(self, now_ms: i64) -> i64 {
        match self {
            Self::At(ms) => ms,
            Self::Ago(ms) => now_ms.saturating_sub(ms),
        }
    }
}

impl FromStr for Instant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(ms) = when::millis(text) {
            return Ok(Self::At(ms));
        }
        let wrong = || {
            format!(
                "found `{text}`, expected RFC 3339 such as 2026-01-31T12:00:00Z, or how long ago: 90m, 6h, 2d"
            )
        };
        let ago = text.trim_start_matches('-');
        let unit = ago.chars().last().ok_or_else(wrong)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let count: u32 = ago[..ago.len() - unit.len_utf8()].parse().map_err(|_| wrong())?;
        Ok(Self::Ago(i64::from(count) * seconds * 1000))
    }
}

/// A failure to get telemetry, with what could be tried.
pub(super) fn no_telemetry(address: &Address, error: SourceError) -> Failure {
    let what = format!("{address} gives no telemetry");
    match error {
        // The options to change are known; the words of the error say what was asked.
        error @ SourceError::Nothing(_) => {
            let what = format!(
                "{what}; is --preset the right one, does --select fit, was anything scraped in that time?"
            );
            Failure::could_not(what, error)
        }
        error => Failure::could_not(what, error),
    }
}

/// Says what was left out of a server's answers.
pub(super) fn say_notes(notes: &Notes) {
    for (note, count, example) in notes.iter() {
        say(&format!("{note} ({count}), such as {example}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_written() {
        let check = |text: &str, expected: Option<i64>| {
            let found = text.parse::<Instant>().ok().map(|instant| instant.ms(1_000_000_000));
            assert_eq!(found, expected, "{text}");
        };
        check("1970-01-01T00:00:01Z", Some(1_000));
        check("90m", Some(1_000_000_000 - 5_400_000));
        check("-2d", Some(1_000_000_000 - 172_800_000));
        check("10s", Some(1_000_000_000 - 10_000));
        for wrong in ["", "m", "2", "2w", "1.5h", "yesterday", "é"] {
            check(wrong, None);
        }
    }
}
