//! `npo admin …`

mod login;
mod openapi;
mod person;
mod setup;
mod token;
mod whoami;

use clap::Subcommand;

use crate::exit::{Answer, Failure};
use crate::options::Options;

/// Verbs for administrators.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make the first administrator of a new server
    Setup(setup::Setup),
    /// Keep a token for later runs
    Login(login::Login),
    /// Say whose token is used
    Whoami(whoami::Whoami),
    /// Add, list and change people
    #[command(subcommand)]
    Person(person::Verb),
    /// Issue, list and revoke tokens
    #[command(subcommand)]
    Token(token::Verb),
    /// Print the OpenAPI document
    Openapi(openapi::Openapi),
}

impl Verb {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Setup(setup) => setup.run(options),
            Self::Login(login) => login.run(options),
            Self::Whoami(whoami) => whoami.run(options),
            Self::Person(verb) => verb.run(options),
            Self::Token(verb) => verb.run(options),
            Self::Openapi(openapi) => openapi.run(options),
        }
    }
}
