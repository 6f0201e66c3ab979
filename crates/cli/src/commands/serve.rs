//! `npo serve`: runs the server until it is told to stop.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use npo_server::Config;

use crate::exit::{Answer, Failure};

/// Run the server.
#[derive(Debug, Args)]
#[command(after_help = "The address and, on a new server, the set-up link are printed on stderr.
Stop it with Ctrl-C or SIGTERM: requests in progress are finished first.")]
pub(crate) struct Serve {
    /// Keep the log and everything made from it in this directory
    #[arg(long, value_name = "DIR", required_unless_present = "config")]
    data: Option<PathBuf>,
    /// Listen on this address; port 0 takes a free one [default: 127.0.0.1:7171]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// Read settings from a file; options given here win
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How npo learns: calibrated, paper, or a file of what is different
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,
    /// Put this policy bundle in force if none is
    #[arg(long, value_name = "DIR")]
    policy: Option<PathBuf>,
    /// Let a generated network propose, for a demonstration
    #[arg(long)]
    live_fabric: bool,
    /// Read telemetry of snmp_exporter from this Prometheus; `[prometheus]` in the file says more
    #[arg(long, value_name = "URL")]
    prometheus: Option<String>,
}

impl Serve {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        let config = self.config()?;
        npo_server::run(config).map_err(|error| Failure::could_not("could not serve", error))?;
        Ok(Answer::Yes)
    }

    fn config(self) -> Result<Config, Failure> {
        let Self { data, listen, config, profile, policy, live_fabric, prometheus } = self;
        let mut settings = match &config {
            Some(path) => Config::from_file(path).map_err(|error| {
                Failure::could_not(format!("could not use `{}`", path.display()), error)
            })?,
            None => Config { listen: DEFAULT_LISTEN, ..Config::default() },
        };
        if let Some(data) = data {
            settings.data = data;
        }
        if let Some(listen) = listen {
            settings.listen = listen;
        }
        if let Some(profile) = profile {
            // A file that is called like a built-in profile is reached as `./paper`.
            if BUILT_IN.contains(&profile.as_str()) {
                (settings.profile, settings.profile_file) = (profile, None);
            } else {
                settings.profile_file = Some(profile.into());
            }
        }
        if policy.is_some() {
            settings.policy = policy;
        }
        if live_fabric && settings.live_fabric.is_none() {
            settings.live_fabric = Some(npo_server::LiveFabric::default());
        }
        if let Some(url) = prometheus {
            settings.prometheus.get_or_insert_default().url = url;
        }
        Ok(settings)
    }
}

/// Profiles that need no file.
const BUILT_IN: [&str; 2] = ["calibrated", "paper"];

/// Where the other verbs look for a server if they are not told.
const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7171);

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        serve: Serve,
    }

    fn config(line: &str) -> Result<Config, Failure> {
        Line::try_parse_from(line.split_whitespace()).expect("parses").serve.config()
    }

    #[test]
    fn options_win_over_the_file_and_the_file_over_defaults() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("npo.toml");
        std::fs::write(&file, "data = \"from-file\"\nprofile = \"paper\"\n").expect("writes");
        let file = file.display();
        let both = config(&format!("serve --config {file} --data d --listen 127.0.0.1:0"))
            .expect("is fine");
        assert_eq!(
            (both.data, both.profile.as_str(), both.listen.port()),
            ("d".into(), "paper", 0)
        );
        let none = config("serve --data d --profile calibrated --live-fabric").expect("is fine");
        assert_eq!((none.listen, none.profile.as_str()), (DEFAULT_LISTEN, "calibrated"));
        assert!(none.live_fabric.is_some());
        let telemetry = config("serve --data d --prometheus http://p:9090").expect("is fine");
        assert_eq!(telemetry.prometheus.expect("given").url, "http://p:9090");
        let other = config("serve --data d --profile strict.toml").expect("is fine");
        assert_eq!(other.profile_file, Some("strict.toml".into()));
    }

    #[test]
    fn a_file_with_a_misspelt_key_could_not_be_used() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("npo.toml");
        std::fs::write(&file, "dta = \"x\"\n").expect("writes");
        let failure = config(&format!("serve --config {}", file.display())).expect_err("misspelt");
        assert!(crate::exit::chain(&failure).contains("`dta`"), "{}", crate::exit::chain(&failure));
    }
}
