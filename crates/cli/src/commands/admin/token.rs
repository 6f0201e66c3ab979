//! `npo admin token issue|list|revoke`.

use clap::{Args, Subcommand};
use npo_api::people::{IssuedToken, NewToken, Token, TokenList};

use crate::client::{Received, path};
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output::say;
use crate::text::table::Table;
use crate::text::{Line, Tone};

/// Verbs on tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Issue a token; its secret is shown this once
    Issue(Issue),
    /// List tokens
    List,
    /// Revoke a token
    Revoke {
        /// Id of the token, such as t2
        id: String,
    },
}

/// Issue a token; its secret is shown this once.
#[derive(Debug, Args)]
pub(crate) struct Issue {
    /// Handle of whose it is; your own if absent
    #[arg(long, value_name = "HANDLE")]
    person: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    label: String,
    /// Days until it stops working; never if absent
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    expires_in_days: Option<u32>,
}

impl Verb {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let client = options.client()?;
        let mut out = options.out();
        match self {
            Self::Issue(Issue { person, label, expires_in_days }) => {
                let request = NewToken { person, label, expires_in_days };
                let issued: Received<IssuedToken> = client.post("/v1/tokens", &request, None)?;
                // The secret alone on stdout, so that it can be piped to where it belongs.
                out.received(&issued, |issued| vec![Line::plain(issued.secret.clone())])?;
                let Token { id, person, .. } = &issued.value.token;
                say(&format!(
                    "{id} for {person}; the secret is not shown again, and `npo admin token revoke {id}` ends it"
                ));
            }
            Self::List => {
                let list: Received<TokenList> = client.get("/v1/tokens", &[])?;
                out.received(&list, |list| lines(&list.items))?;
            }
            Self::Revoke { id } => {
                let token: Received<Token> = client.delete(&path("/v1/tokens/{}", &[&id]))?;
                out.received(&token, |token| lines(std::slice::from_ref(token)))?;
            }
        }
        out.flush()?;
        Ok(Answer::Yes)
    }
}

fn lines(tokens: &[Token]) -> Vec<Line> {
    let mut table = Table::new(&["ID", "PERSON", "LABEL", "ISSUED", "EXPIRES", "STATE"]);
    for Token { id, person, label, issued_at, expires_at, revoked } in tokens {
        let state = if *revoked { (Tone::Bad, "revoked") } else { (Tone::Good, "valid") };
        table.toned([
            (Tone::Strong, id.clone()),
            (Tone::Plain, person.clone()),
            (Tone::Plain, label.clone()),
            (Tone::Plain, issued_at.clone()),
            (Tone::Plain, expires_at.clone().unwrap_or_else(|| "never".into())),
            (state.0, state.1.to_owned()),
        ]);
    }
    table.lines()
}
