//! `npo admin setup`: the first administrator, with the one-time code that the server printed.

use clap::Args;
use npo_api::people::{IssuedToken, SetUp};
use serde_json::json;

use crate::client::address::SetUpLink;
use crate::client::{Client, Received};
use crate::exit::{Answer, Failure};
use crate::options::{Options, keep_token};
use crate::output::say;
use crate::text::Line;

/// Make the first administrator of a new server.
#[derive(Debug, Args)]
pub(crate) struct Setup {
    /// The set-up link that the server printed, with its code
    link: SetUpLink,
    /// Your handle: lower-case letters, digits, dots and the marks - and _
    #[arg(long)]
    handle: String,
    /// Your name, for people
    #[arg(long)]
    name: String,
    /// Print the token instead of keeping it
    #[arg(long)]
    print_token: bool,
}

impl Setup {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let Self { link: SetUpLink { address, code }, handle, name, print_token } = self;
        let client = Client::new(address.clone(), None);
        let request = SetUp { code, handle: handle.clone(), name };
        let issued: Received<IssuedToken> = client.post("/v1/setup", &request, None)?;
        let IssuedToken { token, secret } = issued.value;
        let mut out = options.out();
        // The only copy of the secret must not be lost with the file.
        let kept = if print_token { Ok(()) } else { keep_token(&address, &handle, &secret) };
        let shown = (print_token || kept.is_err()).then_some(secret);
        let answer =
            json!({"server": address.as_str(), "handle": handle, "token": token, "secret": shown});
        // A script takes the token from stdout, as from `token issue`.
        out.value(&answer, |_| shown.iter().map(Line::plain).collect())?;
        out.flush()?;
        say(&format!("{handle} is the administrator of {address}"));
        kept?;
        say(
            "next: `npo admin person add` and `npo admin token issue` let others in; `npo decision watch` shows decisions as they come",
        );
        Ok(Answer::Yes)
    }
}
