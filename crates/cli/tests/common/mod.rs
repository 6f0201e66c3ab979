//! The real binary, with a home of its own, and a server started by it.

#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

pub mod client;
pub mod prometheus;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// How long a server may take to start on a busy machine.
const START_MAX: Duration = Duration::from_secs(60);

/// Somebody at a terminal.
pub struct Person {
    home: TempDir,
    pub server: String,
    pub token: Option<String>,
}

impl Person {
    pub fn new() -> Self {
        let home = tempfile::tempdir().expect("a directory");
        // A port that nobody listens on.
        Self { home, server: "http://127.0.0.1:1".into(), token: None }
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_npo"));
        command
            .args(args)
            .env_clear()
            .env("XDG_CONFIG_HOME", self.home.path())
            .env("NPO_SERVER", &self.server);
        if let Some(token) = &self.token {
            command.env("NPO_TOKEN", token);
        }
        command
    }

    /// Runs npo with this input and expects this exit code.
    #[track_caller]
    pub fn run_with(&self, args: &[&str], input: &str, code: i32) -> Said {
        let mut command = self.command(args);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("npo starts");
        // npo need not read what it does not want.
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        let said = Said::of(child.wait_with_output().expect("npo ends"));
        assert_eq!(said.code, code, "npo {}\n{}\n{}", args.join(" "), said.out, said.err);
        said
    }

    #[track_caller]
    pub fn run(&self, args: &[&str], code: i32) -> Said {
        self.run_with(args, "", code)
    }

    /// Runs npo with JSON output and expects yes.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--output", "json"]).collect();
        let said = self.run(&args, 0);
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.out))
    }
}

/// What a run said.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("npo writes UTF-8");
        Self {
            code: output.status.code().unwrap_or(-1),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

/// A server that is killed at the end of its test.
pub struct Server {
    child: Child,
    lines: Receiver<String>,
    pub url: String,
}

impl Server {
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// Starts a server with more options.
    pub fn start_with(data: &Path, options: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_npo"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(options)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("npo starts");
        let (sender, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let mut server = Self { child, lines, url: String::new() };
        let link = server.line_with("http://");
        let url = link
            .split_whitespace()
            .find(|word| word.starts_with("http://"))
            .expect("was looked for");
        server.url = url.trim_end_matches('/').to_owned();
        server
    }

    /// The set-up link, of a server that knows nobody.
    pub fn set_up_link(&self) -> String {
        let line = self.line_with("/setup#");
        line.split_whitespace()
            .find(|word| word.contains("/setup#"))
            .expect("was looked for")
            .to_owned()
    }

    fn line_with(&self, part: &str) -> String {
        loop {
            let line =
                self.lines.recv_timeout(START_MAX).expect("the server says where it listens");
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Asks the server to end (SIGTERM) and waits until it has.
    pub fn stop(mut self) {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
        assert!(asked.success(), "kill -TERM {pid}");
        assert!(self.child.wait().expect("it ends").success(), "it ended in order");
    }

    /// SIGKILL: nothing is tidied up.
    pub fn kill(mut self) {
        self.child.kill().expect("can be killed");
        self.child.wait().expect("ends");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
