//! Durable decisions over HTTP, by the real binary with its shipped policy, on loopback.
//!
//! Baselines in the same run, by a plain axum server in a process of its own: `trivial` reads the
//! same body and gives back an answer of the same size, and nothing else; `parsed` makes a proposal
//! of the body, and answers with a decision put into words and JSON, without deciding anything.
//! The load generator runs on the same cores and takes its share of them in every figure.
//!
//! Settings by environment: `NPO_BENCH_SECONDS` (5) a measurement, `NPO_BENCH_ROUNDS` (3).

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CONNECTIONS: usize = 64;
const BATCH_LINES: usize = 1000;
const BATCH_CONNECTIONS: usize = 4;
const PARSED: &str = "/v1/parsed";
const TRIVIAL: &str = "NPO_BENCH_TRIVIAL";
/// Distinct requests prepared ahead, so that the generator only sends.
const PREPARED: usize = 4096;

fn main() {
    if std::env::var_os(TRIVIAL).is_some() {
        return trivial_server();
    }
    // `cargo test --benches` asks for nothing to be measured.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let (seconds, rounds) = (setting("NPO_BENCH_SECONDS", 5), setting("NPO_BENCH_ROUNDS", 3));
    let data = tempfile::tempdir().expect("a directory");
    let npo = start_npo(data.path());
    let token = set_up(&npo);
    let trivial = start_trivial();
    let singles: Arc<Vec<Vec<u8>>> = Arc::new(
        (0..PREPARED)
            .map(|i| request("/v1/decisions", "application/json", &token, &proposal(i)))
            .collect(),
    );
    let parsed: Arc<Vec<Vec<u8>>> = Arc::new(
        (0..PREPARED).map(|i| request(PARSED, "application/json", &token, &proposal(i))).collect(),
    );
    let batches: Arc<Vec<Vec<u8>>> = Arc::new((0..8).map(|i| batch(&token, i)).collect());
    println!(
        "one decision a request, {CONNECTIONS} connections, {seconds} s each, body of {} bytes",
        proposal(0).len()
    );
    println!(
        "{:>6} {:>11} {:>11} {:>11} {:>11} {:>11} {:>8} {:>8} {:>9}",
        "round",
        "trivial /s",
        "parsed /s",
        "durable /s",
        "of trivial",
        "of parsed",
        "p50 ms",
        "p99 ms",
        "a group"
    );
    for round in 1..=rounds {
        let base = measure(trivial.address, &singles, CONNECTIONS, seconds);
        let same = measure(trivial.address, &parsed, CONNECTIONS, seconds);
        let before = committed(&npo);
        let ours = measure(npo.address, &singles, CONNECTIONS, seconds);
        let after = committed(&npo);
        println!(
            "{round:>6} {:>11.0} {:>11.0} {:>11.0} {:>11.2} {:>11.2} {:>8.2} {:>8.2} {:>9.1}",
            base.rate,
            same.rate,
            ours.rate,
            ours.rate / base.rate,
            ours.rate / same.rate,
            ours.quantile(0.5),
            ours.quantile(0.99),
            (after.1 - before.1) / (after.0 - before.0),
        );
    }
    println!("batches of {BATCH_LINES} lines, {BATCH_CONNECTIONS} connections, {seconds} s each");
    println!("{:>6} {:>14} {:>12} {:>12}", "round", "decisions /s", "p50 ms", "p99 ms");
    for round in 1..=rounds {
        let ours = measure(npo.address, &batches, BATCH_CONNECTIONS, seconds);
        println!(
            "{round:>6} {:>14.0} {:>12.1} {:>12.1}",
            ours.rate * BATCH_LINES as f64,
            ours.quantile(0.5),
            ours.quantile(0.99),
        );
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// A server process, ended with the benchmark.
struct Server {
    child: Child,
    address: SocketAddr,
    code: Option<String>,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(mut command: Command) -> Server {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
    let (mut address, mut code) = (None, None);
    let patience = Instant::now();
    let wants_code =
        std::env::var_os(TRIVIAL).is_none() && command.get_args().any(|a| a == "serve");
    while address.is_none() || (wants_code && code.is_none()) {
        assert!(
            patience.elapsed() < Duration::from_secs(60),
            "the server did not say where it listens"
        );
        let line = lines.next().expect("it talks").expect("text");
        if let Some((_, found)) = line.split_once("/setup#") {
            code = Some(found.split_whitespace().next().unwrap_or_default().to_owned());
        }
        if let Some((_, found)) = line.split_once("listens on http://") {
            address = Some(found.trim().parse().expect("an address"));
        }
    }
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    Server { child, address: address.expect("found"), code }
}

fn start_npo(data: &std::path::Path) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_npo"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
    start(command)
}

fn start_trivial() -> Server {
    let mut command = Command::new(std::env::current_exe().expect("known"));
    command.env(TRIVIAL, "1");
    start(command)
}

fn trivial_server() {
    use axum::body::Bytes;
    use axum::http::header::CONTENT_TYPE;
    let answer = "x".repeat(900);
    let handler = move |body: Bytes| {
        let answer = answer.clone();
        async move {
            std::hint::black_box(body.len());
            ([(CONTENT_TYPE, "application/json")], answer)
        }
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
        eprintln!("trivial listens on http://{}", listener.local_addr().expect("bound"));
        let app = axum::Router::new()
            .route("/v1/decisions", axum::routing::post(handler))
            .route(PARSED, axum::routing::post(parsed_handler));
        axum::serve(listener, app).await.expect("serves");
    });
}

/// What any server has to do that reads a proposal and answers with a decision.
async fn parsed_handler(body: axum::body::Bytes) -> impl axum::response::IntoResponse {
    use npo_api::decision::{Decision, Disposition, Proposal, Status};
    let proposal: Proposal = serde_json::from_slice(&body).expect("it is one");
    let now = jiff::Timestamp::now();
    let score = proposal.features.values().sum::<f64>() / 1e3;
    let headline = format!(
        "{} on {}: score {score:.2}, threshold 0.50, allowed by policy",
        proposal.action.name, proposal.entity
    );
    let decision = Decision {
        id: "d1234567".into(),
        made_at: now.to_string(),
        expires_at: now.to_string(),
        scenario_type: proposal.scenario_type,
        scenario: "s12".into(),
        entity: proposal.entity,
        site: proposal.site,
        risk: "medium".into(),
        action: proposal.action.name,
        target: proposal.action.target,
        disposition: Disposition::Surfaced,
        status: Status::Open,
        score,
        score_low: score / 3.0,
        score_high: score * 1.1,
        compared: score * 1.1,
        threshold: 0.5,
        level: npo_api::oversight::Level::Recommend,
        certified: None,
        asked: 1.0,
        held: None,
        allowed: true,
        rules: vec!["npo.default".into()],
        signal: None,
        headline,
        position: 1_234_567,
        replayed: false,
    };
    let answer = serde_json::to_vec(&decision).expect("it is plain data");
    ([(axum::http::header::CONTENT_TYPE, "application/json")], answer)
}

/// Groups and events committed so far, by the server's own count.
fn committed(npo: &Server) -> (f64, f64) {
    let url = format!("http://{}/metrics", npo.address);
    let page = ureq::get(url).call().expect("answers").body_mut().read_to_string().expect("text");
    let value = |name: &str| {
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).expect("a number")
    };
    (value("npo_commit_groups_total"), value("npo_commit_events_total"))
}

