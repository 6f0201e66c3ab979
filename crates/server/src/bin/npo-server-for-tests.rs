//! A server on a data directory, and the process that checks policy bundles, for this crate's
//! tests and measurements. The `npo` binary reaches both through its own verbs.
//!
//! `npo-server-for-tests DATA LISTEN` serves; `npo-server-for-tests policy-child` checks.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["policy-child"] => npo_policy::child_main(),
        [data, listen] => serve(data, listen),
        _ => usage(),
    }
}

fn serve(data: &str, listen: &str) -> ExitCode {
    let Ok(listen) = listen.parse() else { return usage() };
    tracing_subscriber::fmt().with_env_filter("warn").with_writer(std::io::stderr).init();
    let config = npo_server::Config { data: data.into(), listen, ..npo_server::Config::default() };
    match npo_server::run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: npo-server-for-tests DATA LISTEN | policy-child");
    ExitCode::from(2)
}
