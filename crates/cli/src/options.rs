//! Options that every verb takes, and what they lead to: a client, an output.

use std::path::Path;

use clap::Args;

use crate::client::Client;
use crate::client::address::Address;
use crate::client::credentials::Credentials;
use crate::exit::Failure;
use crate::output::{Format, Out, say};

/// Where a server is that nobody told to be elsewhere.
const USUAL_SERVER: &str = "http://127.0.0.1:7171";

/// Options that every verb takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Ask the server at this address [default: NPO_SERVER or http://127.0.0.1:7171]
    // The environment is read below: clap would show it in usage lines as if it had been typed.
    #[arg(long, global = true, value_name = "URL", help_heading = "Everywhere")]
    server: Option<Address>,
    /// Write data as text for people or as JSON
    #[arg(
        long,
        short = 'o',
        global = true,
        value_enum,
        default_value = "text",
        hide_possible_values = true,
        value_name = "text|json",
        help_heading = "Everywhere"
    )]
    pub(crate) output: Format,
}

impl Options {
    /// Standard output in the chosen format.
    pub(crate) fn out(&self) -> Out {
        Out::new(self.output)
    }

    /// A client with the token of the environment, or the one kept for the server.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let server = self.server()?;
        let token = token(&server)?;
        Ok(Client::new(server, token))
    }

    /// The server that is meant: the option, the environment, or the usual place.
    pub(crate) fn server(&self) -> Result<Address, Failure> {
        if let Some(server) = &self.server {
            return Ok(server.clone());
        }
        let wrong = |why: String| Failure::cannot(format!("NPO_SERVER is no address: {why}"));
        match std::env::var("NPO_SERVER") {
            Ok(url) if !url.trim().is_empty() => url.trim().parse().map_err(wrong),
            Ok(_) | Err(std::env::VarError::NotPresent) => {
                Ok(USUAL_SERVER.parse().expect("the usual address is one"))
            }
            Err(error @ std::env::VarError::NotUnicode(_)) => Err(wrong(error.to_string())),
        }
    }
}

fn token(server: &Address) -> Result<Option<String>, Failure> {
    match std::env::var("NPO_TOKEN") {
        Ok(token) if !token.trim().is_empty() => return check_token(token.trim()).map(Some),
        Ok(_) | Err(std::env::VarError::NotPresent) => {}
        Err(error @ std::env::VarError::NotUnicode(_)) => {
            return Err(Failure::could_not("NPO_TOKEN is no token", error));
        }
    }
    let unreadable = |error| Failure::could_not("could not read the kept token", error);
    let credentials = match Credentials::of_user() {
        Ok(credentials) => credentials,
        // Without a home nothing is kept, and public endpoints can still be asked.
        Err(_) => return Ok(None),
    };
    let found = credentials.find(server).map_err(unreadable)?;
    found.map(|credential| check_token(&credential.token)).transpose()
}

/// A token that can stand in a header.
pub(crate) fn check_token(token: &str) -> Result<String, Failure> {
    let fits =
        (1..=512).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
    if !fits {
        let what = format!(
            "found a token of {} bytes, expected 1 to 512 visible ASCII characters",
            token.len()
        );
        return Err(Failure::cannot(what));
    }
    Ok(token.to_owned())
}

/// Keeps a token for later runs and says where; printing it is the way out if that fails.
pub(crate) fn keep_token(server: &Address, handle: &str, secret: &str) -> Result<(), Failure> {
    let unkept = |error| Failure::could_not("could not keep the token", error);
    let credentials = Credentials::of_user().map_err(unkept)?;
    let credential = crate::client::credentials::Credential {
        handle: handle.to_owned(),
        token: secret.to_owned(),
    };
    credentials.keep(server, credential).map_err(unkept)?;
    say(&format!("token for {server} kept in {}", shown(credentials.path())));
    Ok(())
}

/// A path as people read it.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}
