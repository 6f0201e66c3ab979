//! `npo admin login`: keeps a token for a server, once the server has said whose it is.

use std::io::{IsTerminal, Read, stdin};

use clap::Args;
use npo_api::people::WhoAmI;

use super::whoami;
use crate::client::{Client, Received};
use crate::exit::{Answer, Failure};
use crate::options::{Options, check_token, keep_token};
use crate::output::say;

/// A token is far shorter.
const TOKEN_BYTES_MAX: u64 = 4096;

/// Keep a token for later runs.
#[derive(Debug, Args)]
pub(crate) struct Login {
    /// Read the token from stdin: arguments can be seen by others
    #[arg(long, required = true)]
    token_stdin: bool,
}

impl Login {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        if stdin().is_terminal() {
            say("paste the token, then press Enter and Ctrl-D");
        }
        let mut text = String::new();
        let read = stdin().lock().take(TOKEN_BYTES_MAX).read_to_string(&mut text);
        read.map_err(|error| Failure::could_not("could not read the token from stdin", error))?;
        let token = check_token(text.trim())?;
        let client = Client::new(options.server()?, Some(token.clone()));
        let received: Received<WhoAmI> = client.get("/v1/whoami", &[])?;
        keep_token(client.address(), &received.value.person.handle, &token)?;
        let mut out = options.out();
        out.received(&received, whoami::lines)?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}
