//! A small server that answers as Prometheus does, as slowly, wrongly or largely as a test wants.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Distance of two scrapes, ms.
pub const SCRAPE_MS: i64 = 10_000;

/// What the server does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manner {
    /// Answers.
    Fine,
    /// Answers with this status and body.
    Says(u16, &'static str),
    /// Takes its time.
    Slow(Duration),
    /// Answers with so many bytes.
    Large(usize),
    /// Hangs up.
    Deaf,
}

#[derive(Debug)]
struct State {
    manner: Manner,
    /// By how much the server's clock is ahead, ms; every poll without a time moves it on.
    ahead_ms: i64,
    /// When the first port of four went down and came back, ms.
    down_ms: Option<i64>,
    up_ms: Option<i64>,
    /// What a request must carry.
    authorization: Option<String>,
    requests: Vec<String>,
}

/// The server; its thread ends with the test.
pub struct FakePrometheus {
    pub url: String,
    state: Arc<Mutex<State>>,
}

impl FakePrometheus {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State {
            manner: Manner::Fine,
            ahead_ms: 0,
            down_ms: None,
            up_ms: None,
            authorization: None,
            requests: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        Self { url, state }
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().expect("no test thread panics with it"))
    }

    pub fn behave(&self, manner: Manner) {
        self.with(|state| state.manner = manner);
    }

    pub fn demand(&self, authorization: &str) {
        self.with(|state| state.authorization = Some(authorization.to_owned()));
    }

    /// From the next scrape on, the first port is down.
    pub fn break_link(&self) {
        self.with(|state| (state.down_ms, state.up_ms) = (Some(wall_ms() + state.ahead_ms), None));
    }

    pub fn mend_link(&self) {
        self.with(|state| state.up_ms = Some(wall_ms() + state.ahead_ms));
    }

    /// Paths and queries of all requests so far, decoded.
    pub fn requests(&self) -> Vec<String> {
        self.with(|state| state.requests.clone())
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
    loop {
        let (mut head, mut authorization) = (String::new(), None);
        if !matches!(reader.read_line(&mut head), Ok(1..)) {
            return;
        }
        loop {
            let mut line = String::new();
            if !matches!(reader.read_line(&mut line), Ok(1..)) {
                return;
            }
            if line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("authorization")
            {
                authorization = Some(value.trim().to_owned());
            }
        }
        let target = decoded(head.split(' ').nth(1).unwrap_or_default());
        let Some((status, body)) = answer(&target, authorization, state) else { return };
        let text = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = &stream;
        if stream
            .write_all(text.as_bytes())
            .and_then(|()| stream.write_all(body.as_bytes()))
            .is_err()
        {
            return;
        }
    }
}

fn answer(
    target: &str,
    authorization: Option<String>,
    state: &Mutex<State>,
) -> Option<(u16, String)> {
    let manner = {
        let mut state = state.lock().expect("no test thread panics with it");
        state.requests.push(target.to_owned());
        if state.authorization.is_some() && state.authorization != authorization {
            return Some((401, "who are you?".to_owned()));
        }
        state.manner.clone()
    };
    match manner {
        Manner::Fine => Some((200, fine(target, &mut state.lock().expect("as above")))),
        Manner::Says(status, body) => Some((status, body.to_owned())),
        Manner::Slow(time) => {
            std::thread::sleep(time);
            Some((200, String::new()))
        }
        Manner::Large(bytes) => Some((200, " ".repeat(bytes))),
        Manner::Deaf => None,
    }
}

/// The raw samples of a leaf with four uplinks: 10 Gbit/s on each that is up.
fn fine(target: &str, state: &mut State) -> String {
    let window_ms: i64 = target
        .rsplit_once('[')
        .and_then(|(_, rest)| rest.split_once("ms]"))
        .and_then(|(ms, _)| ms.parse().ok())
        .expect("a range in ms");
    let to_ms = match target.split_once("time=") {
        Some((_, time)) => (time.parse::<f64>().expect("a number") * 1000.0) as i64,
        None => {
            state.ahead_ms += SCRAPE_MS;
            wall_ms()
        }
    } + state.ahead_ms;
    let mut series = String::new();
    let first = (to_ms - window_ms).div_euclid(SCRAPE_MS) + 1;
    let times: Vec<i64> = (first..=to_ms.div_euclid(SCRAPE_MS)).map(|n| n * SCRAPE_MS).collect();
    for port in 0..4 {
        let is_down = |at_ms: i64| {
            port == 0
                && state.down_ms.is_some_and(|down| at_ms >= down)
                && state.up_ms.is_none_or(|up| at_ms < up)
        };
        let mut put = |name: &str, value: &dyn Fn(i64) -> i64| {
            let points: Vec<String> = times
                .iter()
                .map(|at| format!("[{}.{:03},\"{}\"]", at / 1000, at % 1000, value(*at)))
                .collect();
            let comma = if series.is_empty() { "" } else { "," };
            write!(
                series,
                r#"{comma}{{"metric":{{"__name__":"{name}","instance":"leaf1","ifName":"HundredGigE0/0/0/{port}","job":"snmp"}},"values":[{}]}}"#,
                points.join(",")
            )
            .expect("a string takes it");
        };
        // 10 Gbit/s; a port that is down stands still from then on, near enough.
        put("ifHCOutOctets", &|at| at % 1_000_000_000 * 1_250_000);
        put("ifHCInOctets", &|at| at % 1_000_000_000 * 1_250_000);
        put("ifHighSpeed", &|_| 100_000);
        put("ifOperStatus", &|at| if is_down(at) { 2 } else { 1 });
        put("ifAdminStatus", &|_| 1);
    }
    format!(r#"{{"status":"success","data":{{"resultType":"matrix","result":[{series}]}}}}"#)
}

fn wall_ms() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().expect("a clock past 1970");
    i64::try_from(since.as_millis()).expect("a clock of our time")
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let hex: Vec<u8> = rest.by_ref().take(2).collect();
                let hex = String::from_utf8_lossy(&hex).into_owned();
                u8::from_str_radix(&hex, 16).unwrap_or(b'?')
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
