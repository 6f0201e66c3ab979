//! Serving until the process is told to stop.

use std::io::Write as _;

use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::server::{ServeError, Server};

/// Serves until SIGINT or SIGTERM, then finishes what is in progress. Where it listens, and the
/// set-up link of a new data directory, are said on stderr.
///
/// # Errors
/// [`ServeError`] says what kept the server from starting.
pub fn run(config: Config) -> Result<(), ServeError> {
    start_logging();
    let server = Server::start(config)?;
    let mut stderr = std::io::stderr().lock();
    // A closed stderr must not keep the server from serving.
    let _ = writeln!(stderr, "npo listens on http://{}", server.address());
    if let Some(link) = server.setup_link() {
        let _ = writeln!(stderr, "nobody is known here yet; set npo up at\n\n    {link}\n");
    }
    drop(stderr);
    server.block_on(async {
        let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
            tracing::warn!("signals cannot be waited for; the process has to be killed");
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => tracing::info!("interrupted"),
            _ = terminate.recv() => tracing::info!("told to stop"),
        }
    });
    server.shutdown();
    Ok(())
}

/// Logs to stderr what `NPO_LOG` asks for, such as `info` or `npo_engine=debug,warn`; warnings and
/// errors if it is not set or makes no sense.
fn start_logging() {
    use std::io::IsTerminal;

    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("NPO_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    // Files and journals want no colours, nor do people who say so.
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let colours = wanted && std::io::stderr().is_terminal();
    let logging = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours);
    // Somebody else's logging, if there is any, is as good.
    let _ = logging.with_writer(std::io::stderr).try_init();
}
