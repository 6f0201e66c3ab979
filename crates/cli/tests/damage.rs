//! A full disk and a damaged log, met by the real binary.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

mod common;

use common::Server;
use common::client::Client;

fn npo(args: &[&str], data: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_npo"))
        .args(args)
        .arg("--data")
        .arg(data)
        .output()
        .expect("runs")
}

fn proposal(i: usize) -> Value {
    json!({
        "scenario_type": "alert",
        "entity": format!("service-{i}"),
        "site": "east",
        "action": { "name": "notify-owner" },
        "features": features(),
        "evidence": ["x".repeat(900), "y".repeat(900)],
    })
}

/// The centre of every feature that the shipped type declares.
fn features() -> Value {
    let toml: toml::Table = include_str!("../../../scenarios/alert.toml").parse().expect("TOML");
    let number = |f: &toml::Value, key: &str| {
        f[key].as_float().or_else(|| f[key].as_integer().map(|n| n as f64)).expect("a number")
    };
    let features = toml["features"].as_array().expect("features");
    let value = |f: &toml::Value| {
        (
            f["name"].as_str().expect("a name").to_owned(),
            json!(number(f, "center").max(number(f, "min"))),
        )
    };
    features.iter().map(value).collect::<serde_json::Map<_, _>>().into()
}

/// A file system of its own, of a few megabytes; `None` where mounting is not permitted.
struct Tmpfs(tempfile::TempDir);

impl Tmpfs {
    fn mount(size: &str) -> Option<Self> {
        let dir = tempfile::tempdir().expect("a directory");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(dir.path())
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then_some(Self(dir))
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // Lazily, since the killed server may not be gone entirely.
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_refuses_in_words_and_goes_on_once_there_is_space() {
    let Some(disk) = Tmpfs::mount("6m") else {
        eprintln!("SKIPPED: a tmpfs cannot be mounted here, so no disk was filled");
        return;
    };
    let filler = disk.0.path().join("filler");
    let data = disk.0.path().join("data");
    let server = Server::start(&data);
    let admin = Client::set_up(&server);
    std::fs::write(&filler, vec![0u8; 3 << 20]).expect("there is space for the filler");
    let mut acknowledged = Vec::new();
    let refused = loop {
        let (status, body) =
            admin.post("/v1/decisions", None, &proposal(acknowledged.len())).expect("up");
        match status {
            201 => acknowledged.push(body["id"].as_str().expect("an id").to_owned()),
            _ => break (status, body),
        }
        assert!(acknowledged.len() < 20_000, "the disk never filled up");
    };
    assert_eq!(refused.0, 503, "{}", refused.1);
    assert_eq!(refused.1["code"], "log-unavailable", "{}", refused.1);
    let (ready, health) = admin.try_get("/readyz");
    assert!(ready == 503 || ready == 200, "the server stays up: {health}");
    let detail = admin.get(&format!("/v1/decisions/{}", acknowledged[0]));
    assert_eq!(detail["decision"]["id"], *acknowledged[0], "reads go on");

    std::fs::remove_file(&filler).expect("removed");
    let patience = Instant::now() + Duration::from_secs(20);
    let after = loop {
        let (status, body) = admin.post("/v1/decisions", None, &proposal(99_999)).expect("up");
        if status == 201 {
            break body["id"].as_str().expect("an id").to_owned();
        }
        assert!(Instant::now() < patience, "no order was taken after space was freed: {body}");
        std::thread::sleep(Duration::from_millis(200));
    };
    for id in acknowledged.iter().chain([&after]) {
        // The lists had no space either, and catch up with the log.
        let detail = loop {
            let (status, detail) = admin.try_get(&format!("/v1/decisions/{id}"));
            if status == 200 {
                break detail;
            }
            assert_eq!(detail["code"], "views-behind", "{detail}");
            assert!(Instant::now() < patience, "the lists did not catch up: {detail}");
            std::thread::sleep(Duration::from_millis(200));
        };
        assert_eq!(detail["decision"]["id"], **id, "acknowledged and there");
    }
    server.kill();
    let verified = npo(&["log", "verify"], &data);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    eprintln!("{} decisions acknowledged before the disk was full, all there", acknowledged.len());
}

#[test]
fn a_damaged_log_is_named_and_not_served() {
    let dir = tempfile::tempdir().expect("a directory");
    let server = Server::start(dir.path());
    let admin = Client::set_up(&server);
    for i in 0..200 {
        let (status, body) = admin.post("/v1/decisions", None, &proposal(i)).expect("up");
        assert_eq!(status, 201, "{body}");
    }
    // Ended in order, so that everything is in the file that is damaged.
    server.stop();
    let log = dir.path().join("log.db");
    assert!(npo(&["log", "verify"], dir.path()).status.success());
    let mut bytes = std::fs::read(&log).expect("reads");
    let middle = bytes.len() / 2;
    for byte in &mut bytes[middle..middle + 64] {
        *byte ^= 0x5a;
    }
    std::fs::write(&log, bytes).expect("writes");
    let verified = npo(&["log", "verify"], dir.path());
    let said = String::from_utf8_lossy(&verified.stderr).into_owned()
        + &String::from_utf8_lossy(&verified.stdout);
    assert_eq!(verified.status.code(), Some(1), "{said}");
    assert!(said.contains("event "), "the first bad event is named: {said}");
    let served = npo(&["serve", "--listen", "127.0.0.1:0"], dir.path());
    let said = String::from_utf8_lossy(&served.stderr).into_owned();
    assert_eq!(served.status.code(), Some(3), "a log that cannot be read is not served: {said}");
    assert!(said.contains("event ") && !said.contains("panicked"), "{said}");
}
