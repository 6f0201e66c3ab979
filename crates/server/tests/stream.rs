//! Event streams: from now, from a position, and no more than there may be.

mod common;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use common::{Client, World, proposal};
use serde_json::{Value, json};

/// One server-sent event.
#[derive(Debug)]
struct Sent {
    id: u64,
    event: String,
    data: Value,
}

/// An open stream.
struct Stream(BufReader<TcpStream>);

impl Stream {
    fn open(client: &Client, path: &str, headers: &str) -> Self {
        let address = client.base.strip_prefix("http://").expect("an address");
        let mut socket = TcpStream::connect(address).expect("it listens");
        socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        let token = client.token.as_deref().unwrap_or_default();
        write!(
            socket,
            "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{headers}\r\n"
        )
        .expect("it reads");
        let mut stream = Self(BufReader::new(socket));
        let status = stream.line();
        assert!(status.contains(" 200 "), "{status}");
        while !stream.line().starts_with(": following") {}
        stream
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("a line comes within ten seconds");
        assert!(!line.is_empty(), "the stream ended");
        line.trim_end().to_owned()
    }

    /// The next event; sizes of chunks and comments are passed over.
    fn next(&mut self) -> Sent {
        let field = |stream: &mut Self, name: &str| loop {
            let line = stream.line();
            if let Some(value) = line.strip_prefix(name) {
                return value.trim().to_owned();
            }
        };
        let id = field(self, "id:").parse().expect("a position");
        let event = field(self, "event:");
        let data = serde_json::from_str(&field(self, "data:")).expect("JSON");
        Sent { id, event, data }
    }
}

#[test]
fn a_stream_shows_what_happens_and_resumes_where_it_left_off() {
    let world = World::new();
    let engineer = world.person("eve", &["engineer", "operator"]);
    let mut live = Stream::open(&engineer, "/v1/stream", "");
    let made = engineer.post("/v1/decisions", &proposal("web-1")).expect(201);
    engineer.post("/v1/decisions/d0/feedback", &json!({"signal": "like"})).expect(201);
    let first = live.next();
    assert_eq!(
        (first.event.as_str(), &first.data["kind"]),
        ("decision-made", &json!("decision-made"))
    );
    assert_eq!(first.data["decision"], made, "an inbox needs no second request");
    assert_eq!(
        (first.id, &first.data["actor"]),
        (made["position"].as_u64().expect("a position"), &json!("eve"))
    );
    let second = live.next();
    assert_eq!((second.event.as_str(), second.id), ("feedback-given", first.id + 1));
    drop(live);

    engineer.post("/v1/decisions", &proposal("web-2")).expect(201);
    let mut resumed =
        Stream::open(&engineer, "/v1/stream", &format!("Last-Event-ID: {}\r\n", first.id));
    assert_eq!(resumed.next().id, second.id);
    assert_eq!(resumed.next().data["decision"]["entity"], "web-2");
    engineer.post("/v1/decisions", &proposal("web-3")).expect(201);
    assert_eq!(resumed.next().data["decision"]["entity"], "web-3", "then it goes on live");
    let mut asked = Stream::open(&engineer, &format!("/v1/stream?after={}", second.id), "");
    assert_eq!(asked.next().data["decision"]["entity"], "web-2");
}

#[test]
fn a_long_past_comes_whole_and_in_order() {
    let world = World::new();
    let engineer = world.person("eve", &["engineer"]);
    let body: String = (0..3000).map(|i| format!("{}\n", proposal(&format!("e{i}")))).collect();
    let head = engineer.get("/healthz").expect(200)["position"].as_u64().expect("a position");
    assert_eq!(engineer.send("POST", "/v1/decisions/batch", body.as_bytes()).status, 200);
    let mut stream = Stream::open(&engineer, &format!("/v1/stream?after={head}"), "");
    for i in 0..3000 {
        let sent = stream.next();
        assert_eq!(
            (sent.id, &sent.data["decision"]["id"]),
            (head + 1 + i, &json!(format!("d{i}")))
        );
    }
}

#[test]
fn who_has_access_is_shown_to_auditors_only() {
    let world = World::new();
    let viewer = world.person("vera", &["viewer"]);
    let mut all = Stream::open(&world.admin, "/v1/stream?after=0", "");
    let kinds: Vec<_> =
        std::iter::from_fn(|| Some(all.next())).take_while(|sent| sent.id < 12).collect();
    assert!(kinds.iter().any(|sent| sent.event == "token-issued"), "{kinds:?}");
    assert!(
        kinds
            .iter()
            .all(|sent| !sent.data.to_string().contains("digest")
                || sent.event == "policy-activated")
    );
    world
        .person("source", &["source", "engineer"])
        .post("/v1/decisions", &proposal("web-1"))
        .expect(201);
    let mut some = Stream::open(&viewer, "/v1/stream?after=0", "");
    loop {
        let sent = some.next();
        assert!(!["person-added", "token-issued"].contains(&sent.event.as_str()), "{sent:?}");
        if sent.event == "decision-made" {
            break;
        }
    }
}

#[test]
fn a_place_in_the_log_that_is_none_is_refused() {
    let world = World::new();
    world.admin.get("/v1/stream?after=x").problem(400, "invalid-query", "`after` is `x`, expected");
    world.admin.get("/v1/stream?from=1").problem(400, "invalid-query", "`from`");
    world.admin.get("/v1/stream?after=99999").problem(
        400,
        "invalid-query",
        "`after` is `99999`, which is beyond the log",
    );
    world.admin.with("Last-Event-ID", "x").get("/v1/stream").problem(
        400,
        "invalid-query",
        "`Last-Event-ID` is `x`, expected",
    );
}

#[test]
fn there_are_only_so_many_streams_and_a_closed_one_makes_room() {
    let world = World::configured(|config| config.limits.streams = 2);
    let one = Stream::open(&world.admin, "/v1/stream", "");
    let _two = Stream::open(&world.admin, "/v1/stream", "");
    world.admin.get("/v1/stream").problem(503, "too-many-streams", "2 event streams");
    drop(one);
    common::eventually("a place", || {
        let line = world.admin.get("/metrics").text;
        line.contains("npo_event_streams 1\n").then_some(())
    });
    let _three = Stream::open(&world.admin, "/v1/stream", "");
}

#[test]
fn a_quiet_stream_shows_signs_of_life_and_ends_with_the_server() {
    let mut world = World::configured(|config| config.timeouts.keep_alive_s = 1);
    let mut stream = Stream::open(&world.admin, "/v1/stream", "");
    while stream.line() != ": still here" {}
    let server = world.server.take();
    let stopping = std::thread::spawn(move || drop(server));
    while !stream.line().starts_with(": the server stops") {}
    stopping.join().expect("it stops");
}