fn set_up(npo: &Server) -> String {
    let url = format!("http://{}", npo.address);
    let code = npo.code.as_deref().expect("a set-up link");
    let body = serde_json::json!({ "code": code, "handle": "bench", "name": "Bench" });
    let mut response = ureq::post(format!("{url}/v1/setup")).send_json(body).expect("set up");
    let issued: serde_json::Value = response.body_mut().read_json().expect("JSON");
    issued["secret"].as_str().expect("a secret").to_owned()
}

/// A proposal with everything that a watcher sends: 50 entities, features and facts that vary.
fn proposal(i: usize) -> String {
    let vary = |modulus: usize, step: f64| (i * 7919 % modulus) as f64 * step;
    let entity = i % 50;
    serde_json::json!({
        "scenario_type": "link-flapping",
        "entity": format!("leaf{}:HundredGigE0/0/0/{}", entity / 10 + 1, entity % 10),
        "site": "east",
        "action": { "name": "dampen-link", "target": format!("leaf{}:HundredGigE0/0/0/{}", entity / 10 + 1, entity % 10) },
        "features": features(&vary),
        "facts": [
            { "name": "redundancy_left", "value": 1 + i % 7, "unit": "1", "source": "cabling" },
            { "name": "blast_radius_gbps", "value": vary(97, 0.05), "unit": "Gbit/s", "source": "counters" },
            { "name": "blast_radius_share", "value": vary(89, 0.001), "unit": "1", "source": "counters" },
            { "name": "peer", "value": "spine2:HundredGigE0/0/0/7", "unit": "", "source": "cabling" }
        ],
        "evidence": ["12 state changes in the last 10 minutes", "peer side reports the same changes"]
    })
    .to_string()
}

