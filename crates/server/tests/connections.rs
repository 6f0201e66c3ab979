//! Clients that misbehave: slow heads, slow bodies, too many of them, and a stop in between.

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use common::{World, eventually, proposal};

fn connect(world: &World) -> TcpStream {
    let base = world.base();
    let socket =
        TcpStream::connect(base.strip_prefix("http://").expect("an address")).expect("it listens");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    socket
}

fn read(mut socket: &TcpStream) -> String {
    let mut text = Vec::new();
    // A reset after the answer counts as its end.
    let _ = socket.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn a_client_that_never_ends_its_head_is_let_go() {
    let world = World::configured(|config| config.timeouts.head_s = 1);
    let mut socket = connect(&world);
    socket.write_all(b"GET /healthz HTTP/1.1\r\nHost:").expect("it is open");
    let started = Instant::now();
    read(&socket);
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_client_that_never_ends_its_body_is_told_and_let_go() {
    let world = World::configured(|config| config.timeouts.body_s = 1);
    let mut socket = connect(&world);
    let token = world.person("telemetry", &["source"]).token.expect("a token");
    write!(socket, "POST /v1/decisions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 100\r\n\r\n{{").expect("it is open");
    let answer = read(&socket);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("body-timeout"), "{answer}");
}

#[test]
fn what_is_not_http_is_refused() {
    let world = World::new();
    let mut socket = connect(&world);
    socket.write_all(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n").expect("it is open");
    assert!(read(&socket).starts_with("HTTP/1.1 400 "));
    let mut socket = connect(&world);
    let long = format!("GET /healthz HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(300_000));
    let _ = socket.write_all(long.as_bytes());
    let answer = read(&socket);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert_eq!(world.admin.get("/healthz").status, 200);
}

#[test]
fn connections_beyond_the_limit_wait_for_a_place() {
    let world = World::configured(|config| config.limits.connections = 4);
    let agent = world.nobody();
    let idle: Vec<_> = (0..8).map(|_| connect(&world)).collect();
    let waiting = std::thread::spawn(move || agent.get("/healthz").status);
    std::thread::sleep(Duration::from_millis(300));
    assert!(!waiting.is_finished());
    drop(idle);
    assert_eq!(waiting.join().expect("it ends"), 200);
}

#[test]
fn a_request_in_progress_is_finished_when_the_server_stops() {
    let mut world = World::new();
    let source = world.person("telemetry", &["source"]);
    let mut socket = connect(&world);
    let body = proposal("web-1").to_string();
    let (token, length) = (source.token.expect("a token"), body.len());
    write!(socket, "POST /v1/decisions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n").expect("it is open");
    socket.write_all(&body.as_bytes()[..10]).expect("it is open");
    std::thread::sleep(Duration::from_millis(200));
    let server = world.server.take();
    let stopping = std::thread::spawn(move || drop(server));
    let base = world.admin.base.clone();
    eventually("the end of listening", || {
        TcpStream::connect(base.strip_prefix("http://").expect("an address")).err()
    });
    socket.write_all(&body.as_bytes()[10..]).expect("it is still open");
    let answer = read(&socket);
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    stopping.join().expect("it stops");
}
