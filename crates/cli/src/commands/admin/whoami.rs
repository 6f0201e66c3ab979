//! `npo admin whoami`: whose token is used.

use clap::Args;
use npo_api::people::{Person, Token, WhoAmI};

use crate::client::Received;
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::text::{Line, Tone, clean};

/// Say whose token is used.
#[derive(Debug, Args)]
pub(crate) struct Whoami {}

impl Whoami {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let who: Received<WhoAmI> = options.client()?.get("/v1/whoami", &[])?;
        let mut out = options.out();
        out.received(&who, lines)?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}

pub(super) fn lines(who: &WhoAmI) -> Vec<Line> {
    let WhoAmI {
        person: Person { handle, name, roles, .. },
        token: Token { id, label, expires_at, .. },
    } = who;
    let until = expires_at
        .as_ref()
        .map_or_else(|| "does not expire".to_owned(), |at| format!("expires {at}"));
    vec![
        Line::of(Tone::Strong, clean(handle)).and(Tone::Plain, format!("  {}", clean(name))),
        Line::plain(format!("roles: {}", roles.join(", "))),
        Line::plain(format!("token: {id} `{}`, {until}", clean(label))),
    ]
}