/// The features that the shipped type declares, at varying values within their range.
fn features(vary: &dyn Fn(usize, f64) -> f64) -> serde_json::Value {
    let toml: toml::Table =
        include_str!("../../../scenarios/link-flapping.toml").parse().expect("TOML");
    let features = toml["features"].as_array().expect("features");
    let number = |f: &toml::Value, key: &str| {
        f[key].as_float().or_else(|| f[key].as_integer().map(|n| n as f64)).expect("a number")
    };
    features
        .iter()
        .map(|f| {
            let (min, max) = (number(f, "min"), number(f, "max"));
            let value = (number(f, "center") + number(f, "scale") * vary(31, 0.05)).clamp(min, max);
            (f["name"].as_str().expect("a name").to_owned(), serde_json::json!(value))
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn batch(token: &str, i: usize) -> Vec<u8> {
    let lines: String = (0..BATCH_LINES).map(|j| proposal(i * BATCH_LINES + j) + "\n").collect();
    request("/v1/decisions/batch", "application/x-ndjson", token, &lines)
}

fn request(path: &str, media: &str, token: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: npo\r\nAuthorization: Bearer {token}\r\nContent-Type: {media}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len(),
    )
    .into_bytes()
}

/// What was measured: requests a second, and how long each took.
struct Measured {
    rate: f64,
    sorted_ms: Vec<f64>,
}

impl Measured {
    fn quantile(&self, q: f64) -> f64 {
        let i = (self.sorted_ms.len() as f64 * q) as usize;
        self.sorted_ms
            .get(i.min(self.sorted_ms.len().saturating_sub(1)))
            .copied()
            .unwrap_or(f64::NAN)
    }
}

fn measure(
    address: SocketAddr,
    requests: &Arc<Vec<Vec<u8>>>,
    connections: usize,
    seconds: u64,
) -> Measured {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let warm = Instant::now() + Duration::from_millis(500);
        let end = warm + Duration::from_secs(seconds);
        let tasks: Vec<_> = (0..connections)
            .map(|me| {
                let requests = Arc::clone(requests);
                tokio::spawn(async move { client(address, &requests, me, warm, end).await })
            })
            .collect();
        let mut sorted_ms = Vec::new();
        for task in tasks {
            sorted_ms.extend(task.await.expect("no client fails"));
        }
        sorted_ms.sort_by(f64::total_cmp);
        Measured { rate: sorted_ms.len() as f64 / seconds as f64, sorted_ms }
    })
}

async fn client(
    address: SocketAddr,
    requests: &[Vec<u8>],
    me: usize,
    warm: Instant,
    end: Instant,
) -> Vec<f64> {
    let mut stream = TcpStream::connect(address).await.expect("connects");
    stream.set_nodelay(true).expect("settable");
    let (mut taken, mut buffer, mut i) = (Vec::new(), Vec::with_capacity(1 << 16), me * 61);
    loop {
        let sent = Instant::now();
        if sent >= end {
            return taken;
        }
        stream.write_all(&requests[i % requests.len()]).await.expect("sends");
        i += 1;
        answer(&mut stream, &mut buffer).await;
        let now = Instant::now();
        if sent >= warm && now <= end {
            taken.push((now - sent).as_secs_f64() * 1e3);
        }
    }
}

/// Reads one answer, by its content length; panics on anything but success.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) {
    buffer.clear();
    loop {
        let read = stream.read_buf(buffer).await.expect("reads");
        assert!(read > 0, "the server hung up: {}", String::from_utf8_lossy(buffer));
        let Some(head) = buffer.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&buffer[..head]).expect("text");
        assert!(text.starts_with("HTTP/1.1 20"), "{}", String::from_utf8_lossy(buffer));
        let length: usize = text
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned)
            })
            .and_then(|length| length.trim().parse().ok())
            .expect("a content length");
        while buffer.len() < head + 4 + length {
            assert!(stream.read_buf(buffer).await.expect("reads") > 0, "the server hung up");
        }
        return;
    }
}
