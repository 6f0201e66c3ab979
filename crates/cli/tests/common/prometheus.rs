//! A real Prometheus server with a past, if its programs are installed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use npo_network::{Catalog, Collected, LinkState, Reading, Sample};
use tempfile::TempDir;

/// How long the server may take to start on a busy machine.
const START_MAX: Duration = Duration::from_secs(60);

/// Whether `prometheus` and `promtool` can be run; says loudly if not.
pub fn is_installed() -> bool {
    let runs = |program: &str| {
        let version = Command::new(program).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    };
    if runs("prometheus") && runs("promtool") {
        return true;
    }
    eprintln!(
        "SKIPPED: `prometheus` or `promtool` is not installed; this test has checked nothing \
         (Debian: apt-get install --no-install-recommends prometheus)"
    );
    false
}

/// Samples by metric and port, as gnmic would have exported them.
#[derive(Default)]
pub struct Past(BTreeMap<(&'static str, String), Vec<(i64, u64)>>);

impl Past {
    pub fn add(&mut self, catalog: &Catalog, sample: &Sample) {
        let device = catalog.device_name(catalog.device_of(sample.port));
        let interface = catalog.interface(sample.port);
        let labels = format!("interface_name=\"{interface}\",source=\"{device}:57400\"");
        let mut put = |metric, value: u64| {
            let series = self.0.entry((metric, labels.clone())).or_default();
            series.push((sample.at_ms, value));
        };
        match sample.reading {
            Reading::Counters(counters) => {
                assert_eq!(counters.collected, Collected::ALL);
                put("counters_in_octets", counters.bytes_received);
                put("counters_out_octets", counters.bytes_sent);
                put("counters_in_pkts", counters.packets_received);
                put("counters_out_pkts", counters.packets_sent);
                put("counters_in_errors", counters.input_errors);
                put("counters_in_fcs_errors", counters.crc_errors);
                put("counters_carrier_transitions", counters.carrier_transitions);
            }
            Reading::Link { state, .. } => {
                put("oper_status", if state == LinkState::Up { 1 } else { 2 });
                put("admin_status", if state == LinkState::AdminDown { 2 } else { 1 });
            }
            Reading::Session { .. } => {}
        }
    }

    /// In the format that `promtool` reads.
    fn open_metrics(mut self) -> String {
        let mut text = String::new();
        for ((metric, labels), points) in &mut self.0 {
            points.sort_unstable();
            points.dedup_by_key(|(at_ms, _)| *at_ms);
            for (at_ms, value) in points {
                writeln!(
                    text,
                    "interfaces_interface_state_{metric}{{{labels}}} {value} {}.{:03}",
                    *at_ms / 1000,
                    *at_ms % 1000
                )
                .expect("a string takes it");
            }
        }
        text + "# EOF\n"
    }
}

/// A running server; it ends with the test.
pub struct Prometheus {
    pub url: String,
    server: Child,
    _directory: TempDir,
}

impl Prometheus {
    pub fn with(past: Past) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("past.om"), past.open_metrics()).expect("writes");
        std::fs::write(at("prometheus.yml"), "global: {}\n").expect("writes");
        let made = Command::new("promtool")
            .args(["tsdb", "create-blocks-from", "openmetrics", "--quiet"])
            .args([at("past.om"), at("data")])
            .output()
            .expect("promtool runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        // A port that was free a moment ago.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let mut server = Command::new("prometheus")
            .arg(flag("config.file", &at("prometheus.yml")))
            .arg(flag("storage.tsdb.path", &at("data")))
            .arg(format!("--web.listen-address={address}"))
            .args(["--storage.tsdb.retention.time=100y", "--log.level=error"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus starts");
        let begun = Instant::now();
        while !is_ready(address) {
            assert!(server.try_wait().expect("a child").is_none(), "prometheus ended at once");
            assert!(begun.elapsed() < START_MAX, "prometheus is not ready");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { url: format!("http://{address}"), server, _directory: directory }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Whether it has read its blocks; it listens before that.
fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let mut answer = String::new();
    let asked = stream.write_all(b"GET /-/ready HTTP/1.0\r\n\r\n");
    asked.and_then(|()| stream.read_to_string(&mut answer)).is_ok()
        && answer.lines().next().is_some_and(|line| line.contains(" 200 "))
}

fn flag(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}
