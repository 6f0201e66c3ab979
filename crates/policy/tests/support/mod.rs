//! What the integration tests share: the child to run, bundles on the fly, a plausible input.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of this")]

pub mod generate;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use npo_policy::{Action, CheckReport, Context, Fact, Input, Limits, Now, Scenario, Spe, check};

/// The validation child that this crate builds.
pub fn child() -> Command {
    Command::new(env!("CARGO_BIN_EXE_npo-policy-child"))
}

/// The shipped bundle.
pub fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/default")
}

/// Limits for tests: debug builds evaluate some ten times slower.
pub fn limits() -> Limits {
    Limits { child_ms_max: 60_000, evaluation_ms_max: 2_000, ..Limits::default() }
}

/// Writes a bundle of one policy file, with what belongs to every bundle before it.
pub fn bundle(rego: &str, data: &str, cases: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("temporary directory");
    let write =
        |name: &str, text: &str| fs::write(dir.path().join(name), text).expect("bundle file");
    fs::create_dir(dir.path().join("tests")).expect("tests directory");
    write("bundle.toml", "name = \"t\"\nversion = \"1\"\n");
    write("policy.rego", &format!("package npo.policy\n{rego}"));
    write("data.json", data);
    write("tests/cases.json", cases);
    dir
}

/// Checks a bundle that is expected to come through.
pub fn checked(dir: &Path) -> CheckReport {
    check(dir, child(), &limits()).unwrap_or_else(|error| panic!("{error}"))
}

/// Checks and loads a bundle.
pub fn loaded(dir: &Path, limits: &Limits) -> Spe {
    let validated = checked(dir).validated().expect("its cases pass");
    Spe::load(&validated, limits).expect("what was checked loads")
}

/// About 0.9 kB of input, as a proposal to remove a link would carry.
pub fn realistic(unix: i64) -> Input<'static> {
    Input {
        now: Now::from_unix(unix),
        scenario: Scenario {
            kind: "link-flapping",
            entity: "leaf3--spine2",
            site: "fra1",
            risk: "medium",
        },
        action: Action { name: "remove-link", target: "leaf3--spine2" },
        features: vec![
            ("crc_errors_per_s", 12.25),
            ("drop_rate", 0.0031),
            ("ecmp_members", 4.0),
            ("flaps_15m", 9.0),
            ("flaps_24h", 31.0),
            ("hour_sin", 0.5),
            ("load_mean", 0.4375),
            ("load_p99", 0.8125),
            ("optic_rx_dbm", -11.5),
            ("optic_tx_dbm", -2.25),
            ("peer_flaps_15m", 8.0),
            ("time_since_change_s", 86_400.0),
        ],
        facts: vec![
            ("blast_radius_gbps", Fact::Number(42.5)),
            ("blast_radius_share", Fact::Number(0.0625)),
            ("demand_disconnected_gbps", Fact::Number(0.0)),
            ("group", Fact::Text("leaf3->spines")),
            ("in_maintenance", Fact::Bool(false)),
            ("links_past_limit", Fact::Number(0.0)),
            ("max_utilisation_after", Fact::Number(0.71)),
            ("max_utilisation_before", Fact::Number(0.62)),
            ("redundancy_left", Fact::Number(3.0)),
            ("vendor", Fact::Text("example")),
        ],
        context: Context { in_flight_site: 1, in_flight_total: 5 },
        source: "telemetry-watcher",
    }
}
