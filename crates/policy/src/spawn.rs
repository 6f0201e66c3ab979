//! Runs the validation child: bytes in, bytes out, within a time, and words for every bad end.

use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

/// Most bytes taken of the child's reply.
const REPLY_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Most bytes kept of what the child said on stderr.
const STDERR_BYTES_MAX: u64 = 4096;
/// How often the parent looks whether the child ended.
const POLL: Duration = Duration::from_millis(5);

/// How the validation child ended without an answer. Every variant refuses the bundle.
#[derive(Debug, Error)]
pub enum ChildError {
    /// It could not be started or talked to.
    #[error("validation process could not be run")]
    Start(#[source] std::io::Error),
    /// It took too long and was ended.
    #[error("validation took longer than {ms_max} ms; parsing or one built-in call takes too long")]
    Timeout {
        /// Allowed, in milliseconds.
        ms_max: u64,
    },
    /// It asked for more memory than it may have.
    #[error("validation needed more than {bytes_max} bytes of memory")]
    Memory {
        /// Allowed.
        bytes_max: u64,
    },
    /// It overflowed its stack.
    #[error(
        "validation overflowed its stack; an expression or a chain of rules is nested too deeply"
    )]
    Stack,
    /// It ended in another way.
    #[error("validation process ended early ({status}): {said}")]
    Died {
        /// Exit status in words.
        status: String,
        /// First words of its stderr.
        said: String,
    },
    /// It answered something that is no reply.
    #[error("validation process gave no proper reply: {message}")]
    Reply {
        /// What is wrong with it.
        message: String,
    },
}

/// Runs `command`, feeds it `request` and returns what it wrote.
pub(crate) fn run(
    mut command: Command,
    request: Vec<u8>,
    ms_max: u64,
    bytes_max: u64,
) -> Result<Vec<u8>, ChildError> {
    let deadline = Instant::now() + Duration::from_millis(ms_max);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(ChildError::Start)?;
    let missing = || ChildError::Start(std::io::ErrorKind::BrokenPipe.into());
    let mut stdin = child.stdin.take().ok_or_else(missing)?;
    let stdout = child.stdout.take().ok_or_else(missing)?;
    let stderr = child.stderr.take().ok_or_else(missing)?;
    // A thread per pipe, so that no full pipe can stall the other side or the clock.
    thread::spawn(move || stdin.write_all(&request));
    let reply = gather(stdout, REPLY_BYTES_MAX);
    let said = gather(stderr, STDERR_BYTES_MAX);

    let status = wait(&mut child, deadline)?.ok_or(ChildError::Timeout { ms_max })?;
    let take = |bytes: mpsc::Receiver<Vec<u8>>| {
        bytes.recv_timeout(Duration::from_secs(1)).unwrap_or_default()
    };
    let (reply, said) = (take(reply), take(said));
    if status.success() {
        return Ok(reply);
    }
    let said = String::from_utf8_lossy(&said).into_owned();
    Err(explain(status, &said, ms_max, bytes_max))
}

/// Waits until the deadline; then ends the child and returns nothing.
fn wait(child: &mut Child, deadline: Instant) -> Result<Option<ExitStatus>, ChildError> {
    loop {
        if let Some(status) = child.try_wait().map_err(ChildError::Start)? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            // It may have ended by itself in between; either way it must be waited for.
            let _ = child.kill();
            child.wait().map_err(ChildError::Start)?;
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}

fn gather(pipe: impl Read + Send + 'static, bytes_max: u64) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut pipe = pipe.take(bytes_max);
        if pipe.read_to_end(&mut bytes).is_ok() {
            // The receiver is gone when the child ran out of time.
            let _ = sender.send(bytes);
        }
    });
    receiver
}

fn explain(status: ExitStatus, said: &str, ms_max: u64, bytes_max: u64) -> ChildError {
    if said.contains("memory allocation of") || said.contains("Cannot allocate memory") {
        return ChildError::Memory { bytes_max };
    }
    if said.contains("overflowed its stack") {
        return ChildError::Stack;
    }
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;

        const SIGKILL: i32 = 9;
        const SIGXCPU: i32 = 24;
        // With equal soft and hard limits the kernel ends an overrun of processor time with SIGKILL.
        if matches!(status.signal(), Some(SIGKILL | SIGXCPU)) {
            return ChildError::Timeout { ms_max };
        }
    }
    let said =
        said.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    ChildError::Died { status: status.to_string(), said: said.chars().take(300).collect() }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn check(script: &str, expected: Result<&str, &str>) {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        match (run(command, b"request".to_vec(), 500, 1024), expected) {
            (Ok(reply), Ok(text)) => assert_eq!(String::from_utf8_lossy(&reply), text),
            (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
            (found, expected) => panic!("{script}: found {found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn every_end_of_a_child_has_words() {
        check("cat", Ok("request"));
        check("echo hi; exit 0", Ok("hi\n"));
        check("sleep 5", Err("longer than 500 ms"));
        check("kill -9 $$", Err("longer than 500 ms"));
        check(
            "echo 'memory allocation of 9 bytes failed' >&2; kill -6 $$",
            Err("more than 1024 bytes of memory"),
        );
        check(
            "echo 'thread x has overflowed its stack' >&2; kill -6 $$",
            Err("overflowed its stack"),
        );
        check("echo broken >&2; exit 3", Err("exit status: 3): broken"));
    }

    #[test]
    fn a_missing_program_is_an_error() {
        let found = run(Command::new("/nonexistent/npo-child"), vec![], 500, 1024);
        assert!(matches!(found, Err(ChildError::Start(_))));
    }
}
